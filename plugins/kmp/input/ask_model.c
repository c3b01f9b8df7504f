/* Asks a meter for its model: for its type and its marker registers. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "plugins/kmp/input/ask_model.h"
#include "plugins/kmp/input/budget.h"
#include "plugins/kmp/input/memory.h"
#include "plugins/kmp/line/block.h"

/* session_take */
static void
take_markers(void *ctx, const struct kmp_request *request,
             const struct kmp_answer *answer)
{
  struct model *model = ctx;

  (void)request;
  for (uint8_t i = 0; answer && i < answer->count; i++)
    model_note_register(model, answer->records[i].id);
}

/* Requests the marker registers.  Returns as session_registers. */
static int
ask_markers(struct session *session, struct model *model)
{
  size_t n;
  int r = MP_OK;

  for (size_t from = 0; r == MP_OK && from < MODEL_MARKERS; from += n) {
    n = MODEL_MARKERS - from;
    if (n > session->limit)
      n = session->limit;
    r =
      session_registers(session, model_markers + from, n, take_markers, model);
  }
  return r;
}

int
ask_model(struct kmp *kmp, const struct mp_sink *sink, struct model *ret_model)
{
  struct kmp_request request = { .address = kmp->talk.address,
                                 .cid = KMP_GET_TYPE };
  struct model model = { .type = 0 };
  struct kmp_answer answer;
  int r = session_ask(&kmp->session, &request, 1, &answer);

  if (r < 0)
    return r;
  if (r == MP_OK) {
    if (sink)
      memory_take_type(kmp, sink, &answer);
    model.type = answer.type;
  }
  if (!model_has_words(&model))
    r = ask_markers(&kmp->session, &model);
  if (r != MP_OK)
    return r;
  budget_note_model(kmp, &model);
  *ret_model = model;
  return MP_OK;
}
