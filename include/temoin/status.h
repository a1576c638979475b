/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEMOIN_STATUS_H
#define TEMOIN_STATUS_H
#ifdef __cplusplus
extern "C" {
#endif

/** What an operation came to. Statistical conditions are never a status: they are notes on a row. */
typedef enum temoin_status {
    TEMOIN_OK = 0,
    TEMOIN_ERR_MEMORY, /**< an allocation failed */
    TEMOIN_ERR_IO,     /**< the operating system refused a read or a write */
    TEMOIN_ERR_USAGE,  /**< the caller asked for something that does not exist */
    TEMOIN_ERR_PLAN,   /**< the plan was rejected; see the context's problems */
    TEMOIN_ERR_DATA,   /**< a data file was rejected; see the context's problems */
} temoin_status;

/** Stable lower-case text of a status ("ok", "memory", …); never NULL. */
const char *temoin_status_name(temoin_status status);

#if defined(__GNUC__)
#define TEMOIN_MUST_CHECK __attribute__((warn_unused_result))
#define TEMOIN_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define TEMOIN_MUST_CHECK
#define TEMOIN_PRINTF(text, first)
#endif

#ifdef __cplusplus
}
#endif
#endif
