# SPDX-License-Identifier: GPL-3.0-or-later
"""The allocation rule of the README ("How an allocation is drawn"), so that synthetic data can depend on the arm."""
import hashlib

MASK64, MASK128 = (1 << 64) - 1, (1 << 128) - 1
MULTIPLIER = 0x2360ED051FC65DA44385DF649FCCF645


class Stream:
    """PCG64 (XSL-RR 128/64, setseq), seeded by a name."""

    def __init__(self, *name):
        key = hashlib.sha256(b"\0".join(part.encode() for part in ("temoin/1",) + name)).digest()
        self.start(int.from_bytes(key[:16], "big"), int.from_bytes(key[16:], "big"))

    def start(self, initstate, initseq):
        self.increment = (initseq << 1 | 1) & MASK128
        self.state = (self.increment + initstate) & MASK128
        self.step()

    def step(self):
        self.state = (self.state * MULTIPLIER + self.increment) & MASK128

    def next(self):
        self.step()
        word, turn = (self.state >> 64) ^ (self.state & MASK64), self.state >> 122
        return (word >> turn | word << (64 - turn)) & MASK64

    def bounded(self, n):
        while True:
            product = self.next() * n
            if product & MASK64 >= (1 << 64) % n:
                return product >> 64


def stratum_text(values):
    return "|".join(value.replace("\\", "\\\\").replace("|", "\\|") for value in values)


def find_cycle(table, one):
    """The first cycle of cells that are neither 0 nor one, columns and rows alternating; None when there is none."""
    open_cell = {(s, a) for s, row in enumerate(table) for a, v in enumerate(row) if v not in (0, one)}
    if not open_cell:
        return None
    walk, by_column = [min(open_cell)], True
    while True:
        row, column = walk[-1]
        if by_column:
            there = min(c for c in open_cell if c[1] == column and c[0] != row)
        else:
            there = min(c for c in open_cell if c[0] == row and c[1] != column)
        side = 0 if by_column else 1
        earlier = [i for i, cell in enumerate(walk) if cell[side] == there[side]]
        walk.append(there)
        if earlier:
            return walk[earlier[-1]:]
        by_column = not by_column


def settle_leftovers(table, one, stream):
    while True:
        cycle = find_cycle(table, one)
        if cycle is None:
            return
        plus, minus = cycle[0::2], cycle[1::2]
        room = [one - table[s][a] for s, a in plus] + [table[s][a] for s, a in minus]
        fall = [table[s][a] for s, a in plus] + [one - table[s][a] for s, a in minus]
        up, down = min(room), min(fall)
        change = up if stream.bounded(up + down) < down else -down
        for s, a in plus:
            table[s][a] += change
        for s, a in minus:
            table[s][a] -= change


def allocate(trial, seed, stratum_of, shares):
    """stratum_of: id -> values of its strata; shares: arm -> integer, in the plan's order. Returns id -> arm."""
    arms, total = list(shares), sum(shares.values())
    members = {}
    for unit in sorted(stratum_of, key=str.encode):
        members.setdefault(stratum_text(stratum_of[unit]), []).append(unit)
    strata = sorted(members, key=str.encode)
    one = total  # every stratum has the same shares here, so the common denominator is their sum
    table = [[len(members[s]) * shares[a] % total for a in arms] for s in strata]
    table.append([-sum(column) % one for column in zip(*table)])
    settle_leftovers(table, one, Stream(trial, seed, "leftover", ""))
    arm_of = {}
    for s, text in enumerate(strata):
        units, stream = list(members[text]), Stream(trial, seed, "order", text)
        for i in range(len(units) - 1, 0, -1):
            j = stream.bounded(i + 1)
            units[i], units[j] = units[j], units[i]
        places = [a for a in arms for _ in range(len(units) * shares[a] // total)]
        places += [a for k, a in enumerate(arms) if table[s][k] == one]
        assert len(places) == len(units)
        arm_of.update(zip(units, places))
    return arm_of
