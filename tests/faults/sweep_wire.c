/*
 * Faults between the program and its peers: every wrong reply of Domoticz to
 * every request, before and after it is carried out; the end of the connection
 * at every byte of requests and replies; every byte on the line of a meter
 * lost, changed, doubled, delayed, or the last.
 */
#include <stdio.h>
#include <string.h>

#include "lib/array.h"
#include "tests/faults/proxy.h"
#include "tests/faults/sweep.h"

/* Samples: one case in so many. */
#define SAMPLE_ANSWERS 97
#define SAMPLE_CUTS 991
#define SAMPLE_BYTES 1201
#define SAMPLE_METER 131

/* Does a run that may fail. */
static void
go_badly(struct fault_setup *setup)
{
  struct setup_run run = { 0 };

  setup_go(setup, &run);
}

/* ---- Answers of Domoticz ---- */

static const struct {
  const char *name;
  enum domoticz_fault fault;
  long arg;
} answers[] = {
  { "cut before", DOMOTICZ_CUT_BEFORE, 0 },
  { "cut after", DOMOTICZ_CUT_AFTER, 0 },
  { "reset before", DOMOTICZ_RESET_BEFORE, 0 },
  { "reset after", DOMOTICZ_RESET_AFTER, 0 },
  { "late", DOMOTICZ_DELAY, 3500 },
  { "500 before", DOMOTICZ_STATUS, 500 },
  { "500 after", DOMOTICZ_STATUS_AFTER, 500 },
  { "502 after", DOMOTICZ_STATUS_AFTER, 502 },
  { "401 before", DOMOTICZ_STATUS, 401 },
  { "401 after", DOMOTICZ_STATUS_AFTER, 401 },
  { "403 before", DOMOTICZ_STATUS, 403 },
  { "403 after", DOMOTICZ_STATUS_AFTER, 403 },
  { "404 before", DOMOTICZ_STATUS, 404 },
  { "404 after", DOMOTICZ_STATUS_AFTER, 404 },
  { "ERR before", DOMOTICZ_ERR, 0 },
  { "ERR after", DOMOTICZ_ERR_AFTER, 0 },
  { "garbage", DOMOTICZ_GARBAGE, 0 },
  { "page", DOMOTICZ_HTML, 0 },
  { "half", DOMOTICZ_HALF, 0 },
  { "wrong length", DOMOTICZ_WRONG_LENGTH, 10 },
  { "10 MB", DOMOTICZ_HUGE, 10000000 },
  { "redirect", DOMOTICZ_REDIRECT, 0 },
  { "idle dropped", DOMOTICZ_DROP_IDLE, 0 },
};

/* Gives a wrong answer to one request, or (REST) to it and all later ones. */
static void
answer_badly(struct fault_setup *setup, const struct sweep *s,
             const char *moment, unsigned request, size_t answer, bool rest)
{
  bool hit = false;
  char name[160];

  snprintf(name, sizeof(name), "answer %s %u %s%s", moment, request,
           answers[answer].name, rest ? " on" : "");
  if (!sweep_wants(s, name))
    return;
  for (int i = 0; i < REACH_TRIES && !hit; i++) {
    setup_back(setup);
    domoticz_server_fault(setup_server(setup), answers[answer].fault, NULL,
                          request, !rest, answers[answer].arg);
    go_badly(setup);
    hit = setup_spoiled(setup);
    domoticz_server_heal(setup_server(setup));
  }
  if (!hit)
    sweep_miss(name);
  sweep_add(SWEEP_FAULTS, 1);
  sweep_end_well(setup, name);
}

static void
sweep_answers(struct fault_setup *setup, const struct sweep *s,
              const char *moment)
{
  unsigned requests, k = 0;

  setup_back(setup);
  setup_go_well(setup);
  /* The last two requests are the setup's own, from settle(). */
  requests = domoticz_server_requests(setup_server(setup)) - 2;
  for (unsigned i = 0; i < requests; i++)
    for (size_t a = 0; a < ARRAY_SIZE(answers); a++)
      for (int rest = 0; rest < 2; rest++, k++)
        if (sweep_is_mine(s, k, SAMPLE_ANSWERS))
          answer_badly(setup, s, moment, i, a, rest);
}

/* ---- Cuts at every byte ---- */

static const char *const ways[] = { "request", "reply" };

static const char *const whats[] = { "pass",   "cut", "reset", "lose",
                                     "change", "add", "pause" };

static void
spoil_byte(struct fault_setup *setup, const struct sweep *s, struct proxy *p,
           const char *about, enum proxy_what what, enum proxy_way way,
           size_t at)
{
  bool cut = what == PROXY_CUT || what == PROXY_RESET, hit = false;
  char name[160];

  snprintf(name, sizeof(name), "%s %s %s %zu", about, whats[what], ways[way],
           at);
  if (!sweep_wants(s, name))
    return;
  for (int i = 0; i < REACH_TRIES && !hit; i++) {
    setup_back(setup);
    proxy_order(p, what, way, at);
    go_badly(setup);
    hit = proxy_struck(p);
    proxy_order(p, PROXY_PASS, way, 0);
  }
  if (!hit)
    sweep_miss(name);
  sweep_add(cut ? SWEEP_CUTS : SWEEP_FAULTS, 1);
  sweep_end_well(setup, name);
}

static void
sweep_bytes(struct fault_setup *setup, const struct sweep *s, struct proxy *p,
            const char *about, enum proxy_what last, unsigned every)
{
  size_t n[2];
  unsigned k = 0;

  setup_back(setup);
  proxy_order(p, PROXY_PASS, PROXY_THERE, 0);
  go_badly(setup);
  n[PROXY_THERE] = proxy_bytes(p, PROXY_THERE);
  n[PROXY_BACK] = proxy_bytes(p, PROXY_BACK);
  for (int way = 0; way < 2; way++)
    for (size_t at = 0; at < n[way]; at++)
      for (int what = PROXY_CUT; what <= (int)last; what++, k++)
        if (sweep_is_mine(s, k, every))
          spoil_byte(setup, s, p, about, (enum proxy_what)what,
                     (enum proxy_way)way, at);
}

static void
sweep_cuts(struct fault_setup *setup, const struct sweep *s, const char *moment)
{
  struct proxy *p = proxy_start(setup_http_port(setup));
  char about[96];

  snprintf(about, sizeof(about), "http %s", moment);
  setup_lead_by(setup, proxy_port(p), 0);
  sweep_bytes(setup, s, p, about, PROXY_RESET, SAMPLE_CUTS);
  setup_lead_by(setup, 0, 0);
  proxy_stop(p);
}

static void
sweep_line(struct fault_setup *setup, const struct sweep *s, const char *moment)
{
  struct proxy *p = proxy_start_tty(setup_tty(setup, 0));
  char about[96];

  snprintf(about, sizeof(about), "line %s", moment);
  setup_lead_by(setup, 0, proxy_port(p));
  sweep_bytes(setup, s, p, about, PROXY_PAUSE, SAMPLE_BYTES);
  setup_lead_by(setup, 0, 0);
  proxy_stop(p);
}

/* ---- The meter itself ---- */

/* Faults of the meter emulator that last for a whole run, or that take a number
 * from LEAST to MOST, such as "unplug" after N bytes. */
static const struct {
  const char *fault;
  int least, most;
} mistakes[] = {
  { "silent", 0, 0 },       { "silent=1", 0, 0 },    { "silent=2", 0, 0 },
  { "crc", 0, 0 },          { "crc*1", 0, 0 },       { "empty", 0, 0 },
  { "missing=1001", 0, 0 }, { "missing=60", 0, 0 },  { "previous", 0, 0 },
  { "address", 0, 0 },      { "command", 0, 0 },     { "double", 0, 0 },
  { "echo", 0, 0 },         { "garbage=%d", 1, 40 }, { "noise=%d", 1, 20 },
  { "drop=%d", 1, 20 },     { "insert=%d", 1, 20 },  { "flip=%d", 1, 12 },
  { "truncate=%d", 1, 30 }, { "unplug=%d", 0, 30 },
};

static void
mistake(struct fault_setup *setup, const struct sweep *s, const char *moment,
        const char *fault)
{
  char name[160];

  snprintf(name, sizeof(name), "meter %s %s", moment, fault);
  if (!sweep_wants(s, name))
    return;
  setup_back(setup);
  setup_replug(
    setup); /* a new emulator, without requests from a later moment */
  meter_fault(setup_meter(setup, 0), fault);
  meter_forget(setup_meter(setup, 0));
  go_badly(setup);
  if (meter_requests(setup_meter(setup, 0)) == 0)
    sweep_miss(name);
  setup_replug(setup);
  sweep_add(SWEEP_FAULTS, 1);
  sweep_end_well(setup, name);
}

static void
sweep_mistakes(struct fault_setup *setup, const struct sweep *s,
               const char *moment)
{
  unsigned k = 0;

  for (size_t i = 0; i < ARRAY_SIZE(mistakes); i++)
    for (int n = mistakes[i].least; n <= mistakes[i].most; n++, k++) {
      char fault[32];
      const char *percent = strchr(mistakes[i].fault, '%');

      if (percent)
        snprintf(fault, sizeof(fault), "%.*s%d",
                 (int)(percent - mistakes[i].fault), mistakes[i].fault, n);
      else
        snprintf(fault, sizeof(fault), "%s", mistakes[i].fault);
      if (sweep_is_mine(s, k, SAMPLE_METER))
        mistake(setup, s, moment, fault);
    }
}

/* ---- The sweep ---- */

static void
sweep_moment(struct fault_setup *setup, const struct sweep *s, int kind,
             int good_runs)
{
  char moment[64];

  snprintf(moment, sizeof(moment), "%s %s", setup_kind_names[kind],
           good_runs ? "steady" : "first");
  setup_begin(setup);
  for (int i = 0; i < good_runs; i++)
    setup_go_well(setup);
  setup_keep(setup);
  if (kind != SETUP_SERIES) {
    sweep_answers(setup, s, moment);
    sweep_mistakes(setup, s, moment);
    sweep_line(setup, s, moment);
  }
  /* For Domoticz, one pipeline is enough: the bytes of the others are
   * similar. */
  if ((kind == SETUP_BOTH && good_runs) || kind == SETUP_SERIES)
    sweep_cuts(setup, s, moment);
}

static void
work(struct sweep *s)
{
  for (int kind = 0; kind < SETUP_COMMANDS; kind++) {
    struct fault_setup *setup = setup_new((enum setup_kind)kind);

    sweep_moment(setup, s, kind, 0);
    sweep_moment(setup, s, kind, 3);
    setup_free(setup);
  }
}

int
main(int argc, char **argv)
{
  return sweep_main(argc, argv, work);
}
