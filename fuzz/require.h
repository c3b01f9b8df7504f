/* What every fuzz target does when a promise is broken. */
#ifndef FUZZ_REQUIRE_H
#define FUZZ_REQUIRE_H

#include <stdlib.h>

static inline void
require(int fact)
{
  if (!fact)
    abort();
}

#endif
