/* Runs InfluxDB 1 and VictoriaMetrics for tests, and asks them with curl. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "tests/support/point_server.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INFLUXD "/usr/bin/influxd"
#define VICTORIA "/usr/bin/victoria-metrics"

struct point_server {
  struct sandbox *s;
  struct daemon *daemon;
  enum point_server_kind kind;
};

static const char *const words[][5] = {
  [INFLUXDB] = { INFLUXD, "run", "-config", "influxdb.conf", NULL },
  [VICTORIA_METRICS] = { VICTORIA, "-storageDataPath=metrics",
                         "-httpListenAddr=127.0.0.1:{port}",
                         "-retentionPeriod=100y", NULL },
};

bool
point_server_is_there(void)
{
  return access(INFLUXD, X_OK) == 0 && access(VICTORIA, X_OK) == 0 &&
         system("command -v curl >/dev/null") == 0;
}

static void
write_config(void *ctx, unsigned port)
{
  struct point_server *p = ctx;
  const char *dir = sandbox_dir(p->s);

  sandbox_write(p->s, "influxdb.conf",
                "reporting-disabled = true\nbind-address = \"127.0.0.1:0\"\n"
                "[meta]\n  dir = \"%s/meta\"\n"
                "[data]\n  dir = \"%s/data\"\n  wal-dir = \"%s/wal\"\n"
                "[monitor]\n  store-enabled = false\n"
                "[http]\n  bind-address = \"127.0.0.1:%u\"\n",
                dir, dir, dir, port);
}

/* Runs curl with ARGS, below the server's URL; returns what it printed. */
static const char *
ask(struct point_server *p, const char *path, const char *args)
{
  char command[1024];

  snprintf(command, sizeof(command),
           "curl -sS -m 20 'http://127.0.0.1:%u%s' %s", daemon_port(p->daemon),
           path, args);
  return sandbox_output_of(p->s, command);
}

/* InfluxDB listens before it serves. */
static void
create_database(struct point_server *p)
{
  const char *answer = "";

  for (int i = 0; i < 200; i++) {
    answer = ask(p, "/query", "-d 'q=create database home'");
    if (strstr(answer, "\"results\""))
      return;
    usleep(50000);
  }
  ck_abort_msg("no database: %s", answer);
}

struct point_server *
point_server_start(struct sandbox *s, enum point_server_kind kind)
{
  struct point_server *p = calloc(1, sizeof(*p));

  ck_assert_ptr_nonnull(p);
  p->s = s;
  p->kind = kind;
  p->daemon = daemon_start(s, "points", words[kind], write_config, p);
  if (kind == INFLUXDB)
    create_database(p);
  return p;
}

void
point_server_free(struct point_server *p)
{
  if (!p)
    return;
  daemon_free(p->daemon);
  free(p);
}

struct daemon *
point_server_daemon(const struct point_server *p)
{
  return p->daemon;
}

const char *
point_server_query(struct point_server *p, const char *query)
{
  char args[512];

  sandbox_write(p->s, "query", "%s", query);
  snprintf(args, sizeof(args),
           "-G -H 'Accept: application/csv' --data-urlencode db=home "
           "--data-urlencode epoch=ms --data-urlencode 'q@%s/query'",
           sandbox_dir(p->s));
  return ask(p, "/query", args);
}

/* "heat_meter,,TIME,VALUE" after a line of names. */
static void
take_csv(FILE *to, const char *text)
{
  for (const char *at = text; (at = strchr(at, '\n')) && at[1] != '\0';) {
    const char *time = strstr(at, ",,");
    size_t len;

    ck_assert_ptr_nonnull(time);
    time += strlen(",,");
    len = strcspn(time, ",");
    at = time + len;
    fprintf(to, "%.*s %.*s\n", (int)len, time, (int)strcspn(at + 1, "\n"),
            at + 1);
  }
}

/* Lines of JSON: "values":[V,...],"timestamps":[T,...]. */
static void
take_export(FILE *to, const char *text)
{
  const char *value = strstr(text, "\"values\":[");
  const char *time = strstr(text, "\"timestamps\":[");

  if (!value || !time)
    return;
  value = strchr(value, '[') + 1;
  for (time = strchr(time, '[') + 1; *time && *time != ']';) {
    size_t len = strcspn(value, ",]"), time_len = strcspn(time, ",]");

    fprintf(to, "%.*s %.*s\n", (int)time_len, time, (int)len, value);
    value += len + 1;
    time += time_len + (time[time_len] == ',');
  }
}

const char *
point_server_select(struct point_server *p, const char *field)
{
  static char *text;
  char query[256];
  size_t size;
  FILE *f;

  free(text);
  f = open_memstream(&text, &size);
  ck_assert_ptr_nonnull(f);
  if (p->kind == INFLUXDB) {
    snprintf(query, sizeof(query), "select %s from heat_meter", field);
    take_csv(f, point_server_query(p, query));
  } else {
    snprintf(query, sizeof(query),
             "-G --data-urlencode 'match[]=heat_meter_%s'", field);
    ask(p, "/internal/force_flush", "");
    take_export(f, ask(p, "/api/v1/export", query));
  }
  fclose(f);
  return text;
}
