/*
 * Functions that all transforms share: the instance, numbers in messages, and
 * the conversion of a value and an operand to one unit.
 */
#ifndef TRANSFORM_H
#define TRANSFORM_H

#include <stdbool.h>

#include <meterpipe/plugin.h>

/* Room for a number and its unit in a message. */
#define TRANSFORM_TEXT 192

struct transform {
  const struct mp_host *host;
  char *unit; /* unit of the last result, if not that of its value */
};

int transform_create(const struct mp_host *host, void **ret_self);
void transform_destroy(void *self);

/* Returns the name in option `value`, as the object of messages. */
const char *transform_object(const struct transform *t);

/* Writes VALUE to BUF, "84.208 GJ", and returns BUF. */
const char *transform_show(const struct transform *t,
                           const struct mp_value *value, char *buf,
                           size_t size);

/* Returns MP_OK for a number; for a text reports MP_ECONFIG. */
int transform_check_number(const struct transform *t,
                           const struct mp_value *value);

/* Returns MP_OK if OPERAND, from the target that option KEY names, is a number;
 * for a text, which does not count as 0, reports MP_ECONFIG. */
int transform_check_operand(const struct transform *t, const char *key,
                            const struct mp_value *operand);

/* Reports MP_ERANGE for "A plus B" or "A minus B", and returns it. */
int transform_fail_range(const struct transform *t, const struct mp_value *a,
                         const char *operation, const struct mp_value *b);

/* Returns a copy of VALUE to calculate with: kind, number and unit only.  Its
 * struct_size is that of the struct that this plugin knows. */
struct mp_value transform_number(const struct mp_value *value);

/* Returns the unit of VALUE for messages, or "no unit". */
const char *transform_unit_name(const struct mp_value *value);

/* Returns true if the transform `convert` can convert VALUE to UNIT, even if
 * only rounded. */
bool transform_is_convertible(const struct transform *t,
                              const struct mp_value *value, const char *unit);

/* Converts both numbers exactly to one unit: that of VALUE if OPERAND can be
 * converted to it, else that of OPERAND.  MP_OK, or a reason, which is
 * reported. */
int transform_align(const struct transform *t, struct mp_value *value,
                    struct mp_value *operand);

/* Copies number and unit of RESULT, and KIND, into VALUE.  Time and serial
 * number of VALUE are kept.  MP_OK or MP_ENOMEM. */
int transform_finish(struct transform *t, struct mp_value *value,
                     const struct mp_value *result, uint32_t kind);

#endif
