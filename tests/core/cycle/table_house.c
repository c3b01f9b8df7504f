/* Plans from texts, and what a cycle works on as text. */
#include "tests/core/cycle/table_house.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/config/config.h"
#include "core/memory/memory.h"
#include "core/plugin/loader_impl.h"
#include "lib/array.h"

/* ---- Plugins ---- */

static const struct mp_field fields[] = {
  { .name = "energy",
    .kind = MP_COUNTER,
    .unit = "GJ",
    .label = "Energy",
    .number = "60" },
  { .name = "speed",
    .kind = MP_COUNTER,
    .unit = "GJ",
    .max_rate = { 1, 0 },
    .max_rate_unit = "GJ" },
  { .name = "flow", .kind = MP_GAUGE, .unit = "l/h" },
  { .name = "usage", .kind = MP_DELTA, .unit = "GJ" },
  { .name = "note", .kind = MP_TEXT },
  { .name = "heat", .kind = MP_COUNTER, .unit = "MWh" },
  { .name = "when", .unit = "datetime" },
  { .name = "any" },
};

static int
describe_field(const char *name, const struct mp_field_sink *sink)
{
  for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
    if (strcmp(fields[i].name, name) == 0) {
      struct mp_field field = fields[i];

      field.struct_size = sizeof(field);
      sink->field(sink, &field);
      return MP_OK;
    }
  return MP_ECONFIG;
}

static int
list_fields(const struct mp_field_sink *sink)
{
  for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
    describe_field(fields[i].name, sink);
  return MP_OK;
}

static int
create(const struct mp_host *host, void **ret_self)
{
  *ret_self = (void *)(uintptr_t)host;
  return MP_OK;
}

static void
destroy(void *self)
{
  (void)self;
}

static int
fetch(void *self, const struct mp_output_sink *sink)
{
  (void)self;
  (void)sink;
  return MP_OK;
}

struct house_script house_script;

MP_PRINTF(1, 2)
static void
note_call(const char *fmt, ...)
{
  size_t len = strlen(house_script.calls);
  va_list args;

  va_start(args, fmt);
  vsnprintf(house_script.calls + len, sizeof(house_script.calls) - len, fmt,
            args);
  va_end(args);
}

static int
write_value(void *self, uint32_t target, const struct mp_value *value)
{
  const struct mp_host *host = self;
  struct value v = { 0 };
  char text[128];
  int r = house_script.writes[target];

  ck_assert_ptr_null(value_import(&v, value));
  note_call("%s=%s ", host->target(host, target)->name,
            value_describe(&v, text, sizeof(text)));
  value_clear(&v);
  return r == MP_OK ? MP_OK : mp_fail(host, r, NULL, "write failed");
}

static int
commit(void *self, const struct mp_output_sink *sink)
{
  note_call("commit ");
  if (house_script.explains)
    mp_fail(self, MP_EIO, NULL, "commit failed");
  if (house_script.whole)
    sink->result(sink, 0, MP_ALL_TARGETS, house_script.whole);
  for (uint32_t i = 0; i < ARRAY_SIZE(house_script.results); i++)
    if (house_script.results[i])
      sink->result(sink, 0, i, house_script.results[i]);
  return house_script.commit;
}

static const struct mp_option no_options[] = { { .key = NULL } };

static const struct mp_option meter_options[] = {
  { "fields", MP_TYPE_STRING, 0, NULL, NULL, "fields to read" },
  { .key = NULL },
};

/* Of single targets. */
static const struct mp_option target_options[] = {
  { "power", MP_TYPE_VALUE, 0, NULL, NULL, "a part" },
  { "digits", MP_TYPE_INT, 0, "3", "0..9", "an option" },
  { .key = NULL },
};

static const struct {
  const char *name;
  uint32_t delivery, flags;
  bool is_asked;
} outputs[] = {
  { "/server", MP_LATEST, 0, true },
  { "/blind", MP_LATEST, 0, false },
  { "/page", MP_LIVE, MP_OUTPUT_TAKES_ALL, false },
  { "/file", MP_APPEND, 0, true },
  { "/log", MP_HISTORY, 0, false },
};

/* The loader finds it by its path. */
static struct plugin *
add_plugin(struct loader *loader, enum plugin_kind kind, const char *path)
{
  struct plugin *plugin = memory_get(1, sizeof(*plugin));

  plugin->kind = kind;
  plugin->path = memory_text(path);
  plugin->table = (struct mp_plugin){ .struct_size = sizeof(plugin->table),
                                      .abi_version = MP_ABI_VERSION,
                                      .name = path + 1,
                                      .options = no_options,
                                      .create = create,
                                      .destroy = destroy };
  plugin->next = loader->plugins;
  loader->plugins = plugin;
  return plugin;
}

/* ---- Transforms that give no value ---- */

static int
hold(void *self, struct mp_value *value)
{
  (void)self;
  (void)value;
  return MP_HOLD;
}

static int
drop(void *self, struct mp_value *value)
{
  (void)self;
  (void)value;
  return MP_DROP;
}

static int
rebase(void *self, struct mp_value *value)
{
  (void)self;
  (void)value;
  return MP_REBASE;
}

static const struct mp_option transform_options[] = {
  { "value", MP_TYPE_VALUE, MP_REQUIRED, NULL, NULL, "the value" },
  { .key = NULL },
};

static const struct {
  const char *name;
  int (*apply)(void *self, struct mp_value *value);
} transforms[] = { { "/hold", hold },
                   { "/drop", drop },
                   { "/rebase", rebase } };

static void
add_transforms(struct loader *loader)
{
  for (size_t i = 0; i < ARRAY_SIZE(transforms); i++) {
    struct plugin *plugin =
      add_plugin(loader, PLUGIN_TRANSFORM, transforms[i].name);

    plugin->table.options = transform_options;
    plugin->transform.apply = transforms[i].apply;
  }
}

static void
add_plugins(struct loader *loader)
{
  struct plugin *plugin = add_plugin(loader, PLUGIN_INPUT, "/meter");

  plugin->table.options = meter_options;
  plugin->input.field = describe_field;
  plugin->input.list_fields = list_fields;
  add_transforms(loader);
  for (size_t i = 0; i < ARRAY_SIZE(outputs); i++) {
    plugin = add_plugin(loader, PLUGIN_OUTPUT, outputs[i].name);
    plugin->output.delivery = outputs[i].delivery;
    plugin->output.flags = outputs[i].flags;
    plugin->output.target_prefix = "idx";
    plugin->output.target_options = target_options;
    plugin->output.write = write_value;
    plugin->output.commit = commit;
    plugin->output.fetch = outputs[i].is_asked ? fetch : NULL;
  }
}

/* ---- The plan ---- */

void
house_build(struct table_house *h, const char *ini)
{
  const char *dirs = getenv("METERPIPE_PLUGIN_PATH");
  struct plan_source source = { .config = NULL };

  memset(h, 0, sizeof(*h));
  problems_init(&h->problems);
  h->loader = loader_new(dirs ? dirs : ".libs");
  add_plugins(h->loader);
  h->config = config_parse("house.ini", ini, strlen(ini), &h->problems);
  source.config = h->config;
  source.loader = h->loader;
  plan_build(&source, &h->problems, &h->plan);
  h->instances = instances_new(h->plan, "house.ini", &h->run);
  if (problems_errors(&h->problems) == 0)
    instances_create(h->instances, &h->problems);
  plan_connect(h->plan, h->instances, &h->problems);
  cycle_data_init(&h->d, h->plan);
  for (size_t i = 0; i < h->plan->n_targets; i++)
    h->d.entries[i] = ENTRY_GOOD;
}

void
house_init(struct table_house *h, const char *ini)
{
  house_build(h, ini);
  if (problems_errors(&h->problems) > 0) {
    problems_print(&h->problems, stdout);
    ck_abort_msg("the pipeline file of the table has problems");
  }
}

void
house_clear(struct table_house *h)
{
  cycle_data_clear(&h->d);
  instances_free(h->instances);
  plan_free(h->plan);
  config_free(h->config);
  loader_free(h->loader);
  problems_free(&h->problems);
}

const char *
house_problems(const struct table_house *h, char *buf)
{
  static const char file[] = "house.ini:";
  char whole[HOUSE_TEXT] = "", *rest = whole, *line;
  FILE *out = fmemopen(whole, sizeof(whole), "w");
  size_t len = 0;

  problems_print(&h->problems, out);
  fclose(out);
  buf[0] = '\0';
  while ((line = strsep(&rest, "\n"))) {
    if (strncmp(line, file, strlen(file)) == 0)
      line += strlen(file);
    if (*line)
      len += (size_t)snprintf(buf + len, HOUSE_TEXT - len, "%s%s",
                              len > 0 ? "\n" : "", line);
  }
  return buf;
}

const struct target *
house_target(const struct table_house *h, const char *name)
{
  for (size_t i = 0; i < h->plan->n_targets; i++)
    if (strcmp(h->plan->targets[i]->name, name) == 0 &&
        !h->plan->targets[i]->part)
      return h->plan->targets[i];
  ck_abort_msg("there is no target %s", name);
  return NULL;
}

const struct slot *
house_slot(const struct table_house *h, const char *name)
{
  for (size_t i = 0; i < h->plan->n_slots; i++)
    if (strcmp(h->plan->slots[i]->name, name) == 0)
      return h->plan->slots[i];
  ck_abort_msg("there is no value %s", name);
  return NULL;
}

/* ---- Lists ---- */

/* Calls FN for each item NAME=TEXT of LIST. */
static void
each_item(struct table_house *h, const char *list,
          void (*fn)(struct table_house *h, const char *name, char *text))
{
  char *copy = strdup(list), *rest = copy, *item;

  while ((item = strsep(&rest, " "))) {
    char *text = strchr(item, '=');

    if (!*item)
      continue;
    ck_assert_msg(text, "\"%s\" is no NAME=VALUE", item);
    *text++ = '\0';
    fn(h, item, text);
  }
  free(copy);
}

/* Cuts MARK and what follows it off TEXT.  Returns what follows it; NULL: there
 * is no MARK. */
static char *
cut(char *text, char mark)
{
  char *found = strchr(text, mark);

  if (found)
    *found++ = '\0';
  return found;
}

/* Sets V to TEXT, which is cut into pieces.  KIND is that of a number. */
static void
read_value(struct value *v, uint32_t kind, char *text)
{
  const char *serial = cut(text, '#');
  size_t len = strspn(text, "-0123456789.");

  value_clear(v);
  *v = (struct value){ .kind = kind, .time_ms = HOUSE_NOW_MS };
  v->serial = value_intern(serial);
  if (*text == '\'') {
    v->kind = MP_TEXT;
    v->text = strndup(text + 1, strlen(text) - 2);
    return;
  }
  ck_assert_msg(decimal_parse(text, len, &v->number) == MP_OK,
                "\"%s\" is no number", text);
  v->unit = value_intern(text + len);
}

static void
put_value(FILE *out, const struct value *v)
{
  char number[DECIMAL_TEXT];

  if (v->text)
    fprintf(out, "'%s'", v->text);
  else if (v->kind) {
    decimal_format(v->number, number, sizeof(number));
    fprintf(out, "%s%s", number, v->unit ? v->unit : "");
  } else
    fputc('-', out);
  if (v->serial)
    fprintf(out, "#%s", v->serial);
}

/* Ends a list: removes the blank at its end. */
static const char *
close_list(FILE *out, char *buf)
{
  size_t len;

  fputc('\0', out);
  fclose(out);
  len = strlen(buf);
  if (len > 0 && buf[len - 1] == ' ')
    buf[len - 1] = '\0';
  return buf;
}

/* ---- Readings ---- */

static uint32_t
kind_of(const char *word)
{
  if (strcmp(word, "gauge") == 0)
    return MP_GAUGE;
  return strcmp(word, "delta") == 0 ? MP_DELTA : MP_COUNTER;
}

static void
set_reading(struct table_house *h, const char *name, char *text)
{
  const struct slot *slot = house_slot(h, name);
  struct field_reading *field = &h->d.fields[slot->index];
  struct input_reading *input = &h->d.inputs[slot->stage->index];
  const char *kind = cut(text, ':');
  const char *assumed = cut(text, '~');

  read_value(&field->value, kind ? kind_of(kind) : slot->kind, text);
  field->is_read = true;
  input->serial =
    assumed && *assumed ? value_intern(assumed) : field->value.serial;
  input->serial_how = assumed ? MP_SERIAL_ASSUMED : MP_SERIAL_READ;
}

void
house_set_readings(struct table_house *h, const char *list)
{
  each_item(h, list, set_reading);
}

static void
set_kept(struct table_house *h, const char *name, char *text)
{
  const struct slot *slot = house_slot(h, name);
  struct reading *kept = &h->d.kept[slot->index];
  bool is_unconfirmed = *text == '?' || *text == '!';

  if (*text == '.') {
    kept->reported = true;
    return;
  }
  if (!is_unconfirmed) {
    read_value(&kept->believed, MP_COUNTER, text);
    kept->believed.time_ms = HOUSE_NOW_MS - HOUSE_HOUR_MS;
    return;
  }
  kept->is_candidate = *text == '!';
  read_value(&kept->unconfirmed, MP_COUNTER, text + 1);
  kept->unconfirmed.time_ms = HOUSE_NOW_MS - HOUSE_HOUR_MS / 2;
}

void
house_set_kept(struct table_house *h, const char *list)
{
  each_item(h, list, set_kept);
}

const char *
house_kept(const struct table_house *h, char *buf)
{
  FILE *out = fmemopen(buf, HOUSE_TEXT, "w");

  for (size_t i = 0; i < h->plan->n_slots; i++) {
    const struct reading *kept = &h->d.kept[i];
    const char *name = h->plan->slots[i]->name;

    if (kept->believed.kind) {
      fprintf(out, "%s=", name);
      put_value(out, &kept->believed);
      fputc(' ', out);
    }
    if (kept->unconfirmed.kind) {
      fprintf(out, "%s=%c", name, kept->is_candidate ? '!' : '?');
      put_value(out, &kept->unconfirmed);
      fputc(' ', out);
    }
    if (kept->reported)
      fprintf(out, "%s=. ", name);
  }
  return close_list(out, buf);
}

/* ---- Ledgers ---- */

static void
set_ledger(struct table_house *h, const char *name, char *text)
{
  char *entry = strchr(name, '.');
  struct ledger *t;
  uint32_t kind;
  struct value v = { 0 };

  ck_assert_ptr_nonnull(entry);
  *entry++ = '\0';
  t = &h->d.ledgers[house_target(h, name)->index];
  kind = t->role == LEDGER_DELTA ? MP_DELTA : MP_COUNTER;
  if (strcmp(entry, "rebase") == 0) {
    t->rebase = true;
    return;
  }
  if (strcmp(entry, "kind") == 0) {
    t->kind = kind_of(text);
    return;
  }
  if (*entry == 'r') {
    t->sent_record = atoll(text);
    return;
  }
  read_value(&v, kind, text);
  v.time_ms = HOUSE_NOW_MS - HOUSE_HOUR_MS;
  if (v.unit)
    t->unit = v.unit;
  switch (*entry) {
  case 'A':
    value_move(&t->acknowledged, &v);
    t->acknowledged_place = MP_EXACT;
    break;
  case 'B':
    t->acknowledged_over.known = true;
    value_move(&t->acknowledged_over.value, &v);
    break;
  case 'N':
    t->sent_over.known = true;
    value_move(&t->sent_over.value, &v);
    break;
  case 'M':
    ck_assert(value_copy(&t->sent_from, &v));
    value_move(&t->sent, &v);
    break;
  case 'm':
    value_move(&t->sent_from, &v);
    break;
  case 'D':
    value_move(&t->pending, &v);
    break;
  case 'E':
    t->remainder = v.number;
    break;
  default:
    ck_abort_msg("a ledger has no entry %s", entry);
  }
}

void
house_set_ledgers(struct table_house *h, const char *list)
{
  each_item(h, list, set_ledger);
}

static void
put_entry(FILE *out, const struct target *t, const char *name,
          const struct value *v)
{
  if (!v->kind)
    return;
  fprintf(out, "%s.%s=", t->name, name);
  put_value(out, v);
  fputc(' ', out);
}

/* A number that the tests did not give is the time: "new". */
static void
put_record(FILE *out, const struct target *t, int64_t number)
{
  if (number >= HOUSE_NOW_MS / 2)
    fprintf(out, "%s.r=new ", t->name);
  else
    fprintf(out, "%s.r=%lld ", t->name, (long long)number);
}

static void
put_ledger(FILE *out, const struct target *t, const struct ledger *ledger)
{
  struct value e = { .kind = MP_DELTA, .number = ledger->remainder };

  put_entry(out, t, "A", &ledger->acknowledged);
  if (ledger->acknowledged_over.known)
    put_entry(out, t, "B", &ledger->acknowledged_over.value);
  put_entry(out, t, "M", &ledger->sent);
  if (ledger->sent.kind && ledger->sent_over.known)
    put_entry(out, t, "N", &ledger->sent_over.value);
  put_entry(out, t, "D", &ledger->pending);
  if (e.number.coef != 0)
    put_entry(out, t, "E", &e);
  if (ledger->sent_record)
    put_record(out, t, ledger->sent_record);
  if (ledger->rebase)
    fprintf(out, "%s.rebase=yes ", t->name);
}

const char *
house_ledgers(const struct table_house *h, char *buf)
{
  FILE *out = fmemopen(buf, HOUSE_TEXT, "w");

  for (size_t i = 0; i < h->plan->n_targets; i++)
    put_ledger(out, h->plan->targets[i], &h->d.ledgers[i]);
  return close_list(out, buf);
}

/* ---- Answers ---- */

static void
set_id(struct ledger_displayed *displayed, const char *id)
{
  if (!id)
    return;
  if (!*id)
    displayed->id = LEDGER_NO_ID;
  else if (*id == 'x') {
    displayed->id = LEDGER_OTHER_ID;
    displayed->other_id = strdup(id);
  } else {
    displayed->id = LEDGER_OWN_ID;
    displayed->id_number = atoll(id);
  }
}

static void
set_answer(struct table_house *h, const char *name, char *text)
{
  static const struct {
    const char *word;
    uint32_t kind;
  } words[] = { { "empty", MP_SHOWN_EMPTY },
                { "absent", MP_SHOWN_ABSENT },
                { "unfit", MP_SHOWN_UNFIT },
                { "forgotten", MP_SHOWN_FORGOTTEN } };
  struct answer *answer = &h->d.answers[house_target(h, name)->index];
  const char *id, *updated, *place;

  answer->kind = MP_SHOWN_VALUE;
  answer->displayed.known = true;
  answer->displayed.place = MP_EXACT;
  for (size_t i = 0; i < ARRAY_SIZE(words); i++)
    if (strcmp(text, words[i].word) == 0)
      answer->kind = words[i].kind;
  if (answer->kind == MP_SHOWN_FORGOTTEN)
    answer->displayed.id = LEDGER_FORGOTTEN;
  if (answer->kind != MP_SHOWN_VALUE)
    return;
  id = cut(text, '$');
  updated = cut(text, '@');
  place = cut(text, '~');
  set_id(&answer->displayed, id);
  answer->displayed.updated = updated ? strdup(updated) : NULL;
  if (place)
    answer->displayed.place = atoi(place);
  read_value(&answer->displayed.value, MP_GAUGE, text);
}

void
house_set_answers(struct table_house *h, const char *list)
{
  each_item(h, list, set_answer);
}

/* ---- Results ---- */

const char *
house_slots(const struct table_house *h, char *buf)
{
  static const char *const states[] = { "missing", NULL, "left-out", "held" };
  FILE *out = fmemopen(buf, HOUSE_TEXT, "w");

  for (size_t i = 0; i < h->plan->n_slots; i++) {
    const struct slot_result *slot = &h->d.evaluation.slots[i];

    fprintf(out, "%s=", h->plan->slots[i]->name);
    if (states[slot->state])
      fputs(states[slot->state], out);
    else
      put_value(out, slot->value);
    fputc(' ', out);
  }
  return close_list(out, buf);
}

void
house_check_messages(const char *name, const struct messages *m,
                     const char *list)
{
  char *copy = strdup(list), *rest = *copy ? copy : NULL;
  const struct message *message = m->first;
  const char *part;

  while ((part = strsep(&rest, "|"))) {
    ck_assert_msg(message, "%s: nothing says \"%s\"", name, part);
    ck_assert_msg(strstr(message->text, part),
                  "%s: the message is \"%s\", not \"%s\"", name, message->text,
                  part);
    message = message->next;
  }
  ck_assert_msg(!message, "%s: a message too many: \"%s\"", name,
                message ? message->text : "");
  free(copy);
}

void
house_check_text(const char *name, const char *what, const char *have,
                 const char *want)
{
  ck_assert_msg(strcmp(have, want) == 0, "%s: %s\n  are   %s\n  not   %s", name,
                what, have, want);
}
