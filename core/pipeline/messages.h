/*
 * Messages that a step of a cycle wants to say, in order.  The cycle reports
 * them, so that the step itself does no I/O.  Nothing is allocated while there
 * is nothing to say.
 */
#ifndef CORE_PIPELINE_MESSAGES_H
#define CORE_PIPELINE_MESSAGES_H

#include <stdarg.h>

#include "core/pipeline/plan.h"

enum message_kind {
  MESSAGE_FAILURE, /* for the report; `code` is its reason */
  MESSAGE_LOG,     /* for the log, at once */
  MESSAGE_NOTICE,  /* for the log, once the cycle is committed, and only if
                      `base` is not blocked then */
};

struct message {
  struct message *next;
  enum message_kind kind;
  int code; /* of a failure: MP_E...; else the level: MP_LOG_... */
  const struct stage *stage;
  const struct base *base; /* NULL: no base decides */
  char *object;            /* NULL: the whole stage */
  char text[];
};

struct messages {
  struct message *first, *last;
};

/* Each adds a message about OBJECT of STAGE; OBJECT may be NULL and is copied.
 * messages_fail returns CODE. */
int messages_fail(struct messages *m, const struct stage *stage, int code,
                  const char *object, const char *fmt, ...) MP_PRINTF(5, 6);
void messages_log(struct messages *m, const struct stage *stage, int level,
                  const char *object, const char *fmt, ...) MP_PRINTF(5, 6);
void messages_notice(struct messages *m, const struct base *base,
                     const struct stage *stage, int level, const char *object,
                     const char *fmt, ...) MP_PRINTF(6, 7);

/* Adds a failure or a line for the log. */
void messages_vadd(struct messages *m, enum message_kind kind,
                   const struct stage *stage, int code, const char *object,
                   const char *fmt, va_list args) MP_PRINTF(6, 0);

/* Moves the messages of FROM to the end of TO. */
void messages_move(struct messages *to, struct messages *from);

/* Adds MESSAGE, which was taken from another list. */
void messages_put(struct messages *m, struct message *message);

/* Removes the first message and returns it; the caller frees it with
 * message_free.  NULL: there is none. */
struct message *messages_take(struct messages *m);
void message_free(struct message *message);

void messages_clear(struct messages *m);

#endif
