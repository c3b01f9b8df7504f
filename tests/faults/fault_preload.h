/* Memory shared by a test and the preloaded library: counts the allocations and
 * selects the one that fails. */
#ifndef FAULTS_FAULT_PRELOAD_H
#define FAULTS_FAULT_PRELOAD_H

#include <stdbool.h>

struct fault_memory {
  unsigned long count;  /* allocations since the start of main() */
  unsigned long locked; /* count at the first flock(), the state's; 0: none */
  unsigned long curl_begin; /* first one in curl_global_init(); 0: none */
  unsigned long curl_end;   /* last one in it; 0: it has not returned */
  unsigned long fail_at;    /* number of the one that fails; 0: none */
  bool all_after;           /* all later ones fail too */
  bool after_answer; /* those after the first end of a command fail, except
                        SQLite's, which a commit needs */
  bool answered;     /* that command has ended */
  bool hit;
};

#endif
