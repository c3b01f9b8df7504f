/*
 * Writes options in the format that core/config/config.h reads.
 */
#ifndef CORE_CONFIG_CONFIG_PRINT_H
#define CORE_CONFIG_CONFIG_PRINT_H

#include <stdio.h>

/* Writes KEY = VALUE in as many lines as necessary.  VALUE must be free of
 * faults (config_text_fault) and not empty. */
void config_print_option(FILE *out, const char *key, const char *value);

#endif
