/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is known of caseworkers, made by hand for the tests of reports: five of one arm, whose names attack markup, one
 * with too few clients to be shown, numbers that are refused. */
#ifndef TM_TEST_MADE_DOSSIER_H
#define TM_TEST_MADE_DOSSIER_H

#include <math.h>

#include "temoin/result.h"

static const temoin_provider_structure made_provider_structure[] = {
    {"one_arm", "workers_one_arm", "one_arm", 5, 56, 56, 1, 0, 3},
};

static const temoin_provider_arm made_provider_arms[] = {
    {0, 0, 0, 56, -1, -1, NAN, NAN, NAN},
    {1, 5, 56, 0, 4, 16, 11.2, 0.4125, 12.714285714},
};

static const temoin_caseload made_caseloads[] = {
    {"Annelien", 1, 16, 16, 15}, {"Bert <b> & \"co\"", 1, 14, 16, 12},
    {"Chloé", 1, 12, 16, 11},    {"Dirk Vandenbroucke", 1, 10, 16, 9},
    {"E", 1, 4, 16, -1},
};

static const temoin_icc made_icc[] = {
    {"training", "12", "", "anova", 48, 5, 0.0052, 0.1655, 0.0305, 0.95, -0.0588, 0.4115, "searle", 1.357, 0.2461, 9999,
     ""},
    {"training", "12", "ocm", "reml", 48, 5, 0.0047, 0.1659, 0.0276, 0.95, 0, 0.3922, "profile", 1.323, NAN, -1, ""},
    {"income", "12", "", "anova", 47, 5, -801.2, 93121.5, -0.0087, 0.95, -0.0711, 0.2013, "smith", 0.898, 0.6102, 9999,
     ""},
    {"housing", "12", "", "anova", 3, 1, NAN, NAN, NAN, 0.95, NAN, NAN, "", NAN, NAN, -1, "one_worker_in_total"},
};

static const temoin_provider_mean made_provider_means[] = {
    {"training", "12", "Annelien", 1, 14, 0.357142857, 0.27, 0.95, 0.12, 0.42},
    {"training", "12", "Bert <b> & \"co\"", 1, 12, 0.083333333, 0.19, 0.95, 0.03, 0.35},
    {"training", "12", "Chloé", 1, 10, 0.3, 0.25, 0.95, 0.09, 0.41},
    {"training", "12", "Dirk Vandenbroucke", 1, 9, 0.111111111, 0.2, 0.95, 0.03, 0.37},
    {"training", "12", "E", 1, 3, 0.333333333, 0.235, 0.95, 0.06, 0.41},
};

#define MADE_EFFECT "primary", "training", "12", "ocm", "control"

static const temoin_tipping_point made_tipping_points[] = {
    {MADE_EFFECT, 5,    0,    12.71, 1,      0.42,    0.31,   0.17345678, 0.95,  0.0305, 0,
     0.4115,      0.08, 9.21, 0.01,  0.0554, 0.17345, 0.0525, 0.9871,     "lin", "cr2",  ""},
    {"primary", "income", "12", "ocm", "control", 5,   0,   12.71,  1,   305, 310, 151.87, 0.95,
     NAN,       NAN,      NAN,  NAN,   NAN,       NAN, NAN, 151.87, NAN, NAN, "",  "",     "strata_pooled"},
};

static const temoin_tipping_curve made_tipping_curves[] = {
    {MADE_EFFECT, 0, 0.0735, 93, 0.0275, 0.3194, 0.0204},     {MADE_EFFECT, 0.02, 0.0781, 41, 0.0157, 0.3312, 0.0318},
    {MADE_EFFECT, 0.05, 0.0845, 22, 0.0019, 0.345, 0.0476},   {MADE_EFFECT, 0.08, 0.0905, 14, 0, 0.3669, 0.05},
    {MADE_EFFECT, 0.12, 0.0978, 9.5, -0.0461, 0.393, 0.1079}, {MADE_EFFECT, 0.2, 0.1112, 6.8, -0.0911, 0.438, 0.164},
    {MADE_EFFECT, 1, 0.2, 4.1, -0.3757, 0.7226, 0.434},
};

static const temoin_influence made_influence[] = {
    {MADE_EFFECT, "provider", "Annelien", "ocm", 14, 0.0934, 0.0666, -0.0911, 0.2779, -0.03005, 0.31, 0.28, ""},
    {MADE_EFFECT, "provider", "Bert <b> & \"co\"", "ocm", 12, 0.1652, 0.0719, -0.0346, 0.365, 0.04175, 0.27, 0.24, ""},
    {MADE_EFFECT, "provider", "Chloé", "ocm", 10, 0.1101, 0.0744, -0.0966, 0.3168, -0.01335, 0.22, 0.2, ""},
    {MADE_EFFECT, "provider", "Dirk Vandenbroucke", "ocm", 9, 0.1399, 0.0731, -0.063, 0.3428, 0.01645, 0.2, 0.18, ""},
    {MADE_EFFECT, "provider", "E", "ocm", 3, NAN, NAN, NAN, NAN, NAN, 0.1, 0.1, "one_cluster_in_arm"},
    {MADE_EFFECT, "site", "north", "", 25, 0.1322, 0.0988, -0.11, 0.3744, 0.00875, NAN, NAN, ""},
    {MADE_EFFECT, "best_provider", "Annelien", "ocm", 14, 0.1011, 0.0666, -0.0834, 0.2856, -0.02235, 0.31, 0.28, ""},
};

static const temoin_provider_test made_provider_tests[] = {
    {MADE_EFFECT, "workers_permuted", NAN, NAN, NAN, NAN, NAN, NAN, -1, false, "workers_not_randomized"},
    {MADE_EFFECT, "placebo", 0.05, 0.1235, 0.0861, 0.0861, 0.0861, NAN, 0, true, ""},
    {MADE_EFFECT, "placebo", 0.1, 0.1235, 0.1142, 0.1081, 0.1206, NAN, 9999, false, ""},
};

static const temoin_provider_selection made_provider_selection[] = {
    {"baseline", "ocm", "", "", 56, 5, 6, 21.7, 24, 0.5971, 0.6231, 9999, ""},
    {"attrition", "ocm", "training", "12", 56, 5, -1, 2.31, 4, 0.679, 0.7012, 9999, ""},
};

#endif
