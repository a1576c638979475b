/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signatures against RFC 8032 and every changed byte; secret seeds; the chain of reveals, typed in from Python's
 * hashlib. */
#include "scratch.h"

#include <sys/stat.h>

#include "base/arena.h"
#include "base/signature.h"
#include "temoin/temoin.h"

static const char open_plan[] =
    "temoin: 1\ntrial: {id: t}\nclients: {file: c.csv, id: id}\narms: [{name: a}, {name: b}]\n"
    "design: {seed: s, strata: [x], kind: blocked}\n";
static const char secret_plan[] =
    "temoin: 1\ntrial: {id: t}\nclients: {file: c.csv, id: id}\narms: [{name: a}, {name: b}]\n"
    "design: {seed_file: seed, strata: [x], kind: blocked,\n"
    "  seed_commitment: 043a718774c572bd8a25adbeb1bfcd5c0256ae11cecf9f9c3f925d0e52beaf89}\n"; /* of "s" */
static const char clients[] = "id,x\n\"w,1\",u\nq,u\nz,v|\n\xc3\xa9,v|\nr,u\n";

/* RFC 8032, section 7.1: secret key, public key, message, signature. */
static const char *const vectors[][4] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe246"
     "55141438e7a10"
     "0b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb"
     "00d291612bb0c"
     "00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc"
     "027beceea1ec4"
     "0a"},
    {"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
     "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2"
     "a9ac94fa54c"
     "a49f",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad"
     "9bef1177331a7"
     "04"},
};

static void rfc_8032(void **state)
{
    (void)state;
    for (size_t v = 0; v < sizeof vectors / sizeof *vectors; v++) {
        uint8_t secret[TM_KEY_BYTES], want[TM_KEY_BYTES], key[TM_KEY_BYTES], text[64];
        uint8_t signature[TM_SIGNATURE_BYTES], wanted[TM_SIGNATURE_BYTES];
        const size_t n = strlen(vectors[v][2]) / 2;
        assert_true(tm_hex_read(vectors[v][0], 64, secret, sizeof secret));
        assert_true(tm_hex_read(vectors[v][1], 64, want, sizeof want));
        assert_true(tm_hex_read(vectors[v][2], 2 * n, text, n));
        assert_true(tm_hex_read(vectors[v][3], 128, wanted, sizeof wanted));
        tm_key_public(secret, key);
        assert_memory_equal(key, want, sizeof key);
        tm_signature_build(secret, text, n, signature);
        assert_memory_equal(signature, wanted, sizeof signature);
        assert_true(tm_signature_validate(key, text, n, signature));
        for (int bit = 0; bit < 8 * TM_SIGNATURE_BYTES; bit++) {
            signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_false(tm_signature_validate(key, text, n, signature));
            signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        for (int bit = 0; bit < 8 * TM_KEY_BYTES; bit++) {
            key[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_false(tm_signature_validate(key, text, n, signature));
            key[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        for (size_t bit = 0; bit < 8 * n; bit++) {
            text[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_false(tm_signature_validate(key, text, n, signature));
            text[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
}

static void hexadecimal_is_strict(void **state)
{
    (void)state;
    uint8_t bytes[2];
    char text[5];
    assert_true(tm_hex_read("00fa", 4, bytes, 2));
    assert_string_equal(tm_hex_write(bytes, 2, text), "00fa");
    static const char *const bad[] = {"00fA", "00f", "00fag", "00 a", "0x0a", "00f\n", "", "g000"};
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) assert_false(tm_hex_read(bad[k], strlen(bad[k]), bytes, 2));
}

static void keys_differ(void **state)
{
    (void)state;
    uint8_t a[TM_KEY_BYTES], b[TM_KEY_BYTES];
    assert_true(tm_key_draw(a) && tm_key_draw(b));
    assert_memory_not_equal(a, b, sizeof a);
    tm_secret_wipe(a, sizeof a);
    for (int k = 0; k < TM_KEY_BYTES; k++) assert_int_equal(a[k], 0);
}

static const char *variable(const char *name)
{
    return strcmp(name, "SEED") == 0 ? "s" : strcmp(name, "OTHER") == 0 ? "other" : NULL;
}

static temoin_context *open_with(const char *seed_file)
{
    const temoin_context_opts opts = {.threads = 1, .environment = variable, .seed_file = seed_file};
    temoin_context *ctx;
    assert_int_equal(temoin_context_build(&opts, &ctx), TEMOIN_OK);
    return ctx;
}

static temoin_status assign(temoin_context *ctx, const char *plan, const char *folder)
{
    const temoin_plan *read;
    const temoin_trial *trial;
    const temoin_assignment *assignment;
    write_file("p.yaml", plan);
    write_file("c.csv", clients);
    TM_TRY(temoin_plan_read(ctx, "p.yaml", &read));
    TM_TRY(temoin_trial_build(ctx, read, false, &trial));
    TM_TRY(temoin_assignment_draw(ctx, trial, &assignment));
    return temoin_bundle_write(ctx, folder, trial, assignment, NULL);
}

static void write_bundle(const char *plan)
{
    temoin_context *ctx = open_with(NULL);
    nftw("out", scratch_remove, 16, FTW_DEPTH | FTW_PHYS);
    write_file("seed", "s\n");
    check_ok(ctx, assign(ctx, plan, "out"));
    temoin_context_free(ctx);
}

static void write_signed(const char *plan)
{
    const char *key;
    temoin_context *ctx = open_with(NULL);
    write_bundle(plan);
    remove("key");
    remove("key.pub");
    check_ok(ctx, temoin_key_build(ctx, "key", &key));
    check_ok(ctx, temoin_bundle_sign(ctx, "out", "key", &key));
    temoin_context_free(ctx);
}

/* Bytes of a file; at most a few thousand. */
static size_t load(const char *path, char text[8192])
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t n = fread(text, 1, 8191, file);
    fclose(file);
    text[n] = '\0';
    return n;
}

static void store(const char *path, const char *text, size_t n)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

static bool is_signed(const char *key)
{
    temoin_context *ctx = open_with(NULL);
    temoin_signature signature;
    const temoin_status status = temoin_signature_check(ctx, "out", key, &signature);
    const bool good = status == TEMOIN_OK && signature.there && !signature.difference;
    if (status != TEMOIN_OK) assert_int_equal(status, TEMOIN_ERR_DATA); /* the key file is none any more */
    temoin_context_free(ctx);
    return good;
}

/* Every byte of a file changed in two ways, taken out, and doubled. */
static void check_every_byte(const char *path, const char *key)
{
    static char text[8192], changed[8192];
    const size_t n = load(path, text);
    for (size_t at = 0; at < n; at++) {
        memcpy(changed, text, n);
        changed[at] ^= 1;
        store(path, changed, n);
        assert_false(is_signed(key));
        changed[at] ^= 1 ^ 0x20;
        store(path, changed, n);
        assert_false(is_signed(key));
        memmove(changed + at, text + at + 1, n - at - 1);
        store(path, changed, n - 1);
        if (at + 1 < n || strcmp(path, "key.pub") != 0) assert_false(is_signed(key)); /* a key needs no newline */
        memcpy(changed, text, at + 1);
        memcpy(changed + at + 1, text + at, n - at);
        store(path, changed, n + 1);
        if (at + 1 < n || strcmp(path, "key.pub") != 0) assert_false(is_signed(key));
    }
    store(path, text, n);
    assert_true(is_signed(key));
}

static void every_changed_byte_is_found(void **state)
{
    (void)state;
    write_signed(open_plan);
    assert_true(is_signed("key.pub"));
    assert_true(is_signed(NULL));
    check_every_byte("out/manifest.json", "key.pub");
    check_every_byte("out/signature.json", "key.pub");
    check_every_byte("key.pub", "key.pub");
    check_every_byte("out/manifest.json", NULL);
    check_every_byte("out/signature.json", NULL);
}

static void keys_are_for_their_owner(void **state)
{
    (void)state;
    struct stat about;
    char text[8192];
    write_signed(open_plan);
    assert_int_equal(stat("key", &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    assert_int_equal(load("key", text), 87);
    assert_int_equal(strncmp(text, "temoin-ed25519-secret ", 22), 0);
    assert_int_equal(load("key.pub", text), 87);
    assert_int_equal(strncmp(text, "temoin-ed25519-public ", 22), 0);
    temoin_context *ctx = open_with(NULL);
    const char *key;
    assert_int_equal(temoin_key_build(ctx, "key", &key), TEMOIN_ERR_DATA);
    assert_int_equal(temoin_bundle_sign(ctx, "out", "key.pub", &key), TEMOIN_ERR_DATA);
    temoin_context_free(ctx);
    assert_true(is_signed("key.pub"));
}

/* No file of the bundle holds the word. */
static const char *searched;

static int search(const char *path, const struct stat *about, int type, struct FTW *walk)
{
    char text[8192];
    (void)about, (void)walk;
    if (type == FTW_F) {
        load(path, text);
        assert_null(strstr(text, searched));
    }
    return 0;
}

static void secret_bundles_hold_no_seed(void **state)
{
    (void)state;
    char open_ledger[8192], secret_ledger[8192];
    write_bundle(open_plan);
    const size_t n = load("out/ledger.csv", open_ledger);
    write_bundle(secret_plan);
    assert_int_equal(load("out/ledger.csv", secret_ledger), n); /* the same seed, the same draw */
    assert_memory_equal(secret_ledger, open_ledger, n);
    searched = "\"s\"";
    assert_int_equal(nftw("out", search, 16, FTW_PHYS), 0);
    searched = "\"seed\"";
    assert_int_equal(nftw("out", search, 16, FTW_PHYS), 0);
}

static void check_secret(const char *seed_file, bool identical, const char *missing)
{
    temoin_context *ctx = open_with(seed_file);
    temoin_verdict verdict;
    check_ok(ctx, temoin_bundle_verify(ctx, "out", &verdict));
    assert_true(verdict.identical == identical);
    assert_null(verdict.difference);
    if (missing) assert_string_equal(verdict.missing, missing);
    assert_string_equal(verdict.seed, "");
    assert_string_equal(verdict.commitment, "043a718774c572bd8a25adbeb1bfcd5c0256ae11cecf9f9c3f925d0e52beaf89");
    temoin_context_free(ctx);
}

static void a_secret_seed_is_asked_for(void **state)
{
    (void)state;
    write_bundle(secret_plan);
    write_file("out/inputs/seed", "s"); /* not looked for beside the plan's copy */
    write_file("other", "S\n");
    write_file("windows", "s\r\n");
    write_file("bare", "s");
    write_file("two", "s\n\n");
    check_secret(NULL, false, "the seed is not in the bundle; pass --seed-file");
    check_secret("other", false, "other: is not the seed that the plan committed to");
    check_secret("two", false, "two: is not the seed that the plan committed to");
    check_secret("seed", true, NULL);
    check_secret("windows", true, NULL);
    check_secret("bare", true, NULL);
    remove("out/inputs/seed");
}

static void check_plan(const char *design, const char *problem)
{
    char text[1024];
    const temoin_plan *plan;
    temoin_context *ctx = open_with(NULL);
    snprintf(text, sizeof text,
             "temoin: 1\ntrial: {id: t}\nclients: {file: c.csv, id: id}\narms: [{name: a}, {name: b}]\ndesign: {%s}\n",
             design);
    write_file("p.yaml", text);
    const temoin_status status = temoin_plan_read(ctx, "p.yaml", &plan);
    assert_int_equal(status, problem ? TEMOIN_ERR_PLAN : TEMOIN_OK);
    if (problem && !strstr(temoin_context_problem(ctx, 0), problem))
        print_error("%s\n", temoin_context_problem(ctx, 0));
    if (problem) assert_non_null(strstr(temoin_context_problem(ctx, 0), problem));
    temoin_context_free(ctx);
}

#define OF_S "seed_commitment: 043a718774c572bd8a25adbeb1bfcd5c0256ae11cecf9f9c3f925d0e52beaf89"

static void plans_commit_to_one_seed(void **state)
{
    (void)state;
    write_file("seed", "s");
    write_file("zero", "");
    check_plan("seed: s, " OF_S, NULL);
    check_plan("seed_file: seed, " OF_S, NULL);
    check_plan("seed_env: SEED, " OF_S, NULL);
    check_plan("seed: t, " OF_S,
               "line 5: the seed has the SHA-256 e3b98a4da31a127d4bde6e43033f66ba274cab0eb7eb1c70ec41402bf6273dd8");
    check_plan("seed_env: OTHER, " OF_S,
               "line 5: the seed has the SHA-256 d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa");
    check_plan("seed_env: ABSENT, " OF_S, "line 5: the variable \"ABSENT\" of the environment is not set");
    check_plan("seed_file: absent, " OF_S, "line 5: there is no file \"absent\"");
    check_plan("seed_file: zero, " OF_S, "zero: is empty");
    check_plan("seed_file: seed", "line 5: a seed that is not in the plan needs \"design.seed_commitment\"");
    check_plan("seed_env: SEED", "line 5: a seed that is not in the plan needs \"design.seed_commitment\"");
    check_plan("seed: s, seed_env: SEED, " OF_S, "line 5: there must be one of");
    check_plan("seed_file: seed, seed_env: SEED, " OF_S, "line 5: there must be one of");
    check_plan("seed_file: seed, assigned: x, " OF_S, "line 5: \"design\" has both \"seed_file\" and \"assigned\"");
    check_plan("assigned: x, " OF_S, "line 5: \"design.seed_commitment\" goes with a seed");
    check_plan("seed: s, seed_commitment: 043A", "line 5: \"design.seed_commitment\" is \"043A\"");
}

static void check_reveal(const char *client, const char *arm, int64_t n, const char *head)
{
    temoin_context *ctx = open_with(NULL);
    temoin_reveal reveal;
    check_ok(ctx, temoin_bundle_reveal(ctx, "out", client, &reveal));
    assert_string_equal(reveal.arm, arm);
    assert_int_equal(reveal.n, n);
    assert_string_equal(reveal.head, head);
    temoin_context_free(ctx);
}

static bool is_identical(void)
{
    temoin_context *ctx = open_with(NULL);
    temoin_verdict verdict;
    check_ok(ctx, temoin_bundle_verify(ctx, "out", &verdict));
    const bool identical = verdict.identical;
    if (!identical) assert_int_equal(strncmp(verdict.difference, "reveals.csv: line ", 18), 0);
    temoin_context_free(ctx);
    return identical;
}

static void reveals_are_a_chain(void **state)
{
    (void)state;
    static char text[8192], changed[8192];
    write_bundle(open_plan);
    check_reveal("w,1", "a", 1, "324e74bf1e2dac343053f1de0b2a51b60c2007fde6a7acd82252d4fab1e2575f");
    check_reveal("q", "a", 2, "82961f8c815a01ec2dfb2e28825e5418295c15b26a97d3924d0e54d530806765");
    check_reveal("w,1", "a", 3, "10877be866b1391cf480d362951b9496052fbf459275cac1b0789f587f5560bd");
    const size_t n = load("out/reveals.csv", text);
    assert_string_equal(text, "reveal,position,client,digest\n"
                              "1,3,\"w,1\",324e74bf1e2dac343053f1de0b2a51b60c2007fde6a7acd82252d4fab1e2575f\n"
                              "2,1,q,82961f8c815a01ec2dfb2e28825e5418295c15b26a97d3924d0e54d530806765\n"
                              "3,3,\"w,1\",10877be866b1391cf480d362951b9496052fbf459275cac1b0789f587f5560bd\n");
    assert_true(is_identical());
    for (size_t at = 0; at < n; at++) {
        memcpy(changed, text, n);
        changed[at] ^= 1;
        store("out/reveals.csv", changed, n);
        assert_false(is_identical());
        memmove(changed + at, text + at + 1, n - at - 1);
        store("out/reveals.csv", changed, n - 1);
        assert_false(is_identical());
    }
    store("out/reveals.csv", text, n);
    assert_true(is_identical());
}

static void reveals_need_a_client(void **state)
{
    (void)state;
    temoin_context *ctx = open_with(NULL);
    temoin_reveal reveal;
    write_bundle(open_plan);
    assert_int_equal(temoin_bundle_reveal(ctx, "out", "nobody", &reveal), TEMOIN_ERR_DATA);
    assert_int_equal(access("out/reveals.csv", F_OK), -1);
    assert_int_equal(temoin_bundle_reveal(ctx, "nowhere", "q", &reveal), TEMOIN_ERR_IO);
    assert_int_equal(access("nowhere", F_OK), -1);
    write_file("out/reveals.csv", "reveal,position,client,digest\n1,1,q,0\n");
    assert_int_equal(temoin_bundle_reveal(ctx, "out", "q", &reveal), TEMOIN_ERR_DATA);
    temoin_context_free(ctx);
}

static void check_export(const char *format, int32_t n_files, const char *name, const char *want)
{
    char text[8192], path[64];
    temoin_context *ctx = open_with(NULL);
    temoin_export made;
    const temoin_export_opts opts = {.format = format, .output = "lists"};
    check_ok(ctx, temoin_bundle_export(ctx, "out", &opts, &made));
    assert_int_equal(made.n_files, n_files);
    snprintf(path, sizeof path, "lists/%s", name);
    load(path, text);
    assert_string_equal(text, want);
    temoin_context_free(ctx);
}

/* Codes typed in from hashlib. */
static void exports(void **state)
{
    (void)state;
    write_bundle(open_plan);
    check_export("redcap", 2, "redcap_allocation.csv",
                 "redcap_randomization_number,redcap_randomization_group,x\n1,a,1\n2,b,1\n3,a,1\n4,a,2\n5,b,2\n");
    check_export("redcap", 2, "redcap_choices.csv",
                 "field,column,code,value\nredcap_randomization_group,arm,a,a\nredcap_randomization_group,arm,b,b\n"
                 "x,x,1,u\nx,x,2,v|\n");
    check_export("sealed", 2, "sealed-01-u.csv",
                 "envelope,site,code,client,arm\n1,u,1044f64d,q,a\n2,u,6be8d776,r,b\n3,u,264b84e2,\"w,1\",a\n");
    check_export("sealed", 2, "sealed-02-v-.csv",
                 "envelope,site,code,client,arm\n1,v|,cd1f109e,z,a\n2,v|,a1dd45b3,\xc3\xa9,b\n");
}

/* Scenarios in which allocations fail. */
static temoin_status sign_again(temoin_context *ctx)
{
    const char *key;
    return temoin_bundle_sign(ctx, "out", "key", &key);
}

static temoin_status check_signature(temoin_context *ctx)
{
    temoin_signature signature;
    TM_TRY(temoin_signature_check(ctx, "out", "key.pub", &signature));
    assert_true(signature.there && !signature.difference);
    return TEMOIN_OK;
}

static temoin_status verify_secret(temoin_context *ctx)
{
    temoin_verdict verdict;
    TM_TRY(temoin_bundle_verify(ctx, "out", &verdict));
    assert_true(verdict.identical);
    return TEMOIN_OK;
}

static temoin_status reveal_one(temoin_context *ctx)
{
    temoin_reveal reveal;
    return temoin_bundle_reveal(ctx, "out", "q", &reveal);
}

static temoin_status export_redcap(temoin_context *ctx)
{
    temoin_export made;
    return temoin_bundle_export(ctx, "out", &(temoin_export_opts){.format = "redcap", .output = "lists"}, &made);
}

static temoin_status export_sealed(temoin_context *ctx)
{
    temoin_export made;
    return temoin_bundle_export(ctx, "out", &(temoin_export_opts){.format = "sealed", .output = "lists"}, &made);
}

static temoin_status make_key(temoin_context *ctx)
{
    const char *key;
    remove("fresh");
    remove("fresh.pub");
    temoin_status status = temoin_key_build(ctx, "fresh", &key);
    assert_int_equal(access("fresh", F_OK), access("fresh.pub", F_OK)); /* both or none */
    return status;
}

static temoin_status run_starved(temoin_status (*scene)(temoin_context *), int64_t at, bool alone)
{
    const temoin_context_opts opts = {.threads = 1, .seed_file = "seed"};
    temoin_context *ctx;
    if (alone)
        tm_arena_fail_once(at);
    else
        tm_arena_fail_after(at);
    temoin_status status = temoin_context_build(&opts, &ctx);
    if (status == TEMOIN_OK) status = scene(ctx);
    tm_arena_fail_after(0);
    temoin_context_free(ctx);
    return status;
}

static void allocations_fail(void **state)
{
    (void)state;
    temoin_status (*const scenes[])(temoin_context *) = {sign_again,    check_signature, verify_secret, reveal_one,
                                                         export_redcap, export_sealed,   make_key};
    write_signed(secret_plan);
    for (size_t s = 0; s < sizeof scenes / sizeof *scenes; s++) {
        int64_t n = 1;
        for (temoin_status status; (status = run_starved(scenes[s], n, false)) != TEMOIN_OK; n++) {
            assert_int_equal(status, TEMOIN_ERR_MEMORY);
            assert_true(n < 20000);
        }
        for (int64_t at = 1; at < n; at++) assert_int_equal(run_starved(scenes[s], at, true), TEMOIN_ERR_MEMORY);
        assert_true(is_signed("key.pub"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc_8032),
        cmocka_unit_test(hexadecimal_is_strict),
        cmocka_unit_test(keys_differ),
        cmocka_unit_test(every_changed_byte_is_found),
        cmocka_unit_test(keys_are_for_their_owner),
        cmocka_unit_test(secret_bundles_hold_no_seed),
        cmocka_unit_test(a_secret_seed_is_asked_for),
        cmocka_unit_test(plans_commit_to_one_seed),
        cmocka_unit_test(reveals_are_a_chain),
        cmocka_unit_test(reveals_need_a_client),
        cmocka_unit_test(exports),
        cmocka_unit_test(allocations_fail),
    };
    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
