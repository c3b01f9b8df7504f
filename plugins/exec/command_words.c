/* Splits a command into words. */
#include "plugins/exec/command_words.h"

#include <stdlib.h>
#include <string.h>

#define BLANKS " \t"

/* Copies the word at TEXT to *TO without its quotes.  Returns the end of the
 * word; NULL: a quote is not closed, or TEXT ends with a backslash. */
static const char *
take_word(const char *text, char **to)
{
  char quote = '\0';

  for (; *text != '\0'; text++) {
    if (quote == '\0' && strchr(BLANKS, *text))
      break;
    if (quote == '\0' && (*text == '\'' || *text == '"')) {
      quote = *text;
      continue;
    }
    if (*text == quote) {
      quote = '\0';
      continue;
    }
    if (*text == '\\' && quote != '\'' && *++text == '\0')
      return NULL;
    *(*to)++ = *text;
  }
  *(*to)++ = '\0';
  return quote == '\0' ? text : NULL;
}

/* Splits TEXT into WORDS, and copies their characters to TO; both have room for
 * all.  Returns the number of words; 0: there are none, or a quote is not
 * closed. */
static size_t
split_command(const char *text, char **words, char *to)
{
  size_t n = 0;

  text += strspn(text, BLANKS);
  while (*text != '\0') {
    words[n++] = to;
    text = take_word(text, &to);
    if (!text)
      return 0;
    text += strspn(text, BLANKS);
  }
  words[n] = NULL;
  return n;
}

int
command_words_of_option(const struct mp_host *host, const char *key,
                        char ***ret_words)
{
  const char *text = host->option(host, key);
  char **words, *characters;
  size_t len;

  *ret_words = NULL;
  if (!text)
    return MP_OK;
  /* At most every second character begins a word. */
  len = strlen(text);
  words = calloc(len / 2 + 2, sizeof(*words));
  characters = malloc(len + 2);
  if (!words || !characters) {
    free(words);
    free(characters);
    return mp_fail(host, MP_ENOMEM, key, "out of memory");
  }
  if (split_command(text, words, characters) == 0 || *words[0] == '\0') {
    free(words);
    free(characters);
    return mp_fail(
      host, MP_ECONFIG, key,
      "is not a command: write PROGRAM ARGUMENT..., and close each "
      "quote");
  }
  *ret_words = words;
  return MP_OK;
}

void
command_words_free(char **words)
{
  if (words)
    free(words[0]); /* words[0] is the memory of all characters */
  free(words);
}
