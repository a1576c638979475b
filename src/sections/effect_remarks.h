/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What stands under the tables of effects. */
#ifndef TM_EFFECT_REMARKS_H
#define TM_EFFECT_REMARKS_H

#include "document/document.h"
#include "temoin/result.h"

/* Could none of a family's effects be there? Nothing where it was not asked. */
void tm_add_family_remark(const temoin_results *results, tm_document *document, tm_table *table, const char *family);

/* How many clusters clustered effects really rest on; nothing without any. */
void tm_add_clusters_table(const temoin_results *results, tm_document *document);

#endif
