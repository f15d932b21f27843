/* archive.h - files in one stream: compressed, checked, and sealed to a key if there is one. The format of backups.
 *
 *   head     "sotto backup" | uint8 version 1 | uint8 sealed | if sealed: enc[32]
 *   chunk    uint32 (bit 31: the last one; below: length) | bytes           of the zstd stream; sealed: each by HPKE, the uint32 as AAD
 *            (RFC 9180, base mode: X25519, HKDF-SHA256, AES-256-GCM; info: the first 14 bytes of the head)
 *   inside   { uint8 name_len, 1 and more | name | uint64 size | bytes | SHA-256 of all four }... | uint8 0 | uint32 count of files
 *
 * What is cut off, changed, put together or in another order is noticed in either form; only a sealed one can't be forged. Memory is
 * bounded whatever the stream says. Writes to and reads from a descriptor; nothing else of the world. Calls wait for a pipe that is full
 * or empty, and leave off with INTERRUPTED soon after `ending`, which may be NULL, has become true. */
#ifndef BACKUP_ARCHIVE_H
#define BACKUP_ARCHIVE_H

#include <stdatomic.h>

#include "base/base.h"
#include "base/buf.h"
#include "crypto/crypto.h"
#include "crypto/kem.h"

#define ARCHIVE_NAME_MAX 100 /* bytes */
#define ARCHIVE_SEED     32  /* fresh random bytes, for who seals */
#define ARCHIVE_KEM      KEM_X25519

/* --- writing --- */

struct archive_writer;

/* `recipient`: a public key, or empty; `fd` is borrowed. IO, DISK_FULL (errno is write's), NOMEM, KEY. */
SOTTO_MUST_USE sotto_err archive_writer_new(sotto_crypto *c, int fd, view recipient,
                                            const uint8_t seed[ARCHIVE_SEED],
                                            const atomic_bool *ending,
                                            struct archive_writer **ret_writer);
/* Begins a file of so many bytes, which follow by archive_add(), no more and no fewer. USAGE. */
SOTTO_MUST_USE sotto_err archive_file(struct archive_writer *w, const char *name, uint64_t size);
SOTTO_MUST_USE sotto_err archive_add(struct archive_writer *w, view bytes);
/* The end: without it a reader sees something that was cut off. */
SOTTO_MUST_USE sotto_err archive_finish(struct archive_writer *w);
void archive_writer_free(struct archive_writer *w);
void archive_writer_freep(struct archive_writer **w);

/* --- reading --- */

struct archive_reader;

/* `key` may be NULL: a sealed one gives KEY then. VALUE: not a backup; NEWER; DECRYPT: sealed to another key. */
SOTTO_MUST_USE sotto_err archive_reader_new(sotto_crypto *c, int fd, const struct kem_key *key,
                                            const atomic_bool *ending,
                                            struct archive_reader **ret_reader);
bool archive_is_sealed(const struct archive_reader *r);
/* The next file, once the one before is read to its end. NOTFOUND: that was the last one, and all was as it was written. TRUNCATED;
 * DAMAGED; DECRYPT. The name is text without control characters, valid until the next call. */
SOTTO_MUST_USE sotto_err archive_next(struct archive_reader *r, const char **ret_name,
                                      uint64_t *ret_size);
/* Its next bytes; 0: the end of the file, whose hash was right. Errors as above. */
SOTTO_MUST_USE sotto_err archive_read(struct archive_reader *r, uint8_t *ret_bytes, size_t max,
                                      size_t *ret_len);
void archive_reader_free(struct archive_reader *r);
void archive_reader_freep(struct archive_reader **r);

#endif
