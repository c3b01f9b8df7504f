/*
 * Parses the old script's IDX:REGISTER:FUNCTION[:IDX2],...
 */
#ifndef CORE_COMMANDS_IMPORT_IMPORT_SPEC_H
#define CORE_COMMANDS_IMPORT_IMPORT_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Parts of an item. */
enum {
  SPEC_IDX,
  SPEC_REGISTER,
  SPEC_FUNCTION,
  SPEC_IDX2, /* 0: none */
  SPEC_PARTS
};

/* FUNCTION: the value that is written to IDX. */
enum {
  SPEC_OVERWRITE, /* the reading */
  SPEC_SUBTRACT,  /* the reading less the last value of IDX2 */
  SPEC_ADD        /* the last value of IDX plus that difference */
};

struct spec_item {
  uint32_t part[SPEC_PARTS];
};

struct spec {
  struct spec_item *items;
  size_t n;
};

/* Parses TEXT into *RET, which spec_free empties.  Returns MP_OK; MP_EDATA:
 * each fault was reported to ERR with its place. */
int spec_parse(const char *text, FILE *err, struct spec *ret);
void spec_free(struct spec *spec);

/* Writes ITEM as "322:60:1:323" to BUF, of at least SPEC_TEXT bytes, and
 * returns BUF. */
#define SPEC_TEXT 48
const char *spec_item_format(const struct spec_item *item, char *buf,
                             size_t size);

#endif
