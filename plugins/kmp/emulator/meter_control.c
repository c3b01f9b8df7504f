/*
 * Functions of an emulated meter that take its lock: settings, mistakes, sleep
 * and counters.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "plugins/kmp/emulator/meter_impl.h"

int
meter_try_set(struct meter *m, const char *text)
{
  int r;

  pthread_mutex_lock(&m->lock);
  r = meter_memory_set(&m->memory, text);
  pthread_mutex_unlock(&m->lock);
  return r;
}

void
meter_set(struct meter *m, const char *text)
{
  if (meter_try_set(m, text) < 0)
    meter_die(text, "neither a register nor a type");
}

void
meter_remove(struct meter *m, uint16_t id)
{
  pthread_mutex_lock(&m->lock);
  meter_memory_remove(&m->memory, id);
  pthread_mutex_unlock(&m->lock);
}

int
meter_learn(struct meter *m, const uint8_t *frame, size_t len)
{
  int r;

  pthread_mutex_lock(&m->lock);
  r = meter_memory_learn(&m->memory, frame, len);
  pthread_mutex_unlock(&m->lock);
  return r;
}

void
meter_copy(struct meter *to, struct meter *from, unsigned n)
{
  pthread_mutex_lock(&from->lock);
  to->baud = from->baud;
  to->delay_ms = from->delay_ms;
  to->deaf_ms = from->deaf_ms;
  to->sleep = from->sleep;
  meter_memory_copy(&to->memory, &from->memory);
  meter_faults_copy(&to->faults, &from->faults);
  pthread_mutex_unlock(&from->lock);
  meter_memory_count_serial(&to->memory, METER_FIRST_SERIAL, n);
}

void
meter_set_baud(struct meter *m, unsigned baud)
{
  pthread_mutex_lock(&m->lock);
  m->baud = baud;
  pthread_mutex_unlock(&m->lock);
}

void
meter_set_delay(struct meter *m, unsigned ms)
{
  pthread_mutex_lock(&m->lock);
  m->delay_ms = ms;
  pthread_mutex_unlock(&m->lock);
}

void
meter_set_deaf(struct meter *m, unsigned ms)
{
  pthread_mutex_lock(&m->lock);
  m->deaf_ms = ms;
  pthread_mutex_unlock(&m->lock);
}

void
meter_set_seed(struct meter *m, uint32_t seed)
{
  pthread_mutex_lock(&m->lock);
  m->faults.seed = seed;
  pthread_mutex_unlock(&m->lock);
}

int
meter_try_fault(struct meter *m, const char *text)
{
  int r;

  pthread_mutex_lock(&m->lock);
  r = meter_faults_add(&m->faults, text);
  pthread_mutex_unlock(&m->lock);
  return r;
}

void
meter_fault(struct meter *m, const char *text)
{
  if (meter_try_fault(m, text) < 0)
    meter_die(text, "no such fault");
}

void
meter_clear_faults(struct meter *m)
{
  pthread_mutex_lock(&m->lock);
  m->faults.count = 0;
  pthread_mutex_unlock(&m->lock);
}

int
meter_try_sleep(struct meter *m, const char *text)
{
  int r;

  pthread_mutex_lock(&m->lock);
  r = meter_sleep_set(&m->sleep, text, clock_mono_us());
  pthread_mutex_unlock(&m->lock);
  return r;
}

void
meter_sleep(struct meter *m, const char *text)
{
  if (meter_try_sleep(m, text) < 0)
    meter_die(text, "no such sleep model");
}

void
meter_press_key(struct meter *m)
{
  pthread_mutex_lock(&m->lock);
  meter_sleep_press(&m->sleep, clock_mono_us());
  pthread_mutex_unlock(&m->lock);
}

bool
meter_move_magnet(struct meter *m)
{
  bool away;

  pthread_mutex_lock(&m->lock);
  away = m->sleep.magnet_away = !m->sleep.magnet_away;
  pthread_mutex_unlock(&m->lock);
  return away;
}

void
meter_say(struct meter *m, const uint8_t *buf, size_t len)
{
  pthread_mutex_lock(&m->lock);
  if (m->fd >= 0 && write(m->fd, buf, len) == (ssize_t)len)
    m->bytes += len;
  pthread_mutex_unlock(&m->lock);
}

unsigned
meter_requests(struct meter *m)
{
  unsigned n;

  pthread_mutex_lock(&m->lock);
  n = m->requests;
  pthread_mutex_unlock(&m->lock);
  return n;
}

unsigned
meter_unheard(struct meter *m)
{
  unsigned n;

  pthread_mutex_lock(&m->lock);
  n = m->unheard;
  pthread_mutex_unlock(&m->lock);
  return n;
}

void
meter_forget(struct meter *m)
{
  pthread_mutex_lock(&m->lock);
  m->requests = 0;
  m->unheard = 0;
  m->bytes = 0;
  pthread_mutex_unlock(&m->lock);
}

size_t
meter_bytes(struct meter *m)
{
  size_t n;

  pthread_mutex_lock(&m->lock);
  n = m->bytes;
  pthread_mutex_unlock(&m->lock);
  return n;
}
