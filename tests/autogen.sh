#!/bin/sh
# What autogen.sh does for a user without root: which packages it installs, how
# it asks for root, and which logs it keeps.  Everything that it calls is a fake.
set -eu

fail()
{
  echo "FAILED: $1: $(cat "$tmp/said")"
  exit 1
}

source=$(cd "${srcdir:-.}" && pwd)
[ -f "$source/autogen.sh" ] || exit 77
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/bin" "$tmp/meterpipe"
cp "$source/autogen.sh" "$tmp/meterpipe"
cd "$tmp/meterpipe"
for tool in awk cat chmod cp dirname env getconf grep mkdir mv rm sh tail touch
do
  ln -s "$(command -v $tool)" "$tmp/bin/$tool"
done
PATH=$tmp/bin

# fake NAME...: programs of which the text is standard input.
fake()
{
  { echo '#!/bin/sh' && cat; } >"$tmp/fake"
  for name in "$@"; do
    cp "$tmp/fake" "$tmp/bin/$name"
    chmod +x "$tmp/bin/$name"
  done
}

# What the build needs, and what only the tests need: of each, one package is
# missing until apt-get has installed it.
fake automake libtoolize gcc g++ python3 curl openssl stunnel \
  mosquitto mosquitto_sub influxd victoria-metrics promtool \
  prometheus-node-exporter </dev/null
fake autoreconf <<'END'
[ ! -e ../broken ] || { echo 'autoreconf is broken'; exit 1; }
cp ../configure . && touch Makefile.in
END
fake id <<'END'
echo 1000
END
fake pkg-config <<END
[ "\$2" != check ] || test -e '$tmp/installed'
END
fake apt-get <<END
echo "\$*" >>'$tmp/apt'
case \$* in
*install*) touch '$tmp/installed' && cp '$tmp/bin/gcc' '$tmp/bin/mandoc' ;;
esac
END
fake make <<END
echo "\$*" >>'$tmp/made'
for word; do
  case \$word in
  test-summary) echo '1 passed, 0 failed' ;;
  check) [ ! -e '$tmp/failing' ] || { echo 'FAIL: tests/one'; exit 1; } ;;
  esac
done
END
cp "$tmp/bin/gcc" "$tmp/configure"

# It asks for a password, which it takes only where $tmp/terminal is.
fake sudo <<END
echo "\$*" >>'$tmp/sudo'
case \$1 in
-n) exit 1 ;;
-v) test -e '$tmp/terminal' ;;
*) exec "\$@" ;;
esac
END

run()
{
  status=0
  ./autogen.sh "$@" >"$tmp/said" 2>&1 || status=$?
}

# Where sudo cannot ask, it says once what to run.
run check
[ "$status" -eq 1 ] || fail "without a terminal, it ended with $status"
grep -q 'apt-get update && apt-get install check mandoc' "$tmp/said" ||
  fail "it does not say what to run"
# One list: there is no second stop in check after demo.
run demo
grep -q 'apt-get update && apt-get install check mandoc' "$tmp/said" ||
  fail "demo names other packages than check"
[ ! -e "$tmp/apt" ] || fail "it installed without root"

# Where sudo can ask, it lets it.
touch "$tmp/terminal"
run check
[ "$status" -eq 0 ] || fail "with sudo that asks, it ended with $status"
grep -q -x -e '-v' "$tmp/sudo" || fail "sudo was not asked"
grep -q ' update$' "$tmp/apt" || fail "the lists were not updated"
grep -q ' install .* check mandoc$' "$tmp/apt" || fail "the packages are not installed"
[ "$(tail -n 1 "$tmp/said")" = '1 passed, 0 failed' ] || fail "no counts"

# make gets the variables, and nothing else.
run check SWEEPS=no TESTS=tests/one
[ "$status" -eq 0 ] || fail "with variables, it ended with $status"
[ "$(grep -c 'SWEEPS=no TESTS=tests/one$' "$tmp/made")" -eq 2 ] ||
  fail "make did not get the variables for the tests and their sum"
run check clean
[ "$status" -eq 64 ] || fail "a word that is no variable: $status"

# The log of a try that failed outlives the next one that does not.
touch "$tmp/failing"
run check
[ "$status" -ne 0 ] || fail "a test that fails"
rm "$tmp/failing"
run check
[ "$status" -eq 0 ] || fail "all is well again"
grep -q 'FAIL: tests/one' build/autogen-failed.log ||
  fail "the log of the failed tests is lost"
touch "$tmp/broken"
rm -f configure
run check
[ "$status" -ne 0 ] || fail "a build system that fails"
grep -q 'in .*/build/autogen-failed.log' "$tmp/said" || fail "it names no log"
rm "$tmp/broken"
run check
grep -q 'autoreconf is broken' build/autogen-failed.log ||
  fail "the log of the failed generation is lost"
