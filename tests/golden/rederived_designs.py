# SPDX-License-Identifier: GPL-3.0-or-later
"""Ledgers of given pairs, rerandomized trials and trials with few places against rederive_balanced.py and rederive_places.py,
which know the README's rules and nothing else. Speaks TAP. Argument: the program."""
import datetime
import functools
import pathlib
import random
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE.parent / "support"))
import tap  # noqa: E402

PROGRAM = pathlib.Path(sys.argv[1]).resolve()
NASTY = ["a,b", 'say "no"', "two\nlines", "semi;colon", "Zoë", "𝛀", "a|b", "a\\|b", "\\", "|", "-1", "01", "'", "=1+1"]
FORM = {"delimiter": "comma", "missing": [""]}


def draw(script, design, shares, clients, tables=(), more=None):
    """clients, tables: header and rows; the script's ledger must be the program's."""
    with tempfile.TemporaryDirectory(prefix="temoin-derived-") as scratch:
        folder = pathlib.Path(scratch)
        for name, header, rows in (("clients.csv", *clients), *tables):
            tap.write_csv(folder / name, header, rows)
        tap.write_plan(folder / "plan.yaml", {
            "temoin": 1, "trial": {"id": "t", "title": {"en": "T"}},
            "clients": {"file": "clients.csv", "id": "id", "format": FORM},
            "columns": [{"name": name, "type": "category"} for name in ("site", "pair") if name in clients[0]],
            "arms": [{"name": f"arm, {a}", "share": share} for a, share in enumerate(shares)],
            "design": {"seed": "s", **design}, **(more or {})})
        tap.run(PROGRAM, "assign", folder / "plan.yaml", "-o", folder / "out", "--quiet")
        derived = subprocess.run([sys.executable, "-B", HERE / script, folder / "out"], stdout=subprocess.PIPE, check=True)
        ledger = (folder / "out/ledger.csv").read_bytes()
        tap.equal_bytes(derived.stdout, ledger, "ledger.csv")
        return ledger


def pairs(shares, own=()):
    chance = random.Random(len(shares) + len(own))
    rows, design = [], {"kind": "pairs", "pair": "pair", "strata": ["site"]}
    for p in range(40):
        site, size = chance.choice(NASTY[:5]), chance.choice((1, 2, 2, 2, 3))
        rows += [[f"{chance.choice(NASTY)} {p} {k}", site, f"{chance.choice(NASTY)} {p}"] for k in range(size)]
    if own:
        sites = sorted({row[1] for row in rows})
        design["stratum_shares"] = [{"stratum": [sites[0]], "shares": list(own)}]
    draw("rederive_balanced.py", {**design, "group_size": "3"}, shares, (["id", "site", "pair"], rows))


def rerandomized(n, arms, accept, strata):
    chance = random.Random(n * arms)
    rows = [[f"{chance.choice(NASTY)} {i}", "abc"[i % 3], repr(round(chance.gauss(50, 9) + 7 * (i % 3), 3)),
             str(chance.randint(0, 9)), chance.choice(["x", "é", "ja"])] for i in range(n)]
    draw("rederive_balanced.py", {"kind": "rerandomized", "covariates": ["age", "visits", "kind"], "accept": accept,
                                  **({"strata": ["site"]} if strata else {})},
         ["1"] * arms, (["id", "site", "age", "visits", "kind"], rows))


def places(n, shares, sizes, served):
    chance, start = random.Random(n), datetime.date(2020, 1, 1)
    later = lambda most: (start + datetime.timedelta(chance.randint(0, most))).isoformat()
    clients = [[f"{chance.choice(NASTY)} {i}", chance.choice(NASTY[:2]), later(90)] for i in range(n)]
    team = [[f"{chance.choice(NASTY)} {k}", str(chance.randint(1, 4)), later(20), chance.choice(["", "2020-03-01"]),
             f"arm, {served[k % len(served)]}"] for k in range(4 + len(served))]
    exits = []
    for client, _, came in (row for row in clients if chance.random() < 0.8):
        left = datetime.date.fromisoformat(came) + datetime.timedelta(chance.randint(0, 40))
        exits.append([client, chance.choice(["", left.isoformat()])])
    ledger = draw(
        "rederive_places.py",
        {"kind": "permuted", "strata": ["site"], "arrival": "came", **({"block_sizes": sizes} if sizes else {})}, shares,
        (["id", "site", "came"], clients),
        [("team.csv", ["who", "places", "from", "to", "arm"], team), ("exits.csv", ["id", "left"], exits)],
        {"capacity": {"file": "team.csv", "id": "who", "format": FORM, "places": "places", "from": "from", "to": "to",
                      "arm_column": "arm", "exits": {"file": "exits.csv", "id": "id", "date": "left", "format": FORM}}})
    tap.equal(b"no_place" in ledger, True)


TESTS = [
    ("pairs, equal shares", functools.partial(pairs, ["1", "1"])),
    ("pairs, unequal shares", functools.partial(pairs, ["1", "2"])),
    ("pairs, three arms and a stratum with shares of its own", functools.partial(pairs, ["1", "1", "1"], ["1", "3", "2"])),
    *((f"rerandomized, {n} clients, {arms} arms, accept {accept}{', strata' if strata else ''}",
       functools.partial(rerandomized, n, arms, accept, strata))
      for n, arms, accept, strata in ((40, 2, "0.05", False), (41, 2, "0.1", False), (61, 2, "0.02", True),
                                      (60, 3, "0.1", False), (90, 3, "0.05", True))),
    ("few places, one arm served", functools.partial(places, 120, ["1", "1"], [], [1])),
    ("few places, two of three arms served, random blocks",
     functools.partial(places, 200, ["1", "1", "2"], ["4", "8"], [2, 1])),
]
sys.exit(tap.main(TESTS))
