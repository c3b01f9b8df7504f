#!/usr/bin/env python3
"""Random calculations and their exact results, by Python's fractions, for tests/lib/test_decimal_oracle.c.

Each line is a call of lib/decimal.h, then the expected result:

    parse [TEXT]                               RESULT
    format COEF EXP                            TEXT
    compare A B, shows SHOWN X PLACE           NUMBER
    add, sub, mul A B                          RESULT
    scale A B C PLACE, divide A B PLACE        RESULT
    round A PLACE, step A STEP                 RESULT

A number is COEF EXP.  A RESULT is a return code, then the number: with "=" in exactly this form, with "~" in any form
of the same value, and with "?" the same value or "range".
"""
import random
import re
from fractions import Fraction

ROUNDS = 4000
MAX_EXP = 63
EDGES = [0, 1, -1, 5, -5, 10, 2**63 - 1, -2**63, 2**63 - 8, -2**63 + 8, 10**18, -5 * 10**17]


POWERS = {exp: Fraction(10)**exp for exp in range(-256, 257)}


def value(number):
    coef, exp = number
    return coef * POWERS[exp] if exp in POWERS else coef * Fraction(10)**exp


def form(x):
    """The COEF and EXP of x with the highest EXP; None: they do not fit."""
    coef, rest = divmod(x.numerator * 10**MAX_EXP, x.denominator)
    if rest:
        return None
    if coef == 0:
        return 0, 0
    zeros = min(len(str(coef)) - len(str(coef).rstrip("0")), 2 * MAX_EXP)
    coef //= 10**zeros
    return (coef, zeros - MAX_EXP) if -2**63 <= coef < 2**63 else None


def result(code, x, mode="~"):
    number = form(x)
    return f"{code} {mode} {number[0]} {number[1]}" if number else "range"


def tell(op, *words):
    print(op, *(f"{w[0]} {w[1]}" if isinstance(w, tuple) else w for w in words))


def random_number(rnd):
    coef = rnd.choice(EDGES) if rnd.random() < 0.25 else rnd.randrange(-2**63, 2**63) >> rnd.randrange(63)
    exp = rnd.randint(-MAX_EXP, MAX_EXP) if rnd.random() < 0.125 else rnd.randint(-4, 2)
    return coef, exp


def random_neighbour(rnd, number):
    """About the same value, written with more decimals if they fit."""
    coef, exp = number
    places = rnd.randint(0, 3)
    coef = coef * 10**places + rnd.randint(-2, 2)
    return (coef, exp - places) if -2**63 <= coef < 2**63 and exp - places >= -MAX_EXP else number


def plain(number):
    """The number with as many decimals as -EXP."""
    coef, exp = number
    digits = str(abs(coef)) + "0" * max(exp, 0)
    digits = digits.zfill(1 - min(exp, 0))
    if coef == 0 and exp > 0:
        digits = "0"
    point = len(digits) + min(exp, 0)
    return ("-" if coef < 0 else "") + digits[:point] + ("." + digits[point:] if exp < 0 else "")


def tell_format(number):
    text = plain(number)
    tell("format", number, text)
    if number[1] <= 0:
        tell("parse", f"[{text}]", "ok =", number)
    else:
        tell("parse", f"[{text}]", result("ok", value(number)))


def tell_text(text):
    """All decimals must be kept if there is room for them."""
    if not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text):
        tell("parse", f"[{text}]", "data")
        return
    decimals = len(text.partition(".")[2])
    coef = int(text.replace(".", ""))
    if decimals <= MAX_EXP and abs(coef) < 10**18:
        tell("parse", f"[{text}]", "ok =", (coef, -decimals))
        tell_format((coef, -decimals))
    else:
        tell("parse", f"[{text}]", result("ok", value((coef, -decimals))))


def tell_pair(a, b):
    x, y = value(a), value(b)
    tell("compare", a, b, (x > y) - (x < y))
    tell("add", a, b, result("ok", x + y))
    tell("sub", a, b, result("ok", x - y))
    tell("mul", a, b, result("ok", x * y))


def rounded(x, unit):
    """Half to even; Python's round() of a Fraction does that."""
    units = round(x / unit)
    return units, units * unit


def tell_quotient(a, b, c, place):
    for op, x, numbers in (("scale", value(a) * value(b) / value(c), (a, b, c)), ("divide", value(a) / value(c), (a, c))):
        if abs(place) > MAX_EXP:
            tell(op, *numbers, place, "range")
            continue
        _, y = rounded(x, Fraction(10)**place)
        tell(op, *numbers, place, result("ok" if x == y else "drop", y))


def tell_round(a, place):
    _, y = rounded(value(a), Fraction(10)**place)
    tell("round", a, place, *(["drop =", a] if y == value(a) else [result("ok", y)]))


def tell_step(a, step):
    """The number of steps may have to fit, too."""
    units, y = rounded(value(a), value(step))
    mode = "" if form(Fraction(units)) else "?"
    tell("step", a, step, *([f"drop {mode or '='}", a] if y == value(a) else [result("ok", y, mode or "~")]))


def tell_shows(rnd, counts):
    shown = x = random_number(rnd)
    x = (int(Fraction(x[0], 10)) * 10 + rnd.randrange(3), x[1])
    if rnd.random() < 0.25 or x[0] >= 2**63:
        x = random_number(rnd)
    place = x[1] + rnd.randint(-20, 19)
    allowed = Fraction(10)**place / 2 + abs(value(x)) / 10**12
    expected = int(abs(value(shown) - value(x)) <= allowed)
    counts[expected] += 1
    tell("shows", shown, x, place, expected)


def main():
    rnd = random.Random(1)
    counts = [0, 0]
    for _ in range(ROUNDS):
        tell_pair(random_number(rnd), random_number(rnd))
        a = random_number(rnd)
        tell_pair(random_neighbour(rnd, a), a)
        a, b, c = (random_number(rnd) for _ in range(3))
        if c[0] != 0:
            tell_quotient(a, b, c, rnd.choice((rnd.randint(-12, 8), rnd.randint(-128, 127))))
        tell_round(a, a[1] + rnd.randint(-1, 21))
        if b[0] > 0:
            tell_step(a, b)
        tell_shows(rnd, counts)
    for _ in range(10 * ROUNDS):
        tell_format(random_number(rnd))
        tell_text("".join(rnd.choices("0000123456789950.00.-", k=rnd.randrange(26))))
    for _ in range(ROUNDS):
        tell_text("".join(rnd.choices("00123456789", k=rnd.randrange(120))) + ".0" + "".join(rnd.choices("0001", k=rnd.randrange(120))))
    assert min(counts) > ROUNDS / 10
    print("end")


main()
