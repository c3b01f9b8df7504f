/* Lines of a text, as Linux and Windows write them. */
#include "lib/text_lines.h"

#include <string.h>

void
text_lines_begin(struct text_lines *lines, const char *text, size_t len)
{
  static const char bom[] = "\xef\xbb\xbf";

  *lines = (struct text_lines){ .next = text, .end = text + len };
  if (len >= strlen(bom) && memcmp(text, bom, strlen(bom)) == 0)
    lines->next += strlen(bom);
}

bool
text_lines_next(struct text_lines *lines, const char **ret_line,
                size_t *ret_len)
{
  const char *line = lines->next, *stop;

  if (line == lines->end)
    return false;
  stop = memchr(line, '\n', (size_t)(lines->end - line));
  lines->next = stop ? stop + 1 : lines->end;
  if (!stop)
    stop = lines->end;
  if (stop > line && stop[-1] == '\r')
    stop--;
  lines->line++;
  *ret_line = line;
  *ret_len = (size_t)(stop - line);
  return true;
}
