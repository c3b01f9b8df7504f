# shellcheck shell=sh
# What the tests of the manual share; to be sourced.
#
# They run in the build directory, with the environment of make check: srcdir,
# METERPIPE and METERPIPE_PLUGIN_PATH.

srcdir=${srcdir:-.}
METERPIPE=${METERPIPE:-$PWD/meterpipe}
METERPIPE_PLUGIN_PATH=${METERPIPE_PLUGIN_PATH:-$PWD/.libs}
export METERPIPE METERPIPE_PLUGIN_PATH
tests=0
failures=0

# The pages, one a line.
pages()
{
  find "$srcdir/doc" "$srcdir/plugins" -name "*.[1-8]" | sort
}

# The page of that name; nothing if there is none.
page_of()
{
  pages | grep "/$1\$" || :
}

good()
{
  tests=$((tests + 1))
}

bad()
{
  tests=$((tests + 1))
  failures=$((failures + 1))
  printf 'FAIL: %s\n' "$*"
}

# same WHAT EXPECTED FOUND: two texts, of which the differences are shown.
same()
{
  if [ "$2" = "$3" ]; then
    good
    return
  fi
  bad "$1"
  printf '%s\n' "$2" >"$scratch/expected"
  printf '%s\n' "$3" >"$scratch/found"
  diff "$scratch/expected" "$scratch/found" || :
}

# The same of two lists, which must not be empty: what takes them out of a text
# may have missed it.
same_list()
{
  if [ -n "$2" ]; then
    same "$@"
  else
    bad "$1: there is nothing to compare"
  fi
}

# In the words of libcheck, which make test-summary adds up.
finish()
{
  [ "$tests" -gt 0 ] || exit 1
  echo "$(((tests - failures) * 100 / tests))%: Checks: $tests," \
    "Failures: $failures, Errors: 0"
  [ "$failures" -eq 0 ]
  exit
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
