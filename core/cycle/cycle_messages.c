/* Reports and logs the messages of the steps of a cycle. */
#include "core/cycle/cycle.h"

#include "core/run/log.h"

int
cycle_fail(struct cycle *c, const struct stage *stage, int code,
           const char *object, const char *fmt, ...)
{
  struct mp_host *host = &instance_of(c, stage)->host;
  va_list args;

  va_start(args, fmt);
  host->vfail(host, code, object, fmt, args);
  va_end(args);
  return code;
}

/* Says MESSAGE.  Returns false if it is a notice, which must wait. */
static bool
say(struct cycle *c, const struct message *message)
{
  const struct stage *stage = message->stage;

  if (message->kind == MESSAGE_NOTICE)
    return false;
  if (message->kind == MESSAGE_FAILURE)
    cycle_fail(c, stage, message->code, message->object, "%s", message->text);
  else
    log_line(message->code, stage->name, message->object, "%s", message->text);
  return true;
}

void
cycle_say(struct cycle *c, struct messages *m)
{
  struct message *message;

  if (!m->first)
    return;
  while ((message = messages_take(m)))
    if (say(c, message))
      message_free(message);
    else
      messages_put(&c->notices, message);
}

void
cycle_log_notices(struct cycle *c)
{
  const char *end;

  if (!c->notices.first)
    return;
  end = c->dry ? " (-n: this is not kept)" : "";
  for (const struct message *m = c->notices.first; m; m = m->next)
    if (!m->base || !is_blocked(&c->d, m->base))
      log_line(m->code, m->stage->name, m->object, "%s%s", m->text, end);
  messages_clear(&c->notices);
}
