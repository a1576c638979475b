/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A key is one line of text: a word, so that nobody hands out the secret one by mistake, a blank, and 64 digits. */
#include "audit/key_files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/files.h"
#include "temoin/custody.h"

static const char *const words[] = {"temoin-ed25519-public ", "temoin-ed25519-secret "};

enum { LINE_SIZE = 128 };

static temoin_status fail_errno(temoin_context *ctx, const char *path, const char *what)
{
    return tm_fail(ctx, TEMOIN_ERR_IO, "%s: cannot %s: %s", path, what, strerror(errno));
}

/* Up to LINE_SIZE - 1 bytes with a NUL behind them; no copy stays elsewhere. */
static temoin_status read_line(temoin_context *ctx, const char *path, char line[LINE_SIZE])
{
    size_t length = 0;
    ssize_t n = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return fail_errno(ctx, path, "open");
    do {
        n = read(fd, line + length, LINE_SIZE - 1 - length);
        if (n > 0) length += (size_t)n;
    } while (n > 0 || (n < 0 && errno == EINTR));
    line[length] = '\0';
    while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r')) line[--length] = '\0';
    temoin_status status = n < 0 ? fail_errno(ctx, path, "read") : TEMOIN_OK;
    close(fd);
    return status;
}

static temoin_status parse(temoin_context *ctx, const char *path, bool secret, const char *line,
                           uint8_t key[TM_KEY_BYTES])
{
    const size_t start = strlen(words[secret]);
    if (strncmp(line, words[!secret], strlen(words[!secret])) == 0)
        TM_FAIL(ctx, TEMOIN_ERR_DATA, "%s: holds a %s key; %s", path, secret ? "public" : "secret",
                secret ? "to sign takes the secret one: the file of the same name without .pub"
                       : "keep it to yourself; to verify takes the public one: the file of the same name with .pub");
    if (strncmp(line, words[secret], start) != 0 || !tm_hex_read(line + start, strlen(line + start), key, TM_KEY_BYTES))
        TM_FAIL(ctx, TEMOIN_ERR_DATA, "%s: holds no key; a key is one line: %sand 64 digits 0-9 and a-f", path,
                words[secret]);
    return TEMOIN_OK;
}

temoin_status tm_key_read(temoin_context *ctx, const char *path, bool secret, uint8_t key[TM_KEY_BYTES])
{
    char line[LINE_SIZE];
    temoin_status status = read_line(ctx, path, line);
    if (status == TEMOIN_OK) status = parse(ctx, path, secret, line, key);
    tm_secret_wipe(line, sizeof line);
    return status;
}

temoin_status tm_key_text(temoin_context *ctx, const uint8_t key[TM_KEY_BYTES], const char **text)
{
    char hex[TM_KEY_HEX_SIZE];
    *text = tm_text_copy(ctx, tm_hex_write(key, TM_KEY_BYTES, hex), TM_KEY_HEX_SIZE - 1);
    return *text ? TEMOIN_OK : tm_fail_memory(ctx);
}

/* Makes a file that is not there yet. */
static temoin_status write_line(temoin_context *ctx, const char *path, bool secret, const uint8_t key[TM_KEY_BYTES])
{
    char line[LINE_SIZE];
    const size_t start = strlen(words[secret]);
    memcpy(line, words[secret], start);
    tm_hex_write(key, TM_KEY_BYTES, line + start);
    const size_t length = start + TM_KEY_HEX_SIZE;
    line[length - 1] = '\n';
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, secret ? 0600 : 0644);
    if (fd < 0 && errno == EEXIST)
        TM_FAIL(ctx, TEMOIN_ERR_DATA, "%s: is there already, and a key is never overwritten; choose another name",
                path);
    if (fd < 0) return fail_errno(ctx, path, "write");
    bool good = write(fd, line, length) == (ssize_t)length && (fsync(fd) == 0 || errno == EINVAL);
    temoin_status status = good ? TEMOIN_OK : fail_errno(ctx, path, "write");
    close(fd);
    if (!good) unlink(path);
    tm_secret_wipe(line, sizeof line);
    return status;
}

static temoin_status write_pair(temoin_context *ctx, const char *path, const uint8_t secret[TM_KEY_BYTES],
                                const char **key)
{
    uint8_t public[TM_KEY_BYTES];
    const char *beside = tm_text(ctx, "%s.pub", path);
    if (!beside) return tm_fail_memory(ctx);
    tm_key_public(secret, public);
    TM_TRY(tm_key_text(ctx, public, key));
    TM_TRY(write_line(ctx, path, true, secret));
    temoin_status status = write_line(ctx, beside, false, public);
    if (status != TEMOIN_OK) unlink(path);
    return status;
}

temoin_status temoin_key_build(temoin_context *ctx, const char *path, const char **key)
{
    uint8_t secret[TM_KEY_BYTES];
    if (!tm_key_draw(secret))
        TM_FAIL(ctx, TEMOIN_ERR_IO, "%s: this machine has no random bytes to make a key from", path);
    temoin_status status = write_pair(ctx, path, secret, key);
    tm_secret_wipe(secret, sizeof secret);
    return status;
}
