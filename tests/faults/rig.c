/* The house of the rig: its meters, server and files, and the moments of its
 * history. */
#include "tests/faults/rig_impl.h"

#include <errno.h>
#include <ftw.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* 2026-11-22T10:00:00Z */
#define FIRST_TIME INT64_C(1795341600)

const char *const rig_kind_names[RIG_KINDS] = { "script", "both",   "meters",
                                                "types",  "latest", "append" };

static const char *const file_names[RIG_FILES] = {
  [RIG_FILE_STATE] = "house.db",
  [RIG_FILE_CSV] = RIG_CSV,
  [RIG_FILE_STORE] = RIG_STORE,
};

/* The exec command.  It ignores an incomplete last line, which is no record. */
static const char command[] =
  "[ -e " RIG_AWAY " ] && exit 75\n"
  "lose=\n"
  "[ -e " RIG_LOSE " ] && read -r lose <" RIG_LOSE "\n"
  "while IFS= read -r line; do\n"
  "  [ \"$lose\" = before ] || printf '%s\\n' \"$line\" >>" RIG_STORE "\n"
  "done\n"
  "[ -z \"$lose\" ] && exit 0\n"
  ": >" RIG_HIT "\n"
  "kill -9 $$\n";

static const struct rig_chain heat = { 60,       "heat_energy_e1",
                                       "GJ",     "counter-custom",
                                       "custom", "counter-custom" };

static const struct rig_chain volume = { 68,       "volume_v1",
                                         "m3",     "counter-water",
                                         "custom", "counter-gas" };

static const struct rig_plan rig_plans[RIG_KINDS] = {
  [RIG_SCRIPT] = { &heat, 1, 3, false, NULL },
  [RIG_BOTH] = { &heat, 1, 1, true, NULL },
  [RIG_METERS] = { &heat, 2, 1, true, NULL },
  [RIG_TYPES] = { &volume, 1, 2, true, NULL },
  [RIG_LATEST] = { &heat, 1, 1, false, "latest" },
  [RIG_APPEND] = { &heat, 1, 1, false, "append" },
};

void
rig_die(const char *what)
{
  fprintf(stderr, "rig: %s: %s\n", what, strerror(errno));
  exit(99);
}

/* ---- Files ---- */

static void
path_of(const struct rig *rig, const char *name, char *buf, size_t size)
{
  if (snprintf(buf, size, "%s/%s", rig->dir, name) >= (int)size)
    rig_die(name);
}

char *
rig_read(const struct rig *rig, const char *name, size_t *ret_len)
{
  char path[256], *data;
  struct stat st;
  size_t len;
  FILE *f;

  path_of(rig, name, path, sizeof(path));
  f = fopen(path, "r");
  if (!f)
    return NULL;
  if (fstat(fileno(f), &st) != 0)
    rig_die(path);
  data = calloc(1, (size_t)st.st_size + 1);
  if (!data)
    rig_die(path);
  len = fread(data, 1, (size_t)st.st_size, f);
  fclose(f);
  if (ret_len)
    *ret_len = len;
  return data;
}

void
rig_write(const struct rig *rig, const char *name, const char *data, size_t len)
{
  char path[256];
  FILE *f;

  path_of(rig, name, path, sizeof(path));
  f = fopen(path, "w");
  if (!f || fwrite(data, 1, len, f) != len || fclose(f) != 0)
    rig_die(path);
}

void
rig_remove(const struct rig *rig, const char *pattern)
{
  char path[256];
  glob_t found;

  path_of(rig, pattern, path, sizeof(path));
  if (glob(path, 0, NULL, &found) == 0)
    for (size_t i = 0; i < found.gl_pathc; i++)
      unlink(found.gl_pathv[i]);
  globfree(&found);
}

bool
rig_has(const struct rig *rig, const char *pattern)
{
  char path[256];
  glob_t found;
  bool any;

  path_of(rig, pattern, path, sizeof(path));
  any = glob(path, 0, NULL, &found) == 0;
  globfree(&found);
  return any;
}

/* ---- The pipeline file ---- */

/* Writes an operand that names a target: IDX of Domoticz, or NAME of the exec
 * command. */
static void
put_operand(FILE *f, const struct rig *rig, const char *key, unsigned idx,
            const char *name)
{
  if (rig->plan->command)
    fprintf(f, "%s = hook.%s\n", key, name);
  else
    fprintf(f, "%s = house.%u\n", key, idx);
}

static void
put_chain(FILE *f, const struct rig *rig, unsigned c)
{
  fprintf(f,
          "[input m%u]\nplugin = kmp\ndevice = %s\ntimeout = 400ms\n"
          "[transform usage%u]\nplugin = subtract\nvalue = m%u.%s\n",
          c, rig->device[c], c, c, rig->plan->chain->field);
  put_operand(f, rig, "minus", RIG_BASE(c), "energy");
  for (unsigned i = 0; i < rig->plan->totals; i++) {
    fprintf(f, "[transform total%u%u]\nplugin = add\nvalue = usage%u\n", c, i,
            c);
    put_operand(f, rig, "plus", RIG_TOTAL(c, i), "total");
  }
}

static void
put_targets(FILE *f, const struct rig *rig, unsigned c)
{
  fprintf(f, "idx.%u = m%u.%s\nidx.%u = usage%u\n", RIG_BASE(c), c,
          rig->plan->chain->field, RIG_USAGE(c), c);
  for (unsigned i = 0; i < rig->plan->totals; i++)
    fprintf(f, "idx.%u = total%u%u\n", RIG_TOTAL(c, i), c, i);
}

static void
put_domoticz(FILE *f, const struct rig *rig)
{
  fprintf(f,
          "[output house]\nplugin = domoticz\nurl = "
          "http://127.0.0.1:%u\ntimeout = 3s\n",
          rig->port);
  for (unsigned c = 0; c < rig->plan->meters; c++)
    put_targets(f, rig, c);
}

static void
put_command(FILE *f, const struct rig *rig)
{
  fprintf(f,
          "[output hook]\nplugin = exec\nclass = %s\ncommand = sh take.sh\n"
          "value.energy = m0.%s\nvalue.usage = usage0\nvalue.total = "
          "total00\n",
          rig->plan->command, rig->plan->chain->field);
}

static void
put_csv(FILE *f, const struct rig *rig)
{
  fprintf(f, "[output log]\nplugin = csv\npath = " RIG_CSV "\n");
  for (unsigned c = 0; c < rig->plan->meters; c++)
    fprintf(f,
            "column.energy%u = m%u.%s\n"
            "column.usage%u = usage%u\ncolumn.total%u = total%u0\n",
            c, c, rig->plan->chain->field, c, c, c, c);
}

static void
write_pipeline(struct rig *rig)
{
  char *text = NULL;
  size_t size = 0;
  FILE *f = open_memstream(&text, &size);

  if (!f)
    rig_die("house.ini");
  fprintf(f, "[pipeline]\ndeadline = 8s\n");
  if (rig->queue_max)
    fprintf(f, "queue_max = %u\n", rig->queue_max);
  for (unsigned c = 0; c < rig->plan->meters; c++)
    put_chain(f, rig, c);
  if (rig->plan->command)
    put_command(f, rig);
  else
    put_domoticz(f, rig);
  if (rig->plan->csv)
    put_csv(f, rig);
  fclose(f);
  rig_write(rig, "house.ini", text, size);
  rig_write(rig, "take.sh", command, sizeof(command) - 1);
  free(text);
}

void
rig_lead_by(struct rig *rig, unsigned domoticz, unsigned meter)
{
  rig->port = domoticz ? domoticz : domoticz_server_port(rig->server);
  for (unsigned c = 0; c < rig->plan->meters; c++)
    snprintf(rig->device[c], sizeof(rig->device[c]), "meter%u", c);
  if (meter)
    snprintf(rig->device[0], sizeof(rig->device[0]), "tcp://127.0.0.1:%u",
             meter);
  write_pipeline(rig);
}

/* ---- The house ---- */

static void
plug(struct rig *rig, unsigned i)
{
  char link[256], text[64];

  snprintf(text, sizeof(text), "meter%u", i);
  path_of(rig, text, link, sizeof(link));
  rig->meters[i] = meter_start();
  meter_link(rig->meters[i], link);
  snprintf(text, sizeof(text), "1001=6850000%u", 1 + i);
  meter_set(rig->meters[i], text);
}

void
rig_replug(struct rig *rig)
{
  for (unsigned i = 0; i < rig->plan->meters; i++) {
    meter_stop(rig->meters[i]);
    plug(rig, i);
    rig_set_meter(rig, i);
  }
}

/* Adds a device.  Types with a user-defined unit get the unit of the chain.
 * The others get divider 1000, because water and gas counters would count in
 * hundredths. */
static void
add_device(struct rig *rig, unsigned idx, const char *type)
{
  const char *label = strstr(type, "custom") ? rig->plan->chain->unit : NULL;

  domoticz_server_add(rig->server, idx, type, label);
  if (!label)
    domoticz_server_set_divider(rig->server, idx, 1000);
}

void
rig_add_total(struct rig *rig, unsigned c, unsigned i)
{
  add_device(rig, RIG_TOTAL(c, i), rig->plan->chain->total);
}

static void
add_devices(struct rig *rig, unsigned c)
{
  if (rig->plan->command)
    return;
  add_device(rig, RIG_BASE(c), rig->plan->chain->base);
  add_device(rig, RIG_USAGE(c), rig->plan->chain->usage);
  for (unsigned i = 0; i < rig->plan->totals; i++)
    rig_add_total(rig, c, i);
}

struct rig *
rig_new(enum rig_kind kind)
{
  struct rig *rig = calloc(1, sizeof(*rig));
  const char *tmp = getenv("TMPDIR");

  if (!rig)
    rig_die("memory");
  rig->plan = &rig_plans[kind];
  /* Commands that outlive a killed program become our children. */
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
    rig_die("prctl");
  if (!tmp) /* faster than a disk; no power cut has to be survived */
    tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
  snprintf(rig->dir, sizeof(rig->dir), "%s/meterpipe-XXXXXX", tmp);
  if (!mkdtemp(rig->dir))
    rig_die(rig->dir);
  rig->server = domoticz_server_start(DOMOTICZ_2025_1);
  for (unsigned i = 0; i < rig->plan->meters; i++)
    plug(rig, i);
  rig_lead_by(rig, 0, 0);
  rig_begin(rig);
  return rig;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
  (void)st;
  (void)type;
  (void)ftw;
  return remove(path);
}

void
rig_free(struct rig *rig)
{
  for (unsigned i = 0; i < rig->plan->meters; i++)
    meter_stop(rig->meters[i]);
  domoticz_server_stop(rig->server);
  nftw(rig->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
  for (int i = 0; i < RIG_FILES; i++)
    free(rig->files[i].data);
  free(rig);
}

struct domoticz_server *
rig_server(struct rig *rig)
{
  return rig->server;
}

struct meter *
rig_meter(struct rig *rig, unsigned i)
{
  return rig->meters[i];
}

bool
rig_lost(const struct rig *rig)
{
  return rig->lost > 0;
}

bool
rig_doubled(const struct rig *rig)
{
  return rig->doubled > 0;
}

const char *
rig_tty(struct rig *rig, unsigned i)
{
  return meter_path(rig->meters[i]);
}

/* ---- Moments ---- */

void
rig_set_meter(struct rig *rig, unsigned i)
{
  char text[64], energy[32];

  rig_format(rig->now.reading[i], energy, sizeof(energy));
  snprintf(text, sizeof(text), "%u=%s%s", rig->plan->chain->register_no, energy,
           rig->plan->chain->unit);
  meter_set(rig->meters[i], text);
}

static void
remove_state(struct rig *rig)
{
  rig_remove(rig, "house.db*");
  rig_remove(rig, "house.lock");
  rig_remove(rig, RIG_CSV);
  rig_remove(rig, RIG_STORE);
}

/* Sets the server and the meters to the moment in rig->now, clears their
 * faults, and resets the results of checks. */
static void
take_up(struct rig *rig)
{
  rig_answer(rig, RIG_ANSWERED);
  domoticz_server_forget(rig->server);
  domoticz_server_set_clock(rig->server, rig->now.time);
  for (unsigned c = 0; c < rig->plan->meters; c++) {
    meter_clear_faults(rig->meters[c]);
    rig_set_meter(rig, c);
    if (!rig->plan->command)
      rig->now.writes[c] = domoticz_server_writes(rig->server, RIG_USAGE(c));
  }
  rig->wrong[0] = 0;
  rig->lost = rig->doubled = 0;
  rig->damaged = false;
}

void
rig_begin(struct rig *rig)
{
  rig->now = (struct rig_moment){ .time = FIRST_TIME };
  for (unsigned c = 0; c < rig->plan->meters; c++) {
    rig->now.reading[c] = 84208 + 1000000 * c;
    if (rig->plan->command)
      continue;
    domoticz_server_delete(rig->server, RIG_BASE(c));
    domoticz_server_delete(rig->server, RIG_USAGE(c));
    for (unsigned i = 0; i < rig->plan->totals; i++)
      domoticz_server_delete(rig->server, RIG_TOTAL(c, i));
  }
  domoticz_server_set_clock(rig->server, FIRST_TIME - RIG_INTERVAL);
  for (unsigned c = 0; c < rig->plan->meters; c++)
    add_devices(rig, c);
  remove_state(rig);
  take_up(rig);
}

void
rig_keep(struct rig *rig)
{
  for (int i = 0; i < RIG_FILES; i++) {
    free(rig->files[i].data);
    rig->files[i].data = rig_read(rig, file_names[i], &rig->files[i].len);
  }
  domoticz_server_snapshot(rig->server);
  rig->kept = rig->now;
}

void
rig_back(struct rig *rig)
{
  remove_state(rig);
  for (int i = 0; i < RIG_FILES; i++)
    if (rig->files[i].data)
      rig_write(rig, file_names[i], rig->files[i].data, rig->files[i].len);
  domoticz_server_up(rig->server);
  domoticz_server_restore(rig->server);
  rig->now = rig->kept;
  take_up(rig);
}

/* ---- Answers ---- */

void
rig_answer(struct rig *rig, enum rig_answers answers)
{
  static const char *const lose[] = { NULL, "before\n", "after\n" };

  rig->answers = answers;
  rig_remove(rig, RIG_HIT);
  rig_remove(rig, RIG_LOSE);
  domoticz_server_heal(rig->server);
  if (answers == RIG_ANSWERED)
    return;
  rig_write(rig, RIG_LOSE, lose[answers], strlen(lose[answers]));
  domoticz_server_fault(rig->server,
                        answers == RIG_LOST_BEFORE ? DOMOTICZ_CUT_BEFORE
                                                   : DOMOTICZ_CUT_AFTER,
                        "udevice", 0, 0, 0);
}

bool
rig_lost_answer(struct rig *rig)
{
  return rig->spoiled || rig_has(rig, RIG_HIT);
}

bool
rig_spoiled(const struct rig *rig)
{
  return rig->spoiled;
}

bool
rig_lags(const struct rig *rig)
{
  return rig->plan == &rig_plans[RIG_LATEST];
}

/* ---- The state ---- */

char *
rig_state(struct rig *rig, size_t *ret_len)
{
  return rig_read(rig, "house.db", ret_len);
}

void
rig_put_state(struct rig *rig, const char *data, size_t len)
{
  rig_remove(rig, "house.db*");
  if (data)
    rig_write(rig, "house.db", data, len);
  rig->damaged = true;
}

char *
rig_said(struct rig *rig)
{
  return rig_read(rig, "err", NULL);
}
