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

# Explores house $1 to the depth $2 with the options $3..., and sets found.
# Returns 1 if nothing is found.
explore() {
  house=$1 depth=$2
  shift 2
  "$work/mutant" "$house" "$@" --depth "$depth" --first --quiet \
    --seconds "${SECONDS_EACH:-120}" >"$work/log" 2>&1
  case $? in
  0) return 1 ;;
  1) found=$(sed -n 's/.*first at depth/depth/p' "$work/log") ;;
  *) found="the program fails" ;;
  esac
  found="$found, house $house"
}

# The same to each depth up to $2: the last one takes longest.
look() {
  house=$1 most=$2
  shift 2
  for depth in $(seq "$most"); do
    explore "$house" "$depth" "$@" && return
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

# Prints the patches of the mutants $1..., or all.
patches() {
  for patch in "$here"/mutants/*.patch; do
    name=$(basename "$patch" .patch)
    [ $# -eq 0 ] || case " $* " in *" $name "*) ;; *) continue ;; esac
    echo "$patch"
  done
}

# The program as it is must pass the same explorations: else what is found tells
# nothing of the mutant.
check_unbroken() {
  cp tests/bin/exhaustive "$work/mutant"
  # shellcheck disable=SC2046 # names of files
  sed -n 's/^House: //p' $(patches "$@") | sort -u >"$work/lines"
  while read -r line; do
    # shellcheck disable=SC2086 # a house, a depth and options
    explore $line || continue
    echo "the unbroken program ($line): violation at $found"
    return 1
  done <"$work/lines"
}

check_unbroken "$@" || exit 1
for patch in $(patches "$@"); do
  name=$(basename "$patch" .patch)
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
