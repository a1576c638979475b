/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Effects in factorial trials against arithmetic on the arms' means. */
#include "trial_case.h"

#include "base/number_text.h"
#include "temoin/estimate.h"
#include "temoin/result.h"

enum { N_ARMS = 6, N_EACH = 5, N = N_ARMS * N_EACH };

static const char plan[] =
    "temoin: 1\n"
    "trial: {id: t}\n"
    "clients: {file: c.csv, id: id}\n"
    "outcomes: [{file: c.csv, id: id}]\n"
    "factorial: [{name: coaching, levels: [no, yes]}, {name: stipend, levels: [none, \"50\", \"100\"]}]\n"
    "design: {assigned: arm}\n"
    "measures: [{name: y}]\n"
    "estimates:\n"
    "  - {name: plain, measures: [y], estimator: dim, variance: neyman}\n"
    "  - {name: cross, measures: [y], estimator: dim, variance: neyman,\n"
    "     contrasts: [{interaction: [coaching, stipend], levels: [yes, \"100\"]}]}\n"
    "  - {name: fit, measures: [y], estimator: lin, covariates: [x], contrasts: [{factor: coaching, level: yes},\n"
    "     {interaction: [coaching, stipend], levels: [yes, \"50\"]}]}\n";

static double x_of(int i)
{
    return (i * 7 % 11) - 0.25 * (i % 3);
}

static double y_of(int i)
{
    const int arm = i % N_ARMS;
    return 1 + arm * arm / 4.0 + (i * 13 % 17) / 8.0 + (arm % 2 ? 0.5 : -0.75) * x_of(i);
}

static void write_clients(void)
{
    static const char *const arm[] = {"no.none", "no.50", "no.100", "yes.none", "yes.50", "yes.100"};
    char text[4096] = "id,arm,x,y\n";
    for (int i = 0; i < N; i++) {
        char x[TM_NUMBER_TEXT_SIZE], y[TM_NUMBER_TEXT_SIZE]; /* printf would write the locale's decimal separator */
        snprintf(text + strlen(text), sizeof text - strlen(text), "%03d,%s,%s,%s\n", i, arm[i % N_ARMS],
                 tm_number_fixed(x_of(i), 4, x), tm_number_fixed(y_of(i), 4, y));
    }
    write_file("c.csv", text);
}

/* Mean and variance of the arm's y; with `adjusted` the mean that its own line through y and x has at everybody's mean
 * of x. */
static void describe(int arm, bool adjusted, double *mean, double *variance)
{
    double x_all = 0, x = 0, y = 0, xx = 0, xy = 0, yy = 0;
    for (int i = 0; i < N; i++) x_all += x_of(i) / N;
    for (int i = arm; i < N; i += N_ARMS) x += x_of(i) / N_EACH, y += y_of(i) / N_EACH;
    for (int i = arm; i < N; i += N_ARMS) {
        xx += (x_of(i) - x) * (x_of(i) - x);
        xy += (x_of(i) - x) * (y_of(i) - y);
        yy += (y_of(i) - y) * (y_of(i) - y);
    }
    *variance = yy / (N_EACH - 1);
    *mean = adjusted ? y - xy / xx * (x - x_all) : y;
}

static void check_row(const temoin_row *row, const char *name, const char *reference, const double weight[N_ARMS],
                      bool adjusted)
{
    double value = 0, square = 0;
    for (int a = 0; a < N_ARMS; a++) {
        double mean, variance;
        describe(a, adjusted, &mean, &variance);
        value += weight[a] * mean;
        square += weight[a] * weight[a] * variance / N_EACH;
    }
    assert_string_equal(row->arm, name);
    assert_string_equal(row->reference, reference);
    check_close(row->value, value, 1e-12);
    if (!adjusted) check_close(row->se, sqrt(square), 1e-12);
}

static void effects_are_differences_of_cell_means(void **state)
{
    (void)state;
    const double third = 1 / 3.0;
    const temoin_results *results;
    write_clients();
    run r = draw(plan);
    check_ok(r.ctx, temoin_results_build(r.ctx, r.trial, r.assignment, &results));
    assert_int_equal(results->n_rows, 6);
    const temoin_row *row = results->rows;
    check_row(&row[0], "coaching: yes", "coaching: no", (double[]){-third, -third, -third, third, third, third}, false);
    check_row(&row[1], "stipend: 50", "stipend: none", (double[]){-.5, .5, 0, -.5, .5, 0}, false);
    check_row(&row[2], "stipend: 100", "stipend: none", (double[]){-.5, 0, .5, -.5, 0, .5}, false);
    check_row(&row[3], "coaching: yes \u00d7 stipend: 100", "", (double[]){1, 0, -1, -1, 0, 1}, false);
    check_row(&row[4], "coaching: yes", "coaching: no", (double[]){-third, -third, -third, third, third, third}, true);
    check_row(&row[5], "coaching: yes \u00d7 stipend: 50", "", (double[]){1, -1, 0, -1, 1, 0}, true);
    assert_int_equal(row[0].n_arm, N / 2);
    assert_int_equal(row[1].n_reference, N / 3);
    temoin_context_free(r.ctx);
}

/* Shares multiply, and places are exact: 36 clients in shares 1 : 2 by 1 : 2 : 3 are 2, 4, 6, 4, 8, 12. */
static void factorial_arms_are_drawn_by_their_shares(void **state)
{
    (void)state;
    char text[1024] = "id\n";
    for (int i = 0; i < 36; i++) snprintf(text + strlen(text), sizeof text - strlen(text), "%d\n", i);
    write_file("c.csv", text);
    run r = draw(
        "temoin: 1\ntrial: {id: t}\nclients: {file: c.csv, id: id}\ndesign: {seed: s}\n"
        "factorial: [{name: f, levels: [a, b], shares: [1, 2]}, {name: g, levels: [c, d, e], shares: [1, 2, 3]}]\n");
    static const int64_t want[] = {2, 4, 6, 4, 8, 12};
    for (int32_t a = 0; a < 6; a++) assert_int_equal(r.assignment->n_in_arm[a], want[a]);
    for (int u = 0; u < 36; u++)
        check_close(r.assignment->probability[u], (double)want[r.assignment->arm[u]] / 36, 1e-15);
    temoin_context_free(r.ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(effects_are_differences_of_cell_means),
        cmocka_unit_test(factorial_arms_are_drawn_by_their_shares),
    };
    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
