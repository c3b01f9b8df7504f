/* The assertion of the fuzz targets: aborts, which the fuzzer reports. */
#ifndef FUZZ_REQUIRE_H
#define FUZZ_REQUIRE_H

#include <stdbool.h>
#include <stdlib.h>

static inline void
require(bool fact)
{
  if (!fact)
    abort();
}

#endif
