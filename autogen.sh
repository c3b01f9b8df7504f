#!/bin/sh
# Makes the build system from a git checkout, and knows two short ways on.
#
# Nothing is asked, except by sudo.  What has been done already is not done
# again.  The build goes to build/, and its output to build/autogen.log; the log
# of the last try that failed stays in build/autogen-failed.log.
set -eu

# What the build and the tests need: how to look for it, its name, and the Debian
# package that brings it.  HACKING.md has the same list.
needs='
command autoreconf autoconf
command automake automake
command libtoolize libtool
command make make
command gcc gcc
header stdio.h libc6-dev
command pkg-config pkg-config
module sqlite3 libsqlite3-dev
module inih libinih-dev
module libcurl libcurl4-openssl-dev
module libcjson libcjson-dev
module libmosquitto libmosquitto-dev
module openssl libssl-dev
module check check
command python3 python3
command g++ g++
command curl curl
command mandoc mandoc
command openssl openssl
command stunnel stunnel4
command mosquitto mosquitto
command mosquitto_sub mosquitto-clients
command influxd influxdb
command victoria-metrics victoria-metrics
command promtool prometheus
command prometheus-node-exporter prometheus-node-exporter
file /usr/share/zoneinfo/Europe/Copenhagen tzdata
'

say()
{
  printf '%s\n' "$*"
}

die()
{
  printf 'error: %s\n' "$*" >&2
  exit 1
}

usage()
{
  cat <<'END'
usage: ./autogen.sh         writes ./configure and what it needs
       ./autogen.sh demo    installs what is missing, builds, runs the example
       ./autogen.sh check [VARIABLE=VALUE]...
                            installs what is missing, builds, runs the tests;
                            make gets the variables (SWEEPS=no leaves out the
                            fault sweeps, TESTS=tests/bin/e2e_exec runs one)
END
}

# ---- What is missing --------------------------------------------------------

# Debian's servers are in /usr/sbin, which only root has in PATH.
have()
{
  case $1 in
  command) (PATH=$PATH:/usr/sbin && command -v "$2") ;;
  header) printf '#include <%s>\n' "$2" | gcc -E - ;;
  module) pkg-config --exists "$2" ;;
  file) [ -e "$2" ] ;;
  esac >/dev/null 2>&1
}

# That field of each row which is missing, after a blank: 2 is the name, 3 the
# package.
missing()
{
  printf '%s' "$needs" | while read -r kind name package; do
    if [ -n "$kind" ] && ! have "$kind" "$name"; then
      case $1 in
      2) printf ' %s' "$name" ;;
      3) printf ' %s' "$package" ;;
      esac
    fi
  done
}

# The packages can only be installed as root, so sudo may ask for a password, at
# the terminal.
become_root()
{
  as_root=
  [ "$(id -u)" -ne 0 ] || return 0
  as_root=sudo
  sudo -n true 2>/dev/null && return 0
  say "packages are missing, and sudo installs them:$packages"
  sudo -v || die "only root can install packages; run as root:" \
    "apt-get update && apt-get install$packages"
}

# apt-get as root, without questions.
apt_get()
{
  $as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get -q -o DPkg::Lock::Timeout=300 "$@"
}

install_missing()
{
  packages=$(missing 3)
  [ -n "$packages" ] || return 0
  command -v apt-get >/dev/null 2>&1 ||
    die "there is no apt-get to install what is missing:$(missing 2)" \
      "(in Debian's packages$packages)"
  become_root
  step "updating the list of packages" apt_get update
  # The names are words, to be split.
  # shellcheck disable=SC2086
  step "installing$packages" apt_get install -y --no-install-recommends \
    $packages
  packages=$(missing 3)
  [ -z "$packages" ] || die "still missing after the installation:$packages"
  reconfigure=yes
}

# ---- Building ---------------------------------------------------------------

# Runs a command with its output in the log; shows the end of it on failure.
step()
{
  what=$1
  shift
  say "$what"
  printf '\n==== %s\n' "$what" >>"$log"
  "$@" >>"$log" 2>&1 && return 0
  tail -n 40 "$log" >&2
  keep_log
  die "$what failed; all of its output is in $log"
}

# Until the next try fails.
keep_log()
{
  mv -f "$log" "$build/autogen-failed.log"
  log=$build/autogen-failed.log
}

generate()
{
  mkdir -p m4
  autoreconf --install --force
}

# What was configured before keeps its options.
configure()
{
  cd "$build"
  if [ -f config.status ]; then
    ./config.status --recheck && ./config.status
  else
    ../configure
  fi
}

build()
{
  if [ ! -x configure ] || [ ! -f Makefile.in ]; then
    reconfigure=yes
  fi
  # The directory may have been moved since, and the makefiles name it.
  if ! grep -qxF "abs_top_builddir = $build" "$build/Makefile" 2>/dev/null; then
    reconfigure=yes
  fi
  if [ -n "$reconfigure" ]; then
    step "generating the build system" generate
    (step "configuring" configure)
  fi
  step "building" make -C "$build" -j"$jobs" all
}

prepare()
{
  case $source in
  *[!-+,./0-9:@A-Z_a-z~]*)
    die "$source: autoconf and libtool cannot build in a path with blanks or" \
      "special characters; move the directory"
    ;;
  esac
  # A checkout that was configured by hand is built as it was configured.
  build=$source/build
  [ ! -f config.status ] || build=$source
  log=$build/autogen.log
  mkdir -p "$build"
  : >"$log"
  reconfigure=
  jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null) || jobs=1
  install_missing
  build
}

# ---- The commands -----------------------------------------------------------

command_generate()
{
  command -v autoreconf >/dev/null 2>&1 ||
    die "autoreconf was not found; on Debian, as root: apt-get update &&" \
      "apt-get install" \
      "$(printf '%s' "$needs" | awk '{ printf "%s ", $3 }')"
  generate
  say "now run ./configure and make (or ./autogen.sh check)"
}

command_demo()
{
  prepare
  csv=examples/demo.csv
  rm -f "$csv"
  say "replaying examples/demo.capture through examples/demo.ini"
  say
  "$build/meterpipe" run -c examples/demo.ini --plugin-dir "$build/.libs"
  say
  say "The same values as a file, $csv:"
  say
  cat "$csv"
  say
  "$build/meterpipe" report -c examples/demo.ini --output examples/demo.html
  say "The same values as a page: examples/demo.html"
  say "For a meter of your own, read \"With a meter\" in README.md."
}

# The tests have their own words for what failed; the log has the rest.  They
# wait more than they compute, so more of them run than there are processors.
command_check()
{
  prepare
  say "testing"
  status=0
  VERBOSE=yes make -C "$build" -j"$((2 * jobs))" check "$@" >>"$log" 2>&1 ||
    status=$?
  if [ "$status" -ne 0 ]; then
    grep -E '^(FAIL|ERROR|XPASS):|[0-9]:[FE]:| error: |\*\*\*' "$log" |
      tail -n 60 >&2 || :
    keep_log
    printf 'error: make check failed; all of its output is in %s\n' "$log" >&2
  fi
  make -s -C "$build" --no-print-directory test-summary "$@" || status=1
  exit "$status"
}

exec </dev/null
CDPATH='' cd -- "$(dirname -- "$0")"
source=$(pwd -P)

case ${1-} in
'') command_generate ;;
demo) command_demo ;;
check)
  shift
  for word; do
    case $word in
    *=*) ;;
    *) usage >&2 && exit 64 ;;
    esac
  done
  command_check "$@"
  ;;
-h | --help) usage ;;
*)
  usage >&2
  exit 64
  ;;
esac
