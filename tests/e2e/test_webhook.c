/*
 * The webhook output and stand-ins: the recipes of its page, with the answers
 * that those servers document, and what goes wrong.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "lib/array.h"
#include "tests/e2e/exec_sandbox.h"
#include "tests/support/http_stand_in.h"
#include "tests/support/run_suite.h"

static struct sandbox *s;
static struct http_stand_in *stand_in;

/* What the stand-in answers, and what it got. */
static struct {
  struct stand_in_answer answer;
  const char *refused; /* answer 422 to a body that has it; NULL: none */
  unsigned requests;
  char head[4096];
  char bodies[1 << 16]; /* of the requests that it took, with | between */
} site;

static struct stand_in_answer
answer(void *ctx, const struct stand_in_request *r)
{
  (void)ctx;
  site.requests++;
  snprintf(site.head, sizeof(site.head), "%s", r->head);
  if (site.refused && strstr(r->body, site.refused))
    return (struct stand_in_answer){ .status = 422, .body = "too odd\n" };
  if (site.answer.status / 100 == 2) {
    strcat(site.bodies, r->body);
    strcat(site.bodies, "|");
  }
  return site.answer;
}

static void
build(void)
{
  s = sandbox_new();
  stand_in = http_stand_in_start(answer, NULL);
  memset(&site, 0, sizeof(site));
  site.answer.status = 200;
}

static void
leave(void)
{
  http_stand_in_stop(stand_in);
  sandbox_free(s);
}

static void
write_file(const char *text)
{
  char path[256];

  sandbox_write(s, "p.ini", "%s", text);
  snprintf(path, sizeof(path), "%s/p.ini", sandbox_dir(s));
  ck_assert_int_eq(chmod(path, 0600), 0);
}

/* The pipeline "p.ini": a meter, and an output with OPTIONS and its address
 * before PATH. */
static void
write_pipeline(const char *path, const char *options)
{
  char text[4096];

  snprintf(text, sizeof(text),
           EXEC_INPUT "[output hook]\nplugin = webhook\n"
                      "url = http://127.0.0.1:%u%s\n%s",
           http_stand_in_port(stand_in), path, options);
  write_file(text);
}

/* Checks that the only error of the last run is WHAT about the stand-in. */
static void
check_error(int status, const char *what)
{
  char err[1024];

  snprintf(err, sizeof(err), "error: hook: http://127.0.0.1:%u: %s\n",
           http_stand_in_port(stand_in), what);
  ck_assert_str_eq(sandbox_err(s), err);
  ck_assert_int_eq(sandbox_status(s), status);
}

static void
check_head(const char *text)
{
  ck_assert_msg(strstr(site.head, text), "no \"%s\" in: %s", text, site.head);
}

/* ---- Recipes ------------------------------------------------------------- */

/* Returns the recipe of the page in the section NAME, from malloc. */
static char *
recipe(const char *name)
{
  char path[512], line[512], *text = NULL;
  size_t len = 0;
  FILE *page, *out = open_memstream(&text, &len);
  enum { BEFORE, SECTION, INSIDE, AFTER } at = BEFORE;

  snprintf(path, sizeof(path), "%s/plugins/webhook/meterpipe-webhook.5",
           getenv("srcdir"));
  page = fopen(path, "r");
  ck_assert_ptr_nonnull(page);
  while (fgets(line, sizeof(line), page)) {
    if (strncmp(line, ".Ss ", 4) == 0 &&
        strncmp(line + 4, name, strlen(name)) == 0)
      at = SECTION;
    else if (at == SECTION && strncmp(line, ".Bd", 3) == 0)
      at = INSIDE;
    else if (at == INSIDE && line[0] == '.')
      at = AFTER;
    else if (at == INSIDE)
      fputs(line, out);
  }
  fclose(page);
  fclose(out);
  ck_assert_msg(at == AFTER, "the page has no recipe for %s", name);
  return text;
}

/* Replaces FROM in TEXT, which is freed, by TO.  From malloc. */
static char *
replace(char *text, const char *from, const char *to)
{
  char *at = strstr(text, from), *copy;

  ck_assert_msg(at, "no %s in %s", from, text);
  ck_assert_int_gt(
    asprintf(&copy, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from)),
    0);
  free(text);
  return copy;
}

static const struct {
  const char *section, *host;
  const char *secret_file; /* NULL: none */
  struct stand_in_answer good;
  const char *line, *header, *body; /* of the request */
  struct stand_in_answer bad;
  int status;
  const char *words; /* about the bad answer */
} recipes[] = {
  { "ThingsBoard",
    "http://192.168.1.2:8080",
    "thingsboard-token",
    { .status = 200 },
    "POST /api/v1/top-secret/telemetry HTTP/1.1\r\n",
    "\r\nContent-Type: application/json\r\n",
    "{\"ts\":1795342800000,\"values\":{\"energy\":84.208}}|",
    { .status = 401 },
    EX_UNAVAILABLE,
    "the server refuses the request; check the options: HTTP 401" },
  { "emoncms",
    "http://192.168.1.2",
    "emoncms-token",
    { .status = 200, .body = "{\"success\": true}" },
    "POST /input/post HTTP/1.1\r\n",
    "\r\nAuthorization: Bearer top-secret\r\n",
    "node=heat&time=1795342800&fulljson={\"energy\":84.208}|",
    { .status = 200,
      .body = "{\"success\": false, \"message\": \"Error: node limit\"}" },
    EX_UNAVAILABLE,
    "the server refuses the request; check the options: HTTP 200: Error: node "
    "limit" },
  { "Volkszaehler",
    "http://vz.local",
    "volkszaehler-uuid",
    { .status = 200, .body = "{\"version\":\"0.3\",\"rows\":1}" },
    "POST /middleware.php/data/top-secret.json?options=skipduplicates "
    "HTTP/1.1\r\n",
    "\r\nContent-Type: application/json\r\n",
    "[[1795342800000,84.208]]|",
    { .status = 400, .body = "{\"version\":\"0.3\"}" },
    EX_UNAVAILABLE,
    "HTTP 400: {\"version\":\"0.3\"}" },
  { "Node-RED",
    "http://192.168.1.2:1880",
    "nodered-password",
    { .status = 200 },
    "POST /meter HTTP/1.1\r\n",
    "\r\nAuthorization: Basic bWV0ZXJwaXBlOnRvcC1zZWNyZXQ=\r\n",
    "\"time\":\"2026-11-22T10:20:00Z\",\"values\":{\"energy\":{\"value\":"
    "\"84.208\",\"unit\":\"GJ\",\"kind\":\"counter\",\"time\":"
    "\"2026-11-22T10:20:00Z\",\"serial\":\"6789\"}}}\n|",
    { .status = 404, .body = "Cannot POST /meter" },
    EX_UNAVAILABLE,
    "the server refuses the request; check the options: HTTP 404: Cannot POST "
    "/meter" },
  { "ntfy",
    "https://ntfy.sh",
    "ntfy-topic",
    { .status = 200, .body = "{\"id\":\"x\",\"event\":\"message\"}" },
    "POST /top-secret?title=Heat%20meter HTTP/1.1\r\n",
    "\r\nContent-Type: text/plain; charset=utf-8\r\n",
    "84.208 GJ at 2026-11-22T10:20:00Z|",
    { .status = 429, .body = "{\"error\":\"limit reached\"}" },
    EX_TEMPFAIL,
    "the server cannot take the values now: HTTP 429: limit reached" },
};

static void
write_recipe(const char *section, const char *host, const char *secret_file)
{
  char url[64], secret[512], path[512], *text = recipe(section);

  snprintf(url, sizeof(url), "http://127.0.0.1:%u",
           http_stand_in_port(stand_in));
  text = replace(text, host, url);
  text = replace(text, "meter.heat_energy_e1", "meter.energy");
  if (secret_file) {
    snprintf(path, sizeof(path), "%s/%s", sandbox_dir(s), secret_file);
    sandbox_write(s, secret_file, "top-secret\n");
    ck_assert_int_eq(chmod(path, 0600), 0);
    snprintf(secret, sizeof(secret), "%s", path);
    text = replace(text, secret_file, secret);
  }
  text = replace(text, "[output ", EXEC_INPUT "[output ");
  write_file(text);
  free(text);
}

START_TEST(recipe_delivers)
{
  write_recipe(recipes[_i].section, recipes[_i].host, recipes[_i].secret_file);
  site.answer = recipes[_i].good;
  exec_run(s, "84.208");
  exec_check(s, EX_OK, "");
  check_head(recipes[_i].line);
  check_head(recipes[_i].header);
  ck_assert_msg(strstr(site.bodies, recipes[_i].body), "%s", site.bodies);
}
END_TEST

/* All but ntfy are a history: the record is sent again. */
START_TEST(recipe_loses_nothing)
{
  write_recipe(recipes[_i].section, recipes[_i].host, recipes[_i].secret_file);
  site.answer = recipes[_i].bad;
  exec_run(s, "84.208");
  ck_assert_int_eq(sandbox_status(s), recipes[_i].status);
  ck_assert_msg(strstr(sandbox_err(s), recipes[_i].words), "%s",
                sandbox_err(s));
  ck_assert_ptr_null(strstr(sandbox_err(s), "top-secret"));
  site.answer = recipes[_i].good;
  site.bodies[0] = '\0';
  exec_run(s, "84.310");
  ck_assert_int_eq(sandbox_status(s), EX_OK);
  ck_assert_int_eq(!!strstr(site.bodies, "84.208"),
                   strcmp(recipes[_i].section, "ntfy") != 0);
  ck_assert_ptr_nonnull(strstr(site.bodies, "84.310"));
}
END_TEST

/* ---- Requests ------------------------------------------------------------ */

#define ENERGY "value.energy = meter.energy\n"

START_TEST(get_has_everything_in_its_url)
{
  write_pipeline("/add?e={{value.energy}}%20{{unit.energy}}&t={{time}}",
                 "method = GET\n" ENERGY);
  exec_run(s, "84.208");
  exec_check(s, EX_OK, "");
  check_head("GET /add?e=84.208%20GJ&t=2026-11-22T10%3A20%3A00Z HTTP/1.1\r\n");
}
END_TEST

/* The outage of some cycles is one request. */
START_TEST(lines_put_many_records_into_a_request)
{
  write_pipeline("/in/{{token}}", "token = a/b\nbody = lines\n" ENERGY);
  site.answer.status = 503;
  exec_run(s, "1");
  exec_run(s, "2");
  site.answer.status = 202;
  site.requests = 0;
  exec_run(s, "3");
  ck_assert_int_eq(sandbox_status(s), EX_OK);
  ck_assert_uint_eq(site.requests, 1);
  check_head("POST /in/a%2Fb HTTP/1.1\r\n");
  check_head("\r\nContent-Type: application/x-ndjson\r\n");
  ck_assert_ptr_null(strstr(site.head, "Idempotency-Key"));
  ck_assert_ptr_nonnull(strstr(site.bodies, "\"1\""));
  ck_assert_ptr_nonnull(strstr(site.bodies, "\"2\""));
  ck_assert_ptr_nonnull(strstr(site.bodies, "\"3\""));
}
END_TEST

START_TEST(every_value_is_sent_without_targets)
{
  write_pipeline("", "");
  exec_run(s, "84.208");
  exec_check(s, EX_OK, "");
  ck_assert_ptr_nonnull(
    strstr(site.bodies, "\"values\":{\"meter.energy\":{\"value\":\"84.208\","));
}
END_TEST

/* A record keeps its id: the server can tell that it has it. */
START_TEST(record_is_sent_again_with_its_id)
{
  char id[128], *line;

  write_pipeline("/", ENERGY);
  site.answer = (struct stand_in_answer){ .status = 0 };
  exec_run(s, "84.208");
  ck_assert_int_eq(sandbox_status(s), EX_TEMPFAIL);
  line = strstr(site.head, "\r\nIdempotency-Key: ");
  ck_assert_ptr_nonnull(line);
  snprintf(id, sizeof(id), "%.*s\r\n", (int)strcspn(line + 2, "\r"), line + 2);
  ck_assert_int_gt(strlen(id), 50);
  site.answer.status = 200;
  sandbox_run(s, "run -c p.ini"); /* no new reading */
  ck_assert_uint_gt(site.requests, 1);
  ck_assert_ptr_nonnull(strstr(site.bodies, "84.208"));
}
END_TEST

START_TEST(refused_record_is_set_aside)
{
  write_pipeline("/", "body = {\"e\":{{value.energy}}}\n" ENERGY);
  site.answer.status = 503;
  exec_run(s, "1");
  exec_run(s, "66");
  site.answer.status = 200;
  site.refused = "66";
  exec_run(s, "3");
  ck_assert_int_eq(sandbox_status(s), EX_UNAVAILABLE);
  ck_assert_ptr_nonnull(strstr(sandbox_err(s), ": HTTP 422: too odd\n"));
  ck_assert_str_eq(site.bodies, "{\"e\":1}|{\"e\":3}|");
  sandbox_run(s, "status --set-aside -c p.ini");
  ck_assert_ptr_nonnull(strstr(sandbox_out(s), "HTTP 422: too odd"));
  site.refused = NULL;
  sandbox_run(s, "retry hook -c p.ini");
  exec_run(s, "4");
  ck_assert_str_eq(site.bodies, "{\"e\":1}|{\"e\":3}|{\"e\":66}|{\"e\":4}|");
}
END_TEST

START_TEST(live_record_is_sent_once)
{
  write_pipeline("/", "class = live\nbody = e{{value.energy}}\n" ENERGY);
  site.answer.status = 503;
  exec_run(s, "1");
  check_error(EX_TEMPFAIL, "the server cannot take the values now: HTTP 503");
  site.answer.status = 200;
  exec_run(s, "2");
  ck_assert_str_eq(site.bodies, "e2|");
}
END_TEST

/* ---- Missing values ------------------------------------------------------ */

#define TWO ENERGY "value.flow = meter.flow\n"

START_TEST(missing_value_is_null_in_a_body)
{
  write_pipeline("/", "body = {\"e\":{{value.energy}},\"f\":{{value.flow}},"
                      "\"u\":\"{{unit.energy}}\"}\n" TWO);
  exec_run(s, "84.208");
  ck_assert_str_eq(site.bodies, "{\"e\":84.208,\"f\":null,\"u\":\"GJ\"}|");
}
END_TEST

static const char *const needs_flow[][2] = {
  { "/{{value.flow}}", TWO },
  { "/", "body = f={{value.flow}}\n" TWO },
};

START_TEST(record_without_the_needed_values_is_passed_over)
{
  write_pipeline(needs_flow[_i][0], needs_flow[_i][1]);
  exec_run(s, "84.208");
  ck_assert_uint_eq(site.requests, 0);
  sandbox_run(s, "status -c p.ini");
  ck_assert_ptr_null(strstr(sandbox_out(s), "queued"));
}
END_TEST

/* ---- Mistakes ------------------------------------------------------------ */

static const struct {
  const char *path, *options, *err;
} mistakes[] = {
  /* found when the section is read */
  { "/", "body = {{value.energy}\n" ENERGY,
    "p.ini:7: body: must be json, lines, or a text with placeholders such as "
    "{{value.NAME}}\n" },
  { "/", "body = jsn\n" ENERGY,
    "p.ini:7: body: must be json, lines, or a text with placeholders such as "
    "{{value.NAME}}\n" },
  { "/", "method = GET\nbody = json\n" ENERGY,
    "p.ini:8: body: cannot be sent with GET\n" },
  { "/{{id}}", "body = lines\n" ENERGY,
    "p.ini:6: url: can have no placeholder but {{token}} with `body = lines`: "
    "a "
    "request carries many records\n" },
  { "/a b", ENERGY, "p.ini:6: url: is not a valid URL\n" },
  { "/#a", ENERGY, "p.ini:6: url: must end before the #\n" },
  { "/", "header.Content-Length = 7\n" ENERGY,
    "p.ini:7: header.Content-Length: is set by meterpipe\n" },
  { "/", "header.a/b = 7\n" ENERGY,
    "p.ini:7: header.a/b: is not the name of a header\n" },
  /* found when the targets are known */
  { "/", "body = {{value.enrgy}}\n" ENERGY,
    "error: hook: body: there is no placeholder {{value.enrgy}}; the nearest "
    "is "
    "\"value.energy\" (p.ini:7)\n" },
  { "/{{tine}}", ENERGY,
    "error: hook: url: there is no placeholder {{tine}}; the nearest is "
    "\"time\" (p.ini:6)\n" },
  { "/", "body = {{zzzzzzzzzzzz}}\n" ENERGY,
    "error: hook: body: there is no placeholder {{zzzzzzzzzzzz}}; there are "
    "time, time_s, time_ms, id, token, and value.NAME and unit.NAME of each "
    "target (p.ini:7)\n" },
  { "/", "header.X = {{time}}\n" ENERGY,
    "error: hook: header.X: there is no placeholder {{time}}; a header can "
    "have "
    "{{token}} (p.ini:7)\n" },
  { "/", "header.X = {{token}}\n" ENERGY,
    "error: hook: header.X: has {{token}}, but there is no option `token` "
    "(p.ini:7)\n" },
  { "/", "body = {{value.energy}} {{\n" ENERGY,
    "error: hook: body: has {{ without }} after it (p.ini:7)\n" },
  { "/", "body = {\"e\":{{value.energy}}\n" ENERGY,
    "error: hook: body: begins like JSON, but is not valid JSON when numbers "
    "are filled in; texts need quotation marks around {{...}} (p.ini:7)\n" },
};

START_TEST(check_names_the_mistake)
{
  write_pipeline(mistakes[_i].path, mistakes[_i].options);
  sandbox_run(s, "check -c p.ini");
  ck_assert_ptr_nonnull(sandbox_err(s));
  ck_assert_msg(strstr(sandbox_err(s), mistakes[_i].err), "%s", sandbox_err(s));
  ck_assert_int_eq(sandbox_status(s), EX_CONFIG);
  ck_assert_uint_eq(site.requests, 0);
}
END_TEST

START_TEST(check_sends_no_record)
{
  write_pipeline("/in", ENERGY);
  site.answer.status = 404;
  exec_set_reading(s, "84.208");
  sandbox_run(s, "check -c p.ini");
  exec_check(s, EX_OK, "");
  ck_assert_uint_eq(site.requests, 1);
  check_head("GET / HTTP/1.1\r\n");
}
END_TEST

/* ---- Secrets ------------------------------------------------------------- */

static const struct stand_in_answer leaky[] = {
  { .status = 307,
    .headers = "Location: http://127.0.0.1:9/top-secret/there\r\n" },
  { .status = 401 },
  { .status = 0 },
  { .status = 200 },
};

START_TEST(secrets_are_never_shown)
{
  static const char *const commands[] = {
    "run -v -v -c p.ini",
    "check -v -v -c p.ini",
    "graph -c p.ini",
    "status -c p.ini",
  };

  write_pipeline("/{{token}}/x", "token = top-secret\n"
                                 "header.X-Key = more-top-secret\n"
                                 "header.Y = Bearer {{token}}\n" ENERGY);
  site.answer = leaky[_i];
  exec_set_reading(s, "84.208");
  for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
    sandbox_run(s, "%s", commands[i]);
    ck_assert_msg(!strstr(sandbox_err(s), "top-secret"), "%s", sandbox_err(s));
    ck_assert_msg(!strstr(sandbox_out(s), "top-secret"), "%s: %s", commands[i],
                  sandbox_out(s));
  }
  ck_assert_uint_gt(site.requests, 0);
  sandbox_run(s, "run -c p.ini");
  check_head("\r\nX-Key: more-top-secret\r\n");
  check_head("\r\nY: Bearer top-secret\r\n");
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("webhook");
  TCase *tc = tcase_create("webhook");

  tcase_add_checked_fixture(tc, build, leave);
  tcase_add_loop_test(tc, recipe_delivers, 0, ARRAY_SIZE(recipes));
  tcase_add_loop_test(tc, recipe_loses_nothing, 0, ARRAY_SIZE(recipes));
  tcase_add_test(tc, get_has_everything_in_its_url);
  tcase_add_test(tc, lines_put_many_records_into_a_request);
  tcase_add_test(tc, every_value_is_sent_without_targets);
  tcase_add_test(tc, record_is_sent_again_with_its_id);
  tcase_add_test(tc, refused_record_is_set_aside);
  tcase_add_test(tc, live_record_is_sent_once);
  tcase_add_test(tc, missing_value_is_null_in_a_body);
  tcase_add_loop_test(tc, record_without_the_needed_values_is_passed_over, 0,
                      ARRAY_SIZE(needs_flow));
  tcase_add_loop_test(tc, check_names_the_mistake, 0, ARRAY_SIZE(mistakes));
  tcase_add_test(tc, check_sends_no_record);
  tcase_add_loop_test(tc, secrets_are_never_shown, 0, ARRAY_SIZE(leaky));
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
