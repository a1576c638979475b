/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a plan says of its design, and the arms and contrasts of factorial trials. */
#include "check.h"

#include "plan/plan_reader.h"

#define HEAD                                                                                                           \
    "temoin: 1\n"                                                                                                      \
    "trial: {id: t}\n"                                                                                                 \
    "clients: {file: c.csv, id: id}\n"
#define ARMS HEAD "arms: [{name: a}, {name: b}]\n"
/* Further sections begin on line 6. */
#define TWO_BY_THREE                                                                                                   \
    HEAD "design: {seed: s}\n"                                                                                         \
         "factorial: [{name: coaching, levels: [no, yes]}, {name: stipend, levels: [none, \"50\", \"100\"]}]\n"
#define CONTRASTS(list)                                                                                                \
    "measures: [{name: y}]\n"                                                                                          \
    "estimates: [{name: e, measures: [y], contrasts: " list "}]\n"

static const temoin_plan *parse(temoin_context *ctx, const char *text)
{
    const temoin_plan *plan;
    check_ok(ctx, tm_plan_parse(ctx, "p.yaml", text, strlen(text), &plan));
    assert_null(ctx->scratch.last);
    return plan;
}

/* The problems are exactly these lines, each without "p.yaml: line ". */
static void refuse(const char *text, const char *want)
{
    temoin_context *ctx = check_context();
    const temoin_plan *plan;
    char got[8192] = "";
    assert_int_equal(tm_plan_parse(ctx, "p.yaml", text, strlen(text), &plan), TEMOIN_ERR_PLAN);
    assert_null(plan);
    for (size_t i = 0; i < temoin_context_n_problems(ctx); i++)
        snprintf(got + strlen(got), sizeof got - strlen(got), "%s\n",
                 temoin_context_problem(ctx, i) + strlen("p.yaml: line "));
    assert_string_equal(got, want);
    temoin_context_free(ctx);
}

static void options_left_out_have_their_defaults(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    const tm_plan_options *o = &parse(ctx, ARMS "design: {seed: s}\n")->design.options;
    int line;
    assert_string_equal(o->misfits, "pivotal");
    assert_string_equal(o->matching, "optimal");
    assert_int_equal(o->group_size, 2);
    assert_int_equal(o->candidates, 0);
    assert_true(!o->cluster && !o->arrival && !o->pair);
    assert_true(isnan(o->coin) && isnan(o->urn_start) && isnan(o->urn_add) && isnan(o->accept) && isnan(o->fraction));
    assert_int_equal(o->n_block_sizes + o->n_factors + o->covariates.n + o->n_tiers + o->n_limits, 0);
    assert_null(tm_plan_option(parse(ctx, ARMS "design: {kind: k, seed: s, strata: []}\n"), 0, &line));
    temoin_context_free(ctx);
}

static void every_option_is_read(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    const temoin_plan *p =
        parse(ctx, ARMS "design:\n"
                        "  kind: k\n"
                        "  seed: s\n"
                        "  strata: [town]\n"
                        "  misfits: global\n"
                        "  cluster: office\n"
                        "  arrival: came\n"
                        "  block_sizes: [4, 2]\n"
                        "  factors: [{column: site, weight: 2}, {column: sex}]\n"
                        "  coin: 0.9\n"
                        "  urn: {start: 0, add: 1.5}\n"
                        "  pair: twin\n"
                        "  group_size: 3\n"
                        "  matching: greedy\n"
                        "  covariates: [age, town]\n"
                        "  accept: 0.001\n"
                        "  tiers: [{covariates: [age], accept: .1}, {covariates: [x, y], accept: 1}]\n"
                        "  limits: [{covariate: age, largest: 0.25}]\n"
                        "  candidates: 1000000000\n"
                        "  fraction: 1\n");
    const tm_plan_options *o = &p->design.options;
    assert_string_equal(o->misfits, "global");
    assert_string_equal(o->cluster, "office");
    assert_string_equal(o->arrival, "came");
    assert_string_equal(o->pair, "twin");
    assert_string_equal(o->matching, "greedy");
    assert_int_equal(o->group_size, 3);
    assert_true(o->n_block_sizes == 2 && o->block_sizes[0] == 4 && o->block_sizes[1] == 2);
    assert_int_equal(o->n_factors, 2);
    assert_string_equal(o->factors[0].column, "site");
    assert_true(o->factors[0].weight == 2 && o->factors[1].weight == 1);
    assert_true(o->coin == 0.9 && o->urn_start == 0 && o->urn_add == 1.5 && o->accept == 0.001 && o->fraction == 1);
    assert_int_equal(o->covariates.n, 2);
    assert_string_equal(o->covariates.name[1], "town");
    assert_int_equal(o->n_tiers, 2);
    assert_string_equal(o->tiers[1].covariates.name[1], "y");
    assert_true(o->tiers[0].accept == 0.1 && o->tiers[1].accept == 1);
    assert_int_equal(o->n_limits, 1);
    assert_true(o->limits[0].largest == 0.25);
    assert_int_equal(o->candidates, 1000000000);
    int line;
    assert_string_equal(tm_plan_option(p, 0, &line), "strata");
    assert_int_equal(line, 8);
    assert_string_equal(tm_plan_option(p, 16, &line), "fraction");
    assert_int_equal(line, 24);
    assert_null(tm_plan_option(p, 17, &line));
    temoin_context_free(ctx);
}

static void options_keep_to_their_ranges(void **state)
{
    (void)state;
    refuse(ARMS "design:\n"
                "  seed: s\n"
                "  coin: .5\n"
                "  accept: 0\n"
                "  fraction: 1.01\n"
                "  group_size: 1\n"
                "  candidates: 0\n"
                "  urn: {start: -1, add: 1e7}\n",
           "7: \"design.coin\" must be a number above 0.5 and below 1, found \".5\"\n"
           "8: \"design.accept\" must be a number above 0 and at most 1, found \"0\"\n"
           "9: \"design.fraction\" must be a number above 0 and at most 1, found \"1.01\"\n"
           "10: \"design.group_size\" must be a whole number from 2 to 1000000, found \"1\"\n"
           "11: \"design.candidates\" must be a whole number from 1 to 1000000000, found \"0\"\n"
           "12: \"design.urn.start\" must be a number from 0 to 1000000, found \"-1\"\n"
           "12: \"design.urn.add\" must be a number from 0 to 1000000, found \"1e7\"\n");
    refuse(ARMS "design:\n"
                "  seed: s\n"
                "  urn: {start: 0, add: 0}\n"
                "  block_sizes: [4, 2.5, 4, 0]\n"
                "  factors:\n"
                "    - {column: x, weight: 0}\n"
                "    - {column: x}\n"
                "  tiers:\n"
                "    - {covariates: [a, a], accept: 2}\n"
                "  limits:\n"
                "    - {covariate: z, largest: 0}\n"
                "    - {covariate: z, largest: 1}\n"
                "  covariates: [q, q]\n",
           "7: an urn without balls: one of \"start\" and \"add\" must be above 0\n"
           "8: \"design.block_sizes\" must be a whole number from 1 to 1000000, found \"2.5\"\n"
           "8: \"4\" stands twice in \"design.block_sizes\"; name it once\n"
           "8: \"design.block_sizes\" must be a whole number from 1 to 1000000, found \"0\"\n"
           "10: \"design.factors.weight\" must be a number above 0, found \"0\"\n"
           "11: \"x\" stands twice in \"design.factors\"; name it once\n"
           "13: \"a\" stands twice in \"design.tiers.covariates\"; name it once\n"
           "13: \"design.tiers.accept\" must be a number above 0 and at most 1, found \"2\"\n"
           "15: \"design.limits.largest\" must be a number above 0, found \"0\"\n"
           "16: \"z\" stands twice in \"design.limits\"; name it once\n"
           "17: \"q\" stands twice in \"design.covariates\"; name it once\n");
    refuse(ARMS
           "design: {seed: s, coin: heads, urn: {start: 1}, matching: best, covariates: [], tiers: [{accept: 1}]}\n",
           "5: \"design.coin\" must be a number, found \"heads\"\n"
           "5: \"design.urn\" needs the key \"add\"\n"
           "5: \"design.matching\" cannot be \"best\". Allowed: optimal, greedy\n"
           "5: \"design.covariates\" needs at least 1 item, found 0\n"
           "5: \"design.tiers\" needs the key \"covariates\"\n");
}

static void arms_are_all_combinations_of_levels(void **state)
{
    (void)state;
    static const char *const names[] = {"no.none", "no.50", "no.100", "yes.none", "yes.50", "yes.100"};
    temoin_context *ctx = check_context();
    const temoin_plan *p = parse(ctx, TWO_BY_THREE);
    assert_int_equal(p->n_arms, 6);
    assert_int_equal(p->share_sum, 6);
    assert_int_equal(p->n_arm_factors, 2);
    for (int32_t a = 0; a < 6; a++) {
        assert_string_equal(p->arms[a].name, names[a]);
        assert_int_equal(p->arms[a].share, 1);
    }
    assert_string_equal(p->arms[4].label.en, "yes \u00b7 50");
    assert_string_equal(p->arms[4].label.fr, "yes \u00b7 50");
    p = parse(
        ctx, HEAD
        "design: {seed: s}\n"
        "factorial: [{name: x, levels: [a, b], shares: [.5, 1]}, {name: y, levels: [c, d, e], shares: [2, 1, 1]}]\n");
    static const int64_t shares[] = {2, 1, 1, 4, 2, 2};
    for (int32_t a = 0; a < 6; a++) assert_int_equal(p->arms[a].share, shares[a]);
    assert_int_equal(p->share_sum, 12);
    p = parse(ctx, HEAD "design: {seed: s}\nfactorial: [{name: x, levels: [a, b]}]\n");
    assert_int_equal(p->n_arms, 2);
    assert_string_equal(p->arms[1].name, "b");
    temoin_context_free(ctx);
}

static void check_contrast(const tm_plan_contrast *c, const char *arm, const char *reference, const double *weights,
                           int n)
{
    assert_string_equal(c->arm, arm);
    assert_string_equal(c->reference, reference);
    for (int a = 0; a < n; a++) assert_true(c->weights[a] == weights[a]);
}

static void contrasts_of_factors_have_their_weights(void **state)
{
    (void)state;
    const double third = 1 / 3.0, half = 0.5;
    temoin_context *ctx = check_context();
    const temoin_plan *p = parse(ctx, TWO_BY_THREE "measures: [{name: y}]\nestimates: [{name: e, measures: [y]}]\n");
    const tm_plan_estimate *e = p->estimates;
    assert_int_equal(e->n_contrasts, 3);
    check_contrast(&e->contrasts[0], "coaching: yes", "coaching: no",
                   (double[]){-third, -third, -third, third, third, third}, 6);
    check_contrast(&e->contrasts[1], "stipend: 50", "stipend: none", (double[]){-half, half, 0, -half, half, 0}, 6);
    check_contrast(&e->contrasts[2], "stipend: 100", "stipend: none", (double[]){-half, 0, half, -half, 0, half}, 6);
    p = parse(ctx, TWO_BY_THREE CONTRASTS(
                       "[{factor: stipend, level: none, against: '100'}, {interaction: [coaching, stipend], "
                       "levels: [yes, 50]}, {arm: yes.50, reference: no.none}]"));
    e = p->estimates;
    check_contrast(&e->contrasts[0], "stipend: none", "stipend: 100", (double[]){half, 0, -half, half, 0, -half}, 6);
    check_contrast(&e->contrasts[1], "coaching: yes \u00d7 stipend: 50", "", (double[]){1, -1, 0, -1, 1, 0}, 6);
    check_contrast(&e->contrasts[2], "yes.50", "no.none", (double[]){-1, 0, 0, 0, 1, 0}, 6);
    /* a third factor is averaged over */
    p = parse(
        ctx,
        HEAD "design: {seed: s}\n"
             "factorial: [{name: f, levels: [0, 1]}, {name: g, levels: [0, 1]}, {name: h, levels: [0, 1]}]\n" CONTRASTS(
                 "[{interaction: [h, f], levels: [1, 1]}, {factor: g, level: 1}]"));
    e = p->estimates;
    check_contrast(&e->contrasts[0], "h: 1 \u00d7 f: 1", "",
                   (double[]){half, -half, half, -half, -half, half, -half, half}, 8);
    check_contrast(&e->contrasts[1], "g: 1", "g: 0", (double[]){-.25, -.25, .25, .25, -.25, -.25, .25, .25}, 8);
    temoin_context_free(ctx);
}

static void factorial_plans_are_checked(void **state)
{
    (void)state;
    refuse(ARMS "design: {seed: s}\nfactorial: [{name: x, levels: [a, b]}]\n",
           "6: the plan has both \"arms\" and \"factorial\"; keep the one that names the arms\n");
    refuse(HEAD "design: {seed: s}\n"
                "factorial:\n"
                "  - {name: x, levels: [a, a], shares: [1]}\n"
                "  - {name: x, levels: [c, d], shares: [1, 0]}\n"
                "  - {name: y, levels: [c]}\n",
           "8: \"factorial.levels\" needs at least 2 items, found 1\n");
    refuse(HEAD "design: {seed: s}\n"
                "factorial:\n"
                "  - {name: x, levels: [a, b], shares: [1]}\n"
                "  - {name: x, levels: [c, d], shares: [1, 0]}\n",
           "6: shares in \"factorial.shares\": 1; levels: 2; give one share for each level\n"
           "7: a share cannot be \"0\"; write a positive decimal with at most 18 digits, such as 1, .5 or 0.7\n"
           "7: factor \"x\" is declared a second time; the first is on line 6\n");
    refuse(HEAD "design: {seed: s}\nfactorial: [{name: x, levels: [a, a.b]}, {name: y, levels: [b.c, c]}]\n",
           "5: two arms of \"factorial\" would both be named \"a.b.c\"; change a level's name\n");
    refuse(HEAD "design: {seed: s}\nfactorial: [{name: x, levels: [a, b], shares: [1, 4000]}, {name: y, levels: [a, "
                "b], shares: "
                "[1, 4000]}]\n",
           "5: the shares of \"factorial\" multiply to more than 1000000 parts; round them\n");
#define LEVELS "levels: [a, b, c, d, e, f, g, h, i, j, k]"
    refuse(HEAD "design: {seed: s}\nfactorial: [{name: x, " LEVELS "}, {name: y, " LEVELS "}, {name: z, " LEVELS "}]\n",
           "5: the levels of \"factorial\" make more than 1024 arms; leave some out\n");
    refuse(ARMS "design: {seed: s}\n" CONTRASTS("[{factor: x, level: y}]"),
           "7: a contrast of factors needs \"factorial\" in the place of \"arms\"; with arms it is {arm: a, reference: "
           "b} or {name: "
           "x, weights: [one number for each arm]}\n");
    refuse(TWO_BY_THREE "measures: [{name: y}]\n"
                        "estimates:\n"
                        "  - name: e\n"
                        "    measures: [y]\n"
                        "    contrasts:\n"
                        "      - {factor: coching, level: yes}\n"
                        "      - {factor: coaching, level: no}\n"
                        "      - {factor: coaching, level: maybe, against: never}\n"
                        "      - {factor: coaching}\n"
                        "      - {interaction: [coaching, stipend], levels: [yes]}\n"
                        "      - {interaction: [coaching, coaching], levels: [yes, yes]}\n"
                        "      - {interaction: [coaching, stipend], levels: [no, 5]}\n"
                        "      - {factor: coaching, level: yes}\n"
                        "      - {factor: coaching, level: yes, against: no}\n",
           "11: found the factor \"coching\"; \"factorial\" declares \"coaching\", \"stipend\"\n"
           "12: a contrast compares two levels; \"no\" is compared with itself (\"against\" is the first level unless "
           "told)\n"
           "13: found the level \"maybe\"; factor \"coaching\" has \"no\", \"yes\"\n"
           "13: found the level \"never\"; factor \"coaching\" has \"no\", \"yes\"\n"
           "14: a contrast is either {arm: a, reference: b} or {name: x, weights: [one number for each arm]}, {factor: "
           "f, level: l, "
           "against: m} or {interaction: [f, g], levels: [l, m]}\n"
           "15: an interaction is of two factors: {interaction: [factor, factor], levels: [level, level]}\n"
           "16: an interaction is of two factors; \"coaching\" stands in it twice\n"
           "17: \"no\" is the first level of its factor; an interaction compares another level with it\n"
           "17: found the level \"5\"; factor \"stipend\" has \"none\", \"50\", \"100\"\n"
           "19: this contrast stands already on line 18\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_left_out_have_their_defaults),
        cmocka_unit_test(every_option_is_read),
        cmocka_unit_test(options_keep_to_their_ranges),
        cmocka_unit_test(arms_are_all_combinations_of_levels),
        cmocka_unit_test(contrasts_of_factors_have_their_weights),
        cmocka_unit_test(factorial_plans_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
