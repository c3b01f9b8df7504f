/* The program, a meter and a real broker. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "tests/support/mqtt_setup.h"

#include <check.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "lib/decimal.h"

void
mqtt_setup_build(struct mqtt_setup *h, const char *lines)
{
  char path[128];

  h->s = sandbox_new();
  h->m = meter_start();
  meter_set(h->m, "1001=" MQTT_SETUP_SERIAL);
  snprintf(path, sizeof(path), "%s/eye", sandbox_dir(h->s));
  meter_link(h->m, path);
  h->broker = broker_start(h->s, "broker", lines);
  h->proxy = proxy_start(broker_port(h->broker));
  h->watch = mqtt_watch_new(h->proxy);
}

void
mqtt_setup_leave(struct mqtt_setup *h)
{
  proxy_stop(h->proxy);
  mqtt_watch_free(h->watch);
  broker_free(h->broker);
  meter_stop(h->m);
  sandbox_free(h->s);
  *h = (struct mqtt_setup){ .s = NULL };
}

const char *
mqtt_setup_url(const struct mqtt_setup *h)
{
  static char url[64];

  snprintf(url, sizeof(url), "mqtt://127.0.0.1:%u", proxy_port(h->proxy));
  return url;
}

void
mqtt_setup_write(struct mqtt_setup *h, const char *options)
{
  sandbox_write(h->s, "house.ini",
                MQTT_SETUP_INPUT MQTT_SETUP_TRANSFORMS
                "[output bus]\nplugin = mqtt\nurl = %s\n%s" MQTT_SETUP_TARGETS,
                mqtt_setup_url(h), options);
}

void
mqtt_setup_run(struct mqtt_setup *h, const char *reading)
{
  char text[64];

  sandbox_advance(h->s, MQTT_SETUP_INTERVAL);
  if (reading) {
    snprintf(text, sizeof(text), "60=%sGJ", reading);
    meter_set(h->m, text);
  }
  sandbox_run(h->s, "run -c house.ini");
  proxy_settle(h->proxy);
}

void
mqtt_setup_check(struct mqtt_setup *h, int status, const char *err)
{
  char expected[4096];
  size_t len = 0;
  const char *at;

  for (; (at = strstr(err, "{url}")); err = at + strlen("{url}"))
    len += (size_t)snprintf(expected + len, sizeof(expected) - len, "%.*s%s",
                            (int)(at - err), err, mqtt_setup_url(h));
  snprintf(expected + len, sizeof(expected) - len, "%s", err);
  ck_assert_str_eq(sandbox_err(h->s), expected);
  ck_assert_int_eq(sandbox_status(h->s), status);
}

void
mqtt_setup_cycle(struct mqtt_setup *h, const char *reading, int status,
                 const char *err)
{
  mqtt_setup_run(h, reading);
  mqtt_setup_check(h, status, err);
}

/* ---- Retained states ---- */

/* Copies the word at *TEXT, which ends before one of ENDS, to F; or NAME
 * instead. */
static void
replace(FILE *f, const char **text, const char *ends, const char *name)
{
  fputs(name, f);
  *text += strcspn(*text, ends);
}

const char *
mqtt_setup_states(struct mqtt_setup *h)
{
  static const char prefix[] = MQTT_SETUP_TOPIC "/";
  static char *text;
  const char *at = broker_retained(h->broker, MQTT_SETUP_TOPIC "/#");
  size_t size;
  FILE *f;

  free(text);
  f = open_memstream(&text, &size);
  ck_assert_ptr_nonnull(f);
  while (*at) {
    if (strncmp(at, prefix, strlen(prefix)) == 0)
      at += strlen(prefix);
    fputc(*at, f);
    if (*at++ != ':' && at[-1] != '=')
      continue;
    if (strncmp(at - 5, "\"id\":\"", 6) == 0 ||
        strncmp(at - 4, " id=", 4) == 0) {
      at += *at == '"';
      replace(f, &at, "\" \n", at[-1] == '"' ? "\"ID" : "ID");
    } else if (strncmp(at - 7, "\"time\":\"", 8) == 0) {
      at++;
      replace(f, &at, "\"", "\"TIME");
    }
  }
  fclose(f);
  return text;
}

/* Copies the number of a state: the member value of its JSON object, or the
 * whole payload. */
static void
number_of(const char *payload, char *buf, size_t size)
{
  static const char key[] = "\"value\":";
  const char *at = strstr(payload, key);

  at = at ? at + strlen(key) : payload;
  snprintf(buf, size, "%.*s", (int)strcspn(at, ", }\n"), at);
}

const char *
mqtt_setup_number(struct mqtt_setup *h, const char *name)
{
  static char number[64];
  char topic[128];
  const char *line;

  snprintf(topic, sizeof(topic), MQTT_SETUP_TOPIC "/%s", name);
  line = broker_retained(h->broker, topic);
  number_of(*line ? line + strlen(topic) + 1 : "", number, sizeof(number));
  return number;
}

/* ---- The account ---- */

static char wrong[512];

/* Returns whether an earlier message than I has its topic and id; an earlier
 * one with another number is wrong. */
static bool
is_repeated(struct mqtt_setup *h, size_t i)
{
  const struct mqtt_message *m = mqtt_watch_message(h->watch, i), *earlier;
  bool repeated = false;
  char a[64], b[64];

  for (size_t k = 0; k < i && m->id[0]; k++) {
    earlier = mqtt_watch_message(h->watch, k);
    if (strcmp(earlier->topic, m->topic) != 0 ||
        strcmp(earlier->id, m->id) != 0)
      continue;
    number_of(m->payload, a, sizeof(a));
    number_of(earlier->payload, b, sizeof(b));
    if (strcmp(a, b) != 0)
      snprintf(wrong, sizeof(wrong), "%s: %s and %s have the id %s", m->topic,
               b, a, m->id);
    repeated |= earlier->acknowledged || earlier->displayed;
  }
  return repeated;
}

/* Returns whether both numbers are equal, whatever zeros end them. */
static bool
equals(const char *a, const char *b)
{
  struct mp_decimal x, y;

  return decimal_parse(a, strlen(a), &x) == MP_OK &&
         decimal_parse(b, strlen(b), &y) == MP_OK && decimal_compare(x, y) == 0;
}

/* Returns the sum of the amounts that arrived, each id once. */
static const char *
sum_of_usages(struct mqtt_setup *h)
{
  static char text[DECIMAL_TEXT];
  struct mp_decimal sum = { 0 }, usage;
  const struct mqtt_message *m;
  char number[64];

  for (size_t i = 0; (m = mqtt_watch_message(h->watch, i)); i++) {
    bool repeated = is_repeated(h, i);

    number_of(m->payload, number, sizeof(number));
    if (repeated || strcmp(m->topic, MQTT_SETUP_TOPIC "/usage") != 0 ||
        !(m->acknowledged || m->displayed) || !*number)
      continue;
    ck_assert_int_eq(decimal_parse(number, strlen(number), &usage), MP_OK);
    ck_assert_int_eq(decimal_add(sum, usage, &sum), MP_OK);
  }
  decimal_trim(&sum);
  decimal_format(sum, text, sizeof(text));
  return text;
}

const char *
mqtt_setup_account(struct mqtt_setup *h, const char *total, const char *sum)
{
  const char *displayed, *added;

  wrong[0] = '\0';
  added = sum_of_usages(h);
  if (wrong[0])
    return wrong;
  displayed = mqtt_setup_number(h, "total");
  if (!equals(displayed, total))
    snprintf(wrong, sizeof(wrong), "the total is %s instead of %s", displayed,
             total);
  else if (sum && !equals(added, sum))
    snprintf(wrong, sizeof(wrong), "the amounts add up to %s instead of %s",
             added, sum);
  return wrong[0] ? wrong : NULL;
}

void
mqtt_setup_check_account(struct mqtt_setup *h, const char *total,
                         const char *sum)
{
  const char *error = mqtt_setup_account(h, total, sum);

  ck_assert_msg(!error, "%s", error);
}

void
mqtt_setup_begin(struct mqtt_setup *h, const char *options)
{
  mqtt_setup_write(h, options);
  mqtt_setup_cycle(h, "84.0", EX_OK, "");
  mqtt_setup_cycle(h, "84.5", EX_OK, "");
  mqtt_setup_check_account(h, "0.5", "0.5");
}
