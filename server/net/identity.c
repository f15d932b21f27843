/* The files of the state directory:
 *   root.key          the root key; may be taken away for good once there is an intermediate, else until the server key has to be
 *                     certified again
 *   root.der          the root's certificate; its key's hash is the pin
 *   intermediate.key  a key that certifies in the root's place; made only when asked for
 *   intermediate.der  its certificate, under the root
 *   server.key        the key that signs hello
 *   server.der        its certificate, under the intermediate if there is one, else under the root
 *   tls.pem           key and certificate that TLS asks for
 * They are written in that order, and each can be made again from those before it: a start that was cut off goes on. A key is
 * replaced by taking away the certificates that hang on it first. */
#include "net/identity.h"

#include "crypto/rng.h"
#include "net/key_file.h"
#include "net/tls.h"
#include "net/tls_cert.h"

const char *const identity_files[] = {"root.key",         "root.der",   "intermediate.key",
                                      "intermediate.der", "server.key", "server.der",
                                      "tls.pem",          NULL};

#define ROOT_LABEL         "sotto root key 1"
#define INTERMEDIATE_LABEL "sotto intermediate key 1"
#define SERVER_LABEL       "sotto server key 1"

/* A file that may be missing. */
struct file {
    const char *name;
    sotto_buf bytes;
    bool there;
};

struct files {
    struct file root_key, root_cert, intermediate_key, intermediate_cert, server_key, server_cert,
        tls;
};

/* What the loading needs at every step. */
struct load {
    sotto_crypto *c;
    struct state *state;
    const char *host;
    int64_t now_s;
    const struct identity_change *change;
    struct failure *failure;
    struct identity *id;
};

/* The keys and certificates as they are read. */
struct chain {
    sotto_sign_key *root, *intermediate, *server; /* NULL: away */
    struct x509 root_cert, intermediate_cert;
    bool has_intermediate; /* its certificate is there */
};

static void chain_clear(struct chain *chain)
{
    sign_key_free(chain->root);
    sign_key_free(chain->intermediate);
    sign_key_free(chain->server);
}

void identity_clear(struct identity *id)
{
    secret_clear(&id->server_key);
    secret_clear(&id->issuer_key);
    buf_clear(&id->server_cert);
    buf_clear(&id->root_cert);
    buf_clear(&id->intermediate_cert);
    buf_clear(&id->issuer_cert);
    buf_clear(&id->tls);
    *id = (struct identity){0};
}

int64_t identity_end_s(const struct identity *id)
{
    return id->issuer_not_after_s < id->not_after_s ? id->issuer_not_after_s : id->not_after_s;
}

static void files_clear(struct files *f)
{
    buf_clear(&f->root_key.bytes);
    buf_clear(&f->root_cert.bytes);
    buf_clear(&f->intermediate_key.bytes);
    buf_clear(&f->intermediate_cert.bytes);
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
    if (err == SOTTO_OK)
        return err;
    if (err == SOTTO_E_DISK_FULL)
        snprintf(l->failure->todo, sizeof l->failure->todo, "make room there, then try again");
    return failure_say(l->failure, err, "cannot write %s in the state directory%s", file->name,
                       err == SOTTO_E_DISK_FULL ? ": the disk is full" : "");
}

static sotto_err file_remove(struct load *l, struct file *file)
{
    sotto_err err = state_remove(l->state, file->name);
    if (err != SOTTO_OK)
        return failure_say(l->failure, err, "cannot remove %s in the state directory", file->name);
    buf_reset(&file->bytes);
    file->there = false;
    return SOTTO_OK;
}

static sotto_err files_read(struct load *l, struct files *f)
{
    TRY(file_read(l, &f->root_key));
    TRY(file_read(l, &f->root_cert));
    TRY(file_read(l, &f->intermediate_key));
    TRY(file_read(l, &f->intermediate_cert));
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

static sotto_err unfit(struct load *l, const struct file *a, const struct file *b)
{
    return failure_say(l->failure, SOTTO_E_CERTIFICATE,
                       "%s and %s in the state directory do not belong together", a->name, b->name);
}

/* ---- keys */

static void seed_make(struct secret *ret_seed)
{
    secret_resize(ret_seed, KEY_FILE_SEED);
    random_bytes(ret_seed->data, KEY_FILE_SEED);
}

static sotto_err key_read(struct load *l, struct file *file, const char *label,
                          sotto_sign_key **ret_key)
{
    DEFER(secret_clear) struct secret seed = {0};
    if (key_file_read(l->c, label, buf_view(&file->bytes), &seed) != SOTTO_OK)
        return damaged(l, file, SOTTO_E_KEY);
    return sign_key_derive(l->c, SIGN_ED25519, secret_view(&seed), ret_key);
}

static sotto_err key_make(struct load *l, struct file *file, const char *label,
                          sotto_sign_key **ret_key)
{
    DEFER(secret_clear) struct secret seed = {0};
    seed_make(&seed);
    buf_reset(&file->bytes);
    TRY(key_file_write(l->c, label, &seed, &file->bytes));
    TRY(file_write(l, file));
    return sign_key_derive(l->c, SIGN_ED25519, secret_view(&seed), ret_key);
}

/* Reads the key file, or makes it. */
static sotto_err key_have(struct load *l, struct file *file, const char *label,
                          sotto_sign_key **ret_key)
{
    return file->there ? key_read(l, file, label, ret_key) : key_make(l, file, label, ret_key);
}

static bool key_fits(const sotto_sign_key *key, const struct x509 *cert)
{
    return view_equal(sign_key_public(key), VIEW_OF(cert->public_key));
}

/* ---- certificates */

static sotto_err cert_issue(struct load *l, struct x509 *fields, const sotto_sign_key *subject,
                            const sotto_sign_key *issuer, struct file *file)
{
    fields->not_before_s = l->now_s - 3600;
    memcpy(fields->public_key, sign_key_public(subject).data, ED25519_PUBLIC);
    buf_reset(&file->bytes);
    TRY(x509_issue(l->c, fields, issuer, &file->bytes));
    return file_write(l, file);
}

static sotto_err cert_read(struct load *l, enum x509_kind kind, struct file *file,
                           const struct x509 *issuer, struct x509 *ret_cert)
{
    sotto_err err = x509_read(l->c, kind, buf_view(&file->bytes), ret_cert);
    if (err == SOTTO_OK)
        err = x509_verify(l->c, ret_cert, (issuer != NULL ? issuer : ret_cert)->public_key);
    return err == SOTTO_OK ? err : damaged(l, file, SOTTO_E_CERTIFICATE);
}

static sotto_err root_key_have(struct load *l, struct files *f, struct chain *chain)
{
    bool nothing = !f->root_key.there && !f->root_cert.there && !f->intermediate_key.there &&
                   !f->intermediate_cert.there && !f->server_key.there && !f->server_cert.there;
    l->id->fresh = nothing;
    if (l->change->root != NULL)
        return sign_key_derive(l->c, SIGN_ED25519, secret_view(l->change->root), &chain->root);
    if (f->root_key.there || nothing)
        return key_have(l, &f->root_key, ROOT_LABEL, &chain->root);
    return SOTTO_OK;
}

static sotto_err root_have(struct load *l, struct files *f, struct chain *chain)
{
    TRY(root_key_have(l, f, chain));
    if (!f->root_cert.there) {
        struct x509 fields = {.kind = X509_ROOT, .not_after_s = X509_FOREVER_S};
        if (chain->root == NULL)
            return missing(l, &f->root_cert);
        TRY(cert_issue(l, &fields, chain->root, chain->root, &f->root_cert));
    }
    TRY(cert_read(l, X509_ROOT, &f->root_cert, NULL, &chain->root_cert));
    if (chain->root == NULL || key_fits(chain->root, &chain->root_cert))
        return SOTTO_OK;
    if (l->change->root != NULL)
        return failure_say(l->failure, SOTTO_E_KEY, "this root key is another server's");
    return unfit(l, &f->root_key, &f->root_cert);
}

static sotto_err away(struct load *l, const char *what)
{
    snprintf(l->failure->todo, sizeof l->failure->todo,
             "name the file of the root key with --root");
    return failure_say(l->failure, SOTTO_E_NOTFOUND, "%s needs the root key, which is not here",
                       what);
}

static sotto_err intermediate_make(struct load *l, struct files *f, struct chain *chain)
{
    struct x509 fields = {.kind = X509_INTERMEDIATE,
                          .not_after_s = l->now_s + IDENTITY_INTERMEDIATE_S};
    if (chain->root == NULL)
        return away(l, "a new intermediate");
    TRY(file_remove(l, &f->server_cert));
    TRY(file_remove(l, &f->intermediate_cert));
    TRY(key_make(l, &f->intermediate_key, INTERMEDIATE_LABEL, &chain->intermediate));
    return cert_issue(l, &fields, chain->intermediate, chain->root, &f->intermediate_cert);
}

/* Without its certificate the key of an intermediate is the rest of a change that was cut off. */
static sotto_err intermediate_have(struct load *l, struct files *f, struct chain *chain)
{
    if (l->change->new_intermediate)
        TRY(intermediate_make(l, f, chain));
    if (!f->intermediate_cert.there)
        return SOTTO_OK;
    TRY(cert_read(l, X509_INTERMEDIATE, &f->intermediate_cert, &chain->root_cert,
                  &chain->intermediate_cert));
    chain->has_intermediate = true;
    if (!f->intermediate_key.there || chain->intermediate != NULL)
        return SOTTO_OK;
    TRY(key_read(l, &f->intermediate_key, INTERMEDIATE_LABEL, &chain->intermediate));
    return key_fits(chain->intermediate, &chain->intermediate_cert)
               ? SOTTO_OK
               : unfit(l, &f->intermediate_key, &f->intermediate_cert);
}

/* Who certifies the server: the intermediate, else the root; NULL: neither is here. A root key that is kept here takes over before the
 * intermediate ends, since nothing made under that outlives it; one that is shown for once does not. */
static const sotto_sign_key *issuer_of(const struct load *l, const struct chain *chain,
                                       enum x509_kind *ret_kind, int64_t *ret_not_after_s)
{
    bool stays = chain->root != NULL && l->change->root == NULL;
    int64_t least_s = stays ? IDENTITY_RENEW_S : 1;
    *ret_not_after_s = l->now_s + X509_SERVER_TTL_S;
    *ret_kind = X509_ROOT;
    if (chain->intermediate == NULL || chain->intermediate_cert.not_after_s - l->now_s < least_s)
        return chain->root;
    *ret_kind = X509_INTERMEDIATE;
    if (chain->intermediate_cert.not_after_s < *ret_not_after_s)
        *ret_not_after_s = chain->intermediate_cert.not_after_s;
    return chain->intermediate;
}

static sotto_err server_cert_issue(struct load *l, struct files *f, const struct chain *chain)
{
    struct x509 fields = {.kind = X509_SERVER, .host = view_str(l->host)};
    const sotto_sign_key *issuer = issuer_of(l, chain, &fields.issuer, &fields.not_after_s);
    return issuer == NULL ? missing(l, &f->server_cert)
                          : cert_issue(l, &fields, chain->server, issuer, &f->server_cert);
}

static sotto_err server_cert_read(struct load *l, struct files *f, const struct chain *chain,
                                  struct x509 *ret)
{
    if (x509_read(l->c, X509_SERVER, buf_view(&f->server_cert.bytes), ret) != SOTTO_OK)
        return damaged(l, &f->server_cert, SOTTO_E_CERTIFICATE);
    bool below = ret->issuer == X509_INTERMEDIATE;
    if (below && !chain->has_intermediate)
        return missing(l, &f->intermediate_cert);
    TRY(cert_read(l, X509_SERVER, &f->server_cert,
                  below ? &chain->intermediate_cert : &chain->root_cert, ret));
    return key_fits(chain->server, ret) ? SOTTO_OK : unfit(l, &f->server_key, &f->server_cert);
}

/* As a backup without keys leaves it. */
static sotto_err root_wanted(struct load *l)
{
    snprintf(l->failure->todo, sizeof l->failure->todo,
             "put root.key back into it for one start, from the copy in a safe place");
    return failure_say(l->failure, SOTTO_E_NOTFOUND,
                       "server.key is missing in the state directory, and root.key, which could "
                       "make another one");
}

static sotto_err server_key_have(struct load *l, struct files *f, struct chain *chain)
{
    enum x509_kind kind;
    int64_t not_after_s;
    bool can_issue = issuer_of(l, chain, &kind, &not_after_s) != NULL;
    if (l->change->new_server_key) {
        if (!can_issue)
            return away(l, "a new server key");
        TRY(file_remove(l, &f->server_cert));
        return key_make(l, &f->server_key, SERVER_LABEL, &chain->server);
    }
    if (!f->server_key.there && !can_issue && !f->server_cert.there)
        return root_wanted(l);
    if (!f->server_key.there && (!can_issue || f->server_cert.there))
        return missing(l, &f->server_key);
    return key_have(l, &f->server_key, SERVER_LABEL, &chain->server);
}

static sotto_err expired(struct load *l, const struct files *f)
{
    if (f->intermediate_cert.there)
        snprintf(
            l->failure->todo, sizeof l->failure->todo,
            "run once: sottod rotate-key --intermediate --root FILE, where FILE is the root key");
    else
        snprintf(l->failure->todo, sizeof l->failure->todo, "put %s back for one start",
                 f->root_key.name);
    return failure_say(l->failure, SOTTO_E_EXPIRED,
                       "the server's certificate has expired and the root key is not here");
}

/* Makes the server's certificate if it is missing, renews it if little of it is left and that makes it live longer. */
static sotto_err server_have(struct load *l, struct files *f, struct chain *chain)
{
    struct x509 cert;
    enum x509_kind kind;
    int64_t not_after_s;
    TRY(server_key_have(l, f, chain));
    if (!f->server_cert.there)
        TRY(server_cert_issue(l, f, chain));
    TRY(server_cert_read(l, f, chain, &cert));
    bool due = cert.not_after_s - l->now_s < IDENTITY_RENEW_S &&
               issuer_of(l, chain, &kind, &not_after_s) != NULL && not_after_s > cert.not_after_s;
    if (due) {
        TRY(server_cert_issue(l, f, chain));
        TRY(server_cert_read(l, f, chain, &cert));
        l->id->renewed = true;
    }
    if (cert.not_after_s <= l->now_s)
        return expired(l, f);
    l->id->not_after_s = cert.not_after_s;
    return cert.issuer == X509_INTERMEDIATE
               ? buf_set(&l->id->intermediate_cert, buf_view(&f->intermediate_cert.bytes))
               : SOTTO_OK;
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

/* The server's own certificate may be of another issuer: of a root that was here when it was made. */
static sotto_err issuer_export(struct load *l, const struct files *f, const struct chain *chain)
{
    enum x509_kind kind;
    int64_t not_after_s;
    const sotto_sign_key *issuer = issuer_of(l, chain, &kind, &not_after_s);
    if (issuer != NULL) {
        sign_key_export(issuer, &l->id->issuer_key);
        l->id->issuer_not_after_s =
            kind == X509_ROOT ? X509_FOREVER_S : chain->intermediate_cert.not_after_s;
    }
    l->id->issuer_is_root = kind == X509_ROOT;
    return kind == X509_ROOT ? SOTTO_OK
                             : buf_set(&l->id->issuer_cert, buf_view(&f->intermediate_cert.bytes));
}

static sotto_err identity_fill(struct load *l, struct files *f)
{
    DEFER(chain_clear) struct chain chain = {0};
    TRY(root_have(l, f, &chain));
    TRY(intermediate_have(l, f, &chain));
    TRY(server_have(l, f, &chain));
    TRY(tls_have(l, &f->tls));
    sign_key_export(chain.server, &l->id->server_key);
    TRY(issuer_export(l, f, &chain));
    TRY(x509_pin(l->c, chain.root_cert.public_key, l->id->pin));
    TRY(buf_set(&l->id->root_cert, buf_view(&f->root_cert.bytes)));
    TRY(buf_set(&l->id->server_cert, buf_view(&f->server_cert.bytes)));
    return buf_set(&l->id->tls, buf_view(&f->tls.bytes));
}

sotto_err identity_change(sotto_crypto *c, struct state *state, const char *host, int64_t now_s,
                          const struct identity_change *change, struct identity *ret_identity,
                          struct failure *ret_failure)
{
    DEFER(files_clear)
    struct files files = {
        .root_key = {.name = "root.key"},
        .root_cert = {.name = "root.der"},
        .intermediate_key = {.name = "intermediate.key"},
        .intermediate_cert = {.name = "intermediate.der"},
        .server_key = {.name = "server.key"},
        .server_cert = {.name = "server.der"},
        .tls = {.name = "tls.pem"},
    };
    DEFER(identity_clear) struct identity id = {0};
    struct load load = {.c = c,
                        .state = state,
                        .host = host,
                        .now_s = now_s,
                        .change = change,
                        .failure = ret_failure,
                        .id = &id};
    TRY(files_read(&load, &files));
    TRY(identity_fill(&load, &files));
    *ret_identity = id;
    id = (struct identity){0};
    return SOTTO_OK;
}

sotto_err identity_load(sotto_crypto *c, struct state *state, const char *host, int64_t now_s,
                        struct identity *ret_identity, struct failure *ret_failure)
{
    return identity_change(c, state, host, now_s, &(struct identity_change){0}, ret_identity,
                           ret_failure);
}

/* ---- a root key elsewhere */

sotto_err identity_root_make(sotto_crypto *c, const char *path, struct secret *ret_seed,
                             struct failure *ret_failure)
{
    DEFER(secret_clear) struct secret seed = {0};
    seed_make(&seed);
    TRY(key_file_make(c, path, ROOT_LABEL, &seed, ret_failure));
    *ret_seed = seed;
    return SOTTO_OK;
}

sotto_err identity_root_take(sotto_crypto *c, int fd, const char *name, struct secret *ret_seed,
                             struct failure *ret_failure)
{
    return key_file_take(c, fd, name, ROOT_LABEL, ret_seed, ret_failure);
}

sotto_err identity_root_read(sotto_crypto *c, const char *path, struct secret *ret_seed,
                             struct failure *ret_failure)
{
    return key_file_load(c, path, ROOT_LABEL, ret_seed, ret_failure);
}
