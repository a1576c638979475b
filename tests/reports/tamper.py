# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever is changed in a bundle, `temoin verify` exits with 4 and names the file, and of a file that was written by the
program the line. Speaks TAP. Argument: the program."""
import functools
import pathlib
import random
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import tap  # noqa: E402

PROGRAM = pathlib.Path(sys.argv[1]).resolve()
SCRATCH = tempfile.TemporaryDirectory(prefix="temoin-tamper-")
FOLDER = pathlib.Path(SCRATCH.name)
SEED = 20170401


def plan(**more):
    return {"temoin": 1, "trial": {"id": "tamper", "title": {"en": "Tampered"}}, "clients": {"file": "clients.csv", "id": "id"},
            "arms": [{"name": "control", "share": 1}, {"name": "help", "share": 2}],
            "design": {"kind": "blocked", "strata": ["site"], "seed": "9"}, **more}


def two_stages():
    return plan(design={"kind": "two_stage", "strata": ["site"], "seed": "9", "workers": {"file": "team.csv", "id": "name"}})


def few_places():
    return plan(design={"kind": "permuted", "arrival": "came", "seed": "9"}, arms=[{"name": "control"}, {"name": "help"}],
                capacity={"file": "few.csv", "id": "name", "places": "places", "arm": "help",
                          "exits": {"file": "left.csv", "id": "id", "date": "left"}})


def grown():
    return plan(design={"kind": "urn", "strata": ["site"], "seed": "9"})


def analysis():
    estimates = [{"name": "main", "measures": ["work"], "waves": ["3"], "estimator": "ols", "variance": "hc2"},
                 {"name": "plain", "measures": ["work"], "waves": ["3"], "estimator": "dim", "variance": "neyman"}]
    return plan(outcomes=[{"file": "outcomes.csv", "id": "id", "wave": "month"}], estimates=estimates,
                measures=[{"name": "work", "kind": "continuous", "baseline": 0}], report={"languages": ["en"], "min_cell": 2})


@functools.lru_cache(maxsize=None)
def bundle(verb):
    """The folder and the bytes of its files."""
    chance, source = random.Random(SEED), FOLDER / f"{verb} source"
    source.mkdir()
    tap.write_csv(source / "clients.csv", ["id", "site", "came"],
                  [[f"Zoë, {u}", "a|b" if u % 3 else "ü", f"2020-01-{u + 1:02}"] for u in range(30)])
    tap.write_csv(source / "few.csv", ["name", "places"], [["v", 2], ["w, x", 3]])
    left = [[f"Zoë, {u}", f"2020-02-{u % 28 + 1:02}" if u % 2 else ""] for u in range(30)]
    tap.write_csv(source / "left.csv", ["id", "left"], left)
    tap.write_csv(source / "outcomes.csv", ["id", "month", "work"],
                  [[f"Zoë, {u}", wave, round(chance.gauss(5, 2), 2)] for u in range(30) for wave in (0, 3)])
    tap.write_csv(source / "team.csv", ["name", "site"], [[f"w, {w}", "a|b" if w % 2 else "ü"] for w in range(9)])
    plans = {"assign": plan, "analyze": analysis, "two stages": two_stages, "few places": few_places, "enrol": grown}
    tap.write_plan(source / "plan.yaml", plans[verb]())
    if verb == "enrol":
        header, *rows = (source / "clients.csv").read_text("utf-8").splitlines(keepends=True)
    for part in (slice(0, 13), slice(13, 14), slice(14, None)) if verb == "enrol" else (None,):
        more = ["--enrol", source / "batch.csv"] if part else []
        if part:
            (source / "batch.csv").write_text(header + "".join(rows[part]), "utf-8")
        command = "analyze" if verb == "analyze" else "assign"
        tap.run(PROGRAM, command, source / "plan.yaml", "-o", FOLDER / verb, "--quiet", *more)
    tap.run(PROGRAM, "verify", FOLDER / verb)
    return FOLDER / verb, tap.files_of(FOLDER / verb)


def check_found(folder, name, text, what, line=None):
    """Writes `text` in place of the file, verifies, and puts the file back."""
    path = folder / name
    original = path.read_bytes()
    path.write_bytes(text)
    done = subprocess.run([PROGRAM, "verify", folder], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    path.write_bytes(original)
    said = done.stdout.decode("utf-8", "replace")
    if done.returncode != 4:
        raise AssertionError(f"{name}, {what}: exit status {done.returncode}\n{said:.1000}")
    if name == "manifest.json":  # it says of each input what it must be: the one or the other is named
        names, line = r"(manifest\.json|inputs/[^:]+)", None
    else:
        names = re.escape(name)
    place = rf"^different: {names}: " + (rf"line {line}\b" if line else "")
    if not re.search(place, said):
        raise AssertionError(f"{name}, {what}: no {place!r} in\n{said:.1000}")


def is_output(name):
    return not name.startswith("inputs/")


def flipped(verb, n):
    folder, files = bundle(verb)
    chance = random.Random(f"{SEED} {verb} bytes")
    for _ in range(n):
        name = chance.choice(sorted(files))
        text = bytearray(files[name])
        at = chance.randrange(len(text))
        text[at] ^= chance.randint(1, 255)
        line = files[name].count(b"\n", 0, at) + 1
        check_found(folder, name, text, f"byte {at} is {text[at]}, not {files[name][at]}", is_output(name) and line)


def rearranged(verb, n):
    folder, files = bundle(verb)
    chance, done = random.Random(f"{SEED} {verb} lines"), 0
    while done < n:
        name = chance.choice(sorted(files))
        lines = files[name].splitlines(keepends=True)
        was, at, other, how = list(lines), chance.randrange(len(lines)), chance.randrange(len(lines)), chance.randrange(3)
        if how == 0:
            del lines[at]
        elif how == 1:
            lines.insert(other, lines[at])
        else:
            lines[at], lines[other] = lines[other], lines[at]
        if lines == was:
            continue
        done += 1
        line = next((i for i, (a, b) in enumerate(zip(lines, was), 1) if a != b), min(len(lines), len(was)) + 1)
        what = f"line {at + 1} {('deleted', f'again before line {other + 1}', f'swapped with line {other + 1}')[how]}"
        check_found(folder, name, b"".join(lines), what, is_output(name) and line)


def truncated(verb):
    folder, files = bundle(verb)
    for name, text in files.items():
        for length in sorted({0, 1, len(text) // 2, len(text) - 2, len(text) - 1}):
            line = text.count(b"\n", 0, length) + 1
            check_found(folder, name, text[:length], f"cut after byte {length}", is_output(name) and line)
        check_found(folder, name, text + b"\n", "a line feed more")
        check_found(folder, name, text + b"\0", "a zero byte more")
        check_found(folder, name, b"\xef\xbb\xbf" + text, "a byte-order mark before it")
        check_found(folder, name, text.replace(b"\n", b"\r\n"), "line ends of another system")


def missing(verb):
    folder, files = bundle(verb)
    for name, text in files.items():
        (folder / name).unlink()
        said = tap.run(PROGRAM, "verify", folder, status=1 if name == "manifest.json" else 4)
        (folder / name).write_bytes(text)
        assert name in said, said


def still_whole(verb):
    folder, files = bundle(verb)
    tap.equal(tap.files_of(folder), files)
    tap.run(PROGRAM, "verify", folder)


CASES = [("300 flipped bytes", flipped, 300), ("70 lines deleted, repeated or swapped", rearranged, 70),
         ("cut and grown files", truncated), ("missing files", missing),
         ("every file put back, the bundle replays", still_whole)]
TESTS = [(f"{verb}: {name}", functools.partial(test, verb, *more))
         for verb in ("assign", "analyze", "two stages", "enrol", "few places") for name, test, *more in CASES]

if __name__ == "__main__":
    print(f"# seed {SEED}")
    status = tap.main(TESTS)
    SCRATCH.cleanup()
    sys.exit(status)
