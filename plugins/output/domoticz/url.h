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

/* Whether the host of URL is this machine. */
bool url_is_loopback(const char *url);

/* TEXT as a part of a query; from malloc, NULL: out of memory. */
char *url_escape(const char *text);

#endif
