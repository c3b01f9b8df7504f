/* Facts about the meters in the state: an entry for each. */
#include "core/pipeline/meter_facts.h"

#include <string.h>

#include "lib/storable.h"

static int
keep_fact(struct instance *input, const char *key, const char *text)
{
  struct store *store = input->run->store;
  const char *kept =
    store ? store_get(store, STORE_META, input->stage->name, key) : NULL;

  if (!text || !*text || !store || (kept && strcmp(kept, text) == 0))
    return MP_OK;
  if (!storable_symbol(text))
    return instance_fail(input, MP_EINTERNAL, NULL,
                         "the plugin gave the %s of the meter in a text that "
                         "is too long or not clean",
                         key);
  return store_try_put(store, STORE_META, input->stage->name, key, text);
}

int
meter_facts_keep(struct instance *input, const struct mp_meter *meter)
{
  int r;

  if (!meter || !MP_HAS(meter, struct mp_meter, section))
    return instance_fail(input, MP_EINTERNAL, NULL,
                         "the plugin gave facts about the meter in a struct "
                         "that is too small");
  r = keep_fact(input, "manufacturer", meter->manufacturer);
  if (r == MP_OK)
    r = keep_fact(input, "model", meter->model);
  return r == MP_OK ? keep_fact(input, "software", meter->software) : r;
}

void
meter_facts_get(struct store *store, const struct stage *input,
                struct mp_meter *ret)
{
  ret->section = input->name;
  if (!store)
    return;
  ret->manufacturer = store_get(store, STORE_META, input->name, "manufacturer");
  ret->model = store_get(store, STORE_META, input->name, "model");
  ret->software = store_get(store, STORE_META, input->name, "software");
}
