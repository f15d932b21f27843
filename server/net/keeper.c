#include "net/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "net/tls.h"

#define DAY_S (24 * 3600)

/* ---- the files of TLS */

static sotto_err file_say(const char *path, struct failure *failure)
{
    sotto_err err = errno == ENOENT                     ? SOTTO_E_NOTFOUND
                    : errno == EACCES || errno == EPERM ? SOTTO_E_PERMISSION
                                                        : SOTTO_E_IO;
    if (err == SOTTO_E_PERMISSION)
        snprintf(failure->todo, sizeof failure->todo,
                 "let the server's user read it; if that is the service's, through a group: "
                 "docs/operations.md");
    return failure_say(failure, err, "cannot read %.300s: %s", path, strerror(errno));
}

/* Appends a file and the line feed that may be missing at its end. */
static sotto_err file_append(const char *path, struct stat *ret_seen, sotto_buf *out,
                             struct failure *failure)
{
    uint8_t *place;
    TRY(buf_extend(out, STATE_FILE_MAX + 1, &place));
    out->len -= STATE_FILE_MAX + 1;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return file_say(path, failure);
    ssize_t len = fstat(fd, ret_seen) == 0 ? read(fd, place, STATE_FILE_MAX) : -1;
    sotto_err err = len < 0 ? file_say(path, failure) : SOTTO_OK;
    close(fd);
    if (err != SOTTO_OK)
        return err;
    place[len] = '\n';
    out->len += (size_t)len + 1;
    return SOTTO_OK;
}

static sotto_err files_read(const struct keeper_files *files, struct stat ret_seen[2],
                            sotto_buf *ret_pem, struct failure *failure)
{
    DEFER(buf_clear) sotto_buf pem = {0};
    if (files->certificate[0] == 0)
        return SOTTO_OK;
    TRY(file_append(files->certificate, &ret_seen[0], &pem, failure));
    TRY(file_append(files->key, &ret_seen[1], &pem, failure));
    if (tls_pem_check(buf_view(&pem)) != SOTTO_OK)
        return failure_say(
            failure, SOTTO_E_CERTIFICATE,
            "%.200s and %.200s are no certificate with its key, in PEM and without a "
            "passphrase",
            files->certificate, files->key);
    return buf_set(ret_pem, buf_view(&pem));
}

sotto_err keeper_files_check(const struct keeper_files *files, struct failure *ret_failure)
{
    DEFER(buf_clear) sotto_buf pem = {0};
    struct stat seen[2];
    return files_read(files, seen, &pem, ret_failure);
}

static bool is_same(const char *path, const struct stat *seen)
{
    struct stat now;
    return stat(path, &now) != 0 || /* a file that is being replaced */
           (now.st_ino == seen->st_ino && now.st_size == seen->st_size &&
            now.st_mtim.tv_sec == seen->st_mtim.tv_sec &&
            now.st_mtim.tv_nsec == seen->st_mtim.tv_nsec);
}

bool keeper_changed(const struct keeper *k)
{
    const struct kept *kept = atomic_load(&k->kept);
    return k->files.certificate[0] != 0 && !(is_same(k->files.certificate, &kept->seen[0]) &&
                                             is_same(k->files.key, &kept->seen[1]));
}

/* ---- identities */

/* Loads what the directory holds now, renewed if need be. The files of TLS come first: if they can't be read, nothing is changed. */
static sotto_err kept_load(struct keeper *k, const struct keeper_files *files, int64_t now_s,
                           const struct identity_change *change, struct kept **ret_kept,
                           struct failure *ret_failure)
{
    DEFER(buf_clear) sotto_buf pem = {0};
    struct stat seen[2] = {0};
    TRY(files_read(files, seen, &pem, ret_failure));
    struct kept *kept = calloc(1, sizeof *kept);
    if (kept == NULL)
        return SOTTO_E_NOMEM;
    sotto_err err =
        identity_change(k->c, k->state, k->host, now_s, change, &kept->identity, ret_failure);
    if (err != SOTTO_OK) {
        identity_clear(&kept->identity);
        free(kept);
        return err;
    }
    if (pem.len > 0) { /* from here on nothing may fail: the directory has changed */
        buf_clear(&kept->identity.tls);
        kept->identity.tls = pem;
        pem = (sotto_buf){0};
    }
    memcpy(kept->seen, seen, sizeof seen);
    atomic_init(&kept->holders, 1);
    *ret_kept = kept;
    return SOTTO_OK;
}

void kept_drop(struct kept *kept)
{
    if (kept == NULL || atomic_fetch_sub(&kept->holders, 1) > 1)
        return;
    identity_clear(&kept->identity);
    free(kept);
}

void kept_dropp(struct kept **kept)
{
    kept_drop(*kept);
}

struct kept *keeper_hold(struct keeper *k)
{
    pthread_mutex_lock(&k->lock);
    struct kept *kept = atomic_load(&k->kept);
    atomic_fetch_add(&kept->holders, 1);
    pthread_mutex_unlock(&k->lock);
    return kept;
}

static void keeper_publish(struct keeper *k, struct kept *kept)
{
    pthread_mutex_lock(&k->lock);
    struct kept *before = atomic_exchange(&k->kept, kept);
    pthread_mutex_unlock(&k->lock);
    kept_drop(before);
}

sotto_err keeper_init(struct keeper *k, struct state *state, const char *host,
                      const struct keeper_files *files, int64_t now_s, struct failure *ret_failure)
{
    *k = (struct keeper){
        .state = state, .host = host, .files = *files, .lock = PTHREAD_MUTEX_INITIALIZER};
    struct kept *kept;
    TRY(crypto_new(&k->c));
    TRY(kept_load(k, &k->files, now_s, &(struct identity_change){0}, &kept, ret_failure));
    keeper_publish(k, kept);
    return SOTTO_OK;
}

void keeper_clear(struct keeper *k)
{
    kept_drop(k->kept);
    crypto_free(k->c);
    *k = (struct keeper){0};
}

const struct identity *keeper_identity(const struct keeper *k)
{
    return &atomic_load(&k->kept)->identity;
}

sotto_err keeper_check(struct keeper *k, int64_t now_s, bool *ret_renewed,
                       struct failure *ret_failure)
{
    *ret_renewed = false;
    const struct identity *now = keeper_identity(k);
    if (identity_end_s(now) - now_s >= IDENTITY_RENEW_S)
        return SOTTO_OK;
    struct kept *kept;
    TRY(kept_load(k, &k->files, now_s, &(struct identity_change){0}, &kept, ret_failure));
    bool ours = memcmp(kept->identity.pin, now->pin, sizeof now->pin) == 0 &&
                secret_equal(&kept->identity.server_key, &now->server_key);
    bool longer = kept->identity.not_after_s > now->not_after_s ||
                  kept->identity.issuer_not_after_s > now->issuer_not_after_s;
    if (!ours || !longer) {
        kept_drop(kept);
        return ours ? SOTTO_OK
                    : failure_say(ret_failure, SOTTO_E_CERTIFICATE,
                                  "the state directory holds another server's keys now");
    }
    keeper_publish(k, kept);
    *ret_renewed = true;
    return SOTTO_OK;
}

static sotto_err keeper_next(struct keeper *k, const struct keeper_files *files, int64_t now_s,
                             const struct identity_change *change, struct failure *failure)
{
    struct kept *kept;
    TRY(kept_load(k, files, now_s, change, &kept, failure));
    if (memcmp(kept->identity.pin, keeper_identity(k)->pin, sizeof kept->identity.pin) != 0) {
        kept_drop(kept);
        return failure_say(failure, SOTTO_E_CERTIFICATE,
                           "the state directory holds another server's keys now");
    }
    keeper_publish(k, kept);
    return SOTTO_OK;
}

sotto_err keeper_change(struct keeper *k, int64_t now_s, const struct identity_change *change,
                        struct failure *ret_failure)
{
    return keeper_next(k, &k->files, now_s, change, ret_failure);
}

sotto_err keeper_take(struct keeper *k, const struct keeper_files *files, int64_t now_s,
                      struct failure *ret_failure)
{
    TRY(keeper_next(k, files, now_s, &(struct identity_change){0}, ret_failure));
    k->files = *files;
    return SOTTO_OK;
}

int64_t keeper_days(struct keeper *k, int64_t now_s)
{
    return (identity_end_s(keeper_identity(k)) - now_s) / DAY_S;
}
