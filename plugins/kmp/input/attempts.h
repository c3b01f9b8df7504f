/*
 * The file that counts the attempts to read the meter at one device.  It is in
 * the state directory, and all pipelines with that directory share it.  A
 * program changes the file only while it has the port of the device open.
 */
#ifndef KMP_ATTEMPTS_H
#define KMP_ATTEMPTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plugins/kmp/codec/model.h"

/* Most attempts that the file keeps: one a minute for a day, and some more. */
#define ATTEMPTS_MAX 1500

struct attempt {
  int64_t time_ms; /* when the first byte was sent: ms since 1970 */
  bool failed;
};

/* Initialise with zeros. */
struct attempts {
  struct attempt *list; /* in the order in which they were made */
  size_t n;
  bool asked_model;   /* the meter was asked for its model */
  struct model model; /* the answer; zeros: it is unknown */
  int64_t noticed_ms; /* when the user was last told about too many; 0: never */
};

/* Returns the path of the file for DEVICE, a name from port_identity.  The
 * caller frees it.  NULL: memory is short. */
char *attempts_path(const char *state_dir, const char *device);

/* Reads the file.  Lines that are damaged do not count.  Returns 0, also
 * without a file, or an errno value. */
int attempts_load(const char *path, struct attempts *ret);

/* Replaces the file, and makes its directory if necessary.  Returns 0 or an
 * errno value. */
int attempts_save(const char *path, const struct attempts *attempts);

/* Adds a failed attempt, and forgets those that no longer matter.  Returns 0 or
 * ENOMEM. */
int attempts_add(struct attempts *attempts, int64_t now);

/* Returns the number of attempts in the 24 hours before NOW, and of those that
 * failed. */
size_t attempts_count(const struct attempts *attempts, int64_t now,
                      size_t *ret_failed);

void attempts_clear(struct attempts *attempts);

#endif
