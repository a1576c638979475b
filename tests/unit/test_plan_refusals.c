/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Everything that a plan may do wrong, with the whole message. */
#include "check.h"

#include "plan/plan_reader.h"

/* The smallest plan; further sections begin on line 6. */
#define SMALL                                                                                                          \
    "temoin: 1\n"                                                                                                      \
    "trial: {id: t}\n"                                                                                                 \
    "clients: {file: c.csv, id: id}\n"                                                                                 \
    "arms: [{name: a}, {name: b}]\n"                                                                                   \
    "design: {seed: s}\n"
#define SMALL_BUT_ARMS "temoin: 1\ntrial: {id: t}\nclients: {file: c.csv, id: id}\ndesign: {seed: s}\narms: "
#define SMALL_BUT_DESIGN                                                                                               \
    "temoin: 1\ntrial: {id: t}\nclients: {file: c.csv, id: id}\narms: [{name: a}, {name: b}]\ndesign: "
#define MEASURED SMALL "measures: [{name: y}, {name: z, baseline: 0}]\n"

typedef struct refusal {
    const char *text;
    const char *problems[8]; /* behind "p.yaml: line ", all of them */
} refusal;

static void check_refusal(const refusal *c)
{
    temoin_context *ctx = check_context();
    const temoin_plan *plan;
    assert_int_equal(tm_plan_parse(ctx, "p.yaml", c->text, strlen(c->text), &plan), TEMOIN_ERR_PLAN);
    assert_null(plan);
    size_t n = 0;
    for (; c->problems[n] || n < temoin_context_n_problems(ctx); n++) {
        char want[600];
        snprintf(want, sizeof want, "p.yaml: line %s", c->problems[n] ? c->problems[n] : "(no more)");
        const char *got = temoin_context_problem(ctx, n);
        assert_string_equal(got ? got : "(no more)", want);
    }
    assert_null(ctx->scratch.last);
    temoin_context_free(ctx);
}

static void check_refusals(const refusal *cases, size_t n)
{
    for (size_t c = 0; c < n; c++) check_refusal(&cases[c]);
}

#define CHECK_ALL(cases) check_refusals(cases, sizeof(cases) / sizeof *(cases))

static void what_is_no_plan_is_refused(void **state)
{
    (void)state;
    static const refusal cases[] = {
        {"", {"1: the file is empty; a plan begins with \"temoin: 1\""}},
        {"# only a comment\n", {"1: the file is empty; a plan begins with \"temoin: 1\""}},
        {"just a text\n", {"1: a plan is a mapping that begins with \"temoin: 1\", found \"just a text\""}},
        {"\n"
         "- a\n"
         "- b\n",
         {"2: a plan is a mapping that begins with \"temoin: 1\", found a list"}},
        {"temoin: 2\n"
         "whatever: 3\n",
         {"1: \"temoin\" must be 1, the format that this version of temoin reads; found \"2\""}},
        {"temoin:\n", {"1: \"temoin\" must be 1, the format that this version of temoin reads; found nothing"}},
        {"temoin: [1]\n", {"1: \"temoin\" must be 1, the format that this version of temoin reads; found a list"}},
        {"trial: {id: t}\n"
         "clients: {file: c.csv, id: id}\n"
         "arms: [{name: a}, {name: b}]\n"
         "design: {seed: s}\n",
         {"1: \"temoin: 1\" is missing; begin the plan with it: it names the format"}},
        {"temoin: 1\n",
         {"1: the plan needs the section \"trial\"", "1: the plan needs the section \"clients\"",
          "1: the plan needs the section \"arms\" (or \"factorial\")", "1: the plan needs the section \"design\""}},
        {"temoin: 1\n"
         "trial: {id: t\n"
         "clients: x\n",
         {"3: not valid YAML: did not find expected ',' or '}' (while parsing a flow mapping that begins on line 2)"}},
        {"temoin: 1\n"
         "trial:\n"
         "\tid: t\n",
         {"3: not valid YAML: a tab; indent with blanks"}},
        {"# é à ü\n"
         "temoin: 1\n"
         "trial:\n"
         "\tid: t\n",
         {"4: not valid YAML: a tab; indent with blanks"}},
        {"temoin: 1\n"
         "  trial: x\n",
         {"2: not valid YAML: a key where none can be; put quotes around a text that holds \": \", or correct the "
          "indent"}},
        {"temoin: 1\n"
         "trial: \"no end\n",
         {"3: not valid YAML: found unexpected end of stream (while scanning a quoted scalar that begins on line 2)"}},
        {SMALL "extra: &x 1\n",
         {"6: anchors (&name) and aliases (*name) are not part of the plan format; write the value out, or put quotes "
          "around a text that begins with & or *"}},
        {SMALL "extra: *x\n",
         {"6: anchors (&name) and aliases (*name) are not part of the plan format; write the value out, or put quotes "
          "around a text that begins with & or *"}},
        {SMALL "registry: !!str 1\n",
         {"6: tags (!name) are not part of the plan format; put quotes around a text that begins with !"}},
        {SMALL "---\n"
               "temoin: 1\n",
         {"6: a second document begins here; a plan is one document"}},
        {SMALL "? [a]\n"
               ": b\n",
         {"6: a key must be a text, found a list or a mapping; check the brackets and braces"}},
    };
    CHECK_ALL(cases);
}

static void keys_are_checked(void **state)
{
    (void)state;
    static const refusal cases[] = {
        {SMALL "meassures: []\n",
         {"6: unknown key \"meassures\" at the top level; did you mean \"measures\"? Allowed: temoin, trial, clients, "
          "outcomes, columns, arms, factorial, design, providers, capacity, measures, estimates, families, "
          "randomization, bootstrap, report"}},
        {SMALL "zzzzzzzzzzzz: 1\n",
         {"6: unknown key \"zzzzzzzzzzzz\" at the top level. Allowed: temoin, trial, clients, outcomes, columns, arms, "
          "factorial, design, providers, capacity, measures, estimates, families, randomization, bootstrap, report"}},
        {MEASURED "estimates:\n"
                  "  - name: e\n"
                  "    measures: [y]\n"
                  "    varience: hc2\n",
         {"10: unknown key \"varience\" in estimates; did you mean \"variance\"? Allowed: name, measures, waves, "
          "estimator, variance, covariates, cluster, strata, missing, missing_cluster, weights, received, "
          "randomization, quantile, quantile_type, "
          "contrasts, level, horizon, bootstrap, subgroups"}},
        {MEASURED "estimates:\n"
                  "  - {measures: [y], est: 1, level: 0.9, level: 0.8}\n",
         {"8: unknown key \"est\" in estimates. Allowed: name, measures, waves, estimator, variance, covariates, "
          "cluster, strata, missing, missing_cluster, weights, received, randomization, quantile, "
          "quantile_type, contrasts, level, horizon, bootstrap, subgroups",
          "8: \"estimates.level\" stands here a second time; the first is on line 8",
          "8: \"estimates\" needs the key \"name\""}},
        {SMALL "design: {seed: again}\n", {"6: \"design\" stands here a second time; the first is on line 5"}},
        {SMALL "<<: {a: b}\n",
         {"6: unknown key \"<<\" at the top level. Allowed: temoin, trial, clients, outcomes, columns, arms, "
          "factorial, "
          "design, providers, capacity, measures, estimates, families, randomization, bootstrap, report"}},
        {"temoin: 1\n"
         "trial: {}\n"
         "clients: {file: c.csv, wave: w, format: {delimeter: comma}}\n"
         "arms: [{share: 1}, {name: b}]\n",
         {"1: the plan needs the section \"design\"", "2: \"trial\" needs the key \"id\"",
          "3: unknown key \"wave\" in clients. Allowed: file, id, format",
          "3: unknown key \"delimeter\" in clients.format; did you mean \"delimiter\"? Allowed: delimiter, decimal, "
          "encoding, missing",
          "3: \"clients\" needs the key \"id\"", "4: \"arms\" needs the key \"name\""}},
        {SMALL "outcomes: [{file: o.csv}, {id: x}]\n",
         {"6: \"outcomes\" needs the key \"id\"", "6: \"outcomes\" needs the key \"file\""}},
        {SMALL "providers: {}\n", {"6: \"providers\" needs the key \"structure\""}},
    };
    CHECK_ALL(cases);
}

static void kinds_are_checked(void **state)
{
    (void)state;
    static const refusal cases[] = {
        {SMALL "measures: y\n", {"6: \"measures\" must be a list of mappings (- {key: value}), found \"y\""}},
        {SMALL "measures: {name: y}\n",
         {"6: \"measures\" must be a list of mappings (- {key: value}), found a mapping"}},
        {SMALL "measures: [y, [z]]\n",
         {"6: each item of \"measures\" must be a mapping (key: value), found \"y\"",
          "6: each item of \"measures\" must be a mapping (key: value), found a list"}},
        {MEASURED "estimates: [{name: e, measures: y, waves: {a: b}, covariates: [[a], {b: c}], contrasts: [a]}]\n",
         {"7: \"estimates.measures\" must be a list in brackets, found \"y\"",
          "7: \"estimates.waves\" must be a list in brackets, found a mapping",
          "7: each item of \"estimates.covariates\" must be a text, found a list",
          "7: each item of \"estimates.covariates\" must be a text, found a mapping",
          "7: each item of \"estimates.contrasts\" must be a mapping (key: value), found \"a\""}},
        {MEASURED "estimates: [{name: [e], measures: [], level: high, estimator: , cluster: \"\"}]\n",
         {"7: \"estimates.name\" must be a text, found a list",
          "7: \"estimates.measures\" needs at least 1 item, found 0",
          "7: \"estimates.level\" must be a number, found \"high\"",
          "7: \"estimates.estimator\" must be a text, found nothing", "7: \"estimates.cluster\" must not be empty"}},
        {MEASURED "estimates: [{name: e, measures: [y], strata: [s], missing: drop, missing_cluster: eror}]\n",
         {"7: \"estimates.strata\" must be none, found a list",
          "7: \"estimates.missing\" cannot be \"drop\". Allowed: indicator, listwise",
          "7: \"estimates.missing_cluster\" cannot be \"eror\"; did you mean \"error\"? Allowed: error, own"}},
        {MEASURED "estimates: [{name: e, measures: [y], strata: all, contrasts: [{name: x, weights: [a, b]}, {name: x, "
                  "weights: 3}]}]\n",
         {"7: \"estimates.strata\" cannot be \"all\". Allowed: none",
          "7: each item of \"estimates.contrasts.weights\" must be a number, found \"a\"",
          "7: each item of \"estimates.contrasts.weights\" must be a number, found \"b\"",
          "7: \"estimates.contrasts.weights\" must be a list of numbers in brackets, found \"3\""}},
        {SMALL "columns: [{name: x, type: numeric, label: X}]\n",
         {"6: \"columns.type\" cannot be \"numeric\"; did you mean \"number\"? Allowed: auto, number, flag, date, "
          "category",
          "6: \"columns.label\" must be {en: text, fr: text} (one of them is enough), found \"X\""}},
        {SMALL "report: {languages: [en, de], min_cell: few}\n"
               "randomization: 100\n",
         {"6: \"report.languages\" cannot be \"de\". Allowed: en, fr",
          "6: \"report.min_cell\" must be a number, found \"few\"",
          "7: \"randomization\" must be a mapping (key: value), found \"100\""}},
        {"temoin: 1\n"
         "trial: t\n"
         "clients: c.csv\n"
         "arms: a\n"
         "design: blocked\n",
         {"2: \"trial\" must be a mapping (key: value), found \"t\"",
          "3: \"clients\" must be a mapping (key: value), found \"c.csv\"",
          "4: \"arms\" must be a list of mappings (- {key: value}), found \"a\"",
          "5: \"design\" must be a mapping (key: value), found \"blocked\""}},
        {"temoin: 1\n"
         "trial: {id: t, title: A title}\n"
         "clients: {file: c.csv, id: id, format: {decimal: \".\", encoding: latin1}}\n"
         "arms: [{name: a, share: half}]\n"
         "design:\n",
         {"2: \"trial.title\" must be {en: text, fr: text} (one of them is enough), found \"A title\"",
          "3: \"clients.format.decimal\" cannot be \".\". Allowed: point, comma",
          "3: \"clients.format.encoding\" cannot be \"latin1\". Allowed: utf-8, windows-1252, iso-8859-1, iso-8859-15",
          "4: \"arms\" needs at least 2 items, found 1", "4: \"arms.share\" must be a number, found \"half\"",
          "5: \"design\" must be a mapping (key: value), found nothing"}},
        {SMALL "providers: {column: c, structure: nest}\n",
         {"6: \"providers.structure\" cannot be \"nest\"; did you mean \"nested\"? Allowed: nested, crossed, one_arm"}},
    };
    CHECK_ALL(cases);
}

static void the_trial_is_checked(void **state)
{
    (void)state;
    static const refusal cases[] = {
        {"temoin: 1\n"
         "trial: {id: Kortrijk 1}\n"
         "clients: {file: c.csv, id: id}\n"
         "arms: [{name: a}, {name: a}]\n"
         "design: {seed: s}\n",
         {"2: \"trial.id\" cannot be \"Kortrijk 1\"; use a to z, 0 to 9 and -, such as job-search-2",
          "4: arm \"a\" is declared a second time; the first is on line 4"}},
        {SMALL_BUT_ARMS "[{name: a, share: 0}, {name: b, share: 1e3}, {name: c, share: -1}]\n",
         {"5: a share cannot be \"0\"; write a positive decimal with at most 18 digits, such as 1, .5 or 0.7",
          "5: a share cannot be \"1e3\"; write a positive decimal with at most 18 digits, such as 1, .5 or 0.7",
          "5: a share cannot be \"-1\"; write a positive decimal with at most 18 digits, such as 1, .5 or 0.7"}},
        {SMALL_BUT_ARMS "[{name: a, share: 1000000}, {name: b, share: 1}]\n",
         {"5: the shares come to more than 1000000 parts when written as whole numbers; round them"}},
        {SMALL_BUT_DESIGN "{}\n",
         {"5: \"design\" needs \"seed\" (any text, if temoin draws the arms) or \"assigned\" (the column that holds "
          "the arms, if they were drawn elsewhere)"}},
        {SMALL_BUT_DESIGN "{seed: s, assigned: arm}\n",
         {"5: \"design\" has both \"seed\" and \"assigned\"; keep \"seed\" if temoin draws the arms, \"assigned\" if "
          "they were drawn elsewhere"}},
        {SMALL_BUT_DESIGN "{seed: s, probability: p}\n",
         {"5: \"design.probability\" needs \"design.assigned\": where temoin draws, it knows the probabilities"}},
        {SMALL_BUT_DESIGN "{kind: blocked, seed: s, strata: [x, y, x]}\n",
         {"5: \"x\" stands twice in \"design.strata\"; name it once"}},
        {SMALL_BUT_DESIGN "\n"
                          "  kind: blocked\n"
                          "  seed: s\n"
                          "  strata: [x]\n"
                          "  stratum_shares:\n"
                          "    - {stratum: [n, m], shares: [1, 2]}\n"
                          "    - {stratum: [n], shares: [1]}\n"
                          "    - {stratum: [n], shares: [0, 2]}\n"
                          "    - {stratum: [o], shares: [1000000, 2.3]}\n",
         {"10: values in \"design.stratum_shares.stratum\": 2; columns in \"design.strata\": 1; give one value for "
          "each column, in the same order",
          "11: shares in \"design.stratum_shares.shares\": 1; arms: 2; give one share for each arm",
          "12: a share cannot be \"0\"; write a positive decimal with at most 18 digits, such as 1, .5 or 0.7",
          "12: this stratum has its shares already on line 11",
          "13: the shares come to more than 1000000 parts when written as whole numbers; round them"}},
        {SMALL "providers: {column: c, structure: one_arm}\n",
         {"6: \"structure: one_arm\" needs \"arm\": the arm that has providers"}},
        {SMALL "providers: {column: c, structure: one_arm, arm: z}\n",
         {"6: found the arm \"z\"; the plan declares \"a\", \"b\""}},
        {SMALL "providers: {column: c, structure: nested, arm: a}\n",
         {"6: \"providers.arm\" belongs to \"structure: one_arm\" only; take it out"}},
        {SMALL "outcomes: [{file: o.csv, id: i, measure: m}, {file: p.csv, id: i, value: v}]\n",
         {"6: \"outcomes\" has \"measure\" without \"value\"; a tall file needs both, any other file neither",
          "6: \"outcomes\" has \"value\" without \"measure\"; a tall file needs both, any other file neither"}},
        {SMALL "columns:\n"
               "  - {name: x}\n"
               "  - {name: x}\n",
         {"8: column \"x\" is declared a second time; the first is on line 7"}},
        {SMALL "randomization: {draws: -1}\n"
               "report: {min_cell: 2.5, languages: [en, en]}\n",
         {"6: \"randomization.draws\" must be a whole number from 0 to 1000000000, found \"-1\"",
          "7: \"en\" stands twice in \"report.languages\"; name it once",
          "7: \"report.min_cell\" must be a whole number from 0 to 1000000, found \"2.5\""}},
        {SMALL "randomization: {draws: 99999999999999999999}\n",
         {"6: \"randomization.draws\" must be a whole number from 0 to 1000000000, found \"99999999999999999999\""}},
    };
    CHECK_ALL(cases);
}

static void the_analysis_is_checked(void **state)
{
    (void)state;
    static const refusal cases[] = {
        {SMALL "measures:\n"
               "  - {name: y}\n"
               "  - {name: y}\n"
               "  - {name: w, wide: [{wave: 1, column: a}, {wave: 1, column: b}]}\n",
         {"8: measure \"y\" is declared a second time; the first is on line 7",
          "9: measure \"w\" has its column for wave \"1\" already"}},
        {MEASURED "estimates:\n"
                  "  - {name: e, measures: [x]}\n"
                  "  - {name: e, measures: [y, y], waves: [1, 1], covariates: [q, q]}\n",
         {"8: found the measure \"x\"; the plan declares \"y\", \"z\"",
          "9: \"y\" stands twice in \"estimates.measures\"; name it once",
          "9: \"1\" stands twice in \"estimates.waves\"; name it once",
          "9: \"q\" stands twice in \"estimates.covariates\"; name it once",
          "9: estimate \"e\" is declared a second time; the first is on line 8"}},
        {SMALL "estimates: [{name: e, measures: [x], covariates: [baseline]}]\n",
         {"6: found the measure \"x\"; the plan declares none"}},
        {MEASURED "estimates: [{name: e, measures: [z, y], covariates: [age, baseline], cluster: provider}]\n",
         {"7: the covariate \"baseline\" needs a baseline wave of measure \"y\"; add \"baseline: WAVE\" to it, or "
          "leave \"baseline\" out",
          "7: \"cluster: provider\" needs the section \"providers\"; add it, or name a column"}},
        {MEASURED "estimates: [{name: e, measures: [y], level: 1}, {name: f, measures: [y], level: 0}, {name: g, "
                  "measures: [y], level: 95}]\n",
         {"7: \"estimates.level\" must lie between 0 and 1, such as 0.95; found 1",
          "7: \"estimates.level\" must lie between 0 and 1, such as 0.95; found 0",
          "7: \"estimates.level\" must lie between 0 and 1, such as 0.95; found 95"}},
        {MEASURED "estimates:\n"
                  "  - name: e\n"
                  "    measures: [y]\n"
                  "    contrasts:\n"
                  "      - {arm: b, reference: q}\n"
                  "      - {arm: b, reference: b}\n"
                  "      - {arm: b}\n"
                  "      - {arm: b, reference: a, name: x}\n"
                  "      - {name: x, weights: [1, -1, 0]}\n",
         {"11: found the arm \"q\"; the plan declares \"a\", \"b\"",
          "12: a contrast compares two arms; \"b\" stands in \"arm\" and in \"reference\"",
          "13: a contrast is either {arm: a, reference: b} or {name: x, weights: [one number for each arm]}",
          "14: a contrast is either {arm: a, reference: b} or {name: x, weights: [one number for each arm]}",
          "15: weights in contrast \"x\": 3; arms: 2; give one weight for each arm"}},
        {MEASURED "estimates:\n"
                  "  - name: e\n"
                  "    measures: [y]\n"
                  "    contrasts:\n"
                  "      - {name: x, weights: [1, -0.5]}\n"
                  "      - {name: y, weights: [0, 0]}\n"
                  "      - {arm: b, reference: a}\n"
                  "      - {arm: b, reference: a}\n",
         {"11: the weights of contrast \"x\" sum to 0.5; they must sum to 0 and not all be 0",
          "12: the weights of contrast \"y\" sum to 0 and are all 0; they must sum to 0 and not all be 0",
          "14: this contrast stands already on line 13"}},
        {MEASURED "estimates: [{name: e, measures: [y]}]\n"
                  "families:\n"
                  "  - {name: f, estimates: [e, g]}\n"
                  "  - {name: f, estimates: [e, e], adjust: [holm, holm]}\n",
         {"9: found the estimate \"g\"; the plan declares \"e\"",
          "10: \"e\" stands twice in \"families.estimates\"; name it once",
          "10: \"holm\" stands twice in \"families.adjust\"; name it once",
          "10: family \"f\" is declared a second time; the first is on line 9"}},
    };
    CHECK_ALL(cases);
}

static void twenty_of_25_problems_are_kept_in_line_order(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    char text[4096] = SMALL "measures:\n", want[200];
    for (int m = 0; m < 25; m++) sprintf(text + strlen(text), "  - {name: m%d, colour: red}\n", m);
    const temoin_plan *plan;
    assert_int_equal(tm_plan_parse(ctx, "p.yaml", text, strlen(text), &plan), TEMOIN_ERR_PLAN);
    assert_int_equal(temoin_context_n_problems(ctx), 20);
    assert_int_equal(temoin_context_n_problems_dropped(ctx), 5);
    for (int i = 0; i < 20; i++) {
        snprintf(want, sizeof want, "p.yaml: line %d: unknown key \"colour\"", 7 + i);
        assert_memory_equal(temoin_context_problem(ctx, (size_t)i), want, strlen(want));
    }
    temoin_context_free(ctx);
}

/* Parses bytes that hold anything, from an allocation of exactly that size; the first problem, or "" for a plan. */
static const char *first_problem(const char *bytes, size_t length, char text[600])
{
    temoin_context *ctx = check_context();
    char *copy = malloc(length ? length : 1);
    memcpy(copy, bytes, length);
    const temoin_plan *plan;
    temoin_status status = tm_plan_parse(ctx, "p.yaml", copy, length, &plan);
    assert_true(status == TEMOIN_OK || status == TEMOIN_ERR_PLAN);
    snprintf(text, 600, "%s", status == TEMOIN_OK ? "" : temoin_context_problem(ctx, 0));
    temoin_context_free(ctx);
    free(copy);
    return text;
}

static void nasty_bytes(void **state)
{
    (void)state;
    char text[600];
#define PROBLEM_OF(bytes) first_problem(bytes, sizeof(bytes) - 1, text)
    assert_string_equal(PROBLEM_OF("\xef\xbb\xbf" SMALL), "");
    assert_string_equal(PROBLEM_OF("temoin: 1\r\ntrial: {id: t}\r\nclients: {file: c, id: i}\r\n"
                                   "arms: [{name: a}, {name: b}]\r\ndesign: {seed: s}\r\n"),
                        "");
    assert_string_equal(
        PROBLEM_OF("temoin: 1\nx\0y: 1\n"),
        "p.yaml: line 2: not a UTF-8 text file: control characters are not allowed (0x00); save the plan as UTF-8");
    assert_string_equal(PROBLEM_OF("temoin: 1\ntrial: {id: \"a\\0b\"}\n"),
                        "p.yaml: line 2: a text holds a NUL character (\\0); take it out");
    assert_string_equal(
        PROBLEM_OF("temoin: 1\ntrial: {id: \xe9}\n"),
        "p.yaml: line 2: not a UTF-8 text file: invalid trailing UTF-8 octet (0x7D); save the plan as UTF-8");
    assert_string_equal(
        PROBLEM_OF("\xff\xfet\0e\0"),
        "p.yaml: line 1: not a UTF-8 text file: invalid leading UTF-8 octet (0xFF); save the plan as UTF-8");
    assert_string_equal(
        PROBLEM_OF("temoin: 1\n\x01\n"),
        "p.yaml: line 2: not a UTF-8 text file: control characters are not allowed (0x01); save the plan as UTF-8");
    assert_string_equal(
        PROBLEM_OF("temoin: 1\n\xed\xa0\x80: 2\n"),
        "p.yaml: line 2: not a UTF-8 text file: invalid Unicode character (0xD800); save the plan as UTF-8");
    assert_string_equal(
        PROBLEM_OF("\xc3"),
        "p.yaml: line 1: not a UTF-8 text file: incomplete UTF-8 octet sequence; save the plan as UTF-8");
    assert_string_equal(PROBLEM_OF("temoin: 1\n\"a\\nb\\x07\xc3\xa9\": 1\n"),
                        "p.yaml: line 1: the plan needs the section \"trial\"");
    assert_string_equal(PROBLEM_OF("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"),
                        "p.yaml: line 1: anchors (&name) and aliases (*name) are not part of the plan format; write "
                        "the value out, or put quotes around a text that begins with & or *");
    assert_string_equal(PROBLEM_OF("{}"),
                        "p.yaml: line 1: \"temoin: 1\" is missing; begin the plan with it: it names the format");
    assert_string_equal(PROBLEM_OF("%YAML 9.9\n---\na\n"),
                        "p.yaml: line 1: not valid YAML: found incompatible YAML document");
    assert_string_equal(PROBLEM_OF(":"),
                        "p.yaml: line 1: not valid YAML: did not find expected key (while parsing a block mapping)");
    assert_string_equal(
        PROBLEM_OF("{a, b: }"),
        "p.yaml: line 1: unknown key \"a\" at the top level. Allowed: temoin, trial, clients, outcomes, columns, arms, "
        "factorial, design, providers, capacity, measures, estimates, families, randomization, bootstrap, report");
#undef PROBLEM_OF
}

static void nasty_sizes(void **state)
{
    (void)state;
    enum { MANY = 1 << 20 };
    static char big[MANY + 200];
    char text[600];
    memset(big, '[', MANY);
    assert_string_equal(
        first_problem(big, MANY, text),
        "p.yaml: line 1: lists and mappings are nested more than 16 deep; no part of a plan needs that");
    memset(big, 'x', MANY);
    assert_string_equal(first_problem(big, MANY, text),
                        "p.yaml: line 1: a plan is a mapping that begins with \"temoin: 1\", found "
                        "\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...\"");
    memcpy(big, "temoin: ", 8);
    assert_string_equal(first_problem(big, MANY, text),
                        "p.yaml: line 1: \"temoin\" must be 1, the format that this version of temoin reads; found "
                        "\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...\"");
    memcpy(big, SMALL "report: {languages: [", sizeof SMALL "report: {languages: [" - 1);
    memcpy(big + MANY, "]}\n", 3);
    first_problem(big, MANY + 3, text);
    static const char start[] = "p.yaml: line 6: \"report.languages\" cannot be \"xxx";
    assert_memory_equal(text, start, sizeof start - 1);
    memcpy(big, SMALL "# ", sizeof SMALL "# " - 1); /* a plan with a megabyte of comment is a plan */
    assert_string_equal(first_problem(big, MANY, text), "");
    memset(big, 'x', MANY);
    memcpy(big, "temoin: 1\ntrial: {id: t, registry: ", 35);
    static const char rest[] = "}\nclients: {file: c.csv, id: id}\narms: [{name: a}, {name: b}]\ndesign: {seed: s}\n";
    memcpy(big + MANY, rest, sizeof rest - 1);
    assert_string_equal(first_problem(big, MANY + sizeof rest - 1, text), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_plan_is_refused),
        cmocka_unit_test(keys_are_checked),
        cmocka_unit_test(kinds_are_checked),
        cmocka_unit_test(the_trial_is_checked),
        cmocka_unit_test(the_analysis_is_checked),
        cmocka_unit_test(twenty_of_25_problems_are_kept_in_line_order),
        cmocka_unit_test(nasty_bytes),
        cmocka_unit_test(nasty_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
