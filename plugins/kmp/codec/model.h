/*
 * Meter models: their names, and the meaning of the bits of their info codes.
 * Pure.
 */
#ifndef KMP_MODEL_H
#define KMP_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Registers whose value is an info code. */
#define MODEL_INFO 99        /* all models; on some, the display's code */
#define MODEL_INFO_BITS 369  /* MULTICAL 303, 603, 803: all 32 bits */
#define MODEL_INFO_WATER 458 /* new water meters */

/* True if the value of register ID is an info code. */
bool model_is_info(uint16_t id);

/* Buffer size for model_info_text. */
#define MODEL_TEXT_SIZE 512
/* Name of the field that holds the text of model_info_text. */
#define MODEL_FIELD "info_text"

/* Marker registers: a meter whose type is unknown is identified by those of
 * them that it has. */
#define MODEL_MARKERS 8
extern const uint16_t model_markers[MODEL_MARKERS];

/* The facts known about one meter. */
struct model {
  uint16_t type; /* from GetType; 0: unknown */
  uint8_t has;   /* bit n: it has model_markers[n] */
  bool partial;  /* not all markers were requested: it may have more */
};

/* Notes that the meter has register ID, if that is a marker. */
void model_note_register(struct model *model, uint16_t id);

/* Writes "MULTICAL 601 Pt500 (type 0001)", or only "type 1234" for an unknown
 * type. */
void model_name(uint16_t type, char *buf, size_t size);

/* Writes the software revision ("F1"), or "" when the meter does not send
 * it. */
void model_revision(const uint8_t revision[2], char *buf, size_t size);

/* Returns the readings a day for which the life of the model's battery was
 * calculated; 0: unknown. */
unsigned model_battery_readings(const struct model *model);
/* The lowest of these figures. */
#define MODEL_FEWEST_READINGS 24

/* True if the meaning of the bits of the model's info code is known. */
bool model_has_words(const struct model *model);

/* Returns the register that holds the model's info code: one of the MODEL_INFO
 * registers above. */
uint16_t model_info_register(const struct model *model);

/* Writes CODE, the info code in register ID, in words: "t1 outside range, bit
 * 17".  ID is one of the MODEL_INFO registers above.  Writes "" for 0, and when
 * the register may hold another code than the one that the words describe.  For
 * an unknown model, writes the bits: "bit 3". */
void model_info(const struct model *model, uint16_t id, int64_t code, char *buf,
                size_t size);

/* Like model_info, but never empty: writes "no fault" for 0, and the number
 * when there are no words. */
void model_info_text(const struct model *model, uint16_t id, int64_t code,
                     char buf[MODEL_TEXT_SIZE]);

#endif
