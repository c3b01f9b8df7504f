/* Compares files with what they were when they were read. */
#include "core/commands/watched_files.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/memory/memory.h"

#define FILE_SUFFIX "_file"

struct watched_file {
  char *path;
  bool exists;
  struct stat st;
};

void
watched_files_add(struct watched_files *files, const char *path)
{
  struct watched_file *file;

  MEMORY_GROW(&files->list, files->n);
  file = &files->list[files->n++];
  memset(file, 0, sizeof(*file));
  file->path = memory_text(path);
  file->exists = stat(path, &file->st) == 0;
}

static bool
names_file(const struct config_entry *entry)
{
  size_t len = strlen(entry->key), suffix = strlen(FILE_SUFFIX);

  return len > suffix && strcmp(entry->key + len - suffix, FILE_SUFFIX) == 0 &&
         *entry->value;
}

/* Adds the file PATH, and the credential of that name (core/config/secret.c).
 */
static void
add_named(struct watched_files *files, const char *path)
{
  const char *dir = getenv("CREDENTIALS_DIRECTORY");
  char *full;

  watched_files_add(files, path);
  if (path[0] == '/' || !dir || !*dir)
    return;
  full = memory_format("%s/%s", dir, path);
  watched_files_add(files, full);
  free(full);
}

void
watched_files_add_named(struct watched_files *files,
                        const struct config *config)
{
  for (size_t i = 0; i < config->n_sections; i++) {
    const struct config_section *section = &config->sections[i];

    for (size_t k = 0; k < section->n_entries; k++)
      if (names_file(&section->entries[k]))
        add_named(files, section->entries[k].value);
  }
}

static bool
has_changed(const struct watched_file *file)
{
  struct stat now;
  bool exists = stat(file->path, &now) == 0;

  if (!exists || !file->exists)
    return exists != file->exists;
  return now.st_dev != file->st.st_dev || now.st_ino != file->st.st_ino ||
         now.st_size != file->st.st_size ||
         now.st_mtim.tv_sec != file->st.st_mtim.tv_sec ||
         now.st_mtim.tv_nsec != file->st.st_mtim.tv_nsec;
}

bool
watched_files_changed(const struct watched_files *files)
{
  for (size_t i = 0; i < files->n; i++)
    if (has_changed(&files->list[i]))
      return true;
  return false;
}

void
watched_files_clear(struct watched_files *files)
{
  for (size_t i = 0; i < files->n; i++)
    free(files->list[i].path);
  free(files->list);
  memset(files, 0, sizeof(*files));
}
