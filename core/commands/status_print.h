/*
 * meterpipe status, for people and for programs.
 */
#ifndef CORE_COMMANDS_STATUS_PRINT_H
#define CORE_COMMANDS_STATUS_PRINT_H

#include "core/commands/status.h"

void status_print(const struct status *status, FILE *out);

void status_print_json(const struct status *status, FILE *out);

#endif
