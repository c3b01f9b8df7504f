/*
 * Reads the inputs: live ones at the same time, each in its own thread, until
 * the deadline; captures one cycle after the other.
 */
#include "core/cycle/read_inputs.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "core/cycle/emitted.h"
#include "core/memory/memory.h"
#include "core/pipeline/call.h"
#include "core/run/progress.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "lib/rare.h"

/* The time a thread has after the order to stop, to restore its port. */
#define GRACE_MS 700
/* Interval to check whether the run must end: pthread_cond_timedwait is not
 * interrupted by signals. */
#define LOOK_MS 100

/* Open files reserved for the rest of the program, besides those that are open
 * already; those if they cannot be counted; and the most of an input whose
 * plugin does not tell: a command has five pipes while it is started. */
#define SPARE_FILES 12
#define OPEN_FILES 50
#define INPUT_FILES 10

static bool
reads_capture(const struct stage *input)
{
  return (input->plugin->input.flags & MP_INPUT_RECORDING) != 0;
}

static struct input_reading *
reading_of(struct cycle *c, const struct stage *input)
{
  return &c->d.inputs[input->index];
}

static void
forget_reading(struct cycle *c, const struct stage *input)
{
  for (size_t i = 0; i < input->n_fields; i++)
    c->d.fields[input->fields[i]->index].is_read = false;
}

/* Returns the allowed outcomes of read besides MP_OK: a capture has an end, a
 * live input may be skipped on purpose. */
static unsigned
allowed_outcomes(const struct stage *input)
{
  return reads_capture(input) ? CALL_ALLOWS(MP_END) : CALL_ALLOWS(MP_SKIP);
}

/* Opens and reads one input.  Live inputs run it in their own threads. */
static int
read_one(struct cycle *c, const struct stage *input)
{
  struct instance *instance = instance_of(c, input);
  const struct mp_sink *sink = &c->tellers[input->index].sink;
  int r = instance_open(instance);
  struct call call;

  if (r != MP_OK)
    return r;
  call = reads_capture(input) ? call_begin_direct(instance, "read")
                              : call_begin(instance, "read");
  return call_end(&call, input->plugin->input.read(instance->self, sink),
                  allowed_outcomes(input));
}

/* Gives values without a serial number of their own that of the input. */
static void
give_serial(struct cycle *c, const struct stage *input)
{
  const char *serial = reading_of(c, input)->serial;

  if (!serial)
    return;
  for (size_t i = 0; i < input->n_fields; i++) {
    struct value *v = &c->d.fields[input->fields[i]->index].value;

    if (!v->serial)
      v->serial = serial;
  }
}

static void
finish_reading(struct cycle *c, const struct stage *input)
{
  struct input_reading *reading = reading_of(c, input);
  int r = reading->result;

  reading->took_part = r >= 0 && r != MP_SKIP;
  if (r == MP_END)
    reading->ended = true;
  if (r != MP_OK)
    forget_reading(c, input);
  if (r < 0 && reads_capture(input))
    reading->ended = true; /* no use to continue after an unreadable cycle */
  give_serial(c, input);
}

/* ---- Live inputs ---- */

/* On the heap, because an abandoned thread continues to use it. */
struct readers {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  struct reader *list;
  size_t n, next;      /* size of LIST; the next one to start */
  size_t room;         /* open files that the running ones can use */
  size_t running;      /* readers that are not done */
  size_t files;        /* open files that they can need */
  size_t at_once;      /* the most that were running */
  bool out_of_threads; /* start no more before one is done */
  bool lacked_threads; /* it was so once */
  struct reader *done; /* list of those that are done, not joined yet */
};

struct reader {
  struct readers *all;
  struct cycle *cycle;
  const struct stage *input;
  int result;
  size_t files; /* the most that it has open */
  bool started, done;
  struct reader *next_done;
  pthread_t thread;
};

static void
reader_done(struct reader *reader)
{
  struct readers *all = reader->all;

  pthread_mutex_lock(&all->lock);
  reader->done = true;
  all->running--;
  all->files -= reader->files;
  reader->next_done = all->done;
  all->done = reader;
  pthread_cond_signal(&all->changed);
  pthread_mutex_unlock(&all->lock);
}

/* Runs if the plugin has called pthread_exit: reports it now, not at the
 * deadline. */
static void
reader_was_ended(void *arg)
{
  struct reader *reader = arg;
  const struct progress *call = progress_here();

  reader->result =
    cycle_fail(reader->cycle, reader->input, MP_EINTERNAL, NULL,
               "the plugin ended the thread of its %s", call ? call->what : "");
  reader_done(reader);
}

static void *
reader_main(void *arg)
{
  struct reader *reader = arg;

  pthread_cleanup_push(reader_was_ended, reader);
  reader->result = read_one(reader->cycle, reader->input);
  /* Close it at once: another input may wait for the same device. */
  instance_close(instance_of(reader->cycle, reader->input));
  pthread_cleanup_pop(0);
  reader_done(reader);
  return NULL;
}

/* Waits until a reader is done, or until WHEN_MS on the monotonic clock. */
static void
wait_for_one(struct readers *all, int64_t when_ms)
{
  struct timespec when = { .tv_sec = (time_t)(when_ms / 1000),
                           .tv_nsec = (long)(when_ms % 1000) * 1000000 };

  pthread_cond_timedwait(&all->changed, &all->lock, &when);
}

/* Joins the threads that are done: their stacks are free for the next ones.
 * The caller holds the lock, which such a thread has released for the last
 * time. */
static void
join_done(struct readers *all)
{
  for (; all->done; all->done = all->done->next_done) {
    if (all->done->started)
      pthread_join(all->done->thread, NULL);
    all->out_of_threads = false;
  }
}

/* Returns true if one more reader can start: its files fit into the limit, and
 * a thread may be available. */
static bool
can_start(const struct readers *all)
{
  if (all->next == all->n)
    return false;
  if (all->running == 0)
    return true;
  return !all->out_of_threads &&
         all->files + all->list[all->next].files <= all->room;
}

/* Counts the next reader as running.  The caller holds the lock. */
static struct reader *
take_next(struct readers *all)
{
  struct reader *reader = &all->list[all->next++];

  all->running++;
  all->files += reader->files;
  if (all->running > all->at_once)
    all->at_once = all->running;
  return reader;
}

/* Takes READER, the newest, back: it starts when another one is done.  The
 * caller holds the lock. */
static void
put_back(struct readers *all, struct reader *reader)
{
  all->next--;
  all->running--;
  all->files -= reader->files;
  all->at_once = all->running;
  all->out_of_threads = all->lacked_threads = true;
}

/* Starts the thread of READER, without the lock, so that others can end.  If no
 * thread is available and it is the only one, reads it in this thread.  The
 * caller holds the lock. */
static void
start_reader(struct readers *all, struct reader *reader)
{
  reader->started = true; /* before it can be done */
  pthread_mutex_unlock(&all->lock);
  if (pthread_create(&reader->thread, NULL, reader_main, reader) == 0) {
    pthread_mutex_lock(&all->lock);
    return;
  }
  pthread_mutex_lock(&all->lock);
  reader->started = false;
  if (all->running > 1) {
    put_back(all, reader);
    return;
  }
  pthread_mutex_unlock(&all->lock);
  reader_main(reader);
  pthread_mutex_lock(&all->lock);
}

/* Starts as many readers as possible.  The caller holds the lock. */
static void
start_more(struct readers *all)
{
  while (can_start(all)) {
    start_reader(all, take_next(all));
    join_done(all);
  }
}

/* Waits until all readers are done, until the deadline, or until soon after an
 * order to stop: a reader that ignores the order must not delay the others.
 * Returns true if all that were started are done. */
static bool
wait_for_all(struct readers *all, int64_t deadline_ms)
{
  int64_t end = deadline_ms + GRACE_MS;
  bool stopped = false;

  start_more(all);
  for (;;) {
    int64_t now = clock_mono_ms();

    join_done(all);
    if (!stopped && now < deadline_ms)
      start_more(all);
    if (all->running == 0)
      break;
    if (!stopped && run_stopped()) {
      stopped = true;
      end = now + GRACE_MS < end ? now + GRACE_MS : end;
    }
    if (now >= end)
      break;
    wait_for_one(all, now + LOOK_MS < end ? now + LOOK_MS : end);
  }
  return all->running == 0;
}

static void
explain_abandoned(struct reader *reader)
{
  if (run_stopped())
    cycle_fail(reader->cycle, reader->input, MP_ECANCELED, NULL,
               "was still reading when the run had to end and was abandoned");
  else
    cycle_fail(reader->cycle, reader->input, MP_ETIMEOUT, NULL,
               "was still reading at the deadline of the cycle and was "
               "abandoned; a longer \"deadline\" in [pipeline] gives it more "
               "time");
}

/* Abandons a reader that did not return in time: its fields are missing. */
static void
abandon_input(struct reader *reader)
{
  struct cycle *c = reader->cycle;
  struct input_reading *reading = reading_of(c, reader->input);

  pthread_mutex_lock(&c->lock);
  reading->abandoned = true;
  reading->ended = true;
  forget_reading(c, reader->input);
  pthread_mutex_unlock(&c->lock);
  c->run->abandoned = true;
  pthread_detach(reader->thread);
  explain_abandoned(reader);
}

static struct readers *
readers_new(void)
{
  struct readers *all = memory_get(1, sizeof(*all));
  pthread_condattr_t attr;

  pthread_mutex_init(&all->lock, NULL);
  pthread_condattr_init(&attr);
  pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
  pthread_cond_init(&all->changed, &attr);
  pthread_condattr_destroy(&attr);
  return all;
}

/* Reports an input that was not started before the time was over. */
static void
leave_out(struct reader *reader)
{
  if (run_stopped())
    reader->result = cycle_fail(reader->cycle, reader->input, MP_ECANCELED,
                                NULL, "was not read before the run had to end");
  else
    reader->result = cycle_fail(
      reader->cycle, reader->input, MP_ETIMEOUT, NULL,
      "was not read before the deadline of the cycle: only %zu inputs fit "
      "into the limit of %s",
      reader->all->at_once,
      reader->all->lacked_threads
        ? "threads at a time; raise it (ulimit -u)"
        : "open files at a time; raise it (ulimit -n)");
  reader->done = true;
}

static void
finish_reader(const struct reader *reader)
{
  reading_of(reader->cycle, reader->input)->result = reader->result;
  finish_reading(reader->cycle, reader->input);
}

/* Reads all inputs.  Returns true if all threads returned, so that their data
 * can be freed. */
static bool
read_in_threads(struct readers *all, int64_t deadline_ms)
{
  bool complete;

  pthread_mutex_lock(&all->lock);
  complete = wait_for_all(all, deadline_ms);
  join_done(all);
  for (size_t i = 0; i < all->n; i++) {
    struct reader *reader = &all->list[i];

    if (i >= all->next)
      leave_out(reader);
    else if (!reader->done)
      abandon_input(reader);
  }
  pthread_mutex_unlock(&all->lock);
  for (size_t i = 0; i < all->n; i++)
    if (all->list[i].done)
      finish_reader(&all->list[i]);
  return complete;
}

/* Returns how many files this process has open. */
static size_t
count_open_files(void)
{
  size_t n = file_count_entries("/proc/self/fd");

  return n > 3 ? n - 3 : OPEN_FILES; /* without ".", "..", and the directory */
}

/* Returns how many files the inputs can have open together. */
static size_t
room_for_files(void)
{
  size_t used = count_open_files() + SPARE_FILES;
  struct rlimit limit;

  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < used)
    return 0;
  return limit.rlim_cur - used;
}

/* Returns how many files INPUT has open at a time. */
static size_t
files_of(struct cycle *c, const struct stage *input)
{
  const struct mp_input_ops *ops = &input->plugin->input;
  size_t n = INPUT_FILES;

  if (ops->files) {
    progress_begin(input->name, "files");
    n = ops->files(instance_of(c, input)->self);
    progress_end();
  }
  return n;
}

RARE static void
read_live(struct cycle *c)
{
  struct readers *all = readers_new();

  all->list = memory_get(c->plan->n_stages, sizeof(*all->list));
  FOR_EACH_STAGE(c->plan, input, PLUGIN_INPUT)
  {
    if (!reads_capture(input) && !reading_of(c, input)->ended)
      all->list[all->n++] = (struct reader){
        .all = all, .cycle = c, .input = input, .files = files_of(c, input)
      };
  }
  all->room = room_for_files();
  if (read_in_threads(all, c->run->deadline_ms)) {
    free(all->list);
    free(all);
  }
}

/* ---- All inputs ---- */

static void
begin_reading(struct cycle *c)
{
  FOR_EACH_STAGE(c->plan, input, PLUGIN_INPUT)
  {
    struct input_reading *reading = reading_of(c, input);

    reading->next_field = 0;
    reading->serial = NULL;
    reading->serial_how = MP_SERIAL_READ;
    reading->asked_serial = false;
    reading->took_part = false;
  }
  for (size_t i = 0; i < c->d.n_slots; i++) {
    c->d.fields[i].is_read = false;
    c->d.fields[i].value.serial = NULL;
  }
}

bool
read_inputs(struct cycle *c)
{
  bool live = false, more = false;

  begin_reading(c);
  FOR_EACH_STAGE(c->plan, input, PLUGIN_INPUT)
  {
    struct input_reading *reading = reading_of(c, input);

    if (reading->ended)
      continue;
    if (!reads_capture(input)) {
      live = true;
      continue;
    }
    reading->result = read_one(c, input);
    finish_reading(c, input);
    more |= !reading->ended;
  }
  if (live)
    read_live(c);
  return live || more;
}

void
read_identify(struct cycle *c, const struct stage *input)
{
  struct input_reading *reading = reading_of(c, input);
  struct instance *instance = instance_of(c, input);
  const struct mp_sink *sink = &c->tellers[input->index].sink;
  const char *before = reading->serial;
  struct call call;

  if (reading->asked_serial)
    return;
  reading->asked_serial = true;
  if (!input->plugin->input.identify || reading->abandoned)
    return;
  call = call_begin(instance, "identify");
  if (call_end(&call, input->plugin->input.identify(instance->self, sink), 0) !=
        MP_OK ||
      reading->serial_how != MP_SERIAL_READ)
    return;
  for (size_t i = 0; i < input->n_fields; i++) {
    struct value *v = &c->d.fields[input->fields[i]->index].value;

    if (!v->serial || v->serial == before)
      v->serial = reading->serial;
  }
}
