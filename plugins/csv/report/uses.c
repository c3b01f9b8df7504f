#include "plugins/csv/report/uses.h"

#include <stdlib.h>

/* No new meter counts as much as the old one in this time. */
#define RETURN_DAYS 32
#define MEAN_PLACE (-2)

static int
add_to(struct mp_decimal *sum, struct mp_decimal d)
{
  return decimal_add(*sum, d, sum);
}

/* Returns the record of a day and a span; NULL: out of memory.  Days come in
 * order, so it is among the last few. */
static struct uses_record *
record_of(struct uses *uses, int64_t day, int64_t span)
{
  struct uses_record *grown;

  if (span < 1)
    span = 1;
  for (size_t i = uses->n; i > 0 && uses->records[i - 1].day == day; i--)
    if (uses->records[i - 1].span == span)
      return &uses->records[i - 1];
  if (uses->n == uses->size) {
    size_t size = uses->size ? 2 * uses->size : 64;

    grown = reallocarray(uses->records, size, sizeof(*grown));
    if (!grown)
      return NULL;
    uses->records = grown;
    uses->size = size;
  }
  uses->records[uses->n] = (struct uses_record){ .day = day, .span = span };
  return &uses->records[uses->n++];
}

static int
add_weighted(const struct uses *uses, struct uses_record *record,
             const struct uses_row *row, struct mp_decimal volume)
{
  int r = MP_OK;

  for (int i = 0; i < USES_TEMPERATURES && r == MP_OK; i++) {
    struct mp_decimal product;

    if (!row->has_t[i] || uses->by_product[i])
      continue;
    r = decimal_mul(row->t[i], volume, &product);
    if (r == MP_OK)
      r = add_to(&record->means[i].weighted, product);
    if (r == MP_OK)
      r = add_to(&record->means[i].volume, volume);
  }
  return r;
}

/* Books the step of a counter from its last value to that of ROW. */
static int
add_step(struct uses *uses, const struct uses_row *row, int i)
{
  const struct uses_state *state = &uses->state[i];
  struct uses_record *record = record_of(uses, row->day, row->day - state->day);
  struct mp_decimal step;
  int r;

  if (!record)
    return MP_ENOMEM;
  record->has[i] = true;
  if (decimal_compare(row->value[i], state->last) < 0) {
    record->falls++;
    return MP_OK;
  }
  r = decimal_sub(row->value[i], state->last, &step);
  if (r == MP_OK)
    r = add_to(&record->used[i], step);
  if (r == MP_OK && i == USES_VOLUME)
    r = add_weighted(uses, record, row, step);
  return r;
}

static bool
came_back(const struct uses_state *state, const struct uses_row *row, int i)
{
  return state->fell && row->day - state->fell_day <= RETURN_DAYS &&
         decimal_compare(row->value[i], state->before) >= 0;
}

static int
add_counter(struct uses *uses, const struct uses_row *row, int i)
{
  struct uses_state *state = &uses->state[i];
  int r = MP_OK;

  if (!row->has[i])
    return MP_OK;
  if (came_back(state, row, i))
    return MP_EDATA;
  if (state->known)
    r = add_step(uses, row, i);
  if (state->known && decimal_compare(row->value[i], state->last) < 0) {
    state->fell = true;
    state->before = state->last;
    state->fell_day = row->day;
  }
  state->known = true;
  state->last = row->value[i];
  state->day = row->day;
  return r;
}

/* Adds the steps of a counter of volume x temperature, and of the volume. */
static int
add_product_step(struct uses *uses, const struct uses_row *row, int i)
{
  const struct uses_pair *last = &uses->pairs[i];
  struct uses_record *record = record_of(uses, row->day, row->day - last->day);
  struct mp_decimal product, volume;
  int r;

  if (!record)
    return MP_ENOMEM;
  r = decimal_sub(row->product[i], last->product, &product);
  if (r == MP_OK)
    r = decimal_sub(row->value[USES_VOLUME], last->volume, &volume);
  if (r != MP_OK || product.coef < 0 || volume.coef < 0)
    return r; /* exchanged or reset: no use */
  r = add_to(&record->means[i].weighted, product);
  return r == MP_OK ? add_to(&record->means[i].volume, volume) : r;
}

static int
add_product(struct uses *uses, const struct uses_row *row, int i)
{
  struct uses_pair *pair = &uses->pairs[i];
  int r = MP_OK;

  if (!row->has_product[i] || !row->has[USES_VOLUME])
    return MP_OK;
  if (pair->known)
    r = add_product_step(uses, row, i);
  *pair = (struct uses_pair){ true, row->product[i], row->value[USES_VOLUME],
                              row->day };
  return r;
}

static int
add_night(struct uses *uses, const struct uses_row *row)
{
  struct uses_record *record;

  if (!row->has_flow || !row->is_night)
    return MP_OK;
  record = record_of(uses, row->day, 1);
  if (!record)
    return MP_ENOMEM;
  if (!record->has_night || decimal_compare(row->flow, record->night) < 0)
    record->night = row->flow;
  record->has_night = true;
  return MP_OK;
}

int
uses_add(struct uses *uses, const struct uses_row *row)
{
  int r = MP_OK;

  for (int i = 0; i < USES_COUNTERS && r == MP_OK; i++)
    r = add_counter(uses, row, i);
  for (int i = 0; i < USES_TEMPERATURES && r == MP_OK; i++)
    r = add_product(uses, row, i);
  return r == MP_OK ? add_night(uses, row) : r;
}

void
uses_free(struct uses *uses)
{
  free(uses->records);
  *uses = (struct uses){ .records = NULL };
}

int
uses_sum(struct uses_record *to, const struct uses_record *from)
{
  int r = MP_OK;

  for (int i = 0; i < USES_COUNTERS && r == MP_OK; i++) {
    r = add_to(&to->used[i], from->used[i]);
    to->has[i] = to->has[i] || from->has[i];
  }
  for (int i = 0; i < USES_TEMPERATURES && r == MP_OK; i++) {
    r = add_to(&to->means[i].weighted, from->means[i].weighted);
    if (r == MP_OK)
      r = add_to(&to->means[i].volume, from->means[i].volume);
  }
  to->falls += from->falls;
  return r;
}

int
uses_mean(const struct uses_mean *mean, struct mp_decimal *ret)
{
  int r;

  if (mean->volume.coef == 0)
    return MP_DROP;
  r = decimal_scale(mean->weighted, (struct mp_decimal){ 1, 0 }, mean->volume,
                    MEAN_PLACE, ret);
  return r < 0 ? r : MP_OK;
}
