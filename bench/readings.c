/* Readings for the input exec. */
#include "bench/bench.h"

void
readings_write(unsigned n, unsigned value)
{
  FILE *f = program_create("readings");

  for (unsigned i = 0; i < n; i++)
    fprintf(f,
            "{\"field\":\"field%u\",\"value\":\"%u.125\",\"unit\":\"GJ\","
            "\"kind\":\"counter\"}\n",
            i, value + i);
  fclose(f);
}
