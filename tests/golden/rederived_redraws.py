# SPDX-License-Identifier: GPL-3.0-or-later
"""Redraws against rederive_redraws.py, which knows the README's rule and nothing else. Speaks TAP. Argument: the program that
prints redraws."""
import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE.parent / "support"))
import tap  # noqa: E402


def redraws_follow_from_the_readme():
    printed = subprocess.run([pathlib.Path(sys.argv[1]).resolve(), "--print"], stdout=subprocess.PIPE, check=True).stdout
    again = subprocess.run([sys.executable, "-B", HERE / "rederive_redraws.py"], input=printed, stdout=subprocess.PIPE,
                           check=True).stdout
    redraws = [json.loads(line) for line in printed.splitlines()]
    assert len(redraws) >= 100 and max(len(redraw["arms"]) for redraw in redraws) > 1000
    for redraw, arms in zip(redraws, map(json.loads, again.splitlines()), strict=True):
        tap.equal(arms, redraw["arms"])


if __name__ == "__main__":
    sys.exit(tap.main([("redraws follow from the README", redraws_follow_from_the_readme)]))
