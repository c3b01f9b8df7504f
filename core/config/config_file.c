/* Pipeline files and lists on disk. */
#include "core/config/config_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory/memory.h"
#include "lib/array.h"
#include "lib/file.h"

static int
refuse_file(const char *path, int err, struct problems *problems)
{
  static const struct {
    int err, code;
  } reasons[] = {
    { EACCES, MP_EPERM },   { EPERM, MP_EPERM },
    { ENOENT, MP_ECONFIG }, { ENOTDIR, MP_ECONFIG },
    { EISDIR, MP_ECONFIG }, { ELOOP, MP_ECONFIG },
    { ENXIO, MP_ECONFIG },  { ENAMETOOLONG, MP_ECONFIG },
    { EFBIG, MP_ECONFIG },
  };

  problems_add(problems, path, 0, "cannot be read: %s", strerror(err));
  for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
    if (reasons[i].err == err)
      return reasons[i].code;
  return MP_EIO;
}

int
config_file_get(const char *path, struct text_buffer *ret,
                bool *ret_world_readable, struct problems *problems)
{
  int err = file_read(path, FLEET_MAX_TEXT, ret, ret_world_readable);

  if (err == ENOMEM)
    memory_out();
  return err ? refuse_file(path, err, problems) : MP_OK;
}

int
config_file_read(const char *path, struct problems *problems,
                 struct config_file *ret)
{
  struct config_file file = { .path = path };
  int r = config_file_get(path, &file.text, &file.world_readable, problems);

  if (r == MP_OK)
    r = fleet_find(path, file.text.data, file.text.len, problems, &file.list);
  if (r != MP_OK)
    config_file_clear(&file);
  *ret = file;
  return r;
}

int
config_file_expand(struct config_file *file, struct problems *problems)
{
  struct fleet_list list;
  struct text_buffer text;
  int r;

  if (!file->list)
    return MP_OK;
  r = fleet_list_read(file->list, problems, &list);
  if (r == MP_OK)
    r = fleet_expand(file->path, file->text.data, file->text.len, &list,
                     problems, &text, &file->fleet);
  if (r != MP_OK)
    return r;
  text_buffer_wipe(&file->text);
  file->text = text;
  return MP_OK;
}

struct config *
config_file_parse(struct config_file *file, struct problems *problems)
{
  struct config *config = config_parse_fleet(
    file->path, file->text.data, file->text.len, file->fleet, problems);

  config->world_readable = file->world_readable;
  file->fleet = NULL;
  return config;
}

void
config_file_clear(struct config_file *file)
{
  text_buffer_wipe(&file->text);
  free(file->list);
  fleet_free(file->fleet);
  *file = (struct config_file){ .path = NULL };
}
