/*
 * Many stages that were made from one section of a pipeline file, in one line:
 * "12 of 1,000 failed: h004 (no answer), h017 (no answer), h020 (no such port),
 * and 9 more".
 */
#ifndef CORE_RUN_GROUPED_H
#define CORE_RUN_GROUPED_H

#include <stdbool.h>
#include <stddef.h>

/* The repeated section that a stage was made from. */
struct group {
  const char *name; /* "input {name}" */
  size_t n;         /* number of its stages */
  size_t index;     /* of this stage; they are named in this order */
};

struct grouped_member;

/* The stages of one group that have something in common. */
struct grouped {
  struct group group;
  struct grouped_member *members;
  size_t n;
  bool has_news;
  bool is_taken;
};

struct grouped_list {
  struct grouped *list;
  size_t n;
};

/* Adds STAGE, of GROUP, with the first part of TEXT, up to a colon or
 * semicolon. News are named first.  A stage that was added before is not
 * counted again. */
void grouped_add(struct grouped_list *list, const struct group *group,
                 const char *stage, const char *text, bool is_news);

/* Returns the stages of the group NAME once; NULL: there are none, or it was
 * called for them before. */
struct grouped *grouped_take(struct grouped_list *list, const char *name);

/* Returns the line, which the caller frees; WHAT is "failed". */
char *grouped_text(struct grouped *grouped, const char *what);

/* Empties LIST. */
void grouped_clear(struct grouped_list *list);

/* Size of a text of grouped_count. */
#define GROUPED_COUNT 32

/* Writes N as "1,000" to BUF; returns BUF. */
const char *grouped_count(size_t n, char buf[GROUPED_COUNT]);

#endif
