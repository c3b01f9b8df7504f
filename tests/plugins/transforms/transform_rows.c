/*
 * Applies one row to one instance.  For every row it also checks that a value
 * without a result is unchanged, and that only a failure or a hold writes a
 * message.
 */
#include "tests/plugins/transforms/transform_rows.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "testkit/fake_host.h"

#define PART_SIZE 128

/* Sets the OPTIONS, such as "first=zero max=5". */
static void
set_options(struct fake_host *h, const char *options)
{
  char pair[PART_SIZE], *equals;
  size_t len;

  fake_host_set(h, "value", "meter.heat_energy_e1");
  while (options && options[0] != '\0') {
    len = strcspn(options, " ");
    ck_assert_uint_lt(len, sizeof(pair));
    memcpy(pair, options, len);
    pair[len] = '\0';
    equals = strchr(pair, '=');
    ck_assert_ptr_nonnull(equals);
    *equals = '\0';
    fake_host_set(h, pair, equals + 1);
    options += len + (options[len] == ' ');
  }
}

static void
check_parts(const char *title, const char *log, const char *parts)
{
  char part[PART_SIZE];
  size_t len;

  for (; parts[0] != '\0'; parts += len + (parts[len] == '|')) {
    len = strcspn(parts, "|");
    ck_assert_uint_lt(len, sizeof(part));
    memcpy(part, parts, len);
    part[len] = '\0';
    ck_assert_msg(strstr(log, part), "%s: no \"%s\" in %s", title, part, log);
  }
}

static void
check_message(const struct transform_row *row, struct fake_host *h)
{
  int r = row->expect < 0 ? row->expect : MP_EDATA;

  if (row->expect == MP_OK || !row->result) {
    ck_assert_msg(fake_host_failures(h) == 0, "%s: %s", row->title,
                  fake_host_log(h));
    return;
  }
  ck_assert_msg(fake_host_failures(h) == 1, "%s: %s", row->title,
                fake_host_log(h));
  ck_assert_msg(fake_host_failure(h, 0) == r, "%s: code %d", row->title,
                fake_host_failure(h, 0));
  check_parts(row->title, fake_host_log(h), "error: stage: |meter.heat_energy");
  check_parts(row->title, fake_host_log(h), row->result);
}

static void
check_value(const struct transform_row *row, struct fake_host *h,
            const struct mp_value *value)
{
  const char *expect = row->expect == MP_OK ? row->result : row->value;
  uint32_t kind = row->expect == MP_OK ? row->result_kind : row->kind;

  ck_assert_msg(strcmp(fake_host_show(h, value), expect) == 0, "%s: %s, not %s",
                row->title, fake_host_show(h, value), expect);
  ck_assert_msg(value->kind == kind, "%s: kind %u", row->title, value->kind);
  ck_assert_str_eq(value->serial, "6044434");
  ck_assert_int_eq(value->time_ms, 1795341600000);
}

void
transform_check_row(const struct transform_row *row, const char *operand)
{
  const struct mp_plugin *plugin = meterpipe_plugin();
  struct fake_host *h = fake_host_new(plugin, "stage");
  struct mp_value value = fake_host_value(h, row->kind, row->value);
  void *self = NULL;
  int answer;

  set_options(h, row->options);
  if (operand) {
    fake_host_set(h, operand, "out.base");
    if (row->known != ROW_MISSING)
      fake_host_set_operand(h, operand, row->operand,
                            row->known == ROW_ROUNDED ? row->place : MP_EXACT);
  }
  value.serial = "6044434";
  value.time_ms = 1795341600000;
  ck_assert_int_eq(plugin->create(&h->table, &self), MP_OK);
  answer = plugin->transform->apply(self, &value);
  ck_assert_msg(answer == row->expect, "%s: %d, not %d: %s", row->title, answer,
                row->expect, fake_host_log(h));
  check_message(row, h);
  check_value(row, h, &value);
  plugin->destroy(self);
  fake_host_free(h);
}
