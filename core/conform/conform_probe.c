/* The checks of an input's probe. */
#include "core/conform/conform.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "core/memory/memory.h"
#include "lib/storable.h"

/* A field that the probe found. */
struct found {
  char *field, *number; /* number: "" if there is none */
};

struct probe {
  struct conform *c;
  bool watches; /* MP_PROBE_WATCH */
  struct found *found;
  size_t n_found;
};

/* ---- The sink ---- */

static const char *
fault_of_attempt(const struct mp_probe_item *item)
{
  const struct mp_value *value = item->value;

  if (item->field)
    return "an attempt with a field";
  if (value && (value->kind == MP_TEXT || value->number.exp10 != 0 ||
                value->number.coef < 0))
    return "an attempt whose value is not a round trip in whole milliseconds";
  return NULL;
}

static const char *
fault_of_finding(const struct mp_probe_item *item)
{
  if (item->field && !storable_field(item->field))
    return "a field whose name has characters other than a-z, 0-9, _ . and -, "
           "or is too long";
  if (!item->field && !item->label)
    return "an item with neither a field nor a label";
  return NULL;
}

/* Returns the fault of ITEM, or NULL. */
static const char *
fault_of_item(const struct probe *probe, const struct mp_probe_item *item)
{
  const char *fault;

  if (!item)
    return "NULL instead of an item";
  if (!MP_HAS(item, struct mp_probe_item, remark))
    return "an item whose struct_size is too small";
  if (!conform_is_clean(item->number) || !conform_is_clean(item->label) ||
      !conform_is_clean(item->remark))
    return "a text that is not one line of clean UTF-8";
  fault = item->value ? conform_value(item->value) : NULL;
  if (!fault)
    fault = probe->watches ? fault_of_attempt(item) : fault_of_finding(item);
  return fault;
}

static void
take_item(const struct mp_probe_sink *sink, const struct mp_probe_item *item)
{
  struct probe *probe = sink->ctx;
  const char *fault = fault_of_item(probe, item);

  if (fault)
    conform_fail(probe->c, "probe gave %s", fault);
  if (fault || !item->field)
    return;
  MEMORY_GROW(&probe->found, probe->n_found);
  probe->found[probe->n_found++] = (struct found){
    .field = memory_text(item->field),
    .number = memory_text(item->number ? item->number : ""),
  };
}

static void
take_progress(const struct mp_probe_sink *sink, uint32_t done, uint32_t total)
{
  struct probe *probe = sink->ctx;

  if (done > total)
    conform_fail(probe->c, "probe gave the progress %u of %u", (unsigned)done,
                 (unsigned)total);
}

/* ---- Calls ---- */

static void
call_probe(struct probe *probe, void *self)
{
  const struct mp_probe_sink sink = { .struct_size = sizeof(sink),
                                      .ctx = probe,
                                      .item = take_item,
                                      .progress = take_progress };
  const struct mp_input_ops *ops = &probe->c->plugin->input;
  const struct mp_probe_sink *lent;
  struct loan loan;
  int r;

  loan_open(&loan, "probe", sizeof(sink));
  lent = loan_copy(&loan, &sink, sizeof(sink));
  conform_begin(probe->c, "probe");
  r = ops->probe(self, probe->watches ? MP_PROBE_WATCH : 0, lent);
  conform_end(probe->c, r, conform_ok);
  loan_close(&loan);
}

void
conform_probe(struct conform *c, void *self)
{
  struct probe probe = { .c = c };

  call_probe(&probe, self);
  for (size_t i = 0; i < probe.n_found; i++) {
    conform_named_field(c, "probe", probe.found[i].field,
                        probe.found[i].number);
    free(probe.found[i].field);
    free(probe.found[i].number);
  }
  free(probe.found);
}

static void *
cancel_later(void *arg)
{
  const struct timespec wait = { .tv_nsec = CONFORM_WATCH_MS * 1000000L };

  nanosleep(&wait, NULL);
  fake_host_cancel(arg);
  return NULL;
}

void
conform_watch(struct conform *c, struct conform_host *h, void *self)
{
  struct probe probe = { .c = c, .watches = true };
  pthread_t thread;

  if (pthread_create(&thread, NULL, cancel_later, h->fake) != 0)
    return;
  call_probe(&probe, self);
  pthread_join(thread, NULL);
}
