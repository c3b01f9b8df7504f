/* The fake environment: see fakes.h.  Each part replaces one file of the
 * program, or wraps functions of it (ld --wrap). */
#include "tests/exhaustive/fakes.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "core/cycle/delivered.h"
#include "core/plugin/loader_check.h"
#include "core/run/log.h"
#include "core/run/report.h"
#include "core/run/run_note.h"
#include "core/run/watchdog.h"
#include "lib/array.h"
#include "lib/clock.h"

FILE *fake_messages;
unsigned fake_notices;
int64_t fake_now_ms;

_Noreturn void
fake_too_small(const char *what)
{
  fprintf(stderr, "fakes: too many %s\n", what);
  abort();
}

/* ---- Clock: lib/clock.c ---- */

int64_t
clock_now_ms(void)
{
  return fake_now_ms;
}

int64_t
clock_mono_ms(void)
{
  return fake_now_ms;
}

int64_t
clock_mono_us(void)
{
  return fake_now_ms * 1000;
}

void
clock_sleep_ms(int64_t ms, int fd)
{
  (void)fd;
  fake_now_ms += ms;
}

void
clock_format_span(int64_t ms, char *buf, size_t size)
{
  snprintf(buf, size, "%lld ms", (long long)ms);
}

int64_t
clock_age_ms(int64_t now, int64_t then)
{
  return then > now ? INT64_MAX : now - then;
}

/* ---- Threads: each runs at once in its creator ---- */

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
                          void *(*run)(void *), void *arg);
int __wrap_pthread_join(pthread_t thread, void **ret);
int __wrap_pthread_detach(pthread_t thread);

int
__wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
                      void *(*run)(void *), void *arg)
{
  (void)attr;
  *thread = pthread_self();
  run(arg);
  return 0;
}

int
__wrap_pthread_join(pthread_t thread, void **ret)
{
  (void)thread;
  (void)ret;
  return 0;
}

int
__wrap_pthread_detach(pthread_t thread)
{
  (void)thread;
  return 0;
}

/* ---- Deadline and signals: core/run/run.c, watchdog.c ---- */

#define MUCH_TIME_MS 60000

void
run_set_deadline(struct run *run, int64_t ms)
{
  (void)ms;
  run->deadline_ms = INT64_MAX / 2;
}

void
run_drop_deadline(struct run *run)
{
  run->deadline_ms = 0;
}

void
run_begin_slice(struct run *run, size_t n)
{
  (void)run;
  (void)n;
}

void
run_end_slice(struct run *run)
{
  (void)run;
}

int64_t
run_time_left(const struct run *run)
{
  (void)run;
  return MUCH_TIME_MS;
}

bool
run_stopped(void)
{
  return false;
}

void
watchdog_arm(int64_t deadline_ms)
{
  (void)deadline_ms;
}

void
watchdog_disarm(void)
{
}

/* ---- The note beside the state: core/run/run_note.c.  It decides only in
 * which order outputs are served. ---- */

bool
run_note_read(struct store *store, struct run_note *ret)
{
  (void)store;
  (void)ret;
  return false;
}

void
run_note_begin(struct run *run, int64_t begun_ms)
{
  (void)run;
  (void)begun_ms;
}

void
run_note_call(struct run *run, const char *output, const char *what)
{
  (void)run;
  (void)output;
  (void)what;
}

void
run_note_return(struct run *run, const char *what)
{
  (void)run;
  (void)what;
}

/* ---- Messages: core/run/log.c and report.c ---- */

bool
log_shows(int level)
{
  (void)level;
  return false;
}

bool
log_is_terminal(void)
{
  return false;
}

void
log_line(int level, const char *name, const char *object, const char *fmt, ...)
{
  fake_notices += level == MP_LOG_NOTICE;
  (void)name;
  (void)object;
  (void)fmt;
}

void
log_vline(int level, const char *name, const char *object, const char *fmt,
          va_list args)
{
  fake_notices += level == MP_LOG_NOTICE;
  (void)name;
  (void)object;
  (void)fmt;
  (void)args;
}

void
log_text(const char *text)
{
  (void)text;
}

int
report_failure(struct report *report, enum report_side side, const char *stage,
               int code, const char *object, const char *text)
{
  (void)report;
  (void)side;
  if (fake_messages)
    fprintf(fake_messages, "      (%s%s%s: %s)\n", stage ? stage : "",
            object ? ": " : "", object ? object : "", text);
  return code;
}

int
report_failuref(struct report *report, enum report_side side, const char *stage,
                int code, const char *object, const char *fmt, ...)
{
  (void)report;
  (void)side;
  (void)stage;
  (void)object;
  (void)fmt;
  return code;
}

int
report_exit_status(enum report_side side, int code)
{
  (void)side;
  return code != MP_OK;
}

void
report_note_status(struct report *report, int status)
{
  (void)report;
  (void)status;
}

int
report_status(struct report *report)
{
  (void)report;
  return 0;
}

void
report_groups(struct report *report)
{
  (void)report;
}

void
report_end_cycle(struct report *report,
                 enum report_object (*state_of)(void *ctx, const char *stage,
                                                const char *object),
                 void *ctx)
{
  (void)report;
  (void)state_of;
  (void)ctx;
}

/* The list of delivered values: core/cycle/delivered.c. */

void
delivered_value(struct cycle *c, const struct target *target,
                const struct value *v)
{
  (void)c;
  (void)target;
  (void)v;
}

void
delivered_print(struct cycle *c)
{
  (void)c;
}

/* ---- Limits and open files: system calls in each run ---- */

int __wrap_getrlimit(int resource, struct rlimit *ret);

int
__wrap_getrlimit(int resource, struct rlimit *ret)
{
  (void)resource;
  *ret = (struct rlimit){ .rlim_cur = 1024, .rlim_max = 1024 };
  return 0;
}

size_t __wrap_file_count_entries(const char *path);

size_t
__wrap_file_count_entries(const char *path)
{
  (void)path;
  return 16;
}

/* ---- Plugins: core/plugin/loader.c ---- */

#define MOST_PLUGINS 8

const struct plugin *__real_loader_get(struct loader *loader,
                                       enum plugin_kind kind, const char *name);
const struct plugin *__wrap_loader_get(struct loader *loader,
                                       enum plugin_kind kind, const char *name);

static struct {
  enum plugin_kind kind;
  const struct mp_plugin *table;
} added[MOST_PLUGINS];
static size_t n_added;

void
fake_add_plugin(enum plugin_kind kind, const struct mp_plugin *table)
{
  if (n_added == MOST_PLUGINS)
    fake_too_small("plugins");
  added[n_added].kind = kind;
  added[n_added++].table = table;
}

const struct plugin *
__wrap_loader_get(struct loader *loader, enum plugin_kind kind,
                  const char *name)
{
  for (size_t i = 0; i < n_added; i++) {
    struct plugin *plugin;

    if (added[i].kind != kind || strcmp(added[i].table->name, name) != 0)
      continue;
    plugin = calloc(1, sizeof(*plugin));
    if (!plugin)
      return NULL;
    plugin->kind = kind;
    plugin->next = loader->plugins;
    loader->plugins = plugin;
    plugin->path = strdup(name);
    return loader_check_table(loader, plugin, added[i].table) ? plugin : NULL;
  }
  return __real_loader_get(loader, kind, name);
}
