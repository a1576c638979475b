/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Intraclass correlations by likelihood and shrunken means of workers: published fits, dense matrices, and integrals by
 * other means. */
#include "intraclass_samples.h"

#include "inference/intraclass_likelihood.h"
#include "inference/shrunken_means.h"
#include "numeric/distributions.h"

typedef struct dense {
    int n;
    double at[ICC_ROWS][ICC_ROWS];
} dense;

/* By Gauss and Jordan; the determinant's logarithm is the result. */
static double invert(dense *m)
{
    double log_determinant = 0;
    for (int k = 0; k < m->n; k++) {
        const double pivot = m->at[k][k];
        log_determinant += log(pivot);
        m->at[k][k] = 1;
        for (int j = 0; j < m->n; j++) m->at[k][j] /= pivot;
        for (int i = 0; i < m->n; i++) {
            const double f = i == k ? 0 : m->at[i][k];
            if (i == k) continue;
            m->at[i][k] = 0;
            for (int j = 0; j < m->n; j++) m->at[i][j] -= f * m->at[k][j];
        }
    }
    return log_determinant;
}

static bool same_group(const icc_sample *s, int64_t i, int64_t j)
{
    return s->cluster[i] == s->cluster[j] && s->arm[i] == s->arm[j];
}

/* V⁻¹, P = V⁻¹ - V⁻¹X(X'V⁻¹X)⁻¹X'V⁻¹ with X the arms, and -2 log restricted likelihood. */
static double project(const icc_sample *s, double between, double within, dense *inverse, dense *p)
{
    const int n = (int)s->sample.n, arms = s->sample.n_arms;
    double form = 0, vx[ICC_ROWS][ICC_ARMS] = {{0}};
    dense xvx = {.n = arms};
    inverse->n = p->n = n;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) inverse->at[i][j] = between * same_group(s, i, j) + within * (i == j);
    double log_determinant = invert(inverse);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            vx[i][s->arm[j]] += inverse->at[i][j];
            xvx.at[s->arm[i]][s->arm[j]] += inverse->at[i][j];
        }
    log_determinant += invert(&xvx);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            p->at[i][j] = inverse->at[i][j];
            for (int a = 0; a < arms; a++)
                for (int b = 0; b < arms; b++) p->at[i][j] -= vx[i][a] * xvx.at[a][b] * vx[j][b];
            form += s->y[i] * p->at[i][j] * s->y[j];
        }
    return (n - arms) * log(2 * M_PI) + log_determinant + form;
}

/* At the best scale for a correlation. */
static double criterion(const icc_sample *s, double icc)
{
    static dense inverse, p;
    double form = 0;
    const double degrees = (double)(s->sample.n - s->sample.n_arms);
    project(s, icc, 1 - icc, &inverse, &p);
    for (int i = 0; i < p.n; i++)
        for (int j = 0; j < p.n; j++) form += s->y[i] * p.at[i][j] * s->y[j];
    return project(s, icc * form / degrees, (1 - icc) * form / degrees, &inverse, &p);
}

static tm_intraclass_likelihood restricted(temoin_context *ctx, icc_sample *s, tm_worker_groups *groups)
{
    tm_intraclass_likelihood out;
    icc_point(s);
    check_ok(ctx, tm_worker_groups_build(ctx, &s->sample, groups));
    check_ok(ctx, tm_intraclass_reml_run(ctx, groups, 0.95, &out));
    return out;
}

/* lme4 1.1-31 on Davies's dyestuff, for which Bates et al. print 1764.05 and 2451.25, and REML criterion 319.65; and on
 * the bulls. */
static void published_fits(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    tm_worker_groups groups;
    icc_sample s = icc_sample_of(icc_dyestuff, icc_dyestuff_m, 6);
    tm_intraclass_likelihood fit = restricted(ctx, &s, &groups);
    check_close(fit.between, 1764.05, 1e-9);
    check_close(fit.within, 2451.25, 1e-9);
    check_close(fit.criterion, 319.654276842, 1e-11);
    s = icc_sample_of(icc_bulls, icc_bulls_m, 6);
    fit = restricted(ctx, &s, &groups);
    check_close(fit.between, 76.81507628, 1e-6);
    check_close(fit.within, 248.70428996, 1e-6);
    temoin_context_free(ctx);
}

/* At the estimate no correlation nearby is more likely; at the ends of the interval the likelihood is as much lower as
 * it should be; and p is that of the ratio. */
static void restricted_against_dense(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    uint64_t seed = 21;
    int at_zero = 0, open = 0;
    for (int round = 0; round < 12; round++) {
        icc_sample s = icc_random_sample(&seed, 1 + round % ICC_ARMS, 4, round % 2);
        tm_worker_groups groups;
        const tm_intraclass_likelihood fit = restricted(ctx, &s, &groups);
        const double limit = fit.criterion + 3.841458820694124;
        assert_null(fit.refused);
        check_close(criterion(&s, fit.icc), fit.criterion, 1e-11);
        for (int k = 0; k < 20; k++) assert_true(criterion(&s, k / 20.0) >= fit.criterion - 1e-10);
        check_close(criterion(&s, fit.interval.high), limit, 1e-9);
        if (fit.interval.low > 0) check_close(criterion(&s, fit.interval.low), limit, 1e-9);
        if (fit.interval.low == 0) assert_true(criterion(&s, 0) <= limit);
        const double ratio = criterion(&s, 0) - fit.criterion;
        if (fit.at_zero) assert_true(fit.icc == 0 && fit.p == 1 && fabs(ratio) < 1e-10);
        if (!fit.at_zero) check_close(fit.p, erfc(sqrt(ratio / 2)) / 2, 1e-8);
        at_zero += fit.at_zero, open += fit.interval.low > 0;
    }
    assert_true(at_zero > 0 && open > 0);
    temoin_context_free(ctx);
}

static double trace(const dense *a, const dense *b)
{
    double sum = 0;
    for (int i = 0; i < a->n; i++)
        for (int j = 0; j < a->n; j++) sum += a->at[i][j] * b->at[j][i];
    return sum;
}

/* P D with D the derivative of V by σ_b² (`by_group`) or by σ². */
static dense times(const icc_sample *s, const dense *p, bool by_group)
{
    dense out = {.n = p->n};
    for (int i = 0; i < p->n; i++)
        for (int j = 0; j < p->n; j++)
            for (int k = 0; k < p->n; k++) out.at[i][j] += p->at[i][k] * (by_group ? same_group(s, k, j) : k == j);
    return out;
}

/* The worker of row i: prediction μ + σ_b² z'V⁻¹(y - μ) as a vector of weights on y. */
static void weigh(const icc_sample *s, int64_t row, double between, double within, double *weight)
{
    static dense inverse, p;
    project(s, between, within, &inverse, &p);
    for (int j = 0; j < p.n; j++) {
        weight[j] = 0;
        for (int i = 0; i < p.n; i++) weight[j] += between * same_group(s, row, i) * p.at[i][j];
        /* μ = y_row - (row of V P) y */
        weight[j] += row == j;
        for (int i = 0; i < p.n; i++) weight[j] -= (between * same_group(s, row, i) + within * (row == i)) * p.at[i][j];
    }
}

/* Error of a linear prediction w'y of μ_arm + u: Var(w'y - u). */
static double error_of(const icc_sample *s, int64_t row, const double *w, double between, double within)
{
    double sum = between;
    for (int i = 0; i < s->sample.n; i++) {
        for (int j = 0; j < s->sample.n; j++) sum += w[i] * w[j] * (between * same_group(s, i, j) + within * (i == j));
        sum -= 2 * between * same_group(s, row, i) * w[i];
    }
    return sum;
}

/* What not knowing the components adds: E (∂/∂σ w'y · δ)², with differences for the derivative, and information for the
 * variance of δ; of weights with known μ, as the formula has it. */
static double added(const icc_sample *s, int64_t row, double between, double within)
{
    static dense inverse, p;
    double m = 0;
    project(s, between, within, &inverse, &p);
    dense pb = times(s, &p, true), pw = times(s, &p, false);
    const double bb = trace(&pb, &pb) / 2, be = trace(&pb, &pw) / 2, ee = trace(&pw, &pw) / 2;
    const double determinant = bb * ee - be * be, h = 1e-5;
    for (int i = 0; i < s->sample.n; i++) m += same_group(s, row, i);
#define SHRINK(b, w) (m * (b) / ((w) + m * (b)))
    const double by_b = (SHRINK(between + h, within) - SHRINK(between - h, within)) / (2 * h);
    const double by_w = (SHRINK(between, within + h) - SHRINK(between, within - h)) / (2 * h);
#undef SHRINK
    return (between + within / m) * (by_b * by_b * ee - 2 * by_b * by_w * be + by_w * by_w * bb) / determinant;
}

static void shrunken_against_dense(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    uint64_t seed = 22;
    static const double components[][2] = {{1.5, 0.8}, {0.1, 2}, {3, 1}};
    for (int round = 0; round < 3; round++) {
        icc_sample s = icc_random_sample(&seed, 2, 3, false);
        const double between = components[round][0], within = components[round][1];
        tm_worker_groups groups;
        tm_shrunken_mean out[ICC_ROWS];
        icc_point(&s);
        check_ok(ctx, tm_worker_groups_build(ctx, &s.sample, &groups));
        check_ok(ctx, tm_shrunken_means_run(ctx, &groups, between, within, 0.95, out));
        for (int64_t i = 0; i < s.sample.n; i++) {
            const tm_shrunken_mean *mean = &out[groups.group[i]];
            double w[ICC_ROWS], prediction = 0;
            weigh(&s, i, between, within, w);
            for (int j = 0; j < s.sample.n; j++) prediction += w[j] * s.y[j];
            check_close(mean->shrunken, prediction, 1e-9);
            const double variance = error_of(&s, i, w, between, within) + 2 * added(&s, i, between, within);
            check_close(mean->interval.high - mean->shrunken, tm_normal_quantile(0.975) * sqrt(variance), 1e-7);
        }
    }
    temoin_context_free(ctx);
}

/* lme4's predictions of the six batches, from their mean 1527.5; and where workers do not differ at all, all
 * predictions are the same but none is certain. */
static void published_predictions(void **state)
{
    (void)state;
    static const double batch[] = {-17.6068514, 0.3912634, 28.5622256, -23.0845385, 56.7331877, -44.9952868};
    temoin_context *ctx = check_context();
    icc_sample s = icc_sample_of(icc_dyestuff, icc_dyestuff_m, 6);
    tm_worker_groups groups;
    tm_shrunken_mean out[6];
    icc_point(&s);
    check_ok(ctx, tm_worker_groups_build(ctx, &s.sample, &groups));
    check_ok(ctx, tm_shrunken_means_run(ctx, &groups, 1764.05, 2451.25, 0.95, out));
    for (int g = 0; g < 6; g++) assert_true(fabs(out[g].shrunken - 1527.5 - batch[g]) < 1e-6);
    check_close(out[0].mean, 1505, 1e-14);
    check_ok(ctx, tm_shrunken_means_run(ctx, &groups, 0, 2451.25, 0.95, out));
    for (int g = 0; g < 6; g++) {
        check_close(out[g].shrunken, 1527.5, 1e-14);
        assert_true(out[g].interval.high - out[g].shrunken > 1.96 * sqrt(2451.25 / 30));
    }
    temoin_context_free(ctx);
}

typedef struct binomial {
    int n_groups, n[10], successes[10], arm[10];
    double sigma, icc, low, high, criterion, p;
} binomial;

/* R 4.2: -2 log-likelihood by sums over 14000 points per worker, maximized with optimize(); lme4's glmer with 50 nodes
 * gives σ = 1.544168 and 2.066033. An arm without a success is in the second, and says nothing. */
static const binomial binomials[] = {
    {8,
     {6, 4, 8, 5, 7, 3, 6, 5},
     {1, 3, 2, 5, 6, 0, 2, 4},
     {0},
     1.54417270638083,
     0.420219867991282,
     0.056539681307755,
     0.825206093268078,
     54.7651045219274,
     0.00660447739478545},
    {10,
     {6, 4, 8, 5, 7, 3, 6, 5, 4, 6},
     {1, 4, 2, 5, 6, 0, 2, 4, 0, 0},
     {0, 0, 0, 0, 1, 1, 1, 1, 2, 2},
     2.06603396968223,
     0.564738094497701,
     0.139159607873612,
     0.906386548189548,
     51.5124561772926,
     0.00134182524045805},
};

static icc_sample clients_of(const binomial *b)
{
    icc_sample s = {0};
    int64_t n = 0;
    for (int g = 0; g < b->n_groups; g++)
        for (int k = 0; k < b->n[g]; k++, n++) {
            s.y[n] = k < b->successes[g];
            s.cluster[n] = g;
            s.arm[n] = b->arm[g];
        }
    icc_finish(&s, n, b->n_groups, 3);
    return s;
}

static tm_intraclass_likelihood latent(temoin_context *ctx, icc_sample *s)
{
    tm_worker_groups groups;
    tm_intraclass_likelihood out;
    icc_point(s);
    check_ok(ctx, tm_worker_groups_build(ctx, &s->sample, &groups));
    check_ok(ctx, tm_intraclass_latent_run(ctx, &s->sample, &groups, 0.95, &out));
    return out;
}

static void latent_against_sums(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    for (size_t k = 0; k < sizeof binomials / sizeof *binomials; k++) {
        const binomial *b = &binomials[k];
        icc_sample s = clients_of(b);
        const tm_intraclass_likelihood fit = latent(ctx, &s);
        assert_null(fit.refused);
        check_close(sqrt(fit.between), b->sigma, 1e-5); /* optimize() stops there */
        check_close(fit.icc, b->icc, 1e-5);
        check_close(fit.criterion, b->criterion, 1e-11);
        check_close(fit.interval.low, b->low, 1e-7);
        check_close(fit.interval.high, b->high, 1e-7);
        check_close(fit.p, b->p, 1e-8);
    }
    temoin_context_free(ctx);
}

/* All workers alike: at zero, and -2 log-likelihood is the binomial's. Outcomes turned round change nothing. Outcomes
 * other than 0 and 1 have no such scale. */
static void latent_at_its_ends(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    const binomial even = {4, {5, 5, 5, 5}, {2, 2, 2, 2}, {0}, 0, 0, 0, 0, 0, 0};
    icc_sample s = clients_of(&even);
    tm_intraclass_likelihood fit = latent(ctx, &s);
    assert_true(fit.at_zero && fit.icc == 0 && fit.p == 1 && fit.interval.low == 0 && fit.interval.high < 1);
    check_close(fit.criterion, -2 * (8 * log(0.4) + 12 * log(0.6)), 1e-13);
    icc_sample turned = clients_of(&binomials[1]);
    s = turned;
    for (int64_t i = 0; i < turned.sample.n; i++) turned.y[i] = 1 - turned.y[i];
    fit = latent(ctx, &s);
    const tm_intraclass_likelihood other = latent(ctx, &turned);
    check_close(other.icc, fit.icc, 1e-8);
    check_close(other.interval.high, fit.interval.high, 1e-8);
    s.y[0] = 2;
    assert_string_equal(latent(ctx, &s).refused, "outcome_not_binary");
    temoin_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_fits),         cmocka_unit_test(restricted_against_dense),
        cmocka_unit_test(shrunken_against_dense), cmocka_unit_test(published_predictions),
        cmocka_unit_test(latent_against_sums),    cmocka_unit_test(latent_at_its_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
