/* SPDX-License-Identifier: 0BSD */
/*
 * meterpipe/plugin.h: the whole interface between meterpipe and its plugins.
 *
 * A plugin is a shared object named input_NAME.so, transform_NAME.so or
 * output_NAME.so that exports one function, meterpipe_plugin().  It needs this
 * header and nothing else of meterpipe: every service comes in through the
 * host table that create() is given, so a plugin has no undefined symbol of
 * ours and can be tested with a host of the test's own.
 *
 * The life of an instance (one section of the pipeline file is one instance):
 *
 *     create -> open -> { read | apply | fetch, begin, write, commit }... ->
 *     close -> destroy
 *
 * Rules that hold for everything below:
 *
 *   Threads.    create and destroy run in the main thread, and so does all of
 *               a transform and of an output.  A live input is opened, read
 *               and closed in a thread of its own, at the same time as others;
 *               check, probe and identify run in the main thread, when that
 *               thread is done.  One instance is never called from two threads
 *               at once.  The functions without an instance (field,
 *               list_fields, meterpipe_plugin) may be called at any time.
 *   Ownership.  Strings and structs that are handed over live until the
 *               callback returns, unless it says otherwise.  Nobody frees the
 *               other side's memory.  A create that fails cleans up after
 *               itself, and destroy is not called.
 *   Results.    Functions return an int: 0 and up are outcomes (MP_OK ...),
 *               below 0 reasons (MP_ECONFIG ...).  A reason is explained once,
 *               where the fact is known, with mp_fail(), and travels up.
 *               Parameters named ret_... are untouched on failure.
 *   Manners.    A plugin never exits, aborts, prints to the terminal or
 *               changes signal handlers, the locale or the working directory.
 *               No callback blocks past mp_host.time_left.  What it opens is
 *               marked close-on-exec: other plugins start programs.  SIGPIPE
 *               is ignored by the host.
 *   Growth.     Every struct begins with struct_size.  Fields are only added
 *               at the end; whoever reads a struct of the other side asks
 *               MP_HAS() first for fields younger than ABI 1.0.  Fill structs
 *               of your own with zeros first, then set their struct_size; a
 *               copy of a struct of the other side gets the size of your own:
 *               copy = *value, copy.struct_size = sizeof(copy).  Nobody writes
 *               beyond the struct_size of what he was given.  abi_version
 *               changes only when old plugins could no longer work.
 */
#ifndef METERPIPE_PLUGIN_H
#define METERPIPE_PLUGIN_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The number of this interface: mp_plugin.abi_version. */
#define MP_ABI_VERSION 1

/* Whether the struct at PTR, of TYPE, is long enough to hold MEMBER. */
#define MP_HAS(ptr, type, member)                                              \
  (offsetof(type, member) + sizeof((ptr)->member) <= (ptr)->struct_size)

#if defined(__GNUC__)
#define MP_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define MP_EXPORT __attribute__((visibility("default")))
#else
#define MP_PRINTF(fmt, args)
#define MP_EXPORT
#endif

/* ---- Outcomes and reasons ------------------------------------------------ */

/* Outcomes. */
#define MP_OK 0     /* done */
#define MP_DROP 1   /* apply: there is no result (an operand is missing) */
#define MP_HOLD 2   /* apply: the value is not believed; explain with mp_fail */
#define MP_REBASE 3 /* apply: left out on purpose; the value is the new base */
#define MP_END 4    /* read: there are no more cycles */
#define MP_SKIP 5   /* read: not read this time, on purpose (min_interval) */

/*
 * Reasons, and the exit status that each leads to (sysexits.h).  Inputs and
 * outputs use the same ones; where two statuses stand, the first is an
 * input's.
 */
#define MP_ECONFIG (-1)    /* 78: the configuration must be changed */
#define MP_EPERM (-2)      /* 77: no permission */
#define MP_EINTERNAL (-3)  /* 70: a defect in the plugin */
#define MP_ENOMEM (-4)     /* 70: out of memory */
#define MP_EIO (-5)        /* 74: input/output error: port gone, disk full */
#define MP_ECREATE (-6)    /* 73: a file cannot be created */
#define MP_ENOINPUT (-7)   /* 66: no such input file */
#define MP_ETIMEOUT (-8)   /* 76 or 75: no answer in time */
#define MP_EPROTO (-9)     /* 76 or 75: an answer that makes no sense */
#define MP_EDATA (-10)     /* 65: damaged or implausible data, or left out */
#define MP_ERANGE (-11)    /* 65: a number beyond what can be held exactly */
#define MP_EREFUSED (-12)  /* 69: the other side refuses */
#define MP_EBUSY (-13)     /* 75: in use by somebody else, try later */
#define MP_EAGAIN (-14)    /* 75: cannot be reached now, try later */
#define MP_ECANCELED (-15) /* 75: the run must end (a signal) */

/* ---- Values -------------------------------------------------------------- */

/* mp_value.kind */
#define MP_COUNTER 1 /* only grows, but for an exchange or an overflow */
#define MP_GAUGE 2   /* a measured quantity, up and down */
#define MP_DELTA 3   /* an amount since an earlier reading */
#define MP_TEXT 4    /* mp_value.text; coef and exp10 are 0 */

/*
 * A value is the exact decimal coef * 10^exp10.  The number of decimals is
 * kept: 17.50 is 1750 * 10^-2.  There is no missing value: what is missing is
 * not emitted, not applied and not written.  exp10 lies within -99 and 99.
 */
struct mp_value {
  uint32_t struct_size;
  uint32_t kind;
  int64_t coef;
  int32_t exp10;
  uint32_t reserved;  /* 0 */
  int64_t time_ms;    /* when it was read: ms since 1970-01-01 UTC; 0: now */
  const char *unit;   /* symbol as in kmp/units.csv ("GJ", "m3"); NULL: none */
  const char *serial; /* of the meter; NULL: what mp_sink.serial says */
  const char *text;   /* UTF-8, with kind MP_TEXT; else NULL */
};

/* ---- Options ------------------------------------------------------------- */

/* mp_option.type, and what mp_host.option_int gives for it */
#define MP_TYPE_STRING 1   /* text */
#define MP_TYPE_PATH 2     /* a file */
#define MP_TYPE_INT 3      /* whole number, also as 0x...: the number */
#define MP_TYPE_DECIMAL 4  /* exact decimal: see mp_host.option_decimal */
#define MP_TYPE_DURATION 5 /* 500ms, 2s, 20m, 1h, 1d: milliseconds */
#define MP_TYPE_SIZE 6     /* 64K: bytes */
#define MP_TYPE_BOOL 7     /* yes or no: 1 or 0 */
#define MP_TYPE_CHOICE 8   /* one of mp_option.allowed: its index from 0 */
#define MP_TYPE_SECRET 9   /* text never shown; also read as OPTION_file */
#define MP_TYPE_VALUE 10   /* names a value of the pipeline */
#define MP_TYPE_OPERAND 11 /* names OUTPUT.TARGET: see mp_host.operand */
#define MP_TYPE_FIELDS 12  /* fields of this input, by comma: mp_host.field */

/* mp_option.flags */
#define MP_REQUIRED 0x1u /* must be given */
/* An operand that the reading is measured from; the result is a delta, and
 * the reading becomes what the target shows next (subtract's minus). */
#define MP_BASE 0x2u
/* An operand that the result is added up onto (add's plus). */
#define MP_TOTAL 0x4u

/*
 * One row of an option table; a row with a NULL key ends it.  This is the one
 * struct of which arrays cross the interface: its fields are frozen at ABI 1.
 */
struct mp_option {
  const char *key;     /* name in the pipeline file: [a-z][a-z0-9_]* */
  uint32_t type;       /* MP_TYPE_... */
  uint32_t flags;      /* MP_REQUIRED ... */
  const char *def;     /* default as it would be written; NULL: none */
  const char *allowed; /* "lf|crlf" or "1..65535"; NULL: any of the type */
  const char *help;    /* one line: what it is, its unit */
};

/* mp_operand.flags */
#define MP_OPERAND_MISSING 0x1u     /* there is no last known value */
#define MP_OPERAND_FIRST 0x2u       /* the target was never set */
#define MP_OPERAND_ROUNDED 0x4u     /* known only rounded, to place */
#define MP_OPERAND_OTHER_METER 0x8u /* read from another serial number */

/* The last known value of the target that an operand option names. */
struct mp_operand {
  uint32_t struct_size;
  uint32_t flags;
  const struct mp_value *value; /* NULL with MISSING or FIRST */
  int32_t place; /* with ROUNDED: the true value is within 10^place / 2 */
  uint32_t reserved;
};

/* ---- Services of the host ------------------------------------------------ */

#define MP_LOG_ERROR 0
#define MP_LOG_WARNING 1
#define MP_LOG_NOTICE 2 /* shown unless -q */
#define MP_LOG_INFO 3   /* shown with -v */
#define MP_LOG_DEBUG 4  /* shown with -v -v: frames and requests */

struct mp_target;

/*
 * The host's services for one instance; given to create() and valid until
 * destroy() returns.  "Any thread" means that threads the plugin started may
 * call it too; the others are for the thread that runs the callback.
 */
struct mp_host {
  uint32_t struct_size;
  uint32_t abi_version; /* the host's MP_ABI_VERSION */
  void *ctx;            /* the host's; do not touch */

  /* Name of the instance: NAME of its section. */
  const char *name;

  /* Logs one line "LEVEL: NAME: OBJECT: fact".  OBJECT is what it is about (a
   * device, a URL, a target), or NULL.  Any thread.  Use mp_log(). */
  void (*vlog)(const struct mp_host *host, int level, const char *object,
               const char *fmt, va_list args);

  /* Reports a failure: it is shown (or, repeated from run to run, thinned
   * out) and decides the exit status.  Returns code.  The callback may go on
   * and return MP_OK: then the failure concerns OBJECT only.  Any thread.
   * Use mp_fail(). */
  int (*vfail)(const struct mp_host *host, int code, const char *object,
               const char *fmt, va_list args);

  /* An option as text, defaults and OPTION_file included; NULL when it was
   * not given and has no default.  Valid until destroy. */
  const char *(*option)(const struct mp_host *host, const char *key);

  /* An option as a number (see MP_TYPE_...); 0 when it has no value.  The host
   * has checked type and range before create. */
  int64_t (*option_int)(const struct mp_host *host, const char *key);

  /* An MP_TYPE_DECIMAL option as a gauge without a unit: MP_OK, or MP_DROP
   * when it has no value.  Sets all of *ret_value up to text. */
  int (*option_decimal)(const struct mp_host *host, const char *key,
                        struct mp_value *ret_value);

  /* The last known value that an operand option names; inside apply only.
   * NULL when the option was not given. */
  const struct mp_operand *(*operand)(const struct mp_host *host,
                                      const char *key);

  /* Input: canonical name of the wanted field number INDEX from 0; NULL past
   * the last.  None at all with MP_INPUT_ALL_FIELDS: everything is wanted. */
  const char *(*field)(const struct mp_host *host, uint32_t index);

  /* Output: target number INDEX from 0; NULL past the last.  From open to
   * close.  The struct is valid until close. */
  const struct mp_target *(*target)(const struct mp_host *host,
                                    uint32_t index);

  /* The time, in ms since 1970-01-01 UTC.  Any thread. */
  int64_t (*now)(const struct mp_host *host);

  /* Milliseconds until the cycle must end; never negative.  Any thread. */
  int64_t (*time_left)(const struct mp_host *host);

  /* A descriptor that becomes readable when the cycle must end at once; poll
   * it beside your own.  Do not read from it or close it.  Any thread. */
  int (*cancel_fd)(const struct mp_host *host);

  /* A small persistent store of texts, of this instance alone; what is set is
   * committed with the cycle.  get: NULL when there is none, else valid until
   * the next call of set with this key.  set with NULL removes. */
  const char *(*store_get)(const struct mp_host *host, const char *key);
  int (*store_set)(const struct mp_host *host, const char *key,
                   const char *text);

  /* Exact decimals; pure functions, any thread.  Results keep the decimals
   * of the finer operand, and unit, kind, time and serial of *value. */

  /* Reads "-12.50" (no exponent, no sign +): coef and exp10 of *ret_value.
   * MP_EDATA: not a decimal; MP_ERANGE: too long. */
  int (*decimal_parse)(const char *text, struct mp_value *ret_value);
  /* Writes the number plainly ("0.0005", "12300000"), never an exponent.
   * Returns its length as snprintf would. */
  int (*decimal_format)(const struct mp_value *value, char *buf, size_t size);
  /* *value += or -= other.  MP_ERANGE: does not fit. */
  int (*decimal_add)(struct mp_value *value, const struct mp_value *other);
  int (*decimal_sub)(struct mp_value *value, const struct mp_value *other);
  /* -1, 0 or 1; exact for any two numbers. */
  int (*decimal_compare)(const struct mp_value *a, const struct mp_value *b);
  /* Rounds half to even to 10^place.  Returns MP_OK, or MP_DROP when that
   * changed nothing (then the number keeps its decimals). */
  int (*decimal_round)(struct mp_value *value, int32_t place);
  /* Whether the number shown as SHOWN, its last place 10^place, can be
   * *value: 1 or 0.  Ties count either way; one part in 10^12 is allowed. */
  int (*decimal_shows)(const struct mp_value *shown, int32_t place,
                       const struct mp_value *value);
  /* Converts *value to UNIT, a string that outlives *value.  MP_OK exact;
   * MP_DROP: rounded half to even at 10^place, because no exact conversion
   * exists (only when PLACE is not MP_EXACT); MP_ECONFIG: no exact conversion
   * exists, or the units have nothing to do with each other; MP_ERANGE. */
  int (*unit_convert)(struct mp_value *value, const char *unit, int32_t place);
};

/* For a place: the number is not rounded at all. */
#define MP_EXACT INT32_MIN

/* Reports a failure and returns CODE: return mp_fail(host, MP_EIO, ...). */
MP_PRINTF(4, 5)
static inline int
mp_fail(const struct mp_host *host, int code, const char *object,
        const char *fmt, ...)
{
  va_list args;

  va_start(args, fmt);
  code = host->vfail(host, code, object, fmt, args);
  va_end(args);
  return code;
}

/* Logs a line; LEVEL is MP_LOG_... */
MP_PRINTF(4, 5)
static inline void
mp_log(const struct mp_host *host, int level, const char *object,
       const char *fmt, ...)
{
  va_list args;

  va_start(args, fmt);
  host->vlog(host, level, object, fmt, args);
  va_end(args);
}

/* ---- Inputs -------------------------------------------------------------- */

/* What a field name means. */
struct mp_field {
  uint32_t struct_size;
  uint32_t kind;      /* MP_COUNTER ... */
  const char *name;   /* canonical: [a-z0-9_.-]+ */
  const char *number; /* other spelling, such as "60"; NULL: none */
  const char *label;  /* for people: "Heat energy E1"; NULL: none */
  const char *unit;   /* the usual one; a reading brings its own; NULL */
};

struct mp_field_sink {
  uint32_t struct_size;
  uint32_t reserved;
  void *ctx;
  void (*field)(const struct mp_field_sink *sink, const struct mp_field *field);
};

/* mp_sink.serial: how the serial number is known */
#define MP_SERIAL_READ 0     /* the meter said so in this cycle */
#define MP_SERIAL_ASSUMED 1  /* remembered from an earlier one */

/* Takes what an input reads; all from the thread that runs the callback. */
struct mp_sink {
  uint32_t struct_size;
  uint32_t reserved;
  void *ctx;
  /* A field was read.  FIELD is a canonical name.  Emitted twice in a cycle,
   * the last counts.  Returns MP_OK, MP_DROP when nobody wants it, or a reason
   * for which the value was refused (already reported). */
  int (*emit)(const struct mp_sink *sink, const char *field,
              const struct mp_value *value);
  /* The serial number of the meter that all values of this cycle without one
   * of their own were read from, before or after them. */
  int (*serial)(const struct mp_sink *sink, const char *serial, uint32_t how);
};

/* One thing that a probe found: the meter's type, a register. */
struct mp_probe_item {
  uint32_t struct_size;
  uint32_t reserved;
  const char *field;  /* canonical field name; NULL: a fact, not a field */
  const char *number; /* "60"; NULL */
  const char *label;  /* "Heat energy E1", "meter type" */
  const struct mp_value *value;
  const char *remark; /* "sensor open?", info code in words; NULL */
};

/* One attempt of a probe that watches. */
struct mp_probe_attempt {
  uint32_t struct_size;
  uint32_t answered;     /* 1: a good answer */
  uint32_t crc_errors;   /* in this attempt */
  uint32_t noise_bytes;  /* bytes that belong to no frame */
  int64_t round_trip_ms; /* of a good answer */
  const char *what;      /* in words: "only an echo" */
};

struct mp_probe_sink {
  uint32_t struct_size;
  uint32_t reserved;
  void *ctx;
  void (*item)(const struct mp_probe_sink *sink,
               const struct mp_probe_item *item);
  void (*progress)(const struct mp_probe_sink *sink, uint32_t done,
                   uint32_t total);
  void (*attempt)(const struct mp_probe_sink *sink,
                  const struct mp_probe_attempt *attempt);
};

/* mp_input_ops.flags */
/* Reads a recording: read is called until MP_END, each time for a cycle. */
#define MP_INPUT_RECORDING 0x1u
/* Without the option `fields`, everything is wanted that comes. */
#define MP_INPUT_ALL_FIELDS 0x2u

/* mp_input_ops.probe flags */
#define MP_PROBE_WATCH 0x1u /* repeat one attempt until cancelled */

struct mp_input_ops {
  uint32_t struct_size;
  uint32_t flags;

  /* What NAME means, in either spelling: calls sink once and returns MP_OK;
   * MP_ECONFIG: there is no such field.  No instance, no I/O, any time. */
  int (*field)(const char *name, const struct mp_field_sink *sink);
  /* Every known field, in order.  NULL: they cannot be listed. */
  int (*list_fields)(const struct mp_field_sink *sink);
  /* Fields read where an output takes every value and none are named
   * ("heat_energy_e1,flow"); NULL: none. */
  const char *default_fields;
  /* Name of the input plugin that reads this one's recordings by its option
   * `path`, for run --replay; NULL: there is none. */
  const char *replay_plugin;

  /* Opens and locks; may wait for another user up to time_left.  Runs in the
   * thread that reads.  NULL: nothing to open. */
  int (*open)(void *self);
  /* Closes; called once for each open that succeeded: of a live input right
   * after read, in the same thread; of a recording when the run ends. */
  void (*close)(void *self);
  /* Reads one cycle: MP_OK (fields that did not come are missing), MP_END,
   * MP_SKIP, or a reason: then nothing that was emitted counts. */
  int (*read)(void *self, const struct mp_sink *sink);
  /* Asks the meter for its serial number, now, and calls sink->serial: the
   * host wants it because a value is below its base.  After read and close;
   * opens and closes by itself.  NULL: cannot be asked for. */
  int (*identify)(void *self, const struct mp_sink *sink);
  /* Finds out whether open would succeed and what stands in the way; reports
   * each finding with mp_fail or mp_log.  Instead of open.  NULL: nothing. */
  int (*check)(void *self);
  /* Identifies what is there and reads all that it knows.  Opens and closes by
   * itself, instead of open.  NULL: not offered. */
  int (*probe)(void *self, uint32_t flags, const struct mp_probe_sink *sink);
};

/* ---- Transforms ---------------------------------------------------------- */

struct mp_transform_ops {
  uint32_t struct_size;
  uint32_t flags; /* 0 */
  /* Edits the value in place: coef, exp10, kind, unit, text.  A new unit or
   * text must live until the next apply or destroy.  MP_OK, MP_DROP, MP_HOLD,
   * MP_REBASE, or a reason (explained with mp_fail; the result is missing).
   * The option `value`, of MP_TYPE_VALUE, names what comes in. */
  int (*apply)(void *self, struct mp_value *value);
};

/* ---- Outputs ------------------------------------------------------------- */

/* mp_output_ops.delivery */
#define MP_LIVE 1    /* written now or not at all; nothing waits for it */
#define MP_LATEST 2  /* a target holds one value; only the newest matters */
#define MP_APPEND 3  /* one row a cycle, each once, in order */
#define MP_HISTORY 4 /* every value with its time; twice is harmless */

/* mp_target.flags */
#define MP_TARGET_BASE 0x1u  /* is what a transform measures from */
#define MP_TARGET_TOTAL 0x2u /* is what a transform adds up onto */
#define MP_TARGET_DELTA 0x4u /* is fed by a delta */
#define MP_TARGET_READ 0x8u  /* only read here, never written */

/* A place in the output that holds one value: PREFIX.NAME = VALUE. */
struct mp_target {
  uint32_t struct_size;
  uint32_t flags;
  const char *name;   /* "323", "energy" */
  const char *part;   /* of PREFIX.NAME.PART: "power"; NULL: the value itself */
  const char *source; /* name of the value that feeds it; NULL when READ */
};

/* mp_shown.answer */
#define MP_SHOWN_VALUE 1  /* shows value */
#define MP_SHOWN_EMPTY 2  /* exists, never set; value: a zero that tells the
                             unit, or NULL */
#define MP_SHOWN_ABSENT 3 /* not listed: no such target, hidden, no right */
#define MP_SHOWN_UNFIT 4  /* exists, but cannot take values (explained) */

/* What a target shows now.  A target that is not answered for was not
 * reached. */
struct mp_shown {
  uint32_t struct_size;
  uint32_t target; /* number, as in mp_host.target */
  uint32_t answer;
  int32_t place; /* of the last place shown, 10^place; or MP_EXACT */
  const struct mp_value *value; /* in the target's own unit; offset taken off;
                                   unit NULL: takes any */
  const char *updated; /* time of its last update, compared as a text; NULL */
  /* Smallest step that the target can hold, coef * 10^exp10; a value sent is
   * a whole number of it, rounded half to even.  coef 0: any. */
  int64_t step_coef;
  int32_t step_exp10;
  /* It must not be sent to for so long, so that its time of last update can
   * tell two values apart. */
  uint32_t wait_ms;
};

struct mp_shown_sink {
  uint32_t struct_size;
  uint32_t reserved;
  void *ctx;
  int (*shown)(const struct mp_shown_sink *sink, const struct mp_shown *shown);
};

/* One cycle that is written. */
struct mp_record {
  uint32_t struct_size;
  uint32_t reserved;
  int64_t time_ms; /* end of the reading, the earliest of several inputs */
  const char *id;  /* the same at every delivery of this cycle, and never of
                      another one, even where the state was lost */
};

/* What became of a value. */
#define MP_ACCEPTED 1     /* the other side has it and said so */
#define MP_NOT_SENT 2     /* it certainly did not leave */
#define MP_PERHAPS 3      /* it left, and no answer came */
#define MP_RETRY 4        /* answered: not now (explained) */
#define MP_REJECTED 5     /* answered: never (explained) */

#define MP_ALL_TARGETS UINT32_MAX

struct mp_result_sink {
  uint32_t struct_size;
  uint32_t reserved;
  void *ctx;
  /* RECORD counts the begin calls since the last commit, from 0; TARGET is a
   * number as in mp_host.target, or MP_ALL_TARGETS. */
  void (*result)(const struct mp_result_sink *sink, uint32_t record,
                 uint32_t target, uint32_t result);
};

/* One target that an output could serve (meterpipe targets). */
struct mp_listed {
  uint32_t struct_size;
  uint32_t reserved;
  const char *name;    /* "323" */
  const char *label;   /* "Heat energy" */
  const char *type;    /* "Custom Sensor" */
  const char *value;   /* as shown */
  const char *unit;    /* "GJ"; NULL */
  const char *updated; /* NULL */
};

struct mp_list_sink {
  uint32_t struct_size;
  uint32_t reserved;
  void *ctx;
  void (*listed)(const struct mp_list_sink *sink,
                 const struct mp_listed *listed);
};

/* mp_output_ops.flags */
/* Without targets it takes every value of the pipeline, and the targets are
 * named after the values; more may come from cycle to cycle. */
#define MP_OUTPUT_TAKES_ALL 0x1u

/* mp_output_ops.create_target flags */
#define MP_CREATE_PLAN 0x1u /* only say (mp_log, NOTICE) what would be done */

struct mp_output_ops {
  uint32_t struct_size;
  uint32_t flags;
  uint32_t delivery;  /* MP_LIVE ...; see delivery_option */
  uint32_t reserved;
  const char *target_prefix; /* "idx" of idx.323 = VALUE */
  const char *target_parts;  /* "power" of idx.323.power; by blanks; or NULL */

  /* Learns its targets with mp_host.target.  No request is made yet: an
   * output may be away.  NULL: nothing to do. */
  int (*open)(void *self);
  /* Called once for each open that succeeded. */
  void (*close)(void *self);
  /* Asks for what all targets show (an append output: the last complete row
   * that has one), in as few requests as can be, and answers each that was
   * reached.  MP_OK; MP_SKIP: this instance cannot be asked, by the way it is
   * configured; or the reason why no target was reached.  NULL: no instance
   * can be asked. */
  int (*fetch)(void *self, const struct mp_shown_sink *sink);
  /* A record begins.  Append, history and live outputs may get several before
   * a commit; a latest output one.  NULL is allowed. */
  int (*begin)(void *self, const struct mp_record *record);
  /* A value of that record.  Not a step of I/O: keep what you need of it.
   * Targets without a value are missing in this record.  A value is already
   * in the unit that the target showed, and a whole number of its step. */
  int (*write)(void *self, uint32_t target, const struct mp_value *value);
  /* Sends what was written since the last commit, and gives a result for each
   * target written (append, live: for each record, MP_ALL_TARGETS will do).
   * Where none is given, MP_PERHAPS is assumed.  The return value is MP_OK
   * when the output may be used further in this run, whatever the results. */
  int (*commit)(void *self, const struct mp_result_sink *sink);

  /* Append only, both required.  token: a text that tells where the next row
   * will stand, kept before it is written; size is at least 256. */
  int (*token)(void *self, char *ret_token, size_t size);
  /* Called after begin and write in place of commit, when a run before this
   * one ended between token and its answer: finds out what became of these
   * records, removes what stands of a part of one, and gives a result for each:
   * MP_ACCEPTED or MP_NOT_SENT. */
  int (*recover)(void *self, const char *token,
                 const struct mp_result_sink *sink);

  /* All that could be a target.  NULL: not offered. */
  int (*list)(void *self, const struct mp_list_sink *sink);
  /* Makes a target of TYPE called LABEL and lists it.  NULL: not offered. */
  int (*create_target)(void *self, const char *label, const char *type,
                       uint32_t flags, const struct mp_list_sink *sink);
  /* After open and fetch: what is wrong, or could be better, with the targets;
   * each finding with mp_fail or mp_log.  NULL: nothing to add. */
  int (*check)(void *self);

  /* An output whose class is the user's choice: key of an MP_TYPE_CHOICE
   * option whose `allowed` is some of "live|latest|append|history", and which
   * is required or has a default.  An instance has the class that its option
   * says; `delivery` is then the one to show where there is no instance.
   * NULL: every instance has the class `delivery`. */
  const char *delivery_option;
};

/* ---- The plugin ---------------------------------------------------------- */

struct mp_plugin {
  uint32_t struct_size;
  uint32_t abi_version;
  const char *name;    /* "csv" of output_csv.so */
  const char *version; /* the plugin's own */
  const char *summary; /* one line */
  const struct mp_option *options; /* ends with a NULL key; NULL: none */
  /* Makes an instance.  No I/O: options are checked without a meter or a
   * server.  The host is valid until destroy. */
  int (*create)(const struct mp_host *host, void **ret_self);
  void (*destroy)(void *self);
  /* Exactly one of these. */
  const struct mp_input_ops *input;
  const struct mp_transform_ops *transform;
  const struct mp_output_ops *output;
};

/* The one symbol a plugin exports.  Only returns a pointer to a constant:
 * listing plugins calls it. */
MP_EXPORT const struct mp_plugin *meterpipe_plugin(void);

#ifdef __cplusplus
}
#endif

#endif /* METERPIPE_PLUGIN_H */
