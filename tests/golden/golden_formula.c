/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "golden_formula.h"

#include <stdio.h>
#include <string.h>

/* One term between two `+`: `arm`, `arm * x`, `factor(x)`, `strata` or a column. */
static bool add_term(const char *text, golden_formula *out)
{
    char name[64];
    int end = 0;
    if (strcmp(text, "arm") == 0) return true;
    if (sscanf(text, "arm * %63[a-z0-9_]%n", name, &end) == 1 && end && !text[end]) {
        if (out->crossed[0]) return false;
        strcpy(out->crossed, name);
    } else if (sscanf(text, "factor(%63[a-z0-9_])%n", name, &end) == 1 && end && !text[end]) {
        if (out->strata[0]) return false;
        strcpy(out->strata, name);
        return true;
    } else if (strcmp(text, "strata") == 0) {
        strcpy(out->strata, text);
        return true;
    } else if (sscanf(text, "%63[a-z0-9_]%n", name, &end) != 1 || text[end])
        return false;
    if (out->n_terms == GOLDEN_TERMS) return false;
    strcpy(out->term[out->n_terms++], name);
    return true;
}

bool golden_formula_read(const char *text, golden_formula *out)
{
    static const char lin[] = "lin: y ~ arm, covariates ~", plain[] = "y ~ ", balance[] = "x ~ ";
    char rest[512];
    *out = (golden_formula){0};
    out->lin = strncmp(text, lin, sizeof lin - 1) == 0;
    if (out->lin)
        text += sizeof lin - 1;
    else if (strncmp(text, plain, sizeof plain - 1) == 0 || strncmp(text, balance, sizeof balance - 1) == 0)
        text += sizeof plain - 1;
    else
        return false;
    snprintf(rest, sizeof rest, "%s", text);
    for (char *term = rest, *next; term; term = next) {
        next = strstr(term, " + ");
        if (next) {
            *next = '\0';
            next += 3;
        }
        if (!add_term(term, out)) return false;
    }
    return true;
}
