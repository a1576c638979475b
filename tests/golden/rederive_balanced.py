# SPDX-License-Identifier: GPL-3.0-or-later
"""Print the ledger of a bundle of given pairs, or of one that was rerandomized with `accept` and equal shares, derived again
from the README's "How an allocation is drawn" and "Designs that balance covariates": rederive_balanced.py BUNDLE."""
import csv, decimal, hashlib, itertools as it, json, math, pathlib, re, struct, sys
bundle = pathlib.Path(sys.argv[1])
manifest = json.loads((bundle / "manifest.json").read_bytes())
arms, own, seed, options = (manifest["design"].get(word) for word in ("arms", "stratum_shares", "seed", "options"))
columns, names, M = range(len(arms)), [arm["name"].encode() for arm in arms], 47026247687942121848144207491837523525
def rows(name): return list(csv.DictReader(open(bundle / name, encoding="utf-8", newline="")))
def sha256(text): return hashlib.sha256(text).hexdigest().encode()
def key(*name): return sha256(b"\0".join([b"temoin/1", manifest["trial"].encode(), seed.encode(), *name]))
def stream(purpose, label):
    state, seq = divmod(int(key(purpose, label), 16), 2**128)
    steps = it.accumulate(it.repeat(2 * seq + 1), lambda x, inc: (x * M + inc) % 2**128, initial=state + 2 * seq + 1)
    return ((x >> 64 ^ x) % 2**64 * (2**64 + 1) >> (x >> 122) & 2**64 - 1 for x in it.islice(steps, 2, None))
def bounded(numbers, r): return next(x * r >> 64 for x in numbers if x * r % 2**64 >= 2**64 % r)
def shuffle(units, numbers):
    for i, j in ((i, bounded(numbers, i + 1)) for i in range(len(units) - 1, 0, -1)): units[i], units[j] = units[j], units[i]
    return units
def quote(text): return b'"%s"' % text.replace(b'"', b'""') if re.search(rb'[,;"\t\r\n]|^ | $', text) else text
def number(p): return (repr(p) if p < 1e-5 else format(decimal.Decimal(repr(p)).normalize(), "f")).encode()
def rounded(strata, order, shares, numbers):
    D = math.lcm(*map(sum, shares))
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
            change = up if bounded(numbers, up + down) < down else -down
            v.update([(x, v[x] + sign * change) for sign, cells in zip((1, -1), cycle) for x in cells])
    return {x: value == D for x, value in v.items()}
def regularized(a, x):
    term = total = math.exp(a * math.log(x) - x - math.lgamma(a + 1))
    for n in range(1, 2000): total += (term := term * x / (a + n))
    return total
def quantile(p, df):
    low, high = 0.0, 1000.0
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if regularized(df / 2, middle / 2) < p else (low, middle)
    return struct.unpack("f", struct.pack("f", low))[0]
def columns_of(name):
    values = [people[u][name] for u in units]
    try: return [list(map(float, values))]
    except ValueError: return [[float(v == level) for v in values] for level in sorted(set(values), key=str.encode)[1:]]
def scores():
    x, n = [col for name in options["covariates"] for col in columns_of(name)], len(units)
    for col, s in it.product(x, order):
        mean = math.fsum(col[i] for i in member[s]) / len(member[s])
        for i in member[s]: col[i] -= mean
    V = [[math.fsum(len(member[s]) / (len(member[s]) - 1) * math.fsum(a[i] * b[i] for i in member[s])
                    for s in order if len(member[s]) > 1) / n for b in x] for a in x]
    C = [[0.0] * len(x) for _ in x]
    for j, k in ((j, k) for j in range(len(x)) for k in range(j + 1)):
        rest = V[j][k] - sum(C[j][i] * C[k][i] for i in range(k))
        C[j][k] = math.sqrt(rest) if j == k else rest / C[k][k]
    z = []
    for j in range(len(x)): z.append([(v - sum(C[j][k] * z[k][i] for k in range(j))) / C[j][j] for i, v in enumerate(x[j])])
    return [[math.floor(v * 2**24 + 0.5) for v in col] for col in z]
def candidate(k):
    numbers, received = stream(b"candidate", b"%d" % k), {}
    extra = rounded(member, order, shares, numbers)
    for r, (s, w) in enumerate(zip(order, shares)):
        left, n = list(member[s]), len(member[s])
        m = [n * w[a] // sum(w) + extra[r, a] for a in columns]
        most = m.index(max(m))
        received.update((i, most) for i in left)
        for i, a in zip(range(n - 1, -1, -1), [a for a in columns if a != most for _ in range(m[a])]):
            j = bounded(numbers, i + 1)
            left[i], left[j] = left[j], left[i]
            received[left[i]] = a
    return received
def imbalance(received):
    inside = [[i for i in received if received[i] == a] for a in columns]
    return sum(sum((sum(col[i] for i in who) / 2**24)**2 for col in z) / len(who) for who in inside if who)
ledger = rows("ledger.csv")
units, stratum_of = [row["client"] for row in ledger], [row["stratum"] for row in ledger]
clients = rows("inputs/clients.csv")
people = {row[name]: row for name in clients[0] for row in clients if {row[name] for row in clients} == set(units)}
kind, received, lines = manifest["design"]["kind"], {}, []
group = [people[u][options["pair"]].encode() if kind == "pairs" else s.encode() for u, s in zip(units, stratum_of)]
order = sorted(set(group))
member = {g: [i for i, other in enumerate(group) if other == g] for g in order}
shares = [own.get(stratum_of[member[g][0]], [arm["share"] for arm in arms]) for g in order]
if kind == "pairs":
    extra = rounded(member, order, shares, stream(b"leftover", b""))
    for r, (g, w) in enumerate(zip(order, shares)):
        places = [a for a in columns for _ in range(len(member[g]) * w[a] // sum(w))] + [a for a in columns if extra[r, a]]
        received.update(zip(shuffle(list(member[g]), stream(b"order", g)), places))
else:
    z = scores()
    limit = quantile(options["accept"], len(z) * (len(arms) - 1))
    received = next(drawn for drawn in map(candidate, it.count()) if imbalance(drawn) <= limit)
for i, u in enumerate(units):
    w, a = shares[order.index(group[i])], received[i]
    cells = (b"%d" % (i + 1), u.encode(), stratum_of[i].encode(), names[a], number(w[a] / sum(w)))
    lines.append(b",".join(map(quote, cells)))
chain = it.accumulate([key(b"ledger", b""), *lines], lambda last, line: line + b"," + sha256(last[-64:] + b"\n" + line))
sys.stdout.buffer.write(b"\n".join([b"position,client,stratum,arm,probability,digest", *list(chain)[1:], b""]))
