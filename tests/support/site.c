/* The program and a meter at one site. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/site.h"

/* Calls TAKE with each word of TEXT. */
static void
each_word(struct meter *m, const char *text,
          void (*take)(struct meter *m, const char *word))
{
  char word[64];
  int used;

  for (; sscanf(text, " %63s%n", word, &used) == 1; text += used)
    take(m, word);
}

void
site_link(const struct site *site, struct meter *meter, const char *name)
{
  char path[256];

  ck_assert_int_lt(
    snprintf(path, sizeof(path), "%s/%s", sandbox_dir(site->s), name),
    (int)sizeof(path));
  meter_link(meter, path);
}

struct site
site_new(const char *registers)
{
  struct site site = { .s = sandbox_new(), .m = meter_start() };

  each_word(site.m, registers, meter_set);
  site_link(&site, site.m, "eye");
  return site;
}

void
site_free(struct site *site)
{
  meter_stop(site->m);
  sandbox_free(site->s);
}

struct meter *
site_add_meter(const struct site *site, const char *registers)
{
  struct meter *m = meter_start();

  each_word(m, registers, meter_set);
  site_link(site, m, "eye2");
  return m;
}

void
site_fault(const struct site *site, const char *faults)
{
  each_word(site->m, faults, meter_fault);
}

void
site_write(const struct site *site, const char *options)
{
  sandbox_write(site->s, "house.ini",
                "[input meter]\nplugin = kmp\n%s%s\n"
                "[output show]\nplugin = stdout\nformat = line\n",
                strstr(options, "device") ? "" : "device = eye\n", options);
}

unsigned
site_run(const struct site *site)
{
  meter_forget(site->m);
  sandbox_run(site->s, "run -c house.ini");
  ck_assert_str_eq(sandbox_err(site->s), "");
  ck_assert_int_eq(sandbox_status(site->s), 0);
  sandbox_advance(site->s, SITE_INTERVAL);
  return meter_requests(site->m);
}

void
site_wait_request(struct meter *meter, unsigned n)
{
  for (int i = 0; meter_requests(meter) < n; i++) {
    ck_assert_msg(i < 10000, "the meter received no request");
    usleep(1000);
  }
}
