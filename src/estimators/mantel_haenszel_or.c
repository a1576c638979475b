/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/two_by_two.h"

static temoin_status of_tables(temoin_context *ctx, const tm_two_by_two *t, int32_t n, const tm_request *request,
                               tm_effect *out)
{
    (void)ctx;
    tm_mh_finish(tm_mh_log_odds(t, n), t, n, request, out);
    return TEMOIN_OK;
}

static temoin_status run(temoin_context *ctx, const tm_request *request, tm_effect *out)
{
    return tm_tables_run(ctx, request, true, of_tables, out);
}

const tm_estimator tm_estimator_mantel_haenszel_or = {
    .key = "mantel_haenszel_or",
    .title_en = "Mantel-Haenszel odds ratio over strata, as a logarithm",
    .title_fr = "rapport des cotes de Mantel-Haenszel sur les strates, en logarithme",
    .cites = "Mantel & Haenszel 1959; Robins, Breslow & Greenland 1986",
    .compares_within_strata = true,
    .unit = TM_UNIT_LOG_RATIO,
    .outcome = TM_OUTCOME_BINARY,
    .run = run,
    .variances = "robins_breslow_greenland cochran_mantel_haenszel cochran_mantel_haenszel_cc",
};
