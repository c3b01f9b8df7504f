/* Encodes the answers of a meter, for tests, fuzzers and benchmarks. */
#ifndef SUPPORT_KMP_ANSWER_ENCODE_H
#define SUPPORT_KMP_ANSWER_ENCODE_H

#include "plugins/kmp/codec/kmp_message.h"

/* Encodes an answer for the line: type, serial number or records, by
 * answer->cid.  Returns its length, or 0 when it cannot be encoded. */
size_t kmp_answer_encode(uint8_t address, const struct kmp_answer *answer,
                         uint8_t *wire, size_t size);

#endif
