/*
 * A main() for a fuzz target without libFuzzer: runs it over the files and
 * directories of the command line, or else over its corpus.  With this, make
 * check replays the findings of fuzzing with any compiler.
 */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Larger than any corpus file. */
#define INPUT_MAX (1 << 20)

static int
complain(const char *path)
{
  fprintf(stderr, "error: %s: %s\n", path, strerror(errno));
  return 0;
}

/* Copies the bytes to a buffer of exactly their size, so that reading past the
 * end is detected. */
static int
run_bytes(const uint8_t *bytes, size_t size)
{
  uint8_t *data = malloc(size > 0 ? size : 1);

  if (!data)
    return complain("memory");
  memcpy(data, bytes, size);
  LLVMFuzzerTestOneInput(data, size);
  free(data);
  return 1;
}

static bool
run_file(const char *path)
{
  uint8_t *buffer;
  FILE *f;
  size_t size;
  bool ok;

  f = fopen(path, "rb");
  if (!f)
    return complain(path);
  buffer = malloc(INPUT_MAX);
  if (!buffer) {
    fclose(f);
    return complain(path);
  }
  size = fread(buffer, 1, INPUT_MAX, f);
  ok = !ferror(f) || complain(path);
  fclose(f);
  ok = ok && run_bytes(buffer, size);
  free(buffer);
  return ok;
}

static bool
run_directory(const char *path)
{
  char file[4096];
  DIR *dir;
  bool ok = true;

  dir = opendir(path);
  if (!dir)
    return complain(path);
  for (struct dirent *entry = readdir(dir); entry && ok; entry = readdir(dir)) {
    if (entry->d_name[0] == '.')
      continue;
    if (snprintf(file, sizeof(file), "%s/%s", path, entry->d_name) >=
        (int)sizeof(file))
      continue;
    ok = run_file(file);
  }
  closedir(dir);
  return ok;
}

static bool
run_path(const char *path)
{
  struct stat st;

  if (stat(path, &st) != 0)
    return complain(path);
  return S_ISDIR(st.st_mode) ? run_directory(path) : run_file(path);
}

/* Runs the files of $srcdir/fuzz/corpus/NAME, where NAME is the program's
 * name. */
static bool
run_corpus(const char *program)
{
  const char *srcdir = getenv("srcdir");
  const char *slash = strrchr(program, '/');
  char path[4096];
  int n;

  n = snprintf(path, sizeof(path), "%s/fuzz/corpus/%s", srcdir ? srcdir : ".",
               slash ? slash + 1 : program);
  if (n < 0 || (size_t)n >= sizeof(path)) {
    errno = ENAMETOOLONG;
    return complain(program);
  }
  return run_path(path);
}

int
main(int argc, char **argv)
{
  bool ok = true;

  if (argc < 2)
    ok = run_corpus(argv[0]);
  for (int i = 1; i < argc && ok; i++)
    ok = run_path(argv[i]);
  return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
