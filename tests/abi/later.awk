# Makes of the header one to come: every struct that may grow has grown by a
# member at its end, and the host by a service.  MP_LATER tells of it.
/^#define MP_ABI_VERSION/ { $0 = $0 "\n#define MP_LATER 1" }
/^struct mp_[a-z_]* \{$/ { name = $2 }
/^};$/ && name == "mp_host" { print "  int (*later)(const struct mp_host *);" }
/^};$/ && name != "" && name != "mp_host" && name != "mp_option" {
  print "  const char *later;"
}
/^};$/ { name = "" }
{ print }
