/*
 * The address of a broker: its URL, and the network addresses of its name.
 */
#ifndef MQTT_ADDRESS_H
#define MQTT_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include <netdb.h>

#include <meterpipe/plugin.h>

/* The parts of mqtt://HOST[:PORT] or mqtts://HOST[:PORT]. */
struct address {
  bool tls;
  char name[256]; /* of the host, without the brackets of an IPv6 address */
  char port[6];
};

/* Returns NULL and *RET, or the problem in words, to follow the option's
 * name. */
const char *address_parse(const char *url, struct address *ret);

/*
 * Resolves the name before *UNTIL on the monotonic clock, or before the cycle
 * must end.  MP_OK: *RET is for freeaddrinfo.  Otherwise returns a reason,
 * reported under URL.
 */
int address_resolve(const struct mp_host *host, const char *url,
                    const struct address *address, int64_t until,
                    struct addrinfo **ret);

#endif
