/*
 * What "meterpipe kmp emulate" does when its command line is read.
 */
#ifndef KMP_EMULATION_H
#define KMP_EMULATION_H

#include <signal.h>
#include <stddef.h>

#include "plugins/kmp/emulator/meter.h"

/* What the arguments order. */
struct emulation {
  struct meter *meter; /* set up, not started */
  const char *link;    /* --link; NULL: none */
  const char *listen;  /* --listen; NULL: a pseudo-terminal */
  char host[256];      /* of --listen */
  unsigned first_port;
  size_t n_meters;
};

/* Starts the meter of E, or meters like it, prints their names, and serves
 * until SIGINT or SIGTERM.  SIGNALS, which are blocked, are these two and the
 * ones that press a key or move the magnet.  Returns the exit status. */
int emulation_run(struct emulation *e, const sigset_t *signals);

#endif
