/* SPDX-License-Identifier: GPL-3.0-or-later */
/* R formulas of the results: `y ~ arm + x + factor(s)`, `y ~ arm * x + z`, `lin: y ~ arm, covariates ~x + strata`. */
#ifndef TM_GOLDEN_FORMULA_H
#define TM_GOLDEN_FORMULA_H

#include <stdbool.h>

enum { GOLDEN_TERMS = 20 };

typedef struct golden_formula {
    bool lin;
    char strata[64];  /* a column whose levels are strata, "" without */
    char crossed[64]; /* the column that is multiplied by the arm, "" without; it is a term too */
    int n_terms;      /* without the arm and the strata */
    char term[GOLDEN_TERMS][64];
} golden_formula;

/* False when the formula is of another kind. */
bool golden_formula_read(const char *text, golden_formula *out);

#endif
