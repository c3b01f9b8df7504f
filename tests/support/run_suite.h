/* The end of main() in every unit test. */
#ifndef SUPPORT_RUN_SUITE_H
#define SUPPORT_RUN_SUITE_H

#include <check.h>
#include <stdlib.h>

/* The exit status that make check counts as "skipped". */
#define EX_SKIP 77

/* Runs the tests of SUITE, and frees it.  Returns the exit status. */
static inline int
run_suite(Suite *suite)
{
  SRunner *runner = srunner_create(suite);
  int failed;

  srunner_run_all(runner, CK_ENV);
  failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
