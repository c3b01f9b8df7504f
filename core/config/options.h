/*
 * The options of one section, checked against its plugin's option table: types,
 * ranges, defaults, secrets from files.
 */
#ifndef CORE_CONFIG_OPTIONS_H
#define CORE_CONFIG_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/config/config.h"
#include "lib/decimal.h"
#include "core/config/problems.h"
#include "meterpipe/plugin.h"

struct options;

/* The options of [pipeline]: deadline, state_dir, queue_max. */
extern const struct mp_option pipeline_options[];

/*
 * Checks SECTION against TABLE (NULL: no options).  Skips the key `plugin` and
 * keys that begin with TARGET_PREFIX (NULL: none) and a point.  Of CONFIG, only
 * path, world_readable and fleet are used.  Returns the options even if
 * problems were found: an invalid option then has no value.  Free them with
 * options_free.
 *
 * Names of values are checked for their form only.  SECTION and TABLE must
 * outlive the options.
 */
struct options *options_check(const struct config *config,
                              const struct config_section *section,
                              const struct mp_option *table,
                              const char *target_prefix,
                              struct problems *problems);

void options_free(struct options *options);

/* Returns the text of an option, from the file or by default; for a secret,
 * also from its own file.  NULL: no value.  Valid until options_free. */
const char *options_text(const struct options *options, const char *key);

/* Returns the text of the option KEY.NAME with the number INDEX, from 0, and
 * NAME.  KEY is a row with MP_NAMED.  NULL: past the last. */
const char *options_named(const struct options *options, const char *key,
                          size_t index, const char **ret_name);

/* Returns the number of an option (see MP_TYPE_...); 0: no value. */
int64_t options_int(const struct options *options, const char *key);

/* MP_OK, or MP_DROP if the option has no value. */
int options_decimal(const struct options *options, const char *key,
                    struct mp_decimal *ret);

/* Returns true if KEY has the same value in both, regardless of the notation
 * ("100" and "100.0"), or has no value in either. */
bool options_same(const struct options *a, const struct options *b,
                  const char *key);

/* Returns the line of the option; if it was not given, that of its section. */
unsigned options_line(const struct options *options, const char *key);

/* Returns true if the option is in the file: the value is not the default. */
bool options_given(const struct options *options, const char *key);

#endif
