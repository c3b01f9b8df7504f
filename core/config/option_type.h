/*
 * The types of options: how each is written, and what it is as a number.
 */
#ifndef CORE_CONFIG_OPTION_TYPE_H
#define CORE_CONFIG_OPTION_TYPE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/decimal.h"
#include "meterpipe/plugin.h"

struct option_number {
  int64_t number;         /* as mp_host.option_int gives it */
  struct decimal decimal; /* with MP_TYPE_DECIMAL */
};

/* Room for a sentence about a value. */
#define OPTION_WHY 512

/*
 * Reads TEXT as the type of ROW has it, and checks what ROW allows.  MP_OK;
 * MP_ECONFIG with the reason in WHY, which begins with the value (never that of
 * a secret).
 */
int option_type_parse(const struct mp_option *row, const char *text,
                      struct option_number *ret, char why[OPTION_WHY]);

/* A value that ROW would take, for messages; in BUF where it must be made. */
const char *option_type_example(const struct mp_option *row, char *buf,
                                size_t size);

#endif
