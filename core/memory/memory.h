/*
 * Memory of the core.  These functions always succeed: when there is no memory
 * left, the process ends.  The state survives a kill at any instant, and so it
 * survives this.
 *
 * The libraries, the plugins and the services that plugins call do not use
 * them: they return MP_ENOMEM.
 */
#ifndef CORE_MEMORY_MEMORY_H
#define CORE_MEMORY_MEMORY_H

#include <stddef.h>

/* Returns N items of SIZE bytes, filled with zeros; free them with free(). */
void *memory_get(size_t n, size_t size);

/* Changes the room of ITEMS, which may be NULL, from N_BEFORE to N items of
 * SIZE bytes.  New items are filled with zeros. */
void *memory_resize(void *items, size_t n_before, size_t n, size_t size);

/* Returns a copy of TEXT, or of its first LEN bytes. */
char *memory_text(const char *text);
char *memory_text_part(const char *text, size_t len);

/* Returns a formatted text. */
__attribute__((format(printf, 1, 2))) char *memory_format(const char *fmt, ...);

/* Ends the process with one line on standard error and status 71 (EX_OSERR).
 * Allocates nothing, and does not call exit(), because threads may run. */
_Noreturn void memory_out(void);

#endif
