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
  d->repeats = false;
  d->has_request = request;
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

bool
damage_take(struct damage_list *list, struct damage *ret)
{
  if (list->count == 0)
    return false;
  take_at(list, 0, ret);
  return true;
}

bool
damage_take_unrepeated(struct damage_list *list, struct damage *ret)
{
  for (size_t i = 0; i < list->count; i++) {
    if (!list->items[i].repeats) {
      take_at(list, i, ret);
      return true;
    }
  }
  return false;
}

void
damage_next_cycle(struct damage_list *list)
{
  for (size_t i = 0; i < list->count; i++)
    list->items[i].repeats = false;
}

/* Strikes out the registers of REQUEST.  Returns true if none is left. */
static bool
is_made_good(struct damage *d, const struct kmp_request *request)
{
  uint8_t left = 0;

  if (!d->has_request || d->request.cid != request->cid ||
      d->request.address != request->address)
    return false;
  for (uint8_t i = 0; i < d->request.count; i++)
    if (!kmp_request_has(request, d->request.ids[i]))
      d->request.ids[left++] = d->request.ids[i];
  d->request.count = left;
  return left == 0;
}

bool
damage_take_made_good(struct damage_list *list,
                      const struct kmp_request *request, struct damage *ret)
{
  for (size_t i = 0; i < list->count; i++) {
    if (is_made_good(&list->items[i], request)) {
      take_at(list, i, ret);
      return true;
    }
  }
  return false;
}
