/* A backup from who knows where. Reading ends, its memory is bounded, names are harmless, and no file gives more than it said. The
 * input is a backup whose second half of the head is mended, so that the fuzzer gets behind it. */
#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backup/backup.h"

#define MOST (1 << 22) /* bytes; a bomb is left unread */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void file_check(struct archive_reader *r, const char *name, uint64_t size, uint64_t *left)
{
    uint8_t piece[4096];
    uint64_t got = 0;
    size_t len;
    for (const char *c = name; *c != 0; c++)
        assert(*c > 0x20 && *c < 0x7f);
    (void)backup_kind_of(name);
    while (*left > 0 && archive_read(r, piece, sizeof piece, &len) == SOTTO_OK) {
        if (len == 0) {
            assert(got == size);
            return;
        }
        got += len;
        *left -= len < *left ? len : *left;
        assert(got <= size);
    }
    *left = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static sotto_crypto *c;
    static const uint8_t head[14] = "sotto backup\1";
    struct archive_reader *r = NULL;
    const char *name;
    uint64_t file_size, left = MOST;
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (c == NULL && sotto_crypto_new(&c) != SOTTO_OK)
        abort();
    bool mended = size > 0 && (data[0] & 1) != 0;
    if (mended)
        assert(write(fd, head, sizeof head) == (ssize_t)sizeof head);
    if (size > 1)
        assert(write(fd, data + 1, size - 1) == (ssize_t)(size - 1));
    assert(lseek(fd, 0, SEEK_SET) == 0);
    if (archive_reader_new(c, fd, NULL, NULL, &r) == SOTTO_OK)
        while (left > 0 && archive_next(r, &name, &file_size) == SOTTO_OK)
            file_check(r, name, file_size, &left);
    archive_reader_free(r);
    close(fd);
    return 0;
}
