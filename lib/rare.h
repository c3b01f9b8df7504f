/* Marks functions that a replay of millions of cycles nearly never calls. */
#ifndef LIB_RARE_H
#define LIB_RARE_H

/* The compiler then keeps the function apart from its callers, which need no
 * registers for it, and takes calls of it as unlikely. */
#define RARE __attribute__((cold, noinline))

#endif
