/* SPDX-License-Identifier: 0BSD */
/*
 * meterpipe/plugin.h: the whole interface between meterpipe and its plugins.
 *
 * A plugin is a shared object named input_NAME.so, transform_NAME.so or
 * output_NAME.so that exports one function, meterpipe_plugin().  It needs only
 * this header.  Every service of the host comes through the table that create()
 * receives, so a plugin has no undefined symbol of meterpipe's, and can be
 * tested with a fake host.
 *
 * An instance is one section of the pipeline file.  It lives as long as the
 * process, across all cycles of `run --every`:
 *
 *     an input      create, { open, read, close }..., destroy
 *     a transform   create, { apply }..., destroy
 *     an output     create, open, { fetch, { begin, write..., commit }... }...,
 *                   close, destroy
 *
 * The host opens an instance before its first use and closes it after its last
 * one, or when it fails; it may open it again later.  A recording stays open
 * until it has ended, and an output until the process ends.  Between two cycles
 * the host calls nothing, perhaps for a day.  So a connection of an output may
 * be gone when the next cycle begins: fetch, or begin where there is no fetch,
 * finds out and connects again.
 *
 * Rules that hold for everything below:
 *
 *   Threads.    create and destroy run in the main thread, and so do all
 *               callbacks of transforms and outputs.  A live input is opened,
 *               read and closed in a thread of its own, at the same time as
 *               other inputs; its check, probe and identify run in the main
 *               thread, after that thread has finished.  One instance is never
 *               called from two threads at once.  The functions without an
 *               instance (field, list_fields, meterpipe_plugin) may be called
 *               at any time.
 *   Ownership.  Strings and structs that are passed live until the callback
 *               returns, unless stated otherwise.  Neither side frees the
 *               other's memory.  A create that fails cleans up after itself,
 *               and destroy is not called.
 *   Results.    Functions return an int: 0 and up are outcomes (MP_OK ...),
 *               below 0 reasons (MP_ECONFIG ...).  The function that detects a
 *               failure explains it once, with mp_fail(); its callers only
 *               return the reason.  MP_ECANCELED needs no explanation.  A
 *               function that fails does not change its parameters named
 *               ret_....
 *   Manners.    A plugin never exits, aborts, ends a thread of the host,
 *               prints to the terminal or changes signal handlers, the locale
 *               or the working directory.  The host never unloads its code.
 *               No callback blocks longer than mp_host.time_left.  Open every
 *               descriptor with close-on-exec: other plugins start programs.
 *               The host ignores SIGPIPE.
 *   Growth.     Every struct but mp_decimal and mp_option begins with
 *               struct_size.  Members are only added at the end.  Before
 *               reading a member that was added after the first release with
 *               this MP_ABI_VERSION, in a struct of the other side, check
 *               MP_HAS().  Fill your own structs with zeros first, then set
 *               their struct_size.  A struct of the other side may be shorter
 *               or longer than yours: never copy it as a whole (*a = *b), and
 *               never write beyond its struct_size.  Copy values with
 *               mp_value_copy().  MP_ABI_VERSION changes only when old plugins
 *               can no longer work.
 */
#ifndef METERPIPE_PLUGIN_H
#define METERPIPE_PLUGIN_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this interface: mp_plugin.abi_version.  A host loads only
 * plugins of its own version. */
#define MP_ABI_VERSION 2

/* True if the struct at PTR, of type TYPE, is long enough to hold MEMBER. */
#define MP_HAS(ptr, type, member)                                              \
  (offsetof(type, member) + sizeof((ptr)->member) <= (ptr)->struct_size)

#define MP_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define MP_EXPORT __attribute__((visibility("default")))

/* ---- Outcomes and reasons ------------------------------------------------ */

/* Outcomes. */
#define MP_OK 0     /* done */
#define MP_DROP 1   /* apply: there is no result (an operand is missing) */
#define MP_HOLD 2   /* apply: the value is not believed; explain with mp_fail */
#define MP_REBASE 3 /* apply: left out on purpose: this is the new base */
#define MP_END 4    /* read: there are no more cycles */
#define MP_SKIP 5   /* read: not read this time, on purpose (min_interval) */

/*
 * Reasons, and the exit status of each (sysexits.h).  Inputs and outputs use
 * the same reasons; of two statuses, the first is for inputs.
 */
#define MP_ECONFIG (-1)    /* 78: the configuration must be changed */
#define MP_EPERM (-2)      /* 77: no permission */
#define MP_EINTERNAL (-3)  /* 70: a defect in the plugin */
#define MP_ENOMEM (-4)     /* 71: out of memory */
#define MP_EIO (-5)        /* 74: input/output error: port gone, disk full */
#define MP_ECREATE (-6)    /* 73: a file cannot be created */
#define MP_ENOINPUT (-7)   /* 66: no such input file */
#define MP_ETIMEOUT (-8)   /* 76 or 75: no answer in time */
#define MP_EPROTO (-9)     /* 76 or 75: an answer that makes no sense */
#define MP_EDATA (-10)     /* 65: damaged, implausible or left-out data */
#define MP_ERANGE (-11)    /* 65: the number cannot be held exactly */
#define MP_EREFUSED (-12)  /* 69: the other side refuses */
#define MP_EBUSY (-13)     /* 75: in use by another program, try later */
#define MP_EAGAIN (-14)    /* 75: cannot be reached now, try later */
#define MP_ECANCELED (-15) /* 75: the run must end (a signal) */

/* ---- Values -------------------------------------------------------------- */

/*
 * The exact decimal coef * 10^exp10.  The number of decimals is kept: 17.50 is
 * 1750 * 10^-2.  It is passed by value, and its members are frozen.
 */
struct mp_decimal {
  int64_t coef;
  int32_t exp10;
};

/* mp_value.kind */
#define MP_COUNTER 1 /* only grows, except at an exchange or an overflow */
#define MP_GAUGE 2   /* a measured quantity, up and down */
#define MP_DELTA 3   /* an amount since an earlier reading */
#define MP_TEXT 4    /* mp_value.text; the number is 0 */

/*
 * A value: a number or a text, with its unit, its time and its meter.  There is
 * no special "missing" value: a missing value is not emitted, not applied and
 * not written.
 *
 * number.exp10 is from -63 to 63, and time_ms is within the years 1970 to 9999.
 * unit, serial and text are UTF-8 without control characters.  unit and serial
 * contain no '|' and are shorter than 200 bytes; unit has no blank at either
 * end.  A value that breaks these rules fails with MP_EINTERNAL.
 */
struct mp_value {
  uint32_t struct_size;
  uint32_t kind;
  struct mp_decimal number;
  int64_t time_ms;    /* when it was read: ms since 1970-01-01 UTC; 0: now */
  const char *unit;   /* as in meterpipe-units(7): "GJ", "m3"; NULL: none */
  const char *serial; /* of the meter; NULL: the one given to mp_sink.serial */
  const char *text;   /* with kind MP_TEXT; else NULL */
};

/* Copies *src, which may be of the other side, to *dst, which is the caller's
 * own.  Members that *src does not have become 0.  Does not copy the texts. */
static inline void
mp_value_copy(struct mp_value *dst, const struct mp_value *src)
{
  size_t size = src->struct_size;

  if (size > sizeof(*dst))
    size = sizeof(*dst);
  memset(dst, 0, sizeof(*dst));
  memcpy(dst, src, size);
  dst->struct_size = (uint32_t)sizeof(*dst);
}

/* ---- Options ------------------------------------------------------------- */

/* mp_option.type, and the result of mp_host.option_int for it */
#define MP_TYPE_STRING 1   /* text */
#define MP_TYPE_PATH 2     /* a file */
#define MP_TYPE_INT 3      /* whole number, also as 0x...: the number */
#define MP_TYPE_DECIMAL 4  /* exact decimal: see mp_host.option_decimal */
#define MP_TYPE_DURATION 5 /* 500ms, 2s, 20m, 1h, 1d: milliseconds */
#define MP_TYPE_BOOL 6     /* yes or no: 1 or 0 */
#define MP_TYPE_CHOICE 7   /* one of mp_option.allowed: its index from 0 */
#define MP_TYPE_SECRET 8   /* text, never printed; OPTION_file names a file */
#define MP_TYPE_VALUE 9    /* names a value of the pipeline */
#define MP_TYPE_OPERAND 10 /* names OUTPUT.TARGET: see mp_host.operand */
#define MP_TYPE_FIELDS 11  /* fields, comma-separated: see mp_host.field */

/* mp_option.flags */
#define MP_REQUIRED 0x1u /* must be given */
/* The option names a base: the transform measures the reading from that target.
 * The result is a delta, and the reading becomes the next displayed value of
 * the target (subtract's minus). */
#define MP_BASE 0x2u
/* The option names a running total: the result is that total plus the
 * value (add's plus). */
#define MP_TOTAL 0x4u
/* For a transform with an MP_BASE operand.  The host compares each reading of
 * a counter with earlier ones, and holds a reading that rises too fast until
 * the next one confirms it.  An MP_TYPE_BOOL option with this flag switches
 * this check on (subtract's plausible).  An MP_TYPE_DECIMAL option with it is
 * the greatest rise of `value` in an hour, in its unit (subtract's max_rate);
 * if it has no value, the limit in mp_field applies. */
#define MP_PLAUSIBLE 0x8u
/* The option is given any number of times, each time as KEY.NAME = TEXT: see
 * mp_host.option_named.  It is of type MP_TYPE_STRING or MP_TYPE_SECRET,
 * neither required nor with a default. */
#define MP_NAMED 0x10u

/*
 * One row of an option table; a row with a NULL key ends the table.
 * This is the only struct of which arrays cross the interface: its members are
 * frozen.
 */
struct mp_option {
  const char *key;     /* name in the pipeline file: [a-z][a-z0-9_]* */
  uint32_t type;       /* MP_TYPE_... */
  uint32_t flags;      /* MP_REQUIRED ... */
  const char *def;     /* default, as in the pipeline file; NULL: none */
  const char *allowed; /* "lf|crlf" or "1..65535"; NULL: any of the type */
  const char *help;    /* one line: meaning and unit */
};

/* The last known value of the target that an operand option names. */
struct mp_operand {
  uint32_t struct_size;
  int32_t place; /* the true value is within 10^place / 2 of `value`; MP_EXACT:
                    it is `value` */
  const struct mp_value *value; /* NULL: the target was never set */
};

/* ---- Services of the host ------------------------------------------------ */

#define MP_LOG_ERROR 0
#define MP_LOG_WARNING 1
#define MP_LOG_NOTICE 2 /* shown unless -q */
#define MP_LOG_INFO 3   /* shown with -v */
#define MP_LOG_DEBUG 4  /* shown with -v -v: frames and requests */

/* Facts about a meter.  NULL: not known. */
struct mp_meter {
  uint32_t struct_size;
  const char *serial;       /* serial number */
  const char *manufacturer; /* "Kamstrup" */
  const char *model;        /* "MULTICAL 403" */
  const char *software;     /* version of its software */
  /* Only from the host: the name of the input, NAME of its section.  With
   * mp_host.pipeline it names the place of the meter, and survives an exchange
   * of the meter. */
  const char *section;
};

/* mp_target.flags */
#define MP_TARGET_BASE 0x1u  /* a transform measures from it: a base */
#define MP_TARGET_TOTAL 0x2u /* a transform adds to it: a running total */
#define MP_TARGET_READ 0x4u  /* only read, never written */

/*
 * A place in the output that holds one value: PREFIX.NAME = VALUE.  The names,
 * with their parts, are unique in an instance.
 *
 * kind, label, number and unit describe the field that feeds the target.  A
 * transform's result has a kind of its own, and the other members of its input
 * if it has a single one.  A kind that is not known (0) can become known with
 * the first value that is written.  unit is a hint: each value has its own.
 */
struct mp_target {
  uint32_t struct_size;
  uint32_t flags;
  const char *name;   /* "323", "energy" */
  const char *part;   /* of PREFIX.NAME.PART: "power"; NULL: the value itself */
  const char *source; /* name of the value written to it; NULL with READ */
  uint32_t kind;      /* MP_COUNTER ...; 0: not known */
  const char *label;  /* mp_field.label: "Heat energy E1"; NULL */
  const char *number; /* mp_field.number: the register, "60"; NULL */
  const char *unit;   /* mp_field.unit: the usual unit, "GJ"; NULL */
};

/*
 * The host's services for one instance; passed to create() and valid until
 * destroy() returns.  "Any thread": threads that the plugin started may call
 * it, too.  The other services are only for the thread that runs the
 * callback.
 */
struct mp_host {
  uint32_t struct_size;
  void *ctx; /* private to the host */

  const char *name;     /* of the instance: NAME of its section */
  const char *pipeline; /* name of the pipeline: that of its file, without the
                           folder and ".ini" */
  const char *version;  /* of the host: "1.4.0" */

  /* Logs one line "LEVEL: NAME: OBJECT: fact".  OBJECT is the subject (a
   * device, a URL, a target), or NULL.  Any thread.  Use mp_log(). */
  void (*vlog)(const struct mp_host *host, int level, const char *object,
               const char *fmt, va_list args);

  /* Returns 1 if lines of LEVEL are shown, else 0: then the plugin need not
   * make them.  Any thread. */
  int (*log_enabled)(const struct mp_host *host, int level);

  /* Reports a failure.  The host prints it (less often if it repeats from run
   * to run) and derives the exit status from it.  Returns code.  The callback
   * may continue and return MP_OK: then the failure concerns OBJECT only.  Any
   * thread.  Use mp_fail(). */
  int (*vfail)(const struct mp_host *host, int code, const char *object,
               const char *fmt, va_list args);

  /* Returns an option as text, from its default or OPTION_file if need be;
   * NULL: not given, and no default.  Valid until destroy. */
  const char *(*option)(const struct mp_host *host, const char *key);

  /* Returns an option as a number (see MP_TYPE_...); 0: it has no value.  The
   * host has checked type and range before create. */
  int64_t (*option_int)(const struct mp_host *host, const char *key);

  /* Reads an MP_TYPE_DECIMAL option.  MP_OK; MP_DROP: it has no value. */
  int (*option_decimal)(const struct mp_host *host, const char *key,
                        struct mp_decimal *ret_number);

  /* Returns the text of an option KEY.NAME, and its NAME: the one with the
   * number INDEX, from 0, in the order of the section.  KEY is an option with
   * MP_NAMED.  NULL: past the last.  Valid until destroy. */
  const char *(*option_named)(const struct mp_host *host, const char *key,
                              uint32_t index, const char **ret_name);
  /* Returns the last known value of the target that an operand option names;
   * only inside apply.  NULL: the option was not given, or the operand is
   * missing: the target could not be asked and has no last known value. */
  const struct mp_operand *(*operand)(const struct mp_host *host,
                                      const char *key);

  /* Input: returns the canonical name of wanted field INDEX, from 0; NULL
   * past the last.  If an input whose default_fields is "*" gets no name at
   * all, every field is wanted. */
  const char *(*field)(const struct mp_host *host, uint32_t index);

  /* The next services are for outputs, between open and close.  INDEX is the
   * number of a target, from 0. */

  /* Returns target INDEX; NULL past the last.  The struct is valid until
   * close. */
  const struct mp_target *(*target)(const struct mp_host *host, uint32_t index);

  /* Like option and option_int, for an option of one target: a row of
   * mp_output_ops.target_options. */
  const char *(*target_option)(const struct mp_host *host, uint32_t index,
                               const char *key);
  int64_t (*target_option_int)(const struct mp_host *host, uint32_t index,
                               const char *key);

  /* Fills in the known facts about the meter that the values of target INDEX
   * come from; the caller sets struct_size first.  The serial number is that of
   * the last known value, so it is not known before the first one.  The texts
   * are valid until the callback returns.  MP_OK; MP_DROP: the values come
   * from no meter, or from several. */
  int (*target_meter)(const struct mp_host *host, uint32_t index,
                      struct mp_meter *ret_meter);

  /* Returns the last known value of target INDEX, valid until the callback
   * returns; NULL: there is none. */
  const struct mp_value *(*target_last)(const struct mp_host *host,
                                        uint32_t index);

  /* Returns the time, in ms since 1970-01-01 UTC.  Any thread. */
  int64_t (*now)(const struct mp_host *host);

  /* Returns the ms until the cycle must end; never negative.  Any thread. */
  int64_t (*time_left)(const struct mp_host *host);

  /* Returns a descriptor that becomes readable when the cycle must end at once.
   * Poll it beside your own; do not read from it or close it.  Any thread. */
  int (*cancel_fd)(const struct mp_host *host);

  /* A small persistent store of texts, private to this instance.  The host
   * commits its state before it sends values, and again with their results.  So
   * a text that an output sets in open or fetch is on disk before its values
   * are sent; one that it sets in begin, write or commit is committed together
   * with the results, and is lost with them if the process is killed before.
   *
   * store_get returns NULL if there is no entry; else the text is valid until
   * the next store_set with this key.  store_set with NULL removes the entry.
   * A key is a line of less than 1024 bytes.  A text is UTF-8 of at most
   * 64 KiB; tabs and line feeds are allowed.  Anything else fails with
   * MP_EINTERNAL, a longer text with MP_ERANGE. */
  const char *(*store_get)(const struct mp_host *host, const char *key);
  int (*store_set)(const struct mp_host *host, const char *key,
                   const char *text);

  /* Exact decimals and units; pure functions, any thread.  A sum or difference
   * has the decimals of the finer operand.  MP_ERANGE: the exact result does
   * not fit. */

  /* Reads "-12.50" (no exponent, no plus sign).  MP_EDATA: not a decimal;
   * MP_ERANGE. */
  int (*decimal_parse)(const char *text, struct mp_decimal *ret_number);
  /* Writes a number plainly ("0.0005", "12300000"), never with an exponent.
   * Returns its length as snprintf would; 128 bytes always suffice. */
  int (*decimal_format)(struct mp_decimal number, char *buf, size_t size);
  /* *ret_result = a + b, or a - b. */
  int (*decimal_add)(struct mp_decimal a, struct mp_decimal b,
                     struct mp_decimal *ret_result);
  int (*decimal_sub)(struct mp_decimal a, struct mp_decimal b,
                     struct mp_decimal *ret_result);
  /* -1, 0 or 1; exact for any two numbers. */
  int (*decimal_compare)(struct mp_decimal a, struct mp_decimal b);
  /* Converts a number from one unit to another; NULL: no unit.  MP_OK: exact;
   * MP_DROP: rounded half to even at 10^place, because no exact conversion
   * exists (only if PLACE is not MP_EXACT); MP_ECONFIG: no exact conversion
   * exists, or the units measure different quantities; MP_ERANGE. */
  int (*unit_convert)(struct mp_decimal *number, const char *from,
                      const char *to, int32_t place);
  /* Returns the quantity of UNIT, in any spelling of meterpipe-units(7):
   * "energy", "volume", "temperature difference"; NULL: the unit is not there,
   * or is a form of text. */
  const char *(*unit_quantity)(const char *unit);

  /* Path of the directory with the state; NULL: the state is in memory.  The
   * directory may not exist yet.  A user who can write to it counts as one who
   * runs this pipeline.  Valid until destroy. */
  const char *state_dir;
};

/* As a place: the number is not rounded at all. */
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

/* Description of a field. */
struct mp_field {
  uint32_t struct_size;
  uint32_t kind;      /* MP_COUNTER ...: the host refuses a reading of another
                         kind; 0: not known beforehand */
  const char *name;   /* canonical: [a-z0-9_.-]+, less than 128 bytes */
  const char *number; /* other spelling, such as "60"; NULL: none */
  const char *label;  /* for people: "Heat energy E1"; NULL: none */
  const char *unit;   /* usual unit; each reading has its own; NULL: none */
  /* Counters only: the greatest rise in an hour that any meter can have, in
   * max_rate_unit; coef 0: not known. */
  struct mp_decimal max_rate;
  const char *max_rate_unit;
};

struct mp_field_sink {
  uint32_t struct_size;
  void *ctx;
  void (*field)(const struct mp_field_sink *sink, const struct mp_field *field);
};

/* mp_sink.serial: the origin of the serial number */
#define MP_SERIAL_READ 0    /* read from the meter in this cycle */
#define MP_SERIAL_ASSUMED 1 /* remembered from an earlier cycle */

/* Receives the readings of an input; call it only from the thread that
 * runs the callback. */
struct mp_sink {
  uint32_t struct_size;
  void *ctx;
  /* Hands over a reading.  FIELD is a canonical name.  If a field is emitted
   * twice in a cycle, the last value counts.  Returns MP_OK; MP_DROP: the
   * pipeline does not use the field; or the reason why the value was refused
   * (the host has reported it). */
  int (*emit)(const struct mp_sink *sink, const char *field,
              const struct mp_value *value);
  /* Gives the serial number of the meter.  It applies to all values of this
   * cycle that have none of their own, emitted before or after this call. */
  int (*serial)(const struct mp_sink *sink, const char *serial, uint32_t how);
  /* Gives manufacturer, model and software of the meter, as far as they are
   * known; the host copies the texts and keeps them for later cycles.  Call it
   * only when the plugin learned something: reading a meter costs its
   * battery.  serial and id of *meter are ignored. */
  int (*meter)(const struct mp_sink *sink, const struct mp_meter *meter);
};

/* One finding of a probe: the meter's type, a register.  With MP_PROBE_WATCH,
 * one attempt: what happened in `label` ("only an echo"), damage in `remark`
 * ("2 CRC errors"), and in `value` the round trip of a good answer, in whole
 * ms; NULL: there was none. */
struct mp_probe_item {
  uint32_t struct_size;
  const char *field;  /* canonical field name; NULL: a fact, or an attempt */
  const char *number; /* "60"; NULL */
  const char *label;  /* "Heat energy E1", "meter type" */
  const struct mp_value *value;
  const char *remark; /* "sensor open?", info code in words; NULL */
};

struct mp_probe_sink {
  uint32_t struct_size;
  void *ctx;
  void (*item)(const struct mp_probe_sink *sink,
               const struct mp_probe_item *item);
  void (*progress)(const struct mp_probe_sink *sink, uint32_t done,
                   uint32_t total);
};

/* mp_input_ops.flags */
/* Reads a capture: the host calls read once for each cycle, until MP_END. */
#define MP_INPUT_RECORDING 0x1u

/* mp_input_ops.probe flags */
#define MP_PROBE_WATCH 0x1u /* repeat one attempt until cancelled */

struct mp_input_ops {
  uint32_t struct_size;
  uint32_t flags;

  /* Describes the field NAME, in either spelling: calls sink once and returns
   * MP_OK; MP_ECONFIG: there is no such field.  No instance, no I/O.  Any
   * time. */
  int (*field)(const char *name, const struct mp_field_sink *sink);
  /* The same for this instance, whose options can decide what a field means.
   * The host asks after create, for each field that the pipeline uses.  It
   * refuses a reading of another kind.  NULL: as field. */
  int (*field_of)(void *self, const char *name,
                  const struct mp_field_sink *sink);
  /* Describes every known field, in order.  NULL: they cannot be listed. */
  int (*list_fields)(const struct mp_field_sink *sink);
  /* Fields to read if an output takes every value and the option `fields` is
   * not given: "heat_energy_e1,flow"; "*": all that the plugin emits; NULL:
   * none. */
  const char *default_fields;
  /* Name of the input plugin that reads captures of this one through its option
   * `path`, for run --replay; NULL: there is none. */
  const char *replay_plugin;

  /* Opens and locks the device; may wait up to time_left for another program to
   * release it.  Runs in the thread that reads.  NULL: nothing to open. */
  int (*open)(void *self);
  /* Closes the device; called once for each successful open.  A live input is
   * closed right after read, in the same thread; a capture, when the run
   * ends. */
  void (*close)(void *self);
  /* Reads one cycle.  MP_OK: done; a field that was not emitted is missing.
   * MP_END: no more cycles (captures only).  MP_SKIP: an option set by the user
   * forbids a reading now (live inputs only); the run ends with 0.  Or a
   * reason: the host then discards everything that was emitted. */
  int (*read)(void *self, const struct mp_sink *sink);
  /* Asks the meter for its serial number now, and calls sink->serial.  The host
   * needs it if a value is below its base, or if only a serial number that was
   * read can decide whether the meter was exchanged.  Called after read and
   * close; opens and closes by itself.  NULL: not supported. */
  int (*identify)(void *self, const struct mp_sink *sink);
  /* Finds out whether the input could be read and what prevents that; reports
   * each finding with mp_fail or mp_log.  Instead of open; opens and closes by
   * itself.  NULL: no checks. */
  int (*check)(void *self);
  /* Identifies the device and reads everything that it offers.  Called instead
   * of open; opens and closes by itself.  NULL: not supported. */
  int (*probe)(void *self, uint32_t flags, const struct mp_probe_sink *sink);
  /* Returns the most descriptors that the instance has open at a time, between
   * open and close.  The host reads as many inputs at once as fit into the
   * limit of open files; their numbers can be above 1023.  A descriptor that
   * the instances share, or have open only in turns, does not count: the host
   * has a few to spare.  No I/O.  NULL: not known; the host assumes 10. */
  uint32_t (*files)(void *self);
  /* Writes a line about the use of the device to RET_TEXT, for `meterpipe
   * status`: "31 attempts in the last 24 hours, 2 failed".  Contacts nothing;
   * not between open and close.  SIZE is at least 256.  MP_OK; MP_DROP: there
   * is nothing to tell.  NULL: never. */
  int (*status)(void *self, char *ret_text, size_t size);
  /* Fields for the section that a probe prints, of those that the device has,
   * written as default_fields.  NULL: those. */
  const char *probe_fields;
};

/* ---- Transforms ---------------------------------------------------------- */

struct mp_transform_ops {
  uint32_t struct_size;
  /* Edits the value in place: number, kind, unit, text.  A new unit or
   * text must live until the next apply or destroy.  Returns
   *   MP_OK      the value is the result;
   *   MP_DROP    no result; no explanation is needed if an operand is missing;
   *   MP_HOLD    the value is not believed; explain with mp_fail;
   *   MP_REBASE  no result, on purpose; the value is the new base.  Only with
   *              an operand that is MP_BASE or was never set;
   *   a reason   the result is missing; explain with mp_fail.
   * The option `value`, of type MP_TYPE_VALUE, names the incoming value. */
  int (*apply)(void *self, struct mp_value *value);
};

/* ---- Outputs ------------------------------------------------------------- */

/* mp_output_ops.delivery */
#define MP_LIVE 1    /* written now or never; nothing is kept for later */
#define MP_LATEST 2  /* a target holds one value; only the newest matters */
#define MP_APPEND 3  /* one row a cycle, each once, in order */
#define MP_HISTORY 4 /* every value with its time; repeats are harmless */

/* mp_shown.answer */
#define MP_SHOWN_VALUE 1  /* displays `value` */
#define MP_SHOWN_EMPTY 2  /* exists, never set; value: 0 in its unit; NULL */
#define MP_SHOWN_ABSENT 3 /* not listed: missing, hidden, or no permission */
#define MP_SHOWN_UNFIT 4  /* cannot take values; explain with mp_fail */
/* The output was asked and has no memory of this target: a broker without
 * persistence, an expired state.  The host's last known value counts, and is
 * sent again, except an amount (MP_DELTA) that was acknowledged. */
#define MP_SHOWN_FORGOTTEN 5

/* mp_shown.flags */
#define MP_SHOWN_NUMBERS 0x1u /* only numbers: it gets no text */

/*
 * The displayed value of a target.  A target without an answer was not reached.
 *
 * How the host knows what became of a value that it sent: by its id, if the
 * output stores ids beside its values; else by the displayed number and the
 * time of the last update.  Without ids, the host waits until two seconds have
 * passed since the last update before it sends again, so that two values have
 * different times.  An output that gives ids, or answers FORGOTTEN, needs
 * neither updated nor wait_ms, and the host does not wait.
 */
struct mp_shown {
  uint32_t struct_size;
  uint32_t target; /* number, as in mp_host.target */
  uint32_t answer;
  int32_t place; /* of the last displayed digit: 10^place, within -63 and 63; or
                    MP_EXACT: all digits are stored (0 means whole numbers) */
  const struct mp_value *value; /* in the target's own unit, without its offset;
                                   unit NULL: takes any.  A number is of any
                                   kind, say MP_GAUGE. */
  const char *updated; /* time of its last update, compared as a text: a line of
                          less than 200 bytes; NULL */
  const char *id; /* mp_record.id of the record that wrote the displayed value,
                     a line of less than 200 bytes; "": something else wrote it;
                     NULL: the output stores no ids */
  /* Smallest step that the target can hold.  The host rounds a value half to
   * even to a whole number of steps before sending.  coef 0: any. */
  struct mp_decimal step;
  /* The host sends nothing to the target for this long, so that two values get
   * different times of last update; an hour at most. */
  uint32_t wait_ms;
  uint32_t flags; /* MP_SHOWN_NUMBERS */
};

/*
 * The values that are written together.  Append, history and live outputs get
 * one record for each cycle, and a cycle that could not be delivered keeps its
 * record.  A latest output gets a record for the values that are sent together;
 * a value that is sent again unchanged keeps the record that it was first sent
 * in.
 *
 * So a receiver that has seen an id knows all values of that record.
 */
struct mp_record {
  uint32_t struct_size;
  int64_t time_ms; /* end of reading; with several inputs, the earliest; for a
                      latest output, the time of its newest value */
  const char *id;  /* the same at every delivery of these values, and never used
                      for other values, even if the state was lost: "UUID-N"; of
                      a row of an append or history output "UUID-N-M" */
};

/*
 * The result for a value.  The plugin explains all except MP_ACCEPTED with
 * mp_fail.  What follows:
 *
 *               latest               append, history        live
 *   ACCEPTED    acknowledged         taken off the queue    done
 *   NOT_SENT    sent in the next     kept in the queue;     lost
 *               run                  sent in the next run
 *   PERHAPS     the next fetch       append: recover        lost
 *               decides; without     decides; history:
 *               one it is sent       sent again
 *               again
 *   RETRY       as PERHAPS if the    as NOT_SENT            lost
 *               output can be asked,
 *               else as NOT_SENT
 *   REJECTED    as RETRY             one value: the row     lost
 *                                    counts without it, and
 *                                    an amount is added to
 *                                    the next one; the whole
 *                                    record: as NOT_SENT
 *   SET_ASIDE   as REJECTED          history: moved to a    lost
 *                                    list in the state;
 *                                    later rows are sent
 *
 * A latest output keeps one value: a newer reading replaces one that waits, and
 * a newer amount is added to it.  A row that is not taken off the queue also
 * holds up the rows after it.
 */
#define MP_ACCEPTED 1 /* the other side confirmed that it has the value */
#define MP_NOT_SENT 2 /* the value certainly did not leave */
#define MP_PERHAPS 3  /* unknown outcome: it may have left; no answer */
#define MP_RETRY 4    /* the answer was: not now */
#define MP_REJECTED 5 /* the answer was: never */
/* The other side will never take this record, and takes others: history only,
 * with MP_ALL_TARGETS.  `meterpipe status --set-aside` lists it with the text
 * of the newest mp_fail before the result, `meterpipe retry OUTPUT` makes it
 * pending again. */
#define MP_SET_ASIDE 6

#define MP_ALL_TARGETS UINT32_MAX

/* One target that an output could serve (meterpipe targets). */
struct mp_listed {
  uint32_t struct_size;
  const char *name;    /* "323"; NULL: not created yet (MP_CREATE_PLAN) */
  const char *label;   /* "Heat energy" */
  const char *type;    /* "Custom Sensor" */
  const char *value;   /* as displayed */
  const char *unit;    /* "GJ"; NULL */
  const char *updated; /* NULL */
};

/* Receives the answers of an output; call it only from the thread that runs the
 * callback.  A function that does not belong to the callback is NULL. */
struct mp_output_sink {
  uint32_t struct_size;
  void *ctx;
  /* fetch: the displayed value of a target.  Returns MP_OK, or the reason why
   * the answer was refused (the host has reported it). */
  int (*shown)(const struct mp_output_sink *sink, const struct mp_shown *shown);
  /* commit and recover: RECORD is the index of the begin call since the last
   * commit, from 0; TARGET is a number as in mp_host.target, or
   * MP_ALL_TARGETS. */
  void (*result)(const struct mp_output_sink *sink, uint32_t record,
                 uint32_t target, uint32_t result);
  /* list and create_target: one target. */
  void (*listed)(const struct mp_output_sink *sink,
                 const struct mp_listed *listed);
};

/* mp_output_ops.flags */
/* An instance without targets in its section takes every value of the pipeline.
 * Its targets are named after the values: "meter.flow_v1", "usage".  An input
 * that does not list its fields can add targets in any cycle: if write gets a
 * number that is not known yet, call mp_host.target for it. */
#define MP_OUTPUT_TAKES_ALL 0x1u

/* Append only: fetch sets mp_value.time_ms to the time of the row.  The host
 * then calls fetch in every cycle, and detects that an older copy of its state
 * was put back: the output has rows that the state does not know. */
#define MP_OUTPUT_TELLS_TIME 0x2u

/* The output writes its values to standard output, so a run at a terminal does
 * not list them again. */
#define MP_OUTPUT_SHOWS 0x4u

/* mp_output_ops.create_target flags */
/* Create nothing; log the plan as a NOTICE.  May list the target without a
 * name: the host then checks that the value suits its unit. */
#define MP_CREATE_PLAN 0x1u

/* The callbacks of append outputs alone: each row is written once, even if a
 * run ends while it writes. */
struct mp_append_ops {
  uint32_t struct_size;
  /* Writes a line that identifies the place of the next row; the host stores it
   * before the row is written.  size is at least 256. */
  int (*token)(void *self, char *ret_token, size_t size);
  /* Called after begin and write, instead of commit, if an earlier run ended
   * after token and before the result.  Finds out whether these records were
   * written, removes a partly written one, and gives a result for each:
   * MP_ACCEPTED or MP_NOT_SENT; in a record that was written, MP_REJECTED for
   * a single target whose value was left out of it. */
  int (*recover)(void *self, const char *token,
                 const struct mp_output_sink *sink);
};

struct mp_output_ops {
  uint32_t struct_size;
  uint32_t flags;
  uint32_t delivery;         /* MP_LIVE ...; see delivery_option */
  const char *target_prefix; /* "idx" of idx.323 = VALUE: [a-z][a-z0-9_]* */
  /* The options of a single target, PREFIX.NAME.KEY = TEXT, such as
   * `sensor.flow.label = Flow`; ends with a NULL key; NULL: none.  An option of
   * type MP_TYPE_VALUE is a part: a further target with mp_target.part = KEY,
   * written with the value that it names.  The types SECRET, OPERAND and FIELDS
   * are not allowed, nor are flags other than MP_REQUIRED. */
  const struct mp_option *target_options;

  /* Learns its targets with mp_host.target, and checks that their names suit
   * the output.  Sends no request yet: a server may be unreachable.  NULL:
   * nothing to do. */
  int (*open)(void *self);
  /* Called once for each successful open: when the process ends, or after a
   * failure that gave the output up.  Drops the values written since the last
   * commit, and ends the connection. */
  void (*close)(void *self);
  /* Asks for the displayed values of all targets (an append output: the last
   * complete row that has one), in as few requests as possible, and calls
   * sink->shown for each target that was reached.  The host does not call it if
   * there are no targets.  Finds out first whether a connection that an earlier
   * cycle left open still exists, and connects again.  Explains with mp_fail
   * why a target was not reached.  MP_OK; MP_SKIP: this instance can never be
   * asked, because of its configuration; or the reason why no target was
   * reached.  NULL: no instance can be asked. */
  int (*fetch)(void *self, const struct mp_output_sink *sink);
  /* Begins a record.  Where there is no fetch, finds out whether a connection
   * still exists.  Append, history and live outputs may get several before a
   * commit; a latest output gets one.  After a failure nothing is sent, as
   * after a failed write that does not refuse its value alone.  NULL is
   * allowed. */
  int (*begin)(void *self, const struct mp_record *record);
  /* Takes one value of that record.  No I/O here: copy the parts that you
   * need.  time_ms is always filled in, and so is serial if the serial number
   * of the meter is known.  Targets without a value are missing in this record.
   * The value is already in the unit that the target displayed, and a whole
   * number of its steps.  MP_EDATA, MP_ERANGE and MP_ECONFIG refuse this value
   * alone: its target is MP_REJECTED in this record, whatever commit reports.
   * Refuse by the value and the options alone: a value that was taken in an
   * earlier run must be taken again.  After any other reason nothing is sent:
   * the host does not call commit (or recover), and everything written since
   * the last commit counts as MP_NOT_SENT.  The host calls close, in which the
   * plugin must drop it, and does not use the output again in this run. */
  int (*write)(void *self, uint32_t target, const struct mp_value *value);
  /* Sends everything written since the last commit, and gives a result for each
   * target written (append, live: one for each record is enough, with
   * MP_ALL_TARGETS).  The host assumes MP_PERHAPS if there is no result.
   * Explain a result other than MP_ACCEPTED with mp_fail, here, in begin or in
   * write; if you do not, the host reports it.  Returns MP_OK if the host may
   * continue to use the output in this run, whatever the results are.
   *
   * When cancel_fd becomes readable or time_left is 0, commit stops waiting:
   * what left without an answer is MP_PERHAPS, the rest MP_NOT_SENT.  It gives
   * all results that it knows, and returns MP_ECANCELED or MP_ETIMEOUT. */
  int (*commit)(void *self, const struct mp_output_sink *sink);

  const struct mp_append_ops *append; /* required for MP_APPEND; else NULL */

  /* Lists everything that could be a target.  NULL: not supported. */
  int (*list)(void *self, const struct mp_output_sink *sink);
  /* Creates a target of TYPE named LABEL and lists it.  NULL: not supported. */
  int (*create_target)(void *self, const char *label, const char *type,
                       uint32_t flags, const struct mp_output_sink *sink);
  /* Called after open and fetch.  Reports faults of the targets, and possible
   * improvements, each with mp_fail or mp_log.  NULL: no checks. */
  int (*check)(void *self);

  /* For an output whose class the user chooses: the key of an MP_TYPE_CHOICE
   * option whose `allowed` is some of "live|latest|append|history", and which
   * is required or has a default.  An instance has the class that its option
   * names; `delivery` is then the class to show if there is no instance.  NULL:
   * every instance has the class `delivery`. */
  const char *delivery_option;
};

/* ---- The plugin ---------------------------------------------------------- */

struct mp_plugin {
  uint32_t struct_size;
  uint32_t abi_version;
  const char *name;                /* "csv" of output_csv.so */
  const char *version;             /* the plugin's own */
  const char *summary;             /* one line */
  const struct mp_option *options; /* ends with a NULL key; NULL: none */
  /* Creates an instance.  No I/O: options are checked without a meter or a
   * server.  The host is valid until destroy. */
  int (*create)(const struct mp_host *host, void **ret_self);
  void (*destroy)(void *self);
  /* Exactly one of these is not NULL. */
  const struct mp_input_ops *input;
  const struct mp_transform_ops *transform;
  const struct mp_output_ops *output;
};

/* The only symbol that a plugin exports.  It returns a pointer to a constant
 * and does nothing else: the host calls it even to list the plugins. */
MP_EXPORT const struct mp_plugin *meterpipe_plugin(void);

#ifdef __cplusplus
}
#endif

#endif /* METERPIPE_PLUGIN_H */
