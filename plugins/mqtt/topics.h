/*
 * The topics of an output: those that it fills, and those that it once filled
 * and must still delete.  The store keeps them, so that nothing is left at the
 * broker when a target is removed or renamed.
 */
#ifndef MQTT_TOPICS_H
#define MQTT_TOPICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <meterpipe/plugin.h>

enum topic_use {
  TOPIC_FORMER, /* to be deleted */
  TOPIC_STATE,  /* of a target */
  TOPIC_READ,   /* of a target that is only read */
  TOPIC_CONFIG, /* of discovery */
};

struct topic {
  char *name;
  enum topic_use use;
  uint32_t target; /* of a state, or only read */
  /* The last record that the broker acknowledged here; "": none. */
  char *id;
  int64_t time_ms; /* of its value */
  unsigned misses; /* reads in a row that did not find it */
  /* Of the last read: */
  bool is_displayed;
  char *text; /* of a config; NULL: none is retained */
};

/* All zeros at first. */
struct topics {
  struct topic **list; /* sorted by name */
  size_t n;
};

/* Loads what the store has; all topics are former ones at first.  MP_OK or
 * MP_ENOMEM. */
int topics_load(struct topics *topics, const struct mp_host *host);
/* Puts all topics into the store.  MP_OK, or a reason. */
int topics_save(const struct topics *topics, const struct mp_host *host);
void topics_free(struct topics *topics);

/* Returns the topic NAME; NULL: none. */
struct topic *topics_find(const struct topics *topics, const char *name);
/* The same; adds it as a former one if there is none.  NULL: out of memory. */
struct topic *topics_obtain(struct topics *topics, const char *name);
/* Forgets a former topic. */
void topics_remove(struct topics *topics, struct topic *topic);

/* Sets *TO to a copy of TEXT, and frees the former text.  Returns false if
 * memory ran out. */
bool topic_set_text(char **to, const char *text);

#endif
