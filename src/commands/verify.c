/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "command.h"

static bool is_by_another(const temoin_verdict *verdict)
{
    return verdict->engine && strcmp(verdict->engine, temoin_version()) != 0;
}

/* What a verdict on another build's work needs beside it. */
static void print_engine(const temoin_verdict *verdict, const char *before)
{
    if (is_by_another(verdict))
        printf("%smade by temoin %s, replayed by temoin %s\n", before, verdict->engine[0] ? verdict->engine : "?",
               temoin_version());
}

static void print_verdict(const command_args *args, const temoin_verdict *verdict)
{
    if (!verdict->identical) {
        printf("%s: %s\n", verdict->missing ? "cannot tell" : "different",
               verdict->missing ? verdict->missing : verdict->difference);
        print_engine(verdict, "  ");
        return;
    }
    if (args->quiet) return;
    if (verdict->seed[0])
        printf("identical: trial %s, drawn again from seed \"%s\"; ", verdict->trial, verdict->seed);
    else if (verdict->commitment)
        printf("identical: trial %s, drawn again from the secret seed with the SHA-256 %s; ", verdict->trial,
               verdict->commitment);
    else
        printf("identical: trial %s, drawn elsewhere; ", verdict->trial);
    printf("%lld files compared\n", (long long)verdict->n_files);
    print_engine(verdict, "");
}

/* Whose signature it is that nobody demanded, the reader has to judge. */
static void print_signature(const command_args *args, const temoin_signature *signature)
{
    if (signature->difference)
        printf("different: %s\n", signature->difference);
    else if (signature->there && !args->quiet)
        printf("signed by %.16s%s\n", signature->key,
               signature->demanded ? "" : ", as signature.json says; pass --key to demand a key that you know");
}

static int run(temoin_context *context, const command_args *args)
{
    temoin_verdict verdict;
    temoin_signature signature;
    temoin_status status = temoin_bundle_verify(context, args->operand, &verdict);
    if (status == TEMOIN_OK) status = temoin_signature_check(context, args->operand, args->key, &signature);
    if (status != TEMOIN_OK) return tm_command_failed(context, status);
    print_verdict(args, &verdict);
    print_signature(args, &signature);
    return verdict.identical && !signature.difference ? EXIT_DONE : EXIT_DIFFERENT;
}

const temoin_command tm_command_verify = {
    .key = "verify",
    .operand = "BUNDLE",
    .summary = "replay from the seed and compare every byte",
    .options = OPT_KEY | OPT_SEED_FILE | OPT_THREADS | OPT_CPU | OPT_QUIET,
    .run = run,
};
