/*
 * Other protocols on the line: their frames are recognised, and ours are not
 * mistaken for them.
 */
#include <check.h>
#include <stdlib.h>

#include "lib/array.h"
#include "plugins/kmp/line/other_protocol.h"
#include "plugins/kmp/line/telnet.h"
#include "tests/support/run_suite.h"

/* Bytes of a string without its NUL. */
#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1

static const struct {
  const uint8_t *bytes;
  size_t len;
  const char *name;
} rows[] = {
  { BYTES("\x68\x1f\x1f\x68\x08\x02\x72"), "M-Bus" },
  { BYTES("\x00\xff\x68\x03\x03\x68\x08\x02\x72"), "M-Bus" },
  { BYTES("\x68\x1f\x1e\x68\x08\x02\x72"), NULL },
  { BYTES("\x68\x02\x02\x68\x08\x02\x72"), NULL },
  { BYTES("\x68\x1f\x1f"), NULL },
  { BYTES("\x1b\x1b\x1b\x1b\x01\x01\x01\x01\x76"), "SML" },
  { BYTES("\x1b\x1b\x1b\x1b\x01\x01\x01"), NULL },
  { BYTES("\x7e\xa0\x07\x03\x21\x93\x0f\x01\x7e"), "DLMS over HDLC" },
  { BYTES("\x7e\xa0\x07\x03\x21\x93\x0f\x01\x7f"), NULL },
  { BYTES("\x7e\xa0\x07\x03\x21\x93\x0f\x01"), NULL },
  { BYTES("/KAM0MCR\r\n"), "IEC 62056-21" },
  { BYTES("\xaf\x4b\x41\x4d\x30\x8d\x0a"), "IEC 62056-21" },
  { BYTES("/KAM0MCR"), NULL },
  { BYTES("/1AM0MCR\r\n"), NULL },
  { BYTES("/KAM"), NULL },
  /* KMP: a request, its echo and an answer. */
  { BYTES("\x80\x3f\x10\x01\x00\x3c\xb2\x5f\x0d"
          "\x40\x3f\x10\x00\x3c\x08\x04\x43\x00\x01\x48\xf0\x81\x75\x0d"),
    NULL },
  { BYTES(""), NULL },
};

START_TEST(foreign_frames_are_recognised)
{
  const char *name;
  uint8_t *copy = malloc(rows[_i].len ? rows[_i].len : 1);

  ck_assert_ptr_nonnull(copy);
  for (size_t i = 0; i < rows[_i].len; i++)
    copy[i] = rows[_i].bytes[i];
  name = other_protocol_name(copy, rows[_i].len);
  free(copy);
  if (!rows[_i].name)
    ck_assert_ptr_null(name);
  else
    ck_assert_str_eq(name, rows[_i].name);
}
END_TEST

/* ---- Telnet ---------------------------------------------------------------
 */

static const struct {
  const uint8_t *bytes;
  size_t len;
  int negotiates, doubles;
} telnet[] = {
  { BYTES("\xff\xfb\x01\xff\xfd\x2c"), 1, 0 },
  { BYTES("\x00\xff\xfe\x00"), 1, 0 },
  { BYTES("\xff\xfb"), 0, 0 },
  { BYTES("\xff\xfa\x01"), 0, 0 }, /* a subnegotiation follows a DO */
  { BYTES("\xff\xff\xff\xff\xff"), 0, 0 },
  { BYTES("\xff\xfb\xfe"), 0, 0 },
  /* Register 68, 2.55 m3: as sent, with FF doubled, and doubled and damaged. */
  { BYTES("\x40\x3f\x10\x00\x44\x28\x01\x42\xff\xc0\xe8\x0d"), 0, 0 },
  { BYTES("\x40\x3f\x10\x00\x44\x28\x01\x42\xff\xff\xc0\xe8\x0d"), 0, 1 },
  { BYTES("\x40\x3f\x10\x00\x44\x28\x01\x43\xff\xff\xc0\xe8\x0d"), 0, 0 },
  { BYTES("\xff\xff"), 0, 0 },
  { BYTES(""), 0, 0 },
};

START_TEST(telnet_is_recognised)
{
  ck_assert_int_eq(telnet_negotiates(telnet[_i].bytes, telnet[_i].len),
                   telnet[_i].negotiates);
  ck_assert_int_eq(telnet_doubles(telnet[_i].bytes, telnet[_i].len),
                   telnet[_i].doubles);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("stranger");
  TCase *tcase = tcase_create("stranger");

  tcase_add_loop_test(tcase, foreign_frames_are_recognised, 0,
                      (int)ARRAY_SIZE(rows));
  tcase_add_loop_test(tcase, telnet_is_recognised, 0, (int)ARRAY_SIZE(telnet));
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
