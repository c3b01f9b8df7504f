/*
 * Checks the configured URL, and escapes the parts of a query.  Pure.
 */
#ifndef HTTP_URL_H
#define HTTP_URL_H

#include <stdbool.h>
#include <stddef.h>

/* Returns NULL if URL is one of http or https without a login; else the problem
 * in words, to follow the name of the option. */
const char *url_problem(const char *url);

/* Returns true if URL, an accepted one, begins with https, in any case. */
bool url_is_https(const char *url);

/* Returns true if the host of URL is this machine. */
bool url_is_loopback(const char *url);

/* Returns URL without slashes at its end, from malloc; NULL: out of memory. */
char *url_base(const char *url);

/* Returns URL in a form that is safe to print: without user name, password and
 * query, and without a slash at its end.  From malloc; NULL: no URL that
 * url_problem accepts is left. */
char *url_shown(const char *url);

/* Escapes TEXT for a query.  From malloc; NULL: out of memory. */
char *url_escape(const char *text);

#endif
