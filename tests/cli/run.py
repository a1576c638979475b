# SPDX-License-Identifier: GPL-3.0-or-later
"""Golden tests of the program: what a command line prints, returns and writes.

A case is a folder TOPIC/CASE beside this file:
    cmd         one shell command line; `temoin` is on the PATH, @SOURCE@ and @REFERENCE@ are the roots of the sources and
                of the reference data (without these the case is skipped)
    expected    its standard output and standard error, as they came
    status      its exit status, when it is not 0
    files/NAME  a file that it writes, compared byte for byte
    others      its input; every run has a fresh copy
The suite also runs under other locales: a case that sorts with a foreign program says LC_ALL=C before it.
`run.py --program build/temoin --update [CASE...]` writes what came into expected, status and the listed files.
"""
import argparse
import difflib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

HERE = pathlib.Path(__file__).resolve().parent
PARTS = {"cmd", "expected", "status", "files"}
TIMEOUT = 120


class Case:
    def __init__(self, folder):
        self.folder = folder
        self.name = folder.relative_to(HERE).as_posix()
        self.command = (folder / "cmd").read_text(encoding="utf-8").strip()
        self.expected = read_bytes(folder / "expected")
        self.status = int((read_bytes(folder / "status") or b"0").strip())
        root = folder / "files"
        self.files = sorted(p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file())


def read_bytes(path):
    return path.read_bytes() if path.is_file() else None


def copy_input(case, scratch):
    for item in case.folder.iterdir():
        if item.name in PARTS:
            continue
        if item.is_dir():
            shutil.copytree(item, scratch / item.name)
        else:
            shutil.copy(item, scratch)


def run_command(case, options, scratch):
    roots = {"@SOURCE@": options.source, "@REFERENCE@": options.reference}
    command = case.command
    for word, root in roots.items():
        command = command.replace(word, root)
    environment = dict(os.environ, TERM="dumb", PATH=f"{options.program.parent}:{os.environ['PATH']}")
    try:
        done = subprocess.run(["sh", "-c", command], cwd=scratch, env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIMEOUT)
        output, status = done.stdout, done.returncode
    except subprocess.TimeoutExpired as stopped:
        output, status = (stopped.stdout or b"") + b"(stopped: too slow)\n", -1
    # The reference root first: it is the longer path where it lies inside or beside the sources.
    for root, word in sorted(((r, w) for w, r in roots.items() if r), key=lambda pair: -len(pair[0])):
        output = output.replace(root.encode(), word.encode())
    return output.replace(str(scratch).encode(), b"@SCRATCH@"), status


def differences(name, want, got):
    if want == got:
        return []
    if want is None or got is None:
        return [f"{name}: {'there is no golden file' if want is None else 'was not written'}"] + [
            "+" + line for line in (got or b"").decode("utf-8", "replace").splitlines()]
    before, after = (text.decode("utf-8", "backslashreplace").splitlines() for text in (want, got))
    lines = list(difflib.unified_diff(before, after, f"{name} (golden)", f"{name} (now)", lineterm=""))
    return lines or [f"{name}: differs in line ends or in bytes that are not text"]


def update(case, output, status, written):
    (case.folder / "expected").write_bytes(output)
    if status:
        (case.folder / "status").write_text(f"{status}\n", encoding="utf-8")
    else:
        (case.folder / "status").unlink(missing_ok=True)
    for name, data in written.items():
        if data is not None:
            (case.folder / "files" / name).write_bytes(data)


def run_case(case, options):
    if "@REFERENCE@" in case.command and not os.path.isdir(options.reference):
        return "skip", []
    with tempfile.TemporaryDirectory(prefix="temoin-cli-") as folder:
        scratch = pathlib.Path(folder).resolve()
        copy_input(case, scratch)
        output, status = run_command(case, options, scratch)
        written = {name: read_bytes(scratch / name) for name in case.files}
    if options.update:
        update(case, output, status, written)
        return "ok", []
    lines = differences("expected", case.expected, output)
    if status != case.status:
        lines.append(f"exit status {status}, expected {case.status}")
    for name in case.files:
        lines += differences(f"files/{name}", read_bytes(case.folder / "files" / name), written[name])
    return ("not ok" if lines else "ok"), lines


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True, type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("--source", default=str(HERE.parent.parent))
    parser.add_argument("--reference", default=os.environ.get("TEMOIN_REFERENCE", ""))
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("cases", nargs="*", help="parts of case names; all cases unless given")
    options = parser.parse_args()
    options.source = os.path.realpath(options.source)
    options.reference = os.path.realpath(options.reference or os.path.join(options.source, "../shared/reference"))
    return options


def main():
    options = read_arguments()
    cases = [Case(path.parent) for path in sorted(HERE.glob("*/*/cmd"))]
    cases = [case for case in cases if not options.cases or any(part in case.name for part in options.cases)]
    print(f"1..{len(cases)}" if cases else "1..0 # SKIP there are no cases", flush=True)
    failed = 0
    with ThreadPoolExecutor(options.threads) as pool:
        results = pool.map(lambda case: run_case(case, options), cases)
        for number, (case, (result, lines)) in enumerate(zip(cases, results), 1):
            if result == "skip":
                print(f"ok {number} - {case.name} # SKIP the reference data are not there", flush=True)
            else:
                print("\n".join([f"{result} {number} - {case.name}", *("# " + line for line in lines)]), flush=True)
            failed += result == "not ok"
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
