/* Collects the results of a probe, and prints them when they are complete. */
#include "core/commands/probe_found.h"

#include <stdlib.h>
#include <string.h>

#include "core/commands/one_stage.h"
#include "core/memory/memory.h"
#include "core/run/table.h"
#include "lib/array.h"
#include "lib/json.h"
#include "lib/unit.h"

/* The width of the lines in the list of fields. */
#define LIST_WIDTH 76

/* ---- Keeping ------------------------------------------------------------- */

static void
item_clear(struct found_item *item)
{
  free(item->field);
  free(item->number);
  free(item->label);
  free(item->remark);
  value_clear(&item->value);
}

static char *
copy_text(const char *from)
{
  return from ? memory_text(from) : NULL;
}

/* Copies an item.  A value that breaks the rules of the interface is dropped,
 * and the remark then says why. */
static void
copy_item(struct found_item *to, const struct mp_probe_item *from)
{
  const char *remark = from->remark;

  if (from->value) {
    const char *wrong = memory_import_value(&to->value, from->value);

    if (wrong) {
      value_clear(&to->value);
      remark = wrong;
    }
  }
  to->field = copy_text(from->field);
  to->number = copy_text(from->number);
  to->label = copy_text(from->label);
  to->remark = copy_text(remark);
}

static void
append_found_item(struct found_item **items, size_t *n,
                  const struct mp_probe_item *item)
{
  struct found_item copy = { 0 };

  copy_item(&copy, item);
  MEMORY_GROW(items, *n);
  (*items)[(*n)++] = copy;
}

void
found_add(struct probe_found *found, const struct mp_probe_item *item)
{
  if (item->field)
    append_found_item(&found->fields, &found->n_fields, item);
  else
    append_found_item(&found->facts, &found->n_facts, item);
}

void
found_free(struct probe_found *found)
{
  for (size_t i = 0; i < found->n_facts; i++)
    item_clear(&found->facts[i]);
  for (size_t i = 0; i < found->n_fields; i++)
    item_clear(&found->fields[i]);
  free(found->facts);
  free(found->fields);
}

/* Returns the number or text of a value, without its unit; NULL: no value. */
static const char *
bare_value(const struct value *v, char *buf, size_t size)
{
  struct value bare = *v;

  bare.unit = NULL;
  return v->kind ? value_describe(&bare, buf, size) : NULL;
}

static const char *
unit_of(const struct value *v)
{
  return v->unit ? unit_display(v->unit) : NULL;
}

/* ---- For people ---------------------------------------------------------- */

static void
print_facts(const struct probe_found *found, FILE *out)
{
  struct table table = { .columns = 2 };
  char buf[512];

  for (size_t i = 0; i < found->n_facts; i++) {
    table_add(&table, found->facts[i].label);
    table_add(&table, bare_value(&found->facts[i].value, buf, sizeof(buf)));
  }
  table_print(&table, 0, out);
  table_free(&table);
}

static void
print_fields(const struct probe_found *found, FILE *out)
{
  static const char *const heads[] = { "NUMBER", "NAME",  "VALUE",
                                       "UNIT",   "LABEL", "REMARK" };
  struct table table = { .columns = ARRAY_SIZE(heads) };
  char buf[512];

  for (size_t i = 0; i < table.columns; i++)
    table_add(&table, heads[i]);
  for (size_t i = 0; i < found->n_fields; i++) {
    const struct found_item *item = &found->fields[i];

    table_add(&table, item->number);
    table_add(&table, item->field);
    table_add(&table, bare_value(&item->value, buf, sizeof(buf)));
    table_add(&table, unit_of(&item->value));
    table_add(&table, item->label);
    table_add(&table, item->remark);
  }
  table_print(&table, 0, out);
  table_free(&table);
}

/* Returns true if NAME is in LIST, which is separated by commas. */
static bool
list_holds(const char *list, const char *name)
{
  size_t len = strlen(name);

  while (list && *list) {
    size_t n = strcspn(list, ",");

    if (n == len && strncmp(list, name, n) == 0)
      return true;
    list += n + (list[n] == ',');
    list += strspn(list, " ");
  }
  return false;
}

/* Prints the fields with a value: those in DEFAULTS if WANTED, else the others.
 * The first line begins with HEAD, the others begin with INDENT. */
static void
print_list(const struct probe_found *found, const char *defaults, bool wanted,
           const char *head, const char *indent, FILE *out)
{
  size_t column = 0;

  for (size_t i = 0; i < found->n_fields; i++) {
    const char *name = found->fields[i].field;

    if (!found->fields[i].value.kind || list_holds(defaults, name) != wanted)
      continue;
    if (column == 0)
      column = (size_t)fprintf(out, "%s%s", head, name);
    else if (column + strlen(name) + 3 <= LIST_WIDTH)
      column += (size_t)fprintf(out, ", %s", name);
    else
      column = (size_t)fprintf(out, ",\n%s%s", indent, name) - 2;
  }
  if (column > 0)
    putc('\n', out);
}

static bool
has_one_of(const struct probe_found *found, const char *defaults)
{
  for (size_t i = 0; i < found->n_fields; i++)
    if (found->fields[i].value.kind &&
        list_holds(defaults, found->fields[i].field))
      return true;
  return false;
}

/* Prints a section with the usual fields, and the others as a comment: every
 * eight more fields cost the meter's battery another request.  If the meter has
 * none of the usual fields, all are listed: without `fields`, the plugin would
 * request the usual ones. */
static void
print_section(const struct probe_found *found, const struct stage *stage,
              FILE *out)
{
  const char *defaults = stage->plugin->input.default_fields;

  fputs("# To copy into a pipeline file:\n\n", out);
  one_stage_print_section(stage, "meter", out);
  if (!has_one_of(found, defaults)) {
    print_list(found, defaults, false, "fields = ", "  ", out);
    return;
  }
  print_list(found, defaults, true, "fields = ", "  ", out);
  print_list(found, defaults, false, "# It also has: ", "#   ", out);
}

void
found_print(const struct probe_found *found, const struct stage *stage,
            FILE *out)
{
  if (found->n_facts > 0)
    print_facts(found, out);
  if (found->n_fields == 0)
    return;
  if (found->n_facts > 0)
    putc('\n', out);
  print_fields(found, out);
  putc('\n', out);
  print_section(found, stage, out);
}

/* ---- For programs -------------------------------------------------------- */

static void
json_item(struct json *json, const struct found_item *item)
{
  char buf[512];

  json_object(json, NULL);
  if (item->field) {
    json_text(json, "field", item->field);
    json_text(json, "number", item->number);
  }
  json_text(json, "label", item->label);
  json_text(json, "value", bare_value(&item->value, buf, sizeof(buf)));
  if (item->field) {
    json_text(json, "unit", unit_of(&item->value));
    json_text(json, "remark", item->remark);
  }
  json_end_object(json);
}

static void
json_items(struct json *json, const char *key, const struct found_item *items,
           size_t n)
{
  json_array(json, key);
  for (size_t i = 0; i < n; i++)
    json_item(json, &items[i]);
  json_end_array(json);
}

void
found_print_json(const struct probe_found *found, const struct stage *stage,
                 FILE *out)
{
  struct json json = { .out = out };

  json_object(&json, NULL);
  json_text(&json, "plugin", stage->plugin->table.name);
  json_bool(&json, "answered", found->n_facts + found->n_fields > 0);
  json_items(&json, "facts", found->facts, found->n_facts);
  json_items(&json, "fields", found->fields, found->n_fields);
  json_end_object(&json);
  putc('\n', out);
}
