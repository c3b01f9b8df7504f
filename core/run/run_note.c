/* The note beside the state: a record of fixed size, so that one write replaces
 * it. */
#include "core/run/run_note.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MAGIC "meterpipe-note-1"
#define SUM_LEN 9 /* eight digits and the line end */

/* No output is being called.  No section can have this name. */
#define NOWHERE "-"

/* FNV-1a, 32 bits: detects a partly written record. */
static uint32_t
checksum(const char *text, size_t len)
{
  uint32_t sum = 2166136261u;

  for (size_t i = 0; i < len; i++)
    sum = (sum ^ (unsigned char)text[i]) * 16777619u;
  return sum;
}

static void
write_note(const struct run *run, const char *state, const char *output,
           const char *what)
{
  char record[STORE_NOTE_SIZE + 1];
  const size_t body = STORE_NOTE_SIZE - SUM_LEN;
  int n =
    snprintf(record, body + 1, MAGIC " %s %" PRId64 " %.*s %.*s", state,
             run->begun_ms, RUN_NOTE_NAME - 1, output, RUN_NOTE_NAME - 1, what);

  if (n < 0 || (size_t)n > body)
    return;
  memset(record + n, ' ', body - (size_t)n);
  snprintf(record + body, SUM_LEN + 1, "%08" PRIx32 "\n",
           checksum(record, body));
  store_note_write(run->store, record);
}

bool
run_note_read(struct store *store, struct run_note *ret)
{
  char record[STORE_NOTE_SIZE + 1], sum[SUM_LEN + 1];
  const size_t body = STORE_NOTE_SIZE - SUM_LEN;

  if (!store_note_read(store, record))
    return false;
  snprintf(sum, sizeof(sum), "%08" PRIx32 "\n", checksum(record, body));
  record[STORE_NOTE_SIZE] = '\0';
  if (strcmp(record + body, sum) != 0 ||
      sscanf(record, MAGIC " running %" SCNd64 " %63s %63s", &ret->begun_ms,
             ret->output, ret->call) != 3)
    return false;
  if (strcmp(ret->output, NOWHERE) == 0)
    *ret->output = *ret->call = '\0';
  return true;
}

void
run_note_begin(struct run *run, int64_t begun_ms)
{
  run->begun_ms = begun_ms;
  run->noted = NULL;
  write_note(run, "running", NOWHERE, NOWHERE);
}

/* These callbacks are called for each record and value: only the first of
 * several equal calls is noted. */
static bool
is_frequent(const char *what)
{
  return strcmp(what, "write") == 0 || strcmp(what, "begin") == 0;
}

void
run_note_call(struct run *run, const char *output, const char *what)
{
  if (!run->begun_ms || (run->noted == output && run->noted_call == what))
    return;
  run->noted = output;
  run->noted_call = what;
  write_note(run, "running", output, what);
}

void
run_note_return(struct run *run, const char *what)
{
  if (!run->begun_ms || is_frequent(what))
    return;
  run->noted = NULL;
  write_note(run, "running", NOWHERE, NOWHERE);
}

void
run_note_end(struct run *run)
{
  if (run->begun_ms)
    write_note(run, "ended", NOWHERE, NOWHERE);
  run->begun_ms = 0;
}
