#!/usr/bin/env python3
"""Appends each record to a file, once.

    [output journal]
    plugin  = exec
    class   = append
    command = /usr/local/bin/journal.py /var/lib/meterpipe/journal.jsonl
    value.energy = meter.heat_energy_e1

A record that was under way when the machine went down comes again, with the
same id: what the file has already is passed over.
"""
import json
import os
import sys


def ids_of(path):
    """The ids of the whole lines in the file, and where these end."""
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
            journal.truncate(end)  # a part of a line that a crash has left
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
