/*
 * The pipeline file: INI text to ordered sections, with the line of everything.
 *
 *     # a comment line; so is one that begins with ;
 *     [input meter]              ; KIND NAME
 *     plugin = name              ; blank and ; begin a comment, \; is a ;
 *     device = "/dev/odd name "  ; double quotes keep outer blanks
 *     fields = heat_energy_e1,
 *       volume_v1                ; indented: goes on with the value above
 *     capture = ${HOME}/eye.log  ; the environment variable
 *
 * A value that goes on in further lines is put together as it stands, without
 * blanks between.  Quotes, \; and ${NAME} are looked for line by line, so a
 * value that needs a literal ${ can be split behind its $.
 *
 * (The config.h of autoconf is another file: in core/, include it as
 * <config.h>.)
 */
#ifndef CORE_CONFIG_CONFIG_H
#define CORE_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "core/config/config_text.h"
#include "core/config/problems.h"

struct config_entry {
  const char *key, *value;
  unsigned line;
  bool in_clear;        /* the file itself holds (part of) the value, not only a
                           variable of the environment */
  bool broken;          /* the value was refused; reported already, unless one
                           of the next members says why */
  const char *variable; /* of the environment, that the value cannot have */
  const char *variable_why; /* "is not set" */
  unsigned variable_line;
  unsigned continued; /* the first indented line of the value; 0: there is none.
                         The value is not shown: such a line can be an option
                         that was indented by mistake, and hold a password */
};

struct config_section {
  const char *kind; /* "pipeline", "input", "transform", "output" */
  const char *name; /* "" for pipeline */
  unsigned line;
  struct config_entry *entries;
  size_t n_entries;
};

struct config_block;

struct config {
  const char *path; /* as given, for messages */
  struct config_section *sections;
  size_t n_sections;
  bool world_readable;         /* the file can be read by others */
  bool lost_section;           /* a heading was refused: what stands below it
                                  is not among the sections */
  struct config_block *blocks; /* hold all texts */
};

/*
 * Reads a pipeline file.  MP_OK with *ret, even when problems were found: then
 * problems_errors() says so, sections of an unknown kind are taken as the
 * nearest one, others without a sound heading are left out, and repeated ones
 * are there twice.  MP_ECONFIG (no such file, or not one), MP_EPERM, MP_EIO:
 * reported as a problem, no *ret.  MP_ENOMEM.
 */
int config_load(const char *path, struct problems *problems,
                struct config **ret);

/* The same from memory; PATH is for messages.  MP_OK or MP_ENOMEM. */
int config_parse(const char *path, const char *text, size_t len,
                 struct problems *problems, struct config **ret);

void config_free(struct config *config);

/*
 * A pipeline by hand, for what comes from a command line: config_add_section
 * ends the section before it; config_add_entry adds to the last one a copy of
 * ENTRY with a value of LEN bytes.  Nothing is checked.  NULL and MP_ENOMEM:
 * out of memory.
 */
struct config *config_new(const char *path);
int config_add_section(struct config *config, const char *kind,
                       const char *name, unsigned line);
int config_add_entry(struct config *config, const struct config_entry *entry,
                     const char *value, size_t len);

/* The same for section number INDEX. */
int config_add_entry_to(struct config *config, size_t index,
                        const struct config_entry *entry, const char *value,
                        size_t len);

/* A copy of a text that lives as long as CONFIG. */
const char *config_keep_text(struct config *config, const char *text,
                             size_t len);

/* The values that continue in an indented line, up to a NULL; the caller frees
 * the list, the texts are CONFIG's.  NULL: out of memory. */
const char **config_continued(const struct config *config);

/* Reports a value that must not continue in an indented line, but does. */
void config_refuse_continued(const struct config *config,
                             const struct config_entry *entry,
                             struct problems *problems);

/*
 * Reports the variables that values of SECTION name and cannot have.  TABLE
 * (NULL: not known) and TARGET_PREFIX (NULL: none) as for options_check: the
 * name of a variable is shown only in a value that is known not to be a secret.
 */
void config_report_variables(const struct config *config,
                             const struct config_section *section,
                             const struct mp_option *table,
                             const char *target_prefix,
                             struct problems *problems);

/* The value of KEY in a section; NULL when it is not given. */
const struct config_entry *config_find(const struct config_section *section,
                                       const char *key);

#endif
