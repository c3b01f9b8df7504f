/* Sends records, in halves where the server refuses some of them. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "plugins/http/batch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/rfc3339.h"
#include "lib/utf8.h"
#include "plugins/json/json_line.h"

/* Store key: until when the server wants no request, ms since 1970. */
#define WAIT_KEY "retry_after"
/* No server is believed that asks for more. */
#define MAX_WAIT_MS INT64_C(86400000)

#define WORDS_SIZE 256

enum verdict { DELIVERED, CONFIGURATION, LATER, REFUSED };

struct sending {
  const struct batch *b;
  uint32_t *results; /* of each record; 0: refused */
  char **words;      /* of the server, about each refused record */
  uint32_t refused;  /* before the first accepted one */
  bool accepted;     /* one was */
  bool given_up;     /* too many were refused: reported */
};

/* ---- Answers ------------------------------------------------------------- */

static bool
is_success(const struct batch *b, const struct http_answer *answer)
{
  return (b->success ? answer->status == b->success
                     : answer->status / 100 == 2) &&
         (!b->reply || (answer->body && strstr(answer->body, b->reply)));
}

static enum verdict
judge(const struct batch *b, const struct http_answer *answer)
{
  long status = answer->status;

  if (answer->code != MP_OK)
    return LATER;
  if (is_success(b, answer))
    return DELIVERED;
  if (status < 400 || (status >= 401 && status <= 407) || status == 410 ||
      status == 414 || status == 431)
    return CONFIGURATION;
  if (status == 408 || status == 409 || status == 425 || status == 429 ||
      status >= 500)
    return LATER;
  return REFUSED;
}

/* Copies the server's words from a JSON answer, or its first line. */
static void
copy_words(const struct http_answer *answer, char words[WORDS_SIZE])
{
  static const char *const members[] = { "message", "error" };
  const char *body = answer->body ? answer->body : "";
  int len = (int)strcspn(body, "\r\n");
  char *text = strndup(body, (size_t)len);
  const struct json_member *member = NULL;
  struct json_line line;

  if (text && !json_line_parse(text, &line)) /* changes text */
    for (size_t i = 0; i < ARRAY_SIZE(members) && !member; i++)
      member = json_line_find(&line, members[i]);
  if (member)
    snprintf(words, WORDS_SIZE, "HTTP %ld: %s", answer->status, member->text);
  else
    snprintf(words, WORDS_SIZE, "HTTP %ld%s%.*s", answer->status,
             len > 0 ? ": " : "", len, body);
  utf8_make_plain(words);
  free(text);
}

static void
keep_wait(const struct mp_host *host, int64_t seconds)
{
  int64_t wait = seconds * 1000 < MAX_WAIT_MS ? seconds * 1000 : MAX_WAIT_MS;
  char text[24];

  snprintf(text, sizeof(text), "%" PRId64, host->now(host) + wait);
  host->store_set(host, WAIT_KEY, text);
}

/* Reports an answer that ends the sending; returns the reason. */
static int
report_end(const struct batch *b, const struct http_answer *answer,
           enum verdict verdict)
{
  char words[WORDS_SIZE];

  if (answer->code == MP_ECANCELED)
    return MP_ECANCELED;
  if (answer->code != MP_OK)
    return mp_fail(b->host, answer->code, b->url, "%s", answer->what);
  copy_words(answer, words);
  if (verdict == LATER && answer->retry_after_s > 0)
    keep_wait(b->host, answer->retry_after_s);
  if (verdict == LATER)
    return mp_fail(b->host, MP_EAGAIN, b->url,
                   "the server cannot take the values now: %s", words);
  if (answer->status / 100 == 3)
    return mp_fail(b->host, MP_EREFUSED, b->url,
                   "the server redirects to %s; change `url`",
                   b->is_secret ? "another address" : answer->what);
  return mp_fail(b->host, MP_EREFUSED, b->url,
                 "the server refuses the request; check the options: %s",
                 words);
}

int
batch_explain(const struct batch *b, const struct http_answer *answer)
{
  enum verdict verdict = judge(b, answer);

  return verdict == DELIVERED ? MP_OK : report_end(b, answer, verdict);
}

/* ---- Sending ------------------------------------------------------------- */

static void
set_results(struct sending *s, uint32_t first, uint32_t n, uint32_t result)
{
  for (uint32_t i = first; i < first + n; i++)
    s->results[i] = result;
}

/* Notes that record I was refused.  MP_EREFUSED, reported: too many were. */
static int
note_refused(struct sending *s, uint32_t i, const struct http_answer *answer)
{
  char words[WORDS_SIZE];

  copy_words(answer, words);
  s->results[i] = 0;
  s->words[i] = strdup(words);
  if (s->accepted || s->b->is_live || ++s->refused < BATCH_REFUSED)
    return MP_OK;
  s->given_up = true;
  return mp_fail(s->b->host, MP_EREFUSED, s->b->url,
                 "the server refuses every record, so the options may be "
                 "wrong; all stay pending: %s",
                 words);
}

/* Sends N records from FIRST on in one request.  *RET_REFUSED: the server does
 * not take them. */
static int
send_part(struct sending *s, uint32_t first, uint32_t n, bool *ret_refused)
{
  struct http_answer answer;
  enum verdict verdict;

  s->b->send(s->b->ctx, first, n, &answer);
  verdict = judge(s->b, &answer);
  *ret_refused = verdict == REFUSED;
  if (verdict == DELIVERED) {
    s->accepted = true;
    set_results(s, first, n, MP_ACCEPTED);
    return MP_OK;
  }
  if (verdict == REFUSED)
    return n == 1 ? note_refused(s, first, &answer) : MP_OK;
  if (answer.code != MP_OK && answer.sent)
    set_results(s, first, n, MP_PERHAPS);
  return report_end(s->b, &answer, verdict);
}

/* Sends all N records: half as many in a request after one that was refused,
 * twice as many after one that was not. */
static int
send_all(struct sending *s, uint32_t n)
{
  uint32_t most = s->b->most > 0 ? s->b->most : n, part = most;
  int r = MP_OK;

  for (uint32_t at = 0, k; r == MP_OK && at < n;) {
    bool refused;

    k = part < n - at ? part : n - at;
    r = send_part(s, at, k, &refused);
    if (!refused || k == 1)
      at += k;
    part = refused ? (k + 1) / 2 : 2 * k < most ? 2 * k : most;
  }
  return r;
}

/* ---- Results ------------------------------------------------------------- */

/* Returns whether record I of N, a refused one, is to be set aside. */
static bool
is_bad(const struct sending *s, uint32_t i, uint32_t n)
{
  uint32_t end = n, last = i;

  for (uint32_t k = i + 1; k < n; k++)
    if (s->results[k] == MP_ACCEPTED)
      return true;
  while (end > 0 && s->results[end - 1] == MP_NOT_SENT)
    end--; /* nothing is known of these */
  if (end < n)
    return false;
  while (last > 0 && s->results[last] == 0)
    last--;
  return s->results[last] == MP_ACCEPTED && n - 1 - last < BATCH_REFUSED;
}

static void
give_refused(const struct sending *s, const struct mp_output_sink *sink,
             uint32_t i, uint32_t n)
{
  const char *words = s->words[i] ? s->words[i] : "refused";

  if (s->given_up) {
    sink->result(sink, i, MP_ALL_TARGETS, MP_NOT_SENT);
    return;
  }
  mp_fail(s->b->host, MP_EREFUSED, s->b->url, "%s", words);
  sink->result(sink, i, MP_ALL_TARGETS,
               !s->b->is_live && is_bad(s, i, n) ? MP_SET_ASIDE : MP_REJECTED);
}

static void
give_results(const struct sending *s, const struct mp_output_sink *sink,
             uint32_t n)
{
  for (uint32_t i = 0; i < n; i++)
    if (s->results[i])
      sink->result(sink, i, MP_ALL_TARGETS, s->results[i]);
    else
      give_refused(s, sink, i, n);
}

/* Returns MP_OK, or why nothing may be sent yet (reported). */
static int
check_wait(const struct batch *b)
{
  const char *text = b->host->store_get(b->host, WAIT_KEY);
  int64_t until = text ? strtoll(text, NULL, 10) : 0;
  int64_t now = b->host->now(b->host);
  char time[RFC3339_SIZE];

  if (until <= now || until > now + MAX_WAIT_MS)
    return MP_OK;
  return mp_fail(b->host, MP_EAGAIN, b->url,
                 "the server asked for no request before %s",
                 rfc3339_format(NULL, until, time));
}

int
batch_send(const struct batch *b, uint32_t n, const struct mp_output_sink *sink)
{
  struct sending s = { .b = b,
                       .results = calloc(n + 1, sizeof(*s.results)),
                       .words = calloc(n + 1, sizeof(char *)) };
  int r = MP_ENOMEM;

  if (s.results && s.words) {
    set_results(&s, 0, n, MP_NOT_SENT);
    r = check_wait(b);
    if (r == MP_OK)
      r = send_all(&s, n);
    give_results(&s, sink, n);
  } else
    mp_fail(b->host, r, NULL, "out of memory");
  for (uint32_t i = 0; s.words && i < n; i++)
    free(s.words[i]);
  free(s.words);
  free(s.results);
  return r;
}
