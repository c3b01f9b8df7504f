#!/bin/sh
# What the compiler and the linker were told for safety's sake is in the
# binaries: in both programs and in every plugin.  Flags can get lost on the way
# through configure, libtool and a distribution's own without a word.
#
# Runs in the directory of a build.
set -eu

skip()
{
  echo "skipped: $1"
  exit 77
}

# What the Makefile has for NAME.
setting()
{
  sed -n "s/^$1 = //p" Makefile
}

LC_ALL=C
export LC_ALL
for tool in readelf objdump; do
  command -v $tool >/dev/null || skip "$tool was not found: install binutils"
done
[ -f Makefile ] || skip "this is no directory of a build"
flags="$(setting CPPFLAGS) $(setting CFLAGS) $(setting MP_CFLAGS)"
case $flags in
*-fsanitize*) skip "this build has sanitizers instead" ;;
*-fstack-protector-strong*) ;;
*) skip "this build was configured without hardening" ;;
esac
case $flags in
*-D_FORTIFY_SOURCE=*) ;;
*) skip "this build is not optimized, so no calls are fortified" ;;
esac
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# ---- Looking ----------------------------------------------------------------

# lacks WHAT PATTERN FILE: says WHAT unless a line of FILE fits.
lacks()
{
  grep -q -e "$2" "$3" || echo "$1"
}

# has WHAT PATTERN FILE: says WHAT if a line of FILE fits.
has()
{
  ! grep -q -e "$2" "$3" || echo "$1"
}

# In both kinds of files, of which SYMBOL is the entry.  The mark of all for
# indirect jumps is there only where the startup files of the C library have it,
# too; that of the entry is ours alone.
#
# faults_of_both FILE SYMBOL
faults_of_both()
{
  readelf -W -h "$1" >"$tmp/header"
  readelf -W -l "$1" >"$tmp/segments"
  readelf -W -d "$1" >"$tmp/dynamic"
  lacks 'not position-independent' 'Type: *DYN' "$tmp/header"
  lacks 'executable stack' 'GNU_STACK .* RW  *0x' "$tmp/segments"
  lacks 'no RELRO' 'GNU_RELRO' "$tmp/segments"
  lacks 'bound when used: its table can be written' 'BIND_NOW' "$tmp/dynamic"
  has 'writable code' ' RWE ' "$tmp/segments"
  has 'code is changed when loaded' 'TEXTREL' "$tmp/dynamic"
  has 'libraries from a place of its own' '(R.*PATH)' "$tmp/dynamic"
  case $flags in
  *-fcf-protection*)
    objdump -d --disassemble="$2" "$1" >"$tmp/code"
    lacks 'no marks for indirect jumps' 'endbr' "$tmp/code"
    ;;
  esac
}

# What is called of the C library tells: __snprintf_chk and the like.
lacks_protector()
{
  readelf -W --dyn-syms "$1" >"$tmp/symbols"
  lacks 'no stack protector' ' __stack_chk_fail\(@\|$\)' "$tmp/symbols"
}

lacks_fortified()
{
  readelf -W --dyn-syms "$1" >"$tmp/symbols"
  lacks 'no fortified calls' ' __[a-z]*_chk\(@\|$\)' "$tmp/symbols"
}

faults_of_program()
{
  faults_of_both "$1" main
  lacks_protector "$1"
  lacks_fortified "$1"
}

# A plugin may be so small that nothing in it is to be guarded; those are not
# that take what comes from a meter or a server.
faults_of_plugin()
{
  faults_of_both "$1" meterpipe_plugin
  case $1 in
  */transform_*) ;;
  *) lacks_protector "$1" ;;
  esac
  case $1 in
  */input_kmp.so | */output_domoticz.so | */plain_plugin)
    lacks_fortified "$1"
    ;;
  esac
  readelf -W --dyn-syms "$1" |
    awk '$5 ~ /GLOBAL|WEAK/ && $7 ~ /^[0-9]/ && $8 !~ /^meterpipe_plugin(@|$)/ {
      print "exports " $8
    }'
}

# ---- It can fail ------------------------------------------------------------

cat >"$tmp/plain.c" <<'END'
#include <stdio.h>

int one(char *text)
{
  char copy[16];

  return snprintf(copy, sizeof(copy), "%s", text) + copy[0];
}

int main(int argc, char **argv)
{
  return one(argv[argc - 1]);
}
END

# plain FILE FLAG...: builds one without all this.  False: the compiler cannot.
plain()
{
  file=$1
  shift
  # A compiler may stand there with options.
  # shellcheck disable=SC2046
  $(setting CC) -O0 -U_FORTIFY_SOURCE -fno-stack-protector \
    -Wl,-z,execstack,-z,norelro,-z,lazy,-rpath,/tmp "$@" -o "$tmp/$file" \
    "$tmp/plain.c" >/dev/null 2>&1
}

# wants FILE FAULT...: what was built so has all these faults.
wants()
{
  file=$1
  shift
  "faults_of_${file#plain_}" "$tmp/$file" >"$tmp/faults"
  for fault in "$@"; do
    grep -q -x -e "$fault" "$tmp/faults" && continue
    echo "FAILED: this test does not see: $fault"
    exit 1
  done
}

if plain plain_program -fno-pie -no-pie; then
  wants plain_program 'not position-independent' 'executable stack' 'no RELRO' \
    'bound when used: its table can be written' \
    'libraries from a place of its own' 'no stack protector' \
    'no fortified calls'
  case $flags in
  *-fcf-protection*) wants plain_program 'no marks for indirect jumps' ;;
  esac
fi
if plain plain_plugin -shared -fPIC; then
  wants plain_plugin 'executable stack' 'no RELRO' 'exports main' \
    'exports one' 'no stack protector' 'no fortified calls'
fi
# Each of these two alone: their marks look alike.
if plain plain_program -fstack-protector-all; then
  wants plain_program 'no fortified calls'
fi
if plain plain_program -O2 -D_FORTIFY_SOURCE=2; then
  wants plain_program 'no stack protector'
fi
if plain plain_program -fno-pie -no-pie -Wl,-N; then
  wants plain_program 'writable code'
fi

# ---- The binaries -----------------------------------------------------------

failed=0
seen=0

# look KIND FILE
look()
{
  seen=$((seen + 1))
  "faults_of_$1" "$2" >"$tmp/faults"
  [ -s "$tmp/faults" ] || return 0
  failed=$((failed + 1))
  sed "s|^|FAILED: $2: |" "$tmp/faults"
}

look program meterpipe
look program meterpipe-kmp
for plugin in .libs/input_*.so .libs/transform_*.so .libs/output_*.so; do
  look plugin "$plugin"
done
echo "$seen files looked at, $failed with faults"
[ "$seen" -ge 10 ] && [ "$failed" -eq 0 ]
