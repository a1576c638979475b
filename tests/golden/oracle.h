/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The textbook's formulas, by n × n matrices and refits: slow, plain, and sharing nothing with the library but the
 * model's columns. Definitions: MacKinnon & White 1985 (HC), Bell & McCaffrey 2002 and Pustejovsky & Tipton 2018 (CR2
 * with the identity as working covariance, Satterthwaite), MacKinnon, Nielsen & Webb 2023 (CV3, as delete-one-cluster
 * refits). */
#ifndef TM_ORACLE_H
#define TM_ORACLE_H

#include "moments/model.h"

typedef struct oracle {
    int n, k, rank;
    double effect;
    double classical, hc0, hc2, hc3, cr0, cr2, cr3, cv3, cv3j; /* variances without further factors */
    double bm_df, cr2_df;
} oracle;

/* One contrast of a model; the sample must be clustered. Without `slow`, bm_df, cv3 and cv3j are NaN. */
void oracle_run(const tm_model *model, int contrast, bool slow, oracle *out);

#endif
