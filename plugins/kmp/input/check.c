/*
 * The check of the kmp input: opens the port, and asks the meter for its model,
 * with which the battery's figure is known.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "plugins/kmp/input/ask_model.h"
#include "plugins/kmp/input/budget.h"
#include "plugins/kmp/input/check.h"
#include "plugins/kmp/input/kmp.h"
#include "plugins/kmp/line/diagnose.h"

static int
check_meter(struct kmp *kmp)
{
  struct model model;
  char why[512];
  int r = ask_model(kmp, NULL, &model);

  if (r < 0)
    return r;
  /* Any answer will do: not every meter has a marker register. */
  if (kmp->session.seen.answers > 0) {
    budget_succeed(kmp);
    return MP_OK;
  }
  r = session_diagnose(&kmp->session, why, sizeof(why));
  return mp_fail(kmp->host, r, kmp->line.device, "%s", why);
}

int
kmp_check(void *self)
{
  struct kmp *kmp = self;
  int r = kmp_open_port(kmp, 0); /* a busy port is reported at once */

  if (r != MP_OK)
    return r;
  kmp->counted = false;
  r = check_meter(kmp);
  kmp_close_port(kmp);
  budget_announce(kmp);
  return r;
}
