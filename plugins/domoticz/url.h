/*
 * Checks the configured URL, and escapes the parts of a query.  Pure.
 */
#ifndef DOMOTICZ_URL_H
#define DOMOTICZ_URL_H

#include <stdbool.h>
#include <stddef.h>

/* Returns NULL if the output accepts URL; else the problem in words. */
const char *url_problem(const char *url);

/* Returns true if URL, an accepted one, begins with https, in any case. */
bool url_is_https(const char *url);

/* Returns true if the host of URL is this machine. */
bool url_is_loopback(const char *url);

/* Returns URL in the form of the option `url`, safe to print: without user
 * name, password, query and json.htm.  From malloc; NULL: it is no URL that the
 * output accepts. */
char *url_shown(const char *url);

/* Escapes TEXT for a query.  From malloc; NULL: out of memory. */
char *url_escape(const char *text);

#endif
