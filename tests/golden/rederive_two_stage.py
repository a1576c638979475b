# SPDX-License-Identifier: GPL-3.0-or-later
"""Print the ledger of workers and that of clients of a two-stage bundle, derived again from the README's "How an allocation is
drawn" and "Two stages": rederive_two_stage.py BUNDLE [SEED]."""
import csv, decimal, hashlib, itertools as it, json, math, pathlib, re, sys
manifest = json.loads(pathlib.Path(sys.argv[1], "manifest.json").read_bytes())
arms, own, seed = (manifest["design"].get(word, sys.argv[-1]) for word in ("arms", "stratum_shares", "seed"))
columns, M = range(len(arms)), 47026247687942121848144207491837523525
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
def draw(ledger, who, prefix):
    strata, received = {}, {}
    for row in csv.DictReader(open(pathlib.Path(sys.argv[1], ledger), encoding="utf-8", newline="")):
        strata.setdefault(row["stratum"].encode(), []).append(row[who].encode())
    order = sorted(strata)
    shares = [own.get(s.decode(), [arm["share"] for arm in arms]) for s in order]
    extra = rounded(strata, order, shares, stream(prefix + b"leftover", b""))
    for r, (s, w) in enumerate(zip(order, shares)):
        units = shuffle(sorted(strata[s]), stream(prefix + b"order", s))
        places = [a for a in columns for _ in range(len(units) * w[a] // sum(w))] + [a for a in columns if extra[r, a]]
        received.update(zip(units, ((s, arms[a]["name"].encode(), number(w[a] / sum(w))) for a in places)))
    return received
def chain(head, lines, start):
    rows = it.accumulate([start, *lines], lambda last, line: line + b"," + sha256(last[-64:] + b"\n" + line))
    return b"\n".join([head, *list(rows)[1:], b""])
workers, clients, served = draw("workers.csv", "worker", b"workers-"), draw("ledger.csv", "client", b""), {}
for s, arm in sorted({who[:2] for who in clients.values()}):
    numbers = stream(b"worker", s + b"|" + arm.replace(b"\\", b"\\\\").replace(b"|", b"\\|"))
    team = shuffle(sorted(w for w in workers if workers[w][:2] == (s, arm)), numbers)
    dealt = shuffle(sorted(u for u in clients if clients[u][:2] == (s, arm)), numbers)
    served.update((u, (team[i % len(team)], number(1 / len(team)))) for i, u in enumerate(dealt))
cells = lambda who, more, p, u: (b"%d" % p, u, *who[u], *more.get(u, ()))
rows = lambda who, more: [b",".join(map(quote, cells(who, more, p, u))) for p, u in enumerate(sorted(who), 1)]
first = chain(b"position,worker,stratum,arm,probability,digest", rows(workers, {}), key(b"workers", b""))
head = b"position,client,stratum,arm,probability,worker,worker_probability,digest"
sys.stdout.buffer.write(first + chain(head, rows(clients, served), first[-65:-1]))
