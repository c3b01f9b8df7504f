/*
 * meterpipe graph: prints the pipeline in the DOT language of Graphviz.
 *
 * Stages are boxes, coloured by kind.  A solid arrow is a named value on its
 * way to a transform or a target.  A dashed arrow is the last known value of a
 * target, which goes back to the transform that measures from it or adds to it.
 */
#include "core/commands/app.h"
#include "core/commands/commands.h"

#include <stdio.h>
#include <sysexits.h>

/* Writes a text in the double quotes of a label.  There a backslash begins an
 * escape, such as \N for the name of the node. */
static void
write_escaped(const char *text)
{
  for (; *text; text++) {
    if (*text == '"' || *text == '\\')
      putchar('\\');
    putchar(*text);
  }
}

/* The name of a section needs no escapes. */
static void
write_stage(const struct stage *s)
{
  static const char *const styles[PLUGIN_KINDS] = {
    [PLUGIN_INPUT] = "fillcolor=\"#d5e8d4\", style=\"filled,rounded\"",
    [PLUGIN_TRANSFORM] = "fillcolor=\"#fff2cc\", style=filled",
    [PLUGIN_OUTPUT] = "fillcolor=\"#dae8fc\", style=\"filled,bold\"",
  };

  printf("  \"%s\" [%s, label=\"%s\\n%s ", s->name, styles[s->kind], s->name,
         plugin_kind_names[s->kind]);
  write_escaped(s->plugin->table.name);
  fputs("\"];\n", stdout);
}

/* Writes an arrow from SLOT to the stage TO.  The label is the value's name
 * and, unless TARGET is NULL, the target's. */
static void
write_value(const struct slot *slot, const struct stage *to,
            const struct target *target)
{
  printf("  \"%s\" -> \"%s\" [label=\"", slot->stage->name, to->name);
  write_escaped(slot->name);
  if (target) {
    printf("\\n%s.", to->plugin->output.target_prefix);
    write_escaped(target->name);
    if (target->part)
      printf(".%s", target->part);
  }
  fputs("\"];\n", stdout);
}

static void
write_operand(const struct operand *operand, const struct stage *to)
{
  const struct target *target = operand->target;

  printf("  \"%s\" -> \"%s\" [label=\"%s ", target->stage->name, to->name,
         operand->key);
  write_escaped(target->full_name);
  fputs("\", style=dashed, constraint=false];\n", stdout);
}

static void
write_edges_to(const struct stage *s)
{
  if (s->input)
    write_value(s->input, s, NULL);
  for (size_t i = 0; i < s->n_operands; i++)
    write_operand(&s->operands[i], s);
  for (size_t i = 0; i < s->n_targets; i++)
    if (s->targets[i]->source)
      write_value(s->targets[i]->source, s,
                  s->takes_all ? NULL : s->targets[i]);
}

static void
write_graph(const struct plan *p)
{
  fputs("digraph meterpipe {\n"
        "  rankdir=LR;\n"
        "  node [shape=box, fontname=\"sans-serif\"];\n"
        "  edge [fontname=\"sans-serif\", fontsize=10];\n",
        stdout);
  for (size_t i = 0; i < p->n_stages; i++)
    write_stage(p->stages[i]);
  for (size_t i = 0; i < p->n_stages; i++)
    write_edges_to(p->stages[i]);
  fputs("}\n", stdout);
}

int
command_graph(const struct arguments *args)
{
  struct app *app;
  int status = app_new(args, &app), last;

  if (status == EX_OK)
    status = app_load(app);
  if (status == EX_OK) {
    write_graph(app->plan);
    status = app_flush(status);
  }
  last = app_finish(app);
  return status == EX_OK ? last : status;
}
