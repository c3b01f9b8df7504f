/*
 * Random damage to good answers, as by a bad line, a bad head or another
 * reader; counts how many are accepted.  Up to 3 flipped bits and bursts of up
 * to 16 bits must never be accepted; other damage no more often than a 16-bit
 * checksum is right by chance.  (test_kmp_frame.c tries all flips and bursts on
 * one frame each.)
 *
 * $DAMAGE_TRIES is the number of tries of each kind (default 20000; make
 * check-damage: 1000000), $DAMAGE_SEED the seed.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "plugins/kmp/codec/kmp_message.h"
#include "tests/plugins/kmp/codec/csv_rows.h"
#include "tests/support/kmp_answer_encode.h"
#include "tests/support/run_suite.h"

enum { ID, DIRECTION, HEX, EXPECT, STATUS };

#define PUBLISHED_MAX 64
/* The most bytes that damage adds. */
#define ADDED_MAX 16
/* A 16-bit checksum lets one of 65536 pass: 15 in a million, and 30 hardly
 * ever. */
#define BY_CHANCE 30

/* A good answer as it arrives over the line, and its request. */
struct exchange {
  struct kmp_request request;
  uint8_t wire[KMP_WIRE_MAX + ADDED_MAX];
  size_t len;
};

static struct exchange published[PUBLISHED_MAX];
static size_t n_published;

/* ---- Chance -------------------------------------------------------------- */

static uint64_t chance_state;

/* Returns a random number from 0 to BELOW - 1 (xorshift64*). */
static uint32_t
chance(uint32_t below)
{
  chance_state ^= chance_state >> 12;
  chance_state ^= chance_state << 25;
  chance_state ^= chance_state >> 27;
  return (uint32_t)((chance_state * UINT64_C(0x2545f4914f6cdd1d)) >> 32) %
         below;
}

static void
random_bytes(uint8_t *to, size_t len)
{
  for (size_t i = 0; i < len; i++)
    to[i] = (uint8_t)chance(256);
}

static unsigned long
setting(const char *name, unsigned long otherwise)
{
  const char *value = getenv(name);

  return value && *value != '\0' ? strtoul(value, NULL, 10) : otherwise;
}

/* ---- Good answers -------------------------------------------------------- */

/* Returns a request for COUNT registers, none of them above LAST. */
static struct kmp_request
random_request(uint8_t count, uint16_t last)
{
  struct kmp_request request = { .address = KMP_ADDRESS_METER,
                                 .cid = KMP_GET_REGISTER,
                                 .count = count };
  uint16_t step = (uint16_t)(last / count);

  for (uint8_t i = 0; i < count; i++)
    request.ids[i] = (uint16_t)(i * step + 1 + chance(step));
  return request;
}

static void
make_exchange(struct exchange *e)
{
  static const uint8_t sizes[] = { 1, 2, 2, 4, 4, 4, 4, 4, 7, 8, 13, 16 };
  uint8_t mantissas[KMP_REGISTERS_MAX][KMP_MANTISSA_MAX];
  struct kmp_answer answer = { .cid = KMP_GET_REGISTER };

  e->request = random_request((uint8_t)(1 + chance(KMP_REGISTERS_MAX)), 1400);
  answer.count = e->request.count;
  for (uint8_t i = 0; i < answer.count; i++) {
    random_bytes(mantissas[i], sizeof(mantissas[i]));
    answer.records[i] = (struct kmp_record){
      .id = e->request.ids[i],
      .unit = (uint8_t)chance(0x50),
      .nob = sizes[chance(sizeof(sizes))],
      .siex = (uint8_t)chance(256),
      .mantissa = mantissas[i],
    };
  }
  e->len =
    kmp_answer_encode(KMP_ADDRESS_METER, &answer, e->wire, sizeof(e->wire));
}

static void
take_published(const char *hex)
{
  struct exchange *e = &published[n_published];
  uint8_t plain[KMP_WIRE_MAX];
  struct kmp_answer answer;
  struct kmp_frame frame;

  e->len = csv_hex(hex, e->wire, KMP_WIRE_MAX);
  if (kmp_frame_decode(e->wire, e->len, plain, &frame) != KMP_OK ||
      frame.cid != KMP_GET_REGISTER ||
      kmp_answer_decode(&frame, NULL, &answer) != KMP_OK || answer.count == 0)
    return;
  e->request.address = frame.address;
  e->request.cid = frame.cid;
  e->request.count = answer.count;
  for (uint8_t i = 0; i < answer.count; i++)
    e->request.ids[i] = answer.records[i].id;
  ck_assert_uint_lt(++n_published, PUBLISHED_MAX);
}

static void
load_published(void)
{
  struct csv_rows rows;

  n_published = 0;
  csv_rows_open(&rows, "vectors.csv");
  while (csv_rows_next(&rows))
    if (strcmp(rows.fields[STATUS], "valid") == 0 &&
        strcmp(rows.fields[DIRECTION], "response") == 0)
      take_published(rows.fields[HEX]);
  ck_assert_uint_gt(n_published, 20);
}

static void
next_exchange(struct exchange *e)
{
  if (chance(2))
    *e = published[chance((uint32_t)n_published)];
  else
    make_exchange(e);
}

/* ---- Acceptance ---------------------------------------------------------- */

/* Returns whether these bytes, received in one piece, would be accepted as the
 * answer; the deframer then holds it.  Makes the same checks, in the same
 * order, as the code that reads the port. */
static bool
is_believed(const uint8_t *wire, size_t len, const struct kmp_request *request,
            struct kmp_deframer *d)
{
  struct kmp_answer answer;
  enum kmp_event event;
  size_t fed = 0;

  kmp_deframer_init(d);
  while (fed < len) {
    fed += kmp_deframer_feed(d, wire + fed, len - fed, &event);
    if (event == KMP_EVENT_FRAME &&
        !kmp_answer_is_cut(&d->frame, request, wire + fed, len - fed) &&
        kmp_answer_decode(&d->frame, request, &answer) == KMP_OK &&
        answer.surplus == 0)
      return true;
  }
  return false;
}

/* ---- Damage -------------------------------------------------------------- */

static void
flip(struct exchange *e, size_t bit)
{
  e->wire[bit / 8] ^= (uint8_t)(0x80u >> (bit % 8));
}

static void
flip_few(struct exchange *e)
{
  uint32_t bits = (uint32_t)e->len * 8, a = chance(bits), b = chance(bits),
           c = chance(bits);

  flip(e, a);
  if (b != a)
    flip(e, b);
  if (c != a && c != b)
    flip(e, c);
}

/* Flips a burst of up to 16 bits: its first and last bit, and any between
 * them. */
static void
flip_burst(struct exchange *e)
{
  uint32_t bits = 1 + chance(16), pattern = chance(0x10000) | 1;
  size_t start = chance((uint32_t)e->len * 8 - bits + 1);

  pattern |= 1u << (bits - 1);
  for (size_t i = 0; i < bits; i++)
    if (pattern >> i & 1)
      flip(e, start + i);
}

static void
flip_many(struct exchange *e)
{
  uint32_t n = 4 + chance(40);

  for (; n > 0; n--)
    flip(e, chance((uint32_t)e->len * 8));
}

/* Makes room for N bytes at AT. */
static void
make_room(struct exchange *e, size_t at, size_t n)
{
  memmove(e->wire + at + n, e->wire + at, e->len - at);
  e->len += n;
}

static void
lose(struct exchange *e)
{
  size_t at = chance((uint32_t)e->len);
  size_t n = 1 + chance(4);

  if (n > e->len - at)
    n = e->len - at;
  memmove(e->wire + at, e->wire + at + n, e->len - at - n);
  e->len -= n;
}

static void
add(struct exchange *e)
{
  size_t at = chance((uint32_t)e->len + 1), n = 1 + chance(4);

  make_room(e, at, n);
  random_bytes(e->wire + at, n);
}

static void
swap(struct exchange *e)
{
  size_t a = chance((uint32_t)e->len);
  size_t b = chance(2) ? (a + 1) % e->len : chance((uint32_t)e->len);
  uint8_t byte = e->wire[a];

  e->wire[a] = e->wire[b];
  e->wire[b] = byte;
}

static void
truncate_answer(struct exchange *e)
{
  e->len = chance((uint32_t)e->len);
}

static void
add_noise(struct exchange *e)
{
  size_t n = 1 + chance(ADDED_MAX);

  make_room(e, 0, n);
  random_bytes(e->wire, n);
}

/* Changes the request: the answer is good, but has at most some of its
 * registers. */
static void
ask_others(struct exchange *e)
{
  if (chance(2))
    for (uint8_t i = 0; i < e->request.count; i++)
      e->request.ids[i] = (uint16_t)(e->request.ids[i] + 2000);
  else
    e->request.ids[chance(e->request.count)] += 2000;
}

/* The worst damage: only the values and the checksum are wrong. */
static void
make_up_body(struct exchange *e)
{
  uint8_t plain[KMP_WIRE_MAX];
  struct kmp_frame frame;
  size_t end, offset = 0, at;
  struct kmp_record record;

  ck_assert_int_eq(kmp_frame_decode(e->wire, e->len, plain, &frame), KMP_OK);
  while (offset < frame.len) {
    ck_assert_int_eq(kmp_record_decode(frame.data, frame.len, &offset, &record),
                     KMP_OK);
    at = offset - record.nob;
    random_bytes(plain + 2 + at, record.nob);
  }
  e->len = kmp_frame_encode(&frame, e->wire, KMP_WIRE_MAX);
  /* The checksum is in the two bytes before the stop byte, unless one of its
   * bytes is stuffed. */
  end = e->len - 3;
  ck_assert_uint_gt(end, 0);
  e->wire[end] = (uint8_t)chance(256);
  e->wire[end + 1] = (uint8_t)chance(256);
}

static const struct {
  const char *name;
  void (*damage)(struct exchange *e);
  unsigned in_a_million; /* the most that may be accepted */
} kinds[] = {
  { "up to 3 flipped bits", flip_few, 0 },
  { "a burst up to 16 bits", flip_burst, 0 },
  { "4 to 43 flipped bits", flip_many, BY_CHANCE },
  { "lost bytes", lose, BY_CHANCE },
  { "surplus bytes", add, BY_CHANCE },
  { "swapped bytes", swap, BY_CHANCE },
  { "truncation", truncate_answer, BY_CHANCE },
  { "noise before the answer", add_noise, BY_CHANCE },
  { "another register's answer", ask_others, 0 },
  { "random values and checksum", make_up_body, BY_CHANCE },
};

/* Returns whether the accepted frame is the one that was sent: the damage was
 * before or after it. */
static bool
is_what_was_sent(const struct kmp_deframer *d, const struct exchange *sent)
{
  return d->wire_len == sent->len &&
         memcmp(d->wire, sent->wire, sent->len) == 0;
}

static bool
is_deceived(void (*damage)(struct exchange *e))
{
  static struct kmp_deframer d;
  struct exchange sent, came;

  next_exchange(&sent);
  came = sent;
  damage(&came);
  if (!is_believed(came.wire, came.len, &came.request, &d))
    return false;
  return memcmp(came.request.ids, sent.request.ids, sizeof(sent.request.ids)) ||
         !is_what_was_sent(&d, &sent);
}

/* Allows a few even for a small number of tries, where the rate would give
 * none. */
static unsigned long
allowed(unsigned long tries, unsigned in_a_million)
{
  unsigned long most =
    (unsigned long)((uint64_t)tries * in_a_million / 1000000);

  return in_a_million > 0 && most < 3 ? 3 : most;
}

START_TEST(damaged_answers_are_accepted_only_by_chance)
{
  unsigned long tries = setting("DAMAGE_TRIES", 20000), believed = 0;
  unsigned long most = allowed(tries, kinds[_i].in_a_million);

  chance_state = setting("DAMAGE_SEED", 1) + (uint64_t)_i * 1000003 + 1;
  load_published();
  for (unsigned long i = 0; i < tries; i++)
    believed += (unsigned long)is_deceived(kinds[_i].damage);
  printf("%lu of %lu accepted: %s\n", believed, tries, kinds[_i].name);
  ck_assert_msg(believed <= most, "%lu of %lu were accepted: %s", believed,
                tries, kinds[_i].name);
}
END_TEST

/* If good answers were refused, the test above would prove nothing. */
START_TEST(undamaged_answers_are_accepted)
{
  static struct kmp_deframer d;
  struct exchange e;

  load_published();
  chance_state = 1;
  for (int i = 0; i < 2000; i++) {
    next_exchange(&e);
    ck_assert(is_believed(e.wire, e.len, &e.request, &d));
    ck_assert(is_what_was_sent(&d, &e));
  }
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("damage");
  TCase *tc = tcase_create("answers");

  tcase_set_timeout(tc, 3600);
  tcase_add_test(tc, undamaged_answers_are_accepted);
  tcase_add_loop_test(tc, damaged_answers_are_accepted_only_by_chance, 0,
                      ARRAY_SIZE(kinds));
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
