/*
 * What Home Assistant demands of a discovery message, as a table of rules, each
 * with its source.  See tests/plugins/mqtt/README.md for what they cannot show.
 */
#ifndef SUPPORT_HA_RULES_H
#define SUPPORT_HA_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

struct ha_rule {
  const char *rule;
  const char *source; /* version or commit, and file */
  /* SENSOR has full key names, also `device` and `origin`. */
  bool (*holds)(const cJSON *sensor);
  /* Members, which break the rule in a good sensor; null: without them. */
  const char *broken;
};

extern const struct ha_rule ha_rules[];
extern const size_t ha_rule_count;

/* The ids of all messages that were checked: they must differ. */
struct ha_ids {
  char *text; /* NULL: none; from malloc */
  size_t n;
};

/* Checks a retained message.  Returns true; or false and the broken rule in
 * WHY.  Adds its sensors to IDS. */
bool ha_rules_hold(struct ha_ids *ids, const char *topic, const char *text,
                   char *why, size_t why_size);

/* Calls FN with each sensor of a message that keeps the rules, in the form of
 * ha_rule.holds. */
void ha_rules_each(const char *text, void (*fn)(void *ctx, const cJSON *sensor),
                   void *ctx);

#endif
