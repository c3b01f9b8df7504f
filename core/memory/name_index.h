/*
 * An index of names: finds the place of a name in a list in logarithmic time.
 * A pipeline can have thousands of stages and targets.
 */
#ifndef CORE_MEMORY_NAME_INDEX_H
#define CORE_MEMORY_NAME_INDEX_H

#include <stdbool.h>
#include <stddef.h>

/* Filled with zeros: an empty index. */
struct name_index {
  void *tree; /* of tsearch(3) */
};

/* Notes that NAME is at the place AT.  NAME must outlive the index.  A name
 * that has a place keeps it. */
void name_index_add(struct name_index *index, const char *name, size_t at);

/* Returns whether NAME has a place, which is then in *RET_AT. */
bool name_index_find(const struct name_index *index, const char *name,
                     size_t *ret_at);

/* Frees the memory of the index; it is empty then. */
void name_index_clear(struct name_index *index);

#endif
