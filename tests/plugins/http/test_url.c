/* URLs: which are accepted, which mean TLS, and which mean this machine. */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "lib/array.h"
#include "plugins/http/url.h"
#include "tests/support/run_suite.h"

#define SCHEME "must begin with http:// or https://"
#define INVALID "is not a valid URL"

START_TEST(only_http_and_https_urls_are_accepted)
{
  static const struct {
    const char *url, *problem; /* NULL: none */
    bool https;
  } rows[] = {
    { "http://house", NULL, false },
    { "HTTP://house:8080/path", NULL, false },
    { "https://house", NULL, true },
    { "HTTPS://HOUSE", NULL, true },
    { "HttpS://house", NULL, true },
    { "http:house", SCHEME, false },
    { "https:/house", SCHEME, false },
    { "httpx://house", SCHEME, false },
    { "httpss://house", SCHEME, false },
    { "FILE:///etc/passwd", SCHEME, false },
    { " http://house", SCHEME, false },
    { "", SCHEME, false },
    { "HTTP://", INVALID, false },
    { "HTTPS://me:t0psecret@house",
      "holds a user name or password; give them as `username` and "
      "`password`",
      true },
  };

  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    ck_assert_pstr_eq(url_problem(rows[i].url), rows[i].problem);
    ck_assert_msg(url_is_https(rows[i].url) == rows[i].https, "%s",
                  rows[i].url);
  }
}
END_TEST

START_TEST(only_true_loopback_addresses_count_as_loopback)
{
  static const struct {
    const char *url;
    bool loopback;
  } rows[] = {
    { "http://localhost:8080", true },
    { "HTTPS://LocalHost/", true },
    { "http://127.0.0.1", true },
    { "http://127.9.8.7:80", true },
    { "http://[::1]:8080", true },
    { "http://127.example", false },
    { "http://127.0.0.1.example", false },
    { "http://localhost.example", false },
    { "http://0.0.0.0", false },
    { "http://[::2]", false },
    { "http://", false },
  };

  for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
    ck_assert_msg(url_is_loopback(rows[i].url) == rows[i].loopback, "%s",
                  rows[i].url);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("domoticz URLs");
  TCase *tc = tcase_create("url");

  tcase_add_test(tc, only_http_and_https_urls_are_accepted);
  tcase_add_test(tc, only_true_loopback_addresses_count_as_loopback);
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
