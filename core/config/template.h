/*
 * The text of a pipeline file with [fleet], as lines and blocks.
 */
#ifndef CORE_CONFIG_TEMPLATE_H
#define CORE_CONFIG_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

enum template_kind {
  TEMPLATE_BLANK, /* also a comment */
  TEMPLATE_HEADING,
  TEMPLATE_OPTION,
  TEMPLATE_CONTINUATION,
  TEMPLATE_FAULT, /* the parser will refuse the line */
};

struct template_line {
  enum template_kind kind;
  const char *raw; /* as in the file, without its end */
  size_t raw_len;
  char *text; /* without comment; "" for TEMPLATE_BLANK and TEMPLATE_FAULT */
};

struct template
{
  struct template_line *lines; /* that of line 1 first */
  size_t n_lines;
  char *copy; /* of the file: the memory of the texts */
  size_t copy_len;
};

/* Lines that are expanded together. */
struct template_block {
  enum {
    BLOCK_PLAIN,   /* not repeated: one heading, option or other line */
    BLOCK_SECTION, /* repeated, with its heading */
    BLOCK_OPTION,  /* repeated, with the lines that continue it */
    BLOCK_FLEET,   /* the section [fleet] */
  } kind;
  size_t begin, end; /* indices of lines */
};

/* Splits the LEN bytes of TEXT, which must outlive *ret. */
void template_read(const char *text, size_t len, struct template *ret);
void template_clear(struct template *t);

/* Takes the block after BLOCK, which begins as all zeros.  False: there is
 * none. */
bool template_next(const struct template *t, struct template_block *block);

/* Returns the end of the logical line at index I: the option or heading with
 * the lines that continue it. */
size_t template_option_end(const struct template *t, size_t i);

/* Returns whether P, in TEXT, is the opening brace of a {COLUMN}; *ret_len is
 * the length of COLUMN. */
bool template_is_column(const char *text, const char *p, size_t *ret_len);

/* Returns the first {COLUMN} of TEXT at or after P; NULL: there is none. */
const char *template_find_column(const char *text, const char *p,
                                 size_t *ret_len);

#endif
