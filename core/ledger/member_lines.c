#include "core/ledger/member_lines.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory/memory.h"

void
member_lines_put_value(FILE *out, const char *name, const struct value *v)
{
  if (v->kind == 0)
    return;
  fprintf(out, "%s ", name);
  value_write(out, v);
  putc('\n', out);
}

bool
member_lines_each(const char *text,
                  bool (*take)(void *ctx, const char *name, const char *rest),
                  void *ctx)
{
  char *copy = memory_text(text);
  bool good = true;

  for (char *line = copy; good && *line;) {
    char *end = strchr(line, '\n');
    char *rest = strchr(line, ' ');

    if (!end || !rest || rest > end) {
      good = false;
      break;
    }
    *end = *rest = 0;
    good = take(ctx, line, rest + 1);
    line = end + 1;
  }
  free(copy);
  return good;
}
