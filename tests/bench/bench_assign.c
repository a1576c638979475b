/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `temoin assign` as a whole, split into its steps, each beside its limit: the bytes of the client file read once; one
 * arm written per unit; the bytes of the ledger hashed twice (each line for its chain, the file for the manifest) and
 * written to the disk once. `bench-assign UNITS STRATA` runs another size than 1,000,000 in 10,000. */
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/files.h"
#include "stopwatch.h"
#include "temoin/temoin.h"

static const char plan_text[] = "temoin: 1\n"
                                "trial: {id: bench}\n"
                                "clients: {file: clients.csv, id: id}\n"
                                "arms: [{name: a, share: .10}, {name: b, share: .20}, {name: c, share: .70}]\n"
                                "design: {kind: blocked, strata: [site], seed: bench}\n";

static int write_inputs(int64_t n_units, int64_t n_strata)
{
    FILE *plan = fopen("plan.yaml", "w"), *clients = fopen("clients.csv", "w");
    if (!plan || !clients) return 1;
    fputs(plan_text, plan);
    fputs("id,site\n", clients);
    for (int64_t i = 0; i < n_units; i++) { /* an odd multiplier: each number once, in no order */
        const uint64_t u = (uint64_t)i * 6364136223u % (uint64_t)n_units;
        fprintf(clients, "c%08llu,s%05llu\n", (unsigned long long)u,
                (unsigned long long)(u * 2654435761u % (uint64_t)n_strata));
    }
    return fclose(plan) | fclose(clients);
}

static double time_reading(temoin_context *ctx)
{
    const char *bytes;
    size_t length;
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const double start = stopwatch_now();
    if (tm_file_read_scratch(ctx, "clients.csv", &bytes, &length) != TEMOIN_OK) return -1;
    const double seconds = stopwatch_now() - start;
    tm_arena_rewind(&ctx->scratch, mark);
    return seconds;
}

static double time_writing(const char *text, size_t length)
{
    tm_sha256 hash;
    uint8_t digest[TM_SHA256_BYTES];
    const double start = stopwatch_now();
    for (int twice = 0; twice < 2; twice++) {
        tm_sha256_init(&hash);
        tm_sha256_add(&hash, text, length);
        tm_sha256_finish(&hash, digest);
    }
    FILE *file = fopen("limit.csv", "w");
    if (!file || fwrite(text, 1, length, file) != length || fflush(file) || fsync(fileno(file)) || fclose(file))
        return -1;
    return stopwatch_now() - start;
}

static void put(const char *step, double seconds, const char *limit, double least)
{
    printf("  %-6s %8.3f s   %s %8.3f s\n", step, seconds, limit, least);
}

static int run(temoin_context *ctx, int64_t n_units)
{
    const temoin_plan *plan;
    const temoin_trial *trial;
    const temoin_assignment *assignment;
    const char *text;
    size_t length;
    const double start = stopwatch_now();
    if (temoin_plan_read(ctx, "plan.yaml", &plan) != TEMOIN_OK) return 1;
    if (temoin_trial_build(ctx, plan, false, &trial) != TEMOIN_OK) return 1;
    const double is_read = stopwatch_now();
    if (temoin_assignment_draw(ctx, trial, &assignment) != TEMOIN_OK) return 1;
    const double is_drawn = stopwatch_now();
    if (temoin_bundle_write(ctx, "bundle", trial, assignment, NULL) != TEMOIN_OK) return 1;
    const double is_written = stopwatch_now();
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    int32_t *arm = malloc((size_t)n_units * sizeof *arm);
    const double before = stopwatch_now();
    memset(arm, 1, (size_t)n_units * sizeof *arm);
    const double arms_written = stopwatch_now() - before;
    volatile int32_t seen = arm[n_units / 2]; /* or the writing would be left out */
    (void)seen;
    free(arm);
    put("read", is_read - start, "bytes of the file read once            ", time_reading(ctx));
    put("draw", is_drawn - is_read, "arms written once                      ", arms_written);
    if (temoin_ledger_render(ctx, assignment, &text, &length) != TEMOIN_OK) return 1;
    put("write", is_written - is_drawn, "bytes of the ledger hashed twice, saved", time_writing(text, length));
    printf("  memory %8.0f MiB at most\n", (double)usage.ru_maxrss / 1024);
    return 0;
}

int main(int argc, char **argv)
{
    const int64_t n_units = argc > 2 ? atoll(argv[1]) : 1000000, n_strata = argc > 2 ? atoll(argv[2]) : 10000;
    const temoin_context_opts opts = {.threads = 1};
    char folder[] = "/tmp/temoin-bench-XXXXXX", command[64];
    temoin_context *ctx;
    if (!mkdtemp(folder) || chdir(folder) != 0 || write_inputs(n_units, n_strata) != 0) return 1;
    if (temoin_context_build(&opts, &ctx) != TEMOIN_OK) return 1;
    printf("assign: %lld units in %lld strata, from file to ledger, one thread\n", (long long)n_units,
           (long long)n_strata);
    const int status = run(ctx, n_units);
    for (size_t i = 0; status && i < temoin_context_n_problems(ctx); i++) puts(temoin_context_problem(ctx, i));
    temoin_context_free(ctx);
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command) | status;
}
