# SPDX-License-Identifier: GPL-3.0-or-later
"""Adds up what `meson test` wrote: tests, not executables. Arguments are NAME:EXIT STATUS:JSON LOG, one per run.

Shows the output of every executable that failed; the last line is `N passed, N failed, N skipped`; exit status 1 if any
failed. A test that was announced but never reported (a crash, a timeout) has failed.
"""
import json
import os
import re
import sys

LINE = re.compile(r"(not )?ok\b[^#]*(?:#\s*(skip|todo)\b)?", re.IGNORECASE)
PLAN = re.compile(r"1\.\.(\d+)(\s*#\s*skip)?", re.IGNORECASE)


def count_tap(text):
    passed = failed = skipped = planned = 0
    for line in text.splitlines():
        plan, result = PLAN.match(line), LINE.match(line)
        if plan:
            planned += int(plan[1])
            skipped += bool(plan[2])
        elif result and (result[2] or "").lower() == "skip":
            skipped += 1
        elif result and result[1]:
            failed += 1
        elif result:
            passed += 1
    return passed, failed, skipped, max(0, planned - passed - failed - skipped)


def count_executable(entry):
    passed, failed, skipped, unreported = count_tap(entry.get("stdout") or "")
    good = entry["result"] in ("OK", "SKIP", "EXPECTEDFAIL")
    failed += unreported
    if not good and failed == 0:
        failed = 1
    if good and passed + failed + skipped == 0:
        passed, skipped = (0, 1) if entry["result"] == "SKIP" else (1, 0)
    return passed, failed, skipped


def show(run, entry):
    print(f"\n==== {run}: {entry['name']}: {entry['result']}")
    for stream in "stdout", "stderr":
        lines = (entry.get(stream) or "").splitlines()
        if stream == "stdout":
            lines = [line for line in lines if not re.match(r"ok\b(?!.*#\s*skip)", line, re.IGNORECASE)]
        for line in lines[:400]:
            print(line)
        if len(lines) > 400:
            print(f"... {len(lines) - 400} more lines")


def read_run(path):
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8", errors="replace") as log:
        return [json.loads(line) for line in log if line.strip()]


def add_run(run, status, path, total):
    entries = read_run(path)
    before = list(total)
    for entry in entries:
        counts = count_executable(entry)
        total[:] = [t + c for t, c in zip(total, counts)]
        if counts[1]:
            show(run, entry)
        elif counts[2]:
            for line in (entry.get("stdout") or "").splitlines():
                if re.search(r"#\s*skip", line, re.IGNORECASE):
                    print(f"skipped in {run}, {entry['name']}: {line}")
    if (not entries or status != 0) and total[1] == before[1]:
        print(f"\n==== {run}: meson test ended with status {status} after {len(entries)} executables")
        total[1] += 1
    passed, failed, skipped = (t - b for t, b in zip(total, before))
    print(f"{run}: {passed} passed, {failed} failed, {skipped} skipped")


def main():
    total = [0, 0, 0]
    for argument in sys.argv[1:]:
        run, status, path = argument.split(":", 2)
        add_run(run, int(status), path, total)
    print("{} passed, {} failed, {} skipped".format(*total))
    return 1 if total[1] or not total[0] else 0


if __name__ == "__main__":
    sys.exit(main())
