/*
 * Meter models (KMP 6.1) and info codes (KMP 8.1 and 8.2).
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <inttypes.h>
#include <stdio.h>

#include "plugins/input/kmp/model.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

struct info_bits {
  const char *words[32]; /* NULL: not known */
};

/* MULTICAL 601, 602, 402 */
static const struct info_bits bits_601 = { {
  [0] = "supply voltage was off",
  [2] = "t2 outside range",
  [3] = "t1 outside range",
  [4] = "V1 communication fault",
  [5] = "t3 outside range",
  [6] = "leak in the cold water",
  [7] = "V2 wrong pulse figure",
  [8] = "leak in the heating system",
  [9] = "burst in the heating system",
  [10] = "V2 communication fault",
  [11] = "V1 wrong pulse figure",
  [12] = "V1 signal weak (air)",
  [13] = "V2 signal weak (air)",
  [14] = "V1 wrong flow direction",
  [15] = "V2 wrong flow direction",
} };

/* MULTICAL 303, 403, 603, 803 */
static const struct info_bits bits_x03 = { {
  [0] = "no supply",
  [1] = "low battery",
  [2] = "external alarm",
  [3] = "t1 above range or open",
  [4] = "t2 above range or open",
  [5] = "t1 below range or shorted",
  [6] = "t2 below range or shorted",
  [7] = "invalid temperature difference",
  [8] = "V1 air",
  [9] = "V1 wrong flow direction",
  [11] = "V1 above maximum flow",
  [12] = "leak at input A",
  [13] = "leak at input B",
  [14] = "external alarm at input A",
  [15] = "external alarm at input B",
  [16] = "V1 communication fault",
  [17] = "V1 wrong pulse figure",
  [18] = "leak at input A2",
  [19] = "leak at input B2",
  [20] = "t3 above range or open",
  [21] = "t3 below range or shorted",
  [22] = "V2 communication fault",
  [23] = "V2 wrong pulse figure",
  [24] = "V2 air",
  [25] = "V2 wrong flow direction",
  [27] = "V2 above maximum flow",
  [28] = "burst, water loss",
  [29] = "burst, water penetration",
  [30] = "leak, water loss",
  [31] = "leak, water penetration",
} };

static const struct info_bits bits_unknown;

static const struct {
  uint16_t mask;
  uint16_t type;
  const char *name;
  const struct info_bits *info; /* of register 99; NULL: not known */
} models[] = {
  { 0xffff, 0x0001, "MULTICAL 601 Pt500", &bits_601 },
  { 0xffff, 0x0004, "MULTICAL 601 Pt100", &bits_601 },
  { 0xffff, 0x0005, "MULTICAL 601 Pt500 4-wire", &bits_601 },
  { 0xffff, 0x1501, "MULTICAL 601 Pt500, through its top module", &bits_601 },
  { 0xffff, 0x1504, "MULTICAL 601 Pt100, through its top module", &bits_601 },
  { 0xffff, 0x1505, "MULTICAL 601 Pt500 4-wire, through its top module",
    &bits_601 },
  { 0xffff, 0x1101, "MULTICAL 402", &bits_601 },
  { 0xff00, 0x0900, "top module", NULL },
  { 0xff00, 0x1600, "base module", NULL },
};

/* Its index in models, or -1. */
static int
find_model(uint16_t type)
{
  size_t i;

  for (i = 0; i < ARRAY_SIZE(models); i++)
    if ((type & models[i].mask) == models[i].type)
      return (int)i;
  return -1;
}

void
model_name(uint16_t type, char *buf, size_t size)
{
  int i = find_model(type);

  if (i < 0)
    snprintf(buf, size, "type %04" PRIx16, type);
  else
    snprintf(buf, size, "%s (type %04" PRIx16 ")", models[i].name, type);
}

void
model_revision(const uint8_t revision[2], char *buf, size_t size)
{
  if (revision[0] >= 1 && revision[0] <= 26)
    snprintf(buf, size, "%c%u", 'A' + revision[0] - 1, revision[1]);
  else if (revision[0] != 0 || revision[1] != 0)
    snprintf(buf, size, "%02x %02x", revision[0], revision[1]);
  else
    buf[0] = '\0';
}

static const struct info_bits *
find_bits(uint16_t type, uint16_t id)
{
  int i = find_model(type);

  if (id == MODEL_INFO_BITS)
    return &bits_x03;
  if (id == MODEL_INFO && i >= 0 && models[i].info != NULL)
    return models[i].info;
  return &bits_unknown;
}

void
model_info(uint16_t type, uint16_t id, int64_t code, char *buf, size_t size)
{
  const struct info_bits *bits = find_bits(type, id);
  size_t len = 0;
  unsigned bit;

  buf[0] = '\0';
  if (code <= 0 || code > UINT32_MAX)
    return;
  for (bit = 0; bit < ARRAY_SIZE(bits->words) && len < size; bit++) {
    const char *comma = len > 0 ? ", " : "";
    int n;

    if (!(code >> bit & 1))
      continue;
    if (bits->words[bit] != NULL)
      n = snprintf(buf + len, size - len, "%s%s", comma, bits->words[bit]);
    else
      n = snprintf(buf + len, size - len, "%sbit %u", comma, bit);
    len += (size_t)n;
  }
}
