#!/usr/bin/env python3
"""The rules of the ledger as a program, run against random faults: ledger_model.py [TRIALS] [--trace SEED] [--write CASE] [--settings].

With --write, each history of a case is written to standard output, event by event, for tests/core/ledger/test_ledger_model.c,
which takes the ledger that is linked into meterpipe through the same events and compares what becomes of each target. The
exit status is 1 if a history ends with a wrong total, usage or CSV.
--settings prints the number of cases.

A pipeline with one base (overwrite), usages (subtract: deltas) and totals (add: usage onto themselves) in one
output of class latest. Devices show what a real server shows: kind "g" six significant digits, kind "c" (a counter
in thousandths) exactly what was sent; kind "w" is a counter of whole units, kind "t" shows one decimal of what it was
sent, kind "e" is exact and shows nothing where it holds 0; and a time of last update in whole seconds. Runs are at
least two seconds apart: no target is sent to sooner than that after our own last send, which is all that the rule
about waiting promises. A target "usage.2" belongs to the second meter, whose base is
"base.2". Beside the devices each cycle adds a row to a CSV. Faults: the server away when
asked; each write refused, lost before or after it was carried out; a crash before the commit, after it, before or
after each write; answers lost with a crash; a power cut that takes each device's last write; the meter silent; readings
that fall (hold); meters exchanged; serial numbers read wrongly or not at all; targets refused or not listed for a
while; totals set by hand; backups restored. A blind server cannot be asked: it gets records, and knows a record that
comes again by its id. A bus keeps the last value of each target with the id of its record; it may forget all, or go back
to an older copy, other pipelines write to it, and the state may be lost or be replaced by an older copy. At the end, after undisturbed runs, each total and the sum of what each usage device was given
must be exact.
"""
import random
import sys
from decimal import Decimal as D, ROUND_HALF_EVEN

ZERO = D(0)


WRITE = False  # whether events go to standard output


def word(w):
    return "-" if w is None else format(w, "f") if isinstance(w, D) else str(w)


def tell(*words):
    if WRITE:
        sys.stdout.write(" ".join(map(word, words)) + "\n")


class Crash(Exception):
    pass


class Away(Exception):
    pass


# --- what a device stores and shows ---------------------------------------------------------------------------

# The smallest step that a device takes (None: it takes any), and the last place that it shows: so many digits after
# the first, or so many decimals.
STEP = {"g": None, "c": D("0.001"), "w": D(1), "t": None, "e": None, "x": None}
DIGITS = {"g": 5, "c": 9, "w": 9, "e": 9, "x": 9}
DECIMALS = {"t": 1}


def as_sent(kind, x):
    return x if STEP[kind] is None else x.quantize(STEP[kind], ROUND_HALF_EVEN)


def shown(kind, x):
    if kind in DECIMALS:
        return x.quantize(D(1).scaleb(-DECIMALS[kind]), ROUND_HALF_EVEN)
    if kind == "e" and x == 0:
        return None
    return D("%g" % float(x)) if kind == "g" else x


def last_place(kind, s):
    """The exponent of the last place that s shows; None: nothing is rounded in it."""
    if kind in DECIMALS:
        return -DECIMALS[kind]
    return None if is_nothing(s) else s.adjusted() - DIGITS[kind]


def is_nothing(s):
    return s is None or s == 0


def can_show(kind, s, x):
    """Whether s can be a display of x, as x was sent."""
    if x is None or s is None:
        return False
    x = as_sent(kind, x)
    place = last_place(kind, s)
    if kind not in DECIMALS and (s == 0 or x == 0):
        return s == shown(kind, x)
    return abs(s - x) <= D(1).scaleb(place) / 2 + abs(x) * D("1e-12")


def meter_of(k):
    """Of "usage.2": "2"; of "usage": ""."""
    return k.partition(".")[2]


def base_of(meter):
    return "base." + meter if meter else "base"


class Server:
    blind = ids = False

    def __init__(self, kinds, values):
        self.kinds, self.v, self.t = kinds, dict(values), {k: 0 for k in values}
        self.given = {k: [] for k in values}
        self.now, self.log = 0, []
        self.away, self.fail_at, self.how, self.n = False, None, None, 0
        self.refuses, self.hides = set(), set()
        self.number = 0

    def next_number(self):
        self.number += 1
        return self.number

    def ask(self):
        if self.away:
            raise Away
        return {k: (shown(self.kinds[k], x), self.t[k]) for k, x in self.v.items() if k not in self.hides}

    def write(self, k, x, number):
        self.n += 1
        if k in self.refuses:
            return False
        if self.fail_at == self.n:
            if self.how in ("lost-after", "crash-after", "rejected-done"):
                self.put(k, x, number)
            if self.how.startswith("crash"):
                raise Crash
            if self.how.startswith("rejected"):
                return False
            raise Away("not-sent" if self.how == "refused" else "perhaps")
        self.put(k, x, number)
        return True

    def put(self, k, x, number):
        self.log.append((k, self.v[k], self.t[k]))
        self.given[k].append(x)
        self.v[k], self.t[k] = x, self.now

    def power_cut(self):
        """Each device loses at most its last write."""
        done = set()
        while self.log:
            k, x, t = self.log.pop()
            if k not in done:
                done.add(k)
                self.v[k], self.t[k] = x, t
                self.given[k].pop()


class BlindServer(Server):
    """It shows nothing. Records that it has taken before are passed over by their ids."""
    blind = True

    def __init__(self, kinds, values):
        super().__init__(kinds, values)
        self.taken, self.wrong = {}, False
        self.sent = set()

    def ask(self):
        raise Away

    def is_refused(self, k, x):
        """Whether the value is refused before the record leaves. That depends on the value alone: a value that was sent is
        not refused later."""
        if k in self.refuses and (k, x) not in self.sent:
            return True
        self.sent.add((k, x))
        return False

    def take(self, number, record):
        """What the answer says became of the record."""
        self.n += 1
        failed = self.fail_at == self.n
        if self.away or failed and self.how == "refused":
            return "not-sent"
        if failed and self.how.startswith("rejected"):  # it has done nothing: that is the contract of such an output
            return "rejected"
        if not failed or self.how in ("lost-after", "crash-after"):
            self.keep(number, record)
        if failed and self.how.startswith("crash"):
            raise Crash
        return "perhaps" if failed else "accepted"

    def keep(self, number, record):
        known = self.taken.get(number)
        if known is not None:
            self.wrong |= any(known.get(k) != x for k, x in record.items())
            return
        self.taken[number] = record
        for k, x in record.items():
            self.put(k, x, number)


class Bus(Server):
    """It shows the last value of each target with the id of its record, (state, number); None: it was written by hand. What
    it took, it has passed on: an amount is given even if the bus forgets it."""
    ids = True

    def __init__(self, kinds, values):
        super().__init__(kinds, dict.fromkeys(values))  # it begins with nothing
        self.id, self.state, self.past = dict.fromkeys(values), 1, []
        self.taken, self.doubled = set(), dict.fromkeys(values, ZERO)
        self.hands, self.undo_hand, self.unseen, self.is_newer = 0, None, False, False

    def ask(self):
        """Lists all targets if an older copy of the state was put back: otherwise values that only the newer state knew are
        lost. This is the exception in doc/ledger.md."""
        if self.away:
            raise Away
        return {k: self.display(k) for k in self.v if k not in self.hides or self.is_newer}

    def display(self, k):
        if self.v[k] is None:
            return None, None, "forgotten"
        state, number = self.id[k] or (self.state, None)
        return shown(self.kinds[k], self.v[k]), None, number if state == self.state else f"x{state}-{number}"

    def put(self, k, x, number):
        self.keep(k, x, (self.state, number))
        self.given[k].append(x)
        self.taken.add((k, self.state, number))

    def keep(self, k, x, of):
        self.past.append((dict(self.v), dict(self.id)))
        self.v[k], self.id[k] = x, of

    def go_back(self, writes):
        """To what it showed so many writes before."""
        del self.past[len(self.past) - writes + 1:]
        v, of = self.past.pop()
        self.v, self.id = dict(v), dict(of)

    def forget(self):
        self.past.append((dict(self.v), dict(self.id)))
        self.v, self.id = dict.fromkeys(self.v), dict.fromkeys(self.v)

    def other_writes(self, k):
        """Another pipeline; its state has the number 0."""
        self.keep(k, D("77.7"), (0, self.next_number()))

    def by_hand(self, k, x):
        """Never the same value twice: without an id and a time, it would be taken for an older copy."""
        self.hands += 1
        self.keep(k, x + self.hands, None)
        return x + self.hands

    def may_go_back(self, writes, ledger):
        """Not to a value set by hand before the last one that was: the ledger knows only that."""
        if writes > len(self.past):
            return False
        v, of = self.past[-writes]
        return all(v[k] is None or of[k] is not None or (v[k], None, None) == t.taken for k, t in ledger.items())

    def was_asked(self, seen):
        """A run has settled, and committed that."""
        if self.undo_hand and self.undo_hand[0] in seen:
            self.undo_hand = None
        self.unseen &= len(seen) < len(self.v)
        self.is_newer &= self.unseen

    def is_hidden(self, k, t):
        """An amount in flight arrived, but is not shown: it will be sent again. Programs that add amounts up count it
        twice, unless they know its id. This is the exception in the manual."""
        return t.sent is not None and (k, self.state, t.sent_record) in self.taken and self.display(k)[2] != t.sent_record

    def again(self, k, t, outcome, role):
        """The amount in flight is pending again, although the bus has passed it on."""
        if role == "delta" and outcome not in ("other-writer", "put-back"):
            self.doubled[k] += as_sent(self.kinds[k], t.sent)
            self.taken.discard((k, self.state, t.sent_record))


# --- the ledger -----------------------------------------------------------------------------------------------

class Target:
    """acknowledged, and acknowledged_over: the value displayed before it was sent; sent: no answer yet, and sent_over:
    the value displayed before that; pending; remainder: the part of a delta that rounding left over. ..._serial: the
    serial number of its meter. sent_from: the pending value that sent was made from; sent_record: the number of the
    record that it was sent in, kept with sent_from. sent_earlier: by a run before this one (not in the state). On a bus:
    acknowledged_record, None where that value was taken from the bus; last_record: the highest number that was forgotten;
    taken: what the bus showed last that this pipeline did not write."""
    __slots__ = ("acknowledged", "acknowledged_serial", "acknowledged_over", "acknowledged_record", "last_record", "taken", "sent", "sent_serial", "sent_from",
                 "sent_over", "sent_record", "sent_earlier", "pending", "pending_serial", "remainder")

    def __init__(self):
        for k in self.__slots__:
            setattr(self, k, None)
        self.remainder = ZERO

    def copy(self):
        t = Target.__new__(Target)
        for k in self.__slots__:
            setattr(t, k, getattr(self, k))
        return t

    def value(self):
        return (self.pending, self.pending_serial) if self.pending is not None else (self.acknowledged, self.acknowledged_serial)

    def prepare(self, role, kind, seen, number):
        """Marks the pending value as sent in record NUMBER; a value sent before stays in its record. An amount that is still
        there stays as it is: the outcome is not known, and cannot be asked for. Returns whether there is something to send."""
        self.sent_earlier = self.sent is not None and role == "delta"
        if self.sent_earlier or self.pending is None:
            return self.sent_earlier
        if self.sent_record is None or (self.pending, self.pending_serial) != (self.sent_from, self.sent_serial):
            self.sent_from, self.sent_serial, self.sent_record = self.pending, self.pending_serial, number
        self.sent, self.sent_over = as_sent(kind, self.sent_from) if role == "delta" else self.sent_from, seen
        return True

    def result(self, role, outcome):
        """What was certainly not sent is forgotten, but not what an earlier run sent. All else may have been carried out,
        even if it was refused; but the refusal of an output that cannot be asked is its last word."""
        if outcome == "accepted":
            self.acknowledge(role)
        elif (outcome == "not-sent" or outcome == "rejected" and self.sent_over is None) and not self.sent_earlier:
            self.sent = None

    def refuse(self):
        """The value was not sent, now or earlier."""
        self.sent, self.sent_earlier = None, False
        self.forget_record()

    def forget_record(self):
        self.last_record = max(self.last_record or 0, self.sent_record or 0)
        self.sent_from = self.sent_record = None

    def acknowledge(self, role):
        self.acknowledged_over, self.acknowledged_record = self.sent_over, self.sent_record
        if role == "delta":
            rest, grown = (self.pending - self.sent, self.pending != self.sent_from) if self.pending is not None else (ZERO, False)
            self.acknowledged, self.sent = self.sent, None
            if grown:
                self.pending = rest
            else:
                self.pending, self.remainder = None, self.remainder + rest
            self.forget_record()
            return
        self.acknowledged, self.acknowledged_serial, self.sent = self.sent, self.sent_serial, None
        self.forget_record()
        if self.pending == self.acknowledged and self.pending_serial == self.acknowledged_serial:
            self.pending = None


def settle(t, seen, role, kind):
    """Holds what is shown against the ledger. Returns None, "first" or "changed"."""
    if seen is None:
        return None
    return settle_by_id(t, seen, role, kind) if len(seen) == 3 else settle_by_value(t, seen, role, kind)


def settle_by_id(t, seen, role, kind):
    s, _, of = seen
    if of == "forgotten":
        return lose(t, role, "lost") if t.acknowledged is not None else never_set(t, role)
    own = isinstance(of, int)
    if not own and t.acknowledged is not None and precedes(of, t.taken and t.taken[2]):
        return lose(t, role, "went-back")
    if not own and (seen != t.taken or t.acknowledged is None):
        return take_without_id(t, seen, role, kind) if of is None else take_other(t, seen)
    if own and of == t.sent_record:  # it arrived, perhaps after it was taken for lost
        if t.sent is None:
            t.sent = as_sent(kind, t.sent_from) if role == "delta" else t.sent_from
        t.acknowledge(role)
        return None
    if t.acknowledged_record == of if own else t.acknowledged is not None and t.acknowledged_record is None:
        t.sent = None
        return None
    if own and of > max(t.acknowledged_record or 0, t.sent_record or 0, t.last_record or 0):  # of a newer state
        t.forget_record()
        t.acknowledged, t.acknowledged_record, t.acknowledged_over, t.sent, t.pending = s, of, None, None, None
        t.remainder = ZERO
        return "put-back"
    return lose(t, role, "went-back")


def precedes(of, taken):
    """Whether it is an older id of the same other state."""
    if not isinstance(of, str) or not isinstance(taken, str) or of == "forgotten":
        return False
    (state, number), (taken_state, taken_number) = of.split("-"), taken.split("-")
    return state == taken_state and int(number) < int(taken_number)


def lose(t, role, what):
    """The bus does not show the acknowledged value any more: it is written again, but not an amount."""
    lost = role != "delta" and t.acknowledged is not None and t.pending is None
    if what == "lost" and t.acknowledged == 0 and t.acknowledged_record is None:  # a total begins with 0, which nothing shows
        lost = False
    what = what if lost or t.sent is not None else None
    t.sent = None
    if lost:
        t.pending, t.pending_serial = t.acknowledged, t.acknowledged_serial
    if lost and t.acknowledged_record is not None:
        t.sent_from, t.sent_serial, t.sent_record = t.acknowledged, t.acknowledged_serial, t.acknowledged_record
    return what


def never_set(t, role):
    t.sent = None
    if role == "plus":
        t.acknowledged, t.acknowledged_record = ZERO, None
    return "first" if t.pending is None else None


def take_without_id(t, seen, role, kind):
    """A hand wrote it: a value in flight did not arrive."""
    t.sent = t.acknowledged_over = None
    what = settle_by_value(t, seen, role, kind)
    t.taken, t.acknowledged_record = seen, None
    return what


def take_other(t, seen):
    if t.acknowledged is not None:
        return "other-writer"
    t.acknowledged, t.acknowledged_record, t.taken, t.sent = seen[0], None, seen, None
    return "adopted"


def settle_by_value(t, seen, role, kind):
    s = seen[0]
    if t.sent is not None:
        if seen not in (t.sent_over, t.acknowledged_over) and can_show(kind, s, t.sent):
            t.acknowledge(role)  # M arrived
            return None
        t.sent = None  # it did not: forgotten; what follows still counts
    if t.acknowledged is not None and seen == t.acknowledged_over:  # the server lost A
        if role == "delta":
            t.pending, t.acknowledged = (t.pending or ZERO) + t.acknowledged, None
        elif t.pending is None:
            t.pending, t.pending_serial = t.acknowledged, t.acknowledged_serial
        return None
    if role == "delta" or can_show(kind, s, t.acknowledged):
        return None
    if t.acknowledged is not None and t.acknowledged == 0 and is_nothing(s):  # 0 may be shown as nothing
        return None
    if t.acknowledged is None and is_nothing(s):
        return never_set(t, role)
    if t.acknowledged is None:  # first seen
        if t.pending is None:
            t.acknowledged, t.acknowledged_record = s, None
        return None
    if is_nothing(s) and role == "minus":  # emptied: the ledger counts
        return None
    s = s or ZERO
    if role == "plus" and t.pending is not None:
        t.pending = s + t.pending - t.acknowledged
    if role == "minus":
        if t.pending is not None:  # that meter was believed, perhaps a new one
            t.acknowledged_serial = t.pending_serial
        t.pending = None
        t.forget_record()
    t.acknowledged, t.acknowledged_over, t.acknowledged_record = s, None, None
    return "changed"


def drop_pending(w, meter, seen, roles, kinds, of_base=False):
    """The base was changed: what is due from it is in what it shows now, and is computed anew. OF_BASE: what is due for the
    base, too."""
    for k, t in w.items():
        if roles[k] == "minus" and not of_base or meter_of(k) != meter or k not in seen and t.sent is not None:
            continue
        if roles[k] == "delta":
            t.acknowledged = t.pending = None
        else:
            if k in seen and len(seen[k]) == 2 and not can_show(kinds[k], seen[k][0], t.acknowledged):
                t.acknowledged, t.acknowledged_over, t.acknowledged_record = seen[k][0] or ZERO, None, None
            t.pending = None
        t.forget_record()


class Notes:
    """What the state keeps beside the ledgers: of each meter the candidate (reading, serial number), and the number that
    it told last, which is assumed where it is not read."""

    def __init__(self):
        self.candidate, self.told = {}, {}

    def copy(self):
        n = Notes()
        n.update(self)
        return n

    def update(self, other):
        self.candidate, self.told = dict(other.candidate), dict(other.told)


def whose(candidate, base_serial, serial, is_read):
    """What the serial number of a reading says, given the candidate and the number of its base."""
    differs = base_serial is not None and serial is not None and base_serial != serial
    if candidate is None and not differs:
        return "same"
    if not is_read:
        return "unknown"
    if not differs:
        return "same"
    return "exchanged" if candidate is not None and candidate[1] == serial else "candidate"


def evaluate(w, notes, meter, reading, serial, is_read, first, roles):
    """What is due from a reading, and its cells in the row: reading, usage, totals. None: the reading is not used."""
    mine = {k: t for k, t in w.items() if meter_of(k) == meter}
    b = w[base_of(meter)]
    base, base_serial = b.value()
    last = {k: t.value()[0] for k, t in mine.items() if roles[k] == "plus"}
    candidate = notes.candidate.get(meter)
    cells = [reading, None, ()]
    if not first:
        if base is None or any(x is None for x in last.values()):
            return None
        verdict = whose(candidate, base_serial, serial, is_read)
        tell("whose", base_of(meter), candidate and str(candidate[1]), serial, int(is_read), verdict)
        if verdict == "candidate":
            notes.candidate[meter] = reading, serial
        if verdict in ("candidate", "unknown"):
            return None
        if verdict == "exchanged":
            base = candidate[0]
        if reading < base:
            return None
        usage = reading - base
        cells = [reading, usage, [x + usage for x in last.values()]]
        if verdict == "same":
            tell("usage", base_of(meter), reading, usage)
        for k, t in mine.items():
            if roles[k] == "delta":
                t.pending, t.remainder = usage + (t.pending or ZERO) + t.remainder, ZERO
                tell("due", k, usage, None)
            elif roles[k] == "plus":
                t.pending = last[k] + usage
                tell("total", k, usage, t.pending)
                tell("due", k, t.pending, None)
    b.pending, b.pending_serial = reading, serial
    notes.candidate.pop(meter, None)
    tell("due", base_of(meter), reading, serial)
    return cells


def shuffled(names):
    names = list(names)
    random.shuffle(names)
    return names


def send_each(ledger, server, sending, roles, kinds):
    """Each target by itself; after a failed connection, nothing more is sent."""
    down = False
    for k in sending:
        t, outcome = ledger[k], "not-sent"
        if not down:
            try:
                outcome = "accepted" if server.write(k, as_sent(kinds[k], t.sent), t.sent_record) else "rejected"
            except Away as e:
                outcome, down = str(e), True
        tell("result", k, outcome, as_sent(kinds[k], t.sent))
        t.result(roles[k], outcome)


def part_record(ledger, record, taken, outcome):
    """What certainly did not arrive gets a new record, if another value of its record arrived or may have arrived: the
    receiver passes the rest of a record that it knows over."""
    known = outcome == "accepted" or any(ledger[k].sent is not None for k in taken)
    for k in record if known else ():
        if ledger[k].sent is None and ledger[k].pending is not None:
            ledger[k].forget_record()
            tell("part", k)


def take_out(ledger, refused, commit):
    """What is refused leaves the record, and that is committed before the rest is sent."""
    for k in refused:
        tell("result", k, "refused", None)
        ledger[k].refuse()
    if refused:
        commit()


def send_records(ledger, server, sending, number, roles, kinds, commit):
    """A record at a time, the oldest first; the answers are committed before the next one leaves."""
    while sending:
        oldest = min(ledger[k].sent_record for k in sending)
        record = {k: as_sent(kinds[k], ledger[k].sent) for k in sending if ledger[k].sent_record == oldest}
        taken = {k: x for k, x in record.items() if not server.is_refused(k, x)}
        take_out(ledger, [k for k in record if k not in taken], commit)
        outcome = server.take(oldest, taken) if taken else "rejected"
        number = None if number == oldest else number
        for k, x in record.items():
            t = ledger[k]
            sending.remove(k)
            if k not in taken:
                continue
            tell("result", k, outcome, x)
            t.result(roles[k], outcome)
            if t.sent_earlier and outcome == "accepted" and t.pending is not None:  # what came since then
                number = number or server.next_number()
                t.prepare(roles[k], kinds[k], None, number)
                tell("prepare", k, number)
                sending.append(k)
        part_record(ledger, record, taken, outcome)
        if sending:
            commit()


def run(ledger, kept, server, readings, roles, kinds, crash=None, booked=None, rows=None, order=shuffled):
    """READINGS: of each meter that answered, what it counts and its serial number; None: the number was not read.
    CRASH: before or after a commit."""
    was, w, notes = dict(ledger), {k: t.copy() for k, t in ledger.items()}, kept.copy()
    try:
        seen = server.ask()
    except Away:
        seen = None
    for k in seen or ():
        tell("seen", k, seen[k][0], last_place(kinds[k], seen[k][0]), seen[k][1], *(seen[k][2:] or ("without",)))
    hidden = [k for k, t in w.items() if server.ids and k in (seen or ()) and server.is_hidden(k, t)]
    tell("settle")
    flag = {k: settle(w[k], (seen or {}).get(k), roles[k], kinds[k]) for k in w}
    for k in w:
        tell("outcome", k, flag[k] or "settled")
    for k in w:
        if roles[k] == "minus" and flag[k] == "changed":
            drop_pending(w, meter_of(k), seen, roles, kinds)
        if flag[k] == "put-back":
            drop_pending(w, meter_of(k), seen, roles, kinds, of_base=True)
    row, begun = {}, {}
    for meter, (reading, read_serial) in readings.items():
        serial = notes.told.get(meter) if read_serial is None else read_serial
        notes.told[meter] = serial
        candidate = notes.candidate.get(meter)
        first = flag[base_of(meter)] == "first" or server.blind and w[base_of(meter)].value()[0] is None
        for k, t in w.items() if server.blind and first else ():
            if roles[k] == "plus" and meter_of(k) == meter and t.value()[0] is None:
                t.acknowledged = ZERO
                tell("begin", k)
        cells = evaluate(w, notes, meter, reading, serial, read_serial is not None, first, roles)
        if cells:
            row[meter, serial] = cells
            begun[meter] = candidate[0] if candidate and candidate[1] == serial else reading
    number, sending = server.next_number(), []
    for k, t in w.items():
        at = (seen or {}).get(k)
        if flag[k] == "other-writer":
            continue
        if t.pending is not None and (server.blind or at) and t.prepare(roles[k], kinds[k], at, number):
            tell("prepare", k, number)
            sending.append(k)
    if crash == "before-commit":
        return
    ledger.update(w)
    kept.update(notes)
    if server.ids:
        server.was_asked(seen or {})
    for k in hidden:
        server.again(k, was[k], flag[k], roles[k])
    tell("commit")
    if row and rows is not None:
        rows.append(row)
    for meter, serial in row if booked else ():
        booked(meter, begun[meter], readings[meter][0], serial)
    if crash == "after-commit":
        return
    a = {k: t.copy() for k, t in ledger.items()}

    def commit():
        ledger.update({k: t.copy() for k, t in a.items()})
        tell("commit")
        if crash == "after-answers":
            raise Crash

    try:
        if server.blind:
            send_records(a, server, order(sending), number, roles, kinds, commit)
        else:
            send_each(a, server, order(sending), roles, kinds)
        commit()
    except Crash:
        return


# --- random histories -----------------------------------------------------------------------------------------

ROLE = {"b": "minus", "u": "delta", "t": "plus"}
HOW = ("refused", "rejected", "rejected-done", "lost-before", "lost-after", "crash-before", "crash-after")


def read(count, serial, silent):
    return {m: (count[m], serial[m]) for m in count if m not in silent}


def is_at_rest(server, ledger):
    """Whether the bus shows what this state acknowledged last, and nothing is on its way."""
    return all(t.sent is None and t.pending is None and server.display(k)[2] == t.acknowledged_record is not None
               for k, t in ledger.items())


def end_other_pipelines(server, ledger):
    """Each is given another topic, and what it left is deleted."""
    for k, t in ledger.items():
        of = server.display(k)
        if isinstance(of[2], str) and of != t.taken and t.acknowledged is not None and not precedes(of[2], t.taken and t.taken[2]):
            server.v[k] = None


def undo_hand(server, want, k=None):
    """What a hand changed and no run has seen is gone with what the bus shows."""
    of, x = server.undo_hand or (None, ZERO)
    if of is not None and k in (None, of):
        want[of] -= x
        server.undo_hand = None


def lose_state(server, ledger, kept):
    for k in ledger:
        ledger[k] = Target()
        tell("empty", k)
    kept.update(Notes())
    server.state += 1
    server.unseen = True


def copy_state(server, ledger, kept):
    tell("copy")
    return server.state, {k: t.copy() for k, t in ledger.items()}, kept.copy()


def put_back(server, ledger, kept, old_state):
    tell("put-back")
    ledger.update({k: t.copy() for k, t in old_state[1].items()})
    kept.update(old_state[2])
    server.unseen = server.is_newer = True


def bus_event(server, ledger, kept, want, old_state):
    """Whatever may happen between two runs. Until a run has asked after the state was changed, the bus does not change."""
    f, writes = random.random(), random.randint(1, 9)
    if f < 0.3:
        end_other_pipelines(server, ledger)
    if server.unseen:
        return old_state
    if f < 0.05:
        undo_hand(server, want)
        server.forget()
    elif f < 0.12 and server.may_go_back(writes, ledger):
        undo_hand(server, want)
        server.go_back(writes)
    elif f < 0.15:
        k = random.choice(list(ledger))
        undo_hand(server, want, k)
        server.other_writes(k)
    elif f < 0.22:
        return copy_state(server, ledger, kept)
    elif f < 0.3 and old_state and old_state[0] == server.state and is_at_rest(server, ledger):
        put_back(server, ledger, kept, old_state)
    elif f < 0.32 and is_at_rest(server, ledger):
        lose_state(server, ledger, kept)
    return old_state


def is_noticed(backup, server, ledger):
    """Whether the base shows that a backup was restored: not if it goes back to a display that the ledger knows. This is the
    exception in the manual."""
    of = backup[1]["base"], backup[2]["base"]
    b = ledger["base"]
    return of not in ((server.v["base"], server.t["base"]), b.acknowledged_over, b.sent_over)


def trial(seed, kinds, runs=40, refuse=0, absent=0, exchange=0, hold=0, wrong=0, unread=0, hand=0.02, restore=0,
          silent_end=False, blind=False, ids=False, trace=None):
    random.seed(seed)
    roles = {k: ROLE[k[0]] for k in kinds}
    meters = [meter_of(k) for k in kinds if roles[k] == "minus"]
    steps = ("0", "0.001", "0.012", "0.012", "0.05", "0.3", "7.001") + (() if restore else ("0.0004", "0.0005", "0.0015"))
    count = {m: D(random.choice(("11388.25", "84.208", "999.999", "12345.55", "0.5"))) for m in meters}
    serial = {m: 1 + 1000 * i for i, m in enumerate(meters)}
    numbers, strange = {(m, s) for m, s in serial.items()}, 900000
    start = {k: D(random.choice(("0", "512.25", "7"))) if roles[k] == "plus" else ZERO for k in kinds}
    start = {k: ZERO if blind or ids else shown(kinds[k], as_sent(kinds[k], x)) or ZERO for k, x in start.items()}
    server = (BlindServer if blind else Bus if ids else Server)(kinds, start)
    want, ledger, used, rows = dict(start), {k: Target() for k in kinds}, {}, []
    kept = Notes()

    def booked(m, begun, r, s):
        used.setdefault((m, s), [begun, r])[1] = r

    def once(readings, crash=None):
        if trace:
            print(f"{trace} {server.now}: {readings} away {server.away} fail {server.fail_at} {server.how or ''} crash {crash}")
        tell("run")
        run(ledger, kept, server, readings, roles, kinds, crash, booked, rows)
        for k, t in ledger.items():
            tell("state", k, *(getattr(t, x) for x in ("acknowledged", "sent", "pending", "remainder")), t.acknowledged_serial, t.sent_record,
                 t.acknowledged_record or 0)
        if trace:
            for k, t in ledger.items():
                print("   ", k, "device", server.v[k], server.t[k], *(f"{x}={getattr(t, x)}" for x in t.__slots__ if getattr(t, x) is not None))

    tell("history", seed)
    for k in kinds:
        tell("target", k, roles[k], STEP[kinds[k]], base_of(meter_of(k)))
    server.now, begin = 100, dict(count)
    once(read(count, serial, ()))
    sick, backup, touched, old_state = {}, None, set(), None
    for i in range(runs):
        for m in meters:
            count[m] += D(random.choice(steps))
        server.now += random.choice((2, 3)) if random.random() < 0.2 else 1200
        server.n, server.fail_at, server.how, server.away = 0, None, None, False
        for k in list(sick):
            sick[k] -= 1
            if not sick[k]:
                del sick[k]
                server.refuses.discard(k)
                server.hides.discard(k)
        for chance, which in ((refuse, server.refuses), (absent, server.hides)):
            if random.random() < chance:
                k = random.choice(list(kinds))
                which.add(k)
                sick[k] = random.randint(1, 6)
        crash, silent, m, f = None, (), random.choice(meters), random.random()
        if random.random() < exchange:
            serial[m] += 1
            numbers.add((m, serial[m]))
            count[m] = random.choice((ZERO, count[m] + 500, D("3.5")))
            server.away = random.random() < 0.7
        if f < 0.15:
            server.away = True
        elif f < 0.5:
            server.fail_at, server.how = random.randint(1, len(kinds)), random.choice(HOW)
        elif f < 0.6:
            crash = random.choice(("before-commit", "after-commit", "after-answers"))
        elif f < 0.65 and not blind and not ids:
            server.power_cut()
        elif f < 0.72:
            silent = random.choice(([m], meters))
        elif f < 0.72 + hand:
            k = random.choice([k for k in kinds if roles[k] == "plus"])
            x = as_sent(kinds[k], D(random.choice(("0", "500", "20000.5"))))
            a = ledger[k].acknowledged
            # not seen: a change too small to be shown, or one in the moment of an unanswered or lost write
            if a is not None and ledger[k].sent is None and as_sent(kinds[k], a) == server.v[k] and k not in server.hides and shown(kinds[k], x) != shown(kinds[k], a):
                if ids:
                    x = server.by_hand(k, x)
                    server.undo_hand = (k, x - a)
                want[k] += x - a
                touched.add(k)
                server.log.clear()
                server.v[k], server.t[k] = x, server.now - 1
        told = read(count, serial, silent)
        if random.random() < hold and m in told and count[m] > 20 and ledger[base_of(m)].value()[0] is not None:
            told[m] = (count[m] - D("5.5"), serial[m])
        elif random.random() < wrong and m in told:
            strange += 1
            told[m] = (count[m], strange)
        elif random.random() < unread and m in told and (kept.told.get(m) == serial[m] or m in kept.candidate):
            told[m] = (count[m], None)  # after an exchange the number is read until it was told: the meter failed
        if backup and i - backup[0] >= 8 and random.random() < restore and is_noticed(backup, server, ledger):
            server.v, server.t, server.given = dict(backup[1]), dict(backup[2]), {k: list(x) for k, x in backup[3].items()}
            server.log.clear()
            backup = None
        if ids:
            old_state = bus_event(server, ledger, kept, want, old_state)
        once(told, crash)
        settled = all(t.sent is None and t.pending is None for t in ledger.values())
        if restore and settled and random.random() < 0.2 and (backup is None or i - backup[0] > 12):
            backup = (i, dict(server.v), dict(server.t), {k: list(x) for k, x in server.given.items()})
    server.refuses.clear()
    server.hides.clear()
    server.fail_at, server.away = None, False
    if ids:
        end_other_pipelines(server, ledger)
    if silent_end:  # everything delivered, then a power cut, and the meters stay silent
        server.now += 1200
        once(read(count, serial, ()))
        server.power_cut()
    for _ in range(2):
        server.now += 1200
        server.n = 0
        once(read(count, serial, meters if silent_end else ()))
    grown = {m: sum((last - begun for (of, _), (begun, last) in used.items() if of == m), ZERO) for m in meters}
    # what a hand overwrote was known to the device's smallest step
    slack = {k: (STEP[kinds[k]] or ZERO) if k in touched else ZERO for k in kinds}
    total = any(abs(server.v[k] - as_sent(kinds[k], want[k] + grown[meter_of(k)])) > slack[k] for k in kinds if roles[k] == "plus")
    doubled = server.doubled if ids else dict.fromkeys(kinds, ZERO)
    usage = any(sum(server.given[k], ZERO) + ledger[k].remainder - doubled[k] != grown[meter_of(k)] for k in kinds if roles[k] == "delta")
    usage |= blind and server.wrong
    usage = usage or not set(used) <= numbers  # a number that was read wrongly
    usage = usage or not exchange and grown != {m: count[m] - begin[m] for m in meters}
    return total, usage, not restore and not ids and rows_are_wrong(rows, used)


def rows_are_wrong(rows, used):
    """Whether the usages that stand in the CSV are not what each meter counted from its first row to its last."""
    given = {}
    for row in rows:
        for of, cells in row.items():
            given[of] = given.get(of, ZERO) + (cells[1] or ZERO)
    return given != {of: last - begun for of, (begun, last) in used.items()}


PLAIN = dict(base="g", usage="g", total="g")
MIXED = dict(base="c", usage="c", total="c", usage2="g", total2="g")
COARSE = dict(base="w", usage="w", total="w", usage2="t", total2="t")
EMPTY = dict(base="e", usage="e", total="e")
BUS = dict(base="x", usage="x", total="x", total2="x")
METERS = {"base": "c", "usage": "g", "total": "c", "base.2": "g", "usage.2": "c", "total.2": "w", "total2.2": "t"}
CASES = (
    ("six-digit devices, totals set by hand", dict(kinds=PLAIN)),
    ("counters beside six-digit devices, two totals, set by hand", dict(kinds=MIXED)),
    ("targets refused or not listed for a while", dict(kinds=MIXED, refuse=0.1, absent=0.1)),
    ("meters exchanged, readings held", dict(kinds=MIXED, exchange=0.05, hold=0.05, hand=0)),
    ("all of these", dict(kinds=MIXED, refuse=0.05, absent=0.05, exchange=0.03, hold=0.03, hand=0)),
    ("serial numbers read wrongly or not at all", dict(kinds=MIXED, wrong=0.15, unread=0.15, hold=0.03, hand=0)),
    ("the same, and two meters exchanged", dict(kinds=METERS, exchange=0.05, wrong=0.1, unread=0.1, hand=0)),
    ("a power cut at the end, the meter silent after it", dict(kinds=PLAIN, silent_end=True)),
    ("backups restored, which the base shows", dict(kinds=dict(base="c", usage="c", total="c"), hand=0, restore=0.2)),
    ("devices of whole units and of one decimal, set by hand", dict(kinds=COARSE)),
    ("two meters in devices of all types, set by hand", dict(kinds=METERS)),
    ("two meters, targets refused or not listed, meters exchanged, readings held",
     dict(kinds=METERS, refuse=0.05, absent=0.05, exchange=0.03, hold=0.03, hand=0)),
    ("devices that show nothing where they hold 0, set by hand", dict(kinds=EMPTY)),
    ("a server that cannot be asked and knows records by their ids", dict(kinds=EMPTY, blind=True, hand=0)),
    ("the same with two meters, exchanged, readings held",
     dict(kinds={k: "e" for k in METERS}, blind=True, exchange=0.03, hold=0.03, hand=0)),
    ("the same, values refused for a while",
     dict(kinds={k: "e" for k in METERS}, blind=True, exchange=0.03, hold=0.03, refuse=0.1, hand=0)),
    ("a bus with ids that forgets and goes back, other pipelines, states lost and put back, totals set by hand",
     dict(kinds=BUS, ids=True)),
    ("the same, targets refused or not listed, readings held", dict(kinds=BUS, ids=True, refuse=0.05, absent=0.05, hold=0.03)),
)

if __name__ == "__main__":
    if "--settings" in sys.argv:
        print(len(CASES))
        sys.exit()
    if "--write" in sys.argv:
        WRITE = True
        n, case = int(sys.argv[1]), int(sys.argv[sys.argv.index("--write") + 1])
        wrong = [s for s in range(n) if any(trial(s, **CASES[case][1]))]
        sys.exit(f"{CASES[case][0]}: wrong in the histories {wrong}" if wrong else 0)
    if "--trace" in sys.argv:
        trial(int(sys.argv[sys.argv.index("--trace") + 1]), MIXED, trace="run at")
        sys.exit()
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 3000
    for name, how in CASES:
        results = [trial(s, **how) for s in range(n)]
        print(f"{name}: {n} histories of 40 runs: {sum(r[0] for r in results)} wrong totals, "
              f"{sum(r[1] for r in results)} usage sums off, {sum(r[2] for r in results)} CSVs off")
