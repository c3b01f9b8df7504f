/*
 * The kmp input: reads a Kamstrup meter through its optical eye.
 *
 * This file holds the plugin's table and creates, opens and closes instances.
 * reading.c reads a cycle, probe.c finds the registers that a meter has,
 * session.c holds the conversation with it, port.c drives the line, and the
 * kmp_ files decode the bytes.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <stdlib.h>

#include "plugins/kmp/codec/kmp_register.h"
#include "plugins/kmp/input/budget.h"
#include "plugins/kmp/input/check.h"
#include "plugins/kmp/input/kmp.h"
#include "plugins/kmp/input/memory.h"
#include "plugins/kmp/input/probe.h"
#include "plugins/kmp/input/reading.h"

static const struct mp_option options[] = {
  { "device", MP_TYPE_STRING, MP_REQUIRED, NULL, NULL,
    "tty of the optical head, or tcp://HOST:PORT of a serial server" },
  { "baud", MP_TYPE_CHOICE, 0, "1200", PORT_BAUDS, "speed of the line" },
  { "parity", MP_TYPE_CHOICE, 0, "none", "none|even|odd", "parity bit" },
  { "stop_bits", MP_TYPE_INT, 0, "2", "1..2", "stop bits" },
  { "dtr", MP_TYPE_BOOL, 0, "yes", NULL, "raise DTR: it may power the head" },
  { "rts", MP_TYPE_BOOL, 0, "yes", NULL, "raise RTS: it may power the head" },
  { "address", MP_TYPE_INT, 0, "0x3f", "0..255",
    "0x3f the meter, 0x7f its top module, 0xbf its base module" },
  { "timeout", MP_TYPE_DURATION, 0, "2s", "1ms..",
    "longest wait for the first byte of a reply; the transmission time is "
    "added" },
  { "gap", MP_TYPE_DURATION, 0, NULL, "1ms..",
    "longest pause inside a reply (default: by baud; over TCP 1 s)" },
  { "retries", MP_TYPE_INT, 0, "2", "0..10", "further attempts of a request" },
  { "registers_per_request", MP_TYPE_INT, 0, "8", "1..8",
    "most registers in one request; some meters and bridges accept fewer" },
  { "fields", MP_TYPE_FIELDS, 0, NULL, NULL,
    "registers to read besides those that stages name" },
  { "capture", MP_TYPE_PATH, 0, NULL, NULL,
    "file that every frame is appended to, for replay" },
  { "min_interval", MP_TYPE_DURATION, 0, NULL, NULL,
    "skip the reading if the last attempt is younger, to save the meter's "
    "battery" },
  { "retry_interval", MP_TYPE_DURATION, 0, NULL, NULL,
    "the same after a failed attempt (default: min_interval)" },
  { NULL, 0, 0, NULL, NULL, NULL },
};

static int
kmp_create(const struct mp_host *host, void **ret_self)
{
  static const char parity[] = { 'N', 'E', 'O' };
  struct kmp *kmp = calloc(1, sizeof(*kmp));

  if (!kmp)
    return mp_fail(host, MP_ENOMEM, NULL, "out of memory");
  kmp->host = host;
  kmp->capture = host->option(host, "capture");
  kmp->min_interval_ms = host->option_int(host, "min_interval");
  kmp->retry_interval_ms = host->option(host, "retry_interval")
                             ? host->option_int(host, "retry_interval")
                             : kmp->min_interval_ms;
  kmp->line = (struct port_settings){
    .device = host->option(host, "device"),
    .baud = (unsigned)strtoul(host->option(host, "baud"), NULL, 10),
    .parity = parity[host->option_int(host, "parity")],
    .stop_bits = (unsigned)host->option_int(host, "stop_bits"),
    .dtr = host->option_int(host, "dtr") != 0,
    .rts = host->option_int(host, "rts") != 0,
  };
  kmp->talk = (struct session_settings){
    .address = (uint8_t)host->option_int(host, "address"),
    .baud = kmp->line.baud,
    .timeout_ms = host->option_int(host, "timeout"),
    .retries = (unsigned)host->option_int(host, "retries"),
    .registers = (uint8_t)host->option_int(host, "registers_per_request"),
    .gap_ms = host->option(host, "gap") ? host->option_int(host, "gap") : 0,
    .note_sent = budget_count,
    .ctx = kmp,
  };
  *ret_self = kmp;
  return MP_OK;
}

static void
kmp_destroy(void *self)
{
  free(self);
}

int
kmp_open_port(struct kmp *kmp, int64_t patience_ms)
{
  int r = port_open(kmp->host, &kmp->line, patience_ms, &kmp->port);

  if (r == MP_OK)
    session_init(&kmp->session, kmp->host, kmp->line.device, kmp->port,
                 &kmp->talk);
  return r;
}

void
kmp_begin_capture(struct kmp *kmp)
{
  recorder_close(kmp->session.recorder);
  kmp->session.recorder = recorder_open(kmp->host, kmp->capture, true);
}

void
kmp_resume_capture(struct kmp *kmp)
{
  recorder_close(kmp->session.recorder);
  kmp->session.recorder = recorder_open(kmp->host, kmp->capture, false);
}

void
kmp_close_port(struct kmp *kmp)
{
  recorder_close(kmp->session.recorder);
  kmp->session.recorder = NULL;
  budget_finish(kmp);
  port_close(kmp->port);
  kmp->port = NULL;
}

static int
kmp_open(void *self)
{
  struct kmp *kmp = self;
  int r;

  kmp->counted = false;
  /* read will skip this cycle: leave the port to others. */
  if (budget_forbids(kmp))
    return MP_OK;
  r = kmp_open_port(kmp, KMP_UNTIL_THE_DEADLINE);
  if (r == MP_EIO)
    memory_note_failure(kmp);
  /* Another program may have read the meter while this one waited. */
  if (r == MP_OK && budget_forbids(kmp))
    kmp_close_port(kmp);
  return r;
}

static void
kmp_close(void *self)
{
  budget_warn(self);
  kmp_close_port(self);
}

/* Besides these, a file of attempts is open for a moment, of one input at a
 * time. */
static uint32_t
kmp_files(void *self)
{
  const struct kmp *kmp = self;

  return port_files(kmp->line.device) + (kmp->capture ? 1 : 0);
}

static const struct mp_input_ops input = {
  .struct_size = sizeof(input),
  .flags = 0,
  .field = kmp_field,
  .list_fields = kmp_list_fields,
  .default_fields = KMP_DEFAULT_FIELDS,
  .replay_plugin = "replay",
  .open = kmp_open,
  .close = kmp_close,
  .read = kmp_read,
  .identify = kmp_identify,
  .check = kmp_check,
  .probe = kmp_probe,
  .files = kmp_files,
  .status = budget_status,
};

static const struct mp_plugin plugin = {
  .struct_size = sizeof(plugin),
  .abi_version = MP_ABI_VERSION,
  .name = "kmp",
  .version = PACKAGE_VERSION,
  .summary = "reads a Kamstrup meter through its optical eye",
  .options = options,
  .create = kmp_create,
  .destroy = kmp_destroy,
  .input = &input,
};

const struct mp_plugin *
meterpipe_plugin(void)
{
  return &plugin;
}
