/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes are a signature's file or are refused, and whatever they say, nobody has signed with a key of the fuzzer's.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "audit/signature_claim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(int condition)
{
    if (!condition) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char message[] = "nobody signed this";
    tm_signature_claim claim;
    const bool good = tm_signature_claim_read((const char *)data, size, &claim);
    demand(memchr(claim.digest, '\0', sizeof claim.digest) != NULL);
    if (good) demand(!tm_signature_validate(claim.key, message, sizeof message, claim.signature));
    return 0;
}
