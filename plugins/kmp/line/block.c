/*
 * Requests a block of registers from a meter that may not answer all of it:
 *
 *     8 8        the whole, with all retries except the last
 *     4 4        then its halves
 *     2 2 1 1    and the halves of each part that was not answered
 *
 * Some meters do not answer a request for more than a few registers, some a
 * request for one certain register, and some a request for registers that they
 * do not have.  A register without an answer even in a request of its own is
 * left out, if the meter answers another request.
 */
#include "plugins/kmp/line/block.h"

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>

#include "plugins/kmp/line/session.h"

/* Outcome of the last request for a register. */
enum outcome { DAMAGE, SILENCE, ANSWER };

struct block {
  struct session *session;
  const uint16_t *ids;
  size_t count;
  session_take take;
  void *ctx;
  enum outcome outcomes[KMP_REGISTERS_MAX];
  size_t answered; /* registers answered */
  size_t largest;  /* size of the largest answered part */
};

static struct kmp_request
register_request(const struct session *s, const uint16_t *ids, size_t count)
{
  struct kmp_request request = {
    .address = s->settings.address,
    .cid = KMP_GET_REGISTER,
    .count = (uint8_t)count,
  };

  memcpy(request.ids, ids, count * sizeof(ids[0]));
  return request;
}

static void
set_outcome(struct block *b, size_t from, size_t n, enum outcome outcome)
{
  for (size_t i = from; i < from + n; i++)
    b->outcomes[i] = outcome;
}

/* Requests N registers at once.  Returns as session_ask. */
static int
ask_part(struct block *b, size_t from, size_t n, unsigned attempts)
{
  struct session *s = b->session;
  struct kmp_request request = register_request(s, b->ids + from, n);
  struct session_seen before = s->seen;
  struct kmp_answer answer;
  int r = session_ask(s, &request, attempts, &answer);

  /* A late answer to the whole block makes the halves unnecessary. */
  if (r == MP_DROP && n == b->count && n > 1 && s->settings.retries > 0)
    r = session_await(s, &request, &answer);
  if (r == MP_OK) {
    b->take(b->ctx, &request, &answer);
    b->answered += n;
    if (b->largest < n)
      b->largest = n;
    set_outcome(b, from, n, ANSWER);
  } else if (s->seen.requests - before.requests ==
             s->seen.silences - before.silences)
    set_outcome(b, from, n, SILENCE);
  else
    set_outcome(b, from, n, DAMAGE);
  return r;
}

/* Requests the halves of a part that was not answered, down to single
 * registers.  Until the meter answers some part of the block, follows only one
 * branch and requests each register once, so that a sleeping meter costs few
 * requests.  Returns MP_OK, or a reason (reported). */
static int
ask_halves(struct block *b, size_t from, size_t n)
{
  size_t half = (n + 1) / 2;
  size_t rest = n - half;
  int first = ask_part(b, from, half, 1);
  int second = MP_DROP;

  if (first >= 0 && (b->answered > 0 || rest == 1))
    second = ask_part(b, from + half, rest, 1);
  if (first >= 0 && second == MP_DROP && rest > 1)
    second = ask_halves(b, from + half, rest);
  if (first == MP_DROP && second >= 0 && half > 1 && b->answered > 0)
    first = ask_halves(b, from, half);
  if (first < 0)
    return first;
  return second < 0 ? second : MP_OK;
}

static size_t
count_outcome(const struct block *b, enum outcome outcome)
{
  size_t n = 0;

  for (size_t i = 0; i < b->count; i++)
    n += b->outcomes[i] == outcome;
  return n;
}

/* Passes the registers that met with silence to TAKE. */
static void
report_silence(const struct block *b)
{
  struct kmp_request silent = register_request(b->session, b->ids, 0);

  for (size_t i = 0; i < b->count; i++)
    if (b->outcomes[i] == SILENCE)
      silent.ids[silent.count++] = b->ids[i];
  if (silent.count > 0)
    b->take(b->ctx, &silent, NULL);
}

/* Checks that a meter that answered before still answers.  Returns MP_OK;
 * MP_DROP: it does not, or never did; or a reason (reported). */
static int
look_for_meter(struct session *s)
{
  struct kmp_request request = s->good_request;
  struct kmp_answer answer;
  int r;

  if (request.cid == 0)
    return MP_DROP;
  r = session_ask(s, &request, s->settings.retries + 1, &answer);
  s->gone = r == MP_DROP;
  return r;
}

/* Ends the block after the last request.  THERE: the meter answered another
 * request after its silence to the whole block.  Returns MP_OK, or MP_DROP when
 * some registers have no clear outcome. */
static int
finish_block(struct block *b, bool there)
{
  struct session *s = b->session;

  if (count_outcome(b, DAMAGE) > 0 || (b->answered == 0 && !there))
    return MP_DROP;
  if (b->answered == 0 && b->count > 1)
    s->silent_to_none = true;
  /* The whole block was too large: keep later requests smaller. */
  if (b->answered == b->count && b->largest < b->count)
    s->limit = (uint8_t)b->largest;
  report_silence(b);
  return MP_OK;
}

int
session_registers(struct session *s, const uint16_t *ids, size_t count,
                  session_take take, void *ctx)
{
  struct block b = {
    .session = s, .ids = ids, .count = count, .take = take, .ctx = ctx
  };
  bool halve = count > 1 && s->settings.retries > 0;
  int r = ask_part(&b, 0, count, s->settings.retries + (halve ? 0 : 1));
  bool silent = count_outcome(&b, SILENCE) == count;
  int there = MP_DROP;

  if (r != MP_DROP)
    return r;
  if (silent && (s->settings.retries > 0 || s->takes_silence))
    there = look_for_meter(s);
  if (there < 0 || s->gone)
    return there;
  if (halve && !(silent && s->silent_to_none))
    r = ask_halves(&b, 0, count);
  return r < 0 ? r : finish_block(&b, there == MP_OK);
}
