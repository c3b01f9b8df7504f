/*
 * An instance of the kmp input: its options, and what reading.c and probe.c do
 * with them.
 */
#ifndef KMP_KMP_H
#define KMP_KMP_H

#include <meterpipe/plugin.h>

#include "plugins/kmp/line/port.h"
#include "plugins/kmp/line/session.h"

struct kmp {
  const struct mp_host *host;
  const char *capture; /* NULL: none */
  int64_t min_interval_ms;
  struct port_settings line;
  struct session_settings talk;

  /* From open to close. */
  struct port *port; /* NULL: the reading is skipped */
  struct session session;
};

/* The host's deadline ends the wait for a port that somebody else has. */
#define KMP_UNTIL_THE_DEADLINE INT32_MAX

/* Opens the port and begins a session; waits for another user of the port at
 * most PATIENCE_MS.  kmp_close_port accepts what is not open. */
int kmp_open_port(struct kmp *kmp, int64_t patience_ms);
void kmp_close_port(struct kmp *kmp);
/* Begins a cycle in the capture, if there is to be one, or goes on with the
 * last one. */
void kmp_begin_capture(struct kmp *kmp);
void kmp_resume_capture(struct kmp *kmp);

#endif
