# SPDX-License-Identifier: GPL-3.0-or-later
"""The first replications of each campaign give the shares of the committed table, but for chance.

campaign_short.py PROGRAM TABLE...
"""
import math
import pathlib
import subprocess
import sys

SHARE = "0.01"
REPORTS = pathlib.Path(__file__).resolve().parents[2] / "reports" / "campaign"


def rows_of(text):
    """{(trial, method): (number of trials, [refused, rejected, covered])}, shares NaN where nothing has a number."""
    rows, trial = {}, ""
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if len(cells) != 6 or not cells[2].isdigit():
            continue
        trial = cells[0] or trial
        rows[trial, cells[1]] = int(cells[2]), [share(cell) for cell in cells[3:]]
    return rows


def share(cell):
    return math.nan if cell == "–" else float(cell.split()[0]) / 100


def differs(short, n, long):
    if math.isnan(short) or math.isnan(long):
        return math.isnan(short) != math.isnan(long) and n > 200
    spread = max(long * (1 - long), 0.5 / n)
    return abs(short - long) > 5 * math.sqrt(spread / n) + 0.001


def problems_of(program, table):
    run = subprocess.run([program, table, SHARE], capture_output=True, text=True, check=True)
    ours, committed = rows_of(run.stdout), rows_of((REPORTS / f"{table}.md").read_text(encoding="utf-8"))
    if list(ours) != list(committed):
        return ["other trials or methods: run ./dev campaign"]
    return [f"{trial}, {method}: {name} {a:.3f}, committed {b:.3f}"
            for (trial, method), (n, shares) in ours.items()
            for name, a, b in zip(("refused", "rejected", "covered"), shares, committed[trial, method][1])
            if differs(a, n, b)]


def main():
    program, *tables = sys.argv[1:]
    print(f"1..{len(tables)}")
    failed = False
    for number, table in enumerate(tables, 1):
        problems = problems_of(program, table)
        failed |= bool(problems)
        print(f"{'not ok' if problems else 'ok'} {number} - campaign {table}")
        for problem in problems:
            print(f"# {problem}")
    return failed


if __name__ == "__main__":
    sys.exit(main())
