/* Notices that an older copy of the state was put back. */
#include "core/cycle/older_state.h"

#include "core/cycle/book_state.h"
#include "core/cycle/output_turns.h"
#include "core/cycle/queue_row.h"
#include "core/cycle/settle.h"
#include "core/run/log.h"
#include "lib/clock.h"

bool
older_state_is_noticed(const struct cycle *c, const struct stage *output)
{
  return (output->plugin->output.flags & MP_OUTPUT_TELLS_TIME) &&
         c->run->store && book_last_row(c, output) > 0;
}

/* Removes the rows up to NEWEST_MS from the queue.  Returns their number. */
static size_t
drop_rows(struct cycle *c, const struct stage *output, int64_t newest_ms)
{
  struct store *store = c->run->store;
  const struct store_row *stored = store_row_next(store, output->name, 0);
  size_t dropped = 0;
  struct queue_row row;

  for (; stored; stored = store_row_next(store, output->name, stored->id)) {
    if (!queue_row_decode(&row, stored->body))
      continue;
    if (row.time_ms / 1000 <= newest_ms / 1000) {
      store_row_remove(store, stored->id);
      dropped++;
    }
    queue_row_clear(&row);
  }
  return dropped;
}

void
older_state_adopt_rows(struct cycle *c)
{
  FOR_EACH_OUTPUT(c, output)
  {
    int64_t newest;

    if (!is_queued(output) || !older_state_is_noticed(c, output))
      continue;
    newest = settle_unknown_row(&c->d, output, book_last_row(c, output),
                                clock_now_ms());
    if (newest)
      log_line(MP_LOG_NOTICE, output->name, NULL,
               "has rows that the state does not know, probably because an "
               "older copy of the state was restored: its last row is now the "
               "last known value%s",
               drop_rows(c, output, newest) > 0
                 ? ", and rows that it has already are not written again"
                 : "");
  }
}
