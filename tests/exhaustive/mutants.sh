#!/bin/sh
# mutants.sh [MUTANT...]: breaks a rule of the program, explores with the broken
# rule, and prints at which depth that is found.  Run it by "make
# check-mutants", which sets the variables below.  Each patch in mutants/ says
# what it breaks, and in which house that is looked for first, to which depth,
# with which options.
# Ends with 1 if a mutant survives that equivalent.txt does not list.
set -u
: "${srcdir:?}" "${CC:?}" "${CFLAGS?}" "${CPPFLAGS?}" "${LIBS?}" "${WRAP:?}"
here=$srcdir/tests/exhaustive
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
survived=0 killed=0

# Builds $work/mutant: the changed object comes before the library.
# shellcheck disable=SC2086 # the flags are several words
build() {
  file=$(sed -n 's,^+++ b/,,p' "$1")
  rm -rf "$work/core" && mkdir -p "$work/$(dirname "$file")" &&
    cp "$srcdir/$file" "$work/$file" &&
    patch -s -p1 -d "$work" <"$1" &&
    $CC $CPPFLAGS $CFLAGS -c -o "$work/mutant.o" "$work/$file" &&
    $CC $CFLAGS $WRAP -o "$work/mutant" tests/exhaustive/*.o "$work/mutant.o" \
      .libs/libcore.a $LIBS
}

# Explores house $1 to each depth up to $2, the fast ones first, with the options
# $3..., and sets found.  A depth takes about ten times as long as the one before.
look() {
  house=$1 most=$2
  shift 2
  for depth in $(seq "$most"); do
    "$work/mutant" "$house" "$@" --depth "$depth" --first --quiet \
      --seconds $((depth * depth * 30)) \
      >"$work/log" 2>&1
    case $? in
    0) continue ;;
    1) found=$(sed -n 's/.*first at depth/depth/p' "$work/log") ;;
    *) found="the program fails" ;;
    esac
    found="$found, house $house"
    return
  done
  return 1
}

hunt() {
  # shellcheck disable=SC2046 # a house, a depth and options
  look $(sed -n 's/^House: //p' "$1") && return
  for house in domoticz csv blind coarse bus; do
    look $house 1 && return
  done
  return 1
}

# The program as it is must pass the explorations of one disturbance;
# check-exhaustive explores more.
check_unbroken() {
  cp tests/bin/exhaustive "$work/mutant"
  houses=$(sed -n 's/^House: \([^ ]*\).*/\1/p' "$here"/mutants/*.patch | sort -u)
  for house in $houses; do
    look "$house" 1 || continue
    echo "the unbroken program: violation at $found"
    return 1
  done
}

check_unbroken || exit 1
for patch in "$here"/mutants/*.patch; do
  name=$(basename "$patch" .patch)
  [ $# -eq 0 ] || case " $* " in *" $name "*) ;; *) continue ;; esac
  build "$patch" || { echo "$name: cannot be built"; survived=1; continue; }
  if hunt "$patch"; then
    echo "$name: killed at $found: $(head -n 1 "$patch")"
    killed=$((killed + 1))
  elif grep -q "^$name:" "$here/mutants/equivalent.txt"; then
    echo "$name: equivalent: $(sed -n "s/^$name: //p" "$here/mutants/equivalent.txt")"
  else
    echo "$name: SURVIVES: $(head -n 1 "$patch")"
    survived=1
  fi
done
echo "$killed mutants killed"
exit $survived
