/*
 * The dashboards in examples/dashboards, with real servers: InfluxDB 1 and
 * Prometheus get the readings of a week from the program, and every query of
 * the dashboards must give the values that the meters had.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <cjson/cJSON.h>
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/array.h"
#include "plugins/kmp/emulator/meter.h"
#include "tests/support/point_server.h"
#include "tests/support/run_suite.h"

#define PROMETHEUS "/usr/bin/prometheus"
#define DAY INT64_C(86400)

static struct sandbox *s;
static struct point_server *influxdb;
static struct daemon *prometheus;

/* ---- The readings -------------------------------------------------------- */

/* The clock in Copenhagen goes back on 2026-10-25.  The range of the dashboards
 * begins on 2026-10-23 at midnight there, two hours after the first reading. */
#define SINCE INT64_C(1792706400) /* 2026-10-22T22:00:00Z */
#define FIRST (SINCE - 7200)
#define INTERVAL 1200 /* seconds between readings */
#define EXCHANGE (SINCE + DAY + DAY / 2)
#define OUTAGE (SINCE + 3 * DAY + 3600)
#define OUTAGE_END (OUTAGE + DAY + 7200)
#define LAST (SINCE + 5 * DAY + 10 * 3600)
#define UNTIL (LAST + 300)

enum quantity { ENERGY, VOLUME, POWER, FLOW, T1, T2, DIFFERENCE, TIME };

struct reading {
  int64_t time;
  unsigned serial; /* 0: unknown */
  double value[8]; /* in kWh, m3, kW, l/h, C, C, K, s */
};

static struct reading readings[500];
static size_t n_readings;

/* In Copenhagen. */
static const int64_t midnights[] = {
  SINCE,
  SINCE + DAY,
  SINCE + 2 * DAY,
  SINCE + 3 * DAY + 3600,
  SINCE + 4 * DAY + 3600,
  SINCE + 5 * DAY + 3600,
  SINCE + 6 * DAY + 3600,
};

/* Returns the beginning of day I: at midnight in Copenhagen, or in the time
 * zone that was valid there last. */
static int64_t
begin_of_day(size_t i, bool at_midnight)
{
  return at_midnight ? midnights[i] : SINCE - DAY + 3600 + (int64_t)i * DAY;
}

static void set(struct meter *m, const char *fmt, ...)
  __attribute__((format(printf, 2, 3)));

static void
set(struct meter *m, const char *fmt, ...)
{
  char text[64];
  va_list args;

  va_start(args, fmt);
  vsnprintf(text, sizeof(text), fmt, args);
  va_end(args);
  meter_set(m, text);
}

/* Lets METER show the values of cycle I, and notes them. */
static void
set_meter(struct meter *m, unsigned i, int64_t time)
{
  static unsigned energy = 9356, volume = 52041; /* 9 MJ, 10 l */
  struct reading *r = &readings[n_readings];
  unsigned power = 50 + i * 7 % 60, flow = 100 + i * 13 % 200;
  unsigned t1 = 7000 + i * 11 % 800, t2 = 3000 + i * 5 % 400;
  bool is_new = time >= EXCHANGE;

  if (time == EXCHANGE) {
    energy = 3;
    volume = 12;
  }
  energy += 1 + i % 4;
  volume += 3 + i % 5;
  set(m, "60=%u.%03uGJ", energy * 9 / 1000, energy * 9 % 1000);
  set(m, "68=%u.%02um3", volume / 100, volume % 100);
  set(m, "80=%u.%ukW", power / 10, power % 10);
  set(m, "74=%ul/h", flow);
  set(m, "86=%u.%02uC", t1 / 100, t1 % 100);
  set(m, "87=%u.%02uC", t2 / 100, t2 % 100);
  set(m, "1001=%u", is_new ? 77000002 : 68500001);
  *r = (struct reading){
    time,
    is_new ? 2 : 1,
    { energy * 2.5, volume / 100.0, power / 10.0, flow, t1 / 100.0, t2 / 100.0,
      (t1 - t2) / 100.0, (double)time },
  };
  if (i % 100 == 29) {
    meter_remove(m, 1001);
    r->serial = 0;
  }
}

/* Returns the use from FROM on, before TO; negative: none was read. */
static double
use_between(enum quantity quantity, int64_t from, int64_t to)
{
  double sum = 0;
  bool any = false;

  for (unsigned serial = 1; serial <= 2; serial++) {
    const struct reading *begin = NULL, *end = NULL;

    for (size_t i = 0; i < n_readings; i++) {
      const struct reading *r = &readings[i];

      if (r->serial != serial || r->time >= to)
        continue;
      if (!begin || r->time < from)
        begin = r;
      if (r->time >= from)
        end = r;
    }
    if (end)
      sum += end->value[quantity] - begin->value[quantity];
    any = any || end;
  }
  return any ? sum : -1;
}

/* ---- The servers --------------------------------------------------------- */

static char *
load(const char *name)
{
  const char *srcdir = getenv("srcdir");
  char path[4096], *text = NULL;
  size_t size = 0;
  FILE *f;

  snprintf(path, sizeof(path), "%s/examples/dashboards/%s",
           srcdir ? srcdir : ".", name);
  f = fopen(path, "r");
  ck_assert_msg(f, "%s", path);
  ck_assert_int_ge(getdelim(&text, &size, 0, f), 0);
  fclose(f);
  return text;
}

/* Writes a line of the README's pipeline, with the addresses of this test. */
static void
put_pipeline_line(FILE *f, const char *line, size_t len)
{
  const char *dir = sandbox_dir(s);

  if (strncmp(line, "device ", 7) == 0)
    fputs("device = eye\n", f);
  else if (strncmp(line, "url ", 4) == 0)
    fprintf(f, "url = http://127.0.0.1:%u\n",
            daemon_port(point_server_daemon(influxdb)));
  else if (strncmp(line, "database ", 9) == 0)
    fputs("database = home\n", f);
  else if (strncmp(line, "path ", 5) == 0)
    fprintf(f, "path = %s/house.prom\n", dir);
  else
    fprintf(f, "%.*s\n", (int)len, line);
}

/* The pipeline file is the indented lines of the README. */
static void
write_pipeline(void)
{
  char *readme = load("README.md"), *text;
  size_t size;
  FILE *f = open_memstream(&text, &size);

  ck_assert_ptr_nonnull(f);
  for (const char *at = readme; *at; at += strspn(at, "\n")) {
    size_t len = strcspn(at, "\n");

    if (len > 4 && strncmp(at, "    ", 4) == 0)
      put_pipeline_line(f, at + 4, len - 4);
    at += len;
  }
  fclose(f);
  sandbox_write(s, "house.ini", "%s", text);
  free(text);
  free(readme);
}

/* Appends what Prometheus would scrape each minute from TIME on. */
static void
put_scrapes(FILE *f, int64_t time)
{
  const char *line = sandbox_read(s, "house.prom");

  ck_assert_ptr_nonnull(line);
  for (; *line; line += strspn(line, "\n")) {
    size_t len = strcspn(line, "\n"), name = strcspn(line, "{");

    for (int i = 30; line[0] != '#' && i < INTERVAL; i += 60)
      fprintf(f, "%.*s{instance=\"localhost:9100\",job=\"node\",%.*s %lld\n",
              (int)name, line, (int)(len - name - 1), line + name + 1,
              (long long)time + i);
    line += len;
  }
}

/* Runs the program for each reading. */
static void
run_week(FILE *scrapes)
{
  struct meter *m = meter_start();
  char eye[256];

  snprintf(eye, sizeof(eye), "%s/eye", sandbox_dir(s));
  meter_link(m, eye);
  for (int64_t time = FIRST; time <= LAST; time += INTERVAL) {
    set_meter(m, (unsigned)((time - FIRST) / INTERVAL), time);
    if (time >= OUTAGE && time < OUTAGE_END)
      continue;
    n_readings++;
    sandbox_set_clock(s, time);
    sandbox_run(s, "run -c house.ini");
    ck_assert_msg(sandbox_status(s) == 0, "%s", sandbox_err(s));
    put_scrapes(scrapes, time);
  }
  meter_stop(m);
}

/* Returns the output of COMMAND, run in the sandbox; valid until the next
 * call. */
static const char *
output_of(const char *command)
{
  static char *text;
  size_t size = 0;
  char *line;
  FILE *f;

  ck_assert_int_gt(
    asprintf(&line, "cd '%s' && %s 2>&1", sandbox_dir(s), command), 0);
  f = popen(line, "re");
  ck_assert_ptr_nonnull(f);
  free(line);
  free(text);
  text = NULL;
  if (getdelim(&text, &size, '\0', f) < 0)
    *text = '\0';
  pclose(f);
  return text;
}

/* Sends a request with ARGS to Prometheus; returns its reply. */
static const char *
ask_prometheus(const char *path, const char *args)
{
  char command[512];

  snprintf(command, sizeof(command),
           "curl -sS -m 20 -G 'http://127.0.0.1:%u%s' %s",
           daemon_port(prometheus), path, args);
  return output_of(command);
}

static void
start_prometheus(void)
{
  static const char *const words[] = { PROMETHEUS,
                                       "--config.file=prometheus.yml",
                                       "--storage.tsdb.path=blocks",
                                       "--storage.tsdb.retention.time=100y",
                                       "--web.listen-address=127.0.0.1:{port}",
                                       NULL };

  output_of("promtool tsdb create-blocks-from openmetrics scrapes blocks");
  sandbox_write(s, "prometheus.yml", "global: {}\n");
  prometheus = daemon_start(s, "prometheus", words, NULL, NULL);
  for (int i = 0; !strstr(ask_prometheus("/-/ready", ""), "is Ready"); i++) {
    ck_assert_msg(i < 400, "%s", daemon_log(prometheus));
    usleep(50000);
  }
}

static void
build(void)
{
  char path[256];
  FILE *scrapes;

  s = sandbox_new();
  influxdb = point_server_start(s, INFLUXDB);
  write_pipeline();
  snprintf(path, sizeof(path), "%s/scrapes", sandbox_dir(s));
  scrapes = fopen(path, "w");
  ck_assert_ptr_nonnull(scrapes);
  run_week(scrapes);
  fputs("# EOF\n", scrapes);
  fclose(scrapes);
  start_prometheus();
}

static void
leave(void)
{
  daemon_free(prometheus);
  point_server_free(influxdb);
  sandbox_free(s);
}

/* ---- Dashboards ---------------------------------------------------------- */

static const cJSON *
item(const cJSON *object, const char *key)
{
  const cJSON *found = cJSON_GetObjectItemCaseSensitive(object, key);

  ck_assert_msg(found, "%s is missing", key);
  return found;
}

static const char *
text_item(const cJSON *object, const char *key)
{
  const char *text = cJSON_GetStringValue(item(object, key));

  ck_assert_msg(text, "%s is no text", key);
  return text;
}

static cJSON *
load_dashboard(const char *name)
{
  char *text = load(name);
  cJSON *dashboard = cJSON_ParseWithOpts(text, NULL, true);

  ck_assert_msg(dashboard, "%s is not JSON", name);
  free(text);
  return dashboard;
}

static const cJSON *
variable(const cJSON *dashboard, const char *name)
{
  const cJSON *each;

  cJSON_ArrayForEach(each, item(item(dashboard, "templating"),
                                "list")) if (strcmp(text_item(each, "name"),
                                                    name) == 0) return each;
  ck_abort_msg("there is no variable %s", name);
  return NULL;
}

/* Replaces NAME by VALUE in *TEXT, which is from malloc. */
static void
replace(char **text, const char *name, const char *value)
{
  char *at;

  while ((at = strstr(*text, name))) {
    char *longer;

    ck_assert_int_gt(asprintf(&longer, "%.*s%s%s", (int)(at - *text), *text,
                              value, at + strlen(name)),
                     0);
    free(*text);
    *text = longer;
  }
}

/* Returns QUERY as Grafana sends it with METER selected (NULL: all of them),
 * and STEP seconds from point to point; from malloc. */
static char *
interpolate(const cJSON *dashboard, const char *query, const char *meter,
            int64_t step)
{
  /* Of a scrape a minute. */
  int64_t rate = step + 60 > 240 ? step + 60 : 240;
  char *text = strdup(query), number[8][128];

  snprintf(number[0], 128, "time >= %lld000ms and time <= %lld000ms",
           (long long)SINCE, (long long)UNTIL);
  snprintf(number[1], 128, "%lld000", (long long)SINCE);
  snprintf(number[2], 128, "%lld000", (long long)UNTIL);
  snprintf(number[3], 128, "%llds", (long long)step);
  snprintf(number[4], 128, "%llds", (long long)rate);
  replace(&text, "$timeFilter", number[0]);
  replace(&text, "${__from}", number[1]);
  replace(&text, "${__to}", number[2]);
  replace(&text, "$__interval", number[3]);
  replace(&text, "$__rate_interval", number[4]);
  if (strstr(text, "$meter"))
    replace(&text, "$meter",
            meter ? meter
                  : text_item(variable(dashboard, "meter"), "allValue"));
  if (strstr(text, "$timezone"))
    replace(
      &text, "$timezone",
      text_item(item(variable(dashboard, "timezone"), "current"), "value"));
  for (const char *at = text; (at = strchr(at, '$')); at++)
    ck_assert_msg(at[1] == '/', "unknown variable: %s", at);
  return text;
}

/* ---- Queries ------------------------------------------------------------- */

/* The points of one series, by time. */
struct points {
  size_t n;
  struct {
    double time, value;
  } at[10000];
};

static struct points points;

static void
add_point(double time, double value)
{
  ck_assert_uint_lt(points.n, ARRAY_SIZE(points.at));
  points.at[points.n].time = time;
  points.at[points.n++].value = value;
}

static void
query_influxdb(const cJSON *dashboard, const cJSON *target, const char *meter)
{
  static const char tags[] = "heat_meter,meter=meter,";
  char *query =
    interpolate(dashboard, text_item(target, "query"), meter, INTERVAL);
  const char *csv = point_server_query(influxdb, query);

  points.n = 0;
  ck_assert_msg(strncmp(csv, "name,tags,time,", 15) == 0, "%s\n%s", query, csv);
  for (const char *at = csv; (at = strchr(at, '\n')) && *++at;) {
    double time, value;

    ck_assert_msg(strncmp(at, tags, sizeof(tags) - 1) == 0 &&
                    sscanf(at + sizeof(tags) - 1, "%lf,%lf\n", &time, &value) ==
                      2,
                  "%s\n%s", query, at);
    add_point(time / 1000, value);
  }
  free(query);
}

/* Returns the step of PANEL's queries, in seconds. */
static int64_t
step_of(const cJSON *panel)
{
  const cJSON *interval = cJSON_GetObjectItem(panel, "interval");

  if (!interval)
    return 60;
  ck_assert_str_eq(cJSON_GetStringValue(interval), "1d");
  return DAY;
}

/* Returns the time of the last step until TIME: Grafana aligns steps in the
 * time zone of the range's end. */
static int64_t
align(int64_t time, int64_t step)
{
  return (time + 3600) / step * step - 3600;
}

static void
add_pair(const cJSON *pair)
{
  ck_assert_int_eq(cJSON_GetArraySize(pair), 2);
  add_point(cJSON_GetNumberValue(cJSON_GetArrayItem(pair, 0)),
            strtod(cJSON_GetStringValue(cJSON_GetArrayItem(pair, 1)), NULL));
}

static void
query_prometheus(const cJSON *dashboard, const cJSON *panel,
                 const cJSON *target, const char *meter)
{
  bool is_instant = cJSON_IsTrue(item(target, "instant"));
  int64_t step = step_of(panel);
  char *query = interpolate(dashboard, text_item(target, "expr"), meter, step);
  char args[256];
  const cJSON *result, *pair;
  cJSON *reply;

  sandbox_write(s, "query", "%s", query);
  snprintf(args, sizeof(args),
           "--data-urlencode query@query -d time=%lld -d start=%lld "
           "-d end=%lld -d step=%lld",
           (long long)UNTIL, (long long)align(SINCE, step),
           (long long)align(UNTIL, step), (long long)step);
  reply = cJSON_Parse(
    ask_prometheus(is_instant ? "/api/v1/query" : "/api/v1/query_range", args));
  ck_assert_msg(reply, "%s", query);
  ck_assert_msg(strcmp(text_item(reply, "status"), "success") == 0, "%s: %s",
                query, cJSON_PrintUnformatted(reply));
  result = item(item(reply, "data"), "result");
  ck_assert_msg(cJSON_GetArraySize(result) == 1, "%s: %s", query,
                cJSON_PrintUnformatted(result));
  result = cJSON_GetArrayItem(result, 0);
  ck_assert_str_eq(text_item(item(result, "metric"), "meter"), "meter");
  points.n = 0;
  if (is_instant)
    add_pair(item(result, "value"));
  else
    cJSON_ArrayForEach(pair, item(result, "values")) add_pair(pair);
  cJSON_Delete(reply);
  free(query);
}

/* ---- Values -------------------------------------------------------------- */

enum shape { NEWEST, EACH, DAILY, AGE };

static const struct row {
  const char *file, *title, *ref;
  enum shape shape;
  enum quantity quantity;
  double unit; /* of the query: so much is 1 kWh, m3, kW ... */
} rows[] = {
  { "influxdb.json", "Energy", "A", NEWEST, ENERGY, 1 },
  { "influxdb.json", "Volume", "A", NEWEST, VOLUME, 1 },
  { "influxdb.json", "Last reading", "A", NEWEST, ENERGY, 1 },
  { "influxdb.json", "Energy used per day", "A", DAILY, ENERGY, 1 },
  { "influxdb.json", "Power", "A", EACH, POWER, 1 },
  { "influxdb.json", "Flow", "A", EACH, FLOW, 1 },
  { "influxdb.json", "Supply and return temperature", "A", EACH, T1, 1 },
  { "influxdb.json", "Supply and return temperature", "B", EACH, T2, 1 },
  { "influxdb.json", "Temperature difference", "A", EACH, DIFFERENCE, 1 },
  { "influxdb.json", "Volume per day", "A", DAILY, VOLUME, 1 },
  { "influxdb.json", "Energy counter", "A", EACH, ENERGY, 1 },
  { "prometheus.json", "Energy", "A", NEWEST, ENERGY, 3.6e6 },
  { "prometheus.json", "Volume", "A", NEWEST, VOLUME, 1 },
  { "prometheus.json", "Age of the last reading", "A", AGE, TIME, 1 },
  { "prometheus.json", "Energy used per day", "A", DAILY, ENERGY, 1 },
  { "prometheus.json", "Power", "A", EACH, POWER, 1000 },
  { "prometheus.json", "Flow", "A", EACH, FLOW, 1 },
  { "prometheus.json", "Supply and return temperature", "A", EACH, T1, 1 },
  { "prometheus.json", "Supply and return temperature", "B", EACH, T2, 1 },
  { "prometheus.json", "Temperature difference", "A", EACH, DIFFERENCE, 1 },
  { "prometheus.json", "Volume per day", "A", DAILY, VOLUME, 1 },
  { "prometheus.json", "Energy counter", "A", EACH, ENERGY, 3.6e6 },
};

static const char *const files[] = { "influxdb.json", "prometheus.json" };

static const struct row *
row_of(const char *file, const cJSON *panel, const cJSON *target)
{
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
    if (strcmp(rows[i].file, file) == 0 &&
        strcmp(rows[i].title, text_item(panel, "title")) == 0 &&
        strcmp(rows[i].ref, text_item(target, "refId")) == 0)
      return &rows[i];
  ck_abort_msg("%s: %s has no row", file, text_item(panel, "title"));
  return NULL;
}

/* Checks that point I has VALUE.  The flow in m3/s is rounded to 12
 * decimals. */
static void
check_value(const struct row *row, size_t i, double value)
{
  ck_assert_msg(fabs(points.at[i].value - value) < 1e-5,
                "%s: %s %s: %.9g instead of %.9g at %.3f", row->file,
                row->title, row->ref, points.at[i].value, value,
                points.at[i].time);
}

static void
check_newest(const struct row *row)
{
  const struct reading *last = &readings[n_readings - 1];
  bool has_own_time = strcmp(row->file, "influxdb.json") == 0;

  ck_assert_uint_eq(points.n, 1);
  check_value(row, 0, last->value[row->quantity] * row->unit);
  ck_assert_double_ge(points.at[0].time, (double)LAST);
  if (has_own_time)
    ck_assert_double_le(points.at[0].time, (double)LAST + 30);
}

/* InfluxDB has one point for each reading.  Those of Prometheus ten minutes
 * after a reading are compared. */
static void
check_each(const struct row *row)
{
  int64_t delay = strcmp(row->file, "influxdb.json") == 0 ? 0 : 600;
  size_t n = 0, k = 0;

  for (size_t i = 0; i < n_readings; i++) {
    double time = (double)(readings[i].time + delay);

    if (readings[i].time < SINCE || readings[i].time + delay > UNTIL)
      continue;
    while (k < points.n && points.at[k].time < time)
      k++;
    ck_assert_msg(k < points.n && points.at[k].time == time,
                  "%s: %s: no point at %.0f", row->file, row->title, time);
    check_value(row, k, readings[i].value[row->quantity] * row->unit);
    n++;
  }
  ck_assert_uint_gt(n, 200);
  if (delay == 0)
    ck_assert_uint_eq(points.n, n);
}

/* The days of Prometheus have 24 hours.  InfluxDB also has days before the
 * range. */
static void
check_daily(const struct row *row)
{
  bool at_midnight = strcmp(row->file, "influxdb.json") == 0;
  size_t n = 0, begin;

  while (n < points.n &&
         points.at[n].time < (double)begin_of_day(0, at_midnight))
    n++;
  begin = n;
  for (size_t i = 0; begin_of_day(i, at_midnight) < UNTIL; i++) {
    int64_t from = begin_of_day(i, at_midnight);
    double use =
      use_between(row->quantity, from, begin_of_day(i + 1, at_midnight));

    if (use < 0)
      continue;
    ck_assert_uint_lt(n, points.n);
    ck_assert_double_eq(points.at[n].time, (double)from);
    check_value(row, n, use * row->unit);
    n++;
  }
  ck_assert_uint_eq(n, points.n);
  ck_assert_uint_ge(n - begin, 5);
}

static void
check_age(const struct row *row)
{
  ck_assert_uint_eq(points.n, 1);
  ck_assert_msg(points.at[0].value > 270 && points.at[0].value <= 300, "%s: %f",
                row->title, points.at[0].value);
}

static void (*const checks[])(const struct row *row) = {
  [NEWEST] = check_newest,
  [EACH] = check_each,
  [DAILY] = check_daily,
  [AGE] = check_age,
};

static size_t
check_panel(const char *file, const cJSON *dashboard, const cJSON *panel,
            const char *meter)
{
  const cJSON *target;
  size_t n = 0;

  cJSON_ArrayForEach(target, item(panel, "targets"))
  {
    const struct row *row = row_of(file, panel, target);

    if (strcmp(file, "influxdb.json") == 0)
      query_influxdb(dashboard, target, meter);
    else
      query_prometheus(dashboard, panel, target, meter);
    checks[row->shape](row);
    n++;
  }
  return n;
}

static const char *const selections[] = { NULL, "meter" };

START_TEST(every_query_gives_the_values_of_the_meters)
{
  const char *meter = selections[_i];
  size_t n = 0;

  for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
    cJSON *dashboard = load_dashboard(files[i]);
    const cJSON *panel;

    cJSON_ArrayForEach(panel, item(dashboard, "panels")) n +=
      check_panel(files[i], dashboard, panel, meter);
    cJSON_Delete(dashboard);
  }
  ck_assert_uint_eq(n, ARRAY_SIZE(rows));
}
END_TEST

START_TEST(list_of_meters_is_that_of_the_server)
{
  cJSON *dashboard = load_dashboard("influxdb.json");
  char command[256], metric[128], label[64];

  ck_assert_str_eq(
    point_server_query(influxdb,
                       text_item(variable(dashboard, "meter"), "query")),
    "name,tags,key,value\nheat_meter,,meter,meter\n");
  cJSON_Delete(dashboard);
  dashboard = load_dashboard("prometheus.json");
  ck_assert_int_eq(
    sscanf(text_item(item(variable(dashboard, "meter"), "query"), "query"),
           "label_values(%127[a-z_], %63[a-z_])", metric, label),
    2);
  snprintf(command, sizeof(command), "-d 'match[]=%s'", metric);
  snprintf(metric, sizeof(metric), "/api/v1/label/%s/values", label);
  ck_assert_ptr_nonnull(
    strstr(ask_prometheus(metric, command), "\"data\":[\"meter\"]"));
  cJSON_Delete(dashboard);
}
END_TEST

/* ---- The files ----------------------------------------------------------- */

static void
check_source(const cJSON *object, const char *type)
{
  const cJSON *source = item(object, "datasource");

  ck_assert_str_eq(text_item(source, "type"), type);
  ck_assert_str_eq(text_item(source, "uid"), "${datasource}");
}

START_TEST(file_can_be_imported_with_any_data_source)
{
  cJSON *dashboard = load_dashboard(files[_i]);
  const char *type = text_item(variable(dashboard, "datasource"), "query");
  const cJSON *panel, *target;
  int id = 0;

  ck_assert(cJSON_IsNull(item(dashboard, "id")));
  ck_assert_int_ge(item(dashboard, "schemaVersion")->valueint, 36);
  check_source(variable(dashboard, "meter"), type);
  cJSON_ArrayForEach(panel, item(dashboard, "panels"))
  {
    check_source(panel, type);
    ck_assert_int_eq(item(panel, "id")->valueint, ++id);
    cJSON_ArrayForEach(target, item(panel, "targets"))
      check_source(target, type);
  }
  cJSON_Delete(dashboard);
}
END_TEST

static Suite *
dashboards_suite(void)
{
  Suite *suite = suite_create("dashboards");
  TCase *tc = tcase_create("dashboards");

  tcase_add_unchecked_fixture(tc, build, leave);
  tcase_add_loop_test(tc, every_query_gives_the_values_of_the_meters, 0,
                      ARRAY_SIZE(selections));
  tcase_add_test(tc, list_of_meters_is_that_of_the_server);
  tcase_add_loop_test(tc, file_can_be_imported_with_any_data_source, 0,
                      ARRAY_SIZE(files));
  suite_add_tcase(suite, tc);
  return suite;
}

int
main(void)
{
  if (!point_server_is_there() || access(PROMETHEUS, X_OK) != 0 ||
      system("command -v promtool >/dev/null") != 0) {
    fputs("skipped: there is no InfluxDB, or no Prometheus\n", stderr);
    return EX_SKIP;
  }
  return run_suite(dashboards_suite());
}
