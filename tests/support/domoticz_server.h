/*
 * A stand-in for a Domoticz server, for tests: a thread that answers on
 * 127.0.0.1 as the recorded servers did, and fails when it is told to.
 *
 *     struct domoticz_server *s = domoticz_server_start(DOMOTICZ_2025_1);
 *
 *     domoticz_server_add(s, 323, "counter-custom", "GJ");
 *     domoticz_server_set(s, 323, "84000");
 *     ... run against domoticz_server_url(s) ...
 *     ck_assert_str_eq(domoticz_server_get(s, 323), "84208");
 *     domoticz_server_stop(s);
 *
 * A device holds the text as it was sent, and shows it as its type does
 * (tests/data/domoticz/values-matrix.tsv).  Every function may be called from
 * any thread at any time.  Texts that are returned live until the server is
 * stopped.  A mistake in the test itself ends the test with a message.
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
  DOMOTICZ_2026_3, /* as 2025.1, with the web server libwebem: keep-alive
                      unasked, 100 requests to a connection, a request line
                      of at most 8 KiB (not recorded) */
};

/* PORT 0: any.  The clock starts at the real time and goes on with it. */
struct domoticz_server *domoticz_server_start(enum domoticz_version version);
struct domoticz_server *domoticz_server_start_at(enum domoticz_version version,
                                                 unsigned port);
void domoticz_server_stop(struct domoticz_server *s);

/* "http://127.0.0.1:PORT" and the path prefix, if any. */
const char *domoticz_server_url(struct domoticz_server *s);
unsigned domoticz_server_port(struct domoticz_server *s);
/* The server is found below PREFIX ("/domoticz"), as with its -webroot. */
void domoticz_server_set_prefix(struct domoticz_server *s, const char *prefix);
/* As after an update of the server. */
void domoticz_server_set_version(struct domoticz_server *s,
                                 enum domoticz_version version);

/* ---- Devices ------------------------------------------------------------- */

/*
 * TYPE is a name of values-matrix.tsv: custom, counter, counter-gas,
 * counter-water, counter-custom, incremental, managed, temperature, waterflow,
 * usage, kwh, text, percentage, barometer, pressure, p1gas, voltage, alert,
 * setpoint; or switch, kwh-computed, or counter-time (only read so far).  LABEL
 * is the unit of custom and counter-custom ("GJ"), else NULL.  The device was
 * never updated.
 */
void domoticz_server_add(struct domoticz_server *s, unsigned idx,
                         const char *type, const char *label);
/* Deletes the device; add makes another one with the same idx. */
void domoticz_server_delete(struct domoticz_server *s, unsigned idx);

/* What is stored, as text; set: by somebody else, now. */
void domoticz_server_set(struct domoticz_server *s, unsigned idx,
                         const char *text);
const char *domoticz_server_get(struct domoticz_server *s, unsigned idx);
/* What is shown, and the time of the last update. */
const char *domoticz_server_data(struct domoticz_server *s, unsigned idx);
const char *domoticz_server_updated(struct domoticz_server *s, unsigned idx);
/* How many updates were carried out. */
unsigned domoticz_server_writes(struct domoticz_server *s, unsigned idx);

/* AddjValue and AddjValue2, as the user sets them. */
void domoticz_server_set_offset(struct domoticz_server *s, unsigned idx,
                                double offset);
void domoticz_server_set_divider(struct domoticz_server *s, unsigned idx,
                                 double divider);
void domoticz_server_set_name(struct domoticz_server *s, unsigned idx,
                              const char *name);
/* Its hardware is disabled, or it is not shared with our user: it is not
 * listed, but takes updates. */
void domoticz_server_hide(struct domoticz_server *s, unsigned idx, bool hidden);
/* Its hardware is disabled: it is listed only with displaydisabled=1, but takes
 * updates. */
void domoticz_server_disable(struct domoticz_server *s, unsigned idx,
                             bool disabled);
/* Not in use: not in lists with used=true. */
void domoticz_server_set_used(struct domoticz_server *s, unsigned idx,
                              bool used);
/* Temperatures are shown in degrees Fahrenheit, and taken in Celsius. */
void domoticz_server_set_fahrenheit(struct domoticz_server *s, bool fahrenheit);
/* Updates of it are answered with HTTP status STATUS; 200: the status of the
 * body is ERR; 0: no longer. */
void domoticz_server_refuse(struct domoticz_server *s, unsigned idx,
                            int status);

/* ---- The clock ----------------------------------------------------------- */

/* The clock stands still at Unix time SECONDS. */
void domoticz_server_set_clock(struct domoticz_server *s, int64_t seconds);
void domoticz_server_advance(struct domoticz_server *s, int64_t seconds);
/* It goes on from where it is. */
void domoticz_server_run_clock(struct domoticz_server *s);
/* Times of last update are local time, MINUTES before UTC. */
void domoticz_server_set_zone(struct domoticz_server *s, int minutes);
/* The first rows of today are in the log: counters that hold something else
 * than a number are shown raw from now on. */
void domoticz_server_log_rows(struct domoticz_server *s);

/* ---- Accidents ----------------------------------------------------------- */

/* Each device loses its last write, and its time. */
void domoticz_server_power_cut(struct domoticz_server *s);
/* Takes a backup of all devices, or puts it back. */
void domoticz_server_snapshot(struct domoticz_server *s);
void domoticz_server_restore(struct domoticz_server *s);

/* Not there: nothing listens, connections are gone; and back on its port. */
void domoticz_server_down(struct domoticz_server *s);
void domoticz_server_up(struct domoticz_server *s);

/* A login is wanted, as of a fresh install; PLAIN: "Allow Basic Auth over
 * plain HTTP" is ticked.  USER NULL: the client is in a trusted network. */
void domoticz_server_set_login(struct domoticz_server *s, const char *user,
                               const char *password, bool plain);

/* An access token that DOMOTICZ_2026_3 lets in, as "Bearer TOKEN"; NULL: there
 * is none. */
void domoticz_server_set_token(struct domoticz_server *s, const char *token);

/* What the login may do, as param=getauth tells it: 0 only read, 1 update
 * devices, 2 administrator (the default). */
void domoticz_server_set_rights(struct domoticz_server *s, int rights);

enum domoticz_fault {
  DOMOTICZ_CUT_BEFORE,   /* closes instead of doing it */
  DOMOTICZ_CUT_AFTER,    /* does it, sends ARG bytes of the reply, closes */
  DOMOTICZ_RESET_BEFORE, /* as the two above, by a reset */
  DOMOTICZ_RESET_AFTER,
  DOMOTICZ_DELAY,        /* does it, answers ARG ms later */
  DOMOTICZ_STATUS,       /* answers HTTP status ARG instead of doing it */
  DOMOTICZ_STATUS_AFTER, /* does it, answers HTTP status ARG */
  DOMOTICZ_ERR,          /* answers status ERR instead of doing it */
  DOMOTICZ_ERR_AFTER,    /* does it, answers status ERR */
  DOMOTICZ_GARBAGE,      /* does it, answers bytes that are no HTTP */
  DOMOTICZ_HTML,         /* does it, answers a page with status 200 */
  DOMOTICZ_EMPTY,        /* does it, the body is {} */
  DOMOTICZ_HALF,         /* does it, the body is half of its JSON */
  DOMOTICZ_WRONG_LENGTH, /* does it, Content-Length is ARG more than the body,
                            and then the connection is closed */
  DOMOTICZ_HUGE,         /* does it, the body has ARG bytes more (blanks) */
  DOMOTICZ_REDIRECT,     /* answers 301 instead of doing it */
  DOMOTICZ_DROP_IDLE,    /* answers, and closes the kept connection */
  DOMOTICZ_CUT_NEXT,     /* answers; the next request on the connection is cut
                            and not done: it crossed the close of a proxy */
};

/* Orders FAULT for requests that contain MATCH ("udevice", "idx=323"; NULL:
 * any): the first SKIP of them pass, the next COUNT have it (0: all). */
void domoticz_server_fault(struct domoticz_server *s, enum domoticz_fault fault,
                           const char *match, unsigned skip, unsigned count,
                           long arg);
void domoticz_server_heal(struct domoticz_server *s);
/* How many requests had a fault since the last heal. */
unsigned domoticz_server_spoiled(struct domoticz_server *s);

/* ---- What came ----------------------------------------------------------- */

unsigned domoticz_server_connections(struct domoticz_server *s);
unsigned domoticz_server_requests(struct domoticz_server *s);
/* Path and query of request INDEX from 0, as sent; NULL past the last. */
const char *domoticz_server_request(struct domoticz_server *s, unsigned index);
/* Head of the last request, as sent. */
const char *domoticz_server_head(struct domoticz_server *s);
/* How many requests contain TEXT. */
unsigned domoticz_server_count(struct domoticz_server *s, const char *text);
/* Forgets all these. */
void domoticz_server_forget(struct domoticz_server *s);

#endif
