/*
 * An output that breaks the contract of <meterpipe/plugin.h> as the environment
 * variable BAD selects; without BAD it keeps the contract.
 */
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <meterpipe/plugin.h>

#include "tests/support/bad.h"
#include "tests/support/manners.h"

/* Sleeps forever if BAD is "sleep-WHERE"; also with all signals blocked if BAD
 * is "masked-WHERE". */
static void
sleep_in(const char *where)
{
  const char *bad = getenv("BAD");
  sigset_t all;

  if (!bad || !strchr(bad, '-') || strcmp(strchr(bad, '-') + 1, where) != 0)
    return;
  sigfillset(&all);
  if (strncmp(bad, "masked-", 7) == 0)
    sigprocmask(SIG_SETMASK, &all, NULL);
  else if (strncmp(bad, "sleep-", 6) != 0)
    return;
  for (;;)
    pause();
}

/* Number of existing instances. */
static unsigned alive;

/* Returns a thousand digits. */
static const char *
many_ones(void)
{
  static char text[1001];

  memset(text, '1', sizeof(text) - 1);
  return text;
}

/* Returns MP_OK, or the error with which create has to fail. */
static int
refuse(const struct mp_host *host)
{
  const char *class = host->option(host, "class");
  bool appends = class && strcmp(class, "append") == 0;

  if (bad_is("create-silent"))
    return MP_ECONFIG;
  if (bad_is("create-nonsense"))
    return MP_HOLD;
  if (bad_is("create-long"))
    return mp_fail(host, MP_ECONFIG, NULL, "%s.", many_ones());
  if (bad_is("create-one") && alive > 0)
    return mp_fail(host, MP_ECONFIG, NULL, "there is one already");
  if (bad_is("create-code") && appends)
    return mp_fail(host, MP_EIO, "class", "is not to be had");
  if (bad_is("create-refuses") && appends)
    return mp_fail(host, MP_ECONFIG, "class", "is not to be had");
  return MP_OK;
}

static int
bad_create(const struct mp_host *host, void **ret_self)
{
  static struct bad only;
  int r = refuse(host);

  misbehave("create");
  keep("create-keeps-host", host);
  keep("create-keeps-name", host->name);
  if (bad_is("create-keeps-target"))
    host->target(host, 0);
  sleep_in("create");
  if (r != MP_OK)
    return r;
  r = bad_new(host, ret_self);
  if (r != MP_OK)
    return r;
  alive++;
  if (bad_is("create-leaks")) /* the first one */
    r = bad_new(host, ret_self);
  if (r != MP_OK)
    return r;
  if (bad_is("create-opens") && open("/dev/null", O_RDONLY) < 0)
    return MP_EIO;
  if (bad_is("create-shares")) {
    free(*ret_self);
    *ret_self = &only;
  }
  return MP_OK;
}

static void
bad_destroy(void *self)
{
  static int left = -1;

  alive--;
  misbehave("destroy");
  act_release();
  bad_end("destroy");
  if (bad_is("destroy-opens") && left < 0)
    left = open("/dev/null", O_RDONLY);
  if (!bad_is("create-shares"))
    free(self);
}

static int
bad_open(void *self)
{
  const struct bad *b = self;

  misbehave("open");
  if (bad_is("open-keeps-target"))
    keep("open-keeps-target", b->host->target(b->host, 0));
  if (bad_is("open-keeps-name"))
    keep("open-keeps-name", b->host->target(b->host, 0)->name);
  sleep_in("open");
  if (bad_is("open-nonsense"))
    return 77;
  if (bad_is("open-outcome"))
    return MP_HOLD;
  ((struct bad *)self)->records = 0;
  return MP_OK;
}

static void
bad_close(void *self)
{
  (void)self;
  misbehave("close");
  sleep_in("close");
}

/* Fails with the error code after PREFIX in BAD; MP_OK if BAD does not begin
 * with PREFIX. */
static int
fail_with(const struct bad *b, const char *prefix)
{
  const char *reason = bad_after(prefix);

  return reason ? mp_fail(b->host, (int)strtol(reason, NULL, 10), NULL,
                          "fails as it was told")
                : MP_OK;
}

static int
bad_begin(void *self, const struct mp_record *record)
{
  misbehave("begin");
  keep("begin-keeps-record", record);
  keep("begin-keeps-id", record->id);
  sleep_in("begin");
  ((struct bad *)self)->records++;
  return fail_with(self, "begin-fails");
}

/* Only the first target is rejected. */
static int
bad_write(void *self, uint32_t target, const struct mp_value *value)
{
  misbehave("write");
  keep("write-keeps-value", value);
  keep("write-keeps-unit", value->unit);
  keep("write-keeps-serial", value->serial);
  keep("write-keeps-text", value->text);
  sleep_in("write");
  if (bad_is("ops-no-begin") && target == 0)
    ((struct bad *)self)->records++;
  if (bad_is("write-nonsense"))
    return -99;
  return target == 0 ? fail_with(self, "write-fails") : MP_OK;
}

/* Answers for the targets after the first one. */
static void
show_others(const struct bad *b, const struct mp_output_sink *sink,
            struct mp_shown *shown)
{
  for (shown->target = 1; b->host->target(b->host, shown->target);
       shown->target++)
    sink->shown(sink, shown);
}

static int
bad_fetch(void *self, const struct mp_output_sink *sink)
{
  struct mp_value value = { .struct_size = sizeof(value),
                            .kind = MP_GAUGE,
                            .number = { 1, 0 } };
  struct mp_shown shown = { .struct_size = sizeof(shown),
                            .answer = MP_SHOWN_VALUE,
                            .place = MP_EXACT,
                            .value = &value };

  misbehave("fetch");
  keep("fetch-keeps-sink", sink);
  sleep_in("fetch");
  if (bad_is("fetch-skips"))
    return MP_SKIP;
  if (bad_is("fetch-exponent"))
    value.number.exp10 = 1000;
  if (bad_is("fetch-text")) {
    value.kind = MP_TEXT;
    value.text = "\377";
  }
  if (bad_is("fetch-target"))
    shown.target = 99;
  if (bad_is("fetch-answer"))
    shown.answer = 9;
  if (bad_is("fetch-no-value"))
    shown.value = NULL;
  if (bad_is("fetch-small"))
    shown.struct_size = 8;
  if (bad_is("fetch-unfit"))
    shown.answer = MP_SHOWN_UNFIT;
  if (bad_is("fetch-step")) {
    shown.step.coef = 1;
    shown.step.exp10 = 64;
  }
  if (bad_is("fetch-step-below"))
    shown.step.coef = -1;
  if (bad_is("fetch-place"))
    shown.place = 100;
  if (bad_is("fetch-updated"))
    shown.updated = "10:00\na 1 7 0 0 ||";
  if (bad_is("fetch-wait"))
    shown.wait_ms = 3600001;
  if (bad_is("fetch-unit"))
    value.unit = " GJ";
  if (bad_is("fetch-null"))
    sink->shown(sink, NULL);
  if (bad_is("fetch-twice"))
    sink->shown(sink, &shown);
  if (bad_is("fetch-twice"))
    shown.place = -64;
  if (!bad_is("fetch-none"))
    sink->shown(sink, &shown);
  if (!bad_is("fetch-one"))
    show_others(self, sink, &shown);
  return MP_OK;
}

/* Sleeps forever, and ignores SIGALRM and SIGTERM. */
static void
hang(void)
{
  signal(SIGALRM, SIG_IGN);
  signal(SIGTERM, SIG_IGN);
  for (;;)
    pause();
}

/* Reports the result after "commit-says" in BAD (0: none) for all records,
 * without an error message. */
static int
say_result(struct bad *b, const struct mp_output_sink *sink)
{
  uint32_t result = (uint32_t)atoi(bad_after("commit-says"));

  for (uint32_t i = 0; i < b->records && result > 0; i++)
    sink->result(sink, i, MP_ALL_TARGETS, result);
  b->records = 0;
  return MP_OK;
}

/* Calls a service with arguments that it does not take. */
static void
ask_wrongly(const struct mp_host *host)
{
  if (bad_is("commit-asks-option"))
    host->option(host, "colour");
  if (bad_is("commit-asks-number"))
    host->option_int(host, "colour");
  if (bad_is("commit-asks-operand"))
    host->operand(host, "class");
  if (bad_is("commit-logs-loudly"))
    mp_log(host, 7, NULL, "much too important");
  if (bad_is("commit-fails-well"))
    mp_fail(host, MP_OK, NULL, "is no failure");
  if (bad_is("commit-stores-key"))
    host->store_set(host, "a\nb", "text");
  if (bad_is("commit-stores-text"))
    host->store_set(host, "key", "\377");
}

/* Uses a text of the store after its successor was stored. */
static void
use_old_text(const struct mp_host *host)
{
  const char *old;

  host->store_set(host, "key", "one");
  old = host->store_get(host, "key");
  host->store_set(host, "key", "two");
  (void)*(const volatile char *)old;
}

static int
bad_commit(void *self, const struct mp_output_sink *sink)
{
  struct bad *b = self;

  misbehave("commit");
  keep("commit-keeps-sink", sink);
  ask_wrongly(b->host);
  if (bad_is("commit-keeps-stored-text"))
    use_old_text(b->host);
  sleep_in("commit");
  if (bad_is("commit-crashes"))
    abort();
  if (bad_is("commit-exits"))
    _exit(99);
  if (bad_is("commit-leaves"))
    _exit(0);
  bad_end("commit");
  if (bad_is("commit-hangs"))
    hang();
  if (bad_after("commit-says"))
    return say_result(b, sink);
  if (bad_is("commit-fails"))
    return mp_fail(b->host, MP_EIO, NULL, "fails as it was told");
  if (bad_is("commit-late") && b->records > 0)
    bad_be_late();
  for (uint32_t i = bad_is("commit-forgets-first"); i < b->records; i++)
    sink->result(sink, i, bad_is("commit-forgets-one") ? 0 : MP_ALL_TARGETS,
                 bad_is("commit-result") ? 9 : MP_ACCEPTED);
  if (bad_is("commit-record") && b->records > 0)
    sink->result(sink, 99, MP_ALL_TARGETS, MP_ACCEPTED);
  if (bad_is("commit-target") && b->records > 0)
    sink->result(sink, 0, 99, MP_ACCEPTED);
  b->records = 0;
  if (bad_is("commit-silent"))
    return MP_EIO;
  if (bad_is("commit-outcome"))
    return MP_HOLD;
  return bad_is("commit-nonsense") ? 9 : MP_OK;
}

static int
bad_token(void *self, char *ret_token, size_t size)
{
  misbehave("token");
  sleep_in("token");
  if (bad_is("token-fails"))
    return mp_fail(((struct bad *)self)->host, MP_EIO, NULL, "has no end");
  memset(ret_token, 'x', bad_is("token-overruns") ? size + 1 : size);
  if (!bad_is("token-endless"))
    ret_token[0] = '\0';
  return MP_OK;
}

static int
bad_recover(void *self, const char *token, const struct mp_output_sink *sink)
{
  misbehave("recover");
  keep("recover-keeps-token", token);
  sleep_in("recover");
  if (bad_is("recover-forgets"))
    return MP_OK;
  sink->result(sink, 0, MP_ALL_TARGETS,
               bad_is("recover-rejects") ? MP_REJECTED : MP_ACCEPTED);
  ((struct bad *)self)->records = 0;
  return MP_OK;
}

/* ---- What it offers to users ---- */

static void
offer(const struct mp_output_sink *sink, const char *label, const char *type)
{
  const struct mp_listed listed = {
    .struct_size = sizeof(listed), .name = "7", .label = label, .type = type
  };

  sink->listed(sink, &listed);
}

static int
bad_list(void *self, const struct mp_output_sink *sink)
{
  struct mp_listed listed = {
    .struct_size = sizeof(listed), .name = "7", .value = "1 GJ", .unit = "GJ"
  };

  (void)self;
  misbehave("list");
  keep("list-keeps-sink", sink);
  if (bad_is("list-late"))
    bad_be_late();
  if (bad_is("list-silent"))
    return MP_EREFUSED;
  if (bad_is("list-outcome"))
    return MP_SKIP;
  if (bad_is("list-small"))
    listed.struct_size = 8;
  if (bad_is("list-unnamed"))
    listed.name = "";
  if (bad_is("list-text"))
    listed.updated = "one\ntwo";
  sink->listed(sink, bad_is("list-null") ? NULL : &listed);
  return MP_OK;
}

static int
bad_create_target(void *self, const char *label, const char *type,
                  uint32_t flags, const struct mp_output_sink *sink)
{
  const struct bad *b = self;
  const bool plans = flags & MP_CREATE_PLAN;

  misbehave("create_target");
  keep("create_target-keeps-label", label);
  keep("create_target-keeps-type", type);
  if (bad_is("create_target-refuses"))
    return mp_fail(b->host, MP_ECONFIG, type, "no such type");
  if (bad_is("create_target-silent"))
    return MP_ECONFIG;
  if (bad_is("create_target-outcome"))
    return MP_DROP;
  if (plans && !bad_is("create_target-plans-nothing"))
    mp_log(b->host, MP_LOG_NOTICE, label, "would be made");
  if (plans ? bad_is("create_target-at-once")
            : !bad_is("create_target-unlisted"))
    offer(sink, label, type);
  return MP_OK;
}

static const struct mp_option good_options[] = {
  { "class", MP_TYPE_CHOICE, 0, "latest", "live|latest|append|history",
    "the delivery class" },
  { NULL, 0, 0, NULL, NULL, NULL },
};

static const struct mp_option unsound_options[] = {
  { "class", 99, 0, NULL, NULL, "of a type that does not exist" },
  { NULL, 0, 0, NULL, NULL, NULL },
};

static const struct mp_option other_classes[] = {
  { "class", MP_TYPE_CHOICE, 0, "latest", "latest|first", "the class" },
  { NULL, 0, 0, NULL, NULL, NULL },
};

static const struct mp_option poor_options[] = {
  { "class", MP_TYPE_CHOICE, 0, "latest", "latest", "the class" },
  { "size", MP_TYPE_INT, 0, "many", NULL, NULL },
  { NULL, 0, 0, NULL, NULL, NULL },
};

static const struct mp_option badly_called[] = {
  { "t.e", MP_TYPE_INT, 0, NULL, NULL, "not one word" },
  { NULL, 0, 0, NULL, NULL, NULL },
};

static const struct mp_option twice[] = {
  { "class", MP_TYPE_CHOICE, 0, "latest", "latest", "the class" },
  { "class", MP_TYPE_CHOICE, 0, "latest", "latest", "the class" },
  { NULL, 0, 0, NULL, NULL, NULL },
};

static const struct mp_option empty_choice[] = {
  { "class", MP_TYPE_CHOICE, 0, "latest", "latest||live", "the class" },
  { NULL, 0, 0, NULL, NULL, NULL },
};

static const struct mp_option odd_limits[] = {
  { "size", MP_TYPE_INT, 0, NULL, "1..many", "a number" },
  { NULL, 0, 0, NULL, NULL, NULL },
};

static const struct mp_option part_options[] = {
  { "power", MP_TYPE_VALUE, 0, NULL, NULL, "a good part" },
  { "Voltage", MP_TYPE_VALUE, 0, NULL, NULL, "a key with a capital" },
  { NULL, 0, 0, NULL, NULL, NULL },
};

/* Filled in again at each call: a defect in a real plugin, but here it lets one
 * module play many. */
static struct mp_append_ops append;
static struct mp_output_ops ops;
static struct mp_transform_ops transform_ops;
static struct mp_plugin plugin;

/* Tables of a future header, longer than the current ones. */
static struct {
  struct mp_output_ops ops;
  void *later[8];
} newer_ops;
static struct {
  struct mp_plugin plugin;
  void *later[8];
} newer_plugin;

static const struct mp_plugin *
make_newer(void)
{
  newer_ops.ops = ops;
  newer_ops.ops.struct_size = sizeof(newer_ops);
  memset(newer_ops.later, 0xff, sizeof(newer_ops.later));
  newer_plugin.plugin = plugin;
  newer_plugin.plugin.struct_size = sizeof(newer_plugin);
  newer_plugin.plugin.output = &newer_ops.ops;
  memset(newer_plugin.later, 0xff, sizeof(newer_plugin.later));
  return &newer_plugin.plugin;
}

static void
spoil_ops(void)
{
  if (bad_is("ops-small"))
    ops.struct_size = 16;
  if (bad_is("ops-class"))
    ops.delivery = 7;
  if (bad_is("ops-no-write"))
    ops.write = NULL;
  if (bad_is("ops-no-token"))
    append.token = NULL;
  if (bad_is("ops-no-begin"))
    ops.begin = NULL;
  if (bad_is("ops-prefix"))
    ops.target_prefix = "t.e";
  if (bad_is("ops-parts"))
    ops.target_options = part_options;
  if (bad_is("ops-option"))
    ops.delivery_option = "klass";
}

static const struct mp_plugin *
spoil_plugin(void)
{
  if (bad_is("table-none"))
    return NULL;
  if (bad_is("table-abi-1"))
    plugin.abi_version = 1;
  if (bad_is("table-abi-3"))
    plugin.abi_version = 3;
  if (bad_is("table-small"))
    plugin.struct_size = 16;
  if (bad_is("table-two-kinds"))
    plugin.transform = &transform_ops;
  if (bad_is("table-no-create"))
    plugin.create = NULL;
  if (bad_is("table-unsound"))
    plugin.options = unsound_options;
  if (bad_is("table-classes"))
    plugin.options = other_classes;
  if (bad_is("table-poor")) {
    plugin.options = poor_options;
    plugin.summary = "";
  }
  if (bad_is("table-name"))
    plugin.name = "good";
  if (bad_is("table-no-version"))
    plugin.version = NULL;
  if (bad_is("table-version"))
    plugin.version = "1\n2";
  if (bad_is("table-called"))
    plugin.name = "a bad one";
  if (bad_is("table-key"))
    plugin.options = badly_called;
  if (bad_is("table-twice"))
    plugin.options = twice;
  if (bad_is("table-choices"))
    plugin.options = empty_choice;
  if (bad_is("table-limits"))
    plugin.options = odd_limits;
  return bad_is("newer") ? make_newer() : &plugin;
}

const struct mp_plugin *
meterpipe_plugin(void)
{
  if (bad_is("table-hangs"))
    hang();
  bad_end("table");
  append = (struct mp_append_ops){
    .struct_size = sizeof(struct mp_append_ops),
    .token = bad_token,
    .recover = bad_recover,
  };
  ops = (struct mp_output_ops){
    .struct_size = sizeof(struct mp_output_ops),
    .delivery = MP_LATEST,
    .target_prefix = "place",
    .open = bad_open,
    .close = bad_close,
    .fetch = bad_fetch,
    .begin = bad_begin,
    .write = bad_write,
    .commit = bad_commit,
    .append = &append,
    .list = bad_list,
    .create_target = bad_create_target,
    .check = bad_check,
    .delivery_option = "class",
  };
  plugin = (struct mp_plugin){
    .struct_size = sizeof(struct mp_plugin),
    .abi_version = MP_ABI_VERSION,
    .name = "bad",
    .version = "1",
    .summary = "breaks the contract",
    .options = good_options,
    .create = bad_create,
    .destroy = bad_destroy,
    .output = &ops,
  };
  spoil_ops();
  return spoil_plugin();
}
