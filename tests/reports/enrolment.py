# SPDX-License-Identifier: GPL-3.0-or-later
"""A ledger that grows: any number of batches gives the same bundle, lines that are drawn never move, and whatever does not fit
is refused with its line. Speaks TAP. Argument: the program."""
import functools
import pathlib
import re
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / "support"), str(pathlib.Path(__file__).resolve().parent)]
import enrolling  # noqa: E402
import tap  # noqa: E402

PROGRAM = pathlib.Path(sys.argv[1]).resolve()
SCRATCH = tempfile.TemporaryDirectory(prefix="temoin-enrol-")
FOLDER = pathlib.Path(SCRATCH.name)


def enrol(plan, batch, out, *options, **more):
    return tap.run(PROGRAM, "assign", plan, "--enrol", batch, "-o", out, *options, **more)


@functools.lru_cache(maxsize=None)
def grown(kind, n, **more):
    """The bundle of n batches, whose ledger at each step begins with the one before."""
    name = "-".join([kind, str(n), *more])
    plan, out = FOLDER / f"{name}.yaml", FOLDER / name
    enrolling.write_plan(plan, kind, **more)
    before = b""
    for batch in enrolling.write_batches(FOLDER / "batches", n):
        enrol(plan, batch, out, "--quiet")
        ledger = (out / "ledger.csv").read_bytes()
        tap.equal_bytes(ledger[:len(before)], before, "the beginning of ledger.csv")
        assert len(ledger) > len(before)
        before = ledger
    tap.equal(sorted(p.name for p in FOLDER.iterdir() if p.name.endswith("unfinished")), [])
    return out


def same_bundle(kind, numbers, **more):
    expected = tap.files_of(grown(kind, 1, **more))
    tap.equal(sorted(expected), ["inputs/clients.csv", "inputs/plan.yaml", "ledger.csv", "manifest.json"])
    for n in numbers:
        found = tap.files_of(grown(kind, n, **more))
        tap.equal(sorted(found), sorted(expected))
        for name in expected:
            tap.equal_bytes(found[name], expected[name], f"{kind} in {n} batches: {name}")
    rows = tap.read_csv(grown(kind, 1, **more) / "ledger.csv")[1:]
    tap.equal([row[0] for row in rows], [str(k + 1) for k in range(112)])
    tap.equal([row[1] for row in rows], [row.split(b",")[0].decode() for row in enrolling.families()[1]])
    tap.run(PROGRAM, "verify", grown(kind, numbers[-1], **more))


def same_as_plain_assign():
    """All rows in the plan's own file, in any order."""
    header, rows = enrolling.families()
    (FOLDER / "plain").mkdir()
    enrolling.write_plan(FOLDER / "plain/plan.yaml", "permuted")
    (FOLDER / "plain/not-read.csv").write_bytes(header + b"".join(sorted(rows, reverse=True)))
    tap.run(PROGRAM, "assign", FOLDER / "plain/plan.yaml", "-o", FOLDER / "plain/out", "--quiet")
    tap.equal_bytes((FOLDER / "plain/out/ledger.csv").read_bytes(), (grown("permuted", 1) / "ledger.csv").read_bytes(),
                    "ledger.csv")


def rows_are_the_order_without_a_column():
    """Then, and only then, the order of the rows means something."""
    header, rows = enrolling.families()
    folder = FOLDER / "rows"
    folder.mkdir()
    enrolling.write_plan(folder / "plan.yaml", "permuted", arrival=None)
    (folder / "all.csv").write_bytes(header + b"".join(rows[::-1]))
    enrol(folder / "plan.yaml", folder / "all.csv", folder / "one", "--quiet")
    for k, row in enumerate(rows[::-1][:3]):
        (folder / "part.csv").write_bytes(header + row)
        enrol(folder / "plan.yaml", folder / "part.csv", folder / "three", "--quiet")
    (folder / "part.csv").write_bytes(header + b"".join(rows[::-1][3:]))
    enrol(folder / "plan.yaml", folder / "part.csv", folder / "three", "--quiet")
    tap.equal(tap.files_of(folder / "one"), tap.files_of(folder / "three"))
    tap.equal([row[1] for row in tap.read_csv(folder / "one/ledger.csv")[1:4]],
              [row.split(b",")[0].decode() for row in rows[:-4:-1]])


def line_ends():
    """A batch without a last line feed, with a byte-order mark, with the line ends of another system."""
    folder = FOLDER / "ends"
    paths = enrolling.write_batches(folder, 4)
    enrolling.write_plan(folder / "plan.yaml", "permuted")
    texts = [path.read_bytes() for path in paths]
    paths[0].write_bytes(b"\xef\xbb\xbf\n" + texts[0][:-1])
    paths[1].write_bytes(b"\xef\xbb\xbf" + texts[1].replace(b"\n", b"\r\n"))
    paths[2].write_bytes(b"\n\n" + texts[2])
    paths[3].write_bytes(texts[3][:-1])
    for path in paths:
        enrol(folder / "plan.yaml", path, folder / "out", "--quiet")
    tap.equal_bytes((folder / "out/ledger.csv").read_bytes(), (grown("permuted", 1) / "ledger.csv").read_bytes(), "ledger.csv")
    tap.equal_bytes((folder / "out/inputs/clients.csv").read_bytes().replace(b"\r", b"").replace(b"\xef\xbb\xbf\n", b""),
                    (grown("permuted", 1) / "inputs/clients.csv").read_bytes(), "clients.csv")
    tap.run(PROGRAM, "verify", folder / "out")


@functools.lru_cache(maxsize=None)
def begun():
    """A folder with a plan, three batches, and a ledger of the first."""
    folder = FOLDER / "begun"
    enrolling.write_batches(folder, 3)
    enrolling.write_plan(folder / "plan.yaml", "permuted")
    enrol("plan.yaml", "001-of-3.csv", "out", "--quiet", cwd=folder)
    return folder


def refused(why, batch="002-of-3.csv", plan="plan.yaml", status=3, out="out"):
    folder = begun()
    before = tap.files_of(folder / out)
    said = enrol(plan, batch, out, status=status, cwd=folder)
    tap.equal(tap.files_of(folder / out), before)
    tap.equal([p.name for p in folder.iterdir() if p.name.startswith(".")], [])
    if not re.fullmatch(why + "\n", said):
        raise AssertionError(f"{said!r}\nis not {why!r}")


def write_batch(*rows, header=None, name="batch.csv"):
    first, all_rows = enrolling.families()
    text = b"".join(row if isinstance(row, bytes) else all_rows[row] for row in rows)
    (begun() / name).write_bytes((header or first) + text)
    return name


def wrong_batches():
    header, rows = enrolling.families()
    refused(r'temoin: batch.csv: line 3, column "family_id": client "k002" is enrolled already, on line 3 of '
            r"out/inputs/clients.csv; take the row out", write_batch(50, 1))
    late = rows[3].replace(b"k004", b"zzz")
    refused(r'temoin: batch.csv: line 2, column "enrolled": client "zzz" came before client "k037", the last of the ledger, '
            r"whose lines stay where they are; enrol clients in the order in which they come, or say when this one was "
            r"enrolled",
            write_batch(late, 60))
    same_day = rows[36].replace(b"k037", b"k036a")  # the same day, but before in the order of ids
    refused(r'temoin: batch.csv: line 2, .* client "k036a" came before client "k037".*', write_batch(same_day))
    refused(r'temoin: batch.csv: line 1: the header has "ages" where out/inputs/clients.csv has "age"; give the same columns '
            r"in the same order, written the same way", write_batch(60, header=header.replace(b",age,", b",ages,")))
    refused(r'temoin: batch.csv: line 1: the header has "case_closed " where .* has "case_closed"; .*',
            write_batch(60, header=header[:-1] + b" \n"))
    refused(r"temoin: batch.csv: found a header and no rows; it needs at least one row", write_batch())
    refused(r'temoin: batch.csv: line 2, column "enrolled": empty, but design.arrival .*',
            write_batch(rows[60].replace(rows[60].split(b",")[4], b"")))
    refused(r'temoin: batch.csv: line 3, column "district": empty, so the client is in no stratum; fill it in',
            write_batch(60, b"x1,," + b",".join(rows[61].split(b",")[2:])))
    refused(r'temoin: batch.csv: line 3, column "family_id": client "k061" is already on line 2; keep one row per client',
            write_batch(60, 60))
    refused(r"temoin: nowhere.csv: cannot open: No such file or directory", "nowhere.csv", status=1)


def wrong_plans():
    folder = begun()
    text = (folder / "plan.yaml").read_text("utf-8")
    (folder / "other.yaml").write_text(text.replace("2017-04-01", "2017-04-02"), "utf-8")
    refused(r'temoin: other.yaml: line \d+: found ".*2017-04-02.*", but the ledger was begun with out/inputs/plan.yaml, which '
            r'has ".*2017-04-01.*" there; enrol with that plan, or begin another ledger with -o', plan="other.yaml")
    (folder / "longer.yaml").write_text(text + "\n# more", "utf-8")
    refused(r"temoin: longer.yaml: line \d+: found .*", plan="longer.yaml")
    (folder / "blocked.yaml").write_text(re.sub(r'"arrival": "enrolled",|"block_sizes": \[[^]]*\],?', "", text).replace(
        '"permuted"', '"blocked"').replace('],\n  \n', ']\n').replace(",\n  \n }", "\n }"), "utf-8")
    refused(r'temoin: blocked.yaml: line \d+: "blocked" draws all clients at once, so nobody can be enrolled later; designs '
            r"that take clients as they come: permuted, biased_coin, urn, minimized", plan="blocked.yaml")


def wrong_folders():
    """A bundle whose parts do not belong together is not grown."""
    folder = begun()
    for name, change, why in (
            ("ledger.csv", lambda text: text.replace(b",ocm,", b",OCM,", 1), r"temoin: out/ledger.csv: line \d+ is not what "
             r"the clients in out/inputs/clients.csv draw: .*"),
            ("ledger.csv", lambda text: text + b"more\n", r"temoin: out/ledger.csv: line 39 is not what .*"),
            ("inputs/clients.csv", lambda text: text.replace(b",25,", b",26,", 1), r"temoin: out/inputs/clients.csv: is not "
             r"the file that manifest.json tells of; .*"),
            ("inputs/plan.yaml", lambda text: text + b"\n", r"temoin: plan.yaml: line \d+: found .*"),
            ("manifest.json", lambda text: text[:-9], r"temoin: out/manifest.json: line \d+.*")):
        path = folder / "out" / name
        text = path.read_bytes()
        assert change(text) != text
        path.write_bytes(change(text))
        refused(why)
        path.write_bytes(text)
    (folder / "out/manifest.json").rename(folder / "manifest.json")
    refused(r"temoin: out/ledger.csv: there is a ledger, but no manifest.json beside it; .*")
    (folder / "manifest.json").rename(folder / "out/manifest.json")
    tap.run(PROGRAM, "verify", folder / "out")


def dry_run():
    folder = begun()
    before = tap.files_of(folder)
    said = enrol("plan.yaml", "002-of-3.csv", "out", "--dry-run", cwd=folder)
    tap.equal(said.splitlines()[-2:], ["37 clients are in the ledger, 37 would be enrolled",
                                       "these are expectations; nothing was written"])
    strata = {}
    for row in enrolling.families()[1][:74]:
        strata.setdefault(b"|".join(row.split(b",")[1:3]).decode(), []).append(row)
    tap.equal(said.splitlines()[:-2], [
        f"{s}: {len(strata[s])} client{'s' * (len(strata[s]) > 1)}: " + ", ".join(
            f"{arm} {len(strata[s]) / 2:.2f} (probability 0.5)".replace(".00 ", " ") for arm in ("control", "ocm"))
        for s in sorted(strata, key=str.encode)])
    enrol("plan.yaml", "001-of-3.csv", "elsewhere", "--dry-run", cwd=folder)
    tap.equal(tap.files_of(folder), before)
    tap.equal(enrol("plan.yaml", "001-of-3.csv", "out", "--dry-run", status=3, cwd=folder).count("is enrolled already"), 20)


def plain_dry_run():
    folder = FOLDER / "dry"
    folder.mkdir()
    tap.write_csv(folder / "clients.csv", ["id"], [[f"c{u}"] for u in range(8)])
    tap.write_plan(folder / "plan.yaml", {"temoin": 1, "trial": {"id": "t"}, "clients": {"file": "clients.csv", "id": "id"},
                                          "arms": [{"name": "a", "share": 1}, {"name": "b", "share": 2}],
                                          "design": {"kind": "complete", "seed": "s"}})
    tap.equal(tap.run(PROGRAM, "assign", "plan.yaml", "--dry-run", cwd=folder),
              "8 clients: a 2.67 (probability 0.3333333333333333), b 5.33 (probability 0.6666666666666666)\n"
              "these are expectations; nothing was written\n")
    tap.equal(sorted(p.name for p in folder.iterdir()), ["clients.csv", "plan.yaml"])


def users_files_stay():
    """Whatever else lies in the folder: files, folders, links."""
    folder = FOLDER / "mine"
    first, second = enrolling.write_batches(folder, 2)
    enrolling.write_plan(folder / "plan.yaml", "urn")
    out = folder / "out"
    (out / "inputs").mkdir(parents=True)
    (out / "notes/deep").mkdir(parents=True)
    for name in ("notes.txt", ".hidden", "inputs/mine.csv", "notes/deep/a"):
        (out / name).write_text(name)
    (out / "link").symlink_to("notes.txt")
    (out / "broken").symlink_to("nowhere")
    out.chmod(0o750)
    for batch in (first, second):
        enrol(folder / "plan.yaml", batch, out, "--quiet")
        for name in ("notes.txt", ".hidden", "inputs/mine.csv", "notes/deep/a"):
            tap.equal((out / name).read_text(), name)
        tap.equal([str((out / name).readlink()) for name in ("link", "broken")], ["notes.txt", "nowhere"])
        tap.equal(out.stat().st_mode & 0o7777, 0o750)
        tap.equal((out / "notes.txt").stat().st_nlink, 1)
        tap.run(PROGRAM, "verify", out)


def from_inside():
    """Whoever stands in the folder, or in one inside of it, still stands in it afterwards."""
    folder = FOLDER / "inside"
    first, second, third = enrolling.write_batches(folder, 3)
    enrolling.write_plan(folder / "plan.yaml", "permuted")
    enrol(folder / "plan.yaml", first, folder / "out", "--quiet")
    before = (folder / "out").stat().st_ino
    enrol("../plan.yaml", second, ".", "--quiet", cwd=folder / "out")
    enrol("../../plan.yaml", third, "..", "--quiet", cwd=folder / "out/inputs")
    tap.equal((folder / "out").stat().st_ino, before)
    tap.equal(sorted(p.name for p in (folder / "out").iterdir()), ["inputs", "ledger.csv", "manifest.json"])
    tap.equal_bytes((folder / "out/ledger.csv").read_bytes(), (grown("permuted", 1) / "ledger.csv").read_bytes(), "ledger.csv")


TESTS = [(f"{kind} in {' and '.join(map(str, ns))} batches as in one", functools.partial(same_bundle, kind, ns))
         for kind, ns in (("permuted", (7, 112)), ("minimized", (7, 112)), ("biased_coin", (5,)), ("urn", (16,)))]
TESTS += [(test.__name__.replace("_", " "), test) for test in (
    same_as_plain_assign, rows_are_the_order_without_a_column, line_ends, wrong_batches, wrong_plans, wrong_folders, dry_run,
    plain_dry_run, users_files_stay, from_inside)]

if __name__ == "__main__":
    status = tap.main(TESTS)
    SCRATCH.cleanup()
    sys.exit(status)
