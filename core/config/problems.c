/*
 * The list of problems is kept sorted as it grows, so that printing need not
 * sort it.  Problems mostly come in the order of their lines anyway.
 */
#include "core/config/problems.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/config/fleet.h"
#include "core/memory/memory.h"
#include "core/run/hidden.h"
#include "core/run/log.h"
#include "lib/utf8.h"

struct problem {
  char *file, *text;
  unsigned file_rank; /* files count from 0 in the order they were named */
  unsigned line;
  bool is_error;
  char *list;        /* the list that the line is repeated for, or NULL */
  unsigned row_line; /* of the list */
  size_t n_rows;     /* more rows with the same problem */
  size_t n_others;   /* more problems of this line, in other rows */
};

static void
problem_clear(struct problem *p)
{
  free(p->file);
  free(p->text);
  free(p->list);
}

void
problems_init(struct problems *problems)
{
  memset(problems, 0, sizeof(*problems));
}

void
problems_free(struct problems *problems)
{
  for (size_t i = 0; i < problems->n; i++)
    problem_clear(&problems->list[i]);
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

/* Returns whether A belongs after B. */
static bool
is_after(const struct problem *a, const struct problem *b)
{
  if (a->file_rank != b->file_rank)
    return a->file_rank > b->file_rank;
  if (a->line != b->line)
    return a->line > b->line;
  return a->row_line > b->row_line;
}

/* Inserts P after all problems of the same line or an earlier one. */
static void
insert_sorted(struct problems *problems, const struct problem *p)
{
  struct problem *list = problems->list;
  size_t i = problems->n;

  while (i > 0 && is_after(&list[i - 1], p))
    i--;
  memmove(&list[i + 1], &list[i], (problems->n - i) * sizeof(*list));
  list[i] = *p;
  problems->n++;
}

/* Sets the place of P, whose file is set. */
static void
set_place(const struct problems *problems, struct problem *p, unsigned line)
{
  const struct fleet *fleet = problems->fleet;
  const struct fleet_row *row = NULL;

  p->line = line;
  if (fleet && strcmp(fleet->path, p->file) == 0)
    p->line = fleet_place(fleet, line, &row);
  if (!row)
    return;
  p->list = memory_text(fleet->list.path);
  p->row_line = row->line;
}

/* Counts P with the problems of the same line in other rows.  False: it must be
 * kept. */
static bool
join_rows(struct problems *problems, const struct problem *p)
{
  struct problem *last = NULL;
  size_t n = 0;

  for (size_t i = 0; p->list && i < problems->n; i++) {
    struct problem *other = &problems->list[i];

    if (other->file_rank != p->file_rank || other->line != p->line ||
        !other->list || other->is_error != p->is_error)
      continue;
    last = other;
    n++;
    if (strcmp(other->text, p->text) != 0)
      continue;
    other->n_rows++;
    return true;
  }
  if (n < PROBLEMS_PER_LINE)
    return false;
  last->n_others++;
  return true;
}

MP_PRINTF(5, 0)
static void
problems_add_va(struct problems *problems, bool is_error, const char *file,
                unsigned line, const char *fmt, va_list args)
{
  struct problem p = { .is_error = is_error };

  problems->n_errors += is_error;
  p.file_rank = rank_of_file(problems, file);
  p.file = memory_text(file);
  p.text = memory_vformat(fmt, args);
  set_place(problems, &p, line);
  hidden_make(p.text);
  if (join_rows(problems, &p)) {
    problem_clear(&p);
  } else if (problems->n >= PROBLEMS_MAX) {
    problems->n_lost++;
    problem_clear(&p);
  } else {
    MEMORY_GROW(&problems->list, problems->n);
    insert_sorted(problems, &p);
  }
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

static void
print_place(const struct problem *p, FILE *out)
{
  fputs(p->file, out);
  if (p->line > 0)
    fprintf(out, ":%u", p->line);
  if (p->list && p->n_rows > 0)
    fprintf(out, " (%s:%u and %zu more row%s)", p->list, p->row_line, p->n_rows,
            p->n_rows == 1 ? "" : "s");
  else if (p->list)
    fprintf(out, " (%s:%u)", p->list, p->row_line);
}

static void
print_problem(const struct problem *p, FILE *out)
{
  const char *warning = p->is_error ? "" : "warning: ";

  print_place(p, out);
  fprintf(out, ": %s%s\n", warning, p->text);
  if (p->n_others > 0)
    fprintf(out, "%s:%u (%s): %sand %zu more in other rows\n", p->file, p->line,
            p->list, warning, p->n_others);
}

void
problems_print(const struct problems *problems, FILE *out)
{
  for (size_t i = 0; i < problems->n; i++) {
    struct problem *p = &problems->list[i];

    utf8_make_plain(p->file);
    utf8_make_plain(p->text);
    if (p->list)
      utf8_make_plain(p->list);
    print_problem(p, out);
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
