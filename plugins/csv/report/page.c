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
  ".flow{stroke:var(--bar)}.return{stroke:var(--cold)}\n"
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
put_days_figure(FILE *f, const struct page *p)
{
  struct mp_decimal max = { 0, 0 };
  int64_t first, days;

  for (size_t i = 0; i < p->n_records; i++)
    if (decimal_compare(p->records[i].used[USES_ENERGY], max) > 0)
      max = p->records[i].used[USES_ENERGY];
  first = p->records[0].day;
  days = p->records[p->n_records - 1].day - first + 1;
  begin_figure(f, "Energy per day", max, p->section->units[COLUMN_ENERGY]);
  fputs("<pattern id=\"gap\" width=\"6\" height=\"6\" "
        "patternUnits=\"userSpaceOnUse\"><path d=\"M0 6L6 0\" "
        "stroke=\"currentColor\"/></pattern>\n",
        f);
  for (size_t i = 0; i < p->n_records; i++)
    if (is_drawn(&p->records[i]))
      put_bar(f, (size_t)(p->records[i].day - first), (size_t)days,
              height_of(p->records[i].used[USES_ENERGY], max),
              p->records[i].span > 1);
  fputs("</svg>\n", f);
}

static void
put_months_figure(FILE *f, const struct page *p)
{
  struct mp_decimal max = { 0, 0 };

  for (size_t i = 0; i < p->n_months; i++)
    if (decimal_compare(p->months[i].sum.used[USES_ENERGY], max) > 0)
      max = p->months[i].sum.used[USES_ENERGY];
  begin_figure(f, "Energy per month", max, p->section->units[COLUMN_ENERGY]);
  for (size_t i = 0; i < p->n_months; i++)
    put_bar(f, i, p->n_months,
            height_of(p->months[i].sum.used[USES_ENERGY], max), false);
  fputs("</svg>\n", f);
}

/* Writes the daily means of a temperature as a line; 100 degrees at the top. */
static void
put_line(FILE *f, const struct page *p, enum uses_temperature t,
         const char *class)
{
  int64_t first = p->records[0].day;
  int64_t days = p->records[p->n_records - 1].day - first + 1;
  struct mp_decimal mean;

  fprintf(f, "<polyline class=\"%s\" points=\"", class);
  for (size_t i = 0; i < p->n_records; i++)
    if (uses_mean(&p->records[i].means[t], &mean) == MP_OK)
      fprintf(f, "%" PRId64 ",%d ",
              (p->records[i].day - first) * BARS_WIDTH / days,
              BARS_HEIGHT - height_of(mean, (struct mp_decimal){ 100, 0 }));
  fputs("\"/>\n", f);
}

static void
put_temperatures_figure(FILE *f, const struct page *p)
{
  begin_figure(f, "Flow and return per day", (struct mp_decimal){ 100, 0 },
               "C");
  put_line(f, p, USES_FLOW_T, "flow");
  put_line(f, p, USES_RETURN_T, "return");
  fputs("</svg>\n", f);
}

/* ---- Tables -------------------------------------------------------------- */

/* Writes the means of flow, return and cooling. */
static void
put_means(FILE *f, const struct uses_record *record)
{
  struct mp_decimal flow, returned, cooling;
  bool has_flow = uses_mean(&record->means[USES_FLOW_T], &flow) == MP_OK;
  bool has_return =
    uses_mean(&record->means[USES_RETURN_T], &returned) == MP_OK;
  bool has_both =
    has_flow && has_return && decimal_sub(flow, returned, &cooling) == MP_OK;

  put_cell(f, has_flow, flow);
  put_cell(f, has_return, returned);
  put_cell(f, has_both, cooling);
}

static void
put_head(FILE *f, const struct page *p, const char *first)
{
  fprintf(f, "<table>\n<tr><th>%s</th><th>Energy ", first);
  put_unit(f, p, COLUMN_ENERGY);
  fputs("</th><th>Volume ", f);
  put_unit(f, p, COLUMN_VOLUME);
  fputs("</th><th>Flow °C</th><th>Return °C</th><th>Cooling °C</th>", f);
}

static void
put_notes(FILE *f, const struct page *p, const struct uses_record *record)
{
  fputs("<td>", f);
  if (record->span > 1 && is_drawn(record)) {
    put_decimal(f, record->used[USES_ENERGY]);
    putc(' ', f);
    put_unit(f, p, COLUMN_ENERGY);
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
  put_means(f, record);
}

static void
put_days_table(FILE *f, const struct page *p)
{
  put_head(f, p, "Day");
  fputs("<th>Night flow ", f);
  put_unit(f, p, COLUMN_FLOW);
  fputs("</th><th></th></tr>\n", f);
  for (size_t i = 0; i < p->n_records; i++) {
    fputs("<tr><td>", f);
    put_date(f, p->records[i].day);
    fputs("</td>", f);
    put_sums(f, &p->records[i]);
    put_cell(f, p->records[i].has_night, p->records[i].night);
    put_notes(f, p, &p->records[i]);
    fputs("</tr>\n", f);
  }
  fputs("</table>\n", f);
}

static void
put_costs(FILE *f, const struct month *m)
{
  put_cell(f, m->has_cost, m->energy);
  put_cell(f, m->has_cost && m->has_returns, m->returns);
  put_cell(f, m->has_cost, m->fixed);
  put_cell(f, m->has_cost, m->total);
}

static int
put_months_table(FILE *f, const struct page *p)
{
  struct uses_record sum = { .span = 0 };
  int r = MP_OK;

  put_head(f, p, "Month");
  if (p->section->price.n > 0) {
    fputs("<th>Energy ", f);
    put_text(f, p->section->price.currency);
    fputs("</th><th>Bonus (−) or malus</th><th>Fixed</th><th>Total</th>", f);
  }
  fputs("</tr>\n", f);
  for (size_t i = 0; i < p->n_months && r == MP_OK; i++) {
    fputs("<tr><td>", f);
    put_month(f, p->months[i].sum.day);
    fputs("</td>", f);
    put_sums(f, &p->months[i].sum);
    if (p->section->price.n > 0)
      put_costs(f, &p->months[i]);
    fputs("</tr>\n", f);
    r = uses_sum(&sum, &p->months[i].sum);
  }
  fputs("<tr><th>Sum</th>", f);
  put_sums(f, &sum);
  fputs("</tr>\n</table>\n", f);
  return r;
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

  if (!p->section->columns[COLUMN_FLOW])
    return;
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
  fputs("<h2>Days</h2>\n", f);
  put_days_figure(f, p);
  if (p->section->columns[COLUMN_FLOW_T] ||
      p->section->columns[COLUMN_RETURN_T])
    put_temperatures_figure(f, p);
  put_days_table(f, p);
  put_leak_hint(f, p);
  put_left_out(f, p);
  fputs("</body>\n</html>\n", f);
  return r;
}
