/* The files of the state directory:
 *   root.key    the root key; may be taken away once the server key is certified, until that has to be renewed
 *   root.der    the root's certificate; its key's hash is the pin
 *   server.key  the key that signs hello
 *   server.der  its certificate, under the root
 *   tls.pem     key and certificate that TLS asks for
 * They are written in that order, and each can be made again from those before it: a start that was cut off goes on. */
#include "net/identity.h"

#include "crypto/rng.h"
#include "net/key_file.h"
#include "net/tls.h"
#include "net/tls_cert.h"

const char *const identity_files[] = {"root.key",   "root.der", "server.key",
                                      "server.der", "tls.pem",  NULL};

/* A file that may be missing. */
struct file {
    const char *name;
    sotto_buf bytes;
    bool there;
};

struct files {
    struct file root_key, root_cert, server_key, server_cert, tls;
};

/* What the loading needs at every step. */
struct load {
    sotto_crypto *c;
    struct state *state;
    const char *host;
    int64_t now_s;
    struct failure *failure;
    struct identity *id;
};

void identity_clear(struct identity *id)
{
    secret_clear(&id->server_key);
    buf_clear(&id->server_cert);
    buf_clear(&id->root_cert);
    buf_clear(&id->tls);
    *id = (struct identity){0};
}

static void files_clear(struct files *f)
{
    buf_clear(&f->root_key.bytes);
    buf_clear(&f->root_cert.bytes);
    buf_clear(&f->server_key.bytes);
    buf_clear(&f->server_cert.bytes);
    buf_clear(&f->tls.bytes);
}

static sotto_err file_read(struct load *l, struct file *file)
{
    sotto_err err = state_read(l->state, file->name, &file->bytes);
    file->there = err == SOTTO_OK;
    if (err == SOTTO_OK || err == SOTTO_E_NOTFOUND)
        return SOTTO_OK;
    return failure_say(l->failure, err, "cannot read %s in the state directory", file->name);
}

static sotto_err file_write(struct load *l, struct file *file)
{
    sotto_err err = state_write(l->state, file->name, buf_view(&file->bytes));
    file->there = err == SOTTO_OK;
    return err == SOTTO_OK
               ? err
               : failure_say(l->failure, err, "cannot write %s in the state directory", file->name);
}

static sotto_err files_read(struct load *l, struct files *f)
{
    TRY(file_read(l, &f->root_key));
    TRY(file_read(l, &f->root_cert));
    TRY(file_read(l, &f->server_key));
    TRY(file_read(l, &f->server_cert));
    return file_read(l, &f->tls);
}

static sotto_err damaged(struct load *l, const struct file *file, sotto_err err)
{
    snprintf(l->failure->todo, sizeof l->failure->todo,
             "put it back from a backup, or give another directory with --dir");
    return failure_say(l->failure, err, "%s in the state directory is damaged or not ours",
                       file->name);
}

static sotto_err missing(struct load *l, const struct file *file)
{
    snprintf(l->failure->todo, sizeof l->failure->todo,
             "put it back from a backup, or give another directory with --dir");
    return failure_say(l->failure, SOTTO_E_NOTFOUND, "%s is missing in the state directory",
                       file->name);
}

/* Reads the key file, or makes it. */
static sotto_err key_have(struct load *l, struct file *file, const char *label,
                          sotto_sign_key **ret_key)
{
    DEFER(secret_clear) struct secret seed = {0};
    if (file->there) {
        if (key_file_read(l->c, label, buf_view(&file->bytes), &seed) != SOTTO_OK)
            return damaged(l, file, SOTTO_E_KEY);
    } else {
        secret_resize(&seed, KEY_FILE_SEED);
        random_bytes(seed.data, KEY_FILE_SEED);
        TRY(key_file_write(l->c, label, &seed, &file->bytes));
        TRY(file_write(l, file));
    }
    return sign_key_derive(l->c, SIGN_ED25519, secret_view(&seed), ret_key);
}

static bool key_fits(const sotto_sign_key *key, const struct x509 *cert)
{
    return view_equal(sign_key_public(key), VIEW_OF(cert->public_key));
}

/* ---- certificates */

static sotto_err cert_issue(struct load *l, enum x509_kind kind, int64_t not_after_s,
                            const sotto_sign_key *subject, const sotto_sign_key *issuer,
                            struct file *file)
{
    struct x509 fields = {.kind = kind,
                          .not_before_s = l->now_s - 3600,
                          .not_after_s = not_after_s,
                          .issuer = X509_ROOT};
    memcpy(fields.public_key, sign_key_public(subject).data, ED25519_PUBLIC);
    if (kind == X509_SERVER)
        fields.host = view_str(l->host);
    buf_reset(&file->bytes);
    TRY(x509_issue(l->c, &fields, issuer, &file->bytes));
    return file_write(l, file);
}

static sotto_err root_have(struct load *l, struct files *f, const sotto_sign_key *root,
                           struct x509 *ret_cert)
{
    if (!f->root_cert.there) {
        if (root == NULL)
            return missing(l, &f->root_cert);
        TRY(cert_issue(l, X509_ROOT, X509_FOREVER_S, root, root, &f->root_cert));
    }
    sotto_err err = x509_read(l->c, X509_ROOT, buf_view(&f->root_cert.bytes), ret_cert);
    if (err == SOTTO_OK)
        err = x509_verify(l->c, ret_cert, ret_cert->public_key);
    if (err != SOTTO_OK)
        return damaged(l, &f->root_cert, SOTTO_E_CERTIFICATE);
    if (root != NULL && !key_fits(root, ret_cert))
        return failure_say(l->failure, SOTTO_E_CERTIFICATE,
                           "%s and %s in the state directory do not belong together",
                           f->root_key.name, f->root_cert.name);
    return SOTTO_OK;
}

static sotto_err server_cert_read(struct load *l, struct files *f, const struct x509 *root,
                                  const sotto_sign_key *key, struct x509 *ret)
{
    sotto_err err = x509_read(l->c, X509_SERVER, buf_view(&f->server_cert.bytes), ret);
    if (err == SOTTO_OK)
        err = x509_verify(l->c, ret, root->public_key);
    if (err != SOTTO_OK)
        return damaged(l, &f->server_cert, SOTTO_E_CERTIFICATE);
    if (!key_fits(key, ret))
        return failure_say(l->failure, SOTTO_E_CERTIFICATE,
                           "%s and %s in the state directory do not belong together",
                           f->server_key.name, f->server_cert.name);
    return SOTTO_OK;
}

/* Makes the server's certificate if it is missing, renews it if little of it is left. */
static sotto_err server_have(struct load *l, struct files *f, const sotto_sign_key *root,
                             const struct x509 *root_cert, const sotto_sign_key *key)
{
    struct x509 cert;
    if (!f->server_cert.there) {
        if (root == NULL)
            return missing(l, &f->server_cert);
        TRY(cert_issue(l, X509_SERVER, l->now_s + X509_SERVER_TTL_S, key, root, &f->server_cert));
    }
    TRY(server_cert_read(l, f, root_cert, key, &cert));
    if (cert.not_after_s - l->now_s < IDENTITY_RENEW_S && root != NULL) {
        TRY(cert_issue(l, X509_SERVER, l->now_s + X509_SERVER_TTL_S, key, root, &f->server_cert));
        TRY(server_cert_read(l, f, root_cert, key, &cert));
        l->id->renewed = true;
    }
    if (cert.not_after_s <= l->now_s) {
        snprintf(l->failure->todo, sizeof l->failure->todo, "put %s back for one start",
                 f->root_key.name);
        return failure_say(l->failure, SOTTO_E_EXPIRED,
                           "the server's certificate has expired and the root key is not here");
    }
    l->id->not_after_s = cert.not_after_s;
    return SOTTO_OK;
}

static sotto_err tls_have(struct load *l, struct file *file)
{
    if (file->there)
        return tls_pem_check(buf_view(&file->bytes)) == SOTTO_OK
                   ? SOTTO_OK
                   : damaged(l, file, SOTTO_E_CERTIFICATE);
    TRY(tls_cert_make(l->host, &file->bytes));
    return file_write(l, file);
}

static sotto_err identity_fill(struct load *l, struct files *f)
{
    DEFER(sign_key_freep) sotto_sign_key *root = NULL;
    DEFER(sign_key_freep) sotto_sign_key *server = NULL;
    struct x509 root_cert;
    bool nothing =
        !f->root_key.there && !f->root_cert.there && !f->server_key.there && !f->server_cert.there;
    l->id->fresh = nothing;
    if (f->root_key.there || nothing)
        TRY(key_have(l, &f->root_key, "sotto root key 1", &root));
    TRY(root_have(l, f, root, &root_cert));
    if (!f->server_key.there && (root == NULL || f->server_cert.there))
        return missing(l, &f->server_key);
    TRY(key_have(l, &f->server_key, "sotto server key 1", &server));
    TRY(server_have(l, f, root, &root_cert, server));
    TRY(tls_have(l, &f->tls));
    sign_key_export(server, &l->id->server_key);
    TRY(x509_pin(l->c, root_cert.public_key, l->id->pin));
    TRY(buf_set(&l->id->root_cert, buf_view(&f->root_cert.bytes)));
    TRY(buf_set(&l->id->server_cert, buf_view(&f->server_cert.bytes)));
    return buf_set(&l->id->tls, buf_view(&f->tls.bytes));
}

sotto_err identity_load(sotto_crypto *c, struct state *state, const char *host, int64_t now_s,
                        struct identity *ret_identity, struct failure *ret_failure)
{
    DEFER(files_clear)
    struct files files = {
        .root_key = {.name = "root.key"},
        .root_cert = {.name = "root.der"},
        .server_key = {.name = "server.key"},
        .server_cert = {.name = "server.der"},
        .tls = {.name = "tls.pem"},
    };
    DEFER(identity_clear) struct identity id = {0};
    struct load load = {
        .c = c, .state = state, .host = host, .now_s = now_s, .failure = ret_failure, .id = &id};
    TRY(files_read(&load, &files));
    TRY(identity_fill(&load, &files));
    *ret_identity = id;
    id = (struct identity){0};
    return SOTTO_OK;
}
