# SPDX-License-Identifier: GPL-3.0-or-later
"""The committed plans, analyzed again and compared with reports/ byte for byte. Speaks TAP.

bundles.py PROGRAM            compares
bundles.py PROGRAM --update   writes reports/ anew, after a change that is meant to be seen there
"""
import functools
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
import tap  # noqa: E402

PROGRAM, REPORTS = pathlib.Path(sys.argv[1]).resolve(), ROOT / "reports"
PLANS = ("mi", "mi-double", "mission-kortrijk")


def analyze(name, folder):
    tap.run(PROGRAM, "analyze", ROOT / "analyses" / f"{name}.yaml", "-o", folder, "--quiet")


def same_bytes(name):
    with tempfile.TemporaryDirectory(prefix="temoin-report-") as scratch:
        analyze(name, pathlib.Path(scratch) / "out")
        made, kept = tap.files_of(pathlib.Path(scratch) / "out"), tap.files_of(REPORTS / name)
    tap.equal(sorted(made), sorted(kept))
    for path, text in made.items():
        tap.equal_bytes(text, kept[path], f"reports/{name}/{path}")


def inputs_are_the_data(name):
    kept = tap.files_of(REPORTS / name)
    tap.equal_bytes(kept["inputs/plan.yaml"], (ROOT / "analyses" / f"{name}.yaml").read_bytes(), "inputs/plan.yaml")
    tap.equal_bytes(kept["inputs/clients.csv"], (ROOT / "datasets" / name / "clients.csv").read_bytes(), "inputs/clients.csv")


def verified(name):
    before = tap.files_of(REPORTS / name)
    tap.run(PROGRAM, "verify", REPORTS / name)
    tap.equal(tap.files_of(REPORTS / name), before)


def rendered_again(name):
    for lang in ("en", "fr"):
        page = subprocess.run([PROGRAM, "report", REPORTS / name, "--format", "html", "--lang", lang], check=True,
                              stdout=subprocess.PIPE).stdout
        tap.equal_bytes(page, (REPORTS / name / f"report.{lang}.html").read_bytes(), f"report.{lang}.html")


def derived_again(name):
    script = ROOT / "tests/golden/rederive_ledger.py"
    ledger = subprocess.run([sys.executable, "-B", script, REPORTS / name], check=True, stdout=subprocess.PIPE).stdout
    tap.equal_bytes(ledger, (REPORTS / name / "ledger.csv").read_bytes(), "ledger.csv")


def update():
    for name in PLANS:
        shutil.rmtree(REPORTS / name, ignore_errors=True)
        analyze(name, REPORTS / name)
        print(REPORTS / name)


def nothing_else():
    tap.equal(sorted(p.name for p in REPORTS.iterdir() if p.is_dir()), sorted([*PLANS, "campaign"]))


TESTS = [("reports/ holds what the plans make and nothing else", nothing_else)]
TESTS += [(f"{name}: {what}", functools.partial(test, name)) for name in PLANS for what, test in
          (("the same bytes", same_bytes), ("its inputs are the committed ones", inputs_are_the_data),
           ("verify finds it identical", verified), ("report renders the same pages", rendered_again),
           ("the ledger derived from the README", derived_again))]

if __name__ == "__main__":
    sys.exit(update() if "--update" in sys.argv[2:] else tap.main(TESTS))
