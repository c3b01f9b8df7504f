/*
 * A stand-in for a Domoticz server, for tests: a thread that answers on
 * 127.0.0.1 like the recorded servers, and produces faults on order.
 *
 *     struct domoticz_server *s = domoticz_server_start(DOMOTICZ_2025_1);
 *
 *     domoticz_server_add(s, 323, "counter-custom", "GJ");
 *     domoticz_server_set(s, 323, "84000");
 *     ... run against domoticz_server_url(s) ...
 *     ck_assert_str_eq(domoticz_server_get(s, 323), "84208");
 *     domoticz_server_stop(s);
 *
 * A device stores the text it was sent and displays it according to its type
 * (tests/data/domoticz/values-matrix.tsv).  Every function may be called from
 * any thread at any time.  Returned texts live until the server is stopped.
 * Wrong use of this API by a test prints a message and aborts.
 */
#ifndef SUPPORT_DOMOTICZ_SERVER_H
#define SUPPORT_DOMOTICZ_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct domoticz_server;

enum domoticz_version {
  DOMOTICZ_2025_1, /* param=getdevices, lists of rid */
  DOMOTICZ_2024_7, /* both forms, lists of rid */
  DOMOTICZ_2023_2, /* both forms, one rid at a time (not recorded) */
  DOMOTICZ_2022_2, /* type=devices, one rid at a time */
  DOMOTICZ_2026_3, /* as 2025.1, with the web server libwebem: keep-alive by
                      default, 100 requests per connection, request lines of
                      at most 8 KiB (not recorded) */
};

/* Starts a server; PORT 0: any free port.  Its clock starts at the real time
 * and runs. */
struct domoticz_server *domoticz_server_start(enum domoticz_version version);
struct domoticz_server *domoticz_server_start_at(enum domoticz_version version,
                                                 unsigned port);
void domoticz_server_stop(struct domoticz_server *s);

/* "http://127.0.0.1:PORT" and the path prefix, if any. */
const char *domoticz_server_url(struct domoticz_server *s);
unsigned domoticz_server_port(struct domoticz_server *s);
/* Serves everything below PREFIX ("/domoticz"), like Domoticz with -webroot. */
void domoticz_server_set_prefix(struct domoticz_server *s, const char *prefix);
/* Changes the version, like an update of the server. */
void domoticz_server_set_version(struct domoticz_server *s,
                                 enum domoticz_version version);

/* ---- Devices ------------------------------------------------------------- */

/*
 * Adds a device that was never updated.  TYPE is a name of values-matrix.tsv:
 * custom, counter, counter-gas, counter-water, counter-custom, incremental,
 * managed, temperature, waterflow, usage, kwh, text, percentage, barometer,
 * pressure, p1gas, voltage, alert, setpoint; or switch, kwh-computed, or
 * counter-time (only read so far).  LABEL is the unit of custom and
 * counter-custom ("GJ"), else NULL.
 */
void domoticz_server_add(struct domoticz_server *s, unsigned idx,
                         const char *type, const char *label);
/* Deletes the device; domoticz_server_add can then create another one with the
 * same idx. */
void domoticz_server_delete(struct domoticz_server *s, unsigned idx);

/* The stored text.  set changes it like a manual change by the user, at the
 * current time. */
void domoticz_server_set(struct domoticz_server *s, unsigned idx,
                         const char *text);
const char *domoticz_server_get(struct domoticz_server *s, unsigned idx);
/* The displayed value, and the time of the last update. */
const char *domoticz_server_data(struct domoticz_server *s, unsigned idx);
const char *domoticz_server_updated(struct domoticz_server *s, unsigned idx);
/* Returns the number of updates carried out. */
unsigned domoticz_server_writes(struct domoticz_server *s, unsigned idx);

/* AddjValue and AddjValue2, as the user sets them. */
void domoticz_server_set_offset(struct domoticz_server *s, unsigned idx,
                                double offset);
void domoticz_server_set_divider(struct domoticz_server *s, unsigned idx,
                                 double divider);
void domoticz_server_set_name(struct domoticz_server *s, unsigned idx,
                              const char *name);
/* Hides the device: disabled hardware, or not shared with our user.  It is not
 * listed, but accepts updates. */
void domoticz_server_hide(struct domoticz_server *s, unsigned idx, bool hidden);
/* Disables the hardware of the device: it is listed only with
 * displaydisabled=1, but accepts updates. */
void domoticz_server_disable(struct domoticz_server *s, unsigned idx,
                             bool disabled);
/* USED false: lists with used=true leave the device out. */
void domoticz_server_set_used(struct domoticz_server *s, unsigned idx,
                              bool used);
/* Displays temperatures in degrees Fahrenheit; updates are still in Celsius. */
void domoticz_server_set_fahrenheit(struct domoticz_server *s, bool fahrenheit);
/* Answers each update of the device with HTTP status STATUS and does not carry
 * it out; 200: HTTP 200 with status ERR in the body; 0: normal again. */
void domoticz_server_refuse(struct domoticz_server *s, unsigned idx,
                            int status);

/* ---- The clock ----------------------------------------------------------- */

/* Stops the clock at Unix time SECONDS. */
void domoticz_server_set_clock(struct domoticz_server *s, int64_t seconds);
void domoticz_server_advance(struct domoticz_server *s, int64_t seconds);
/* Lets the clock run on from its current time. */
void domoticz_server_run_clock(struct domoticz_server *s);
/* Sets the time zone of the update times: MINUTES east of UTC. */
void domoticz_server_set_zone(struct domoticz_server *s, int minutes);
/* Behaves as if today's first rows were logged: from now on, counters display a
 * text that is no number raw. */
void domoticz_server_log_rows(struct domoticz_server *s);

/* ---- Accidents ----------------------------------------------------------- */

/* Each device loses its last update: the previous text and time return. */
void domoticz_server_power_cut(struct domoticz_server *s);
/* snapshot takes a backup of all devices; restore restores it. */
void domoticz_server_snapshot(struct domoticz_server *s);
void domoticz_server_restore(struct domoticz_server *s);

/* down closes the listener and all connections; up listens on the same port
 * again. */
void domoticz_server_down(struct domoticz_server *s);
void domoticz_server_up(struct domoticz_server *s);

/* Requires a login, like a fresh install; PLAIN: "Allow Basic Auth over plain
 * HTTP" is ticked.  USER NULL: no login, the client is in a trusted network. */
void domoticz_server_set_login(struct domoticz_server *s, const char *user,
                               const char *password, bool plain);

/* Sets the access token that DOMOTICZ_2026_3 accepts as "Bearer TOKEN"; NULL:
 * none. */
void domoticz_server_set_token(struct domoticz_server *s, const char *token);

/* Sets the rights of the login, as reported by param=getauth: 0 read only, 1
 * update devices, 2 administrator (the default). */
void domoticz_server_set_rights(struct domoticz_server *s, int rights);

enum domoticz_fault {
  DOMOTICZ_CUT_BEFORE,   /* closes, request not done */
  DOMOTICZ_CUT_AFTER,    /* does it, sends ARG bytes of the reply, closes */
  DOMOTICZ_RESET_BEFORE, /* as the two above, with a TCP reset */
  DOMOTICZ_RESET_AFTER,
  DOMOTICZ_DELAY,        /* does it, answers ARG ms later */
  DOMOTICZ_STATUS,       /* answers HTTP status ARG, request not done */
  DOMOTICZ_STATUS_AFTER, /* does it, answers HTTP status ARG */
  DOMOTICZ_ERR,          /* answers status ERR, request not done */
  DOMOTICZ_ERR_AFTER,    /* does it, answers status ERR */
  DOMOTICZ_GARBAGE,      /* does it, answers bytes that are not HTTP */
  DOMOTICZ_HTML,         /* does it, answers an HTML page with status 200 */
  DOMOTICZ_EMPTY,        /* does it, answers the body {} */
  DOMOTICZ_HALF,         /* does it, answers only half of the JSON body */
  DOMOTICZ_WRONG_LENGTH, /* does it, Content-Length is ARG more than the
                            body; then closes the connection */
  DOMOTICZ_HUGE,         /* does it, appends ARG blanks to the body */
  DOMOTICZ_REDIRECT,     /* answers 301, request not done */
  DOMOTICZ_DROP_IDLE,    /* does it, answers, closes the kept connection */
  DOMOTICZ_CUT_NEXT,     /* does it, answers; closes at the next request on
                            the connection, not done: as if a proxy had
                            closed it meanwhile */
};

/* Orders FAULT for requests that contain MATCH ("udevice", "idx=323"; NULL:
 * any): skips the first SKIP of them, then applies it to the next COUNT (0:
 * all).  heal cancels all orders. */
void domoticz_server_fault(struct domoticz_server *s, enum domoticz_fault fault,
                           const char *match, unsigned skip, unsigned count,
                           long arg);
void domoticz_server_heal(struct domoticz_server *s);
/* Returns the number of requests that had a fault since the last heal. */
unsigned domoticz_server_spoiled(struct domoticz_server *s);

/* ---- Requests received --------------------------------------------------- */

unsigned domoticz_server_connections(struct domoticz_server *s);
unsigned domoticz_server_requests(struct domoticz_server *s);
/* Returns path and query of request INDEX, from 0, as sent; NULL past the
 * last. */
const char *domoticz_server_request(struct domoticz_server *s, unsigned index);
/* Returns the head of the last request, as sent. */
const char *domoticz_server_head(struct domoticz_server *s);
/* Returns how many requests contain TEXT. */
unsigned domoticz_server_count(struct domoticz_server *s, const char *text);
/* Clears the list of requests and the two counts. */
void domoticz_server_forget(struct domoticz_server *s);

#endif
