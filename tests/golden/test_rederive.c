/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The C draw against rederive_ledger.py, which knows the README's rule and nothing else. */
#include "small_trial.h"

#include <unistd.h>

#include "base/sink.h"

static void put_trial(tm_sink *sink, const small_trial *t)
{
    tm_sink_printf(sink, "{\"trial\": \"t\", \"seed\": \"s\", \"shares\": {");
    for (int32_t s = 0; s < t->units.n_strata; s++) {
        if (s) tm_sink_put(sink, ", ");
        tm_sink_json(sink, t->stratum_text[s]);
        for (int32_t a = 0; a < t->units.n_arms; a++)
            tm_sink_printf(sink, "%s%lld", a ? ", " : ": [", (long long)t->shares[s * t->units.n_arms + a]);
        tm_sink_put(sink, "]");
    }
    tm_sink_put(sink, "}, \"units\": [");
    for (int64_t u = t->units.n_units - 1; u >= 0; u--) { /* the file's order is not the ids' */
        tm_sink_printf(sink, "[\"u%05lld\", ", (long long)u);
        tm_sink_json(sink, t->stratum_text[t->stratum[u]]);
        tm_sink_put(sink, u ? "], " : "]]}");
    }
}

static void check_same(const small_trial *t)
{
    temoin_context *ctx = check_context();
    tm_sink sink;
    tm_sink_init(&sink, ctx);
    put_trial(&sink, t);
    check_ok(ctx, tm_sink_finish(&sink));
    char name[] = "/tmp/temoin-rederive-XXXXXX", command[8192];
    const int file = mkstemp(name);
    assert_true(file >= 0);
    assert_int_equal(write(file, sink.text, sink.length), sink.length);
    close(file);
    snprintf(command, sizeof command, "python3 '%s' < %s", source_path("tests/golden/rederive_ledger.py"), name);
    FILE *python = popen(command, "r");
    assert_non_null(python);
    long long u, n = 0;
    int arm;
    for (; fscanf(python, "u%lld,%d\n", &u, &arm) == 2; n++) {
        assert_in_range(u, 0, t->units.n_units - 1);
        assert_int_equal(arm, t->arm[u]);
    }
    assert_int_equal(pclose(python), 0);
    assert_int_equal(n, t->units.n_units);
    unlink(name);
    temoin_context_free(ctx);
}

static void check_drawn(small_trial *t)
{
    temoin_context *ctx = check_context();
    check_ok(ctx, tm_design_find("blocked")->draw(ctx, &t->units, t->arm));
    temoin_context_free(ctx);
    check_same(t);
}

static void nasty_trials(void **state)
{
    (void)state;
    static small_trial t;
    uint64_t x = 521288629521288629u;
    for (int trial = 0; trial < 25; trial++) {
        build_random_trial(&t, &x, 9, 12);
        check_drawn(&t);
    }
}

/* Far more strata than arms: the fast search for cycles finds those of the plain description. */
static void many_strata(void **state)
{
    (void)state;
    static small_trial t;
    uint64_t x = 1150;
    for (int trial = 0; trial < 3; trial++) {
        do build_random_trial(&t, &x, MOST_STRATA, 9);
        while (t.units.n_strata < 100 || t.units.n_arms < 4);
        check_drawn(&t);
    }
}

static void one_stratum(void **state)
{
    (void)state;
    static small_trial t;
    const int64_t n = 155, shares[] = {10, 20, 70};
    build_trial(&t, 1, 3, &n, shares);
    check_drawn(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nasty_trials),
        cmocka_unit_test(many_strata),
        cmocka_unit_test(one_stratum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
