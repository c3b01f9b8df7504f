/*
 * The functions with which a test controls the devices of the stand-in.
 */
#include "tests/support/domoticz_impl.h"

#include <stdio.h>

static struct domoticz_device *
must_find(struct domoticz_server *s, unsigned idx)
{
  struct domoticz_device *d = domoticz_find(s, idx);

  if (!d)
    domoticz_die("there is no device %u", idx);
  return d;
}

void
domoticz_server_add(struct domoticz_server *s, unsigned idx, const char *type,
                    const char *label)
{
  const struct domoticz_type *t = domoticz_type_find(type);
  char name[64];

  if (!t || idx == 0)
    domoticz_die("there is no type %s, or no idx %u", type, idx);
  snprintf(name, sizeof(name), "Device %u", idx);
  pthread_mutex_lock(&s->lock);
  if (domoticz_find(s, idx))
    domoticz_die("there is a device %u already", idx);
  domoticz_make(s, idx, t, label, name);
  pthread_mutex_unlock(&s->lock);
}

void
domoticz_server_delete(struct domoticz_server *s, unsigned idx)
{
  pthread_mutex_lock(&s->lock);
  domoticz_remove(s, idx);
  pthread_mutex_unlock(&s->lock);
}

void
domoticz_server_set(struct domoticz_server *s, unsigned idx, const char *text)
{
  struct domoticz_device *d;

  pthread_mutex_lock(&s->lock);
  d = must_find(s, idx);
  domoticz_state_copy(&d->before, &d->now);
  domoticz_replace(&d->now.text, text);
  d->now.updated = domoticz_clock(s);
  pthread_mutex_unlock(&s->lock);
}

const char *
domoticz_server_get(struct domoticz_server *s, unsigned idx)
{
  const char *text;

  pthread_mutex_lock(&s->lock);
  text = domoticz_keep(s, must_find(s, idx)->now.text);
  pthread_mutex_unlock(&s->lock);
  return text;
}

const char *
domoticz_server_data(struct domoticz_server *s, unsigned idx)
{
  const char *text;
  char data[1024];

  pthread_mutex_lock(&s->lock);
  domoticz_show(s, must_find(s, idx), data, sizeof(data));
  text = domoticz_keep(s, data);
  pthread_mutex_unlock(&s->lock);
  return text;
}

const char *
domoticz_server_updated(struct domoticz_server *s, unsigned idx)
{
  const char *text;
  char updated[64];

  pthread_mutex_lock(&s->lock);
  domoticz_time(must_find(s, idx)->now.updated, updated, sizeof(updated));
  text = domoticz_keep(s, updated);
  pthread_mutex_unlock(&s->lock);
  return text;
}

unsigned
domoticz_server_writes(struct domoticz_server *s, unsigned idx)
{
  unsigned writes;

  pthread_mutex_lock(&s->lock);
  writes = must_find(s, idx)->writes;
  pthread_mutex_unlock(&s->lock);
  return writes;
}

void
domoticz_server_set_offset(struct domoticz_server *s, unsigned idx,
                           double offset)
{
  pthread_mutex_lock(&s->lock);
  must_find(s, idx)->offset = offset;
  pthread_mutex_unlock(&s->lock);
}

void
domoticz_server_set_divider(struct domoticz_server *s, unsigned idx,
                            double divider)
{
  pthread_mutex_lock(&s->lock);
  must_find(s, idx)->divider = divider;
  pthread_mutex_unlock(&s->lock);
}

void
domoticz_server_set_name(struct domoticz_server *s, unsigned idx,
                         const char *name)
{
  pthread_mutex_lock(&s->lock);
  domoticz_replace(&must_find(s, idx)->name, name);
  pthread_mutex_unlock(&s->lock);
}

void
domoticz_server_hide(struct domoticz_server *s, unsigned idx, bool hidden)
{
  pthread_mutex_lock(&s->lock);
  must_find(s, idx)->hidden = hidden;
  pthread_mutex_unlock(&s->lock);
}

void
domoticz_server_disable(struct domoticz_server *s, unsigned idx, bool disabled)
{
  pthread_mutex_lock(&s->lock);
  must_find(s, idx)->disabled = disabled;
  pthread_mutex_unlock(&s->lock);
}

void
domoticz_server_set_used(struct domoticz_server *s, unsigned idx, bool used)
{
  pthread_mutex_lock(&s->lock);
  must_find(s, idx)->used = used;
  pthread_mutex_unlock(&s->lock);
}

void
domoticz_server_refuse(struct domoticz_server *s, unsigned idx, int status)
{
  pthread_mutex_lock(&s->lock);
  must_find(s, idx)->refuse = status;
  pthread_mutex_unlock(&s->lock);
}
