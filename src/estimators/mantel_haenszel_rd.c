/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/two_by_two.h"

static temoin_status of_tables(temoin_context *ctx, const tm_two_by_two *t, int32_t n, const tm_request *request,
                               tm_effect *out)
{
    (void)ctx;
    tm_mh_finish(tm_mh_difference(t, n), t, n, request, out);
    return TEMOIN_OK;
}

static temoin_status run(temoin_context *ctx, const tm_request *request, tm_effect *out)
{
    return tm_tables_run(ctx, request, true, of_tables, out);
}

const tm_estimator tm_estimator_mantel_haenszel_rd = {
    .key = "mantel_haenszel_rd",
    .title_en = "Mantel-Haenszel risk difference over strata",
    .title_fr = "différence de risques de Mantel-Haenszel sur les strates",
    .cites = "Mantel & Haenszel 1959; Greenland & Robins 1985; Sato, Greenland & Robins 1989",
    .compares_within_strata = true,
    .outcome = TM_OUTCOME_BINARY,
    .run = run,
    .variances = "sato cochran_mantel_haenszel cochran_mantel_haenszel_cc",
};
