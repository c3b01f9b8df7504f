/* address.c: the URL of a broker. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "lib/array.h"
#include "plugins/mqtt/address.h"
#include "testkit/fake_host.h"
#include "tests/support/run_suite.h"

#define SCHEME "must be mqtt://HOST:PORT or mqtts://HOST:PORT"
#define USER                                                                   \
  "holds a user name or password; give them as `username` and `password`"
#define PATH "must end after the port: give a topic as `topic`"
#define PORT "has no port from 1 to 65535 after the colon"
#define NAME "has no valid host; put an IPv6 address in brackets"
#define LONG "has a host that is too long"

#define NAME_50 "a234567890a234567890a234567890a234567890a234567890"
#define NAME_250 NAME_50 NAME_50 NAME_50 NAME_50 NAME_50

/* "tls NAME PORT", or the problem. */
static const struct {
  const char *url, *want;
} rows[] = {
  { "mqtt://house.example", "0 house.example 1883" },
  { "mqtts://house.example", "1 house.example 8883" },
  { "mqtt://house.example:1884", "0 house.example 1884" },
  { "mqtts://house.example:1", "1 house.example 1" },
  { "mqtt://house.example:65535", "0 house.example 65535" },
  { "MQTT://HOUSE", "0 HOUSE 1883" },
  { "MqttS://house", "1 house 8883" },
  { "mqtt://house/", "0 house 1883" },
  { "mqtt://house:1883/", "0 house 1883" },
  { "mqtt://127.0.0.1", "0 127.0.0.1 1883" },
  { "mqtt://[::1]", "0 ::1 1883" },
  { "mqtt://[::1]:1884", "0 ::1 1884" },
  { "mqtts://[fe80::1%eth0]:1884/", "1 fe80::1%eth0 1884" },
  { "mqtt://" NAME_250, "0 " NAME_250 " 1883" },
  { "", SCHEME },
  { "house", SCHEME },
  { "mqtt:house", SCHEME },
  { "mqtt:/house", SCHEME },
  { "http://house", SCHEME },
  { "mqttx://house", SCHEME },
  { "tcp://house", SCHEME },
  { " mqtt://house", SCHEME },
  { "mqtt://user@house", USER },
  { "mqtt://user:secret@house:1883", USER },
  { "mqtt://house/heat", PATH },
  { "mqtt://house:1883//", PATH },
  { "mqtt://house/?a=b", PATH },
  { "mqtt://house:", PORT },
  { "mqtt://house:0", PORT },
  { "mqtt://house:65536", PORT },
  { "mqtt://house:100000", PORT },
  { "mqtt://house:99999999999999999999", PORT },
  { "mqtt://house:-1", PORT },
  { "mqtt://house:+1", PORT },
  { "mqtt://house: 1", PORT },
  { "mqtt://house:1x", PORT },
  { "mqtt://house:mqtt", PORT },
  { "mqtt://", NAME },
  { "mqtt:///", NAME },
  { "mqtt://:1883", NAME },
  { "mqtt://[]:1883", NAME },
  { "mqtt://[]", NAME },
  { "mqtt://::1", NAME },
  { "mqtt://fe80::1:1883", NAME },
  { "mqtt://[::1", NAME },
  { "mqtt://::1]", NAME },
  { "mqtt://[::1]x", NAME },
  { "mqtt://x[::1]", NAME },
  { "mqtt://ho use", NAME },
  { "mqtt://house\n", NAME },
  { "mqtt://house?x", NAME },
  { "mqtt://house#x", NAME },
  { "mqtt://" NAME_250 NAME_50, LONG },
};

START_TEST(url_is_split)
{
  const struct address unchanged = { .tls = true, .name = "x", .port = "1" };
  struct address address = unchanged;
  const char *problem = address_parse(rows[_i].url, &address);
  char have[300];

  snprintf(have, sizeof(have), "%d %s %s", address.tls, address.name,
           address.port);
  ck_assert_str_eq(problem ? problem : have, rows[_i].want);
  if (problem)
    ck_assert_int_eq(memcmp(&address, &unchanged, sizeof(address)), 0);
}
END_TEST

static void
resolve(struct fake_host *host, const char *url)
{
  struct addrinfo *list = NULL;
  struct address address;

  ck_assert_ptr_null(address_parse(url, &address));
  ck_assert_int_eq(address_resolve(&host->table, url, &address, 0, &list),
                   MP_OK);
  ck_assert_ptr_nonnull(list);
  freeaddrinfo(list);
}

START_TEST(number_needs_no_time)
{
  struct fake_host *host = fake_host_new(NULL, "bus");

  fake_host_set_time_left(host, 0);
  fake_host_cancel(host);
  resolve(host, "mqtt://127.0.0.1");
  resolve(host, "mqtt://[::1]:7");
  ck_assert_uint_eq(fake_host_failures(host), 0);
  fake_host_free(host);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("mqtt address");
  TCase *tc = tcase_create("addresses");

  tcase_add_loop_test(tc, url_is_split, 0, ARRAY_SIZE(rows));
  tcase_add_test(tc, number_needs_no_time);
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
