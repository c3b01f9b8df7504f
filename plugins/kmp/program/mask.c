/*
 * Masks the lines of a capture.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <stdlib.h>

#include "plugins/kmp/program/mask_impl.h"

struct mask *
mask_new(struct pseudonyms *names, FILE *out)
{
  struct mask *m = calloc(1, sizeof(*m));

  if (!m)
    return NULL;
  m->names = names;
  m->out = out;
  return m;
}

void
mask_free(struct mask *m)
{
  free(m);
}

uint64_t
mask_unread(const struct mask *m, uint64_t *ret_first)
{
  *ret_first = m->first_unread;
  return m->unread;
}

void
mask_put(struct mask *m, const char *text, size_t len)
{
  if (m->out && len > 0)
    fwrite(text, 1, len, m->out);
}

/* Overwrites the hex digits of a text that cannot be read, because they may be
 * personal, and counts the line. */
static void
mask_unreadable(struct mask *m, const char *text, const char *end)
{
  for (; text < end; text++) {
    bool is_hex = (*text >= '0' && *text <= '9') ||
                  ((*text | 0x20) >= 'a' && (*text | 0x20) <= 'f');

    mask_put(m, is_hex ? "0" : text, 1);
  }
  if (m->unread++ == 0)
    m->first_unread = m->line_number;
}

/* Masks and writes the current event and the text before it, from TEXT on. */
static void
mask_event(struct mask *m, const char *text)
{
  const struct capture_line *line = &m->line;
  uint64_t requests = m->requests;

  mask_text(m, text, (size_t)(line->hex - text));
  mask_bytes(m, line->hex, line->hex_end, line->bytes, line->len);
  if (line->direction == CAPTURE_TO_METER && m->requests == requests)
    m->context = MASK_PERSONAL; /* a damaged request: it may be for anything */
}

static void
mask_events(struct mask *m, const char *text, const char *end)
{
  int r;

  if (m->line.has_time) {
    mask_put(m, text, (size_t)(m->line.time_end - text));
    text = m->line.time_end;
  }
  for (r = capture_next(&m->line); r > 0; r = capture_next(&m->line)) {
    mask_event(m, text);
    text = m->line.hex_end;
  }
  if (r == 0 || r == CAPTURE_EEMPTY) {
    mask_text(m, text, (size_t)(end - text));
    return;
  }
  mask_text(m, text, (size_t)(m->line.hex - text));
  mask_unreadable(m, m->line.hex, end);
}

/* Writes the text before REST unchanged, such as a header with its version, and
 * masks the rest. */
static void
mask_comment(struct mask *m, const char *text, const char *rest,
             const char *end)
{
  mask_put(m, text, (size_t)(rest - text));
  mask_text(m, rest, (size_t)(end - rest));
}

void
mask_line(struct mask *m, const char *text, size_t len)
{
  int kind = capture_begin(&m->line, text, len);

  m->line_number++;
  if (kind == CAPTURE_EVENTS)
    mask_events(m, text, text + len);
  else if (kind < 0)
    mask_unreadable(m, text, text + len);
  else
    mask_comment(m, text, kind == CAPTURE_HEADER ? m->line.version_end : text,
                 text + len);
  if (kind == CAPTURE_BLANK)
    m->context = MASK_UNKNOWN;
}

void
mask_newline(struct mask *m)
{
  mask_put(m, "\n", 1);
}
