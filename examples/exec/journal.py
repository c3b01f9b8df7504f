#!/usr/bin/env python3
"""Appends each record to a file, once.

    [output journal]
    plugin  = exec
    class   = append
    command = /usr/local/bin/journal.py /var/lib/meterpipe/journal.jsonl
    value.energy = meter.heat_energy_e1

If the machine goes down during the delivery of a record, the record is sent
again, with the same id.  A record whose id is in the file already is skipped.
"""
import json
import os
import sys


def ids_of(path):
    """Returns the ids of the whole lines, and the offset of their end."""
    ids, end = set(), 0
    try:
        with open(path, "rb") as journal:
            for line in journal:
                if not line.endswith(b"\n"):
                    break
                ids.add(json.loads(line)["id"])
                end += len(line)
    except FileNotFoundError:
        pass
    return ids, end


def main(path):
    known, end = ids_of(path)
    try:
        with open(path, "ab") as journal:
            journal.truncate(end)  # remove a part of a line, left by a crash
            for line in sys.stdin.buffer:
                if json.loads(line)["id"] not in known:
                    journal.write(line)
            journal.flush()
            os.fsync(journal.fileno())
    except OSError as error:
        print(error, file=sys.stderr)
        return 75
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
