/* What is checked around every call into the plugin. */
#include "core/conform/conform.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/memory/memory.h"
#include "lib/clock.h"
#include "lib/utf8.h"
#include "lib/value.h"

const int conform_ok[] = { MP_OK, -1 };

void
conform_begin(struct conform *c, const char *callback)
{
  c->explained = atomic_load(&c->n_explained);
  c->begun_ms = clock_mono_ms();
  c->report->callback = callback;
}

bool
conform_explained(const struct conform *c)
{
  return atomic_load(&c->n_explained) != c->explained;
}

static bool
is_one_of(int r, const int *outcomes)
{
  while (*outcomes >= 0 && *outcomes != r)
    outcomes++;
  return *outcomes == r;
}

static void
check_result(struct conform *c, int r, const int *outcomes)
{
  const char *callback = c->report->callback;

  if (r >= 0 && is_one_of(r, outcomes))
    return;
  if (r >= 0 || r < MP_ECANCELED)
    conform_fail(c, "%s returned %d, which it may not return", callback, r);
  else if (r != MP_ECANCELED && !conform_explained(c))
    conform_fail(c, "%s returned %d and did not say why: use mp_fail", callback,
                 r);
}

/* A callback that began after the deadline is measured from its beginning. */
static void
check_time(struct conform *c)
{
  int64_t due = c->begun_ms > c->deadline_ms ? c->begun_ms : c->deadline_ms;

  if (c->deadline_ms && clock_mono_ms() - due > CONFORM_PATIENCE_MS)
    conform_fail(c,
                 "%s took more than %d ms after its deadline: wait no longer "
                 "than time_left, and poll cancel_fd",
                 c->report->callback, CONFORM_PATIENCE_MS);
}

/* Copies the first line of the text in FD to BUF. */
static void
read_first_line(int fd, char *buf, size_t size)
{
  ssize_t n = pread(fd, buf, size - 1, 0);

  buf[n > 0 ? n : 0] = '\0';
  buf[strcspn(buf, "\n")] = '\0';
}

static void
check_printed(struct conform *c, int i)
{
  static const char *const names[] = { "standard output", "standard error" };
  struct stat st;
  char line[64];

  if (fstat(c->printed[i], &st) != 0 || st.st_size == 0)
    return;
  read_first_line(c->printed[i], line, sizeof(line));
  conform_fail(c, "%s printed \"%s\" to %s: use mp_log or mp_fail instead",
               c->report->callback, line, names[i]);
  (void)!ftruncate(c->printed[i], 0);
  (void)lseek(c->printed[i], 0, SEEK_SET);
}

static bool
may_print(const struct conform *c)
{
  return c->plugin && c->plugin->kind == PLUGIN_OUTPUT &&
         (c->plugin->output.flags & MP_OUTPUT_SHOWS);
}

static void
check_manners(struct conform *c)
{
  const char *changed = manners_changed(&c->manners);

  if (!changed)
    return;
  conform_fail(c, "%s %s", c->report->callback, changed);
  manners_note(&c->manners);
}

static void
take_loans_back(struct conform *c)
{
  while (c->n_loans > 0)
    loan_close(&c->loans[--c->n_loans]);
}

int
conform_end(struct conform *c, int r, const int *outcomes)
{
  check_result(c, r, outcomes);
  check_time(c);
  check_manners(c);
  fflush(stdout);
  if (!may_print(c))
    check_printed(c, 0);
  check_printed(c, 1);
  take_loans_back(c);
  c->report->last = c->report->callback;
  c->report->callback = NULL;
  return r;
}

const char *
conform_value(const struct mp_value *value)
{
  struct value taken = { 0 };
  const char *wrong = memory_import_value(&taken, value);

  value_clear(&taken);
  return wrong;
}

bool
conform_is_clean(const char *text)
{
  return !text || utf8_is_plain(text);
}

struct mp_value *
conform_put_value(struct loan *loan, const struct mp_value *value)
{
  struct mp_value *copy = loan_copy(loan, value, sizeof(*value));

  copy->unit = loan_text(loan, value->unit);
  copy->serial = loan_text(loan, value->serial);
  copy->text = loan_text(loan, value->text);
  return copy;
}

struct mp_value *
conform_lend_value(struct loan *loan, const char *callback,
                   const struct mp_value *value)
{
  loan_open(loan, callback, CONFORM_VALUE);
  return conform_put_value(loan, value);
}

struct loan *
conform_lend(struct conform *c, size_t size)
{
  const char *callback = c->report->callback;
  struct loan *loan;

  MEMORY_GROW(&c->loans, c->n_loans);
  loan = &c->loans[c->n_loans++];
  loan_open(loan, callback ? callback : "a thread of it", size);
  return loan;
}
