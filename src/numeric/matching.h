/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_MATCHING_H
#define TM_MATCHING_H

#include "base/failure.h"

/* Largest n and largest cost that tm_matching_build takes. */
enum { TM_MATCHING_MOST = 8192 };
#define TM_MATCHING_COST_MOST (INT64_C(1) << 55)

/* Divides n vertices into pairs of least total cost: a minimum-weight perfect matching of the complete graph, by
 * Edmonds' blossoms. Exact, because costs are whole numbers; among matchings of the same cost, one that depends on the
 * costs and on the order of the vertices only.
 *
 * Shapes   cost [n * n] symmetric, 0 … TM_MATCHING_COST_MOST, its diagonal is not read; mate [n] with mate[mate[v]] =
 * v. Needs    n even, 0 … TM_MATCHING_MOST. Cost     O(n³) time; 3 n² bytes of scratch. Cites    Edmonds 1965, "Maximum
 * matching and a polyhedron with 0,1-vertices"; Galil 1986, "Efficient algorithms for finding maximum matching in
 * graphs" (the primal-dual bookkeeping).
 */
TEMOIN_MUST_CHECK temoin_status tm_matching_build(temoin_context *ctx, int32_t n, const int64_t *cost, int32_t *mate);

#endif
