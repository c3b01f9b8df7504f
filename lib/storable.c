/* Checks whether the state can hold a value. */
#include "lib/storable.h"

#include <string.h>

#include "lib/decimal.h"
#include "lib/utf8.h"

#define SMALL_LETTERS "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

/* Check the length first: a text from a plugin can be a megabyte long. */
static bool
is_short_line(const char *text)
{
  return strnlen(text, STORABLE_SYMBOL) < STORABLE_SYMBOL &&
         utf8_is_plain(text);
}

bool
storable_symbol(const char *text)
{
  return is_short_line(text) && !strchr(text, '|');
}

bool
storable_unit(const char *text)
{
  size_t len = strnlen(text, STORABLE_SYMBOL);

  return len == 0 ||
         (storable_symbol(text) && text[0] != ' ' && text[len - 1] != ' ');
}

bool
storable_updated(const char *text)
{
  return is_short_line(text);
}

bool
storable_place(int32_t place)
{
  return place == MP_EXACT ||
         (place >= -STORABLE_PLACE && place <= STORABLE_PLACE);
}

const char *
storable_shown(const struct mp_shown *shown)
{
  const struct mp_decimal step = shown->step;

  if (!storable_place(shown->place))
    return "a place out of range";
  if (shown->updated && !storable_updated(shown->updated))
    return "a time of last update that is not clean UTF-8 or is too long";
  if (step.coef < 0 || (step.coef > 0 && !decimal_valid(step)))
    return "a step out of range";
  if (shown->wait_ms > STORABLE_WAIT_MS)
    return "a wait_ms of more than an hour";
  if (shown->id && !storable_updated(shown->id))
    return "an id that is not clean UTF-8 or is too long";
  if (shown->id && *shown->id && shown->answer != MP_SHOWN_VALUE)
    return "an id without a value";
  return NULL;
}

bool
storable_field(const char *name)
{
  size_t len = strnlen(name, STORABLE_NAME);

  return len > 0 && len < STORABLE_NAME &&
         strspn(name, SMALL_LETTERS DIGITS "_.-") == len;
}

bool
storable_word(const char *text, size_t len)
{
  size_t n = strspn(text, SMALL_LETTERS DIGITS "_");

  return len > 0 && n >= len && *text >= 'a' && *text <= 'z';
}

bool
storable_token(const char *token, size_t size)
{
  return memchr(token, 0, size) && utf8_is_plain(token);
}

bool
storable_kept_key(const char *key)
{
  size_t len = strnlen(key, STORABLE_KEPT_KEY);

  return len > 0 && len < STORABLE_KEPT_KEY && utf8_is_plain(key);
}

bool
storable_kept_text(const char *text)
{
  while (*text) {
    size_t n = *text == '\n' || *text == '\t' ? 1 : utf8_plain_length(text);

    if (n == 0)
      return false;
    text += n;
  }
  return true;
}
