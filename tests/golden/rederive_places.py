# SPDX-License-Identifier: GPL-3.0-or-later
"""Print the ledger of a bundle of permuted blocks with few places, derived again from the README's "Rolling designs" and
"Places": rederive_places.py BUNDLE. Its plan is JSON, and says how the columns of the workers' and the exits' files are
called."""
import csv, datetime, decimal, hashlib, itertools as it, json, math, pathlib, re, sys
bundle = pathlib.Path(sys.argv[1])
manifest = json.loads((bundle / "manifest.json").read_bytes())
plan = json.loads((bundle / "inputs/plan.yaml").read_bytes())
design, capacity, seed = manifest["design"], plan["capacity"], manifest["design"]["seed"]
options, own = design.get("options", {}), design["stratum_shares"]
columns, names = range(len(design["arms"])), [arm["name"] for arm in design["arms"]]
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
def day(text): return datetime.date.fromisoformat(text) if text else datetime.date.max
def worker(row):
    arm = names.index(row[capacity["arm_column"]] if "arm_column" in capacity else capacity["arm"])
    start, end = (day(row[capacity[word]]) for word in ("from", "to"))
    return row[capacity["id"]].encode(), (arm, int(row[capacity["places"]]), start, end)
def load(w, d): return sum(server == w and d < left for server, left in served)
ids, left, streams, served, lines = plan["clients"]["id"], {}, {}, [], []
team = dict(sorted(map(worker, rows("inputs/workers.csv"))))
gone = {row[capacity["exits"]["id"]]: day(row[capacity["exits"]["date"]]) for row in rows("inputs/exits.csv")}
came = {row[ids]: day(row[plan["design"]["arrival"]]) for row in rows("inputs/clients.csv")}
for position, row in enumerate(rows("ledger.csv"), 1):
    client, s, d = row["client"], row["stratum"], came[row["client"]]
    w = own.get(s, [arm["share"] for arm in design["arms"]])
    w = [share // math.gcd(*w) for share in w]
    there = [(name, arm, places, load(name, d)) for name, (arm, places, start, end) in team.items() if start <= d < end]
    served_arms = sorted({arm for arm, *_ in team.values()})
    sums = [tuple(sum(x[i] for x in there if x[1] == a) for i in (3, 2)) for a in served_arms]
    taken, places = min(sums, key=lambda pair: pair[1] - pair[0])
    arm = probability = chosen = chance = b""
    if places > taken:
        block = streams.setdefault(s, stream(b"block", s.encode()))
        if not any(left.get(s, [])):
            sizes = options.get("block_sizes") or [-(-2 * len(names) // sum(w)) * sum(w)]
            size = sizes[bounded(block, len(sizes)) if len(sizes) > 1 else 0]
            left[s] = [size * share // sum(w) for share in w]
        a = pick(block, left[s])
        left[s][a] -= 1
        arm, probability = names[a].encode(), number(w[a] / sum(w))
        free = [x for x in there if x[1] == a and x[3] < x[2]]
        least = [x[0] for x in free if x[3] == min(other[3] for other in free)]
        if least:
            chosen = least[bounded(stream(b"worker", client.encode()), len(least)) if len(least) > 1 else 0]
            chance = number(1 / len(least))
            served.append((chosen, gone.get(client, datetime.date.max)))
    cells = (b"%d" % position, client.encode(), s.encode(), arm, probability, chosen, chance, b"%d" % taken, b"%d" % places,
             b"" if arm else b"no_place")
    lines.append(b",".join(map(quote, cells)))
chain = it.accumulate([key(b"ledger", b""), *lines], lambda last, line: line + b"," + sha256(last[-64:] + b"\n" + line))
head = b"position,client,stratum,arm,probability,worker,worker_probability,open,places,reason,digest"
sys.stdout.buffer.write(b"\n".join([head, *list(chain)[1:], b""]))
