/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hansen & Bowers' d² against RItools. */
#include "golden_data.h"

#include "checks/omnibus_statistic.h"
#include "numeric/distributions.h"

enum { MOST_X = 40 };

typedef struct comparison {
    int64_t n;
    int32_t n_x;
    double *x;             /* [n * MOST_X] */
    char name[MOST_X][40]; /* of the columns, a category's with its level behind */
    int32_t *arm, *block, *cluster;
    int32_t n_blocks, n_clusters;
} comparison;

/* Levels of a number or a text among the clients that are kept, in the order in which they come. */
static int32_t code_of(const temoin_column *column, const int64_t *client, int64_t n, int32_t *code)
{
    int32_t n_codes = 0;
    for (int64_t i = 0; i < n; i++) {
        code[i] = -1;
        for (int64_t k = 0; k < i && code[i] < 0; k++) {
            const bool same = column->code ? column->code[client[k]] == column->code[client[i]]
                                           : column->number[client[k]] == column->number[client[i]];
            if (same) code[i] = code[k];
        }
        if (code[i] < 0) code[i] = n_codes++;
    }
    return n_codes;
}

static void add_number(comparison *c, const char *name, const double *value, const int64_t *client)
{
    bool missing = false;
    double sum = 0, n = 0;
    snprintf(c->name[c->n_x], sizeof *c->name, "%s", name);
    for (int64_t i = 0; i < c->n; i++) {
        sum += isnan(value[client[i]]) ? 0 : value[client[i]];
        n += !isnan(value[client[i]]);
    }
    for (int64_t i = 0; i < c->n; i++) {
        const double v = value[client[i]];
        missing = missing || isnan(v);
        c->x[i * MOST_X + c->n_x] = isnan(v) ? sum / n : v;
        c->x[i * MOST_X + c->n_x + 1] = isnan(v);
    }
    c->n_x += 1 + missing;
}

/* "bdi0" is the outcome "bdi" at wave 0; "aid0" is "no_social_aid" there. */
static void add_outcome(temoin_context *ctx, comparison *c, const golden_data *data, char *name, const int64_t *client)
{
    const size_t length = strlen(name);
    assert_true(length > 1 && name[length - 1] == '0');
    name[length - 1] = '\0';
    const double *value = golden_values(ctx, data, strcmp(name, "aid") == 0 ? "no_social_aid" : name, "0");
    assert_non_null(value);
    name[length - 1] = '0';
    add_number(c, name, value, client);
}

/* "z ~ age + sex" */
static void add_covariates(temoin_context *ctx, comparison *c, const golden_data *data, const char *formula,
                           const int64_t *client)
{
    char text[400], *rest = text + 4;
    snprintf(text, sizeof text, "%s", formula);
    for (char *name = strtok(rest, " +"); name; name = strtok(NULL, " +")) {
        const temoin_column *column = temoin_frame_find(data->clients, name);
        if (!column) {
            add_outcome(ctx, c, data, name, client);
            continue;
        }
        if (column->number) add_number(c, name, column->number, client);
        for (int32_t level = 0; !column->number && level < column->n_levels; level++) {
            snprintf(c->name[c->n_x], sizeof *c->name, "%s%s", name, column->level[level]);
            for (int64_t i = 0; i < c->n; i++) c->x[i * MOST_X + c->n_x] = column->code[client[i]] == level;
            c->n_x++;
        }
        assert_true(c->n_x + 2 < MOST_X);
    }
}

static comparison build(temoin_context *ctx, const golden_data *data, const golden_result *r)
{
    const temoin_column *arms = temoin_frame_find(data->clients, "arm");
    const int64_t n_clients = data->clients->n_rows;
    int64_t *client = golden_take(ctx, n_clients, sizeof *client);
    comparison c = {0};
    for (int64_t i = 0; i < n_clients; i++)
        if (golden_keeps(data, r, i) && arms->code[i] >= 0) client[c.n++] = i;
    assert_int_equal(c.n, (int64_t)r->n);
    c.x = golden_take(ctx, c.n * MOST_X, sizeof *c.x);
    c.arm = golden_take(ctx, c.n, sizeof *c.arm);
    c.block = golden_take(ctx, c.n, sizeof *c.block);
    c.cluster = golden_take(ctx, c.n, sizeof *c.cluster);
    for (int64_t i = 0; i < c.n; i++) c.arm[i] = strcmp(arms->level[arms->code[client[i]]], data->control) != 0;
    c.n_blocks = 1;
    if (r->strata) c.n_blocks = code_of(temoin_frame_find(data->clients, r->strata), client, c.n, c.block);
    if (r->cluster) c.n_clusters = code_of(temoin_frame_find(data->clients, r->cluster), client, c.n, c.cluster);
    add_covariates(ctx, &c, data, r->formula, client);
    return c;
}

static void sum_clusters(temoin_context *ctx, comparison *c)
{
    comparison sums = *c;
    sums.n = c->n_clusters;
    sums.x = golden_take(ctx, sums.n * MOST_X, sizeof *sums.x);
    sums.arm = golden_take(ctx, sums.n, sizeof *sums.arm);
    sums.n_x++;
    for (int64_t i = 0; i < c->n; i++) {
        double *x = sums.x + c->cluster[i] * MOST_X;
        for (int32_t j = 0; j < c->n_x; j++) x[j] += c->x[i * MOST_X + j];
        x[c->n_x] += 1;
        sums.arm[c->cluster[i]] = c->arm[i];
    }
    sums.block = golden_take(ctx, sums.n, sizeof *sums.block);
    *c = sums;
}

static void compare_z(const golden_data *data, const golden_result *r, const comparison *c, const tm_omnibus_test *test)
{
    int32_t j = 0;
    while (j < c->n_x && strcmp(c->name[j], r->outcome) != 0) j++;
    assert_true(j < c->n_x);
    const double z = tm_omnibus_z(test, c->arm, 1, j), p = tm_student_p_two_sided(z, INFINITY);
    if (!close_to(z, r->t, r->rtol, 0) || !close_to(p, r->p, 30 * r->rtol, 0)) {
        print_error("%s %s %s, %s: z %.17g, p %.17g; want %.17g, p %.17g\n", data->name, r->id, r->contrast, r->outcome,
                    z, p, r->t, r->p);
        fail();
    }
}

static void compare(const golden_data *data, const golden_result *r)
{
    temoin_context *ctx = check_context();
    comparison c = build(ctx, data, r);
    if (r->cluster) sum_clusters(ctx, &c);
    double *x = golden_take(ctx, c.n * c.n_x, sizeof *x);
    for (int64_t i = 0; i < c.n; i++) memcpy(x + i * c.n_x, c.x + i * MOST_X, (size_t)c.n_x * sizeof *x);
    const tm_omnibus_rows rows = {c.n, c.n_blocks, 2, c.n_x, c.block, x};
    tm_omnibus_test test;
    check_ok(ctx, tm_omnibus_test_build(ctx, &rows, &test));
    if (strcmp(r->estimator, "hansen_bowers_z") == 0) {
        compare_z(data, r, &c, &test);
        temoin_context_free(ctx);
        return;
    }
    const double statistic = tm_omnibus_test_run(&test, c.arm), p = tm_chi2_upper(statistic, test.rank);
    if (!close_to(statistic, r->estimate, r->rtol, 0) || test.rank != (int32_t)r->df ||
        !close_to(p, r->p, 30 * r->rtol, 0)) {
        print_error("%s %s %s, %s: %.17g on %d df, p %.17g; want %.17g on %g, p %.17g\n", data->name, r->id,
                    r->contrast, r->formula, statistic, test.rank, p, r->estimate, r->df, r->p);
        fail();
    }
    temoin_context_free(ctx);
}

static void ritools(void **state)
{
    (void)state;
    int n = 0, n_z = 0;
    if (!golden_folder()) {
        printf("# SKIPPED: the golden tests need the reference data; set TEMOIN_REFERENCE to their folder\n");
        skip();
    }
    for (int d = 0; golden_data_sets[d]; d++) {
        temoin_context *ctx = check_context();
        golden_data data;
        golden_open(ctx, golden_data_sets[d], &data);
        for (int i = 0; i < golden_n_results(&data); i++) {
            const golden_result r = golden_result_at(&data, i);
            const bool one = strcmp(r.estimator, "hansen_bowers_z") == 0;
            if (!one && strcmp(r.estimator, "hansen_bowers") != 0) continue;
            compare(&data, &r);
            n += !one;
            n_z += one;
        }
        golden_close(&data);
        temoin_context_free(ctx);
    }
    printf("# golden: %d tests of balance and %d characteristics compared with RItools\n", n, n_z);
    assert_true(n >= 20 && n_z >= 88);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ritools),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
