/* Replays a text in a test and returns its cycles. */
#include "tests/plugins/kmp/replay/replaying.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct replaying replaying;

void
replaying_set_up(void)
{
  int fd;

  snprintf(replaying.path, sizeof(replaying.path), "/tmp/test_replay.XXXXXX");
  fd = mkstemp(replaying.path);
  ck_assert_int_ge(fd, 0);
  close(fd);
  replaying.plugin = meterpipe_plugin();
  replaying.host = fake_host_new(replaying.plugin, "meter");
  fake_host_set(replaying.host, "path", replaying.path);
  replaying.sink = fake_sink_new(&replaying.host->table);
}

void
replaying_tear_down(void)
{
  fake_sink_free(replaying.sink);
  fake_host_free(replaying.host);
  unlink(replaying.path);
}

void
replaying_open(const char *text)
{
  FILE *f = fopen(replaying.path, "w");

  ck_assert_ptr_nonnull(f);
  ck_assert_int_ge(fputs(text, f), 0);
  ck_assert_int_eq(fclose(f), 0);
  ck_assert_int_eq(
    replaying.plugin->create(&replaying.host->table, &replaying.self), MP_OK);
  ck_assert_int_eq(replaying.plugin->input->open(replaying.self), MP_OK);
}

void
replaying_close(void)
{
  replaying.plugin->input->close(replaying.self);
  replaying.plugin->destroy(replaying.self);
}

int
replaying_read(void)
{
  fake_sink_forget(replaying.sink);
  return replaying.plugin->input->read(replaying.self, &replaying.sink->input);
}

const char *
replaying_all(const char *text)
{
  static char told[4096];
  size_t len = 0;

  told[0] = '\0';
  replaying_open(text);
  for (int r = replaying_read(); r != MP_END; r = replaying_read())
    len += (size_t)snprintf(
      told + len, sizeof(told) - len, "%s%s",
      r == MP_OK ? fake_sink_emitted_all(replaying.sink) : "failed", "|");
  replaying_close();
  return told;
}

const char *
replaying_log(void)
{
  static char text[4096];
  const char *p = fake_host_log(replaying.host);
  size_t len = 0;

  text[0] = '\0';
  for (const char *hit = strstr(p, replaying.path); hit;
       hit = strstr(p, replaying.path)) {
    len += (size_t)snprintf(text + len, sizeof(text) - len, "%.*sFILE",
                            (int)(hit - p), p);
    p = hit + strlen(replaying.path);
  }
  snprintf(text + len, sizeof(text) - len, "%s", p);
  return text;
}
