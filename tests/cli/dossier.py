# SPDX-License-Identifier: GPL-3.0-or-later
"""What a results.json says of its caseworkers, in short:

    dossier.py out/results.json

The verdict and what it rests on; the plan's own rows and the effects by every method, with `-` where a number is refused;
the tipping point, both ends and the middle of its curve; what changes an effect most when it is left out, or whatever the
effect needs. Numbers have six significant digits.
"""
import json
import sys


def shown(value):
    if value is None:
        return "-"
    return f"{value:.6g}" if isinstance(value, float) else str(value) or "-"


def put(head, record, *names):
    print(head, *(f"{name} {shown(record[name])}" for name in names))


def main(path):
    with open(path, encoding="utf-8") as file:
        results = json.load(file)
    for s in results["provider_structure"]:
        print(f"{s['verdict']}: {s['reason']}, workers {s['n_providers']}")
    for row in results["rows"]:
        put(f"{row['estimate']}:", row, "value", "se", "p", "provider_verdict", "icc", "icc_tipping", "note")
    for row in results["provider_rows"]:
        put(f"  {row['estimator']} {row['variance']}:", row, "value", "se", "p", "p_bootstrap", "note")
    for point in results["tipping_points"]:
        put("tipping point:", point, "value", "rho", "df", "estimator", "variance", "note")
        curve = [c for c in results["tipping_curves"] if all(c[k] == point[k] for k in ("estimate", "measure", "wave"))]
        for c in curve[:1] + curve[len(curve) // 2 : len(curve) // 2 + 1] + curve[-1:]:
            put("  curve:", c, "rho", "ci_low", "ci_high", "p")
    needed = [e for e in results["influence"] if e["value"] is None]
    others = sorted((e for e in results["influence"] if e["value"] is not None), key=lambda e: -abs(e["change"]))
    for entry in needed + others[:2]:
        put(f"  {entry['kind']} {entry['left_out']}:", entry, "n", "value", "change", "partial_leverage")


if __name__ == "__main__":
    main(*sys.argv[1:])
