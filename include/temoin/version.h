/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEMOIN_VERSION_H
#define TEMOIN_VERSION_H
#ifdef __cplusplus
extern "C" {
#endif

/** Engine version as "major.minor.patch"; stands in every manifest. */
const char *temoin_version(void);

#ifdef __cplusplus
}
#endif
#endif
