/*
 * Meter models (KMP 6.1) and info codes (KMP 8.1 to 8.3).
 *
 * The types of most heat and water meters are not published; such meters are
 * identified by the registers that they have.  Register 99 of a MULTICAL 403
 * has the bits that its technical description (5512-1689, 7.7) lists.  On
 * meters with register 369, register 99 may hold the code of the display
 * instead.  For the MULTICAL 302 no list is known.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "lib/array.h"
#include "plugins/kmp/codec/model.h"

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

/* MULTICAL 303, 403, 603, 803; the 403 has the first 16 */
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

/* MULTICAL 21, flowIQ 2101; see add_durations for bits 4 to 15. */
static const struct info_bits bits_water_21 = { {
  [0] = "dry",
  [1] = "reverse flow",
  [2] = "leak",
  [3] = "burst",
} };

/* KWM2231.  Bit 7 is left out: two sources give it two meanings. */
static const struct info_bits bits_water = { {
  [0] = "dry",
  [1] = "reverse flow",
  [2] = "leak",
  [3] = "burst",
  [4] = "tampering",
  [5] = "low battery",
  [6] = "low ambient temperature",
  [9] = "no consumption",
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
  /* Electricity meters; the low byte is the variant. */
  { 0xff00, 0x5300, "Kamstrup 382", NULL },
  { 0xff00, 0x5500, "Kamstrup 382", NULL },
  { 0xff00, 0x5600, "Kamstrup 162", NULL },
  { 0xff00, 0x5700, "Kamstrup 162", NULL },
  { 0xff00, 0x5800, "Kamstrup 282", NULL },
  { 0xff00, 0x5900, "Kamstrup 282", NULL },
  { 0xffff, 0x5a00, "OMNIPOWER", NULL },
  { 0xfe00, 0x6000, "Kamstrup 351B", NULL },
  { 0xfe00, 0x6200, "Kamstrup 382L", NULL },
  { 0xfe00, 0x6400, "Kamstrup 162L", NULL },
  { 0xfe00, 0x6600, "Kamstrup 282L", NULL },
  { 0xfe00, 0x6800, "Kamstrup 382M", NULL },
  { 0xfe00, 0x7000, "Kamstrup 162M", NULL },
  { 0xfe00, 0x7200, "Kamstrup 282M", NULL },
  { 0xff00, 0x7500, "Kamstrup 351C", NULL },
  { 0xff00, 0x7600, "Kamstrup 251C", NULL },
};

/* ---- Models ------------------------------------------------------------- */

enum {
  MARKER_HEAT,      /* 60, heat energy */
  MARKER_FLOW_MIN,  /* 125: 403, not 302 */
  MARKER_HIRES_601, /* 155: 601, 602, 402 */
  MARKER_HIRES,     /* 266: 302, 303, 403, 603, 803 */
  MARKER_WATER,     /* 292, water temperature */
  MARKER_INFO_BITS, /* 369: 303, 603, 803 */
  MARKER_DURATIONS, /* 409: KWM2231 */
  MARKER_BATTERY,   /* 582: KWM2231, flowIQ 2200 */
};

const uint16_t model_markers[MODEL_MARKERS] = {
  60, 125, 155, 266, 292, MODEL_INFO_BITS, 409, 582,
};

void
model_note_register(struct model *model, uint16_t id)
{
  for (size_t i = 0; i < MODEL_MARKERS; i++)
    if (model_markers[i] == id)
      model->has |= (uint8_t)(1u << i);
}

static int
model_has(const struct model *model, unsigned marker)
{
  return model->has >> marker & 1;
}

/* Returns the index of TYPE in models, or -1. */
static int
find_model(uint16_t type)
{
  for (size_t i = 0; i < ARRAY_SIZE(models); i++)
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

/* ---- Batteries ---------------------------------------------------------- */

#define MARKER(marker) (1u << (marker))

/*
 * Readings a day through the eye for which the vendor calculated the life of
 * the battery.  A model is listed only with a document that gives its figure.
 * None is known to us for MULTICAL 303, 402, 601, 602, 603, 801 and 803; the
 * one of a MULTICAL 66-CDE, one a day, is left out, as it does not use KMP.
 */
static const struct {
  uint8_t has, lacks; /* marker registers */
  unsigned readings;
} batteries[] = {
  /* MULTICAL 403: "Max. one reading per hour" (technical description 5512-1689,
   * FILE100000166_B_EN, 07.2023, 10.4) */
  { MARKER(MARKER_HEAT) | MARKER(MARKER_FLOW_MIN) | MARKER(MARKER_HIRES),
    MARKER(MARKER_INFO_BITS), 24 },
};

unsigned
model_battery_readings(const struct model *model)
{
  if (model->partial || find_model(model->type) >= 0)
    return 0;
  for (size_t i = 0; i < ARRAY_SIZE(batteries); i++)
    if ((model->has & batteries[i].has) == batteries[i].has &&
        !(model->has & batteries[i].lacks))
      return batteries[i].readings;
  return 0;
}

/* ---- Info codes --------------------------------------------------------- */

bool
model_is_info(uint16_t id)
{
  return id == MODEL_INFO || id == MODEL_INFO_BITS || id == MODEL_INFO_WATER;
}

/* Finds the words for an info code by the registers that the meter has, and by
 * those that it lacks if all markers were requested. */
static const struct info_bits *
find_bits_by_registers(const struct model *model)
{
  if (model_has(model, MARKER_INFO_BITS))
    return &bits_x03;
  if (model_has(model, MARKER_HEAT)) {
    if (model_has(model, MARKER_HIRES))
      return model_has(model, MARKER_FLOW_MIN) && !model->partial
               ? &bits_x03
               : &bits_unknown;
    return model_has(model, MARKER_HIRES_601) ? &bits_601 : &bits_unknown;
  }
  if (model_has(model, MARKER_DURATIONS))
    return &bits_water;
  if (model_has(model, MARKER_WATER) && !model_has(model, MARKER_BATTERY) &&
      !model->partial)
    return &bits_water_21;
  return &bits_unknown;
}

static const struct info_bits *
find_bits(const struct model *model)
{
  int i = find_model(model->type);

  if (i < 0)
    return find_bits_by_registers(model);
  return models[i].info ? models[i].info : &bits_unknown;
}

bool
model_has_words(const struct model *model)
{
  return find_bits(model) != &bits_unknown;
}

uint16_t
model_info_register(const struct model *model)
{
  const struct info_bits *bits = find_bits(model);

  if (bits == &bits_x03 && model_has(model, MARKER_INFO_BITS))
    return MODEL_INFO_BITS;
  return bits == &bits_water ? MODEL_INFO_WATER : MODEL_INFO;
}

/* A text that is cut at the end of its buffer. */
struct text {
  char *buf;
  size_t size;
  size_t len;
};

__attribute__((format(printf, 2, 3))) static void
add_part(struct text *t, const char *fmt, ...)
{
  va_list args;
  int n;

  if (t->len > 0 && t->len < t->size)
    t->len += (size_t)snprintf(t->buf + t->len, t->size - t->len, ", ");
  if (t->len >= t->size)
    return;
  va_start(args, fmt);
  n = vsnprintf(t->buf + t->len, t->size - t->len, fmt, args);
  va_end(args);
  t->len += n > 0 ? (size_t)n : 0;
}

static void
add_bits(struct text *t, const struct info_bits *bits, int64_t code)
{
  for (unsigned bit = 0; bit < ARRAY_SIZE(bits->words); bit++) {
    if (!(code >> bit & 1))
      continue;
    if (bits->words[bit])
      add_part(t, "%s", bits->words[bit]);
    else
      add_part(t, "bit %u", bit);
  }
}

/* Adds the durations in bits 4 to 15 of a MULTICAL 21: how long it was dry, and
 * so on. */
static void
add_durations(struct text *t, int64_t code)
{
  static const char *const lasted[] = {
    NULL,       "1-8 hours", "9-24 hours", "2-3 days",
    "4-7 days", "8-14 days", "15-21 days", "22-31 days",
  };

  for (unsigned i = 0; i < 4; i++) {
    const char *duration = lasted[code >> (4 + 3 * i) & 7];

    if (duration)
      add_part(t, "%s for %s", bits_water_21.words[i], duration);
  }
}

void
model_info(const struct model *model, uint16_t id, int64_t code, char *buf,
           size_t size)
{
  const struct info_bits *bits = find_bits(model);
  struct text t = { .buf = buf, .size = size };

  buf[0] = '\0';
  if (code <= 0 || code > UINT32_MAX)
    return;
  if (id == MODEL_INFO_BITS)
    bits = &bits_x03;
  else if (id == MODEL_INFO_WATER && bits != &bits_water)
    bits = &bits_unknown;
  else if (id == MODEL_INFO && model_info_register(model) != MODEL_INFO)
    return; /* another code, perhaps that of the display */
  if (bits == &bits_water_21) {
    add_bits(&t, bits, code & 0xf);
    add_durations(&t, code);
    code &= ~INT64_C(0xffff);
  }
  add_bits(&t, bits, code);
}

void
model_info_text(const struct model *model, uint16_t id, int64_t code,
                char buf[MODEL_TEXT_SIZE])
{
  model_info(model, id, code, buf, MODEL_TEXT_SIZE);
  if (code == 0)
    snprintf(buf, MODEL_TEXT_SIZE, "no fault");
  else if (buf[0] == '\0')
    snprintf(buf, MODEL_TEXT_SIZE, "info code %" PRId64, code);
}
