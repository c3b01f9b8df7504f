# Makes skeleton.c from the templates that are named: each file a text in C.
function name_of(file)
{
  sub(".*/", "", file)
  gsub(/\./, "_", file)
  return file
}

BEGIN { print "#include \"core/commands/skeleton.h\"\n\n#include \"core/plugin/loader.h\"" }

FNR == 1 {
  if (NR > 1)
    print ";"
  print "\nstatic const char " name_of(FILENAME) "[] ="
}

{
  gsub(/\\/, "&&")
  gsub(/"/, "\\\\&")
  gsub(/\t/, "\\t")
  print "  \"" $0 "\\n\""
}

END {
  print ";\n\nconst struct skeleton skeletons[] = {"
  n = split("input transform output", kind, " ")
  for (i = 1; i <= n; i++)
    print "  [PLUGIN_" toupper(kind[i]) "] = { " kind[i] "_c, Makefile_plugin, " \
      kind[i] "_ini },"
  print "};"
}
