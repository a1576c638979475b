#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The README's quick start, run as it stands: every line of output that it shows must come. Prints TAP."""
import os, pathlib, re, subprocess, sys, tempfile

program, source = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(os.environ["TEMOIN_SOURCE"])
block = re.search(r"```console\n(.*?)```", (source / "README.md").read_text(encoding="utf-8"), re.S).group(1)
steps = [step.split("\n") for step in re.split(r"^\$ ", block, flags=re.M)[1:]]
print(f"1..{len(steps) - 1}")
failed = False
with tempfile.TemporaryDirectory() as folder:
    for number, (command, *shown) in enumerate(steps[1:], 1):  # the first one builds
        words = command.split("#")[0].replace("analyses/", f"{source}/analyses/").split()
        run = subprocess.run([program, *words[1:]], cwd=folder, capture_output=True, text=True)
        missing = [line for line in shown if line and line not in run.stdout.translate({0xA0: ' ', 0x202F: ' '})]
        good = run.returncode == 0 and not missing
        failed |= not good
        print(f"{'ok' if good else 'not ok'} {number} - {' '.join(words[:2])}")
        for line in missing: print(f"# not printed: {line}")
sys.exit(failed)
