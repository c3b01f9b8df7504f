/*
 * From readings to ledgers: each row is what was read, what the state knows,
 * and what is booked.  The name of a row is a rule of doc/ledger.md or
 * meterpipe.ini.5.  The notation is that of table_house.h.
 */
#include <check.h>
#include <stdio.h>

#include "core/cycle/book.h"
#include "core/cycle/evaluate.h"
#include "core/cycle/settle.h"
#include "lib/array.h"
#include "tests/core/cycle/table_house.h"
#include "tests/support/run_suite.h"

#define METER "[input meter]\nplugin = /meter\n"
#define USAGE(field, options)                                                  \
  "[transform usage]\nplugin = subtract\nvalue = meter." field                 \
  "\nminus = house.base\n" options
#define TOTAL                                                                  \
  "[transform total]\nplugin = add\nvalue = usage\nplus = house.total\n"
#define HOUSE(plugin, field)                                                   \
  "[output house]\nplugin = " plugin "\nidx.base = meter." field               \
  "\nidx.usage = usage\n"

/* A base, a usage and a total. */
static const char plain[] = METER USAGE("energy", "")
  TOTAL HOUSE("/server", "energy") "idx.total = total\n";
/* A base and a usage, in outputs of other classes. */
static const char blind[] = METER USAGE("energy", "")
  TOTAL HOUSE("/blind", "energy") "idx.total = total\n";
static const char file[] = METER USAGE("energy", "") HOUSE("/file", "energy");
/* Of a field with a limit. */
static const char limited[] =
  METER USAGE("speed", "") HOUSE("/server", "speed");
static const char own_limit[] =
  METER USAGE("energy", "max_rate = 2\n") HOUSE("/server", "energy");
static const char not_judged[] =
  METER USAGE("speed", "plausible = no\n") HOUSE("/server", "speed");
static const char allowing[] =
  METER USAGE("energy", "decrease = allow\n") HOUSE("/server", "energy");
static const char rebasing[] =
  METER USAGE("energy", "decrease = rebase\n") HOUSE("/server", "energy");
static const char from_zero[] =
  METER USAGE("energy", "first = zero\n") HOUSE("/server", "energy");
/* A base that this pipeline does not write. */
static const char foreign[] = METER USAGE(
  "energy", "") "[output house]\nplugin = /server\nidx.usage = usage\n";
/* Two bases on one field. */
static const char two_bases[] = METER USAGE(
  "energy",
  "") "[transform day]\nplugin = subtract\nvalue = meter.energy\n"
      "minus = house.morning\n"
      "[output house]\nplugin = /server\nidx.base = meter.energy\n"
      "idx.usage = usage\nidx.morning = meter.energy\nidx.day = day\n";
/* A total of a usage in another unit. */
static const char converted[] =
  METER "[transform mwh]\nplugin = convert\nvalue = meter.energy\n"
        "unit = MWh\ndecimals = 3\n" USAGE("energy", "")
          HOUSE("/server", "energy") "idx.mwh = mwh\n";
/* Values whose kind is not known beforehand. */
static const char unknown[] =
  METER "[output house]\nplugin = /server\nidx.any = meter.any\n";
static const char unknown_base[] =
  METER USAGE("any", "") HOUSE("/server", "any");
static const char note[] =
  METER "[output house]\nplugin = /server\nidx.note = meter.note\n";

/* Two usages on one base. */
static const char two_usages[] = METER USAGE(
  "energy", "") "[transform again]\nplugin = subtract\nvalue = meter.energy\n"
                "minus = house.base\n" HOUSE("/server",
                                             "energy") "idx.again = again\n";
/* Two fields, each with a base of its own. */
static const char two_fields[] = METER USAGE(
  "energy", "") "[transform cold]\nplugin = subtract\nvalue = meter.speed\n"
                "minus = house.other\n" HOUSE(
                  "/server",
                  "energy") "idx.other = meter.speed\nidx.cold = cold\n";
/* Totals of what the meter counts itself. */
static const char adding[] =
  METER "[transform total]\nplugin = add\nvalue = meter.usage\n"
        "first = skip\nplus = house.total\n"
        "[output house]\nplugin = /blind\nidx.total = total\n";
static const char adding_unknown[] =
  METER "[transform total]\nplugin = add\nvalue = meter.any\n"
        "plus = house.total\n"
        "[output house]\nplugin = /server\nidx.total = total\n";
static const char gauge[] =
  METER USAGE("flow", "max_rate = 1\n") HOUSE("/server", "flow");
/* Transforms that break the contract. */
#define BREAKS(plugin)                                                         \
  METER "[transform bad]\nplugin = " plugin "\nvalue = meter.energy\n"         \
        "[output house]\nplugin = /server\nidx.bad = bad\n"

struct row {
  const char *name;
  const char *ini, *readings, *kept, *ledgers, *answers;
  const char *slots, *booked, *keeps, *said;
  const char *unreadable; /* a target whose entry cannot be read */
  bool state_failed, shows_info;
};

static const struct row last_known[] = {
  { .name = "a result is measured from the acknowledged value",
    .ini = plain,
    .readings = "meter.energy=85GJ",
    .ledgers = "base.A=84GJ total.A=10GJ",
    .slots = "meter.energy=85GJ usage=1GJ total=11GJ",
    .booked = "base.A=84GJ base.D=85GJ usage.D=1GJ total.A=10GJ total.D=11GJ",
    .keeps = "meter.energy=85GJ" },
  { .name = "the last known value is D, else A",
    .ini = plain,
    .readings = "meter.energy=85GJ",
    .ledgers = "base.A=84GJ base.D=84.5GJ total.A=10GJ total.D=10.5GJ",
    .slots = "meter.energy=85GJ usage=0.5GJ total=11.0GJ",
    .booked =
      "base.A=84GJ base.D=85GJ usage.D=0.5GJ total.A=10GJ total.D=11.0GJ",
    .keeps = "meter.energy=85GJ" },
  { .name = "a new delta is added to a delta that is still pending, with the "
            "remainder",
    .ini = plain,
    .readings = "meter.energy=85GJ",
    .ledgers = "base.D=84GJ usage.D=3GJ usage.E=0.0004GJ total.D=10GJ",
    .slots = "meter.energy=85GJ usage=1GJ total=11GJ",
    .booked = "base.D=85GJ usage.D=4.0004GJ total.D=11GJ",
    .keeps = "meter.energy=85GJ" },
  { .name = "an unknown operand of an output that can be asked is missing, and "
            "blocks the base",
    .ini = plain,
    .readings = "meter.energy=85GJ",
    .ledgers = "base.A=84GJ",
    .slots = "meter.energy=85GJ usage=1GJ total=missing",
    .booked = "base.A=84GJ",
    .keeps = "meter.energy=85GJ",
    .said = "house.total could not be asked and has no last known value" },
  { .name = "a target that was never set: the reading becomes the base",
    .ini = plain,
    .readings = "meter.energy=85GJ",
    .answers = "base=empty total=7GJ",
    .slots = "meter.energy=85GJ usage=left-out total=left-out",
    .booked = "base.D=85GJ total.A=7GJ",
    .keeps = "meter.energy=85GJ",
    .said = "has no value yet: the reading becomes the base" },
  { .name = "in a total that was never set, 0 becomes A",
    .ini = plain,
    .readings = "meter.energy=85GJ",
    .ledgers = "base.A=84GJ",
    .answers = "base=84GJ total=empty",
    .slots = "meter.energy=85GJ usage=1GJ total=1GJ",
    .booked = "base.A=84GJ base.D=85GJ usage.D=1GJ total.A=0 total.D=1GJ",
    .keeps = "meter.energy=85GJ" },
  { .name = "first = zero: all of the first reading is the result",
    .ini = from_zero,
    .readings = "meter.energy=85GJ",
    .answers = "base=empty",
    .slots = "meter.energy=85GJ usage=85GJ",
    .booked = "base.D=85GJ usage.D=85GJ",
    .keeps = "meter.energy=85GJ" },
  { .name = "an output that cannot be asked begins with the first reading, and "
            "its total with 0",
    .ini = blind,
    .readings = "meter.energy=85GJ",
    .slots = "meter.energy=85GJ usage=left-out total=left-out",
    .booked = "base.D=85GJ",
    .keeps = "meter.energy=85GJ",
    .said = "has no value yet: the reading becomes the base" },
  { .name =
      "a target that this pipeline does not write: its displayed value is "
      "used",
    .ini = foreign,
    .readings = "meter.energy=85GJ",
    .answers = "base=84GJ",
    .slots = "meter.energy=85GJ usage=1GJ",
    .booked = "usage.D=1GJ",
    .keeps = "meter.energy=85GJ" },
  { .name = "a reading that could be displayed as the rounded base gives 0 and "
            "becomes the base",
    .ini = plain,
    .readings = "meter.energy=84.04GJ",
    .ledgers = "total.A=10GJ",
    .answers = "base=84.0GJ~-1 total=10GJ",
    .slots = "meter.energy=84.04GJ usage=0.00GJ total=10.00GJ",
    .booked = "base.A=84.0GJ base.D=84.04GJ usage.D=0.00GJ total.A=10GJ "
              "total.D=10.00GJ",
    .keeps = "meter.energy=84.04GJ" },
  { .name = "a column of a queue: its last value is that of the last row",
    .ini = file,
    .readings = "meter.energy=85GJ",
    .ledgers = "base.A=84GJ usage.E=0.5GJ",
    .slots = "meter.energy=85GJ usage=1GJ",
    .booked = "base.A=85GJ usage.A=1.5GJ",
    .keeps = "meter.energy=85GJ" },
  { .name = "no ledger of a column: the last row of the file",
    .ini = file,
    .readings = "meter.energy=85GJ",
    .answers = "base=84GJ",
    .slots = "meter.energy=85GJ usage=1GJ",
    .booked = "base.A=85GJ usage.A=1GJ",
    .keeps = "meter.energy=85GJ" },
  { .name = "no reading: nothing is booked",
    .ini = plain,
    .readings = "",
    .ledgers = "base.A=84GJ usage.D=1GJ",
    .slots = "meter.energy=missing usage=missing total=missing",
    .booked = "base.A=84GJ usage.D=1GJ" },
};

static const struct row without_a_value[] = {
  { .name = "a base that this pipeline does not write, displayed as 0, was "
            "never set",
    .ini = foreign,
    .readings = "meter.energy=85GJ",
    .answers = "base=0GJ",
    .slots = "meter.energy=85GJ usage=left-out",
    .booked = "",
    .keeps = "meter.energy=85GJ",
    .said = "has no value yet" },
  { .name = "a reading that could be displayed as a rounded value of another "
            "program gives 0",
    .ini = foreign,
    .readings = "meter.energy=84.04GJ",
    .answers = "base=84.0GJ~-1",
    .slots = "meter.energy=84.04GJ usage=0.00GJ",
    .booked = "usage.D=0.00GJ",
    .keeps = "meter.energy=84.04GJ" },
  { .name = "the state failed: no last known value is believed",
    .ini = plain,
    .readings = "meter.energy=85GJ",
    .ledgers = "base.A=84GJ total.A=10GJ",
    .state_failed = true,
    .slots = "meter.energy=85GJ usage=missing total=missing",
    .booked = "base.A=84GJ total.A=10GJ",
    .keeps = "meter.energy=85GJ",
    .said = "no result: house.base could not be asked" },
  { .name = "an entry that cannot be read: as an operand it is missing, never "
            "first",
    .ini = blind,
    .readings = "meter.energy=85GJ",
    .unreadable = "base",
    .slots = "meter.energy=85GJ usage=missing total=missing",
    .booked = "",
    .keeps = "meter.energy=85GJ",
    .said = "no result: house.base could not be asked" },
  { .name = "a delta for an entry that cannot be read blocks its base",
    .ini = plain,
    .readings = "meter.energy=85GJ",
    .ledgers = "base.A=84GJ total.A=10GJ",
    .unreadable = "usage",
    .slots = "meter.energy=85GJ usage=1GJ total=11GJ",
    .booked = "base.A=84GJ total.A=10GJ",
    .keeps = "meter.energy=85GJ" },
  { .name = "with -v, targets without a value are named",
    .ini = plain,
    .readings = "meter.energy=83GJ#1",
    .ledgers = "base.A=84GJ#1 total.A=10GJ",
    .shows_info = true,
    .slots = "meter.energy=held usage=held total=held",
    .booked = "base.A=84GJ#1 total.A=10GJ",
    .said = "83 GJ is below|meter.energy is missing (held)|usage is missing "
            "(held)|total is missing (held)" },
  { .name = "a transform that holds a value must say why",
    .ini = BREAKS("/hold"),
    .readings = "meter.energy=85GJ",
    .slots = "meter.energy=held bad=held",
    .booked = "",
    .said = "the plugin's apply held the value and did not say why" },
  { .name = "a transform that drops a value must lack an operand",
    .ini = BREAKS("/drop"),
    .readings = "meter.energy=85GJ",
    .slots = "meter.energy=85GJ bad=missing",
    .booked = "",
    .said = "the plugin's apply dropped the value, and no operand is missing" },
  { .name = "a transform without a base cannot rebase",
    .ini = BREAKS("/rebase"),
    .readings = "meter.energy=85GJ",
    .slots = "meter.energy=85GJ bad=missing",
    .booked = "",
    .said = "the plugin's apply returned" },
};

static const struct row exchanged[] = {
  { .name = "candidate none, number of the base: the reading is used",
    .ini = plain,
    .readings = "meter.energy=85GJ#1",
    .ledgers = "base.A=84GJ#1 total.A=10GJ",
    .slots = "meter.energy=85GJ#1 usage=1GJ#1 total=11GJ#1",
    .booked = "base.A=84GJ#1 base.D=85GJ#1 usage.D=1GJ#1 total.A=10GJ "
              "total.D=11GJ#1",
    .keeps = "meter.energy=85GJ#1" },
  { .name = "candidate none, one number unknown: the reading is used",
    .ini = plain,
    .readings = "meter.energy=85GJ",
    .ledgers = "base.A=84GJ#1 total.A=10GJ",
    .slots = "meter.energy=85GJ usage=1GJ total=11GJ",
    .booked = "base.A=84GJ#1 base.D=85GJ#1 usage.D=1GJ total.A=10GJ "
              "total.D=11GJ",
    .keeps = "meter.energy=85GJ" },
  { .name = "candidate none, another number: the reading becomes the candidate",
    .ini = plain,
    .readings = "meter.energy=3GJ#2",
    .kept = "meter.energy=84GJ#1",
    .ledgers = "base.A=84GJ#1 total.A=10GJ",
    .slots = "meter.energy=held usage=held total=held",
    .booked = "base.A=84GJ#1 total.A=10GJ",
    .keeps = "meter.energy=84GJ#1 meter.energy=!3GJ#2",
    .said = "the serial number is 2 and was 1 before" },
  { .name = "number not read: no decision, the reading is not used",
    .ini = plain,
    .readings = "meter.energy=85GJ#2~",
    .ledgers = "base.A=84GJ#1 total.A=10GJ",
    .slots = "meter.energy=held usage=held total=held",
    .booked = "base.A=84GJ#1 total.A=10GJ",
    .keeps = "meter.energy=.",
    .said = "its serial number could not be read: readings are held" },
  { .name = "number not read a second time: a failure",
    .ini = plain,
    .readings = "meter.energy=85GJ#2~",
    .kept = "meter.energy=.",
    .ledgers = "base.A=84GJ#1 total.A=10GJ",
    .slots = "meter.energy=held usage=held total=held",
    .booked = "base.A=84GJ#1 total.A=10GJ",
    .keeps = "meter.energy=.",
    .said = "held: the serial number is not known" },
  { .name = "the number of the base again: the candidate is forgotten, the "
            "reading is used",
    .ini = plain,
    .readings = "meter.energy=86GJ#1",
    .kept = "meter.energy=84GJ#1 meter.energy=!85GJ#2",
    .ledgers = "base.A=84GJ#1 total.A=10GJ",
    .slots = "meter.energy=86GJ#1 usage=2GJ#1 total=12GJ#1",
    .booked = "base.A=84GJ#1 base.D=86GJ#1 usage.D=2GJ#1 total.A=10GJ "
              "total.D=12GJ#1",
    .keeps = "meter.energy=86GJ#1",
    .said = "the serial number is 1 again: the meter was not exchanged" },
  { .name = "the number of the candidate: it becomes the base, and the "
            "difference to it is booked",
    .ini = plain,
    .readings = "meter.energy=3.5GJ#2",
    .kept = "meter.energy=84GJ#1 meter.energy=!3GJ#2",
    .ledgers = "base.A=84GJ#1 total.A=10GJ",
    .slots = "meter.energy=3.5GJ#2 usage=0.5GJ#2 total=10.5GJ#2",
    .booked = "base.A=84GJ#1 base.D=3.5GJ#2 usage.D=0.5GJ#2 total.A=10GJ "
              "total.D=10.5GJ#2",
    .keeps = "meter.energy=3.5GJ#2",
    .said = "the meter was exchanged: the serial number is 2 and was 1" },
  { .name = "the candidate is kept until the difference to it is booked",
    .ini = plain,
    .readings = "meter.energy=3.5GJ#2",
    .kept = "meter.energy=84GJ#1 meter.energy=!3GJ#2",
    .ledgers = "base.A=84GJ#1",
    .slots = "meter.energy=3.5GJ#2 usage=0.5GJ#2 total=missing",
    .booked = "base.A=84GJ#1",
    .keeps = "meter.energy=84GJ#1 meter.energy=!3GJ#2",
    .said = "the meter was exchanged|house.total could not be asked" },
  { .name = "another number than the candidate's: the reading becomes the "
            "candidate",
    .ini = plain,
    .readings = "meter.energy=5GJ#3",
    .kept = "meter.energy=84GJ#1 meter.energy=!3GJ#2",
    .ledgers = "base.A=84GJ#1 total.A=10GJ",
    .slots = "meter.energy=held usage=held total=held",
    .booked = "base.A=84GJ#1 total.A=10GJ",
    .keeps = "meter.energy=84GJ#1 meter.energy=!5GJ#3",
    .said = "the serial number is 3 and was 1 before" },
  { .name = "if one of several bases cannot use the reading, none does",
    .ini = two_bases,
    .readings = "meter.energy=85GJ#1",
    .ledgers = "base.A=84GJ#1 morning.A=80GJ#9",
    .slots = "meter.energy=held usage=held day=held",
    .booked = "base.A=84GJ#1 morning.A=80GJ#9",
    .keeps = "meter.energy=!85GJ#1",
    .said = "the serial number is 1 and was 9 before" },
  { .name = "an exchange is reported once for a base",
    .ini = two_usages,
    .readings = "meter.energy=3.5GJ#2",
    .kept = "meter.energy=!3GJ#2",
    .ledgers = "base.A=84GJ#1",
    .slots = "meter.energy=3.5GJ#2 usage=0.5GJ#2 again=0.5GJ#2",
    .booked = "base.A=84GJ#1 base.D=3.5GJ#2 usage.D=0.5GJ#2 again.D=0.5GJ#2",
    .keeps = "meter.energy=3.5GJ#2",
    .said = "the meter was exchanged" },
  { .name = "another number is reported once for all fields of an input",
    .ini = two_fields,
    .readings = "meter.energy=3GJ#2 meter.speed=4GJ#2",
    .ledgers = "base.A=84GJ#1 other.A=84GJ#1",
    .slots = "meter.energy=held meter.speed=held usage=held cold=held",
    .booked = "base.A=84GJ#1 other.A=84GJ#1",
    .keeps = "meter.energy=!3GJ#2 meter.speed=!4GJ#2",
    .said = "the serial number is 2 and was 1 before" },
  { .name = "rebase ignores the serial number and forgets the candidate",
    .ini = plain,
    .readings = "meter.energy=3GJ#2",
    .kept = "meter.energy=84GJ#1 meter.energy=!85GJ#3",
    .ledgers = "base.A=84GJ#1 base.rebase=yes total.A=10GJ",
    .slots = "meter.energy=3GJ#2 usage=left-out total=left-out",
    .booked = "base.A=84GJ#1 base.D=3GJ#2 total.A=10GJ",
    .keeps = "meter.energy=3GJ#2",
    .said = "the reading is the new base, as \"meterpipe rebase\"" },
};

static const struct row implausible[] = {
  { .name = "a rise within the limit",
    .ini = limited,
    .readings = "meter.speed=85GJ#1",
    .kept = "meter.speed=84GJ#1",
    .ledgers = "base.A=84GJ#1",
    .slots = "meter.speed=85GJ#1 usage=1GJ#1",
    .booked = "base.A=84GJ#1 base.D=85GJ#1 usage.D=1GJ#1",
    .keeps = "meter.speed=85GJ#1" },
  { .name = "a suspicious reading is held, and this is a failure",
    .ini = limited,
    .readings = "meter.speed=86GJ#1",
    .kept = "meter.speed=84GJ#1",
    .ledgers = "base.A=84GJ#1",
    .slots = "meter.speed=held usage=held",
    .booked = "base.A=84GJ#1",
    .keeps = "meter.speed=84GJ#1 meter.speed=?86GJ#1",
    .said = "86 GJ is not plausible after 84 GJ: it rose by more than 1 GJ" },
  { .name = "a reading between the held one and the rise above it is believed",
    .ini = limited,
    .readings = "meter.speed=86.5GJ#1",
    .kept = "meter.speed=84GJ#1 meter.speed=?86GJ#1",
    .ledgers = "base.A=84GJ#1",
    .slots = "meter.speed=86.5GJ#1 usage=2.5GJ#1",
    .booked = "base.A=84GJ#1 base.D=86.5GJ#1 usage.D=2.5GJ#1",
    .keeps = "meter.speed=86.5GJ#1" },
  { .name = "not suspicious: the held reading is forgotten",
    .ini = limited,
    .readings = "meter.speed=84.5GJ#1",
    .kept = "meter.speed=84GJ#1 meter.speed=?99GJ#1",
    .ledgers = "base.A=84GJ#1",
    .slots = "meter.speed=84.5GJ#1 usage=0.5GJ#1",
    .booked = "base.A=84GJ#1 base.D=84.5GJ#1 usage.D=0.5GJ#1",
    .keeps = "meter.speed=84.5GJ#1" },
  { .name = "otherwise it is held in place of the earlier one",
    .ini = limited,
    .readings = "meter.speed=90GJ#1",
    .kept = "meter.speed=84GJ#1 meter.speed=?86GJ#1",
    .ledgers = "base.A=84GJ#1",
    .slots = "meter.speed=held usage=held",
    .booked = "base.A=84GJ#1",
    .keeps = "meter.speed=84GJ#1 meter.speed=?90GJ#1",
    .said = "90 GJ is not plausible after 84 GJ" },
  { .name = "the limit is the transform's own",
    .ini = own_limit,
    .readings = "meter.energy=87GJ#1",
    .kept = "meter.energy=84GJ#1",
    .ledgers = "base.A=84GJ#1",
    .slots = "meter.energy=held usage=held",
    .booked = "base.A=84GJ#1",
    .keeps = "meter.energy=84GJ#1 meter.energy=?87GJ#1",
    .said = "it rose by more than 2 GJ in an hour" },
  { .name = "the rise is counted from the last believed reading, not the base",
    .ini = limited,
    .readings = "meter.speed=85GJ#1",
    .kept = "meter.speed=84GJ#1",
    .ledgers = "base.A=20GJ#1",
    .slots = "meter.speed=85GJ#1 usage=65GJ#1",
    .booked = "base.A=20GJ#1 base.D=85GJ#1 usage.D=65GJ#1",
    .keeps = "meter.speed=85GJ#1" },
  { .name = "no limit: nothing is suspicious",
    .ini = plain,
    .readings = "meter.energy=9999GJ#1",
    .kept = "meter.energy=84GJ#1",
    .ledgers = "base.A=84GJ#1 total.A=0GJ",
    .slots = "meter.energy=9999GJ#1 usage=9915GJ#1 total=9915GJ#1",
    .booked = "base.A=84GJ#1 base.D=9999GJ#1 usage.D=9915GJ#1 total.A=0GJ "
              "total.D=9915GJ#1",
    .keeps = "meter.energy=9999GJ#1" },
  { .name = "plausible = no: nothing is suspicious",
    .ini = not_judged,
    .readings = "meter.speed=999GJ#1",
    .kept = "meter.speed=84GJ#1",
    .ledgers = "base.A=84GJ#1",
    .slots = "meter.speed=999GJ#1 usage=915GJ#1",
    .booked = "base.A=84GJ#1 base.D=999GJ#1 usage.D=915GJ#1",
    .keeps = "meter.speed=999GJ#1" },
  { .name = "no last believed reading: nothing is suspicious",
    .ini = limited,
    .readings = "meter.speed=999GJ#1",
    .ledgers = "base.A=84GJ#1",
    .slots = "meter.speed=999GJ#1 usage=915GJ#1",
    .booked = "base.A=84GJ#1 base.D=999GJ#1 usage.D=915GJ#1",
    .keeps = "meter.speed=999GJ#1" },
  { .name = "no base: nothing is suspicious",
    .ini = limited,
    .readings = "meter.speed=999GJ#1",
    .kept = "meter.speed=84GJ#1",
    .answers = "base=empty",
    .slots = "meter.speed=999GJ#1 usage=left-out",
    .booked = "base.D=999GJ#1",
    .keeps = "meter.speed=999GJ#1",
    .said = "has no value yet" },
  { .name = "a rebase is requested: nothing is suspicious",
    .ini = limited,
    .readings = "meter.speed=999GJ#1",
    .kept = "meter.speed=84GJ#1",
    .ledgers = "base.A=84GJ#1 base.rebase=yes",
    .slots = "meter.speed=999GJ#1 usage=left-out",
    .booked = "base.A=84GJ#1 base.D=999GJ#1",
    .keeps = "meter.speed=999GJ#1",
    .said = "the reading is the new base" },
  { .name = "the meter was exchanged: nothing is suspicious",
    .ini = limited,
    .readings = "meter.speed=500GJ#2",
    .kept = "meter.speed=84GJ#1 meter.speed=!400GJ#2",
    .ledgers = "base.A=84GJ#1",
    .slots = "meter.speed=500GJ#2 usage=100GJ#2",
    .booked = "base.A=84GJ#1 base.D=500GJ#2 usage.D=100GJ#2",
    .keeps = "meter.speed=500GJ#2",
    .said = "the meter was exchanged" },
  { .name = "the meter was exchanged, and the last believed reading has no "
            "number: nothing is suspicious",
    .ini = limited,
    .readings = "meter.speed=500GJ#2",
    .kept = "meter.speed=84GJ meter.speed=!400GJ#2",
    .ledgers = "base.A=84GJ#1",
    .slots = "meter.speed=500GJ#2 usage=100GJ#2",
    .booked = "base.A=84GJ#1 base.D=500GJ#2 usage.D=100GJ#2",
    .keeps = "meter.speed=500GJ#2",
    .said = "the meter was exchanged" },
  { .name = "only the rise of a counter is suspicious",
    .ini = gauge,
    .readings = "meter.flow=900l/h#1",
    .kept = "meter.flow=84l/h#1",
    .ledgers = "base.A=84l/h#1",
    .slots = "meter.flow=900l/h#1 usage=816l/h#1",
    .booked = "base.A=84l/h#1 base.D=900l/h#1 usage.D=816l/h#1",
    .keeps = "meter.flow=900l/h#1" },
  { .name = "a fall of the counter is held by the transform, and changes no "
            "kept reading",
    .ini = plain,
    .readings = "meter.energy=83GJ#1",
    .kept = "meter.energy=84GJ#1",
    .ledgers = "base.A=84GJ#1 total.A=10GJ",
    .slots = "meter.energy=held usage=held total=held",
    .booked = "base.A=84GJ#1 total.A=10GJ",
    .keeps = "meter.energy=84GJ#1",
    .said = "83 GJ is below the last known 84 GJ, held" },
  { .name = "decrease = allow: a fall is a negative result",
    .ini = allowing,
    .readings = "meter.energy=83GJ#1",
    .ledgers = "base.A=84GJ#1",
    .slots = "meter.energy=83GJ#1 usage=-1GJ#1",
    .booked = "base.A=84GJ#1 base.D=83GJ#1 usage.D=-1GJ#1",
    .keeps = "meter.energy=83GJ#1" },
  { .name = "decrease = rebase: the reading below it becomes the new base",
    .ini = rebasing,
    .readings = "meter.energy=83GJ#1",
    .ledgers = "base.A=84GJ#1",
    .slots = "meter.energy=83GJ#1 usage=left-out",
    .booked = "base.A=84GJ#1 base.D=83GJ#1",
    .keeps = "meter.energy=83GJ#1",
    .said = "the reading is below it and becomes the new base" },
};

static const struct row kinds[] = {
  { .name = "a target that is no operand becomes a delta target by its first "
            "value, and a displayed A is dropped",
    .ini = unknown,
    .readings = "meter.any=2GJ:delta",
    .ledgers = "any.A=7GJ",
    .slots = "meter.any=2GJ",
    .booked = "any.D=2GJ" },
  { .name = "a target keeps the kind of its first value: a counter",
    .ini = unknown,
    .readings = "meter.any=2GJ:counter",
    .ledgers = "any.A=7GJ",
    .slots = "meter.any=2GJ",
    .booked = "any.A=7GJ any.D=2GJ" },
  { .name = "a later value of another kind is left out; D is kept",
    .ini = unknown,
    .readings = "meter.any=2GJ:delta",
    .ledgers = "any.D=7GJ any.kind=counter",
    .slots = "meter.any=2GJ",
    .booked = "any.D=7GJ",
    .said = "meter.any is a delta in this reading, and was a counter before" },
  { .name = "a value of another kind blocks its base",
    .ini = unknown_base,
    .readings = "meter.any=9GJ:gauge",
    .ledgers = "base.A=7GJ base.kind=counter",
    .slots = "meter.any=9GJ usage=2GJ",
    .booked = "base.A=7GJ",
    .keeps = "meter.any=9GJ",
    .said = "meter.any is a gauge in this reading, and was a counter before" },
  { .name = "a delta that feeds an operand is left out",
    .ini = unknown_base,
    .readings = "meter.any=9GJ:delta",
    .ledgers = "base.A=7GJ",
    .slots = "meter.any=9GJ usage=2GJ",
    .booked = "base.A=7GJ",
    .keeps = "meter.any=9GJ",
    .said = "meter.any is a delta in this reading, and the target is an "
            "operand" },
  { .name = "the kind of a total is that of the values added to it",
    .ini = adding_unknown,
    .readings = "meter.any=2GJ:delta",
    .ledgers = "total.A=1GJ total.kind=delta",
    .slots = "meter.any=2GJ total=3GJ",
    .booked = "total.A=1GJ total.D=3GJ" },
  { .name = "a text replaces a text",
    .ini = note,
    .readings = "meter.note='on'",
    .ledgers = "note.D='off'",
    .slots = "meter.note='on'",
    .booked = "note.D='on'" },
};

static const struct row units[] = {
  { .name = "a value is converted to the unit of its target",
    .ini = converted,
    .readings = "meter.energy=85GJ",
    .ledgers = "base.A=84000MJ usage.D=1000MJ",
    .slots = "meter.energy=85GJ mwh=23.611MWh usage=1.000GJ",
    .booked = "base.A=84000MJ base.D=85000MJ usage.D=2000MJ mwh.D=23.611MWh",
    .keeps = "meter.energy=85GJ" },
  { .name =
      "a value that does not fit blocks its base, and everything computed "
      "from it",
    .ini = plain,
    .readings = "meter.energy=85GJ",
    .ledgers = "base.A=84GJ usage.A=1m³ total.A=10GJ",
    .slots = "meter.energy=85GJ usage=1GJ total=11GJ",
    .booked = "base.A=84GJ usage.A=1m³ total.A=10GJ",
    .keeps = "meter.energy=85GJ",
    .said = "takes m³, and usage is in GJ" },
  { .name = "a pending amount that cannot grow blocks its base",
    .ini = plain,
    .readings = "meter.energy=85GJ",
    .ledgers = "base.A=84GJ usage.D=9223372036854775807GJ total.A=10GJ",
    .slots = "meter.energy=85GJ usage=1GJ total=11GJ",
    .booked = "base.A=84GJ usage.D=9223372036854775807GJ total.A=10GJ",
    .keeps = "meter.energy=85GJ",
    .said = "its pending amount cannot grow further and stay exact" },
  { .name = "a value that does not fit does not block another base",
    .ini = converted,
    .readings = "meter.energy=85GJ",
    .ledgers = "base.A=84GJ mwh.A=1m³",
    .slots = "meter.energy=85GJ mwh=23.611MWh usage=1GJ",
    .booked = "base.A=84GJ base.D=85GJ usage.D=1GJ mwh.A=1m³",
    .keeps = "meter.energy=85GJ",
    .said = "takes m³, and mwh is in MWh" },
  { .name = "the unit of a column is the unit of its first value",
    .ini = file,
    .readings = "meter.energy=85GJ",
    .ledgers = "base.A=84000000kJ",
    .slots = "meter.energy=85GJ usage=1.000000GJ",
    .booked = "base.A=85000000kJ usage.A=1.000000GJ",
    .keeps = "meter.energy=85GJ" },
};

/* ---- The test ---- */

static struct table_house house;

static const char *
or_none(const char *text)
{
  return text ? text : "";
}

static void
check_row(const struct row *row)
{
  struct messages settled = { .first = NULL };
  char buf[HOUSE_TEXT];

  house_init(&house, row->ini);
  house_set_readings(&house, row->readings);
  house_set_kept(&house, or_none(row->kept));
  house_set_ledgers(&house, or_none(row->ledgers));
  house_set_answers(&house, or_none(row->answers));
  settle(&house.d, HOUSE_NOW_MS, &settled);
  messages_clear(&settled);
  for (size_t i = 0; i < house.plan->n_stages; i++)
    house.d.inputs[i].asked_serial = true;
  if (row->unreadable)
    house.d.entries[house_target(&house, row->unreadable)->index] =
      ENTRY_UNREADABLE;
  house.d.is_terminal = true;
  house.d.state_failed = row->state_failed;
  house.d.shows_info = row->shows_info;

  evaluate(&house.d, house.instances);
  ck_assert_ptr_null(house.d.evaluation.identify);
  book_check(&house.d);
  book(&house.d);
  house_check_text(row->name, "the results", house_slots(&house, buf),
                   row->slots);
  house_check_text(row->name, "the ledgers", house_ledgers(&house, buf),
                   row->booked);
  house_check_text(row->name, "the kept readings", house_kept(&house, buf),
                   or_none(row->keeps));
  house_check_messages(row->name, &house.d.evaluation.messages,
                       or_none(row->said));
  house_clear(&house);
}

START_TEST(last_known_value)
{
  check_row(&last_known[_i]);
}
END_TEST

START_TEST(results_without_a_value)
{
  check_row(&without_a_value[_i]);
}
END_TEST

START_TEST(exchanged_meters)
{
  check_row(&exchanged[_i]);
}
END_TEST

START_TEST(implausible_readings)
{
  check_row(&implausible[_i]);
}
END_TEST

START_TEST(kinds_of_values)
{
  check_row(&kinds[_i]);
}
END_TEST

START_TEST(units_of_values)
{
  check_row(&units[_i]);
}
END_TEST

/* ---- Cycles of a capture ---- */

/* The outputs are asked once, before the first cycle.  A first value and a
 * total that began with 0 count in the second. */
START_TEST(the_second_cycle_of_a_capture_continues)
{
  struct messages settled = { .first = NULL };
  char buf[HOUSE_TEXT];

  house_init(&house, plain);
  house_set_answers(&house, "base=empty usage=empty total=empty");
  settle(&house.d, HOUSE_NOW_MS, &settled);
  messages_clear(&settled);
  for (int i = 0; i < 2; i++) {
    house_set_readings(&house,
                       i == 0 ? "meter.energy=85GJ" : "meter.energy=87GJ");
    evaluate(&house.d, house.instances);
    book_check(&house.d);
    book(&house.d);
  }
  house_check_text("the second cycle", "the ledgers",
                   house_ledgers(&house, buf),
                   "base.D=87GJ usage.D=2GJ total.A=0 total.D=2GJ");
  house_clear(&house);
}
END_TEST

/* A total whose first value is left out begins with 0. */
START_TEST(a_total_begins_with_0_in_the_first_cycle)
{
  char buf[HOUSE_TEXT];

  house_init(&house, adding);
  house.d.outcomes[0] = LEDGER_FIRST;
  for (int i = 0; i < 2; i++) {
    house_set_readings(&house, "meter.usage=2GJ");
    evaluate(&house.d, house.instances);
    book_check(&house.d);
    book(&house.d);
    house_check_text("a total", "the ledger", house_ledgers(&house, buf),
                     i == 0 ? "total.A=0" : "total.A=0 total.D=2GJ");
  }
  house_clear(&house);
}
END_TEST

/* A part of a target has no ledger, but its unit is checked, too. */
START_TEST(a_part_must_fit)
{
  const struct target *part;

  house_init(&house, METER "[output house]\nplugin = /server\n"
                           "idx.1 = meter.energy\nidx.1.power = meter.flow\n");
  house_set_readings(&house, "meter.energy=85GJ meter.flow=120l/h");
  part = stage_target(plan_stage(house.plan, "house"), "1", "power");
  house.d.answers[part->index].numbers_only = true;
  house.d.answers[part->index].displayed.known = true;
  house.d.answers[part->index].displayed.value.unit = value_intern("W");
  evaluate(&house.d, house.instances);
  book_check(&house.d);
  ck_assert_int_eq(house.d.evaluation.refusals[part->index], REFUSAL_UNFIT);
  house_check_messages("a part", &house.d.evaluation.messages,
                       "takes W, and meter.flow is in l/h");
  house_clear(&house);
}
END_TEST

/* ---- Kinds and levels ---- */

START_TEST(the_graph_decides_the_kind_of_a_result)
{
  static const struct {
    const char *ini, *reading, *ledgers, *answers;
    uint32_t kind;
  } results[] = {
    { plain, "meter.energy=85GJ", "base.A=84GJ total.A=1GJ", "", MP_DELTA },
    { unknown_base, "meter.any=85GJ:counter", "base.A=84GJ", "", MP_DELTA },
    { foreign, "meter.energy=85GJ", "", "base=84GJ", MP_GAUGE },
  };

  for (size_t i = 0; i < ARRAY_SIZE(results); i++) {
    house_init(&house, results[i].ini);
    house_set_readings(&house, results[i].reading);
    house_set_ledgers(&house, results[i].ledgers);
    house_set_answers(&house, results[i].answers);
    evaluate(&house.d, house.instances);
    ck_assert_uint_eq(
      house.d.evaluation.slots[house_slot(&house, "usage")->index].value->kind,
      results[i].kind);
    house_clear(&house);
  }
}
END_TEST

/* What was reported already, or what cron would mail each time, is shown only
 * with -v. */
START_TEST(levels_of_messages)
{
  static const struct {
    const char *name, *ledgers, *answers;
    bool is_terminal, failed, state_failed;
    int level;
  } levels[] = {
    { "a first value, for a person", "", "base=empty", true, false, false,
      MP_LOG_NOTICE },
    { "a first value, for cron", "", "base=empty", false, false, false,
      MP_LOG_INFO },
    { "a missing operand", "base.A=84GJ", "", false, false, false,
      MP_LOG_WARNING },
    { "a missing operand whose failure was reported", "base.A=84GJ", "", false,
      true, false, MP_LOG_INFO },
    { "a missing operand, when the state has failed", "base.A=84GJ", "", false,
      false, true, MP_LOG_INFO },
  };

  for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
    struct messages settled = { .first = NULL };

    house_init(&house, plain);
    house_set_readings(&house, "meter.energy=85GJ");
    house_set_ledgers(&house, levels[i].ledgers);
    house_set_answers(&house, levels[i].answers);
    settle(&house.d, HOUSE_NOW_MS, &settled);
    messages_clear(&settled);
    house.d.is_terminal = levels[i].is_terminal;
    house.d.state_failed = levels[i].state_failed;
    if (levels[i].failed)
      house.d.progress[house_target(&house, "total")->index] = TARGET_FAILED;
    evaluate(&house.d, house.instances);
    ck_assert_msg(house.d.evaluation.messages.first->code == levels[i].level,
                  "%s: the level is %d", levels[i].name,
                  house.d.evaluation.messages.first->code);
    house_clear(&house);
  }
}
END_TEST

/* ---- Asking the meter for its serial number ---- */

static const struct {
  const char *name, *readings, *kept;
  bool asked_before, asks;
} asking[] = {
  { "the number was read: it is not asked again", "meter.energy=3GJ#2", "",
    false, false },
  { "another number that was only assumed", "meter.energy=85GJ#2~", "", false,
    true },
  { "a reading below its base", "meter.energy=83GJ#1~", "", false, true },
  { "the meter was asked in this cycle", "meter.energy=83GJ#1~", "", true,
    false },
  { "there is a candidate, and the number is assumed", "meter.energy=85GJ#1~",
    "meter.energy=!3GJ#2", false, true },
  { "a field with a number of its own", "meter.energy=3GJ#2~1", "", false,
    false },
  { "nothing needs the number", "meter.energy=85GJ#1~", "", false, false },
};

START_TEST(the_meter_is_asked_for_its_number)
{
  const struct table_house *h = &house;
  bool asks;

  house_init(&house, plain);
  house_set_readings(&house, asking[_i].readings);
  house_set_kept(&house, asking[_i].kept);
  house_set_ledgers(&house, "base.A=84GJ#1 total.A=10GJ");
  house.d.inputs[0].asked_serial = asking[_i].asked_before;
  evaluate(&house.d, house.instances);
  asks = h->d.evaluation.identify == h->plan->stages[0];
  ck_assert_msg(asks == asking[_i].asks, "%s", asking[_i].name);
  /* What the first evaluation said is thrown away. */
  if (asks)
    ck_assert_ptr_null(h->d.evaluation.messages.first);
  house_clear(&house);
}
END_TEST

/* What was said before the number was missed will be said again. */
START_TEST(messages_of_the_first_evaluation_are_dropped)
{
  house_init(&house, two_fields);
  house_set_readings(&house, "meter.energy=83GJ#7~1 meter.speed=85GJ#1~");
  house_set_ledgers(&house, "base.A=84GJ#7 other.A=84GJ#2");
  evaluate(&house.d, house.instances);
  ck_assert_ptr_eq(house.d.evaluation.identify, house.plan->stages[0]);
  ck_assert_ptr_null(house.d.evaluation.messages.first);
  house_clear(&house);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("evaluate");
  TCase *tc = tcase_create("evaluate");

  tcase_add_loop_test(tc, last_known_value, 0, ARRAY_SIZE(last_known));
  tcase_add_loop_test(tc, results_without_a_value, 0,
                      ARRAY_SIZE(without_a_value));
  tcase_add_loop_test(tc, exchanged_meters, 0, ARRAY_SIZE(exchanged));
  tcase_add_loop_test(tc, implausible_readings, 0, ARRAY_SIZE(implausible));
  tcase_add_loop_test(tc, kinds_of_values, 0, ARRAY_SIZE(kinds));
  tcase_add_loop_test(tc, units_of_values, 0, ARRAY_SIZE(units));
  tcase_add_loop_test(tc, the_meter_is_asked_for_its_number, 0,
                      ARRAY_SIZE(asking));
  tcase_add_test(tc, messages_of_the_first_evaluation_are_dropped);
  tcase_add_test(tc, the_second_cycle_of_a_capture_continues);
  tcase_add_test(tc, the_graph_decides_the_kind_of_a_result);
  tcase_add_test(tc, a_total_begins_with_0_in_the_first_cycle);
  tcase_add_test(tc, a_part_must_fit);
  tcase_add_test(tc, levels_of_messages);
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
