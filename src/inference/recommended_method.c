/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "inference/recommended_method.h"

tm_recommended tm_recommended_method(tm_structure structure, int64_t fewest, int64_t most)
{
    static const tm_recommended means = {"worker_means", "student"}, within = {"worker_means", "paired"},
                                clients = {"ols", "cr2_working"};
    if (structure == TM_STRUCTURE_CROSSED) return within;
    return structure == TM_STRUCTURE_ONE_ARM || 2 * most > 3 * fewest ? clients : means;
}
