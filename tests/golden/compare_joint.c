/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Wald tests of several coefficients: all arms, interactions, the balance of all covariates, attrition. Columns are
 * made from the formula as R makes them, under R's names. */
#include "golden_tally.h"

#include <ctype.h>

#include "inference/joint.h"
#include "moments/glm.h"
#include "numeric/distributions.h"

enum { MOST_COLUMNS = 80, MOST_TERMS = 32 };

typedef struct design {
    temoin_context *ctx;
    const golden_data *data;
    const golden_result *result;
    int64_t n;
    int64_t *client; /* [n] */
    double *y;       /* [n] */
    const double *x[MOST_COLUMNS];
    char name[MOST_COLUMNS][64];
    int n_columns;
} design;

/* Removes the rows for which drop is set. */
static void keep_rows(design *d, const bool *drop)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < d->n; i++) {
        if (drop[i]) continue;
        d->client[kept] = d->client[i];
        d->y[kept++] = d->y[i];
    }
    d->n = kept;
}

/* A variable's numbers by client, or its column of codes; false: not in the files. */
static bool find_variable(design *d, const char *name, const double **number, const temoin_column **column)
{
    size_t length = strlen(name);
    char outcome[64];
    *number = NULL;
    *column = temoin_frame_find(d->data->clients, name);
    if (*column) {
        *number = (*column)->number;
        if (strcmp(name, "strata") == 0) *number = NULL; /* numbered, but a factor */
        return *number || (*column)->code;
    }
    if (length < 2 || name[length - 1] != '0') return false;
    snprintf(outcome, sizeof outcome, "%.*s", (int)length - 1, name);
    if (strcmp(outcome, "y") == 0) {
        const char *own = d->result->outcome;
        if (sscanf(own, "missing(%63[^)])", outcome) != 1) snprintf(outcome, sizeof outcome, "%s", own);
    }
    if (strcmp(outcome, "aid") == 0) snprintf(outcome, sizeof outcome, "no_social_aid");
    *number = golden_values(d->ctx, d->data, outcome, "0");
    return *number != NULL;
}

static bool drop_missing(design *d, const char *name)
{
    const double *number;
    const temoin_column *column;
    if (!find_variable(d, name, &number, &column)) return false;
    bool *drop = golden_take(d->ctx, d->n, sizeof *drop);
    for (int64_t i = 0; i < d->n; i++)
        drop[i] = number ? isnan(number[d->client[i]]) : column->code && column->code[d->client[i]] < 0;
    keep_rows(d, drop);
    return true;
}

/* R's order of levels: the control arm first, else by name. */
static bool is_before(const design *d, const char *name, const char *a, const char *b)
{
    if (strcmp(name, "arm") == 0 && (strcmp(a, d->data->control) == 0) != (strcmp(b, d->data->control) == 0))
        return strcmp(a, d->data->control) == 0;
    return strcmp(a, b) < 0;
}

static void add_levels(design *d, const char *name, const temoin_column *column)
{
    int32_t first = -1;
    bool *seen = golden_take(d->ctx, column->n_levels, sizeof *seen);
    for (int64_t i = 0; i < d->n; i++) seen[column->code[d->client[i]]] = true;
    for (int32_t l = 0; l < column->n_levels; l++)
        if (seen[l] && (first < 0 || is_before(d, name, column->level[l], column->level[first]))) first = l;
    for (int32_t l = 0; l < column->n_levels; l++) {
        if (!seen[l] || l == first) continue;
        double *x = golden_take(d->ctx, d->n, sizeof *x);
        for (int64_t i = 0; i < d->n; i++) x[i] = column->code[d->client[i]] == l;
        snprintf(d->name[d->n_columns], sizeof d->name[0], "%.30s%.30s", name, column->level[l]);
        d->x[d->n_columns++] = x;
    }
}

static void add_variable(design *d, const char *name)
{
    const double *number;
    const temoin_column *column;
    assert_true(find_variable(d, name, &number, &column) && d->n_columns < MOST_COLUMNS - 20);
    if (!number) {
        add_levels(d, name, column);
        return;
    }
    double *x = golden_take(d->ctx, d->n, sizeof *x);
    for (int64_t i = 0; i < d->n; i++) x[i] = number[d->client[i]];
    snprintf(d->name[d->n_columns], sizeof d->name[0], "%.60s", name);
    d->x[d->n_columns++] = x;
}

/* Products of the arm's columns with all others that came after them. */
static void cross_arms(design *d, int n_arm_columns)
{
    int n = d->n_columns;
    for (int a = 0; a < n_arm_columns; a++)
        for (int j = n_arm_columns; j < n; j++) {
            double *x = golden_take(d->ctx, d->n, sizeof *x);
            for (int64_t i = 0; i < d->n; i++) x[i] = d->x[a][i] * d->x[j][i];
            snprintf(d->name[d->n_columns], sizeof d->name[0], "%.30s:%.30s", d->name[a], d->name[j]);
            d->x[d->n_columns++] = x;
        }
}

/* The names of a formula, the arm first where it is multiplied by the others. */
static int read_terms(const char *formula, char term[][64], bool *crossed)
{
    int n = 0;
    const char *at = strchr(formula, '~') + 1;
    *crossed = strchr(at, '*') != NULL;
    for (; *at && n < MOST_TERMS; at++) {
        size_t length = strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
        if (!length) continue;
        snprintf(term[n++], 64, "%.*s", length < 60 ? (int)length : 60, at);
        at += length - 1;
    }
    return n;
}

static void start_rows(design *d)
{
    const golden_result *r = d->result;
    const temoin_column *arm = temoin_frame_find(d->data->clients, "arm");
    bool of_arm = strcmp(r->outcome, "arm") == 0;
    const double *y = of_arm ? NULL : golden_values(d->ctx, d->data, r->outcome, r->wave);
    d->client = golden_take(d->ctx, d->data->clients->n_rows, sizeof *d->client);
    d->y = golden_take(d->ctx, d->data->clients->n_rows, sizeof *d->y);
    for (int64_t u = 0; u < d->data->clients->n_rows; u++) {
        if (!golden_keeps(d->data, r, u) || (y && isnan(y[u]))) continue;
        d->client[d->n] = u;
        d->y[d->n++] = y ? y[u] : strcmp(arm->level[arm->code[u]], d->data->control) != 0;
    }
}

static double *add_column(design *d, const char *name)
{
    assert_true(d->n_columns < MOST_COLUMNS);
    double *x = golden_take(d->ctx, d->n, sizeof *x);
    snprintf(d->name[d->n_columns], sizeof d->name[0], "%.60s", name);
    d->x[d->n_columns++] = x;
    return x;
}

static const char *text_of(const design *d, const char *name, int64_t i)
{
    const temoin_column *column = temoin_frame_find(d->data->clients, name);
    return column->level[column->code[d->client[i]]];
}

static double number_of(const design *d, const char *name, int64_t i)
{
    return temoin_frame_find(d->data->clients, name)->number[d->client[i]];
}

/* Indicators of the levels of a number from 1 up, and of the award of 2001 within halves of earlier scores and within
 * types of schools: what the formula calls q, t_low, t_up, t_low_Religious and so on. */
static void add_treatments(design *d)
{
    static const char *const half[] = {"low", "up"}; /* 1 and 2 in the file */
    static const char *const type[] = {"", "Religious", "Secular"};
    for (int q = 2; q <= 4; q++) {
        double *x = add_column(d, "q");
        for (int64_t i = 0; i < d->n; i++) x[i] = number_of(d, "quartile", i) == q;
    }
    for (int h = 0; h < 2; h++)
        for (int k = 0; k < 3; k++) {
            char name[64];
            snprintf(name, sizeof name, "t_%s%s%s", half[h], k ? "_" : "", type[k]);
            if (k && !strstr(d->result->formula, name)) continue;
            double *x = add_column(d, name);
            for (int64_t i = 0; i < d->n; i++)
                x[i] = number_of(d, "cohort", i) == 2001 && strcmp(text_of(d, "arm", i), "award") == 0 &&
                       number_of(d, "half", i) == h + 1 && (!k || strcmp(text_of(d, "school_type", i), type[k]) == 0);
        }
}

/* The girls of Angrist & Lavy 2009 as Pustejovsky & Tipton 2018 analyze them: schools, years by types of schools,
 * pupils' backgrounds, and the award. */
static bool build_girls(design *d)
{
    static const char *const background[] = {"father_ed", "mother_ed", "immigrant"};
    static const char *const type[] = {"", "Religious", "Secular"};
    start_rows(d);
    if (!drop_missing(d, "quartile")) return false;
    for (int year = 2000; year <= 2002; year++) { /* a pupil's wave is that of the cohort */
        char wave[8];
        snprintf(wave, sizeof wave, "%d", year);
        const double *y = golden_values(d->ctx, d->data, d->result->outcome, wave);
        for (int64_t i = 0; i < d->n; i++)
            if (number_of(d, "cohort", i) == year) d->y[i] = y[d->client[i]];
    }
    add_levels(d, "cluster", temoin_frame_find(d->data->clients, "cluster"));
    for (int year = 2001; year <= 2002; year++)
        for (int k = 0; k < 3; k++) {
            double *x = add_column(d, "yr");
            for (int64_t i = 0; i < d->n; i++)
                x[i] = number_of(d, "cohort", i) == year && (!k || strcmp(text_of(d, "school_type", i), type[k]) == 0);
        }
    for (int b = 0; b < 3; b++) add_variable(d, background[b]);
    double *many = add_column(d, "sibs4");
    for (int64_t i = 0; i < d->n; i++) many[i] = number_of(d, "siblings", i) >= 4;
    add_treatments(d);
    return true;
}

static bool build_design(design *d, const char **why)
{
    char term[MOST_TERMS][64];
    bool crossed;
    *why = "a formula with terms that are not in the files";
    if (strstr(d->result->formula, "yr:school_type")) return build_girls(d);
    if (strchr(d->result->formula, ':')) return false;
    int n_terms = read_terms(d->result->formula, term, &crossed), n_arm_columns = 0;
    start_rows(d);
    for (int t = 0; t < n_terms; t++)
        if (!drop_missing(d, term[t])) return false;
    for (int t = 0; t < n_terms; t++) {
        add_variable(d, term[t]);
        if (t == 0) n_arm_columns = d->n_columns;
    }
    if (crossed) cross_arms(d, n_arm_columns);
    return true;
}

/* Whether the test is of this coefficient: those that are listed, or all. */
static bool is_tested(const golden_result *r, const char *name)
{
    const json_t *terms = json_object_get(r->extra, "terms");
    for (size_t t = 0; t < json_array_size(terms); t++)
        if (strcmp(json_string_value(json_array_get(terms, t)), name) == 0) return true;
    return !terms;
}

static int32_t *number_clusters(design *d, int32_t *n_clusters)
{
    const temoin_column *column = temoin_frame_find(d->data->clients, "cluster");
    int32_t *cluster = golden_take(d->ctx, d->n, sizeof *cluster), *number = NULL;
    int64_t room = column->code ? column->n_levels : 100000;
    number = golden_take(d->ctx, room, sizeof *number);
    for (int64_t i = 0; i < d->n; i++) {
        int32_t code = column->code ? column->code[d->client[i]] : (int32_t)column->number[d->client[i]];
        assert_true(code >= 0 && code < room);
        if (!number[code]) number[code] = ++*n_clusters;
        cluster[i] = number[code] - 1;
    }
    return cluster;
}

static const char *variance_key(const golden_result *r, char *key)
{
    if (!r->vcov) return "classical";
    int i = 0;
    for (; r->vcov[i] && i < 15; i++) key[i] = (char)tolower((unsigned char)r->vcov[i]);
    key[i] = '\0';
    return key;
}

static tm_joint test_columns(design *d)
{
    const golden_result *r = d->result;
    static const double one = 1;
    char key[16];
    const tm_fit *fit;
    tm_joint joint;
    tm_sample sample = {.n = d->n, .n_arms = 1, .n_strata = 1, .y = d->y};
    int32_t *zero = golden_take(d->ctx, d->n, sizeof *zero), q = 0;
    int32_t *covariate = golden_take(d->ctx, d->n_columns, sizeof *covariate);
    const char **name = golden_take(d->ctx, d->n_columns, sizeof *name);
    double *weight = golden_take(d->ctx, (int64_t)d->n_columns * d->n_columns, sizeof *weight);
    double *groups = golden_take(d->ctx, d->n_columns, sizeof *groups);
    double *arm_weight = golden_take(d->ctx, d->n_columns, sizeof *arm_weight);
    for (int j = 0; j < d->n_columns; j++) {
        name[j] = d->name[j];
        covariate[j] = -1;
        if (is_tested(r, d->name[j])) weight[q++ * d->n_columns + j] = 1;
        arm_weight[j] = one;
    }
    sample.arm = sample.stratum = zero;
    if (r->cluster) sample.cluster = number_clusters(d, &sample.n_clusters);
    const tm_model model = {.sample = &sample,
                            .n_groups = 1,
                            .group = zero,
                            .n_columns = d->n_columns,
                            .column = d->x,
                            .column_name = name,
                            .column_covariate = covariate,
                            .n_contrasts = q,
                            .group_weight = groups,
                            .column_weight = weight,
                            .arm_weight = arm_weight};
    check_ok(d->ctx, tm_fit_build(d->ctx, &model, &fit));
    check_ok(d->ctx, tm_joint_run(d->ctx, fit, variance_key(r, key), &joint));
    return joint;
}

/* Likelihood ratio of a logit of the arm on all columns against one on none. */
static void compare_likelihoods(design *d, golden_tally *t)
{
    const golden_result *r = d->result;
    tm_sample sample = {.n = d->n, .n_arms = 1, .n_strata = 1, .y = d->y};
    int32_t *zero = golden_take(d->ctx, d->n, sizeof *zero);
    sample.arm = sample.stratum = zero;
    double loss[2] = {0};
    for (int full = 0; full < 2; full++) {
        const tm_model model = {
            .sample = &sample, .n_groups = 1, .group = zero, .n_columns = full ? d->n_columns : 0, .column = d->x};
        tm_glm glm;
        check_ok(d->ctx, tm_glm_run(d->ctx, &tm_glm_logit, &model, &glm));
        assert_int_equal(glm.end, TM_GLM_DONE);
        for (int64_t i = 0; i < d->n; i++) loss[full] += tm_glm_logit.at(glm.eta[i], d->y[i]).loss;
    }
    t->results++;
    const double ratio = 2 * (loss[0] - loss[1]);
    golden_compare(t, d->data, r, "n", (double)d->n, r->n, 0);
    golden_compare(t, d->data, r, "df", d->n_columns, r->df, 0);
    golden_compare(t, d->data, r, "estimate", ratio, r->estimate, 0);
    golden_compare(t, d->data, r, "p", tm_chi2_upper(ratio, d->n_columns), r->p, 0);
}

bool compare_joint(temoin_context *ctx, golden_tally *t, const golden_data *data, const golden_result *r)
{
    design d = {.ctx = ctx, .data = data, .result = r};
    const char *why;
    bool hotelling = strcmp(r->estimator, "hotelling_T2") == 0, logit = strcmp(r->estimator, "joint_logit_lr") == 0;
    if (strcmp(r->family, "joint_test") != 0 && !hotelling && !logit && strcmp(r->estimator, "joint_F") != 0 &&
        strcmp(r->estimator, "joint_arm_and_interactions") != 0)
        return false;
    if (!build_design(&d, &why)) {
        golden_leave(t, r, why);
        return true;
    }
    if (logit) {
        compare_likelihoods(&d, t);
        return true;
    }
    const tm_joint joint = test_columns(&d);
    /* Of the awarded religious schools only s39 has girls in the upper half in 2001: its residuals there add up to zero
     * whatever comes, and clubSandwich takes that for a variance of zero along this direction. */
    if (joint.refused && strstr(r->formula, "t_up_Religious") && strcmp(joint.refused, "cluster_leverage_one") == 0) {
        golden_leave(t, r, "one school alone determines a coefficient of the test: refused here");
        return true;
    }
    if (joint.refused) {
        golden_wrong(t, data, r, joint.refused, NAN, r->t);
        return true;
    }
    t->results++;
    golden_compare(t, data, r, "n", (double)d.n, r->n, 0);
    golden_compare(t, data, r, "df1", joint.df1, json_number_value(json_object_get(r->extra, "df1")), 0);
    golden_compare(t, data, r, "df2", joint.df2, r->df, 0);
    golden_compare(t, data, r, "F", joint.statistic, r->t, 0);
    /* T² is F times q (n - 2) / (n - q - 1) */
    double scale = hotelling ? joint.df1 * ((double)d.n - 2) / joint.df2 : 1;
    golden_compare(t, data, r, "estimate", joint.statistic * scale, r->estimate, 0);
    if (!(r->p < 1e-12)) golden_compare(t, data, r, "p", joint.p, r->p, 0);
    return true;
}
