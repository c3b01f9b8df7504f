#include "plugins/csv/report/section.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/civil.h"
#include "lib/nearest.h"
#include "lib/unit.h"

#define OUTPUTS_MAX 64

struct output {
  const char *name, *path;
};

struct parser {
  struct section *section;
  bool in_report; /* the current section is [report], not an output */
  bool found, wrong;
  unsigned line, section_line; /* in the pipeline file */
  const char *csv;             /* the option csv */
  struct output outputs[OUTPUTS_MAX];
  size_t n_outputs;
};

__attribute__((format(printf, 3, 4))) static void
refuse(struct parser *p, unsigned line, const char *fmt, ...)
{
  va_list args;

  fprintf(stderr, "error: %s:%u: ", p->section->file, line);
  va_start(args, fmt);
  vfprintf(stderr, fmt, args);
  va_end(args);
  putc('\n', stderr);
  p->wrong = true;
}

/* ---- Values -------------------------------------------------------------- */

bool
section_parse_date(const char *text, int64_t *ret_day)
{
  int year, month, day, len = 0;

  if (sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &len) != 3 ||
      len != 10 || text[len] || !civil_is_date(year, month, day))
    return false;
  *ret_day = civil_to_days(year, month, day);
  return true;
}

static bool
parse_number(const char *text, struct mp_decimal *ret)
{
  return decimal_parse(text, strlen(text), ret) == MP_OK && decimal_valid(*ret);
}

/* Adds "545 DKK/MWh from 2026-01-01". */
static bool
add_price(struct section_prices *prices, const char *text)
{
  struct section_price *price = &prices->list[prices->n];
  char amount[32], currency[SECTION_WORD], per[SECTION_WORD], from[16];
  int len = 0;

  if (prices->n == SECTION_PRICES_MAX ||
      sscanf(text, "%31s %15[^/ ]/%15s from %15s %n", amount, currency, per,
             from, &len) != 4 ||
      text[len] || !parse_number(amount, &price->amount) ||
      !section_parse_date(from, &price->from))
    return false;
  if (prices->n > 0 && (strcmp(currency, prices->currency) != 0 ||
                        strcmp(per, prices->per) != 0 ||
                        price->from <= prices->list[prices->n - 1].from))
    return false;
  memcpy(prices->currency, currency, sizeof(currency));
  memcpy(prices->per, per, sizeof(per));
  prices->n++;
  return true;
}

static bool
parse_prices(struct section_prices *prices, char *text)
{
  for (char *part; (part = strsep(&text, ","));)
    if (!add_price(prices, part + strspn(part, " ")))
      return false;
  return true;
}

/* Adds "60:39", or "40.7" alone. */
static bool
add_point(struct rules *rules, char *text)
{
  struct rules_point *point = &rules->points[rules->n_points];
  char *colon = strchr(text, ':');

  if (rules->n_points == RULES_POINTS_MAX)
    return false;
  point->flow = (struct mp_decimal){ 0, 0 };
  if (colon) {
    *colon = '\0';
    if (!parse_number(text, &point->flow))
      return false;
    text = colon + 1;
  }
  if (!parse_number(text, &point->expected) ||
      (rules->n_points > 0 &&
       decimal_compare(point->flow, point[-1].flow) <= 0))
    return false;
  rules->n_points++;
  return true;
}

static bool
parse_points(struct rules *rules, char *text)
{
  for (char *word; (word = strsep(&text, " "));)
    if (*word && !add_point(rules, word))
      return false;
  return rules->n_points > 0;
}

/* Splits "energy GJ" at the last blank; a name may have blanks. */
static bool
parse_column(struct section *section, enum section_column column, char *text)
{
  char *blank = strrchr(text, ' ');

  section->columns[column] = text;
  if (column == COLUMN_FLOW_T || column == COLUMN_RETURN_T)
    return *text;
  if (!blank || strlen(blank + 1) >= SECTION_WORD)
    return false;
  *blank = '\0';
  strcpy(section->units[column], unit_canonical(blank + 1));
  return *text && unit_known(blank + 1);
}

/* ---- Options ------------------------------------------------------------- */

static const char *const names[] = { "csv",
                                     "energy",
                                     "volume",
                                     "flow_temperature",
                                     "return_temperature",
                                     "energy_e8",
                                     "energy_e9",
                                     "flow",
                                     "price",
                                     "fixed",
                                     "return_expected",
                                     "bonus",
                                     "malus",
                                     "free_zone",
                                     "malus_counts",
                                     NULL };

static bool
parse_counts(struct rules *rules, const char *text)
{
  rules->counts_excess = strcmp(text, "excess") == 0;
  return rules->counts_excess || strcmp(text, "all") == 0;
}

/* Returns what the option KEY expects; NULL: the value was right. */
static const char *
take_option(struct parser *p, const char *key, char *value)
{
  struct section *s = p->section;
  static const char column[] = "the name of a column and its unit, as in "
                               "\"energy GJ\"";
  static const char number[] = "a number, as in 1.5";
  static const struct {
    const char *key;
    enum section_column column;
  } columns[] = {
    { "energy", COLUMN_ENERGY },
    { "volume", COLUMN_VOLUME },
    { "flow_temperature", COLUMN_FLOW_T },
    { "energy_e8", COLUMN_E8 },
    { "energy_e9", COLUMN_E9 },
    { "flow", COLUMN_FLOW },
    { "return_temperature", COLUMN_RETURN_T },
  };

  for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
    if (strcmp(key, columns[i].key) == 0)
      return parse_column(s, columns[i].column, value) ? NULL : column;
  if (strcmp(key, "price") == 0)
    return parse_prices(&s->price, value) && unit_known(s->price.per)
             ? NULL
             : "amounts by date, as in \"545 DKK/MWh from 2026-01-01, 560 "
               "DKK/MWh from 2027-01-01\"";
  if (strcmp(key, "fixed") == 0)
    return parse_prices(&s->fixed, value) && strcmp(s->fixed.per, "year") == 0
             ? NULL
             : "amounts by date, as in \"2500 DKK/year from 2026-01-01\"";
  if (strcmp(key, "return_expected") == 0)
    return parse_points(&s->rules, value)
             ? NULL
             : "a temperature, or FLOW:RETURN pairs with rising FLOW, as in "
               "\"60:39 62:38\"";
  if (strcmp(key, "bonus") == 0)
    return parse_number(value, &s->rules.bonus) ? NULL : number;
  if (strcmp(key, "malus") == 0)
    return parse_number(value, &s->rules.malus) ? NULL : number;
  if (strcmp(key, "free_zone") == 0)
    return parse_number(value, &s->rules.free_zone) ? NULL : number;
  return parse_counts(&s->rules, value) ? NULL : "all or excess";
}

static bool
is_option(const char *key)
{
  for (const char *const *name = names; *name; name++)
    if (strcmp(key, *name) == 0)
      return true;
  return false;
}

static void
handle_option(struct parser *p, const char *key, char *value)
{
  const char *near = nearest_of(key, names), *expected;

  if (strcmp(key, "csv") == 0) {
    p->csv = value;
  } else if (!is_option(key)) {
    refuse(p, p->line, "[report] has no option \"%s\"%s%s%s", key,
           near ? "; the nearest is \"" : "", near ? near : "",
           near ? "\"" : "");
  } else {
    expected = take_option(p, key, value);
    if (expected)
      refuse(p, p->line, "%s: write %s", key, expected);
  }
}

/* ---- Lines --------------------------------------------------------------- */

/* Splits the next line at its tabs; a word that is missing is empty.  False:
 * there is no line. */
static bool
next_words(char **text, char *words[4])
{
  static char empty[1];
  char *line = strsep(text, "\n");

  if (!line || !*line)
    return false;
  for (int i = 0; i < 3; i++) {
    words[i] = strsep(&line, "\t");
    if (!words[i])
      words[i] = empty;
  }
  words[3] = line ? line : empty; /* a value may have tabs */
  return true;
}

static void
begin_section(struct parser *p, const char *kind, const char *name)
{
  p->in_report = strcmp(kind, "report") == 0;
  if (p->in_report) {
    p->found = true;
    p->section_line = p->line;
  } else if (p->n_outputs < OUTPUTS_MAX) {
    p->outputs[p->n_outputs++] = (struct output){ .name = name, .path = "" };
  }
}

static void
take_entry(struct parser *p, const char *key, char *value)
{
  if (p->in_report)
    handle_option(p, key, value);
  else if (p->n_outputs > 0 && strcmp(key, "path") == 0)
    p->outputs[p->n_outputs - 1].path = value;
}

static void
read_lines(struct parser *p, char *text)
{
  char *words[4];

  while (next_words(&text, words)) {
    p->line = (unsigned)strtoul(words[1], NULL, 10);
    if (strcmp(words[0], "file") == 0)
      p->section->file = words[1];
    else if (strcmp(words[0], "section") == 0)
      begin_section(p, words[2], words[3]);
    else
      take_entry(p, words[2], words[3]);
  }
}

/* Returns the path of the CSV file: that of the output that the option csv
 * names, or the option itself. */
static const char *
find_csv(const struct parser *p)
{
  for (size_t i = 0; i < p->n_outputs; i++)
    if (p->csv && strcmp(p->outputs[i].name, p->csv) == 0)
      return p->outputs[i].path;
  return p->csv;
}

static bool
has_mean(const struct section *s, enum section_column t,
         enum section_column product)
{
  return s->columns[COLUMN_VOLUME] && (s->columns[t] || s->columns[product]);
}

static void
check_products(struct parser *p)
{
  const struct section *s = p->section;

  for (int c = COLUMN_E8; c <= COLUMN_E9; c++)
    if (s->columns[c] &&
        (!s->columns[COLUMN_VOLUME] || strcmp(s->units[c], "m3xC") != 0 ||
         strcmp(s->units[COLUMN_VOLUME], "m3") != 0))
      refuse(p, p->section_line,
             "%s must be in m3xC, and needs volume in m3: name the columns",
             c == COLUMN_E8 ? "energy_e8" : "energy_e9");
}

/* Reports options that need other ones. */
static void
check_section(struct parser *p)
{
  const struct section *s = p->section;

  if (!s->csv)
    refuse(p, p->section_line,
           "[report] has no csv: name an output of this file, or a path");
  if (!s->columns[COLUMN_ENERGY])
    refuse(p, p->section_line,
           "[report] has no energy: name its column and unit");
  if (s->rules.n_points > 0 && !has_mean(s, COLUMN_RETURN_T, COLUMN_E9))
    refuse(p, p->section_line,
           "return_expected needs return_temperature and volume: name their "
           "columns");
  if (s->rules.n_points > 1 && !has_mean(s, COLUMN_FLOW_T, COLUMN_E8))
    refuse(p, p->section_line,
           "a table of return_expected needs "
           "flow_temperature: name its column");
  if (s->price.n > 0 && s->columns[COLUMN_ENERGY] &&
      !unit_converts(s->units[COLUMN_ENERGY], s->price.per))
    refuse(p, p->section_line, "the price is per %s, but energy is in %s",
           s->price.per, s->units[COLUMN_ENERGY]);
  check_products(p);
  if (s->fixed.n > 0 && s->price.n == 0)
    refuse(p, p->section_line, "fixed needs a price");
}

bool
section_parse(char *text, const char *csv, struct section *ret)
{
  struct parser p = { .section = ret };

  *ret = (struct section){ .file = "-" };
  read_lines(&p, text);
  ret->csv = csv ? csv : find_csv(&p);
  if (p.found && !p.wrong)
    check_section(&p);
  if (!p.found)
    fprintf(stderr,
            "error: %s: there is no section [report]: add the one that "
            "\"meterpipe report --suggest\" prints\n",
            ret->file);
  return p.found && !p.wrong;
}

/* ---- Suggestion ---------------------------------------------------------- */

/* A column that names or holds one of these is suggested.  The units are those
 * of most meters. */
static const struct {
  const char *field, *column, *option, *unit;
} hints[] = {
  { "heat_energy_e1", "energy", "energy", " GJ" },
  { "volume_v1", "volume", "volume", " m3" },
  { "temperature_t1", "t1", "flow_temperature", "" },
  { "temperature_t2", "t2", "return_temperature", "" },
  { "energy_e8", "e8", "energy_e8", " m3xC" },
  { "energy_e9", "e9", "energy_e9", " m3xC" },
  { "flow_v1", "flow", "flow", " l/h" },
};

static bool
is_hint(size_t i, const char *column, const char *value)
{
  const char *dot = strrchr(value, '.');

  return strcmp(column, hints[i].column) == 0 ||
         strcmp(dot ? dot + 1 : value, hints[i].field) == 0;
}

/* Prints the option for a column, unless DONE has it already. */
static void
suggest_column(const char *column, const char *value, unsigned *done)
{
  for (size_t i = 0; i < ARRAY_SIZE(hints); i++)
    if (!(*done & 1U << i) && is_hint(i, column, value)) {
      printf("%-18s = %s%s\n", hints[i].option, column, hints[i].unit);
      *done |= 1U << i;
      return;
    }
}

bool
section_suggest(char *text)
{
  static const char prefix[] = "column.";
  const char *file = "-";
  bool found = false, in_first = false;
  unsigned done = 0;
  char *words[4];

  while (next_words(&text, words))
    if (strcmp(words[0], "file") == 0) {
      file = words[1];
    } else if (strcmp(words[0], "section") == 0) {
      in_first = !found && strcmp(words[2], "output") == 0;
      if (in_first)
        printf("[report]\n%-18s = %s\n", "csv", words[3]);
      found = found || in_first;
    } else if (in_first && strncmp(words[2], prefix, sizeof(prefix) - 1) == 0) {
      suggest_column(words[2] + sizeof(prefix) - 1, words[3], &done);
    }
  if (!found)
    fprintf(stderr,
            "error: %s: there is no csv output: add one, see "
            "meterpipe-csv(5)\n",
            file);
  else
    printf("# Check the units.  meterpipe-report(1) describes the prices.\n");
  return found;
}

const struct section_price *
section_price_of(const struct section_prices *prices, int64_t day)
{
  const struct section_price *found = NULL;

  for (size_t i = 0; i < prices->n && prices->list[i].from <= day; i++)
    found = &prices->list[i];
  return found;
}
