/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEMOIN_PROGRESS_H
#define TEMOIN_PROGRESS_H

/* For temoin_context_opts.progress: a bar on standard error, which must be a terminal. */
void tm_progress_show(void *data, const char *stage, double done);

#endif
