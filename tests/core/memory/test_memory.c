/* Memory of the core: a failure ends the process with one line. */
#include <check.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/memory/memory.h"
#include "core/memory/name_index.h"
#include "lib/array.h"
#include "meterpipe/plugin.h"
#include "tests/support/huge_allocations.h"
#include "tests/support/run_suite.h"

static const char expected_line[] =
  "error: out of memory: the run is ended; the next run continues from the "
  "state\n";

START_TEST(memory_is_zeroed)
{
  static const char zeros[300];
  char *p = memory_get(3, 100);

  ck_assert_mem_eq(p, zeros, sizeof(zeros));
  free(p);
}
END_TEST

START_TEST(no_bytes_are_memory_too)
{
  void *none = memory_get(0, 8), *no_size = memory_get(8, 0);
  void *shrunk = memory_resize(memory_get(4, 8), 4, 0, 8);

  ck_assert_ptr_nonnull(none);
  ck_assert_ptr_nonnull(no_size);
  ck_assert_ptr_nonnull(shrunk);
  free(none);
  free(no_size);
  free(shrunk);
}
END_TEST

START_TEST(resizing_keeps_the_content_and_zeroes_the_rest)
{
  static const char zeros[3996];
  char *p = memory_resize(NULL, 0, 1, 4);

  memcpy(p, "heat", 4);
  p = memory_resize(p, 1, 1000, 4);
  ck_assert_mem_eq(p, "heat", 4);
  ck_assert_mem_eq(p + 4, zeros, sizeof(zeros));
  free(p);
}
END_TEST

START_TEST(list_grows)
{
  unsigned *list = NULL;

  for (unsigned n = 0; n < 100; n++) {
    MEMORY_GROW(&list, n);
    list[n] = n;
  }
  for (unsigned n = 0; n < 100; n++)
    ck_assert_uint_eq(list[n], n);
  free(list);
}
END_TEST

START_TEST(stream_writes_a_text_of_any_length)
{
  char *text;
  size_t len;
  FILE *out = memory_open_text(&text, &len);

  memory_close_text(out, &text);
  ck_assert_str_eq(text, "");
  ck_assert_uint_eq(len, 0);
  free(text);
  out = memory_open_text(&text, &len);
  for (unsigned i = 0; i < 100000; i++)
    fprintf(out, "%05u", i);
  memory_close_text(out, &text);
  ck_assert_uint_eq(len, 500000);
  ck_assert_uint_eq(strlen(text), len);
  for (unsigned i = 0; i < 100000; i += 777) {
    char number[8];

    snprintf(number, sizeof(number), "%05u", i);
    ck_assert_mem_eq(text + 5 * i, number, 5);
  }
  free(text);
}
END_TEST

START_TEST(index_finds_the_first_place_of_a_name)
{
  static char names[2000][8];
  struct name_index index = { .tree = NULL };
  size_t at = 7;

  ck_assert(!name_index_find(&index, "0", &at));
  for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
    snprintf(names[i], sizeof(names[i]), "%zu", i);
    name_index_add(&index, names[i], i);
  }
  name_index_add(&index, names[5], 99);
  for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
    ck_assert(name_index_find(&index, names[i], &at));
    ck_assert_uint_eq(at, i);
  }
  ck_assert(!name_index_find(&index, "2000", &at));
  ck_assert(!name_index_find(&index, "", &at));
  ck_assert_uint_eq(at, 1999);
  name_index_clear(&index);
  ck_assert(!name_index_find(&index, names[0], &at));
}
END_TEST

START_TEST(texts_are_copied)
{
  char *whole = memory_text("84.308 GJ"), *part = memory_text_of(whole, 6);
  char *longer = memory_text_of(whole, 60);
  char *formatted = memory_format("%s|%d", part, 7);

  ck_assert_str_eq(whole, "84.308 GJ");
  ck_assert_str_eq(part, "84.308");
  ck_assert_str_eq(longer, whole);
  ck_assert_str_eq(formatted, "84.308|7");
  free(whole);
  free(part);
  free(longer);
  free(formatted);
}
END_TEST

START_TEST(other_results_pass)
{
  char text[] = "x";

  ck_assert_ptr_eq(memory_have(text), text);
  ck_assert_int_eq(memory_check(MP_OK), MP_OK);
  ck_assert_int_eq(memory_check(MP_EIO), MP_EIO);
  ck_assert_int_eq(memory_check(MP_DROP), MP_DROP);
}
END_TEST

/* ---- Without memory ------------------------------------------------------ */

/* Not constants, so that the compiler does not know the sizes. */
static volatile size_t too_many = SIZE_MAX - 4096;
static volatile size_t overflowing = SIZE_MAX / 4 + 2;

static void
get_too_much(void)
{
  memory_get(1, too_many);
}

static void
get_more_than_size_t(void)
{
  memory_get(overflowing, 4);
}

static void
resize_to_too_much(void)
{
  memory_resize(NULL, 0, 1, too_many);
}

static void
resize_to_more_than_size_t(void)
{
  memory_resize(NULL, 0, overflowing, 4);
}

static void
grow_too_far(void)
{
  long *list = NULL;

  MEMORY_GROW(&list, ~(SIZE_MAX >> 1));
}

static void
have_nothing(void)
{
  memory_have(NULL);
}

static void
check_a_failure(void)
{
  memory_check(MP_ENOMEM);
}

static void *
run_out(void *arg)
{
  (void)arg;
  memory_out();
}

/* All threads are out of memory at once. */
static void
run_out_in_threads(void)
{
  pthread_t threads[8];

  for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
    if (pthread_create(&threads[i], NULL, run_out, NULL) != 0)
      _exit(EX_OSFILE);
  for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
    pthread_join(threads[i], NULL);
}

/* exit() would call this, although other threads are running. */
static void
exit_handler(void)
{
  _exit(EX_SOFTWARE);
}

static void (*const ways_to_fail[])(void) = {
  get_too_much,       get_more_than_size_t,
  resize_to_too_much, resize_to_more_than_size_t,
  grow_too_far,       have_nothing,
  check_a_failure,    memory_out,
  run_out_in_threads,
};

/* Removes the lines of AddressSanitizer, which says that it returns NULL. */
static void
remove_warnings(char *text)
{
  while (strncmp(text, "==", 2) == 0) {
    const char *next = strchr(text, '\n');

    ck_assert_ptr_nonnull(next);
    memmove(text, next + 1, strlen(next + 1) + 1);
  }
}

/* Runs RUN_OUT_OF_MEMORY in a child.  Returns its exit status, and in TEXT what
 * it wrote on standard error. */
static int
status_of_child(void (*run_out_of_memory)(void), char *text, size_t size)
{
  ssize_t n, len = 0;
  int fds[2], status;
  pid_t pid;

  ck_assert_int_eq(pipe(fds), 0);
  pid = fork();
  ck_assert_int_ge(pid, 0);
  if (pid == 0) {
    dup2(fds[1], STDERR_FILENO);
    atexit(exit_handler);
    run_out_of_memory();
    _exit(EXIT_SUCCESS);
  }
  close(fds[1]);
  while ((n = read(fds[0], text + len, size - 1 - (size_t)len)) > 0)
    len += n;
  close(fds[0]);
  text[len] = '\0';
  remove_warnings(text);
  ck_assert_int_eq(waitpid(pid, &status, 0), pid);
  ck_assert(WIFEXITED(status));
  return WEXITSTATUS(status);
}

START_TEST(failure_ends_the_process_with_one_line)
{
  char text[1024];

  ck_assert_int_eq(status_of_child(ways_to_fail[_i], text, sizeof(text)),
                   EX_OSERR);
  ck_assert_str_eq(text, expected_line);
}
END_TEST

static void
write_marked(const char *line, size_t len)
{
  if (write(STDERR_FILENO, "<3>", 3) != 3 ||
      write(STDERR_FILENO, line, len) != (ssize_t)len)
    _exit(EX_IOERR);
}

static void
fail_with_another_writer(void)
{
  memory_set_writer(write_marked);
  memory_out();
}

START_TEST(another_function_writes_the_line)
{
  char text[1024];

  ck_assert_int_eq(
    status_of_child(fail_with_another_writer, text, sizeof(text)), EX_OSERR);
  ck_assert_mem_eq(text, "<3>", 3);
  ck_assert_str_eq(text + 3, expected_line);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("memory");
  TCase *tc = tcase_create("memory");

  tcase_add_test(tc, memory_is_zeroed);
  tcase_add_test(tc, no_bytes_are_memory_too);
  tcase_add_test(tc, resizing_keeps_the_content_and_zeroes_the_rest);
  tcase_add_test(tc, list_grows);
  tcase_add_test(tc, stream_writes_a_text_of_any_length);
  tcase_add_test(tc, index_finds_the_first_place_of_a_name);
  tcase_add_test(tc, texts_are_copied);
  tcase_add_test(tc, other_results_pass);
  tcase_add_loop_test(tc, failure_ends_the_process_with_one_line, 0,
                      (int)ARRAY_SIZE(ways_to_fail));
  tcase_add_test(tc, another_function_writes_the_line);
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
