#include "lab/lab.h"

#include <stdlib.h>

#include <openssl/err.h>

#include "base/ct.h"
#include "crypto/hash.h"
#include "lab/suite.h"

/* The model: `state` is the kind of message that is awaited; kind and state pick the handler from one table, so a message
 * that comes at the wrong moment has nowhere to go. All that is particular to a construction stands behind its row.
 * Before READY an error ends the run (half-made keys are of no use); afterwards a refused message changes nothing. */

static const struct lab_suite *const lab_suites[] = {
    &suite_x25519_cbc, &suite_elgamal_cfb, &suite_rsa_cbc, &suite_modp_gcm, &suite_hkdf_gcm,
};

const struct lab_suite *lab_suite_find(view name)
{
    for (size_t i = 0; i < COUNT_OF(lab_suites); i++)
        if (view_equal(name, view_str(lab_suites[i]->name)))
            return lab_suites[i];
    return NULL;
}

const struct lab_suite *const *lab_suite_all(size_t *ret_count)
{
    *ret_count = COUNT_OF(lab_suites);
    return lab_suites;
}

const char *lab_suite_name(const struct lab_suite *suite)
{
    return suite->name;
}

const char *lab_suite_summary(const struct lab_suite *suite)
{
    return suite->summary;
}

bool lab_suite_signs(const struct lab_suite *suite)
{
    return suite->signs;
}

bool lab_suite_has_sha1(const struct lab_suite *suite)
{
    return suite->has_sha1;
}

const char *lab_step_name(enum lab_step step)
{
    static const char *const names[LAB_STEPS] = {
        "key generation", "key exchange", "shared secret", "key derivation",
        "encryption",     "transmission", "decryption",    "result",
    };
    return names[step];
}

void lab_tell(const struct lab *l, const struct lab_record *record)
{
    if (l->explain != NULL)
        l->explain(l->explain_data, record);
}

view lab_role_name(enum lab_role role)
{
    return role == LAB_DIALER ? VIEW_LIT("dialer") : VIEW_LIT("listener");
}

sotto_err lab_plain_write(enum lab_what what, view text, sotto_buf *out)
{
    struct wr w = wr_to(out);
    wr_u8(&w, (uint8_t)what);
    wr_bytes(&w, text);
    return wr_end(&w);
}

sotto_err lab_plain_read(view plain, uint8_t *ret_what, sotto_buf *ret_text)
{
    struct rd r = rd_of(plain);
    uint8_t what = rd_u8(&r);
    view text = rd_rest(&r);
    TRY(rd_end(&r));
    TRY(buf_set(ret_text, text));
    *ret_what = what;
    return SOTTO_OK;
}

/* --- making one --- */

static sotto_err lab_config_check(const struct lab_config *config)
{
    const struct lab_suite *suite = config->suite;
    bool fits = (config->psk == NULL || config->psk->len == LAB_PSK) &&
                (suite->signs || (config->identity.len == 0 && config->peer.len == 0)) &&
                (config->peer.len == 0 || config->peer.len == LAB_FINGERPRINT) &&
                (suite->has_sha1 || !config->sha1);
    return fits ? SOTTO_OK : SOTTO_E_USAGE;
}

/* Our signing key: the one that was given, or a throwaway one. */
static sotto_err lab_identity_start(struct lab *l, view identity)
{
    DEFER(buf_clear) sotto_buf made = {0};
    if (identity.len == 0) {
        TRY(l->suite->identity_make(&l->rng, &made));
        identity = buf_view(&made);
    }
    TRY(l->suite->identity_load(l, identity, &l->identity[l->role]));
    return hash(l->crypto, HASH_SHA256, buf_view(&l->identity[l->role]), l->fingerprint[l->role]);
}

static void lab_take_config(struct lab *l, const struct lab_config *config)
{
    l->suite = config->suite;
    l->role = config->role;
    l->sha1 = config->sha1;
    l->explain = config->explain;
    l->explain_data = config->explain_data;
    l->check = "";
    if (config->psk != NULL) {
        l->has_psk = true;
        l->psk = *config->psk;
    }
    if (config->peer.len > 0) {
        l->pinned = true;
        memcpy(l->peer_fingerprint, config->peer.data, LAB_FINGERPRINT);
    }
}

sotto_err lab_new(sotto_crypto *c, const struct lab_config *config, const uint8_t seed[LAB_SEED],
                  struct lab **ret_lab)
{
    TRY(lab_config_check(config));
    DEFER(lab_freep) struct lab *l = calloc(1, sizeof *l);
    if (l == NULL)
        return SOTTO_E_NOMEM;
    l->crypto = c;
    l->rng = rng_from(seed);
    lab_take_config(l, config);
    if (l->suite->signs)
        TRY(lab_identity_start(l, config->identity));
    *ret_lab = MOVE(l);
    return SOTTO_OK;
}

void lab_free(struct lab *l)
{
    if (l == NULL)
        return;
    for (size_t role = 0; role < 2; role++) {
        buf_clear(&l->hello[role]);
        buf_clear(&l->identity[role]);
    }
    buf_clear(&l->shared);
    buf_clear(&l->text);
    dh_key_free(l->dh);
    modp_key_free(l->modp);
    elgamal_key_free(l->elgamal);
    rsa_key_free(l->rsa);
    rsa_key_free(l->peer_rsa);
    ct_wipe(l, sizeof *l);
    free(l);
}

void lab_freep(struct lab **l)
{
    lab_free(*l);
}

/* --- hello --- */

/* struct { uint8 kind = 1; opaque suite<V>; uint8 keying; opaque nonce[32]; opaque offer<V>; opaque identity<V>; } hello;
 * keying: 0 exchange, 1 pre-shared key, and then offer is empty. identity: empty in suites that don't sign. */
struct lab_hello {
    view suite;
    uint8_t keying;
    view nonce, offer, identity;
};

static sotto_err lab_hello_read(view body, struct lab_hello *ret_hello)
{
    struct rd r = rd_of(body);
    struct lab_hello hello = {
        .suite = rd_opaque(&r, 64),
        .keying = rd_u8(&r),
        .nonce = rd_bytes(&r, LAB_NONCE),
        .offer = rd_opaque(&r, LAB_OFFER_MAX),
        .identity = rd_opaque(&r, LAB_IDENTITY_MAX),
    };
    TRY(rd_end(&r));
    *ret_hello = hello;
    return SOTTO_OK;
}

static sotto_err lab_hello_write(struct lab *l)
{
    DEFER(buf_clear) sotto_buf offer = {0};
    rng_bytes(&l->rng, l->nonce[l->role], LAB_NONCE);
    if (!l->has_psk)
        TRY(l->suite->offer(l, &offer));
    struct wr w = wr_to(&l->hello[l->role]);
    wr_u8(&w, LAB_KIND_HELLO);
    wr_opaque(&w, view_str(l->suite->name));
    wr_u8(&w, l->has_psk ? 1 : 0);
    wr_bytes(&w, VIEW_OF(l->nonce[l->role]));
    wr_opaque(&w, buf_view(&offer));
    wr_opaque(&w, buf_view(&l->identity[l->role]));
    return wr_end(&w);
}

static sotto_err lab_hello_send(struct lab *l, sotto_buf *out)
{
    LAB_TELL(l, KEY_EXCHANGE, "our hello goes out: suite, a fresh random, our public values",
             "public values may be seen by all; the random makes this run differ from every other",
             "all of it: a relay could also change it", {"hello", buf_view(&l->hello[l->role])});
    return buf_append(out, buf_view(&l->hello[l->role]));
}

/* Both must want the same: nothing here is negotiated, so nobody can talk us down. */
static sotto_err lab_hello_fits(struct lab *l, const struct lab_hello *hello)
{
    if (!view_equal(hello->suite, view_str(l->suite->name)))
        return lab_refuse(l, SOTTO_E_UNSUPPORTED, "name of the suite: the other side runs another");
    if (hello->keying > 1)
        return SOTTO_E_VALUE;
    if ((hello->keying == 1) != l->has_psk)
        return lab_refuse(l, SOTTO_E_UNSUPPORTED,
                          "keying: one side has a pre-shared key, the other has not");
    if (view_equal(hello->nonce, VIEW_OF(l->nonce[l->role])))
        return lab_refuse(l, SOTTO_E_REFLECTED, "random of the hello");
    if ((l->has_psk && hello->offer.len > 0) || (!l->suite->signs && hello->identity.len > 0))
        return SOTTO_E_VALUE;
    return SOTTO_OK;
}

static sotto_err lab_peer_identity(struct lab *l, view identity)
{
    enum lab_role peer = lab_other(l);
    TRY(buf_set(&l->identity[peer], identity));
    TRY(hash(l->crypto, HASH_SHA256, identity, l->fingerprint[peer]));
    if (l->pinned && memcmp(l->fingerprint[peer], l->peer_fingerprint, LAB_FINGERPRINT) != 0)
        return lab_refuse(l, SOTTO_E_KEY, "fingerprint of the other side's key");
    return l->suite->identity_peer(l, identity);
}

static sotto_err lab_shared_secret(struct lab *l, view offer)
{
    if (!l->has_psk)
        return l->suite->agree(l, offer);
    LAB_TELL(
        l, SHARED_SECRET, "the pre-shared key takes the place of the exchange",
        "who lacks the key is locked out, a man in the middle too; but who steals it later can "
        "open what was recorded",
        "nothing: the key came by another way", {"pre-shared key", secret_view(&l->psk)});
    return buf_set(&l->shared, secret_view(&l->psk));
}

/* With both hellos there: what they were, hashed, is what every key and signature is bound to. */
static sotto_err lab_agree(struct lab *l, view offer)
{
    const view hellos[] = {buf_view(&l->hello[LAB_DIALER]), buf_view(&l->hello[LAB_LISTENER])};
    TRY(hash_parts(l->crypto, HASH_SHA256, hellos, 2, l->transcript));
    l->has_transcript = true;
    memcpy(l->session, l->transcript, LAB_HASH);
    TRY(lab_shared_secret(l, offer));
    if (l->suite->derive != NULL)
        TRY(l->suite->derive(l));
    return SOTTO_OK;
}

static sotto_err lab_established_send(struct lab *l, sotto_buf *out)
{
    struct wr w = wr_to(out);
    wr_u8(&w, LAB_KIND_ESTABLISHED);
    sotto_err err = l->suite->prove(l, &w);
    if (err != SOTTO_OK)
        wr_fail(&w, err);
    return wr_end(&w);
}

static sotto_err lab_on_hello(struct lab *l, view message, sotto_buf *out,
                              struct lab_event *ret_event)
{
    struct lab_hello hello;
    enum lab_role peer = lab_other(l);
    TRY(lab_hello_read(view_of(message.data + 1, message.len - 1), &hello));
    TRY(lab_hello_fits(l, &hello));
    if (l->role == LAB_LISTENER)
        TRY(lab_hello_write(l));
    TRY(buf_set(&l->hello[peer], message));
    memcpy(l->nonce[peer], hello.nonce.data, LAB_NONCE);
    LAB_TELL(
        l, KEY_EXCHANGE, "the other side's hello came in",
        "its public values are what our secret is combined with; whose they are, a hello alone "
        "can't say",
        "all of it", {"hello", message});
    if (l->suite->signs)
        TRY(lab_peer_identity(l, hello.identity));
    if (l->role == LAB_LISTENER)
        TRY(lab_hello_send(l, out));
    TRY(lab_agree(l, hello.offer));
    if (l->role == LAB_DIALER)
        TRY(lab_established_send(l, out));
    l->state = LAB_ESTABLISHED;
    *ret_event = (struct lab_event){.kind = LAB_EVENT_NONE};
    return SOTTO_OK;
}

/* --- established --- */

static sotto_err lab_on_established(struct lab *l, view message, sotto_buf *out,
                                    struct lab_event *ret_event)
{
    struct rd r = rd_of(view_of(message.data + 1, message.len - 1));
    TRY(l->suite->check(l, &r));
    if (l->role == LAB_LISTENER)
        TRY(lab_established_send(l, out));
    l->state = LAB_MESSAGE;
    LAB_TELL(l, RESULT, "both sides have the same keys, and each has proved it",
             "compare this transcript's hash aloud: it differs if somebody sits in between",
             "that a handshake has ended", {"transcript", VIEW_OF(l->transcript)});
    *ret_event = (struct lab_event){.kind = LAB_EVENT_READY};
    return SOTTO_OK;
}

/* --- messages --- */

static sotto_err lab_send(struct lab *l, enum lab_what what, view text, sotto_buf *out)
{
    if (l->state != LAB_MESSAGE || l->left[l->role])
        return SOTTO_E_NOT_NOW;
    if (text.len > LAB_TEXT_MAX)
        return SOTTO_E_TOO_LARGE;
    size_t before = out->len;
    struct wr w = wr_to(out);
    wr_u8(&w, LAB_KIND_MESSAGE);
    sotto_err err = l->suite->seal(l, what, text, &w);
    if (err != SOTTO_OK)
        wr_fail(&w, err);
    TRY(wr_end(&w));
    l->number[l->role]++;
    LAB_TELL(l, TRANSMISSION, "the message as it travels",
             "kind, what the receiver needs to open it, ciphertext, and the check",
             "these bytes, their length, who, when; not the text",
             {"message", view_of(out->data + before, out->len - before)});
    return SOTTO_OK;
}

sotto_err lab_say(struct lab *l, view text, sotto_buf *out)
{
    return lab_send(l, LAB_WHAT_TEXT, text, out);
}

/* The run is over when both have said so: then neither can have been cut off. */
static void lab_has_left(struct lab *l, enum lab_role role)
{
    l->left[role] = true;
    if (l->left[LAB_DIALER] && l->left[LAB_LISTENER])
        l->state = LAB_ENDED;
}

sotto_err lab_leave(struct lab *l, sotto_buf *out)
{
    TRY(lab_send(l, LAB_WHAT_END, (view){0}, out));
    lab_has_left(l, l->role);
    return SOTTO_OK;
}

static sotto_err lab_on_message(struct lab *l, view message, sotto_buf *out,
                                struct lab_event *ret_event)
{
    (void)out;
    if (l->left[lab_other(l)])
        return lab_refuse(l, SOTTO_E_UNEXPECTED, "order of the messages: one after the last");
    struct rd r = rd_of(view_of(message.data + 1, message.len - 1));
    uint8_t what;
    DEFER(buf_clear) sotto_buf text = {0};
    TRY(l->suite->open(l, &r, &what, &text));
    if (what > LAB_WHAT_END || (what == LAB_WHAT_END && text.len > 0) || text.len > LAB_TEXT_MAX)
        return SOTTO_E_VALUE;
    l->number[lab_other(l)]++;
    if (what == LAB_WHAT_END)
        lab_has_left(l, lab_other(l));
    buf_clear(&l->text);
    l->text = text;
    text = (sotto_buf){0};
    LAB_TELL(l, RESULT, what == LAB_WHAT_TEXT ? "the text" : "the other side leaves, and says so",
             "every check passed", "nothing of it", {"text", buf_view(&l->text)});
    *ret_event = (struct lab_event){
        .kind = what == LAB_WHAT_TEXT ? LAB_EVENT_TEXT : LAB_EVENT_LEFT,
        .text = buf_view(&l->text),
    };
    return SOTTO_OK;
}

/* --- the machine --- */

sotto_err lab_begin(struct lab *l, sotto_buf *out)
{
    if (l->role == LAB_LISTENER || l->hello[LAB_DIALER].len > 0)
        return SOTTO_OK;
    TRY(lab_hello_write(l));
    return lab_hello_send(l, out);
}

typedef sotto_err lab_handler(struct lab *l, view message, sotto_buf *out,
                              struct lab_event *ret_event);

static lab_handler *const lab_handlers[LAB_ENDED][LAB_KIND_MESSAGE + 1] = {
    [LAB_HELLO] = {[LAB_KIND_HELLO] = lab_on_hello},
    [LAB_ESTABLISHED] = {[LAB_KIND_ESTABLISHED] = lab_on_established},
    [LAB_MESSAGE] = {[LAB_KIND_MESSAGE] = lab_on_message},
};

static sotto_err lab_dispatch(struct lab *l, view message, sotto_buf *out,
                              struct lab_event *ret_event)
{
    if (message.len == 0)
        return SOTTO_E_TRUNCATED;
    if (message.len > LAB_MESSAGE_MAX)
        return SOTTO_E_TOO_LARGE;
    uint8_t kind = message.data[0];
    if (kind < LAB_KIND_HELLO || kind > LAB_KIND_MESSAGE)
        return SOTTO_E_KIND;
    lab_handler *handler = lab_handlers[l->state][kind];
    if (handler == NULL)
        return lab_refuse(l, SOTTO_E_UNEXPECTED, "order of the messages");
    return handler(l, message, out, ret_event);
}

sotto_err lab_receive(struct lab *l, view message, sotto_buf *out, struct lab_event *ret_event)
{
    if (l->state == LAB_ENDED)
        return SOTTO_E_CLOSED;
    l->check = "";
    size_t before = out->len;
    sotto_err err = lab_dispatch(l, message, out, ret_event);
    if (err == SOTTO_OK)
        return SOTTO_OK;
    out->len = before; /* no half answer */
    ERR_clear_error(); /* what OpenSSL queued up is not for the next TLS call on this thread */
    if (l->check[0] == '\0')
        l->check = "format of the message";
    if (l->state != LAB_MESSAGE)
        l->state = LAB_ENDED;
    return err;
}

bool lab_is_ready(const struct lab *l)
{
    return l->state == LAB_MESSAGE;
}

const char *lab_check(const struct lab *l)
{
    return l->check;
}

view lab_transcript(const struct lab *l)
{
    return l->has_transcript ? VIEW_OF(l->transcript) : (view){0};
}

view lab_fingerprint(const struct lab *l, enum lab_role role)
{
    return l->identity[role].len > 0 ? VIEW_OF(l->fingerprint[role]) : (view){0};
}

/* --- signing keys --- */

sotto_err lab_identity_make(const struct lab_suite *suite, const uint8_t seed[LAB_SEED],
                            sotto_buf *out)
{
    if (!suite->signs)
        return SOTTO_E_UNSUPPORTED;
    struct rng rng = rng_from(seed);
    sotto_err err = suite->identity_make(&rng, out);
    rng_clear(&rng);
    return err;
}

sotto_err lab_identity_fingerprint(sotto_crypto *c, const struct lab_suite *suite, view identity,
                                   uint8_t ret_fingerprint[LAB_FINGERPRINT])
{
    if (!suite->signs || identity.len == 0)
        return SOTTO_E_USAGE;
    const uint8_t seed[LAB_SEED] = {0}; /* draws nothing: the key is given */
    const struct lab_config config = {.suite = suite, .identity = identity};
    DEFER(lab_freep) struct lab *l = NULL;
    TRY(lab_new(c, &config, seed, &l));
    memcpy(ret_fingerprint, l->fingerprint[LAB_DIALER], LAB_FINGERPRINT);
    return SOTTO_OK;
}
