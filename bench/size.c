/*
 * The size of the installed files: the bytes as built, and the bytes that are
 * loaded, which exclude symbols and debugging information.
 */
#include "bench/bench.h"

#include <elf.h>
#include <link.h>
#include <string.h>
#include <sys/stat.h>

/* Returns the sum of the file's loaded segments; 0: not an ELF file. */
static unsigned long
loaded_bytes(const char *path)
{
  FILE *f = fopen(path, "rb");
  unsigned long sum = 0;
  ElfW(Ehdr) header;
  ElfW(Phdr) segment;

  if (!f)
    return 0;
  if (fread(&header, sizeof(header), 1, f) == 1 &&
      memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 &&
      fseek(f, (long)header.e_phoff, SEEK_SET) == 0)
    for (unsigned i = 0; i < header.e_phnum; i++)
      if (fread(&segment, sizeof(segment), 1, f) == 1 &&
          segment.p_type == PT_LOAD)
        sum += (unsigned long)segment.p_filesz;
  fclose(f);
  return sum;
}

static void
print_row(const char *name, const char *path, unsigned long *sum)
{
  unsigned long loaded = loaded_bytes(path);
  struct stat st;

  if (stat(path, &st) != 0)
    program_die("%s is not there", path);
  printf("| %s | %.1f | %.1f |\n", name, (double)st.st_size / 1024,
         (double)loaded / 1024);
  *sum += loaded;
}

int
bench_size(void)
{
  static const char *const plugins[] = {
    "input_kmp.so",          "input_replay.so",      "input_exec.so",
    "transform_add.so",      "transform_convert.so", "transform_overwrite.so",
    "transform_subtract.so", "output_csv.so",        "output_domoticz.so",
    "output_influxdb.so",    "output_exec.so",       "output_mqtt.so",
    "output_prometheus.so",  "output_stdout.so",     "output_webhook.so",
  };
  unsigned long sum = 0;

  printf("## 6. Size\n\nAs built, with what debuggers need, and the part that "
         "is loaded.\n\n| file | built, KiB | loaded, KiB |\n|---|--:|--:|\n");
  print_row("meterpipe", program_meterpipe(), &sum);
  for (size_t i = 0; i < ARRAY_SIZE(plugins); i++)
    print_row(plugins[i], program_plugin(plugins[i]), &sum);
  printf("| all | | %.1f |\n\n", (double)sum / 1024);
  return 0;
}
