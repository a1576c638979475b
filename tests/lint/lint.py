# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of the house, checked; speaks TAP. `lint.py --build FOLDER` also looks into the objects compiled there.

The pipeline's order is not stated here: it is the order of the `subdir` lines in src/meson.build.
"""
import argparse
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

# Who may include a foreign library: folders of src, or single files.
FOREIGN_HEADERS = {
    r"gsl/.*": ["numeric"],
    r"csv\.h": ["frame"],
    r"(cyaml/.*|yaml\.h)": ["plan"],
    r"sodium(/.*|\.h)": ["base/digest.c", "base/signature.c"],
    r"jansson\.h": ["audit", "result"],
    r"xlsxwriter\.h": ["renderers"],
    r"locale\.h": ["commands"],
}

# Who may call what. The names are those that objects leave undefined.
CALLS = {
    r"_?gsl_.*": ["numeric"],
    r"malloc|calloc|realloc|reallocarray|free|aligned_alloc|posix_memalign|memalign": ["base/arena.c"],
    r"strdup|strndup|asprintf|vasprintf|getline|getdelim|open_memstream": [],
    r"(v?f?printf|puts|fputs|putc|fputc|putchar|perror|__v?f?printf_chk|stdout|stderr|stdin)": ["commands"],
    r"_?exit|_Exit|abort|quick_exit|atexit|getenv|secure_getenv|signal|sigaction": ["commands"],
    r"setlocale|uselocale|newlocale": ["commands"],
    r"time|clock|clock_gettime|gettimeofday|localtime(_r)?|gmtime(_r)?|gethostname|rand|random|srand|drand48": ["commands"],
    r"strtod|strtof|strtold|atof": ["base/number_text.c"],
    # Their last digit depends on the processor: see numeric/elementary.h.
    r"(exp|expm1|exp2|log|log1p|log2|log10|pow|sin|cos|tan|a?sinh|a?cosh|a?tanh|asin|acos|atan2?|cbrt|erfc?)[fl]?": [],
    r"[lt]gamma(_r)?": [],
}

CODE = {".c", ".h", ".cpp", ".py", ".in", ".map", ".sh", ".R", ".css"}
DATA = ["datasets", "reports", "tests/cli", "tests/fuzz/corpus", "demo"]
LONGEST_FILE = 600
LONGEST_FUNCTION = 60
WIDEST_LINE = 128  # clang-format breaks code at 120; a comment may run a little over


def source_files():
    """Every file of the repository, without what is built or drawn."""
    for path in sorted(ROOT.rglob("*")):
        parts = path.relative_to(ROOT).parts
        if path.is_file() and not any(p in (".git", "__pycache__", "demo") or p.startswith("build") for p in parts[:-1]):
            yield path


def place(path):
    return path.relative_to(ROOT).as_posix()


def under(path, *folders):
    return any(place(path).startswith(folder + "/") for folder in folders)


class Sources:
    def __init__(self):
        self.all = list(source_files())
        self.c = [p for p in self.all if p.suffix in (".c", ".h", ".cpp") and under(p, "src", "include", "tests")]
        self.src = [p for p in self.c if under(p, "src")]
        self.text = {}
        for path in self.all:
            if not under(path, *DATA):
                try:
                    self.text[path] = path.read_text(encoding="utf-8")
                except (UnicodeDecodeError, FileNotFoundError):
                    continue
        lines = self.text[ROOT / "src/meson.build"].splitlines()
        self.order = [m[1] for m in (re.match(r"subdir\('(\w+)'\)", line) for line in lines) if m]

    def lines(self, paths):
        for path in paths:
            for number, line in enumerate(self.text.get(path, "").splitlines(), 1):
                yield path, number, line


def folder_of(path):
    return path.relative_to(ROOT / "src").parts[0]


def allowed(owners, folder, file):
    return folder in owners or f"{folder}/{file}" in owners


def check_layers(sources):
    for path, number, line in sources.lines(sources.src):
        include = re.match(r"#include [<\"]([^>\"]+)[>\"]", line)
        target = include and "/" in include[1] and include[1].split("/")[0]
        if target not in sources.order:
            continue
        here = folder_of(path)
        if here == "commands" and target != here:
            yield f"{place(path)}:{number}: commands see <temoin/*.h> only, not {include[1]}"
        elif sources.order.index(target) > sources.order.index(here):
            yield f"{place(path)}:{number}: {here} stands left of {target} and cannot include {include[1]}"


def check_order(sources):
    folders = {p.name for p in (ROOT / "src").iterdir() if p.is_dir()}
    for folder in sorted(folders ^ set(sources.order)):
        yield f"src/meson.build: {folder} is not both a folder and a stage of the pipeline"


def check_folder_table(sources):
    house = re.search(r"^## The house\n(.*?)^## ", sources.text.get(ROOT / "README.md", ""), re.DOTALL | re.MULTILINE)
    table = re.findall(r"^\| `(\w+)/`", house[1] if house else "", re.MULTILINE)
    if table != sources.order:
        yield f"README.md: the folder table has {' '.join(table)}, src/meson.build {' '.join(sources.order)}"


def check_foreign_headers(sources):
    for path, number, line in sources.lines(sources.src):
        include = re.match(r"#include [<\"]([^>\"]+)[>\"]", line)
        for pattern, owners in FOREIGN_HEADERS.items():
            if include and re.fullmatch(pattern, include[1]) and not allowed(owners, folder_of(path), path.name):
                yield f"{place(path)}:{number}: only {', '.join(owners)} may include {include[1]}"


def check_number_text(sources):
    """%g writes a decimal comma where the locale has one."""
    conversion = re.compile(r"\"[^\"]*%[-+ #0']*(\d+|\*)?(\.(\d+|\*))?L?[aAeEfFgG]")
    for path, number, line in sources.lines(sources.src):
        if folder_of(path) != "commands" and place(path) != "src/base/number_text.c" and conversion.search(
                re.sub(r"%%", "", line)):
            yield f"{place(path)}:{number}: numbers become text through base/number_text.h only"


def check_unique_names(sources):
    seen = {}
    for path in sources.all:
        if path.name == "meson.build" or under(path, *DATA) or path.suffix not in CODE:
            continue
        if path.name in seen:
            yield f"{place(path)}: the name is taken by {place(seen[path.name])}"
        seen.setdefault(path.name, path)


def check_file_length(sources):
    for path in sources.c:
        length = sources.text[path].count("\n")
        if length > LONGEST_FILE:
            yield f"{place(path)}: {length} lines, at most {LONGEST_FILE}"


def check_function_length(sources):
    """In src only: a test may hold a long table of cases."""
    start = 0
    for path, number, line in sources.lines(p for p in sources.src if p.suffix == ".c"):
        if line == "{":
            start = number
        elif line == "}" and number - start > LONGEST_FUNCTION:
            yield f"{place(path)}:{start}: a function of {number - start} lines, at most {LONGEST_FUNCTION}"


def check_lines(sources):
    paths = [p for p in sources.text if p.suffix in CODE or p.name == "meson.build"]
    for path, number, line in sources.lines(paths):
        if len(line) > WIDEST_LINE:
            yield f"{place(path)}:{number}: {len(line)} columns, at most {WIDEST_LINE}"
        if line != line.rstrip() or "\t" in line:
            yield f"{place(path)}:{number}: a tab, or blanks at the end"


def check_leftovers(sources):
    marker = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX)\b")
    for path, number, line in sources.lines(sources.text):
        if marker.search(line) and path.name != "LICENSE":
            yield f"{place(path)}:{number}: {line.strip()}"


def check_licence_line(sources):
    for path in sources.text:
        head = sources.text[path].split("\n")[:2]
        if path.suffix in CODE - {".map", ".R"} and not any("SPDX-License-Identifier: GPL-3.0-or-later" in h for h in head):
            yield f"{place(path)}: the first line names no licence"


def check_machine_paths(sources):
    somewhere = re.compile(r"(?<![\w.~$}@])/(wo" r"rk|home|root|Users)/\w")
    for path, number, line in sources.lines(sources.text):
        if somewhere.search(line) and path.name != "LICENSE":
            yield f"{place(path)}:{number}: {line.strip()[:WIDEST_LINE]}"


def check_help(sources, build):
    readme = sources.text.get(ROOT / "README.md", "")
    block = re.search(r"^## Commands\n.*?^```\w*\n(.*?)^```", readme, re.DOTALL | re.MULTILINE)
    if not block:
        yield "README.md: no fenced block below the heading \"## Commands\""
        return
    shown = subprocess.run([build / "temoin", "--help"], capture_output=True, text=True).stdout
    if block[1] not in shown:
        yield "README.md: the block below \"## Commands\" is not what `temoin --help` prints:"
        yield from shown.splitlines()


def read_symbols(*words):
    out = subprocess.run(["nm", "-A", *map(str, words)], capture_output=True, text=True, check=True).stdout
    for line in out.splitlines():
        symbol = re.match(r"(\S+?):(?:\S+?:)?\s*(?:[0-9a-f]+)?\s+([A-Za-z])\s+(\S+)$", line)
        if symbol:
            yield symbol[1], symbol[2], symbol[3].split("@")[0]


def objects(build):
    """Every object of library and program, with the folder and file that it was compiled from."""
    for path in sorted(build.glob("*.a.p/*.o")) + sorted(build.glob("src/**/*.a.p/*.o")) + sorted(build.glob("temoin.p/*.o")):
        whole = path.relative_to(build).as_posix()
        name = re.search(r"src_([a-z]+)_(.+)\.o$", path.name) or re.search(r"src/([a-z]+)/.*/([^/]+)\.o$", whole)
        if name:
            yield path, name[1], name[2]


def check_calls(sources, build):
    for path, folder, file in objects(build):
        for _, kind, symbol in read_symbols("-u", path):
            for pattern, owners in CALLS.items():
                if kind == "U" and re.fullmatch(pattern, symbol) and not allowed(owners, folder, file):
                    yield f"src/{folder}/{file}: calls {symbol}; only {', '.join(owners) or 'nobody'} may"


def check_symbols(sources, build):
    for path, folder, file in objects(build):
        for _, kind, symbol in read_symbols("-g", "--defined-only", path):
            public = folder == "commands" and symbol == "main"
            if not re.match(r"(temoin|tm)_", symbol) and not public:
                yield f"src/{folder}/{file}: the name {symbol} is neither temoin_ nor tm_"


def check_exports(sources, build):
    exported = [name for _, _, name in read_symbols("-D", "--defined-only", build / "libtemoin.so")]
    if not exported:
        yield "libtemoin.so exports nothing"
    for name in exported:
        if not name.startswith("temoin_"):
            yield f"libtemoin.so exports {name}"


def check_headers_kept(sources, build):
    """What a public header declares, the library exports."""
    exported = {name for _, _, name in read_symbols("-D", "--defined-only", build / "libtemoin.so")}
    for path in sources.c:
        if under(path, "include"):
            code = re.sub(r"/\*.*?\*/", "", sources.text[path], flags=re.DOTALL)
            code = re.sub(r"^\s*#.*(\\\n.*)*$", "", code, flags=re.MULTILINE)
            for name in re.findall(r"\b(temoin_\w+)\s*\([^()]*(?:\([^()]*\)[^()]*)*\)\s*;", code):
                if name not in exported:
                    yield f"{place(path)}: declares {name}, which the library does not have"


CHECKS = [
    ("the stages are the folders", check_order),
    ("the README's folder table is the pipeline", check_folder_table),
    ("a folder includes only what stands to its left", check_layers),
    ("foreign headers stay in their folder", check_foreign_headers),
    ("numbers become text in one place", check_number_text),
    ("file names are unique", check_unique_names),
    ("files are short", check_file_length),
    ("functions fit on a screen", check_function_length),
    ("lines are clean", check_lines),
    ("nothing is left to do", check_leftovers),
    ("every source names its licence", check_licence_line),
    ("no path of one machine", check_machine_paths),
]
BUILD_CHECKS = [
    ("help is what the README shows", check_help),
    ("who may call whom", check_calls),
    ("names that other files see are temoin_ or tm_", check_symbols),
    ("the library exports temoin_ only", check_exports),
    ("the library has what its headers declare", check_headers_kept),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, help="a build folder")
    build = parser.parse_args().build
    sources = Sources()
    jobs = [(name, lambda check=check: check(sources)) for name, check in CHECKS]
    if build:
        jobs += [(name, lambda check=check: check(sources, build.resolve())) for name, check in BUILD_CHECKS]
    print(f"1..{len(jobs)}")
    failed = 0
    for number, (name, check) in enumerate(jobs, 1):
        problems = list(check())
        print(f"{'not ok' if problems else 'ok'} {number} - {name}")
        for problem in problems:
            print("#", problem)
        failed += bool(problems)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
