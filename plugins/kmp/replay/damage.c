/*
 * The list of damaged frames.
 */
#include "plugins/kmp/replay/damage.h"

#include <string.h>

struct damage *
damage_add(struct damage_list *list, uint64_t line, const char *reason,
           const struct kmp_request *request)
{
  struct damage *d;

  if (list->count == DAMAGE_MAX)
    return NULL;
  d = &list->items[list->count++];
  d->line = line;
  d->reason = reason;
  d->repeats = 0;
  d->has_request = request != NULL;
  if (request)
    d->request = *request;
  return d;
}

static void
take_at(struct damage_list *list, size_t index, struct damage *ret)
{
  *ret = list->items[index];
  list->count--;
  memmove(list->items + index, list->items + index + 1,
          (list->count - index) * sizeof(list->items[0]));
}

int
damage_take(struct damage_list *list, struct damage *ret)
{
  if (list->count == 0)
    return 0;
  take_at(list, 0, ret);
  return 1;
}

int
damage_take_unrepeated(struct damage_list *list, struct damage *ret)
{
  size_t i;

  for (i = 0; i < list->count; i++) {
    if (!list->items[i].repeats) {
      take_at(list, i, ret);
      return 1;
    }
  }
  return 0;
}

void
damage_next_cycle(struct damage_list *list)
{
  size_t i;

  for (i = 0; i < list->count; i++)
    list->items[i].repeats = 0;
}

static int
has_id(const struct kmp_request *request, uint16_t id)
{
  uint8_t i;

  for (i = 0; i < request->count; i++)
    if (request->ids[i] == id)
      return 1;
  return 0;
}

/* Strikes out the registers of REQUEST.  Returns 1 if none is left. */
static int
is_made_good(struct damage *d, const struct kmp_request *request)
{
  uint8_t i, left = 0;

  if (!d->has_request || d->request.cid != request->cid ||
      d->request.address != request->address)
    return 0;
  for (i = 0; i < d->request.count; i++)
    if (!has_id(request, d->request.ids[i]))
      d->request.ids[left++] = d->request.ids[i];
  d->request.count = left;
  return left == 0;
}

int
damage_take_made_good(struct damage_list *list,
                      const struct kmp_request *request, struct damage *ret)
{
  size_t i;

  for (i = 0; i < list->count; i++) {
    if (is_made_good(&list->items[i], request)) {
      take_at(list, i, ret);
      return 1;
    }
  }
  return 0;
}
