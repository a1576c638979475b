/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"

#include "base/digest.h"
#include "numeric/stream.h"

static void check_digest(const char *text, size_t length, const char *want)
{
    tm_sha256 hash;
    uint8_t digest[TM_SHA256_BYTES];
    char hex[TM_SHA256_HEX_SIZE];
    for (size_t cut = 0; cut <= length; cut++) { /* in two pieces, cut anywhere */
        tm_sha256_init(&hash);
        tm_sha256_add(&hash, text, cut);
        tm_sha256_add(&hash, text + cut, length - cut);
        tm_sha256_finish(&hash, digest);
        assert_string_equal(tm_sha256_hex(digest, hex), want);
    }
}

/* FIPS 180-4's examples. */
static void digests_are_sha256(void **state)
{
    (void)state;
    check_digest("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    check_digest("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    check_digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
                 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

/* The first numbers as Python's hashlib and whole numbers give them from the rule's text. */
static void streams_follow_the_rule(void **state)
{
    (void)state;
    const struct {
        const char *trial, *seed, *purpose, *label;
        uint64_t first[3];
    } known[] = {
        {"mission-kortrijk",
         "kortrijk 2017-04-01",
         "order",
         "Overleie|no",
         {0x10d575e09ac43ab8, 0x91c17de2e660c426, 0x6d39d61202d46112}},
        {"mission-kortrijk",
         "kortrijk 2017-04-01",
         "leftover",
         "",
         {0x98ccd7dead27413d, 0x350eb54dd7113c5d, 0xa84fe9b6d5478054}},
        {"\xc3\xa9", "", "order", "a\\|b|", {0xa27a6b498468e9b8, 0xb582a68e14b148e3, 0xb3a4cd763792889e}},
    };
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        tm_pcg64 rng;
        tm_stream_init(&rng, known[k].trial, known[k].seed, known[k].purpose, known[k].label);
        for (int i = 0; i < 3; i++) assert_true(tm_pcg64_next(&rng) == known[k].first[i]);
    }
}

/* The separators keep names apart that read the same when their parts are put together. */
static void parts_of_a_name_do_not_run_together(void **state)
{
    (void)state;
    const char *const names[][4] = {{"ab", "c", "d", "e"}, {"a", "bc", "d", "e"}, {"ab", "cd", "", "e"},
                                    {"ab", "c", "de", ""}, {"abcde", "", "", ""}, {"", "", "", "abcde"}};
    enum { N = sizeof names / sizeof *names };
    tm_pcg64 rng[N];
    for (int i = 0; i < N; i++) {
        tm_stream_init(&rng[i], names[i][0], names[i][1], names[i][2], names[i][3]);
        for (int k = 0; k < i; k++) assert_false(rng[i].state == rng[k].state || rng[i].inc == rng[k].inc);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_are_sha256),
        cmocka_unit_test(streams_follow_the_rule),
        cmocka_unit_test(parts_of_a_name_do_not_run_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
