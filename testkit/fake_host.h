/*
 * A host for unit tests of plugins: the whole service table of
 * <meterpipe/plugin.h>, made of what the test says.
 *
 *     struct fake_host *h = fake_host_new(meterpipe_plugin(), "usage");
 *
 *     fake_host_set(h, "first", "zero");
 *     fake_host_set_operand(h, "minus", 0, "84.000 GJ", MP_EXACT);
 *     plugin->create(&h->table, &self);
 *     value = fake_host_value(h, MP_COUNTER, "84.208 GJ");
 *     plugin->transform->apply(self, &value);
 *     ck_assert_str_eq(fake_host_show(h, &value), "0.208 GJ");
 *     plugin->destroy(self);
 *     fake_host_free(h);
 *
 * What plugins put into sinks is collected by fake_sink.h.  Texts that these
 * functions return live until fake_host_free.  A mistake in the test itself
 * (an unknown option, a number that is none) ends the test with a message.
 */
#ifndef TESTKIT_FAKE_HOST_H
#define TESTKIT_FAKE_HOST_H

#include <meterpipe/plugin.h>

struct fake_host_state;

struct fake_host {
  struct mp_host table; /* for create: &h->table; state_dir is NULL, and a test
                           may set it */
  struct fake_host_state *state;
};

/* NAME is the section's name, as it begins the log lines.  Options have the
 * defaults of the plugin's table.  PLUGIN may be NULL: no options. */
struct fake_host *fake_host_new(const struct mp_plugin *plugin,
                                const char *name);
void fake_host_free(struct fake_host *h);

/* ---- What the plugin is told --------------------------------------------- */

/* Sets an option as a pipeline file would; required ones are not insisted on.
 * NULL: as if it were not given and had no default. */
void fake_host_set(struct fake_host *h, const char *key, const char *text);
/* Whether TEXT would be taken for KEY: MP_OK or MP_ECONFIG. */
int fake_host_try(struct fake_host *h, const char *key, const char *text);

/* The last known value that operand option KEY names; FLAGS: MP_OPERAND_...
 * VALUE is "84.000 GJ" or a text, or NULL with MISSING or FIRST. */
void fake_host_set_operand(struct fake_host *h, const char *key, uint32_t flags,
                           const char *value, int32_t place);

/* One more wanted field; without any, everything is wanted. */
void fake_host_add_field(struct fake_host *h, const char *name);

/* One more target; returns its number.  PART and SOURCE may be NULL. */
uint32_t fake_host_add_target(struct fake_host *h, const char *name,
                              const char *part, const char *source,
                              uint32_t flags);

/* Stops the clock at MS; without it, now is the real time. */
void fake_host_set_now(struct fake_host *h, int64_t ms);
/* time_left is MS whatever happens; 60 s without it. */
void fake_host_set_time_left(struct fake_host *h, int64_t ms);
/* time_left counts down from MS, beginning now. */
void fake_host_set_deadline(struct fake_host *h, int64_t ms);
/* Makes cancel_fd readable.  Any thread. */
void fake_host_cancel(struct fake_host *h);

/* The persistent store; fake_host_stored: NULL when KEY is not in it. */
void fake_host_store(struct fake_host *h, const char *key, const char *text);
const char *fake_host_stored(struct fake_host *h, const char *key);

/* ---- What the plugin said ------------------------------------------------ */

/* All lines since the last fake_host_forget: "error: NAME: OBJECT: fact\n". */
const char *fake_host_log(struct fake_host *h);
/* Number of failures, and the code of failure INDEX from 0; 0: none such. */
uint32_t fake_host_failures(struct fake_host *h);
int fake_host_failure(struct fake_host *h, uint32_t index);
/* Forgets log lines and failures. */
void fake_host_forget(struct fake_host *h);

/* ---- Values -------------------------------------------------------------- */

/* The value written as "84.208 GJ" or "84.208"; with MP_TEXT any text. */
struct mp_value fake_host_value(struct fake_host *h, uint32_t kind,
                                const char *text);
/* And back: "84.208 GJ", the text of a text, "(none)" for NULL. */
const char *fake_host_show(struct fake_host *h, const struct mp_value *value);

#endif
