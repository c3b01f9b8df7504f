/*
 * The pipeline file: parses INI text into ordered sections and keeps the line
 * number of each item.  If the file has [fleet], these are the lines of the
 * expanded text (core/config/fleet.h).
 *
 *     # a comment line; so is one that begins with ;
 *     [input meter]              ; KIND NAME
 *     plugin = name              ; blank and ; begin a comment, \; is a ;
 *     device = "/dev/odd name "  ; double quotes keep outer blanks
 *     fields = heat_energy_e1,
 *       volume_v1                ; indented: continues the value above
 *     capture = ${HOME}/eye.log  ; the environment variable
 *
 * A value that continues in further lines is joined without blanks between.
 * Quotes, \; and ${NAME} are recognised in each line separately, so a value
 * with a literal ${ can be split after its $.
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
#include "core/memory/name_index.h"

struct config_entry {
  const char *key, *value;
  unsigned line;
  bool in_clear;        /* (part of) the value is written in the file itself,
                           not only in a variable of the environment */
  bool broken;          /* the value was refused; already reported, unless
                           variable is set */
  const char *variable; /* an environment variable that cannot be used in the
                           value; NULL: none */
  const char *variable_why; /* "is not set" */
  unsigned variable_line;
  unsigned continued; /* the first indented line of the value; 0: there is none.
                         The value must not be shown: such a line can be an
                         option that was indented by mistake, and hold a
                         password */
};

struct config_section {
  const char *kind; /* "pipeline", "input", "transform", "output", or the NAME
                       of an installed program meterpipe-NAME, which checks the
                       options of its section itself */
  const char *name; /* "" for pipeline and programs */
  unsigned line;
  struct config_entry *entries;
  size_t n_entries;
  struct name_index keys; /* places of the keys in ENTRIES */
};

struct config_block;
struct fleet;

struct config {
  const char *path; /* as given, for messages */
  struct config_section *sections;
  size_t n_sections;
  bool world_readable;         /* the file can be read by others */
  bool lost_section;           /* a heading was refused: the options below it
                                  are in no section */
  struct fleet *fleet;         /* where the lines come from, if the file has
                                  [fleet]; else NULL */
  struct config_block *blocks; /* own all texts */
};

/* Parses a pipeline file, of which TEXT is the whole; PATH is for messages.  A
 * section of an unknown kind gets the nearest known kind, one with another
 * error in its heading is left out, and a repeated one is kept twice.  [fleet]
 * has no effect: config_file.h reads a file that has it. */
struct config *config_parse(const char *path, const char *text, size_t len,
                            struct problems *problems);

/* The same for a text that FLEET expanded; the config then owns FLEET, which
 * may be NULL. */
struct config *config_parse_fleet(const char *path, const char *text,
                                  size_t len, struct fleet *fleet,
                                  struct problems *problems);

void config_free(struct config *config);

/*
 * Builds a pipeline without a file, for command lines: config_add_section
 * begins a section; config_add_entry adds a copy of ENTRY with a value of LEN
 * bytes to the last section.  Nothing is checked.
 */
struct config *config_new(const char *path);
void config_add_section(struct config *config, const char *kind,
                        const char *name, unsigned line);
void config_add_entry(struct config *config, const struct config_entry *entry,
                      const char *value, size_t len);

/* The same for the section with the number INDEX. */
void config_add_entry_to(struct config *config, size_t index,
                         const struct config_entry *entry, const char *value,
                         size_t len);

/* Copies a text; the copy lives as long as CONFIG. */
const char *config_keep_text(struct config *config, const char *text,
                             size_t len);

/* Returns the values that continue in an indented line, ended by NULL.  The
 * caller frees the list; CONFIG owns the texts. */
const char **config_continued(const struct config *config);

/* Reports that a value continues in an indented line although it must not. */
void config_refuse_continued(const struct config *config,
                             const struct config_entry *entry,
                             struct problems *problems);

/*
 * Reports environment variables that values of SECTION name but cannot use.
 * TABLE (NULL: not known) and TARGET_PREFIX (NULL: none) as for options_check:
 * the name of a variable is shown only if the value is known not to be a
 * secret.
 */
void config_report_variables(const struct config *config,
                             const struct config_section *section,
                             const struct mp_option *table,
                             const char *target_prefix,
                             struct problems *problems);

/* Returns the entry of KEY in a section; NULL: it is not given. */
const struct config_entry *config_find(const struct config_section *section,
                                       const char *key);

#endif
