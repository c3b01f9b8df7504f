/*
 * A core file would contain the secret, and core files are kept, attached to
 * reports and found in backups.  Only core files are disabled.  If the process
 * were not "dumpable" at all, another run that finds the port in use could not
 * name it as the owner of the port.
 */
#include "core/config/secret.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "core/memory/memory.h"
#include "lib/file.h"

#define SECRET_MAX ((size_t)64 << 10)

static int
read_credential(const char *path, struct text_buffer *ret,
                bool *ret_world_readable)
{
  const char *dir = getenv("CREDENTIALS_DIRECTORY");
  char *full;
  int err;

  if (path[0] == '/' || !dir || !*dir)
    return file_read(path, SECRET_MAX, ret, ret_world_readable);
  full = memory_format("%s/%s", dir, path);
  err = file_read(full, SECRET_MAX, ret, ret_world_readable);
  free(full);
  if (err == ENOENT)
    err = file_read(path, SECRET_MAX, ret, ret_world_readable);
  return err;
}

/* Removes the line end.  Returns why the rest cannot be a secret; NULL: it
 * can. */
static const char *
trim_line_end(struct text_buffer *file)
{
  size_t len = file->len;

  if (len > 0 && file->data[len - 1] == '\n')
    len--;
  if (len > 0 && file->data[len - 1] == '\r')
    len--;
  file->data[len] = '\0';
  if (len == 0)
    return "is empty";
  if (strlen(file->data) != len)
    return "holds a NUL byte";
  if (strpbrk(file->data, "\r\n"))
    return "holds more than one line";
  return NULL;
}

int
secret_read(const char *path, struct secret *ret)
{
  struct text_buffer file;
  int err;

  memset(ret, 0, sizeof(*ret));
  err = read_credential(path, &file, &ret->world_readable);
  if (err == ENOMEM)
    memory_out();
  if (err)
    return err;
  ret->fault = trim_line_end(&file);
  if (ret->fault)
    text_buffer_wipe(&file);
  else
    ret->text = file.data;
  return 0;
}

void
secret_free(char *secret)
{
  if (secret)
    explicit_bzero(secret, strlen(secret));
  free(secret);
}

bool
secret_is(const struct mp_option *option, const char *word)
{
  size_t len = strcspn(word, "=");

  for (; option && option->key; option++)
    if (option->type == MP_TYPE_SECRET &&
        strncmp(option->key, word, strlen(option->key)) == 0 &&
        (strlen(option->key) == len ||
         ((option->flags & MP_NAMED) && word[strlen(option->key)] == '.')))
      return true;
  return false;
}

bool
secret_hide_words(const struct mp_option *options, char **words, int n)
{
  bool any = false;

  for (int i = 0; i < n; i++) {
    char *value = strchr(words[i], '=');

    if (!value || !secret_is(options, words[i]))
      continue;
    memset(value + 1, '*', strlen(value + 1));
    any = true;
  }
  return any;
}

void
secret_forbid_cores(void)
{
  struct rlimit limit;

  if (getrlimit(RLIMIT_CORE, &limit) != 0)
    return;
  /* If core files are piped to a program, the kernel ignores a limit of 0, but
   * not a limit of 1 (core(5)). */
  limit.rlim_cur = limit.rlim_max < 1 ? 0 : 1;
  (void)setrlimit(RLIMIT_CORE, &limit);
}
