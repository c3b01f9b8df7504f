/*
 * The domoticz output inside: one instance, its slots, and what its files do
 * for each other.  A slot is one device (idx); the targets idx.N and
 * idx.N.power share the slot of N, because one update carries both.
 */
#ifndef DOMOTICZ_DOMOTICZ_H
#define DOMOTICZ_DOMOTICZ_H

#include <stdbool.h>
#include <stdint.h>

#include <meterpipe/plugin.h>

#include "plugins/domoticz/device.h"
#include "plugins/domoticz/http.h"
#include "plugins/domoticz/reply.h"

/* The largest idx has so many digits. */
#define IDX_DIGITS 18
#define NO_TARGET UINT32_MAX
/* Room for a number of any size, and its NUL. */
#define NUMBER_TEXT 160

/* What was learned about the server, and is kept from run to run. */
struct api {
  bool devices; /* the read is type=devices: before 2023.2 */
  bool single;  /* takes one rid at a time: before 2024.5 */
  char version[32];
};

/* How far a slot came in this run. */
enum reach {
  REACH_NONE,    /* not reached */
  REACH_MISSING, /* left out of a reply to several: ask it alone */
  REACH_ABSENT,  /* the server has none such for us */
  REACH_DEVICE,  /* device says what it is */
};

struct slot {
  char idx[IDX_DIGITS + 1];
  char object[IDX_DIGITS + 5];         /* "idx.323", for messages */
  uint32_t value_target, power_target; /* or NO_TARGET */
  uint32_t flags;                      /* mp_target.flags of the value */
  enum reach reach;
  struct device device;
  /* The record in hand. */
  bool has_value, has_power;
  struct mp_value value, power;
  char *text; /* of value, with MP_TEXT */
};

struct domoticz {
  const struct mp_host *host;
  char *url;
  bool with_login, with_token, with_tls;
  struct http *http;
  struct api api;
  struct slot *slots; /* in order of their first target */
  uint32_t slot_count;
  bool planned_hardware; /* that it would be made is said once */
  bool manages;          /* makes a device: only administrators may */
  int left; /* why the server is not asked again in this run; or MP_OK */
};

/* ---- talk.c: one request and its reply ----------------------------------- */

/* Asks QUERY; MP_OK: RET is a JSON reply with HTTP status 200 (its own status
 * can still be other than OK).  MP_DROP: HTTP 404.  Else a reason, reported
 * under OBJECT (NULL: the server's URL). */
int talk_read(struct domoticz *d, const char *object, const char *query,
              unsigned flags, struct reply *ret);

/* The same for something that changes the server: ANSWER tells whether it can
 * have arrived. */
int talk_change(struct domoticz *d, const char *object, const char *query,
                struct http_answer *answer, struct reply *ret);

/* Carries out QUERY, which only administrators may; MP_OK: RET is the reply.
 * Else a reason, reported: "WHAT is refused".  WHAT NULL: MP_DROP, unreported,
 * if the status of the reply is other than OK. */
int talk_command(struct domoticz *d, const char *what, const char *query,
                 struct reply *ret);

/* The idx that REPLY tells of something just made, into IDX.  Frees REPLY. */
int talk_take_idx(struct domoticz *d, const char *what, struct reply *reply,
                  char *idx, size_t size);

/* Whether HTTP status STATUS says that the request is too long. */
bool talk_is_too_long(long status);

/* Stores that the server closes connections unannounced, and uses what an
 * earlier run stored. */
void talk_note_connection(struct domoticz *d);
void talk_recall_connection(struct domoticz *d);

/* ---- fetch.c ------------------------------------------------------------- */

int domoticz_fetch(void *self, const struct mp_shown_sink *sink);

/* The query for all devices: those not in use, hidden ones and those of
 * disabled hardware, too. */
#define LIST_ALL "filter=all&displayhidden=1&displaydisabled=1&order=Name"

/* Reads all devices, or those of QUERY ("rid=3"), in the form that this server
 * knows.  As talk_read. */
int fetch_devices(struct domoticz *d, const char *query, unsigned flags,
                  struct reply *ret);
/* Reads the device IDX.  *ret_object is in RET, or NULL: it is not listed.  As
 * talk_read. */
int fetch_device(struct domoticz *d, const char *idx, struct reply *ret,
                 const cJSON **ret_object);

/* ---- send.c -------------------------------------------------------------- */

int domoticz_begin(void *self, const struct mp_record *record);
int domoticz_write(void *self, uint32_t target, const struct mp_value *value);
int domoticz_commit(void *self, const struct mp_result_sink *sink);

/* ---- manage.c ------------------------------------------------------------ */

int domoticz_list(void *self, const struct mp_list_sink *sink);
int domoticz_check(void *self);

/* ---- suit.c -------------------------------------------------------------- */

/* Warns of what SLOT's device is or does. */
void suit_warn(const struct domoticz *d, const struct slot *slot,
               const char *what);
/* Warns about a device that does not suit its values. */
void suit_check_slot(const struct domoticz *d, const struct slot *slot);
/* Reports a login that may only read. */
void suit_check_rights(struct domoticz *d);

/* ---- first_day.c --------------------------------------------------------- */

/* Says after an update of SLOT that Domoticz takes the whole reading for
 * today's use, where that is so. */
void first_day_tell(const struct domoticz *d, const struct slot *slot);

/* ---- create.c ------------------------------------------------------------ */

int domoticz_create_target(void *self, const char *label, const char *type,
                           uint32_t flags, const struct mp_list_sink *sink);

/* ---- manage.c, for create.c ---------------------------------------------- */

/* Lists the device that OBJECT of a reply describes. */
void manage_list_device(const struct cJSON *object,
                        const struct mp_list_sink *sink);

#endif
