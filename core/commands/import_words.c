/* Parses the old script's command line, from a shell or a crontab. */
#include "core/commands/import_words.h"

#include <string.h>
#include <sysexits.h>

#include "core/memory/memory.h"
#include "core/run/log.h"

#define BLANKS " \t\r\n"
/* Characters that end a command in a shell. */
#define OPERATORS ">|&;<"

/* The words collected so far.  Both arrays are allocated at once, for the
 * longest case. */
struct words {
  char **list;
  size_t n;
  char *text; /* where the bytes of the next word go */
};

/* ---- One word that is a whole line --------------------------------------- */

/* Returns the rest of LINE after "script.py"; LINE itself if there is no
 * script. */
static const char *
after_script(const char *line)
{
  const char *p = line;

  for (p = strstr(p, ".py"); p; p = strstr(p, ".py")) {
    p += strlen(".py");
    p += *p == '"' || *p == '\'';
    if (!*p || strchr(BLANKS, *p))
      return p;
  }
  return line;
}

static bool
is_number(const char *word)
{
  return *word && !word[strspn(word, "0123456789")];
}

/* Appends the word at P, without its quotes, to WORDS.  Returns the rest of the
 * line. */
static const char *
take_word(struct words *words, const char *p)
{
  char *word = words->text, *to = word, quote = '\0';

  for (; *p && (quote || !strchr(BLANKS OPERATORS, *p)); p++) {
    if (quote ? *p != quote : *p != '"' && *p != '\'')
      *to++ = *p;
    else if (quote)
      quote = '\0';
    else
      quote = *p;
  }
  *to++ = '\0';
  if (*p == '>' && is_number(word))
    return p; /* "2>": a file descriptor */
  words->list[words->n++] = word;
  words->text = to;
  return p;
}

static void
split_words(struct words *words, const char *line)
{
  const char *p = after_script(line);

  for (p += strspn(p, BLANKS); *p && *p != '#' && !strchr(OPERATORS, *p);
       p += strspn(p, BLANKS))
    p = take_word(words, p);
}

/* ---- All words ----------------------------------------------------------- */

/* Returns true if WORD is an option of ours that takes a value.  The value is
 * the next word, and is not part of the old line. */
static bool
is_ours(const char *word)
{
  return strcmp(word, "--url") == 0 || strcmp(word, "--plugin-dir") == 0;
}

static bool
has_value(const char *word)
{
  return strncmp(word, "--", 2) == 0 && strchr(word, '=');
}

static void
collect_options(struct words *words, int argc, char **argv)
{
  size_t room = 1;

  for (int i = 0; i < argc; i++)
    room += strlen(argv[i]) + 1;
  words->list = memory_get(room + 1, sizeof(*words->list));
  words->text = memory_get(1, room);
  for (int i = 0; i < argc; i++) {
    if (strpbrk(argv[i], BLANKS) && !has_value(argv[i]) &&
        !(i > 0 && is_ours(argv[i - 1])))
      split_words(words, argv[i]);
    else
      words->list[words->n++] = argv[i];
  }
}

static bool
is_script(const char *word)
{
  return *word && !*after_script(word);
}

/* Removes "python3 /path/script.py", which the shell has split. */
static void
drop_script(struct words *words)
{
  size_t begin = 1, script;

  while (begin < words->n && words->list[begin][0] == '-')
    begin += is_ours(words->list[begin]) ? 2 : 1;
  for (script = begin; script < words->n; script++)
    if (is_script(words->list[script]))
      break;
  if (script >= words->n)
    return;
  memmove(words->list + begin, words->list + script + 1,
          (words->n - script - 1) * sizeof(*words->list));
  words->n -= script + 1 - begin;
}

/* ---- Options of the old script ------------------------------------------- */

/* Takes the option at *I if it is NAME, and leaves *I at its last word.
 * Returns false if it is another option. */
static bool
take_option(const struct words *words, size_t *i, const char *name,
            const char **ret_value)
{
  const char *word = words->list[*i];
  size_t len = strlen(name);

  if (strncmp(word, name, len) != 0)
    return false;
  if (word[len] == '\0')
    *ret_value = *i + 1 < words->n ? words->list[++*i] : "";
  else if (word[len] == '=' || name[1] != '-')
    *ret_value = word + len + (word[len] == '=');
  else
    return false;
  return true;
}

static bool
take_old(struct arguments *args, const struct words *words, size_t *i)
{
  const char *unused;

  return take_option(words, i, "--device", &args->device) ||
         take_option(words, i, "-d", &args->device) ||
         take_option(words, i, "--ip", &args->ip) ||
         take_option(words, i, "--port", &args->port) ||
         take_option(words, i, "--debug-file", &unused) ||
         strcmp(words->list[*i], "--debug") == 0;
}

static void
take_options(struct arguments *args, struct words *words)
{
  size_t kept = 1;

  for (size_t i = 1; i < words->n; i++) {
    if ((i > 1 && is_ours(words->list[i - 1])) || !take_old(args, words, &i))
      words->list[kept++] = words->list[i];
  }
  words->n = kept;
  words->list[kept] = NULL;
}

static int
refuse_word(const char *option, const char *what)
{
  log_line(MP_LOG_ERROR, NULL, NULL, "the option %s %s", option, what);
  return EX_USAGE;
}

static int
check_script_options(const struct arguments *args)
{
  if (args->device && !*args->device)
    return refuse_word("-d", "needs a value");
  if (args->ip && !*args->ip)
    return refuse_word("--ip", "needs a value");
  if (args->port && (!is_number(args->port) || strlen(args->port) > 5))
    return refuse_word("--port", "needs a number, such as 8080");
  return EX_OK;
}

int
import_words(struct arguments *args, int *argc, char ***argv)
{
  static struct words words; /* lives as long as the process */

  collect_options(&words, *argc, *argv);
  drop_script(&words);
  take_options(args, &words);
  *argc = (int)words.n;
  *argv = words.list;
  return check_script_options(args);
}

/* ---- Operands and URL ---------------------------------------------------- */

char *
import_join(char *const *words, size_t n)
{
  size_t room = 1;
  char *spec, *to;

  for (size_t i = 0; i < n; i++)
    room += strlen(words[i]) + 1;
  spec = memory_get(1, room);
  to = spec;
  for (size_t i = 0; i < n; i++) {
    const char *p = words[i] + strspn(words[i], ",");

    while (*p) {
      size_t len = strcspn(p, ",");

      if (to > spec)
        *to++ = ',';
      memcpy(to, p, len);
      to += len;
      p += len + strspn(p + len, ",");
    }
  }
  return spec;
}

char *
import_url(const struct arguments *args)
{
  return memory_format("http://%s:%s", args->ip ? args->ip : "127.0.0.1",
                       args->port ? args->port : "8080");
}
