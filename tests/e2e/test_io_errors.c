/*
 * System calls that fail unexpectedly: a row that is not on the disk does not
 * count as delivered, and a read error does not count as the end of a file.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "tests/e2e/exec_sandbox.h"
#include "tests/support/run_suite.h"

static struct sandbox *s;

static void
build(void)
{
  s = sandbox_new();
}

static void
leave(void)
{
  sandbox_free(s);
}

/* A power cut would lose the name of a new file. */
START_TEST(row_stays_queued_if_the_directory_fsync_fails)
{
  char path[256];

  snprintf(path, sizeof(path), "%s/out", sandbox_dir(s));
  ck_assert_int_eq(mkdir(path, 0700), 0);
  sandbox_write(s, "p.ini",
                EXEC_INPUT "[output log]\nplugin = csv\npath = out/log.csv\n"
                           "column.energy = meter.energy\n");
  exec_spoil(s, "/out", EIO);
  sandbox_setenv(s, "FAULT_CALL", "fsync");
  exec_run(s, "84.208");
  exec_check(s, EX_IOERR,
             "error: log: out/log.csv: its directory cannot be written to the "
             "disk: Input/output error\n");
  exec_heal(s);
  exec_run(s, "84.308");
  ck_assert_int_eq(sandbox_status(s), EX_OK);
  exec_check_file(s, "out/log.csv",
                  "time,energy\n2026-11-22T10:20:00Z,84.208\n"
                  "2026-11-22T10:40:00Z,84.308\n");
}
END_TEST

/* After a read error the ends of the capture's cycles are unknown. */
START_TEST(capture_with_a_read_error_is_not_replayed)
{
  sandbox_write(s, "heat.capture",
                "# meterpipe capture 1 meter\n\n# 2026-11-22T10:00:00.000Z\n"
                "\n# 2026-11-22T10:20:00.000Z\n");
  sandbox_write(s, "p.ini",
                "[input meter]\nplugin = replay\npath = heat.capture\n"
                "[output table]\nplugin = stdout\n"
                "field.a = meter.heat_energy_e1\n");
  exec_spoil(s, "capture 1", EIO);
  sandbox_setenv(s, "FAULT_CALL", "pread");
  sandbox_run(s, "run -c p.ini");
  exec_check(s, EX_IOERR,
             "error: meter: heat.capture: cannot be read: Input/output "
             "error\n");
}
END_TEST

static Suite *
io_errors_suite(void)
{
  Suite *suite = suite_create("io errors");
  TCase *tc = tcase_create("calls");

  tcase_add_checked_fixture(tc, build, leave);
  tcase_set_timeout(tc, 60);
  tcase_add_test(tc, row_stays_queued_if_the_directory_fsync_fails);
  tcase_add_test(tc, capture_with_a_read_error_is_not_replayed);
  suite_add_tcase(suite, tc);
  return suite;
}

int
main(void)
{
  return run_suite(io_errors_suite());
}
