/*
 * Replies of Domoticz: whatever comes, the reader stays within it, and what it
 * makes of it is in bounds.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <meterpipe/plugin.h>

#include "plugins/output/domoticz/device.h"
#include "plugins/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(int good)
{
  if (!good)
    abort();
}

static void
check_text(const char *text, size_t size)
{
  size_t n;

  check(memchr(text, '\0', size) != NULL);
  for (; *text != '\0'; text += n) {
    n = utf8_length(text);
    check(n > 0 && (unsigned char)*text >= ' ');
  }
}

static void
check_number(struct number n)
{
  check(n.exp10 >= -NUMBER_MAX_EXP && n.exp10 <= NUMBER_MAX_EXP);
}

static void
check_device(const struct device *d)
{
  int64_t count;

  check(d->type != NULL);
  check_number(d->value);
  check_number(d->step);
  check_number(d->power);
  check(d->step.coef >= 0);
  check(d->wait_ms <= 4000);
  check(d->state == DEVICE_SHOWS || d->state == DEVICE_EMPTY ||
        d->problem[0] != '\0');
  check_text(d->name, sizeof(d->name));
  check_text(d->kind, sizeof(d->kind));
  check_text(d->data, sizeof(d->data));
  check_text(d->unit, sizeof(d->unit));
  check_text(d->updated, sizeof(d->updated));
  number_count(d->value, d->step, &count);
  device_reads_back(d);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct reply reply;
  struct device device;
  const cJSON *object;

  if (size == 0 || !reply_parse((const char *)data, size, &reply))
    return 0;
  reply_find(&reply, "1");
  for (object = reply.results; object != NULL; object = object->next) {
    if (!device_parse(object, reply.act_time, &device))
      continue;
    check_device(&device);
    device_clear(&device);
  }
  reply_free(&reply);
  return 0;
}
