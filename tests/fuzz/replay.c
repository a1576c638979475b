/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs every file of a corpus folder through one fuzz target, in the order of the names; speaks TAP. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int is_input(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* The input lies at the end of its own allocation: a sanitizer sees one byte too many. */
static int replay_bytes(FILE *file)
{
    if (fseek(file, 0, SEEK_END) != 0) return 0;
    long size = ftell(file);
    if (size < 0) return 0;
    rewind(file);
    uint8_t *bytes = malloc(size ? (size_t)size : 1);
    int good = bytes && fread(bytes, 1, (size_t)size, file) == (size_t)size;
    if (good) LLVMFuzzerTestOneInput(bytes, (size_t)size);
    free(bytes);
    return good;
}

static int replay_file(const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (!file) return 0;
    int good = replay_bytes(file);
    fclose(file);
    return good;
}

int main(int argc, char **argv)
{
    struct dirent **entries;
    int n = argc == 2 ? scandir(argv[1], &entries, is_input, alphasort) : -1;
    if (n <= 0) {
        printf("1..1\nnot ok 1 - a corpus folder with files\n");
        return 1;
    }
    printf("1..%d\n", n);
    int failed = 0;
    for (int i = 0; i < n; i++) {
        fflush(stdout); /* if the target crashes, the next input is the one */
        int good = replay_file(argv[1], entries[i]->d_name);
        printf("%s %d - %s\n", good ? "ok" : "not ok", i + 1, entries[i]->d_name);
        failed += !good;
        free(entries[i]);
    }
    free(entries);
    return failed != 0;
}
