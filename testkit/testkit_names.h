/*
 * Renames the internal functions of the test kit in libmeterpipe-test.a, so
 * that a plugin may have a decimal_add of its own.  Only names that the
 * installed headers declare are kept.
 *
 * Included before each file of that library.  Only the names that the linker
 * sees change.  The names in the source must stay, because members of
 * <meterpipe/plugin.h> have them, too, such as decimal_add.
 */
#ifndef TESTKIT_NAMES_H
#define TESTKIT_NAMES_H

#include "lib/clock.h"
#include "lib/decimal.h"
#include "lib/number_services.h"
#include "lib/unit.h"
#include "testkit/fake_arena.h"
#include "testkit/fake_option.h"
#include "testkit/fake_state.h"

#define RENAMED(name) extern __typeof__(name) name __asm__("mp_fake_" #name)

RENAMED(clock_age_ms);
RENAMED(clock_format_span);
RENAMED(clock_mono_ms);
RENAMED(clock_mono_us);
RENAMED(clock_now_ms);
RENAMED(clock_sleep_ms);
RENAMED(decimal_add);
RENAMED(decimal_compare);
RENAMED(decimal_digit_place);
RENAMED(decimal_divide);
RENAMED(decimal_divide_exactly);
RENAMED(decimal_format);
RENAMED(decimal_mul);
RENAMED(decimal_parse);
RENAMED(decimal_parse_prefix);
RENAMED(decimal_round);
RENAMED(decimal_round_step);
RENAMED(decimal_scale);
RENAMED(decimal_shows);
RENAMED(decimal_sub);
RENAMED(decimal_trim);
RENAMED(fake_arena_alloc);
RENAMED(fake_arena_free);
RENAMED(fake_arena_text);
RENAMED(fake_arena_value);
RENAMED(fake_die);
RENAMED(fake_item_append);
RENAMED(fake_item_at);
RENAMED(fake_item_find);
RENAMED(fake_item_obtain);
RENAMED(fake_keep);
RENAMED(fake_option_parse);
RENAMED(fake_services);
RENAMED(number_services_set);
RENAMED(unit_quantity);
RENAMED(unit_canonical);
RENAMED(unit_convert);
RENAMED(unit_converts);
RENAMED(unit_display);
RENAMED(unit_in_any_case);
RENAMED(unit_is_text);
RENAMED(unit_known);
RENAMED(unit_same);

#undef RENAMED

#endif
