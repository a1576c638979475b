# SPDX-License-Identifier: GPL-3.0-or-later
"""Columns of an estimates.csv by name, turned on their side so that a case shows every row of a few estimates:

    columns.py out/estimates.csv estimate value se note

Numbers have twelve significant digits; a point stands for an empty cell.
"""
import csv
import sys


def shown(text):
    try:
        return f"{float(text):.12g}"
    except ValueError:
        return text or "."


def main(path, *names):
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    table = [[name, *(shown(row[name]) for row in rows)] for name in names]
    widths = [max(map(len, column)) for column in zip(*table)]
    for line in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())


if __name__ == "__main__":
    main(*sys.argv[1:])
