/*
 * meterpipe status, for people and for programs.
 */
#ifndef CORE_COMMANDS_STATUS_PRINT_H
#define CORE_COMMANDS_STATUS_PRINT_H

#include "core/commands/status.h"
#include "core/cycle/set_aside.h"
#include "lib/json.h"

void status_print(const struct status *status, FILE *out);

void status_print_json(const struct status *status, FILE *out);

/* The rows that were set aside (status_aside.c). */
void status_print_aside(const struct status *status, FILE *out);
void status_print_aside_json(const struct status *status, FILE *out);

/* The table of rows that were set aside. */
void status_print_rows(const struct rows_aside *list, FILE *out);

/* Write a time (ms since 1970; 0: null), and a value as an object. */
void status_json_time(struct json *json, const char *key, int64_t ms);
void status_json_value(struct json *json, const char *key,
                       const struct value *v);

#endif
