#!/usr/bin/env python3
"""KMP answers decoded a second time, independently of the C decoder.

Written from the description of the protocol with nothing but Python's standard
library, so that both can be held against each other (test_damage_decoder.c).
Writes COUNT random frames, good and damaged, and all published ones, a line
each:

    REQUEST  ANSWER  WHAT-IS-IN-IT      hex, hex, text; a tab between them

REQUEST is "-" where it is not known.  What is in it: "line" (refused for
framing, stuffing or checksum), "message" (refused for what the frame holds), or
the records as "REGISTER=VALUE UNIT; ...", "!" for a value that is refused.

    kmp_decoder.py DIRECTORY-OF-THE-TABLES COUNT [SEED]
"""
import binascii
import csv
import datetime
import ipaddress
import os
import random
import sys

ANSWER, REQUEST, STOP, ACK, MARK = 0x40, 0x80, 0x0D, 0x06, 0x1B
RESERVED = {ANSWER, REQUEST, STOP, ACK, MARK}
GET_TYPE, GET_SERIAL, GET_REGISTER = 0x01, 0x02, 0x10
WIRE_MAX = 1024
# The paper names no limit; no meter comes near.
MANTISSA_MAX = 32
REGISTERS_MAX = 8


class Refused(Exception):
    """Says where: "line", "message" or "value"."""


def refuse_unless(fact, where):
    if not fact:
        raise Refused(where)


# ---- Frames ----


def stuff(plain):
    out = bytearray()
    for byte in plain:
        out += bytes([MARK, byte ^ 0xFF]) if byte in RESERVED else bytes([byte])
    return bytes(out)


def frame(start, body):
    crc = binascii.crc_hqx(body, 0).to_bytes(2, "big")
    return bytes([start]) + stuff(body + crc) + bytes([STOP])


def unstuff(wire):
    plain, rest = bytearray(), iter(wire)
    for byte in rest:
        if byte == MARK:
            byte = next(rest, 0) ^ 0xFF
            refuse_unless(byte in RESERVED, "line")
        else:
            refuse_unless(byte not in RESERVED, "line")
        plain.append(byte)
    return bytes(plain)


def unframe(wire):
    """Start byte and body (address, command, data)."""
    refuse_unless(2 <= len(wire) <= WIRE_MAX, "line")
    refuse_unless(wire[0] in (ANSWER, REQUEST) and wire[-1] == STOP, "line")
    plain = unstuff(wire[1:-1])
    refuse_unless(len(plain) >= 4, "line")
    refuse_unless(binascii.crc_hqx(plain, 0) == 0, "line")
    return wire[0], plain[:-2]


# ---- Values ----


def number(mantissa, siex, scale):
    coef = int.from_bytes(mantissa, "big")
    refuse_unless(coef < 2**63, "value")
    exponent = (siex & 0x3F) * (-1 if siex & 0x40 else 1) + scale
    sign = "-" if siex & 0x80 and coef else ""
    if exponent >= 0:
        return sign + str(coef * 10**exponent)
    digits = str(coef).rjust(1 - exponent, "0")
    return sign + digits[:exponent] + "." + digits[exponent:]


def hexadecimal(mantissa):
    return "0x" + mantissa.hex()


def moment(year, month, day, hour=0, minute=0, second=0):
    """None: no date yet."""
    if month == 0 or day == 0:
        return None
    try:
        return datetime.datetime(year, month, day, hour, minute, second)
    except ValueError:
        raise Refused("value") from None


def digits_of(mantissa, siex, top):
    """XXYYZZ as three numbers, XX at most TOP; sign or exponent make no sense
    here."""
    n = int.from_bytes(mantissa, "big")
    refuse_unless(siex & 0xBF == 0 and n // 10000 <= top, "value")
    return n // 10000, n // 100 % 100, n % 100


def time_of_day(mantissa, siex):
    h, m, s = digits_of(mantissa, siex, 23)
    refuse_unless(m < 60 and s < 60, "value")
    return f"{h:02}:{m:02}:{s:02}"


def date(mantissa, siex, top, century):
    year, month, day = digits_of(mantissa, siex, top)
    # Beyond the last day that there can be, even where a zero says "none".
    refuse_unless((month, day) <= (12, 31) or year < top, "value")
    if month and day:
        # There is a year 0 in the digits, but not in Python.
        year += century
        refuse_unless(month <= 12, "value")
        moment(year if year else 2000, month, day)
        return f"{year:04}-{month:02}-{day:02}"
    return ""


def month_and_day(mantissa, siex):
    zero, month, day = digits_of(mantissa, siex, 0)
    refuse_unless((month, day) <= (12, 31), "value")
    when = moment(2000, month, day)
    return f"{when:%m-%d}" if when else ""


def clock(year, *rest):
    refuse_unless(year <= 99, "value")
    when = moment(2000 + year, *rest)
    return when.isoformat() if when else ""


def real_time_clock(p):
    refuse_unless(len(p) == 8 and p[1] <= 7, "value")
    return clock(p[7], p[6], p[5], p[4], p[3], p[2])


def datetime_dst(p):
    refuse_unless(len(p) == 7, "value")
    told = clock(*p[1:])
    return f"{told} +{p[0]} min DST" if told and p[0] else told


def seconds_of_2000(p):
    n = int.from_bytes(p, "big")
    when = datetime.datetime(2000, 1, 1) + datetime.timedelta(seconds=n)
    return when.isoformat() if n else ""


def text(mantissa):
    mantissa = mantissa.rstrip(b"\0 ")
    return mantissa.decode("ascii")


def address(mantissa, size):
    refuse_unless(len(mantissa) == size, "value")
    return str(ipaddress.ip_address(mantissa))


def is_printable(mantissa):
    return all(0x20 <= byte <= 0x7E for byte in mantissa.rstrip(b"\0 "))


def special(code, mantissa, siex):
    """What is no number; None: it is one."""
    if code == 47:
        return time_of_day(mantissa, siex)
    if code == 48:
        return date(mantissa, siex, 99, 2000)
    if code == 49:
        return date(mantissa, siex, 9999, 0)
    if code == 50:
        return month_and_day(mantissa, siex)
    if code == 53:
        return real_time_clock(mantissa)
    if code == 54:
        return text(mantissa) if is_printable(mantissa) else hexadecimal(mantissa)
    if code in (None, 0, 51):
        flags = code != 51 and len(mantissa) >= 16
        if flags or (len(mantissa) > 8 and int.from_bytes(mantissa, "big") >= 2**63):
            return hexadecimal(mantissa)
    if code == 59 and int.from_bytes(mantissa, "big") >= 2**63:
        return hexadecimal(mantissa)
    if code == 63 and len(mantissa) == 8:
        return real_time_clock(mantissa)
    if code == 72 and len(mantissa) == 5:
        return seconds_of_2000(mantissa[1:])
    if code in (63, 64, 72):
        return hexadecimal(mantissa)
    if code in (73, 74):
        return address(mantissa, 4 if code == 73 else 16)
    if code == 79:
        return datetime_dst(mantissa)
    return None


def value(units, code, mantissa, siex):
    if not mantissa:
        return ""
    told = special(code if code in units else None, mantissa, siex)
    if told is not None:
        return told
    scale = 1 if code in (55, 56, 57) else 0
    told = number(mantissa, 0 if code == 59 else siex, scale)
    unit = units.get(code, "").removesuffix("x10")
    return f"{told} {unit}" if unit else told


# ---- Messages ----


def records(data):
    while data:
        refuse_unless(len(data) >= 5, "message")
        size = data[3]
        refuse_unless(size <= MANTISSA_MAX and len(data) >= 5 + size, "message")
        yield int.from_bytes(data[:2], "big"), data[2], data[4], data[5 : 5 + size]
        data = data[5 + size :]


def registers(units, data, wanted):
    found, others = {}, 0
    for register, code, siex, mantissa in records(data):
        if wanted is not None and register not in wanted:
            others += 1
            continue
        refuse_unless(register not in found, "message")
        refuse_unless(len(found) < REGISTERS_MAX, "message")
        try:
            found[register] = value(units, code, mantissa, siex)
            if register == 1004 and code == 51:
                found[register] = found[register].replace("number", "h")
        except Refused:
            found[register] = "!"
    refuse_unless(found or not others, "message")
    return "; ".join(f"{register}={told}" for register, told in found.items())


def ids_of(request):
    data = request[3:]
    return [int.from_bytes(data[i : i + 2], "big") for i in range(0, len(data), 2)]


def decode(units, wire, request):
    """What is in an answer to a request (address, command, data; or None)."""
    start, body = unframe(wire)
    refuse_unless(start == ANSWER, "message")
    refuse_unless(request is None or body[:2] == request[:2], "message")
    command, data = body[1], body[2:]
    if command == GET_TYPE:
        refuse_unless(len(data) == 4, "message")
        return "type " + data.hex()
    if command == GET_SERIAL:
        refuse_unless(len(data) == 4, "message")
        return f"serial {int.from_bytes(data, 'big')}"
    if command == GET_REGISTER:
        return registers(units, data, None if request is None else ids_of(request))
    return "other"


# ---- Frames to decode ----


def some_mantissa(rnd, code):
    """Mostly what the unit can be, so that more than refusals are compared."""
    when = datetime.datetime(2000, 1, 1) + datetime.timedelta(
        seconds=rnd.randrange(100 * 365 * 86400)
    )
    short = {
        47: lambda: int(f"{when:%H%M%S}"),
        48: lambda: int(f"{when:%y%m%d}"),
        49: lambda: int(f"{when:%Y%m%d}"),
        50: lambda: int(f"{when:%m%d}"),
    }
    if rnd.random() < 0.2:
        return rnd.randbytes(rnd.choice((0, 1, 2, 4, 4, 7, 8, 8, 10, 16, 32)))
    if code in short:
        return short[code]().to_bytes(4, "big")
    if code == 72:
        return rnd.randbytes(5)
    if code in (53, 63):
        return bytes([rnd.randrange(256), when.isoweekday(), when.second, when.minute,
                      when.hour, when.day, when.month, when.year - 2000])  # fmt: skip
    if code == 54:
        return bytes(rnd.randrange(0x20, 0x7F) for _ in range(13)) + b"\0 "
    if code in (73, 74):
        return rnd.randbytes(4 if code == 73 else 16)
    if code == 79:
        return bytes([rnd.choice((0, 60)), when.year - 2000, when.month, when.day,
                      when.hour, when.minute, when.second])  # fmt: skip
    mantissa = rnd.randbytes(rnd.choice((1, 2, 4, 4, 4, 8)))
    # Small ones have leading zeros, and the bytes that are stuffed.
    return rnd.choice((mantissa, mantissa[:-1].translate(bytes(256)) + mantissa[-1:]))


def some_record(rnd, units, register):
    code = rnd.choice(list(units)) if rnd.random() < 0.97 else rnd.randrange(256)
    mantissa = some_mantissa(rnd, code)
    dated = code in (47, 48, 49, 50) and rnd.random() < 0.8
    siex = 0 if dated else rnd.choice((0, 0x42, 0x43, 0xC2, rnd.randrange(256)))
    return register.to_bytes(2, "big") + bytes([code, len(mantissa), siex]) + mantissa


def some_exchange(rnd, units):
    """Bodies of a request and of a good answer to it."""
    kind = rnd.random()
    if kind < 0.02:
        return b"\x3f\x01", b"\x3f\x01" + rnd.randbytes(4)
    if kind < 0.04:
        return b"\x3f\x02", b"\x3f\x02" + rnd.randbytes(4)
    ids = rnd.sample(range(1, 1500), rnd.randint(1, REGISTERS_MAX))
    request = bytes([0x3F, GET_REGISTER, len(ids)])
    request += b"".join(register.to_bytes(2, "big") for register in ids)
    known = [register for register in ids if rnd.random() < 0.9]
    return request, b"\x3f\x10" + b"".join(some_record(rnd, units, i) for i in known)


def flip(rnd, data):
    data = bytearray(data)
    for _ in range(rnd.randint(1, 3)):
        data[rnd.randrange(len(data))] ^= 1 << rnd.randrange(8)
    return bytes(data)


def lose(rnd, data):
    at = rnd.randrange(len(data))
    return data[:at] + data[at + rnd.randint(1, 3) :]


def add(rnd, data):
    at = rnd.randrange(len(data) + 1)
    return data[:at] + rnd.randbytes(rnd.randint(1, 3)) + data[at:]


def swap(rnd, data):
    at = rnd.randrange(len(data))
    return data[:at] + data[at : at + 2][::-1] + data[at + 2 :]


def cut(rnd, data):
    return data[: rnd.randrange(len(data))]


DAMAGE = (flip, lose, add, swap, cut)


def some_case(rnd, units):
    """Body of a request, bytes of what came."""
    request, answer = some_exchange(rnd, units)
    wire = frame(ANSWER, answer)
    kind = rnd.randrange(10)
    if kind == 0:
        # Somebody else's, or an answer to what was asked before.
        return some_exchange(rnd, units)[0], wire
    if kind == 1:
        return request, rnd.choice(DAMAGE)(rnd, wire)
    if kind < 5:
        # With a right checksum: the checks behind it are seen.
        return request, frame(rnd.choice((ANSWER,) * 9 + (REQUEST,)),
                              rnd.choice(DAMAGE)(rnd, answer))  # fmt: skip
    return request, wire


def published(tables):
    with open(os.path.join(tables, "vectors.csv"), newline="", encoding="utf-8") as f:
        for row in csv.DictReader(f):
            if row["direction"] in ("request", "response"):
                yield None, bytes.fromhex(row["frame_hex"])


def load_units(tables):
    with open(os.path.join(tables, "units.csv"), newline="", encoding="utf-8") as f:
        return {int(row["code"]): row["symbol"] for row in csv.DictReader(f)}


def main(tables, count, seed=1):
    rnd = random.Random(int(seed))
    units = load_units(tables)
    cases = list(published(tables))
    cases += (some_case(rnd, units) for _ in range(int(count)))
    for request, wire in cases:
        try:
            told = decode(units, wire, request)
        except Refused as refused:
            told = str(refused)
        asked = "-" if request is None else frame(REQUEST, request).hex()
        print(asked, wire.hex(), told, sep="\t")


if __name__ == "__main__":
    main(*sys.argv[1:])
