# SPDX-License-Identifier: GPL-3.0-or-later
"""The same bytes whatever the order of the rows, the number of threads, the kind of processor and the locale. Speaks TAP.
Arguments: the program, the object that sets the locale (or nothing), the size of the largest draw."""
import functools
import hashlib
import itertools
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import tap  # noqa: E402

PROGRAM, SET_LOCALE, LARGEST = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2], int(sys.argv[3])
SCRATCH = tempfile.TemporaryDirectory(prefix="temoin-same-")
FOLDER = pathlib.Path(SCRATCH.name)
LEVELS = [line.split()[0] for line in tap.run(PROGRAM, "list", "cpu").splitlines() if line[:2] == "  " and line[2] != " "]


def plan_of(arms, design, **more):
    arms = [{"name": name, "share": share} for name, share in arms.items()]
    return {"temoin": 1, "trial": {"id": "same", "title": {"en": "Same"}}, "clients": {"file": "clients.csv", "id": "id"},
            "arms": arms, "design": dict(design, seed="17"), **more}


# -- the draw


def write_draw(folder, n, seed):
    """n units in (at most) 200 strata, in an order that the seed gives."""
    order = list(range(n))
    random.Random(seed).shuffle(order)
    folder.mkdir(exist_ok=True)
    with open(folder / "clients.csv", "w", encoding="utf-8") as file:
        file.write("id,site\n")
        file.writelines(f"u{u:07},s{u * u % 100003 % 200}\n" for u in order)
    tap.write_plan(folder / "plan.yaml", plan_of({"a": ".10", "b": ".20", "c": ".70"}, {"kind": "blocked", "strata": ["site"]}))


def ledger_digest(folder, **options):
    flags = [f"--{key}={value}" for key, value in options.items()]
    tap.run(PROGRAM, "assign", folder / "plan.yaml", "-o", folder / "out", "--quiet", *flags)
    digest = hashlib.sha256((folder / "out/ledger.csv").read_bytes()).hexdigest()
    shutil.rmtree(folder / "out")
    return digest


def draws(n):
    ordered, shuffled = FOLDER / "ordered", FOLDER / "shuffled"
    write_draw(ordered, n, 1)
    write_draw(shuffled, n, 2)
    ways = list(itertools.product((ordered, shuffled), LEVELS, (1, 2)))
    if n > 1000:  # each level once, with rows and threads in turn
        ways = [((ordered, shuffled)[i % 2], level, 1 + i // 2 % 2) for i, level in enumerate(LEVELS)]
        ways += [(shuffled, LEVELS[0], 2)]
    found = {way: ledger_digest(way[0], cpu=way[1], threads=way[2]) for way in ways}
    for (folder, level, threads), digest in found.items():
        if digest != found[ways[0]]:
            raise AssertionError(f"another ledger with {folder.name} rows, level {level}, {threads} threads")


# -- the draw of every design

TWO, THREE = {"a": 1, "b": 1}, {"a": ".10", "b": ".20", "c": ".70"}
KINDS = {
    "simple": (THREE, {"strata": ["site"]}),
    "complete": (THREE, {}),
    "blocked": (THREE, {"strata": ["site", "sex"], "misfits": "wglobal"}),
    "clustered": (THREE, {"cluster": "office"}),
    "blocked_clustered": (THREE, {"strata": ["region"], "cluster": "office"}),
    "permuted": (THREE, {"strata": ["site"], "arrival": "came", "block_sizes": [10, 20]}),
    "biased_coin": (THREE, {"strata": ["site"], "arrival": "came", "coin": 0.75}),
    "urn": (THREE, {"strata": ["site"], "arrival": "came"}),
    "minimized": (THREE, {"factors": [{"column": "site"}, {"column": "sex", "weight": 2}], "arrival": "came"}),
    "two_stage": (TWO, {"strata": ["region"], "workers": {"file": "team.csv", "id": "name"}}),
    "rerandomized": (THREE, {"strata": ["region"], "covariates": ["age", "sex"], "accept": 0.05}),
    "constrained": (TWO, {"cluster": "office", "covariates": ["age", "sex"], "candidates": 2000}),
    "pairs": (TWO, {"strata": ["region"], "covariates": ["age", "sex"]}),
    "pairs, greedy": (TWO, {"strata": ["region"], "covariates": ["age"], "matching": "greedy", "group_size": 6}),
}


def write_kind(folder, arms, design, seed):
    """Many clients are alike in all that a design looks at, and come on the same day."""
    folder.mkdir(parents=True)
    clients = [[f"u{u * 7919 % 1009:04}", f"s{u * u % 5}", "fm"[u % 3 % 2], f"o{u % 11:02}", f"r{u % 11 % 2}",
                20 + u * u % 13 / 4, f"2020-01-{1 + u // 9:02}"] for u in range(203)]
    team = [[f"w{w}", f"r{w % 2}"] for w in range(12)]
    for rows in clients, team:
        random.Random(seed).shuffle(rows)
    tap.write_csv(folder / "clients.csv", ["id", "site", "sex", "office", "region", "age", "came"], clients)
    tap.write_csv(folder / "team.csv", ["name", "region"], team)
    tap.write_plan(folder / "plan.yaml", plan_of(arms, design))
    tap.run(PROGRAM, "assign", folder / "plan.yaml", "-o", folder / "out", "--quiet", f"--threads={1 + seed % 2}",
            f"--cpu={LEVELS[seed % len(LEVELS)]}")
    return {name: text for name, text in tap.files_of(folder / "out").items() if name in ("ledger.csv", "workers.csv")}


def rows_in_any_order(name):
    arms, options = KINDS[name]
    found = [write_kind(FOLDER / f"{name} {seed}", arms, {"kind": name.split(",")[0], **options}, seed) for seed in range(4)]
    tap.equal(len(found[0]), 2 if name == "two_stage" else 1)
    for files in found[1:]:
        compare(files, found[0], found[0])


def all_designs():
    listed = tap.run(PROGRAM, "list", "designs").splitlines()[1:]
    tap.equal(sorted({name.split(",")[0] for name in KINDS}),
              sorted(line.split()[0] for line in listed if line[:2] == "  " and line[2] != " "))


# -- the analysis

WAVES, N_CLIENTS, N_CLUSTERS = ("0", "6", "12"), 3000, 40
MEASURES = [{"name": "work", "kind": "binary", "baseline": 0}, {"name": "income", "kind": "continuous", "baseline": 0},
            {"name": "visits", "kind": "count"}]


def estimate(name, measures, estimator, variance, **more):
    return dict(name=name, measures=measures, waves=["6", "12"], estimator=estimator, variance=variance, **more)


def estimates():
    three, all_clusters = ["age", "school", "lang"], {"cluster": "office"}
    yield estimate("means", ["work", "income", "visits"], "dim", "neyman")
    yield estimate("precise", ["income"], "dim_precision", "neyman")
    for variance in ("classical", "hc0", "hc1", "hc2", "hc2_bm", "hc3"):
        yield estimate(f"ols-{variance}", ["income"], "ols", variance, covariates=["baseline", *three])
    for variance in ("hc2", "hc3"):
        yield estimate(f"lin-{variance}", ["work", "income"], "lin", variance, covariates=["baseline", "age"])
        yield estimate(f"weighted-{variance}", ["income"], "ols", variance, covariates=three, weights="w", missing="listwise")
    for variance in ("cr0", "cr1", "cr1s", "cr2", "cr3", "cv3", "cv3j"):
        yield estimate(f"ols-{variance}", ["income"], "ols", variance, covariates=["baseline", "age"], strata="none",
                       **all_clusters)
    for estimator in ("ols", "lin"):
        yield estimate(f"{estimator}-cr2-weighted", ["income", "work"], estimator, "cr2", covariates=["baseline", "age"],
                       weights="w", strata="none", **all_clusters)
    yield estimate("dim-cr2", ["work"], "dim", "cr2", strata="none", **all_clusters)
    for estimator, measure, variance in (
            ("logit_ame", "work", "hc0"), ("logit", "work", "classical"), ("probit_log_ratio", "work", "ml_robust"),
            ("poisson_ame", "visits", "hc0"), ("quantile_regression", "income", "rq_nid")):
        yield estimate(f"{estimator}-{variance}", [measure], estimator, variance, covariates=["age"], strata="none")
    yield estimate("logit-cr2", ["work"], "logit", "cr2", covariates=["age"], strata="none", **all_clusters)
    yield estimate("panel", ["income"], "panel_path", "cr1", covariates=["baseline", "age"])
    yield estimate("ratio", ["work"], "odds_ratio", "woolf", strata="none")


REDRAWN = {"means": "studentized", "lin-hc2": "difference", "ols-cr2": "studentized", "precise": "rank_sum"}


def with_redraws(estimates):
    """Redraws of sums and of fits, of units and of whole waves."""
    for one in estimates:
        yield dict(one, randomization=REDRAWN.get(one["name"], "none"))


def analysis_plan():
    chosen = list(with_redraws(estimates()))
    family = ["means", "ols-cr2"]
    return plan_of(
        {"control": 1, "light": 1, "full": 2}, {"kind": "blocked", "strata": ["site"]},
        outcomes=[{"file": "outcomes.csv", "id": "id", "wave": "month", "format": {"missing": ["", "NA"]}}],
        measures=MEASURES, estimates=chosen, report={"languages": ["en", "fr"], "min_cell": 5},
        randomization={"draws": 19}, bootstrap={"draws": 99, "weights": "webb"},
        families=[{"name": "one", "adjust": ["holm", "bh"],
                   "estimates": [e["name"] for e in chosen if "income" in e["measures"] and e["name"] not in family]},
                  {"name": "redrawn", "adjust": ["westfall_young", "romano_wolf"], "estimates": family}])


def analysis_rows(chance):
    clients, outcomes = [], []
    for u in range(N_CLIENTS):
        office, age = chance.randrange(N_CLUSTERS), chance.gauss(40, 12)
        clients.append([f"c{u:05}", f"s{office % 7}", f"office {office}", "" if u % 11 == 0 else f"{age:.3f}",
                        "" if u % 17 == 3 else chance.randint(6, 18),
                        "" if u % 29 == 5 else chance.choice(["nl", "fr", "autre"]), f"{chance.uniform(0.2, 5):.4f}"])
        level = chance.gauss(900 + 3 * age + 10 * office, 200)
        for wave in WAVES:
            if wave != "0" and chance.random() < 0.1:
                continue
            income = level + chance.gauss(0, 150) * (1 + (u % 5))
            outcomes.append([f"c{u:05}", wave, int(chance.random() < 0.3), "NA" if chance.random() < 0.05 else f"{income:.2f}",
                             chance.randrange(6)])
    return clients, outcomes


def write_analysis(folder, seed):
    """The same rows each time, in an order that the seed gives."""
    clients, outcomes = analysis_rows(random.Random(0))
    random.Random(seed).shuffle(clients)
    random.Random(seed + 1).shuffle(outcomes)
    folder.mkdir()
    tap.write_csv(folder / "clients.csv", ["id", "site", "office", "age", "school", "lang", "w"], clients)
    tap.write_csv(folder / "outcomes.csv", ["id", "month", "work", "income", "visits"], outcomes)
    tap.write_plan(folder / "plan.yaml", analysis_plan())


def analyze(name, options=(), **more):
    folder, out = FOLDER / name, FOLDER / "out"
    tap.run(PROGRAM, "analyze", folder / "plan.yaml", "-o", out, "--quiet", *options, **more)
    files = tap.files_of(out)
    shutil.rmtree(out)
    return files


@functools.lru_cache(maxsize=None)
def first_analysis():
    write_analysis(FOLDER / "analysis", 1)
    return analyze("analysis")


def compare(files, expected, names):
    tap.equal(sorted(files), sorted(expected))
    for name in names:
        tap.equal_bytes(files[name], expected[name], name)


def analysis_is_worth_comparing():
    header, *rows = (line.split(",") for line in first_analysis()["estimates.csv"].decode("utf-8").splitlines())
    shown = sum(bool(row[header.index("se")]) for row in rows)
    assert len(rows) > 80 and shown == len(rows), f"{shown} standard errors in {len(rows)} rows"
    for column, least in (("p_randomization", 20), ("p_bootstrap", 30), ("p_westfall_young", 12)):
        found = sum(bool(row[header.index(column)]) for row in rows)
        assert found >= least, f"{found} of {column}"


def same_with(*options):
    expected = first_analysis()
    compare(analyze("analysis", options), expected, expected)


def large_plan():
    """Large enough for the loops that are worth a thread."""
    some = [estimate("hc2", ["income"], "ols", "hc2_bm", covariates=["baseline", "age", "school", "lang"]),
            estimate("hc3", ["income"], "lin", "hc3", covariates=["baseline", "age"]),
            estimate("cr2", ["income"], "ols", "cr2", covariates=["baseline", "age"], strata="none", cluster="office",
                     weights="w"),
            estimate("cr3", ["income"], "ols", "cr3", covariates=["age"], strata="none", cluster="office")]
    plan = analysis_plan()
    del plan["families"]
    return dict(plan, estimates=[dict(e, waves=["1"], randomization="none") for e in some], measures=MEASURES[1:2])


def large_analysis_with_threads():
    chance, folder = random.Random(3), FOLDER / "large"
    folder.mkdir()
    n = max(LARGEST * 3 // 20, 20000)
    clients = [[u, u * u % 7, u * u % 1009, chance.gauss(40, 12), u % 13, u % 3, 1 + u % 5] for u in range(n)]
    tap.write_csv(folder / "clients.csv", ["id", "site", "office", "age", "school", "lang", "w"], clients)
    outcomes = ([u, wave, chance.gauss(900, 200)] for u in range(n) for wave in (0, 1))
    tap.write_csv(folder / "outcomes.csv", ["id", "month", "income"], outcomes)
    tap.write_plan(folder / "plan.yaml", large_plan())
    expected = analyze("large", ["--threads=1"])
    for threads in (2, 3):
        files = analyze("large", [f"--threads={threads}"])
        compare(files, expected, expected)


def same_with_shuffled_rows():
    expected = first_analysis()
    write_analysis(FOLDER / "shuffled analysis", 7)
    files = analyze("shuffled analysis", ["--threads=2"])
    assert files["inputs/clients.csv"] != expected["inputs/clients.csv"]
    compare(files, expected, [name for name in expected if not name.startswith("inputs/") and name != "manifest.json"])
    ours, theirs = (json.loads(bundle["manifest.json"]) for bundle in (files, expected))
    for manifest in ours, theirs:
        del manifest["seal"]  # a digest of the rest, so of the inputs' digests
        for entry in manifest["inputs"]:
            del entry["sha256"]
    tap.equal(ours, theirs)


# -- the locale


def decimal_point(environment):
    said = subprocess.run([sys.executable, "-c", "import locale; locale.setlocale(locale.LC_ALL, ''); "
                           "print(locale.localeconv()['decimal_point'])"], env=dict(environment, LD_PRELOAD=""),
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return said.stdout.decode().strip()


def german_environment():
    """Preloaded into the program, the object sets the locale before main, as a program that embeds the library may."""
    if not os.path.isfile(SET_LOCALE):
        raise tap.Skip("no object that sets the locale")
    environment = dict(os.environ, LC_ALL="de_DE.UTF-8", LD_PRELOAD=os.path.abspath(SET_LOCALE))
    if decimal_point(environment) == ",":
        return environment
    try:
        subprocess.run(["localedef", "-i", "de_DE", "-f", "UTF-8", FOLDER / "de_DE.UTF-8"], check=True, capture_output=True,
                       env=dict(os.environ, LC_ALL="C", LD_PRELOAD=""))
    except (OSError, subprocess.CalledProcessError):
        raise tap.Skip("localedef cannot make de_DE.UTF-8; is the package locales installed?")
    environment["LOCPATH"] = str(FOLDER)
    tap.equal(decimal_point(environment), ",")
    return environment


def same_in_a_decimal_comma_locale():
    environment, expected = german_environment(), first_analysis()
    compare(analyze("analysis", env=environment), expected, expected)


# -- the C library, which chooses among its own functions by what the processor can do


def same_on_an_old_processor():
    """The tunables hide fused multiply-add from it; the names differ between its versions, and unknown ones are ignored."""
    hidden = "glibc.cpu.hwcaps=" + ",".join(f"-{word}{end}" for word in ("FMA", "FMA4", "AVX2") for end in ("", "_Usable"))
    expected = first_analysis()
    compare(analyze("analysis", env=dict(os.environ, GLIBC_TUNABLES=hidden)), expected, expected)


TESTS = [(f"the ledger of {n} units", functools.partial(draws, n)) for n in (112, 155, LARGEST)]
TESTS += [("every design is here", all_designs)]
TESTS += [(f"rows in any order: {name}", functools.partial(rows_in_any_order, name)) for name in KINDS]
TESTS += [("the analysis has a standard error in every row", analysis_is_worth_comparing),
          ("the analysis with one thread", functools.partial(same_with, "--threads=1")),
          ("the analysis with two threads", functools.partial(same_with, "--threads=2")),
          ("a large analysis with one, two and three threads", large_analysis_with_threads),
          ("the analysis with five threads", functools.partial(same_with, "--threads=5")),
          ("the analysis of shuffled rows", same_with_shuffled_rows),
          ("the analysis on an old processor", same_on_an_old_processor),
          ("the analysis where numbers have a comma", same_in_a_decimal_comma_locale)]
TESTS += [(f"the analysis at the level {level}", functools.partial(same_with, f"--cpu={level}")) for level in LEVELS]

if __name__ == "__main__":
    status = tap.main(TESTS)
    SCRATCH.cleanup()
    sys.exit(status)
