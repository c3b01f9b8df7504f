/*
 * [fleet]: the list of meters, the expanded text, and the exact message for
 * each mistake.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/config/config_file.h"
#include "core/config/options.h"
#include "lib/array.h"
#include "tests/core/config/problems_text.h"
#include "tests/support/run_suite.h"

#define LIST "name,device,n\nh1,tcp://a:1,323\nh2,/dev/ttyUSB0,\n"

/* Expands INI with LIST and parses the result.  Returns the config, or NULL
 * after an error; *ret_text is the expanded text, or NULL. */
static struct config *
expand(const char *ini, const char *list, struct problems *problems,
       char **ret_text)
{
  struct fleet_list rows;
  struct text_buffer text;
  struct fleet *fleet;
  struct config *config;
  char *path;

  *ret_text = NULL;
  if (fleet_find("f.ini", ini, strlen(ini), problems, &path) != MP_OK)
    return NULL;
  ck_assert_ptr_nonnull(path);
  if (fleet_list_parse(path, list, strlen(list), problems, &rows) != MP_OK ||
      fleet_expand("f.ini", ini, strlen(ini), &rows, problems, &text, &fleet) !=
        MP_OK) {
    free(path);
    return NULL;
  }
  free(path);
  config = config_parse_fleet("f.ini", text.data, text.len, fleet, problems);
  *ret_text = strndup(text.data, text.len);
  text_buffer_free(&text);
  return config;
}

/* ---- Expanded texts ------------------------------------------------------ */

static const struct {
  const char *ini, *text; /* after a [fleet] with the list above */
} good[] = {
  { "", "" },
  /* a repeated section; its comments are not repeated */
  { "[input {name}]\n# c\nplugin = kmp ; c\ndevice  =  {device}\n\n",
    "[input h1]\nplugin = kmp\ndevice  =  tcp://a:1\n\n"
    "[input h2]\nplugin = kmp\ndevice  =  /dev/ttyUSB0\n\n" },
  /* a repeated option, in a section that is not repeated */
  { "[output o]\n# c\nurl = x ; c\nidx.{name}.y = {name}.e1 ; c\n# d\nk = v\n",
    "[output o]\n# c\nurl = x ; c\nidx.h1.y = h1.e1\nidx.h2.y = h2.e1\n# d\n"
    "k = v\n" },
  /* an empty cell leaves out an option with all its lines, or a section */
  { "[input {name}]\na = x,\n  {n},\n  y\nb = 1\n",
    "[input h1]\na = x,\n  \"323,\"\n  y\nb = 1\n\n[input h2]\nb = 1\n\n" },
  { "[input x{n}]\nb = 1\n", "[input x323]\nb = 1\n\n" },
  { "[output o]\nidx.{n} = {name}\n", "[output o]\nidx.323 = h1\n" },
  /* only {COLUMN} alone is replaced */
  { "[input {name}]\nb = ${name} {{name}} { name } {Name} {} {\"name\":1} "
    "{n{name}}\n",
    "[input h1]\nb = ${name} {{name}} { name } {Name} {} {\"name\":1} "
    "{n{name}}\n\n"
    "[input h2]\nb = ${name} {{name}} { name } {Name} {} {\"name\":1} "
    "{n{name}}\n\n" },
  { "[output o]\nb = {{name}} {nAme} { print }\n# {nix} {name}\n",
    "[output o]\nb = {{name}} {nAme} { print }\n# {nix} {name}\n" },
  { "[output o]\nb{name} = {{v.{name}.e1}}\n",
    "[output o]\nbh1 = {{v.h1.e1}}\nbh2 = {{v.h2.e1}}\n" },
  /* several columns in one line, quotes, and continued values */
  { "[output o]\nk.{name} = \" {name}/{device} \"\n  {name}\n\n  z ; c\n",
    "[output o]\nk.h1 = \" h1/tcp://a:1 \"\n  \"h1\"\n  z\n"
    "k.h2 = \" h2//dev/ttyUSB0 \"\n  \"h2\"\n  z\n" },
  /* Windows line ends */
  { "[output o]\r\nk = v\r\n", "[output o]\nk = v\n" },
};

START_TEST(template_is_expanded)
{
  struct problems problems;
  char *ini, *text, *said;
  struct config *config;
  static const char head[] = "[fleet]\nlist = l.csv\n";

  problems_init(&problems);
  ini = malloc(strlen(head) + strlen(good[_i].ini) + 1);
  sprintf(ini, "%s%s", head, good[_i].ini);
  setenv("name", "v", 1);
  config = expand(ini, LIST, &problems, &text);
  said = problems_text(&problems);
  ck_assert_str_eq(said, "");
  ck_assert_str_eq(text, good[_i].text);
  free(said);
  free(text);
  free(ini);
  config_free(config);
  problems_free(&problems);
}
END_TEST

START_TEST(file_without_fleet_is_not_changed)
{
  static const char ini[] = "[output o]\nk = {name} ; not a [fleet]\n";
  struct problems problems;
  char *path;

  problems_init(&problems);
  ck_assert_int_eq(fleet_find("f.ini", ini, strlen(ini), &problems, &path),
                   MP_OK);
  ck_assert_ptr_null(path);
  problems_free(&problems);
}
END_TEST

/* ---- Cells are literal --------------------------------------------------- */

/* Places of a column in a value, and the value around the cell. */
static const struct {
  const char *before, *after;
  const char *value_before, *value_after;
} places[] = {
  { "k = ", "", "", "" },         { "k = a", "b", "a", "b" },
  { "k = \" ", " \"", " ", " " }, { "k = a\n  ", "", "a", "" },
  { "k = \\", ";\n", "\\", ";" }, { "k = ", "{A}", "", "{A}" },
};

static const char letters[] = "a ;\\\"${}=[]#,:'\t";

/* Writes CELL as a cell of a CSV file. */
static void
write_cell(FILE *out, const char *cell)
{
  putc('"', out);
  for (; *cell; cell++) {
    if (*cell == '"')
      putc('"', out);
    putc(*cell, out);
  }
  putc('"', out);
}

static void
expect_value(const char *before, const char *after, const char *cell,
             const char *value)
{
  char *ini, *list, *text, *said;
  size_t len;
  FILE *f = open_memstream(&ini, &len);
  struct problems problems;
  struct config *config;

  fprintf(f, "[fleet]\nlist = l\n[input {name}]\n%s{c}%s\n", before, after);
  fclose(f);
  f = open_memstream(&list, &len);
  fputs("name,c\nh,", f);
  write_cell(f, cell);
  fclose(f);
  problems_init(&problems);
  config = expand(ini, list, &problems, &text);
  said = problems_text(&problems);
  ck_assert_msg(!*said, "cell %s: %s\n%s", cell, said, text);
  ck_assert_str_eq(config->sections[0].entries[0].value, value);
  ck_assert_uint_eq(config->sections[0].n_entries, 1);
  free(ini);
  free(list);
  free(text);
  free(said);
  config_free(config);
  problems_free(&problems);
}

/* All cells of three special characters, in every place. */
START_TEST(cell_is_literal_in_a_value)
{
  const size_t n = strlen(letters);
  char cell[4] = "", value[32];

  setenv("a", "variable", 1);
  setenv("A", "variable", 1);
  for (size_t i = 0; i < n * n * n; i++) {
    cell[0] = letters[i % n];
    cell[1] = letters[i / n % n];
    cell[2] = letters[i / n / n];
    snprintf(value, sizeof(value), "%s%s%s", places[_i].value_before, cell,
             places[_i].value_after);
    expect_value(places[_i].before, places[_i].after, cell, value);
  }
}
END_TEST

START_TEST(cells_side_by_side_make_no_variable_and_no_comment)
{
  static const struct {
    const char *a, *b, *value;
  } rows[] = {
    { "$", "{HOME}", "${HOME}" },
    { "$\\{HOME", "}", "$\\{HOME}" },
    { "x ", ";y", "x ;y" },
    { "\\", ";", "\\;" },
    { "${HOME", "}", "${HOME}" },
    { "${HOME}${HOME}", "${", "${HOME}${HOME}${" },
    { "{b}", "{a}", "{b}{a}" }, /* not expanded again */
  };

  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    struct problems problems;
    struct config *config;
    char list[128], *text, *said;

    problems_init(&problems);
    snprintf(list, sizeof(list), "name,a,b\nh,%s,%s\n", rows[i].a, rows[i].b);
    config = expand("[fleet]\nlist = l\n[input {name}]\nk = {a}{b}\n", list,
                    &problems, &text);
    said = problems_text(&problems);
    ck_assert_str_eq(said, "");
    ck_assert_str_eq(config->sections[0].entries[0].value, rows[i].value);
    free(said);
    free(text);
    config_free(config);
    problems_free(&problems);
  }
}
END_TEST

/* ---- Mistakes ------------------------------------------------------------ */

#define FLEET "[fleet]\nlist = l.csv\n"
#define H "name,device,n\n"

#define NO_LIST                                                                \
  "f.ini:1: option \"list\" is missing: table with a row for each meter, "     \
  "cells "                                                                     \
  "separated by commas; for example: list = /path/to/file\n"

static const struct {
  const char *ini, *list, *said;
} bad[] = {
  /* [fleet] */
  { "[fleet]\n", "", NO_LIST },
  { "[fleet]\nlits = l\n", "",
    NO_LIST "f.ini:2: unknown option \"lits\"; the nearest is \"list\"\n" },
  { "[input a]\n[fleet b]\nlist = l\n", "",
    "f.ini:2: [fleet] takes no name, but has \"b\"\n" },
  { FLEET "[input a]\n[ fleet ]\nlist = l\n", "",
    "f.ini:4: [fleet] is given twice; first in line 1\n" },
  { "[fleet]\nlist =\n", "",
    "f.ini:2: list: the value is empty: give one, or remove the line\n" },
  /* the list */
  { FLEET, "", "l.csv: the list is empty: its first line names the columns\n" },
  { FLEET, "name\n\n , \n", "l.csv: the list has no row below its header\n" },
  { FLEET, "name;device\nh1;x\n",
    "l.csv:1: \"name;device\" cannot be the name of a column: use the "
    "characters a-z 0-9 _ -, and commas between the columns\n" },
  { FLEET, "name,Device,\nh1,x\n",
    "l.csv:1: \"Device\" cannot be the name of a column: use the characters "
    "a-z 0-9 _ -\n"
    "l.csv:1: \"\" cannot be the name of a column: use the characters a-z 0-9 "
    "_ -\n" },
  { FLEET, "name,a,a\n", "l.csv:1: two columns have the name \"a\"\n" },
  { FLEET, "name,a\nh1\n\nh2,1,2\nh3,1\n",
    "l.csv:2: 1 cell, but the list has 2 columns\n"
    "l.csv:4: 3 cells, but the list has 2 columns\n" },
  { FLEET, "name,a\nH 1,1\n,1\n",
    "l.csv:2: \"H 1\" cannot be the name of a row: the first column has names "
    "of the characters a-z 0-9 _ -\n"
    "l.csv:3: \"\" cannot be the name of a row: the first column has names of "
    "the characters a-z 0-9 _ -\n" },
  { FLEET, "name\nb\na\nb\na\na\n",
    "l.csv:4: the name \"b\" is already used in line 2\n"
    "l.csv:5: the name \"a\" is already used in line 3\n"
    "l.csv:6: the name \"a\" is already used in line 5\n" },
  { FLEET, "name,a\nh1,\"x\ny\"\n",
    "l.csv:2: a double quote is wrong: put the whole cell in double quotes, "
    "and double those that belong to it; a cell has no line ends\n"
    "l.csv:3: a double quote is wrong: put the whole cell in double quotes, "
    "and double those that belong to it; a cell has no line ends\n" },
  { FLEET, "name,a\nh1,\xff\n",
    "l.csv:2: bytes that are not UTF-8 in this line: save the list as "
    "UTF-8\n" },
  /* columns */
  { FLEET "[input {nmae}]\nx = {name} {devise} {zzzzz}\n", H "h1,d,1\n",
    "f.ini:3: l.csv has no column \"nmae\"; the nearest is \"name\"\n"
    "f.ini:4: l.csv has no column \"devise\"; the nearest is \"device\"\n"
    "f.ini:4: l.csv has no column \"zzzzz\"\n" },
  { FLEET "[output o]\nurl = x{device}\n  {name}\n", H "h1,d,1\n",
    "f.ini:4: {device} has no row here: put a column into the name of this "
    "option or of its section, which is then repeated\n"
    "f.ini:5: {name} has no row here: put a column into the name of this "
    "option or of its section, which is then repeated\n" },
  /* cells in names */
  { FLEET "[output o]\nidx.{n} = v\n", H "h1,d,1\nh2,d,1=2\nh3,d,#3\n",
    "f.ini:4 (l.csv:3 and 1 more row): a cell in this name has one of the "
    "characters = : ; # [ ] \", or a blank at an end\n" },
  { FLEET "[output {device}]\n", H "h1,a b,\nh2,a],\nh3,c,\n",
    "f.ini:3 (l.csv:3): a cell in this name has one of the characters = : ; # "
    "[ ] \", or a blank at an end\n" },
  /* mistakes that the parser finds */
  { FLEET "[input {device}]\n", H "h1,a,\nh2,a,\n",
    "f.ini:3 (l.csv:3): the name \"a\" is already used by [input a] in line 3 "
    "(l.csv:2)\n" },
  { FLEET "[output o]\nidx.{n} = v\nidx.3 = w\n", H "h1,d,3\nh2,d,4\nh3,d,4\n",
    "f.ini:4 (l.csv:4): option \"idx.4\" is given twice; first in line 4 "
    "(l.csv:3)\n"
    "f.ini:5: option \"idx.3\" is given twice; first in line 4 (l.csv:2)\n" },
  { FLEET "[{name}]\nlist = x\n", H "fleet,,\n",
    "f.ini:3 (l.csv:2): the kind of a section cannot be \"fleet\" here\n" },
  { FLEET "[input {name}\nk = v\n", H "a,,\nb,,\nc,,\n",
    "f.ini:3 (l.csv:2 and 2 more rows): a heading that does not end with "
    "\"]\"\n" },
  { FLEET "[input {name}]\nk\n", H "a,,\nb,,\n",
    "f.ini:4 (l.csv:2 and 1 more row): missing \"=\": a line is a [section], "
    "NAME = VALUE, or a comment\n" },
  { FLEET "[input {name}]\nk = \"{device}\n", H "a,d,\nb,d\",\n",
    "l.csv:3: a double quote is wrong: put the whole cell in double quotes, "
    "and double those that belong to it; a cell has no line ends\n" },
  { FLEET "[input {name}]\nk = \"{device}\n", H "a,d,\nb,d,\n",
    "f.ini:4 (l.csv:2 and 1 more row): a value that begins with a double quote "
    "must end with one in the same line (write \\; for a ; after a blank)\n" },
  { FLEET "[input {device}]\n", H "a,v v,\nb,w w,\nc,x x,\nd,y y,\ne,z z,\n",
    "f.ini:3 (l.csv:2): \"v v\" cannot be a name: use 1 to 32 of the "
    "characters A-Z a-z 0-9 _ -\n"
    "f.ini:3 (l.csv:3): \"w w\" cannot be a name: use 1 to 32 of the "
    "characters A-Z a-z 0-9 _ -\n"
    "f.ini:3 (l.csv:4): \"x x\" cannot be a name: use 1 to 32 of the "
    "characters A-Z a-z 0-9 _ -\n"
    "f.ini:3 (l.csv): and 2 more in other rows\n" },
};

START_TEST(mistake_is_reported_with_both_places)
{
  struct problems problems;
  struct config *config;
  char *text, *said;

  problems_init(&problems);
  config = expand(bad[_i].ini, bad[_i].list, &problems, &text);
  said = problems_text(&problems);
  ck_assert_str_eq(said, bad[_i].said);
  free(said);
  free(text);
  config_free(config);
  problems_free(&problems);
}
END_TEST

/* ---- Sizes --------------------------------------------------------------- */

#define BIG                                                                    \
  FLEET "[input {name}]\ndevice = {device}\nfields = a,\n  b\n[output o]\n"    \
        "idx.{name} = {name}.e1\nidx.{n} = {name}.v1\n"

static char *
list_of(size_t n)
{
  char *text;
  size_t len;
  FILE *f = open_memstream(&text, &len);

  fputs(H, f);
  for (size_t i = 1; i <= n; i++)
    fprintf(f, "h%zu,tcp://10.0.0.1:%zu,%zu\n", i, i, i);
  fclose(f);
  return text;
}

START_TEST(list_has_at_most_ten_thousand_rows)
{
  char *list = list_of(10001), *text, *said;
  struct problems problems;

  problems_init(&problems);
  ck_assert_ptr_null(expand(BIG, list, &problems, &text));
  said = problems_text(&problems);
  ck_assert_str_eq(said, "l.csv:10002: more than 10000 rows\n");
  free(said);
  free(list);
  problems_free(&problems);
}
END_TEST

/* Returns the processor time of expanding N rows, the least of several. */
static double
time_of(size_t n)
{
  char *list = list_of(n);
  double least = 1e9;

  for (int i = 0; i < 5; i++) {
    struct problems problems;
    struct config *config;
    char *text;
    clock_t begun = clock();
    double s;

    problems_init(&problems);
    config = expand(BIG, list, &problems, &text);
    s = (double)(clock() - begun) / CLOCKS_PER_SEC;
    ck_assert_uint_eq(config->n_sections, n + 1);
    ck_assert_uint_eq(config->sections[n].n_entries, 2 * n);
    least = s < least ? s : least;
    free(text);
    config_free(config);
    problems_free(&problems);
  }
  free(list);
  return least;
}

/* Eight times the rows take eight times the time; 64 times if some step were
 * quadratic. */
START_TEST(time_is_proportional_to_the_rows)
{
  double few = time_of(1250), many = time_of(10000);

  ck_assert_msg(many < 24 * few, "1250 rows: %g s, 10000 rows: %g s", few,
                many);
}
END_TEST

/* ---- Files --------------------------------------------------------------- */

static char dir[] = "test_fleet.XXXXXX";

static void
write_file(const char *name, const char *text)
{
  char path[128];
  FILE *f;

  snprintf(path, sizeof(path), "%s/%s", dir, name);
  f = fopen(path, "w");
  ck_assert_ptr_nonnull(f);
  fputs(text, f);
  ck_assert_int_eq(fclose(f), 0);
}

static void
make_dir(void)
{
  strcpy(strchr(dir, '.'), ".XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void
remove_dir(void)
{
  char path[128];

  snprintf(path, sizeof(path), "%s/f.ini", dir);
  unlink(path);
  snprintf(path, sizeof(path), "%s/l.csv", dir);
  unlink(path);
  rmdir(dir);
}

/* Reads, expands and parses f.ini.  Returns the result; *ret_said are the
 * problems, where DIR is the directory. */
static int
load(struct config **ret, struct problems *problems)
{
  char path[128];
  struct config_file file;
  int r;

  snprintf(path, sizeof(path), "%s/f.ini", dir);
  *ret = NULL;
  r = config_file_read(path, problems, &file);
  if (r == MP_OK)
    r = config_file_expand(&file, problems);
  if (r == MP_OK)
    *ret = config_file_parse(&file, problems);
  config_file_clear(&file);
  return r;
}

/* A list as spreadsheets write it: byte order mark, Windows line ends, quotes,
 * no line end at the end; its path is relative to the pipeline file. */
START_TEST(list_is_read_from_the_directory_of_the_file)
{
  struct problems problems;
  struct config *config;

  write_file("f.ini", "[fleet]\nlist = l.csv\n[input {name}]\nk = {device}\n");
  write_file("l.csv", "\xef\xbb\xbf"
                      "name,device\r\nh1,\"a, \"\"b\"\"\"\r\n,\r\nh2,c");
  problems_init(&problems);
  ck_assert_int_eq(load(&config, &problems), MP_OK);
  ck_assert_uint_eq(config->n_sections, 2);
  ck_assert_str_eq(config->sections[0].entries[0].value, "a, \"b\"");
  ck_assert_str_eq(config->sections[1].name, "h2");
  config_free(config);
  problems_free(&problems);
}
END_TEST

START_TEST(missing_list_is_an_error)
{
  struct problems problems;
  struct config *config;
  char *said, expected[256];

  write_file("f.ini", "[fleet]\nlist = l.csv\n");
  problems_init(&problems);
  ck_assert_int_eq(load(&config, &problems), MP_ECONFIG);
  said = problems_text(&problems);
  snprintf(expected, sizeof(expected),
           "%s/l.csv: cannot be read: No such file or directory\n", dir);
  ck_assert_str_eq(said, expected);
  free(said);
  problems_free(&problems);
}
END_TEST

static const struct mp_option secret_options[] = {
  { "password", MP_TYPE_SECRET, 0, NULL, NULL, NULL },
  { .key = NULL },
};

/* Only a list that holds a secret must be private. */
START_TEST(readable_list_with_a_secret_is_a_warning)
{
  static const struct {
    const char *value;
    bool warns;
  } rows[] = { { "{pw}", true }, { "constant", false } };
  char path[128], ini[128];

  write_file("l.csv", "name,pw\nh1,abcdef\n");
  snprintf(path, sizeof(path), "%s/l.csv", dir);
  chmod(path, 0644);
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    struct problems problems;
    struct config *config;
    char *said;

    snprintf(ini, sizeof(ini),
             "[fleet]\nlist = l.csv\n[input {name}]\npassword = %s\n",
             rows[i].value);
    write_file("f.ini", ini);
    snprintf(path, sizeof(path), "%s/f.ini", dir);
    chmod(path, 0600);
    problems_init(&problems);
    ck_assert_int_eq(load(&config, &problems), MP_OK);
    options_free(options_check(config, &config->sections[0], secret_options,
                               NULL, &problems));
    said = problems_text(&problems);
    ck_assert_int_eq(strstr(said, "f.ini:4 (") && strstr(said, "everybody"),
                     rows[i].warns);
    free(said);
    config_free(config);
    problems_free(&problems);
  }
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("fleet");
  TCase *tc = tcase_create("texts");

  tcase_add_loop_test(tc, template_is_expanded, 0, (int)ARRAY_SIZE(good));
  tcase_add_test(tc, file_without_fleet_is_not_changed);
  tcase_add_loop_test(tc, cell_is_literal_in_a_value, 0,
                      (int)ARRAY_SIZE(places));
  tcase_add_test(tc, cells_side_by_side_make_no_variable_and_no_comment);
  tcase_add_loop_test(tc, mistake_is_reported_with_both_places, 0,
                      (int)ARRAY_SIZE(bad));
  tcase_add_test(tc, list_has_at_most_ten_thousand_rows);
  tcase_add_test(tc, time_is_proportional_to_the_rows);
  tcase_set_timeout(tc, 120);
  suite_add_tcase(suite, tc);
  tc = tcase_create("files");
  tcase_add_checked_fixture(tc, make_dir, remove_dir);
  tcase_add_test(tc, list_is_read_from_the_directory_of_the_file);
  tcase_add_test(tc, missing_list_is_an_error);
  tcase_add_test(tc, readable_list_with_a_secret_is_a_warning);
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
