# SPDX-License-Identifier: GPL-3.0-or-later
"""Rolling ledgers against rederive_rolling.py, which knows the README's rule and nothing else, and against the ledgers of those
who had come before. Speaks TAP. Argument: the program."""
import functools
import hashlib
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
NASTY = ["a,b", 'say "no"', "two\nlines", "semi;colon", "tab\there", "Zoë", "𝛀", "a|b", "a\\|b", "\\", "|", "-1", "1", "01",
         "1.0", "'", "e\u0301", "=1+1", "a b", "x" * 300]
COLUMNS = ["id", "came", "site", "school", "sex"]


def write_trial(folder, units, design, shares):
    folder.mkdir()
    (folder / "seed.txt").write_text("s\n", encoding="utf-8")
    tap.write_csv(folder / "clients.csv", COLUMNS, units)
    tap.write_plan(folder / "plan.yaml", {
        "temoin": 1, "trial": {"id": "rolling", "title": {"en": "T"}},
        "clients": {"file": "clients.csv", "id": "id", "format": {"delimiter": "comma", "missing": [""]}},
        "columns": [{"name": name, "type": "category"} for name in ("site", "school", "sex")],
        "arms": [{"name": f"arm, {a}" if a == 2 else f"arm {a}", "share": share} for a, share in enumerate(shares)],
        "design": {**({} if "seed_file" in design else {"seed": "s"}), "arrival": "came", **design}})
    tap.run(PROGRAM, "assign", folder / "plan.yaml", "-o", folder / "out", "--quiet")
    return (folder / "out/ledger.csv").read_bytes()


def draw(units, design, shares=("1", "1"), prefixes=()):
    """Draws, derives again, compares; and draws for the first to come alone."""
    with tempfile.TemporaryDirectory(prefix="temoin-rolling-") as scratch:
        whole = pathlib.Path(scratch, "all")
        ledger = write_trial(whole, units, design, shares)
        again = [sys.executable, "-B", HERE / "rederive_rolling.py", whole / "out", *(["s"] if "seed_file" in design else [])]
        derived = subprocess.run(again, stdout=subprocess.PIPE, check=True)
        tap.equal_bytes(derived.stdout, ledger, "ledger.csv")
        rows = tap.read_csv(whole / "out/ledger.csv")[1:]
        came = sorted(units, key=lambda unit: (int(unit[1]), unit[0].encode()))
        tap.equal([row[1] for row in rows], [unit[0] for unit in came])
        for n in prefixes:
            first = {row[1] for row in rows[:n]}
            early = write_trial(pathlib.Path(scratch, str(n)), [unit for unit in units if unit[0] in first], design, shares)
            tap.equal_bytes(early, ledger[:len(early)], f"ledger of the first {n}")


def people(n, seed=1):
    """Many come on the same day, and the file is not in the order in which they came."""
    chance = random.Random(seed)
    units = [[f"{chance.choice(NASTY)} {i}", chance.randint(-n // 4, n // 2), chance.choice(NASTY[:7]),
              chance.choice(NASTY[8:13] + [""]), chance.choice("fm")] for i in range(n)]
    return [list(map(str, unit)) for unit in units]


FACTORS = [{"column": "sex"}, {"column": "school", "weight": "2.5"}, {"column": "site", "weight": "0.123456789"}]
DESIGNS = {
    "permuted, standard blocks": ({"kind": "permuted", "strata": ["site", "sex"]}, ["1", "1"]),
    "permuted, one size": ({"kind": "permuted", "block_sizes": ["8"]}, ["1", "1"]),
    "permuted, random sizes": ({"kind": "permuted", "strata": ["site"], "block_sizes": ["10", "30", "20"]},
                               [".10", ".20", ".70"]),
    "minimized": ({"kind": "minimized", "factors": FACTORS}, ["1", "1"]),
    "minimized, three arms": ({"kind": "minimized", "factors": FACTORS[:2], "coin": "0.95"}, ["1", "1", "1"]),
    "minimized, unequal shares": ({"kind": "minimized", "factors": FACTORS, "coin": "0.723456789"}, [".10", ".20", ".70"]),
    "biased coin": ({"kind": "biased_coin", "strata": ["site", "sex"]}, ["1", "1"]),
    "biased coin, four arms": ({"kind": "biased_coin", "coin": "0.6"}, ["1", "2", "2", "1"]),
    "urn": ({"kind": "urn", "strata": ["sex"]}, ["1", "1"]),
    "urn, unequal shares": ({"kind": "urn", "urn": {"start": "2", "add": "5"}}, ["1", "2", "0.5"]),
}


def derived(name):
    design, shares = DESIGNS[name]
    for n in (1, 2, 7, 112, 400):
        draw(people(n, n), design, shares)


def prefixes(name):
    design, shares = DESIGNS[name]
    draw(people(20, 20), design, shares, range(1, 21))


def own_shares():
    shares = [{"stratum": [NASTY[0]], "shares": ["1", "2", "3"]}, {"stratum": [NASTY[3]], "shares": ["2", "0.5", "2.5"]}]
    for kind in ({"kind": "permuted"}, {"kind": "urn"}, {"kind": "biased_coin", "coin": "0.75"}):
        draw(people(200), {**kind, "strata": ["site"], "stratum_shares": shares}, ["1", "1", "1"], [100, 199])


def secret_seed():
    """A bundle that holds only the seed's digest has the ledger of one that holds the seed."""
    for design, shares in DESIGNS.values():
        draw(people(60), {**design, "seed_file": "seed.txt", "seed_commitment": hashlib.sha256(b"s").hexdigest()}, shares)


TESTS = [(f"{name}: derived again", functools.partial(derived, name)) for name in DESIGNS]
TESTS += [(f"{name}: every beginning", functools.partial(prefixes, name)) for name in DESIGNS]
TESTS += [("strata with shares of their own", own_shares), ("a secret seed", secret_seed)]

if __name__ == "__main__":
    sys.exit(tap.main(TESTS))
