/*
 * A real server that takes points in InfluxDB's line protocol, for tests: that
 * of InfluxDB 1, or VictoriaMetrics.
 *
 *     p = point_server_start(sandbox, INFLUXDB);
 *     ... url = http://127.0.0.1:PORT, api = v1, database = home ...
 *     ck_assert_str_eq(point_server_select(p, "energy"),
 *                      "2026-11-22T10:20:00Z 84.208\n");
 *     point_server_free(p);
 */
#ifndef SUPPORT_POINT_SERVER_H
#define SUPPORT_POINT_SERVER_H

#include "tests/support/daemon.h"

enum point_server_kind { INFLUXDB, VICTORIA_METRICS };

struct point_server;

/* Returns whether the programs are installed. */
bool point_server_is_there(void);

/* Starts a server with an empty database "home". */
struct point_server *point_server_start(struct sandbox *s,
                                        enum point_server_kind kind);
/* Accepts NULL. */
void point_server_free(struct point_server *p);

struct daemon *point_server_daemon(const struct point_server *p);

/* Sends a query of InfluxQL to InfluxDB, and returns the answer as CSV; valid
 * until the next call. */
const char *point_server_query(struct point_server *p, const char *query);
/* Returns the points of FIELD of the measurement heat_meter, one a line: time
 * in ms and value, by time; valid until the next call. */
const char *point_server_select(struct point_server *p, const char *field);

#endif
