/*
 * Parses the texts of options, for the fake host.
 */
#ifndef TESTKIT_FAKE_OPTION_H
#define TESTKIT_FAKE_OPTION_H

#include <meterpipe/plugin.h>

/* Sets *RET to the result of mp_host.option_int for TEXT; 0 for types that are
 * not numbers.  MP_ECONFIG: TEXT is not of the option's type, or not
 * allowed. */
int fake_option_parse(const struct mp_option *option, const char *text,
                      int64_t *ret);

#endif
