/* Checks which symbols a shared object exports, by its dynamic symbol table. */
#include "core/conform/conform.h"
#include "lib/array.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Symbols that linkers add by themselves. */
static const char *const of_linkers[] = {
  "_init",         "_fini",      "__bss_start", "_edata",  "_end",
  "__bss_start__", "_bss_end__", "__bss_end__", "__end__",
};

struct image {
  const unsigned char *bytes;
  size_t size;
};

/* Returns the N bytes at OFFSET; NULL: the file does not have them. */
static const void *
elf_bytes(const struct image *image, size_t offset, size_t n)
{
  if (offset > image->size || n > image->size - offset)
    return NULL;
  return image->bytes + offset;
}

static bool
is_of_linkers(const char *name)
{
  for (size_t i = 0; i < ARRAY_SIZE(of_linkers); i++)
    if (strcmp(of_linkers[i], name) == 0)
      return true;
  return false;
}

/* Reports a symbol that must not be exported.  Weak symbols are allowed:
 * compilers make them for templates and inline functions of C++. */
static void
check_symbol(struct conform *c, const ElfW(Sym) * sym, const char *name)
{
  if (sym->st_shndx == SHN_UNDEF || ELF32_ST_BIND(sym->st_info) != STB_GLOBAL)
    return;
  if (strcmp(name, "meterpipe_plugin") != 0 && !is_of_linkers(name))
    conform_fail(c,
                 "it exports \"%s\": build it with -fvisibility=hidden, so "
                 "that it cannot clash with a symbol of another file",
                 name);
}

static void
check_table(struct conform *c, const struct image *image,
            const ElfW(Shdr) * table, const ElfW(Shdr) * names)
{
  const ElfW(Sym) *sym = elf_bytes(image, table->sh_offset, table->sh_size);
  const char *text = elf_bytes(image, names->sh_offset, names->sh_size);

  if (!sym || !text || names->sh_size == 0 || text[names->sh_size - 1])
    return;
  for (size_t i = 0; i < table->sh_size / sizeof(*sym); i++)
    if (sym[i].st_name < names->sh_size)
      check_symbol(c, &sym[i], text + sym[i].st_name);
}

static void
check_image(struct conform *c, const struct image *image)
{
  const ElfW(Ehdr) *head = elf_bytes(image, 0, sizeof(*head));
  const ElfW(Shdr) * sections;

  if (!head || memcmp(head->e_ident, ELFMAG, SELFMAG) != 0)
    return; /* it was loaded, so the system has another format */
  sections = elf_bytes(image, head->e_shoff, head->e_shnum * sizeof(*sections));
  for (size_t i = 0; sections && i < head->e_shnum; i++)
    if (sections[i].sh_type == SHT_DYNSYM &&
        sections[i].sh_link < head->e_shnum)
      check_table(c, image, &sections[i], &sections[sections[i].sh_link]);
}

void
conform_symbols(struct conform *c)
{
  int fd = open(c->plugin->path, O_RDONLY | O_CLOEXEC);
  struct image image = { NULL, 0 };
  struct stat st;
  void *map;

  if (fd < 0 || fstat(fd, &st) != 0) {
    conform_fail(c, "the file cannot be read");
    return;
  }
  map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
  close(fd);
  if (map == MAP_FAILED)
    return;
  image.bytes = map;
  image.size = (size_t)st.st_size;
  check_image(c, &image);
  munmap(map, image.size);
}
