/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who an effect hangs on, against files without those clients. */
#include "trial_case.h"

#include <locale.h>

#include "randsample.h"
#include "temoin/estimate.h"

enum { N_WORKERS = 8, MOST_CLIENTS = 64 };

typedef struct client {
    int worker, arm, site;
    double x, y;
    bool blank_x;
} client;

static client clients[MOST_CLIENTS];
static int n_clients;

/* Workers of 3 to 6 clients; kind n: nested, c: each serves both arms, o: one arm has workers. */
static void make_clients(uint64_t *seed, char kind)
{
    n_clients = 0;
    for (int w = 0; w < N_WORKERS; w++) {
        const double own = rand_normal(seed);
        for (int k = 0; k < 3 + w % 4; k++) {
            const int arm = kind == 'c' ? k % 2 : w % 2;
            clients[n_clients++] = (client){.worker = kind == 'o' && !arm ? -1 : w,
                                            .arm = arm,
                                            .site = w / 4,
                                            .x = rand_normal(seed),
                                            .y = own + rand_normal(seed),
                                            .blank_x = k == 2 && w % 3 == 0};
        }
    }
}

/* All clients but those of a worker and those of a site; -2: none. */
static void write_clients(int without_worker, int without_site)
{
    char text[8192] = "id,w,arm,site,x,y\n";
    for (int i = 0; i < n_clients; i++) {
        const client *c = &clients[i];
        char row[160], worker[16] = "", x[16] = "";
        if (c->worker == without_worker || c->site == without_site) continue;
        if (c->worker >= 0) snprintf(worker, sizeof worker, "w%d", c->worker);
        if (!c->blank_x) snprintf(x, sizeof x, "%.6f", c->x);
        snprintf(row, sizeof row, "c%02d,%s,%s,s%d,%s,%.6f\n", i, worker, c->arm ? "ocm" : "control", c->site, x, c->y);
        strcat(text, row);
    }
    write_file("c.csv", text);
}

static run analyze(const char *providers, const char *method, const temoin_results **results)
{
    char plan[1024];
    snprintf(plan, sizeof plan,
             HEAD("{file: c.csv, id: id}") "design: {kind: blocked, strata: [site], assigned: arm}\n"
                                           "providers: {column: w, site: site, %s}\n"
                                           "measures: [{name: y}]\n"
                                           "estimates:\n  - {name: main, measures: [y], %s}\n",
             providers, method);
    run r = draw(plan);
    check_ok(r.ctx, temoin_results_build(r.ctx, r.trial, r.assignment, results));
    return r;
}

static void check_same(const temoin_influence *got, const temoin_row *want, double full)
{
    check_close(got->value, want->value, 1e-11);
    assert_true(close_to(got->se, want->se, 1e-11, 0));
    assert_true(close_to(got->ci_low, want->ci_low, 1e-10, 1e-3));
    assert_true(close_to(got->ci_high, want->ci_high, 1e-10, 1e-3));
    assert_true(close_to(got->change, want->value - full, 1e-9, 1e-2));
}

static void compare(char kind, const char *providers, const char *method, uint64_t *seed)
{
    const temoin_results *results, *rest;
    int n_workers = 0, n_sites = 0;
    make_clients(seed, kind);
    write_clients(-2, -2);
    run r = analyze(providers, method, &results);
    const double full = results->rows[0].value;
    for (int64_t k = 0; k < results->n_influence; k++) {
        const temoin_influence *got = &results->influence[k];
        const bool worker = strcmp(got->kind, "provider") == 0;
        if (strcmp(got->kind, "best_provider") == 0) continue;
        const int code = atoi(got->left_out + 1);
        int64_t n = 0;
        for (int i = 0; i < n_clients; i++) n += (worker ? clients[i].worker : clients[i].site) == code;
        assert_int_equal(got->n, n);
        if (worker) assert_string_equal(got->left_out_arm, kind == 'c' ? "" : code % 2 ? "ocm" : "control");
        write_clients(worker ? code : -2, worker ? -2 : code);
        run again = analyze(providers, method, &rest);
        check_same(got, &rest->rows[0], full);
        temoin_context_free(again.ctx);
        worker ? n_workers++ : n_sites++;
    }
    assert_int_equal(n_workers, kind == 'o' ? N_WORKERS / 2 : N_WORKERS);
    assert_int_equal(n_sites, 2);
    temoin_context_free(r.ctx);
}

static void the_files_without_them_give_the_same(void **state)
{
    (void)state;
    uint64_t seed = 5;
    compare('n', "structure: nested", "estimator: ols, covariates: [x], variance: cr2, cluster: provider", &seed);
    compare('n', "structure: nested", "estimator: lin, covariates: [x], variance: hc2", &seed);
    compare('n', "structure: nested", "estimator: worker_means, variance: student, cluster: provider", &seed);
    compare('c', "structure: crossed", "estimator: dim", &seed);
    compare('o', "structure: one_arm, arm: ocm", "estimator: dim, variance: cr2, cluster: provider", &seed);
}

/* Of `ols` without covariates' means, the closed form by clusters is the refit, and shares add up. */
static void closed_forms_agree(void **state)
{
    (void)state;
    uint64_t seed = 6;
    const temoin_results *results;
    make_clients(&seed, 'n');
    for (int i = 0; i < n_clients; i++) clients[i].blank_x = false;
    write_clients(-2, -2);
    run r = analyze("structure: nested", "estimator: ols, covariates: [x], variance: cr2, cluster: provider", &results);
    double low = INFINITY, high = -INFINITY, leverage = 0, partial = 0, largest = 0;
    for (int64_t k = 0; k < results->n_influence; k++) {
        const temoin_influence *got = &results->influence[k];
        if (strcmp(got->kind, "provider") != 0) continue;
        low = fmin(low, got->value), high = fmax(high, got->value);
        leverage += got->leverage, partial += got->partial_leverage;
        largest = fmax(largest, got->partial_leverage);
    }
    check_close(low, results->clusters[0].without_one_low, 1e-10);
    check_close(high, results->clusters[0].without_one_high, 1e-10);
    check_close(largest, results->clusters[0].partial_high, 1e-12);
    check_close(leverage, 4, 1e-12); /* two sites, the arm, the covariate */
    check_close(partial, 1, 1e-12);
    temoin_context_free(r.ctx);
}

/* Of a difference in means without strata, an average worker in the place of the best is the arm without him. */
static void the_best_worker_is_who_carries_most(void **state)
{
    (void)state;
    uint64_t seed = 7;
    for (int sign = -1; sign <= 1; sign += 2) {
        const temoin_results *results;
        double sum[N_WORKERS] = {0}, n[N_WORKERS] = {0}, all = 0, total = 0, reference = 0, n_reference = 0, most = 0;
        int best = -1;
        make_clients(&seed, 'n');
        for (int i = 0; i < n_clients; i++)
            clients[i].y = round(1e5 * (clients[i].y + 4 * sign * clients[i].arm)) / 1e5;
        write_clients(-2, -2);
        run r = analyze("structure: nested", "estimator: dim, strata: none", &results);
        for (int i = 0; i < n_clients; i++) {
            const client *c = &clients[i];
            if (!c->arm) reference += c->y, n_reference++;
            if (c->arm) sum[c->worker] += c->y, n[c->worker]++, all += c->y, total++;
        }
        for (int w = 1; w < N_WORKERS; w += 2) {
            const double gain = sign * n[w] * (sum[w] / n[w] - (all - sum[w]) / (total - n[w]));
            if (gain > most) most = gain, best = w;
        }
        const temoin_influence *got = NULL;
        for (int64_t k = 0; k < results->n_influence; k++)
            if (strcmp(results->influence[k].kind, "best_provider") == 0) got = &results->influence[k];
        assert_non_null(got);
        assert_int_equal(atoi(got->left_out + 1), best);
        check_close(got->value, (all - sum[best]) / (total - n[best]) - reference / n_reference, 1e-11);
        assert_true(isnan(got->se));
        temoin_context_free(r.ctx);
    }
}

/* An effect needs the only worker of an arm, who can be neither left out nor replaced. */
static void an_only_worker_is_needed(void **state)
{
    (void)state;
    const temoin_results *results;
    write_file("c.csv", "id,w,arm,site,y\na,p,control,s,1\nb,p,control,s,3\nc,q,control,s,2\nd,q,control,s,5\n"
                        "e,r,ocm,s,4\nf,r,ocm,s,6\ng,r,ocm,s,9\n");
    run r = analyze("structure: nested", "estimator: dim", &results);
    assert_int_equal(results->n_influence, 4);
    assert_string_equal(results->influence[2].left_out, "r");
    assert_true(isnan(results->influence[2].value) && isnan(results->influence[2].change));
    assert_string_equal(results->influence[2].note, "arm_empty");
    assert_false(isnan(results->influence[0].value));
    assert_string_equal(results->influence[0].note, "");
    assert_string_equal(results->influence[3].kind, "site");
    assert_true(isnan(results->influence[3].value));
    assert_string_equal(results->influence[3].note, "arm_empty");
    check_close(results->influence[0].leverage, 2 / 4., 1e-14); /* m/n, and m/n² over 1/n + 1/n */
    check_close(results->influence[0].partial_leverage, 2 / 16. / (1 / 4. + 1 / 3.), 1e-14);
    check_close(results->influence[2].leverage, 1, 1e-14);
    check_close(results->influence[2].partial_leverage, 1 / 3. / (1 / 4. + 1 / 3.), 1e-14);
    temoin_context_free(r.ctx);
}

/* 1500 workers of two clients, each at a site of the own: differences of means without them, and no intervals. */
static void beyond_many_workers_closed_forms_stand_in(void **state)
{
    (void)state;
    enum { MANY = 1500 };
    static char text[MANY * 2 * 64];
    double sum[2] = {0}, worker[MANY] = {0};
    uint64_t seed = 8;
    const temoin_results *results;
    int at = snprintf(text, sizeof text, "id,w,arm,site,y\n");
    for (int i = 0; i < 2 * MANY; i++) {
        const double y = round(1e6 * rand_normal(&seed)) / 1e6;
        const int w = i / 2, arm = w % 2;
        sum[arm] += y, worker[w] += y;
        at += snprintf(text + at, sizeof text - (size_t)at, "c%04d,w%04d,%s,s%04d,%.6f\n", i, w,
                       arm ? "ocm" : "control", w, y);
    }
    write_file("c.csv", text);
    run r = analyze("structure: nested", "estimator: ols, strata: none, variance: cr2, cluster: provider", &results);
    assert_int_equal(results->n_influence, 2 * MANY + 1);
    for (int64_t k = 0; k < results->n_influence; k++) {
        const temoin_influence *got = &results->influence[k];
        if (strcmp(got->kind, "best_provider") == 0) continue;
        const int w = atoi(got->left_out + 1), arm = w % 2;
        const double without = (sum[arm] - worker[w]) / (MANY - 2), other = sum[1 - arm] / MANY;
        assert_true(close_to(got->value, arm ? without - other : other - without, 1e-11, 1e-2));
        assert_true(isnan(got->se) && got->n == 2);
        assert_string_equal(got->note, "too_many_workers");
    }
    temoin_context_free(r.ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_files_without_them_give_the_same),      cmocka_unit_test(closed_forms_agree),
        cmocka_unit_test(the_best_worker_is_who_carries_most),       cmocka_unit_test(an_only_worker_is_needed),
        cmocka_unit_test(beyond_many_workers_closed_forms_stand_in),
    };
    setlocale(LC_NUMERIC, "C"); /* the data are written by printf; the CLI cases run in other locales */
    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
