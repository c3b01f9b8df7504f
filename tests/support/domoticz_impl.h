/*
 * Internals of the Domoticz stand-in: types and functions shared by its source
 * files.
 */
#ifndef SUPPORT_DOMOTICZ_IMPL_H
#define SUPPORT_DOMOTICZ_IMPL_H

#include <locale.h>
#include <pthread.h>
#include <stdint.h>

#include "lib/text_buffer.h"
#include "tests/support/domoticz_server.h"

#define DOMOTICZ_CONNECTIONS 16
#define DOMOTICZ_FAULTS 16

/* Appends to a text; a NUL follows it. */
void domoticz_append(struct text_buffer *t, const char *data, size_t len);
__attribute__((format(printf, 2, 3))) void
domoticz_printf(struct text_buffer *t, const char *fmt, ...);

/* Prints a message and aborts the test: wrong use by the test, or out of
 * memory. */
__attribute__((noreturn, format(printf, 1, 2))) void
domoticz_die(const char *fmt, ...);

/* ---- Devices (domoticz_store.c) ------------------------------------------ */

/* How a device type formats its stored text for display. */
enum domoticz_show {
  DOMOTICZ_SHOW_G,        /* %g and a label */
  DOMOTICZ_SHOW_FIXED,    /* one decimal and a label; also a number member */
  DOMOTICZ_SHOW_TEMP,     /* stored with two decimals, offset included */
  DOMOTICZ_SHOW_COUNTER,  /* text / divider, offset added */
  DOMOTICZ_SHOW_MANAGED,  /* the same, for one of two stored numbers */
  DOMOTICZ_SHOW_GAS,      /* text / 1000, three decimals, no label */
  DOMOTICZ_SHOW_KWH,      /* second of two numbers / 1000 */
  DOMOTICZ_SHOW_SETPOINT, /* stored with two decimals */
  DOMOTICZ_SHOW_TEXT,     /* text unchanged */
};

struct domoticz_type {
  const char *name;
  const char *type, *subtype;
  enum domoticz_show show;
  const char *label;   /* NULL: the device's own label */
  const char *initial; /* text of a new device */
  const char *member;  /* JSON member with the plain number; or NULL */
  int switch_type;     /* SwitchTypeVal; -1: none */
  double divider;      /* for a counter whose own divider is 0 */
  int sensor;          /* sensortype of createvirtualsensor; 0: none */
};

struct domoticz_state {
  char *text;
  int64_t updated; /* local time of the update, in seconds */
};

struct domoticz_device {
  struct domoticz_device *next; /* list sorted by idx */
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
/* MAPPED is a sensormappedtype: type and subtype in hexadecimal.  Returns NULL
 * for one that the stand-in does not support. */
const struct domoticz_type *domoticz_type_of_mapped(const char *mapped);

struct domoticz_device *domoticz_find(struct domoticz_server *s, unsigned idx);
struct domoticz_device *domoticz_make(struct domoticz_server *s, unsigned idx,
                                      const struct domoticz_type *type,
                                      const char *label, const char *name);
void domoticz_remove(struct domoticz_server *s, unsigned idx);
/* Stores TEXT as the real server does for an update command. */
void domoticz_update(struct domoticz_server *s, struct domoticz_device *d,
                     const char *text);
void domoticz_state_copy(struct domoticz_state *to,
                         const struct domoticz_state *from);

/* Writes the displayed value of the device to BUF.  Returns true if it is raw
 * ("0, TEXT"), for example for a counter whose text is no number. */
bool domoticz_show(struct domoticz_server *s, const struct domoticz_device *d,
                   char *buf, size_t size);
/* Converts CELSIUS to the temperature unit that the server displays. */
double domoticz_degrees(const struct domoticz_server *s, double celsius);
/* Appends the JSON element of device D to a reply. */
void domoticz_element(struct domoticz_server *s,
                      const struct domoticz_device *d, struct text_buffer *out);
/* Appends TEXT as a JSON string, with quotes and escapes. */
void domoticz_quote(struct text_buffer *out, const char *text);
/* Formats SECONDS of local time as the server does. */
void domoticz_time(int64_t seconds, char *buf, size_t size);

/* ---- Commands (domoticz_api.c) ------------------------------------------- */

#define DOMOTICZ_PARAMS 16

/* The decoded parameters of a query (domoticz_query.c). */
struct domoticz_params {
  char *name[DOMOTICZ_PARAMS], *value[DOMOTICZ_PARAMS];
  size_t count;
};

/* Splits and decodes QUERY in place; P points into it.  Returns false for a bad
 * escape. */
bool domoticz_parse_params(char *query, struct domoticz_params *p);
/* Returns the value of the first parameter NAME; NULL if there is none. */
const char *domoticz_param(const struct domoticz_params *p, const char *name);
bool domoticz_param_is(const struct domoticz_params *p, const char *name,
                       const char *value);
/* Returns 0 if TEXT is no valid idx. */
unsigned domoticz_parse_idx(const char *text);

/* A parsed request. */
struct domoticz_request {
  char *target;        /* path and query */
  char *authorization; /* NULL: none */
  bool keep_alive;
};

/* A reply, before an ordered fault changes it. */
struct domoticz_reply {
  int status;
  bool html; /* Content-Type */
  bool page; /* an error page, without the headers of json.htm */
  struct text_buffer body;
};

/* Carries out REQUEST and makes the reply. */
void domoticz_answer(struct domoticz_server *s,
                     const struct domoticz_request *request,
                     struct domoticz_reply *reply);
void domoticz_page(struct domoticz_reply *reply, int status);
const char *domoticz_reason(int status);
/* Returns the current time of the server's clock. */
int64_t domoticz_clock(struct domoticz_server *s);

/* ---- The server (domoticz_server.c) -------------------------------------- */

struct domoticz_order {
  enum domoticz_fault fault;
  char *match; /* NULL: any request */
  unsigned skip, count;
  bool endless;
  long arg;
};

/* One connection and the reply in transmission. */
struct domoticz_connection {
  int fd; /* -1: none */
  struct text_buffer in, out;
  size_t sent;
  int64_t not_before; /* earliest time to send, CLOCK_MONOTONIC in ms */
  bool close_after, reset_after, cut_next;
  unsigned served; /* requests served so far */
};

struct domoticz_server {
  pthread_t thread;
  pthread_mutex_t lock; /* protects all members below */
  locale_t c_locale;
  int wake[2], listener; /* listener -1: down */
  bool stopping;
  unsigned port;
  char *prefix;
  enum domoticz_version version;
  struct domoticz_connection connections[DOMOTICZ_CONNECTIONS];
  struct domoticz_order orders[DOMOTICZ_FAULTS];
  unsigned order_count;
  unsigned spoiled; /* requests that had an ordered fault */

  struct domoticz_device *devices;
  unsigned hardware; /* idx of the Dummy hardware; 0: none */
  int guess_off;     /* createvirtualsensor adds this to the true idx */
  bool fahrenheit;
  int64_t clock;    /* current time; if it runs, time at its start */
  int64_t clock_ms; /* CLOCK_MONOTONIC at its start; -1: stopped */
  int zone;
  bool rows_logged;
  char *login; /* accepted "Basic ..."; NULL: trusted network */
  bool plain_login;
  char *token; /* NULL: none */
  int rights;  /* of the login, see domoticz_server_set_rights */

  unsigned connection_count, request_count;
  char **requests;
  char *head;
  char **kept; /* texts returned to the test */
  size_t kept_count;
};

/* Makes the reply to a request with the complete head HEAD
 * (domoticz_http.c). */
void domoticz_serve(struct domoticz_server *s, struct domoticz_connection *c,
                    const char *head);
/* Returns a copy of TEXT that lives until the server stops; NULL for NULL. */
const char *domoticz_keep(struct domoticz_server *s, const char *text);
void domoticz_replace(char **text, const char *with);
/* Wakes the thread so that it notices changes. */
void domoticz_wake(struct domoticz_server *s);
void domoticz_listen(struct domoticz_server *s);
void domoticz_drop_connections(struct domoticz_server *s);

#endif
