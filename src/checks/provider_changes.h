/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_PROVIDER_CHANGES_H
#define TM_PROVIDER_CHANGES_H

#include "designs/assignment_struct.h"

/* Clients in an arm who had more than one worker: those whom the outcome files name at the waves, and the one of the
 * client file, or of the draw, by their texts. -1: the outcome files do not say. */
int64_t tm_provider_changes_count(const temoin_assignment *assignment);

#endif
