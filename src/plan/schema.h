/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The plan as written: what libcyaml fills, before defaults and references. Numbers stay texts: they are read exactly,
 * and independent of the locale, by resolve.c. Absent keys are NULL, 0 or an enumeration's first value. */
#ifndef TM_PLAN_SCHEMA_H
#define TM_PLAN_SCHEMA_H

#include <cyaml/cyaml.h>

#include "plan/plan_reader.h"

/* The schema marks a text that must be a number with a flag that matters to libcyaml only when it writes. */
enum { TM_SCHEMA_NUMBER = CYAML_FLAG_SCALAR_PLAIN };

typedef struct tm_raw_label {
    char *en;
    char *fr;
} tm_raw_label;

typedef struct tm_raw_trial {
    char *id;
    tm_raw_label title;
    char *registry;
} tm_raw_trial;

typedef struct tm_raw_format {
    int delimiter; /* the character, 0: auto */
    int decimal;   /* the character, 0: not stated */
    int encoding;  /* index into tm_encodings */
    char **missing;
    unsigned missing_count;
} tm_raw_format;

typedef struct tm_raw_file {
    char *file;
    char *id;
    char *wave;
    char *measure;
    char *value;
    tm_raw_format format;
} tm_raw_file;

typedef struct tm_raw_column {
    char *name;
    int type; /* temoin_column_type */
    tm_raw_label label;
    char *at_least;
    char **of;
    unsigned of_count;
} tm_raw_column;

typedef struct tm_raw_arm {
    char *name;
    char *share;
    tm_raw_label label;
} tm_raw_arm;

typedef struct tm_raw_stratum_shares {
    char **stratum;
    unsigned stratum_count;
    char **shares;
    unsigned shares_count;
} tm_raw_stratum_shares;

typedef struct tm_raw_level_factor {
    char *name;
    char **levels;
    unsigned levels_count;
    char **shares;
    unsigned shares_count;
} tm_raw_level_factor;

typedef struct tm_raw_factor {
    char *column;
    char *weight;
} tm_raw_factor;

typedef struct tm_raw_urn {
    char *start;
    char *add;
} tm_raw_urn;

typedef struct tm_raw_tier {
    char **covariates;
    unsigned covariates_count;
    char *accept;
} tm_raw_tier;

typedef struct tm_raw_limit {
    char *covariate;
    char *largest;
} tm_raw_limit;

typedef struct tm_raw_design {
    char *kind;
    char **strata;
    unsigned strata_count;
    char *seed;
    char *seed_file;
    char *seed_env;
    char *seed_commitment;
    char *assigned;
    char *probability;
    tm_raw_stratum_shares *stratum_shares;
    unsigned stratum_shares_count;
    char *misfits;
    char *cluster;
    char *arrival;
    char **block_sizes;
    unsigned block_sizes_count;
    tm_raw_factor *factors;
    unsigned factors_count;
    char *coin;
    tm_raw_urn urn;
    char *pair;
    char *group_size;
    int matching; /* 0: optimal, 1: greedy */
    char **covariates;
    unsigned covariates_count;
    char *accept;
    tm_raw_tier *tiers;
    unsigned tiers_count;
    tm_raw_limit *limits;
    unsigned limits_count;
    char *candidates;
    char *fraction;
    tm_raw_file workers;
} tm_raw_design;

typedef struct tm_raw_published {
    char *low;
    char *high;
    tm_raw_label source;
} tm_raw_published;

typedef struct tm_raw_providers {
    char *column;
    int structure; /* tm_structure */
    char *arm;
    char *site;
    char *over_time;
    int randomized; /* 1: true */
    char **estimates;
    unsigned estimates_count;
    tm_raw_published *published_icc;
    unsigned published_icc_count;
    char **placebo_icc;
    unsigned placebo_icc_count;
} tm_raw_providers;

typedef struct tm_raw_exits {
    tm_raw_file file;
    char *date;
} tm_raw_exits;

typedef struct tm_raw_capacity {
    tm_raw_file workers;
    char *places;
    char *from;
    char *to;
    char *arm;
    char *arm_column;
    tm_raw_exits exits;
} tm_raw_capacity;

typedef struct tm_raw_wide {
    char *wave;
    char *column;
} tm_raw_wide;

typedef struct tm_raw_measure {
    char *name;
    int kind; /* tm_measure_kind */
    char *unit;
    tm_raw_label label;
    char *baseline;
    char *event;
    tm_raw_wide *wide;
    unsigned wide_count;
} tm_raw_measure;

typedef struct tm_raw_contrast {
    char *arm;
    char *reference;
    char *name;
    char **weights;
    unsigned weights_count;
    char *factor;
    char *level;
    char *against;
    char **interaction;
    unsigned interaction_count;
    char **levels;
    unsigned levels_count;
} tm_raw_contrast;

typedef struct tm_raw_estimate {
    char *name;
    char **measures;
    unsigned measures_count;
    char **waves;
    unsigned waves_count;
    char *estimator;
    char *variance;
    char **covariates;
    unsigned covariates_count;
    char *cluster;
    int strata;          /* 1: none */
    int missing;         /* tm_missing */
    int missing_cluster; /* 1: own */
    char *weights;
    char *received;
    char *randomization; /* "none" or a statistic */
    char *quantile;
    char *quantile_type;
    tm_raw_contrast *contrasts;
    unsigned contrasts_count;
    char *level;
    char *horizon;
    int bootstrap; /* 1: none */
    char **subgroups;
    unsigned subgroups_count;
} tm_raw_estimate;

typedef struct tm_raw_family {
    char *name;
    char **estimates;
    unsigned estimates_count;
    char **adjust;
    unsigned adjust_count;
} tm_raw_family;

typedef struct tm_raw_randomization {
    char *draws;
    char *statistic;
    int stop; /* 1: besag_clifford */
    char *exceedances;
    char *tolerance;
} tm_raw_randomization;

typedef struct tm_raw_bootstrap {
    char *draws;
    int weights;
    int null;      /* 1: unrestricted */
    int scores;    /* 1: jackknife */
    int statistic; /* 1: cr3 */
    char *subclusters;
} tm_raw_bootstrap;

typedef struct tm_raw_report {
    int *languages; /* 0: en, 1: fr */
    unsigned languages_count;
    char *min_cell;
} tm_raw_report;

typedef struct tm_raw_plan {
    char *temoin;
    tm_raw_trial trial;
    tm_raw_file clients;
    tm_raw_file *outcomes;
    unsigned outcomes_count;
    tm_raw_column *columns;
    unsigned columns_count;
    tm_raw_arm *arms;
    unsigned arms_count;
    tm_raw_level_factor *factorial;
    unsigned factorial_count;
    tm_raw_design design;
    tm_raw_providers providers;
    tm_raw_capacity capacity;
    tm_raw_measure *measures;
    unsigned measures_count;
    tm_raw_estimate *estimates;
    unsigned estimates_count;
    tm_raw_family *families;
    unsigned families_count;
    tm_raw_randomization randomization;
    tm_raw_bootstrap bootstrap;
    tm_raw_report report;
} tm_raw_plan;

extern const cyaml_schema_value_t tm_plan_schema;
extern const cyaml_strval_t tm_encodings[];

/* Finds every unknown, missing or repeated key and every value of the wrong kind, each with its line. */
void tm_plan_conform(tm_plan_reader *reader);

/* Checks what the schema cannot say, and fills the plan with copies of everything in `raw`. Problems are added to the
 * reader; the plan is whole only when there are none. */
TEMOIN_MUST_CHECK temoin_status tm_plan_resolve(tm_plan_reader *reader, const tm_raw_plan *raw, temoin_plan *plan);
/* Its parts: arms or the factors that make them; the design, the arms being there; measures, estimates and families;
 * the contrasts of one of the estimates. */
TEMOIN_MUST_CHECK temoin_status tm_plan_resolve_arms(tm_plan_reader *reader, const tm_raw_plan *raw, temoin_plan *plan);
TEMOIN_MUST_CHECK temoin_status tm_plan_resolve_design(tm_plan_reader *reader, const tm_raw_design *raw,
                                                       temoin_plan *plan);
TEMOIN_MUST_CHECK temoin_status tm_plan_resolve_options(tm_plan_reader *reader, const tm_raw_design *raw,
                                                        tm_plan_options *out);
TEMOIN_MUST_CHECK temoin_status tm_plan_resolve_file(tm_plan_reader *reader, const tm_raw_file *raw,
                                                     const tm_plan_node *section, tm_plan_file *out);
TEMOIN_MUST_CHECK temoin_status tm_plan_resolve_capacity(tm_plan_reader *reader, const tm_raw_capacity *raw,
                                                         temoin_plan *plan);
TEMOIN_MUST_CHECK temoin_status tm_plan_resolve_estimates(tm_plan_reader *reader, const tm_raw_plan *raw,
                                                          temoin_plan *plan);
TEMOIN_MUST_CHECK temoin_status tm_plan_resolve_contrasts(tm_plan_reader *reader, const temoin_plan *plan,
                                                          const tm_raw_estimate *raw, unsigned e,
                                                          tm_plan_estimate *out);

/* The section `providers`, the arms and the design being there; what it asks about them, the estimates being there. */
TEMOIN_MUST_CHECK temoin_status tm_plan_resolve_providers(tm_plan_reader *reader, const tm_raw_providers *raw,
                                                          temoin_plan *plan);
TEMOIN_MUST_CHECK temoin_status tm_plan_resolve_dossier(tm_plan_reader *reader, const tm_raw_providers *raw,
                                                        temoin_plan *plan);
/* Names → indices into `names`; an unknown (-1) or repeated one is a problem. */
TEMOIN_MUST_CHECK temoin_status tm_plan_resolve_references(tm_plan_reader *reader, char *const *raw, unsigned n,
                                                           const tm_names *names, const char *where, const char *what,
                                                           const int32_t **out);

/* The section `bootstrap`, the estimates being there. */
TEMOIN_MUST_CHECK temoin_status tm_plan_resolve_bootstrap(tm_plan_reader *reader, const tm_raw_bootstrap *raw,
                                                          temoin_plan *plan);

/* Pieces that the parts use. */
TEMOIN_MUST_CHECK temoin_status tm_raw_text_copy(temoin_context *ctx, const char *raw, const char **out);
TEMOIN_MUST_CHECK temoin_status tm_raw_names_copy(temoin_context *ctx, char *const *raw, unsigned n, tm_names *out);
TEMOIN_MUST_CHECK temoin_status tm_raw_label_copy(temoin_context *ctx, const tm_raw_label *raw, const char *fallback,
                                                  tm_label *out);
/* A whole number from `least` to `most`; absent: `fallback`. What lies elsewhere is a problem of its line. */
int64_t tm_raw_whole(tm_plan_reader *reader, const char *text, int64_t least, int64_t most, int64_t fallback,
                     const char *where);
/* The shares of the list at `where` → integers in the same proportion and their sum. A problem leaves zeros. */
void tm_raw_shares(tm_plan_reader *reader, const char *const *text, int64_t *share, int32_t n, const char *where,
                   int64_t *sum);
/* Reports each text of the list at `where` that stands there twice. */
void tm_names_check_unique(tm_plan_reader *reader, const tm_names *names, const char *where);
/* "a", "b", … for a name that is not among them. */
const char *tm_declared(tm_plan_reader *reader, const char *const *name, int32_t n);
/* The index of an arm; an unknown one is a problem of that line, and -1. */
int32_t tm_plan_arm_find(tm_plan_reader *reader, const temoin_plan *plan, const char *name, int line);

#endif
