/*
 * Writing what core/config/config.h reads.
 */
#ifndef CORE_CONFIG_CONFIG_PRINT_H
#define CORE_CONFIG_CONFIG_PRINT_H

#include <stdio.h>

/* KEY = VALUE, in as many lines as it takes.  VALUE can stand in a pipeline
 * file (config_text_fault) and is not empty. */
void config_print_option(FILE *out, const char *key, const char *value);

#endif
