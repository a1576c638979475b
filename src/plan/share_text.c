/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plan/share_text.h"

#include <stddef.h>

enum { MOST_DIGITS = 18 };

__extension__ typedef unsigned __int128 wide;

/* A decimal is digits / 10^n_decimals, without zeros at its end. */
typedef struct decimal {
    uint64_t digits;
    int n_decimals;
} decimal;

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool add_digit(decimal *d, char c)
{
    if (d->digits >= (uint64_t)100000000000000000) return false; /* it has MOST_DIGITS */
    d->digits = d->digits * 10 + (uint64_t)(c - '0');
    return true;
}

static bool decimal_read(const char *text, decimal *out)
{
    decimal d = {0, 0};
    int n_zeros = 0; /* read behind the point, not yet known to matter */
    bool any = false;
    for (; is_digit(*text); text++, any = true)
        if (!add_digit(&d, *text)) return false;
    if (*text == '.')
        for (text++; is_digit(*text); text++, any = true) {
            if (*text == '0') {
                n_zeros++;
                continue;
            }
            if (d.n_decimals + n_zeros >= MOST_DIGITS) return false;
            for (; n_zeros > 0; n_zeros--, d.n_decimals++)
                if (!add_digit(&d, '0')) return false;
            if (!add_digit(&d, *text)) return false;
            d.n_decimals++;
        }
    *out = d;
    return any && *text == '\0' && d.digits > 0;
}

bool tm_share_validate(const char *text)
{
    decimal d;
    return decimal_read(text, &d);
}

/* At most 10^18 * 10^18: fits in 128 bits. */
static wide scaled(const char *text, int n_decimals)
{
    decimal d = {0, 0};
    decimal_read(text, &d);
    wide x = d.digits;
    for (int i = d.n_decimals; i < n_decimals; i++) x *= 10;
    return x;
}

static wide common_divisor(wide a, wide b)
{
    while (b) {
        wide rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

bool tm_shares_read(const char *const *text, int64_t *share, int32_t n, int64_t *sum)
{
    int n_decimals = 0;
    for (int32_t i = 0; i < n; i++) {
        decimal d = {0, 0};
        decimal_read(text[i], &d);
        if (d.n_decimals > n_decimals) n_decimals = d.n_decimals;
    }
    wide divisor = 0;
    for (int32_t i = 0; i < n; i++) divisor = common_divisor(scaled(text[i], n_decimals), divisor);
    int64_t total = 0;
    for (int32_t i = 0; i < n; i++) {
        wide x = scaled(text[i], n_decimals) / divisor;
        if (x > (wide)(TM_SHARE_SUM_MOST - total)) return false;
        share[i] = (int64_t)x;
        total += share[i];
    }
    *sum = total;
    return true;
}
