/* The house of the setup: its meters, server and files, and the moments of its
 * history. */
#include "tests/faults/fault_setup_impl.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/remove_tree.h"

/* 2026-11-22T10:00:00Z */
#define FIRST_TIME INT64_C(1795341600)

const char *const setup_kind_names[SETUP_KINDS] = {
  "script", "both",   "meters", "types", "series",
  "latest", "append", "shelf",  "mqtt"
};

static const char *const file_names[SETUP_FILES] = {
  [SETUP_FILE_STATE] = "house.db",      [SETUP_FILE_CSV] = SETUP_CSV,
  [SETUP_FILE_STORE] = SETUP_STORE,     [SETUP_FILE_TAKEN] = SETUP_TAKEN,
  [SETUP_FILE_SEEN] = SETUP_SEEN,       [SETUP_FILE_POINTS] = SETUP_POINTS,
  [SETUP_FILE_RECORDS] = SETUP_RECORDS, [SETUP_FILE_METRICS] = SETUP_METRICS,
};

/* The exec command.  It ignores an incomplete last line, which is no record. */
static const char command[] =
  "[ -e " SETUP_AWAY " ] && exit 75\n"
  "lose=\n"
  "[ -e " SETUP_LOSE " ] && read -r lose <" SETUP_LOSE "\n"
  "while IFS= read -r line; do\n"
  "  [ \"$lose\" = before ] || printf '%s\\n' \"$line\" >>" SETUP_STORE "\n"
  "done\n"
  "[ -z \"$lose\" ] && exit 0\n"
  ": >" SETUP_HIT "\n"
  "kill -9 $$\n";

static const struct setup_chain heat = { 60,       "heat_energy_e1",
                                         "GJ",     "counter-custom",
                                         "custom", "counter-custom" };

static const struct setup_chain volume = { 68,       "volume_v1",
                                           "m3",     "counter-water",
                                           "custom", "counter-gas" };

static const struct setup_plan setup_plans[SETUP_KINDS] = {
  [SETUP_SCRIPT] = { &heat, 1, 3, .csv = false },
  [SETUP_BOTH] = { &heat, 1, 1, .csv = true },
  [SETUP_METERS] = { &heat, 2, 1, .csv = true },
  [SETUP_TYPES] = { &volume, 1, 2, .csv = true },
  [SETUP_SERIES] = { &heat, 1, 1, .series = true },
  [SETUP_LATEST] = { &heat, 1, 1, .class = "latest" },
  [SETUP_APPEND] = { &heat, 1, 1, .class = "append" },
  [SETUP_SHELF] = { &heat, 1, 1, .class = "history", .shelf = true },
  [SETUP_MQTT] = { &heat, 1, 1, .class = "latest", .bus = true },
};

void
setup_die(const char *what)
{
  fprintf(stderr, "rig: %s: %s\n", what, strerror(errno));
  exit(99);
}

/* ---- Files ---- */

static void
path_of(const struct fault_setup *setup, const char *name, char *buf,
        size_t size)
{
  if (snprintf(buf, size, "%s/%s", setup->dir, name) >= (int)size)
    setup_die(name);
}

char *
setup_read(const struct fault_setup *setup, const char *name, size_t *ret_len)
{
  char path[256], *data;
  struct stat st;
  size_t len;
  FILE *f;

  path_of(setup, name, path, sizeof(path));
  f = fopen(path, "r");
  if (!f)
    return NULL;
  if (fstat(fileno(f), &st) != 0)
    setup_die(path);
  data = calloc(1, (size_t)st.st_size + 1);
  if (!data)
    setup_die(path);
  len = fread(data, 1, (size_t)st.st_size, f);
  fclose(f);
  if (ret_len)
    *ret_len = len;
  return data;
}

void
setup_write(const struct fault_setup *setup, const char *name, const char *data,
            size_t len)
{
  char path[256];
  FILE *f;

  path_of(setup, name, path, sizeof(path));
  f = fopen(path, "w");
  if (!f || fwrite(data, 1, len, f) != len || fclose(f) != 0)
    setup_die(path);
}

void
setup_remove(const struct fault_setup *setup, const char *pattern)
{
  char path[256];
  glob_t found;

  path_of(setup, pattern, path, sizeof(path));
  if (glob(path, 0, NULL, &found) == 0)
    for (size_t i = 0; i < found.gl_pathc; i++)
      unlink(found.gl_pathv[i]);
  globfree(&found);
}

bool
setup_has(const struct fault_setup *setup, const char *pattern)
{
  char path[256];
  glob_t found;
  bool any;

  path_of(setup, pattern, path, sizeof(path));
  any = glob(path, 0, NULL, &found) == 0;
  globfree(&found);
  return any;
}

/* ---- The pipeline file ---- */

/* Writes an operand that names a target: IDX of Domoticz, or NAME of the
 * output "hook". */
static void
put_operand(FILE *f, const struct fault_setup *setup, const char *key,
            unsigned idx, const char *name)
{
  if (setup->plan->class)
    fprintf(f, "%s = hook.%s\n", key, name);
  else
    fprintf(f, "%s = house.%u\n", key, idx);
}

static void
put_chain(FILE *f, const struct fault_setup *setup, unsigned c)
{
  fprintf(f,
          "[input m%u]\nplugin = kmp\ndevice = %s\ntimeout = 400ms\n"
          "[transform usage%u]\nplugin = subtract\nvalue = m%u.%s\n",
          c, setup->device[c], c, c, setup->plan->chain->field);
  put_operand(f, setup, "minus", SETUP_BASE(c), "energy");
  for (unsigned i = 0; i < setup->plan->totals; i++) {
    fprintf(f, "[transform total%u%u]\nplugin = add\nvalue = usage%u\n", c, i,
            c);
    put_operand(f, setup, "plus", SETUP_TOTAL(c, i), "total");
  }
}

static void
put_targets(FILE *f, const struct fault_setup *setup, unsigned c)
{
  fprintf(f, "idx.%u = m%u.%s\nidx.%u = usage%u\n", SETUP_BASE(c), c,
          setup->plan->chain->field, SETUP_USAGE(c), c);
  for (unsigned i = 0; i < setup->plan->totals; i++)
    fprintf(f, "idx.%u = total%u%u\n", SETUP_TOTAL(c, i), c, i);
}

static void
put_domoticz(FILE *f, const struct fault_setup *setup)
{
  fprintf(f,
          "[output house]\nplugin = domoticz\nurl = "
          "http://127.0.0.1:%u\ntimeout = 3s\n",
          setup->port);
  for (unsigned c = 0; c < setup->plan->meters; c++)
    put_targets(f, setup, c);
}

static void
put_hook(FILE *f, const struct fault_setup *setup)
{
  const char *prefix = setup->plan->shelf ? "place"
                       : setup->bus       ? "sensor"
                                          : "value";

  fprintf(f, "[output hook]\n");
  if (setup->bus)
    fprintf(f, "plugin = mqtt\nurl = mqtt://127.0.0.1:%u\ntimeout = 3s\n",
            setup_bus_port(setup));
  else if (setup->plan->shelf)
    fprintf(f, "plugin = ./output_shelf.so\nclass = history\n");
  else
    fprintf(f, "plugin = exec\nclass = %s\ncommand = sh take.sh\n",
            setup->plan->class);
  fprintf(f, "%s.energy = m0.%s\n%s.usage = usage0\n%s.total = total00\n",
          prefix, setup->plan->chain->field, prefix, prefix);
}

static void
put_csv(FILE *f, const struct fault_setup *setup)
{
  fprintf(f, "[output log]\nplugin = csv\npath = " SETUP_CSV "\n");
  for (unsigned c = 0; c < setup->plan->meters; c++)
    fprintf(f,
            "column.energy%u = m%u.%s\n"
            "column.usage%u = usage%u\ncolumn.total%u = total%u0\n",
            c, c, setup->plan->chain->field, c, c, c, c);
}

static void
write_pipeline(struct fault_setup *setup)
{
  char *text = NULL;
  size_t size = 0;
  FILE *f = open_memstream(&text, &size);

  if (!f)
    setup_die("house.ini");
  fprintf(f, "[pipeline]\ndeadline = 8s\n");
  if (setup->queue_max)
    fprintf(f, "queue_max = %u\n", setup->queue_max);
  for (unsigned c = 0; c < setup->plan->meters; c++)
    put_chain(f, setup, c);
  if (setup->plan->class)
    put_hook(f, setup);
  else
    put_domoticz(f, setup);
  if (setup->plan->csv)
    put_csv(f, setup);
  if (setup->series)
    setup_put_series(f, setup->series_port);
  fclose(f);
  setup_write(setup, "house.ini", text, size);
  setup_write(setup, "take.sh", command, sizeof(command) - 1);
  free(text);
}

unsigned
setup_http_port(const struct fault_setup *setup)
{
  return setup->series ? setup_series_port(setup)
                       : domoticz_server_port(setup->server);
}

void
setup_lead_by(struct fault_setup *setup, unsigned http, unsigned meter)
{
  setup->port = domoticz_server_port(setup->server);
  if (setup->series)
    setup->series_port = http ? http : setup_http_port(setup);
  else if (http)
    setup->port = http;
  for (unsigned c = 0; c < setup->plan->meters; c++)
    snprintf(setup->device[c], sizeof(setup->device[c]), "meter%u", c);
  if (meter)
    snprintf(setup->device[0], sizeof(setup->device[0]), "tcp://127.0.0.1:%u",
             meter);
  write_pipeline(setup);
}

/* ---- The house ---- */

static void
plug(struct fault_setup *setup, unsigned i)
{
  char link[256], text[64];

  snprintf(text, sizeof(text), "meter%u", i);
  path_of(setup, text, link, sizeof(link));
  setup->meters[i] = meter_start();
  meter_link(setup->meters[i], link);
  snprintf(text, sizeof(text), "1001=6850000%u", 1 + i);
  meter_set(setup->meters[i], text);
}

void
setup_replug(struct fault_setup *setup)
{
  for (unsigned i = 0; i < setup->plan->meters; i++) {
    meter_stop(setup->meters[i]);
    plug(setup, i);
    setup_set_meter(setup, i);
  }
}

/* Adds a device.  Types with a user-defined unit get the unit of the chain.
 * The others get divider 1000, because water and gas counters would count in
 * hundredths. */
static void
add_device(struct fault_setup *setup, unsigned idx, const char *type)
{
  const char *label = strstr(type, "custom") ? setup->plan->chain->unit : NULL;

  domoticz_server_add(setup->server, idx, type, label);
  if (!label)
    domoticz_server_set_divider(setup->server, idx, 1000);
}

void
setup_add_total(struct fault_setup *setup, unsigned c, unsigned i)
{
  add_device(setup, SETUP_TOTAL(c, i), setup->plan->chain->total);
}

int64_t
setup_first_reading(unsigned i)
{
  return 84208 + 1000000 * (int64_t)i;
}

static void
add_devices(struct fault_setup *setup, unsigned c)
{
  if (setup->plan->class)
    return;
  add_device(setup, SETUP_BASE(c), setup->plan->chain->base);
  add_device(setup, SETUP_USAGE(c), setup->plan->chain->usage);
  for (unsigned i = 0; i < setup->plan->totals; i++)
    setup_add_total(setup, c, i);
}

/* Gives the history output the name that a plugin's file must have. */
static void
link_shelf(const struct fault_setup *setup)
{
  char plugin[512], link[256];
  const char *dir = getenv("METERPIPE_PLUGIN_PATH");

  snprintf(plugin, sizeof(plugin), "%s/shelf_output.so", dir ? dir : ".");
  path_of(setup, "output_shelf.so", link, sizeof(link));
  if (symlink(plugin, link) != 0)
    setup_die(link);
}

struct fault_setup *
setup_new(enum setup_kind kind)
{
  struct fault_setup *setup = calloc(1, sizeof(*setup));
  const char *tmp = getenv("TMPDIR");

  if (!setup)
    setup_die("memory");
  setup->plan = &setup_plans[kind];
  /* Commands that outlive a killed program become our children. */
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
    setup_die("prctl");
  if (!tmp) /* faster than a disk; no power cut has to be survived */
    tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
  snprintf(setup->dir, sizeof(setup->dir), "%s/meterpipe-XXXXXX", tmp);
  if (!mkdtemp(setup->dir))
    setup_die(setup->dir);
  link_shelf(setup);
  setup->server = domoticz_server_start(DOMOTICZ_2025_1);
  if (setup->plan->bus)
    setup_bus_new(setup);
  if (setup->plan->series)
    setup_series_new(setup);
  for (unsigned i = 0; i < setup->plan->meters; i++)
    plug(setup, i);
  setup_lead_by(setup, 0, 0);
  setup_begin(setup);
  return setup;
}

void
setup_free(struct fault_setup *setup)
{
  for (unsigned i = 0; i < setup->plan->meters; i++)
    meter_stop(setup->meters[i]);
  domoticz_server_stop(setup->server);
  if (setup->bus)
    setup_bus_free(setup);
  if (setup->series)
    setup_series_free(setup);
  remove_tree(setup->dir);
  for (int i = 0; i < SETUP_FILES; i++)
    free(setup->files[i].data);
  free(setup);
}

struct domoticz_server *
setup_server(struct fault_setup *setup)
{
  return setup->server;
}

struct meter *
setup_meter(struct fault_setup *setup, unsigned i)
{
  return setup->meters[i];
}

bool
setup_lost(const struct fault_setup *setup)
{
  return setup->lost > 0;
}

bool
setup_doubled(const struct fault_setup *setup)
{
  return setup->doubled > 0;
}

const char *
setup_tty(struct fault_setup *setup, unsigned i)
{
  return meter_path(setup->meters[i]);
}

/* ---- Moments ---- */

void
setup_set_meter(struct fault_setup *setup, unsigned i)
{
  char text[64], energy[32];

  setup_format(setup->now.reading[i], energy, sizeof(energy));
  snprintf(text, sizeof(text), "%u=%s%s", setup->plan->chain->register_no,
           energy, setup->plan->chain->unit);
  meter_set(setup->meters[i], text);
}

/* Each case begins without counted attempts, or it would find more of them than
 * the case before. */
static void
forget_attempts(const struct fault_setup *setup)
{
  setup_remove(setup, "attempts-*");
}

static void
remove_state(struct fault_setup *setup)
{
  setup_remove(setup, "house.db*");
  setup_remove(setup, "house.lock");
  forget_attempts(setup);
  setup_remove(setup, SETUP_CSV);
  setup_remove(setup, SETUP_STORE);
  setup_remove(setup, SETUP_TAKEN);
  setup_remove(setup, SETUP_SEEN);
  setup_remove(setup, SETUP_POINTS);
  setup_remove(setup, SETUP_RECORDS);
  setup_remove(setup, SETUP_METRICS "*");
}

/* Sets the server and the meters to the moment in setup->now, clears their
 * faults, and resets the results of checks. */
static void
take_up(struct fault_setup *setup)
{
  setup_answer(setup, SETUP_ANSWERED);
  domoticz_server_forget(setup->server);
  domoticz_server_set_clock(setup->server, setup->now.time);
  for (unsigned c = 0; c < setup->plan->meters; c++) {
    meter_clear_faults(setup->meters[c]);
    setup_set_meter(setup, c);
    if (!setup->plan->class)
      setup->now.writes[c] =
        domoticz_server_writes(setup->server, SETUP_USAGE(c));
  }
  if (setup->plan->shelf && !setup->now.takes_all)
    setup_write_refused(setup);
  else
    setup_remove(setup, SETUP_REFUSED);
  setup->wrong[0] = 0;
  setup->lost = setup->doubled = 0;
  setup->damaged = false;
}

void
setup_begin(struct fault_setup *setup)
{
  setup->now = (struct setup_moment){ .time = FIRST_TIME, .exported = -1 };
  for (unsigned c = 0; c < setup->plan->meters; c++) {
    setup->now.reading[c] = setup_first_reading(c);
    if (setup->plan->class)
      continue;
    domoticz_server_delete(setup->server, SETUP_BASE(c));
    domoticz_server_delete(setup->server, SETUP_USAGE(c));
    for (unsigned i = 0; i < setup->plan->totals; i++)
      domoticz_server_delete(setup->server, SETUP_TOTAL(c, i));
  }
  domoticz_server_set_clock(setup->server, FIRST_TIME - SETUP_INTERVAL);
  for (unsigned c = 0; c < setup->plan->meters; c++)
    add_devices(setup, c);
  if (setup->bus)
    setup_bus_begin(setup);
  remove_state(setup);
  take_up(setup);
}

void
setup_keep(struct fault_setup *setup)
{
  for (int i = 0; i < SETUP_FILES; i++) {
    free(setup->files[i].data);
    setup->files[i].data =
      setup_read(setup, file_names[i], &setup->files[i].len);
  }
  domoticz_server_snapshot(setup->server);
  if (setup->bus)
    setup_bus_keep(setup);
  forget_attempts(setup);
  setup->kept = setup->now;
}

void
setup_back(struct fault_setup *setup)
{
  remove_state(setup);
  for (int i = 0; i < SETUP_FILES; i++)
    if (setup->files[i].data)
      setup_write(setup, file_names[i], setup->files[i].data,
                  setup->files[i].len);
  domoticz_server_up(setup->server);
  domoticz_server_restore(setup->server);
  if (setup->bus)
    setup_bus_back(setup);
  setup->now = setup->kept;
  take_up(setup);
}

/* ---- Answers ---- */

void
setup_answer(struct fault_setup *setup, enum setup_answers answers)
{
  static const char *const lose[] = { NULL, "before\n", "after\n" };

  setup->answers = answers;
  setup_remove(setup, SETUP_HIT);
  setup_remove(setup, SETUP_LOSE);
  domoticz_server_heal(setup->server);
  if (setup->bus)
    setup_bus_answer(setup, answers);
  if (setup->series)
    setup_series_answer(setup, answers);
  if (answers == SETUP_ANSWERED)
    return;
  setup_write(setup, SETUP_LOSE, lose[answers], strlen(lose[answers]));
  domoticz_server_fault(setup->server,
                        answers == SETUP_LOST_BEFORE ? DOMOTICZ_CUT_BEFORE
                                                     : DOMOTICZ_CUT_AFTER,
                        "udevice", 0, 0, 0);
}

bool
setup_lost_answer(struct fault_setup *setup)
{
  return setup->spoiled || setup_has(setup, SETUP_HIT) ||
         (setup->bus && setup_bus_lost_answer(setup)) ||
         (setup->series && setup_series_lost_answer(setup));
}

bool
setup_spoiled(const struct fault_setup *setup)
{
  return setup->spoiled;
}

bool
setup_lags(const struct fault_setup *setup)
{
  return setup->plan == &setup_plans[SETUP_LATEST];
}

/* ---- The state ---- */

char *
setup_state(struct fault_setup *setup, size_t *ret_len)
{
  return setup_read(setup, "house.db", ret_len);
}

void
setup_put_state(struct fault_setup *setup, const char *data, size_t len)
{
  setup_remove(setup, "house.db*");
  if (data)
    setup_write(setup, "house.db", data, len);
  setup->damaged = true;
}

char *
setup_said(struct fault_setup *setup)
{
  return setup_read(setup, "err", NULL);
}
