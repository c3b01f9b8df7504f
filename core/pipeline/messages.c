/* A list of messages. */
#include "core/pipeline/messages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory/memory.h"

#define TEXT_SIZE 1536

void
messages_put(struct messages *m, struct message *message)
{
  if (m->last)
    m->last->next = message;
  else
    m->first = message;
  m->last = message;
}

static struct message *
add(struct messages *m, const struct stage *stage, const char *object,
    const char *text)
{
  size_t size = strlen(text) + 1;
  struct message *message = memory_get(1, sizeof(*message) + size);

  message->stage = stage;
  message->object = object ? memory_text(object) : NULL;
  memcpy(message->text, text, size);
  messages_put(m, message);
  return message;
}

void
messages_vadd(struct messages *m, enum message_kind kind,
              const struct stage *stage, int code, const char *object,
              const char *fmt, va_list args)
{
  char text[TEXT_SIZE];
  struct message *message;

  vsnprintf(text, sizeof(text), fmt, args);
  message = add(m, stage, object, text);
  message->kind = kind;
  message->code = code;
}

int
messages_fail(struct messages *m, const struct stage *stage, int code,
              const char *object, const char *fmt, ...)
{
  va_list args;

  va_start(args, fmt);
  messages_vadd(m, MESSAGE_FAILURE, stage, code, object, fmt, args);
  va_end(args);
  return code;
}

void
messages_log(struct messages *m, const struct stage *stage, int level,
             const char *object, const char *fmt, ...)
{
  va_list args;

  va_start(args, fmt);
  messages_vadd(m, MESSAGE_LOG, stage, level, object, fmt, args);
  va_end(args);
}

void
messages_notice(struct messages *m, const struct base *base,
                const struct stage *stage, int level, const char *object,
                const char *fmt, ...)
{
  va_list args;

  va_start(args, fmt);
  messages_vadd(m, MESSAGE_NOTICE, stage, level, object, fmt, args);
  va_end(args);
  m->last->base = base;
}

void
messages_move(struct messages *to, struct messages *from)
{
  if (!from->first)
    return;
  if (to->last)
    to->last->next = from->first;
  else
    to->first = from->first;
  to->last = from->last;
  from->first = from->last = NULL;
}

struct message *
messages_take(struct messages *m)
{
  struct message *message = m->first;

  if (!message)
    return NULL;
  m->first = message->next;
  if (!m->first)
    m->last = NULL;
  message->next = NULL;
  return message;
}

void
message_free(struct message *message)
{
  free(message->object);
  free(message);
}

void
messages_clear(struct messages *m)
{
  struct message *message;

  while ((message = messages_take(m)))
    message_free(message);
}
