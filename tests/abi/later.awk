# Makes a later header from a header: every struct that may grow has one more
# member at its end, and the host has one more service.  It defines MP_LATER.
/^#define MP_ABI_VERSION/ { $0 = $0 "\n#define MP_LATER 1" }
/^struct mp_[a-z_]* \{$/ { name = $2 }
/^};$/ && name == "mp_host" { print "  int (*later)(const struct mp_host *);" }
/^};$/ && name != "" && name != "mp_host" && name != "mp_option" &&
  name != "mp_decimal" {
  print "  const char *later;"
}
/^};$/ { name = "" }
{ print }
