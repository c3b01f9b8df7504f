/*
 * Writes the plan of an old command line as a pipeline file that our own reader
 * accepts.  Lines that are too long are continued, and text that would have
 * another meaning is quoted.
 */
#include "core/commands/import/import.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sysexits.h>

#include "core/config/config_print.h"
#include "core/commands/import/import_plan.h"
#include "core/config/config_text.h"
#include "meterpipe/plugin.h"

#define COMMENT_WIDTH 76

/* ---- Comments ------------------------------------------------------------ */

/* Returns how many of the LEN bytes of TEXT go into the next line: up to a
 * blank or a comma, if there is one. */
static size_t
comment_break(const char *text, size_t len)
{
  if (len <= COMMENT_WIDTH)
    return len;
  for (size_t i = COMMENT_WIDTH; i > 0; i--)
    if (text[i - 1] == ' ' || text[i - 1] == ',')
      return i;
  return COMMENT_WIDTH;
}

/* Prints one paragraph; TEXT is ASCII. */
static void
print_comment(FILE *out, const char *text, size_t len)
{
  while (len > 0) {
    size_t n = comment_break(text, len);
    size_t shown = n - (text[n - 1] == ' ');

    fprintf(out, "# %.*s\n", (int)shown, text);
    text += n;
    len -= n;
  }
}

static void
print_notes(FILE *out, const struct text_buffer *notes)
{
  const char *line = notes->data, *end;

  if (notes->len == 0)
    return;
  end = line + notes->len;
  while (line < end) {
    const char *stop = memchr(line, '\n', (size_t)(end - line));

    fputs("#\n", out);
    print_comment(out, line, (size_t)(stop - line));
    line = stop + 1;
  }
}

/* ---- Sections ------------------------------------------------------------ */

/* Writes the name of an add transform to BUF: "total", or "total_324" when
 * there are several. */
static void
name_total(const struct import_plan *plan, const struct import_item *item,
           char *buf, size_t size)
{
  if (plan->n_adds == 1)
    snprintf(buf, size, "total");
  else
    snprintf(buf, size, "total_%" PRIu32, item->spec.part[SPEC_IDX]);
}

static void
print_head(FILE *out, const char *spec, const struct import_plan *plan)
{
  fputs("# The pipeline of this command line of multical402-4-domoticz.py:\n",
        out);
  print_comment(out, spec, strlen(spec));
  fputs("# Before it runs, stop the old script: take its line out of the "
        "crontab.  Else\n# both write to the same devices.\n",
        out);
  print_notes(out, &plan->notes);
}

static void
print_usage(FILE *out, const struct import_usage *usage)
{
  fprintf(out,
          "\n[transform %s]\n"
          "plugin = subtract\n"
          "value = meter.%s\n"
          "minus = domoticz.%" PRIu32 "\n",
          usage->name, usage->item->field, usage->item->spec.part[SPEC_IDX2]);
}

static void
print_total(FILE *out, const struct import_plan *plan,
            const struct import_item *item)
{
  char name[CONFIG_MAX_NAME + 1];

  name_total(plan, item, name, sizeof(name));
  fprintf(out,
          "\n[transform %s]\n"
          "plugin = add\n"
          "value = %s\n"
          "plus = domoticz.%" PRIu32 "\n",
          name, plan->usages[item->usage].name, item->spec.part[SPEC_IDX]);
}

static void
print_target(FILE *out, const struct import_plan *plan,
             const struct import_item *item)
{
  char name[CONFIG_MAX_NAME + 1];

  fprintf(out, "idx.%" PRIu32 " = ", item->spec.part[SPEC_IDX]);
  switch (item->spec.part[SPEC_FUNCTION]) {
  case SPEC_OVERWRITE:
    fprintf(out, "meter.%s\n", item->field);
    break;
  case SPEC_SUBTRACT:
    fprintf(out, "%s\n", plan->usages[item->usage].name);
    break;
  case SPEC_ADD:
    name_total(plan, item, name, sizeof(name));
    fprintf(out, "%s\n", name);
    break;
  }
}

static void
print_sections(FILE *out, const struct import_plan *plan, const char *device,
               const char *url)
{
  fputs("\n[input meter]\nplugin = kmp\n", out);
  config_print_option(out, "device", device);
  for (size_t i = 0; i < plan->n_usages; i++)
    print_usage(out, &plan->usages[i]);
  for (size_t i = 0; i < plan->n; i++)
    if (!plan->items[i].left_out &&
        plan->items[i].spec.part[SPEC_FUNCTION] == SPEC_ADD)
      print_total(out, plan, &plan->items[i]);
  fputs("\n[output domoticz]\nplugin = domoticz\n", out);
  config_print_option(out, "url", url);
  for (size_t i = 0; i < plan->n; i++)
    if (!plan->items[i].left_out)
      print_target(out, plan, &plan->items[i]);
}

/* ---- The command --------------------------------------------------------- */

/* Returns true if a pipeline file can hold TEXT.  If not, reports why to ERR,
 * and calls it NAME. */
static bool
check_text(FILE *err, const char *name, const char *text)
{
  const char *fault = config_text_fault(text);

  if (fault)
    fprintf(err, "error: import: %s: holds %s\n", name, fault);
  else if (!*text)
    fprintf(err, "error: import: %s: is empty\n", name);
  return !fault && *text;
}

/* Returns true, with a message to ERR, if URL holds a login.  A login belongs
 * into options of its own, because others may read the printed file. */
static bool
has_login(FILE *err, const char *url)
{
  if (!strchr(url, '@'))
    return false;
  fputs("error: import: --url: holds a user name or password; give them as "
        "`username` and `password_file` of [output domoticz]\n",
        err);
  return true;
}

int
import_print(FILE *out, FILE *err, const char *device, const char *spec,
             const char *url, import_field_fn field)
{
  struct import_plan plan;
  int r;

  if (!url)
    url = IMPORT_DEFAULT_URL;
  if (!check_text(err, "DEVICE", device) || !check_text(err, "URL", url) ||
      has_login(err, url))
    return EX_USAGE;
  r = import_plan_make(&plan, err, spec, field);
  if (r == MP_OK) {
    print_head(out, spec, &plan);
    print_sections(out, &plan, device, url);
    fputs("notice: import: stop the old script's cron line before this "
          "pipeline runs, or both write to the same devices\n",
          err);
    if (fflush(out) != 0 || ferror(out))
      r = MP_EIO;
  }
  import_plan_free(&plan);
  if (r == MP_EIO)
    fputs("error: import: the pipeline file could not be written\n", err);
  return r == MP_OK ? EX_OK : r == MP_EDATA ? EX_USAGE : EX_IOERR;
}
