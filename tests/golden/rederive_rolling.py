# SPDX-License-Identifier: GPL-3.0-or-later
"""Print a rolling bundle's ledger, derived again from the README's "Rolling designs": rederive_rolling.py BUNDLE [SEED]."""
import collections, csv, decimal, fractions, hashlib, itertools as it, json, math, pathlib, re, sys
bundle = pathlib.Path(sys.argv[1])
manifest = json.loads((bundle / "manifest.json").read_bytes(), parse_float=fractions.Fraction)
design, seed = manifest["design"], manifest["design"].get("seed", sys.argv[-1])
kind, options, own = design["kind"], design.get("options", {}), design["stratum_shares"]
columns, names = range(len(design["arms"])), [arm["name"].encode() for arm in design["arms"]]
M = 47026247687942121848144207491837523525
def rows(name): return list(csv.DictReader(open(bundle / name, encoding="utf-8", newline="")))
def sha256(text): return hashlib.sha256(text).hexdigest().encode()
def key(*name): return sha256(b"\0".join([b"temoin/1", manifest["trial"].encode(), seed.encode(), *name]))
def stream(purpose, label):
    state, seq = divmod(int(key(purpose, label), 16), 2**128)
    steps = it.accumulate(it.repeat(2 * seq + 1), lambda x, inc: (x * M + inc) % 2**128, initial=state + 2 * seq + 1)
    return ((x >> 64 ^ x) % 2**64 * (2**64 + 1) >> (x >> 122) & 2**64 - 1 for x in it.islice(steps, 2, None))
def bounded(numbers, r): return next(x * r >> 64 for x in numbers if x * r % 2**64 >= 2**64 % r)
def pick(numbers, v): return next(a for k in [bounded(numbers, sum(v))] for a in columns if sum(v[:a + 1]) > k)
def quote(text): return b'"%s"' % text.replace(b'"', b'""') if re.search(rb'[,;"\t\r\n]|^ | $', text) else text
def number(p): return (repr(p) if p < 1e-5 else format(decimal.Decimal(repr(p)).normalize(), "f")).encode()
def permuted(client, s, w):
    if not any(left.get(s, [])):
        sizes = options.get("block_sizes") or [-(-2 * len(names) // sum(w)) * sum(w)]
        size = sizes[bounded(block(s), len(sizes)) if len(sizes) > 1 else 0]
        left[s] = [size * share // sum(w) for share in w]
    a = pick(block(s), left[s])
    left[s][a] -= 1
    return a, w[a] / sum(w)
def urn(client, s, w):
    balls, n = {"start": 1, "add": 1, **options.get("urn", {})}, [count[s, a] for a in columns]
    v = [balls["start"] * w[a] + balls["add"] * (sum(n) * w[a] - n[a]) for a in columns]
    a = pick(stream(b"urn", client), v)
    return a, v[a] / sum(v)
def behind(client, s, w, c): return fractions.Fraction(count[s, c], w[c])
def imbalance(client, s, w, c):
    total = 0
    for factor in options["factors"]:
        n = [count[factor["column"], people[client][factor["column"]], a] + (a == c) for a in columns]
        total += factor["weight"] * sum(abs(sum(w) * n[a] - sum(n) * w[a]) for a in columns)
    return total
def coin(client, s, w):
    measure, standard = (behind, (2, 3)) if kind == "biased_coin" else (imbalance, (4, 5))
    score, toss = {a: measure(client, s, w, a) for a in columns if w[a]}, options.get("coin", fractions.Fraction(*standard))
    best, numbers = [w[a] * (score.get(a) == min(score.values())) for a in columns], stream(b"coin", client)
    B, W, c, C, a = sum(best), sum(w), toss.numerator, toss.denominator, pick(numbers, best)
    if B == W: return a, w[a] / W
    if bounded(numbers, C) >= c: a = pick(numbers, [share * (f != a) for f, share in enumerate(w)])
    return a, sum(((C - c) * (w[f] / B) * (w[a] / (W - w[f])) for f in columns if best[f] and f != a), c * (best[a] / B)) / C
def block(s): return streams.setdefault(s, stream(b"block", s))
ledger, clients, count, streams, left, lines = rows("ledger.csv"), rows("inputs/clients.csv"), collections.Counter(), {}, {}, []
ids = {row["client"] for row in ledger}
people = {row[name].encode(): row for name in clients[0] for row in clients if {row[name] for row in clients} == ids}
for position, (client, s) in enumerate(((row["client"].encode(), row["stratum"].encode()) for row in ledger), 1):
    w = own.get(s.decode(), [arm["share"] for arm in design["arms"]])
    w = [share // math.gcd(*w) for share in w]
    a, p = {"permuted": permuted, "urn": urn}.get(kind, coin)(client, s, w)
    count.update([(s, a), *((f["column"], people[client][f["column"]], a) for f in options.get("factors", []))])
    lines.append(b",".join(map(quote, (b"%d" % position, client, s, names[a], number(p)))))
chain = it.accumulate([key(b"ledger", b""), *lines], lambda last, line: line + b"," + sha256(last[-64:] + b"\n" + line))
sys.stdout.buffer.write(b"\n".join([b"position,client,stratum,arm,probability,digest", *list(chain)[1:], b""]))
