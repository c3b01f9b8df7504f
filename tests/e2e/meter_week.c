/* Runs the program with an emulated meter for a week; see meter_week.h. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "tests/e2e/meter_week.h"

#include <check.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "lib/array.h"
#include "plugins/kmp/emulator/meter.h"

#define FIRST (WEEK_SINCE - 7200)
#define INTERVAL 1200 /* seconds between readings */
#define EXCHANGE (WEEK_SINCE + DAY + DAY / 2)
#define OUTAGE (WEEK_SINCE + 3 * DAY + 3600)
#define OUTAGE_END (OUTAGE + DAY + 7200)
#define SECOND_EXCHANGE (WEEK_SINCE + 4 * DAY + 50400)

struct reading {
  int64_t time;
  unsigned serial;
  double value[WEEK_QUANTITIES]; /* in kWh, m3, kW, l/h, C, C, K */
};

static struct {
  struct reading at[10000];
  size_t n;
} history[2];

static void
remember(enum week_site site, const struct reading *reading, int64_t time)
{
  ck_assert_uint_lt(history[site].n, ARRAY_SIZE(history[site].at));
  history[site].at[history[site].n] = *reading;
  history[site].at[history[site].n++].time = time;
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

/* Sets the values of cycle I, at TIME.  The second meter begins low; the third
 * is a used one.  Twice the serial number cannot be read: the program then asks
 * for it after a day. */
static struct reading
set_meter(struct meter *m, unsigned i, int64_t time)
{
  static unsigned serial = 1, energy = 9356, volume = 52041; /* 9 MJ, 10 l */
  unsigned power = 50 + i * 7 % 60, flow = 100 + i * 13 % 200;
  unsigned t1 = 7000 + i * 11 % 800, t2 = 3000 + i * 5 % 400;

  if (time == EXCHANGE || time == SECOND_EXCHANGE) {
    serial++;
    energy = time == EXCHANGE ? 3 : 20000;
    volume = time == EXCHANGE ? 12 : 90000;
  }
  energy += 1 + i % 4;
  volume += 3 + i % 5;
  set(m, "60=%u.%03uGJ", energy * 9 / 1000, energy * 9 % 1000);
  set(m, "68=%u.%02um3", volume / 100, volume % 100);
  set(m, "80=%u.%ukW", power / 10, power % 10);
  set(m, "74=%ul/h", flow);
  set(m, "86=%u.%02uC", t1 / 100, t1 % 100);
  set(m, "87=%u.%02uC", t2 / 100, t2 % 100);
  set(m, "1001=%u", 68500000 + serial);
  if (i == 29 || i == 200)
    meter_remove(m, 1001);
  return (struct reading){
    time,
    serial,
    { energy * 2.5, volume / 100.0, power / 10.0, flow, t1 / 100.0, t2 / 100.0,
      (t1 - t2) / 100.0 },
  };
}

/* Appends the scrape of TIME. */
static void
put_scrape(FILE *f, const char *text, int64_t time)
{
  for (const char *line = text; *line; line += strspn(line, "\n")) {
    size_t len = strcspn(line, "\n"), name = strcspn(line, "{");

    if (line[0] != '#')
      fprintf(
        f, "%.*s{instance=\"localhost:9100\",job=\"node\",%.*s %" PRId64 "\n",
        (int)name, line, (int)(len - name - 1), line + name + 1, time);
    line += len;
  }
}

static void
run_cycle(struct sandbox *s, FILE *f, const struct reading *reading)
{
  int64_t time = reading->time;
  const char *text;

  sandbox_set_clock(s, time);
  sandbox_run(s, "run -c house.ini");
  ck_assert_msg(sandbox_status(s) == 0, "%s", sandbox_err(s));
  remember(WEEK_POINTS, reading, time);
  text = sandbox_read(s, "house.prom");
  ck_assert_ptr_nonnull(text);
  for (time += 30; time < reading->time + INTERVAL; time += 60) {
    put_scrape(f, text, time);
    remember(WEEK_SCRAPES, reading, time);
  }
}

void
meter_week_run(struct sandbox *s, FILE *f)
{
  struct meter *m = meter_start();
  char eye[256];

  snprintf(eye, sizeof(eye), "%s/eye", sandbox_dir(s));
  meter_link(m, eye);
  for (int64_t time = FIRST; time <= WEEK_LAST; time += INTERVAL) {
    unsigned i = (unsigned)((time - FIRST) / INTERVAL);
    struct reading reading = set_meter(m, i, time);

    if (time < OUTAGE || time >= OUTAGE_END)
      run_cycle(s, f, &reading);
  }
  meter_stop(m);
}

double
meter_week_use(enum week_site site, enum week_quantity quantity, int64_t from,
               int64_t to)
{
  double sum = NAN;

  for (unsigned serial = 1; serial <= 3; serial++) {
    const struct reading *begin = NULL, *end = NULL;

    for (size_t i = 0; i < history[site].n; i++) {
      const struct reading *r = &history[site].at[i];

      if (r->serial != serial || r->time >= to)
        continue;
      if (!begin || r->time < from)
        begin = r;
      if (r->time >= from)
        end = r;
    }
    if (end)
      sum =
        (isnan(sum) ? 0 : sum) + end->value[quantity] - begin->value[quantity];
  }
  return sum;
}

double
meter_week_mean(enum week_site site, enum week_quantity quantity, int64_t from,
                int64_t to)
{
  double sum[4] = { 0 }, n[4] = { 0 }, total = 0, groups = 0;

  for (size_t i = 0; i < history[site].n; i++) {
    const struct reading *r = &history[site].at[i];
    unsigned group = site == WEEK_SCRAPES ? r->serial : 0;

    if (r->time < from || r->time >= to)
      continue;
    sum[group] += r->value[quantity];
    n[group]++;
  }
  for (size_t i = 0; i < ARRAY_SIZE(n); i++)
    if (n[i] > 0) {
      total += sum[i] / n[i];
      groups++;
    }
  return groups > 0 ? total / groups : NAN;
}

double
meter_week_last(enum week_site site, enum week_quantity quantity, int64_t from,
                int64_t to)
{
  double value = NAN;

  for (size_t i = 0; i < history[site].n; i++) {
    const struct reading *r = &history[site].at[i];

    if (r->time >= from && r->time < to)
      value = r->value[quantity];
  }
  return value;
}
