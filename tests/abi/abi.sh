#!/bin/sh
# The plugin interface: the header compiles by itself in every language that it
# is meant for, and has not moved since it was frozen; plugins and hosts of
# different ages work together.
#
# A tool that is not there is passed over, unless ABI_TOOLS names it.
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
[ "$includes" = '<stdarg.h> <stddef.h> <stdint.h> ' ] ||
  fail "the header includes $includes"

# ---- The frozen header, today's, and one to come

cc=${CC:-gcc}
command -v "${cc%% *}" >/dev/null || exit 77

# age NAME HEADER: NAME/meterpipe/plugin.h
age()
{
  mkdir -p "$1/meterpipe"
  cp "$2" "$1/meterpipe/plugin.h"
}

# build_layout NAME, build_module NAME SOURCE: NAME.txt, NAME_SOURCE.so
build_layout()
{
  # shellcheck disable=SC2086 # CC may have options
  $cc -std=c99 -I"$1" "$src/tests/abi/layout.c" -o "$1.layout" 2>&1 || return 1
  ./"$1.layout" | sort >"$1.txt"
}

build_module()
{
  # shellcheck disable=SC2086
  $cc -std=c99 -D_GNU_SOURCE -g -shared -fPIC -I"$1" -I"$src" \
    "$2" -o "$1_$(basename "$2" .c).so"
}

# still_fits NAME: whether plugins of interface 1 could do with the header NAME;
# prints why not.
still_fits()
{
  build_layout "$1" || return 1
  comm -23 1.txt "$1.txt" >moved
  cat moved
  [ ! -s moved ] || return 1
  command -v abidiff >/dev/null || return 0
  build_module "$1" "$src/tests/abi/plugin.c"
  status=0
  abidiff --leaf-changes-only --no-show-locs 1_plugin.so "$1_plugin.so" \
    >changes || status=$?
  awk -f "$src/tests/abi/grown.awk" changes >grown
  cat grown
  [ ! -s grown ] && [ $((status & 11)) = 0 ] # but for 4, "something changed"
}

age 1 "$src/tests/abi/1/meterpipe/plugin.h"
age today "$src/include/meterpipe/plugin.h"
awk -f "$src/tests/abi/later.awk" "$src/include/meterpipe/plugin.h" >later.h
age later later.h
build_layout 1
build_module 1 "$src/tests/abi/plugin.c"
for name in today later; do
  still_fits $name >why || fail "no longer as it was in interface 1: $(cat why)"
done

# And that it would be found.  What has the size of what it replaces is for
# abidiff alone to see.
# breaks WHAT SED-SCRIPT
breaks()
{
  sed "$2" "$src/include/meterpipe/plugin.h" >broken.h
  cmp -s broken.h "$src/include/meterpipe/plugin.h" && fail "$1: not in there"
  age broken broken.h
  ! still_fits broken >why || fail "$1 is taken for compatible"
  echo "found: $1: $(head -n 1 why)"
}

breaks 'a member put in between' \
  's/^  uint32_t kind;$/  uint32_t more;\n  uint32_t kind;/'
breaks 'a member that is gone' '/^  int32_t place; .*with ROUNDED/d'
breaks 'another constant' 's/^#define MP_HOLD 2/#define MP_HOLD 7/'
breaks 'an option table that grew' \
  's/^  const char \*help; .*/&\n  const char *more;/'
if command -v abidiff >/dev/null; then
  breaks 'another type of the same size' \
    's/^  uint32_t answered; /  int32_t answered; /'
  breaks 'another argument of a service' \
    's/(\*store_set)(const struct mp_host \*host, const char/(*store_set)(const struct mp_host *host, int/'
  breaks 'another result' 's/void (\*close)(void/int (*close)(void/'
else
  echo 'abidiff (abigail-tools) is not installed: types were not compared'
fi

# ---- Plugins and hosts of different ages

# build_host NAME: NAME.host, from our loader and the test kit
build_host()
{
  # shellcheck disable=SC2086
  $cc -std=gnu11 -D_GNU_SOURCE -I"$1" -I"$src" "$src/tests/abi/host.c" \
    "$src"/core/plugin/loader.c "$src"/core/plugin/loader_check.c \
    "$src"/core/plugin/loader_option.c "$src"/core/config/option_type.c \
    "$src"/core/config/config_text.c "$src"/lib/safe_dir.c \
    "$src"/lib/text_buffer.c "$src"/lib/user.c "$src"/lib/clock.c \
    "$src"/lib/nearest.c "$src"/lib/utf8.c "$src"/lib/storable.c \
    "$src"/lib/decimal.c "$src"/lib/number_services.c "$src"/lib/unit.c \
    "$src"/testkit/fake_*.c \
    -o "$1.host" -ldl -lpthread
}

# meets HOST PLUGIN LATER: what the plugin says
meets()
{
  [ -x "$1.host" ] || build_host "$1"
  [ -e "$2_plugin.so" ] || build_module "$2" "$src/tests/abi/plugin.c"
  ./"$1.host" "./$2_plugin.so" >said ||
    fail "a plugin of header $2 in a host of header $1: $(cat said)"
  printf 'notice: one: later: %s
notice: one: record one-1
notice: one: t: 84.308 GJ, behind
shown: 0.10
ended with 0, result 1
' "$3" | diff - said || fail "a plugin of header $2 in a host of header $1"
  echo "a plugin of header $2 in a host of header $1: $3"
}

meets 1 1 'the plugin is older'
meets 1 later 'the host is older'
meets later 1 'the plugin is older'
meets later later 42
if ! cmp -s 1/meterpipe/plugin.h today/meterpipe/plugin.h; then
  meets 1 today 'the plugin is older'
  meets today 1 'the plugin is older'
fi

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
runs 1

status=0
BAD=table-abi-2 "$METERPIPE" run -c p.ini 2>said || status=$?
[ $status = 78 ] || fail "a plugin of interface 2 was loaded: $status"
grep -q 'built for plugin interface 2, but this meterpipe has 1' said ||
  fail "of interface 2 is said: $(cat said)"
