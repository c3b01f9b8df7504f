/*
 * The options of one section, checked against the table of its plugin: types,
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
 * Checks SECTION against TABLE (NULL: no options).  The key `plugin` and keys
 * that begin with TARGET_PREFIX (NULL: none) and a point are passed over; of
 * CONFIG, only path and world_readable are looked at.  MP_OK with *ret, even
 * when problems were found: then what was wrong has no value.  MP_ENOMEM.
 *
 * Names of values are checked for their form only.  SECTION and TABLE must
 * outlive *ret.
 */
int options_check(const struct config *config,
                  const struct config_section *section,
                  const struct mp_option *table, const char *target_prefix,
                  struct problems *problems, struct options **ret);

void options_free(struct options *options);

/* The text of an option, as written or by default; of a secret, also from its
 * file.  NULL: no value.  Lives until options_free. */
const char *options_text(const struct options *options, const char *key);

/* The number of an option (see MP_TYPE_...); 0: no value. */
int64_t options_int(const struct options *options, const char *key);

/* MP_OK, or MP_DROP when the option has no value. */
int options_decimal(const struct options *options, const char *key,
                    struct decimal *ret);

/* Whether KEY has the same value in both, however it is written ("100" and
 * "100.0"), or in none. */
bool options_same(const struct options *a, const struct options *b,
                  const char *key);

/* Where the option stands; where its section begins when it was not given. */
unsigned options_line(const struct options *options, const char *key);

/* Whether it stands in the file: the value is not the default. */
bool options_given(const struct options *options, const char *key);

#endif
