/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The test of balance: its statistic in closed forms, its p values against all the draws that there could be. */
#include "trial_case.h"

#include "checks/omnibus_statistic.h"
#include "designs/redraws.h"
#include "designs/trial_units.h"
#include "temoin/estimate.h"

enum { MOST = 64 };

static double statistic(temoin_context *ctx, const tm_omnibus_rows *rows, const int32_t *arm, int32_t *rank)
{
    tm_omnibus_test test;
    check_ok(ctx, tm_omnibus_test_build(ctx, rows, &test));
    const double d2 = tm_omnibus_test_run(&test, arm);
    if (rank) *rank = test.rank;
    assert_true(tm_omnibus_test_run(&test, arm) == d2);
    return d2;
}

/* Bottle caps of three machines, Kruskal & Wallis 1952, section 1.2: ranks; H = 5.656. */
static const double caps[] = {5, 9, 1, 6, 3, 4, 2, 8, 10, 7, 11, 12};
static const int32_t machine[] = {0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 2};
static const int32_t one_block[MOST];

static void ranks_give_kruskal_and_wallis(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    const tm_omnibus_rows rows = {12, 1, 3, 1, one_block, caps};
    int32_t rank;
    const double h = 12.0 / (12 * 13) * (24.0 * 24 / 5 + 14.0 * 14 / 3 + 40.0 * 40 / 4) - 3 * 13;
    check_close(statistic(ctx, &rows, machine, &rank), h, 1e-12);
    assert_int_equal(rank, 2);
    assert_true(fabs(h - 5.656) < 5e-4);
    temoin_context_free(ctx);
}

/* A table of counts: d² of its columns' indicators is (n - 1) / n times Pearson's chi-square. */
static void categories_give_pearson(void **state)
{
    (void)state;
    static const int count[3][3] = {{4, 3, 6}, {7, 2, 1}, {5, 8, 3}};
    temoin_context *ctx = check_context();
    int32_t arm[MOST], rank, n = 0;
    double x[3 * MOST] = {0}, row[3] = {0}, column[3] = {0}, chi = 0;
    for (int a = 0; a < 3; a++)
        for (int c = 0; c < 3; c++)
            for (int k = 0; k < count[a][c]; k++) {
                arm[n] = a;
                x[3 * n++ + c] = 1;
                row[a]++;
                column[c]++;
            }
    for (int a = 0; a < 3; a++)
        for (int c = 0; c < 3; c++) {
            const double expected = row[a] * column[c] / n;
            chi += (count[a][c] - expected) * (count[a][c] - expected) / expected;
        }
    const tm_omnibus_rows rows = {n, 1, 3, 3, one_block, x};
    check_close(statistic(ctx, &rows, arm, &rank), chi * (n - 1) / n, 1e-12);
    assert_int_equal(rank, 4);
    temoin_context_free(ctx);
}

/* Two blocks, three arms, three covariates of which the last is a sum of the others, and a constant. */
static const int32_t blocks[] = {1, 0, 1, 0, 0, 1, 0, 1, 0, 0, 1};
static const double spread[] = {3, 1e6, 9, 4, 7, 0.5, 2, 8, 6, -5, 1};
static const int32_t mixed[] = {0, 1, 2, 2, 0, 1, 1, 2, 0, 2, 0};

static void fill_nasty(double *x, double scale, double shift)
{
    for (int i = 0; i < 11; i++) {
        x[4 * i] = spread[i] * scale + shift;
        x[4 * i + 1] = (i * 7 % 11) * 1e-9;
        x[4 * i + 2] = spread[i] / 1e6 + x[4 * i + 1] * 1e9;
        x[4 * i + 3] = 12.5;
    }
}

static void units_of_measurement_and_labels_do_not_matter(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    double x[MOST], y[MOST], turned[MOST];
    int32_t arm[MOST], block[MOST], rank, again;
    fill_nasty(x, 1, 0);
    fill_nasty(y, 1e300, -4e299);
    const double d2 = statistic(ctx, &(tm_omnibus_rows){11, 2, 3, 4, blocks, x}, mixed, &rank);
    assert_int_equal(rank, 4);
    check_close(statistic(ctx, &(tm_omnibus_rows){11, 2, 3, 4, blocks, y}, mixed, &again), d2, 1e-9);
    assert_int_equal(again, rank);
    for (int i = 0; i < 11; i++) arm[i] = (mixed[i] + 1) % 3;
    check_close(statistic(ctx, &(tm_omnibus_rows){11, 2, 3, 4, blocks, x}, arm, NULL), d2, 1e-9);
    for (int i = 0; i < 11; i++) {
        memcpy(turned + 4 * i, x + 4 * (10 - i), 4 * sizeof *x);
        arm[i] = mixed[10 - i];
        block[i] = 1 - blocks[10 - i];
    }
    check_close(statistic(ctx, &(tm_omnibus_rows){11, 2, 3, 4, block, turned}, arm, NULL), d2, 1e-9);
    temoin_context_free(ctx);
}

/* All arrangements of `arm` from row `from` on within blocks; returns how many, adds up d². */
static int64_t visit(tm_omnibus_test *test, int32_t *arm, int from, double *sum)
{
    const int n = (int)test->rows.n_rows;
    if (from == n) {
        *sum += tm_omnibus_test_run(test, arm);
        return 1;
    }
    int64_t count = 0;
    for (int k = from; k < n; k++) {
        bool seen = false;
        if (test->rows.block[k] != test->rows.block[from]) continue;
        for (int j = from; j < k; j++) seen = seen || (test->rows.block[j] == test->rows.block[k] && arm[j] == arm[k]);
        if (seen) continue;
        const int32_t first = arm[from];
        arm[from] = arm[k], arm[k] = first;
        count += visit(test, arm, from + 1, sum);
        arm[k] = arm[from], arm[from] = first;
    }
    return count;
}

/* V is the covariance of d over all draws, so d² is its rank on average. */
static void mean_over_all_draws_is_the_rank(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    double x[MOST], sum = 0;
    int32_t arm[MOST];
    fill_nasty(x, 1, 0);
    memcpy(arm, mixed, sizeof mixed);
    for (int left = 0; left < 2; left++) {
        tm_omnibus_test test;
        const tm_omnibus_rows rows = {11 - left, 2, 3, 4, blocks, x};
        check_ok(ctx, tm_omnibus_test_build(ctx, &rows, &test));
        sum = 0;
        const int64_t n = visit(&test, arm, 0, &sum);
        assert_int_equal(n, left ? 90 * 12 : 90 * 30);
        check_close(sum / (double)n, 4, 1e-9);
    }
    temoin_context_free(ctx);
}

/* Rows in no arm count for nothing, whatever was looked at before. */
static void left_out_is_not_there(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    double x[MOST], y[MOST];
    int32_t arm[MOST], fewer[MOST], block[MOST];
    tm_omnibus_test test;
    fill_nasty(x, 1, 0);
    memcpy(arm, mixed, sizeof mixed);
    check_ok(ctx, tm_omnibus_test_build(ctx, &(tm_omnibus_rows){11, 2, 3, 4, blocks, x}, &test));
    const double all = tm_omnibus_test_run(&test, arm);
    for (int out = 0; out < 11; out++) {
        int n = 0;
        for (int i = 0; i < 11; i++) {
            if (i == out) continue;
            memcpy(y + 4 * n, x + 4 * i, 4 * sizeof *x);
            block[n] = blocks[i];
            fewer[n++] = mixed[i];
        }
        arm[out] = -1;
        check_close(tm_omnibus_test_run(&test, arm),
                    statistic(ctx, &(tm_omnibus_rows){10, 2, 3, 4, block, y}, fewer, NULL), 1e-9);
        arm[out] = mixed[out];
    }
    assert_true(tm_omnibus_test_run(&test, arm) == all);
    temoin_context_free(ctx);
}

static const char clients[] = "id,arm,x,z,g,p,town\n"
                              "a,control,3,1,g1,p1,N\nb,ocm,9,,g2,p1,N\nc,ocm,4,5,g1,p2,N\nd,control,12,2,g2,p2,N\n"
                              "e,control,7,8,g3,p3,S\nf,ocm,1,1,g4,p3,S\ng,control,15,4,g3,p4,S\nh,ocm,2,6,g4,p4,S\n";

#define PLAN(DESIGN, COLUMNS)                                                                                          \
    "temoin: 1\ntrial: {id: t}\nclients: {file: c.csv, id: id}\narms: [{name: control}, {name: ocm}]\n"                \
    "design: {" DESIGN "}\ncolumns: [" COLUMNS "]\n"
#define X "{name: x, type: number}"

static const temoin_omnibus *test_of(run *r, const char *plan)
{
    const temoin_results *results;
    write_file("c.csv", clients);
    *r = draw(plan);
    check_ok(r->ctx, temoin_results_build(r->ctx, r->trial, r->assignment, &results));
    return results->n_omnibus ? results->omnibus : NULL;
}

/* Exact p of x under complete randomization, 4 of 8: by the 70 draws. */
static double exact_p(const temoin_assignment *assignment)
{
    const double *x = temoin_frame_find(assignment->trial->clients, "x")->number;
    double observed = 0;
    int as_unlike = 0;
    for (int u = 0; u < 8; u++) observed += assignment->arm[u] == 1 ? x[u] : -x[u];
    for (int set = 0; set < 256; set++) {
        double d = 0;
        int n = 0;
        for (int u = 0; u < 8; u++) d += set >> u & 1 ? x[u] : -x[u], n += set >> u & 1;
        as_unlike += n == 4 && fabs(d) >= fabs(observed) - 1e-9;
    }
    return as_unlike / 70.0;
}

static void check_against_all_draws(const char *plan)
{
    run r;
    const temoin_omnibus *o = test_of(&r, plan);
    const double p = exact_p(r.assignment);
    assert_non_null(o);
    assert_string_equal(o->note, "");
    assert_int_equal(o->n_redraws, 999);
    assert_int_equal(o->n, 8);
    assert_int_equal(o->n_covariates, 1);
    assert_true(o->df == 1);
    assert_true(fabs(o->p_redrawn - p) < 5 * sqrt(p * (1 - p) / 1000) + 0.002);
    temoin_context_free(r.ctx);
}

static void redraws_agree_with_all_draws(void **state)
{
    (void)state;
    check_against_all_draws(PLAN("seed: s", X));
    check_against_all_draws(PLAN("seed: another", X));
    check_against_all_draws(PLAN("assigned: arm, kind: complete", X));
}

/* What is prepared once for all redraws gives what the design itself draws. */
static void redraws_are_those_of_the_design(void **state)
{
    (void)state;
    static const char *const plans[] = {PLAN("seed: s, kind: constrained, covariates: [x], fraction: 0.5", X),
                                        PLAN("seed: s, kind: rerandomized, covariates: [x], accept: 0.3", X),
                                        PLAN("seed: s, kind: permuted, block_sizes: [4]", X),
                                        PLAN("seed: s, kind: simple", X)};
    write_file("c.csv", clients);
    for (size_t k = 0; k < sizeof plans / sizeof *plans; k++) {
        run r = draw(plans[k]);
        tm_redraws redraws;
        tm_design_units units;
        int32_t arm[8], own[8], moved = 0;
        check_ok(r.ctx, tm_redraws_build(r.ctx, r.assignment, &redraws));
        check_ok(r.ctx, tm_trial_units_build(r.ctx, r.trial, &units));
        for (int64_t replicate = 50; replicate >= 0; replicate--) {
            units.replicate = replicate;
            check_ok(r.ctx, tm_redraws_draw(r.ctx, &redraws, replicate, arm));
            check_ok(r.ctx, redraws.design->draw(r.ctx, &units, own));
            assert_memory_equal(arm, own, sizeof own);
            moved += memcmp(arm, r.assignment->arm, sizeof arm) != 0;
        }
        assert_true(moved > 20);
        assert_memory_equal(arm, r.assignment->arm, sizeof arm);
        temoin_context_free(r.ctx);
    }
}

/* One redraw at a time gives what many at once do, of clients and of whole clusters. */
static void redraws_are_those_of_the_bits(void **state)
{
    (void)state;
    static const char *const plans[] = {
        PLAN("seed: s", X),
        PLAN("seed: s, kind: blocked, strata: [town]", X),
        PLAN("seed: s, kind: blocked, strata: [g], misfits: missing", X),
        PLAN("seed: s, kind: blocked_clustered, strata: [town], cluster: g", X),
        PLAN("seed: s, kind: pairs, covariates: [x]", X),
        PLAN("seed: s, kind: pairs, pair: p", X),
        PLAN("assigned: arm, kind: blocked, strata: [town]", X),
        PLAN("assigned: arm, kind: pairs, pair: p", X),
    };
    enum { FIRST = 7, N = 40 };
    write_file("c.csv", clients);
    for (size_t k = 0; k < sizeof plans / sizeof *plans; k++) {
        run r = draw(plans[k]);
        tm_redraws redraws;
        int64_t extra[N * 16];
        uint64_t words[N * 8], rest[8];
        int32_t arm[8];
        check_ok(r.ctx, tm_redraws_build(r.ctx, r.assignment, &redraws));
        const tm_redraw_bits *bits = redraws.bits;
        assert_non_null(bits);
        check_ok(r.ctx, tm_redraw_bits_round(r.ctx, bits, FIRST, N, extra));
        for (int32_t b = 0; b < bits->n_blocks; b++) {
            tm_redraw_bits_draw(bits, r.ctx->kernels, b, FIRST, N, extra, words, rest);
            for (int64_t d = 0; d < N; d++) {
                check_ok(r.ctx, tm_redraws_draw(r.ctx, &redraws, FIRST + d, arm));
                for (int64_t i = 0; i < tm_redraw_bits_size(bits, b); i++) {
                    const uint64_t *mask = words + d * bits->n_masks;
                    const int32_t a = mask[0] >> i & 1 ? 1 : bits->n_masks == 1 || mask[1] >> i & 1 ? 0 : -1;
                    assert_int_equal(arm[bits->member[bits->start[b] + i]], a);
                }
            }
        }
        temoin_context_free(r.ctx);
    }
}

/* A trial drawn elsewhere: what is shuffled stays in its block. */
static void shuffles_keep_blocks(void **state)
{
    (void)state;
    run r;
    tm_redraws redraws;
    int32_t arm[8], moved = 0;
    test_of(&r, PLAN("assigned: arm, kind: pairs, pair: p", X));
    check_ok(r.ctx, tm_redraws_build(r.ctx, r.assignment, &redraws));
    assert_true(redraws.known);
    for (int64_t replicate = 1; replicate <= 100; replicate++) {
        check_ok(r.ctx, tm_redraws_draw(r.ctx, &redraws, replicate, arm));
        for (int u = 0; u < 8; u += 2) assert_int_equal(arm[u] + arm[u + 1], 1);
        moved += arm[0];
    }
    assert_true(moved > 25 && moved < 75);
    temoin_context_free(r.ctx);
}

/* Who found no place has no arm in any redraw; the others have those of a trial without the deferred. */
static void deferred_stay_out(void **state)
{
    (void)state;
    static const char plan[] = PLAN("seed: s, kind: permuted, block_sizes: [4], arrival: came",
                                    X) "capacity: {file: w.csv, id: w, places: places, from: from, arm: ocm, exits: "
                                       "{file: c.csv, id: id, date: left}}\n";
    static const char few[] = PLAN("seed: s, kind: permuted, block_sizes: [4], arrival: came", X);
    char text[4096] = "id,came,left,x\n", rest[4096] = "id,came,left,x\n", line[80];
    const temoin_results *results;
    tm_redraws redraws, plain;
    int32_t arm[24], alone[24], n = 0;
    write_file("w.csv", "w,places,from\nu,3,2020-01-01\n");
    for (int u = 0; u < 24; u++)
        snprintf(text + strlen(text), 80, "u%02d,2020-01-%02d,2020-01-%02d,%d\n", u, u + 1, u + 7, u * 7 % 11);
    write_file("c.csv", text);
    run r = draw(plan);
    check_ok(r.ctx, temoin_results_build(r.ctx, r.trial, r.assignment, &results));
    check_ok(r.ctx, tm_redraws_build(r.ctx, r.assignment, &redraws));
    for (int u = 0; u < 24; u++) {
        snprintf(line, sizeof line, "u%02d,2020-01-%02d,2020-01-%02d,%d\n", u, u + 1, u + 7, u * 7 % 11);
        if (r.assignment->arm[u] >= 0) strcat(rest, line), n++;
    }
    assert_true(n > 8 && n < 24);
    assert_int_equal(results->omnibus->n, n);
    assert_int_equal(results->omnibus->n_redraws, 999);
    write_file("c.csv", rest);
    run s = draw(few);
    check_ok(s.ctx, tm_redraws_build(s.ctx, s.assignment, &plain));
    for (int64_t replicate = 0; replicate < 20; replicate++) {
        check_ok(r.ctx, tm_redraws_draw(r.ctx, &redraws, replicate, arm));
        check_ok(s.ctx, tm_redraws_draw(s.ctx, &plain, replicate, alone));
        for (int u = 0, k = 0; u < 24; u++) assert_int_equal(arm[u], r.assignment->arm[u] < 0 ? -1 : alone[k++]);
    }
    temoin_context_free(s.ctx);
    temoin_context_free(r.ctx);
}

static void check_note(const char *plan, const char *note, int64_t n, int64_t n_covariates)
{
    run r;
    const temoin_omnibus *o = test_of(&r, plan);
    assert_non_null(o);
    assert_string_equal(o->note, note);
    if (n) assert_int_equal(o->n, n);
    assert_int_equal(o->n_covariates, n_covariates);
    assert_int_equal(o->n_redraws > 0, note[0] == '\0');
    assert_int_equal(isnan(o->p_redrawn), note[0] != '\0');
    temoin_context_free(r.ctx);
}

static void notes_say_what_is_missing(void **state)
{
    (void)state;
    run r;
    check_note(PLAN("seed: s", X ", {name: z, type: number}"), "", 8, 3); /* z and who misses it */
    check_note(PLAN("seed: s", X ", {name: town, type: category}"), "", 8, 3);
    check_note(PLAN("assigned: arm, kind: permuted, block_sizes: [4]", X), "no_redraw", 8, 1);
    check_note(PLAN("assigned: arm, kind: clustered, cluster: g", X), "split_clusters", 0, 2);
    check_note(PLAN("seed: s, kind: clustered, cluster: g", X), "", 4, 2); /* and the clusters' size, always 2 */
    check_note(
        PLAN("seed: s, kind: clustered, cluster: g", X ", {name: z, type: number}, {name: town, type: category}"),
        "too_few_units", 4, 6);
    assert_null(test_of(&r, PLAN("seed: s, kind: blocked, strata: [town]", "{name: town, type: category}")));
    temoin_context_free(r.ctx);
}

static void lines_for_a_terminal(void **state)
{
    (void)state;
    static const struct {
        temoin_omnibus omnibus;
        const char *want;
    } cases[] = {
        {{7.14, 9, 0.6231, 0.614, 999, 80, 9, ""},
         "balance: chi-square 7.1 on 9 df, p 0.62; by redrawing 999 times p 0.61\n"},
        {{40, 9, 7.6e-6, 0.001, 999, 80, 9, ""},
         "balance: chi-square 40.0 on 9 df, p < 0.001; by redrawing 999 times p 0.001\n"},
        {{7.14, 9, 0.6231, NAN, 0, 80, 9, "no_redraw"},
         "balance: chi-square 7.1 on 9 df, p 0.62; not redrawn, as it is not known how the arms were drawn\n"},
        {{NAN, NAN, NAN, NAN, 0, 8, 9, "too_few_units"},
         "balance: not tested: too few clients or clusters for so many characteristics\n"},
    };
    temoin_context *ctx = check_context();
    const char *text;
    size_t length;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const temoin_results results = {.omnibus = &cases[i].omnibus, .n_omnibus = 1};
        check_ok(ctx, temoin_results_render_omnibus(ctx, &results, &text, &length));
        assert_string_equal(text, cases[i].want);
    }
    check_ok(ctx, temoin_results_render_omnibus(ctx, &(temoin_results){0}, &text, &length));
    assert_int_equal(length, 0);
    temoin_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranks_give_kruskal_and_wallis),
        cmocka_unit_test(categories_give_pearson),
        cmocka_unit_test(units_of_measurement_and_labels_do_not_matter),
        cmocka_unit_test(mean_over_all_draws_is_the_rank),
        cmocka_unit_test(left_out_is_not_there),
        cmocka_unit_test(redraws_agree_with_all_draws),
        cmocka_unit_test(redraws_are_those_of_the_design),
        cmocka_unit_test(redraws_are_those_of_the_bits),
        cmocka_unit_test(shuffles_keep_blocks),
        cmocka_unit_test(deferred_stay_out),
        cmocka_unit_test(notes_say_what_is_missing),
        cmocka_unit_test(lines_for_a_terminal),
    };
    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
