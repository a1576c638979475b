/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Trials built from texts, and what must come of them. */
#ifndef TM_TEST_TRIAL_CASE_H
#define TM_TEST_TRIAL_CASE_H

#include "scratch.h"

#include "base/sink.h"
#include "designs/assignment_struct.h"
#include "plan/plan_reader.h"

/* The head of every plan: five lines, then `design` on line 6 unless the test writes its own. */
#define HEAD(OUTCOMES)                                                                                                 \
    "temoin: 1\n"                                                                                                      \
    "trial: {id: t}\n"                                                                                                 \
    "clients: {file: c.csv, id: id}\n"                                                                                 \
    "arms: [{name: control}, {name: ocm}]\n"                                                                           \
    "outcomes: [" OUTCOMES "]\n"
#define LONG_FILE "{file: o.csv, id: id, wave: month}"
#define DRAWN "design: {seed: s}\n"
#define ASSIGNED "design: {assigned: arm}\n"
#define INCOME "measures: [{name: income}]\n"

typedef struct run {
    temoin_context *ctx;
    const temoin_plan *plan;
    const temoin_trial *trial;
    const temoin_assignment *assignment;
} run;

static inline run start(const char *plan)
{
    run r = {.ctx = check_context()};
    check_ok(r.ctx, tm_plan_parse(r.ctx, "p.yaml", plan, strlen(plan), &r.plan));
    return r;
}

static inline run build(const char *plan)
{
    run r = start(plan);
    check_ok(r.ctx, temoin_trial_build(r.ctx, r.plan, true, &r.trial));
    return r;
}

static inline run draw(const char *plan)
{
    run r = build(plan);
    check_ok(r.ctx, temoin_assignment_draw(r.ctx, r.trial, &r.assignment));
    return r;
}

/* The problems are exactly these lines. */
static inline void check_problems(const temoin_context *ctx, const char *want)
{
    char got[16384] = "";
    for (size_t i = 0; i < temoin_context_n_problems(ctx); i++)
        snprintf(got + strlen(got), sizeof got - strlen(got), "%s\n", temoin_context_problem(ctx, i));
    assert_string_equal(got, want);
}

static inline void refuse(const char *plan, temoin_status status, const char *want)
{
    run r = start(plan);
    assert_int_equal(temoin_trial_build(r.ctx, r.plan, true, &r.trial), status);
    assert_null(r.trial);
    check_problems(r.ctx, want);
    temoin_context_free(r.ctx);
}

static inline void refuse_draw(const char *plan, temoin_status status, const char *want)
{
    run r = build(plan);
    assert_int_equal(temoin_assignment_draw(r.ctx, r.trial, &r.assignment), status);
    assert_null(r.assignment);
    check_problems(r.ctx, want);
    temoin_context_free(r.ctx);
}

/* Values of a measure at a wave as text, "." where missing. */
static inline void check_values(const run *r, int32_t measure, const char *wave, const char *want)
{
    int32_t w = tm_trial_find_wave(r->trial, wave);
    assert_true(w >= 0);
    const double *value = tm_trial_value(r->trial, measure, w);
    assert_non_null(value);
    tm_sink sink;
    tm_sink_init(&sink, r->ctx);
    for (int64_t u = 0; u < r->trial->n_units; u++) {
        if (u) tm_sink_put(&sink, " ");
        if (isnan(value[u]))
            tm_sink_put(&sink, ".");
        else
            tm_sink_number(&sink, value[u]);
    }
    assert_string_equal(sink.text, want);
}

static inline void check_seen(const run *r, const char *wave, const char *want)
{
    int32_t w = tm_trial_find_wave(r->trial, wave);
    for (int64_t u = 0; u < r->trial->n_units; u++)
        assert_int_equal(r->trial->seen[w * r->trial->n_units + u], want[u] == '1');
}

static inline void check_waves(const run *r, const char *want)
{
    char got[256] = "";
    for (int32_t w = 0; w < r->trial->n_waves; w++) strcat(strcat(got, r->trial->wave[w]), "/");
    assert_string_equal(got, want);
}

#endif
