/*
 * All benchmarks in one run, as a Markdown page:
 *
 *     bench/bin/bench [NAME]...
 *
 * Run it in the build directory (make bench).  The exit status is 1 if a bound
 * did not hold.
 */
#include "bench/bench.h"

#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

static const struct {
  const char *name;
  int (*run)(void);
} benches[] = {
  { "meter", bench_meter },       { "meters", bench_meters },
  { "cold", bench_cold },         { "replay", bench_replay },
  { "http", bench_http },         { "size", bench_size },
  { "thousand", bench_thousand }, { "ledgers", bench_ledgers },
  { "mqtt", bench_mqtt },         { "report", bench_report },
};

/* Prints "model name : Intel(R) ..." of /proc/cpuinfo, if the machine has
 * it. */
static void
print_cpu(void)
{
  FILE *f = fopen("/proc/cpuinfo", "r");
  char line[512];
  const char *model = NULL;

  while (f && !model && fgets(line, sizeof(line), f))
    if (strncmp(line, "model name", 10) == 0)
      model = strchr(line, ':');
  if (f)
    fclose(f);
  model = model ? model + strspn(model, ": ") : "unknown";
  printf("- CPU: %.*s, %ld cores\n", (int)strcspn(model, "\n"), model,
         sysconf(_SC_NPROCESSORS_ONLN));
}

static void
print_machine(void)
{
  struct utsname name;
  double load = 0;
  FILE *f = fopen("/proc/loadavg", "r");

  printf("# Benchmarks of meterpipe\n\n");
  print_cpu();
  if (uname(&name) == 0)
    printf("- kernel: %s %s, %s\n", name.sysname, name.release, name.machine);
  printf("- compiler: %s\n",
#ifdef __clang__
         __VERSION__
#else
         "gcc " __VERSION__
#endif
  );
  if (f && fscanf(f, "%lf", &load) == 1)
    printf("- load when it began: %.2f\n", load);
  if (f)
    fclose(f);
  printf("\n");
  fflush(stdout);
}

static bool
is_wanted(const char *name, int argc, char **argv)
{
  for (int i = 1; i < argc; i++)
    if (strcmp(argv[i], name) == 0)
      return true;
  return argc == 1;
}

int
main(int argc, char **argv)
{
  int missed = 0;

  program_enter();
  print_machine();
  for (size_t i = 0; i < ARRAY_SIZE(benches); i++)
    if (is_wanted(benches[i].name, argc, argv)) {
      missed += benches[i].run();
      fflush(stdout);
    }
  program_leave();
  return missed > 0;
}
