# SPDX-License-Identifier: GPL-3.0-or-later
"""The synthetic data against what is published, against the plans, and against the draw written a second time. TAP."""
import collections
import csv
import io
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import traceback

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
DATASETS = ROOT / "datasets"
sys.path.insert(0, str(DATASETS))
import make  # noqa: E402
from allocate import Stream, allocate, stratum_text  # noqa: E402

ARMS = {"mi": ("usual", "mi"), "mi-double": ("usual", "mi"), "mission-kortrijk": ("control", "ocm")}
IDS = {"mi": "client_id", "mi-double": "client_id", "mission-kortrijk": "family_id"}
STRATA = {"mi": ("office", "aid_4_years"), "mi-double": ("site",), "mission-kortrijk": ("district", "far_from_market")}
WORDS = {"oui": 1, "non": 0, "1": 1, "0": 0}
MISSING = ("", "n.c.")


def rows(name, delimiter=",", encoding="utf-8"):
    text = (DATASETS / name).read_bytes().decode(encoding)
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))


def clients(trial):
    return rows(trial + "/clients.csv")


def outcomes(trial):
    return rows(trial + "/outcomes.csv", *((";", "windows-1252") if trial == "mission-kortrijk" else ()))


def stratum_of(trial):
    return {c[IDS[trial]]: tuple(c[s] for s in STRATA[trial]) for c in clients(trial)}


def arms(trial):
    return allocate(trial, make.SEEDS[trial], stratum_of(trial), dict.fromkeys(ARMS[trial], 1))


def share(trial, measure, month, arm):
    arm_of = arms(trial)
    values = [WORDS[row[measure]] for row in outcomes(trial)
              if row["month"] == str(month) and arm_of[row[IDS[trial]]] == arm and row[measure] not in MISSING]
    return sum(values) / len(values)


def near(found, expected, tolerance):
    assert abs(found - expected) <= tolerance, "%.4f is not within %.4f of %.4f" % (found, tolerance, expected)


def equal(found, expected):
    assert found == expected, "%r, expected %r" % (found, expected)


def committed_files_are_those_that_make_writes():
    run = subprocess.run([sys.executable, "-B", str(DATASETS / "make.py"), "--check"], stderr=subprocess.PIPE)
    equal((run.returncode, run.stderr), (0, b""))


def streams_are_pcg64():
    stream = Stream("")
    stream.start(42, 54)  # the pair of the PCG paper's demonstration program
    equal([stream.next() for _ in range(3)], [0x86B1DA1D72062B68, 0x1304AA46C9853D39, 0xA3670E9E0DD50358])


def draws_equal_those_of_the_readme_script():
    script = ROOT / "tests/golden/rederive_ledger.py"
    for trial in ARMS:
        design = {"seed": make.SEEDS[trial], "arms": [{"name": arm, "share": 1} for arm in ARMS[trial]], "stratum_shares": {}}
        with tempfile.TemporaryDirectory() as scratch:
            bundle = pathlib.Path(scratch)
            (bundle / "manifest.json").write_text(json.dumps({"trial": trial, "design": design}), encoding="utf-8")
            with open(bundle / "ledger.csv", "w", encoding="utf-8", newline="") as ledger:
                csv.writer(ledger).writerows([("client", "stratum"), *((unit, stratum_text(values))
                                                                       for unit, values in stratum_of(trial).items())])
            run = subprocess.run([sys.executable, "-B", str(script), scratch], stdout=subprocess.PIPE, check=True)
        again = csv.DictReader(io.StringIO(run.stdout.decode("utf-8"), newline=""))
        equal({row["client"]: row["arm"] for row in again}, arms(trial))


def plans_draw_as_the_generator_does():
    for trial in ARMS:
        plan = (ROOT / "analyses" / (trial + ".yaml")).read_text(encoding="utf-8")
        found = {key: re.search(r"^ +%s: (.*?) *(#.*)?$" % key, plan, re.M).group(1)
                 for key in ("id", "strata", "seed")}
        equal(found, {"id": trial, "strata": "[%s]" % ", ".join(STRATA[trial]), "seed": make.SEEDS[trial]})
        equal(tuple(re.findall(r"{name: (\S+), share: 1,", plan)), ARMS[trial])


def counts_are_those_of_the_trials():
    equal({t: len({c[IDS[t]] for c in clients(t)}) for t in ARMS},
          {"mi": 155, "mi-double": 154, "mission-kortrijk": 112})
    equal({t: sorted(collections.Counter(arms(t).values()).values()) for t in ARMS},
          {"mi": [77, 78], "mi-double": [77, 77], "mission-kortrijk": [56, 56]})
    equal(len({c["site"] for c in clients("mi-double")}), 7)
    equal(len({c["caseworker"] for c in clients("mi-double")}), 28)


def every_outcome_row_has_a_client_once_per_wave():
    for trial in ARMS:
        known, seen = set(arms(trial)), set()
        for row in outcomes(trial):
            key = (row[IDS[trial]], row["month"])
            assert key[0] in known and key not in seen, key
            seen.add(key)
        waves = sorted({int(month) for _, month in seen})
        equal(waves, {"mi": list(range(13)), "mi-double": [0, 3, 6, 12], "mission-kortrijk": [0, 6, 12]}[trial])
        equal(sum(month == "0" for _, month in seen), len(known))


def strata_keep_two_of_each_arm():
    for trial, measures in (("mi", ["employed"]), ("mi-double", ["employed"]),
                            ("mission-kortrijk", ["income", "training"])):
        arm_of, stratum = arms(trial), stratum_of(trial)
        for measure in measures:
            cells = collections.Counter((stratum[r[IDS[trial]]], arm_of[r[IDS[trial]]]) for r in outcomes(trial)
                                        if r["month"] == "12" and r[measure] not in MISSING)
            equal(set(cells), {(s, a) for s in set(stratum.values()) for a in ARMS[trial]})
            assert min(cells.values()) >= 2, cells


def caseworkers_are_nested_in_arms():
    for trial in ("mi", "mi-double"):
        arm_of, arms_of_worker = arms(trial), collections.defaultdict(collections.Counter)
        for client in clients(trial):
            arms_of_worker[client["caseworker"]][arm_of[client["client_id"]]] += 1
        assert all(len(served) == 1 for served in arms_of_worker.values())
        equal(len(arms_of_worker), {"mi": 12, "mi-double": 28}[trial])
        if trial == "mi":
            loads = [sum(served.values()) for served in arms_of_worker.values()]
            assert min(loads) <= 3 and max(loads) >= 20, loads


def double_workers_are_two_and_two_per_site():
    workers = {w["caseworker"]: w for w in rows("mi-double/caseworkers.csv")}
    equal(set(collections.Counter((w["site"], w["arm"]) for w in workers.values()).values()), {2})
    arm_of = arms("mi-double")
    for client in clients("mi-double"):
        worker = workers[client["caseworker"]]
        equal((worker["site"], worker["arm"]), (client["site"], arm_of[client["client_id"]]))


def employment_is_near_the_published():
    for arm, month, published in (("mi", 0, 0.035), ("mi", 3, 0.094), ("usual", 0, 0.040), ("usual", 3, 0.020)):
        near(share("mi", "employed", month, arm), published, 0.01)
    gain = [share("mi", "employed", 3, arm) - share("mi", "employed", 0, arm) for arm in ("mi", "usual")]
    near(gain[0] - gain[1], 0.078, 0.01)


def readiness_is_asked_four_times():
    months = {row["month"] for row in outcomes("mi") if row["readiness"]}
    equal(months, {"0", "3", "6", "12"})
    assert all(0 <= float(row["readiness"]) <= 10 for row in outcomes("mi") if row["readiness"])


def mission_effects_are_those_told_in_words():
    trial = "mission-kortrijk"
    near(share(trial, "training", 12, "ocm") / share(trial, "training", 12, "control"), 2, 0.15)
    near(share(trial, "living_wage", 12, "ocm"), share(trial, "living_wage", 12, "control"), 0.03)
    assert share(trial, "supplementary_aid", 12, "ocm") > share(trial, "supplementary_aid", 12, "control") + 0.1
    near(1 - sum(row["month"] == "12" for row in outcomes(trial)) / 112, 0.15, 0.01)


def case_managers_serve_one_arm():
    arm_of = arms("mission-kortrijk")
    for family in clients("mission-kortrijk"):
        served = arm_of[family["family_id"]] == "ocm"
        equal([bool(family[key]) for key in ("case_manager", "case_opened", "case_closed")], [served] * 3)
    equal(len({f["case_manager"] for f in clients("mission-kortrijk")} - {""}), 5)


def capacity_is_never_exceeded():
    spells = collections.defaultdict(list)
    for family in clients("mission-kortrijk"):
        if family["case_manager"]:
            assert family["enrolled"] < family["case_opened"] < family["case_closed"]
            spells[family["case_manager"]].append((family["case_opened"], family["case_closed"]))
    for manager, cases in spells.items():
        for day, _ in cases:  # the number open can only rise on a day on which a case opens
            assert sum(begin <= day < end for begin, end in cases) <= 16, (manager, day)


def births_and_enrolment_are_in_their_years():
    families = clients("mission-kortrijk")
    assert all("2017-04-01" <= f["child_born"] <= "2019-04-30" for f in families)
    assert all(f["child_born"] < f["enrolled"] for f in families)
    enrolled = [f["enrolled"] for f in families]
    assert enrolled == sorted(enrolled) and enrolled[0] < "2017-07" and enrolled[-1] > "2019-03"


def mission_outcomes_are_an_extract_as_they_come():
    raw = (DATASETS / "mission-kortrijk/outcomes.csv").read_bytes()
    try:
        raw.decode("utf-8")
        raise AssertionError("the file is valid UTF-8")
    except UnicodeDecodeError:
        pass
    assert raw.count(b"\r\n") == raw.count(b"\n") == raw.count(b"\r") > 300
    assert b"\xe9" in raw and b"\x80" in raw and b"\x9c" in raw  # é, and two that ISO-8859-1 does not have: € and œ
    assert raw.startswith(b"family_id;month;") and b'"p\xe8re absent; \xe0 rappeler"' in raw
    incomes = [row["income"] for row in outcomes("mission-kortrijk") if row["income"] != "n.c."]
    assert all(re.fullmatch(r"\d+,\d\d", income) for income in incomes)
    for name in ("mission-kortrijk/clients.csv", "mi/clients.csv", "mi/outcomes.csv", "mi-double/clients.csv"):
        plain = (DATASETS / name).read_bytes()
        assert b"\r" not in plain and b";" not in plain and plain.decode("utf-8")


TESTS = [committed_files_are_those_that_make_writes, streams_are_pcg64, draws_equal_those_of_the_readme_script,
         plans_draw_as_the_generator_does, counts_are_those_of_the_trials, every_outcome_row_has_a_client_once_per_wave,
         strata_keep_two_of_each_arm, caseworkers_are_nested_in_arms, double_workers_are_two_and_two_per_site,
         employment_is_near_the_published, readiness_is_asked_four_times, mission_effects_are_those_told_in_words,
         case_managers_serve_one_arm, capacity_is_never_exceeded, births_and_enrolment_are_in_their_years,
         mission_outcomes_are_an_extract_as_they_come]


def main():
    failed = 0
    print("1..%d" % len(TESTS))
    for number, test in enumerate(TESTS, 1):
        try:
            test()
            print("ok %d - %s" % (number, test.__name__))
        except Exception:
            failed += 1
            print("not ok %d - %s" % (number, test.__name__))
            print("".join("# " + line + "\n" for line in traceback.format_exc().splitlines()), end="")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
