/* Arrays, and lists that grow by one item. */
#ifndef LIB_ARRAY_H
#define LIB_ARRAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Number of elements of ARRAY, which must not be a pointer. */
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* Makes room for one more item in the list *LIST, which has N items.  A list
 * begins as NULL, is freed with free(), and grows by nothing else: its room is
 * N rounded up to a power of two.  Returns false if out of memory; *LIST is
 * then unchanged. */
#define ARRAY_GROW(list, n) array_grow((list), (n), sizeof(**(list)))

/* The same for items of ITEM_SIZE bytes.  LIST is the address of a pointer. */
static inline bool
array_grow(void *list, size_t n, size_t item_size)
{
  void *items;

  if (n & (n - 1))
    return true;
  if (n > SIZE_MAX / 2 / item_size)
    return false;
  memcpy(&items, list, sizeof(items));
  items = realloc(items, (n ? 2 * n : 1) * item_size);
  if (!items)
    return false;
  memcpy(list, &items, sizeof(items));
  return true;
}

#endif
