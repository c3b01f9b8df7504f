/*
 * Checks the rows of a plugin's option table, so that the pipeline file can
 * name them and messages can print them.
 */
#include "core/plugin/loader_option.h"

#include "core/plugin/loader_impl.h"

#include <string.h>

#include "core/config/option_type.h"
#include "lib/nearest.h"
#include "lib/storable.h"
#include "lib/utf8.h"

/* "live|latest": no choice is empty, too long for nearest_of, or given
 * twice. */
static bool
choices_are_sound(const char *allowed)
{
  const char *p = allowed;

  if (!utf8_is_plain(allowed))
    return false;
  for (;;) {
    size_t len = strcspn(p, "|");

    if (len == 0 || len > NEAREST_MAX)
      return false;
    for (const char *q = allowed; q < p; q += strcspn(q, "|") + 1)
      if (strcspn(q, "|") == len && strncmp(q, p, len) == 0)
        return false;
    if (p[len] == '\0')
      return true;
    p += len + 1;
  }
}

/* Returns true if the LEN bytes at TEXT are a value of the option's type, or if
 * LEN is 0. */
static bool
bound_is_sound(const struct mp_option *option, const char *text, size_t len)
{
  struct mp_option bare = *option;
  struct option_number number;
  char bound[DECIMAL_TEXT], why[OPTION_WHY];

  bare.allowed = NULL;
  if (len >= sizeof(bound))
    return false;
  memcpy(bound, text, len);
  bound[len] = '\0';
  return len == 0 || option_type_parse(&bare, bound, &number, why) == MP_OK;
}

/* "1..65535": either number may be missing. */
static bool
limits_are_sound(const struct mp_option *option)
{
  const char *dots = strstr(option->allowed, "..");

  return dots &&
         bound_is_sound(option, option->allowed,
                        (size_t)(dots - option->allowed)) &&
         bound_is_sound(option, dots + 2, strlen(dots + 2));
}

static bool
allowed_is_sound(const struct mp_option *option)
{
  switch (option->type) {
  case MP_TYPE_CHOICE:
    return option->allowed && choices_are_sound(option->allowed);
  case MP_TYPE_INT:
  case MP_TYPE_DECIMAL:
  case MP_TYPE_DURATION:
    return !option->allowed || limits_are_sound(option);
  default:
    return !option->allowed || utf8_is_plain(option->allowed);
  }
}

static bool
is_given_before(const struct mp_option *options, const struct mp_option *option)
{
  for (; options < option; options++)
    if (strcmp(options->key, option->key) == 0)
      return true;
  return false;
}

/* Returns the fault of a row; NULL: it has none. */
static const char *
fault_of(const struct mp_option *options, const struct mp_option *option)
{
  if (option->type < MP_TYPE_STRING || option->type > MP_TYPE_FIELDS)
    return "has a type that does not exist";
  if (!storable_word(option->key, strlen(option->key)) ||
      strcmp(option->key, "plugin") == 0)
    return "has a bad name: use [a-z][a-z0-9_]*, and not \"plugin\"";
  if (is_given_before(options, option))
    return "is given twice";
  if ((option->flags & MP_NAMED) &&
      ((option->flags & MP_REQUIRED) || option->def ||
       (option->type != MP_TYPE_STRING && option->type != MP_TYPE_SECRET)))
    return "has MP_NAMED, so it must be a text or a secret, not required and "
           "without a default";
  if (!allowed_is_sound(option))
    return "has an `allowed` that its type does not take: write \"a|b\" for "
           "choices, or \"1..9\" for a range";
  return NULL;
}

static bool
fail_row(struct loader *loader, const struct plugin *plugin,
         const struct mp_option *option, const char *table, const char *fault)
{
  return fail_load(loader, "%s: the row \"%s\" of its %s %s", plugin->path,
                   utf8_is_plain(option->key) ? option->key : "?", table,
                   fault);
}

bool
loader_check_options(struct loader *loader, const struct plugin *plugin)
{
  const struct mp_option *options = plugin->table.options;

  for (const struct mp_option *o = options; o && o->key; o++) {
    const char *fault = fault_of(options, o);

    if (fault)
      return fail_row(loader, plugin, o, "option table", fault);
  }
  return true;
}

/* A part (MP_TYPE_VALUE) can neither be required nor have a default: it names a
 * value of the pipeline. */
static const char *
fault_of_target_option(const struct mp_option *option)
{
  switch (option->type) {
  case MP_TYPE_VALUE:
    return option->flags || option->def ? "is a part with flags or a default"
                                        : NULL;
  case MP_TYPE_SECRET:
  case MP_TYPE_OPERAND:
  case MP_TYPE_FIELDS:
    return "has a type that an option of a target cannot have";
  default:
    return (option->flags & ~MP_REQUIRED) ? "has a flag other than MP_REQUIRED"
                                          : NULL;
  }
}

bool
loader_check_target_options(struct loader *loader, const struct plugin *plugin)
{
  const struct mp_option *options = plugin->output.target_options;

  for (const struct mp_option *o = options; o && o->key; o++) {
    const char *fault = fault_of(options, o);

    if (!fault)
      fault = fault_of_target_option(o);
    if (fault)
      return fail_row(loader, plugin, o, "table of target options", fault);
  }
  return true;
}
