/* SPDX-License-Identifier: GPL-3.0-or-later */
/* campaign TABLE [SHARE]: runs every scenario of a table and writes it to standard output; SHARE of each scenario's
 * replications, 1 unless told. */
#include "campaign.h"

#include <stdio.h>
#include <stdlib.h>

#include "numeric/distributions.h"
#include "numeric/stream.h"

enum { MOST_METHODS = 24 };

typedef struct score {
    int64_t answered, rejected, with_interval, covered;
} score;

static void judge(const campaign_answer *answer, double truth, score *s)
{
    if (!isnan(answer->p)) {
        s->answered++;
        s->rejected += answer->p <= 0.05;
    }
    if (!isnan(answer->p) && (!isnan(answer->low) || !isnan(answer->high))) {
        s->with_interval++;
        s->covered += !(answer->low > truth) && !(answer->high < truth);
    }
}

static int64_t replications_of(const campaign_method *method, int64_t all)
{
    return method->most && method->most < all ? method->most : all;
}

static void run_replication(temoin_context *ctx, const campaign_scenario *s, int64_t k, score *scores)
{
    tm_pcg64 rng;
    tm_sample sample;
    char label[24];
    snprintf(label, sizeof label, "%lld", (long long)k);
    tm_stream_init(&rng, "campaign", s->name, "replication", label);
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    s->draw(ctx, s, &rng, &sample);
    for (int m = 0; s->methods[m]; m++) {
        campaign_answer answer = {NAN, NAN, NAN};
        if (k >= replications_of(s->methods[m], k + 1)) continue;
        s->methods[m]->run(ctx, s->methods[m], &sample, k, &answer);
        judge(&answer, s->truth, &scores[m]);
    }
    tm_arena_rewind(&ctx->scratch, mark);
}

/* The context of a replication that ends with it: notes stay on its result arena. */
static void run_scenario(const campaign_scenario *s, int64_t replications, score *scores)
{
#pragma omp parallel for schedule(dynamic, 16)
    for (int64_t k = 0; k < replications; k++) {
        temoin_context *ctx = check_context();
        score own[MOST_METHODS] = {0};
        run_replication(ctx, s, k, own);
        temoin_context_free(ctx);
#pragma omp critical
        for (int m = 0; s->methods[m]; m++) {
            scores[m].answered += own[m].answered;
            scores[m].rejected += own[m].rejected;
            scores[m].with_interval += own[m].with_interval;
            scores[m].covered += own[m].covered;
        }
    }
}

static void print_share(int64_t part, int64_t whole)
{
    if (!whole) {
        printf(" – |");
        return;
    }
    const double share = (double)part / (double)whole;
    const long tenths = lround(1000 * share), error = lround(1000 * sqrt(share * (1 - share) / (double)whole));
    printf(" %ld.%ld ± %ld.%ld |", tenths / 10, tenths % 10, error / 10, error % 10); /* in every locale */
}

static void print_scenario(const campaign_scenario *s, int64_t replications, const score *scores)
{
    for (int m = 0; s->methods[m]; m++) {
        const int64_t own = replications_of(s->methods[m], replications);
        printf("| %s | %s | %lld |", m ? "" : s->name, s->methods[m]->name, (long long)own);
        print_share(own - scores[m].answered, own);
        print_share(scores[m].rejected, scores[m].answered);
        print_share(scores[m].covered, scores[m].with_interval);
        printf("\n");
    }
}

static const campaign_table *const tables[] = {&campaign_size, &campaign_caseworkers};

static void print_table(const campaign_table *table, double share)
{
    printf(
        "# %s\n\n"
        "Written by `./dev campaign` from fixed seeds. %s Shares are in percent, with their Monte Carlo standard "
        "error. A\n"
        "refusal is a row without a number and with the reason; rejections, at the 5 %% level, and coverage, of 95 %%\n"
        "intervals, are among the trials that got a number.\n\n",
        table->title, table->what);
    for (const campaign_scenario *s = table->scenarios; s->n_units; s++) printf("- **%s**: %s.\n", s->name, s->what);
    printf("\n| trial | method | trials | refused | rejected | covered |\n|---|---|---:|---:|---:|---:|\n");
    for (const campaign_scenario *s = table->scenarios; s->n_units; s++) {
        const int64_t replications = (int64_t)ceil(share * (double)s->replications);
        score scores[MOST_METHODS] = {0};
        run_scenario(s, replications, scores);
        print_scenario(s, replications, scores);
        fflush(stdout);
    }
}

int main(int n_arguments, char **argument)
{
    for (size_t t = 0; n_arguments > 1 && t < sizeof tables / sizeof *tables; t++) {
        if (strcmp(argument[1], tables[t]->name) != 0) continue;
        print_table(tables[t], n_arguments > 2 ? atof(argument[2]) : 1);
        return 0;
    }
    fprintf(stderr, "campaign TABLE [SHARE]: there is no such table\n");
    return 2;
}
