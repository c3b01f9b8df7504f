/* KMP frames in words, for logs and tests: the meaning of each field. */
#ifndef KMP_DESCRIBE_H
#define KMP_DESCRIBE_H

#include <stddef.h>

#include "plugins/kmp/codec/kmp_frame.h"

/* Room for the description of nearly any frame; longer ones are cut. */
#define KMP_DESCRIBE_SIZE 2048

/* Describes a frame, such as "addr=3F cid=10 GetRegister 60=55.006 MWh" or "...
 * GetRegister n=2 ids=60,68".  Returns KMP_OK, or the reason why the data make
 * no sense; BUF then holds an empty text. */
int kmp_describe(const struct kmp_frame *frame, char *buf, size_t size);

#endif
