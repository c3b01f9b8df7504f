/* Lists of stages in one line. */
#include "core/run/grouped.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory/memory.h"

#define NAMES_SHOWN 3

struct grouped_member {
  size_t index;   /* of the stage, as in struct group */
  size_t arrival; /* among all members */
  bool is_news;
  char *stage, *text;
};

const char *
grouped_count(size_t n, char buf[GROUPED_COUNT])
{
  char digits[GROUPED_COUNT];
  size_t len = (size_t)snprintf(digits, sizeof(digits), "%zu", n), to = 0;

  for (size_t i = 0; i < len; i++) {
    if (i > 0 && (len - i) % 3 == 0)
      buf[to++] = ',';
    buf[to++] = digits[i];
  }
  buf[to] = '\0';
  return buf;
}

static struct grouped *
obtain(struct grouped_list *list, const struct group *group)
{
  for (size_t i = 0; i < list->n; i++)
    if (strcmp(list->list[i].group.name, group->name) == 0)
      return &list->list[i];
  MEMORY_GROW(&list->list, list->n);
  list->list[list->n] = (struct grouped){ .group = *group };
  return &list->list[list->n++];
}

struct grouped *
grouped_take(struct grouped_list *list, const char *name)
{
  for (size_t i = 0; i < list->n; i++) {
    struct grouped *grouped = &list->list[i];

    if (strcmp(grouped->group.name, name) != 0)
      continue;
    if (grouped->is_taken)
      return NULL;
    grouped->is_taken = true;
    return grouped;
  }
  return NULL;
}

/* Returns the length of the first part of TEXT: what happened, without details
 * and remedy. */
static size_t
first_part(const char *text)
{
  const char *p = text;

  while (*p && !((*p == ':' || *p == ';') && p[1] == ' '))
    p++;
  return (size_t)(p - text);
}

void
grouped_add(struct grouped_list *list, const struct group *group,
            const char *stage, const char *text, bool is_news)
{
  struct grouped *grouped = obtain(list, group);
  struct grouped_member member = { .index = group->index,
                                   .arrival = grouped->n,
                                   .is_news = is_news,
                                   .stage = memory_text(stage),
                                   .text =
                                     memory_text_of(text, first_part(text)) };

  grouped->has_news = grouped->has_news || is_news;
  MEMORY_GROW(&grouped->members, grouped->n);
  grouped->members[grouped->n++] = member;
}

static void
member_clear(struct grouped_member *member)
{
  free(member->stage);
  free(member->text);
}

static int
by_index(const void *a, const void *b)
{
  const struct grouped_member *x = a, *y = b;

  if (x->index != y->index)
    return x->index < y->index ? -1 : 1;
  return (x->arrival > y->arrival) - (x->arrival < y->arrival);
}

/* Sorts the members, and keeps the first of each stage. */
static void
unite(struct grouped *grouped)
{
  struct grouped_member *members = grouped->members;
  size_t n = 0;

  qsort(members, grouped->n, sizeof(*members), by_index);
  for (size_t i = 0; i < grouped->n; i++) {
    if (n > 0 && members[n - 1].index == members[i].index) {
      members[n - 1].is_news |= members[i].is_news;
      member_clear(&members[i]);
    } else
      members[n++] = members[i];
  }
  grouped->n = n;
}

/* Prints the members that are news, or those that are not, until *SHOWN names
 * are printed. */
static void
print_members(const struct grouped *grouped, bool news, size_t *shown,
              FILE *out)
{
  for (size_t i = 0; i < grouped->n && *shown < NAMES_SHOWN; i++) {
    const struct grouped_member *member = &grouped->members[i];

    if (member->is_news != news)
      continue;
    fprintf(out, "%s%s (%s)", *shown > 0 ? ", " : "", member->stage,
            member->text);
    (*shown)++;
  }
}

char *
grouped_text(struct grouped *grouped, const char *what)
{
  char n[GROUPED_COUNT], all[GROUPED_COUNT];
  char *text = NULL;
  size_t len, shown = 0;
  FILE *out = memory_open_text(&text, &len);

  unite(grouped);
  fprintf(out, "%s of %s %s: ", grouped_count(grouped->n, n),
          grouped_count(grouped->group.n, all), what);
  print_members(grouped, true, &shown, out);
  print_members(grouped, false, &shown, out);
  if (grouped->n > shown)
    fprintf(out, ", and %s more", grouped_count(grouped->n - shown, n));
  memory_close_text(out, &text);
  return text;
}

void
grouped_clear(struct grouped_list *list)
{
  for (size_t i = 0; i < list->n; i++) {
    for (size_t k = 0; k < list->list[i].n; k++)
      member_clear(&list->list[i].members[k]);
    free(list->list[i].members);
  }
  free(list->list);
  *list = (struct grouped_list){ .list = NULL };
}
