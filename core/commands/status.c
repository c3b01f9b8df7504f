/* Reads the last run, the outages and the queues from the state. */
#include "core/commands/status.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/cycle/queue_row.h"
#include "core/cycle/set_aside.h"
#include "core/memory/memory.h"
#include "core/pipeline/call.h"
#include "lib/array.h"
#include "lib/clock.h"
#include "lib/utf8.h"

const char *
status_words(int result)
{
  static const struct {
    int status;
    const char *words;
  } all[] = {
    { EX_OK, "all read and delivered" },
    { EX_DATAERR, "damaged or implausible data, or registers that the meter "
                  "does not have" },
    { EX_NOINPUT, "no such input file" },
    { EX_UNAVAILABLE, "an output refuses" },
    { EX_SOFTWARE, "internal error" },
    { EX_OSERR, "the system refuses memory or another basic resource" },
    { EX_CANTCREAT, "cannot create a file" },
    { EX_IOERR, "input/output error" },
    { EX_TEMPFAIL, "try again later: an output cannot be reached, or the port "
                   "is in use" },
    { EX_PROTOCOL, "the meter does not answer, or answers garbage" },
    { EX_NOPERM, "no permission" },
    { EX_CONFIG, "configuration" },
  };

  for (size_t i = 0; i < ARRAY_SIZE(all); i++)
    if (all[i].status == result)
      return all[i].words;
  return "unknown";
}

/* ---- Outages ------------------------------------------------------------- */

/* Decodes a failure in the state (core/run/report.c): NAME is "OBJECT<tab>CODE
 * REASON", where REASON has no numbers; BODY is "SINCE TOLD TEXT". */
static void
outage_decode(struct outage *outage, const char *stage, const char *name,
              const char *body)
{
  size_t object_len = strcspn(name, "\t");
  int64_t reported;
  int used = 0;

  memset(outage, 0, sizeof(*outage));
  if (sscanf(body, "%" SCNd64 " %" SCNd64 "%n", &outage->since, &reported,
             &used) < 2)
    used = (int)strlen(body);
  outage->stage = memory_text(stage);
  outage->object = memory_text_of(name, object_len);
  outage->reason = memory_text(body + used + (body[used] == ' '));
}

static void
take_failure(void *ctx, const char *stage, const char *name, const char *body)
{
  struct status *status = ctx;

  MEMORY_GROW(&status->outages, status->n_outages);
  outage_decode(&status->outages[status->n_outages++], stage, name, body);
}

static int
by_age(const void *a, const void *b)
{
  const struct outage *x = a, *y = b;

  if (x->since != y->since)
    return x->since < y->since ? -1 : 1;
  return strcmp(x->stage, y->stage) ? strcmp(x->stage, y->stage)
                                    : strcmp(x->object, y->object);
}

/* ---- The status ---------------------------------------------------------- */

void
status_read(struct status *status, const struct cycle *cycle)
{
  struct store *store = cycle->run->store;
  const char *last;

  memset(status, 0, sizeof(*status));
  status->cycle = cycle;
  status->now = clock_now_ms();
  if (!store)
    return;
  status->state_path = store_path(store);
  status->written = access(status->state_path, F_OK) == 0;
  last = store_get(store, STORE_RUN, "", "last");
  status->has_run =
    last && sscanf(last, "%" SCNd64 " %" SCNd64 " %d", &status->begun,
                   &status->ended, &status->result) == 3;
  status->is_unfinished = run_note_read(store, &status->unfinished);
  status->in_progress = status->is_unfinished && store_is_locked(store);
  store_each(store, STORE_FAILURE, take_failure, status);
  if (status->n_outages > 0)
    qsort(status->outages, status->n_outages, sizeof(*status->outages), by_age);
}

void
status_free(struct status *status)
{
  for (size_t i = 0; i < status->n_outages; i++) {
    struct outage *outage = &status->outages[i];

    free(outage->stage);
    free(outage->object);
    free(outage->reason);
  }
  free(status->outages);
}

bool
status_has_values(const struct target *t)
{
  return target_is_kept(t) && delivery(t->stage) != MP_LIVE;
}

const struct value *
status_last_value(const struct ledger *ledger)
{
  static const struct value none;

  return ledger_has_unwritten_zero(ledger) && !ledger->acknowledged.time_ms
           ? &none
           : &ledger->acknowledged;
}

const char *
status_device(const struct status *status, const struct stage *input,
              char buf[STATUS_DEVICE])
{
  struct instance *instance = instance_of(status->cycle, input);
  struct call call;

  if (!input->plugin->input.status)
    return NULL;
  call = call_begin(instance, "status");
  if (call_end(&call,
               input->plugin->input.status(instance->self, buf, STATUS_DEVICE),
               CALL_ALLOWS(MP_DROP)) != MP_OK)
    return NULL;
  buf[STATUS_DEVICE - 1] = '\0'; /* a faulty plugin may have filled it */
  utf8_make_plain(buf);
  return buf;
}

size_t
status_queue(const struct cycle *c, const struct stage *output,
             int64_t *ret_since)
{
  const struct store *store = c->run->store;
  const struct store_row *stored =
    store ? store_row_next(store, output->name, 0) : NULL;
  struct queue_row row;

  if (!stored)
    return 0;
  *ret_since = 0;
  if (queue_row_decode(&row, stored->body)) {
    *ret_since = row.time_ms;
    queue_row_clear(&row);
  }
  return store_row_count(store, output->name);
}

size_t
status_set_aside(const struct cycle *c, const struct stage *output,
                 int64_t *ret_since)
{
  struct rows_aside list;
  size_t n;

  if (!c->run->store)
    return 0;
  set_aside_list(c->run->store, output->name, &list);
  n = list.n;
  for (size_t i = 0; i < n; i++)
    if (i == 0 || list.rows[i].since_ms < *ret_since)
      *ret_since = list.rows[i].since_ms;
  set_aside_free(&list);
  return n;
}
