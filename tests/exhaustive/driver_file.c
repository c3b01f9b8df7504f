/* The fake output "file": a row for each cycle. */
#include "tests/exhaustive/driver_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Shows the last row that has a value in each column. */
static int
file_fetch(void *self, const struct mp_output_sink *sink)
{
  const struct mp_host *host = self;
  const struct file *f = &now.world.file;

  if (driver_fails(FAILURE_NO_FILE, 0))
    return mp_fail(host, MP_EIO, NULL, "not writable");
  for (uint32_t i = 0; i < now.driver->n_columns; i++) {
    size_t n = now.driver->columns[i];
    struct mp_value value = { .struct_size = sizeof(value),
                              .kind = MP_GAUGE,
                              .number = { f->values[n], WORLD_PLACE },
                              .unit = UNIT,
                              .time_ms = f->time * 1000 };
    struct mp_shown shown = { .struct_size = sizeof(shown),
                              .target = i,
                              .answer =
                                f->has[n] ? MP_SHOWN_VALUE : MP_SHOWN_EMPTY,
                              .place = MP_EXACT,
                              .value = f->has[n] ? &value : NULL };

    sink->shown(sink, &shown);
  }
  return MP_OK;
}

static int
file_token(void *self, char *ret_token, size_t size)
{
  const struct mp_host *host = self;

  if (driver_fails(FAILURE_NO_FILE, 0))
    return mp_fail(host, MP_EIO, NULL, "not writable");
  snprintf(ret_token, size, "%lld", (long long)now.world.file.rows);
  return MP_OK;
}

static int
file_begin(void *self, const struct mp_record *record)
{
  const struct mp_host *host = self;

  if (now.n_rows == WORLD_ROWS)
    return mp_fail(host, MP_EINTERNAL, NULL, "too many rows");
  now.rows[now.n_rows++] = (struct row){ .time = record->time_ms / 1000 };
  return MP_OK;
}

/* Returns true if an earlier run wrote the row of that time, with an unknown
 * outcome. */
static bool
was_written(int64_t time)
{
  const struct program *p = &now.before->program;

  for (int64_t i = p->token.first; p->token.present && i <= p->token.last; i++)
    if (i > 0 && p->rows[i - 1].time == time)
      return true;
  return false;
}

static int
file_write(void *self, uint32_t target, const struct mp_value *value)
{
  const struct mp_host *host = self;
  size_t n = now.driver->columns[target];
  struct row *row = &now.rows[now.n_rows - 1];

  if (!was_written(row->time) && driver_fails(FAILURE_REFUSED, (unsigned)n))
    return mp_fail(host, MP_EDATA, NULL, "refused");
  row->values[n] = world_number(value->number);
  row->has[n] = 1;
  return MP_OK;
}

/* Writes all rows: a disk that is full takes none of them. */
static int
file_commit(void *self, const struct mp_output_sink *sink)
{
  const struct mp_host *host = self;
  const struct outcome *outcome = driver_next_outcome();

  if (outcome->result != MP_ACCEPTED)
    mp_fail(host, MP_EIO, NULL, "failed");
  for (uint32_t i = 0; i < now.n_rows; i++) {
    driver_before_action();
    if (outcome->is_done && outcome->result != MP_REJECTED)
      world_add_row(&now.driver->house->plan, &now.world, now.rows[i].time,
                    now.rows[i].has, now.rows[i].values);
    sink->result(sink, i, MP_ALL_TARGETS, outcome->result);
  }
  now.n_rows = 0;
  return MP_OK;
}

/* The rows after the place in TOKEN were written. */
static int
file_recover(void *self, const char *token, const struct mp_output_sink *sink)
{
  int64_t written = now.world.file.rows - atoll(token);

  (void)self;
  for (uint32_t i = 0; i < now.n_rows; i++)
    sink->result(sink, i, MP_ALL_TARGETS,
                 i < written ? MP_ACCEPTED : MP_NOT_SENT);
  now.n_rows = 0;
  return MP_OK;
}

static void
file_close(void *self)
{
  (void)self;
  now.n_rows = 0;
}

static const struct mp_append_ops append_ops = {
  .struct_size = sizeof(append_ops),
  .token = file_token,
  .recover = file_recover,
};

static const struct mp_output_ops file_ops = {
  .struct_size = sizeof(file_ops),
  .flags = MP_OUTPUT_TELLS_TIME,
  .delivery = MP_APPEND,
  .target_prefix = "column",
  .close = file_close,
  .fetch = file_fetch,
  .begin = file_begin,
  .write = file_write,
  .commit = file_commit,
  .append = &append_ops,
};

const struct mp_plugin driver_file = {
  .struct_size = sizeof(driver_file),
  .abi_version = MP_ABI_VERSION,
  .name = "file",
  .version = "1",
  .summary = "a file with a row for each cycle",
  .create = driver_create,
  .destroy = driver_destroy,
  .output = &file_ops,
};
