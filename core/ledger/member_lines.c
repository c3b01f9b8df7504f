#include "core/ledger/member_lines.h"

#include <stdlib.h>
#include <string.h>

void
member_lines_put_value(FILE *out, const char *name, const struct value *v)
{
  if (v->kind == 0)
    return;
  fprintf(out, "%s ", name);
  value_write(out, v);
  putc('\n', out);
}

char *
member_lines_close(FILE *out, char **text)
{
  bool failed = ferror(out) != 0;

  if (fclose(out) != 0 || failed) {
    free(*text);
    return NULL;
  }
  return *text;
}

bool
member_lines_each(const char *text,
                  bool (*take)(void *ctx, const char *name, const char *rest),
                  void *ctx)
{
  char *copy = strdup(text);
  bool good = copy;

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
