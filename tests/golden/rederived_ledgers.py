# SPDX-License-Identifier: GPL-3.0-or-later
"""The program's ledgers against rederive_ledger.py, which knows the README's rule and nothing else. Speaks TAP.
Argument: the program."""
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
NASTY = ["a,b", 'say "no"', "two\nlines", "c\rr", "semi;colon", "tab\there", "Zoë", "Ñandú", "Ω", "𝛀", "\uffee", "a|b",
         "a\\|b", "\\", "a\\", "|", "||", "-1", "1", "01", "1.0", "+1", "'", "''", '""', "é", "e\u0301", "=1+1",
         "#", "a b", "NaN", "true", " a", "b ", "\tc", "d\n", "x" * 300]
EQUAL = {n: ["1"] * n for n in range(2, 8)}


def draw(units, shares, strata=(), own=(), trial="t", seed="s", raw=None, secret=False):
    """units: (id, value of each stratum …); own: (values of the stratum, shares); raw: the client file, when it is not to be
    as Python writes it; secret: the seed is in a file of its own. Draws, derives again, compares."""
    with tempfile.TemporaryDirectory(prefix="temoin-ledger-") as scratch:
        folder = pathlib.Path(scratch)
        tap.write_csv(folder / "clients.csv", ["id", *strata], units)
        if raw:
            (folder / "clients.csv").write_text(raw, encoding="utf-8")
        design = {"kind": "blocked" if strata else "complete", "seed": seed}
        if secret:
            (folder / "seed.txt").write_text(design.pop("seed") + "\n", encoding="utf-8")
            design.update(seed_file="seed.txt", seed_commitment=hashlib.sha256(seed.encode()).hexdigest())
        if strata:
            design["strata"] = list(strata)
        if own:
            design["stratum_shares"] = [{"stratum": list(values), "shares": parts} for values, parts in own]
        tap.write_plan(folder / "plan.yaml", {
            "temoin": 1, "trial": {"id": trial, "title": {"en": "T"}},
            "clients": {"file": "clients.csv", "id": "id", "format": {"delimiter": "comma", "missing": [""]}},
            "arms": [{"name": f"arm, {a}" if a == 2 else f"arm {a}", "share": share} for a, share in enumerate(shares)],
            "design": design})
        tap.run(PROGRAM, "assign", folder / "plan.yaml", "-o", folder / "out", "--quiet")
        with open(folder / "derived.csv", "wb") as file:
            subprocess.run([sys.executable, "-B", HERE / "rederive_ledger.py", folder / "out", *([seed] if secret else [])],
                           stdout=file, check=True)
        tap.equal_bytes((folder / "derived.csv").read_bytes(), (folder / "out/ledger.csv").read_bytes(), "ledger.csv")
        rows = {row[1]: row[2] for row in tap.read_csv(folder / "out/ledger.csv")[1:]}
        tap.equal(rows, {unit[0]: "|".join(map(escaped, unit[1:])) for unit in units})


def escaped(value):
    return str(value).replace("\\", "\\\\").replace("|", "\\|")


def numbered(n, *values):
    units = [[f"u{i}", *(value(i) for value in values)] for i in range(n)]
    random.Random(n).shuffle(units)
    return units


def ids_that_need_quotes():
    draw([[name] for name in NASTY], EQUAL[3])


def strata_that_need_quotes_and_bars():
    draw(numbered(4 * len(NASTY), lambda i: NASTY[i % len(NASTY)], lambda i: NASTY[i * i % 23]), ["1", "2", "2"], ["x", "y"])


def bars_keep_strata_apart():
    """Joined without care, all of these would be one stratum or two."""
    values = [("a|b", "c"), ("a", "b|c"), ("a\\", "b|c"), ("a\\|b", "c"), ("a\\|b|c", "|"), ("a", "\\b|c")]
    draw(numbered(60, lambda i: values[i % 6][0], lambda i: values[i % 6][1]), EQUAL[2], ["x", "y"])


def blanks_count_inside_quotes_only():
    raw = 'id,x\n  a  ,  y z \n" a"," y"\n  " b "  ,y\nc ,"y"\n'
    draw([["a", "y z"], [" a", " y"], [" b ", "y"], ["c", "y"]], EQUAL[2], ["x"], raw=raw)


def foreign_seeds():
    for seed in ("Zürich 2017-04-01", 'a "b"; c, d', "  blanks  ", "0", "1e3", "\\"):
        draw(numbered(11), EQUAL[2], trial="a-b-0", seed=seed)


def secret_seeds():
    for seed in ("thistle-9-copper-44-lantern", "Zürich, 2017", " blanks "):
        draw(numbered(23, lambda i: "s%d" % (i % 3)), EQUAL[3], ["x"], seed=seed, secret=True)


def arms(n):
    for units in (n, n + 1, 20, 155):  # fewer units than arms are refused
        draw(numbered(units, lambda i: "s%d" % (i % 3)), EQUAL[n], ["x"])


def whole_trial(n):
    draw(numbered(n), EQUAL[2])
    draw(numbered(n), [".10", ".20", ".70"])


def unequal_shares():
    draw(numbered(7), [".10", ".20", ".70"])
    draw(numbered(155, lambda i: "s%d" % (i * i % 13)), ["0.125", "3", "1.5"], ["x"])
    draw(numbered(200, lambda i: i % 9), ["1", "999999"], ["x"])
    draw(numbered(200, lambda i: i % 9), ["99999", "1"], ["x"])
    draw(numbered(300, lambda i: i % 7), ["3", "100", "123456"], ["x"])


def shares_of_some_strata():
    own = [(["s0"], ["1", "2", "0.5"]), (["s2"], ["5", "1", "1"]), (["s4"], [".10", ".20", ".70"]), (["a|b"], ["9", "90", "1"])]
    draw(numbered(155, lambda i: "a|b" if i % 11 == 0 else f"s{i % 6}"), EQUAL[3], ["x"], own)
    draw(numbered(99, lambda i: f"s{i % 3}", lambda i: i % 2), ["1", "2"], ["x", "y"], [(["s1", "0"], ["3", "1"])])


def strata_of_one_unit():
    draw(numbered(40, lambda i: f"s{i}"), [".10", ".20", ".70"], ["x"])
    draw(numbered(1000, lambda i: f"s{i}"), EQUAL[7], ["x"])


def many_strata_with_shares_of_their_own():
    """Far more strata than arms: the program's quick search for cycles finds those of the plain description."""
    own = [([f"s{s}"], [str(1 + (s * a) % 5) for a in range(1, 6)]) for s in range(0, 300, 3)]
    draw(numbered(1500, lambda i: f"s{i * i % 601 % 300}" if i >= 300 else f"s{i}"), EQUAL[5], ["x"], own)


def random_trials(seed):
    chance = random.Random(seed)
    for _ in range(5):
        n_arms, n_strata, n = chance.randint(2, 7), chance.randint(1, 12), chance.randint(1, 90)
        labels = chance.sample(NASTY, n_strata)
        units = [[f"{chance.choice(NASTY)} {i}", chance.choice(labels), chance.randint(0, 1)] for i in range(n)]
        there = sorted({(label, str(bit)) for _, label, bit in units})
        own = [(values, [str(chance.randint(1, 6)) for _ in range(n_arms)]) for values in there if chance.random() < 0.3]
        draw(units, [str(chance.choice([1, 2, 3, 0.25, 10])) for _ in range(n_arms)], ["x", "y"], own)


def hundred_thousand():
    draw(numbered(100000, lambda i: f"s{i * i % 211}"), [".10", ".20", ".70"], ["x"])
    draw(numbered(100000, lambda i: f"s{i}"), EQUAL[3], ["x"])


TESTS = [ids_that_need_quotes, strata_that_need_quotes_and_bars, bars_keep_strata_apart,
         blanks_count_inside_quotes_only, foreign_seeds, secret_seeds, unequal_shares,
         shares_of_some_strata, strata_of_one_unit, many_strata_with_shares_of_their_own, hundred_thousand]
TESTS = [(test.__name__.replace("_", " "), test) for test in TESTS]
TESTS += [(f"{n} arms", functools.partial(arms, n)) for n in (2, 3, 7)]
TESTS += [(f"{n} units", functools.partial(whole_trial, n)) for n in (112, 154, 155, 1000)]
TESTS += [(f"random trials, seed {seed}", functools.partial(random_trials, seed)) for seed in range(5)]

if __name__ == "__main__":
    sys.exit(tap.main(TESTS))
