/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/number_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The current locale may print its own decimal separator: digits are picked out of the text instead. */
static int digits_and_exponent(double x, int precision, char digits[24], int *exponent)
{
    char raw[64];
    snprintf(raw, sizeof raw, "%.*e", precision - 1, x);
    int n = 0;
    const char *c = raw;
    for (; *c && *c != 'e'; c++)
        if (*c >= '0' && *c <= '9') digits[n++] = *c;
    digits[n] = '\0';
    *exponent = (int)strtol(c + 1, NULL, 10);
    return strtod(raw, NULL) == x; /* same locale both ways */
}

static void strip_zeros(char *digits)
{
    size_t n = strlen(digits);
    while (n > 1 && digits[n - 1] == '0') digits[--n] = '\0';
}

static char *put(char *to, const char *from, size_t n)
{
    memcpy(to, from, n);
    return to + n;
}

static char *put_plain(char *to, const char *digits, int exponent)
{
    int n = (int)strlen(digits);
    if (exponent < 0) {
        to = put(to, "0.", 2);
        for (int zero = -1; zero > exponent; zero--) *to++ = '0';
        return put(to, digits, (size_t)n);
    }
    for (int d = 0; d <= exponent; d++) *to++ = d < n ? digits[d] : '0';
    if (n <= exponent + 1) return to;
    *to++ = '.';
    return put(to, digits + exponent + 1, (size_t)(n - exponent - 1));
}

const char *tm_number_text(double x, char text[TM_NUMBER_TEXT_SIZE])
{
    if (isnan(x)) return strcpy(text, "");
    if (isinf(x)) return strcpy(text, x > 0 ? "inf" : "-inf");
    if (x == 0) return strcpy(text, "0");
    char digits[24];
    int exponent;
    for (int precision = 15; precision <= 17; precision++)
        if (digits_and_exponent(fabs(x), precision, digits, &exponent)) break;
    strip_zeros(digits);
    char *to = text;
    if (x < 0) *to++ = '-';
    if (exponent >= -5 && exponent < 17) {
        to = put_plain(to, digits, exponent);
        *to = '\0';
        return text;
    }
    *to++ = digits[0];
    if (digits[1]) {
        *to++ = '.';
        to = put(to, digits + 1, strlen(digits + 1));
    }
    snprintf(to, 8, "e%+03d", exponent);
    return text;
}

const char *tm_number_fixed(double x, int digits, char text[TM_NUMBER_TEXT_SIZE])
{
    if (isnan(x)) return strcpy(text, "");
    if (fabs(x) >= 1e15) return tm_number_text(x, text);
    char raw[64];
    int n = snprintf(raw, sizeof raw, "%.*f", digits, x);
    char *to = text;
    bool nonzero = false;
    for (int c = 0; c < n; c++) nonzero |= raw[c] >= '1' && raw[c] <= '9';
    int first = raw[0] == '-' && !nonzero; /* no "-0.00" */
    bool point = false;
    for (int c = first; c < n; c++) {
        if ((raw[c] >= '0' && raw[c] <= '9') || raw[c] == '-')
            *to++ = raw[c];
        else if (!point) {
            *to++ = '.';
            point = true;
        }
    }
    *to = '\0';
    return text;
}

/* The grammar is checked here byte by byte; strtod then only converts what is known to be a number. Its separator is
 * the locale's, so the point is left out and the exponent shifted instead: "12.5e3" is read as "125e2". */
bool tm_number_read(const char *text, size_t length, char decimal, double *out)
{
    char plain[512];
    if (length == 0 || length > 400) return false;
    size_t at = 0, to = 0;
    if (text[at] == '-' || text[at] == '+') plain[to++] = text[at++];
    int n_digits = 0, n_decimals = 0;
    for (; at < length && text[at] >= '0' && text[at] <= '9'; at++, n_digits++) plain[to++] = text[at];
    if (at < length && text[at] == decimal)
        for (at++; at < length && text[at] >= '0' && text[at] <= '9'; at++, n_digits++, n_decimals++)
            plain[to++] = text[at];
    if (n_digits == 0) return false;
    long exponent = 0;
    if (at < length && (text[at] == 'e' || text[at] == 'E')) {
        at++;
        bool negative = at < length && text[at] == '-';
        if (at < length && (text[at] == '-' || text[at] == '+')) at++;
        if (at == length) return false;
        for (; at < length && text[at] >= '0' && text[at] <= '9'; at++)
            if (exponent < 100000) exponent = exponent * 10 + (text[at] - '0');
        if (negative) exponent = -exponent;
    }
    if (at != length) return false;
    snprintf(plain + to, sizeof plain - to, "e%ld", exponent - n_decimals);
    *out = strtod(plain, NULL);
    return isfinite(*out);
}
