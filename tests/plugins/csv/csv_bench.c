/* Helpers for the tests of the CSV output. */
#include "tests/plugins/csv/csv_bench.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/array.h"

#define FILE_SIZE (1 << 20)
#define CELL_SIZE 256

int bench_fsync_errno;
void (*bench_at_fsync)(void);
void (*bench_at_flock)(void);

/* Replaces the fsync of libc, for the plugin too: the program's symbols come
 * first. */
int
fsync(int fd)
{
  (void)fd;
  if (bench_at_fsync)
    bench_at_fsync();
  errno = bench_fsync_errno;
  return bench_fsync_errno == 0 ? 0 : -1;
}

int
flock(int fd, int operation)
{
  if (bench_at_flock)
    bench_at_flock();
  return (int)syscall(SYS_flock, fd, operation);
}

/* Copies the part of *LIST up to STOP to PART and moves *LIST past it. */
static void
take_part(const char **list, char stop, char part[CELL_SIZE])
{
  const char stops[] = { stop, '\0' };
  size_t len = strcspn(*list, stops);

  ck_assert_uint_lt(len, CELL_SIZE);
  memcpy(part, *list, len);
  part[len] = '\0';
  *list += len + ((*list)[len] == stop);
}

static void
add_columns(struct fake_host *h, const char *columns)
{
  char name[CELL_SIZE];

  while (columns[0] != '\0') {
    take_part(&columns, ' ', name);
    if (name[0] == '<')
      fake_host_add_target(h, name + 1, NULL, NULL, MP_TARGET_READ);
    else if (name[0] == '-')
      fake_host_add_target(h, name + 1, NULL, "meter.x", MP_TARGET_BASE);
    else
      fake_host_add_target(h, name, NULL, "meter.x", 0);
  }
}

static void
equip(struct csv_bench *b, const char *columns)
{
  b->h = fake_host_new(meterpipe_plugin(), "log");
  b->sink = fake_sink_new(&b->h->table);
  b->ops = meterpipe_plugin()->output;
  b->self = NULL;
  fake_host_set(b->h, "path", b->path);
  add_columns(b->h, columns);
}

void
bench_begin(struct csv_bench *b, const char *columns)
{
  const char *tmp = getenv("TMPDIR");

  snprintf(b->dir, sizeof(b->dir), "%s/meterpipe-csv-XXXXXX",
           !tmp || strlen(tmp) > 30 ? "/tmp" : tmp);
  ck_assert_ptr_nonnull(mkdtemp(b->dir));
  snprintf(b->path, sizeof(b->path), "%s/heat.csv", b->dir);
  equip(b, columns);
}

static void
put_away(struct csv_bench *b)
{
  if (b->self) {
    b->ops->close(b->self);
    meterpipe_plugin()->destroy(b->self);
  }
  fake_sink_free(b->sink);
}

void
bench_end(struct csv_bench *b)
{
  put_away(b);
  fake_host_free(b->h);
  unlink(b->path);
  rmdir(b->dir);
}

void
bench_next_run(struct csv_bench *b, const char *columns)
{
  static const char *const keys[] = { "unit.energy", "unit.usage" };
  struct fake_host *before = b->h;

  put_away(b);
  equip(b, columns);
  for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
    fake_host_store(b->h, keys[i], fake_host_stored(before, keys[i]));
  fake_host_free(before);
}

void
bench_open(struct csv_bench *b)
{
  ck_assert_int_eq(meterpipe_plugin()->create(&b->h->table, &b->self), MP_OK);
  ck_assert_int_eq(b->ops->open(b->self), MP_OK);
}

void
bench_row(struct csv_bench *b, int n, const char *values)
{
  struct mp_record record = { .struct_size = sizeof(record) };
  struct mp_value value;
  char text[CELL_SIZE];

  record.time_ms = BENCH_TIME + (int64_t)n * BENCH_CYCLE;
  record.id = "1";
  b->ops->begin(b->self, &record);
  for (uint32_t i = 0; values[0] != '\0'; i++) {
    take_part(&values, '|', text);
    if (text[0] == '\0')
      continue;
    value = text[0] == '~' ? fake_host_value(b->h, MP_TEXT, text + 1)
                           : fake_host_value(b->h, MP_COUNTER, text);
    b->ops->write(b->self, i, &value);
  }
}

int
bench_commit(struct csv_bench *b)
{
  fake_sink_forget(b->sink);
  return b->ops->commit(b->self, &b->sink->output);
}

void
bench_open_row(struct csv_bench *b)
{
  bench_open(b);
  bench_row(b, 0, VALUES0);
}

void
bench_check_refused(struct csv_bench *b, int reason, const char *part)
{
  ck_assert_int_eq(bench_commit(b), reason);
  ck_assert_uint_eq(fake_sink_result(b->sink, 0, 0), MP_NOT_SENT);
  ck_assert_uint_eq(fake_host_failures(b->h), 1);
  ck_assert_int_eq(fake_host_failure(b->h, 0), reason);
  ck_assert_msg(strstr(fake_host_log(b->h), part), "%s", fake_host_log(b->h));
}

static void
put(struct csv_bench *b, const char *text, const char *mode)
{
  FILE *f = fopen(b->path, mode);

  ck_assert_ptr_nonnull(f);
  ck_assert_uint_eq(fwrite(text, 1, strlen(text), f), strlen(text));
  fclose(f);
}

void
bench_put(struct csv_bench *b, const char *text)
{
  put(b, text, "w");
}

void
bench_append(struct csv_bench *b, const char *text)
{
  put(b, text, "a");
}

const char *
bench_get(struct csv_bench *b)
{
  static char text[FILE_SIZE];
  FILE *f = fopen(b->path, "r");
  size_t n;

  if (!f)
    return NULL;
  n = fread(text, 1, sizeof(text) - 1, f);
  text[n] = '\0';
  fclose(f);
  return text;
}
