/*
 * Preloaded into the program under test.  Environment variables select its
 * faults:
 *
 *     FAULT_TRACED  stop at the start of main(), for a tracer
 *     FAULT_MEMORY  path of a struct fault_memory shared with the test: count
 *                   the allocations and let the selected ones fail
 *     FAULT_FULL    end of a path: writes to that file fail, the disk is full
 *     FAULT_UNSURE  end of a path: fsync() of that file fails after doing its
 *                   work
 *     FAULT_HIT     file to create when FAULT_FULL or FAULT_UNSURE happens
 *
 * These apply to the program itself, not to the commands it runs:
 *
 *     FAULT_TEXT    bytes: a write, read or pread that transfers them fails,
 *                   and so does fsync of a path that ends with them
 *     FAULT_ERRNO   number of the error in that case
 *     FAULT_CALL    limits FAULT_TEXT to one of these calls
 *     FAULT_KILL    kill() fails: no signal can be sent
 *
 * The allocations of libc, the dynamic linker and every library are included.
 * Commands that the program runs are left alone.
 */
#undef _FORTIFY_SOURCE /* else read() could not be redefined here */

#include "tests/faults/fault_preload.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PUBLIC __attribute__((visibility("default")))

typedef int (*main_fn)(int, char **, char **);
typedef int (*start_fn)(main_fn, int, char **, void (*)(void), void (*)(void),
                        void (*)(void), void *);

static main_fn real_main;
static pid_t main_pid; /* to recognise forked processes */
static struct fault_memory *memory;

static void *(*real_malloc)(size_t);
static void *(*real_calloc)(size_t, size_t);
static void *(*real_realloc)(void *, size_t);
static void (*real_free)(void *);

/* Memory for allocations by dlsym() before the real malloc is found. */
static _Alignas(max_align_t) char early[4096];
static size_t early_used;

static void *
take_early(size_t size)
{
  char *p = early + early_used;

  size = (size + 15) & ~(size_t)15;
  if (size > sizeof(early) - early_used)
    return NULL;
  early_used += size;
  return p;
}

static bool
is_early(const void *p)
{
  return (const char *)p >= early && (const char *)p < early + sizeof(early);
}

static void
find_real(void)
{
  static bool finding;

  if (real_malloc || finding)
    return;
  finding = true;
  *(void **)&real_free = dlsym(RTLD_NEXT, "free");
  *(void **)&real_realloc = dlsym(RTLD_NEXT, "realloc");
  *(void **)&real_calloc = dlsym(RTLD_NEXT, "calloc");
  *(void **)&real_malloc = dlsym(RTLD_NEXT, "malloc");
  finding = false;
}

/* The code of libsqlite3. */
static uintptr_t sqlite_begin, sqlite_end;

static int
find_sqlite(struct dl_phdr_info *library, size_t size, void *data)
{
  (void)size;
  (void)data;
  if (!strstr(library->dlpi_name, "libsqlite3"))
    return 0;
  for (int i = 0; i < library->dlpi_phnum; i++) {
    const ElfW(Phdr) *part = &library->dlpi_phdr[i];

    if (part->p_type != PT_LOAD || !(part->p_flags & PF_X))
      continue;
    sqlite_begin = library->dlpi_addr + part->p_vaddr;
    sqlite_end = sqlite_begin + part->p_memsz;
  }
  return 1;
}

static bool
is_chosen(unsigned long n, uintptr_t caller)
{
  if (memory->after_answer)
    return memory->answered && (caller < sqlite_begin || caller >= sqlite_end);
  return n == memory->fail_at || (memory->all_after && n > memory->fail_at);
}

/* Counts an allocation by CALLER.  Returns whether it has to fail; errno is
 * then ENOMEM. */
static bool
fails(void *caller)
{
  unsigned long n;

  if (!memory)
    return false;
  n = __atomic_add_fetch(&memory->count, 1, __ATOMIC_SEQ_CST);
  if (!is_chosen(n, (uintptr_t)caller))
    return false;
  memory->hit = true;
  errno = ENOMEM;
  return true;
}

PUBLIC void *
malloc(size_t size)
{
  find_real();
  if (!real_malloc)
    return take_early(size);
  return fails(__builtin_return_address(0)) ? NULL : real_malloc(size);
}

PUBLIC void *
calloc(size_t n, size_t size)
{
  find_real();
  if (!real_malloc)
    return take_early(n * size);
  return fails(__builtin_return_address(0)) ? NULL : real_calloc(n, size);
}

PUBLIC void *
realloc(void *p, size_t size)
{
  find_real();
  if (!real_malloc || is_early(p)) {
    size_t most = p ? (size_t)(early + sizeof(early) - (char *)p) : 0;
    void *copy = malloc(size);

    if (copy && p)
      memcpy(copy, p, size < most ? size : most);
    return copy;
  }
  return fails(__builtin_return_address(0)) ? NULL : real_realloc(p, size);
}

PUBLIC void
free(void *p)
{
  find_real();
  if (p && !is_early(p) && real_free)
    real_free(p);
}

/* Records which allocations libcurl and OpenSSL make during initialisation.
 * The library is loaded already, by the plugin that calls this function. */
PUBLIC int curl_global_init(long flags);

PUBLIC int
curl_global_init(long flags)
{
  void *curl = dlopen("libcurl.so.4", RTLD_LAZY | RTLD_NOLOAD);
  int (*real)(long);
  int r;

  *(void **)&real = curl ? dlsym(curl, "curl_global_init") : NULL;
  if (!real)
    return 27; /* CURLE_OUT_OF_MEMORY */
  if (memory)
    memory->curl_begin = memory->count + 1;
  r = real(flags);
  if (memory)
    memory->curl_end = memory->count;
  return r;
}

/* ---- A failing disk ---- */

/* Returns whether the path of FD ends with NAME; false if NAME is NULL. */
static bool
is_named(int fd, const char *name)
{
  char link[64], path[512];
  ssize_t n;
  size_t len;

  if (!name)
    return false;
  snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
  n = readlink(link, path, sizeof(path));
  len = strlen(name);
  return n > 0 && (size_t)n >= len &&
         memcmp(path + (size_t)n - len, name, len) == 0;
}

/* ---- Calls that fail on certain bytes ---- */

static const char *
setting(const char *name)
{
  if (strcmp(program_invocation_short_name, "meterpipe") != 0 ||
      getpid() != main_pid)
    return NULL;
  return getenv(name);
}

/* Returns the text that makes CALL fail; NULL: CALL does not fail. */
static const char *
text_of(const char *call)
{
  const char *only = setting("FAULT_CALL");

  return only && strcmp(only, call) != 0 ? NULL : setting("FAULT_TEXT");
}

static ssize_t
fail_call(void)
{
  errno = atoi(getenv("FAULT_ERRNO"));
  return -1;
}

/* Returns whether DATA contains the text that makes CALL fail. */
static bool
is_spoilt(const char *call, const void *data, ssize_t len)
{
  const char *text = text_of(call);

  return text && len > 0 && memmem(data, (size_t)len, text, strlen(text));
}

/* Sets errno to ERROR, creates the file FAULT_HIT for the test, and returns
 * -1. */
static int
fail_with(int error)
{
  const char *path = getenv("FAULT_HIT");

  if (path)
    close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  errno = error;
  return -1;
}

PUBLIC ssize_t
write(int fd, const void *data, size_t len)
{
  static ssize_t (*real_write)(int, const void *, size_t);

  if (!real_write)
    *(void **)&real_write = dlsym(RTLD_NEXT, "write");
  if (is_named(fd, getenv("FAULT_FULL")))
    return fail_with(ENOSPC);
  if (is_spoilt("write", data, (ssize_t)len))
    return fail_call();
  return real_write(fd, data, len);
}

PUBLIC ssize_t
read(int fd, void *data, size_t len)
{
  static ssize_t (*real_read)(int, void *, size_t);
  ssize_t n;

  if (!real_read)
    *(void **)&real_read = dlsym(RTLD_NEXT, "read");
  n = real_read(fd, data, len);
  return is_spoilt("read", data, n) ? fail_call() : n;
}

PUBLIC ssize_t
pread(int fd, void *data, size_t len, off_t at)
{
  static ssize_t (*real_pread)(int, void *, size_t, off_t);
  ssize_t n;

  if (!real_pread)
    *(void **)&real_pread = dlsym(RTLD_NEXT, "pread");
  n = real_pread(fd, data, len, at);
  return is_spoilt("pread", data, n) ? fail_call() : n;
}

PUBLIC int
fsync(int fd)
{
  static int (*real_fsync)(int);
  int r;

  if (!real_fsync)
    *(void **)&real_fsync = dlsym(RTLD_NEXT, "fsync");
  if (is_named(fd, text_of("fsync")))
    return (int)fail_call();
  r = real_fsync(fd);
  return is_named(fd, getenv("FAULT_UNSURE")) ? fail_with(EIO) : r;
}

PUBLIC int
flock(int fd, int operation)
{
  static int (*real_flock)(int, int);

  if (!real_flock)
    *(void **)&real_flock = dlsym(RTLD_NEXT, "flock");
  if (memory && memory->locked == 0)
    memory->locked = memory->count;
  return real_flock(fd, operation);
}

PUBLIC int
kill(pid_t pid, int signo)
{
  static int (*real_kill)(pid_t, int);

  if (!real_kill)
    *(void **)&real_kill = dlsym(RTLD_NEXT, "kill");
  if (!setting("FAULT_KILL"))
    return real_kill(pid, signo);
  errno = EPERM;
  return -1;
}

/* A command has ended: its exit status is the answer of an output. */
PUBLIC int
waitid(idtype_t type, id_t id, siginfo_t *info, int options)
{
  static int (*real_waitid)(idtype_t, id_t, siginfo_t *, int);
  int r;

  if (!real_waitid)
    *(void **)&real_waitid = dlsym(RTLD_NEXT, "waitid");
  r = real_waitid(type, id, info, options);
  if (memory && r == 0 && info->si_pid != 0)
    memory->answered = true;
  return r;
}

/* ---- main() ---- */

static void
share_memory(const char *path)
{
  int fd = open(path, O_RDWR | O_CLOEXEC);
  void *at = MAP_FAILED;

  if (fd >= 0) {
    at = mmap(NULL, sizeof(*memory), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
  }
  dl_iterate_phdr(find_sqlite, NULL);
  if (at != MAP_FAILED)
    memory = at;
}

static int
marked_main(int argc, char **argv, char **envp)
{
  main_pid = getpid();
  if (getenv("FAULT_MEMORY"))
    share_memory(getenv("FAULT_MEMORY"));
  if (getenv("FAULT_TRACED"))
    kill(getpid(), SIGSTOP);
  unsetenv("FAULT_MEMORY");
  unsetenv("FAULT_TRACED");
  unsetenv("LD_PRELOAD");
  return real_main(argc, argv, envp);
}

PUBLIC int __libc_start_main(main_fn fn, int argc, char **argv,
                             void (*init)(void), void (*fini)(void),
                             void (*rtld_fini)(void), void *stack_end);

PUBLIC int
__libc_start_main(main_fn fn, int argc, char **argv, void (*init)(void),
                  void (*fini)(void), void (*rtld_fini)(void), void *stack_end)
{
  start_fn start;

  *(void **)&start = dlsym(RTLD_NEXT, "__libc_start_main");
  real_main = fn;
  return start(marked_main, argc, argv, init, fini, rtld_fini, stack_end);
}
