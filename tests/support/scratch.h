/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A folder that a test may fill: the test runs inside it, so that messages show plain file names. */
#ifndef TM_TEST_SCRATCH_H
#define TM_TEST_SCRATCH_H

#include "check.h"

#include <ftw.h>
#include <unistd.h>

static inline int scratch_remove(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info, (void)type, (void)walk;
    return remove(path);
}

/* cmocka's group setup and teardown; the state is the folder's path. */
static inline int scratch_open(void **state)
{
    static char folder[4096];
    const char *base = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/temoin-test-XXXXXX", base ? base : "/tmp");
    *state = mkdtemp(folder);
    return *state ? chdir(folder) : -1;
}

static inline int scratch_close(void **state)
{
    return chdir("/") | nftw(*state, scratch_remove, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void write_bytes(const char *name, const char *bytes, size_t length)
{
    FILE *file = fopen(name, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static inline void write_file(const char *name, const char *text)
{
    write_bytes(name, text, strlen(text));
}

#endif
