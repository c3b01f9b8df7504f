# Makes of a header the program that prints its layout, a line for each number
# that plugins are compiled with: where members are, and what constants are.
# abi.sh builds it with the header and with other ones.
BEGIN {
  print "#include <inttypes.h>\n#include <stdio.h>\n#include <meterpipe/plugin.h>"
  print "#define MEMBER(t, m) printf(\"%s.%s %zu %zu\\n\", #t, #m, \\"
  print "  offsetof(struct t, m), sizeof(((struct t *)0)->m))"
  print "#define CONSTANT(c) printf(\"%s %\" PRId64 \"\\n\", #c, (int64_t)(c))"
  print "int\nmain(void)\n{"
}
/^struct mp_[a-z_]* \{$/ { name = $2 }
/^};$/ {
  # The elements of arrays, and what is passed by value, may not grow.
  if (name == "mp_option" || name == "mp_decimal")
    printf "  printf(\"%s %%zu\\n\", sizeof(struct %s));\n", name, name
  name = ""
}
{ sub(/\/\*.*/, "") }
name != "" && /^  [a-z].*[(;]/ {
  member = $0
  if (match(member, /\(\*[a-z_0-9]+\)/)) {
    member = substr(member, RSTART + 2, RLENGTH - 3)
  } else {
    sub(/;.*/, "", member)
    sub(/.*[ *]/, "", member)
  }
  print "  MEMBER(" name ", " member ");"
}
/^#define MP_[A-Z_0-9]+ [(0-9U]/ || /^#define MP_[A-Z_0-9]+ INT32_MIN/ {
  print "  CONSTANT(" $2 ");"
}
END { print "  return 0;\n}" }
