/* What a test and the preloaded library share: which allocation fails. */
#ifndef FAULTS_FAULT_PRELOAD_H
#define FAULTS_FAULT_PRELOAD_H

struct fault_memory {
  unsigned long count;  /* allocations so far, from the start of main() on */
  unsigned long locked; /* up to the first file lock, the state's; 0: none */
  unsigned long curl_begin; /* the first one in curl_global_init(); 0: none */
  unsigned long curl_end;   /* and the last one; 0: it has not returned */
  unsigned long fail_at;    /* this one fails; 0: none */
  int all_after;            /* and all that follow */
  int hit;
};

#endif
