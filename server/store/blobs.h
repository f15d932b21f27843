/* blobs.h - what is too large for a row: attachments, snapshots, long handshakes, in files of their own that are named by the SHA-256
 * of what they hold. Streamed, never in memory whole. Nothing here knows who may have what: that is in the table BLOB.
 *
 *   DIR/ab/cdef…          a whole blob, checked and durable; it never changes
 *   DIR/partial/HASH.N    what N has sent of one so far; it can be gone on with after a pause or a crash
 *
 * A blob is there before its row, and its row is gone before the blob: a crash between leaves at most a file that no row names,
 * which a sweep finds (blobs_list). All calls block, and are for a pool of threads: any of them at once on one struct blobs; one at
 * a time on an upload.
 *
 * Errors of all calls: NOMEM; DISK_FULL; PERMISSION; IO: the disk failed: stop the server, as with the store. */
#ifndef STORE_BLOBS_H
#define STORE_BLOBS_H

#include "base/base.h"
#include "crypto/crypto.h"

#define BLOB_HASH 32 /* bytes */

struct blobs;       /* opaque */
struct blob_upload; /* opaque */

/* Makes the directory and those in it if they are not there; the one above must be. */
SOTTO_MUST_USE sotto_err blobs_open(const char *path, struct blobs **ret_blobs);
void blobs_close(struct blobs *blobs); /* accepts NULL; uploads must have ended */
void blobs_closep(struct blobs **blobs);

/* --- uploads --- */

/* Begins, or goes on: `ret_offset` is what is there already. `uploader` keeps apart who sends the same one at once; `size` is that
 * of the whole, and what the disk must have left. EXISTS: the whole blob is there, durable. IN_USE: this uploader is at it elsewhere. */
SOTTO_MUST_USE sotto_err blobs_begin(struct blobs *blobs, sotto_crypto *c,
                                     const uint8_t hash[BLOB_HASH], uint64_t uploader,
                                     uint64_t size, struct blob_upload **ret_upload,
                                     uint64_t *ret_offset);
/* How much of this size the uploader has to send, as far as one can tell; 0: the whole blob is there. */
uint64_t blobs_missing(const struct blobs *blobs, const uint8_t hash[BLOB_HASH], uint64_t uploader,
                       uint64_t size);
/* How much the uploader has sent of one of this size; takes and makes nothing. EXISTS, IN_USE: as above. */
SOTTO_MUST_USE sotto_err blobs_offset(const struct blobs *blobs, const uint8_t hash[BLOB_HASH],
                                      uint64_t uploader, uint64_t size, uint64_t *ret_offset);
/* Appends. TOO_LARGE: over the size; nothing was written. DISK_FULL: nothing was written, and it can be tried again. */
SOTTO_MUST_USE sotto_err blobs_write(struct blob_upload *upload, view chunk);
/* Hashes some of what was there when it began, MiBs at most, for blobs_finish(), which does all that is left of that at once.
 * `ret_more`: there is more of it. IN_USE: it can't be read, and is deleted; begin again. */
SOTTO_MUST_USE sotto_err blobs_check(struct blob_upload *upload, bool *ret_more);
/* Makes the blob: durable when it returns OK. TRUNCATED: some is missing; go on. VALUE: it is not what the hash says; what was sent
 * is deleted. The upload must be ended in any case. */
SOTTO_MUST_USE sotto_err blobs_finish(struct blob_upload *upload);
/* Ends the upload, keeps what was sent of a blob that is not whole. Accepts NULL. */
void blobs_end(struct blob_upload *upload);
void blobs_endp(struct blob_upload **upload);

/* Deletes what was sent for blobs that never became whole, and not touched since this time (seconds since 1970). */
SOTTO_MUST_USE sotto_err blobs_expire(struct blobs *blobs, int64_t before_s);

/* --- whole blobs --- */

/* For reading; the descriptor is the caller's, and goes on when the blob is deleted. NOTFOUND. */
SOTTO_MUST_USE sotto_err blobs_read(struct blobs *blobs, const uint8_t hash[BLOB_HASH], int *ret_fd,
                                    uint64_t *ret_size);
/* OK also if there is none. */
SOTTO_MUST_USE sotto_err blobs_delete(struct blobs *blobs, const uint8_t hash[BLOB_HASH]);

/* Gives all blobs whose hash begins with this byte, in any order. The function returns false to stop. */
typedef bool blobs_each(void *user, const uint8_t hash[BLOB_HASH]);
SOTTO_MUST_USE sotto_err blobs_list(struct blobs *blobs, uint8_t first, blobs_each *each,
                                    void *user);

#endif
