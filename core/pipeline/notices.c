/* Notices about the values that a cycle books. */
#include "core/pipeline/notices.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/run/log.h"

struct notice {
  struct notice *next;
  struct base *base;
  int level;
  const char *name, *object; /* owned by the pipeline */
  char text[];
};

void
notices_add(struct pipeline *p, struct base *base, int level, const char *name,
            const char *object, const char *fmt, ...)
{
  struct notice *notice, **end = &p->notices;
  char text[1024];
  va_list args;
  size_t size;

  va_start(args, fmt);
  vsnprintf(text, sizeof(text), fmt, args);
  va_end(args);
  size = strlen(text) + 1;
  notice = calloc(1, sizeof(*notice) + size);
  if (!notice)
    return;
  *notice = (struct notice){
    .base = base, .level = level, .name = name, .object = object
  };
  memcpy(notice->text, text, size);
  while (*end)
    end = &(*end)->next;
  *end = notice;
}

void
notices_log(struct pipeline *p)
{
  const char *end = p->run->dry ? " (-n: this is not kept)" : "";

  for (const struct notice *n = p->notices; n; n = n->next)
    if (!n->base || !base_leader(n->base)->blocked)
      log_line(n->level, n->name, n->object, "%s%s", n->text, end);
  notices_drop(p);
}

void
notices_drop(struct pipeline *p)
{
  while (p->notices) {
    struct notice *next = p->notices->next;

    free(p->notices);
    p->notices = next;
  }
}
