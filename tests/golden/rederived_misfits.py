# SPDX-License-Identifier: GPL-3.0-or-later
"""Arms of `simple`, of whole clusters and of every misfit policy, derived again from the comments at the head of
src/designs/misfits.h, simple.c and clustered.c. Speaks TAP. Argument: the program."""
import csv
import functools
import hashlib
import math
import pathlib
import random
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE.parent / "support"))
import tap  # noqa: E402

PROGRAM = pathlib.Path(sys.argv[1]).resolve()
M = 47026247687942121848144207491837523525


class Stream:
    def __init__(self, purpose, label):
        key = hashlib.sha256("\0".join(["temoin/1", "t", "s", purpose, label]).encode()).digest()
        self.inc = (2 * int.from_bytes(key[16:], "big") + 1) % 2**128
        self.state = ((int.from_bytes(key[:16], "big") + self.inc) * M + self.inc) % 2**128

    def bounded(self, r):
        while True:
            self.state = (self.state * M + self.inc) % 2**128
            x, turn = (self.state >> 64 ^ self.state) % 2**64, self.state >> 122
            x = (x >> turn | x << (64 - turn)) % 2**64
            if x * r % 2**64 >= 2**64 % r:
                return x * r >> 64

    def card(self, pack):
        k = self.bounded(sum(pack))
        return next(a for a in range(len(pack)) if sum(pack[:a + 1]) > k)


def round_one(n, w, stream):
    """Pivotal rounding of one stratum: the walk of blocked.c in a table of two rows, worked out by hand. The cycle is always
    the first two arms a < b that are not whole, (0, a) + (1, a) - (1, b) + (0, b) -."""
    v, W = [n * x % sum(w) for x in w], sum(w)
    while any(x % W for x in v):
        a, b = [i for i, x in enumerate(v) if x % W][:2]
        up, down = min(W - v[a], v[b]), min(v[a], W - v[b])
        change = up if stream.bounded(up + down) < down else -down
        v[a], v[b] = v[a] + change, v[b] - change
    return [n * x // W for x in w], [int(x == W) for x in v]


def deal(policy, sizes, w):
    """Stratum → (sure places, extra places) of each arm."""
    out, W, pack, stream = {}, sum(w), [], None
    weighted, together = policy.startswith("w"), policy.endswith("global")
    for s in sorted(sizes, key=str.encode):
        n = sizes[s]
        if policy == "within_stratum":
            out[s] = round_one(n, w, Stream("misfit", s))
            continue
        extra = [0] * len(w)
        if not together or stream is None:
            stream, pack = Stream("misfit", "" if together else s), [0] * len(w)
        for _ in range(n % W if policy != "missing" else 0):
            if not any(pack):
                pack = list(w) if weighted else [int(x > 0) for x in w]
            a = stream.card(pack)
            pack[a] -= 1
            extra[a] += 1
        out[s] = [n // W * x for x in w], extra
    return out


def place(units, policy, w):
    """id → arm, None for those left out; units: id → stratum."""
    members, arm = {}, {}
    for unit, s in sorted(units.items(), key=lambda x: x[0].encode()):
        members.setdefault(s, []).append(unit)
    for s, (sure, extra) in deal(policy, {s: len(m) for s, m in members.items()}, w).items():
        order, stream = members[s], Stream("order", s)
        for i in range(len(order) - 1, 0, -1):
            j = stream.bounded(i + 1)
            order[i], order[j] = order[j], order[i]
        places = [a for part in (sure, extra) for a, k in enumerate(part) for _ in range(k)]
        arm.update(zip(order, places + [None] * len(order)))
    return arm


def drawn(units, w, kind, **options):
    """units: (id, stratum, cluster). The program's arms."""
    with tempfile.TemporaryDirectory(prefix="temoin-misfits-") as scratch:
        folder = pathlib.Path(scratch)
        tap.write_csv(folder / "clients.csv", ["id", "x", "g"], units)
        tap.write_plan(folder / "plan.yaml", {
            "temoin": 1, "trial": {"id": "t", "title": {"en": "T"}}, "clients": {"file": "clients.csv", "id": "id"},
            "columns": [{"name": "x", "type": "category"}, {"name": "g", "type": "category"}],
            "arms": [{"name": f"a{a}", "share": str(x)} for a, x in enumerate(w)],
            "design": {"kind": kind, "seed": "s", **options}})
        tap.run(PROGRAM, "assign", folder / "plan.yaml", "-o", folder / "out", "--quiet")
        with open(folder / "out/ledger.csv", encoding="utf-8", newline="") as file:
            return {row["client"]: int(row["arm"][1:]) if row["arm"] else None for row in csv.DictReader(file)}


def trial(seed):
    chance = random.Random(seed)
    w = [chance.randint(1, 6) for _ in range(chance.randint(2, 4))]
    strata = chance.randint(1, 9)
    units = [(f"u{i}", f"s{chance.randrange(strata)}") for i in range(chance.randint(20, 120))]
    return [(u, s, f"{s}g{chance.randrange(12)}") for u, s in units], [x // math.gcd(*w) for x in w]


def compare(policy, units, w, kind, expected, **options):
    """A draw that would leave everybody out is refused; there is nothing to compare."""
    if any(arm is not None for arm in expected.values()):
        tap.equal(drawn(units, w, kind, misfits=policy, **options), expected)


def policy_is_derived(policy):
    for seed in range(6):
        units, w = trial(seed)
        compare(policy, units, w, "blocked", place({u: s for u, s, _ in units}, policy, w), strata=["x"])
        compare(policy, units, w, "complete", place({u: "" for u, _, _ in units}, policy, w))
        of_cluster = place({g: s for _, s, g in units}, policy, w)
        compare(policy, units, w, "blocked_clustered", {u: of_cluster[g] for u, _, g in units}, strata=["x"], cluster="g")
        of_cluster = place({g: "" for _, _, g in units}, policy, w)
        compare(policy, units, w, "clustered", {u: of_cluster[g] for u, _, g in units}, cluster="g")


def simple_is_derived():
    for seed in range(6):
        units, w = trial(seed)
        tap.equal(drawn(units, w, "simple"), {u: Stream("unit", u).card(w) for u, _, _ in units})


TESTS = [(f"misfits {key}", functools.partial(policy_is_derived, key))
         for key in ("within_stratum", "missing", "strata", "wstrata", "global", "wglobal")]
TESTS += [("simple", simple_is_derived)]

if __name__ == "__main__":
    sys.exit(tap.main(TESTS))
