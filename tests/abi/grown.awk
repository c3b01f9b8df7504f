# Reads what abidiff --leaf-changes-only says, and prints all of it that is not
# a member added behind the old end of a struct.  Of struct mp_option there are
# arrays: it may not grow at all.
NR <= 4 || /^$/ { next }
/^'struct .*' changed:$/ {
  name = $2
  sub(/'$/, "", name)
  size = -1
  if (name != "mp_option")
    next
}
/^  type size changed from [0-9]+ to [0-9]+ \(in bits\)$/ { size = $5; next }
/^  [0-9]+ data member insertions?:$/ { next }
/^    '.*', at offset [0-9]+ \(in bits\)$/ {
  if (size >= 0 && $(NF - 2) >= size + 0)
    next
}
{ print name ": " $0 }
