/* meterpipe rebase --forget: deletes the entries of targets from the state. */
#include "core/commands/app.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "core/commands/commands.h"
#include "core/memory/memory.h"
#include "core/run/log.h"
#include "lib/utf8.h"

/* The entry for OUTPUT.TARGET; or, for OUTPUT alone, the token of its queue:
 * its note on the rows being written. */
struct entry {
  const char *area, *owner, *name;
  char *copy; /* holds owner and name */
};

static void
split_entry_name(const char *text, struct entry *ret)
{
  char *dot;

  ret->copy = memory_text(text);
  dot = strchr(ret->copy, '.');
  if (dot)
    *dot = 0;
  ret->owner = ret->copy;
  ret->area = dot ? STORE_TARGET : STORE_META;
  ret->name = dot ? dot + 1 : "token";
}

/* Returns true if ENTRY is in the pipeline file or in the state, which an
 * earlier version of that file may have left. */
static bool
is_known(const struct app *app, const struct entry *entry)
{
  const struct stage *s = plan_stage(app->plan, entry->owner);

  if (store_get(app->run.store, entry->area, entry->owner, entry->name))
    return true;
  return s && s->kind == PLUGIN_OUTPUT &&
         (strcmp(entry->area, STORE_META) == 0 ||
          stage_target(s, entry->name, NULL));
}

static void
print_value(const char *what, const struct value *v)
{
  char text[512];

  if (v->kind)
    printf(", %s %s", what, value_describe(v, text, sizeof(text)));
}

/* Prints the values in BODY, the deleted ledger. */
static void
print_target(const char *body)
{
  struct ledger t;
  char *copy;

  ledger_init(&t, LEDGER_PLAIN);
  if (ledger_decode(&t, body)) {
    print_value("acknowledged", &t.acknowledged);
    print_value("sent", &t.sent);
    print_value("pending", &t.pending);
    ledger_clear(&t);
    return;
  }
  ledger_clear(&t);
  copy = memory_text(body);
  for (char *p = copy; *p; p++)
    if (*p == '\n')
      *p = p[1] ? ';' : 0;
  utf8_make_plain(copy);
  printf(", not readable: %s", copy);
  free(copy);
}

static void
forget_entry(struct app *app, const char *text, const struct entry *entry)
{
  const char *body =
    store_get(app->run.store, entry->area, entry->owner, entry->name);

  if (!body) {
    printf("%s: the state has no entry\n", text);
    return;
  }
  printf("%s: deleted", text);
  if (strcmp(entry->area, STORE_TARGET) == 0)
    print_target(body);
  putchar('\n');
  store_put(app->run.store, entry->area, entry->owner, entry->name, NULL);
  store_put(app->run.store, STORE_RUN, entry->owner, entry->name, NULL);
}

/* Deletes the entry that an operand names; without DELETES, only checks it.
 * Returns an exit status. */
static int
take_operand(struct app *app, const char *text, bool deletes)
{
  struct entry entry;
  int status = EX_OK;

  split_entry_name(text, &entry);
  if (deletes)
    forget_entry(app, text, &entry);
  else if (!is_known(app, &entry)) {
    log_line(MP_LOG_ERROR, NULL, NULL,
             "neither %s nor its state has a target \"%s\": name it as "
             "OUTPUT.TARGET (\"meterpipe status\" lists them)",
             app->args->config_path, text);
    status = EX_USAGE;
  }
  free(entry.copy);
  return status;
}

int
forget_targets(struct app *app)
{
  const struct arguments *args = app->args;
  int status = EX_OK, r = app_open_store(app, STORE_WRITE);

  if (r != MP_OK)
    return report_status(app->report);
  for (int i = 0; i < args->n_operands && status == EX_OK; i++)
    status = take_operand(app, args->operands[i], false);
  for (int i = 0; i < args->n_operands && status == EX_OK; i++)
    status = take_operand(app, args->operands[i], true);
  if (status != EX_OK)
    return status;
  r = store_commit(app->run.store);
  if (r != MP_OK)
    report_failure(app->report, REPORT_OTHER, NULL, r, NULL,
                   store_error(app->run.store));
  return report_status(app->report);
}
