/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command.h"

static int make_key(temoin_context *context, const command_args *args)
{
    const char *key;
    temoin_status status = temoin_key_build(context, args->new_key, &key);
    if (status != TEMOIN_OK) return tm_command_failed(context, status);
    if (args->quiet) return EXIT_DONE;
    printf("secret key: %s, for you alone\npublic key: %s.pub, %.16s…\n", args->new_key, args->new_key, key);
    printf("publish the public key: whoever has it can tell what you signed\n");
    return EXIT_DONE;
}

static int sign(temoin_context *context, const command_args *args)
{
    const char *key;
    temoin_status status = temoin_bundle_sign(context, args->operand, args->key, &key);
    if (status != TEMOIN_OK) return tm_command_failed(context, status);
    if (!args->quiet) printf("signed by %.16s: %s/signature.json\n", key, args->operand);
    return EXIT_DONE;
}

static int run(temoin_context *context, const command_args *args)
{
    if (args->new_key && !args->operand && !args->key) return make_key(context, args);
    if (args->operand && args->key && !args->new_key) return sign(context, args);
    fprintf(stderr, "temoin: sign needs either BUNDLE and --key, or --new-key alone; see `temoin sign --help`\n");
    return EXIT_USAGE;
}

const temoin_command tm_command_sign = {
    .key = "sign",
    .operand = "[BUNDLE]",
    .summary = "sign a bundle, or make the key for it",
    .options = OPT_SIGN_KEY | OPT_NEW_KEY | OPT_QUIET,
    .run = run,
};
