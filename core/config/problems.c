/*
 * The list of problems is kept sorted as it grows, so that printing need not
 * sort it.  Problems mostly come in the order of their lines anyway.
 */
#include "core/config/problems.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory/memory.h"
#include "core/run/hidden.h"
#include "core/run/log.h"
#include "lib/utf8.h"

struct problem {
  char *file, *text;
  unsigned file_rank; /* files count from 0 in the order they were named */
  unsigned line;
  bool is_error;
};

void
problems_init(struct problems *problems)
{
  memset(problems, 0, sizeof(*problems));
}

void
problems_free(struct problems *problems)
{
  for (size_t i = 0; i < problems->n; i++) {
    free(problems->list[i].file);
    free(problems->list[i].text);
  }
  free(problems->list);
  problems_init(problems);
}

size_t
problems_errors(const struct problems *problems)
{
  return problems->n_errors;
}

static unsigned
rank_of_file(const struct problems *problems, const char *file)
{
  unsigned next = 0;

  for (size_t i = 0; i < problems->n; i++) {
    if (strcmp(problems->list[i].file, file) == 0)
      return problems->list[i].file_rank;
    if (problems->list[i].file_rank >= next)
      next = problems->list[i].file_rank + 1;
  }
  return next;
}

/* Inserts P after all problems of the same line or an earlier one. */
static void
insert_sorted(struct problems *problems, const struct problem *p)
{
  struct problem *list = problems->list;
  size_t i = problems->n;

  while (i > 0 && (list[i - 1].file_rank > p->file_rank ||
                   (list[i - 1].file_rank == p->file_rank &&
                    list[i - 1].line > p->line)))
    i--;
  memmove(&list[i + 1], &list[i], (problems->n - i) * sizeof(*list));
  list[i] = *p;
  problems->n++;
}

MP_PRINTF(5, 0)
static void
problems_add_va(struct problems *problems, bool is_error, const char *file,
                unsigned line, const char *fmt, va_list args)
{
  struct problem p = { .line = line, .is_error = is_error };

  problems->n_errors += is_error;
  if (problems->n >= PROBLEMS_MAX) {
    problems->n_lost++;
    return;
  }
  MEMORY_GROW(&problems->list, problems->n);
  p.file_rank = rank_of_file(problems, file);
  p.file = memory_text(file);
  p.text = memory_vformat(fmt, args);
  hidden_make(p.text);
  insert_sorted(problems, &p);
}

void
problems_add(struct problems *problems, const char *file, unsigned line,
             const char *fmt, ...)
{
  va_list args;

  va_start(args, fmt);
  problems_add_va(problems, true, file, line, fmt, args);
  va_end(args);
}

void
problems_warn(struct problems *problems, const char *file, unsigned line,
              const char *fmt, ...)
{
  va_list args;

  va_start(args, fmt);
  problems_add_va(problems, false, file, line, fmt, args);
  va_end(args);
}

void
problems_print(const struct problems *problems, FILE *out)
{
  for (size_t i = 0; i < problems->n; i++) {
    struct problem *p = &problems->list[i];

    utf8_make_plain(p->file);
    utf8_make_plain(p->text);
    fputs(p->file, out);
    if (p->line > 0)
      fprintf(out, ":%u", p->line);
    fprintf(out, ": %s%s\n", p->is_error ? "" : "warning: ", p->text);
  }
  if (problems->n_lost > 0)
    fprintf(out, "and %zu more problems\n", problems->n_lost);
}

void
problems_report(const struct problems *problems)
{
  char *text = NULL;
  size_t size = 0;
  FILE *out = memory_open_text(&text, &size);

  problems_print(problems, out);
  memory_close_text(out, &text);
  log_text(text);
  free(text);
}
