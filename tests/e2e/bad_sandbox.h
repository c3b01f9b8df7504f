/*
 * A sandbox with the tests' plugins that break the contract: input_bad.so,
 * transform_bad.so and output_bad.so.  What they do wrong is named by the
 * environment variable BAD.
 */
#ifndef E2E_BAD_SANDBOX_H
#define E2E_BAD_SANDBOX_H

#include <stddef.h>

#include "tests/support/sandbox.h"

/* The beginning of what conform says about the answers to a user. */
#define OFFERS "list, create_target and check: "
/* What it says about a callback that exceeds its deadline. */
#define LATE(callback)                                                         \
  callback " took more than 1500 ms after its deadline: wait no longer than "  \
           "time_left, and poll cancel_fd"

/* Makes a sandbox that has the plugins. */
struct sandbox *bad_sandbox_new(void);
/* Checks the exit status of the last run, and all that it wrote. */
void bad_check(struct sandbox *s, int status, const char *out, const char *err);
/* Returns the path of the built module NAME, in the caller's buffer TMP. */
const char *bad_module(const char *name, char *tmp, size_t size);

#endif
