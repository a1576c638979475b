/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "frame_text.h"
#include "scratch.h"

#include <unistd.h>

#include "base/files.h"
#include "base/number_text.h"

/* Of a column of cells with a line end behind each: the same type from the top and from the bottom. */
static void check_type(const char *cells, temoin_column_type want)
{
    temoin_context *ctx = check_context();
    size_t n = strlen(cells);
    char down[128], up[128];
    snprintf(down, sizeof down, "a\n%s", cells);
    snprintf(up, sizeof up, "a\n");
    for (size_t end = n; end > 0;) {
        size_t start = end - 1;
        while (start > 0 && cells[start - 1] != '\n') start--;
        strncat(up, cells + start, end - start);
        end = start;
    }
    const temoin_frame *frame = read_text(ctx, down, n + 2, AS(.delimiter = ','));
    const temoin_frame *reversed = read_text(ctx, up, n + 2, AS(.delimiter = ','));
    assert_string_equal(temoin_column_type_name(frame->columns[0].type), temoin_column_type_name(want));
    assert_int_equal(reversed->columns[0].type, want);
    temoin_context_free(ctx);
}

static void a_plain_file(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    const temoin_frame *f = READ(ctx, "id,arm, age ,\"entry\",far\n"
                                      "b7,ocm, 31 ,2017-04-01,yes\n"
                                      "a1,control,NA,1969-12-31,NO\n"
                                      "\"c,2\",ocm,-0.5,,\n");
    assert_string_equal(f->path, "x.csv");
    assert_int_equal(f->n_rows, 3);
    assert_int_equal(f->n_columns, 5);
    for (int64_t r = 0; r < 3; r++) assert_int_equal(f->line[r], r + 2);
    const temoin_column *id = column(f, "id"), *age = column(f, "age"), *entry = column(f, "entry"),
                        *far = column(f, "far");
    assert_int_equal(id->type, TEMOIN_COLUMN_CATEGORY);
    assert_null(id->number);
    assert_int_equal(id->n_levels, 3);
    assert_string_equal(id->level[0], "a1");
    assert_string_equal(id->level[2], "c,2");
    assert_int_equal(id->code[0], 1);
    assert_int_equal(id->code[1], 0);
    assert_int_equal(age->type, TEMOIN_COLUMN_NUMBER);
    assert_null(age->code);
    assert_true(age->number[0] == 31 && isnan(age->number[1]) && age->number[2] == -0.5);
    assert_int_equal(age->n_missing, 1);
    assert_int_equal(entry->type, TEMOIN_COLUMN_DATE);
    assert_true(entry->number[0] == 17257 && entry->number[1] == -1 && isnan(entry->number[2]));
    assert_int_equal(far->type, TEMOIN_COLUMN_FLAG);
    assert_true(far->number[0] == 1 && far->number[1] == 0 && isnan(far->number[2]));
    assert_null(temoin_frame_find(f, "Age"));
    temoin_context_free(ctx);
}

static void lines_are_counted_through_quotes_blanks_and_ends(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    const temoin_frame *f =
        READ(ctx, "\r\n  \r\nid,note\r\n\r\na,\"one\r\ntwo\"\r\nb,x\n \t \n\n\"c\nd\r\re\",\"\"\r\nd,last");
    static const int64_t lines[] = {5, 7, 10, 14};
    assert_int_equal(f->n_rows, 4);
    for (int64_t r = 0; r < 4; r++) assert_int_equal(f->line[r], lines[r]);
    assert_string_equal(text_at(f, "note", 0), "one\r\ntwo");
    assert_string_equal(text_at(f, "id", 2), "c\nd\r\re");
    assert_null(text_at(f, "note", 2));
    assert_string_equal(text_at(f, "note", 3), "last");
    f = READ(ctx, "a,b\r1,2\r\r3,\"4\r5\"\r6,7");
    assert_int_equal(f->n_rows, 3);
    assert_int_equal(f->line[1], 4);
    assert_int_equal(f->line[2], 6);
    temoin_context_free(ctx);
}

static void a_row_may_start_with_a_quoted_line_end(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    const temoin_frame *f = READ(ctx, "a,b\n\"\n\n\",1\n   \"\nx\",2\n");
    assert_int_equal(f->n_rows, 2);
    assert_int_equal(f->line[0], 2);
    assert_int_equal(f->line[1], 5);
    assert_string_equal(text_at(f, "a", 0), "\n\n");
    temoin_context_free(ctx);
}

static void delimiters_are_detected_in_the_header(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    const temoin_frame *f = READ(ctx, "id;\"a,b,c,d\";x\n1;2,5;3\n");
    assert_int_equal(f->n_columns, 3);
    assert_string_equal(f->columns[1].name, "a,b,c,d");
    assert_string_equal(text_at(f, "a,b,c,d", 0), "2,5");
    f = READ(ctx, "id\tname, first\tx\n1\t y z \t\n\t\t3\n");
    assert_int_equal(f->n_columns, 3);
    assert_int_equal(f->n_rows, 2);
    assert_string_equal(text_at(f, "name, first", 0), "y z");
    assert_true(isnan(column(f, "x")->number[0]) && column(f, "x")->number[1] == 3);
    f = READ(ctx, "only\na\n\"\"\nb\n");
    assert_int_equal(f->n_columns, 1);
    assert_int_equal(f->n_rows, 3);
    f = READ(ctx, "\"a;b\"\n1\n", .delimiter = ',');
    assert_string_equal(f->columns[0].name, "a;b");
    f = READ(ctx, "a,b;c;d\n1,2\n", .delimiter = ',');
    assert_int_equal(f->n_columns, 2);
    temoin_context_free(ctx);
}

static void encodings(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    const temoin_frame *f = READ(ctx, "\xef\xbb\xbfpr\xc3\xa9nom;x\nZo\xc3\xab;1\n");
    assert_string_equal(f->columns[0].name, "prénom");
    assert_string_equal(text_at(f, "prénom", 0), "Zoë");
    f = READ(ctx, "pr\xe9nom;prix\nZo\xeb;5 \x80\n", .encoding = "windows-1252");
    assert_string_equal(text_at(f, "prénom", 0), "Zoë");
    assert_string_equal(text_at(f, "prix", 0), "5 €");
    f = READ(ctx, "a\n\xa4\xe9\n", .encoding = "iso-8859-15");
    assert_string_equal(text_at(f, "a", 0), "€é");
    f = READ(ctx, "a\n\xa4\xe9\n", .encoding = "Iso-8859-1");
    assert_string_equal(text_at(f, "a", 0), "¤é");
    f = READ(ctx, "a\nb\n", .encoding = "windows-1252");
    assert_string_equal(text_at(f, "a", 0), "b");
    f = READ(ctx, "a\n\xc3\xa9\n", .encoding = NULL);
    assert_string_equal(text_at(f, "a", 0), "é");
    temoin_context_free(ctx);
}

/* All bytes of each one-byte encoding against iconv-free truth: windows-1252 and iso-8859-15 as their tables say. */
static void every_byte_of_latin1(void **state)
{
    (void)state;
    for (unsigned byte = 0xa0; byte <= 0xff; byte++) {
        temoin_context *ctx = check_context();
        const char text[] = {'a', '\n', '<', (char)byte, '>'};
        const char want[] = {'<', (char)(0xc0 | byte >> 6), (char)(0x80 | (byte & 0x3f)), '>', 0};
        assert_string_equal(text_at(read_text(ctx, text, 5, AS(.encoding = "iso-8859-1")), "a", 0), want);
        assert_string_equal(text_at(read_text(ctx, text, 5, AS(.encoding = "windows-1252")), "a", 0), want);
        bool differs = memchr("\xa4\xa6\xa8\xb4\xb8\xbc\xbd\xbe", (int)byte, 8) != NULL;
        const char *got = text_at(read_text(ctx, text, 5, AS(.encoding = "iso-8859-15")), "a", 0);
        assert_int_equal(strcmp(got, want) != 0, differs);
        temoin_context_free(ctx);
    }
}

static void missing_tokens(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    const temoin_frame *f = READ(ctx, "a,b\n,x\n\"\",NA\nNA,na\n1,\"NA\"\n");
    assert_int_equal(column(f, "a")->n_missing, 3);
    assert_int_equal(column(f, "b")->n_missing, 2);
    assert_string_equal(text_at(f, "b", 2), "na");
    const char *const tokens[] = {".", "-9", "ne sait pas", ""};
    f = READ(ctx, "a,b\n.,x\n-9,NA\nne sait pas,\n3,\"-9\"\n", .missing = tokens, .n_missing = 4);
    assert_int_equal(column(f, "a")->type, TEMOIN_COLUMN_NUMBER);
    assert_int_equal(column(f, "a")->n_missing, 3);
    assert_true(column(f, "a")->number[3] == 3);
    assert_string_equal(text_at(f, "b", 1), "NA");
    assert_null(text_at(f, "b", 2));
    assert_null(text_at(f, "b", 3));
    f = READ(ctx, "a,b\n,x\n1,2\n", .n_missing = 0);
    assert_int_equal(column(f, "a")->type, TEMOIN_COLUMN_CATEGORY);
    assert_string_equal(text_at(f, "a", 0), "");
    f = READ(ctx, "a,b\n,NA\n NA,\n");
    assert_int_equal(column(f, "a")->type, TEMOIN_COLUMN_NUMBER);
    assert_int_equal(column(f, "a")->n_missing, 2);
    assert_true(isnan(column(f, "a")->number[1]));
    temoin_context_free(ctx);
}

static void types_are_inferred_over_the_column(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        temoin_column_type type;
    } cases[] = {
        {"0\n1\n", TEMOIN_COLUMN_FLAG},
        {"1\n1\n", TEMOIN_COLUMN_FLAG},
        {"0\n\"\"\nNA\n", TEMOIN_COLUMN_FLAG},
        {"0\n1\n2\n", TEMOIN_COLUMN_NUMBER},
        {"2\n1\n0\n", TEMOIN_COLUMN_NUMBER},
        {"1\n1.0\n", TEMOIN_COLUMN_NUMBER},
        {"Yes\nNO\n", TEMOIN_COLUMN_FLAG},
        {"yes\n1\n", TEMOIN_COLUMN_CATEGORY},
        {"yes\nnon\n", TEMOIN_COLUMN_CATEGORY},
        {"OUI\nnon\n", TEMOIN_COLUMN_FLAG},
        {"true\nFalse\n", TEMOIN_COLUMN_FLAG},
        {"vrai\nfaux\n", TEMOIN_COLUMN_FLAG},
        {"vrai\nfalse\n", TEMOIN_COLUMN_CATEGORY},
        {"n\nY\n", TEMOIN_COLUMN_FLAG},
        {"n\no\n", TEMOIN_COLUMN_FLAG},
        {"n\nN\n", TEMOIN_COLUMN_FLAG},
        {"o\nn\ny\n", TEMOIN_COLUMN_CATEGORY},
        {"1e3\n-.5\n+7\n", TEMOIN_COLUMN_NUMBER},
        {"\"1,5\"\n", TEMOIN_COLUMN_CATEGORY},
        {"2019-02-28\n", TEMOIN_COLUMN_DATE},
        {"2019-02-29\n", TEMOIN_COLUMN_CATEGORY},
        {"2019-02-28\n5\n", TEMOIN_COLUMN_CATEGORY},
        {"5\n2019-02-28\n", TEMOIN_COLUMN_CATEGORY},
        {"NA\n", TEMOIN_COLUMN_NUMBER},
        {"nan\n", TEMOIN_COLUMN_CATEGORY},
        {"inf\n", TEMOIN_COLUMN_CATEGORY},
        {"0x10\n", TEMOIN_COLUMN_CATEGORY},
        {"1 000\n", TEMOIN_COLUMN_CATEGORY},
        {"-\n", TEMOIN_COLUMN_CATEGORY},
        {".\n", TEMOIN_COLUMN_CATEGORY},
        {"1\nx\n", TEMOIN_COLUMN_CATEGORY},
        {"x\n1\n", TEMOIN_COLUMN_CATEGORY},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) check_type(cases[i].text, cases[i].type);
    assert_string_equal(temoin_column_type_name(TEMOIN_COLUMN_AUTO), "auto");
    assert_string_equal(temoin_column_type_name((temoin_column_type)99), "unknown");
}

static void dates_are_real_days(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double day; /* from `date -u -d TEXT +%s`, divided by 86400 */
    } good[] = {{"1970-01-01", 0},     {"1969-12-31", -1},     {"2000-02-29", 11016},   {"2016-02-29", 16860},
                {"2016-12-31", 17166}, {"1900-03-01", -25508}, {"1600-02-29", -135081}, {"9999-12-31", 2932896},
                {"2017-04-01", 17257}, {"1900-02-28", -25509}, {"2038-01-19", 24855}};
    static const char *const bad[] = {"1900-02-29", "2019-02-29",  "2017-04-31", "2017-13-01",
                                      "2017-00-10", "2017-01-00",  "2017-1-01",  "17-01-01",
                                      "2017/01/01", "2017-01-01 ", "+017-01-01", "2017-01-0x"};
    double day;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(tm_raw_date(&(tm_raw){good[i].text, 10}, &day));
        assert_true(day == good[i].day);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(tm_raw_date(&(tm_raw){bad[i], strlen(bad[i])}, &day));
    double before = NAN; /* each day of 400 years is the one before plus one */
    for (int year = 1800, n = 0; year < 2200; year++)
        for (int md = 101; md <= 1231; md++) {
            char text[32];
            snprintf(text, sizeof text, "%04d-%02d-%02d", year, md / 100, md % 100);
            if (!tm_raw_date(&(tm_raw){text, 10}, &day)) continue;
            assert_true(n++ == 0 || day == before + 1);
            before = day;
            if (year == 2199 && md == 1231) assert_int_equal(n, 146097);
        }
}

static void short_numbers_equal_the_full_reader(void **state)
{
    (void)state;
    uint64_t x = 88172645463325252u;
    for (int i = 0; i < 300000; i++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        char text[48];
        int decimals = (int)(x % 18);
        snprintf(text, sizeof text, "%s%llu", x & 1 << 20 ? "-" : "", (unsigned long long)(x >> (x >> 8 & 63)));
        size_t n = strlen(text);
        if (decimals < 17 && (size_t)decimals <= n) { /* a separator anywhere, also in front of the sign */
            memmove(text + decimals + 1, text + decimals, n - (size_t)decimals + 1);
            text[decimals] = x & 1 << 21 ? '.' : ',';
            n++;
        }
        double got = 0, want = 0;
        char decimal = x & 1 << 22 ? '.' : ',';
        bool fits = tm_number_read(text, n, decimal, &want);
        assert_int_equal(tm_raw_number(&(tm_raw){text, n}, decimal, &got), fits);
        if (fits) assert_memory_equal(&got, &want, sizeof got);
    }
}

static void decimal_commas(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    const temoin_frame *f = READ(ctx, "id;x;y\r\n1;1794,34;1.5\r\n2;-0,5;2\r\n", .decimal = ',');
    assert_true(column(f, "x")->number[0] == 1794.34 && column(f, "x")->number[1] == -0.5);
    assert_int_equal(column(f, "y")->type, TEMOIN_COLUMN_CATEGORY);
    f = READ(ctx, "id,x\n1,\"2,5\"\n", .decimal = ',');
    assert_true(column(f, "x")->number[0] == 2.5);
    temoin_context_free(ctx);
}

static void requests_decide(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    const temoin_column_request requests[] = {{"site", TEMOIN_COLUMN_CATEGORY, false},
                                              {"id", TEMOIN_COLUMN_AUTO, true},
                                              {"n", TEMOIN_COLUMN_NUMBER, false},
                                              {"mixed", TEMOIN_COLUMN_FLAG, false},
                                              {"n", TEMOIN_COLUMN_AUTO, true}};
    const temoin_frame *f = READ(ctx, "site,id,n,mixed,day\n10,007,1,yes,2019-01-01\n9,7,0,1,\n10,,1,Vrai,\n",
                                 .requests = requests, .n_requests = 5);
    const temoin_column *site = column(f, "site"), *id = column(f, "id"), *n = column(f, "n"),
                        *mixed = column(f, "mixed");
    assert_int_equal(site->type, TEMOIN_COLUMN_CATEGORY);
    assert_null(site->number);
    assert_int_equal(site->n_levels, 2);
    assert_string_equal(site->level[0], "10");
    assert_string_equal(site->level[1], "9");
    assert_int_equal(id->type, TEMOIN_COLUMN_NUMBER);
    assert_true(id->number[0] == 7 && id->number[1] == 7 && isnan(id->number[2]));
    assert_string_equal(text_at(f, "id", 0), "007");
    assert_null(text_at(f, "id", 2));
    assert_int_equal(id->n_missing, 1);
    assert_int_equal(n->type, TEMOIN_COLUMN_NUMBER);
    assert_string_equal(text_at(f, "n", 1), "0");
    assert_int_equal(mixed->type, TEMOIN_COLUMN_FLAG);
    for (int r = 0; r < 3; r++) assert_true(mixed->number[r] == 1);
    assert_null(column(f, "day")->code);
    temoin_context_free(ctx);
}

static void files_on_disk(void **state)
{
    (void)state;
    char folder[] = "/tmp/temoin-frame-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/clients.csv", folder);
    temoin_context *ctx = check_context();
    write_bytes(path, "id;x\na;1\nb;2", 12);
    const temoin_csv_opts opts = TEMOIN_CSV_OPTS_INIT;
    const temoin_frame *frame;
    check_ok(ctx, temoin_frame_read_csv(ctx, path, &opts, &frame));
    assert_string_equal(frame->path, path);
    assert_int_equal(frame->n_rows, 2);
    assert_true(column(frame, "x")->number[1] == 2);
    unlink(path);
    assert_int_equal(temoin_frame_read_csv(ctx, path, &opts, &frame), TEMOIN_ERR_IO);
    assert_null(frame);
    rmdir(folder);
    temoin_context_free(ctx);
}

/* ---- properties over generated files ---- */

static uint64_t next_random(uint64_t *x)
{
    *x ^= *x << 13, *x ^= *x >> 7, *x ^= *x << 17;
    return *x >> 11;
}

/* Any text that is not missing: quotes, delimiters, line ends, blanks, accents. */
static void nasty_cell(uint64_t *x, char cell[64])
{
    static const char *const pieces[] = {"\"", "\"\"", ",", ";",  "\t", "\n", "\r\n", "\r", " ",    "é",
                                         "€",  "𝄞",    "a", "NA", "0",  "#",  "'",    "\\", "\x01", "1,5"};
    *cell = '\0';
    for (int n = (int)(next_random(x) % 9); n > 0; n--) strcat(cell, pieces[next_random(x) % 20]);
    strcat(cell, "z");
}

/* Quoted when it must be, and now and then when it need not. */
static size_t put_cell(uint64_t *x, char *to, const char *cell, char delimiter)
{
    bool must = strpbrk(cell, "\"\r\n") || strchr(cell, delimiter) || strchr(" \t", cell[0]);
    if (!must && next_random(x) % 3) return (size_t)sprintf(to, "%s%s ", next_random(x) % 2 ? " " : "", cell);
    char *start = to;
    *to++ = '"';
    for (; *cell; cell++) {
        if (*cell == '"') *to++ = '"';
        *to++ = *cell;
    }
    *to++ = '"';
    return (size_t)(to - start);
}

static void check_round_trip(uint64_t *x)
{
    enum { ROWS = 12, COLUMNS = 4 };
    static char cell[ROWS][COLUMNS][64], text[ROWS * COLUMNS * 200];
    char delimiter = ",;\t"[next_random(x) % 3];
    size_t n = (size_t)sprintf(text, "a%cb%cc%cd\n", delimiter, delimiter, delimiter);
    int64_t line = 2, lines[ROWS];
    for (int r = 0; r < ROWS; r++) {
        size_t start = n;
        lines[r] = line;
        for (int j = 0; j < COLUMNS; j++) {
            nasty_cell(x, cell[r][j]);
            if (j) text[n++] = delimiter;
            n += put_cell(x, text + n, cell[r][j], delimiter);
        }
        n += (size_t)sprintf(text + n, "%s", next_random(x) % 2 ? "\r\n" : "\n");
        for (size_t i = start; i < n; i++) line += text[i] == '\n' || (text[i] == '\r' && text[i + 1] != '\n');
    }
    temoin_context *ctx = check_context();
    const temoin_column_request requests[] = {{"a", TEMOIN_COLUMN_CATEGORY, true}};
    const temoin_frame *f = read_text(ctx, text, n, AS(.requests = requests, .n_requests = 1));
    assert_int_equal(f->n_rows, ROWS);
    for (int r = 0; r < ROWS; r++) {
        assert_int_equal(f->line[r], lines[r]);
        for (int j = 0; j < COLUMNS; j++) assert_string_equal(text_at(f, (char[]){(char)('a' + j), 0}, r), cell[r][j]);
    }
    temoin_context_free(ctx);
}

static void nasty_cells_are_read_back(void **state)
{
    (void)state;
    uint64_t x = 0x2545f4914f6cdd1du; /* fixed: a failure repeats */
    for (int i = 0; i < 3000; i++) check_round_trip(&x);
}

static void check_levels(int64_t n_rows, uint64_t n_distinct)
{
    temoin_context *ctx = check_context();
    char *text = tm_arena_take(&ctx->results, n_rows * 24 + 8, 1);
    assert_non_null(text);
    size_t n = (size_t)sprintf(text, "id,x\n");
    uint64_t x = 7;
    for (int64_t r = 0; r < n_rows; r++)
        n += (size_t)sprintf(text + n, "k%llu,%d\n", (unsigned long long)(next_random(&x) % n_distinct), (int)(r % 7));
    const temoin_frame *f = read_text(ctx, text, n, AS(.delimiter = 0));
    const temoin_column *id = column(f, "id");
    for (int32_t i = 1; i < id->n_levels; i++) assert_true(strcmp(id->level[i - 1], id->level[i]) < 0);
    assert_true((uint64_t)id->n_levels <= n_distinct);
    x = 7;
    for (int64_t r = 0; r < n_rows; r++) {
        assert_int_equal(strtoull(id->level[id->code[r]] + 1, NULL, 10), next_random(&x) % n_distinct);
        assert_true(column(f, "x")->number[r] == (double)(r % 7));
    }
    temoin_context_free(ctx);
}

static void many_levels(void **state)
{
    (void)state;
    check_levels(1000, 3);
    check_levels(1000, 128);
    check_levels(300000, 1u << 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_file),
        cmocka_unit_test(lines_are_counted_through_quotes_blanks_and_ends),
        cmocka_unit_test(a_row_may_start_with_a_quoted_line_end),
        cmocka_unit_test(delimiters_are_detected_in_the_header),
        cmocka_unit_test(encodings),
        cmocka_unit_test(every_byte_of_latin1),
        cmocka_unit_test(missing_tokens),
        cmocka_unit_test(types_are_inferred_over_the_column),
        cmocka_unit_test(dates_are_real_days),
        cmocka_unit_test(short_numbers_equal_the_full_reader),
        cmocka_unit_test(decimal_commas),
        cmocka_unit_test(requests_decide),
        cmocka_unit_test(files_on_disk),
        cmocka_unit_test(nasty_cells_are_read_back),
        cmocka_unit_test(many_levels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
