/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The wild cluster bootstrap against the literal one: for each draw a new outcome row by row, and a refit by the normal
 * equations. */
#include "randsample.h"

#include "estimators/estimator.h"
#include "inference/bootstrap_draws.h"
#include "inference/cluster_summary.h"
#include "numeric/stream.h"

enum { MOST_K = 24, MOST_CHILDREN = RAND_ROWS };

/* Rows scaled by the root of their weight. */
typedef struct literal {
    int n, k, n_children, n_clusters;
    double x[RAND_ROWS][MOST_K], y[RAND_ROWS], a[MOST_K];
    int child[RAND_ROWS], cluster[RAND_ROWS];
    double inverse[MOST_K * MOST_K];
} literal;

static bool invert(const literal *p, int without, double *inverse)
{
    long double m[MOST_K][2 * MOST_K] = {{0}};
    for (int r = 0; r < p->n; r++)
        for (int i = 0; p->cluster[r] != without && i < p->k; i++)
            for (int j = 0; j < p->k; j++) m[i][j] += (long double)p->x[r][i] * p->x[r][j];
    for (int i = 0; i < p->k; i++) m[i][p->k + i] = 1;
    for (int i = 0; i < p->k; i++) {
        int best = i;
        for (int j = i; j < p->k; j++)
            if (fabsl(m[j][i]) > fabsl(m[best][i])) best = j;
        if (fabsl(m[best][i]) < 1e-6L) return false;
        for (int j = 0; j < 2 * p->k; j++) {
            long double swap = m[i][j];
            m[i][j] = m[best][j], m[best][j] = swap;
        }
        for (int j = 0; j < p->k; j++) {
            long double f = j == i ? 0 : m[j][i] / m[i][i];
            for (int c = 0; f != 0 && c < 2 * p->k; c++) m[j][c] -= f * m[i][c];
        }
    }
    for (int i = 0; i < p->k; i++)
        for (int j = 0; j < p->k; j++) inverse[i * p->k + j] = (double)(m[i][p->k + j] / m[i][i]);
    return true;
}

static double inner(const double *a, const double *b, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

/* Coefficients of y without a cluster; `restricted`: those under which the effect is tau. */
static bool fit_literal(const literal *p, const double *y, int without, bool restricted, double tau, double *b)
{
    double inverse[MOST_K * MOST_K], right[MOST_K] = {0}, turned[MOST_K];
    if (without < 0)
        memcpy(inverse, p->inverse, sizeof inverse);
    else if (!invert(p, without, inverse))
        return false;
    for (int r = 0; r < p->n; r++)
        for (int i = 0; p->cluster[r] != without && i < p->k; i++) right[i] += p->x[r][i] * y[r];
    for (int i = 0; i < p->k; i++) {
        b[i] = inner(inverse + i * p->k, right, p->k);
        turned[i] = inner(inverse + i * p->k, p->a, p->k);
    }
    if (!restricted) return true;
    double length = inner(p->a, turned, p->k), too_far = inner(p->a, b, p->k) - tau;
    if (length < 1e-9) return false;
    for (int i = 0; i < p->k; i++) b[i] -= turned[i] * too_far / length;
    return true;
}

/* t* without factors of a fit of y around the effect `null`. */
static double statistic_literal(const literal *p, const double *y, double null, bool jackknife)
{
    double b[MOST_K], turned[MOST_K], square = 0;
    assert_true(fit_literal(p, y, -1, false, 0, b));
    for (int i = 0; i < p->k; i++) turned[i] = inner(p->inverse + i * p->k, p->a, p->k);
    for (int g = 0; g < p->n_clusters; g++) {
        double score = 0, other[MOST_K];
        if (jackknife) {
            if (!fit_literal(p, y, g, false, 0, other)) return NAN;
            score = inner(p->a, b, p->k) - inner(p->a, other, p->k);
        } else
            for (int r = 0; r < p->n; r++)
                if (p->cluster[r] == g) score += inner(turned, p->x[r], p->k) * (y[r] - inner(p->x[r], b, p->k));
        square += score * score;
    }
    return (inner(p->a, b, p->k) - null) / sqrt(square);
}

/* Fitted values and residuals from which draws are made; false: not defined. */
static bool prepare_literal(const literal *p, const tm_bootstrap_options *o, double tau, double *fitted, double *e)
{
    double b[MOST_K], other[MOST_K];
    if (!fit_literal(p, p->y, -1, !o->unrestricted, tau, b)) return false;
    for (int r = 0; r < p->n; r++) {
        fitted[r] = inner(p->x[r], b, p->k);
        e[r] = p->y[r] - fitted[r];
    }
    for (int g = 0; o->jackknife_scores && g < p->n_clusters; g++) {
        if (!fit_literal(p, p->y, g, !o->unrestricted, tau, other)) return false;
        for (int r = 0; r < p->n; r++)
            if (p->cluster[r] == g) e[r] = p->y[r] - inner(p->x[r], other, p->k);
    }
    return true;
}

/* The multiplier of a child in a draw, by the rule in the header. */
static double multiplier(const tm_bootstrap_options *o, bool enumerated, int64_t draw, int child)
{
    if (enumerated) return child == 0 || !(draw >> (child - 1) & 1) ? 1 : -1;
    tm_pcg64 rng = o->stream;
    tm_pcg64_advance(&rng, (tm_uint128)(draw / 64) * TM_PCG64_JUMP);
    for (int h = 0;; h++) {
        uint64_t bits = o->weights == TM_BOOTSTRAP_RADEMACHER ? tm_pcg64_next(&rng) : 0;
        if (o->weights == TM_BOOTSTRAP_RADEMACHER && h == child) return bits >> draw % 64 & 1 ? 1 : -1;
        for (int i = 0; o->weights != TM_BOOTSTRAP_RADEMACHER && i < 64; i++) {
            static const double webb[] = {-1.5, -1, -0.5, 0.5, 1, 1.5};
            double v;
            if (o->weights == TM_BOOTSTRAP_WEBB) {
                v = webb[tm_pcg64_bounded(&rng, 6)];
                v = copysign(sqrt(fabs(v)), v);
            } else {
                double u = (double)(tm_pcg64_next(&rng) >> 11) * 0x1p-53;
                v = u < (sqrt(5) + 1) / (2 * sqrt(5)) ? (1 - sqrt(5)) / 2 : (1 + sqrt(5)) / 2;
            }
            if (h == child && i == draw % 64) return v;
        }
    }
}

static bool build_literal(const tm_model *model, const int32_t *owner, int n_owners, literal *p)
{
    const tm_sample *s = model->sample;
    p->n = (int)s->n, p->k = model->n_groups + model->n_columns;
    p->n_children = s->n_clusters, p->n_clusters = owner ? n_owners : s->n_clusters;
    if (p->k > MOST_K) return false;
    for (int r = 0; r < p->n; r++) {
        double root = s->weight ? sqrt(s->weight[r]) : 1;
        memset(p->x[r], 0, sizeof p->x[r]);
        p->x[r][model->group[r]] = root;
        for (int j = 0; j < model->n_columns; j++) p->x[r][model->n_groups + j] = root * model->column[j][r];
        p->y[r] = root * s->y[r];
        p->child[r] = s->cluster[r];
        p->cluster[r] = owner ? owner[s->cluster[r]] : s->cluster[r];
    }
    for (int f = 0; f < model->n_groups; f++) p->a[f] = model->group_weight[f];
    for (int j = 0; j < model->n_columns; j++) p->a[model->n_groups + j] = model->column_weight[j];
    return invert(p, -1, p->inverse);
}

/* How large t* is against what rounding leaves: both numerator and denominator are compared, as a ratio of roundings is
 * no number. */
static int compare_draws(const literal *p, const tm_bootstrap_options *o, const tm_bootstrap_parts *parts,
                         const tm_bootstrap_draws *draws, double effect, double tau)
{
    double fitted[RAND_ROWS], e[RAND_ROWS], y[RAND_ROWS], x = (effect - tau) / sqrt(parts->variance);
    int n = 0;
    if (!prepare_literal(p, o, tau, fitted, e)) return 0;
    for (int64_t d = 0; d < draws->n; d += 1 + draws->n / 40) {
        double v[MOST_CHILDREN];
        for (int h = 0; h < p->n_children; h++) v[h] = multiplier(o, draws->enumerated, d, h);
        for (int r = 0; r < p->n; r++) y[r] = fitted[r] + v[p->child[r]] * e[r];
        double want = statistic_literal(p, y, o->unrestricted ? effect : tau, o->jackknife_statistic);
        double numerator = draws->n0[d] + draws->n1[d] * x;
        double squared = draws->d00[d] + x * (2 * draws->d01[d] + x * draws->d11[d]);
        if (isnan(want) || squared < 1e-8 * (draws->d00[d] + x * x * draws->d11[d])) continue;
        if (!close_to(numerator / sqrt(squared), want, 1e-7, 1)) {
            print_error("draw %d of %d (%d rows, %d children, %d clusters, k %d, tau %g, options %d %d %d %d): t* is "
                        "%.15g, want %.15g\n",
                        (int)d, (int)draws->n, p->n, p->n_children, p->n_clusters, p->k, tau, o->weights,
                        o->unrestricted, o->jackknife_scores, o->jackknife_statistic, numerator / sqrt(squared), want);
            fail();
        }
        n++;
    }
    return n;
}

/* Clusters of the draws inside of the clusters: each row's cluster, and the parity of its number there. */
static int split_clusters(rand_sample *r, int32_t *owner)
{
    int32_t whole[RAND_ROWS];
    int n_owners = r->sample.n_clusters;
    memcpy(whole, r->cluster, sizeof whole);
    for (int64_t i = 0; i < r->sample.n; i++) r->cluster[i] = r->cluster[i] * 2 + (int)(i % 2);
    for (int64_t i = 0; i < r->sample.n; i++)
        if (r->cluster[i] >= RAND_ROWS) r->cluster[i] = whole[i] * 2 % RAND_ROWS;
    rand_number_clusters(r);
    for (int64_t i = 0; i < r->sample.n; i++) owner[r->cluster[i]] = whole[i];
    for (int64_t i = 0; i < r->sample.n; i++)
        if (owner[r->cluster[i]] != whole[i]) return -1;
    return n_owners;
}

static int compare_sample(temoin_context *ctx, uint64_t *state, rand_sample *r)
{
    static literal p;
    static const char *const keys[] = {"ols", "dim", "lin"};
    double contrast[RAND_ARMS] = {-1, 1};
    int32_t owner[RAND_ROWS] = {0};
    int64_t left_out;
    const tm_fit *fit;
    tm_model model = {.sample = &r->sample, .n_contrasts = 1, .arm_weight = contrast};
    tm_bootstrap_options o = {.draws = rand_below(state, 2) ? 300 : 16384, .weights = rand_below(state, 3)};
    tm_bootstrap_parts parts;
    tm_bootstrap_draws draws;
    o.unrestricted = rand_below(state, 2);
    o.jackknife_scores = rand_below(state, 2);
    o.jackknife_statistic = rand_below(state, 2);
    tm_stream_init(&o.stream, "trial", "seed", "bootstrap", "");
    if (rand_below(state, 3) == 0) {
        o.n_owners = split_clusters(r, owner);
        o.owner = owner;
    }
    if (o.n_owners < 0 || r->sample.n_clusters < 3) return 0;
    check_ok(ctx, tm_estimator_find(keys[rand_below(state, 3)])->build(ctx, &model, &left_out));
    check_ok(ctx, tm_fit_build(ctx, &model, &fit));
    if (isnan(fit->value[0]) || fit->n_dropped || r->sample.n < fit->n_parameters + 3) return 0;
    if (!build_literal(&model, o.owner, o.n_owners, &p)) return 0;
    check_ok(ctx, tm_bootstrap_parts_build(ctx, fit, 0, &o, &parts));
    if (parts.lost > 1e-8) return 0;
    double t = statistic_literal(&p, p.y, 0, o.jackknife_statistic);
    if (isnan(t) || !(parts.variance > 1e-12)) return 0;
    assert_true(close_to(fit->value[0] / sqrt(parts.variance), t, 1e-8, 1e-3));
    check_ok(ctx, tm_bootstrap_draws_build(ctx, &parts, &o, &draws));
    double root = sqrt(parts.variance);
    return compare_draws(&p, &o, &parts, &draws, fit->value[0], 0) +
           compare_draws(&p, &o, &parts, &draws, fit->value[0], fit->value[0] + 2.5 * root) +
           compare_draws(&p, &o, &parts, &draws, fit->value[0], fit->value[0] - 40 * root);
}

static void each_draw_is_the_literal_one(void **state)
{
    (void)state;
    uint64_t rng = 20081;
    int n = 0, samples = 0;
    temoin_context *ctx = check_context();
    for (int k = 0; k < 600; k++) {
        tm_mark mark = tm_arena_mark(&ctx->scratch);
        rand_sample r;
        rand_sample_draw(&rng, RAND_WEIGHTS | RAND_GIANT_CLUSTER | RAND_NESTED, 60, &r);
        if (rand_below(&rng, 2)) { /* few enough to be enumerated */
            for (int64_t i = 0; i < r.sample.n; i++) r.cluster[i] %= 6 + rand_below(&rng, 3);
            rand_number_clusters(&r);
        }
        int compared = compare_sample(ctx, &rng, &r);
        n += compared;
        samples += compared > 0;
        tm_arena_rewind(&ctx->scratch, mark);
    }
    printf("# %d draws of %d samples compared\n", n, samples);
    assert_true(samples > 150 && n > 10000);
    temoin_context_free(ctx);
}

static void sign_changes_are_all_found(void **state)
{
    (void)state;
    uint64_t rng = 7;
    for (int k = 0; k < 20000; k++) {
        double want[4], c[5] = {1}, got[6];
        int n = 0;
        for (int i = 0; i < 4; i++) { /* (x - r1) (x - r2) … with complex pairs in between */
            double r = ldexp(rand_normal(&rng), rand_below(&rng, 8) - 3);
            bool complex = i < 3 && rand_below(&rng, 4) == 0;
            for (int m = 4; m >= 0; m--) {
                double before = m ? c[m - 1] : 0, twice = m > 1 ? c[m - 2] : 0;
                c[m] = complex ? twice - 2 * r * before + (r * r + 0.3 + r * r * 0.1) * c[m] : before - r * c[m];
            }
            if (!complex && r > 0) want[n++] = r;
            i += complex;
        }
        for (int i = 0; i < n; i++)
            for (int j = i + 1; j < n; j++)
                if (want[j] < want[i]) {
                    double swap = want[i];
                    want[i] = want[j], want[j] = swap;
                }
        bool apart = true;
        for (int i = 1; i < n; i++) apart = apart && want[i] > want[i - 1] * 1.001;
        if (!apart) continue;
        assert_int_equal(tm_sign_changes(c, got), n);
        for (int i = 0; i < n; i++) assert_true(close_to(got[i], want[i], 1e-6, 0));
    }
}

/* A random fit with few clusters; NULL: of no use. */
static const tm_fit *draw_fit(temoin_context *ctx, uint64_t *state, rand_sample *r, tm_model *model, literal *p)
{
    static const char *const keys[] = {"ols", "dim", "lin"};
    static const double contrasts[2][RAND_ARMS] = {{-1, 1}, {-0.25, 1, -0.75}};
    const tm_fit *fit;
    int64_t left_out;
    rand_sample_draw(state, RAND_WEIGHTS | RAND_GIANT_CLUSTER | RAND_NESTED, 60, r);
    for (int64_t i = 0; i < r->sample.n; i++) r->cluster[i] %= 5 + rand_below(state, 4);
    rand_number_clusters(r);
    *model = (tm_model){.sample = &r->sample, .n_contrasts = 1, .arm_weight = contrasts[r->sample.n_arms == 3]};
    check_ok(ctx, tm_estimator_find(keys[rand_below(state, 3)])->build(ctx, model, &left_out));
    check_ok(ctx, tm_fit_build(ctx, model, &fit));
    bool full = r->sample.n_clusters > 2 && !isnan(fit->value[0]) && !fit->n_dropped;
    return full && r->sample.n > fit->n_parameters + 3 && build_literal(model, NULL, 0, p) ? fit : NULL;
}

static double p_at(temoin_context *ctx, const tm_fit *fit, tm_bootstrap_options o, double tau)
{
    tm_bootstrap b;
    o.null_value = tau;
    check_ok(ctx, tm_bootstrap_run(ctx, fit, 0, &o, &b));
    return b.p;
}

/* Inside of the interval effects are not rejected, outside they are; where not, it was said. */
static bool check_interval(temoin_context *ctx, const tm_fit *fit, const tm_bootstrap_options *o, int *n_disjoint)
{
    tm_bootstrap b;
    check_ok(ctx, tm_bootstrap_run(ctx, fit, 0, o, &b));
    if (b.refused) return false;
    const double alpha = 1 - o->level + 1e-12, root = fit->value[0] / b.statistic, step = 1e-7 * fabs(root);
    const double low = isinf(b.ci_low) ? fit->value[0] - 1e4 * root : b.ci_low;
    const double high = isinf(b.ci_high) ? fit->value[0] + 1e4 * root : b.ci_high;
    bool gap = false;
    assert_true(p_at(ctx, fit, *o, low + step) > alpha && p_at(ctx, fit, *o, high - step) > alpha);
    for (int k = 0; k < 60; k++) {
        gap |= p_at(ctx, fit, *o, low + step + (high - low - 2 * step) * k / 60) <= alpha;
        const double further = step * ldexp(1, k / 2);
        if (!isinf(b.ci_low)) assert_true(p_at(ctx, fit, *o, low - further) <= alpha);
        if (!isinf(b.ci_high)) assert_true(p_at(ctx, fit, *o, high + further) <= alpha);
    }
    assert_true(!gap || b.disjoint);
    *n_disjoint += b.disjoint;
    return true;
}

static void intervals_hold_what_is_not_rejected(void **state)
{
    (void)state;
    static literal p;
    uint64_t rng = 515;
    int n = 0, n_disjoint = 0;
    temoin_context *ctx = check_context();
    for (int k = 0; k < 400; k++) {
        tm_mark mark = tm_arena_mark(&ctx->scratch);
        rand_sample r;
        tm_model model;
        const tm_fit *fit = draw_fit(ctx, &rng, &r, &model, &p);
        tm_bootstrap_options o = {.draws = rand_below(&rng, 2) ? 256 : 99, .weights = rand_below(&rng, 3)};
        o.level = 0.5 + 0.45 * rand_uniform(&rng);
        o.unrestricted = rand_below(&rng, 4) == 0;
        o.jackknife_scores = rand_below(&rng, 2);
        o.jackknife_statistic = rand_below(&rng, 2);
        tm_stream_init(&o.stream, "trial", "seed", "bootstrap", "");
        if (fit) n += check_interval(ctx, fit, &o, &n_disjoint);
        tm_arena_rewind(&ctx->scratch, mark);
    }
    printf("# %d intervals, %d in pieces\n", n, n_disjoint);
    assert_true(n > 100 && n_disjoint > 2);
    temoin_context_free(ctx);
}

/* Leverages from the hat matrix, weights of rows in the effect from (X'X)⁻¹, and refits without each cluster. */
static void check_summary(const literal *p, const tm_fit *fit, const temoin_clusters *c)
{
    double turned[MOST_K], alone[RAND_ROWS] = {0}, together[RAND_ROWS] = {0}, leverage[RAND_ROWS] = {0}, total = 0;
    double low = INFINITY, high = -INFINITY, most = 0, largest = 0, mean = 0, square = 0, sum[2] = {0},
           squares[2] = {0};
    double partial[RAND_ROWS] = {0};
    for (int i = 0; i < p->k; i++) turned[i] = inner(p->inverse + i * p->k, p->a, p->k);
    for (int r = 0; r < p->n; r++) {
        double root = fit->root_weight ? sqrt(fit->model->sample->weight[r]) : 1, weight = inner(p->x[r], turned, p->k);
        for (int i = 0; i < p->k; i++)
            leverage[p->cluster[r]] += p->x[r][i] * inner(p->inverse + i * p->k, p->x[r], p->k);
        partial[p->cluster[r]] += weight * weight;
        alone[p->cluster[r]] += weight * weight * root * root;
        together[p->cluster[r]] += weight * root;
        total += weight * weight;
    }
    for (int g = 0; g < p->n_clusters; g++) {
        double b[MOST_K];
        low = fit_literal(p, p->y, g, false, 0, b) ? fmin(low, inner(p->a, b, p->k)) : NAN;
        high = isnan(low) ? NAN : fmax(high, inner(p->a, b, p->k));
        if (isnan(low)) break;
    }
    for (int g = 0; g < p->n_clusters; g++) {
        most = fmax(most, partial[g] / total);
        largest = fmax(largest, leverage[g]);
        mean += leverage[g] / p->n_clusters;
        together[g] *= together[g];
        sum[0] += alone[g], squares[0] += alone[g] * alone[g];
        sum[1] += together[g], squares[1] += together[g] * together[g];
    }
    for (int g = 0; g < p->n_clusters; g++) square += (leverage[g] - mean) * (leverage[g] - mean) / p->n_clusters;
    assert_true(close_to(c->leverage_high, largest, 1e-8, 0) &&
                close_to(c->leverage_cv, sqrt(square) / mean, 1e-8, 1e-4));
    assert_true(close_to(c->partial_high, most, 1e-8, 0));
    assert_true(close_to(c->effective, sum[0] * sum[0] / squares[0], 1e-8, 0));
    if (sum[1] > 1e-12 * sum[0]) assert_true(close_to(c->effective_correlated, sum[1] * sum[1] / squares[1], 1e-8, 0));
    if (isnan(low) || isnan(c->without_one_low)) return;
    assert_true(close_to(c->without_one_low, low, 1e-7, 1) && close_to(c->without_one_high, high, 1e-7, 1));
}

static void summaries_are_the_literal_ones(void **state)
{
    (void)state;
    static literal p;
    uint64_t rng = 99;
    int n = 0, jackknifed = 0;
    temoin_context *ctx = check_context();
    for (int k = 0; k < 300; k++) {
        tm_mark mark = tm_arena_mark(&ctx->scratch);
        rand_sample r;
        tm_model model;
        temoin_clusters c;
        const tm_fit *fit = draw_fit(ctx, &rng, &r, &model, &p);
        if (fit) {
            check_ok(ctx, tm_cluster_summary_run(ctx, fit, 0, &c));
            check_summary(&p, fit, &c);
            n++;
            jackknifed += !isnan(c.without_one_low);
        }
        tm_arena_rewind(&ctx->scratch, mark);
    }
    assert_true(n > 100 && jackknifed > 50);
    temoin_context_free(ctx);
}

/* Equal clusters, each in one arm: as many effective clusters as there are, whether rows are independent or the same.
 */
static void equal_clusters_all_count(void **state)
{
    (void)state;
    double y[24];
    int32_t arm[24], cluster[24], stratum[24] = {0};
    static const double contrast[] = {-1, 1};
    temoin_clusters c;
    const tm_fit *fit;
    int64_t left_out;
    temoin_context *ctx = check_context();
    for (int i = 0; i < 24; i++) {
        cluster[i] = i / 3;
        arm[i] = cluster[i] % 2;
        y[i] = (i * 7) % 11;
    }
    const tm_sample sample = {.n = 24,
                              .n_arms = 2,
                              .n_strata = 1,
                              .n_clusters = 8,
                              .y = y,
                              .arm = arm,
                              .stratum = stratum,
                              .cluster = cluster};
    tm_model model = {.sample = &sample, .n_contrasts = 1, .arm_weight = contrast};
    check_ok(ctx, tm_estimator_find("ols")->build(ctx, &model, &left_out));
    check_ok(ctx, tm_fit_build(ctx, &model, &fit));
    check_ok(ctx, tm_cluster_summary_run(ctx, fit, 0, &c));
    check_close(c.effective, 8, 1e-12);
    check_close(c.effective_correlated, 8, 1e-12);
    check_close(c.leverage_low, 0.25, 1e-12); /* two coefficients over eight clusters */
    check_close(c.partial_high, 0.125, 1e-12);
    assert_true(c.leverage_cv < 1e-12 && c.n_arm == 4 && c.n_reference == 4 && c.smallest == 3 && c.largest == 3);
    temoin_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_draw_is_the_literal_one),
        cmocka_unit_test(sign_changes_are_all_found),
        cmocka_unit_test(intervals_hold_what_is_not_rejected),
        cmocka_unit_test(summaries_are_the_literal_ones),
        cmocka_unit_test(equal_clusters_all_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
