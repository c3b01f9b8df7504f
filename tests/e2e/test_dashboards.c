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
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/array.h"
#include "tests/e2e/meter_week.h"
#include "tests/support/point_server.h"
#include "tests/support/run_suite.h"

#define PROMETHEUS "/usr/bin/prometheus"
#define TIME_ZONE "/usr/share/zoneinfo/Europe/Copenhagen" /* for InfluxDB */
#define STEP INT64_C(3600) /* from point to point of a graph, in seconds */

static const char *const files[] = {
  [WEEK_POINTS] = "influxdb.json", [WEEK_SCRAPES] = "prometheus.json"
};

static struct sandbox *s;
static struct point_server *influxdb;
static struct daemon *prometheus;

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

/* Sends a request with ARGS to Prometheus; returns its reply. */
static const char *
ask_prometheus(const char *path, const char *args)
{
  char command[512];

  snprintf(command, sizeof(command),
           "curl -sS -m 20 -G 'http://127.0.0.1:%u%s' %s",
           daemon_port(prometheus), path, args);
  return sandbox_output_of(s, command);
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

  sandbox_output_of(
    s, "promtool tsdb create-blocks-from openmetrics scrapes blocks");
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
  meter_week_run(s, scrapes);
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

  cJSON_ArrayForEach(each, item(item(dashboard, "templating"), "list"))
  {
    if (strcmp(text_item(each, "name"), name) == 0)
      return each;
  }
  ck_abort_msg("there is no variable %s", name);
  return NULL;
}

static void replace(char **text, const char *name, const char *fmt, ...)
  __attribute__((format(printf, 3, 4)));

/* Replaces NAME in *TEXT, which is from malloc. */
static void
replace(char **text, const char *name, const char *fmt, ...)
{
  char *at, value[128];
  va_list args;

  va_start(args, fmt);
  ck_assert_int_lt(vsnprintf(value, sizeof(value), fmt, args),
                   (int)sizeof(value));
  va_end(args);
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
 * and STEP seconds from point to point; from malloc.  The data source is set to
 * one scrape a minute. */
static char *
interpolate(const cJSON *dashboard, const char *query, const char *meter,
            int64_t step)
{
  int64_t rate = step + 60 > 240 ? step + 60 : 240;
  char *text = strdup(query);

  if (!meter)
    meter = text_item(variable(dashboard, "meter"), "allValue");
  replace(&text, "$timeFilter",
          "time >= %" PRId64 "ms and time <= %" PRId64 "ms", WEEK_SINCE * 1000,
          WEEK_UNTIL * 1000);
  replace(&text, "${__from}", "%" PRId64, WEEK_SINCE * 1000);
  replace(&text, "${__to}", "%" PRId64, WEEK_UNTIL * 1000);
  replace(&text, "$__interval", "%" PRId64 "s", step);
  replace(&text, "$__rate_interval", "%" PRId64 "s", rate);
  replace(&text, "$meter", "%s", meter);
  if (strstr(text, "$timezone"))
    replace(
      &text, "$timezone", "%s",
      text_item(item(variable(dashboard, "timezone"), "current"), "value"));
  for (const char *at = text; (at = strchr(at, '$')); at++)
    ck_assert_msg(at[1] == '/', "unknown variable: %s", at);
  return text;
}

/* ---- Queries ------------------------------------------------------------- */

/* The points of the last query, by time. */
static struct {
  size_t n;
  struct {
    double time, value;
  } at[1000];
} points;

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
  char *query = interpolate(dashboard, text_item(target, "query"), meter, STEP);
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

/* Returns the step of PANEL's queries to Prometheus, in seconds. */
static int64_t
step_of(const cJSON *panel)
{
  const cJSON *interval = cJSON_GetObjectItem(panel, "interval");

  if (!interval)
    return STEP;
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
           "--data-urlencode query@query -d time=%" PRId64 " -d start=%" PRId64
           " -d end=%" PRId64 " -d step=%" PRId64,
           WEEK_UNTIL, align(WEEK_SINCE, step), align(WEEK_UNTIL, step), step);
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
    cJSON_ArrayForEach(pair, item(result, "values"))
    {
      add_pair(pair);
    }
  cJSON_Delete(reply);
  free(query);
}

/* ---- Values -------------------------------------------------------------- */

enum shape { NEWEST, AGE, MEANS, COUNTER, DAILY };

static const struct row {
  enum week_site site;
  const char *title, *ref;
  enum shape shape;
  enum week_quantity quantity;
  double factor; /* of the query's unit */
} rows[] = {
  { WEEK_POINTS, "Energy", "A", NEWEST, WEEK_ENERGY, 1 },
  { WEEK_POINTS, "Volume", "A", NEWEST, WEEK_VOLUME, 1 },
  { WEEK_POINTS, "Last reading", "A", NEWEST, WEEK_ENERGY, 1 },
  { WEEK_POINTS, "Energy used per day", "A", DAILY, WEEK_ENERGY, 1 },
  { WEEK_POINTS, "Power", "A", MEANS, WEEK_POWER, 1 },
  { WEEK_POINTS, "Flow", "A", MEANS, WEEK_FLOW, 1 },
  { WEEK_POINTS, "Supply and return temperature", "A", MEANS, WEEK_T1, 1 },
  { WEEK_POINTS, "Supply and return temperature", "B", MEANS, WEEK_T2, 1 },
  { WEEK_POINTS, "Temperature difference", "A", MEANS, WEEK_DIFFERENCE, 1 },
  { WEEK_POINTS, "Volume per day", "A", DAILY, WEEK_VOLUME, 1 },
  { WEEK_POINTS, "Energy counter", "A", COUNTER, WEEK_ENERGY, 1 },
  { WEEK_SCRAPES, "Energy", "A", NEWEST, WEEK_ENERGY, 3.6e6 },
  { WEEK_SCRAPES, "Volume", "A", NEWEST, WEEK_VOLUME, 1 },
  { WEEK_SCRAPES, "Age of the last reading", "A", AGE, WEEK_ENERGY, 1 },
  { WEEK_SCRAPES, "Energy used per day", "A", DAILY, WEEK_ENERGY, 1 },
  { WEEK_SCRAPES, "Power", "A", MEANS, WEEK_POWER, 1000 },
  { WEEK_SCRAPES, "Flow", "A", MEANS, WEEK_FLOW, 1 },
  { WEEK_SCRAPES, "Supply and return temperature", "A", MEANS, WEEK_T1, 1 },
  { WEEK_SCRAPES, "Supply and return temperature", "B", MEANS, WEEK_T2, 1 },
  { WEEK_SCRAPES, "Temperature difference", "A", MEANS, WEEK_DIFFERENCE, 1 },
  { WEEK_SCRAPES, "Volume per day", "A", DAILY, WEEK_VOLUME, 1 },
  { WEEK_SCRAPES, "Energy counter", "A", COUNTER, WEEK_ENERGY, 3.6e6 },
};

static const struct row *
row_of(enum week_site site, const cJSON *panel, const cJSON *target)
{
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
    if (rows[i].site == site &&
        strcmp(rows[i].title, text_item(panel, "title")) == 0 &&
        strcmp(rows[i].ref, text_item(target, "refId")) == 0)
      return &rows[i];
  ck_abort_msg("%s: %s has no row", files[site], text_item(panel, "title"));
  return NULL;
}

/* Days begin at midnight in Copenhagen.  Those of Prometheus have 24 hours, and
 * begin with the day before. */
static int64_t
begin_of_day(enum week_site site, size_t i)
{
  int64_t day = WEEK_SINCE + (int64_t)i * DAY;

  if (site == WEEK_SCRAPES)
    return day - DAY + 3600;
  return i > 2 ? day + 3600 : day;
}

static int64_t
time_of(const struct row *row, size_t i)
{
  return row->shape == DAILY ? begin_of_day(row->site, i)
                             : WEEK_SINCE + (int64_t)i * STEP;
}

/* Returns the true value of point I. */
static double
truth(const struct row *row, size_t i)
{
  int64_t from = time_of(row, i), to = time_of(row, i + 1);

  if (row->shape == DAILY)
    return meter_week_use(row->site, row->quantity, from, to);
  if (row->site == WEEK_SCRAPES) { /* until the time of the point */
    to = from;
    from -= row->shape == MEANS ? STEP + 60 : 300;
  }
  return row->shape == MEANS
           ? meter_week_mean(row->site, row->quantity, from, to)
           : meter_week_last(row->site, row->quantity, from, to);
}

/* The flow in m3/s is rounded to 12 decimals. */
static void
check_value(const struct row *row, size_t i, double value)
{
  ck_assert_msg(fabs(points.at[i].value - value) < 1e-5,
                "%s: %s %s: %.9g instead of %.9g at %.3f", files[row->site],
                row->title, row->ref, points.at[i].value, value,
                points.at[i].time);
}

/* Compares all points.  InfluxDB also has days before the range. */
static void
check_series(const struct row *row)
{
  size_t n = 0, begin;

  while (n < points.n && points.at[n].time < (double)time_of(row, 0))
    n++;
  begin = n;
  for (size_t i = 0; time_of(row, i) <= WEEK_UNTIL; i++) {
    double value = truth(row, i);

    if (isnan(value))
      continue;
    ck_assert_msg(n < points.n && points.at[n].time == (double)time_of(row, i),
                  "%s: %s %s: no point at %" PRId64, files[row->site],
                  row->title, row->ref, time_of(row, i));
    check_value(row, n, value * row->factor);
    n++;
  }
  ck_assert_msg(n == points.n, "%s: %s %s: a point at %.0f", files[row->site],
                row->title, row->ref, points.at[n].time);
  ck_assert_uint_ge(n - begin, row->shape == DAILY ? 5 : 100);
}

static void
check_newest(const struct row *row)
{
  ck_assert_uint_eq(points.n, 1);
  check_value(row, 0,
              meter_week_last(row->site, row->quantity, 0, INT64_MAX) *
                row->factor);
  if (row->site == WEEK_POINTS) {
    ck_assert_double_ge(points.at[0].time, (double)WEEK_LAST);
    ck_assert_double_le(points.at[0].time, (double)WEEK_LAST + 30);
  }
}

static void
check_age(const struct row *row)
{
  ck_assert_uint_eq(points.n, 1);
  ck_assert_msg(points.at[0].value > 270 && points.at[0].value <= 300, "%s: %f",
                row->title, points.at[0].value);
}

static void (*const checks[])(const struct row *row) = {
  [NEWEST] = check_newest,  [AGE] = check_age,      [MEANS] = check_series,
  [COUNTER] = check_series, [DAILY] = check_series,
};

static size_t
check_panel(enum week_site site, const cJSON *dashboard, const cJSON *panel,
            const char *meter)
{
  const cJSON *target;
  size_t n = 0;

  cJSON_ArrayForEach(target, item(panel, "targets"))
  {
    const struct row *row = row_of(site, panel, target);

    if (site == WEEK_POINTS)
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

  for (enum week_site site = WEEK_POINTS; site <= WEEK_SCRAPES; site++) {
    cJSON *dashboard = load_dashboard(files[site]);
    const cJSON *panel;

    cJSON_ArrayForEach(panel, item(dashboard, "panels"))
    {
      n += check_panel(site, dashboard, panel, meter);
    }
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
    {
      check_source(target, type);
    }
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
      access(TIME_ZONE, R_OK) != 0 ||
      system("command -v promtool >/dev/null") != 0) {
    fputs("skipped: there is no InfluxDB, no Prometheus, or no tzdata\n",
          stderr);
    return EX_SKIP;
  }
  setlocale(LC_NUMERIC, "C"); /* of the replies */
  return run_suite(dashboards_suite());
}
