/*
 * Agreement with a second decoder.  kmp_decoder.py implements the protocol
 * independently, from its description.  It writes random frames, good and
 * damaged, with their decoded content; our decoder must find the same values,
 * units and errors.
 *
 * $KMP_FRAMES is the number of random frames (default 3000), $KMP_SEED the
 * seed.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/kmp/codec/kmp_value.h"
#include "tests/plugins/kmp/codec/csv_rows.h"
#include "tests/support/run_suite.h"

/* Room for eight registers with the longest numbers and units. */
#define TOLD_SIZE 2048
/* Room for the hex of a frame longer than the limit, and for its content. */
#define LINE_SIZE 8192

static const char *
setting(const char *name, const char *otherwise)
{
  const char *value = getenv(name);

  return value && *value != '\0' ? value : otherwise;
}

static size_t
tell_record(const struct kmp_record *record, char *buf, size_t size)
{
  char text[KMP_FORMAT_SIZE];
  struct kmp_value value;
  const char *unit = "";
  int n;

  if (kmp_value_decode(record, &value) != KMP_OK)
    snprintf(text, sizeof(text), "!");
  else {
    kmp_value_format(&value, text, sizeof(text));
    if (value.form == KMP_FORM_NUMBER && value.unit)
      unit = value.unit;
  }
  n = snprintf(buf, size, "%u=%s%s%s", record->id, text,
               *unit != '\0' ? " " : "", unit);
  ck_assert_int_lt(n, (int)size);
  return (size_t)n;
}

/* Formats the answer as kmp_decoder.py does. */
static void
tell_answer(const struct kmp_answer *answer, char *buf, size_t size)
{
  size_t len = 0;

  buf[0] = '\0';
  if (answer->cid == KMP_GET_TYPE)
    snprintf(buf, size, "type %04x%02x%02x", answer->type, answer->revision[0],
             answer->revision[1]);
  else if (answer->cid == KMP_GET_SERIAL)
    snprintf(buf, size, "serial %lu", (unsigned long)answer->serial);
  else if (answer->cid != KMP_GET_REGISTER)
    snprintf(buf, size, "other");
  for (uint8_t i = 0; i < answer->count; i++) {
    if (i > 0)
      len += (size_t)snprintf(buf + len, size - len, "; ");
    len += tell_record(&answer->records[i], buf + len, size - len);
  }
}

static void
tell(const uint8_t *wire, size_t len, const struct kmp_request *request,
     char *buf, size_t size)
{
  uint8_t plain[KMP_WIRE_MAX];
  struct kmp_answer answer;
  struct kmp_frame frame;

  if (len > sizeof(plain) ||
      kmp_frame_decode(wire, len, plain, &frame) != KMP_OK)
    snprintf(buf, size, "line");
  else if (kmp_answer_decode(&frame, request, &answer) != KMP_OK)
    snprintf(buf, size, "message");
  else
    tell_answer(&answer, buf, size);
}

/* Parses a request; returns NULL for "-". */
static const struct kmp_request *
read_request(const char *hex, struct kmp_request *request)
{
  uint8_t wire[KMP_REQUEST_WIRE_MAX], plain[KMP_REQUEST_WIRE_MAX];
  struct kmp_frame frame;

  if (strcmp(hex, "-") == 0)
    return NULL;
  ck_assert_int_eq(
    kmp_frame_decode(wire, csv_hex(hex, wire, sizeof(wire)), plain, &frame),
    KMP_OK);
  ck_assert_int_eq(kmp_request_decode(&frame, request), KMP_OK);
  return request;
}

static void
check_line(char *line)
{
  uint8_t wire[LINE_SIZE / 2];
  char told[TOLD_SIZE];
  struct kmp_request request;
  char *rest = line;
  const char *asked = strsep(&rest, "\t");
  const char *came = strsep(&rest, "\t");
  size_t len;

  ck_assert_msg(rest, "not a line of kmp_decoder.py: %s", line);
  rest[strcspn(rest, "\n")] = '\0';
  len = csv_hex(came, wire, sizeof(wire));
  tell(wire, len, read_request(asked, &request), told, sizeof(told));
  ck_assert_msg(strcmp(told, rest) == 0,
                "request %s, answer %s:\n  kmp_decoder.py: %s\n  ours: %s",
                asked, came, rest, told);
}

START_TEST(two_decoders_agree)
{
  const char *srcdir = setting("srcdir", "."),
             *count = setting("KMP_FRAMES", "3000"),
             *seed = setting("KMP_SEED", "1");
  char command[1024], line[LINE_SIZE];
  unsigned long seen = 0;
  FILE *decoder;

  snprintf(command, sizeof(command),
           "python3 '%s/tests/plugins/kmp/codec/kmp_decoder.py' "
           "'%s/tests/data/kmp' %s %s",
           srcdir, srcdir, count, seed);
  decoder = popen(command, "r");
  ck_assert_ptr_nonnull(decoder);
  while (fgets(line, sizeof(line), decoder)) {
    check_line(line);
    seen++;
  }
  ck_assert_int_eq(pclose(decoder), 0);
  ck_assert_uint_gt(seen, strtoul(count, NULL, 10));
  printf("%lu frames, seed %s\n", seen, seed);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("two decoders");
  TCase *tc = tcase_create("frames");

  /* Skipped without Python. */
  if (system("python3 -c 'import binascii' >/dev/null 2>&1") != 0)
    return 77;
  tcase_set_timeout(tc, 3600);
  tcase_add_test(tc, two_decoders_agree);
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
