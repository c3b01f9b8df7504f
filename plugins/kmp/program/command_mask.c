/*
 * meterpipe kmp mask: reads a capture twice, first to collect the personal
 * numbers, then to write it masked.  So the numbers in a comment are known even
 * if their frames come later.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "plugins/kmp/program/mask.h"
#include "plugins/kmp/program/program.h"

/* Lines break here as on the screen. */
/* clang-format off */
static const char help[] =
  "Usage: meterpipe kmp mask CAPTURE\n"
  "\n"
  "Prints the capture without personal data: serial numbers, customer numbers\n"
  "and the like are replaced by 1, 2, 3 ... Equal numbers get equal replacements,\n"
  "and the CRCs are valid. All other bytes stay unchanged, except those that\n"
  "might contain such a number:\n"
  "\n"
  "  - bytes of damaged frames become ff, unless no request since the last blank\n"
  "    line asked for personal data\n"
  "  - data of unknown commands become ff\n"
  "  - in comments, numbers of six digits and more are replaced, too\n"
  "  - in lines that cannot be read, hex digits become 0\n"
  "\n"
  "Names in comments stay: check the output before you publish it. CAPTURE may be\n"
  "-, standard input.\n";
/* clang-format on */

/* Copies a pipe to a temporary file, because it must be read twice.  Returns
 * NULL on failure, see errno. */
static FILE *
copy_pipe(FILE *pipe)
{
  FILE *copy = tmpfile();
  char buf[65536];
  size_t n;

  if (!copy)
    return NULL;
  do {
    n = fread(buf, 1, sizeof(buf), pipe);
    if (fwrite(buf, 1, n, copy) != n)
      break;
  } while (n > 0);
  if (ferror(pipe) || ferror(copy) || fflush(copy) != 0) {
    int err = errno;

    fclose(copy);
    errno = err;
    return NULL;
  }
  rewind(copy);
  return copy;
}

static FILE *
open_capture(const char *path)
{
  FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
  struct stat st;

  if (!file)
    return NULL;
  if (fstat(fileno(file), &st) < 0) {
    fclose(file);
    return NULL;
  }
  if (S_ISDIR(st.st_mode)) {
    fclose(file);
    errno = EISDIR;
    return NULL;
  }
  if (!S_ISREG(st.st_mode)) {
    FILE *copy = copy_pipe(file);

    fclose(file);
    file = copy;
  }
  return file;
}

/* Passes all lines of the file to M.  Returns 0, or -1 with errno set. */
static int
mask_file(struct mask *m, FILE *file)
{
  char *line = NULL;
  size_t size = 0;
  ssize_t len;
  bool failed;

  rewind(file);
  for (;;) {
    errno = 0;
    len = getline(&line, &size, file);
    if (len < 0)
      break;
    if (line[len - 1] == '\n') {
      mask_line(m, line, (size_t)len - 1);
      mask_newline(m);
    } else {
      mask_line(m, line, (size_t)len);
    }
  }
  failed = ferror(file) || errno == ENOMEM;
  free(line);
  return failed ? -1 : 0;
}

/* Reads the whole file once.  OUT may be NULL: collect pseudonyms only. */
static int
run_pass(const char *path, FILE *file, struct pseudonyms *names, FILE *out)
{
  struct mask *m = mask_new(names, out);
  uint64_t unread, first;
  int status = EX_OK;

  if (!m)
    return program_fail(EX_SOFTWARE, path, "out of memory");
  if (mask_file(m, file) < 0)
    status = program_fail_file(path);
  else if (pseudonyms_failed(names))
    status = program_fail(EX_SOFTWARE, path, "out of memory");
  unread = mask_unread(m, &first);
  if (status == EX_OK && out && unread > 0)
    fprintf(stderr,
            "notice: %s: %" PRIu64 " lines are not lines of a capture, the "
            "first is line %" PRIu64 "; their hex digits were replaced by 0\n",
            path, unread, first);
  mask_free(m);
  return status;
}

static int
mask_capture(const char *path, FILE *file)
{
  struct pseudonyms *names = pseudonyms_new();
  int status;

  if (!names)
    return program_fail(EX_SOFTWARE, path, "out of memory");
  status = run_pass(path, file, names, NULL);
  if (status == EX_OK)
    status = run_pass(path, file, names, stdout);
  pseudonyms_free(names);
  if (fflush(stdout) != 0 || ferror(stdout))
    return program_fail(EX_IOERR, "standard output", "cannot be written: %s",
                        strerror(errno));
  return status;
}

int
command_mask(int argc, char **argv)
{
  FILE *file;
  int status;

  if (argc == 2 &&
      (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
    fputs(help, stdout);
    return EX_OK;
  }
  if (argc != 2)
    return program_fail(EX_USAGE, "mask",
                        argc < 2 ? "the capture is missing"
                                 : "give one capture and nothing else");
  if (argv[1][0] == '-' && argv[1][1] != '\0')
    return program_fail(EX_USAGE, "mask", "takes no option %s", argv[1]);
  file = open_capture(argv[1]);
  if (!file)
    return program_fail_file(argv[1]);
  status = mask_capture(argv[1], file);
  fclose(file);
  return status;
}
