/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/language.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/number_text.h"

static const struct {
    const char *name, *decimal, *group, *percent;
} writing[TM_N_LANGUAGES] = {
    [TM_ENGLISH] = {"en", ".", ",", "%"},
    [TM_FRENCH] = {"fr", ",", "\u202f", "\u00a0%"},
};

bool tm_language_find(const char *name, tm_language *out)
{
    for (int l = 0; l < TM_N_LANGUAGES; l++)
        if (strcmp(name, writing[l].name) == 0) {
            *out = (tm_language)l;
            return true;
        }
    return false;
}

const char *tm_language_name(tm_language language)
{
    return writing[language].name;
}

const char *tm_say(tm_language language, const char *en, const char *fr)
{
    return language == TM_FRENCH ? fr : en;
}

/* What a blank becomes between these two bytes of French; NULL: it stays. « is 0xc2 0xab, » is 0xc2 0xbb. */
static const char *french_blank(const char *text, const char *at)
{
    const char last = at[1] ? at[2] : '\0';
    if (at >= text + 2 && memcmp(at - 2, "«", 2) == 0) return "\u00a0";
    if (strncmp(at + 1, "»", 2) == 0) return "\u00a0";
    const bool ends = last == '\0' || last == ' ';
    if (at[1] == ':' && ends) return "\u00a0";
    return at[1] && strchr(";?!", at[1]) && ends ? "\u202f" : NULL;
}

const char *tm_language_space(temoin_context *ctx, tm_language language, const char *text)
{
    if (language != TM_FRENCH || !strchr(text, ' ')) return text;
    char *spaced = tm_arena_take(&ctx->results, (int64_t)strlen(text) + 1, 3);
    char *to = spaced;
    for (const char *at = text; spaced && *at; at++) {
        const char *blank = *at == ' ' ? french_blank(text, at) : NULL;
        if (blank)
            to = stpcpy(to, blank);
        else
            *to++ = *at;
    }
    return spaced;
}

const char *tm_write_number(tm_language language, double x, int decimals, char text[TM_WRITTEN_SIZE])
{
    char plain[TM_NUMBER_TEXT_SIZE];
    text[0] = '\0';
    if (isnan(x)) return text;
    if (isinf(x)) return strcpy(text, x > 0 ? "∞" : "\u2212∞");
    const char *from = tm_number_fixed(x, decimals, plain);
    char *to = text;
    if (*from == '-') {
        to = stpcpy(to, "\u2212");
        from++;
    }
    size_t whole = strspn(from, "0123456789");
    bool grouped = strchr(from, 'e') == NULL;
    for (size_t d = 0; d < whole; d++) {
        if (grouped && d > 0 && (whole - d) % 3 == 0) to = stpcpy(to, writing[language].group);
        *to++ = from[d];
    }
    *to = '\0';
    if (from[whole] == '.') {
        to = stpcpy(to, writing[language].decimal);
        whole++;
    }
    strcpy(to, from + whole);
    return text;
}

const char *tm_write_percent(tm_language language, double share, int decimals, char text[TM_WRITTEN_SIZE])
{
    tm_write_number(language, share * 100, decimals, text);
    return text[0] ? strcat(text, writing[language].percent) : text;
}

const char *tm_write_p(tm_language language, double p, char text[TM_WRITTEN_SIZE])
{
    char number[TM_WRITTEN_SIZE];
    if (p < 0.001) {
        snprintf(text, TM_WRITTEN_SIZE, "<\u00a0%s", tm_write_number(language, 0.001, 3, number));
        return text;
    }
    if (p > 0.999 && p < 1) {
        snprintf(text, TM_WRITTEN_SIZE, ">\u00a0%s", tm_write_number(language, 0.999, 3, number));
        return text;
    }
    return tm_write_number(language, p, 3, text);
}
