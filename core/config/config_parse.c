/*
 * Parses the pipeline file with inih.
 *
 * On its own, inih would cut lines at 199 bytes and section names at 49
 * characters, merge repeated sections, hide empty ones, keep comments in
 * continued values, and give no line numbers.  So it gets its lines from
 * next_line() here.  That function counts lines, refuses those that inih would
 * understand differently, and handles the headings itself.  Only the split of
 * the other lines into name and value is left to inih.  If a line is too long
 * for inih, a token takes the place of its value, and handle_entry() puts the
 * value back.
 */
#include "core/config/config.h"

#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/config/fleet.h"
#include "core/memory/memory.h"
#include "core/run/program.h"
#include "lib/nearest.h"
#include "lib/text_lines.h"

/* More than a list of 10,000 meters needs; limits the memory that a wrong file
 * takes. */
#define MAX_SECTIONS 100000
#define MAX_ENTRIES 100000 /* of one section */

/* The longest line that inih keeps whole in its buffer of 200 bytes, which also
 * holds a line end and a NUL. */
#define INIH_MAX_LINE 198

/* The result of ini_parse_stream without memory. */
#define INIH_NO_MEMORY (-2)

/* Takes the place of a long value: nothing in it is special to inih. */
#define TOKEN "v"

/* The line above, which an indented line would continue. */
enum above {
  ABOVE_NOTHING,
  ABOVE_VALUE,
  ABOVE_FAULT, /* a refused line: its continuations are ignored */
};

struct parser {
  struct config *config;
  struct problems *problems;
  struct text_lines lines; /* the text that was not read yet */
  unsigned line;           /* the current one */
  enum above above;
  char text[CONFIG_MAX_LINE + 1]; /* of the current line */
  const char *long_value;  /* its value, if inih got the token; or NULL */
  bool continues;          /* it continues the value above */
  bool in_section;         /* after the first heading */
  bool keeps_section;      /* the heading was valid: keep its options */
  struct name_index names; /* places in the config's sections: of their names */
  struct name_index kinds; /* likewise, of the kinds without a name */

  /* The current entry; it grows with each line that continues it. */
  char key[INIH_MAX_LINE + 1]; /* "": there is none */
  struct config_entry entry;   /* key and value are not set yet */
  struct text_buffer value;
};

static const char *const kinds[] = { "pipeline",  "fleet",  "input",
                                     "transform", "output", NULL };

/* ---- Entries ------------------------------------------------------------- */

static struct config_section *
current_section(struct parser *p)
{
  return &p->config->sections[p->config->n_sections - 1];
}

/* Adds the current entry to the section: no further line continues it. */
static void
end_entry(struct parser *p)
{
  if (p->key[0] == '\0')
    return;
  p->entry.key = p->key;
  config_add_entry(p->config, &p->entry, p->value.data, p->value.len);
  p->key[0] = '\0';
}

static void
begin_entry(struct parser *p, const char *key)
{
  const struct config_section *section = current_section(p);
  const struct config_entry *first = config_find(section, key);
  char line[FLEET_LINE_TEXT];

  if (first) {
    problems_add(p->problems, p->config->path, p->line,
                 "option \"%s\" is given twice; first in line %s", key,
                 fleet_line_text(p->config->fleet, first->line, line));
    return;
  }
  if (section->n_entries == MAX_ENTRIES) {
    problems_add(p->problems, p->config->path, p->line,
                 "more than %d options in a section", MAX_ENTRIES);
    return;
  }
  snprintf(p->key, sizeof(p->key), "%s", key);
  p->entry = (struct config_entry){ .line = p->line };
  p->value.len = 0;
  p->above = ABOVE_VALUE;
}

/* Keeps the first variable that cannot be used, for config_report_variables. */
static void
keep_variable(struct parser *p, const struct config_refusal *refusal)
{
  struct config_entry *entry = &p->entry;

  if (entry->variable)
    return;
  entry->variable =
    config_keep_text(p->config, refusal->variable, strlen(refusal->variable));
  entry->variable_why =
    config_keep_text(p->config, refusal->why, strlen(refusal->why));
  entry->variable_line = p->line;
}

/* Adds the part of a value that this line holds. */
static void
add_part(struct parser *p, const char *part)
{
  struct config_refusal refusal;
  int r = config_text_expand(part, &p->value, &p->entry.in_clear, &refusal);

  if (p->continues && p->entry.continued == 0)
    p->entry.continued = p->line;
  if (r != MP_ECONFIG)
    return;
  p->entry.broken = true;
  if (refusal.variable[0])
    keep_variable(p, &refusal);
  else
    problems_add(p->problems, p->config->path, p->line, "%s", refusal.why);
}

/* Called by inih with each NAME = VALUE and each line that continues a
 * value. */
static int
handle_entry(void *user, const char *section, const char *key,
             const char *value)
{
  struct parser *p = user;

  (void)section; /* cut at 49 characters; next_line handles the headings */
  if (p->long_value)
    value = p->long_value;
  if (!p->continues) {
    end_entry(p);
    p->above = ABOVE_FAULT;
    if (p->keeps_section)
      begin_entry(p, key);
  }
  if (p->key[0])
    add_part(p, value ? value : "");
  return 1;
}

/* ---- Sections ------------------------------------------------------------ */

/* Returns the kind with this name, which config_add_section does not copy.  An
 * unknown kind is reported and replaced by the nearest one, so that its options
 * are checked, too.  NULL: none is near. */
static const char *
known_kind(struct parser *p, const char *kind)
{
  const char *known;

  for (const char *const *k = kinds; *k; k++)
    if (strcmp(kind, *k) == 0)
      return *k;
  if (program_has_section(kind))
    return config_keep_text(p->config, kind, strlen(kind));
  known = nearest_of(kind, kinds);
  problems_add(p->problems, p->config->path, p->line,
               "unknown section \"%s\"%s%s%s", kind,
               known ? "; the nearest is \""
                     : ": there are [pipeline], [fleet], [input NAME], "
                       "[transform NAME] and [output NAME]",
               known ? known : "", known ? "\"" : "");
  return known;
}

/* Returns whether sections of KIND have no name: only stages have one. */
static bool
is_nameless(const char *kind)
{
  return strcmp(kind, "input") != 0 && strcmp(kind, "transform") != 0 &&
         strcmp(kind, "output") != 0;
}

static bool
name_is_sound(struct parser *p, const char *kind, const char *name)
{
  if (is_nameless(kind) && *name) {
    problems_add(p->problems, p->config->path, p->line,
                 "[%s] takes no name, but has \"%s\"", kind, name);
    return false;
  }
  if (!is_nameless(kind) && !*name) {
    problems_add(p->problems, p->config->path, p->line,
                 "the section has no name: write [%s NAME]", kind);
    return false;
  }
  if (*name && !config_is_name(name, strlen(name))) {
    problems_add(
      p->problems, p->config->path, p->line,
      "\"%s\" cannot be a name: use 1 to %d of the characters A-Z a-z "
      "0-9 _ -",
      name, CONFIG_MAX_NAME);
    return false;
  }
  return true;
}

/* Reports a name that is used twice.  Names are unique in the file, whatever
 * the kinds; a section without a name may occur once. */
static void
check_unique(struct parser *p, const char *kind, const char *name)
{
  const struct config_section *first;
  char line[FLEET_LINE_TEXT];
  size_t at;

  if (!name_index_find(*name ? &p->names : &p->kinds, *name ? name : kind, &at))
    return;
  first = &p->config->sections[at];
  fleet_line_text(p->config->fleet, first->line, line);
  if (*name)
    problems_add(p->problems, p->config->path, p->line,
                 "the name \"%s\" is already used by [%s %s] in line %s", name,
                 first->kind, name, line);
  else
    problems_add(p->problems, p->config->path, p->line,
                 "[%s] is given twice; first in line %s", kind, line);
}

static void
add_section(struct parser *p, const char *kind, const char *name)
{
  const struct config_section *section;

  if (p->config->n_sections == MAX_SECTIONS) {
    problems_add(p->problems, p->config->path, p->line, "more than %d sections",
                 MAX_SECTIONS);
    return;
  }
  config_add_section(p->config, kind, name, p->line);
  section = current_section(p);
  name_index_add(*name ? &p->names : &p->kinds,
                 *name ? section->name : section->kind,
                 p->config->n_sections - 1);
  p->keeps_section = true;
}

/* Returns true, with a message, if an expanded text has [fleet], from a cell.
 */
static bool
is_second_fleet(struct parser *p, const char *kind)
{
  if (!p->config->fleet || strcmp(kind, "fleet") != 0)
    return false;
  problems_add(p->problems, p->config->path, p->line,
               "the kind of a section cannot be \"fleet\" here");
  return true;
}

/* Begins a section.  HEADING is the text between the brackets; it is
 * modified. */
static void
begin_section(struct parser *p, char *heading)
{
  char *kind = heading + strspn(heading, " \t");
  char *name = kind + strcspn(kind, " \t");
  const char *known;
  size_t len;

  end_entry(p);
  p->above = ABOVE_NOTHING;
  p->in_section = true;
  p->keeps_section = false;
  if (*name)
    *name++ = '\0';
  name += strspn(name, " \t");
  len = strlen(name);
  while (len > 0 && config_is_blank(name[len - 1]))
    name[--len] = '\0';
  known = known_kind(p, kind);
  if (!known || is_second_fleet(p, known) || !name_is_sound(p, known, name)) {
    p->config->lost_section = true;
    return;
  }
  check_unique(p, known, name);
  add_section(p, known, name);
}

/* ---- Lines --------------------------------------------------------------- */

static void
refuse_line(struct parser *p, const char *why)
{
  problems_add(p->problems, p->config->path, p->line, "%s", why);
  p->above = ABOVE_FAULT;
}

#define OPTION_LETTERS "abcdefghijklmnopqrstuvwxyz0123456789_."
#define OTHER_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZ-"

/* Returns true if LINE looks like NAME = VALUE.  Not an option: NAME=VALUE with
 * capitals, which is a variable for a command, and nothing after the "=", which
 * is the end of a text in base64. */
static bool
looks_like_entry(const char *line)
{
  size_t len = strspn(line, OPTION_LETTERS OTHER_LETTERS);
  bool plain = len > 0 && strspn(line, OPTION_LETTERS) == len;
  const char *equals = line + len + strspn(line + len, " \t");

  if (len == 0 || *equals != '=' || (!plain && equals == line + len))
    return false;
  return equals[strspn(equals, "= \t")] != '\0';
}

/* Returns true if the indented LINE continues a value; else the line was
 * reported or is to be ignored. */
static bool
check_continuation(struct parser *p, const char *line)
{
  char above[FLEET_LINE_TEXT];

  switch (p->above) {
  case ABOVE_FAULT:
    return false;
  case ABOVE_NOTHING:
    refuse_line(p, "an indented line continues the value above it, but there "
                   "is no value above: begin it in the first column");
    return false;
  case ABOVE_VALUE:
    break;
  }
  if (!p->key[0] || !looks_like_entry(line + strspn(line, " \t")))
    return true;
  problems_add(p->problems, p->config->path, p->line,
               "this line is indented, so it continues the value of \"%s\" in "
               "line %s: if it is an option, begin it in the first column; if "
               "not, break that value at another place",
               p->key, fleet_line_text(p->config->fleet, p->entry.line, above));
  p->above = ABOVE_FAULT;
  return false;
}

/* Returns true if inih will split LINE into NAME and VALUE as meterpipe does.
 * Messages do not quote the line: it may be the rest of a secret. */
static bool
check_entry(struct parser *p, const char *line)
{
  const char *mark = strpbrk(line, "=:");

  if (!mark || !strchr(mark, '='))
    refuse_line(p, "missing \"=\": a line is a [section], NAME = VALUE, or a "
                   "comment");
  else if (*mark == ':')
    refuse_line(p, "a \":\" before the \"=\": write NAME = VALUE");
  else if (mark == line)
    refuse_line(p, "no name before the \"=\"");
  else if (!p->in_section)
    refuse_line(p, "an option before the first section");
  else
    return true;
  return false;
}

/* Checks a line before inih sees it.  False: inih must not see it. */
static bool
check_line(struct parser *p, char *line)
{
  size_t len = strlen(line);

  p->continues = config_is_blank(line[0]);
  if (p->continues)
    return check_continuation(p, line);
  if (line[0] != '[')
    return check_entry(p, line);
  if (line[len - 1] != ']') {
    refuse_line(p, "a heading that does not end with \"]\"");
    p->in_section = true;
    p->keeps_section = false;
    p->config->lost_section = true;
    return false;
  }
  line[len - 1] = '\0';
  begin_section(p, line + 1);
  return false;
}

/* Copies the LEN bytes of LINE to p->text.  False: the line was refused. */
static bool
keep_line(struct parser *p, const char *line, size_t len)
{
  const char *fault;

  if (len > CONFIG_MAX_LINE) {
    problems_add(p->problems, p->config->path, p->line,
                 "the line has %zu bytes, but at most %d are allowed: continue "
                 "it in an indented line",
                 len, CONFIG_MAX_LINE);
    p->above = ABOVE_FAULT;
    return false;
  }
  memcpy(p->text, line, len);
  p->text[len] = '\0';
  fault = config_text_fault(p->text);
  if (!fault && strlen(p->text) < len)
    fault = "a NUL byte";
  if (!fault)
    return true;
  problems_add(p->problems, p->config->path, p->line, "%s in this line%s",
               fault, p->line == 1 ? ": save the file as UTF-8" : "");
  p->above = ABOVE_FAULT;
  return false;
}

/* Writes p->text to BUF, which has room for MAX bytes and a NUL.  If it is
 * longer: the name and the token, or the token as a continuation. */
static void
pass_line(struct parser *p, char *buf, size_t max)
{
  size_t len = strlen(p->text);
  size_t head = p->continues ? 1 : strcspn(p->text, "=") + 1;
  size_t token = strlen(TOKEN);

  if (len <= max) {
    memcpy(buf, p->text, len + 1);
  } else if (head + token <= max) {
    p->long_value = p->text + head + strspn(p->text + head, " \t");
    memcpy(buf, p->text, head);
    memcpy(buf + head, TOKEN, token + 1);
  } else {
    problems_add(p->problems, p->config->path, p->line,
                 "%zu bytes before the \"=\", but at most %zu are allowed: "
                 "write NAME = VALUE",
                 head - 1, max - token - 1);
    p->above = ABOVE_FAULT;
  }
}

/* Gives inih the next line; an empty one if inih must ignore it.  NULL: end of
 * text. */
static char *
next_line(char *buf, int size, void *user)
{
  struct parser *p = user;
  const char *line;
  size_t len, max = (size_t)size - 2; /* a fuller buffer is a cut line */

  if (!text_lines_next(&p->lines, &line, &len))
    return NULL;
  p->line = p->lines.line;
  buf[0] = '\0';
  p->long_value = NULL;
  if (!keep_line(p, line, len))
    return buf;
  config_text_cut_comment(p->text);
  if (p->text[0] && check_line(p, p->text))
    pass_line(p, buf, max < INIH_MAX_LINE ? max : INIH_MAX_LINE);
  return buf;
}

struct config *
config_parse(const char *path, const char *text, size_t len,
             struct problems *problems)
{
  return config_parse_fleet(path, text, len, NULL, problems);
}

struct config *
config_parse_fleet(const char *path, const char *text, size_t len,
                   struct fleet *fleet, struct problems *problems)
{
  struct parser p = { .problems = problems };
  int refused;

  p.config = config_new(path);
  p.config->fleet = fleet;
  text_lines_begin(&p.lines, text, len);
  refused = ini_parse_stream(next_line, &p, handle_entry, &p);
  if (refused == INIH_NO_MEMORY)
    memory_out();
  end_entry(&p);
  text_buffer_free(&p.value);
  name_index_clear(&p.names);
  name_index_clear(&p.kinds);
  if (refused > 0 && problems_errors(problems) == 0)
    problems_add(
      problems, path, (unsigned)refused,
      "cannot be parsed: a line is a [section], NAME = VALUE, or a comment");
  return p.config;
}
