/*
 * meterpipe import: prints the command line of the old script as a pipeline
 * file.
 */
#ifndef CORE_COMMANDS_IMPORT_IMPORT_H
#define CORE_COMMANDS_IMPORT_IMPORT_H

#include <stddef.h>
#include <stdio.h>

/* The address of Domoticz if --url is not given. */
#define IMPORT_DEFAULT_URL "http://127.0.0.1:8080"

/* Writes the canonical field name of register NUMBER (decimal digits) to RET,
 * of SIZE bytes.  Returns 0, or another number if there is no such register.
 * The caller of import_print asks the input plugin: the core knows no
 * protocol. */
typedef int (*import_field_fn)(const char *number, char *ret, size_t size);

/*
 * Prints to OUT the pipeline file that equals
 *
 *     multical402-4-domoticz.py DEVICE IDX:REGISTER:FUNCTION[:IDX2],...
 *
 * and to ERR warnings about probable mistakes in it.  URL NULL: the default.
 * Returns the exit status: EX_OK; EX_USAGE with nothing printed to OUT; or
 * EX_SOFTWARE, EX_IOERR.
 */
int import_print(FILE *out, FILE *err, const char *device, const char *spec,
                 const char *url, import_field_fn field);

#endif
