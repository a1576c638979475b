# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs test functions and reports them as TAP; runs the program; writes plans and tables for it."""
import csv
import json
import subprocess
import traceback


class Skip(Exception):
    """A test that cannot be done here, with the reason."""


def equal(found, expected):
    if found != expected:
        raise AssertionError(f"{found!r:.500}, expected {expected!r:.500}")


def equal_bytes(found, expected, name):
    """Names the first line that differs."""
    if found == expected:
        return
    ours, theirs = found.split(b"\n"), expected.split(b"\n")
    line = next((i for i, (a, b) in enumerate(zip(ours, theirs)) if a != b), min(len(ours), len(theirs)))
    shown = [repr(lines[line][:400]) if line < len(lines) else "nothing" for lines in (ours, theirs)]
    raise AssertionError(f"{name}: line {line + 1} is\n  {shown[0]}\nexpected\n  {shown[1]}")


def run(*command, status=0, **more):
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600,
                          **more)
    text = done.stdout.decode("utf-8", "replace")
    if done.returncode != status:
        raise AssertionError(f"{' '.join(map(str, command))}: exit status {done.returncode}\n{text:.2000}")
    return text


def files_of(folder):
    """Path inside the folder → bytes."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def read_csv(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def write_csv(path, header, rows):
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC).writerows([header, *rows])


def write_plan(path, plan):
    """JSON is YAML."""
    path.write_text(json.dumps(plan, ensure_ascii=False, indent=1), encoding="utf-8")


def main(tests):
    """tests: (name, function without arguments). Returns the exit status."""
    failed = 0
    print(f"1..{len(tests)}", flush=True)
    for number, (name, test) in enumerate(tests, 1):
        result, after, why = "ok", "", []
        try:
            test()
        except Skip as skip:
            after = f" # SKIP {skip}"
        except Exception as problem:  # a crash of one case must not hide the others
            result, failed = "not ok", failed + 1
            why = str(problem).splitlines() if isinstance(problem, AssertionError) and str(problem) else \
                traceback.format_exc().splitlines()
        print(f"{result} {number} - {name}{after}", flush=True)
        for line in why[:60]:
            print(f"# {line}", flush=True)
    return 1 if failed else 0
