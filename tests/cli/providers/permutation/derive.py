# SPDX-License-Identifier: GPL-3.0-or-later
"""Deals the clients of an arm to its workers again, a thousand times, by the streams that the README describes."""
import csv, hashlib, json, sys

M, J = 47026247687942121848144207491837523525, 210306068529402873165736369884012333109


def numbers(label, r):
    key = hashlib.sha256(b"\0".join([b"temoin/1", b"t", b"", b"worker permutation", label])).digest()
    inc = 2 * int.from_bytes(key[16:], "big") + 1
    x = (int.from_bytes(key[:16], "big") + inc) * M + inc
    multiplier, plus, steps = M, inc, r * J % 2**128
    while steps:
        if steps % 2:
            x = x * multiplier + plus
        multiplier, plus, steps = multiplier**2 % 2**128, plus * (multiplier + 1) % 2**128, steps // 2
    while True:
        x = (x * M + inc) % 2**128
        y, turn = (x >> 64 ^ x) % 2**64, x >> 122
        yield (y >> turn | y << 64 - turn) % 2**64


def bounded(stream, n):
    return next(x * n >> 64 for x in stream if x * n % 2**64 >= 2**64 % n)


workers = {row["id"]: row["worker"] for row in csv.DictReader(open("clients.csv")) if row["worker"]}
score = {row["id"]: float(row["score"]) for row in csv.DictReader(open("outcomes.csv")) if row["month"] == "6"}
clients = sorted(workers)
load = {worker: list(workers.values()).count(worker) for worker in sorted(set(workers.values()))}


def between(y):
    total, first = 0, 0
    for m in load.values():
        total += sum(y[first:first + m])**2 / m
        first += m
    return total


observed = between([score[client] for worker in load for client in clients if workers[client] == worker])
extreme = 0
for r in range(1, 1001):
    y, stream = [score[client] for client in clients], numbers(b"score|6", r)
    for k in range(len(y) - 1, 0, -1):
        j = bounded(stream, k + 1)
        y[k], y[j] = y[j], y[k]
    extreme += between(y) >= observed - 1e-9
for row in json.load(open(sys.argv[1]))["icc"]:
    if row["interval"] == "searle":
        print(row["arm"] or "all", row["n_redraws"], row["p"] == (extreme + 1) / 1001)
