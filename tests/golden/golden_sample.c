/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "golden_sample.h"

/* A row is a client at a wave. */
typedef struct rows {
    int64_t n, room;
    int64_t *client;
    int32_t *wave; /* level of the outcomes' wave column, -1: does not matter */
    double *y;
} rows;

typedef struct making {
    temoin_context *ctx;
    const golden_data *data;
    const golden_result *result;
    const golden_formula *formula;
    const golden_options *options;
    const char **why;
    rows rows;
    const int32_t *arm_of_level; /* control first */
    int32_t arm, reference;      /* of the contrast */
    const double *weight;        /* [clients] NULL: none */
} making;

static const temoin_column *client_column(const making *m, const char *name)
{
    return temoin_frame_find(m->data->clients, name);
}

static bool find_arms(making *m)
{
    const temoin_column *arm = client_column(m, "arm");
    int32_t *number = golden_take(m->ctx, arm->n_levels, sizeof *number), next = 1;
    char treated[64] = "", control[64] = "";
    for (int32_t l = 0; l < arm->n_levels; l++) number[l] = strcmp(arm->level[l], m->data->control) == 0 ? 0 : next++;
    m->arm_of_level = number;
    m->arm = m->reference = -1;
    if (m->result->contrast && sscanf(m->result->contrast, "%63s - %63s", treated, control) != 2) return false;
    for (int32_t l = 0; l < arm->n_levels; l++) {
        if (strcmp(arm->level[l], treated) == 0) m->arm = number[l];
        if (strcmp(arm->level[l], control) == 0) m->reference = number[l];
    }
    if (!m->result->contrast && arm->n_levels == 2) m->arm = 1, m->reference = 0;
    return m->arm >= 0 && m->reference >= 0;
}

static void add_rows(making *m, const double *y, int32_t wave)
{
    for (int64_t u = 0; y && u < m->data->clients->n_rows; u++) {
        if (isnan(y[u]) || !golden_keeps(m->data, m->result, u)) continue;
        int32_t arm = m->arm_of_level[client_column(m, "arm")->code[u]];
        if (m->options->two_arms && arm != m->arm && arm != m->reference) continue;
        if (m->weight && m->weight[u] == 0) continue;
        m->rows.client[m->rows.n] = u;
        m->rows.wave[m->rows.n] = wave;
        m->rows.y[m->rows.n++] = y[u];
    }
}

/* "all(2-8)": every wave in that range is a row of its own. */
static bool list_rows(making *m)
{
    const golden_result *r = m->result;
    const temoin_column *waves = temoin_frame_find(m->data->outcomes, "wave");
    int first, last;
    bool all = r->wave && sscanf(r->wave, "all(%d-%d)", &first, &last) == 2;
    m->rows.room = m->data->clients->n_rows * (all ? waves->n_levels : 1);
    m->rows.client = golden_take(m->ctx, m->rows.room, sizeof *m->rows.client);
    m->rows.wave = golden_take(m->ctx, m->rows.room, sizeof *m->rows.wave);
    m->rows.y = golden_take(m->ctx, m->rows.room, sizeof *m->rows.y);
    for (int32_t l = 0; all && l < waves->n_levels; l++) {
        int wave = (int)strtol(waves->level[l], NULL, 10);
        if (wave >= first && wave <= last) add_rows(m, golden_values(m->ctx, m->data, r->outcome, waves->level[l]), l);
    }
    if (all) return true;
    const double *y = golden_values(m->ctx, m->data, r->outcome, r->wave);
    add_rows(m, y, -1);
    return y != NULL;
}

/* A variable of the formula by row: numbers, or codes of a category. */
typedef struct variable {
    const char *name;
    double *number;
    int32_t *code;
    int32_t n_levels;
    const char *const *level;
} variable;

static bool read_variable(making *m, const char *name, variable *out)
{
    const temoin_column *column = client_column(m, name), *waves = temoin_frame_find(m->data->outcomes, "wave");
    bool baseline = strcmp(name, "y0") == 0, wave = strcmp(name, "wavef") == 0, post = strcmp(name, "post") == 0;
    bool month = strcmp(name, "wave") == 0;
    const double *number = column ? column->number : NULL;
    *out = (variable){.name = name};
    if (baseline) number = golden_values(m->ctx, m->data, m->result->outcome, "0");
    if (!wave && !post && !month && !number && !(column && column->code)) return false;
    if (number || post || month)
        out->number = golden_take(m->ctx, m->rows.n, sizeof *out->number);
    else
        out->code = golden_take(m->ctx, m->rows.n, sizeof *out->code);
    out->n_levels = wave ? waves->n_levels : column ? column->n_levels : 0;
    out->level = wave ? waves->level : column ? column->level : NULL;
    for (int64_t i = 0; i < m->rows.n; i++) {
        if (post)
            out->number[i] = strcmp(waves->level[m->rows.wave[i]], "0") != 0;
        else if (month)
            out->number[i] = strtod(waves->level[m->rows.wave[i]], NULL);
        else if (number)
            out->number[i] = number[m->rows.client[i]];
        else
            out->code[i] = wave ? m->rows.wave[i] : column->code[m->rows.client[i]];
    }
    return true;
}

/* Takes out rows that miss the variable. */
static bool drop_missing(making *m, const char *name)
{
    variable v;
    int64_t kept = 0;
    if (!read_variable(m, name, &v)) {
        *m->why = "a variable that is not in the files";
        return false;
    }
    for (int64_t i = 0; i < m->rows.n; i++) {
        if (v.number ? isnan(v.number[i]) : v.code[i] < 0) continue;
        m->rows.client[kept] = m->rows.client[i];
        m->rows.wave[kept] = m->rows.wave[i];
        m->rows.y[kept++] = m->rows.y[i];
    }
    m->rows.n = kept;
    return true;
}

typedef struct columns {
    const double **x;
    const char **name;
    int32_t n;
} columns;

static double *new_column(making *m, columns *to, const char *name)
{
    double *x = golden_take(m->ctx, m->rows.n, sizeof *x);
    to->x[to->n] = x;
    to->name[to->n++] = name;
    return x;
}

/* Columns are centred, as the program's own are; that a product with the arm is not is why they are made after it. */
static void centre(const making *m, double *x)
{
    double mean = 0;
    for (int64_t i = 0; i < m->rows.n; i++) mean += x[i] / (double)m->rows.n;
    for (int64_t i = 0; i < m->rows.n; i++) x[i] -= mean;
}

/* The level without a column: the first that is seen, of waves the earliest. */
static int32_t reference_level(const making *m, const variable *v)
{
    const bool wave = strcmp(v->name, "wavef") == 0;
    int32_t first = v->n_levels;
    for (int64_t i = 0; i < m->rows.n; i++) {
        const int32_t l = v->code[i];
        if (first == v->n_levels || (wave ? strtod(v->level[l], NULL) < strtod(v->level[first], NULL) : l < first))
            first = l;
    }
    return first;
}

static void add_variable(making *m, columns *to, const variable *v)
{
    bool *seen = golden_take(m->ctx, v->n_levels, sizeof *seen);
    if (v->number) {
        double *x = new_column(m, to, v->name);
        memcpy(x, v->number, (size_t)m->rows.n * sizeof *x);
        if (strcmp(v->name, m->formula->crossed) != 0) centre(m, x);
        return;
    }
    for (int64_t i = 0; i < m->rows.n; i++) seen[v->code[i]] = true;
    const int32_t first = reference_level(m, v);
    for (int32_t l = 0; l < v->n_levels; l++) {
        if (!seen[l] || l == first) continue;
        double *x = new_column(m, to, tm_text(m->ctx, "%s=%s", v->name, v->level[l]));
        for (int64_t i = 0; i < m->rows.n; i++) x[i] = v->code[i] == l;
        centre(m, x);
    }
}

/* The arm times the variable: of a category, a column for each level of it but the first. */
static void add_products(making *m, columns *to, const variable *v, const int32_t *arm)
{
    if (v->number) {
        double *x = new_column(m, to, "product");
        for (int64_t i = 0; i < m->rows.n; i++) x[i] = arm[i] ? v->number[i] : 0;
        return;
    }
    bool *seen = golden_take(m->ctx, v->n_levels, sizeof *seen);
    const int32_t first = reference_level(m, v);
    for (int64_t i = 0; i < m->rows.n; i++) seen[v->code[i]] = true;
    for (int32_t l = 0; l < v->n_levels; l++) {
        if (!seen[l] || l == first) continue;
        double *x = new_column(m, to, tm_text(m->ctx, ":%s%s", v->name, v->level[l]));
        for (int64_t i = 0; i < m->rows.n; i++) x[i] = arm[i] && v->code[i] == l;
    }
}

static bool add_covariates(making *m, const char *strata, golden_sample *out)
{
    columns to = {0};
    variable v;
    to.x = golden_take(m->ctx, 200, sizeof *to.x);
    to.name = golden_take(m->ctx, 200, sizeof *to.name);
    if (strata) {
        assert_true(read_variable(m, strata, &v));
        if (v.number) {
            const temoin_column *column = client_column(m, strata);
            v.code = golden_take(m->ctx, m->rows.n, sizeof *v.code);
            for (int64_t i = 0; i < m->rows.n; i++) v.code[i] = column->code[m->rows.client[i]];
            v.number = NULL;
        }
        add_variable(m, &to, &v);
    }
    for (int t = 0; t < m->formula->n_terms; t++) {
        assert_true(read_variable(m, m->formula->term[t], &v));
        add_variable(m, &to, &v);
    }
    if (m->formula->crossed[0]) {
        assert_true(read_variable(m, m->formula->crossed, &v));
        if (out->sample.n_arms != 2) return false;
        add_products(m, &to, &v, out->sample.arm);
    }
    out->sample.n_covariates = to.n;
    out->sample.covariate = to.x;
    out->sample.covariate_name = to.name;
    return true;
}

static bool find_term(const making *m, golden_sample *out)
{
    const char *term = m->result->term;
    out->term = -1;
    if (!term) return true;
    for (int32_t j = 0; j < out->sample.n_covariates; j++) {
        const char *name = out->sample.covariate_name[j], *colon = strchr(term, ':');
        if (strcmp(name, "product") == 0 ? colon != NULL : strcmp(name, colon ? colon : term) == 0) out->term = j;
    }
    return out->term >= 0;
}

/* Numbered as they come; "own cluster": a client without one is a cluster of one; "in one cluster": they are one
 * together. */
static bool add_clusters(making *m, golden_sample *out)
{
    const char *named = m->result->cluster;
    if (!named) return true;
    const temoin_column *column = client_column(m, strcmp(named, "id") == 0 ? "id" : "cluster");
    bool own = strstr(named, "own cluster") != NULL, together = strstr(named, "in one cluster") != NULL;
    if (!column || (!own && !together && strcmp(named, "cluster") != 0 && strcmp(named, "id") != 0)) return false;
    int32_t *number = golden_take(m->ctx, column->n_levels + 1, sizeof *number);
    int32_t *cluster = golden_take(m->ctx, m->rows.n, sizeof *cluster);
    int32_t *alone = golden_take(m->ctx, m->data->clients->n_rows, sizeof *alone); /* 1 + number */
    for (int32_t l = 0; l <= column->n_levels; l++) number[l] = -1;
    for (int64_t i = 0; i < m->rows.n; i++) {
        int64_t u = m->rows.client[i];
        int32_t code = column->code[u], level = code < 0 ? column->n_levels : code;
        if (code < 0 && own) {
            if (!alone[u]) alone[u] = ++out->sample.n_clusters;
            cluster[i] = alone[u] - 1;
            continue;
        }
        if (code < 0 && !together) return false;
        if (number[level] < 0) number[level] = out->sample.n_clusters++;
        cluster[i] = number[level];
    }
    out->sample.cluster = cluster;
    return true;
}

static void add_strata(making *m, const char *name, golden_sample *out)
{
    int32_t *stratum = golden_take(m->ctx, m->rows.n, sizeof *stratum);
    const temoin_column *column = name ? client_column(m, name) : NULL;
    assert_true(!name || (column && column->code));
    for (int64_t i = 0; column && i < m->rows.n; i++) stratum[i] = column->code[m->rows.client[i]];
    out->sample.stratum = stratum;
    out->sample.n_strata = column ? column->n_levels : 1;
}

static void add_shares(making *m, golden_sample *out)
{
    const temoin_column *column = m->result->strata ? client_column(m, m->result->strata) : NULL;
    int32_t n_strata = column ? column->n_levels : 1;
    double *count = golden_take(m->ctx, (int64_t)n_strata * (out->sample.n_arms + 1), sizeof *count);
    double *weight = golden_take(m->ctx, m->rows.n, sizeof *weight);
    for (int pass = 0; pass < 2; pass++)
        for (int64_t i = 0; i < m->rows.n; i++) {
            int32_t s = column ? column->code[m->rows.client[i]] : 0, k = out->sample.n_arms + 1;
            if (pass == 0)
                count[s * k]++, count[s * k + 1 + out->sample.arm[i]]++;
            else
                weight[i] = count[s * k] / count[s * k + 1 + out->sample.arm[i]];
        }
    out->sample.weight = weight;
}

static void add_rest(making *m, golden_sample *out)
{
    double mean = 0, square = 0, *weight = NULL;
    for (int64_t i = 0; i < m->rows.n; i++) mean += m->rows.y[i] / (double)m->rows.n;
    for (int64_t i = 0; i < m->rows.n; i++) square += (m->rows.y[i] - mean) * (m->rows.y[i] - mean);
    out->sd = sqrt(square / (double)(m->rows.n - 1));
    if (m->options->shares)
        add_shares(m, out);
    else if (m->weight) {
        weight = golden_take(m->ctx, m->rows.n, sizeof *weight);
        for (int64_t i = 0; i < m->rows.n; i++) weight[i] = m->weight[m->rows.client[i]];
        out->sample.weight = weight;
    }
}

bool golden_sample_build(temoin_context *ctx, const golden_data *data, const golden_result *result,
                         const golden_formula *formula, const golden_options *options, golden_sample *out,
                         const char **why)
{
    making m = {.ctx = ctx, .data = data, .result = result, .formula = formula, .options = options, .why = why};
    const char *strata = formula->strata[0] ? formula->strata : options->strata;
    *out = (golden_sample){0};
    *why = "not a contrast of two arms, or an outcome or cluster that is not in the files";
    if (result->weights && !options->shares) {
        const temoin_column *column = client_column(&m, result->weights);
        if (!column || !column->number) return false;
        m.weight = column->number;
    }
    if (!find_arms(&m) || !list_rows(&m)) return false;
    for (int t = 0; t < formula->n_terms; t++)
        if (!drop_missing(&m, formula->term[t])) return false;
    const temoin_column *arms = client_column(&m, "arm");
    int32_t *arm = golden_take(ctx, m.rows.n, sizeof *arm);
    double *contrast = golden_take(ctx, arms->n_levels, sizeof *contrast);
    for (int64_t i = 0; i < m.rows.n; i++) arm[i] = m.arm_of_level[arms->code[m.rows.client[i]]];
    contrast[m.arm] = 1, contrast[m.reference] = -1;
    out->sample.n = m.rows.n, out->sample.y = m.rows.y, out->sample.arm = arm, out->sample.n_arms = arms->n_levels;
    out->arm_weight = contrast;
    out->client = m.rows.client;
    add_strata(&m, options->dummies ? NULL : strata, out);
    add_rest(&m, out);
    return add_clusters(&m, out) && add_covariates(&m, options->dummies ? strata : NULL, out) && find_term(&m, out);
}

static const struct {
    const char *reference, *ours;
} variance_names[] = {
    {"classical", "classical"},
    {"HC0", "hc0"},
    {"HC1", "hc1"},
    {"HC2", "hc2"},
    {"HC3", "hc3"},
    {"HC2_bell_mccaffrey", "hc2_bm"},
    {"neyman_blocked", "neyman"},
    {"matched_pair", "matched_pair"},
    {"CR0", "cr0"},
    {"CR1", "cr1"},
    {"CR1S", "cr1s"},
    {"CR2", "cr2"},
    {"CR3", "cr3"},
    {"CV3", "cv3"},
    {"CV3J", "cv3j"},
};

const tm_variance *golden_variance(const golden_result *result)
{
    for (size_t v = 0; result->vcov && v < sizeof variance_names / sizeof *variance_names; v++)
        if (strcmp(variance_names[v].reference, result->vcov) == 0) return tm_variance_find(variance_names[v].ours);
    return NULL;
}
