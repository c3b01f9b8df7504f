/*
 * The graph of the transforms: their order, the kinds of their results, bases
 * and roles; and the mistakes in a pipeline file that it finds.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "lib/array.h"
#include "tests/core/cycle/table_house.h"
#include "tests/support/run_suite.h"

#define METER "[input meter]\nplugin = /meter\n"
#define SUBTRACT(name, value, base, options)                                   \
  "[transform " name "]\nplugin = subtract\nvalue = " value                    \
  "\nminus = house." base "\n" options
#define ADD(name, value, total)                                                \
  "[transform " name "]\nplugin = add\nvalue = " value "\nplus = house." total \
  "\n"
#define CONVERT(name, value)                                                   \
  "[transform " name "]\nplugin = convert\nvalue = " value "\nunit = MJ\n"
#define HOUSE "[output house]\nplugin = /server\n"

static struct table_house house;

/* ---- Good plans ---- */

static const struct {
  const char *name, *ini;
  const char *order; /* of the transforms */
  const char *roles; /* of the targets: "base:minus 1:delta" */
  const char *kinds; /* of the values */
  size_t groups;     /* of connected bases */
} plans[] = {
  { "a transform comes after the one that feeds it, in any order in the file",
    METER ADD("total", "usage", "total")
      SUBTRACT("usage", "meter.energy", "base", "") HOUSE
    "idx.base = meter.energy\nidx.total = total\n",
    "usage total", "base:minus total:plus",
    "meter.energy=counter total=counter usage=delta", 1 },
  { "a result measured from a target that its input feeds is a delta",
    METER SUBTRACT("usage", "meter.energy", "base", "") HOUSE
    "idx.base = meter.energy\nidx.usage = usage\n",
    "usage", "base:minus usage:delta", "meter.energy=counter usage=delta", 1 },
  { "a result measured from another target is a gauge",
    METER SUBTRACT("rest", "meter.energy", "base", "") HOUSE
    "idx.base = meter.flow\nidx.rest = rest\n",
    "rest", "base:minus rest:plain",
    "meter.flow=gauge meter.energy=counter rest=gauge", 1 },
  { "a total of deltas is a counter, a total of gauges is a gauge",
    METER ADD("a", "meter.usage", "a") ADD("b", "meter.flow", "b") HOUSE
    "idx.a = a\nidx.b = b\n",
    "a b", "a:plus b:plus",
    "meter.usage=delta meter.flow=gauge a=counter b=gauge", 0 },
  { "a transform without operands keeps the kind",
    METER CONVERT("mj", "meter.energy") HOUSE "idx.mj = mj\n", "mj", "mj:plain",
    "meter.energy=counter mj=counter", 0 },
  { "a kind that is not known beforehand stays unknown",
    METER CONVERT("mj", "meter.any") HOUSE "idx.mj = mj\n", "mj", "mj:plain",
    "meter.any=0 mj=0", 0 },
  { "results that share a target are connected: one group of bases",
    METER SUBTRACT("a", "meter.energy", "one", "") SUBTRACT("b", "a", "two", "")
      HOUSE "idx.one = meter.flow\nidx.two = a\n",
    "a b", "one:minus two:minus", NULL, 1 },
  { "two bases without a common result are two groups",
    METER SUBTRACT("a", "meter.energy", "one", "")
      SUBTRACT("b", "meter.speed", "two", "") HOUSE
    "idx.one = meter.energy\nidx.two = meter.speed\nidx.a = a\nidx.b = b\n",
    "a b", "one:minus two:minus a:delta b:delta",
    "meter.energy=counter meter.speed=counter a=delta b=delta", 2 },
};

static const char *
order_of(const struct plan *p, char *buf)
{
  buf[0] = '\0';
  for (size_t i = 0; i < p->n_transforms; i++)
    sprintf(buf + strlen(buf), "%s%s", i ? " " : "", p->transforms[i]->name);
  return buf;
}

static const char *
roles_of(const struct plan *p, char *buf)
{
  static const char *const roles[] = { "plain", "minus", "plus", "delta" };

  buf[0] = '\0';
  for (size_t i = 0; i < p->n_targets; i++)
    sprintf(buf + strlen(buf), "%s%s:%s", i ? " " : "", p->targets[i]->name,
            roles[p->targets[i]->role]);
  return buf;
}

static const char *
kinds_of(const struct plan *p, char *buf)
{
  buf[0] = '\0';
  for (size_t i = 0; i < p->n_slots; i++)
    sprintf(buf + strlen(buf), "%s%s=%s", i ? " " : "", p->slots[i]->name,
            p->slots[i]->kind ? value_kind_name(p->slots[i]->kind) : "0");
  return buf;
}

static size_t
count_groups(const struct plan *p)
{
  size_t n = 0;

  for (const struct base *b = p->bases; b; b = b->next)
    n += base_leader(b) == b;
  return n;
}

START_TEST(plans_are_connected)
{
  char buf[HOUSE_TEXT];

  house_init(&house, plans[_i].ini);
  house_check_text(plans[_i].name, "the order", order_of(house.plan, buf),
                   plans[_i].order);
  house_check_text(plans[_i].name, "the roles", roles_of(house.plan, buf),
                   plans[_i].roles);
  if (plans[_i].kinds)
    house_check_text(plans[_i].name, "the kinds", kinds_of(house.plan, buf),
                     plans[_i].kinds);
  ck_assert_msg(count_groups(house.plan) == plans[_i].groups,
                "%s: the groups of bases are %zu", plans[_i].name,
                count_groups(house.plan));
  house_clear(&house);
}
END_TEST

/* ---- Facts that other parts rely on ---- */

static const char facts[] = METER SUBTRACT("usage", "meter.energy", "base", "")
  SUBTRACT("rest", "meter.speed", "other", "") HOUSE
  "idx.base = meter.energy\nidx.other = meter.flow\nidx.usage = usage\n"
  "idx.mj = mj\n"
  "[output page]\nplugin = /page\nidx.flow = meter.flow\n" CONVERT(
    "mj", "meter.energy");

START_TEST(fields_that_are_measured_are_kept)
{
  house_init(&house, facts);
  ck_assert(house_slot(&house, "meter.energy")->is_measured);
  ck_assert(house_slot(&house, "meter.speed")->is_measured);
  ck_assert(!house_slot(&house, "meter.flow")->is_measured);
  house_clear(&house);
}
END_TEST

START_TEST(a_base_advances_with_what_feeds_it)
{
  house_init(&house, facts);
  ck_assert(house_target(&house, "base")->base->advances);
  ck_assert(!house_target(&house, "other")->base->advances);
  house_clear(&house);
}
END_TEST

START_TEST(a_target_knows_its_field)
{
  const struct target *t;

  house_init(&house, facts);
  t = house_target(&house, "usage");
  ck_assert_str_eq(t->label, "Energy");
  ck_assert_str_eq(t->register_number, "60");
  ck_assert_str_eq(t->unit, "GJ");
  ck_assert_str_eq(house_target(&house, "mj")->unit, "MJ");
  house_clear(&house);
}
END_TEST

/* ---- Mistakes ---- */

static const struct {
  const char *name, *ini;
  const char *problems;
} mistakes[] = {
  { "transforms in a circle",
    METER CONVERT("a", "b") CONVERT("b", "a") HOUSE "idx.a = a\n",
    "5: the transforms depend on each other in a circle: a <- b <- a" },
  { "a transform that depends on itself",
    METER CONVERT("a", "a") HOUSE "idx.a = a\n",
    "5: the transforms depend on each other in a circle: a <- a" },
  { "a target is a base and a total",
    METER SUBTRACT("usage", "meter.energy", "base", "")
      ADD("total", "usage", "base") HOUSE "idx.base = meter.energy\n",
    "6: minus: house.base is both a base (minus) and a running total (plus); a "
    "target can be only one of them\n"
    "10: plus: house.base is both a base (minus) and a running total (plus); a "
    "target can be only one of them" },
  { "a usage as an operand",
    METER SUBTRACT("usage", "meter.energy", "base", "")
      ADD("total", "meter.flow", "usage") HOUSE
    "idx.base = meter.energy\nidx.usage = usage\n",
    "10: plus: house.usage holds a usage (from \"usage\"), which cannot be an "
    "operand: name a target that holds a reading or a total" },
  { "two transforms on one base with other settings",
    METER SUBTRACT("a", "meter.energy", "base", "decrease = allow\n") SUBTRACT(
      "b", "meter.energy", "base", "") HOUSE "idx.base = meter.energy\n",
    "8: decrease: \"a\" and \"b\" measure from the same base (house.base) and "
    "must have the same \"decrease\"" },
};

START_TEST(mistakes_are_reported)
{
  char buf[HOUSE_TEXT];

  house_build(&house, mistakes[_i].ini);
  house_check_text(mistakes[_i].name, "the problems",
                   house_problems(&house, buf), mistakes[_i].problems);
  house_clear(&house);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("graph");
  TCase *tc = tcase_create("graph");

  tcase_add_loop_test(tc, plans_are_connected, 0, ARRAY_SIZE(plans));
  tcase_add_test(tc, fields_that_are_measured_are_kept);
  tcase_add_test(tc, a_base_advances_with_what_feeds_it);
  tcase_add_test(tc, a_target_knows_its_field);
  tcase_add_loop_test(tc, mistakes_are_reported, 0, ARRAY_SIZE(mistakes));
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
