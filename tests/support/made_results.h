/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Results made by hand for the tests of reports: a refused row, a masked cell, accents, and a label that attacks
 * markup. */
#ifndef TM_TEST_MADE_RESULTS_H
#define TM_TEST_MADE_RESULTS_H

#include <math.h>

#include "made_dossier.h"
#include "temoin/result.h"

static const char *const made_languages[] = {"en", "fr"};

static const temoin_arm_summary made_arms[] = {
    {"control", {"Usual help", "Aide habituelle"}, 56},
    {"ocm", {"Outreach", "Accompagnement proactif"}, 56},
};

static const temoin_measure_summary made_measures[] = {
    {"training", "binary", "", {"In training", "En formation"}},
    {"income", "continuous", "EUR per month", {"Income", "Revenu déclaré"}},
    {"housing", "binary", "", {"Stable <b>housing</b> & \"home\"'s", "Logement <b>stable</b> & « l’été »"}},
    {"visits", "count", "visits", {"Home visits", "Visites à domicile"}},
};

static const temoin_flow_row made_flow[] = {
    {"training", "6", 0, 56, 50, 50, 0.1, 0.3},     {"training", "6", 1, 56, 52, 51, 0.176, 0.38},
    {"training", "12", 0, 56, 47, 47, 0.106, 0.31}, {"training", "12", 1, 56, 48, 48, 0.229, 0.42},
    {"income", "12", 0, 56, 47, 46, 1650.2, 310},   {"income", "12", 1, 56, 48, 47, 1794.3, 305},
    {"housing", "12", 0, 56, 47, 3, 1, 0},          {"housing", "12", 1, 56, 48, 0, NAN, NAN},
};

static const temoin_baseline_row made_baseline[] = {
    {"age", "", {"Age, years", "Âge, en années"}, 0, 56, 0, 31.42, 6.83, NAN, NAN, NAN, NAN},
    {"age", "", {"Age, years", "Âge, en années"}, 1, 55, 1, 30.11, 7.05, -0.1887, 1.0655, NAN, NAN},
    {"single_parent", "", {"Single parent", "Parent seul"}, 0, 56, 0, 0.4107, NAN, NAN, NAN, NAN, NAN},
    {"single_parent", "", {"Single parent", "Parent seul"}, 1, 56, 0, 0.4464, NAN, 0.0721, NAN, NAN, NAN},
    {"district", "north", {"District", "Quartier"}, 0, 50, 6, 0.52, NAN, NAN, NAN, NAN, NAN},
    {"district", "north", {"District", "Quartier"}, 1, 56, 0, 0.5, NAN, -0.04, NAN, NAN, NAN},
    {"district", "Saint-Étienne", {"District", "Quartier"}, 0, 50, 6, 0.48, NAN, NAN, NAN, NAN, NAN},
    {"district", "Saint-Étienne", {"District", "Quartier"}, 1, 56, 0, 0.5, NAN, 0.04, NAN, NAN, NAN},
    {"debt", "", {"Debt, EUR", "Dettes, EUR"}, 0, 56, 0, 3450.7, 2901.2, NAN, NAN, NAN, NAN},
    {"debt", "", {"Debt, EUR", "Dettes, EUR"}, 1, 56, 0, 3721.9, 3110.8, 0.0902, 1.1497, NAN, NAN},
};

static const temoin_first_stage made_first_stages[] = {
    {"primary", "income", "12", "",   "ocm", "control", 0.81,      0.0523, 91,     239.86, 4.1e-27, 117.3, 40.2,
     0.0173,    0.83,     0.04, 0.13, 8.51,  0.0044,    "outside", -12.5,  301.25, 21.5,   0.31,    90,    0.5791},
    {"primary", "training", "12", "district=north",
     "ocm",     "control",  1,    0,
     NAN,       INFINITY,   NAN,  0.1,
     0.05,      0,          1,    0,
     0,         NAN,        NAN,  "",
     NAN,       NAN,        NAN,  NAN,
     NAN,       NAN},
};

static const temoin_joint_test made_joint_tests[] = {
    {"primary", "income", "12", "", "contrasts", "", "", "cr2", 2, 3.3891, 2, 16.9748, 0.0578, ""},
    {"primary", "training", "12", "district=north", "contrasts", "", "", "cr2", 3, NAN, NAN, NAN, NAN,
     "joint_singular"},
};

static const temoin_clusters made_clusters[] = {
    {"primary", "income", "12",   "",  "ocm",  "control", 61,     5,   56,   1,     14,
     9.25,      4.75,     0.0357, 0.9, 1.9731, 0.0089,    0.2113, 1.6, 91.5, 160.25},
    {"primary", "training", "12", "district=north", "ocm", "control", 2, 1, 1, 56, 56, 2, NAN, 1, 1, 0, 0.5, 0.5,
     0,         NAN,        NAN},
};

static const temoin_family_summary made_families[] = {{"take-up", 2, 0.2219, 10000, false}};

static const temoin_omnibus made_omnibus[] = {{5.4871, 5, 0.35931, 0.374, 999, 112, 6, ""}};

#define MADE_ROW(estimate_, measure_, wave_, estimator_, variance_)                                                    \
    .estimate = estimate_, .measure = measure_, .wave = wave_, .subgroup = "", .arm = "ocm", .reference = "control",   \
    .estimator = estimator_, .variance = variance_, .level = 0.95, .n_rows = -1, .p_simultaneous = NAN,                \
    .ci_simultaneous_low = NAN, .ci_simultaneous_high = NAN

/* The adjustments that these families do not ask for. */
#define MADE_UNADJUSTED                                                                                                \
    .p_bonferroni = NAN, .p_sidak = NAN, .p_holm_sidak = NAN, .p_hochberg = NAN, .p_hommel = NAN, .p_by = NAN,         \
    .p_bky = NAN, .p_dunnett = NAN, .p_dunnett_step_down = NAN, .p_westfall_young_single = NAN,                        \
    .p_westfall_young_min_p = NAN, .provider_verdict = "one_arm", .n_providers_arm = 5, .n_providers_reference = 0,    \
    .icc = 0.0305, .icc_low = -0.0588, .icc_high = 0.4115, .icc_tipping = 0.08

/* A test by redraws and a bootstrap, whose interval has no upper end. */
#define MADE_TESTS                                                                                                     \
    .p_randomization = 0.1424, .p_randomization_low = 0.1356, .p_randomization_high = 0.1494,                          \
    .value_randomization = NAN, .ci_randomization_low = -0.0478, .ci_randomization_high = 0.2877,                      \
    .randomization_statistic = "studentized", .n_redraws = 10000, .p_bootstrap = 0.1873, .ci_bootstrap_low = -0.0911,  \
    .ci_bootstrap_high = NAN, .n_bootstrap = 9999, .p_westfall_young = 0.2219, .p_romano_wolf = NAN, MADE_UNADJUSTED

/* Neither. */
#define MADE_NONE                                                                                                      \
    .p_randomization = NAN, .p_randomization_low = NAN, .p_randomization_high = NAN, .value_randomization = NAN,       \
    .ci_randomization_low = NAN, .ci_randomization_high = NAN, .randomization_statistic = "", .n_redraws = -1,         \
    .p_bootstrap = NAN, .ci_bootstrap_low = NAN, .ci_bootstrap_high = NAN, .n_bootstrap = -1, .p_westfall_young = NAN, \
    .p_romano_wolf = NAN, MADE_UNADJUSTED

static const temoin_row made_rows[] = {
    {MADE_TESTS,
     MADE_ROW("primary", "training", "12", "lin", "cr2"),
     .cluster = "provider",
     .n = 95,
     .n_arm = 48,
     .n_reference = 47,
     .n_clusters = 52,
     .mean_arm = 11.0 / 48,
     .mean_reference = 5.0 / 47,
     .value = 0.12345678,
     .se = 0.0687,
     .df = 4.61,
     .statistic = 1.797,
     .p = 0.1367,
     .ci_low = -0.0578,
     .ci_high = 0.3047,
     .p_holm = 0.2734,
     .p_bh = NAN,
     .family = "take-up",
     .note = "few_clusters;missing_outcome:control=9;missing_outcome:ocm=8"},
    {MADE_NONE,
     MADE_ROW("primary", "income", "12", "lin", "cr2"),
     .cluster = "provider",
     .n = 93,
     .n_arm = 47,
     .n_reference = 46,
     .n_clusters = 51,
     .mean_arm = 1794.3424,
     .mean_reference = 1650.2218,
     .value = 151.87,
     .se = 41.6,
     .df = 5.2,
     .statistic = 3.65,
     .p = 0.0004,
     .ci_low = 46.1,
     .ci_high = 257.6,
     .p_holm = 0.0008,
     .p_bh = NAN,
     .family = "take-up",
     .note = "collinear:single_parent"},
    {MADE_NONE,
     MADE_ROW("secondary", "training", "6", "dim", "neyman"),
     .cluster = "",
     .n = 101,
     .n_arm = 51,
     .n_reference = 50,
     .n_clusters = -1,
     .mean_arm = 9.0 / 51,
     .mean_reference = 0.1,
     .value = 0.0764706,
     .se = 0.0683,
     .df = INFINITY,
     .statistic = 1.12,
     .p = 0.263,
     .ci_low = -0.0574,
     .ci_high = 0.2103,
     .p_holm = NAN,
     .p_bh = NAN,
     .family = "",
     .note = ""},
    {MADE_NONE,           MADE_ROW("secondary", "housing", "12", "dim", "neyman"),
     .cluster = "",       .n = 3,
     .n_arm = 0,          .n_reference = 3,
     .n_clusters = -1,    .mean_arm = NAN,
     .mean_reference = 1, .value = NAN,
     .se = NAN,           .df = NAN,
     .statistic = NAN,    .p = NAN,
     .ci_low = NAN,       .ci_high = NAN,
     .p_holm = NAN,       .p_bh = NAN,
     .family = "",        .note = "arm_empty"},
    {MADE_NONE,           MADE_ROW("secondary", "visits", "12", "dim", "neyman"),
     .cluster = "",       .n = 95,
     .n_arm = 48,         .n_reference = 47,
     .n_clusters = -1,    .mean_arm = 7.25,
     .mean_reference = 0, .value = 7.25,
     .se = NAN,           .df = NAN,
     .statistic = NAN,    .p = NAN,
     .ci_low = NAN,       .ci_high = NAN,
     .p_holm = NAN,       .p_bh = NAN,
     .family = "",        .note = "single_unit_in_block;stratum_without_contrast:3"},
};

/* The first row's effect by other ways, one of them refused. */
static const temoin_row made_provider_rows[] = {
    {MADE_NONE,
     MADE_ROW("primary", "training", "12", "lin", "hc2"),
     .cluster = "",
     .n = 95,
     .n_arm = 48,
     .n_reference = 47,
     .n_clusters = -1,
     .mean_arm = 11.0 / 48,
     .mean_reference = 5.0 / 47,
     .value = 0.12345678,
     .se = 0.0735,
     .df = 91,
     .statistic = 1.68,
     .p = 0.0964,
     .ci_low = -0.0225,
     .ci_high = 0.2694,
     .p_holm = NAN,
     .p_bh = NAN,
     .family = "",
     .note = ""},
    {MADE_NONE,
     MADE_ROW("primary", "training", "12", "lin", "cr2"),
     .cluster = "provider",
     .n = 95,
     .n_arm = 48,
     .n_reference = 47,
     .n_clusters = 52,
     .mean_arm = 11.0 / 48,
     .mean_reference = 5.0 / 47,
     .value = 0.12345678,
     .se = 0.0687,
     .df = 4.61,
     .statistic = 1.797,
     .p = 0.1367,
     .ci_low = -0.0578,
     .ci_high = 0.3047,
     .p_holm = NAN,
     .p_bh = NAN,
     .family = "",
     .note = "few_clusters;recommended"},
    {MADE_NONE,
     MADE_ROW("primary", "training", "12", "worker_means", "welch"),
     .cluster = "provider",
     .n = 95,
     .n_arm = 48,
     .n_reference = 47,
     .n_clusters = 52,
     .mean_arm = NAN,
     .mean_reference = NAN,
     .value = NAN,
     .se = NAN,
     .df = NAN,
     .statistic = NAN,
     .p = NAN,
     .ci_low = NAN,
     .ci_high = NAN,
     .p_holm = NAN,
     .p_bh = NAN,
     .family = "",
     .note = "arm_is_one_cluster"},
};

static const temoin_survival_row made_survival[] = {
    {"weeks_to_work", "12", 0, 2.5, 47, 3, 0.936170212765957, 0.0356567},
    {"weeks_to_work", "12", 1, 4, 48, 48, 0, NAN},
};

#define MADE_LIST(name, array) .name = array, .n_##name = sizeof array / sizeof *array

static const temoin_results made_results = {
    .engine = "0.1.0",
    .trial = "mission-kortrijk",
    .title = {"Outreaching case management <for families>", "L’accompagnement proactif des familles <été>"},
    .registry = "AEARCTR-0002786",
    .design = "blocked",
    .drawn = true,
    .seed = "kortrijk 2017-04-01",
    .n_units = 112,
    .n_strata = 4,
    .min_cell = 5,
    MADE_LIST(languages, made_languages),
    MADE_LIST(arms, made_arms),
    MADE_LIST(measures, made_measures),
    MADE_LIST(flow, made_flow),
    MADE_LIST(baseline, made_baseline),
    MADE_LIST(omnibus, made_omnibus),
    MADE_LIST(first_stages, made_first_stages),
    MADE_LIST(clusters, made_clusters),
    MADE_LIST(families, made_families),
    MADE_LIST(joint_tests, made_joint_tests),
    MADE_LIST(survival, made_survival),
    MADE_LIST(provider_structure, made_provider_structure),
    MADE_LIST(provider_arms, made_provider_arms),
    MADE_LIST(caseloads, made_caseloads),
    MADE_LIST(icc, made_icc),
    MADE_LIST(provider_means, made_provider_means),
    MADE_LIST(provider_rows, made_provider_rows),
    MADE_LIST(tipping_points, made_tipping_points),
    MADE_LIST(tipping_curves, made_tipping_curves),
    MADE_LIST(influence, made_influence),
    MADE_LIST(provider_tests, made_provider_tests),
    MADE_LIST(provider_selection, made_provider_selection),
    MADE_LIST(rows, made_rows),
};

#endif
