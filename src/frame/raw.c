/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What one cell means. */
#include <string.h>

#include "base/number_text.h"
#include "frame/cells.h"

bool tm_raw_missing(const tm_raw *cell, const temoin_csv_opts *opts)
{
    if (opts->n_missing < 0) return cell->length == 0 || (cell->length == 2 && memcmp(cell->text, "NA", 2) == 0);
    for (int32_t m = 0; m < opts->n_missing; m++)
        if (strcmp(cell->text, opts->missing[m]) == 0) return true;
    return false;
}

/* Nearly all cells: at most fifteen digits, no exponent. The digits make an integer below 2^53 and the power of ten is
 * exact, so the one division rounds correctly (Clinger 1990) and the value is that of `tm_number_read`. */
static bool read_short_number(const tm_raw *cell, char decimal, double *out)
{
    static const double power[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    const char *c = cell->text, *end = cell->text + cell->length;
    bool negative = *c == '-';
    c += negative;
    int64_t whole = 0;
    int n_digits = 0, n_decimals = -1; /* -1: no separator yet */
    if (end - c > 16) return false;
    for (; c < end; c++) {
        if (*c >= '0' && *c <= '9') {
            whole = whole * 10 + (*c - '0');
            n_digits++;
            n_decimals += n_decimals >= 0;
        } else if (*c == decimal && n_decimals < 0) {
            n_decimals = 0;
        } else {
            return false;
        }
    }
    if (n_digits == 0 || n_digits > 15) return false;
    double x = n_decimals > 0 ? (double)whole / power[n_decimals] : (double)whole;
    *out = negative ? -x : x;
    return true;
}

bool tm_raw_number(const tm_raw *cell, char decimal, double *out)
{
    return read_short_number(cell, decimal, out) || tm_number_read(cell->text, cell->length, decimal, out);
}

typedef struct flag_word {
    const char *text;
    unsigned pairs;
    double value;
} flag_word;

static const flag_word flag_words[] = {
    {"0", 1, 0},    {"1", 1, 1},     {"no", 2, 0},    {"yes", 2, 1},     {"non", 4, 0}, {"oui", 4, 1}, {"false", 8, 0},
    {"true", 8, 1}, {"faux", 16, 0}, {"vrai", 16, 1}, {"n", 32 + 64, 0}, {"y", 32, 1},  {"o", 64, 1},
};

bool tm_raw_flag(const tm_raw *cell, unsigned *pairs, double *out)
{
    char lower[8] = "";
    if (cell->length == 0 || cell->length > 5) return false;
    for (size_t i = 0; i < cell->length; i++) {
        char c = cell->text[i];
        lower[i] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c; /* tolower() would ask the locale */
    }
    for (size_t w = 0; w < sizeof flag_words / sizeof *flag_words; w++) {
        if (strcmp(lower, flag_words[w].text) != 0) continue;
        *pairs = flag_words[w].pairs;
        *out = flag_words[w].value;
        return true;
    }
    return false;
}

static bool read_digits(const char *text, int n, int *out)
{
    *out = 0;
    for (int i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9') return false;
        *out = *out * 10 + (text[i] - '0');
    }
    return true;
}

/* Days from 1970-01-01, proleptic Gregorian. Years are taken to begin on 1 March, so that the leap day is the last; 400
 * of them are 146,097 days. */
static int64_t days_from_civil(int year, int month, int day)
{
    int y = year - (month <= 2);
    int era = (y >= 0 ? y : y - 399) / 400;
    int of_era = y - era * 400;
    int of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return (int64_t)era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

bool tm_raw_date(const tm_raw *cell, double *out)
{
    static const int month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const char *t = cell->text;
    int year, month, day;
    if (cell->length != 10 || t[4] != '-' || t[7] != '-') return false;
    if (!read_digits(t, 4, &year) || !read_digits(t + 5, 2, &month) || !read_digits(t + 8, 2, &day)) return false;
    if (month < 1 || month > 12 || day < 1) return false;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (day > month_days[month - 1] + (leap && month == 2)) return false;
    *out = (double)days_from_civil(year, month, day);
    return true;
}

const char *tm_shown(const char *text, size_t length, char shown[TM_SHOWN_SIZE])
{
    enum { MOST = 60 };
    size_t n = length;
    if (n > MOST) /* not through the middle of a character */
        for (n = MOST - 3; n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80;) n--;
    char *to = shown;
    *to++ = '"';
    for (size_t i = 0; i < n; i++) *to++ = (unsigned char)text[i] < 0x20 ? ' ' : text[i];
    strcpy(to, n < length ? "…\"" : "\"");
    return shown;
}
