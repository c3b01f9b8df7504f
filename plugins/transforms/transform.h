/*
 * What the transforms share: the instance, numbers in messages, and bringing a
 * value and an operand to one unit.
 */
#ifndef TRANSFORM_H
#define TRANSFORM_H

#include <meterpipe/plugin.h>

/* Room for a number and its unit in a message. */
#define TRANSFORM_TEXT 192

struct transform {
  const struct mp_host *host;
  char *unit; /* of the last result, where it is not the value's own */
};

int transform_create(const struct mp_host *host, void **ret_self);
void transform_destroy(void *self);

/* What `value` names, as the object of messages. */
const char *transform_object(const struct transform *t);

/* Writes "84.208 GJ" to BUF, and returns it. */
const char *transform_show(const struct transform *t,
                           const struct mp_value *value, char *buf,
                           size_t size);

/* MP_OK for a number; fails for a text. */
int transform_check_number(const struct transform *t,
                           const struct mp_value *value);

/* MP_OK for a number in the target that the option KEY names; fails for a text,
 * which is no 0. */
int transform_check_operand(const struct transform *t, const char *key,
                            const struct mp_value *operand);

/* The number of VALUE alone: a copy to calculate with, as short as the struct
 * that this plugin knows. */
struct mp_value transform_number(const struct mp_value *value);

/* Brings both numbers to one unit, exactly: that of VALUE if OPERAND can be
 * converted to it, else that of OPERAND. */
int transform_align(const struct transform *t, struct mp_value *value,
                    struct mp_value *operand);

/* Makes RESULT what VALUE holds; keeps its time and its meter. */
int transform_finish(struct transform *t, struct mp_value *value,
                     const struct mp_value *result, uint32_t kind);

#endif
