/*
 * URLs: whether the one configured will do, and escaping what goes into one.
 * Pure.
 */
#ifndef DOMOTICZ_URL_H
#define DOMOTICZ_URL_H

#include <stdbool.h>
#include <stddef.h>

/* NULL: URL is one that we take; else what is wrong with it. */
const char *url_problem(const char *url);

/* Whether URL, one that we take, begins with https, in capitals or not. */
bool url_is_https(const char *url);

/* Whether the host of URL is this machine. */
bool url_is_loopback(const char *url);

/* URL as `url` takes it, and can be shown: without user name, password, query
 * and json.htm; from malloc, NULL: it is no URL that we would take. */
char *url_shown(const char *url);

/* TEXT as a part of a query; from malloc, NULL: out of memory. */
char *url_escape(const char *text);

#endif
