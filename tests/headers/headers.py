# SPDX-License-Identifier: GPL-3.0-or-later
"""Each public header compiles alone, as C11 and as C++17. Arguments: the include folder, the C compiler's words."""
import pathlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only"]


def compile_alone(job):
    header, words, language, standard, include = job
    source = f"#include <temoin/{header.name}>\n#include <temoin/{header.name}>\n"
    done = subprocess.run([*words, "-x", language, f"-std={standard}", *WARNINGS, "-I", include, "-"],
                          input=source, capture_output=True, text=True)
    return done.returncode == 0, f"{header.name} alone as {standard}", done.stderr


def main():
    include, words = sys.argv[1], sys.argv[2:]
    headers = sorted(pathlib.Path(include, "temoin").glob("*.h"))
    jobs = [(header, words, language, standard, include) for header in headers
            for language, standard in (("c", "c11"), ("c++", "c++17"))]
    print(f"1..{len(jobs)}")
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(compile_alone, jobs))
    for number, (good, name, errors) in enumerate(results, 1):
        print(f"{'ok' if good else 'not ok'} {number} - {name}")
        for line in errors.splitlines():
            print("#", line)
    return 0 if all(good for good, _, _ in results) else 1


if __name__ == "__main__":
    sys.exit(main())
