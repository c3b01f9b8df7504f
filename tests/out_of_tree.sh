#!/bin/sh
# Plugins by others: installs into a folder, builds the examples and fresh
# skeletons there against the installed header, by gcc and by g++, and runs
# pipelines through them.  make check says where the build is (METERPIPE).
set -eu

skip()
{
  echo "skipped: $1"
  exit 77
}

fail()
{
  echo "FAILED: $1"
  exit 1
}

# same FILE TEXT
same()
{
  [ "$(cat "$1")" = "$2" ] || fail "$1 holds: $(cat "$1")"
}

command -v pkg-config >/dev/null || skip "pkg-config was not found"
examples=$(cd "${srcdir:-.}/examples/out-of-tree" && pwd)
build=$(dirname "${METERPIPE:?names the program under test}")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# What a packager does; and the paths as if the folder were the root.
"${MAKE:-make}" -s -C "$build" install DESTDIR="$tmp/root" >"$tmp/log" 2>&1 ||
  fail "make install: $(cat "$tmp/log")"
mkdir "$tmp/pc"
pcs=$(dirname "$(find "$tmp/root" -name meterpipe.pc)")
for pc in meterpipe.pc meterpipe-test.pc; do
  sed "s|^\([a-z_]*\)=/|\1=$tmp/root/|" "$pcs/$pc" >"$tmp/pc/$pc"
done
export PKG_CONFIG_PATH="$tmp/pc"
PATH=$(dirname "$(find "$tmp/root" -path '*/bin/meterpipe')"):$PATH
METERPIPE_PLUGIN_PATH=$(pkg-config --variable=plugindir meterpipe)
export PATH METERPIPE_PLUGIN_PATH
export HOME="$tmp" STATE_DIRECTORY="$tmp"
unset LD_PRELOAD MAKEFLAGS MAKELEVEL || :

[ "$(pkg-config --libs meterpipe)" = "" ] ||
  fail "plugins would be linked with: $(pkg-config --libs meterpipe)"
[ "$(pkg-config --variable=abi_version meterpipe)" = 2 ] || fail "abi_version"

# The examples, installed beside our own.  That they can be linked with every
# symbol defined shows that they need none of ours.
for cc in gcc g++; do
  command -v $cc >/dev/null || continue
  rm -rf "$tmp/examples"
  cp -R "$examples" "$tmp/examples"
  chmod -R u+w "$tmp/examples"
  cd "$tmp/examples"
  make -s CC=$cc CFLAGS='-g -Wall -Werror' LDFLAGS=-Wl,-z,defs install
  for so in *.so; do
    names=$(nm -D --defined-only "$so" | sed 's/.* //')
    [ "$names" = meterpipe_plugin ] || fail "$so exports $names"
    meterpipe conform "./$so" || fail "$cc: $so does not keep the contract"
  done
  echo '0.05 0.58 0.59 1/1024 4711' >load
  sed 's|/proc/loadavg|load|' house.ini >here.ini
  meterpipe run -c here.ini || fail "the examples, built by $cc"
  same page.txt "busy 0.10 
quarter 0.59 "
done
make -s uninstall
for so in *.so; do
  [ ! -e "$METERPIPE_PLUGIN_PATH/$so" ] || fail "$so is still installed"
done

# A unit test on the fake host that is installed; one that was built with
# sanitizers needs them in the test, too.
cd "$tmp/examples"
lib=$(pkg-config --variable=libdir meterpipe-test)/libmeterpipe-test.a
# The library's other names cannot meet those of a plugin or of its test.
includes=$(pkg-config --variable=includedir meterpipe-test)/meterpipe/test
nm "$lib" | awk 'NF == 3 && $2 ~ /^[A-Z]$/ && $2 != "U" { print $3 }' |
  grep -v -e '^mp_fake_' -e '^__' | while read -r name; do
  grep -q "[ *]$name(" "$includes"/*.h || fail "the test kit defines $name"
done
sanitizers=
nm "$lib" | grep -q __asan_init && sanitizers=yes
# shellcheck disable=SC2046 # these are words
[ -n "$sanitizers" ] ||
  gcc -Wall -Werror test_atleast.c transform_atleast.c -o test_atleast \
    $(pkg-config --cflags --libs meterpipe-test) ||
  fail "the test kit does not link"
[ -n "$sanitizers" ] || ./test_atleast || fail "test_atleast"

# What a plugin exports beyond its one symbol is found.
sed 's/^static int$/int/' output_page.c >loud.c
mkdir loud
# shellcheck disable=SC2046
gcc -w $(pkg-config --cflags meterpipe) -fPIC -shared loud.c \
  -o loud/output_page.so
status=0
meterpipe conform loud/output_page.so 2>said || status=$?
[ $status = 70 ] || fail "conform of loud ended with $status"
grep -q 'output_page.so: symbols: it exports "page_begin": build' said ||
  fail "of what loud exports is said: $(cat said)"

# A plugin from nothing builds and runs as it stands.
cd "$tmp"
for kind in input transform output; do
  meterpipe plugins --new $kind fresh_$kind >said
  same said "fresh_$kind/${kind}_fresh_$kind.c, Makefile, try.ini: \
cd fresh_$kind && make try"
  make -s -C fresh_$kind CFLAGS='-g -std=c99 -Wall -Wextra -Wpedantic -Werror' \
    LDFLAGS=-Wl,-z,defs try >"$kind.txt" || fail "the new $kind"
  meterpipe conform fresh_$kind/${kind}_fresh_$kind.so ||
    fail "the new $kind does not keep the contract"
done
same input.txt "answer 42.00 kW"
same transform.txt "energy 84.208 GJ
mine 184.208 GJ"
same output.txt ""
same fresh_output/out.txt "energy 84.208 GJ"
make -s -C fresh_output install uninstall >said
[ ! -e "$METERPIPE_PLUGIN_PATH/output_fresh_output.so" ] ||
  fail "the new output is still installed"

# The output has room for more values than its first buffer holds.
{
  sed '/^line/d' fresh_output/try.ini
  i=0
  while [ $((i += 1)) -le 400 ]; do
    echo "line.target_with_a_long_name_$i = meter.energy"
  done
} >fresh_output/many.ini
(cd fresh_output && rm -f out.txt &&
  meterpipe run -c many.ini --plugin-dir .) || fail "400 targets"
[ "$(grep -c ' 84.208 GJ$' fresh_output/out.txt)" = 400 ] ||
  fail "of 400 values $(wc -l <fresh_output/out.txt) were written"

# It is written over nothing.
status=0
meterpipe plugins --new output fresh_output 2>said || status=$?
[ $status = 73 ] || fail "--new over a folder ended with $status"
same said "error: fresh_output: cannot create the directory: File exists"
