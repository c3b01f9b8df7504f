/*
 * Texts of a pipeline file: the permitted characters, and quotes, escapes and
 * variables.
 */
#ifndef CORE_CONFIG_CONFIG_TEXT_H
#define CORE_CONFIG_CONFIG_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/text_buffer.h"

#define CONFIG_MAX_LINE 4096 /* bytes of a line without its end */
#define CONFIG_MAX_NAME 32   /* characters of the NAME of a section */

/* Size of the buffer for the reason of a refusal. */
#define CONFIG_WHY 160

/* Why a value, or the part of it in one line, is refused.  WHY never contains
 * a part of the value.  VARIABLE does: a ${ in a password may not be meant as a
 * variable. */
struct config_refusal {
  char why[CONFIG_WHY];               /* "holds a NUL byte": a statement about
                                         VARIABLE */
  char variable[CONFIG_MAX_LINE + 1]; /* "": WHY is a complete sentence */
};

/* Returns true if the LEN bytes of TEXT can be the NAME of a section. */
bool config_is_name(const char *text, size_t len);

static inline bool
config_is_blank(char c)
{
  return c == ' ' || c == '\t';
}

/* Removes the comment of LINE, and the blanks at its end.  It may become
 * empty. */
void config_text_cut_comment(char *line);

/* Returns why TEXT is not allowed in a pipeline file (a control character, no
 * UTF-8); NULL: it is allowed. */
const char *config_text_fault(const char *text);

/*
 * Appends the meaning of PART, a value or the part of it in one line: without
 * outer quotes, with \; replaced by ; and ${NAME} by the environment variable.
 * Sets *in_clear to true if any of the text is from PART itself, not from a
 * variable.  MP_OK; MP_ECONFIG with *ret_refusal.
 */
int config_text_expand(const char *part, struct text_buffer *text,
                       bool *in_clear, struct config_refusal *ret_refusal);

#endif
