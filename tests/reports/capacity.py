# SPDX-License-Identifier: GPL-3.0-or-later
"""Places that are few: MISSION's 112 families and five case managers, held to the README's rule by a second reckoning of
who was there, who was free and who left. Speaks TAP. Argument: the program."""
import collections
import datetime
import functools
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE.parent / "support"))
import tap  # noqa: E402

PROGRAM = pathlib.Path(sys.argv[1]).resolve()
DATA = HERE.parent.parent / "datasets/mission-kortrijk/clients.csv"
TEAM = [[f"m{w}", "2017-01-01", ""] for w in range(1, 6)]
LEDGER = ["position", "client", "stratum", "arm", "probability", "worker", "worker_probability", "open", "places",
          "reason", "digest"]


def families():
    """Rows of the published list, in the order of arrival."""
    header, *rows = tap.read_csv(DATA)
    rows = [dict(zip(header, row)) for row in rows]
    return sorted(rows, key=lambda row: (row["enrolled"], row["family_id"].encode()))


def exits(rows, days):
    """Whoever comes leaves so many days later, served or not; each row holds id and date."""
    later = datetime.timedelta(days)
    return [[row["family_id"], str(datetime.date.fromisoformat(row["enrolled"]) + later)] for row in rows]


def write(folder, rows, places, leaving, team=None, kind="permuted", served="arm", **design):
    team = team or TEAM
    tap.write_csv(folder / "clients.csv", ["id", "enrolled", "far", "arm"], [
        [row["family_id"], row["enrolled"], row["far_from_market"], ""] for row in rows])
    tap.write_csv(folder / "team.csv", ["worker", "places", "from", "to"], [[w, places, begin, end] for w, begin, end in team])
    write_exits(folder, rows, leaving)
    capacity = {"file": "team.csv", "id": "worker", "places": "places", "from": "from", "to": "to", "arm": "ocm",
                "exits": {"file": "exits.csv", "id": "id", "date": "closed"}}
    tap.write_plan(folder / "plan.yaml", {
        "temoin": 1, "trial": {"id": "places"}, "clients": {"file": "clients.csv", "id": "id"},
        "arms": [{"name": "control"}, {"name": "ocm"}], "capacity": capacity,
        "providers": {"structure": "one_arm", "arm": "ocm"},
        "design": {"kind": kind, "arrival": "enrolled", "strata": ["far"], "seed": "places", **design}})


def write_exits(folder, rows, leaving):
    """A row for everybody; who is still there has no date."""
    gone = dict(leaving)
    tap.write_csv(folder / "exits.csv", ["id", "closed"], [[row["family_id"], gone.get(row["family_id"], "")] for row in rows])


def check(folder, rows, places, leaving, team=None):
    """Line by line, from the files alone. Returns the number of deferred."""
    team = {w: (begin, end or "9999") for w, begin, end in team or TEAM}
    gone, cases = dict(leaving), collections.defaultdict(list)
    header, *lines = tap.read_csv(folder / "out/ledger.csv")
    tap.equal(header, LEDGER)
    tap.equal([line[1] for line in lines], [row["family_id"] for row in rows])
    for row, line in zip(rows, lines):
        _, _, _, arm, probability, worker, chance, n_open, n_places, reason, _ = line
        day, came = row["enrolled"], row["family_id"]
        there = [w for w, (begin, end) in sorted(team.items()) if begin <= day < end]
        load = {w: sum(gone.get(c, "9999") > day for c in cases[w]) for w in team}
        free = [w for w in there if load[w] < places]
        tap.equal(max(load.values()) <= places, True)
        tap.equal((int(n_open), int(n_places)), (sum(load[w] for w in there), places * len(there)))
        tap.equal(reason, "" if free else "no_place")
        tap.equal((arm, probability, worker, chance) == ("", "", "", ""), not free)
        if arm == "ocm":
            least = [w for w in free if load[w] == min(load[w] for w in free)]
            tap.equal((worker in least, float(chance)), (True, 1 / len(least)))
            cases[worker].append(came)
        elif arm:
            tap.equal((arm, worker, chance), ("control", "", ""))
    return sum(line[9] == "no_place" for line in lines)


def in_folder(test):
    @functools.wraps(test)
    def run(*arguments):
        with tempfile.TemporaryDirectory(prefix="temoin-places-") as scratch:
            test(pathlib.Path(scratch), *arguments)
    return run


def assign(folder, **more):
    return tap.run(PROGRAM, "assign", folder / "plan.yaml", "-o", folder / "out", **more)


@in_folder
def enough_places(folder):
    """Five times 16, and nobody leaves: the ledger has the arms that the design draws without places."""
    rows = families()
    write(folder, rows, 16, [])
    assign(folder)
    tap.equal(check(folder, rows, 16, []), 0)
    drawn = [line[:5] for line in tap.read_csv(folder / "out/ledger.csv")]
    plan = (folder / "plan.yaml").read_text(encoding="utf-8")
    write(folder, rows, 10**6, [])
    tap.run(PROGRAM, "assign", folder / "plan.yaml", "-o", folder / "many", "-q")
    tap.equal([line[:5] for line in tap.read_csv(folder / "many/ledger.csv")], drawn)
    (folder / "plan.yaml").write_text(plan, encoding="utf-8")
    tap.run(PROGRAM, "verify", folder / "out", "-q")


@in_folder
def few_places(folder, kind, places, days):
    rows = families()
    leaving = exits(rows, days)
    design = {"factors": [{"column": "far"}]} if kind == "minimized" else {}
    write(folder, rows, places, leaving, kind=kind, **design)
    if kind == "minimized":
        plan = (folder / "plan.yaml").read_text(encoding="utf-8").replace('  "strata": [\n   "far"\n  ],\n', "")
        (folder / "plan.yaml").write_text(plan, encoding="utf-8")
    said = assign(folder)
    n = check(folder, rows, places, leaving)
    tap.equal(0 < n < len(rows), True)
    tap.equal(f"deferred: {n}, " in said, True)
    tap.run(PROGRAM, "verify", folder / "out", "-q")


@in_folder
def deferred_take_nothing(folder):
    """Whoever came to a full house may as well not have come: the others' arms and workers are those without them."""
    rows = families()
    leaving = exits(rows, 150)
    write(folder, rows, 3, leaving)
    assign(folder)
    lines = tap.read_csv(folder / "out/ledger.csv")[1:]
    stayed = {line[1]: line[3:9] for line in lines if not line[9]}
    tap.equal(0 < len(stayed) < len(rows), True)
    rest = [row for row in rows if row["family_id"] in stayed]
    write(folder, rest, 3, [row for row in leaving if row[0] in stayed])
    tap.run(PROGRAM, "assign", folder / "plan.yaml", "-o", folder / "rest", "-q")
    tap.equal({line[1]: line[3:9] for line in tap.read_csv(folder / "rest/ledger.csv")[1:]}, stayed)


@in_folder
def workers_come_and_go(folder):
    team = [["m1", "2017-04-01", "2018-06-01"], ["m2", "2017-09-01", ""], ["m3", "2018-01-15", "2018-02-01"]]
    rows = families()
    leaving = exits(rows, 90)
    write(folder, rows, 4, leaving, team)
    assign(folder)
    tap.equal(check(folder, rows, 4, leaving, team) > 0, True)
    served = {line[5] for line in tap.read_csv(folder / "out/ledger.csv")[1:]}
    tap.equal({"m1", "m2"} <= served, True)


@in_folder
def nobody_is_there(folder):
    rows = families()
    write(folder, rows, 4, [], [["m1", "2030-01-01", ""]])
    assign(folder)
    tap.equal(check(folder, rows, 4, [], [["m1", "2030-01-01", ""]]), len(rows))
    tap.run(PROGRAM, "verify", folder / "out", "-q")


@in_folder
def batches(folder, size):
    """Exits are entered as they happen: each run knows those up to its last arrival."""
    rows = families()
    whole = exits(rows, 150)
    last = rows[-1]["enrolled"]
    write(folder, rows, 3, [row for row in whole if row[1] <= last])
    tap.run(PROGRAM, "assign", folder / "plan.yaml", "--enrol", folder / "clients.csv", "-o", folder / "at once", "-q")
    header, *lines = tap.read_csv(folder / "clients.csv")
    tap.equal(check_all(folder, "at once"), len(rows))
    for start in range(0, len(rows), size):
        known = {row["family_id"] for row in rows[:start + size]}
        now = rows[min(start + size, len(rows)) - 1]["enrolled"]
        tap.write_csv(folder / "batch.csv", header, lines[start:start + size])
        write_exits(folder, rows[:start + size], [row for row in whole if row[1] <= now and row[0] in known])
        tap.run(PROGRAM, "assign", folder / "plan.yaml", "--enrol", folder / "batch.csv", "-o", folder / "out", "-q")
    tap.equal_bytes((folder / "out/ledger.csv").read_bytes(), (folder / "at once/ledger.csv").read_bytes(), "ledger.csv")
    tap.run(PROGRAM, "verify", folder / "out", "-q")


def check_all(folder, out):
    return len(tap.read_csv(folder / out / "ledger.csv")) - 1


@in_folder
def late_exits_rewrite_nothing(folder):
    """A place that was free, as is said afterwards, when somebody was drawn: the ledger stays, and the run says which line."""
    rows = families()
    write(folder, rows[:80], 3, [])
    assign(folder)
    served = next(line for line in tap.read_csv(folder / "out/ledger.csv")[1:] if line[3] == "ocm")
    before = tap.files_of(folder / "out")
    tap.write_csv(folder / "batch.csv", ["id", "enrolled", "far", "arm"],
                  [[row["family_id"], row["enrolled"], row["far_from_market"], ""] for row in rows[80:]])
    came = next(row["enrolled"] for row in rows if row["family_id"] == served[1])
    write_exits(folder, rows, [[served[1], came]])
    said = tap.run(PROGRAM, "assign", folder / "plan.yaml", "--enrol", folder / "batch.csv", "-o", folder / "out", status=3)
    tap.equal("ledger.csv: line " in said and "exits" in said, True)
    tap.equal(tap.files_of(folder / "out"), before)
    write_exits(folder, rows, [[served[1], rows[80]["enrolled"]]])
    tap.run(PROGRAM, "assign", folder / "plan.yaml", "--enrol", folder / "batch.csv", "-o", folder / "out", "-q")
    text = (folder / "out/ledger.csv").read_bytes()
    tap.equal(text.startswith(before["ledger.csv"]), True)


TESTS = [enough_places, deferred_take_nothing, workers_come_and_go, nobody_is_there, late_exits_rewrite_nothing]
TESTS = [(test.__name__.replace("_", " "), test) for test in TESTS]
TESTS += [(f"{kind}: five times {places} places for {days} days", functools.partial(few_places, kind, places, days))
          for kind in ("permuted", "biased_coin", "urn", "minimized") for places, days in ((3, 150), (1, 75), (3, 3650))]
TESTS += [(f"batches of {size}", functools.partial(batches, size)) for size in (112, 16, 1)]

if __name__ == "__main__":
    sys.exit(tap.main(TESTS))
