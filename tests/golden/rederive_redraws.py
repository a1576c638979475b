# SPDX-License-Identifier: GPL-3.0-or-later
"""Derive redraws again from the README's "Redraws". Reads lines of JSON from standard input: r, and of the strata of trial "t"
with seed "s" the start, shares and labels. Prints everybody's arm, a list per line."""
import hashlib, itertools as it, json, math, sys
M, J = 47026247687942121848144207491837523525, 210306068529402873165736369884012333109
def jumped(purpose, label, r):
    key = hashlib.sha256(b"\0".join([b"temoin/1", b"t", b"s", purpose, label])).digest()
    inc = 2 * int.from_bytes(key[16:], "big") + 1
    x = (int.from_bytes(key[:16], "big") + inc) * M + inc
    multiplier, plus, steps = M, inc, r * J % 2**128
    while steps:
        if steps % 2: x = x * multiplier + plus
        multiplier, plus, steps = multiplier**2 % 2**128, plus * (multiplier + 1) % 2**128, steps // 2
    while True:
        x = (x * M + inc) % 2**128
        y, turn = (x >> 64 ^ x) % 2**64, x >> 122
        yield (y >> turn | y << 64 - turn) % 2**64
def bounded(numbers, r): return next(x * r >> 64 for x in numbers if x * r % 2**64 >= 2**64 % r)
def subset(numbers, n, members, size):
    """A set of `size` of the places `members` as an integer, whose bit k is place k."""
    R, n_words = members.bit_count(), -(-n // 64)
    if size in (0, R): return members if size else 0
    for m in range(1, 9):
        j = (2**m * size * 2 + R) // (2 * R)
        if (2**m * size - R * j)**2 * R <= 4**m * size * (R - size): break
    drawn = members if j else 0
    for digit in range(m) if 0 < j < 2**m else ():
        if j % 2**(digit + 1) == 0: continue
        number = sum(next(numbers) << 64 * word for word in range(n_words))
        drawn = number if j % 2**digit == 0 else drawn | number if j >> digit & 1 else drawn & number
    drawn &= members
    while drawn.bit_count() > size: drawn &= ~(1 << bounded(numbers, n))
    while drawn.bit_count() < size: drawn |= 1 << bounded(numbers, n) & members
    return drawn
def leftovers(sizes, shares, columns, numbers):
    D = math.lcm(*map(sum, shares))
    rest = [[n * share % sum(w) * (D // sum(w)) for share in w] for n, w in zip(sizes, shares)]
    v = {(r, a): rem for r, row in enumerate([*rest, [-sum(col) % D for col in zip(*rest)]]) for a, rem in enumerate(row)}
    for start in v:
        while v[start] % D:
            walk = [start]
            while not (met := [i for i, x in enumerate(walk[:-1]) if x[len(walk) % 2] == walk[-1][len(walk) % 2]]):
                r, a = walk[-1]
                line = ((i, a) for i in range(start[0], len(sizes) + 1)) if len(walk) % 2 else ((r, i) for i in columns)
                walk.append(next(x for x in line if x != (r, a) and v[x] % D))
            cycle = [walk[met[-1]::2], walk[met[-1] + 1::2]]
            up, down = (min([D - v[x] for x in rise] + [v[x] for x in fall]) for rise, fall in (cycle, cycle[::-1]))
            change = up if bounded(numbers, up + down) < down else -down
            v.update([(x, v[x] + sign * change) for sign, cells in zip((1, -1), cycle) for x in cells])
    return [[v[r, a] // D for a in columns] for r in range(len(sizes))]
for redraw in map(json.loads, sys.stdin):
    r, start, A = redraw["r"], redraw["start"], len(redraw["shares"]) // len(redraw["labels"])
    shares = [redraw["shares"][i:i + A] for i in range(0, len(redraw["shares"]), A)]
    shares = [[share // math.gcd(*w) for share in w] for w in shares]
    sizes = [end - begin for begin, end in zip(start, start[1:])]
    extra, arms = leftovers(sizes, shares, range(A), jumped(b"leftover", b"", r)), []
    for n, w, more, label in zip(sizes, shares, extra, redraw["labels"]):
        numbers, left, drawn = jumped(b"redraw", label.encode(), r), 2**n - 1, [0] * n
        for a in range(1, A):
            chosen = subset(numbers, n, left, n * w[a] // sum(w) + more[a])
            left &= ~chosen
            drawn = [a if chosen >> k & 1 else x for k, x in enumerate(drawn)]
        arms += drawn
    print(arms)
