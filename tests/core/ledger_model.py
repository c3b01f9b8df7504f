#!/usr/bin/env python3
"""The rules of the ledger as a program, run against random faults: ledger_model.py [TRIALS] [--trace SEED] [--write].

With --write, each history is written to standard output, event by event, for tests/core/test_ledger_model.c, which
takes the ledger that is linked into meterpipe through the same events and compares what becomes of each target.

A pipeline with one base (overwrite), usages (subtract: deltas) and totals (add: usage onto themselves) in one
output of class latest. Devices show what a real server shows: kind "g" six significant digits, kind "c" (a counter
in thousandths) exactly what was sent; and a time of last update in whole seconds. Faults: the server away when
asked; each write refused, lost before or after it was carried out; a crash before the commit, after it, before or
after each write; answers lost with a crash; a power cut that takes each device's last write; the meter silent; readings
that fall (hold); meters exchanged; targets refused or not listed for a while; totals set by hand; backups restored.
At the end, after undisturbed runs, each total and the sum of what each usage device was given must be exact.
"""
import random, sys
from decimal import Decimal as D, ROUND_HALF_EVEN

ZERO = D(0)


WRITE = False  # whether events go to standard output


def tell(*words):
    if WRITE:
        print(*("-" if w is None else format(w, "f") if isinstance(w, D) else w for w in words))


class Crash(Exception):
    pass


class Away(Exception):
    pass


# --- what a device stores and shows ---------------------------------------------------------------------------

def as_sent(kind, x):
    return x if kind == "g" else x.quantize(D("0.001"), ROUND_HALF_EVEN)


def shown(kind, x):
    return D("%g" % float(x)) if kind == "g" else x


def last_place(kind, s):
    """The exponent of the last place that s shows; None: nothing is rounded in it."""
    return None if s == 0 else s.adjusted() - (5 if kind == "g" else 9)


def can_show(kind, s, x):
    """Whether s can be a display of x, as x was sent."""
    if x is None:
        return False
    x = as_sent(kind, x)
    if s == 0 or x == 0:
        return s == shown(kind, x)
    place = s.adjusted() - (5 if kind == "g" else 9)
    return abs(s - x) <= D(1).scaleb(place) / 2 + abs(x) * D("1e-12")


class Server:
    def __init__(self, kinds, values):
        self.kinds, self.v, self.t = kinds, dict(values), {k: 0 for k in values}
        self.given = {k: [] for k in values}
        self.now, self.log = 0, []
        self.away, self.fail_at, self.how, self.n = False, None, None, 0
        self.refuses, self.hides = set(), set()

    def ask(self):
        if self.away:
            raise Away
        return {k: (shown(self.kinds[k], x), self.t[k]) for k, x in self.v.items() if k not in self.hides}

    def write(self, k, x):
        self.n += 1
        if k in self.refuses:
            return False
        if self.fail_at == self.n:
            if self.how in ("lost-after", "crash-after"):
                self.put(k, x)
            if self.how.startswith("crash"):
                raise Crash
            raise Away("not-sent" if self.how == "refused" else "perhaps")
        self.put(k, x)
        return True

    def put(self, k, x):
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


# --- the ledger -----------------------------------------------------------------------------------------------

class Target:
    """A acknowledged and B what was shown before it was sent; M sent without an answer, N what was shown before that;
    D due; E what rounding left of a delta. Serial numbers: Ar of A, Mr of M, Dr of D. Md: the D that M was made from."""
    __slots__ = ("A", "Ar", "B", "M", "Mr", "Md", "N", "D", "Dr", "E")

    def __init__(self):
        for k in self.__slots__:
            setattr(self, k, None)
        self.E = ZERO

    def copy(self):
        t = Target()
        for k in self.__slots__:
            setattr(t, k, getattr(self, k))
        return t

    def value(self):
        return (self.D, self.Dr) if self.D is not None else (self.A, self.Ar)

    def acknowledge(self, role):
        self.B = self.N
        if role == "delta":
            rest, grown = (self.D - self.M, self.D != self.Md) if self.D is not None else (ZERO, False)
            self.A, self.M = self.M, None
            if grown:
                self.D = rest
            else:
                self.D, self.E = None, self.E + rest
            return
        self.A, self.Ar, self.M = self.M, self.Mr, None
        if self.D == self.A and self.Dr == self.Ar:
            self.D = None


def settle(t, seen, role, kind):
    """Holds what is shown against the ledger. Returns None, "first" or "changed"."""
    if seen is None:
        return None
    s = seen[0]
    if t.M is not None:
        if seen not in (t.N, t.B) and can_show(kind, s, t.M):
            t.acknowledge(role)  # M arrived
            return None
        t.M = None  # it did not: forgotten; what follows still counts
    if t.A is not None and seen == t.B:  # the server lost A
        if role == "delta":
            t.D, t.A = (t.D or ZERO) + t.A, None
        elif t.D is None:
            t.D, t.Dr = t.A, t.Ar
        return None
    if role == "delta" or can_show(kind, s, t.A):
        return None
    if t.A is None and s == 0:  # never set
        if role == "plus":
            t.A = s
        return "first" if t.D is None else None
    if t.A is None:  # first seen
        if t.D is None:
            t.A = s
        return None
    if s == 0 and role == "minus":  # emptied: the ledger counts
        return None
    if role == "plus" and t.D is not None:
        t.D = s + t.D - t.A
    if role == "minus":
        t.D = None
    t.A, t.B = s, None
    return "changed"


def drop_what_is_due(w, seen, roles, kinds):
    """The base was changed: what is due from it is in what it shows now, and is computed anew."""
    for k, t in w.items():
        if roles[k] == "minus" or k not in seen:
            continue
        if roles[k] == "delta":
            t.A = t.D = None
        else:
            if not can_show(kinds[k], seen[k][0], t.A):
                t.A, t.B = seen[k][0], None
            t.D = None


def run(ledger, server, reading, serial, roles, kinds, crash=None, meter=True, booked=None):
    w = {k: t.copy() for k, t in ledger.items()}
    try:
        seen = server.ask()
    except Away:
        seen = None
    for k in seen or ():
        tell("seen", k, seen[k][0], last_place(kinds[k], seen[k][0]), seen[k][1])
    tell("settle")
    flag = {k: settle(w[k], (seen or {}).get(k), roles[k], kinds[k]) for k in w}
    for k in w:
        tell("outcome", k, flag[k] or "settled")
    if flag["base"] == "changed":
        drop_what_is_due(w, seen, roles, kinds)
    done = False
    if meter:
        b = w["base"]
        base, base_serial = b.value()
        totals = [k for k in w if roles[k] == "plus"]
        last = {k: w[k].value()[0] for k in totals}
        first = flag["base"] == "first"
        rebase = base is not None and base_serial is not None and base_serial != serial
        if first or rebase:
            b.D, b.Dr, done = reading, serial, True
            tell("due", "base", reading, serial)
        elif base is not None and reading >= base and all(x is not None for x in last.values()):
            usage = reading - base
            for k, t in w.items():
                if roles[k] == "delta":
                    t.D, t.E = usage + (t.D or ZERO) + t.E, ZERO
                    tell("due", k, usage, None)
                elif roles[k] == "plus":
                    t.D = last[k] + usage
                    tell("due", k, t.D, None)
            b.D, b.Dr, done = reading, serial, True
            tell("due", "base", reading, serial)
    if seen is not None:
        for k, t in w.items():
            if t.D is not None and k in seen:
                t.M = as_sent(kinds[k], t.D) if roles[k] == "delta" else t.D
                t.Mr, t.Md, t.N = t.Dr, t.D, seen[k]
                tell("prepare", k)
    if crash == "before-commit":
        return
    ledger.update(w)
    tell("commit")
    if done and booked:
        booked(reading, serial)
    if crash == "after-commit" or seen is None:
        return
    a = {k: t.copy() for k, t in ledger.items()}
    order, down = list(a), False
    random.shuffle(order)
    try:
        for k in order:
            t = a[k]
            if t.D is None or k not in seen:
                continue
            if down:
                t.M = None  # certainly not sent
                tell("result", k, "not-sent")
                continue
            try:
                if server.write(k, as_sent(kinds[k], t.M)):
                    tell("result", k, "accepted", as_sent(kinds[k], t.M))
                    t.acknowledge(roles[k])
                else:
                    t.M = None  # an answered refusal
                    tell("result", k, "rejected")
            except Away as e:
                tell("result", k, e)
                if str(e) == "not-sent":
                    t.M = None
                down = True
    except Crash:
        return
    ledger.update(a)
    tell("commit")


# --- random histories -----------------------------------------------------------------------------------------

ROLE = {"b": "minus", "u": "delta", "t": "plus"}
HOW = ("refused", "lost-before", "lost-after", "crash-before", "crash-after")


def trial(seed, kinds, runs=40, refuse=0, absent=0, exchange=0, hold=0, hand=0.02, restore=0, silent_end=False, trace=None):
    random.seed(seed)
    roles = {k: ROLE[k[0]] for k in kinds}
    steps = ("0", "0.001", "0.012", "0.012", "0.05", "0.3", "7.001") + (() if restore else ("0.0004", "0.0005", "0.0015"))
    reading, serial = D(random.choice(("11388.25", "84.208", "999.999", "12345.55", "0.5"))), 1
    start = {k: D(random.choice(("0", "512.25", "7"))) if roles[k] == "plus" else ZERO for k in kinds}
    server, want, ledger, used = Server(kinds, start), dict(start), {k: Target() for k in kinds}, {}

    def booked(r, s):
        used.setdefault(s, [r, r])[1] = r

    def once(r, crash=None, meter=True):
        if trace:
            print(f"{trace} {server.now}: reading {r if meter else '-'} serial {serial} away {server.away} fail {server.fail_at} {server.how or ''} crash {crash}")
        tell("run")
        run(ledger, server, r, serial, roles, kinds, crash, meter, booked)
        for k, t in ledger.items():
            tell("state", k, *(getattr(t, x) for x in "AMDE"), t.Ar)
        if trace:
            for k, t in ledger.items():
                print("   ", k, "device", server.v[k], server.t[k], *(f"{x}={getattr(t, x)}" for x in "AMDE"))

    tell("history", seed)
    for k in kinds:
        tell("target", k, roles[k], kinds[k])
    server.now = 100
    once(reading)
    sick, backup, touched = {}, None, set()
    for i in range(runs):
        reading += D(random.choice(steps))
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
        crash, meter, told, f = None, True, reading, random.random()
        if random.random() < exchange:
            serial += 1
            reading = told = random.choice((ZERO, reading + 500, D("3.5")))
            server.away = random.random() < 0.7
        if f < 0.15:
            server.away = True
        elif f < 0.5:
            server.fail_at, server.how = random.randint(1, len(kinds)), random.choice(HOW)
        elif f < 0.6:
            crash = random.choice(("before-commit", "after-commit"))
        elif f < 0.65:
            server.power_cut()
        elif f < 0.72:
            meter = False
        elif f < 0.72 + hand:
            k = random.choice([k for k in kinds if roles[k] == "plus"])
            x = D(random.choice(("0", "500", "20000.5")))
            a = ledger[k].A
            # not seen: a change too small to be shown, or one in the moment of an unanswered or lost write
            if a is not None and ledger[k].M is None and as_sent(kinds[k], a) == server.v[k] and k not in server.hides and shown(kinds[k], x) != shown(kinds[k], a):
                want[k] += x - a
                touched.add(k)
                server.log.clear()
                server.v[k], server.t[k] = x, server.now - 1
        if random.random() < hold and reading > 20 and ledger["base"].value()[0] is not None:
            told = reading - D("5.5")
        if backup and i - backup[0] >= 8 and random.random() < restore:
            server.v, server.t, server.given = dict(backup[1]), dict(backup[2]), {k: list(x) for k, x in backup[3].items()}
            server.log.clear()
            backup = None
        once(told, crash, meter)
        settled = all(t.M is None and t.D is None for t in ledger.values())
        if restore and settled and random.random() < 0.2 and (backup is None or i - backup[0] > 12):
            backup = (i, dict(server.v), dict(server.t), {k: list(x) for k, x in server.given.items()})
    server.refuses.clear()
    server.hides.clear()
    server.fail_at, server.away = None, False
    if silent_end:  # everything delivered, then a power cut, and the meter stays silent
        server.now += 1200
        once(reading)
        server.power_cut()
    for _ in range(2):
        server.now += 1200
        server.n = 0
        once(reading, meter=not silent_end)
    grown = sum((last - begun for begun, last in used.values()), ZERO)
    # what a hand overwrote on a counter was known to its smallest step
    step = {k: D("0.001") if kinds[k] == "c" and k in touched else ZERO for k in kinds}
    total = any(abs(server.v[k] - as_sent(kinds[k], want[k] + grown)) > step[k] for k in kinds if roles[k] == "plus")
    usage = any(sum(server.given[k], ZERO) + ledger[k].E != grown for k in kinds if roles[k] == "delta")
    return total, usage


PLAIN = dict(base="g", usage="g", total="g")
MIXED = dict(base="c", usage="c", total="c", usage2="g", total2="g")
CASES = (
    ("six-digit devices, totals set by hand", dict(kinds=PLAIN)),
    ("counters beside six-digit devices, two totals, set by hand", dict(kinds=MIXED)),
    ("targets refused or not listed for a while", dict(kinds=MIXED, refuse=0.1, absent=0.1)),
    ("meters exchanged, readings held", dict(kinds=MIXED, exchange=0.05, hold=0.05, hand=0)),
    ("all of these", dict(kinds=MIXED, refuse=0.05, absent=0.05, exchange=0.03, hold=0.03, hand=0)),
    ("a power cut at the end, the meter silent after it", dict(kinds=PLAIN, silent_end=True)),
    ("backups restored (best effort: see DESIGN.md)", dict(kinds=dict(base="c", usage="c", total="c"), hand=0, restore=0.2)),
)

if __name__ == "__main__":
    if "--write" in sys.argv:
        WRITE = True
        sys.argv.remove("--write")
        n = int(sys.argv[1]) if len(sys.argv) > 1 else 30
        for _, how in CASES:
            for s in range(n):
                trial(s, **how)
        sys.exit()
    if "--trace" in sys.argv:
        trial(int(sys.argv[sys.argv.index("--trace") + 1]), MIXED, trace="run at")
        sys.exit()
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 3000
    for name, how in CASES:
        results = [trial(s, **how) for s in range(n)]
        print(f"{name}: {n} histories of 40 runs: {sum(r[0] for r in results)} wrong totals, {sum(r[1] for r in results)} usage sums off")
