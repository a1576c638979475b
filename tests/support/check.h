/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one wrapper around cmocka, and what every test needs: a context, comparators, paths. */
#ifndef TM_TEST_CHECK_H
#define TM_TEST_CHECK_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/failure.h"
#include "temoin/context.h"

/* A context with the default options; the test ends if there is none. */
static inline temoin_context *check_context(void)
{
    temoin_context *ctx;
    const temoin_context_opts opts = TEMOIN_CONTEXT_OPTS_INIT;
    assert_int_equal(temoin_context_build(&opts, &ctx), TEMOIN_OK);
    return ctx;
}

static inline void check_ok(temoin_context *ctx, temoin_status status)
{
    for (size_t i = 0; status != TEMOIN_OK && i < temoin_context_n_problems(ctx); i++)
        print_error("%s\n", temoin_context_problem(ctx, i));
    assert_int_equal(status, TEMOIN_OK);
}

/* |got - want| <= tolerance * max(|want|, scale); both NaN is equal. */
static inline int close_to(double got, double want, double tolerance, double scale)
{
    if (isnan(got) || isnan(want)) return isnan(got) && isnan(want);
    if (got == want) return 1;
    return fabs(got - want) <= tolerance * fmax(fabs(want), scale);
}

static inline void check_close(double got, double want, double tolerance)
{
    if (!close_to(got, want, tolerance, 0)) {
        print_error("got %.17g, want %.17g, relative difference %.3g\n", got, want, fabs(got - want) / fabs(want));
        fail();
    }
}

/* A file of the source tree; $TEMOIN_SOURCE is set by meson. */
static inline const char *source_path(const char *name)
{
    static char path[4096];
    const char *root = getenv("TEMOIN_SOURCE");
    snprintf(path, sizeof path, "%s/%s", root ? root : ".", name);
    return path;
}

#endif
