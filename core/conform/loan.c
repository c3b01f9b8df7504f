/* Memory that is protected once the callback that borrowed it has returned. */
#include "core/conform/loan.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/memory/memory.h"

/* A loan gets pages of its own, and no page is lent twice.  A check lends some
 * ten thousand pages. */
#if UINTPTR_MAX > UINT32_MAX
#define PAGES 262144
#else
#define PAGES 32768
#endif

static char *reserve;
static size_t page, used;
static const char *callbacks[PAGES];

void
loan_reserve(void)
{
  page = (size_t)sysconf(_SC_PAGESIZE);
  reserve = mmap(NULL, PAGES * page, PROT_NONE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (reserve == MAP_FAILED)
    reserve = NULL;
}

/* Returns SIZE bytes of the reserve; NULL: it is used up. */
static char *
take_pages(size_t size, const char *callback)
{
  size_t n = (size + page - 1) / page;
  char *start;

  if (!reserve || n > PAGES - used)
    return NULL;
  start = reserve + used * page;
  if (mprotect(start, n * page, PROT_READ | PROT_WRITE) != 0)
    return NULL;
  for (size_t i = 0; i < n; i++)
    callbacks[used++] = callback;
  return start;
}

void
loan_open(struct loan *loan, const char *callback, size_t size)
{
  *loan = (struct loan){ .size = size };
  loan->start = take_pages(size, callback);
  if (loan->start)
    return;
  loan->start = memory_get(1, size);
  loan->is_plain = true;
}

void *
loan_copy(struct loan *loan, const void *bytes, size_t size)
{
  char *copy = loan->start + loan->used;

  if (size > loan->size - loan->used)
    abort();
  memcpy(copy, bytes, size);
  size = (size + LOAN_ALIGN - 1) / LOAN_ALIGN * LOAN_ALIGN;
  loan->used += size < loan->size - loan->used ? size : loan->size - loan->used;
  return copy;
}

char *
loan_text(struct loan *loan, const char *text)
{
  return text ? loan_copy(loan, text, strlen(text) + 1) : NULL;
}

/* Maps the pages again: this protects them and gives their memory back. */
void
loan_close(struct loan *loan)
{
  size_t n = (loan->size + page - 1) / page;
  void *again = loan->start;

  if (loan->is_plain)
    free(loan->start);
  else if (loan->start)
    again =
      mmap(loan->start, n * page, PROT_NONE,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  if (again == MAP_FAILED)
    abort(); /* such pages were mapped before: there is room for them */
  *loan = (struct loan){ 0 };
}

const char *
loan_callback(const void *address)
{
  uintptr_t offset = (uintptr_t)address - (uintptr_t)reserve;

  return reserve && offset / page < PAGES ? callbacks[offset / page] : NULL;
}
