/* The services of the host for decimals and units. */
#include "lib/number_services.h"

#include <string.h>

#include "lib/decimal.h"
#include "lib/unit.h"

static int
host_decimal_parse(const char *text, struct mp_decimal *ret_number)
{
  return decimal_parse(text, strlen(text), ret_number);
}

/* Fills in as many members as the struct of the plugin has. */
void
number_services_set(struct mp_host *host)
{
  host->decimal_parse = host_decimal_parse;
  host->decimal_format = decimal_format;
  host->decimal_add = decimal_add;
  host->decimal_sub = decimal_sub;
  host->decimal_compare = decimal_compare;
  host->unit_convert = unit_convert;
  host->unit_quantity = unit_quantity;
}
