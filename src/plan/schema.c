/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plan/schema.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))
#define OPTIONAL CYAML_FLAG_OPTIONAL
#define LIST (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)
#define CHOICE (CYAML_FLAG_STRICT | CYAML_FLAG_OPTIONAL)
#define TEXT(key, flags, type, member) CYAML_FIELD_STRING_PTR(key, flags, type, member, 1, CYAML_UNLIMITED)
#define NUMBER(key, type, member) TEXT(key, OPTIONAL | TM_SCHEMA_NUMBER, type, member)
#define TEXTS(key, flags, type, member, min)                                                                           \
    CYAML_FIELD_SEQUENCE(key, CYAML_FLAG_POINTER | (flags), type, member, &text_entry, min, CYAML_UNLIMITED)
#define NUMBERS(key, flags, type, member)                                                                              \
    CYAML_FIELD_SEQUENCE(key, CYAML_FLAG_POINTER | (flags), type, member, &number_entry, 1, CYAML_UNLIMITED)

static const cyaml_schema_value_t text_entry = {CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, CYAML_UNLIMITED)};
static const cyaml_schema_value_t any_text_entry = {CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, CYAML_UNLIMITED)};
static const cyaml_schema_value_t number_entry = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER | TM_SCHEMA_NUMBER, char, 1, CYAML_UNLIMITED)};

static const cyaml_schema_field_t label_fields[] = {
    TEXT("en", OPTIONAL, tm_raw_label, en),
    TEXT("fr", OPTIONAL, tm_raw_label, fr),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t trial_fields[] = {
    TEXT("id", 0, tm_raw_trial, id),
    CYAML_FIELD_MAPPING("title", OPTIONAL, tm_raw_trial, title, label_fields),
    TEXT("registry", OPTIONAL, tm_raw_trial, registry),
    CYAML_FIELD_END,
};

static const cyaml_strval_t delimiters[] = {{"auto", 0}, {"comma", ','}, {"semicolon", ';'}, {"tab", '\t'}};
static const cyaml_strval_t decimals[] = {{"point", '.'}, {"comma", ','}};
const cyaml_strval_t tm_encodings[] = {{"utf-8", 0}, {"windows-1252", 1}, {"iso-8859-1", 2}, {"iso-8859-15", 3}};

static const cyaml_schema_field_t format_fields[] = {
    CYAML_FIELD_ENUM("delimiter", CHOICE, tm_raw_format, delimiter, delimiters, COUNT(delimiters)),
    CYAML_FIELD_ENUM("decimal", CHOICE, tm_raw_format, decimal, decimals, COUNT(decimals)),
    CYAML_FIELD_ENUM("encoding", CHOICE | CYAML_FLAG_CASE_INSENSITIVE, tm_raw_format, encoding, tm_encodings,
                     COUNT(tm_encodings)),
    CYAML_FIELD_SEQUENCE("missing", LIST, tm_raw_format, missing, &any_text_entry, 0, CYAML_UNLIMITED),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t clients_fields[] = {
    TEXT("file", 0, tm_raw_file, file),
    TEXT("id", 0, tm_raw_file, id),
    CYAML_FIELD_MAPPING("format", OPTIONAL, tm_raw_file, format, format_fields),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t outcomes_fields[] = {
    TEXT("file", 0, tm_raw_file, file),
    TEXT("id", 0, tm_raw_file, id),
    TEXT("wave", OPTIONAL, tm_raw_file, wave),
    TEXT("measure", OPTIONAL, tm_raw_file, measure),
    TEXT("value", OPTIONAL, tm_raw_file, value),
    CYAML_FIELD_MAPPING("format", OPTIONAL, tm_raw_file, format, format_fields),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t outcomes_entry = {CYAML_VALUE_MAPPING(0, tm_raw_file, outcomes_fields)};

static const cyaml_strval_t column_types[] = {{"auto", TEMOIN_COLUMN_AUTO},
                                              {"number", TEMOIN_COLUMN_NUMBER},
                                              {"flag", TEMOIN_COLUMN_FLAG},
                                              {"date", TEMOIN_COLUMN_DATE},
                                              {"category", TEMOIN_COLUMN_CATEGORY}};

static const cyaml_schema_field_t column_fields[] = {
    TEXT("name", 0, tm_raw_column, name),
    CYAML_FIELD_ENUM("type", CHOICE, tm_raw_column, type, column_types, COUNT(column_types)),
    CYAML_FIELD_MAPPING("label", OPTIONAL, tm_raw_column, label, label_fields),
    NUMBER("at_least", tm_raw_column, at_least),
    CYAML_FIELD_SEQUENCE("of", LIST, tm_raw_column, of, &text_entry, 0, CYAML_UNLIMITED),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t column_entry = {CYAML_VALUE_MAPPING(0, tm_raw_column, column_fields)};

static const cyaml_schema_field_t arm_fields[] = {
    TEXT("name", 0, tm_raw_arm, name),
    NUMBER("share", tm_raw_arm, share),
    CYAML_FIELD_MAPPING("label", OPTIONAL, tm_raw_arm, label, label_fields),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t arm_entry = {CYAML_VALUE_MAPPING(0, tm_raw_arm, arm_fields)};

static const cyaml_schema_field_t level_factor_fields[] = {
    TEXT("name", 0, tm_raw_level_factor, name),
    TEXTS("levels", 0, tm_raw_level_factor, levels, 2),
    NUMBERS("shares", OPTIONAL, tm_raw_level_factor, shares),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t level_factor_entry = {
    CYAML_VALUE_MAPPING(0, tm_raw_level_factor, level_factor_fields)};

static const cyaml_schema_field_t stratum_shares_fields[] = {
    TEXTS("stratum", 0, tm_raw_stratum_shares, stratum, 1),
    NUMBERS("shares", 0, tm_raw_stratum_shares, shares),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t stratum_shares_entry = {
    CYAML_VALUE_MAPPING(0, tm_raw_stratum_shares, stratum_shares_fields)};

static const cyaml_schema_field_t factor_fields[] = {
    TEXT("column", 0, tm_raw_factor, column),
    NUMBER("weight", tm_raw_factor, weight),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t factor_entry = {CYAML_VALUE_MAPPING(0, tm_raw_factor, factor_fields)};

static const cyaml_schema_field_t urn_fields[] = {
    TEXT("start", TM_SCHEMA_NUMBER, tm_raw_urn, start),
    TEXT("add", TM_SCHEMA_NUMBER, tm_raw_urn, add),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t tier_fields[] = {
    TEXTS("covariates", 0, tm_raw_tier, covariates, 1),
    TEXT("accept", TM_SCHEMA_NUMBER, tm_raw_tier, accept),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t tier_entry = {CYAML_VALUE_MAPPING(0, tm_raw_tier, tier_fields)};

static const cyaml_schema_field_t limit_fields[] = {
    TEXT("covariate", 0, tm_raw_limit, covariate),
    TEXT("largest", TM_SCHEMA_NUMBER, tm_raw_limit, largest),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t limit_entry = {CYAML_VALUE_MAPPING(0, tm_raw_limit, limit_fields)};

static const cyaml_strval_t matchings[] = {{"optimal", 0}, {"greedy", 1}};

/* Which kind takes which of those behind stratum_shares is said by src/designs. */
static const cyaml_schema_field_t design_fields[] = {
    TEXT("kind", OPTIONAL, tm_raw_design, kind),
    TEXTS("strata", OPTIONAL, tm_raw_design, strata, 0),
    TEXT("seed", OPTIONAL, tm_raw_design, seed),
    TEXT("seed_file", OPTIONAL, tm_raw_design, seed_file),
    TEXT("seed_env", OPTIONAL, tm_raw_design, seed_env),
    TEXT("seed_commitment", OPTIONAL, tm_raw_design, seed_commitment),
    TEXT("assigned", OPTIONAL, tm_raw_design, assigned),
    TEXT("probability", OPTIONAL, tm_raw_design, probability),
    CYAML_FIELD_SEQUENCE("stratum_shares", LIST, tm_raw_design, stratum_shares, &stratum_shares_entry, 0,
                         CYAML_UNLIMITED),
    TEXT("misfits", OPTIONAL, tm_raw_design, misfits),
    TEXT("cluster", OPTIONAL, tm_raw_design, cluster),
    TEXT("arrival", OPTIONAL, tm_raw_design, arrival),
    NUMBERS("block_sizes", OPTIONAL, tm_raw_design, block_sizes),
    CYAML_FIELD_SEQUENCE("factors", LIST, tm_raw_design, factors, &factor_entry, 1, CYAML_UNLIMITED),
    NUMBER("coin", tm_raw_design, coin),
    CYAML_FIELD_MAPPING("urn", OPTIONAL, tm_raw_design, urn, urn_fields),
    TEXT("pair", OPTIONAL, tm_raw_design, pair),
    NUMBER("group_size", tm_raw_design, group_size),
    CYAML_FIELD_ENUM("matching", CHOICE, tm_raw_design, matching, matchings, COUNT(matchings)),
    TEXTS("covariates", OPTIONAL, tm_raw_design, covariates, 1),
    NUMBER("accept", tm_raw_design, accept),
    CYAML_FIELD_SEQUENCE("tiers", LIST, tm_raw_design, tiers, &tier_entry, 1, CYAML_UNLIMITED),
    CYAML_FIELD_SEQUENCE("limits", LIST, tm_raw_design, limits, &limit_entry, 1, CYAML_UNLIMITED),
    NUMBER("candidates", tm_raw_design, candidates),
    NUMBER("fraction", tm_raw_design, fraction),
    CYAML_FIELD_MAPPING("workers", OPTIONAL, tm_raw_design, workers, clients_fields),
    CYAML_FIELD_END,
};

static const cyaml_strval_t structures[] = {
    {"nested", TM_STRUCTURE_NESTED}, {"crossed", TM_STRUCTURE_CROSSED}, {"one_arm", TM_STRUCTURE_ONE_ARM}};

static const cyaml_strval_t truths[] = {{"false", 0}, {"true", 1}};

static const cyaml_schema_field_t published_fields[] = {
    TEXT("low", TM_SCHEMA_NUMBER, tm_raw_published, low),
    TEXT("high", TM_SCHEMA_NUMBER, tm_raw_published, high),
    CYAML_FIELD_MAPPING("source", OPTIONAL, tm_raw_published, source, label_fields),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t published_entry = {CYAML_VALUE_MAPPING(0, tm_raw_published, published_fields)};

static const cyaml_schema_field_t providers_fields[] = {
    TEXT("column", OPTIONAL, tm_raw_providers, column),
    CYAML_FIELD_ENUM("structure", CYAML_FLAG_STRICT, tm_raw_providers, structure, structures, COUNT(structures)),
    TEXT("arm", OPTIONAL, tm_raw_providers, arm),
    TEXT("site", OPTIONAL, tm_raw_providers, site),
    TEXT("over_time", OPTIONAL, tm_raw_providers, over_time),
    CYAML_FIELD_ENUM("randomized", CHOICE, tm_raw_providers, randomized, truths, COUNT(truths)),
    TEXTS("estimates", OPTIONAL, tm_raw_providers, estimates, 1),
    CYAML_FIELD_SEQUENCE("published_icc", LIST, tm_raw_providers, published_icc, &published_entry, 1, CYAML_UNLIMITED),
    NUMBERS("placebo_icc", OPTIONAL, tm_raw_providers, placebo_icc),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t exits_fields[] = {
    TEXT("file", 0, tm_raw_exits, file.file),
    TEXT("id", 0, tm_raw_exits, file.id),
    TEXT("date", 0, tm_raw_exits, date),
    CYAML_FIELD_MAPPING("format", OPTIONAL, tm_raw_exits, file.format, format_fields),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t capacity_fields[] = {
    TEXT("file", 0, tm_raw_capacity, workers.file),
    TEXT("id", 0, tm_raw_capacity, workers.id),
    CYAML_FIELD_MAPPING("format", OPTIONAL, tm_raw_capacity, workers.format, format_fields),
    TEXT("places", 0, tm_raw_capacity, places),
    TEXT("from", OPTIONAL, tm_raw_capacity, from),
    TEXT("to", OPTIONAL, tm_raw_capacity, to),
    TEXT("arm", OPTIONAL, tm_raw_capacity, arm),
    TEXT("arm_column", OPTIONAL, tm_raw_capacity, arm_column),
    CYAML_FIELD_MAPPING("exits", OPTIONAL, tm_raw_capacity, exits, exits_fields),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t wide_fields[] = {
    TEXT("wave", 0, tm_raw_wide, wave),
    TEXT("column", 0, tm_raw_wide, column),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t wide_entry = {CYAML_VALUE_MAPPING(0, tm_raw_wide, wide_fields)};

static const cyaml_strval_t measure_kinds[] = {{"continuous", TM_MEASURE_CONTINUOUS},
                                               {"binary", TM_MEASURE_BINARY},
                                               {"count", TM_MEASURE_COUNT},
                                               {"time", TM_MEASURE_TIME}};

static const cyaml_schema_field_t measure_fields[] = {
    TEXT("name", 0, tm_raw_measure, name),
    CYAML_FIELD_ENUM("kind", CHOICE, tm_raw_measure, kind, measure_kinds, COUNT(measure_kinds)),
    TEXT("unit", OPTIONAL, tm_raw_measure, unit),
    CYAML_FIELD_MAPPING("label", OPTIONAL, tm_raw_measure, label, label_fields),
    TEXT("baseline", OPTIONAL, tm_raw_measure, baseline),
    TEXT("event", OPTIONAL, tm_raw_measure, event),
    CYAML_FIELD_SEQUENCE("wide", LIST, tm_raw_measure, wide, &wide_entry, 0, CYAML_UNLIMITED),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t measure_entry = {CYAML_VALUE_MAPPING(0, tm_raw_measure, measure_fields)};

static const cyaml_schema_field_t contrast_fields[] = {
    TEXT("arm", OPTIONAL, tm_raw_contrast, arm),
    TEXT("reference", OPTIONAL, tm_raw_contrast, reference),
    TEXT("name", OPTIONAL, tm_raw_contrast, name),
    NUMBERS("weights", OPTIONAL, tm_raw_contrast, weights),
    TEXT("factor", OPTIONAL, tm_raw_contrast, factor),
    TEXT("level", OPTIONAL, tm_raw_contrast, level),
    TEXT("against", OPTIONAL, tm_raw_contrast, against),
    TEXTS("interaction", OPTIONAL, tm_raw_contrast, interaction, 1),
    TEXTS("levels", OPTIONAL, tm_raw_contrast, levels, 1),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t contrast_entry = {CYAML_VALUE_MAPPING(0, tm_raw_contrast, contrast_fields)};

static const cyaml_strval_t only_none[] = {{"none", 1}};
static const cyaml_strval_t missing_ways[] = {{"indicator", TM_MISSING_INDICATOR}, {"listwise", TM_MISSING_LISTWISE}};
static const cyaml_strval_t missing_cluster_ways[] = {{"error", 0}, {"own", 1}};

static const cyaml_schema_field_t estimate_fields[] = {
    TEXT("name", 0, tm_raw_estimate, name),
    TEXTS("measures", 0, tm_raw_estimate, measures, 1),
    TEXTS("waves", OPTIONAL, tm_raw_estimate, waves, 0),
    TEXT("estimator", OPTIONAL, tm_raw_estimate, estimator),
    TEXT("variance", OPTIONAL, tm_raw_estimate, variance),
    TEXTS("covariates", OPTIONAL, tm_raw_estimate, covariates, 0),
    TEXT("cluster", OPTIONAL, tm_raw_estimate, cluster),
    CYAML_FIELD_ENUM("strata", CHOICE, tm_raw_estimate, strata, only_none, COUNT(only_none)),
    CYAML_FIELD_ENUM("missing", CHOICE, tm_raw_estimate, missing, missing_ways, COUNT(missing_ways)),
    CYAML_FIELD_ENUM("missing_cluster", CHOICE, tm_raw_estimate, missing_cluster, missing_cluster_ways,
                     COUNT(missing_cluster_ways)),
    TEXT("weights", OPTIONAL, tm_raw_estimate, weights),
    TEXT("received", OPTIONAL, tm_raw_estimate, received),
    TEXT("randomization", OPTIONAL, tm_raw_estimate, randomization),
    NUMBER("quantile", tm_raw_estimate, quantile),
    NUMBER("quantile_type", tm_raw_estimate, quantile_type),
    CYAML_FIELD_SEQUENCE("contrasts", LIST, tm_raw_estimate, contrasts, &contrast_entry, 1, CYAML_UNLIMITED),
    NUMBER("level", tm_raw_estimate, level),
    NUMBER("horizon", tm_raw_estimate, horizon),
    CYAML_FIELD_ENUM("bootstrap", CHOICE, tm_raw_estimate, bootstrap, only_none, COUNT(only_none)),
    TEXTS("subgroups", OPTIONAL, tm_raw_estimate, subgroups, 1),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t estimate_entry = {CYAML_VALUE_MAPPING(0, tm_raw_estimate, estimate_fields)};

static const cyaml_schema_field_t family_fields[] = {
    TEXT("name", 0, tm_raw_family, name),
    TEXTS("estimates", 0, tm_raw_family, estimates, 1),
    TEXTS("adjust", OPTIONAL, tm_raw_family, adjust, 1),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t family_entry = {CYAML_VALUE_MAPPING(0, tm_raw_family, family_fields)};

static const cyaml_strval_t stopping_rules[] = {{"never", 0}, {"besag_clifford", 1}};

static const cyaml_schema_field_t randomization_fields[] = {
    NUMBER("draws", tm_raw_randomization, draws),
    TEXT("statistic", OPTIONAL, tm_raw_randomization, statistic),
    CYAML_FIELD_ENUM("stop", CHOICE, tm_raw_randomization, stop, stopping_rules, COUNT(stopping_rules)),
    NUMBER("exceedances", tm_raw_randomization, exceedances),
    NUMBER("tolerance", tm_raw_randomization, tolerance),
    CYAML_FIELD_END,
};

static const cyaml_strval_t multipliers[] = {{"rademacher", 0}, {"webb", 1}, {"mammen", 2}};
static const cyaml_strval_t nulls[] = {{"imposed", 0}, {"unrestricted", 1}};
static const cyaml_strval_t bootstrap_scores[] = {{"plain", 0}, {"jackknife", 1}};
static const cyaml_strval_t bootstrap_statistics[] = {{"cr1", 0}, {"cr3", 1}};

static const cyaml_schema_field_t bootstrap_fields[] = {
    NUMBER("draws", tm_raw_bootstrap, draws),
    CYAML_FIELD_ENUM("weights", CHOICE, tm_raw_bootstrap, weights, multipliers, COUNT(multipliers)),
    CYAML_FIELD_ENUM("null", CHOICE, tm_raw_bootstrap, null, nulls, COUNT(nulls)),
    CYAML_FIELD_ENUM("scores", CHOICE, tm_raw_bootstrap, scores, bootstrap_scores, COUNT(bootstrap_scores)),
    CYAML_FIELD_ENUM("statistic", CHOICE, tm_raw_bootstrap, statistic, bootstrap_statistics,
                     COUNT(bootstrap_statistics)),
    TEXT("subclusters", OPTIONAL, tm_raw_bootstrap, subclusters),
    CYAML_FIELD_END,
};

static const cyaml_strval_t languages[] = {{"en", 0}, {"fr", 1}};
static const cyaml_schema_value_t language_entry = {
    CYAML_VALUE_ENUM(CYAML_FLAG_STRICT, int, languages, COUNT(languages))};

static const cyaml_schema_field_t report_fields[] = {
    CYAML_FIELD_SEQUENCE("languages", LIST, tm_raw_report, languages, &language_entry, 1, CYAML_UNLIMITED),
    NUMBER("min_cell", tm_raw_report, min_cell),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t plan_fields[] = {
    TEXT("temoin", 0, tm_raw_plan, temoin),
    CYAML_FIELD_MAPPING("trial", 0, tm_raw_plan, trial, trial_fields),
    CYAML_FIELD_MAPPING("clients", 0, tm_raw_plan, clients, clients_fields),
    CYAML_FIELD_SEQUENCE("outcomes", LIST, tm_raw_plan, outcomes, &outcomes_entry, 0, CYAML_UNLIMITED),
    CYAML_FIELD_SEQUENCE("columns", LIST, tm_raw_plan, columns, &column_entry, 0, CYAML_UNLIMITED),
    CYAML_FIELD_SEQUENCE("arms", LIST, tm_raw_plan, arms, &arm_entry, 2, CYAML_UNLIMITED),
    CYAML_FIELD_SEQUENCE("factorial", LIST, tm_raw_plan, factorial, &level_factor_entry, 1, CYAML_UNLIMITED),
    CYAML_FIELD_MAPPING("design", 0, tm_raw_plan, design, design_fields),
    CYAML_FIELD_MAPPING("providers", OPTIONAL, tm_raw_plan, providers, providers_fields),
    CYAML_FIELD_MAPPING("capacity", OPTIONAL, tm_raw_plan, capacity, capacity_fields),
    CYAML_FIELD_SEQUENCE("measures", LIST, tm_raw_plan, measures, &measure_entry, 0, CYAML_UNLIMITED),
    CYAML_FIELD_SEQUENCE("estimates", LIST, tm_raw_plan, estimates, &estimate_entry, 0, CYAML_UNLIMITED),
    CYAML_FIELD_SEQUENCE("families", LIST, tm_raw_plan, families, &family_entry, 0, CYAML_UNLIMITED),
    CYAML_FIELD_MAPPING("randomization", OPTIONAL, tm_raw_plan, randomization, randomization_fields),
    CYAML_FIELD_MAPPING("bootstrap", OPTIONAL, tm_raw_plan, bootstrap, bootstrap_fields),
    CYAML_FIELD_MAPPING("report", OPTIONAL, tm_raw_plan, report, report_fields),
    CYAML_FIELD_END,
};

const cyaml_schema_value_t tm_plan_schema = {CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, tm_raw_plan, plan_fields)};
