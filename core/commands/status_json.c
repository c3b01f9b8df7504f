/* Prints the status for programs. */
#include "core/commands/status_print.h"

#include "core/commands/status_select.h"
#include "core/cycle/pending_since.h"
#include "lib/rfc3339.h"
#include "lib/unit.h"

void
status_json_time(struct json *json, const char *key, int64_t ms)
{
  char text[RFC3339_SIZE];

  rfc3339_format(NULL, ms, text);
  json_text(json, key, ms > 0 ? text : NULL);
}

void
status_json_value(struct json *json, const char *key, const struct value *v)
{
  struct value bare = *v;
  char text[512];

  if (!v->kind) {
    json_text(json, key, NULL);
    return;
  }
  bare.unit = NULL;
  json_object(json, key);
  json_text(json, "value", value_describe(&bare, text, sizeof(text)));
  json_text(json, "unit", v->unit ? unit_display(v->unit) : NULL);
  status_json_time(json, "time", v->time_ms);
  json_text(json, "serial", v->serial);
  json_end_object(json);
}

static void
json_run(struct json *json, const struct status *status)
{
  if (!status->has_run) {
    json_text(json, "last_run", NULL);
    return;
  }
  json_object(json, "last_run");
  status_json_time(json, "begun", status->begun);
  status_json_time(json, "ended", status->ended);
  json_number(json, "status", status->result);
  json_text(json, "result", status_words(status->result));
  json_end_object(json);
}

static void
json_unfinished(struct json *json, const struct status *status)
{
  const struct run_note *note = &status->unfinished;

  if (!status->is_unfinished) {
    json_text(json, "unfinished_run", NULL);
    return;
  }
  json_object(json, "unfinished_run");
  status_json_time(json, "begun", note->begun_ms);
  json_bool(json, "in_progress", status->in_progress);
  json_text(json, "output", *note->output ? note->output : NULL);
  json_text(json, "callback", *note->call ? note->call : NULL);
  json_end_object(json);
}

static void
json_target(struct json *json, const struct status *status,
            const struct target *t)
{
  const struct ledger *ledger = &status->cycle->d.ledgers[t->index];
  int64_t since = 0;
  bool waits =
    delivery(t->stage) == MP_LATEST && pending_since(status->cycle, t, &since);

  json_object(json, NULL);
  json_text(json, "target", t->full_name);
  status_json_value(json, "last", status_last_value(ledger));
  if (waits)
    status_json_value(json, "due",
                      ledger->pending.kind ? &ledger->pending : &ledger->sent);
  else
    json_text(json, "due", NULL);
  status_json_time(json, "due_since", waits ? since : 0);
  if (is_unreadable(&status->cycle->d, t))
    json_bool(json, "readable", false);
  json_end_object(json);
}

static void
json_queue(struct json *json, const struct status *status,
           const struct stage *output)
{
  int64_t since = 0;
  size_t n = status_queue(status->cycle, output, &since);

  json_object(json, NULL);
  json_text(json, "output", output->name);
  json_number(json, "rows", (int64_t)n);
  status_json_time(json, "since", since);
  n = status_set_aside(status->cycle, output, &since);
  json_number(json, "set_aside", (int64_t)n);
  json_end_object(json);
}

static void
json_readings(struct json *json, const struct status *status)
{
  const struct plan *p = status->cycle->plan;
  const struct value none = { 0 };

  json_array(json, "readings");
  for (size_t i = 0; i < p->n_slots; i++) {
    const struct reading *kept = &status->cycle->d.kept[i];

    if (!p->slots[i]->is_measured ||
        !status_shows_stage(status, p->slots[i]->stage))
      continue;
    json_object(json, NULL);
    json_text(json, "reading", p->slots[i]->name);
    status_json_value(json, "believed", &kept->believed);
    status_json_value(json, "held",
                      kept->is_candidate ? &none : &kept->unconfirmed);
    status_json_value(json, "candidate",
                      kept->is_candidate ? &kept->unconfirmed : &none);
    json_end_object(json);
  }
  json_end_array(json);
}

static void
json_devices(struct json *json, const struct status *status)
{
  char text[STATUS_DEVICE];

  json_array(json, "devices");
  FOR_EACH_STAGE(status->cycle->plan, input, PLUGIN_INPUT)
  {
    if (!status_shows_stage(status, input) ||
        !status_device(status, input, text))
      continue;
    json_object(json, NULL);
    json_text(json, "input", input->name);
    json_text(json, "use", text);
    json_end_object(json);
  }
  json_end_array(json);
}

static void
json_outages(struct json *json, const struct status *status)
{
  json_array(json, "outages");
  for (size_t i = 0; i < status->n_outages; i++) {
    const struct outage *outage = &status->outages[i];

    if (!status_shows_name(status, outage->stage))
      continue;
    json_object(json, NULL);
    json_text(json, "stage", *outage->stage ? outage->stage : NULL);
    json_text(json, "object", *outage->object ? outage->object : NULL);
    status_json_time(json, "since", outage->since);
    json_text(json, "reason", outage->reason);
    json_end_object(json);
  }
  json_end_array(json);
}

void
status_print_json(const struct status *status, FILE *out)
{
  struct json json = { .out = out };

  json_object(&json, NULL);
  json_text(&json, "pipeline", status->cycle->plan->config->path);
  json_text(&json, "state", status->state_path);
  json_bool(&json, "written", status->written);
  json_run(&json, status);
  json_unfinished(&json, status);
  json_array(&json, "targets");
  FOR_EACH_STAGE(status->cycle->plan, output, PLUGIN_OUTPUT)
  {
    for (size_t i = 0; i < output->n_targets; i++)
      if (status_shows_target(status, output->targets[i]))
        json_target(&json, status, output->targets[i]);
  }
  json_end_array(&json);
  json_array(&json, "queues");
  FOR_EACH_STAGE(status->cycle->plan, output, PLUGIN_OUTPUT)
  {
    if (is_queued(output) && status_shows_stage(status, output))
      json_queue(&json, status, output);
  }
  json_end_array(&json);
  json_readings(&json, status);
  json_devices(&json, status);
  json_outages(&json, status);
  json_end_object(&json);
  putc('\n', out);
}
