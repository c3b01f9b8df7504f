/* meterpipe probe: identifies a meter and reads all its fields. */
#include "core/commands/app.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/commands/one_stage.h"
#include "core/commands/commands.h"
#include "core/commands/probe_found.h"
#include "core/commands/probe_watch.h"
#include "core/pipeline/call.h"
#include "core/run/log.h"

/* ---- Progress ------------------------------------------------------------ */

#define BAR_WIDTH 40

struct probe {
  struct probe_found found;
  struct probe_watch watch;
  bool shows_bar; /* on a terminal, without -v or -q */
  bool has_bar;   /* the line above the cursor is the bar */
};

/* Draws the bar on a line of its own, so that a message begins below it. */
static void
draw_bar(struct probe *probe, uint32_t done, uint32_t total)
{
  char bar[BAR_WIDTH + 1], line[BAR_WIDTH + 80];
  size_t full = total ? (size_t)((uint64_t)done * BAR_WIDTH / total) : 0;

  memset(bar, ' ', sizeof(bar) - 1);
  memset(bar, '#', full < BAR_WIDTH ? full : BAR_WIDTH);
  bar[BAR_WIDTH] = '\0';
  snprintf(line, sizeof(line), "%s[%s] %u of %u registers\n",
           probe->has_bar ? "\033[A\r\033[K" : "", bar, (unsigned)done,
           (unsigned)total);
  log_text(line);
  probe->has_bar = true;
}

static void
take_progress(const struct mp_probe_sink *sink, uint32_t done, uint32_t total)
{
  struct probe *probe = sink->ctx;

  if (!probe->shows_bar)
    return;
  if (done < total)
    draw_bar(probe, done, total);
  else if (probe->has_bar)
    log_text("\033[A\r\033[K");
  probe->has_bar = probe->has_bar && done < total;
}

/* ---- Results ------------------------------------------------------------- */

static void
take_item(const struct mp_probe_sink *sink, const struct mp_probe_item *item)
{
  struct probe *probe = sink->ctx;

  found_add(&probe->found, item);
}

static void
take_attempt(const struct mp_probe_sink *sink,
             const struct mp_probe_item *attempt)
{
  struct probe *probe = sink->ctx;

  watch_show(&probe->watch, attempt);
}

static void
show_found(const struct probe *probe, const struct stage *stage, bool as_json)
{
  if (as_json)
    found_print_json(&probe->found, stage, stdout);
  else
    found_print(&probe->found, stage, stdout);
}

/* Returns EX_OK when anything answered, else the exit status of the failures,
 * as in a run. */
static int
probe_stage(struct app *app, const struct stage *stage)
{
  struct instance *instance = instance_of(app->cycle, stage);
  const struct arguments *args = app->args;
  struct probe probe = {
    .watch = { .as_json = args->json,
               .is_live = !args->json && isatty(STDOUT_FILENO) },
    .shows_bar =
      log_is_terminal() && !log_shows(MP_LOG_INFO) && log_shows(MP_LOG_NOTICE),
  };
  const struct mp_probe_sink sink = { .struct_size = sizeof(sink),
                                      .ctx = &probe,
                                      .item =
                                        args->watch ? take_attempt : take_item,
                                      .progress = take_progress };
  struct call call = call_begin(instance, "probe");
  bool answered;

  call_end(&call,
           stage->plugin->input.probe(instance->self,
                                      args->watch ? MP_PROBE_WATCH : 0, &sink),
           0);
  if (!args->watch)
    show_found(&probe, stage, args->json);
  answered =
    probe.found.n_facts + probe.found.n_fields > 0 || probe.watch.answered > 0;
  found_free(&probe.found);
  return app_flush(answered ? EX_OK : report_status(app->report));
}

static int
run_probe(struct app *app)
{
  const struct stage *stage;
  int status = one_stage_load(app, PLUGIN_INPUT);

  if (status != EX_OK)
    return status;
  stage = app->plan->stages[0];
  if (config_find(stage->section, "fields")) {
    log_line(MP_LOG_ERROR, stage->name, NULL,
             "a probe reads all fields: leave out `fields`");
    return EX_USAGE;
  }
  if (stage->plugin->input.probe)
    return probe_stage(app, stage);
  log_line(MP_LOG_ERROR, stage->name, NULL, "this plugin cannot probe");
  return EX_USAGE;
}

int
command_probe(const struct arguments *args)
{
  struct app *app;
  int status = app_new(args, &app);

  if (status == EX_OK)
    status = run_probe(app);
  app_finish(app);
  return status;
}
