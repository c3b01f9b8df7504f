/* Parses a line that is a JSON object (RFC 8259) of texts and numbers. */
#include "plugins/json/json_line.h"

#include <stdint.h>
#include <string.h>

static const char no_object[] = "is not a JSON object";
static const char bad_text[] = "holds a text that is not a JSON string";
static const char bad_value[] =
  "holds a value that is not a text, number, true, false or null";

/* ---- Texts --------------------------------------------------------------- */

/* Reads four hexadecimal digits at *P; -1: there are none. */
static int32_t
take_hex4(const char **p)
{
  static const char digits[] = "0123456789abcdef0123456789ABCDEF";
  int32_t n = 0;

  for (int i = 0; i < 4; i++) {
    const char *at = **p == '\0' ? NULL : strchr(digits, **p);

    if (!at)
      return -1;
    n = n << 4 | (int32_t)((at - digits) & 0xf);
    ++*p;
  }
  return n;
}

/* Reads the character after \u, which can be a pair of surrogates.  -1: it is
 * invalid, or U+0000, which a C string cannot hold. */
static int32_t
take_character(const char **p)
{
  int32_t high = take_hex4(p), low;

  if (high < 0xd800 || high > 0xdfff)
    return high == 0 ? -1 : high;
  if (high > 0xdbff || strncmp(*p, "\\u", 2) != 0)
    return -1;
  *p += 2;
  low = take_hex4(p);
  if (low < 0xdc00 || low > 0xdfff)
    return -1;
  return 0x10000 + ((high - 0xd800) << 10 | (low - 0xdc00));
}

static char *
put_utf8(char *to, int32_t c)
{
  if (c < 0x80) {
    *to++ = (char)c;
    return to;
  }
  if (c < 0x800) {
    *to++ = (char)(0xc0 | c >> 6);
  } else {
    if (c < 0x10000) {
      *to++ = (char)(0xe0 | c >> 12);
    } else {
      *to++ = (char)(0xf0 | c >> 18);
      *to++ = (char)(0x80 | (c >> 12 & 0x3f));
    }
    *to++ = (char)(0x80 | (c >> 6 & 0x3f));
  }
  *to++ = (char)(0x80 | (c & 0x3f));
  return to;
}

/* Decodes the escape after a backslash at *P into TO.  The result is never
 * longer than the escape.  Returns the end of TO; NULL: no such escape. */
static char *
unescape(const char **p, char *to)
{
  static const char escapes[] = "\"\\/bfnrt";
  static const char meanings[] = "\"\\/\b\f\n\r\t";
  const char *at = **p == '\0' ? NULL : strchr(escapes, **p);
  int32_t c;

  if (at) {
    ++*p;
    *to = meanings[at - escapes];
    return to + 1;
  }
  if (**p != 'u')
    return NULL;
  ++*p;
  c = take_character(p);
  return c < 0 ? NULL : put_utf8(to, c);
}

/* Unescapes the string that begins at *P with its quote, in place.  NULL:
 * invalid. */
static char *
take_string(char **p)
{
  const char *from = *p + 1;
  char *text = *p + 1, *to = text;

  if (**p != '"')
    return NULL;
  while (*from != '"') {
    if ((unsigned char)*from < 0x20) /* also the end of the line */
      return NULL;
    if (*from != '\\') {
      *to++ = *from++;
      continue;
    }
    from++;
    to = unescape(&from, to);
    if (!to)
      return NULL;
  }
  *p += from + 1 - *p;
  *to = '\0';
  return text;
}

/* ---- Other values -------------------------------------------------------- */

/* Returns true if the LEN characters are a JSON number: -1.50e+3. */
static bool
is_number(const char *text, size_t len)
{
  static const char digits[] = "0123456789";
  size_t at = text[0] == '-', n;

  n = strspn(text + at, digits);
  if (n == 0 || (n > 1 && text[at] == '0'))
    return false;
  at += n;
  if (text[at] == '.') {
    n = strspn(text + at + 1, digits);
    if (n == 0)
      return false;
    at += n + 1;
  }
  if (text[at] == 'e' || text[at] == 'E') {
    at += text[at + 1] == '-' || text[at + 1] == '+' ? 2 : 1;
    n = strspn(text + at, digits);
    if (n == 0)
      return false;
    at += n;
  }
  return at == len;
}

static bool
is_word(const char *text, size_t len, const char *word)
{
  return strlen(word) == len && memcmp(text, word, len) == 0;
}

/* Reads a value without quotes at *P.  The caller must end it with a NUL. */
static bool
take_plain(char **p, struct json_member *m, size_t *ret_len)
{
  size_t len = strcspn(*p, " \t\r\n,}");

  m->text = *p;
  if (is_word(*p, len, "null"))
    m->type = JSON_NULL;
  else if (is_word(*p, len, "true") || is_word(*p, len, "false"))
    m->type = JSON_BOOL;
  else if (is_number(*p, len))
    m->type = JSON_NUMBER;
  else
    return false;
  *p += len;
  *ret_len = len;
  return true;
}

/* ---- The line ------------------------------------------------------------ */

static char *
skip_blanks(char *p)
{
  return p + strspn(p, " \t\r\n");
}

/* Reads "NAME": VALUE at *P, and the comma or brace after it into *RET_NEXT.
 * Returns NULL, or the problem in words. */
static const char *
take_member(char **p, struct json_member *m, char *ret_next)
{
  char *plain = NULL;
  size_t len = 0;

  m->name = take_string(p);
  if (!m->name)
    return bad_text;
  *p = skip_blanks(*p);
  if (**p != ':')
    return no_object;
  *p = skip_blanks(*p + 1);
  if (**p == '"') {
    m->type = JSON_TEXT;
    m->text = take_string(p);
    if (!m->text)
      return bad_text;
  } else {
    plain = *p;
    if (!take_plain(p, m, &len))
      return bad_value;
  }
  *p = skip_blanks(*p);
  *ret_next = **p;
  if (*ret_next != ',' && *ret_next != '}')
    return no_object;
  ++*p;
  if (plain)
    plain[len] = '\0';
  return NULL;
}

static const struct json_member *
find_json_member(const struct json_line *line, const char *name)
{
  for (size_t i = 0; i < line->n; i++)
    if (strcmp(line->members[i].name, name) == 0)
      return &line->members[i];
  return NULL;
}

bool
json_line_has(const struct json_line *line, const char *name)
{
  return find_json_member(line, name);
}

const char *
json_line_parse(char *line, struct json_line *ret)
{
  char *p = skip_blanks(line);
  char next = ',';
  const char *wrong;

  ret->n = 0;
  if (*p != '{')
    return no_object;
  p = skip_blanks(p + 1);
  if (*p == '}') {
    next = '}';
    p++;
  }
  while (next == ',') {
    if (ret->n == JSON_LINE_MEMBERS)
      return "has too many members";
    wrong = take_member(&p, &ret->members[ret->n], &next);
    if (wrong)
      return wrong;
    if (json_line_has(ret, ret->members[ret->n].name))
      return "has a member twice";
    ret->n++;
    if (next == ',')
      p = skip_blanks(p);
  }
  return *skip_blanks(p) == '\0' ? NULL : no_object;
}

const struct json_member *
json_line_find(const struct json_line *line, const char *name)
{
  const struct json_member *m = find_json_member(line, name);

  return !m || m->type == JSON_NULL ? NULL : m;
}
