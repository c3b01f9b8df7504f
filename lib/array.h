/* Arrays. */
#ifndef LIB_ARRAY_H
#define LIB_ARRAY_H

/* Number of elements of ARRAY, which must not be a pointer. */
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#endif
