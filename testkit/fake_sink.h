/*
 * Sinks for unit tests: they collect the values and results of a plugin.
 *
 *     struct fake_sink *sink = fake_sink_new(&h->table);
 *
 *     plugin->input->read(self, &sink->input);
 *     ck_assert_str_eq(fake_sink_emitted(sink, "heat_energy_e1"), "84.2 GJ");
 *
 * The sinks copy everything.  Results of these functions live until
 * fake_sink_forget or fake_sink_free.
 */
#ifndef TESTKIT_FAKE_SINK_H
#define TESTKIT_FAKE_SINK_H

#include <meterpipe/plugin.h>

struct fake_sink_state;

struct fake_sink {
  struct mp_sink input;
  struct mp_field_sink field;
  struct mp_probe_sink probe;
  struct mp_output_sink output;
  struct fake_sink_state *state;
};

/* HOST is the table of the fake host: the sink asks it for the wanted fields,
 * and to format numbers. */
struct fake_sink *fake_sink_new(const struct mp_host *host);
void fake_sink_free(struct fake_sink *sink);
/* Forgets all calls. */
void fake_sink_forget(struct fake_sink *sink);

/* Return the value emitted for FIELD, as a text ("84.208 GJ") or as a value
 * (NULL: it was not emitted), and the number of emitted fields. */
const char *fake_sink_emitted(struct fake_sink *sink, const char *field);
const struct mp_value *fake_sink_value(struct fake_sink *sink,
                                       const char *field);
uint32_t fake_sink_emitted_count(struct fake_sink *sink);
/* Returns all fields as "FIELD VALUE UNIT\n", in order of their first
 * emission. */
const char *fake_sink_emitted_all(struct fake_sink *sink);
/* Return the serial number that was given (NULL: none), and its origin,
 * MP_SERIAL_... */
const char *fake_sink_serial(struct fake_sink *sink);
uint32_t fake_sink_serial_how(struct fake_sink *sink);
/* Returns the facts that were given about the meter; NULL: none. */
const struct mp_meter *fake_sink_meter(struct fake_sink *sink);

/* These return number INDEX, from 0; NULL past the last. */
const struct mp_field *fake_sink_field(struct fake_sink *sink, uint32_t index);
const struct mp_listed *fake_sink_listed(struct fake_sink *sink,
                                         uint32_t index);
const struct mp_probe_item *fake_sink_item(struct fake_sink *sink,
                                           uint32_t index);
/* Return the last progress that a probe reported. */
uint32_t fake_sink_done(struct fake_sink *sink);
uint32_t fake_sink_total(struct fake_sink *sink);

/* Returns the last answer for TARGET; NULL: it was not reached.  As a text:
 * "84.2 GJ", "empty", "absent", "unfit", "forgotten" or
 * "unreached". */
const struct mp_shown *fake_sink_shown(struct fake_sink *sink, uint32_t target);
const char *fake_sink_shown_text(struct fake_sink *sink, uint32_t target);

/* Returns the result for TARGET in RECORD: MP_ACCEPTED ...; a result for
 * MP_ALL_TARGETS counts for each target.  0: no result was given. */
uint32_t fake_sink_result(struct fake_sink *sink, uint32_t record,
                          uint32_t target);
uint32_t fake_sink_result_count(struct fake_sink *sink);

#endif
