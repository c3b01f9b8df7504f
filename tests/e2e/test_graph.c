/*
 * meterpipe graph: its output, and that Graphviz accepts it.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "tests/support/run_suite.h"
#include "tests/support/sandbox.h"

#define METER "[input meter]\nplugin = kmp\ndevice = /dev/null\n"
#define DOMOTICZ                                                               \
  "[output domoticz]\nplugin = domoticz\nurl = http://127.0.0.1:1\n"

#define HEAD                                                                   \
  "digraph meterpipe {\n"                                                      \
  "  rankdir=LR;\n"                                                            \
  "  node [shape=box, fontname=\"sans-serif\"];\n"                             \
  "  edge [fontname=\"sans-serif\", fontsize=10];\n"

#define INPUT_STYLE "fillcolor=\"#d5e8d4\", style=\"filled,rounded\""
#define TRANSFORM_STYLE "fillcolor=\"#fff2cc\", style=filled"
#define OUTPUT_STYLE "fillcolor=\"#dae8fc\", style=\"filled,bold\""

static struct sandbox *s;

static void
leave(void)
{
  sandbox_free(s);
}

/* Checks the graph of FILE, and that Graphviz accepts it, if installed. */
static void
check_graph(const char *file, const char *graph)
{
  char command[256];

  s = sandbox_new();
  sandbox_write(s, "house.ini", "%s", file);
  sandbox_run(s, "graph -c house.ini");
  ck_assert_str_eq(sandbox_err(s), "");
  ck_assert_int_eq(sandbox_status(s), EX_OK);
  ck_assert_str_eq(sandbox_out(s), graph);
  snprintf(command, sizeof(command),
           "! command -v dot >/dev/null || dot -Tsvg %s/.out >%s/graph.svg 2>"
           "%s/dot.err && test ! -s %s/dot.err",
           sandbox_dir(s), sandbox_dir(s), sandbox_dir(s), sandbox_dir(s));
  ck_assert_int_eq(system(command), 0);
}

START_TEST(stages_are_boxes_and_values_are_arrows)
{
  check_graph(
    METER "[transform usage]\nplugin = subtract\n"
          "value = meter.heat_energy_e1\nminus = domoticz.323\n"
          "[transform total]\nplugin = add\nvalue = usage\n"
          "plus = domoticz.327\n" DOMOTICZ
          "idx.323 = meter.heat_energy_e1\nidx.322 = usage\n"
          "idx.327 = total\nidx.5 = total\nidx.5.power = meter.power_e1\n",
    HEAD
    "  \"meter\" [" INPUT_STYLE ", label=\"meter\\ninput kmp\"];\n"
    "  \"usage\" [" TRANSFORM_STYLE ", label=\"usage\\ntransform subtract\"];\n"
    "  \"total\" [" TRANSFORM_STYLE ", label=\"total\\ntransform add\"];\n"
    "  \"domoticz\" [" OUTPUT_STYLE ", label=\"domoticz\\noutput domoticz\"];\n"
    "  \"meter\" -> \"usage\" [label=\"meter.heat_energy_e1\"];\n"
    "  \"domoticz\" -> \"usage\" [label=\"minus domoticz.323\", style=dashed, "
    "constraint=false];\n"
    "  \"usage\" -> \"total\" [label=\"usage\"];\n"
    "  \"domoticz\" -> \"total\" [label=\"plus domoticz.327\", style=dashed, "
    "constraint=false];\n"
    "  \"meter\" -> \"domoticz\" [label=\"meter.heat_energy_e1\\nidx.323\"];\n"
    "  \"usage\" -> \"domoticz\" [label=\"usage\\nidx.322\"];\n"
    "  \"total\" -> \"domoticz\" [label=\"total\\nidx.327\"];\n"
    "  \"total\" -> \"domoticz\" [label=\"total\\nidx.5\"];\n"
    "  \"meter\" -> \"domoticz\" [label=\"meter.power_e1\\nidx.5.power\"];\n"
    "}\n");
}
END_TEST

START_TEST(output_of_all_fields_has_an_arrow_for_each_value)
{
  check_graph(METER "fields = heat_energy_e1, 0x44\n"
                    "[output show]\nplugin = stdout\n",
              HEAD
              "  \"meter\" [" INPUT_STYLE ", label=\"meter\\ninput kmp\"];\n"
              "  \"show\" [" OUTPUT_STYLE ", label=\"show\\noutput stdout\"];\n"
              "  \"meter\" -> \"show\" [label=\"meter.heat_energy_e1\"];\n"
              "  \"meter\" -> \"show\" [label=\"meter.volume_v1\"];\n"
              "}\n");
}
END_TEST

/* Names that are words of DOT, or contain quotes, backslashes, or text like an
 * escape or HTML. */
START_TEST(names_are_escaped)
{
  check_graph(
    "[input graph]\nplugin = kmp\ndevice = /dev/null\n"
    "[transform -edge-]\nplugin = overwrite\nvalue = graph.60\n"
    "[output node]\nplugin = csv\npath = x.csv\n"
    "column.say \"hi\" = graph.60\ncolumn.back\\slash\\N = -edge-\n"
    "column.<b>é</b> = graph.heat_energy_e1\n",
    HEAD "  \"graph\" [" INPUT_STYLE ", label=\"graph\\ninput kmp\"];\n"
         "  \"-edge-\" [" TRANSFORM_STYLE
         ", label=\"-edge-\\ntransform overwrite\"];\n"
         "  \"node\" [" OUTPUT_STYLE ", label=\"node\\noutput csv\"];\n"
         "  \"graph\" -> \"-edge-\" [label=\"graph.heat_energy_e1\"];\n"
         "  \"graph\" -> \"node\" [label=\"graph.heat_energy_e1\\ncolumn.say "
         "\\\"hi\\\"\"];\n"
         "  \"-edge-\" -> \"node\" "
         "[label=\"-edge-\\ncolumn.back\\\\slash\\\\N\"];\n"
         "  \"graph\" -> \"node\" "
         "[label=\"graph.heat_energy_e1\\ncolumn.<b>é</b>\"];\n"
         "}\n");
}
END_TEST

START_TEST(mistake_in_the_file_prints_no_graph)
{
  s = sandbox_new();
  sandbox_write(s, "house.ini", METER "[output show]\nplugin = stdou\n");
  sandbox_run(s, "graph -c house.ini");
  ck_assert_str_eq(sandbox_err(s),
                   "house.ini:5: there is no output plugin \"stdou\"; the "
                   "nearest is \"stdout\"\n");
  ck_assert_str_eq(sandbox_out(s), "");
  ck_assert_int_eq(sandbox_status(s), EX_CONFIG);
}
END_TEST

START_TEST(output_that_cannot_be_written_is_an_error)
{
  s = sandbox_new();
  sandbox_write(s, "house.ini", METER "[output show]\nplugin = stdout\n");
  sandbox_set_stdout(s, "/dev/full");
  sandbox_run(s, "graph -c house.ini");
  ck_assert_str_eq(sandbox_err(s),
                   "error: standard output: cannot be written\n");
  ck_assert_int_eq(sandbox_status(s), EX_IOERR);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("graph");
  TCase *t = tcase_create("graph");

  tcase_add_checked_fixture(t, NULL, leave);
  tcase_set_timeout(t, 60);
  tcase_add_test(t, stages_are_boxes_and_values_are_arrows);
  tcase_add_test(t, output_of_all_fields_has_an_arrow_for_each_value);
  tcase_add_test(t, names_are_escaped);
  tcase_add_test(t, mistake_in_the_file_prints_no_graph);
  tcase_add_test(t, output_that_cannot_be_written_is_an_error);
  suite_add_tcase(suite, t);
  return run_suite(suite);
}
