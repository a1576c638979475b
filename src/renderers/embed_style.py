# SPDX-License-Identifier: GPL-3.0-or-later
"""A style sheet, without its comments, as a C array: embed_style.py SHEET OUTPUT NAME HEADER"""
import pathlib
import re
import sys

source, output, name, header = sys.argv[1:]
sheet = re.sub(r"/\*.*?\*/\n*", "", pathlib.Path(source).read_text("utf-8"), flags=re.S)
sheet = re.sub(r"\n\n+", "\n", sheet).encode("utf-8") + b"\0"
rows = [", ".join(map(str, sheet[at:at + 24])) for at in range(0, len(sheet), 24)]
pathlib.Path(output).write_text(f'#include "{header}"\n\nconst char {name}[] = {{\n    ' + ",\n    ".join(rows) + "};\n")
