# SPDX-License-Identifier: GPL-3.0-or-later
"""The two motivational-interviewing trials: mi and mi-double."""
import datetime

from allocate import allocate
from chance import Chance, clamp, decimal, highest

YES_NO = {True: "yes", False: "no"}

MI_WAVES = range(13)
MI_CASELOADS = {  # percent of the arm's clients; the last worker of each arm sees very few
    "usual": {"cw-01": 24, "cw-02": 21, "cw-03": 18, "cw-04": 17, "cw-05": 15, "cw-06": 5},
    "mi": {"cw-07": 27, "cw-08": 22, "cw-09": 19, "cw-10": 16, "cw-11": 13, "cw-12": 3},
}
# Employed clients of each month: months 0 and 3 stand near the published rates, the others are invented.
MI_EMPLOYED = {
    "usual": [3, 3, 2, 1, 2, 3, 3, 4, 4, 3, 4, 5, 5],
    "mi": [3, 4, 5, 7, 7, 8, 9, 9, 10, 10, 11, 10, 11],
}
MI_READINESS_GAIN = {0: 0, 3: 9, 6: 7, 12: 4}  # tenths of a point

SITES = {  # clients
    "Burnaby": 26, "Coquitlam": 18, "Delta": 16, "Langley": 22, "New Westminster": 18, "Richmond": 24, "Surrey": 30}
DOUBLE_WAVES = [0, 3, 6, 12]
# No effect on employment, as published; more use of services in the MI arm.
DOUBLE_EMPLOYED = {"usual": [8, 13, 16, 18], "mi": [9, 12, 17, 19]}


def limits(client):
    """The eight characteristics that Emploi-Québec counts as limiting integration."""
    return sum((client["aid_months"] >= 48, client["absence_months"] >= 24, client["schooling"] < 10,
                client["age"] >= 45, client["single_parent"], client["health_episodes"] > 0,
                client["child_under_5"], client["left_institution"]))


def make_client(trial, number):
    c = Chance(trial, "client", number)
    aid = c.between(48, 190) if c.happens(600) else c.between(13, 47)
    client = {"client_id": "%s-%03d" % ("fv" if trial == "mi" else "lm", number),
              "age": clamp(c.normal(41, 11), 19, 63), "female": c.happens(520), "aid_months": aid,
              "absence_months": aid // 2 + c.between(0, 60), "schooling": clamp(c.normal(11, 2), 6, 17),
              "health_episodes": c.choose({0: 55, 1: 25, 2: 13, 3: 7}), "left_institution": c.happens(60)}
    client["single_parent"] = client["age"] < 56 and c.happens(420 if client["female"] else 90)
    client["child_under_5"] = client["age"] < 44 and c.happens(450 if client["single_parent"] else 120)
    client["limits"] = limits(client)
    easier = 4 - client["limits"]
    client["conclusion"] = c.choose({"B": 40 + 8 * max(easier, 0), "C": 40, "D": 14, "A": 2 + max(easier, 0)})
    client["dependants"] = client["single_parent"] or client["child_under_5"]
    return client


def client_cells(client, lost):
    """Cells of the client file; `lost` names what the extract does not hold."""
    cells = {key: str(client[key]) for key in ("age", "aid_months", "absence_months", "schooling", "health_episodes",
                                               "limits", "conclusion")}
    for key in ("female", "single_parent", "child_under_5", "left_institution"):
        cells[key] = YES_NO[client[key]]
    cells["aid_4_years"] = YES_NO[client["aid_months"] >= 48]
    cells["far_from_market"] = YES_NO[client["limits"] >= 3]
    cells.update({key: "" for key in lost})
    return cells


def lost_covariates(trial, client):
    c = Chance(trial, "lost covariates", client["client_id"])
    permille_of = {"absence_months": 60, "schooling": 45, "health_episodes": 50}
    return [key for key, permille in permille_of.items() if c.happens(permille)]


def deal_caseloads(trial, arm, units, percent_of):
    """Shuffles an arm's clients and deals them out in unequal shares; the first worker takes what rounding leaves."""
    sizes = {worker: max(1, len(units) * percent // 100) for worker, percent in percent_of.items()}
    first = next(iter(sizes))
    sizes[first] += len(units) - sum(sizes.values())
    places = [worker for worker, size in sizes.items() for _ in range(size)]
    return dict(zip(Chance(trial, "caseloads", arm).shuffled(units), places))


def steps(trial, client_id, purpose, n):
    """A persistent disturbance (thousandths), one value per wave."""
    c, value, out = Chance(trial, purpose, client_id), 0, []
    for _ in range(n):
        value = value * 4 // 5 + c.normal(0, 600)
        out.append(value)
    return out


def job_prospects(trial, clients, worker_of, n_waves):
    """Latent scores by client and wave: own characteristics, the caseworker's own effect, persistent chance."""
    scores = {}
    for client in clients:
        unit = client["client_id"]
        own = Chance(trial, "prospects", unit).normal(0, 900) - 180 * client["limits"]
        own += {"A": 900, "B": 300, "C": -100, "D": -500}[client["conclusion"]]
        own += Chance(trial, "caseworker", worker_of[unit]).normal(0, 450)
        scores[unit] = [own + step for step in steps(trial, unit, "job steps", n_waves)]
    return scores


def employed_by_wave(scores, arm_of, seen, quota_of):
    """wave index -> set of employed clients, as many per arm as `quota_of` says."""
    n_waves = len(next(iter(quota_of.values())))
    return [set().union(*(highest({u: s[w] for u, s in scores.items() if arm_of[u] == arm and seen[u][w]}, quota[w])
                          for arm, quota in quota_of.items())) for w in range(n_waves)]


def assistance_cents(trial, client, works):
    """Monthly income assistance: the rate of the household, less what a job earns beyond the exemption."""
    c = Chance(trial, "assistance", client["client_id"])
    full = (94558 if client["dependants"] else 61000) + 500 * c.between(0, 30)
    out, left = [], False
    for month, working in enumerate(works):
        left = (left and c.happens(850)) or (working and month > 0 and c.happens(300)) or c.happens(6)
        reduction = 2500 * c.between(2, 16) if working else 0
        odd = 2000 * c.between(1, 5) if c.happens(80) else 0
        out.append(0 if left else max(0, full + odd - reduction))
    return out


def mi_seen(trial, unit):
    """Whether the survey reached the client in each month: gaps, and now and then the end of contact."""
    c, out, in_contact = Chance(trial, "contact", unit), [], True
    for month in MI_WAVES:
        in_contact = in_contact and (month == 0 or not c.happens(9))
        out.append(in_contact and (month == 0 or not c.happens(22)))
    return out


def mi_tables(seed):
    trial, n = "mi", 155
    clients = [make_client(trial, number) for number in range(1, n + 1)]
    start = datetime.date(2012, 10, 1)
    days = sorted(Chance(trial, "enrolled", number).below(60) for number in range(n))
    stratum_of = {}
    for client, day in zip(clients, days):
        client["enrolled"] = (start + datetime.timedelta(day)).isoformat()
        client["office"] = Chance(trial, "office", client["client_id"]).choose({"Abbotsford": 58, "Chilliwack": 42})
        stratum_of[client["client_id"]] = (client["office"], YES_NO[client["aid_months"] >= 48])
    arm_of = allocate(trial, seed, stratum_of, {"usual": 1, "mi": 1})
    worker_of = {}
    for arm, percent_of in MI_CASELOADS.items():
        worker_of.update(deal_caseloads(trial, arm, [c["client_id"] for c in clients if arm_of[c["client_id"]] == arm],
                                        percent_of))
    return mi_client_rows(trial, clients, worker_of), mi_outcome_rows(trial, clients, arm_of, worker_of)


def mi_client_rows(trial, clients, worker_of):
    header = ["client_id", "office", "enrolled", "caseworker", "age", "female", "aid_4_years", "aid_months",
              "absence_months", "schooling", "single_parent", "child_under_5", "health_episodes", "left_institution",
              "limits", "far_from_market", "conclusion"]
    rows = [header]
    for client in clients:
        cells = client_cells(client, lost_covariates(trial, client))
        cells.update(client_id=client["client_id"], office=client["office"], enrolled=client["enrolled"],
                     caseworker=worker_of[client["client_id"]])
        rows.append([cells[key] for key in header])
    return rows


def mi_outcome_rows(trial, clients, arm_of, worker_of):
    seen = {c["client_id"]: mi_seen(trial, c["client_id"]) for c in clients}
    employed = employed_by_wave(job_prospects(trial, clients, worker_of, 13), arm_of, seen, MI_EMPLOYED)
    rows = [["client_id", "month", "employed", "income_assistance", "readiness"]]
    for client in clients:
        unit = client["client_id"]
        c = Chance(trial, "readiness", unit)
        own = c.normal(52, 14) - 2 * client["limits"] + Chance(trial, "rapport", worker_of[unit]).normal(0, 5)
        aid = assistance_cents(trial, client, [unit in employed[m] for m in MI_WAVES])
        moved = Chance(trial, "moved", unit)
        last = moved.between(4, 11) if moved.happens(30) else 12
        for month in MI_WAVES:
            if month > last:
                break
            ready = ""
            if month in MI_READINESS_GAIN:
                gain = MI_READINESS_GAIN[month] if arm_of[unit] == "mi" else 0
                score = clamp(own + gain + month // 2 + c.normal(0, 8), 0, 100)
                ready = decimal(score, 1) if seen[unit][month] and not c.happens(25) else ""
            job = str(int(unit in employed[month])) if seen[unit][month] else ""
            rows.append([unit, str(month), job, decimal(aid[month], 2), ready])
    return rows


def double_workers(seed):
    """Four caseworkers per site, two to each arm, drawn by the same rule under a trial id of its own."""
    site_of = {"w%02d" % (4 * s + k + 1): (site,) for s, site in enumerate(SITES) for k in range(4)}
    return site_of, allocate("mi-double-caseworkers", seed, site_of, {"usual": 1, "mi": 1})


def double_tables(seed):
    trial = "mi-double"
    site_of_worker, arm_of_worker = double_workers(seed)
    sites = Chance(trial, "sites").shuffled([site for site, size in SITES.items() for _ in range(size)])
    clients = [make_client(trial, number) for number in range(1, len(sites) + 1)]
    site_of = {client["client_id"]: (site,) for client, site in zip(clients, sites)}
    arm_of = allocate(trial, seed, site_of, {"usual": 1, "mi": 1})
    worker_of = {}
    for site in SITES:
        for arm in ("usual", "mi"):
            pair = [w for w in site_of_worker if site_of_worker[w] == (site,) and arm_of_worker[w] == arm]
            here = [u for u in sorted(site_of) if site_of[u] == (site,) and arm_of[u] == arm]
            heavy = Chance(trial, "heavy", site, arm).between(50, 70)
            worker_of.update(deal_caseloads(trial, site + arm, here, {pair[0]: heavy, pair[1]: 100 - heavy}))
    workers = [["caseworker", "site", "arm", "years"]]
    for worker, (site,) in site_of_worker.items():
        workers.append([worker, site, arm_of_worker[worker], str(Chance(trial, "years", worker).between(1, 18))])
    return (double_client_rows(trial, clients, site_of, worker_of), workers,
            double_outcome_rows(trial, clients, arm_of, worker_of))


def double_client_rows(trial, clients, site_of, worker_of):
    header = ["client_id", "site", "caseworker", "age", "female", "aid_4_years", "schooling", "single_parent",
              "child_under_5", "health_episodes", "limits", "far_from_market"]
    rows = [header]
    for client in clients:
        cells = client_cells(client, lost_covariates(trial, client))
        cells.update(client_id=client["client_id"], site=site_of[client["client_id"]][0],
                     caseworker=worker_of[client["client_id"]])
        rows.append([cells[key] for key in header])
    return rows


def double_outcome_rows(trial, clients, arm_of, worker_of):
    seen = {}
    for client in clients:
        c = Chance(trial, "contact", client["client_id"])
        lost_at = c.choose({3: 4, 6: 4, 12: 6, 99: 86})
        seen[client["client_id"]] = [wave < lost_at for wave in DOUBLE_WAVES]
    employed = employed_by_wave(job_prospects(trial, clients, worker_of, 4), arm_of, seen, DOUBLE_EMPLOYED)
    rows = [["client_id", "month", "employed", "services", "search_hours", "income_assistance"]]
    for client in clients:
        unit = client["client_id"]
        c = Chance(trial, "services", unit)
        keen = c.normal(0, 10) + Chance(trial, "rapport", worker_of[unit]).normal(0, 5)
        aid = assistance_cents(trial, client, [unit in employed[w] for w in range(4)])
        for w, wave in enumerate(DOUBLE_WAVES):
            if not seen[unit][w]:
                continue
            push = 7 if arm_of[unit] == "mi" and wave > 0 else 0
            services = max(0, (12 + keen + push + c.normal(0, 9)) // 10)
            hours = max(0, 60 + 3 * keen + push + c.normal(0, 30) - 5 * wave)
            search = "" if c.happens(45) else decimal(hours, 1)
            rows.append([unit, str(wave), str(int(unit in employed[w])), str(services), search, decimal(aid[w], 2)])
    return rows
