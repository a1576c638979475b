/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_EXPORT_KIND_H
#define TM_EXPORT_KIND_H

typedef struct tm_export_kind {
    const char *key;
    const char *title;
} tm_export_kind;

extern const tm_export_kind tm_exports[];
extern const int tm_n_exports;

#endif
