/* Sends recorded requests to the stand-in.  Numbers are compared as texts. */
#include "tests/plugins/domoticz/recording.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <check.h>

#include "lib/array.h"
#include "lib/civil.h"
#include "plugins/domoticz/reply.h"

/* Members that the plugin needs: the stand-in must have those, and only those,
 * that the recorded device has. */
static const char *const needed[] = {
  "idx",           "Type",          "SubType",
  "Data",          "LastUpdate",    "Counter",
  "Divider",       "Temp",          "Pressure",
  "Voltage",       "Barometer",     "Usage",
  "AddjValue",     "AddjValue2",    "SensorUnit",
  "ValueUnits",    "ValueQuantity", "Used",
  "SwitchTypeVal", "HaveTimeout",   "HardwareDisabled",
};

/* Not imitated: the count since midnight, and names. */
static const char *const ignored[] = { "CounterToday", "Name" };

char *
recording_load(const char *name, size_t *ret_len)
{
  const char *srcdir = getenv("srcdir");
  char path[512];
  char *text;
  FILE *file;
  size_t len;

  snprintf(path, sizeof(path), "%s/tests/data/domoticz/%s",
           srcdir ? srcdir : ".", name);
  file = fopen(path, "rb");
  ck_assert_msg(file, "%s is missing", path);
  text = calloc(1, 256 * 1024);
  ck_assert_ptr_nonnull(text);
  len = fread(text, 1, 256 * 1024 - 1, file);
  fclose(file);
  if (ret_len)
    *ret_len = len;
  return text;
}

static char *
load_pair(const char *name, const char *suffix)
{
  char path[256];

  snprintf(path, sizeof(path), "%s.%s", name, suffix);
  return recording_load(path, NULL);
}

static char *
body_of(char *reply)
{
  char *body = strstr(reply, "\r\n\r\n");

  ck_assert_msg(body, "the reply's header has no end: %s", reply);
  body[2] = '\0';
  return body + 4;
}

char *
recording_body(const char *name)
{
  char *reply = load_pair(name, "response");
  char *body = strdup(body_of(reply));

  free(reply);
  ck_assert_ptr_nonnull(body);
  return body;
}

/* ---- Talking to the stand-in --------------------------------------------- */

static int
connect_to(struct domoticz_server *s)
{
  struct sockaddr_in address = { .sin_family = AF_INET };
  int fd = socket(AF_INET, SOCK_STREAM, 0);

  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons((uint16_t)domoticz_server_port(s));
  ck_assert_int_ge(fd, 0);
  ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)),
                   0);
  return fd;
}

/* Returns whether the body has the length that the headers give. */
static bool
is_whole(const char *reply)
{
  const char *body = strstr(reply, "\r\n\r\n");
  const char *length = strstr(reply, "Content-Length: ");

  return body && length && strlen(body + 4) >= strtoul(length + 16, NULL, 10);
}

char *
recording_exchange(struct domoticz_server *s, const char *request)
{
  int fd = connect_to(s);
  size_t size = 256 * 1024, len = 0;
  char *reply = calloc(1, size);
  ssize_t n = 1;

  ck_assert_ptr_nonnull(reply);
  ck_assert_int_eq(send(fd, request, strlen(request), 0), strlen(request));
  while (n > 0 && !is_whole(reply)) {
    n = recv(fd, reply + len, size - len - 1, 0);
    ck_assert_int_ge(n, 0);
    len += (size_t)n;
  }
  close(fd);
  return reply;
}

/* ---- Comparing ----------------------------------------------------------- */

static bool
is_one_of(const char *name, const char *const *names, size_t count)
{
  for (size_t i = 0; i < count; i++)
    if (strcmp(names[i], name) == 0)
      return true;
  return false;
}

static void
compare_member(const char *name, const cJSON *recorded, const cJSON *ours)
{
  const char *member = ours->string;
  const cJSON *theirs = cJSON_GetObjectItemCaseSensitive(recorded, member);

  if (is_one_of(member, ignored, ARRAY_SIZE(ignored)))
    return;
  ck_assert_msg(theirs, "%s: the test server adds %s", name, member);
  ck_assert_msg(cJSON_Compare(theirs, ours, 1), "%s: %s is %s, recorded %s",
                name, member, cJSON_IsString(ours) ? ours->valuestring : "?",
                cJSON_IsString(theirs) ? theirs->valuestring : "?");
}

static void
compare_device(const char *name, const cJSON *recorded, const cJSON *ours)
{
  for (const cJSON *member = ours->child; member; member = member->next)
    compare_member(name, recorded, member);
  for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
    ck_assert_msg(cJSON_HasObjectItem(recorded, needed[i]) ==
                    cJSON_HasObjectItem(ours, needed[i]),
                  "%s: %s is in only one of the replies", name, needed[i]);
}

static void
compare_json(const char *name, const char *recorded, const char *ours)
{
  struct reply theirs, got;
  const cJSON *a, *b;
  const char *title;

  ck_assert_msg(reply_parse(recorded, strlen(recorded), &theirs), "%s", name);
  ck_assert_msg(reply_parse(ours, strlen(ours), &got), "%s: %s", name, ours);
  ck_assert_str_eq(theirs.status, got.status);
  ck_assert_str_eq(theirs.version, got.version);
  ck_assert_int_eq(theirs.act_time, got.act_time);
  title = reply_member(theirs.root, "title");
  if (!title)
    ck_assert_ptr_null(reply_member(got.root, "title"));
  else
    ck_assert_str_eq(title, reply_member(got.root, "title"));
  for (a = theirs.results, b = got.results; a && b; a = a->next, b = b->next)
    compare_device(name, a, b);
  ck_assert_msg(!a && !b, "%s: the replies list different devices", name);
  reply_free(&theirs);
  reply_free(&got);
}

/* Checks that the headers are equal except for the value of Content-Length. */
static void
compare_heads(const char *name, const char *recorded, const char *ours)
{
  const char *a = strstr(recorded, "Content-Length: ");
  const char *b = strstr(ours, "Content-Length: ");

  ck_assert_msg(a && b && a - recorded == b - ours &&
                  memcmp(recorded, ours, (size_t)(a - recorded)) == 0 &&
                  strcmp(strstr(a, "\r\n"), strstr(b, "\r\n")) == 0,
                "%s:\n%s\nrecorded:\n%s", name, ours, recorded);
}

/* Returns ActTime of the recorded reply NAME; -1: not in the reply. */
static int64_t
act_time_of(const char *name)
{
  char *body = recording_body(name);
  struct reply reply;
  int64_t seconds = -1;

  if (reply_parse(body, strlen(body), &reply)) {
    seconds = reply.act_time;
    reply_free(&reply);
  }
  free(body);
  return seconds;
}

void
recording_compare(struct domoticz_server *s, const char *name)
{
  int64_t act_time = act_time_of(name);
  char *request = load_pair(name, "request");
  char *recorded = load_pair(name, "response");
  char *ours, *their_body, *our_body;

  if (act_time >= 0)
    domoticz_server_set_clock(s, act_time);
  ours = recording_exchange(s, request);
  their_body = body_of(recorded);
  our_body = body_of(ours);
  compare_heads(name, recorded, ours);
  if (their_body[0] == '{')
    compare_json(name, their_body, our_body);
  else
    ck_assert_str_eq(our_body, their_body);
  free(request);
  free(recorded);
  free(ours);
}

/* ---- Times --------------------------------------------------------------- */

int64_t
recording_seconds(const char *text)
{
  int year, month, day, hour, minute, second;

  ck_assert_int_eq(sscanf(text, "%d-%d-%d %d:%d:%d", &year, &month, &day, &hour,
                          &minute, &second),
                   6);
  return civil_to_days(year, month, day) * 86400 + hour * 3600 + minute * 60 +
         second;
}

int64_t
recording_last_update(const char *name)
{
  char *body = recording_body(name);
  struct reply reply;
  int64_t seconds = -1;

  ck_assert(reply_parse(body, strlen(body), &reply));
  if (reply.results)
    seconds = recording_seconds(reply_member(reply.results, "LastUpdate"));
  reply_free(&reply);
  free(body);
  return seconds;
}
