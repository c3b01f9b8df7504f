/* The program and a meter at one setup. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/meter_setup.h"

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
meter_setup_link(const struct meter_setup *setup, struct meter *meter,
                 const char *name)
{
  char path[256];

  ck_assert_int_lt(
    snprintf(path, sizeof(path), "%s/%s", sandbox_dir(setup->s), name),
    (int)sizeof(path));
  meter_link(meter, path);
}

struct meter_setup
meter_setup_new(const char *registers)
{
  struct meter_setup setup = { .s = sandbox_new(), .m = meter_start() };

  each_word(setup.m, registers, meter_set);
  meter_setup_link(&setup, setup.m, "eye");
  return setup;
}

void
meter_setup_free(struct meter_setup *setup)
{
  meter_stop(setup->m);
  sandbox_free(setup->s);
}

struct meter *
meter_setup_add_meter(const struct meter_setup *setup, const char *registers)
{
  struct meter *m = meter_start();

  each_word(m, registers, meter_set);
  meter_setup_link(setup, m, "eye2");
  return m;
}

void
meter_setup_fault(const struct meter_setup *setup, const char *faults)
{
  each_word(setup->m, faults, meter_fault);
}

void
meter_setup_write(const struct meter_setup *setup, const char *options)
{
  sandbox_write(setup->s, "house.ini",
                "[input meter]\nplugin = kmp\n%s%s\n"
                "[output show]\nplugin = stdout\nformat = line\n",
                strstr(options, "device") ? "" : "device = eye\n", options);
}

unsigned
meter_setup_run(const struct meter_setup *setup)
{
  meter_forget(setup->m);
  sandbox_run(setup->s, "run -c house.ini");
  ck_assert_str_eq(sandbox_err(setup->s), "");
  ck_assert_int_eq(sandbox_status(setup->s), 0);
  sandbox_advance(setup->s, METER_SETUP_INTERVAL);
  return meter_requests(setup->m);
}

void
meter_setup_wait_request(struct meter *meter, unsigned n)
{
  for (int i = 0; meter_requests(meter) < n; i++) {
    ck_assert_msg(i < 10000, "the meter received no request");
    usleep(1000);
  }
}
