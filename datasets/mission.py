# SPDX-License-Identifier: GPL-3.0-or-later
"""The outreaching case management trial: mission-kortrijk."""
import datetime

from allocate import allocate
from chance import Chance, clamp, decimal, highest

TRIAL = "mission-kortrijk"
YES_NO = {True: "oui", False: "non"}
FIRST_BIRTH, LAST_BIRTH = datetime.date(2017, 4, 1), datetime.date(2019, 4, 30)
DISTRICTS = {"Centrum": 38, "Heule": 18, "Lange Munte": 22, "Overleie": 34}
MANAGERS = ["ocm-1", "ocm-2", "ocm-3", "ocm-4", "ocm-5"]
AT_HOME = {"Centrum": "ocm-1", "Overleie": "ocm-2", "Lange Munte": "ocm-3", "Heule": "ocm-4"}  # ocm-5: everywhere
CAPACITY = 16
WAVES = [0, 6, 12]
LOST_AT_12, LOST_AT_6 = {"control": 10, "ocm": 7}, {"control": 4, "ocm": 3}
# Families at months 0, 6, 12: training doubles in the ocm arm, the living wage does not move, supplementary aid rises.
QUOTAS = {
    "training": {"control": [5, 6, 8], "ocm": [5, 12, 17]},
    "living_wage": {"control": [31, 29, 25], "ocm": [30, 29, 26]},
    "supplementary_aid": {"control": [14, 15, 15], "ocm": [15, 24, 26]},
}
HOUSING = ["hébergement chez des proches", "logement social", "location privée", "propriétaire"]
REMARKS = ["déménagement prévu", "enfant à la crèche", "père absent; à rappeler", "cœur de l’été: congé",
           "dette réglée (120 €)", "problème de santé", "mère en formation, très motivée", "interprète demandé",
           "« pas le temps »"]


def make_families():
    span = (LAST_BIRTH - FIRST_BIRTH).days + 1
    births = []
    for number in range(112):
        c = Chance(TRIAL, "birth", number)
        born = FIRST_BIRTH + datetime.timedelta(c.below(span))
        births.append((born + datetime.timedelta(c.between(4, 35)), born))
    return [make_family(number, *dates) for number, dates in enumerate(sorted(births), 1)]


def make_family(number, enrolled, born):
    c = Chance(TRIAL, "family", number)
    family = {"family_id": "k%03d" % number, "district": c.choose(DISTRICTS), "child_born": born, "enrolled": enrolled,
              "age": clamp(c.normal(30, 5), 18, 44), "single_parent": c.happens(350),
              "children": c.choose({1: 42, 2: 31, 3: 17, 4: 7, 5: 3}), "schooling": clamp(c.normal(11, 3), 5, 17),
              "aid_months": max(0, c.normal(30, 26)),
              "health_episodes": c.choose({0: 72, 1: 18, 2: 10}), "dutch_at_home": c.happens(460)}
    away = family["aid_months"] // 2 + c.between(0, 24)
    # The child that brings the family in is one of the eight limits; two more make it far from the labour market.
    limits = 1 + sum((family["aid_months"] >= 48, away >= 24, family["schooling"] < 10, family["single_parent"],
                      family["health_episodes"] > 0))
    family["far_from_market"] = limits >= 3
    family["limits"] = limits
    return family


def assign_managers(families, arm_of):
    """In order of enrolment: the manager of the district, for one family in four the roving one, and the least busy
    where that one is full; nobody holds more than CAPACITY open families."""
    cases, open_spells = {}, {manager: [] for manager in MANAGERS}
    for family in families:
        unit = family["family_id"]
        if arm_of[unit] != "ocm":
            continue
        c = Chance(TRIAL, "case", unit)
        opened = family["enrolled"] + datetime.timedelta(c.between(1, 18))
        closed = opened + datetime.timedelta(c.between(274, 365))
        load = {m: sum(begin <= closed and opened < end for begin, end in spells)
                for m, spells in open_spells.items()}
        wanted = "ocm-5" if c.happens(250) else AT_HOME[family["district"]]
        manager = wanted if load[wanted] < CAPACITY else min(MANAGERS, key=lambda m: (load[m], m))
        assert load[manager] < CAPACITY
        open_spells[manager].append((opened, closed))
        cases[unit] = (manager, opened, closed)
    return cases


def client_rows(families, cases):
    header = ["family_id", "district", "far_from_market", "child_born", "enrolled", "age", "single_parent", "children",
              "schooling", "aid_months", "health_episodes", "dutch_at_home", "case_manager", "case_opened",
              "case_closed"]
    rows = [header]
    for family in families:
        c = Chance(TRIAL, "lost covariates", family["family_id"])
        cells = {key: str(family[key]) for key in header[:12]}
        for key in ("far_from_market", "single_parent", "dutch_at_home"):
            cells[key] = YES_NO[family[key]]
        for key, permille in (("schooling", 60), ("aid_months", 40)):
            if c.happens(permille):
                cells[key] = ""
        manager, opened, closed = cases.get(family["family_id"], ("", "", ""))
        cells.update(case_manager=manager, case_opened=str(opened), case_closed=str(closed))
        rows.append([cells[key] for key in header])
    return rows


def contact(families, arm_of):
    """wave index -> families that were seen, with the same number lost whatever the chance."""
    seen = [set(arm_of)]
    for lost in (LOST_AT_6, LOST_AT_12):
        gone = set()
        for arm, count in lost.items():
            weakness = {f["family_id"]: Chance(TRIAL, "contact", f["family_id"]).normal(100 * f["single_parent"], 300)
                        for f in families if arm_of[f["family_id"]] == arm}
            gone |= highest(weakness, count)
        seen.append(set(arm_of) - gone)
    return seen


def binary_measure(name, families, arm_of, cases, seen):
    """wave index -> families with the measure, as many of each arm as QUOTAS says."""
    score = {}
    for family in families:
        unit = family["family_id"]
        c = Chance(TRIAL, name, unit)
        toward = {"training": 40 * (family["schooling"] - 10) - 20 * family["limits"],
                  "living_wage": 200 * family["limits"] + 5 * family["aid_months"],
                  "supplementary_aid": 120 * family["limits"] + 80 * family["children"]}[name]
        own = c.normal(toward, 500)
        manager = cases[unit][0] if unit in cases else ""
        later = Chance(TRIAL, name, "manager", manager).normal(0, 350) if manager else 0
        score[unit] = [own + c.normal(0, 250) + (later if w > 0 else 0) for w in range(3)]
    return [set().union(*(highest({u: score[u][w] for u in seen[w] if arm_of[u] == arm}, quota[w])
                          for arm, quota in QUOTAS[name].items())) for w in range(3)]


def outcome_rows(families, arm_of, cases):
    seen = contact(families, arm_of)
    have = {name: binary_measure(name, families, arm_of, cases, seen) for name in QUOTAS}
    rows = [["family_id", "month", "visit", "commune", "training", "living_wage", "supplementary_aid", "income",
             "housing", "housing_quality", "remarque"]]
    for family in families:
        unit = family["family_id"]
        c = Chance(TRIAL, "visits", unit)
        own = c.normal(1120, 190) + (0 if family["single_parent"] else 420) + 95 * family["children"]
        home = c.choose({0: 14, 1: 38, 2: 40, 3: 8})
        quality = c.normal(62 - 3 * family["limits"], 13)
        for w, month in enumerate(WAVES):
            visit = family["enrolled"] + datetime.timedelta(30 * month + c.between(0, 20))
            helped = arm_of[unit] == "ocm" and w > 0
            income = own + 110 * (unit in have["supplementary_aid"][w]) + c.normal(6 * month, 70)
            home = c.choose({0: 0, 1: 70, 2: 30}) if home == 0 and w > 0 and c.happens(500) else home
            score = clamp(quality + (4 if helped else 0) + month // 3 + c.normal(0, 6), 0, 100)
            commune = "Kuurne (déménagé)" if w > 0 and c.happens(40) else "Courtrai/Kortrijk"
            cents, gaps = c.below(100), (c.happens(70), c.happens(40))
            remark = c.choose({"": 74, **{text: 3 for text in REMARKS}})
            if unit in seen[w]:
                rows.append([unit, str(month), visit.isoformat(), commune]
                            + [YES_NO[unit in have[name][w]] for name in QUOTAS]
                            + ["n.c." if gaps[0] else decimal(100 * income + cents, 2, ","), HOUSING[home],
                               "n.c." if gaps[1] else decimal(score, 1, ","), remark])
    return rows


def mission_tables(seed):
    families = make_families()
    stratum_of = {f["family_id"]: (f["district"], YES_NO[f["far_from_market"]]) for f in families}
    arm_of = allocate(TRIAL, seed, stratum_of, {"control": 1, "ocm": 1})
    cases = assign_managers(families, arm_of)
    return client_rows(families, cases), outcome_rows(families, arm_of, cases)
