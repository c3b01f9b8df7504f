/* Keeps the meter, the server and the program of a house in step. */
#include "tests/support/domoticz_setup.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/array.h"
#include "lib/clock.h"

void
domoticz_setup_build(struct domoticz_setup *h, enum domoticz_version version)
{
  h->sandbox = sandbox_new();
  h->meter = meter_start();
  h->server = domoticz_server_start(version);
  meter_set(h->meter, "1001=68500001");
  domoticz_server_set_clock(h->server, sandbox_now(h->sandbox));
}

void
domoticz_setup_build_heat(struct domoticz_setup *h)
{
  domoticz_setup_build(h, DOMOTICZ_2025_1);
  for (unsigned idx = 322; idx <= 324; idx++)
    domoticz_server_add(h->server, idx, "custom", "GJ");
  domoticz_server_set(h->server, 323, "84");
  domoticz_server_set(h->server, 324, "1");
}

void
domoticz_setup_leave(struct domoticz_setup *h)
{
  sandbox_free(h->sandbox);
  meter_stop(h->meter);
  domoticz_server_stop(h->server);
}

void
domoticz_setup_wait(struct domoticz_setup *h, int64_t seconds)
{
  sandbox_advance(h->sandbox, seconds);
  domoticz_server_advance(h->server, seconds);
}

void
domoticz_setup_write(struct domoticz_setup *h, const char *options,
                     const char *targets, const char *more)
{
  sandbox_write(h->sandbox, "house.ini",
                "[input meter]\nplugin = kmp\ndevice = %s\n%s\n"
                "[output domoticz]\nplugin = domoticz\nurl = %s\n%s\n%s",
                meter_path(h->meter), options, domoticz_server_url(h->server),
                targets, more);
}

void
domoticz_setup_run(struct domoticz_setup *h, const char *reading)
{
  char text[64];

  domoticz_setup_wait(h, DOMOTICZ_SETUP_INTERVAL);
  if (reading) {
    snprintf(text, sizeof(text), "60=%s", reading);
    meter_set(h->meter, text);
  }
  sandbox_run(h->sandbox, "run -c house.ini");
}

const char *
domoticz_setup_text(struct domoticz_setup *h, const char *text)
{
  static char buf[2048];
  const struct {
    const char *name, *value;
  } names[] = { { "{url}", domoticz_server_url(h->server) },
                { "{tty}", meter_path(h->meter) },
                { "{dir}", sandbox_dir(h->sandbox) } };
  FILE *out = fmemopen(buf, sizeof(buf), "w");

  ck_assert_ptr_nonnull(out);
  buf[0] = '\0'; /* fmemopen writes nothing for an empty text */
  while (*text) {
    size_t i = 0;

    while (i < ARRAY_SIZE(names) &&
           strncmp(text, names[i].name, strlen(names[i].name)) != 0)
      i++;
    if (i < ARRAY_SIZE(names)) {
      fputs(names[i].value, out);
      text += strlen(names[i].name);
    } else
      putc(*text++, out);
  }
  ck_assert_int_eq(fclose(out), 0);
  return buf;
}

void
domoticz_setup_check(struct domoticz_setup *h, int status, const char *err)
{
  ck_assert_str_eq(sandbox_err(h->sandbox), domoticz_setup_text(h, err));
  ck_assert_int_eq(sandbox_status(h->sandbox), status);
}

const char *
domoticz_setup_after_attempt(struct domoticz_setup *h)
{
  static const char begin[] = "notice: meter: ";
  static const char words[] = ": this counts as an attempt to read the meter: ";
  const char *err = sandbox_err(h->sandbox);
  const char *end = strchr(err, '\n');
  const char *found = strstr(err, words);

  ck_assert_msg(strncmp(err, begin, strlen(begin)) == 0 && end && found &&
                  found < end,
                "%s", err);
  return end + 1;
}

void
domoticz_setup_check_rest(struct domoticz_setup *h, int status, const char *err)
{
  ck_assert_str_eq(domoticz_setup_after_attempt(h),
                   domoticz_setup_text(h, err));
  ck_assert_int_eq(sandbox_status(h->sandbox), status);
}

void
domoticz_setup_cycle(struct domoticz_setup *h, const char *reading, int status,
                     const char *said)
{
  domoticz_setup_wait(h, 20);
  domoticz_setup_run(h, reading);
  domoticz_setup_check(h, status, said);
  ck_assert_str_eq(sandbox_out(h->sandbox), "");
}

void
domoticz_setup_check_device(struct domoticz_setup *h, unsigned idx,
                            const char *text)
{
  const char *stored = domoticz_server_get(h->server, idx);

  ck_assert_msg(stored && strcmp(stored, text) == 0,
                "device %u stores \"%s\", and not \"%s\"", idx,
                stored ? stored : "nothing", text);
}

void
domoticz_setup_check_heat(struct domoticz_setup *h, const char *usage,
                          const char *reading, const char *total)
{
  domoticz_setup_check_device(h, 322, usage);
  domoticz_setup_check_device(h, 323, reading);
  domoticz_setup_check_device(h, 324, total);
}

void
domoticz_setup_check_devices(struct domoticz_setup *h, const char *devices)
{
  char got[512] = "";
  size_t len = 0;
  unsigned idx;
  int used;

  for (const char *p = devices; sscanf(p, " %u=%*s%n", &idx, &used) == 1;
       p += used) {
    const char *stored = domoticz_server_get(h->server, idx);

    len += (size_t)snprintf(got + len, sizeof(got) - len, "%s%u=%s",
                            len ? " " : "", idx, stored ? stored : "nothing");
    ck_assert_uint_lt(len, sizeof(got));
  }
  ck_assert_str_eq(got, devices);
}

void
domoticz_setup_wait_for(bool (*done)(void))
{
  const struct timespec moment = { 0, 2000000 };
  int64_t until = clock_mono_ms() + 20000;

  while (!done()) {
    ck_assert_msg(clock_mono_ms() < until, "nothing happened within 20 s");
    nanosleep(&moment, NULL);
  }
}
