/*
 * Rows set aside: rows of history outputs that the other side will never take
 * (MP_SET_ASIDE).  They are in the state, but not in the queue, so they do not
 * hold up later rows.  A row keeps its id and its text: sent again, it is the
 * same record.
 */
#ifndef CORE_CYCLE_SET_ASIDE_H
#define CORE_CYCLE_SET_ASIDE_H

#include "core/store/store.h"

/* The object of failures about these rows. */
#define SET_ASIDE_OBJECT "set aside"

struct row_aside {
  const char *output;
  int64_t id;       /* of the row, as in the queue */
  int64_t since_ms; /* when it was set aside */
  char *reason;     /* in the words of the plugin; "": not known */
  const char *body; /* of the row */
};

/* Rows set aside, by output and then by id: the oldest first.  The texts belong
 * to the store: those of a row are valid until the row is taken off the
 * list. */
struct rows_aside {
  struct row_aside *rows;
  size_t n;
};

/* Lists the rows of OUTPUT; NULL: of all outputs, also of those that the
 * pipeline file no longer has.  Call set_aside_free afterwards. */
void set_aside_list(struct store *store, const char *output,
                    struct rows_aside *ret);
void set_aside_free(struct rows_aside *list);

size_t set_aside_count(struct store *store, const char *output);

/* Moves row ID of OUTPUT from the queue to the list.  REASON may be NULL. */
void set_aside_row(struct store *store, const char *output, int64_t id,
                   int64_t now_ms, const char *reason);

/* Takes the oldest rows of OUTPUT beyond MOST off the list.  Returns the number
 * of all rows that were dropped since set_aside_retry, if this call dropped
 * one; else 0. */
long long set_aside_bound(struct store *store, const char *output, size_t most);

/* Moves all rows of OUTPUT back into its queue: before the rows that were read
 * later.  Returns their number. */
size_t set_aside_retry(struct store *store, const char *output);

/* Deletes all rows of OUTPUT from the list. */
void set_aside_discard(struct store *store, const char *output);

#endif
