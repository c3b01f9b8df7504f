/*
 * The prometheus output: keeps a file with the last values for the textfile
 * collector of Prometheus's node-exporter.
 *
 * The file is text format 0.0.4, without times: one would make node-exporter
 * skip the whole file.  It is replaced as a whole, so that a reader never finds
 * half of it.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <meterpipe/plugin.h>

#include "lib/array.h"
#include "lib/file.h"
#include "lib/user.h"
#include "plugins/record/record.h"

/* What inexact conversions are rounded to: l/h has no exact number in m3/s. */
#define FINEST (-12)

/* What a target is in the file. */
struct series {
  const struct mp_value *value; /* NULL: there is none */
  char *metric;
  bool is_done;
};

struct prometheus {
  const struct mp_host *host;
  struct record record;
  char **meters; /* of each target: its meter's section; "": none, or several */
  uint32_t n;    /* of targets */
  bool is_begun; /* there is something to write */
};

static int
no_memory(const struct prometheus *x)
{
  return mp_fail(x->host, MP_ENOMEM, NULL, "out of memory");
}

/* ---- Names and units ----------------------------------------------------- */

/* Prometheus's base units: the end of a metric's name, and the unit in which
 * its number is. */
static const struct metric_unit {
  const char *quantity, *unit, *suffix;
  int32_t shift; /* decimal places by which the number is then moved */
} metric_units[] = {
  { "energy", "J", "_joules", 0 },
  { "power", "W", "_watts", 0 },
  { "volume", "m3", "_cubic_meters", 0 },
  { "volume flow", "m3/s", "_cubic_meters_per_second", 0 },
  { "temperature", "C", "_celsius", 0 },
  { "temperature difference", "K", "_celsius", 0 },
  { "mass", "g", "_grams", 0 },
  { "duration", "s", "_seconds", 0 },
  { "pressure", "Pa", "_pascals", 0 },
  { "voltage", "V", "_volts", 0 },
  { "current", "A", "_amperes", 0 },
  { "frequency", "Hz", "_hertz", 0 },
  { "ratio", "%", "_ratio", -2 },
};

/* Returns the metric's unit for values in UNIT; NULL: the number is written as
 * it is. */
static const struct metric_unit *
find_unit(const struct mp_host *host, const char *unit)
{
  const char *quantity = unit ? host->unit_quantity(unit) : NULL;

  for (size_t i = 0; quantity && i < ARRAY_SIZE(metric_units); i++)
    if (strcmp(metric_units[i].quantity, quantity) == 0)
      return &metric_units[i];
  return NULL;
}

/* Returns what NAME has that a metric's name cannot have; NULL: nothing. */
static const char *
name_problem(const char *name)
{
  if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(name))
    return "can only have a-z, 0-9 and _";
  return name[0] == '\0' ? "is empty" : NULL;
}

static const char *
name_of(const struct mp_host *host, uint32_t target)
{
  const char *name = host->target_option(host, target, "name");

  return name ? name : host->target(host, target)->name;
}

/* The metric that target I is a series of, for VALUE: its name, from malloc. */
static char *
metric_of(const struct mp_host *host, uint32_t i, const struct mp_value *value)
{
  const struct metric_unit *unit = find_unit(host, value->unit);
  char *name;

  if (asprintf(&name, "meterpipe_%s%s%s", name_of(host, i),
               unit ? unit->suffix : "",
               value->kind == MP_COUNTER ? "_total" : "") < 0)
    return NULL;
  return name;
}

static bool
is_same(const char *a, const char *b)
{
  return a && b ? strcmp(a, b) == 0 : a == b;
}

/* ---- The file ------------------------------------------------------------ */

/* Returns the value of target I to write: the one of this record, or the last
 * known one. */
static const struct mp_value *
newest(const struct prometheus *x, uint32_t i)
{
  const struct mp_value *value = record_value(&x->record, i);

  if (!value)
    value = x->host->target_last(x->host, i);
  return value && (value->kind == MP_COUNTER || value->kind == MP_GAUGE) ? value
                                                                         : NULL;
}

static void
put_label(FILE *f, const char *key, const char *text)
{
  if (!text || text[0] == '\0')
    return;
  fprintf(f, "%s%s=\"", strcmp(key, "pipeline") == 0 ? "{" : ",", key);
  for (; *text; text++)
    if (*text == '\n')
      fputs("\\n", f);
    else
      fprintf(f, "%s%c", *text == '"' || *text == '\\' ? "\\" : "", *text);
  putc('"', f);
}

static void
put_labels(FILE *f, const struct prometheus *x, uint32_t i, const char *serial,
           const char *number)
{
  put_label(f, "pipeline", x->host->pipeline);
  put_label(f, "meter", x->meters[i]);
  put_label(f, "serial", serial);
  put_label(f, "register", number);
  fputs("} ", f);
}

static void
put_number(FILE *f, const struct mp_host *host, const struct mp_value *value)
{
  const struct metric_unit *unit = find_unit(host, value->unit);
  struct mp_decimal number = value->number;
  char text[128];

  if (unit) {
    host->unit_convert(&number, value->unit, unit->unit, FINEST);
    number.exp10 += unit->shift;
  }
  host->decimal_format(number, text, sizeof(text));
  fprintf(f, "%s\n", text);
}

/* The help follows from the name alone: node-exporter drops series whose metric
 * has another help in another file. */
static void
put_head(FILE *f, const char *metric, bool is_counter)
{
  fprintf(f, "# HELP %s A value that meterpipe read from a meter.\n", metric);
  fprintf(f, "# TYPE %s %s\n", metric, is_counter ? "counter" : "gauge");
}

/* Writes all series of the metric of target FIRST. */
static void
put_metric(FILE *f, const struct prometheus *x, uint32_t first,
           struct series *all)
{
  const char *metric = all[first].metric;

  put_head(f, metric, all[first].value->kind == MP_COUNTER);
  for (uint32_t i = first; i < x->n; i++) {
    if (!all[i].value || strcmp(metric, all[i].metric) != 0)
      continue;
    fputs(metric, f);
    put_labels(f, x, i, all[i].value->serial,
               x->host->target(x->host, i)->number);
    put_number(f, x->host, all[i].value);
    all[i].is_done = true;
  }
}

/* Returns whether target I is the first of those of its meter that were read
 * last. */
static bool
is_newest(const struct prometheus *x, const struct series *all, uint32_t i)
{
  const struct mp_value *value = all[i].value, *other;

  if (!value || !value->time_ms)
    return false;
  for (uint32_t k = 0; k < x->n; k++) {
    other = all[k].value;
    if (other && strcmp(x->meters[k], x->meters[i]) == 0 &&
        is_same(other->serial, value->serial) &&
        (other->time_ms > value->time_ms ||
         (k < i && other->time_ms == value->time_ms)))
      return false;
  }
  return true;
}

/* Writes when each meter was read last. */
static void
put_times(FILE *f, const struct prometheus *x, const struct series *all)
{
  static const char name[] = "meterpipe_reading_timestamp_seconds";
  bool has_head = false;

  for (uint32_t i = 0; i < x->n; i++) {
    if (!is_newest(x, all, i))
      continue;
    if (!has_head)
      put_head(f, name, false);
    has_head = true;
    fputs(name, f);
    put_labels(f, x, i, all[i].value->serial, NULL);
    fprintf(f, "%" PRId64 ".%03d\n", all[i].value->time_ms / 1000,
            (int)(all[i].value->time_ms % 1000));
  }
}

static void
free_series(struct series *all, uint32_t n)
{
  for (uint32_t i = 0; all && i < n; i++)
    free(all[i].metric);
  free(all);
}

/* Returns the series of all targets, from malloc; NULL: out of memory. */
static struct series *
series_of(const struct prometheus *x)
{
  struct series *all = calloc(x->n + 1, sizeof(*all));
  bool good = all;

  for (uint32_t i = 0; good && i < x->n; i++) {
    all[i].value = newest(x, i);
    if (all[i].value)
      all[i].metric = metric_of(x->host, i, all[i].value);
    good = !all[i].value || all[i].metric;
  }
  if (good)
    return all;
  free_series(all, x->n);
  return NULL;
}

/* Returns the file's text, from malloc; NULL: out of memory. */
static char *
text_of(const struct prometheus *x, size_t *ret_len)
{
  char *text = NULL;
  FILE *f = open_memstream(&text, ret_len);
  struct series *all = f ? series_of(x) : NULL;
  bool good = all;

  for (uint32_t i = 0; good && i < x->n; i++)
    if (all[i].value && !all[i].is_done)
      put_metric(f, x, i, all);
  if (good)
    put_times(f, x, all);
  if (f && (fclose(f) != 0 || !good)) {
    free(text);
    text = NULL;
  }
  free_series(all, x->n);
  return text;
}

/* ---- Writing it ---------------------------------------------------------- */

/* Returns 0 or errno.  *RET_WHY is filled in if another user may have planted
 * the file. */
static int
write_file(const char *path, const char *text, size_t len,
           char ret_why[FILE_WHY])
{
  int fd = file_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644, ret_why);
  int err = fd < 0 || fchmod(fd, 0644) != 0 ? errno : 0;

  while (err == 0 && len > 0) {
    ssize_t n = write(fd, text, len);

    if (n < 0 && errno != EINTR)
      err = errno;
    text += n > 0 ? n : 0;
    len -= n > 0 ? (size_t)n : 0;
  }
  if (err == 0 && fsync(fd) != 0)
    err = errno;
  if (fd >= 0 && close(fd) != 0 && err == 0)
    err = errno;
  return err;
}

/* Replaces the file.  The temporary one does not end with .prom, so
 * node-exporter does not read it. */
static int
replace_file(const struct prometheus *x, const char *text, size_t len)
{
  const char *path = x->host->option(x->host, "path");
  char why[FILE_WHY] = "", *temporary;
  int err;

  if (asprintf(&temporary, "%s.tmp", path) < 0)
    return no_memory(x);
  err = write_file(temporary, text, len, why);
  if (err == 0 && rename(temporary, path) != 0)
    err = errno;
  if (err != 0)
    unlink(temporary);
  free(temporary);
  if (err == 0)
    return MP_OK;
  return mp_fail(x->host, MP_EIO, path, "cannot write the file: %s",
                 why[0] ? why : strerror(err));
}

/* ---- The output ---------------------------------------------------------- */

static const struct mp_option options[] = {
  { "path", MP_TYPE_PATH, MP_REQUIRED, NULL, NULL,
    "file that ends with .prom, in the directory of node-exporter" },
  { NULL, 0, 0, NULL, NULL, NULL },
};

static const struct mp_option target_options[] = {
  { "name", MP_TYPE_STRING, 0, NULL, NULL,
    "the metric's name, if it is not that of the target" },
  { NULL, 0, 0, NULL, NULL, NULL },
};

static int
prometheus_create(const struct mp_host *host, void **ret_self)
{
  const char *path = host->option(host, "path");
  size_t len = strlen(path);
  struct prometheus *x;

  if (len < 5 || strcmp(path + len - 5, ".prom") != 0)
    return mp_fail(host, MP_ECONFIG, "path",
                   "must end with .prom: node-exporter reads no other files");
  x = calloc(1, sizeof(*x));
  if (!x)
    return mp_fail(host, MP_ENOMEM, NULL, "out of memory");
  x->host = host;
  *ret_self = x;
  return MP_OK;
}

static void
prometheus_destroy(void *self)
{
  free(self);
}

static void
prometheus_close(void *self)
{
  struct prometheus *x = self;

  for (uint32_t i = 0; x->meters && i < x->n; i++)
    free(x->meters[i]);
  free(x->meters);
  x->meters = NULL;
  record_close(&x->record);
  x->n = 0;
  x->is_begun = false;
}

static int
refuse_kind(const struct mp_host *host, const char *target, uint32_t kind)
{
  char object[256];

  snprintf(object, sizeof(object), "metric.%s", target);
  if (kind == MP_TEXT)
    return mp_fail(host, MP_ECONFIG, object,
                   "is a text, which Prometheus cannot store; remove it");
  return mp_fail(host, MP_ECONFIG, object,
                 "is an amount; give Prometheus the counter instead, and let "
                 "queries compute amounts");
}

/* Returns the section of the meter that target I comes from, from malloc; "":
 * from none, or from several. */
static char *
section_of(const struct mp_host *host, uint32_t i)
{
  struct mp_meter meter = { .struct_size = sizeof(meter) };

  return strdup(host->target_meter(host, i, &meter) == MP_OK ? meter.section
                                                             : "");
}

/* Returns an earlier target that has the same series as I; NULL: none. */
static const struct mp_target *
find_twin(const struct prometheus *x, uint32_t i)
{
  const struct mp_target *one = x->host->target(x->host, i), *other;

  for (uint32_t k = 0; k < i; k++) {
    other = x->host->target(x->host, k);
    if (strcmp(name_of(x->host, k), name_of(x->host, i)) == 0 &&
        is_same(one->number, other->number) &&
        strcmp(x->meters[k], x->meters[i]) == 0)
      return other;
  }
  return NULL;
}

static int
check_target(const struct prometheus *x, uint32_t i)
{
  const struct mp_target *target = x->host->target(x->host, i), *twin;
  const char *problem = name_problem(name_of(x->host, i));
  char object[256];

  snprintf(object, sizeof(object), "metric.%s", target->name);
  if (problem)
    return mp_fail(x->host, MP_ECONFIG, object,
                   "\"%s\" %s; give another name with %s.name",
                   name_of(x->host, i), problem, object);
  if (target->kind == MP_TEXT || target->kind == MP_DELTA)
    return refuse_kind(x->host, target->name, target->kind);
  twin = find_twin(x, i);
  if (twin)
    return mp_fail(x->host, MP_ECONFIG, object,
                   "is the same series as metric.%s; give another name with "
                   "%s.name",
                   twin->name, object);
  return MP_OK;
}

/* Adds target N, which follows those before. */
static int
add_target(struct prometheus *x)
{
  char *section = section_of(x->host, x->n);

  if (!section || !ARRAY_GROW(&x->meters, x->n)) {
    free(section);
    return no_memory(x);
  }
  x->meters[x->n++] = section;
  return check_target(x, x->n - 1);
}

static int
prometheus_open(void *self)
{
  struct prometheus *x = self;
  int r = MP_OK, first = MP_OK;

  while (r != MP_ENOMEM && x->host->target(x->host, x->n)) {
    r = add_target(x);
    if (first == MP_OK)
      first = r;
  }
  if (first == MP_OK && record_open(&x->record, x->n) != MP_OK)
    first = no_memory(x);
  if (first != MP_OK)
    prometheus_close(x);
  return first;
}

static int
prometheus_begin(void *self, const struct mp_record *record)
{
  struct prometheus *x = self;

  x->is_begun = true;
  return record_begin(&x->record, record) == MP_OK ? MP_OK : no_memory(x);
}

static int
prometheus_write(void *self, uint32_t target, const struct mp_value *value)
{
  struct prometheus *x = self;

  if (value->kind != MP_COUNTER && value->kind != MP_GAUGE)
    return refuse_kind(x->host, x->host->target(x->host, target)->name,
                       value->kind);
  return record_write(&x->record, target, value) == MP_OK ? MP_OK
                                                          : no_memory(x);
}

static int
prometheus_commit(void *self, const struct mp_output_sink *sink)
{
  struct prometheus *x = self;
  size_t len = 0;
  char *text;
  int r;

  if (!x->is_begun)
    return MP_OK;
  x->is_begun = false;
  text = text_of(x, &len);
  r = text ? replace_file(x, text, len) : no_memory(x);
  free(text);
  for (uint32_t i = 0; i < x->n; i++)
    if (record_value(&x->record, i))
      sink->result(sink, 0, i, r == MP_OK ? MP_ACCEPTED : MP_NOT_SENT);
  return r == MP_EIO ? MP_OK : r;
}

/* Names the command that lets this user write. */
static int
report_access(const struct mp_host *host, const char *dir)
{
  struct group entry, *group = NULL;
  char owner[USER_WORDS], text[4096];
  struct stat st;

  if (getgrgid_r(getegid(), &entry, text, sizeof(text), &group) != 0)
    group = NULL;
  if (stat(dir, &st) != 0)
    return mp_fail(host, MP_EIO, dir, "%s", strerror(errno));
  return mp_fail(host, MP_EIO, dir,
                 "belongs to %s, and this user may not write there; as root: "
                 "chgrp %s %s && chmod g+w %s",
                 user_words(st.st_uid, owner), group ? group->gr_name : "GROUP",
                 dir, dir);
}

static int
prometheus_check(void *self)
{
  struct prometheus *x = self;
  char *path = strdup(x->host->option(x->host, "path"));
  const char *dir = path ? dirname(path) : NULL;
  int r = MP_OK;

  if (!path)
    return no_memory(x);
  if (access(dir, W_OK | X_OK) != 0)
    r = report_access(x->host, dir);
  free(path);
  return r;
}

static const struct mp_output_ops output = {
  .struct_size = sizeof(struct mp_output_ops),
  .delivery = MP_LATEST,
  .target_prefix = "metric",
  .target_options = target_options,
  .open = prometheus_open,
  .close = prometheus_close,
  .begin = prometheus_begin,
  .write = prometheus_write,
  .commit = prometheus_commit,
  .check = prometheus_check,
};

static const struct mp_plugin plugin = {
  .struct_size = sizeof(struct mp_plugin),
  .abi_version = MP_ABI_VERSION,
  .name = "prometheus",
  .version = PACKAGE_VERSION,
  .summary = "a file for the textfile collector of Prometheus's node-exporter",
  .options = options,
  .create = prometheus_create,
  .destroy = prometheus_destroy,
  .output = &output,
};

const struct mp_plugin *
meterpipe_plugin(void)
{
  return &plugin;
}
