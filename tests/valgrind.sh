#!/bin/sh
# The program under valgrind in the tests end to end:
#
#     valgrind.sh VALGRIND METERPIPE TEST...
#
# Each memory error and each leak is a failure, of the program and of its
# plugins.  Whether the tests themselves pass is not asked: time passes slowly
# there, and a program that is missing shows late.  What they said is kept.
valgrind=$1 program=$2
shift 2
known=$(cd "$(dirname "$0")" && pwd)/valgrind.supp

work=valgrind.logs
rm -rf "$work"
mkdir -p "$work" || exit 1
# Some tests run the program as somebody else.
chmod 1777 "$work"
work=$(cd "$work" && pwd)

# lax-ioctls: it does not know the one that takes a port for us alone.
cat >"$work/meterpipe" <<END
#!/bin/sh
exec '$valgrind' -q --sim-hints=lax-ioctls --error-exitcode=99 \\
  --leak-check=full --show-leak-kinds=definite \\
  --errors-for-leak-kinds=definite --suppressions='$known' \\
  --log-file='$work/%p.log' '$program' "\$@"
END
chmod +x "$work/meterpipe"

METERPIPE=$work/meterpipe CK_TIMEOUT_MULTIPLIER=20
export METERPIPE CK_TIMEOUT_MULTIPLIER
dead=0
for test in "$@"; do
  "$test" >"$work/${test##*/}.out" 2>&1
  if [ $? -eq 77 ]; then
    echo "${test##*/}: skipped"
    continue
  fi
  grep -h '%: Checks: ' "$work/${test##*/}.out" | sed "s,^,${test##*/}: ," |
    grep . || { echo "${test##*/}: did not come to its end"; dead=$((dead + 1)); }
done

runs=$(find "$work" -name '*.log' | wc -l)
faulty=$(find "$work" -name '*.log' -size +0 | wc -l)
find "$work" -name '*.log' -size +0 -exec cat {} +
echo "$runs runs, $faulty with memory errors or leaks"
[ "$runs" -gt 0 ] && [ "$faulty" -eq 0 ] && [ "$dead" -eq 0 ]
