/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "inference/recommended_method.h"

tm_recommended tm_recommended_method(tm_structure structure)
{
    switch (structure) {
    case TM_STRUCTURE_ONE_ARM:
        return (tm_recommended){"ols", "cr2_working"};
    case TM_STRUCTURE_CROSSED:
        return (tm_recommended){"worker_means", "paired"};
    default:
        return (tm_recommended){"worker_means", "student"};
    }
}
