/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A seed that is not in the plan: where it comes from, and whether it is the one that the plan commits to. */
#include <string.h>

#include "base/digest.h"
#include "base/files.h"
#include "plan/plan_reader.h"

/* The text of a file without its last newline. */
static temoin_status read_seed(temoin_context *ctx, const char *path, const char **seed)
{
    const char *text;
    size_t length;
    TM_TRY(tm_file_read(ctx, path, &text, &length));
    if (length > 0 && text[length - 1] == '\n') length--;
    if (length > 0 && text[length - 1] == '\r' && text[length] == '\n') length--;
    if (length == 0 || memchr(text, '\0', length))
        TM_FAIL(ctx, TEMOIN_ERR_PLAN, "%s: %s; it must hold the seed, a text of one line", path,
                length == 0 ? "is empty" : "holds a zero byte");
    *seed = tm_text_copy(ctx, text, length);
    return *seed ? TEMOIN_OK : tm_fail_memory(ctx);
}

/* The file that the plan names; a failure says where the plan names it. */
static temoin_status read_plan_seed(temoin_context *ctx, const temoin_plan *plan, const char **seed)
{
    const char *path = tm_path_beside(ctx, plan->path, plan->design.seed_file);
    if (!path) return tm_fail_memory(ctx);
    if (!tm_file_exists(path))
        TM_FAIL(
            ctx, TEMOIN_ERR_PLAN,
            "%s: line %d: there is no file \"%s\"; \"design.seed_file\" names, as seen from the plan, the file that "
            "holds the seed; where it lies elsewhere, pass --seed-file",
            plan->path, tm_plan_line(plan, "design.seed_file"), plan->design.seed_file);
    if (tm_path_is_folder(path))
        TM_FAIL(ctx, TEMOIN_ERR_PLAN, "%s: line %d: \"design.seed_file\" is a folder; name a file", plan->path,
                tm_plan_line(plan, "design.seed_file"));
    return read_seed(ctx, path, seed);
}

static temoin_status read_variable(temoin_context *ctx, const temoin_plan *plan, bool again, const char **seed)
{
    const char *name = plan->design.seed_env, *text = ctx->environment ? ctx->environment(name) : NULL;
    if (text && text[0]) {
        *seed = tm_text_copy(ctx, text, strlen(text));
        return *seed ? TEMOIN_OK : tm_fail_memory(ctx);
    }
    if (again) return TEMOIN_OK;
    TM_FAIL(ctx, TEMOIN_ERR_PLAN,
            "%s: line %d: the variable \"%s\" of the environment is %s; set it to the seed, or pass --seed-file",
            plan->path, tm_plan_line(plan, "design.seed_env"), name, text ? "empty" : "not set");
}

static temoin_status find_seed(temoin_context *ctx, const temoin_plan *plan, bool again, const char **seed)
{
    *seed = plan->design.seed;
    if (!tm_plan_hides_seed(plan)) return TEMOIN_OK;
    if (ctx->seed_file) return read_seed(ctx, ctx->seed_file, seed);
    if (plan->design.seed_env) return read_variable(ctx, plan, again, seed);
    return again ? TEMOIN_OK : read_plan_seed(ctx, plan, seed);
}

/* The seed itself is never shown. A replay can do nothing with one that is not the plan's. */
static temoin_status check_seed(temoin_context *ctx, const temoin_plan *plan, bool again, const char **seed)
{
    tm_sha256 hash;
    uint8_t digest[TM_SHA256_BYTES];
    char hex[TM_SHA256_HEX_SIZE];
    if (!plan->design.commitment || !*seed) return TEMOIN_OK;
    tm_sha256_init(&hash);
    tm_sha256_add(&hash, *seed, strlen(*seed));
    tm_sha256_finish(&hash, digest);
    if (strcmp(tm_sha256_hex(digest, hex), plan->design.commitment) == 0) return TEMOIN_OK;
    if (again && tm_plan_hides_seed(plan)) {
        *seed = NULL;
        return TEMOIN_OK;
    }
    TM_FAIL(ctx, TEMOIN_ERR_PLAN,
            "%s: line %d: the seed has the SHA-256 %s; the plan commits to %s: use the seed that was committed to",
            plan->path, tm_plan_line(plan, "design.seed_commitment"), hex, plan->design.commitment);
}

temoin_status tm_plan_take_seed(temoin_context *ctx, const temoin_plan *plan, bool again, const temoin_plan **out)
{
    const char *seed;
    temoin_plan *whole;
    TM_TRY(find_seed(ctx, plan, again, &seed));
    TM_TRY(check_seed(ctx, plan, again, &seed));
    TM_ALLOC(ctx, whole, 1);
    *whole = *plan;
    whole->design.seed = seed;
    *out = whole;
    return TEMOIN_OK;
}
