/* meterpipe plugins --new: writes the template of a plugin into a new
 * folder. */
#include "core/commands/app.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "core/commands/commands.h"
#include "core/commands/skeleton.h"
#include "core/plugin/loader.h"
#include "core/run/log.h"

#define NAME_MAX_LENGTH 32

struct fresh {
  enum plugin_kind kind;
  const char *name; /* of the plugin, and of the folder */
};

/* Returns true if NAME fits both a file's name and a pipeline file. */
static bool
is_plugin_name(const char *name)
{
  static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
  static const char others[] = "abcdefghijklmnopqrstuvwxyz0123456789_";

  return *name && strchr(letters, *name) && !name[strspn(name, others)] &&
         strlen(name) <= NAME_MAX_LENGTH;
}

static int
parse_new_arguments(const struct arguments *args, struct fresh *fresh)
{
  const char *kind = args->new_kind;
  int k;

  for (k = 0; k < PLUGIN_KINDS; k++)
    if (strcmp(kind, plugin_kind_names[k]) == 0)
      break;
  if (k == PLUGIN_KINDS || args->n_operands != 1) {
    log_line(MP_LOG_ERROR, NULL, NULL,
             "--new needs a kind, which is input, transform or output, and a "
             "name: meterpipe plugins --new output mine");
    return EX_USAGE;
  }
  fresh->kind = (enum plugin_kind)k;
  fresh->name = args->operands[0];
  if (is_plugin_name(fresh->name))
    return EX_OK;
  log_line(MP_LOG_ERROR, NULL, NULL,
           "\"%s\" cannot be a plugin's name: use a small letter, then small "
           "letters, digits and \"_\", %d characters at most",
           fresh->name, NAME_MAX_LENGTH);
  return EX_USAGE;
}

/* Writes TEXT, with @NAME@ and @KIND@ replaced. */
static void
fill_in(FILE *out, const struct fresh *fresh, const char *text)
{
  const struct {
    const char *mark, *value;
  } marks[] = { { "@NAME@", fresh->name },
                { "@KIND@", plugin_kind_names[fresh->kind] } };

  while (*text) {
    size_t i;

    for (i = 0; i < 2; i++)
      if (strncmp(text, marks[i].mark, strlen(marks[i].mark)) == 0)
        break;
    if (i < 2) {
      fputs(marks[i].value, out);
      text += strlen(marks[i].mark);
    } else
      putc(*text++, out);
  }
}

static bool
write_file(const struct fresh *fresh, const char *file, const char *text)
{
  char path[3 * NAME_MAX_LENGTH];
  FILE *out;
  bool good;

  snprintf(path, sizeof(path), "%s/%s", fresh->name, file);
  out = fopen(path, "wx"); /* never overwrites a file */
  if (out)
    fill_in(out, fresh, text);
  good = out && !ferror(out);
  if (out && fclose(out) != 0)
    good = false;
  if (!good)
    log_line(MP_LOG_ERROR, NULL, path, "%s", strerror(errno));
  return good;
}

static bool
write_files(const struct fresh *fresh)
{
  const struct skeleton *s = &skeletons[fresh->kind];
  char source[2 * NAME_MAX_LENGTH];

  snprintf(source, sizeof(source), "%s_%s.c", plugin_kind_names[fresh->kind],
           fresh->name);
  return write_file(fresh, source, s->source) &&
         write_file(fresh, "Makefile", s->makefile) &&
         write_file(fresh, "try.ini", s->pipeline);
}

int
command_new(const struct arguments *args)
{
  struct fresh fresh;
  int status = parse_new_arguments(args, &fresh);

  if (status != EX_OK)
    return status;
  if (mkdir(fresh.name, 0777) != 0) {
    log_line(MP_LOG_ERROR, NULL, fresh.name, "cannot create the directory: %s",
             strerror(errno));
    return EX_CANTCREAT;
  }
  if (!write_files(&fresh))
    return EX_CANTCREAT;
  printf("%s/%s_%s.c, Makefile, try.ini: cd %s && make try\n", fresh.name,
         plugin_kind_names[fresh.kind], fresh.name, fresh.name);
  return EX_OK;
}
