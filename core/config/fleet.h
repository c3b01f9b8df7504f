/*
 * Many meters in one file.  A pipeline file with
 *
 *     [fleet]
 *     list = houses.csv
 *
 * is a template: a section whose heading has a {COLUMN} is repeated for each
 * row of the list, and so is an option whose name has one, in a section that is
 * not repeated.  This is an operation on the text, before it is parsed: the
 * expanded text is a complete pipeline file without [fleet].
 */
#ifndef CORE_CONFIG_FLEET_H
#define CORE_CONFIG_FLEET_H

#include <stdbool.h>
#include <stddef.h>

#include "core/config/fleet_list.h"
#include "core/config/problems.h"
#include "lib/text_buffer.h"
#include "meterpipe/plugin.h"

/* Bytes of a pipeline file, expanded or not; limits the memory that a wrong
 * file takes. */
#define FLEET_MAX_TEXT ((size_t)32 << 20)

/* Size of a text of fleet_line_text. */
#define FLEET_LINE_TEXT 512

/* The options of [fleet]. */
extern const struct mp_option fleet_options[];

/* Where a line of the expanded text comes from. */
struct fleet_line {
  unsigned line;     /* of the pipeline file */
  unsigned row_plus; /* the index of the row + 1; 0: the line is not repeated */
  bool has_cell;     /* a part of it is from the list */
};

struct fleet {
  char *path; /* of the pipeline file, as given */
  struct fleet_list list;
  struct fleet_line *lines; /* of the expanded text, from line 1 */
  size_t n_lines;
  char **templates; /* by line of the pipeline file: "input {name}", the heading
                       of a repeated section, or the name of a repeated option;
                       NULL: neither */
  size_t n_templates;
};

/* Finds [fleet] in the LEN bytes of TEXT.  MP_OK with *ret_list, the path of
 * its list, which the caller frees; NULL: there is no [fleet].  A relative path
 * is relative to the directory of PATH.  MP_ECONFIG: reported in PROBLEMS. */
int fleet_find(const char *path, const char *text, size_t len,
               struct problems *problems, char **ret_list);

/* Expands the LEN bytes of TEXT with LIST, which the fleet then owns.  MP_OK
 * with *ret_text and *ret; MP_ECONFIG: reported in PROBLEMS. */
int fleet_expand(const char *path, const char *text, size_t len,
                 struct fleet_list *list, struct problems *problems,
                 struct text_buffer *ret_text, struct fleet **ret);

void fleet_free(struct fleet *fleet);

/* In these functions, LINE is a line of the expanded text.  Without a fleet
 * (NULL) it is a line of the pipeline file. */

/* Returns the line of the pipeline file; *ret_row is the row of the list, or
 * NULL. */
unsigned fleet_place(const struct fleet *fleet, unsigned line,
                     const struct fleet_row **ret_row);

/* Writes "12", or "12 (houses.csv:804)", to BUF; returns BUF. */
const char *fleet_line_text(const struct fleet *fleet, unsigned line,
                            char buf[FLEET_LINE_TEXT]);

/* Returns the template of the heading or option of LINE, see fleet.templates;
 * NULL: it is not repeated. */
const char *fleet_template(const struct fleet *fleet, unsigned line);

/* Returns whether LINE has a text of the list, and everybody can read the
 * list. */
bool fleet_is_readable(const struct fleet *fleet, unsigned line);

#endif
