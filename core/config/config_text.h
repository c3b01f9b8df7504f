/*
 * The texts of a pipeline file: what may stand in them, and what they mean.
 */
#ifndef CORE_CONFIG_CONFIG_TEXT_H
#define CORE_CONFIG_CONFIG_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#define CONFIG_MAX_LINE 198 /* bytes of a line, its end not counted */
#define CONFIG_MAX_NAME 32  /* characters of the NAME of a section */

/* Room for a sentence about a line. */
#define CONFIG_WHY 160

/* Why a value, or the part of it in one line, is refused.  WHY never holds any
 * of the value.  VARIABLE does: a ${ in a password need not be meant as one. */
struct config_refusal {
  char why[CONFIG_WHY];               /* "holds a NUL byte", of VARIABLE */
  char variable[CONFIG_MAX_LINE + 1]; /* "": WHY is a whole sentence */
};

/* A text that grows; all zeros is an empty one.  No NUL ends it. */
struct text {
  char *bytes;
  size_t len, room;
};

void text_free(struct text *text);

/* MP_OK or MP_ENOMEM. */
int text_append(struct text *text, const char *bytes, size_t len);

/* Whether LEN bytes can be the NAME of a section. */
bool config_is_name(const char *text, size_t len);

/* What keeps TEXT from standing in a pipeline file (a control character, no
 * UTF-8), in words; NULL: nothing. */
const char *config_text_fault(const char *text);

/*
 * Appends what PART means, a value or the part of it that stands in one line:
 * without its outer quotes, \; as ; and ${NAME} as the environment has it.
 * *in_clear becomes true when any of it stands there itself.  MP_OK; MP_ENOMEM;
 * MP_ECONFIG with *ret_refusal.
 */
int config_text_expand(const char *part, struct text *text, bool *in_clear,
                       struct config_refusal *ret_refusal);

#endif
