# SPDX-License-Identifier: GPL-3.0-or-later
# Draws an allocation again, from the README's "How an allocation is drawn" alone. Prints `id,arm`; reads JSON on stdin:
# {"trial": text, "seed": text, "shares": {stratum text: [whole numbers]}, "units": [[id, stratum text], ...]}
import hashlib, json, math, sys
plan = json.load(sys.stdin)
def stream(purpose, label):
    key = hashlib.sha256("\0".join(["temoin/1", plan["trial"], plan["seed"], purpose, label]).encode()).digest()
    M, inc = 47026247687942121848144207491837523525, 2 * int.from_bytes(key[16:], "big") + 1
    state = ((int.from_bytes(key[:16], "big") + inc) * M + inc) % 2**128
    while True:
        state = (state * M + inc) % 2**128
        x, turn = state >> 64 ^ state % 2**64, state >> 122
        yield (x >> turn | x << 64 - turn) % 2**64
bounded = lambda numbers, r: next(x * r >> 64 for x in numbers if x * r % 2**64 >= 2**64 % r)
strata = sorted({text for _, text in plan["units"]}, key=str.encode)
units = {s: sorted((unit for unit, text in plan["units"] if text == s), key=str.encode) for s in strata}
shares = {s: [w // math.gcd(*plan["shares"][s]) for w in plan["shares"][s]] for s in strata}
D, arms = math.lcm(*(sum(w) for w in shares.values())), range(len(shares[strata[0]]))
v = [[len(units[s]) * w % sum(shares[s]) * (D // sum(shares[s])) for w in shares[s]] for s in strata]
v.append([-sum(row[a] for row in v) % D for a in arms])
rows, coin = range(len(v)), stream("leftover", "")
for start in ((r, a) for r in rows for a in arms):
    while v[start[0]][start[1]] % D:
        walk, line, before = [start], 1, []  # line 0: the step goes along the column and looks at rows; 1: the other
        while walk[-1][line] not in before:
            line, (r, a) = 1 - line, walk[-1]
            before = [cell[line] for cell in walk]
            there = [(r, i) for i in arms if i != a] if line else [(i, a) for i in rows if i != r]
            walk.append(next((i, j) for i, j in there if v[i][j] % D))
        cycle = walk[len(before) - 1 - before[::-1].index(walk[-1][line]):]
        up, down = (min(v[i][j] if k % 2 == s else D - v[i][j] for k, (i, j) in enumerate(cycle)) for s in (1, 0))
        step = up if bounded(coin, up + down) < down else -down
        for k, (i, j) in enumerate(cycle): v[i][j] += -step if k % 2 else step
for s, row in zip(strata, v):
    n, order = len(units[s]), stream("order", s)
    for i, j in ((i, bounded(order, i + 1)) for i in range(n - 1, 0, -1)):
        units[s][i], units[s][j] = units[s][j], units[s][i]
    places = [a for a in arms for _ in range(n * shares[s][a] // sum(shares[s]))] + [a for a in arms if row[a] == D]
    for unit, arm in sorted(zip(units[s], places)): print(f"{unit},{arm}")
