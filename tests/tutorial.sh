#!/bin/sh
# Does what the tutorial says, from its own text: each ```sh block is run, one
# after the other, and prints what the ```output block after it shows.
set -eu

fail()
{
  echo "FAILED: $1"
  exit 1
}

command -v pkg-config >/dev/null || exit 77
command -v "${CC:-cc}" >/dev/null || exit 77
tutorial=$(cd "${srcdir:-.}" && pwd)/doc/tutorial.md
include=$(cd "${srcdir:-.}" && pwd)/include
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# As if it were installed there.
mkdir "$tmp/bin" "$tmp/pc" "$tmp/plugins" "$tmp/blocks" "$tmp/work"
cp "${METERPIPE_PLUGIN_PATH:?names the plugins}"/*.so "$tmp/plugins"
cat >"$tmp/bin/meterpipe" <<END
#!/bin/sh
exec "${METERPIPE:?names the program under test}" "\$@"
END
# The directories of the test need no root.
cat >"$tmp/bin/sudo" <<'END'
#!/bin/sh
[ "$1" = make ] || exit 1
exec "$@"
END
chmod +x "$tmp/bin/meterpipe" "$tmp/bin/sudo"
cat >"$tmp/pc/meterpipe.pc" <<END
plugindir=$tmp/plugins
Name: meterpipe
Description: as if installed
Version: 1
Cflags: -I$include
END
PATH="$tmp/bin:$PATH" PKG_CONFIG_PATH="$tmp/pc" HOME="$tmp"
METERPIPE_PLUGIN_PATH="$tmp/plugins"
export PATH PKG_CONFIG_PATH HOME METERPIPE_PLUGIN_PATH
unset STATE_DIRECTORY MAKEFLAGS MAKELEVEL LD_PRELOAD || :

# N.sh and N.output
awk -v dir="$tmp/blocks" '
  /^```sh$/ { n++; file = sprintf("%s/%02d.sh", dir, n); next }
  /^```output$/ { file = sprintf("%s/%02d.output", dir, n); next }
  /^```$/ { file = ""; next }
  /^```/ { print "unknown block: " $0; exit 1 }
  file != "" { print >file }' "$tutorial" || fail "the blocks"

# What the compiler was told is of no interest, nor how long ago a failure was.
plain()
{
  sed -e '/^cc /d; /^  -fPIC /d; /^meterpipe run /d; /^install -D /d' \
    -e 's/ after .* \(s\|min\)$/ after 20 min/' -e 's/^make\[[0-9]*\]/make/'
}

where=$tmp/work
for block in "$tmp"/blocks/*.sh; do
  shown=${block%.sh}.output
  status=0
  (
    cd "$where"
    set -eu
    # shellcheck disable=SC1090 # a block of the tutorial
    . "$block"
    pwd >"$tmp/where"
  ) >"$tmp/said" 2>&1 || status=$?
  [ $status = 0 ] || fail "$(cat "$block"): status $status: $(cat "$tmp/said")"
  where=$(cat "$tmp/where")
  [ -f "$shown" ] || continue
  plain <"$tmp/said" >"$tmp/plain"
  diff "$shown" "$tmp/plain" || fail "it prints something else: $(cat "$block")"
done
[ ! -e "$tmp/plugins/output_letter.so" ] || fail "uninstalled, it is still there"
