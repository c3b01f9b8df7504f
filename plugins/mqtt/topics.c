/* Keeps the topics of an output, in memory and in the store. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "plugins/mqtt/topics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/storable.h"
#include "lib/text_buffer.h"

/*
 * The store has one line for each topic:
 *
 *     MISSES TAB TIME TAB ID TAB NAME
 *
 * in as many texts as they need: "topics.0", "topics.1", ...
 */
#define KEY "topics.%u"

/* ---- The list ------------------------------------------------------------ */

/* Returns the place of NAME in the list, or where it would be inserted. */
static size_t
place_of(const struct topics *topics, const char *name)
{
  size_t low = 0, high = topics->n;

  while (low < high) {
    size_t middle = low + (high - low) / 2;

    if (strcmp(topics->list[middle]->name, name) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

struct topic *
topics_find(const struct topics *topics, const char *name)
{
  size_t i = place_of(topics, name);

  return i < topics->n && strcmp(topics->list[i]->name, name) == 0
           ? topics->list[i]
           : NULL;
}

static void
free_topic(struct topic *topic)
{
  free(topic->name);
  free(topic->id);
  free(topic->text);
  free(topic);
}

static struct topic *
new_topic(const char *name)
{
  struct topic *topic = calloc(1, sizeof(*topic));

  if (!topic)
    return NULL;
  topic->name = strdup(name);
  topic->id = strdup("");
  if (topic->name && topic->id)
    return topic;
  free_topic(topic);
  return NULL;
}

struct topic *
topics_obtain(struct topics *topics, const char *name)
{
  struct topic *topic = topics_find(topics, name);
  size_t i = place_of(topics, name);

  if (topic || !array_grow(&topics->list, topics->n, sizeof(struct topic *)))
    return topic;
  topic = new_topic(name);
  if (!topic)
    return NULL;
  memmove(&topics->list[i + 1], &topics->list[i],
          (topics->n - i) * sizeof(struct topic *));
  topics->list[i] = topic;
  topics->n++;
  return topic;
}

void
topics_remove(struct topics *topics, struct topic *topic)
{
  size_t i = place_of(topics, topic->name);

  free_topic(topic);
  topics->n--;
  memmove(&topics->list[i], &topics->list[i + 1],
          (topics->n - i) * sizeof(struct topic *));
}

void
topics_free(struct topics *topics)
{
  for (size_t i = 0; i < topics->n; i++)
    free_topic(topics->list[i]);
  free(topics->list);
  *topics = (struct topics){ .n = 0 };
}

bool
topic_set_text(char **to, const char *text)
{
  char *copy = strdup(text);

  if (!copy)
    return false;
  free(*to);
  *to = copy;
  return true;
}

/* ---- The store ----------------------------------------------------------- */

/* Takes one line.  A line that this program did not write is passed over. */
static int
load_line(struct topics *topics, char *line)
{
  char *misses = strsep(&line, "\t"), *time = strsep(&line, "\t");
  char *id = strsep(&line, "\t");
  struct topic *topic;

  if (!line || !*line)
    return MP_OK;
  topic = topics_obtain(topics, line);
  if (!topic || !topic_set_text(&topic->id, id))
    return MP_ENOMEM;
  topic->misses = (unsigned)strtoul(misses, NULL, 10);
  topic->time_ms = strtoll(time, NULL, 10);
  return MP_OK;
}

static int
load_text(struct topics *topics, const char *text)
{
  char *copy = strdup(text), *rest = copy;
  int r = copy ? MP_OK : MP_ENOMEM;

  while (r == MP_OK && rest)
    r = load_line(topics, strsep(&rest, "\n"));
  free(copy);
  return r;
}

static const char *
stored(const struct mp_host *host, unsigned i)
{
  char key[24];

  snprintf(key, sizeof(key), KEY, i);
  return host->store_get(host, key);
}

int
topics_load(struct topics *topics, const struct mp_host *host)
{
  const char *text;
  int r = MP_OK;

  for (unsigned i = 0; r == MP_OK && (text = stored(host, i)); i++)
    r = load_text(topics, text);
  return r;
}

/* A text that the store has is not written again: the host checks each. */
static int
store(const struct mp_host *host, unsigned i, struct text_buffer *text)
{
  const char *old = stored(host, i);
  char key[24];
  int r = text_buffer_add(text, "", 1);

  snprintf(key, sizeof(key), KEY, i);
  if (r == MP_OK && (!old || strcmp(old, text->data) != 0))
    r = host->store_set(host, key, text->data);
  text->len = 0;
  return r;
}

/* The most characters of MISSES TAB TIME TAB. */
#define MAX_NUMBERS 48

/* Returns at least the length of the line of TOPIC. */
static size_t
line_size(const struct topic *topic)
{
  return MAX_NUMBERS + strlen(topic->id) + strlen(topic->name) + 2;
}

static int
add_line(struct text_buffer *text, const struct topic *topic)
{
  char numbers[MAX_NUMBERS];
  int len = snprintf(numbers, sizeof(numbers), "%u\t%" PRId64 "\t",
                     topic->misses, topic->time_ms);
  int r = text_buffer_add(text, numbers, (size_t)len);

  if (r == MP_OK)
    r = text_buffer_add_text(text, topic->id);
  if (r == MP_OK)
    r = text_buffer_add_text(text, "\t");
  if (r == MP_OK)
    r = text_buffer_add_text(text, topic->name);
  return r == MP_OK ? text_buffer_add_text(text, "\n") : r;
}

int
topics_save(const struct topics *topics, const struct mp_host *host)
{
  struct text_buffer text = { 0 };
  unsigned texts = 0;
  int r = MP_OK;

  for (size_t i = 0; r == MP_OK && i < topics->n; i++) {
    if (topics->list[i]->use == TOPIC_READ)
      continue;
    if (text.len > 0 &&
        text.len + line_size(topics->list[i]) > STORABLE_KEPT_TEXT)
      r = store(host, texts++, &text);
    if (r == MP_OK)
      r = add_line(&text, topics->list[i]);
  }
  if (r == MP_OK && text.len > 0)
    r = store(host, texts++, &text);
  text_buffer_free(&text);
  for (; r == MP_OK && stored(host, texts); texts++) {
    char key[24];

    snprintf(key, sizeof(key), KEY, texts);
    r = host->store_set(host, key, NULL);
  }
  return r;
}
