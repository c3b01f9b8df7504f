/*
 * The stand-in for Domoticz inside: what its parts know of each other.
 */
#ifndef SUPPORT_DOMOTICZ_IMPL_H
#define SUPPORT_DOMOTICZ_IMPL_H

#include <locale.h>
#include <pthread.h>
#include <stdint.h>

#include "tests/support/domoticz_server.h"

#define DOMOTICZ_CONNECTIONS 16
#define DOMOTICZ_FAULTS 16

/* A text that grows; data is NULL or ends with a NUL. */
struct domoticz_text {
  char *data;
  size_t len, size;
};

void domoticz_append(struct domoticz_text *t, const char *data, size_t len);
__attribute__((format(printf, 2, 3))) void
domoticz_printf(struct domoticz_text *t, const char *fmt, ...);

/* Ends the test: a mistake in it, or no memory. */
__attribute__((noreturn, format(printf, 1, 2))) void
domoticz_die(const char *fmt, ...);

/* ---- Devices (domoticz_store.c) ------------------------------------------ */

/* How a type shows its text. */
enum domoticz_show {
  DOMOTICZ_SHOW_G,        /* %g and a label */
  DOMOTICZ_SHOW_FIXED,    /* one decimal and a label, and a member */
  DOMOTICZ_SHOW_TEMP,     /* stored with two decimals, offset added */
  DOMOTICZ_SHOW_COUNTER,  /* text / divider, offset added */
  DOMOTICZ_SHOW_MANAGED,  /* the same, of one of two numbers */
  DOMOTICZ_SHOW_GAS,      /* / 1000, three decimals, no label */
  DOMOTICZ_SHOW_KWH,      /* the second of two, / 1000 */
  DOMOTICZ_SHOW_SETPOINT, /* stored with two decimals */
  DOMOTICZ_SHOW_TEXT,     /* as it is */
};

struct domoticz_type {
  const char *name;
  const char *type, *subtype;
  enum domoticz_show show;
  const char *label;   /* NULL: the device's own */
  const char *initial; /* text of a new device */
  const char *member;  /* holds the number itself; NULL */
  int switch_type;     /* -1: none */
  double divider;      /* of a counter without one of its own */
  int sensor;          /* sensortype of createvirtualsensor; 0: none */
};

struct domoticz_state {
  char *text;
  int64_t updated; /* local time of then, in seconds */
};

struct domoticz_device {
  struct domoticz_device *next; /* in order of idx */
  const struct domoticz_type *type;
  unsigned idx, writes;
  char *label, *name;
  struct domoticz_state now, before, backup;
  double offset, divider;
  bool hidden, used, disabled;
  int refuse;
};

const struct domoticz_type *domoticz_type_find(const char *name);
const struct domoticz_type *domoticz_type_of_sensor(int sensor);
/* Of sensormappedtype, type and subtype in hexadecimal; NULL: none that is
 * known here. */
const struct domoticz_type *domoticz_type_of_mapped(const char *mapped);

struct domoticz_device *domoticz_find(struct domoticz_server *s, unsigned idx);
struct domoticz_device *domoticz_make(struct domoticz_server *s, unsigned idx,
                                      const struct domoticz_type *type,
                                      const char *label, const char *name);
void domoticz_remove(struct domoticz_server *s, unsigned idx);
/* Stores TEXT as an update does. */
void domoticz_update(struct domoticz_server *s, struct domoticz_device *d,
                     const char *text);
void domoticz_state_copy(struct domoticz_state *to,
                         const struct domoticz_state *from);

/* What the device shows.  True: raw, as a counter whose text is no number. */
bool domoticz_show(struct domoticz_server *s, const struct domoticz_device *d,
                   char *buf, size_t size);
/* CELSIUS as the server shows it. */
double domoticz_degrees(const struct domoticz_server *s, double celsius);
/* Its element of a reply. */
void domoticz_element(struct domoticz_server *s,
                      const struct domoticz_device *d,
                      struct domoticz_text *out);
/* TEXT in quotes, as JSON. */
void domoticz_quote(struct domoticz_text *out, const char *text);
/* Of seconds of local time. */
void domoticz_time(int64_t seconds, char *buf, size_t size);

/* ---- Commands (domoticz_api.c) ------------------------------------------- */

#define DOMOTICZ_PARAMS 16

/* A query, decoded (domoticz_query.c). */
struct domoticz_params {
  char *name[DOMOTICZ_PARAMS], *value[DOMOTICZ_PARAMS];
  size_t count;
};

/* Takes QUERY apart, in place.  False: a bad escape. */
bool domoticz_parse_params(char *query, struct domoticz_params *p);
/* The first NAME; NULL: not given. */
const char *domoticz_param(const struct domoticz_params *p, const char *name);
bool domoticz_param_is(const struct domoticz_params *p, const char *name,
                       const char *value);
/* 0: TEXT is no idx. */
unsigned domoticz_parse_idx(const char *text);

/* A request, taken apart. */
struct domoticz_request {
  char *target;        /* path and query */
  char *authorization; /* NULL: none */
  bool keep_alive;
};

/* A reply, before it is spoilt. */
struct domoticz_reply {
  int status;
  bool html; /* Content-Type */
  bool page; /* an error page, without the headers of json.htm */
  struct domoticz_text body;
};

/* Whether it has what came with 2025.1. */
bool domoticz_is_current(const struct domoticz_server *s);
/* Answers and carries out. */
void domoticz_answer(struct domoticz_server *s,
                     const struct domoticz_request *request,
                     struct domoticz_reply *reply);
void domoticz_page(struct domoticz_reply *reply, int status);
const char *domoticz_reason(int status);
/* The current time of the server's clock. */
int64_t domoticz_clock(struct domoticz_server *s);

/* ---- The server (domoticz_server.c) -------------------------------------- */

struct domoticz_order {
  enum domoticz_fault fault;
  char *match; /* NULL: any */
  unsigned skip, count;
  bool endless;
  long arg;
};

/* One connection and the reply that it is being sent. */
struct domoticz_connection {
  int fd; /* -1: none */
  struct domoticz_text in, out;
  size_t sent;
  int64_t not_before; /* ms on CLOCK_MONOTONIC */
  bool close_after, reset_after, cut_next;
  unsigned served; /* requests */
};

struct domoticz_server {
  pthread_t thread;
  pthread_mutex_t lock; /* of all that follows */
  locale_t c_locale;
  int wake[2], listener; /* -1: down */
  bool stopping;
  unsigned port;
  char *prefix;
  enum domoticz_version version;
  struct domoticz_connection connections[DOMOTICZ_CONNECTIONS];
  struct domoticz_order orders[DOMOTICZ_FAULTS];
  unsigned order_count;
  unsigned spoiled; /* requests that fell under an order */

  struct domoticz_device *devices;
  unsigned hardware; /* idx of the Dummy hardware; 0: none */
  int guess_off;     /* createvirtualsensor answers an idx so far off */
  bool fahrenheit;
  int64_t clock;    /* stands at; or, running, started at */
  int64_t clock_ms; /* running: CLOCK_MONOTONIC then; -1: it stands */
  int zone;
  bool rows_logged;
  char *login; /* "Basic ..." that is let in; NULL: trusted network */
  bool plain_login;
  char *token; /* NULL: none */
  int rights;  /* of the login: 0, 1, 2 */

  unsigned connection_count, request_count;
  char **requests;
  char *head;
  char **kept; /* texts handed out */
  size_t kept_count;
};

int64_t domoticz_monotonic_ms(void);
/* Answers the request whose HEAD came (domoticz_http.c). */
void domoticz_serve(struct domoticz_server *s, struct domoticz_connection *c,
                    const char *head);
/* A copy of TEXT that lives until the server stops; NULL stays NULL. */
const char *domoticz_keep(struct domoticz_server *s, const char *text);
void domoticz_replace(char **text, const char *with);
/* Makes the thread look at what changed. */
void domoticz_wake(struct domoticz_server *s);
void domoticz_listen(struct domoticz_server *s);
void domoticz_drop_connections(struct domoticz_server *s);
void *domoticz_thread(void *server);

#endif
