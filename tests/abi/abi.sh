#!/bin/sh
# The plugin interface: the header compiles by itself in every language that it
# is meant for, and has not moved since it was frozen; plugins of the frozen
# header run in today's host.
set -eu

fail()
{
  echo "FAILED: $1"
  exit 1
}

src=$(cd "${srcdir:-.}" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"

# ---- The header alone

cat >alone.c <<'END'
#include <meterpipe/plugin.h>
END
strict='-Wall -Wextra -Wpedantic -Werror -fsyntax-only'
for std in c99 c11 c17; do
  for cc in gcc clang; do
    command -v $cc >/dev/null || continue
    # shellcheck disable=SC2086 # these are words
    $cc -std=$std $strict -I"$src/include" alone.c ||
      fail "$cc -std=$std does not take the header"
  done
done
cp alone.c alone.cc
for std in c++11 c++20; do
  for cc in g++ clang++; do
    command -v $cc >/dev/null || continue
    # shellcheck disable=SC2086
    $cc -std=$std $strict -I"$src/include" alone.cc ||
      fail "$cc -std=$std does not take the header"
  done
done
includes=$(sed -n 's/^#include //p' "$src/include/meterpipe/plugin.h" |
  tr '\n' ' ')
[ "$includes" = '<stdarg.h> <stddef.h> <stdint.h> ' ] ||
  fail "the header includes $includes"

# ---- The frozen header

cc=${CC:-gcc}
command -v "${cc%% *}" >/dev/null || exit 77
# shellcheck disable=SC2086 # CC may have options
for header in tests/abi/1 include; do
  name=$(echo $header | tr / _)
  $cc -std=c99 -I"$src/$header" "$src/tests/abi/layout.c" -o "$name"
  ./"$name" | sort >"$name.txt"
  $cc -g -shared -fPIC -I"$src/$header" "$src/tests/support/bad_plugin.c" \
    -D_DEFAULT_SOURCE -std=c99 -o "$name.so"
done
comm -23 tests_abi_1.txt include.txt >moved
[ ! -s moved ] || fail "no longer as it was in interface 1: $(cat moved)"

# 4 says that something changed, which may be an addition; 8 that it does not
# fit any more.
if command -v abidiff >/dev/null; then
  status=0
  abidiff tests_abi_1.so include.so >changes || status=$?
  [ $((status & 11)) = 0 ] || fail "abidiff: $(cat changes)"
fi

# ---- Plugins of the frozen header in today's host

cp tests_abi_1.so output_bad.so
"${METERPIPE:?names the program under test}" conform -q ./output_bad.so ||
  fail "a plugin of interface 1 does not keep today's contract"
cat >p.ini <<'END'
[pipeline]
state_dir = .

[input meter]
plugin  = exec
command = echo '{"field":"energy","value":"84.208","unit":"GJ"}'

[output old]
plugin = ./output_bad.so
place.1 = meter.energy
END
"$METERPIPE" run -c p.ini || fail "a plugin of interface 1 does not run"

status=0
BAD=table-abi-2 "$METERPIPE" run -c p.ini 2>said || status=$?
[ $status = 78 ] || fail "a plugin of interface 2 was loaded: $status"
grep -q 'built for plugin interface 2, this meterpipe has 1' said ||
  fail "of interface 2 is said: $(cat said)"
