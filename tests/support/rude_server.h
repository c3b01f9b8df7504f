/*
 * A misbehaving server, for tests.  When a client connects to 127.0.0.1 and
 * sends anything, it sends a greeting, then a refrain repeatedly, or nothing
 * more.
 *
 *     struct rude_server *r = rude_server_start(&(struct rude){
 *       .greeting = "HTTP/1.1 200 OK\r\n\r\n", .refrain = "aaaa" });
 *
 *     ... run against http://127.0.0.1:rude_server_port(r) ...
 *     ck_assert_ptr_null(strstr(rude_server_heard(r), "Authorization"));
 *     rude_server_stop(r);
 */
#ifndef SUPPORT_RUDE_SERVER_H
#define SUPPORT_RUDE_SERVER_H

#include <stdbool.h>
#include <stddef.h>

struct rude {
  const char *greeting; /* sent once; NULL: nothing */
  size_t greeting_len;  /* 0: up to its NUL */
  const char *refrain;  /* sent repeatedly; NULL: nothing */
  unsigned times;       /* how many times; 0: without end */
  unsigned pause_ms;    /* before each time */
  bool hangs_up;        /* closes at the end, instead of staying silent */
};

struct rude_server;

struct rude_server *rude_server_start(const struct rude *rude);
/* Accepts NULL. */
void rude_server_stop(struct rude_server *r);

unsigned rude_server_port(const struct rude_server *r);
/* The number of connections, and the first bytes received from the last one;
 * the text lives until the server is stopped. */
unsigned rude_server_connections(struct rude_server *r);
const char *rude_server_heard(struct rude_server *r);

#endif
