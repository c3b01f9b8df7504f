/*
 * meterpipe kmp: executes another program, which knows the meter's protocol.
 */
#include "core/commands/commands.h"

#include "core/commands/execute.h"

int
command_kmp(const struct arguments *args)
{
  return execute_program("kmp", args->operands, args->n_operands,
                         "install the kmp plugin, which contains it");
}
