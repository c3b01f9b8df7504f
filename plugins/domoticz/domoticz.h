/*
 * The domoticz output: its instance, its slots, and the functions that its
 * files share.  A slot is one device (idx).  The targets idx.N and idx.N.power
 * share the slot of N, because one update carries both.
 */
#ifndef DOMOTICZ_DOMOTICZ_H
#define DOMOTICZ_DOMOTICZ_H

#include <stdbool.h>
#include <stdint.h>

#include <meterpipe/plugin.h>

#include "plugins/domoticz/device.h"
#include "plugins/http/http.h"
#include "plugins/record/record.h"
#include "plugins/domoticz/reply.h"

/* The largest idx has this many digits. */
#define IDX_DIGITS 18
#define NO_TARGET UINT32_MAX

/* The API of this server, found out by requests and stored between runs. */
struct api {
  bool devices; /* asks by type=devices: before 2023.2 */
  bool single;  /* takes one rid per request: before 2024.5 */
  char version[32];
};

/* How far fetch has come with a slot in this run. */
enum reach {
  REACH_NONE,    /* not reached */
  REACH_MISSING, /* not in the reply to a list: ask for it alone */
  REACH_ABSENT,  /* not listed: no such device, or no right to see it */
  REACH_DEVICE,  /* device is filled in */
};

struct slot {
  char idx[IDX_DIGITS + 1];
  char object[IDX_DIGITS + 5];         /* "idx.323", for messages */
  uint32_t value_target, power_target; /* or NO_TARGET */
  uint32_t flags;                      /* mp_target.flags of the value */
  uint32_t kind;                       /* mp_target.kind of the value */
  enum reach reach;
  struct device device;
};

struct domoticz {
  const struct mp_host *host;
  char *url;
  bool with_login, with_token, with_tls;
  struct http *http;
  struct api api;
  struct slot *slots; /* in order of their first target */
  uint32_t slot_count;
  struct record record;
  bool planned_hardware; /* logged that a hardware would be made */
  bool manages;          /* makes a device: only administrators may */
  int left; /* why the server is not asked again in this run; or MP_OK */
};

/* ---- request.c: one request and its reply -----------------------------------
 */

/* Sends QUERY, which changes nothing.  MP_OK: RET is a JSON reply with HTTP
 * status 200 (its own `status` can still be other than OK).  MP_DROP: HTTP 404.
 * Otherwise returns a reason, reported under OBJECT (NULL: the server's
 * URL). */
int request_read(struct domoticz *d, const char *object, const char *query,
                 unsigned flags, struct reply *ret);

/* Like request_read, for a request that changes the server.  ANSWER says
 * whether the request can have arrived. */
int request_change(struct domoticz *d, const char *object, const char *query,
                   struct http_answer *answer, struct reply *ret);

/* Sends a QUERY that only administrators may send.  MP_OK: RET is the reply.
 * Otherwise returns a reason, reported as "WHAT is refused".  If WHAT is NULL,
 * a reply whose status is other than OK is MP_DROP and not reported. */
int request_command(struct domoticz *d, const char *what, const char *query,
                    struct reply *ret);

/* Copies the idx of a new object from REPLY into IDX.  Frees REPLY. */
int request_take_idx(struct domoticz *d, const char *what, struct reply *reply,
                     char *idx, size_t size);

/* Returns true if HTTP status STATUS means that the request is too long. */
bool request_is_too_long(long status);

/* request_note_connection stores that this server closes connections without
 * announcing it; request_recall_connection applies that in a later run. */
void request_note_connection(struct domoticz *d);
void request_recall_connection(struct domoticz *d);

/* ---- fetch.c ------------------------------------------------------------- */

int domoticz_fetch(void *self, const struct mp_output_sink *sink);

/* The query for all devices, also unused and hidden ones and those of disabled
 * hardware. */
#define LIST_ALL "filter=all&displayhidden=1&displaydisabled=1&order=Name"

/* Reads all devices, or those of QUERY ("rid=3"), by the API of this server.
 * Returns as request_read does. */
int fetch_devices(struct domoticz *d, const char *query, unsigned flags,
                  struct reply *ret);
/* Reads the device IDX.  *ret_object points into RET; NULL: the server does not
 * list it.  Returns as request_read does. */
int fetch_device(struct domoticz *d, const char *idx, struct reply *ret,
                 const cJSON **ret_object);

/* ---- send.c -------------------------------------------------------------- */

int domoticz_begin(void *self, const struct mp_record *record);
int domoticz_write(void *self, uint32_t target, const struct mp_value *value);
int domoticz_commit(void *self, const struct mp_output_sink *sink);
/* Returns the value for SLOT in the record that is being sent; NULL: none. */
const struct mp_value *domoticz_value(const struct domoticz *d,
                                      const struct slot *slot);

/* ---- manage.c ------------------------------------------------------------ */

int domoticz_list(void *self, const struct mp_output_sink *sink);
int domoticz_check(void *self);

/* ---- check_devices.c
 * -------------------------------------------------------------- */

/* Logs WHAT as a warning about SLOT's device. */
void suit_warn(const struct domoticz *d, const struct slot *slot,
               const char *what);
/* Warns if the type or the step of SLOT's device does not suit its values. */
void suit_check_slot(const struct domoticz *d, const struct slot *slot);
/* Reports an error if the login may only read, but values are to be written. */
void suit_check_rights(struct domoticz *d);

/* ---- first_day.c --------------------------------------------------------- */

/* Logs, after an update of SLOT, that Domoticz counts the whole reading as used
 * today, if it does. */
void first_day_warn(const struct domoticz *d, const struct slot *slot);

/* ---- create.c ------------------------------------------------------------ */

int domoticz_create_target(void *self, const char *label, const char *type,
                           uint32_t flags, const struct mp_output_sink *sink);

/* ---- manage.c, for create.c ---------------------------------------------- */

/* Adds the device that OBJECT, an element of a reply, describes to the list. */
void manage_list_device(const struct cJSON *object,
                        const struct mp_output_sink *sink);

#endif
