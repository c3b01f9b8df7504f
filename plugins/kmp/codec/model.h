/*
 * What is known of single meter models: their names, and what the bits of their
 * info codes mean.  Pure.
 */
#ifndef KMP_MODEL_H
#define KMP_MODEL_H

#include <stddef.h>
#include <stdint.h>

/* Registers whose value is an info code. */
#define MODEL_INFO 99        /* of all; the display's code on some */
#define MODEL_INFO_BITS 369  /* of MULTICAL 303, 603, 803: all 32 bits */
#define MODEL_INFO_WATER 458 /* of new water meters */

/* Whether a register's value is an info code. */
int model_is_info(uint16_t id);

/* Room for any text of model_info_text. */
#define MODEL_TEXT_SIZE 512
/* The field whose value is that text. */
#define MODEL_FIELD "info_text"

/* Registers that tell the model of a meter whose type is not known. */
#define MODEL_MARKERS 8
extern const uint16_t model_markers[MODEL_MARKERS];

/* What is known of one meter. */
struct model {
  uint16_t type; /* of GetType; 0: not known */
  uint8_t has;   /* bit n: it has model_markers[n] */
  int partial;   /* it was not asked for all of them: it may have others */
};

/* The meter has register ID: notes it if it is a marker. */
void model_note_register(struct model *model, uint16_t id);

/* Writes "MULTICAL 601 Pt500 (type 0001)"; unknown types as hex alone. */
void model_name(uint16_t type, char *buf, size_t size);

/* Writes the software revision "F1"; "" when the meter does not tell. */
void model_revision(const uint8_t revision[2], char *buf, size_t size);

/* Whether the words for the model's info codes are known. */
int model_has_words(const struct model *model);

/* The register to take the model's info code from: one of those above. */
uint16_t model_info_register(const struct model *model);

/* Writes an info code in words: "t1 outside range, bit 17"; "" for 0, or where
 * the value may be another code than the words are for.  ID is one of the
 * registers above.  Of a model that is not known: "bit 3". */
void model_info(const struct model *model, uint16_t id, int64_t code, char *buf,
                size_t size);

/* The same, never empty: "no fault", or the number where there are no words. */
void model_info_text(const struct model *model, uint16_t id, int64_t code,
                     char buf[MODEL_TEXT_SIZE]);

#endif
