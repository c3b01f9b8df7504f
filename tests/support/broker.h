/*
 * A real MQTT broker (mosquitto) in a sandbox's directory, for tests.
 *
 *     broker = broker_start(sandbox, "one", "persistence true\n");
 *
 *     ... run against mqtt://127.0.0.1:broker_port(broker) ...
 *     ck_assert_str_eq(broker_retained(broker, "meterpipe/#"),
 *                      "meterpipe/house/energy 84.208\n");
 *     broker_publish(broker, "meterpipe/house/energy", "");
 *     broker_free(broker);
 *
 * The test itself uses a socket of its own, to which the rules of the port
 * (passwords, ACL, TLS) do not apply.  The broker ends with the test process.
 */
#ifndef SUPPORT_BROKER_H
#define SUPPORT_BROKER_H

#include <stdbool.h>
#include <sys/types.h>

#include "tests/support/sandbox.h"

struct broker;

/* Returns whether mosquitto and its clients are installed. */
bool broker_is_there(void);

/*
 * Starts a broker on a free port of 127.0.0.1, and waits until it accepts
 * connections.  NAME is the base name of its files in S.  LINES, lines of
 * mosquitto.conf(5), are those of the port: allow_anonymous (the default here,
 * unless LINES has a password_file), acl_file, certfile, and of the whole
 * broker: persistence, autosave_interval, max_keepalive.  Paths are relative to
 * the sandbox's directory.
 */
struct broker *broker_start(struct sandbox *s, const char *name,
                            const char *lines);
/* Kills it.  Accepts NULL. */
void broker_free(struct broker *b);

unsigned broker_port(const struct broker *b);
pid_t broker_pid(const struct broker *b);

/* End it: as the system does, so that it saves its database; as a power cut
 * does.  Both wait for its end, and accept that it ended already. */
void broker_stop(struct broker *b);
void broker_kill(struct broker *b);
/* Starts it again, on the same port and with the same files. */
void broker_restart(struct broker *b);
/* Replaces LINES; call broker_restart next. */
void broker_configure(struct broker *b, const char *lines);
/* Lets it read its ACL and passwords again. */
void broker_reload(struct broker *b);
/* Lets it save its database now. */
void broker_save(struct broker *b);

/* Returns what the broker logged. */
const char *broker_log(struct broker *b);

/* Adds USER with PASSWORD to the password file NAME. */
void broker_add_user(struct sandbox *s, const char *name, const char *user,
                     const char *password);

/* Returns the retained messages of FILTER that a new subscriber receives, as
 * sorted lines "TOPIC PAYLOAD"; " id=ID" follows where a message has that user
 * property, and " expiry" where it has an expiry.  The text lives until the
 * next call. */
const char *broker_retained(struct broker *b, const char *filter);
/* Publishes a retained message; PAYLOAD "" deletes the retained message of
 * TOPIC. */
void broker_publish(struct broker *b, const char *topic, const char *payload);

#endif
