/*
 * The types of options: syntax and numeric value.
 */
#ifndef CORE_CONFIG_OPTION_TYPE_H
#define CORE_CONFIG_OPTION_TYPE_H

#include <stddef.h>
#include <stdint.h>

#include "core/config/config_text.h"
#include "lib/decimal.h"
#include "meterpipe/plugin.h"

struct option_number {
  int64_t number;            /* as returned by mp_host.option_int */
  struct mp_decimal decimal; /* for MP_TYPE_DECIMAL */
};

/* Size of the buffer for the reason of a refusal, which may quote a line. */
#define OPTION_WHY (CONFIG_MAX_LINE + 512)

/*
 * Parses TEXT by the type of ROW and checks it against ROW's limits.  MP_OK;
 * MP_ECONFIG with the reason in WHY.  The reason quotes the value, except that
 * of a secret and one that may hold more than one option.
 */
int option_type_parse(const struct mp_option *row, const char *text,
                      struct option_number *ret, char why[OPTION_WHY]);

/* Returns an example of a valid value for messages; it is built in BUF if
 * necessary. */
const char *option_type_example(const struct mp_option *row, char *buf,
                                size_t size);

#endif
