/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ledger's chain and the manifest's digests, typed in from Python's hashlib; bundles that are identical, and every
 * way in which one is not. */
#include "scratch.h"

#include <sodium.h>
#include <sys/stat.h>

#include "temoin/temoin.h"

static const char drawn_plan[] =
    "temoin: 1\ntrial: {id: t}\nclients: {file: c.csv, id: id}\narms: [{name: a}, {name: b}]\n"
    "design: {seed: s, strata: [x], kind: blocked}\n";
static const char drawn_clients[] = "id,x\n\"w,1\",u\nq,u\nz,v|\n\xc3\xa9,v|\nr,u\n";
static const char analysis_plan[] =
    "temoin: 1\ntrial: {id: t}\nclients: {file: c.csv, id: id}\noutcomes: [{file: o.csv, id: id}, {file: c.csv, id: "
    "id}]\n"
    "arms: [{name: a}, {name: b}]\ndesign: {seed: s, strata: [x], kind: blocked}\nmeasures: [{name: y}]\n"
    "estimates: [{name: e, measures: [y], estimator: dim, variance: neyman}]\nreport: {languages: [fr]}\n";

typedef struct made {
    temoin_context *ctx;
    const temoin_trial *trial;
    const temoin_assignment *assignment;
    const temoin_results *results;
} made;

static made make(const char *plan, bool analysis)
{
    made m = {.ctx = check_context()};
    const temoin_plan *read;
    write_file("p.yaml", plan);
    check_ok(m.ctx, temoin_plan_read(m.ctx, "p.yaml", &read));
    check_ok(m.ctx, temoin_trial_build(m.ctx, read, analysis, &m.trial));
    check_ok(m.ctx, temoin_assignment_draw(m.ctx, m.trial, &m.assignment));
    if (analysis) check_ok(m.ctx, temoin_results_build(m.ctx, m.trial, m.assignment, &m.results));
    return m;
}

static void remove_bundle(void)
{
    nftw("out", scratch_remove, 16, FTW_DEPTH | FTW_PHYS);
}

/* Writes the bundle anew into `out`. */
static void write_bundle(const char *plan, const char *clients, bool analysis)
{
    write_file("c.csv", clients);
    made m = make(plan, analysis);
    remove_bundle();
    check_ok(m.ctx, temoin_bundle_write(m.ctx, "out", m.trial, m.assignment, m.results));
    temoin_context_free(m.ctx);
}

static void write_drawn(void)
{
    write_bundle(drawn_plan, drawn_clients, false);
}

static void write_analysis(void)
{
    write_file("o.csv", "id,y\na,1\nb,2.5\nc,4\nd,3\ne,1\nf,7\ng,2\nh,3\n");
    write_bundle(analysis_plan, "id,x\na,u\nb,u\nc,u\nd,u\ne,v\nf,v\ng,v\nh,v\n", true);
}

/* The bytes of a file, with a NUL behind them. */
typedef struct bytes {
    char text[1 << 17];
    size_t length;
} bytes;

static void load(const char *path, bytes *to)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    to->length = fread(to->text, 1, sizeof to->text - 1, file);
    to->text[to->length] = '\0';
    fclose(file);
}

static void store(const char *path, const char *text, size_t length)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

/* The verdict on `out` as text: "identical", or the difference. The caller's buffer. */
static const char *judge(char text[1024])
{
    const temoin_context_opts opts = {.threads = 1};
    temoin_context *ctx;
    temoin_verdict verdict;
    assert_int_equal(temoin_context_build(&opts, &ctx), TEMOIN_OK);
    check_ok(ctx, temoin_bundle_verify(ctx, "out", &verdict));
    assert_int_equal(verdict.identical + !!verdict.difference + !!verdict.missing, 1);
    assert_int_equal(temoin_context_n_problems(ctx), 0);
    snprintf(text, 1024, "%s%s", verdict.missing ? "cannot tell: " : "",
             verdict.missing     ? verdict.missing
             : verdict.identical ? "identical"
                                 : verdict.difference);
    temoin_context_free(ctx);
    return text;
}

static void check_verdict(const char *want)
{
    char got[1024];
    judge(got);
    if (strncmp(got, want, strlen(want)) != 0) print_error("found %s\nwant  %s\n", got, want);
    assert_int_equal(strncmp(got, want, strlen(want)), 0);
}

static void the_chain_is_hashlibs(void **state)
{
    (void)state;
    write_file("c.csv", drawn_clients);
    made m = make(drawn_plan, false);
    const char *text;
    size_t length;
    check_ok(m.ctx, temoin_ledger_render(m.ctx, m.assignment, &text, &length));
    assert_string_equal(text,
                        "position,client,stratum,arm,probability,digest\n"
                        "1,q,u,a,0.5,9d13e6507c7f88f14265242e8cc19fd7c5aa95f241cb97a3595e28ec02645b00\n"
                        "2,r,u,b,0.5,6d3748e93c50e2f265768ccbb5419b5f4d61e2da6a97474e062b626ee00aa2f8\n"
                        "3,\"w,1\",u,a,0.5,67d5620a3c24d1e4b751b50e7211fb8361b08229d9e5c91abb851a9115d4acd1\n"
                        "4,z,v\\|,a,0.5,323b050609bea6b8c5e4dd7d0ab106db3ad97b50286e528b1f9f1b8f08b9c50a\n"
                        "5,\xc3\xa9,v\\|,b,0.5,6ea463d11b49ae0ad2aab99062b95fdaa8edaa37928736994f506fc30dbdc787\n");
    assert_int_equal(length, strlen(text));
    assert_string_equal(temoin_ledger_head(m.ctx, m.assignment),
                        "6ea463d11b49ae0ad2aab99062b95fdaa8edaa37928736994f506fc30dbdc787");
    temoin_context_free(m.ctx);
}

/* The seal of all lines so far, as libsodium digests them. */
static void seal(char *text, size_t room)
{
    unsigned char digest[crypto_hash_sha256_BYTES];
    char hex[2 * sizeof digest + 1];
    const size_t length = strlen(text);
    assert_int_equal(crypto_hash_sha256(digest, (const unsigned char *)text, length), 0);
    snprintf(text + length, room - length, "  \"seal\": \"%s\"\n}\n",
             sodium_bin2hex(hex, sizeof hex, digest, sizeof digest));
}

static void the_manifest_holds_what_the_run_depends_on(void **state)
{
    (void)state;
    bytes manifest;
    write_drawn();
    load("out/manifest.json", &manifest);
    char want[2048];
    snprintf(
        want, sizeof want,
        "{\n  \"schema\": \"temoin-bundle\",\n  \"version\": 1,\n  \"engine\": \"%s\",\n  \"trial\": \"t\",\n"
        "  \"stage\": \"assignment\",\n  \"design\": {\n    \"kind\": \"blocked\",\n    \"seed\": \"s\",\n"
        "    \"strata\": [\"x\"],\n    \"n_units\": 5,\n    \"n_strata\": 2,\n    \"arms\": [\n"
        "      {\"name\": \"a\", \"share\": 1, \"n\": 3},\n      {\"name\": \"b\", \"share\": 1, \"n\": 2}\n    ],\n"
        "    \"stratum_shares\": {}\n  },\n"
        "  \"ledger_head\": \"6ea463d11b49ae0ad2aab99062b95fdaa8edaa37928736994f506fc30dbdc787\",\n"
        "  \"inputs\": [\n    {\"role\": \"plan\", \"file\": \"inputs/plan.yaml\", \"bytes\": 131, \"sha256\": "
        "\"9124912bce9e2e6610b2c47dce6f1a148f302cdb3b9c7cfbd2916ee890fb0665\"},\n"
        "    {\"role\": \"clients\", \"file\": \"inputs/clients.csv\", \"bytes\": 32, \"sha256\": "
        "\"93a3f6cfc144913422395b6b4a19d642bb7a573e6af565d82ae76af7cf9dc1bd\"}\n  ],\n"
        "  \"outputs\": [\n    {\"file\": \"ledger.csv\", \"bytes\": 441, \"sha256\": "
        "\"e2ea39e6150436bdd1bef1b16b93040cfb9f6d0c2ba4c829a360d7a19987c1f5\"}\n  ],\n",
        temoin_version());
    const size_t length = strlen(want);
    seal(want, sizeof want);
    assert_memory_equal(manifest.text, want, length);
    assert_string_equal(manifest.text + length, want + length);
}

static void a_bundle_replays(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    temoin_verdict verdict;
    write_drawn();
    check_ok(ctx, temoin_bundle_verify(ctx, "out", &verdict));
    assert_true(verdict.identical);
    assert_string_equal(verdict.trial, "t");
    assert_string_equal(verdict.seed, "s");
    assert_int_equal(verdict.n_files, 4); /* two inputs, the ledger, the manifest */
    write_analysis();
    write_file("c.csv", "id\nother\n"); /* nothing outside of the bundle is read */
    assert_int_equal(unlink("o.csv"), 0);
    check_ok(ctx, temoin_bundle_verify(ctx, "out", &verdict));
    assert_true(verdict.identical);
    assert_int_equal(verdict.n_files, 9); /* an input that serves two roles counts for each */
    temoin_context_free(ctx);
}

static void set_byte(const char *path, size_t at, int byte)
{
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, (long)at, SEEK_SET), 0);
    assert_int_equal(fputc(byte, file), byte);
    assert_int_equal(fclose(file), 0);
}

/* Every byte of a file, or every step-th, changed in two ways: the verdict names the file. */
static void flip_all(const char *name, size_t step)
{
    static const int changes[] = {1, 0x20};
    char path[64], difference[1024];
    static bytes whole;
    snprintf(path, sizeof path, "out/%s", name);
    load(path, &whole);
    for (size_t at = 0; at < whole.length; at += step) {
        const int byte = (unsigned char)whole.text[at];
        for (int c = 0; c < 2; c++) {
            set_byte(path, at, byte ^ changes[c]);
            judge(difference);
            if (!strstr(difference, name)) print_error("%s, byte %zu: %s\n", name, at, difference);
            assert_non_null(strstr(difference, name));
        }
        set_byte(path, at, byte);
    }
}

static void every_flipped_byte_is_found(void **state)
{
    (void)state;
    write_drawn();
    flip_all("inputs/plan.yaml", 1);
    flip_all("inputs/clients.csv", 1);
    flip_all("ledger.csv", 1);
    flip_all("manifest.json", 1);
    check_verdict("identical");
}

static void every_flipped_byte_of_an_analysis_is_found(void **state)
{
    (void)state;
    write_analysis();
    flip_all("inputs/outcomes-1.csv", 1);
    flip_all("estimates.csv", 3);
    flip_all("manifest.json", 11);
    flip_all("results.json", 29);
    flip_all("report.fr.html", 997);
    check_verdict("identical");
}

/* Start of line k (1: the first); the end of the text beyond the last. */
static char *line_start(bytes *file, int k)
{
    char *at = file->text;
    while (--k > 0 && (at = strchr(at, '\n'))) at++;
    return at ? at : file->text + file->length;
}

/* Lines of the ledger in another order: "1346" keeps those. */
static void rearrange_ledger(const char *order, const char *want)
{
    static bytes ledger, changed;
    load("out/ledger.csv", &ledger);
    changed.length = 0;
    for (; *order; order++) {
        const char *from = line_start(&ledger, *order - '0'), *to = line_start(&ledger, *order - '0' + 1);
        memcpy(changed.text + changed.length, from, (size_t)(to - from));
        changed.length += (size_t)(to - from);
    }
    store("out/ledger.csv", changed.text, changed.length);
    check_verdict(want);
    store("out/ledger.csv", ledger.text, ledger.length);
}

static void moved_lines_are_found(void **state)
{
    (void)state;
    write_drawn();
    rearrange_ledger("123456", "identical");
    rearrange_ledger("12456", "ledger.csv: line 3, byte 1 differs\n  expected: 2,r,u,b,0.5,6d37");
    rearrange_ledger("1223456", "ledger.csv: line 3, byte 1 differs\n");
    rearrange_ledger("132456", "ledger.csv: line 2, byte 1 differs\n");
    rearrange_ledger("1234566", "ledger.csv: line 7, byte 1 differs\n  expected: \n  found:    5,");
    rearrange_ledger("12345", "ledger.csv: line 6, byte 1 differs\n");
    rearrange_ledger("", "ledger.csv: line 1, byte 1 differs\n  expected: position,");
    check_verdict("identical");
}

static void truncated_and_missing_files_are_found(void **state)
{
    (void)state;
    static const char *const names[] = {"inputs/plan.yaml", "inputs/clients.csv", "ledger.csv", "manifest.json"};
    static bytes whole;
    char path[64], difference[1024];
    for (int f = 0; f < 4; f++) {
        write_drawn();
        snprintf(path, sizeof path, "out/%s", names[f]);
        load(path, &whole);
        for (size_t length = 0; length < whole.length; length += length + 40 < whole.length ? 13 : 1) {
            store(path, whole.text, length);
            assert_non_null(strstr(judge(difference), names[f]));
        }
        if (f == 3) continue;
        assert_int_equal(unlink(path), 0);
        snprintf(difference, sizeof difference, "%s%s: the file, of which manifest.json tells, is missing",
                 f < 2 ? "cannot tell: " : "", names[f]);
        check_verdict(difference);
        assert_int_equal(mkdir(path, 0777), 0);
        snprintf(difference, sizeof difference, "%s: cannot be read: out/%s: is a folder", names[f], names[f]);
        check_verdict(difference);
    }
}

static void a_folder_without_a_manifest_is_no_bundle(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    temoin_verdict verdict;
    remove_bundle();
    assert_int_equal(temoin_bundle_verify(ctx, "out", &verdict), TEMOIN_ERR_IO);
    assert_string_equal(temoin_context_problem(ctx, 0), "out: there is no manifest.json; name the folder that "
                                                        "`temoin assign` or `analyze` wrote");
    temoin_context_free(ctx);
}

/* The manifest with one text replaced by another. */
static void check_edited(const char *from, const char *to, const char *want)
{
    static bytes manifest, changed;
    load("out/manifest.json", &manifest);
    const char *at = strstr(manifest.text, from);
    assert_non_null(at);
    changed.length = (size_t)snprintf(changed.text, sizeof changed.text, "%.*s%s%s", (int)(at - manifest.text),
                                      manifest.text, to, at + strlen(from));
    store("out/manifest.json", changed.text, changed.length);
    check_verdict(want);
    store("out/manifest.json", manifest.text, manifest.length);
}

static void an_edited_manifest_is_found(void **state)
{
    (void)state;
    static const char outside[] =
        "manifest.json: an entry of \"inputs\" lacks its role, file or sha256, or names a file outside";
    write_drawn();
    check_edited("  \"schema\": \"temoin-bundle\",\n  \"version\": 1,\n",
                 "  \"version\": 1,\n  \"schema\": \"temoin-bundle\",\n", "manifest.json: line 2, byte 4 differs\n");
    check_edited("inputs/clients.csv", "inputs/../c.csv", outside);
    check_edited("inputs/clients.csv", "inputs/../../c.csv", outside);
    check_edited("inputs/clients.csv", "inputs/..", outside);
    check_edited("inputs/clients.csv", "inputs/", outside);
    check_edited("inputs/clients.csv", "/etc/passwd", outside);
    check_edited("inputs/clients.csv", "../c.csv", outside);
    check_edited("inputs/clients.csv", "inputs/d.csv",
                 "manifest.json: was changed: its seal is not the digest of the lines above it");
    check_edited("\"role\": \"clients\"", "\"role\": \"plan\"", "manifest.json: cannot be replayed: ");
    check_edited("\"role\": \"clients\"", "\"role\": \"friends\"",
                 "manifest.json: cannot be replayed: \"inputs\" does not fit the plan");
    check_edited("\"role\": \"plan\"", "\"role\": \"outcomes\"",
                 "manifest.json: cannot be replayed: \"inputs\" lists no plan");
    check_edited("\"seed\": \"s\"", "\"seed\": \"other\"", "manifest.json: line 9, byte 14 differs\n");
    check_edited("\"assignment\"", "\"analysis\"", "estimates.csv: the file, of which manifest.json tells, is missing");
    check_edited("\"version\": 1", "\"version\": 2", "manifest.json: it is not a \"temoin-bundle\" of version 1");
    check_edited("\"trial\": \"t\"", "\"trial\": 7", "manifest.json: \"trial\" or \"stage\" is missing");
    check_edited("\"trial\": \"t\"", "\"trial\": \"t\", \"trial\": \"u\"", "manifest.json: line 5, column ");
    check_edited("\"trial\": \"t\"", "\"trial\": \"\\u0000\"", "manifest.json: line 5, column ");
    check_edited("{\n", "[\n", "manifest.json: line ");
    check_edited("}\n  ],\n  \"outputs\"", "}\n  ],\n\"outputs\"", "manifest.json: line ");
    check_verdict("identical");
}

/* Writes the manifest with another text in it, under a seal that fits. */
static void write_sealed(const char *from, const char *to)
{
    static bytes manifest;
    static char changed[1 << 17];
    load("out/manifest.json", &manifest);
    char *at = strstr(manifest.text, from), *end = strstr(manifest.text, "  \"seal\"");
    assert_true(at && end && at < end);
    *end = '\0';
    snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - manifest.text), manifest.text, to, at + strlen(from));
    seal(changed, sizeof changed);
    store("out/manifest.json", changed, strlen(changed));
}

static void another_build_s_bundle_is_compared(void **state)
{
    (void)state;
    char engine[64];
    snprintf(engine, sizeof engine, "\"engine\": \"%s\"", temoin_version());
    write_drawn();
    write_sealed(engine, "\"engine\": \"99.1\"");
    check_verdict("identical");
    set_byte("out/ledger.csv", 50, 'x');
    check_verdict("ledger.csv: line 2, byte 4 differs");
    write_drawn();
    check_edited(engine, "\"engine\": \"99.1\"", "manifest.json: line 4, byte 14 differs\n"); /* without its seal */
    write_sealed("\"trial\": \"t\"", "\"trial\": \"u\"");
    check_verdict("manifest.json: line 5, byte 13 differs\n");
}

/* What this build does not know is no difference. */
static void what_cannot_be_replayed_is_not_judged(void **state)
{
    (void)state;
    static bytes plan;
    char digest[80], want[80], engine[64];
    unsigned char sum[crypto_hash_sha256_BYTES];
    snprintf(engine, sizeof engine, "\"engine\": \"%s\"", temoin_version());
    for (int k = 0; k < 2; k++) {
        write_drawn();
        load("out/inputs/plan.yaml", &plan);
        crypto_hash_sha256(sum, (const unsigned char *)plan.text, plan.length);
        sodium_bin2hex(digest, sizeof digest, sum, sizeof sum);
        memcpy(strstr(plan.text, k ? "strata" : "blocked"), k ? "future" : "futures", k ? 6 : 7);
        crypto_hash_sha256(sum, (const unsigned char *)plan.text, plan.length);
        sodium_bin2hex(want, sizeof want, sum, sizeof sum);
        store("out/inputs/plan.yaml", plan.text, plan.length);
        write_sealed(digest, want);
        if (k) check_verdict("manifest.json: cannot be replayed: out/inputs/plan.yaml: line 5");
        write_sealed(engine, "\"engine\": \"99.1\"");
        check_verdict(
            k ? "cannot tell: what this build does not know: out/inputs/plan.yaml: line 5"
              : "cannot tell: inputs/plan.yaml: line 5: the design \"futures\", which this build does not know");
        set_byte("out/manifest.json", 100, 'x');
        check_verdict("manifest.json: ");
    }
}

static void a_ledger_is_never_replaced(void **state)
{
    (void)state;
    write_drawn();
    made m = make(drawn_plan, false);
    assert_int_equal(temoin_bundle_write(m.ctx, "out", m.trial, m.assignment, NULL), TEMOIN_ERR_DATA);
    assert_non_null(strstr(temoin_context_problem(m.ctx, 0), "out/ledger.csv: there is a ledger already"));
    temoin_context_free(m.ctx);
    write_file("o.csv", "id,y\na,1\n");
    write_file("c.csv", "id,x\na,u\nb,u\n");
    m = make(analysis_plan, true);
    assert_int_equal(temoin_bundle_write(m.ctx, "out", m.trial, m.assignment, m.results), TEMOIN_ERR_DATA);
    assert_non_null(
        strstr(temoin_context_problem(m.ctx, 0), "is not the one that the plan and its client list draw now"));
    temoin_context_free(m.ctx);
    check_verdict("identical");
}

static void a_trial_drawn_elsewhere_has_no_ledger(void **state)
{
    (void)state;
    write_file("c.csv", "id,arm\np,a\nq,b\n");
    made m = make("temoin: 1\ntrial: {id: t}\nclients: {file: c.csv, id: id}\narms: [{name: a}, {name: b}]\n"
                  "design: {assigned: arm}\n",
                  false);
    const char *text;
    size_t length;
    assert_int_equal(temoin_ledger_render(m.ctx, m.assignment, &text, &length), TEMOIN_ERR_USAGE);
    assert_null(temoin_ledger_head(m.ctx, m.assignment));
    remove_bundle();
    assert_int_equal(temoin_bundle_write(m.ctx, "out", m.trial, m.assignment, NULL), TEMOIN_ERR_PLAN);
    assert_int_not_equal(access("out", F_OK), 0);
    temoin_context_free(m.ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_chain_is_hashlibs),
        cmocka_unit_test(the_manifest_holds_what_the_run_depends_on),
        cmocka_unit_test(a_bundle_replays),
        cmocka_unit_test(every_flipped_byte_is_found),
        cmocka_unit_test(every_flipped_byte_of_an_analysis_is_found),
        cmocka_unit_test(moved_lines_are_found),
        cmocka_unit_test(truncated_and_missing_files_are_found),
        cmocka_unit_test(a_folder_without_a_manifest_is_no_bundle),
        cmocka_unit_test(an_edited_manifest_is_found),
        cmocka_unit_test(another_build_s_bundle_is_compared),
        cmocka_unit_test(what_cannot_be_replayed_is_not_judged),
        cmocka_unit_test(a_ledger_is_never_replaced),
        cmocka_unit_test(a_trial_drawn_elsewhere_has_no_ledger),
    };
    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
