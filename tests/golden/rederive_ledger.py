# SPDX-License-Identifier: GPL-3.0-or-later
"""Print a bundle's ledger, derived again from the README's "How an allocation is drawn": rederive_ledger.py BUNDLE [SEED]."""
import csv, decimal, hashlib, itertools as it, json, math, pathlib, re, sys
manifest, strata, received = json.loads(pathlib.Path(sys.argv[1], "manifest.json").read_bytes()), {}, {}
for row in csv.DictReader(open(pathlib.Path(sys.argv[1], "ledger.csv"), encoding="utf-8", newline="")):
    strata.setdefault(row["stratum"].encode(), []).append(row["client"].encode())
arms, own, seed = (manifest["design"].get(word, sys.argv[-1]) for word in ("arms", "stratum_shares", "seed"))
order, columns, M = sorted(strata), range(len(arms)), 47026247687942121848144207491837523525
shares = [own.get(s.decode(), [arm["share"] for arm in arms]) for s in order]
def sha256(text): return hashlib.sha256(text).hexdigest().encode()
def key(*name): return sha256(b"\0".join([b"temoin/1", manifest["trial"].encode(), seed.encode(), *name]))
def stream(purpose, label):
    state, seq = divmod(int(key(purpose, label), 16), 2**128)
    steps = it.accumulate(it.repeat(2 * seq + 1), lambda x, inc: (x * M + inc) % 2**128, initial=state + 2 * seq + 1)
    return ((x >> 64 ^ x) % 2**64 * (2**64 + 1) >> (x >> 122) & 2**64 - 1 for x in it.islice(steps, 2, None))
def bounded(numbers, r): return next(x * r >> 64 for x in numbers if x * r % 2**64 >= 2**64 % r)
def quote(text): return b'"%s"' % text.replace(b'"', b'""') if re.search(rb'[,;"\t\r\n]|^ | $', text) else text
def number(p): return (repr(p) if p < 1e-5 else format(decimal.Decimal(repr(p)).normalize(), "f")).encode()
D, leftover = math.lcm(*map(sum, shares)), stream(b"leftover", b"")
rest = [[len(strata[s]) * share % sum(w) * (D // sum(w)) for share in w] for s, w in zip(order, shares)]
v = {(r, a): rem for r, row in enumerate([*rest, [-sum(col) % D for col in zip(*rest)]]) for a, rem in enumerate(row)}
for start in v:
    while v[start] % D:
        walk = [start]
        while not (met := [i for i, x in enumerate(walk[:-1]) if x[len(walk) % 2] == walk[-1][len(walk) % 2]]):
            r, a = walk[-1]
            line = ((i, a) for i in range(start[0], len(order) + 1)) if len(walk) % 2 else ((r, i) for i in columns)
            walk.append(next(x for x in line if x != (r, a) and v[x] % D))
        cycle = [walk[met[-1]::2], walk[met[-1] + 1::2]]
        up, down = (min([D - v[x] for x in rise] + [v[x] for x in fall]) for rise, fall in (cycle, cycle[::-1]))
        change = up if bounded(leftover, up + down) < down else -down
        v.update([(x, v[x] + sign * change) for sign, cells in zip((1, -1), cycle) for x in cells])
for r, (s, w) in enumerate(zip(order, shares)):
    units, numbers, n = sorted(strata[s]), stream(b"order", s), len(strata[s])
    for i, j in ((i, bounded(numbers, i + 1)) for i in range(n - 1, 0, -1)): units[i], units[j] = units[j], units[i]
    places = [a for a in columns for _ in range(n * w[a] // sum(w))] + [a for a in columns if v[r, a] == D]
    received.update(zip(units, ((s, arms[a]["name"].encode(), number(w[a] / sum(w))) for a in places)))
lines = [b",".join(map(quote, (b"%d" % p, unit, *received[unit]))) for p, unit in enumerate(sorted(received), 1)]
chain = it.accumulate([key(b"ledger", b""), *lines], lambda last, line: line + b"," + sha256(last[-64:] + b"\n" + line))
sys.stdout.buffer.write(b"\n".join([b"position,client,stratum,arm,probability,digest", *list(chain)[1:], b""]))
