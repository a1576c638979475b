/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_MANIFEST_OPTIONS_H
#define TM_MANIFEST_OPTIONS_H

#include "base/sink.h"
#include "plan/plan_struct.h"

/* `,` and the member "options" of the manifest's design: those that the plan gives, in its order. Nothing if there are
 * none. */
void tm_manifest_put_options(tm_sink *sink, const temoin_plan *plan);

#endif
