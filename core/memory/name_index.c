/* An index of names, kept in a balanced tree. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "core/memory/name_index.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory/memory.h"

struct place {
  const char *name;
  size_t at;
};

static int
compare_places(const void *a, const void *b)
{
  return strcmp(((const struct place *)a)->name,
                ((const struct place *)b)->name);
}

void
name_index_add(struct name_index *index, const char *name, size_t at)
{
  struct place *place = memory_get(1, sizeof(*place));
  struct place *const *found;

  *place = (struct place){ .name = name, .at = at };
  found = memory_have(tsearch(place, &index->tree, compare_places));
  if (*found != place)
    free(place);
}

bool
name_index_find(const struct name_index *index, const char *name,
                size_t *ret_at)
{
  const struct place wanted = { .name = name };
  struct place *const *found = tfind(&wanted, &index->tree, compare_places);

  if (!found)
    return false;
  *ret_at = (*found)->at;
  return true;
}

void
name_index_clear(struct name_index *index)
{
  tdestroy(index->tree, free);
  index->tree = NULL;
}
