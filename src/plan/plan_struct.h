/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The plan as later stages see it: every default filled in, every name inside the plan resolved. Keys of the registries
 * (design kind, estimator, variance, adjustment) stay texts: the stage that owns a registry looks them up and points at
 * the plan's line with `tm_plan_line`. */
#ifndef TM_PLAN_STRUCT_H
#define TM_PLAN_STRUCT_H

#include <stdbool.h>
#include <stdint.h>

#include "temoin/frame.h"
#include "temoin/plan.h"

/* A text in the report's languages; where the plan gives none, both are the name it labels. */
typedef struct tm_label {
    const char *en;
    const char *fr;
} tm_label;

typedef struct tm_names {
    const char *const *name;
    int32_t n;
} tm_names;

typedef struct tm_plan_file {
    const char *file; /* as the plan writes it, relative to the plan */
    const char *text; /* [length] bytes that stand for a file that is yet to be written; NULL: the file is read */
    size_t length;
    const char *id;
    const char *wave;       /* column; NULL: one row per client */
    const char *measure;    /* tall: column that names the measure, else NULL */
    const char *value;      /* tall: column that holds its value, else NULL */
    temoin_csv_opts format; /* without requests */
} tm_plan_file;

typedef struct tm_plan_column {
    const char *name;
    temoin_column_type type; /* AUTO when only labelled */
    tm_label label;
    tm_names of;      /* flags that it is derived from; empty: the file has it */
    int32_t at_least; /* of them that must be 1 */
} tm_plan_column;

/* A share is the plan's decimal text as an exact fraction: share / share_sum of its arm list. */
typedef struct tm_plan_arm {
    const char *name;
    tm_label label;
    int64_t share; /* all shares scaled to integers by one power of ten and divided by their common divisor */
} tm_plan_arm;

/* factorial: what each arm is a combination of. Arms are all combinations, the last factor's level changing first. */
typedef struct tm_plan_arm_factor {
    const char *name;
    tm_names level; /* the first is the reference */
} tm_plan_arm_factor;

/* design.stratum_shares: this stratum has its own shares. */
typedef struct tm_plan_stratum_shares {
    tm_names stratum;      /* values in the order of design.strata */
    const int64_t *shares; /* [n_arms], scaled as above */
} tm_plan_stratum_shares;

/* design.factors: what minimization balances. */
typedef struct tm_plan_factor {
    const char *column;
    double weight; /* 1 */
} tm_plan_factor;

/* design.tiers: covariates that rerandomization balances together, the most important tier first. */
typedef struct tm_plan_tier {
    tm_names covariates;
    double accept; /* share of draws that this tier lets pass, in (0, 1] */
} tm_plan_tier;

/* design.limits: the largest standardized difference in means that rerandomization lets pass. */
typedef struct tm_plan_limit {
    const char *covariate;
    double largest;
} tm_plan_limit;

/* Options that some kinds take and others refuse; `temoin list designs` names them. Numbers left out are NaN, lists
 * empty. */
typedef struct tm_plan_options {
    const char *misfits;        /* leftover places: "pivotal" unless told */
    const char *cluster;        /* column; whole clusters get one arm */
    const char *arrival;        /* column with the order in which clients came; ties by the bytes of ids */
    const int64_t *block_sizes; /* permuted */
    int32_t n_block_sizes;
    const tm_plan_factor *factors; /* minimized */
    int32_t n_factors;
    double coin;      /* minimized, biased_coin: probability of the favoured arm */
    double urn_start; /* urn: balls per share at the start, and added for the other arms after each draw */
    double urn_add;
    const char *pair;     /* pairs: column that names the pair; NULL: made from the covariates */
    int32_t group_size;   /* pairs made from covariates: 2 unless told */
    const char *matching; /* "optimal" unless told, "greedy" */
    tm_names covariates;  /* pairs, rerandomized, constrained */
    double accept;        /* rerandomized: share of draws that pass */
    const tm_plan_tier *tiers;
    int32_t n_tiers;
    const tm_plan_limit *limits;
    int32_t n_limits;
    int64_t candidates;   /* constrained: allocations scored, 0: not told */
    double fraction;      /* constrained: the best of them from which one is drawn */
    tm_plan_file workers; /* two_stage: caseworkers to be drawn, file, id and format only; file NULL: none */
} tm_plan_options;

typedef struct tm_plan_design {
    const char *kind;
    tm_names strata;
    const char *seed;        /* NULL: only with `assigned`, or in a replay that lacks the secret seed */
    const char *seed_file;   /* the seed is secret and lies there, relative to the plan; else NULL */
    const char *seed_env;    /* it is secret and this variable of the environment holds it; else NULL */
    const char *commitment;  /* SHA-256 of the seed, lower-case; NULL: none given */
    const char *assigned;    /* column with the arm of a trial drawn elsewhere; NULL: temoin draws */
    const char *probability; /* with `assigned`: column with the probability of the arm received; else NULL */
    const tm_plan_stratum_shares *stratum_shares;
    int32_t n_stratum_shares;
    tm_plan_options options;
} tm_plan_design;

typedef enum tm_structure {
    TM_STRUCTURE_NONE,
    TM_STRUCTURE_NESTED,
    TM_STRUCTURE_CROSSED,
    TM_STRUCTURE_ONE_ARM
} tm_structure;

/* A range of intraclass correlations that others have found. */
typedef struct tm_plan_published {
    double low, high;
    tm_label source; /* "" when none */
} tm_plan_published;

typedef struct tm_plan_providers {
    tm_structure structure;   /* NONE: the plan has no providers */
    const char *column;       /* NULL: those whom the design draws for the clients */
    int32_t arm;              /* one_arm: index of the served arm, else -1 */
    const char *site;         /* column of the clients: workers belong to one each; NULL */
    const char *over_time;    /* column of the outcome files: who served at the wave; NULL */
    bool randomized;          /* workers were drawn for the arms, within `site` where it is named */
    const int32_t *estimates; /* whose effects the dossier is about, into plan->estimates; the first unless told */
    int32_t n_estimates;
    const tm_plan_published *published;
    int32_t n_published;
    const double *placebo_icc; /* at which the placebo distribution is computed; .01, .05, .10 unless told */
    int32_t n_placebo;
} tm_plan_providers;

/* Places that are few: who has them, and when a client's is free again. */
typedef struct tm_plan_capacity {
    tm_plan_file workers;   /* file, id and format only; file NULL: there are places for all */
    const char *places;     /* column: clients whom the worker can have at a time */
    const char *from, *to;  /* columns: the first day of the worker, and the first day without; NULL: always */
    int32_t arm;            /* whom all workers serve; -1: it stands in `arm_column` */
    const char *arm_column; /* else NULL */
    tm_plan_file exits;     /* likewise: a row per client whose place is free again; file NULL: nobody's is */
    const char *exit_date;  /* its column: the first day on which the place is free */
} tm_plan_capacity;

typedef enum tm_measure_kind {
    TM_MEASURE_CONTINUOUS,
    TM_MEASURE_BINARY,
    TM_MEASURE_COUNT,
    TM_MEASURE_TIME, /* until an event, or until the client was last seen */
} tm_measure_kind;

/* Wide files: the column that holds the measure at a wave. */
typedef struct tm_plan_wide {
    const char *wave;
    const char *column;
} tm_plan_wide;

typedef struct tm_plan_measure {
    const char *name;
    tm_measure_kind kind;
    const char *unit; /* NULL: none */
    tm_label label;
    const char *baseline; /* wave, NULL: none */
    int32_t event;        /* of a time: the measure that is 1 where the event happened; -1: none */
    const tm_plan_wide *wide;
    int32_t n_wide;
} tm_plan_measure;

/* weights [n_arms] sum to zero. */
typedef struct tm_plan_contrast {
    const char *arm;       /* what estimates.csv prints in `arm`: an arm's name, or the contrast's */
    const char *reference; /* likewise; "" for a general contrast */
    const double *weights;
} tm_plan_contrast;

typedef enum tm_missing { TM_MISSING_INDICATOR, TM_MISSING_LISTWISE } tm_missing;
typedef enum tm_weighting { TM_WEIGHTS_AUTO, TM_WEIGHTS_NONE, TM_WEIGHTS_PROBABILITY, TM_WEIGHTS_COLUMN } tm_weighting;

typedef struct tm_plan_estimate {
    const char *name;
    const int32_t *measures; /* [n_measures] into plan->measures */
    int32_t n_measures;
    tm_names waves; /* empty: all waves that the measure has, in order, without its baseline */
    const char *estimator;
    const char *variance; /* NULL: the default for the estimator, clusters and number of rows */
    tm_names covariates;  /* column names, or "baseline" */
    const char *cluster;  /* NULL, "provider", "client" or a column */
    bool strata;          /* false: `strata: none` */
    tm_missing missing;
    bool missing_cluster_allowed; /* `missing_cluster: own`: a client without a cluster is a cluster of one */
    tm_weighting weighting;
    const char *weight_column;         /* with TM_WEIGHTS_COLUMN */
    const char *received;              /* column of the clients: 1 who got what the arm offers, 0 who did not; NULL */
    const char *randomization;         /* statistic of its randomization test; NULL: `none`, or no test is asked for */
    bool bootstrap;                    /* false: `bootstrap: none` */
    double quantile;                   /* in (0, 1); NaN: not told */
    int32_t quantile_type;             /* 1, 2, 6 or 7; 0: not told */
    const tm_plan_contrast *contrasts; /* never empty: by default each arm against the first */
    int32_t n_contrasts;
    double level;       /* 0.95 */
    double horizon;     /* in units of the measure; 0: none */
    tm_names subgroups; /* columns of the clients, with rows for each level */
} tm_plan_estimate;

typedef struct tm_plan_family {
    const char *name;
    const int32_t *estimates; /* into plan->estimates */
    int32_t n_estimates;
    tm_names adjust;
} tm_plan_family;

/* The wild cluster bootstrap of every clustered estimate; see inference/bootstrap.h. */
typedef struct tm_plan_bootstrap {
    int64_t draws;            /* 0: not asked for */
    int weights;              /* 0 rademacher, 1 webb, 2 mammen */
    bool unrestricted;        /* `null: unrestricted` */
    bool jackknife_scores;    /* `scores: jackknife` */
    bool jackknife_statistic; /* `statistic: cr3` */
    const char *subclusters;  /* "client" or a column; NULL: clusters themselves are drawn */
} tm_plan_bootstrap;

struct tm_plan_node; /* the YAML document with its lines */

struct temoin_plan {
    const char *path;
    const char *text; /* the file's bytes, for its digest */
    size_t text_length;
    const struct tm_plan_node *document; /* for tm_plan_line */

    const char *id;
    tm_label title;
    const char *registry; /* NULL: none */
    tm_plan_file clients;
    const tm_plan_file *outcomes;
    int32_t n_outcomes;
    const tm_plan_column *columns;
    int32_t n_columns;
    const tm_plan_arm *arms;
    int32_t n_arms;
    int64_t share_sum;
    const tm_plan_arm_factor *arm_factors; /* the plan has `factorial` instead of `arms` */
    int32_t n_arm_factors;
    tm_plan_design design;
    tm_plan_providers providers;
    tm_plan_capacity capacity;
    const tm_plan_measure *measures;
    int32_t n_measures;
    const tm_plan_estimate *estimates;
    int32_t n_estimates;
    const tm_plan_family *families;
    int32_t n_families;
    int64_t randomization_draws;         /* 0: not asked for */
    const char *randomization_statistic; /* where an estimate names none */
    int64_t randomization_stop_at;       /* extreme redraws after which to stop; 0: never */
    double randomization_tolerance;      /* of ties, relative */
    tm_plan_bootstrap bootstrap;
    tm_names languages;
    int32_t min_cell;
};

/* The line on which a value of the plan stands: tm_plan_line(plan, "estimates[%d].variance", e). When the plan leaves
 * the key out, the line of the nearest enclosing thing that is there. */
TEMOIN_PRINTF(2, 3) int tm_plan_line(const temoin_plan *plan, const char *format, ...);

/* Whether the plan commits to the seed without holding it. */
static inline bool tm_plan_hides_seed(const temoin_plan *plan)
{
    return plan->design.seed_file || plan->design.seed_env;
}

/* A plan as its bundle holds it: `temoin_plan_read`, but the plan's own `seed_file` does not count, and a secret seed
 * that nobody hands over, or another one, leaves `design.seed` NULL. */
TEMOIN_MUST_CHECK temoin_status tm_plan_read_again(temoin_context *ctx, const char *path, const temoin_plan **out);

/* What the plan writes under `design` beyond the keys that every kind has: the i-th key with its line, NULL behind the
 * last. An empty list says nothing. */
const char *tm_plan_option(const temoin_plan *plan, int32_t i, int *line);

#endif
