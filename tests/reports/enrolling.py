# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of growing ledgers share: batches of the MISSION families, and plans that draw them as they come."""
import pathlib
import tap

ROOT = pathlib.Path(__file__).resolve().parents[2]
FAMILIES = ROOT / "datasets/mission-kortrijk/clients.csv"
STRATA = ["district", "far_from_market"]
DESIGNS = {
    "permuted": {"strata": STRATA, "block_sizes": [2, 4]},
    "minimized": {"factors": [{"column": "district", "weight": 2}, {"column": "far_from_market"}], "coin": 0.8},
    "biased_coin": {"strata": STRATA, "coin": 0.7},
    "urn": {"strata": STRATA, "urn": {"start": 1, "add": 1}},
}


def write_plan(path, kind, **more):
    design = {"kind": kind, "seed": "kortrijk 2017-04-01", "arrival": "enrolled", **DESIGNS[kind], **more}
    tap.write_plan(path, {
        "temoin": 1, "trial": {"id": "mission-rolling"}, "clients": {"file": "not-read.csv", "id": "family_id"},
        "arms": [{"name": "control", "share": 1}, {"name": "ocm", "share": 1}],
        "design": {key: value for key, value in design.items() if value is not None}})


def families():
    """The header, and the rows in the order in which the families came."""
    header, *rows = FAMILIES.read_bytes().splitlines(keepends=True)
    assert header.split(b",")[4] == b"enrolled" and len(rows) == 112
    return header, sorted(rows, key=lambda row: (row.split(b",")[4], row.split(b",")[0]))


def write_batches(folder, n):
    """n files of about the same length."""
    header, rows = families()
    folder.mkdir(exist_ok=True)
    paths = [folder / f"{k + 1:03}-of-{n}.csv" for k in range(n)]
    for k, path in enumerate(paths):
        path.write_bytes(header + b"".join(rows[len(rows) * k // n:len(rows) * (k + 1) // n]))
    return paths
