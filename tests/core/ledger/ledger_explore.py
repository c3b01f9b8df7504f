#!/usr/bin/env python3
"""All histories of a small house, up to a depth: ledger_explore.py [DEPTH [HOUSE...]].

The rules are those of ledger_model.py. Breadth first: from every state that was reached, every event happens; a state
that was reached before is not visited again. After each history everything heals: three undisturbed runs. Then each total
and the sum of each usage must be what the meter counted, and so must the usages of the CSV's rows; a server that cannot
be asked must have had each record once. Prints states, transitions and violations of each house; ends with status 1,
and the shortest history, where there is a violation.

Events: a run (used: the meter has counted on; else it shows the same) that is undisturbed, or in which the server is
away, or the program is killed before or after a commit, or the answer for one target (blind: one record) is lost or a
refusal, or the meter's serial number is read wrongly or not at all; and between two runs a power cut that takes each device's last write, a total set by hand, an exchanged meter. A bus
may also forget everything or go back to what it showed up to three writes before, another pipeline may write to the total,
and the state may be copied, lost, or replaced by the copy; see is_at_rest, may_go_back and is_hidden in the model for
what is excluded or excused.
"""
import itertools
import sys
import time
from decimal import Decimal as D

sys.dont_write_bytecode = True  # the sources may be read-only
import ledger_model as model  # noqa: E402

ZERO = D(0)
HOUSES = {
    "base and total": dict(base="c", total="c"),
    "base and usage": dict(base="c", usage="c"),
    "six digits": dict(base="g", total="g"),
    "coarse usage": dict(base="c", usage="w"),
    "zero shown as nothing": dict(base="e", total="e"),
    "not asked": dict(base="e", usage="e"),
    "not asked, total": dict(base="e", usage="e", total="e"),
    "bus": dict(base="x", usage="x"),
    "bus, total": dict(base="x", total="x"),
}
MODEL_FIELDS = [x for x in model.Target.__slots__ if x not in ("acknowledged_over", "sent_over", "sent_earlier")]
START, USED, BY_HAND, EXCHANGED = D("11388.25"), D("0.3"), D("500"), D("3.5")
WRONG = 900000


class World:
    """The house: its ledger, its devices, its meter, and what is true."""

    def __init__(self, kinds, blind):
        self.kinds, self.blind = kinds, blind
        self.roles = {k: model.ROLE[k[0]] for k in kinds}
        self.ids = kinds["base"] == "x"
        self.server = (model.BlindServer if blind else model.Bus if self.ids else model.Server)(kinds, dict.fromkeys(kinds, ZERO))
        self.ledger, self.kept = {k: model.Target() for k in kinds}, model.Notes()
        self.count, self.serial, self.used, self.rows = START, 1, {}, {}
        self.want = dict.fromkeys(kinds, ZERO)
        self.strange, self.old_state = 0, None

    def copy(self):
        w, s = World.__new__(World), self.server
        w.__dict__.update(self.__dict__)
        w.ledger, w.used, w.rows, w.want = dict(self.ledger), dict(self.used), dict(self.rows), dict(self.want)
        w.kept = self.kept.copy()
        w.server = type(s).__new__(type(s))
        w.server.__dict__.update(s.__dict__, v=dict(s.v), t=dict(s.t), log=list(s.log),
                                 given={k: list(x) for k, x in s.given.items()})
        if self.blind:
            w.server.taken, w.server.sent = dict(s.taken), set(s.sent)
        if self.ids:
            w.server.__dict__.update(id=dict(s.id), past=list(s.past), taken=set(s.taken), doubled=dict(s.doubled))
        return w

    def booked(self, meter, begun, reading, serial):
        self.used[serial] = (self.used.get(serial, (begun,))[0], reading)

    def run(self, crash=None, fail=(None, None), away=False, order=list, told=0, silent=False, refuses=()):
        """TOLD: a wrong serial number; None: it is not read. SILENT: the meter does not answer. REFUSES: the targets whose
        values are refused."""
        s, rows = self.server, []
        s.now += 1200
        s.refuses = set(refuses)
        s.n, (s.fail_at, s.how), s.away = 0, fail, away
        # The model copies a target before it changes it.
        self.strange += told == WRONG
        serial = {0: self.serial, WRONG: WRONG + self.strange}.get(told)  # never the same wrong number twice
        model.run(self.ledger, self.kept, s, {} if silent else {"": (self.count, serial)}, self.roles, self.kinds, crash, self.booked, rows,
                  order)
        for (_, of), cells in (item for row in rows for item in row.items()):
            self.rows[of] = self.rows.get(of, ZERO) + (cells[1] or ZERO)

    def by_hand(self):
        """Not in the moment of a write that is not answered or was lost."""
        t, s = self.ledger["total"], self.server
        if t.acknowledged is None or t.sent is not None or t.acknowledged != s.v["total"] or t.acknowledged == BY_HAND:
            return False
        x = s.by_hand("total", BY_HAND) if self.ids else BY_HAND
        if self.ids:
            s.undo_hand = ("total", x - t.acknowledged)
        self.want["total"] += x - t.acknowledged
        s.log.clear()
        s.v["total"], s.t["total"] = x, s.now + 1
        return True

    def bus_events(self):
        """What may happen to a bus or to the state of its pipeline. Until a run has asked after the state was changed, the
        bus does not change."""
        s = self.server
        if s.unseen:
            return
        for writes in (1, 2, 3):
            if s.may_go_back(writes, self.ledger):
                w = self.copy()
                model.undo_hand(w.server, w.want)
                w.server.go_back(writes)
                yield f"back by {writes} writes", w
        w = self.copy()
        model.undo_hand(w.server, w.want)
        w.server.forget()
        yield "forgotten", w
        other = "total" if "total" in self.kinds else "usage"
        if self.ledger[other].acknowledged is not None:  # else that is what the total begins with
            w = self.copy()
            model.undo_hand(w.server, w.want, other)
            w.server.other_writes(other)
            yield "another pipeline writes", w
        w = self.copy()
        model.end_other_pipelines(w.server, w.ledger)
        yield "the other pipeline ends", w
        w = self.copy()
        w.old_state = model.copy_state(s, w.ledger, w.kept) + (w.serial,)
        yield "state copied", w
        if not model.is_at_rest(s, self.ledger) or self.kept.told.get("") != self.serial:
            return
        w = self.copy()
        model.lose_state(w.server, w.ledger, w.kept)
        yield "state lost", w
        if self.old_state and (self.old_state[0], self.old_state[3]) == (s.state, self.serial):
            w = self.copy()
            model.put_back(w.server, w.ledger, w.kept, w.old_state)
            yield "copy of the state put back", w

    def record_numbers(self):
        """All record numbers that still matter, in order: they are compared with each other."""
        of = [t for kept in (self.ledger, self.old_state[1] if self.old_state else {}) for t in kept.values()]
        found = {n for t in of for n in (t.sent_record, t.acknowledged_record, t.last_record)}
        if self.ids:
            found |= {i[1] for v in (self.server.id, *(of for _, of in self.server.past[-3:])) for i in v.values() if i}
        return sorted(found - {None, 0})

    def bus_key(self, numbers):
        """What a bus shows and showed; which amounts in flight it has taken; and the copy of the state."""
        s = self.server

        def of(i):
            return i and (s.state - i[0] if i[0] else "other", numbers.index(i[1]))

        def ledger_key(t):
            return tuple(numbers.index(x) if x and f in ("sent_record", "acknowledged_record", "last_record") else x
                         for f in MODEL_FIELDS for x in (getattr(t, f),))

        def targets(ledger):
            return tuple(ledger_key(t) + ((k, s.state, t.sent_record) in s.taken,) for k, t in ledger.items())

        shown = [tuple((k, v[k], of(i[k])) for k in v) for v, i in ((s.v, s.id), *s.past[-3:])]
        copy = self.old_state and (s.state - self.old_state[0], targets(self.old_state[1]), *self.old_state[2].told.items(),
                                   *self.old_state[2].candidate.items(), self.old_state[3])
        given = tuple((sum(s.given[k], ZERO) - s.doubled[k], self.want[k]) for k in s.v)
        return (*shown, targets(self.ledger), copy, given, s.unseen, s.undo_hand, s.hands)

    def key(self):
        """The same for two states with the same future: times and numbers of records are compared for equality only."""
        s, parts, numbers = self.server, [], self.record_numbers()
        if self.ids:
            parts = self.bus_key(numbers)
        for k, t in () if self.ids else self.ledger.items():
            times = {}
            undo = next(((v, at) for of, v, at in reversed(s.log) if of == k), None)
            shown = [x and (x[0], times.setdefault(x[1], len(times)))
                     for x in ((s.v[k], s.t[k]), undo, t.sent_over if t.sent is not None else None, t.acknowledged_over)]
            parts += (*shown, t.acknowledged, t.acknowledged_serial, t.sent, t.sent_serial, t.sent_from, t.pending, t.pending_serial, t.remainder, t.sent_record and numbers.index(t.sent_record))
            parts += (sum(s.given[k], ZERO) if self.roles[k] == "delta" else None, undo and s.given[k][-1], self.want[k])
        if self.blind:
            parts += (s.wrong, *(tuple(s.taken.get(n, {}).items()) for n in numbers))
            parts += ((k, x) in s.sent for k, t in self.ledger.items() for x in (t.sent, t.pending))
        kept = [(c[0], min(c[1], WRONG)) for c in self.kept.candidate.values()]
        kept = (*kept, *(n and min(n, WRONG) for n in self.kept.told.values()))
        return (self.count, self.serial, *self.used.items(), *self.rows.items(), kept, *parts)

    def wrong(self, silent=False):
        """What is wrong when everything has healed, with the meter answering or SILENT; "" if nothing is."""
        w = self.copy()
        if w.ids:
            model.end_other_pipelines(w.server, w.ledger)
        for _ in range(3):
            w.run(silent=silent)
        s, grown = w.server, sum((last - first for first, last in w.used.values()), ZERO)
        what = [f"{k} is {s.v[k]}, not {w.want[k] + grown}" for k in w.kinds
                if w.roles[k] == "plus" and (s.v[k] or ZERO) != w.want[k] + grown]
        doubled = s.doubled if w.ids else dict.fromkeys(w.kinds, ZERO)
        what += [f"{k} was given {sum(s.given[k], ZERO)}, not {grown - w.ledger[k].remainder} and {doubled[k]} again"
                 for k in w.kinds
                 if w.roles[k] == "delta" and sum(s.given[k], ZERO) + w.ledger[k].remainder - doubled[k] != grown]
        what += [f"the rows of meter {serial} are {usage}" for serial, usage in w.rows.items()
                 if usage != w.used[serial][1] - w.used[serial][0] and not w.ids]
        if not silent and w.used.get(w.serial, (w.count, w.count))[1] != w.count:
            what.append("the last reading is not booked")
        if not set(w.used) <= set(range(1, w.serial + 1)):
            what.append("a wrong serial number was booked")
        if w.blind and s.wrong:
            what.append("a record came again with another content")
        if any(t.pending is not None or t.sent is not None for t in w.ledger.values()):
            what.append("something is still pending")
        return "; ".join(what)


def events(world):
    """Name and what happens; None: it cannot happen now."""
    n = len(world.kinds)
    runs = [("undisturbed", {}), ("away", dict(away=True)), ("killed before the commit", dict(crash="before-commit")),
            ("killed after the commit", dict(crash="after-commit"))]
    if world.blind:
        runs.append(("killed after the answers", dict(crash="after-answers")))
        runs += [(f"{k} refused, {how or 'the others taken'}", dict(refuses=[k], fail=(how and 1, how)))
                 for k in world.kinds for how in (None, "rejected", "lost-before", "lost-after", "crash-before", "crash-after")]
        orders = (list,)
    else:
        orders = (list, lambda names: list(reversed(names)))
    if world.used and world.ledger["base"].value()[1] is not None:  # the first number that is told cannot be doubted
        runs += [("wrong serial number", dict(told=WRONG)), ("no serial number", dict(told=None))]
    runs += [(f"{how} at {at} in order {o}", dict(fail=(at, how), order=order))
             for how, at, (o, order) in itertools.product(model.HOW, range(1, n + 1), enumerate(orders))]
    for name, how in runs:
        w = world.copy()
        w.count += USED
        w.run(**how)
        yield "used, " + name, w
    for name, how in runs[:2]:
        w = world.copy()
        w.run(**how)
        yield name, w
    w = world.copy()
    w.count, w.serial = EXCHANGED, w.serial + 1
    yield "meter exchanged", w
    if world.ids:
        yield from world.bus_events()
    w = world.copy()
    if not w.blind and not w.ids and w.server.log:
        w.server.power_cut()
        yield "power cut", w
    w = world.copy()
    if not w.blind and "total" in w.kinds and w.by_hand():
        yield "set by hand", w


def history(parents, key):
    names = []
    while parents[key]:
        key, name = parents[key]
        names.append(name)
    return names[::-1]


def explore(kinds, blind, depth):
    first = World(kinds, blind)
    parents, level, transitions, found = {first.key(): None}, [first], 0, []
    for _ in range(depth):
        level, last = [], level
        for world in last:
            of = world.key()
            for name, w in events(world):
                transitions += 1
                key = w.key()
                if key in parents:
                    continue
                parents[key] = (of, name)
                level.append(w)
                wrong = w.wrong() or w.ids and w.wrong(silent=True)
                if wrong:
                    found.append((history(parents, key), wrong))
    return len(parents), transitions, found


def main(depth, names):
    failed = False
    for house in names or HOUSES:
        begun = time.monotonic()
        states, transitions, found = explore(HOUSES[house], house.startswith("not asked"), depth)
        print(f"{house}: {states} states, {transitions} transitions, depth {depth}, {len(found)} violations, "
              f"{time.monotonic() - begun:.0f} s", flush=True)
        if found:
            print("  " + "\n  ".join(found[0][0]) + "\n  then: " + found[0][1])
        failed |= bool(found)
    return failed


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 3, sys.argv[2:]))
