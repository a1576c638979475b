#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the synthetic data of the three trials. `make.py --check` writes nothing and exits 1 if a file would differ.

Each trial is made in the order of the real thing: the client list; the draw, as temoin makes it from the same trial id,
seed text and strata in analyses/; then caseworkers and outcomes, which depend on the arm.
"""
import csv
import io
import pathlib
import sys

from mission import mission_tables
from motivational import double_tables, mi_tables

HERE = pathlib.Path(__file__).resolve().parent
SEEDS = {
    "mi": "fraser valley 2012-10-01",
    "mi-double": "lower mainland 2015-02-02",
    "mission-kortrijk": "kortrijk 2017-04-01",
}


def csv_bytes(rows, delimiter=",", encoding="utf-8", line_end="\n"):
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=line_end).writerows(rows)
    return text.getvalue().encode(encoding)


def make_files():
    mi_clients, mi_outcomes = mi_tables(SEEDS["mi"])
    double_clients, double_workers, double_outcomes = double_tables(SEEDS["mi-double"])
    families, visits = mission_tables(SEEDS["mission-kortrijk"])
    return {
        "mi/clients.csv": csv_bytes(mi_clients),
        "mi/outcomes.csv": csv_bytes(mi_outcomes),
        "mi-double/caseworkers.csv": csv_bytes(double_workers),
        "mi-double/clients.csv": csv_bytes(double_clients),
        "mi-double/outcomes.csv": csv_bytes(double_outcomes),
        "mission-kortrijk/clients.csv": csv_bytes(families),
        "mission-kortrijk/outcomes.csv": csv_bytes(visits, ";", "windows-1252", "\r\n"),
    }


def main(arguments):
    if arguments not in ([], ["--check"]):
        print("usage: make.py [--check]", file=sys.stderr)
        return 2
    differ = 0
    for name, content in make_files().items():
        path = HERE / name
        if arguments:
            if not path.exists() or path.read_bytes() != content:
                print("%s differs from what make.py writes" % path, file=sys.stderr)
                differ = 1
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
    return differ


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
