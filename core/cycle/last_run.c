/* The run before this one, and what the next one finds of this. */
#include "core/cycle/last_run.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/cycle/output_turns.h"
#include "core/run/log.h"
#include "core/run/run_note.h"
#include "lib/clock.h"
#include "lib/rfc3339.h"

static void
report_unfinished(const struct run_note *note)
{
  char when[RFC3339_SIZE];

  rfc3339_format(NULL, note->begun_ms, when);
  if (*note->output)
    log_line(MP_LOG_NOTICE, note->output, NULL,
             "the run that began at %s did not finish: it was in this output "
             "(%s), which is now served last",
             when, note->call);
  else
    log_line(MP_LOG_NOTICE, NULL, NULL,
             "the run that began at %s did not finish", when);
}

void
last_run_begin_note(struct cycle *c)
{
  struct run_note note = { .output = "" };
  bool durable = !c->dry && store_is_durable(c->run->store);

  if (durable && run_note_read(c->run->store, &note))
    report_unfinished(&note);
  turns_order(c, note.output);
  if (durable)
    run_note_begin(c->run, clock_now_ms());
}

void
last_run_keep(struct cycle *c, int64_t begun)
{
  char body[96];

  snprintf(body, sizeof(body), "%" PRId64 " %" PRId64 " %d", begun,
           clock_now_ms(), report_status(c->run->report));
  store_put(c->run->store, STORE_RUN, "", "last", body);
}
