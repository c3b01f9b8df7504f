#include "plugins/csv/report/page.h"

#include <inttypes.h>
#include <string.h>

#include "lib/civil.h"
#include "lib/unit.h"

#define BARS_HEIGHT 200
#define BARS_WIDTH 720

static const char style[] =
  "<style>\n"
  ":root{color-scheme:light dark;--ink:#222;--paper:#fff;--bar:#b5482a;"
  "--old:#c9b9a8;--cold:#2a6fb5;--line:#ccc}\n"
  "@media (prefers-color-scheme:dark){:root{--ink:#ddd;--paper:#181818;"
  "--bar:#e0805f;--old:#6b5f54;--cold:#6fa8e0;--line:#444}}\n"
  "@media print{:root{--ink:#000;--paper:#fff}}\n"
  "body{font:16px/1.4 sans-serif;color:var(--ink);background:var(--paper);"
  "max-width:48em;margin:auto;padding:1em}\n"
  "svg{width:100%;height:auto}\n"
  "table{border-collapse:collapse;display:block;overflow-x:auto}\n"
  "td,th{padding:.1em .6em;text-align:right;border-bottom:1px solid "
  "var(--line);white-space:nowrap}\n"
  ".use{fill:var(--bar)}.cold{fill:var(--cold)}"
  ".flow{stroke:var(--bar)}.return{stroke:var(--cold)}"
  ".cooling{stroke:var(--ink)}\n"
  "polyline{fill:none;stroke-width:2}\n"
  ".axis{stroke:var(--line)}text{fill:var(--ink);font-size:12px}\n"
  "</style>\n";

/* ---- Texts --------------------------------------------------------------- */

static void
put_text(FILE *f, const char *text)
{
  for (; *text; text++)
    switch (*text) {
    case '<':
      fputs("&lt;", f);
      break;
    case '>':
      fputs("&gt;", f);
      break;
    case '&':
      fputs("&amp;", f);
      break;
    case '"':
      fputs("&quot;", f);
      break;
    default:
      putc(*text, f);
    }
}

static void
put_decimal(FILE *f, struct mp_decimal d)
{
  char buf[DECIMAL_TEXT];

  decimal_format(d, buf, sizeof(buf));
  fputs(buf, f);
}

static void
put_date(FILE *f, int64_t day)
{
  struct civil_date date = civil_from_days(day);

  fprintf(f, "%04" PRId64 "-%02d-%02d", date.year, date.month, date.day);
}

static void
put_month(FILE *f, int64_t day)
{
  struct civil_date date = civil_from_days(day);

  fprintf(f, "%04" PRId64 "-%02d", date.year, date.month);
}

/* Writes a cell; an empty one if there is no value. */
static void
put_cell(FILE *f, bool has, struct mp_decimal d)
{
  fputs("<td>", f);
  if (has)
    put_decimal(f, d);
  fputs("</td>", f);
}

static void
put_unit(FILE *f, const struct page *p, enum section_column column)
{
  put_text(f, unit_display(p->section->units[column]));
}

/* ---- Figures ------------------------------------------------------------- */

static bool
is_drawn(const struct uses_record *record)
{
  return record->has[USES_ENERGY];
}

/* Returns the height of D in a figure whose top is MAX. */
static int
height_of(struct mp_decimal d, struct mp_decimal max)
{
  struct mp_decimal height = { 0, 0 };

  if (max.coef <= 0 || d.coef <= 0 ||
      decimal_scale(d, (struct mp_decimal){ BARS_HEIGHT, 0 }, max, 0, &height) <
        0)
    return 0;
  for (; height.exp10 > 0; height.exp10--)
    height.coef *= 10;
  return (int)height.coef;
}

static void
begin_figure(FILE *f, const char *title, struct mp_decimal max,
             const char *unit)
{
  fprintf(f, "<svg viewBox=\"0 -20 %d %d\" role=\"img\"><title>%s</title>\n",
          BARS_WIDTH, BARS_HEIGHT + 25, title);
  fprintf(f, "<path class=\"axis\" d=\"M0 %dH%d\"/><text y=\"-6\">",
          BARS_HEIGHT, BARS_WIDTH);
  put_decimal(f, max);
  putc(' ', f);
  put_text(f, unit_display(unit));
  fputs("</text>\n", f);
}

/* Writes bar I of N; hatched: a gap. */
static void
put_bar(FILE *f, size_t i, size_t n, int height, bool hatched)
{
  size_t x = i * BARS_WIDTH / n, next = (i + 1) * BARS_WIDTH / n;
  size_t gap = next - x > 4 ? 1 : 0;

  fprintf(f,
          "<rect class=\"use\" x=\"%zu\" y=\"%d\" width=\"%zu\" "
          "height=\"%d\"%s/>\n",
          x, BARS_HEIGHT - height, next - x > gap ? next - x - gap : 1, height,
          hatched ? " style=\"fill:url(#gap)\"" : "");
}

static void
raise_to(struct mp_decimal *max, struct mp_decimal d)
{
  if (decimal_compare(d, *max) > 0)
    *max = d;
}

/* Returns the bar of record I: its place among all days. */
static size_t
place_of(const struct page *p, size_t i)
{
  return (size_t)(p->records[i].day - p->records[0].day);
}

static size_t
count_days(const struct page *p)
{
  return place_of(p, p->n_records - 1) + 1;
}

static void
put_days_figure(FILE *f, const struct page *p)
{
  struct mp_decimal max = { 0, 0 };

  for (size_t i = 0; i < p->n_records; i++)
    raise_to(&max, p->records[i].used[USES_ENERGY]);
  begin_figure(f, "Energy per day", max, p->section->units[COLUMN_ENERGY]);
  fputs("<pattern id=\"gap\" width=\"6\" height=\"6\" "
        "patternUnits=\"userSpaceOnUse\"><path d=\"M0 6L6 0\" "
        "stroke=\"currentColor\"/></pattern>\n",
        f);
  for (size_t i = 0; i < p->n_records; i++)
    if (is_drawn(&p->records[i]))
      put_bar(f, place_of(p, i), count_days(p),
              height_of(p->records[i].used[USES_ENERGY], max),
              p->records[i].span > 1);
  fputs("</svg>\n", f);
}

static void
put_nights_figure(FILE *f, const struct page *p)
{
  struct mp_decimal max = { 0, 0 };

  for (size_t i = 0; i < p->n_records; i++)
    if (p->records[i].has_night)
      raise_to(&max, p->records[i].night);
  begin_figure(f, "Smallest flow at night", max,
               p->section->units[COLUMN_FLOW]);
  for (size_t i = 0; i < p->n_records; i++)
    if (p->records[i].has_night)
      put_bar(f, place_of(p, i), count_days(p),
              height_of(p->records[i].night, max), false);
  fputs("</svg>\n", f);
}

static void
put_months_figure(FILE *f, const struct page *p)
{
  const struct months *months = p->months;
  struct mp_decimal max = { 0, 0 };

  for (size_t i = 0; i < months->n; i++)
    raise_to(&max, months->list[i].sum.used[USES_ENERGY]);
  begin_figure(f, "Energy per month", max, p->section->units[COLUMN_ENERGY]);
  for (size_t i = 0; i < months->n; i++)
    put_bar(f, i, months->n,
            height_of(months->list[i].sum.used[USES_ENERGY], max), false);
  fputs("</svg>\n", f);
}

/* Rounds the total; 0 if there is none. */
static struct mp_decimal
total_of(const struct costs *costs)
{
  struct mp_decimal total = { 0, 0 };

  if (costs->has_total && rules_round(&costs->total, &total) != MP_OK)
    total = (struct mp_decimal){ 0, 0 };
  return total;
}

static void
put_costs_figure(FILE *f, const struct page *p)
{
  const struct months *months = p->months;
  struct mp_decimal max = { 0, 0 };

  for (size_t i = 0; i < months->n; i++)
    raise_to(&max, total_of(&months->list[i].costs));
  begin_figure(f, "Cost per month", max, p->section->price.currency);
  for (size_t i = 0; i < months->n; i++)
    put_bar(f, i, months->n, height_of(total_of(&months->list[i].costs), max),
            false);
  fputs("</svg>\n", f);
}

/* Rounded means of flow, return and cooling. */
struct means {
  bool has[3];
  struct mp_decimal value[3];
};

static struct means
means_of(const struct uses_record *record)
{
  struct means ret = { .has = { false } };

  for (int t = 0; t < USES_TEMPERATURES; t++)
    ret.has[t] = uses_mean(&record->means[t], &ret.value[t]) == MP_OK;
  ret.has[2] = ret.has[USES_FLOW_T] && ret.has[USES_RETURN_T] &&
               decimal_sub(ret.value[USES_FLOW_T], ret.value[USES_RETURN_T],
                           &ret.value[2]) == MP_OK;
  return ret;
}

/* Writes the daily means as a line; 100 degrees at the top. */
static void
put_line(FILE *f, const struct page *p, int which, const char *class)
{
  size_t days = count_days(p);

  fprintf(f, "<polyline class=\"%s\" points=\"", class);
  for (size_t i = 0; i < p->n_records; i++) {
    struct means means = means_of(&p->records[i]);

    if (means.has[which])
      fprintf(f, "%zu,%d ", place_of(p, i) * BARS_WIDTH / days,
              BARS_HEIGHT -
                height_of(means.value[which], (struct mp_decimal){ 100, 0 }));
  }
  fputs("\"/>\n", f);
}

static void
put_temperatures_figure(FILE *f, const struct page *p)
{
  begin_figure(f, "Flow, return and cooling per day",
               (struct mp_decimal){ 100, 0 }, "C");
  put_line(f, p, USES_FLOW_T, "flow");
  put_line(f, p, USES_RETURN_T, "return");
  put_line(f, p, 2, "cooling");
  fputs("</svg>\n", f);
}

/* ---- Tables -------------------------------------------------------------- */

static void
put_means(FILE *f, const struct uses_record *record)
{
  struct means means = means_of(record);

  for (int i = 0; i < 3; i++)
    put_cell(f, means.has[i], means.value[i]);
}

static void
put_head(FILE *f, const struct page *p, const char *first)
{
  fprintf(f, "<table>\n<tr><th>%s</th><th>Energy ", first);
  put_unit(f, p, COLUMN_ENERGY);
  fputs("</th><th>Volume ", f);
  put_unit(f, p, COLUMN_VOLUME);
  fputs("</th>", f);
}

#define MEANS_HEAD "<th>Flow °C</th><th>Return °C</th><th>Cooling °C</th>"

/* Writes what is special: "3.2 GJ in 4 days". */
static void
put_notes(FILE *f, const struct page *p, const struct uses_record *record)
{
  static const enum section_column columns[] = { COLUMN_ENERGY, COLUMN_VOLUME };
  int i = record->has[USES_ENERGY] ? USES_ENERGY : USES_VOLUME;

  fputs("<td>", f);
  if (record->span > 1 && record->has[i]) {
    put_decimal(f, record->used[i]);
    putc(' ', f);
    put_unit(f, p, columns[i]);
    fprintf(f, " in %" PRId64 " days", record->span);
  }
  if (record->falls > 0)
    fputs(" exchanged or reset", f);
  fputs("</td>", f);
}

static void
put_sums(FILE *f, const struct uses_record *record)
{
  put_cell(f, record->has[USES_ENERGY], record->used[USES_ENERGY]);
  put_cell(f, record->has[USES_VOLUME], record->used[USES_VOLUME]);
}

static void
begin_day(FILE *f, const struct uses_record *record)
{
  fputs("<tr><td>", f);
  put_date(f, record->day);
  fputs("</td>", f);
}

static int
put_days_table(FILE *f, const struct page *p)
{
  struct uses_record sum = { .span = 0 };
  int r = MP_OK;

  put_head(f, p, "Day");
  fputs("<th></th></tr>\n", f);
  for (size_t i = 0; i < p->n_records && r == MP_OK; i++) {
    begin_day(f, &p->records[i]);
    put_sums(f, &p->records[i]);
    put_notes(f, p, &p->records[i]);
    fputs("</tr>\n", f);
    r = uses_sum(&sum, &p->records[i]);
  }
  fputs("<tr><th>Sum</th>", f);
  put_sums(f, &sum);
  fputs("<td></td></tr>\n</table>\n", f);
  return r;
}

static void
put_temperatures_table(FILE *f, const struct page *p)
{
  fputs("<table>\n<tr><th>Day</th>" MEANS_HEAD "</tr>\n", f);
  for (size_t i = 0; i < p->n_records; i++) {
    begin_day(f, &p->records[i]);
    put_means(f, &p->records[i]);
    fputs("</tr>\n", f);
  }
  fputs("</table>\n", f);
}

static void
put_nights_table(FILE *f, const struct page *p)
{
  fputs("<table>\n<tr><th>Day</th><th>Smallest flow ", f);
  put_unit(f, p, COLUMN_FLOW);
  fputs("</th></tr>\n", f);
  for (size_t i = 0; i < p->n_records; i++)
    if (p->records[i].has_night) {
      begin_day(f, &p->records[i]);
      put_cell(f, true, p->records[i].night);
      fputs("</tr>\n", f);
    }
  fputs("</table>\n", f);
}

static int
put_months_table(FILE *f, const struct page *p)
{
  struct uses_record sum = { .span = 0 };
  int r = MP_OK;

  put_head(f, p, "Month");
  fputs(MEANS_HEAD "</tr>\n", f);
  for (size_t i = 0; i < p->months->n && r == MP_OK; i++) {
    fputs("<tr><td>", f);
    put_month(f, p->months->list[i].sum.day);
    fputs("</td>", f);
    put_sums(f, &p->months->list[i].sum);
    put_means(f, &p->months->list[i].sum);
    fputs("</tr>\n", f);
    r = uses_sum(&sum, &p->months->list[i].sum);
  }
  fputs("<tr><th>Sum</th>", f);
  put_sums(f, &sum);
  put_means(f, &sum);
  fputs("</tr>\n</table>\n", f);
  return r;
}

static void
put_money(FILE *f, bool has, const struct rules_fraction *amount)
{
  struct mp_decimal d = { 0, 0 };

  has = has && rules_round(amount, &d) == MP_OK;
  put_cell(f, has, d);
}

static void
put_costs(FILE *f, const struct costs *costs)
{
  put_money(f, costs->has_energy, &costs->energy);
  put_money(f, costs->has_energy && costs->has_returns, &costs->returns);
  put_money(f, costs->has_energy, &costs->fixed);
  put_money(f, costs->has_total, &costs->total);
  fputs("</tr>\n", f);
}

static void
put_costs_table(FILE *f, const struct page *p)
{
  fputs("<table>\n<tr><th>Month</th><th>Cost of energy ", f);
  put_text(f, p->section->price.currency);
  fputs("</th><th>Bonus (−) or malus</th><th>Fixed</th><th>Total</th></tr>\n",
        f);
  for (size_t i = 0; i < p->months->n; i++) {
    fputs("<tr><td>", f);
    put_month(f, p->months->list[i].sum.day);
    fputs("</td>", f);
    put_costs(f, &p->months->list[i].costs);
  }
  fputs("<tr><th>Sum</th>", f);
  put_costs(f, &p->months->costs);
  fputs("</table>\n<p>Each amount is computed exactly and then rounded, so a "
        "sum may differ from that of the rounded amounts.</p>\n",
        f);
}

/* ---- A glance, and hints ------------------------------------------------- */

/* Returns the day one year earlier; the 28th for a 29th of February. */
static int64_t
year_before(int64_t day)
{
  struct civil_date date = civil_from_days(day);

  if (date.month == 2 && date.day == 29)
    date.day = 28;
  return civil_to_days((int)date.year - 1, date.month, date.day);
}

/* Adds up all records of the file from FROM to TO. */
static int
sum_days(const struct page *p, int64_t from, int64_t to,
         struct uses_record *ret)
{
  const struct uses *uses = &p->rows->uses;
  int r = MP_OK;

  *ret = (struct uses_record){ .day = from };
  for (size_t i = 0; i < uses->n && r == MP_OK; i++)
    if (uses->records[i].day >= from && uses->records[i].day <= to)
      r = uses_sum(ret, &uses->records[i]);
  return r;
}

static int
put_glance_row(FILE *f, const struct page *p, const char *name, int64_t from,
               int64_t to)
{
  struct uses_record now, before;
  int r = sum_days(p, from, to, &now);

  if (r == MP_OK)
    r = sum_days(p, year_before(from), year_before(to), &before);
  if (r != MP_OK)
    return r;
  fprintf(f, "<tr><td>%s, ", name);
  put_date(f, from);
  fputs(" to ", f);
  put_date(f, to);
  fputs("</td>", f);
  put_cell(f, now.has[USES_ENERGY], now.used[USES_ENERGY]);
  put_cell(f, before.has[USES_ENERGY], before.used[USES_ENERGY]);
  fputs("</tr>\n", f);
  return MP_OK;
}

static int
put_glance(FILE *f, const struct page *p)
{
  int64_t last = p->records[p->n_records - 1].day;
  struct civil_date date = civil_from_days(last);
  int r;

  fputs("<table>\n<tr><th>Energy ", f);
  put_unit(f, p, COLUMN_ENERGY);
  fputs("</th><th>Used</th><th>Same days last year</th></tr>\n", f);
  r = put_glance_row(f, p, "Month",
                     civil_to_days((int)date.year, date.month, 1), last);
  if (r == MP_OK)
    r = put_glance_row(f, p, "Year", civil_to_days((int)date.year, 1, 1), last);
  fputs("</table>\n", f);
  return r;
}

/* Tells for how many nights in a row the flow was never 0. */
static void
put_leak_hint(FILE *f, const struct page *p)
{
  size_t nights = 0;

  for (size_t i = p->n_records; i > 0; i--) {
    const struct uses_record *record = &p->records[i - 1];

    if (record->has_night && record->night.coef == 0)
      break;
    nights += record->has_night;
  }
  fprintf(f,
          "<p>The flow at night, from 0 to 6 o'clock, was never 0 for %zu "
          "days.</p>\n",
          nights);
}

static void
put_left_out(FILE *f, const struct page *p)
{
  fprintf(f, "<p>%lu rows", p->rows->used);
  for (int i = 0; i < ROWS_FAULTS; i++)
    if (p->rows->left_out[i].count > 0)
      fprintf(f, "; left out: %lu that %s, the first in line %lu",
              p->rows->left_out[i].count, rows_fault_texts[i],
              p->rows->left_out[i].first_line);
  fputs(".</p>\n", f);
}

static bool
has_temperatures(const struct section *section)
{
  return section->columns[COLUMN_FLOW_T] || section->columns[COLUMN_RETURN_T] ||
         section->columns[COLUMN_E8] || section->columns[COLUMN_E9];
}

int
page_write(FILE *f, const struct page *p)
{
  int r;

  fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta "
        "charset=\"utf-8\">\n<meta name=\"viewport\" "
        "content=\"width=device-width\">\n<title>Usage</title>\n",
        f);
  fputs(style, f);
  fputs("</head>\n<body>\n<h1>Usage of ", f);
  put_text(f, p->section->csv);
  fputs("</h1>\n", f);
  r = put_glance(f, p);
  fputs("<h2>Months</h2>\n", f);
  put_months_figure(f, p);
  if (r == MP_OK)
    r = put_months_table(f, p);
  if (p->section->price.n > 0) {
    fputs("<h2>Costs</h2>\n", f);
    put_costs_figure(f, p);
    put_costs_table(f, p);
  }
  fputs("<h2>Days</h2>\n", f);
  put_days_figure(f, p);
  if (r == MP_OK)
    r = put_days_table(f, p);
  if (has_temperatures(p->section)) {
    fputs("<h2>Temperatures</h2>\n", f);
    put_temperatures_figure(f, p);
    put_temperatures_table(f, p);
  }
  if (p->section->columns[COLUMN_FLOW]) {
    fputs("<h2>Nights</h2>\n", f);
    put_nights_figure(f, p);
    put_leak_hint(f, p);
    put_nights_table(f, p);
  }
  put_left_out(f, p);
  fputs("</body>\n</html>\n", f);
  return r;
}
