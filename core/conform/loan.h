/*
 * Memory that the host lends to a callback of the plugin.  After the callback
 * has returned, the pages are protected: a plugin that kept a pointer and uses
 * it ends with a signal, and the report names the callback that kept it.
 */
#ifndef CORE_CONFORM_LOAN_H
#define CORE_CONFORM_LOAN_H

#include <stdbool.h>
#include <stddef.h>

struct loan {
  char *start;
  size_t size, used;
  bool is_plain; /* from calloc: it cannot be protected */
};

/* Reserves the addresses for all loans of this process.  If that fails, loans
 * are not protected. */
void loan_reserve(void);

/* Borrows SIZE zeroed bytes for CALLBACK, a string that is never freed. */
void loan_open(struct loan *loan, const char *callback, size_t size);

/* Copies SIZE bytes into the loan and returns the copy.  The loan must be large
 * enough: round each size up to LOAN_ALIGN. */
#define LOAN_ALIGN _Alignof(max_align_t)
void *loan_copy(struct loan *loan, const void *bytes, size_t size);
/* Copies TEXT, of less than LOAN_TEXT bytes; NULL for NULL. */
#define LOAN_TEXT 1024
char *loan_text(struct loan *loan, const char *text);

/* Takes the loan back.  A loan that is all zeros is allowed. */
void loan_close(struct loan *loan);

/* Returns the callback to which the bytes at ADDRESS were lent; NULL: they are
 * no loan.  Async-signal-safe. */
const char *loan_callback(const void *address);

#endif
