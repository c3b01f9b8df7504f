/*
 * The host of an instance under test: the fake host of the test kit, with
 * services that report a wrong use instead of ending the process.
 *
 * Only the options come from a plan.  The services of a run (stage_host.c) do
 * not suit here: a check lends their results and takes them back, decides when
 * the time ends, and needs targets and operands without the other stages of a
 * pipeline.
 */
#include "core/conform/conform.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/config/option_type.h"
#include "core/memory/memory.h"
#include "lib/clock.h"
#include "lib/storable.h"
#include "testkit/fake_state.h"

/* The check of this process: a service gets only the host. */
static struct conform *current;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* for its message */

/* Returns the callback that uses a service, for messages. */
static const char *
user(void)
{
  const char *callback = current->report->callback;

  return callback ? callback : "a thread of it";
}

/* ---- Messages ---- */

MP_PRINTF(4, 0)
static void
host_vlog(const struct mp_host *host, int level, const char *object,
          const char *fmt, va_list args)
{
  char text[1024];

  (void)host;
  (void)object;
  if (level < MP_LOG_ERROR || level > MP_LOG_DEBUG)
    conform_fail(current, "%s logs at level %d: use MP_LOG_...", user(), level);
  if (level == MP_LOG_NOTICE)
    atomic_fetch_add(&current->n_notices, 1);
  (void)vsnprintf(text, sizeof(text), fmt, args);
}

MP_PRINTF(4, 0)
static int
host_vfail(const struct mp_host *host, int code, const char *object,
           const char *fmt, va_list args)
{
  char text[sizeof(current->message)];
  int n;

  n = snprintf(text, sizeof(text), "%s: %s%s", host->name, object ? object : "",
               object ? ": " : "");
  if (n >= 0 && n < (int)sizeof(text))
    (void)vsnprintf(text + n, sizeof(text) - (size_t)n, fmt, args);
  pthread_mutex_lock(&lock);
  memcpy(current->message, text, sizeof(text));
  pthread_mutex_unlock(&lock);
  atomic_fetch_add(&current->n_explained, 1);
  if (code >= 0 || code < MP_ECANCELED)
    conform_fail(current, "%s calls mp_fail with %d: use a reason, MP_E...",
                 user(), code);
  return code;
}

/* ---- Options and operands ---- */

static bool
has_option(const char *key)
{
  const struct mp_option *option = current->plugin->table.options;

  while (option && option->key && strcmp(option->key, key) != 0)
    option++;
  if (option && option->key)
    return true;
  conform_fail(current,
               "%s asks for the option \"%s\": add it to the option table",
               user(), key);
  return false;
}

static const char *
host_option(const struct mp_host *host, const char *key)
{
  return has_option(key) ? fake_services.option(host, key) : NULL;
}

static int64_t
host_option_int(const struct mp_host *host, const char *key)
{
  return has_option(key) ? fake_services.option_int(host, key) : 0;
}

static int
host_option_decimal(const struct mp_host *host, const char *key,
                    struct mp_decimal *ret_number)
{
  const struct mp_option *option = current->plugin->table.options;

  if (!has_option(key))
    return MP_DROP;
  while (strcmp(option->key, key) != 0)
    option++;
  if (option->type == MP_TYPE_DECIMAL)
    return fake_services.option_decimal(host, key, ret_number);
  conform_fail(current,
               "%s reads the option \"%s\" with option_decimal: give it the "
               "type MP_TYPE_DECIMAL",
               user(), key);
  return MP_DROP;
}

static const char *
host_option_named(const struct mp_host *host, const char *key, uint32_t index,
                  const char **ret_name)
{
  return has_option(key)
           ? fake_services.option_named(host, key, index, ret_name)
           : NULL;
}

/* Returns a copy of FAKE that lives until apply returns. */
static const struct mp_operand *
lend_operand(const struct mp_operand *fake)
{
  struct loan *loan = conform_lend(current, sizeof(*fake) + CONFORM_VALUE);
  struct mp_operand *copy = loan_copy(loan, fake, sizeof(*fake));

  if (fake->value)
    copy->value = conform_put_value(loan, fake->value);
  return copy;
}

static const struct mp_operand *
host_operand(const struct mp_host *host, const char *key)
{
  const char *callback = current->report->callback;
  const struct mp_operand *fake = fake_services.operand(host, key);

  if (!callback || strcmp(callback, "apply") != 0)
    conform_fail(current, "%s calls operand: call it only in apply", user());
  return fake ? lend_operand(fake) : NULL;
}

/* ---- Targets ---- */

/* Reports a use of SERVICE when the output is not open. */
static bool
is_open(const char *service)
{
  if (!current->targets)
    conform_fail(current, "%s calls %s: call it between open and close", user(),
                 service);
  return current->targets;
}

static bool
is_target(const char *service, uint32_t index)
{
  if (!is_open(service))
    return false;
  if (index >= current->n_targets)
    conform_fail(current, "%s calls %s for target %u of %u", user(), service,
                 (unsigned)index, (unsigned)current->n_targets);
  return index < current->n_targets;
}

static const struct mp_target *
host_target(const struct mp_host *host, uint32_t index)
{
  (void)host;
  return is_open("target") && index < current->n_targets
           ? current->targets[index]
           : NULL;
}

/* The fake host has one target, with the options and the values of all. */
static bool
has_target_option(const char *service, uint32_t index, const char *key)
{
  const struct mp_option *option = current->plugin->output.target_options;

  while (option && option->key && strcmp(option->key, key) != 0)
    option++;
  if (option && option->key)
    return is_target(service, index);
  conform_fail(current,
               "%s asks for the target option \"%s\": add it to target_options",
               user(), key);
  return false;
}

static const char *
host_target_option(const struct mp_host *host, uint32_t index, const char *key)
{
  return has_target_option("target_option", index, key)
           ? fake_services.target_option(host, 0, key)
           : NULL;
}

static int64_t
host_target_option_int(const struct mp_host *host, uint32_t index,
                       const char *key)
{
  return has_target_option("target_option_int", index, key)
           ? fake_services.target_option_int(host, 0, key)
           : 0;
}

static int
host_target_meter(const struct mp_host *host, uint32_t index,
                  struct mp_meter *ret_meter)
{
  struct mp_meter meter = { .struct_size = sizeof(meter) };
  struct loan *loan;

  if (!is_target("target_meter", index) ||
      fake_services.target_meter(host, 0, &meter) != MP_OK)
    return MP_DROP;
  loan = conform_lend(current, 5 * LOAN_TEXT);
  meter.serial = loan_text(loan, meter.serial);
  meter.manufacturer = loan_text(loan, meter.manufacturer);
  meter.model = loan_text(loan, meter.model);
  meter.software = loan_text(loan, meter.software);
  meter.section = loan_text(loan, meter.section);
  if (meter.struct_size > ret_meter->struct_size)
    meter.struct_size = ret_meter->struct_size;
  memcpy(ret_meter, &meter, meter.struct_size);
  return MP_OK;
}

static const struct mp_value *
host_target_last(const struct mp_host *host, uint32_t index)
{
  const struct mp_value *last;

  if (!is_target("target_last", index))
    return NULL;
  last = fake_services.target_last(host, 0);
  return last ? conform_put_value(conform_lend(current, CONFORM_VALUE), last)
              : NULL;
}

/* ---- The store ---- */

/* A text of store_get, lent until the next store_set with its key. */
struct lent_text {
  struct fake_host_state *owner;
  char *key;
  struct loan loan;
};

static struct lent_text *lent_texts; /* n_lent_texts */
static size_t n_lent_texts;

/* Takes back the text of KEY from OWNER; NULL: all of them. */
static void
take_text_back(const struct fake_host_state *owner, const char *key)
{
  size_t kept = 0;

  for (size_t i = 0; i < n_lent_texts; i++) {
    struct lent_text *lent = &lent_texts[i];

    if (lent->owner != owner || (key && strcmp(lent->key, key) != 0)) {
      lent_texts[kept++] = *lent;
      continue;
    }
    loan_close(&lent->loan);
    free(lent->key);
  }
  n_lent_texts = kept;
}

static const char *
host_store_get(const struct mp_host *host, const char *key)
{
  const char *text = fake_services.store_get(host, key);
  struct fake_host_state *owner = host->ctx;
  struct lent_text *lent = lent_texts;

  if (!text)
    return NULL;
  while (lent < lent_texts + n_lent_texts &&
         (lent->owner != owner || strcmp(lent->key, key) != 0))
    lent++;
  if (lent < lent_texts + n_lent_texts)
    return lent->loan.start;
  MEMORY_GROW(&lent_texts, n_lent_texts);
  lent = &lent_texts[n_lent_texts++];
  *lent = (struct lent_text){ .owner = owner, .key = memory_text(key) };
  loan_open(&lent->loan, "store_get until store_set", strlen(text) + 1);
  return loan_text(&lent->loan, text);
}

/* TEXT may be a lent one, so it is taken back last. */
static int
set_text(const struct mp_host *host, const char *key, const char *text)
{
  int r = fake_services.store_set(host, key, text);

  take_text_back(host->ctx, key);
  return r;
}

static int
host_store_set(const struct mp_host *host, const char *key, const char *text)
{
  if (!storable_kept_key(key))
    conform_fail(
      current,
      "%s gives store_set a key that is not clean UTF-8, is empty or "
      "is too long",
      user());
  else if (text && strnlen(text, STORABLE_KEPT_TEXT + 1) > STORABLE_KEPT_TEXT)
    conform_fail(current, "%s gives store_set a text of more than 64 KiB",
                 user());
  else if (text && !storable_kept_text(text))
    conform_fail(current, "%s gives store_set a text that is not clean UTF-8",
                 user());
  else
    return set_text(host, key, text);
  return MP_EINTERNAL;
}

/* ---- Hosts and instances ---- */

/* Gives FAKE the target that stands for all.  A required option of it gets an
 * example. */
static void
add_target(struct conform *c, struct fake_host *fake)
{
  static const struct mp_meter meter = { .struct_size = sizeof(meter),
                                         .serial = "84968362",
                                         .manufacturer = "Kamstrup",
                                         .model = "MULTICAL 403",
                                         .software = "C1",
                                         .section = "meter" };
  const struct mp_option *option = c->plugin->output.target_options;
  char buf[512];

  fake_host_add_target(fake, "1", NULL, "meter.a1", 0);
  for (; option && option->key; option++)
    if (option->flags & MP_REQUIRED)
      fake_host_set_target_option(
        fake, 0, option->key, option_type_example(option, buf, sizeof(buf)));
  fake_host_set_target_meter(fake, 0, &meter);
  fake_host_set_target_last(fake, 0, MP_COUNTER, "84.000 GJ");
}

/* Gives FAKE the option of the command line. */
static void
set_option(const struct conform *c, struct fake_host *fake,
           const struct mp_option *option)
{
  const struct options *options = c->stage->options;
  const char *name, *text;

  fake_host_set(fake, option->key, options_text(options, option->key));
  for (size_t i = 0; (text = options_named(options, option->key, i, &name));
       i++) {
    char *key = memory_format("%s.%s", option->key, name);

    fake_host_set(fake, key, text);
    free(key);
  }
}

struct conform_host *
conform_host(struct conform *c, const char *name)
{
  struct conform_host *h = memory_get(1, sizeof(*h));
  const struct mp_option *option = c->plugin->table.options;
  struct mp_host *table;

  current = c;
  h->fake = fake_host_new(&c->plugin->table, name);
  table = &h->fake->table;
  table->vlog = host_vlog;
  table->vfail = host_vfail;
  table->option = host_option;
  table->option_int = host_option_int;
  table->option_decimal = host_option_decimal;
  table->option_named = host_option_named;
  table->operand = host_operand;
  table->target = host_target;
  table->target_option = host_target_option;
  table->target_option_int = host_target_option_int;
  table->target_meter = host_target_meter;
  table->target_last = host_target_last;
  table->store_get = host_store_get;
  table->store_set = host_store_set;
  for (; option && option->key; option++)
    set_option(c, h->fake, option);
  if (c->plugin->kind == PLUGIN_OUTPUT)
    add_target(c, h->fake);
  return h;
}

void
conform_host_free(struct conform_host *h)
{
  take_text_back(h->fake->state, NULL);
  loan_close(&h->loan);
  fake_host_free(h->fake);
  free(h);
}

int
conform_try_create(struct conform *c, struct conform_host *h, void **ret_self)
{
  struct mp_host *table;
  int r;

  loan_open(&h->loan, "create", sizeof(*table) + LOAN_TEXT);
  table = loan_copy(&h->loan, &h->fake->table, sizeof(*table));
  table->name = loan_text(&h->loan, table->name);
  conform_begin(c, "create");
  r = conform_end(c, c->plugin->table.create(table, ret_self), conform_ok);
  if (r != MP_OK)
    loan_close(&h->loan);
  return r;
}

bool
conform_create(struct conform *c, struct conform_host *h, void **ret_self)
{
  if (conform_try_create(c, h, ret_self) == MP_OK)
    return true;
  if (!conform_failed(c))
    conform_fail(c,
                 "create rejects a value that the option table allows (to give "
                 "another, write OPTION=VALUE after the file name): %s",
                 c->message);
  return false;
}

void
conform_destroy(struct conform *c, struct conform_host *h, void *self)
{
  conform_begin(c, "destroy");
  c->plugin->table.destroy(self);
  conform_end(c, MP_OK, conform_ok);
  loan_close(&h->loan);
}

void
conform_give_time(struct conform *c, struct conform_host *h, int64_t ms)
{
  c->deadline_ms = clock_mono_ms() + ms;
  fake_host_set_deadline(h->fake, ms);
}

void
conform_cancel(struct conform *c, struct conform_host *h)
{
  c->deadline_ms = clock_mono_ms();
  fake_host_cancel(h->fake);
}
