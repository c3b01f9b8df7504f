/*
 * An option's text read as its type, for the fake host.
 */
#ifndef TESTKIT_FAKE_OPTION_H
#define TESTKIT_FAKE_OPTION_H

#include <meterpipe/plugin.h>

/* What mp_host.option_int gives for TEXT; 0 for types that are no number.
 * MP_ECONFIG: TEXT is not of the option's type, or not allowed. */
int fake_option_parse(const struct mp_option *option, const char *text,
                      int64_t *ret);

#endif
