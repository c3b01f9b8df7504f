/*
 * Parses items.  Numbers are read as the old script read them: decimal, or hex
 * with 0x.
 */
#include "core/commands/import/import_spec.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory/memory.h"
#include "lib/digit.h"
#include "meterpipe/plugin.h"

/* The number of bytes printed of a faulty item. */
#define SHOWN_MAX 40

static const struct {
  const char *name;
  uint32_t min, max;
} parts[SPEC_PARTS] = {
  [SPEC_IDX] = { "IDX", 1, UINT32_MAX },
  [SPEC_REGISTER] = { "REGISTER", 0, 65535 },
  [SPEC_FUNCTION] = { "FUNCTION", SPEC_OVERWRITE, SPEC_ADD },
  [SPEC_IDX2] = { "IDX2", 0, UINT32_MAX },
};

/* Parses the LEN bytes as one number.  Returns false if they are none, or one
 * beyond the limits of PART. */
static bool
parse_number(const char *text, size_t len, int part, uint32_t *ret)
{
  uint64_t n = 0;
  int base = 10;
  size_t i = 0;

  if (len > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
    base = 16;
    i = 2;
  }
  if (i == len)
    return false;
  for (; i < len; i++) {
    int digit = digit_value(text[i], base);

    if (digit < 0)
      return false;
    n = n * (unsigned)base + (unsigned)digit;
    if (n > parts[part].max)
      return false;
  }
  if (n < parts[part].min)
    return false;
  *ret = (uint32_t)n;
  return true;
}

/* Parses the LEN bytes of an item.  If they are faulty, returns false and
 * writes the reason to WHY. */
static bool
parse_item(const char *text, size_t len, struct spec_item *ret, char *why,
           size_t size)
{
  const char *end = text + len;

  memset(ret, 0, sizeof(*ret));
  for (int i = 0; i < SPEC_PARTS; i++) {
    const char *colon = memchr(text, ':', (size_t)(end - text));
    const char *stop = colon ? colon : end;

    if (!parse_number(text, (size_t)(stop - text), i, &ret->part[i])) {
      snprintf(why, size, "%s is not a number from %" PRIu32 " to %" PRIu32,
               parts[i].name, parts[i].min, parts[i].max);
      return false;
    }
    if (!colon && i >= SPEC_FUNCTION)
      return true;
    if (!colon)
      break;
    text = colon + 1;
  }
  snprintf(why, size,
           "not IDX:REGISTER:FUNCTION or "
           "IDX:REGISTER:FUNCTION:IDX2");
  return false;
}

/* Reports a faulty item of the command line, made safe for a terminal. */
static void
report_item(FILE *err, size_t number, size_t column, const char *text,
            size_t len, const char *why)
{
  char shown[SHOWN_MAX + 1];
  size_t i;

  for (i = 0; i < len && i < SHOWN_MAX; i++)
    shown[i] = (char)(text[i] >= ' ' && text[i] <= '~' ? text[i] : '?');
  shown[i] = '\0';
  fprintf(err, "error: import: item %zu (column %zu): \"%s\": %s\n", number,
          column, shown, why);
}

int
spec_parse(const char *text, FILE *err, struct spec *ret)
{
  struct spec spec = { .items = NULL };
  const char *p = text;
  size_t room = 1, faults = 0;
  char why[96];

  for (; *p; p++)
    room += *p == ',';
  spec.items = memory_get(room, sizeof(*spec.items));
  for (p = text; spec.n < room; spec.n++) {
    size_t len = strcspn(p, ",");

    if (!parse_item(p, len, &spec.items[spec.n], why, sizeof(why))) {
      report_item(err, spec.n + 1, (size_t)(p - text) + 1, p, len, why);
      faults++;
    }
    p += len + 1;
  }
  if (faults > 0) {
    spec_free(&spec);
    return MP_EDATA;
  }
  *ret = spec;
  return MP_OK;
}

void
spec_free(struct spec *spec)
{
  free(spec->items);
  spec->items = NULL;
  spec->n = 0;
}

const char *
spec_item_format(const struct spec_item *item, char *buf, size_t size)
{
  const uint32_t *p = item->part;
  char idx2[16] = "";

  if (p[SPEC_IDX2])
    snprintf(idx2, sizeof(idx2), ":%" PRIu32, p[SPEC_IDX2]);
  snprintf(buf, size, "%" PRIu32 ":%" PRIu32 ":%" PRIu32 "%s", p[SPEC_IDX],
           p[SPEC_REGISTER], p[SPEC_FUNCTION], idx2);
  return buf;
}
