/*
 * An instance of the kmp input: its options, port and session, which reading.c
 * and probe.c use.
 */
#ifndef KMP_KMP_H
#define KMP_KMP_H

#include <meterpipe/plugin.h>

#include "plugins/kmp/input/attempts.h"
#include "plugins/kmp/line/port.h"
#include "plugins/kmp/line/session.h"

struct kmp {
  const struct mp_host *host;
  const char *capture;       /* NULL: none */
  int64_t min_interval_ms;   /* 0: no limit */
  int64_t retry_interval_ms; /* after a failed attempt */
  struct port_settings line;
  struct session_settings talk;

  /* From open to close. */
  struct port *port; /* NULL: the reading is skipped */
  struct session session;

  /* The attempt of this cycle, see budget.h. */
  bool counted;
  struct attempts *attempts; /* while the port is open; NULL: none was made */
  char *attempts_path;       /* their file */
};

/* Patience for a busy port: the host's deadline ends the wait. */
#define KMP_UNTIL_THE_DEADLINE INT32_MAX

/* Opens the port and begins a session.  Waits for another user of the port for
 * at most PATIENCE_MS.  Returns as port_open.  kmp_close_port does nothing when
 * the port is not open. */
int kmp_open_port(struct kmp *kmp, int64_t patience_ms);
void kmp_close_port(struct kmp *kmp);
/* Begin a cycle in the capture, or continue the last one.  Do nothing when no
 * capture is configured. */
void kmp_begin_capture(struct kmp *kmp);
void kmp_resume_capture(struct kmp *kmp);

#endif
