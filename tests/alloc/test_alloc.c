/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole runs through the public headers in which the n-th allocation fails, for every n until the run succeeds, and
 * writes that the system refuses: the right status, a problem that says why, and nothing half-written. */
#include "scratch.h"

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/files.h"
#include "temoin/temoin.h"

enum { EVERY = 3000, STRIDE = 7, MOST_ALLOCATIONS = 100000 };

static const char plan_text[] =
    "temoin: 1\n"
    "trial: {id: alloc, title: {en: Memory, fr: Mémoire}, registry: R-1}\n"
    "clients: {file: c.csv, id: id}\n"
    "outcomes: [{file: o.csv, id: id, wave: month, format: {delimiter: semicolon, decimal: comma, encoding: "
    "windows-1252}}]\n"
    "columns: [{name: town, type: category, label: {en: Town, fr: Ville}}]\n"
    "arms: [{name: control, share: 2}, {name: ocm, share: 1}]\n"
    "design: {kind: blocked, strata: [town], seed: s, stratum_shares: [{stratum: [B], shares: [1, 2]}]}\n"
    "measures:\n"
    "  - {name: income, unit: EUR, baseline: 0, label: {en: Income, fr: Revenu}}\n"
    "  - {name: work, kind: binary}\n"
    "estimates:\n"
    "  - {name: lin, measures: [income], waves: [6], estimator: lin, covariates: [baseline, age, town], variance: cr2, "
    "cluster: team}\n"
    "  - {name: dim, measures: [income, work], estimator: dim, variance: neyman}\n"
    "  - {name: ols, measures: [income], waves: [6], estimator: ols, covariates: [age], variance: hc2_bm, strata: "
    "none, missing: listwise}\n"
    "families: [{name: f, estimates: [lin, dim], adjust: [holm, bh]}]\n"
    "randomization: {draws: 2}\n"
    "report: {languages: [en, fr], min_cell: 3}\n";

static const char two_stage_plan[] =
    "temoin: 1\n"
    "trial: {id: alloc}\n"
    "clients: {file: c.csv, id: id}\n"
    "arms: [{name: control}, {name: ocm}]\n"
    "design: {kind: two_stage, strata: [town], seed: s, workers: {file: w.csv, id: name}}\n";

static const char capacity_plan[] = "temoin: 1\n"
                                    "trial: {id: alloc}\n"
                                    "clients: {file: came.csv, id: id}\n"
                                    "arms: [{name: control}, {name: ocm}]\n"
                                    "capacity: {file: few.csv, id: name, places: places, from: from, arm: ocm, exits: "
                                    "{file: came.csv, id: id, date: left}}\n"
                                    "design: {kind: minimized, factors: [{column: town}], arrival: came, seed: s}\n";

static void write_inputs(void)
{
    write_file("few.csv", "name,places,from\nu,1,2020-01-01\nv,2,2020-01-04\n");
    write_file("came.csv",
               "id,town,came,left\na,A,2020-01-01,\nb,B,2020-01-02,2020-01-05\nc,A,2020-01-03,\nd,A,2020-01-03,\n"
               "e,B,2020-01-06,\nf,B,2020-01-07,\ng,A,2020-01-08,\n");
    write_file("p3.yaml", capacity_plan);
    write_file("w.csv", "name,town\nu,A\nv,A\nw,A\nx,B\ny,B\n");
    write_file("p2.yaml", two_stage_plan);
    FILE *clients = fopen("c.csv", "wb"), *outcomes = fopen("o.csv", "wb");
    assert_true(clients && outcomes);
    fputs("id,town,age,team\n", clients);
    fputs("id;month;income;work;remarque\n", outcomes);
    for (int i = 0; i < 24; i++) {
        fprintf(clients, "\"c,%02d\",%c,", i, 'A' + i % 2);
        if (i != 5) fprintf(clients, "%d", 20 + i * 7 % 31);
        fprintf(clients, ",t%d\n", i % 8);
        fprintf(outcomes, "c,%02d;0;%d,5;;\xe9t\xe9\n", i, 900 + i * 37 % 91);
        if (i != 7) fprintf(outcomes, "c,%02d;6;%d,25;%d;\n", i, 950 + i * 53 % 97, i * 5 % 3 == 0);
    }
    assert_int_equal(fclose(clients) | fclose(outcomes), 0);
    write_file("p.yaml", plan_text);
}

/* Scenarios. A context that cannot be opened is a failure of its own; the others leave theirs to the caller. */
typedef temoin_status scenario(temoin_context *ctx);

static temoin_status build_results(temoin_context *ctx, const temoin_trial **trial,
                                   const temoin_assignment **assignment, const temoin_results **results)
{
    const temoin_plan *plan;
    TM_TRY(temoin_plan_read(ctx, "p.yaml", &plan));
    TM_TRY(temoin_trial_build(ctx, plan, true, trial));
    TM_TRY(temoin_assignment_draw(ctx, *trial, assignment));
    return temoin_results_build(ctx, *trial, *assignment, results);
}

static temoin_status analyze(temoin_context *ctx)
{
    const temoin_trial *trial;
    const temoin_assignment *assignment;
    const temoin_results *results;
    TM_TRY(build_results(ctx, &trial, &assignment, &results));
    return temoin_bundle_write(ctx, "out", trial, assignment, results);
}

static temoin_status assign_by(temoin_context *ctx, const char *path)
{
    const temoin_plan *plan;
    const temoin_trial *trial;
    const temoin_assignment *assignment;
    const char *text;
    size_t length;
    TM_TRY(temoin_plan_read(ctx, path, &plan));
    TM_TRY(temoin_trial_build(ctx, plan, false, &trial));
    TM_TRY(temoin_trial_render(ctx, trial, &text, &length));
    TM_TRY(temoin_assignment_draw(ctx, trial, &assignment));
    TM_TRY(temoin_bundle_write(ctx, "out", trial, assignment, NULL));
    return temoin_ledger_head(ctx, assignment) ? TEMOIN_OK : TEMOIN_ERR_MEMORY;
}

static temoin_status assign(temoin_context *ctx)
{
    return assign_by(ctx, "p.yaml");
}

static temoin_status assign_two_stages(temoin_context *ctx)
{
    return assign_by(ctx, "p2.yaml");
}

static temoin_status verify(temoin_context *ctx)
{
    temoin_verdict verdict;
    TM_TRY(temoin_bundle_verify(ctx, "whole", &verdict));
    if (verdict.difference) print_error("%s\n", verdict.difference);
    assert_true(verdict.identical);
    return TEMOIN_OK;
}

/* A bundle with a difference, whose report needs memory too. */
static temoin_status verify_changed(temoin_context *ctx)
{
    temoin_verdict verdict;
    TM_TRY(temoin_bundle_verify(ctx, "changed", &verdict));
    assert_false(verdict.identical);
    assert_ptr_equal(strstr(verdict.difference, "ledger.csv: line 3, byte 2 differs"), verdict.difference);
    return TEMOIN_OK;
}

static temoin_status render(temoin_context *ctx)
{
    static const char *const languages[] = {"en", "fr"};
    const temoin_results *results;
    const char *text;
    size_t length;
    int registry = 0;
    TM_TRY(temoin_results_read_json(ctx, "whole/results.json", &results));
    while (temoin_registry_name(registry) && strcmp(temoin_registry_name(registry), "renderers") != 0) registry++;
    for (int k = 0; temoin_registry_view(registry, k).key; k++)
        for (int l = 0; l < 2; l++) {
            const temoin_report_opts opts = {languages[l], temoin_registry_view(registry, k).key, 80};
            TM_TRY(temoin_report_render(ctx, results, &opts, &text, &length));
            assert_true(length > 1000);
        }
    return temoin_results_render_csv(ctx, results, &text, &length);
}

static void remove_folder(const char *folder)
{
    nftw(folder, scratch_remove, 16, FTW_DEPTH | FTW_PHYS);
}

/* The bytes of a file; the caller frees them. */
static char *read_all(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    *length = (size_t)ftell(file);
    rewind(file);
    char *bytes = malloc(*length + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *length, file), *length);
    fclose(file);
    return bytes;
}

static void check_same_file(const char *path, const char *other)
{
    size_t length, other_length;
    char *bytes = read_all(path, &length), *other_bytes = read_all(other, &other_length);
    assert_int_equal(length, other_length);
    assert_memory_equal(bytes, other_bytes, length);
    free(bytes);
    free(other_bytes);
}

/* Whatever lies in the folder is a whole file of the finished bundle, and there are at most `most`. */
static int check_whole_files(const char *folder, const char *finished)
{
    DIR *directory = opendir(folder);
    int n = 0;
    for (struct dirent *entry = directory ? readdir(directory) : NULL; entry; entry = readdir(directory)) {
        char path[300], other[300];
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%.20s/%.255s", folder, entry->d_name);
        snprintf(other, sizeof other, "%.20s/%.255s", finished, entry->d_name);
        if (strcmp(entry->d_name, "inputs") == 0) {
            n += check_whole_files(path, other);
            continue;
        }
        check_same_file(path, other);
        n++;
    }
    if (directory) closedir(directory);
    return n;
}

/* Which allocation fails; `alone`: only that one, else all after it too. */
typedef struct failure {
    int64_t at;
    bool alone;
} failure;

static temoin_status run(scenario *scene, failure fail, temoin_context **ctx)
{
    const temoin_context_opts opts = {.threads = 1};
    if (fail.alone)
        tm_arena_fail_once(fail.at);
    else
        tm_arena_fail_after(fail.at);
    temoin_status status = temoin_context_build(&opts, ctx);
    if (status == TEMOIN_OK) status = scene(*ctx);
    tm_arena_fail_after(0);
    return status;
}

static void run_well(scenario *scene)
{
    temoin_context *ctx;
    const temoin_status status = run(scene, (failure){0}, &ctx);
    check_ok(ctx, status);
    temoin_context_free(ctx);
}

/* A run in which the n-th allocation failed. */
static void check_failed(const temoin_context *ctx, temoin_status status, failure fail)
{
    const char *problem = !ctx ? "" : temoin_context_n_problems(ctx) ? temoin_context_problem(ctx, 0) : "no problem";
    if (status != TEMOIN_ERR_MEMORY || (ctx && !strstr(problem, "out of memory")))
        print_error("allocation %lld%s: %s, %s\n", (long long)fail.at, fail.alone ? " alone" : "",
                    temoin_status_name(status), problem);
    assert_int_equal(status, TEMOIN_ERR_MEMORY);
    if (ctx) assert_non_null(strstr(problem, "out of memory"));
}

/* True when the run got through although the allocation was to fail. */
static bool gets_through(scenario *scene, const char *finished, failure fail)
{
    temoin_context *ctx = NULL;
    if (finished) remove_folder("out");
    const temoin_status status = run(scene, fail, &ctx);
    if (status != TEMOIN_OK) check_failed(ctx, status, fail);
    temoin_context_free(ctx);
    if (finished) check_whole_files("out", finished);
    return status == TEMOIN_OK;
}

/* Fails the n-th allocation, with and without all after it, for every n of the run (beyond EVERY, every STRIDE-th). */
static void starve(scenario *scene, const char *finished)
{
    failure fail = {.at = 1};
    for (; !gets_through(scene, finished, fail); fail.at += fail.at < EVERY ? 1 : STRIDE)
        if (fail.at > MOST_ALLOCATIONS) fail_msg("no end after %d allocations", MOST_ALLOCATIONS);
    assert_true(fail.at > 20);
    const int64_t n_allocations = fail.at - 1;
    fail.alone = true;
    for (fail.at = 1; fail.at <= n_allocations; fail.at += fail.at < EVERY ? 1 : STRIDE)
        if (gets_through(scene, finished, fail)) fail_msg("allocation %lld failed unnoticed", (long long)fail.at);
    print_message("# %lld allocations\n", (long long)n_allocations);
}

static void analyses_starve(void **state)
{
    (void)state;
    starve(analyze, "whole");
}

static void check_assignment_starves(scenario *scene)
{
    remove_folder("out");
    run_well(scene);
    remove_folder("assigned");
    assert_int_equal(rename("out", "assigned"), 0);
    starve(scene, "assigned");
}

static temoin_status assign_few_places(temoin_context *ctx)
{
    return assign_by(ctx, "p3.yaml");
}

static void assignments_starve(void **state)
{
    (void)state;
    check_assignment_starves(assign);
    check_assignment_starves(assign_two_stages);
    check_assignment_starves(assign_few_places);
}

/* Appends to a fresh copy of a ledger; when that fails, it is as it was. */
static temoin_status enrol(temoin_context *ctx)
{
    const temoin_plan *plan;
    temoin_enrolment made;
    const char *text;
    size_t length;
    assert_int_equal(system("rm -rf out && cp -r begun out"), 0);
    TM_TRY(temoin_plan_read(ctx, "r.yaml", &plan));
    TM_TRY(temoin_bundle_enrol(ctx, "out", plan, "second.csv", true, &made));
    TM_TRY(temoin_trial_render_shares(ctx, made.trial, &text, &length));
    temoin_status status = temoin_bundle_enrol(ctx, "out", plan, "second.csv", false, &made);
    if (status != TEMOIN_OK) assert_int_equal(check_whole_files("out", "begun"), 4);
    return status;
}

static temoin_status begin(temoin_context *ctx)
{
    const temoin_plan *plan;
    temoin_enrolment made;
    TM_TRY(temoin_plan_read(ctx, "r.yaml", &plan));
    return temoin_bundle_enrol(ctx, "out", plan, "first.csv", false, &made);
}

static void enrolments_starve(void **state)
{
    (void)state;
    write_file("r.yaml", "temoin: 1\ntrial: {id: r}\nclients: {file: none.csv, id: id}\narms: [{name: a}, {name: b}]\n"
                         "design: {kind: permuted, strata: [x], arrival: day, seed: s}\n");
    write_file("first.csv", "id,x,day\nq,u,1\n\"w,1\",v,2\nr,u,3\n");
    write_file("second.csv", "id,x,day\nz,v,4\na,u,3.5\n");
    remove_folder("out");
    run_well(begin);
    remove_folder("begun");
    assert_int_equal(rename("out", "begun"), 0);
    starve(begin, "begun");
    starve(enrol, NULL);
}

static void verdicts_starve(void **state)
{
    (void)state;
    starve(verify, NULL);
    starve(verify_changed, NULL);
}

static void reports_starve(void **state)
{
    (void)state;
    starve(render, NULL);
}

/* One status, one problem that names the place, and no file that is not whole. */
static void check_refused(const char *place)
{
    temoin_context *ctx;
    assert_int_equal(run(analyze, (failure){0}, &ctx), TEMOIN_ERR_IO);
    assert_int_equal(temoin_context_n_problems(ctx), 1);
    if (!strstr(temoin_context_problem(ctx, 0), place)) print_error("%s\n", temoin_context_problem(ctx, 0));
    assert_non_null(strstr(temoin_context_problem(ctx, 0), place));
    temoin_context_free(ctx);
}

static void a_folder_in_place_of_a_file(void **state)
{
    (void)state;
    static const char *const names[] = {"estimates.csv", "manifest.json", "inputs/clients.csv"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        char path[64];
        remove_folder("out");
        assert_int_equal(mkdir("out", 0777) | mkdir("out/inputs", 0777), 0);
        snprintf(path, sizeof path, "out/%s", names[k]);
        assert_int_equal(mkdir(path, 0777), 0);
        check_refused(path);
        assert_int_equal(rmdir(path), 0);
        assert_int_equal(check_whole_files("out", "whole"), 0);
    }
}

static void a_file_in_place_of_a_folder(void **state)
{
    (void)state;
    remove_folder("out");
    write_file("out", "mine\n");
    check_refused("out");
    size_t length;
    char *bytes = read_all("out", &length);
    assert_memory_equal(bytes, "mine\n", length);
    free(bytes);
    assert_int_equal(unlink("out"), 0);
}

static void a_read_only_folder(void **state)
{
    remove_folder("out");
    assert_int_equal(mkdir("out", 0777) | chmod("out", 0555) | chmod(*state, 0755), 0);
    const bool root = geteuid() == 0; /* who may write everywhere, so that nobody must try */
    if (root) assert_int_equal(seteuid(65534), 0);
    check_refused("out: cannot write");
    if (root) assert_int_equal(seteuid(0), 0);
    assert_int_equal(chmod("out", 0777), 0);
    assert_int_equal(rmdir("out"), 0); /* nothing was put in */
}

/* The disk is full in the middle of a file: what was there before stays. */
static void a_write_that_stops_in_the_middle(void **state)
{
    (void)state;
    struct rlimit before, little;
    remove_folder("out");
    run_well(analyze);
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    little = (struct rlimit){2500, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
    temoin_context *ctx;
    const temoin_status status = run(analyze, (failure){0}, &ctx);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, handler);
    assert_int_equal(status, TEMOIN_ERR_IO);
    assert_non_null(strstr(temoin_context_problem(ctx, 0), "cannot write"));
    temoin_context_free(ctx);
    assert_int_equal(check_whole_files("out", "whole"), 9);
}

static int set_up(void **state)
{
    if (scratch_open(state) != 0) return -1;
    write_inputs();
    run_well(analyze);
    if (rename("out", "whole") != 0) return -1;
    run_well(analyze);
    if (rename("out", "changed") != 0) return -1;
    FILE *ledger = fopen("changed/ledger.csv", "r+b");
    int c, lines = 0;
    while (ledger && lines < 2 && (c = fgetc(ledger)) != EOF) lines += c == '\n';
    fseek(ledger, 1, SEEK_CUR);
    fputc(';', ledger);
    return fclose(ledger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(analyses_starve),
        cmocka_unit_test(assignments_starve),
        cmocka_unit_test(enrolments_starve),
        cmocka_unit_test(verdicts_starve),
        cmocka_unit_test(reports_starve),
        cmocka_unit_test(a_folder_in_place_of_a_file),
        cmocka_unit_test(a_file_in_place_of_a_folder),
        cmocka_unit_test(a_read_only_folder),
        cmocka_unit_test(a_write_that_stops_in_the_middle),
    };
    return cmocka_run_group_tests(tests, set_up, scratch_close);
}
