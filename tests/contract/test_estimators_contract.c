/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The same laws for every estimator with every variance, on samples that are nasty on purpose. */
#include "randsample.h"

#include "inference/effects.h"
#include "kernels/kernels.h"

enum { CONTRASTS = 2 };

typedef struct run {
    tm_effect effect[CONTRASTS];
    int n;
} run;

/* What is being checked, for the message when it fails. */
static struct {
    const char *law, *estimator, *variance;
    const rand_sample *sample;
    int64_t numbers, refusals;
} now;

static void broken(const char *what, double got, double want, const char *notes)
{
    const tm_sample *s = &now.sample->sample;
    print_error("%s: %s %s, features %d, %d rows, %d arms, %d strata, %d clusters, %d covariates: ", now.law,
                now.estimator, now.variance, now.sample->features, (int)s->n, s->n_arms, s->n_strata, s->n_clusters,
                s->n_covariates);
    print_error("%s is %.17g, want %.17g (%s)\n", what, got, want, notes);
    fail();
}

/* Each arm against the first; with three arms also the third against the mean of the others. */
static int fill_contrasts(const tm_sample *s, double *weights)
{
    memset(weights, 0, CONTRASTS * RAND_ARMS * sizeof *weights);
    weights[0] = -1, weights[1] = 1;
    if (s->n_arms < 3) return 1;
    weights[s->n_arms] = weights[s->n_arms + 1] = -0.5, weights[s->n_arms + 2] = 1;
    return 2;
}

static run run_sample(temoin_context *ctx, const tm_sample *s, const tm_estimator *e, const tm_variance *v,
                      const double *weights, int n)
{
    run out = {.n = n};
    tm_sample timed = *s;
    double *event = tm_arena_take(&ctx->results, s->n, sizeof *event);
    assert_non_null(event);
    for (int64_t i = 0; i < s->n; i++) event[i] = fmod(s->y[i], 5) != 0;
    timed.event = event;
    if (e->outcome == TM_OUTCOME_TIME) s = &timed;
    for (int c = 0; c < n; c++) tm_notes_init(&out.effect[c].notes, ctx);
    check_ok(ctx, tm_effects_run(ctx, s, e, v, weights, n, 0.95, out.effect));
    return out;
}

/* The same sample with an outcome that the estimator takes. */
static const rand_sample *suit(const rand_sample *r, tm_outcome outcome)
{
    static rand_sample other;
    double mean = 0;
    if (outcome == TM_OUTCOME_ANY) return r;
    other = *r;
    rand_set_views(&other);
    for (int64_t i = 0; i < r->sample.n; i++) mean += r->y[i] / (double)r->sample.n;
    for (int64_t i = 0; i < r->sample.n; i++)
        other.y[i] = outcome == TM_OUTCOME_BINARY ? r->y[i] > mean
                     : outcome == TM_OUTCOME_TIME ? ceil(4 * fabs(r->y[i])) /* with ties */
                                                  : fabs(r->y[i]);
    return &other;
}

typedef void law(temoin_context *ctx, const rand_sample *r, const tm_estimator *e, const tm_variance *v);

/* An estimator and a variance see one trial in so many, in turn: estimators that run themselves iterate and many share
 * their code, the instrumented ones make seven regressions of each, and those of panels are `ols` where there is none.
 */
enum { OWN_EVERY = 8, SHARED_EVERY = 6, LINEAR_EVERY = 3 };

static bool has_turn(int trial, int e, int v)
{
    const tm_estimator *estimator = tm_estimators[e];
    if (estimator->run) return (trial + e) % OWN_EVERY == 0;
    const bool shared = estimator->instrumented || estimator->waves != TM_WAVES_SINGLE;
    return (trial + e + v) % (shared ? SHARED_EVERY : LINEAR_EVERY) == 0;
}

/* least: effects that must have a number, so that a law is not kept by refusing. */
static void for_all(law *check, const char *name, int features, int trials, int least, uint64_t seed)
{
    static rand_sample r;
    now.law = name;
    now.numbers = now.refusals = 0;
    for (int trial = 0; trial < trials; trial++) {
        temoin_context *ctx = check_context();
        rand_sample_draw(&seed, features, RAND_ROWS, &r);
        for (int e = 0; e < tm_n_estimators; e++)
            for (int v = 0; v < tm_n_variances; v++) {
                now.estimator = tm_estimators[e]->key;
                now.variance = tm_variances[v]->key;
                if (!has_turn(trial, e, v)) continue;
                now.sample = suit(&r, tm_estimators[e]->outcome);
                if (tm_variance_serves(tm_variances[v], tm_estimators[e]))
                    check(ctx, now.sample, tm_estimators[e], tm_variances[v]);
            }
        temoin_context_free(ctx);
    }
    printf("# %s: %lld effects, %lld refused\n", name, (long long)now.numbers, (long long)now.refusals);
    assert_true(now.numbers - now.refusals >= least);
}

enum {
    ALL_FEATURES = 2 * RAND_PERFECT - 1,
    TAME = RAND_WEIGHTS | RAND_TWIN | RAND_EMPTY_ARM | RAND_GIANT_CLUSTER | RAND_NESTED | RAND_ARM_CONSTANT |
           RAND_UNIT_STRATA,
};

/* A number is whole and possible, or it is not there and a note says why. */
static void check_whole(const tm_effect *e)
{
    const char *notes = e->notes.text;
    assert_false(e->notes.out_of_memory);
    now.numbers++;
    if (isnan(e->se)) {
        now.refusals++;
        if (!tm_notes_refuse(notes)) broken("se", e->se, 0, notes);
        if (!isnan(e->df) || !isnan(e->statistic) || !isnan(e->p) || !isnan(e->ci_low) || !isnan(e->ci_high))
            broken("what follows from a refused se", e->p, NAN, notes);
        return;
    }
    if (tm_notes_refuse(notes)) broken("se beside a note that refuses it", e->se, NAN, notes);
    if (!(e->se > 0) || isinf(e->se)) broken("se", e->se, 1, notes);
    if (!(e->df > 0)) broken("df", e->df, 1, notes);
    if (!isfinite(e->value) || !isfinite(e->statistic)) broken("value", e->value, 0, notes);
    if (!(e->p >= 0 && e->p <= 1)) broken("p", e->p, 0.5, notes);
    if (!(e->ci_low < e->value && e->value < e->ci_high)) broken("interval", e->ci_low, e->value, notes);
}

static bool is_chance(double p)
{
    return isnan(p) || (p >= 0 && p <= 1);
}

/* Of a formula of an estimator's own (tables, ranks) there may be an interval without a standard error, or a test
 * alone; ends, and the logarithm of a ratio, may be infinite. */
static void check_parts(const tm_effect *e)
{
    const char *notes = e->notes.text;
    const bool interval = !isnan(e->ci_low) && !isnan(e->ci_high);
    now.numbers++;
    if (tm_notes_refuse(notes)) {
        now.refusals++;
        if (!isnan(e->se) || !isnan(e->df) || !isnan(e->statistic) || !isnan(e->p) || !isnan(e->ci_low))
            broken("what a note refuses", e->p, NAN, notes);
        return;
    }
    if (isnan(e->value) || (isnan(e->p) && !interval)) broken("neither a number nor a note", e->value, 0, notes);
    if (!isnan(e->se) && !(e->se > 0)) broken("se", e->se, 1, notes);
    if (!is_chance(e->p)) broken("p", e->p, 0.5, notes);
    if (interval && !(e->ci_low <= e->value && e->value <= e->ci_high)) broken("interval", e->ci_low, e->value, notes);
}

static void whole(temoin_context *ctx, const rand_sample *r, const tm_estimator *e, const tm_variance *v)
{
    double weights[CONTRASTS * RAND_ARMS];
    run out = run_sample(ctx, &r->sample, e, v, weights, fill_contrasts(&r->sample, weights));
    for (int c = 0; c < out.n; c++) (v->run ? check_whole : check_parts)(&out.effect[c]);
}

static void numbers_are_whole(void **state)
{
    (void)state;
    for_all(whole, "whole numbers or none", ALL_FEATURES, 300, 6000, 11);
}

/* value and se of `got` are those of `want` times `factor`, to `tolerance` of the larger of the two. */
static void compare(const tm_effect *got, const tm_effect *want, double factor, double tolerance)
{
    const char *notes = got->notes.text;
    double size = fmax(fabs(want->value), isnan(want->se) ? 0 : want->se) * fabs(factor);
    now.numbers++;
    now.refusals += isnan(want->se);
    if (isnan(got->se) != isnan(want->se)) broken("se", got->se, want->se, isnan(got->se) ? notes : want->notes.text);
    if (!isnan(want->value) || !isnan(got->value)) {
        bool zero = isnan(want->se) && fabs(want->value) + fabs(got->value) < 1e-9; /* of a spread around one */
        if (!zero && got->value != factor * want->value && /* both infinite, of a refused ratio */
            !(fabs(got->value - factor * want->value) <= tolerance * size))
            broken("value", got->value, factor * want->value, notes);
    }
    if (isnan(want->se)) return;
    if (!close_to(got->se, fabs(factor) * want->se, tolerance, 0))
        broken("se", got->se, fabs(factor) * want->se, notes);
    if (got->df != want->df && !close_to(got->df, want->df, 10 * tolerance, 0)) broken("df", got->df, want->df, notes);
}

static void shuffle(rand_sample *r, uint64_t *seed)
{
    for (int32_t i = (int32_t)r->sample.n - 1; i > 0; i--) {
        int32_t k = rand_below(seed, i + 1);
        int32_t arm = r->arm[i], stratum = r->stratum[i], cluster = r->cluster[i], site = r->site[i];
        double y = r->y[i], w = r->weight[i];
        r->arm[i] = r->arm[k], r->stratum[i] = r->stratum[k], r->cluster[i] = r->cluster[k];
        r->arm[k] = arm, r->stratum[k] = stratum, r->cluster[k] = cluster;
        r->site[i] = r->site[k], r->site[k] = site;
        double received = r->received[i];
        r->y[i] = r->y[k], r->weight[i] = r->weight[k], r->received[i] = r->received[k];
        r->y[k] = y, r->weight[k] = w, r->received[k] = received;
        for (int j = 0; j < RAND_COVARIATES; j++) {
            double x = r->x[j][i];
            r->x[j][i] = r->x[j][k];
            r->x[j][k] = x;
        }
    }
    rand_number_clusters(r);
}

static void rows(temoin_context *ctx, const rand_sample *r, const tm_estimator *e, const tm_variance *v)
{
    static rand_sample other;
    double weights[CONTRASTS * RAND_ARMS];
    int n = fill_contrasts(&r->sample, weights);
    uint64_t seed = 3;
    other = *r;
    rand_set_views(&other);
    shuffle(&other, &seed);
    run want = run_sample(ctx, &r->sample, e, v, weights, n), got = run_sample(ctx, &other.sample, e, v, weights, n);
    for (int c = 0; c < n; c++) compare(&got.effect[c], &want.effect[c], 1, 1e-9);
}

static void row_order_is_irrelevant(void **state)
{
    (void)state;
    for_all(rows, "row order", TAME, 150, 5000, 12);
}

/* The arms take each other's names, and the contrast its opposite. */
static void arms(temoin_context *ctx, const rand_sample *r, const tm_estimator *e, const tm_variance *v)
{
    static rand_sample other;
    double weights[CONTRASTS * RAND_ARMS], turned[CONTRASTS * RAND_ARMS] = {0};
    int n = fill_contrasts(&r->sample, weights), n_arms = r->sample.n_arms;
    other = *r;
    rand_set_views(&other);
    for (int64_t i = 0; i < r->sample.n; i++) other.arm[i] = n_arms - 1 - r->arm[i];
    for (int c = 0; c < n; c++)
        for (int a = 0; a < n_arms; a++) turned[c * n_arms + n_arms - 1 - a] = -weights[c * n_arms + a];
    run want = run_sample(ctx, &r->sample, e, v, weights, n), got = run_sample(ctx, &other.sample, e, v, turned, n);
    for (int c = 0; c < n; c++)
        compare(&got.effect[c], &want.effect[c], e->instrumented ? 1 : -1, 1e-9); /* a ratio keeps its sign */
}

static void relabelled_arms_flip_the_sign(void **state)
{
    (void)state;
    for_all(arms, "relabelled arms", TAME, 150, 5000, 13);
}

static void scales(temoin_context *ctx, const rand_sample *r, const tm_estimator *e, const tm_variance *v)
{
    static rand_sample other;
    double weights[CONTRASTS * RAND_ARMS];
    int n = fill_contrasts(&r->sample, weights);
    if (e->outcome != TM_OUTCOME_ANY) return;
    const double factor = e->at_quantile ? 2.5 : -2.5; /* which would turn a quantile into its opposite */
    const double level = e->moves_with_level ? 0 : 7;
    run want = run_sample(ctx, &r->sample, e, v, weights, n);
    other = *r;
    rand_set_views(&other);
    for (int64_t i = 0; i < r->sample.n; i++) other.y[i] = level + factor * r->y[i];
    const bool pure = e->unit == TM_UNIT_NONE; /* turned round, but not scaled */
    run got = run_sample(ctx, &other.sample, e, v, weights, n);
    for (int c = 0; c < n; c++) compare(&got.effect[c], &want.effect[c], pure ? -1 : factor, 1e-9);
    for (int64_t i = 0; i < r->sample.n; i++) other.y[i] = 1e140 * r->y[i];
    got = run_sample(ctx, &other.sample, e, v, weights, n);
    for (int c = 0; c < n; c++) compare(&got.effect[c], &want.effect[c], pure ? 1 : 1e140, 1e-9);
}

static void outcome_scale_scales_the_effect(void **state)
{
    (void)state;
    for_all(scales, "a + b y", TAME, 100, 5000, 14);
}

static void covariates(temoin_context *ctx, const rand_sample *r, const tm_estimator *e, const tm_variance *v)
{
    static rand_sample other;
    static const double factor[RAND_COVARIATES] = {1e9, -3, 1e-9, 0.1}, offset[RAND_COVARIATES] = {0, 1e4, 0, -20};
    double weights[CONTRASTS * RAND_ARMS];
    int n = fill_contrasts(&r->sample, weights);
    other = *r;
    rand_set_views(&other);
    for (int j = 0; j < RAND_COVARIATES; j++)
        for (int64_t i = 0; i < r->sample.n; i++) other.x[j][i] = offset[j] + factor[j] * r->x[j][i];
    run want = run_sample(ctx, &r->sample, e, v, weights, n), got = run_sample(ctx, &other.sample, e, v, weights, n);
    for (int c = 0; c < n; c++) compare(&got.effect[c], &want.effect[c], 1, 1e-8);
}

static void covariate_scale_changes_nothing(void **state)
{
    (void)state;
    for_all(covariates, "covariate scale", TAME, 150, 5000, 15);
}

/* Every row its own cluster. The factors differ, so that variances are compared, not intervals. */
static void singletons(temoin_context *ctx, const rand_sample *r, const tm_estimator *e, const tm_variance *v)
{
    static const char *const twin[][2] = {{"cr0", "hc0"}, {"cr2", "hc2_bm"}, {"cr3", "hc3"}};
    static rand_sample other;
    double weights[CONTRASTS * RAND_ARMS];
    int n = fill_contrasts(&r->sample, weights);
    const tm_variance *plain = NULL;
    for (int t = 0; t < 3; t++)
        if (strcmp(twin[t][0], v->key) == 0 && !(t == 1 && r->sample.weight)) plain = tm_variance_find(twin[t][1]);
    if (!plain || !tm_variance_serves(plain, e)) return;
    other = *r;
    rand_set_views(&other);
    for (int32_t i = 0; i < (int32_t)r->sample.n; i++) other.cluster[i] = i;
    other.sample.n_clusters = (int32_t)r->sample.n;
    run got = run_sample(ctx, &other.sample, e, v, weights, n);
    other.sample.cluster = NULL;
    other.sample.n_clusters = 0;
    run want = run_sample(ctx, &other.sample, e, plain, weights, n);
    for (int c = 0; c < n; c++) {
        if (isnan(got.effect[c].se) || isnan(want.effect[c].se))
            continue; /* one client in an arm: refused by clusters only */
        if (strcmp(v->key, "cr2") != 0) got.effect[c].df = want.effect[c].df;
        compare(&got.effect[c], &want.effect[c], 1, 1e-9);
    }
}

static void singleton_clusters_are_no_clusters(void **state)
{
    (void)state;
    for_all(singletons, "singleton clusters", TAME, 200, 1000, 16);
}

/* Every client twice, in the own cluster: the scores' sums double with the normal equations. Twice the weight is the
 * same. */
static void doubles(temoin_context *ctx, const rand_sample *r, const tm_estimator *e, const tm_variance *v)
{
    static rand_sample other;
    double weights[CONTRASTS * RAND_ARMS];
    int n = fill_contrasts(&r->sample, weights);
    if (strcmp(v->key, "cr0") != 0 && strcmp(v->key, "cr1") != 0) return;
    if (2 * r->sample.n > RAND_ROWS || e->outcome == TM_OUTCOME_TIME) return; /* twice the clients are twice the ties */
    other = *r;
    rand_set_views(&other);
    for (int64_t i = 0, m = r->sample.n; i < m; i++) {
        other.arm[m + i] = r->arm[i], other.stratum[m + i] = r->stratum[i], other.cluster[m + i] = r->cluster[i];
        other.y[m + i] = r->y[i], other.weight[m + i] = r->weight[i], other.received[m + i] = r->received[i];
        for (int j = 0; j < RAND_COVARIATES; j++) other.x[j][m + i] = r->x[j][i];
    }
    other.sample.n *= 2;
    run want = run_sample(ctx, &r->sample, e, v, weights, n), got = run_sample(ctx, &other.sample, e, v, weights, n);
    for (int c = 0; c < n; c++)
        if (!isnan(want.effect[c].se)) compare(&got.effect[c], &want.effect[c], 1, 1e-9);
}

static void doubled_clients_in_their_clusters(void **state)
{
    (void)state;
    for_all(doubles, "doubled clients", TAME, 400, 800, 17);
}

static temoin_context *context_of(int threads, const char *cpu)
{
    temoin_context *ctx;
    const temoin_context_opts opts = {.threads = threads, .cpu = cpu};
    assert_int_equal(temoin_context_build(&opts, &ctx), TEMOIN_OK);
    return ctx;
}

/* The numbers of an effect, without its notes, which are addresses. */
static void copy_numbers(const run *from, double *to)
{
    for (int c = 0; c < from->n; c++) {
        const tm_effect *e = &from->effect[c];
        const double numbers[] = {e->value, e->se,     e->df,      e->statistic,
                                  e->p,     e->ci_low, e->ci_high, (double)e->n_clusters};
        memcpy(to + 8 * c, numbers, sizeof numbers);
    }
}

static void same_bytes(const tm_sample *s, const tm_estimator *e, const tm_variance *v)
{
    double weights[CONTRASTS * RAND_ARMS], want[8 * CONTRASTS] = {0};
    int n = fill_contrasts(s, weights);
    for (int level = 0; tm_kernels_level(level); level++)
        for (int threads = 1; threads <= (level == 0 ? 3 : 1); threads++) {
            temoin_context *ctx = context_of(threads, tm_kernels_level(level)->name);
            double got[8 * CONTRASTS] = {0};
            run out = run_sample(ctx, s, e, v, weights, n);
            copy_numbers(&out, got);
            if (level == 0 && threads == 1)
                memcpy(want, got, sizeof want);
            else
                assert_memory_equal(got, want, sizeof want);
            temoin_context_free(ctx);
        }
}

static void bytes(temoin_context *ctx, const rand_sample *r, const tm_estimator *e, const tm_variance *v)
{
    (void)ctx;
    now.numbers++;
    same_bytes(&r->sample, e, v);
}

/* More rows than one block of the column products, and more clusters than one thread takes at a time. */
static void same_bytes_everywhere(void **state)
{
    (void)state;
    enum { ROWS = 5001 };
    static double y[4][ROWS], weight[ROWS], received[ROWS], x[2][ROWS]; /* y by tm_outcome */
    static int32_t arm[ROWS], stratum[ROWS], cluster[ROWS];
    static const double *const covariate[] = {x[0], x[1]};
    static const char *const name[] = {"a", "b"};
    uint64_t seed = 18;
    for (int i = 0; i < ROWS; i++) {
        arm[i] = rand_below(&seed, 3), stratum[i] = rand_below(&seed, 5),
        cluster[i] = i < 300 ? i : rand_below(&seed, 300);
        x[0][i] = rand_normal(&seed), x[1][i] = rand_below(&seed, 2), weight[i] = 0.5 + rand_uniform(&seed);
        y[0][i] = arm[i] + x[0][i] + rand_normal(&seed);
        y[TM_OUTCOME_BINARY][i] = y[0][i] > 1, y[TM_OUTCOME_NOT_NEGATIVE][i] = fabs(y[0][i]);
        y[TM_OUTCOME_TIME][i] = ceil(4 * fabs(y[0][i]));
        received[i] = rand_below(&seed, 4) <= arm[i];
    }
    for (int weighted = 0; weighted < 2; weighted++) {
        tm_sample s = {.n = ROWS, .n_arms = 3, .n_strata = 5, .n_clusters = 300, .weight = weighted ? weight : NULL};
        s.arm = arm, s.stratum = stratum, s.cluster = cluster, s.received = received;
        s.n_covariates = 2, s.covariate = covariate, s.covariate_name = name;
        s.quantile = 0.381966, s.quantile_type = 2;
        for (int e = 0; e < tm_n_estimators; e++) {
            s.y = y[tm_estimators[e]->outcome];
            for (int v = 0; v < tm_n_variances; v++)
                if (tm_variance_serves(tm_variances[v], tm_estimators[e]) &&
                    (e + v + weighted) % (tm_estimators[e]->run ? OWN_EVERY : 2) == 0)
                    same_bytes(&s, tm_estimators[e], tm_variances[v]);
        }
    }
    for_all(bytes, "same bytes", ALL_FEATURES, 12, 300, 19);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_whole),
        cmocka_unit_test(row_order_is_irrelevant),
        cmocka_unit_test(relabelled_arms_flip_the_sign),
        cmocka_unit_test(outcome_scale_scales_the_effect),
        cmocka_unit_test(covariate_scale_changes_nothing),
        cmocka_unit_test(singleton_clusters_are_no_clusters),
        cmocka_unit_test(doubled_clients_in_their_clusters),
        cmocka_unit_test(same_bytes_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
