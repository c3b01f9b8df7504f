/*
 * A host for unit tests of plugins: the whole service table of
 * <meterpipe/plugin.h>, with answers that the test sets.
 *
 *     struct fake_host *h = fake_host_new(meterpipe_plugin(), "usage");
 *
 *     fake_host_set(h, "first", "zero");
 *     fake_host_set_operand(h, "minus", "84.000 GJ", MP_EXACT);
 *     plugin->create(&h->table, &self);
 *     value = fake_host_value(h, MP_COUNTER, "84.208 GJ");
 *     plugin->transform->apply(self, &value);
 *     ck_assert_str_eq(fake_host_show(h, &value), "0.208 GJ");
 *     plugin->destroy(self);
 *     fake_host_free(h);
 *
 * fake_sink.h collects the calls of plugins to sinks.  Texts that these
 * functions return live until fake_host_free.  A mistake in the test itself
 * (an unknown option, a malformed number) ends the test with a message.
 */
#ifndef TESTKIT_FAKE_HOST_H
#define TESTKIT_FAKE_HOST_H

#include <meterpipe/plugin.h>

struct fake_host_state;

struct fake_host {
  /* Pass &h->table to create.  Its pipeline is "test" and its version "0", and
   * state_dir is NULL, unless the test sets them. */
  struct mp_host table;
  struct fake_host_state *state;
};

/* Makes a host for one instance.  NAME is the name of its section, for log
 * lines. Options have the defaults of the plugin's table.  PLUGIN may be NULL:
 * no options. */
struct fake_host *fake_host_new(const struct mp_plugin *plugin,
                                const char *name);
void fake_host_free(struct fake_host *h);

/* ---- Settings for the plugin --------------------------------------------- */

/* Sets an option as a pipeline file would; required options may stay unset.
 * With TEXT NULL, the option has no value, not even its default.  KEY is
 * KEY.NAME for an option with MP_NAMED. */
void fake_host_set(struct fake_host *h, const char *key, const char *text);
/* Returns MP_OK if the option KEY accepts TEXT, else MP_ECONFIG. */
int fake_host_try(struct fake_host *h, const char *key, const char *text);

/* Sets the last known value for operand option KEY.  VALUE is "84.000 GJ" or a
 * text; NULL: the target was never set.  An operand that was not set here is
 * missing. */
void fake_host_set_operand(struct fake_host *h, const char *key,
                           const char *value, int32_t place);

/* Adds a wanted field; if there is none, every field is wanted. */
void fake_host_add_field(struct fake_host *h, const char *name);

/* Adds a target; returns its number.  PART and SOURCE may be NULL. */
uint32_t fake_host_add_target(struct fake_host *h, const char *name,
                              const char *part, const char *source,
                              uint32_t flags);

/* Set what the host knows about target INDEX: the kind of its value (0: not
 * known), and label, register number and usual unit of its field; each may be
 * NULL. */
void fake_host_set_target_source(struct fake_host *h, uint32_t index,
                                 uint32_t kind, const char *label,
                                 const char *number, const char *unit);
/* Sets an option of target INDEX as a pipeline file would; TEXT NULL: it has no
 * value. */
void fake_host_set_target_option(struct fake_host *h, uint32_t index,
                                 const char *key, const char *text);
/* Sets the meter of target INDEX; by default it comes from none. */
void fake_host_set_target_meter(struct fake_host *h, uint32_t index,
                                const struct mp_meter *meter);
/* Sets the last known value of target INDEX: "84.000 GJ", or any text with
 * MP_TEXT; NULL: none. */
void fake_host_set_target_last(struct fake_host *h, uint32_t index,
                               uint32_t kind, const char *value);

/* Makes log_enabled return 1 up to LEVEL; the default is MP_LOG_DEBUG.  The
 * fake keeps lines of every level. */
void fake_host_set_log_level(struct fake_host *h, int level);
/* Stops the clock at MS; by default, now returns the real time. */
void fake_host_set_now(struct fake_host *h, int64_t ms);
/* Makes time_left always return MS; the default is 60 s. */
void fake_host_set_time_left(struct fake_host *h, int64_t ms);
/* Makes time_left count down from MS, beginning now. */
void fake_host_set_deadline(struct fake_host *h, int64_t ms);
/* Makes cancel_fd readable.  Any thread. */
void fake_host_cancel(struct fake_host *h);

/* Set and get a text of the persistent store; fake_host_stored returns NULL
 * if KEY is not in it. */
void fake_host_store(struct fake_host *h, const char *key, const char *text);
const char *fake_host_stored(struct fake_host *h, const char *key);

/* ---- Log and failures ---------------------------------------------------- */

/* Returns all log lines since fake_host_forget: "error: NAME: OBJECT: fact\n".
 */
const char *fake_host_log(struct fake_host *h);
/* Return the number of failures, and the code of failure INDEX, from 0;
 * 0: no such failure. */
uint32_t fake_host_failures(struct fake_host *h);
int fake_host_failure(struct fake_host *h, uint32_t index);
/* Forgets log lines and failures. */
void fake_host_forget(struct fake_host *h);

/* ---- Values -------------------------------------------------------------- */

/* Returns the value of "84.208 GJ" or "84.208"; with MP_TEXT, of any text. */
struct mp_value fake_host_value(struct fake_host *h, uint32_t kind,
                                const char *text);
/* The reverse: "84.208 GJ", the text of a text value, "(none)" for NULL. */
const char *fake_host_show(struct fake_host *h, const struct mp_value *value);

#endif
