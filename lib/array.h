/* Arrays. */
#ifndef LIB_ARRAY_H
#define LIB_ARRAY_H

/* How many elements ARRAY has; not for a pointer. */
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#endif
