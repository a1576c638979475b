# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever is changed in a bundle, `temoin verify` exits with 4 and names the file, and of a file that was written by the
program the line. Speaks TAP. Argument: the program."""
import collections
import functools
import hashlib
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
PLACES = collections.Counter()  # in which something was changed, by the kind of file


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


def sealed():
    """The seed is kept elsewhere; who was shown which arm is logged, and the bundle is signed."""
    factors = [{"column": "site"}, {"column": "came", "weight": 2}]
    return plan(design={"kind": "minimized", "factors": factors, "seed_file": "seed.txt",
                        "seed_commitment": hashlib.sha256(b"9").hexdigest()})


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
    plans = {"assign": plan, "analyze": analysis, "two stages": two_stages, "few places": few_places, "enrol": grown,
             "custody": sealed}
    tap.write_plan(source / "plan.yaml", plans[verb]())
    (source / "seed.txt").write_text("9\n", "utf-8")
    if verb == "enrol":
        header, *rows = (source / "clients.csv").read_text("utf-8").splitlines(keepends=True)
    for part in (slice(0, 13), slice(13, 14), slice(14, None)) if verb == "enrol" else (None,):
        more = ["--enrol", source / "batch.csv"] if part else []
        if part:
            (source / "batch.csv").write_text(header + "".join(rows[part]), "utf-8")
        command = "analyze" if verb == "analyze" else "assign"
        tap.run(PROGRAM, command, source / "plan.yaml", "-o", FOLDER / verb, "--quiet", *more)
    if verb == "custody":
        tap.run(PROGRAM, "sign", "--new-key", FOLDER / "key")
        for u in (3, 20, 7):
            tap.run(PROGRAM, "reveal", FOLDER / verb, f"Zoë, {u}")
        tap.run(PROGRAM, "sign", FOLDER / verb, "--key", FOLDER / "key")
    tap.run(*verify(FOLDER / verb))
    return FOLDER / verb, tap.files_of(FOLDER / verb)


def verify(folder):
    held = ["--seed-file", FOLDER / "custody source/seed.txt", "--key", FOLDER / "key.pub"]
    return [PROGRAM, "verify", folder, *(held if folder.name == "custody" else [])]


def kind_of(name):
    kinds = {"ledger.csv": "ledgers", "workers.csv": "ledgers", "manifest.json": "manifests", "signature.json": "signatures",
             "reveals.csv": "reveals"}
    return "inputs" if name.startswith("inputs/") else kinds.get(name, "results and reports")


def check_found(folder, name, text, what):
    """Writes `text` in place of the file, verifies, and puts the file back."""
    path = folder / name
    original = path.read_bytes()
    path.write_bytes(text)
    done = subprocess.run(verify(folder), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    path.write_bytes(original)
    PLACES[kind_of(name)] += 1
    said = done.stdout.decode("utf-8", "replace")
    if name == "reveals.csv" and is_beginning(text, original):  # that is what the log was once: the noted head is another one
        return tap.equal((done.returncode, text[-65:] != original[-65:]), (0, True))
    if done.returncode != 4:
        raise AssertionError(f"{name}, {what}: exit status {done.returncode}\n{said:.1000}")
    line = first_line(original, text)
    if name == "manifest.json":  # it says of each input what it must be: the one or the other is named
        names, line = r"(manifest\.json|inputs/[^:]+)", None
    else:
        names = re.escape(name)
    place = rf"^different: {names}: " + (rf"line {line}\b" if line and is_output(name) else "")
    if not re.search(place, said, re.MULTILINE):
        raise AssertionError(f"{name}, {what}: no {place!r} in\n{said:.1000}")
    return None


def first_line(was, now):
    """Of the first byte that is another one."""
    same = next((i for i, (a, b) in enumerate(zip(was, now)) if a != b), min(len(was), len(now)))
    return was.count(b"\n", 0, same) + 1


def is_beginning(text, original):
    return len(text) < len(original) and text.endswith(b"\n") and original.startswith(text)


def is_output(name):
    return not name.startswith("inputs/") and name != "signature.json"


def change_bytes(chance, text):
    """In place; says what was done."""
    at, other, how = chance.randrange(len(text)), chance.randrange(len(text)), chance.randrange(4)
    if how == 0:
        text[at] ^= chance.randint(1, 255)
        return f"byte {at} flipped"
    if how == 1:
        del text[at]
        return f"byte {at} dropped"
    if how == 2:
        text.insert(at, chance.randrange(256))
        return f"a byte inserted before byte {at}"
    text[at], text[other] = text[other], text[at]
    return f"bytes {at} and {other} swapped"


def change_lines(chance, text):
    lines = text.splitlines(keepends=True)
    at, other, how = chance.randrange(len(lines)), chance.randrange(len(lines)), chance.randrange(4)
    if how == 0:
        del lines[at]
    elif how == 1:
        lines.insert(other, lines[at])
    elif how == 2:
        lines.insert(at, bytes(chance.sample(sorted(lines[other]), len(lines[other]))))
    else:
        lines[at], lines[other] = lines[other], lines[at]
    text[:] = b"".join(lines)
    words = ("dropped", f"again before line {other + 1}", "after a line of shuffled bytes", f"swapped with line {other + 1}")
    return f"line {at + 1} {words[how]}"


def changed(verb, change, n):
    folder, files = bundle(verb)
    chance, done = random.Random(f"{SEED} {verb} {change.__name__}"), 0
    while done < n:
        name = chance.choice(sorted(files))
        text = bytearray(files[name])
        what = change(chance, text)
        if text != files[name]:
            check_found(folder, name, bytes(text), what)
            done += 1


def chained(lines):
    """Their digests made anew, from the seed that is in the bundle."""
    last, out = hashlib.sha256(b"temoin/1\0tamper\0" + b"9\0ledger\0").hexdigest().encode(), []
    for line in lines:
        body = line[:line.rindex(b",")]
        last = hashlib.sha256(last + b"\n" + body).hexdigest().encode()
        out.append(body + b"," + last)
    return out


def sealed_again(manifest, old, new):
    """The manifest as it would be with the ledger `new` in place of `old`."""
    for of in (lambda ledger: hashlib.sha256(ledger).hexdigest().encode(), lambda ledger: ledger[-65:-1]):
        manifest = manifest.replace(of(old), of(new))
    body = b"".join(manifest.splitlines(keepends=True)[:-2])
    return body + b'  "seal": "' + hashlib.sha256(body).hexdigest().encode() + b'"\n}\n'


def forged(verb, n):
    """Two clients exchange their arms, and all digests are made anew, as if it had been drawn so: only the replay can tell."""
    folder, files = bundle(verb)
    ledger, manifest, chance = files["ledger.csv"], files["manifest.json"], random.Random(f"{SEED} {verb} forged")
    header, *lines = ledger.splitlines()
    tap.equal_bytes(b"\n".join([header, *chained(lines), b""]), ledger, "the ledger with digests made here")
    tap.equal_bytes(sealed_again(manifest, ledger, ledger), manifest, "the manifest with a seal made here")
    for _ in range(n):
        two = [line.rsplit(b",", 3) for line in lines]
        a, b = chance.choice([(a, b) for a in range(30) for b in range(a) if two[a][1] != two[b][1]])
        two[a][1:3], two[b][1:3] = two[b][1:3], two[a][1:3]
        false = b"\n".join([header, *chained([b",".join(words) for words in two]), b""])
        (folder / "manifest.json").write_bytes(sealed_again(manifest, ledger, false))
        check_found(folder, "ledger.csv", false, f"lines {b + 2} and {a + 2} have exchanged their arms")
        (folder / "manifest.json").write_bytes(manifest)


def truncated(verb):
    folder, files = bundle(verb)
    for name, text in files.items():
        for length in sorted({0, 1, len(text) // 2, len(text) - 2, len(text) - 1}):
            check_found(folder, name, text[:length], f"cut after byte {length}")
        check_found(folder, name, text + b"\n", "a line feed more")
        check_found(folder, name, text + b"\0", "a zero byte more")
        check_found(folder, name, b"\xef\xbb\xbf" + text, "a byte-order mark before it")
        check_found(folder, name, text.replace(b"\n", b"\r\n"), "line ends of another system")


def missing(verb):
    """But for the log of reveals: a bundle that nobody asked about has none."""
    folder, files = bundle(verb)
    for name, text in files.items():
        if name == "reveals.csv":
            continue
        (folder / name).unlink()
        said = tap.run(*verify(folder), status=1 if name == "manifest.json" else 4)
        (folder / name).write_bytes(text)
        assert name in said, said


def still_whole(verb):
    folder, files = bundle(verb)
    tap.equal(tap.files_of(folder), files)
    tap.run(*verify(folder))


def enough():
    print(f"# {sum(PLACES.values())} places: " + ", ".join(f"{n} in {kind}" for kind, n in sorted(PLACES.items())))
    tap.equal(sum(PLACES[kind] for kind in ("ledgers", "manifests", "inputs")) >= 1000, True)


VERBS = ["assign", "analyze", "two stages", "enrol", "few places", "custody"]
CASES = [("300 bytes flipped, dropped, inserted or swapped", changed, change_bytes, 300),
         ("80 lines dropped, inserted or swapped", changed, change_lines, 80),
         ("cut and grown files", truncated), ("missing files", missing),
         ("every file put back, the bundle replays", still_whole)]
TESTS = [(f"{verb}: {name}", functools.partial(test, verb, *more)) for verb in VERBS for name, test, *more in CASES]
TESTS += [(f"{verb}: 20 forged ledgers", functools.partial(forged, verb, 20)) for verb in ("assign", "enrol")]
TESTS += [("a thousand places in ledgers, manifests and inputs", enough)]

if __name__ == "__main__":
    print(f"# seed {SEED}")
    status = tap.main(TESTS)
    SCRATCH.cleanup()
    sys.exit(status)
