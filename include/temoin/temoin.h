/* SPDX-License-Identifier: GPL-3.0-or-later */
/** temoin: draw, analyse and audit randomized trials. This header includes all others. */
#ifndef TEMOIN_H
#define TEMOIN_H

#include "temoin/audit.h"
#include "temoin/checks.h"
#include "temoin/context.h"
#include "temoin/custody.h"
#include "temoin/design.h"
#include "temoin/estimate.h"
#include "temoin/frame.h"
#include "temoin/plan.h"
#include "temoin/registry.h"
#include "temoin/report.h"
#include "temoin/result.h"
#include "temoin/status.h"
#include "temoin/trial.h"
#include "temoin/version.h"

#endif
