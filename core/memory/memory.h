/*
 * Memory for the core.  These functions do not fail: without memory they end
 * the process, see memory_out.  The state survives that, as it survives a kill
 * at any instant.
 *
 * The parts that others call (lib, plugins, the services of mp_host) do not use
 * them: they return MP_ENOMEM.
 */
#ifndef CORE_MEMORY_MEMORY_H
#define CORE_MEMORY_MEMORY_H

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include "lib/value.h"

/* Each returns memory that the caller frees with free(); never NULL. */

/* N zeroed items of SIZE bytes. */
void *memory_get(size_t n, size_t size) __attribute__((malloc));

/* Changes the room of ITEMS, which may be NULL, from N_BEFORE to N items of
 * SIZE bytes.  New items are zeroed. */
void *memory_resize(void *items, size_t n_before, size_t n, size_t size);

/* Makes room for one more item in the list *LIST of N items: ARRAY_GROW of
 * lib/array.h. */
#define MEMORY_GROW(list, n) memory_grow((list), (n), sizeof(**(list)))
void memory_grow(void *list, size_t n, size_t item_size);

/* Copies of TEXT, and of its first LEN bytes at most. */
char *memory_text(const char *text);
char *memory_text_of(const char *text, size_t len);

/* The text that printf(3) would print. */
char *memory_format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *memory_vformat(const char *fmt, va_list args)
  __attribute__((format(printf, 1, 0)));

/* A stream that writes to *TEXT, as open_memstream(3).  Close it with the
 * second function; *TEXT is complete after that. */
FILE *memory_open_text(char **text, size_t *len);
void memory_close_text(FILE *stream, char *const *text);

/* The functions of lib/value.h: value_copy, value_intern, value_decode and
 * value_import.  They fail only for the other reasons that are named there. */
void memory_copy_value(struct value *to, const struct value *from);
const char *memory_intern(const char *text);
bool memory_decode_value(struct value *v, const char *line);
const char *memory_import_value(struct value *to, const struct mp_value *from);

/* Returns P; ends the process if P is NULL.  For the result of a function that
 * only fails when out of memory. */
void *memory_have(void *p);

/* Returns R; ends the process if R is MP_ENOMEM. */
int memory_check(int r);

/* Ends the process with status 71 (EX_OSERR): writes one line on standard error
 * and calls _exit, because threads may be running.  Allocates nothing.  The
 * lock of the state ends with the process, and so do the commands of exec, each
 * of which has a guard process.  Any thread. */
_Noreturn void memory_out(void);

/* Sets the function that writes the line of memory_out.  It must not allocate.
 * Until then, the line is written to descriptor 2. */
void memory_set_writer(void (*write_line)(const char *line, size_t len));

#endif
