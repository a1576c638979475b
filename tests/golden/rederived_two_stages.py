# SPDX-License-Identifier: GPL-3.0-or-later
"""The two ledgers of `two_stage` against rederive_two_stage.py, which knows the README's rule and nothing else, and what the
rule promises of them. Speaks TAP. Argument: the program."""
import collections
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
DATA = HERE.parent.parent / "datasets/mi-double"
NASTY = ["a,b", 'say "no"', "two\nlines", "semi;colon", "tab\there", "Zoë", "𝛀", "a|b", "a\\|b", "\\", "a\\", "|", "||", "-1",
         "1", "01", "'", '""', "#", " a", "b "]


def escaped(value):
    return str(value).replace("\\", "\\\\").replace("|", "\\|")


def check(out, shares_of, n_workers):
    """Whoever serves a client is of his stratum and arm; numbers are even; chances are what they are called."""
    names, *rows = tap.read_csv(out / "workers.csv")
    tap.equal(names, ["position", "worker", "stratum", "arm", "probability", "digest"])
    place = {row[1]: (row[2], row[3]) for row in rows}
    tap.equal(len(place), n_workers)
    team = collections.Counter(place.values())
    names, *rows = tap.read_csv(out / "ledger.csv")
    tap.equal(names, ["position", "client", "stratum", "arm", "probability", "worker", "worker_probability", "digest"])
    load, clients = collections.Counter(row[5] for row in rows), collections.Counter((row[2], row[3]) for row in rows)
    for _, _, stratum, arm, probability, worker, worker_probability, _ in rows:
        tap.equal(place[worker], (stratum, arm))
        tap.equal(float(worker_probability), 1 / team[stratum, arm])
        tap.equal(float(probability), shares_of(stratum)[arm])
    for worker, cell in place.items():
        least = clients[cell] // team[cell]
        tap.equal(load[worker] - least in (0, 1), True)
    for counts in (team, clients):  # whole arms are within one of their share in every stratum
        for stratum in {cell[0] for cell in counts}:
            total = sum(n for cell, n in counts.items() if cell[0] == stratum)
            for arm, share in shares_of(stratum).items():
                tap.equal(abs(counts[stratum, arm] - total * share) < 1, True)


def fractions(names, shares):
    total = sum(map(float, shares))
    return {name: float(share) / total for name, share in zip(names, shares)}


def draw(workers, clients, shares, strata=("x",), own=(), names=None, seed="s", secret=False):
    """workers, clients: (id, value of each stratum …); own: (values of the stratum, shares); secret: the seed is in a
    file of its own."""
    with tempfile.TemporaryDirectory(prefix="temoin-stages-") as scratch:
        folder = pathlib.Path(scratch)
        names = names or [f"arm {a}" for a in range(len(shares))]
        tap.write_csv(folder / "clients.csv", ["id", *strata], clients)
        tap.write_csv(folder / "team.csv", ["name", *strata], workers)
        form = {"delimiter": "comma", "missing": [""]}
        design = {"kind": "two_stage", "seed": seed, "workers": {"file": "team.csv", "id": "name", "format": form}}
        if secret:
            (folder / "seed.txt").write_text(design.pop("seed") + "\n", encoding="utf-8")
            design.update(seed_file="seed.txt", seed_commitment=hashlib.sha256(seed.encode()).hexdigest())
        if strata:
            design["strata"] = list(strata)
        if own:
            design["stratum_shares"] = [{"stratum": list(values), "shares": parts} for values, parts in own]
        tap.write_plan(folder / "plan.yaml", {
            "temoin": 1, "trial": {"id": "t", "title": {"en": "T"}},
            "clients": {"file": "clients.csv", "id": "id", "format": form},
            "arms": [{"name": name, "share": share} for name, share in zip(names, shares)], "design": design})
        tap.run(PROGRAM, "assign", folder / "plan.yaml", "-o", folder / "out", "--quiet")
        again = [sys.executable, "-B", HERE / "rederive_two_stage.py", folder / "out", *([seed] if secret else [])]
        derived = subprocess.run(again, stdout=subprocess.PIPE, check=True).stdout
        ledgers = [(folder / "out" / name).read_bytes() for name in ("workers.csv", "ledger.csv")]
        tap.equal_bytes(derived, b"".join(ledgers), "both ledgers")
        theirs = {"|".join(map(escaped, values)): fractions(names, parts) for values, parts in own}
        check(folder / "out", lambda stratum: theirs.get(stratum, fractions(names, shares)), len(workers))
        tap.run(PROGRAM, "verify", folder / "out", "--quiet", *(["--seed-file", folder / "seed.txt"] if secret else []))
        return ledgers


def people(prefix, n, *values):
    rows = [[f"{prefix}{i}", *(value(i) for value in values)] for i in range(n)]
    random.Random(n).shuffle(rows)
    return rows


def seven_sites():
    """28 caseworkers, four per site, and 154 clients on seven sites: two workers per site and arm, whatever the seed."""
    workers = [row[:2] for row in tap.read_csv(DATA / "caseworkers.csv")[1:]]
    clients = [row[:2] for row in tap.read_csv(DATA / "clients.csv")[1:]]
    tap.equal((len(workers), len(clients)), (28, 154))
    for seed in ("lower mainland 2015-02-02", "another"):
        ledgers = draw(workers, clients, ["1", "1"], ["site"], names=["usual", "mi"], seed=seed)
        tap.equal(ledgers[0].count(b",mi,0.5,"), 14)
        tap.equal(ledgers[1].count(b",mi,0.5,w"), 77)


def order_of_rows():
    workers, clients = people("w", 30, lambda i: f"s{i % 3}"), people("c", 200, lambda i: f"s{i * i % 7 % 3}")
    first = draw(workers, clients, ["1", "2"])
    tap.equal(draw(sorted(workers), clients[::-1], ["1", "2"]), first)


def secret_seed():
    workers, clients = people("w", 30, lambda i: f"s{i % 3}"), people("c", 100, lambda i: f"s{i * i % 7 % 3}")
    tap.equal(draw(workers, clients, ["1", "2"], secret=True), draw(workers, clients, ["1", "2"]))


def no_strata():
    draw(people("w", 7), people("c", 50), ["1", "1", "1"], strata=())


def names_that_need_care():
    workers = [[f"{name}{k}", site] for site in NASTY for k, name in enumerate(NASTY[:5])]
    clients = [[name, NASTY[i % len(NASTY)]] for i, name in enumerate(NASTY)] + people("c", 90, lambda i: NASTY[i * i % 19])
    draw(workers[:1] + [[f"{i} {row[0]}", row[1]] for i, row in enumerate(workers[1:])], clients, ["1", "2"],
         names=["a|b, \\", '"|"'])


def bars_keep_strata_and_arms_apart():
    values = [("a|b", "c"), ("a", "b|c"), ("a\\", "b|c")]
    draw(people("w", 30, lambda i: values[i % 3][0], lambda i: values[i % 3][1]),
         people("c", 60, lambda i: values[i % 3][0], lambda i: values[i % 3][1]), ["1", "1"], ["x", "y"], names=["c|d", "d"])


def workers_where_no_client_is():
    draw(people("w", 20, lambda i: f"s{i % 5}"), people("c", 9, lambda i: f"s{2 * (i % 2)}"), ["1", "1"])


def fewer_clients_than_workers():
    draw(people("w", 40, lambda i: f"s{i % 2}"), people("c", 5, lambda i: f"s{i % 2}"), ["1", "1"])


def shares_of_some_strata():
    own = [(["s0"], ["1", "2", "0.5"]), (["s2"], ["5", "1", "1"])]
    draw(people("w", 50, lambda i: f"s{i % 4}"), people("c", 155, lambda i: f"s{i * i % 13 % 4}"), ["1", "1", "1"], own=own)


def random_trials(seed):
    chance = random.Random(seed)
    for _ in range(5):
        n_arms, sites = chance.randint(2, 4), chance.sample(NASTY, chance.randint(1, 9))
        shares = [str(chance.randint(1, 3)) for _ in range(n_arms)]
        enough = sum(map(int, shares))
        workers = [[f"w{site}{k}", site] for site in sites for k in range(enough + chance.randint(0, 6))]
        clients = [[f"{chance.choice(NASTY)} {i}", chance.choice(sites)] for i in range(chance.randint(1, 200))]
        draw(workers, clients, shares, seed=str(seed))


TESTS = [seven_sites, order_of_rows, secret_seed, no_strata, names_that_need_care, bars_keep_strata_and_arms_apart,
         workers_where_no_client_is, fewer_clients_than_workers, shares_of_some_strata]
TESTS = [(test.__name__.replace("_", " "), test) for test in TESTS]
TESTS += [(f"random trials, seed {seed}", functools.partial(random_trials, seed)) for seed in range(4)]

if __name__ == "__main__":
    sys.exit(tap.main(TESTS))
