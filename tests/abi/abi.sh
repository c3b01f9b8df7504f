#!/bin/sh
# The plugin interface: the header compiles by itself in every language that it
# is meant for, and keeps its layout once it is frozen; plugins and hosts of
# different ages work together.
#
# A missing tool is skipped, unless ABI_TOOLS names it.
set -eu

fail()
{
  echo "FAILED: $1"
  exit 1
}

for tool in ${ABI_TOOLS:-}; do
  command -v "$tool" >/dev/null || fail "$tool is not installed"
done
src=$(cd "${srcdir:-.}" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"

# ---- The header alone

# alone COMPILER FILE STANDARD...
alone()
{
  command -v "$1" >/dev/null || return 0
  compiler=$1 file=$2
  shift 2
  for std; do
    "$compiler" -std="$std" -Wall -Wextra -Wpedantic -Werror -fsyntax-only \
      -I"$src/include" "$file" || fail "$compiler -std=$std refuses the header"
    echo "the header compiles by itself: $compiler -std=$std"
  done
}

echo '#include <meterpipe/plugin.h>' >alone.c
cp alone.c alone.cc
alone gcc alone.c c99 c11 c17
alone clang alone.c c99 c11 c17
alone g++ alone.cc c++11 c++20
alone clang++ alone.cc c++11 c++20
includes=$(sed -n 's/^#include //p' "$src/include/meterpipe/plugin.h" |
  tr '\n' ' ')
[ "$includes" = '<stdarg.h> <stddef.h> <stdint.h> <string.h> ' ] ||
  fail "the header includes $includes"

# ---- The base, today's header, and a later one

cc=${CC:-gcc}
command -v "${cc%% *}" >/dev/null || exit 77

# age NAME HEADER: makes NAME/meterpipe/plugin.h
age()
{
  mkdir -p "$1/meterpipe"
  cp "$2" "$1/meterpipe/plugin.h"
}

# build_layout NAME: makes NAME.txt, the layout that the members and constants
# of the base have in the header NAME
build_layout()
{
  # shellcheck disable=SC2086 # CC may have options
  $cc -std=c99 -I"$1" layout.c -o "$1.layout" 2>&1 || return 1
  ./"$1.layout" | sort >"$1.txt"
}

# build_module NAME SOURCE [FLAG...]: makes NAME_SOURCE.so
build_module()
{
  name=$1 source=$2
  shift 2
  # shellcheck disable=SC2086
  $cc -std=c99 -D_GNU_SOURCE -g -shared -fPIC "$@" -I"$name" -I"$src" \
    "$source" -o "${name}_$(basename "$source" .c).so"
}

# still_fits NAME: true if plugins of the base can work with the header NAME;
# prints the reason if not
still_fits()
{
  build_layout "$1" || return 1
  comm -23 base.txt "$1.txt" >moved
  cat moved
  [ ! -s moved ] || return 1
  command -v abidiff >/dev/null || return 0
  build_module "$1" "$src/tests/abi/plugin.c"
  status=0
  abidiff --leaf-changes-only --no-show-locs base_plugin.so "$1_plugin.so" \
    >changes || status=$?
  awk -f "$src/tests/abi/grown.awk" changes >grown
  cat grown
  [ ! -s grown ] && [ $((status & 11)) = 0 ] # 4 is "something changed"
}

# The base is the frozen header of the present interface.
frozen=$src/tests/abi/2/meterpipe/plugin.h
age base "$frozen"
age today "$src/include/meterpipe/plugin.h"
awk -f "$src/tests/abi/later.awk" "$src/include/meterpipe/plugin.h" >later.h
age later later.h
awk -f "$src/tests/abi/layout.awk" "$frozen" >layout.c
build_layout base
[ "$(wc -l <base.txt)" -gt 200 ] || fail "the layout has too few lines"
build_module base "$src/tests/abi/plugin.c"
for name in today later; do
  still_fits $name >why || fail "$name is not compatible: $(cat why)"
done

# An incompatible change must be found.  Only abidiff can see a type of the same
# size.
# breaks WHAT SED-SCRIPT
breaks()
{
  sed "$2" "$src/include/meterpipe/plugin.h" >broken.h
  cmp -s broken.h "$src/include/meterpipe/plugin.h" && fail "$1: not in there"
  age broken broken.h
  ! still_fits broken >why || fail "$1 is taken for compatible"
  echo "found: $1: $(head -n 1 why)"
}

breaks 'a member in between' \
  's/^  uint32_t kind;$/  uint64_t more;\n  uint32_t kind;/'
breaks 'a member that is gone' '/^  const char \*remark; /d'
breaks 'another constant' 's/^#define MP_HOLD 2/#define MP_HOLD 7/'
breaks 'an option table that grew' \
  's/^  const char \*help; .*/&\n  const char *more;/'
breaks 'a decimal that grew' 's/^  int32_t exp10;/&\n  int64_t more;/'
if command -v abidiff >/dev/null; then
  breaks 'another type of the same size' \
    's/^  uint32_t answer;$/  int32_t answer;/'
  breaks 'another argument of a service' \
    's/(\*store_set)(const struct mp_host \*host, const char/(*store_set)(const struct mp_host *host, int/'
  breaks 'another result' 's/void (\*close)(void/int (*close)(void/'
else
  echo 'abidiff (abigail-tools) is not installed: types were not compared'
fi

# ---- Plugins and hosts of different ages, with AddressSanitizer

asan=-fsanitize=address
printf 'int main(void) { return 0; }\n' >tiny.c
# shellcheck disable=SC2086
if ! $cc $asan tiny.c -o tiny 2>tiny.err || ! ./tiny 2>tiny.err; then
  asan=
  echo 'no AddressSanitizer: reads beyond a struct were not looked for'
fi
ASAN_OPTIONS=detect_leaks=0
export ASAN_OPTIONS

# build_host NAME: makes NAME.host, from our loader and the test kit
build_host()
{
  # shellcheck disable=SC2086
  $cc -std=gnu11 -D_GNU_SOURCE -g $asan -I"$1" -I"$src" \
    "$src/tests/abi/host.c" \
    "$src"/core/memory/memory.c "$src"/core/run/progress.c \
    "$src"/core/plugin/loader.c \
    "$src"/core/plugin/loader_check.c \
    "$src"/core/plugin/loader_option.c "$src"/core/config/option_type.c \
    "$src"/core/config/config_text.c "$src"/lib/safe_dir.c \
    "$src"/lib/text_buffer.c "$src"/lib/user.c "$src"/lib/clock.c \
    "$src"/lib/nearest.c "$src"/lib/utf8.c "$src"/lib/storable.c \
    "$src"/lib/decimal.c "$src"/lib/number_services.c "$src"/lib/unit.c \
    "$src"/lib/value.c \
    "$src"/testkit/fake_*.c \
    -o "$1.host" -ldl -lpthread
}

# meets HOST PLUGIN LATER: the plugin in the host logs LATER
meets()
{
  [ -x "$1.host" ] || build_host "$1"
  # shellcheck disable=SC2086
  build_module "$2" "$src/tests/abi/plugin.c" $asan
  ./"$1.host" "./$2_plugin.so" >said 2>&1 ||
    fail "a plugin of header $2 in a host of header $1: $(cat said)"
  printf 'notice: one: later: %s
notice: one: record one-1
notice: one: t: 84.308 GJ (E1, Heat)
notice: one: meter: MULTICAL 403, volume, last in GJ
shown: 0.10
ended with 0, result 1
' "$3" | diff - said || fail "a plugin of header $2 in a host of header $1"
  echo "a plugin of header $2 in a host of header $1: $3"
}

meets base base 'the plugin is older'
meets base later 'the host is older'
meets later base 'the plugin is older'
meets later later 42
if ! cmp -s base/meterpipe/plugin.h today/meterpipe/plugin.h; then
  meets base today 'the plugin is older'
  meets today base 'the plugin is older'
fi

# A newer plugin that copies a value of an older host as a whole must be found.
if [ -n "$asan" ]; then
  build_module later "$src/tests/abi/plugin.c" $asan -DCOPIES_WHOLE
  ! ./base.host ./later_plugin.so >said 2>&1 ||
    fail "a read beyond the host's value is not found"
  grep -q "overflows this variable" said || fail "another fault: $(cat said)"
  echo 'found: a value that is copied as a whole'
fi

# ---- Interface 1

age 1 "$src/tests/abi/1/meterpipe/plugin.h"
build_module 1 "$src/tests/abi/old.c"
! ./base.host ./1_old.so >said 2>&1 || fail "a plugin of interface 1 is loaded"
grep -q 'built for plugin interface 1, but this meterpipe has 2' said ||
  fail "the refusal of interface 1: $(cat said)"

# ---- In today's program

# runs NAME: a plugin of the header NAME
runs()
{
  build_module "$1" "$src/tests/support/bad_plugin.c"
  cp "$1_bad_plugin.so" output_bad.so
  "${METERPIPE:?names the program under test}" conform -q ./output_bad.so ||
    fail "a plugin of header $1 does not keep today's contract"
  "$METERPIPE" run -c p.ini || fail "a plugin of header $1 does not run"
}

cat >p.ini <<'EOF'
[pipeline]
state_dir = .

[input meter]
plugin  = exec
command = echo '{"field":"energy","value":"84.208","unit":"GJ"}'

[output old]
plugin = ./output_bad.so
place.1 = meter.energy
EOF
runs later
runs base

# refuses NUMBER: the plugin in output_bad.so has this number
refuses()
{
  status=0
  "$METERPIPE" run -c p.ini 2>said || status=$?
  [ $status = 78 ] || fail "a plugin of interface $1 was loaded: $status"
  grep -q "built for plugin interface $1, but this meterpipe has 2" said ||
    fail "the refusal of interface $1: $(cat said)"
}

BAD=table-abi-3
export BAD
refuses 3
cp 1_old.so output_bad.so
refuses 1
