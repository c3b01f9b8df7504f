#!/usr/bin/env python3
"""A second reader of the CSV file of meterpipe report.

    report_model.py make SEED CSV     writes a random file
    report_model.py check CSV PAGE    compares each table of the page with it

Numbers are Decimal, and local days come from zoneinfo.
"""
import random
import re
import sys
from collections import defaultdict
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

ZONE = ZoneInfo('Europe/Copenhagen')


def make(seed, path):
    """Half a year with both changes of the clock, gaps, falls and empty cells."""
    rng = random.Random(seed)
    time = datetime(2026, rng.choice((2, 3, 9, 10)), rng.randint(1, 24),
                    rng.randint(0, 23), tzinfo=timezone.utc)
    energy, volume = Decimal(rng.randint(50000, 99999)).scaleb(-2), Decimal(
        rng.randint(500000, 999999)).scaleb(-3)
    # Never back at the value before a fall: that would be two meters.
    falls = sorted(rng.sample(range(1, 1500), 2), reverse=True)
    with open(path, 'w') as f:
        f.write('time,energy,volume,t1,t2,flow\n')
        for i in range(1500):
            time += timedelta(minutes=rng.choice((7, 20, 20, 60, 61, 180)))
            if rng.random() < 0.01:
                time += timedelta(hours=rng.randint(1, 100))
            energy += Decimal(rng.randint(0, 9)).scaleb(-2)
            volume += Decimal(rng.randint(0, 99)).scaleb(-3)
            if i in falls:
                energy = Decimal(rng.randint(0, 99)) + 200 * falls.index(i)
                volume = Decimal(rng.randint(0, 99)) + 200 * falls.index(i)
            cells = [str(energy), str(volume)]
            if rng.random() < 0.05:
                cells[rng.randint(0, 1)] = ''
            f.write(f'{time:%Y-%m-%dT%H:%M:%SZ},{cells[0]},{cells[1]},'
                    f'{rng.randint(500, 900) / 10},'
                    f'{rng.randint(200, 499) / 10},{rng.randint(0, 300)}\n')


def uses_of(path, column):
    """Returns day -> use, month -> use, and the sum of last minus first of
    each stretch between falls."""
    days, months = defaultdict(Decimal), defaultdict(Decimal)
    first = last = last_day = None
    total = Decimal(0)
    for line in open(path).readlines()[1:]:
        cells = line.rstrip('\n').split(',')
        if not cells[column]:
            continue
        value = Decimal(cells[column])
        day = datetime.fromisoformat(
            cells[0].replace('Z', '+00:00')).astimezone(ZONE).date()
        if last is None:
            first = value
        elif value < last:
            total += last - first
            first = value
        else:
            days[str(day), (day - last_day).days > 1] += value - last
            months[str(day)[:7]] += value - last
        last, last_day = value, day
    return days, months, total + (last - first)


def cells_of(row):
    return re.findall(r'<t[dh]>(.*?)</t[dh]>', row)


def compare(what, page, model):
    for key in sorted(set(page) | set(model)):
        if page.get(key, Decimal(0)) != model.get(key, Decimal(0)):
            sys.exit(f'{what} {key}: page {page.get(key)}, '
                     f'CSV {model.get(key)}')


def check(csv, path):
    rows = [cells_of(row) for row in open(path) if row.startswith('<tr><t')]
    for column in (1, 2):
        days, months, total = uses_of(csv, column)
        page_days, page_months = defaultdict(Decimal), defaultdict(Decimal)
        section, sums = '', []
        for row in rows:
            if row[0] in ('Month', 'Day'):
                section = row[0] + '/' + row[1].split()[0]
            if row[0] == 'Sum' and section.endswith('/Energy'):
                sums.append(Decimal(row[column]))
            if (row[0] in ('Month', 'Day', 'Sum') or
                    not section.endswith('/Energy') or not row[column]):
                continue
            if section == 'Day/Energy':
                page_days[row[0], row[-1].find(' days') > 0] += Decimal(
                    row[column])
            else:
                page_months[row[0]] += Decimal(row[column])
        compare('month', page_months, months)
        compare('day', page_days, days)
        if sums != [total, total] or sum(days.values()) != total:
            sys.exit(f'column {column}: sums {sums}, CSV {total}')


if sys.argv[1] == 'make':
    make(int(sys.argv[2]), sys.argv[3])
else:
    check(sys.argv[2], sys.argv[3])
