#include "lab/attack.h"

#include <stdarg.h>
#include <stdio.h>

#include "crypto/hash.h"
#include "lab/cipher.h"
#include "lab/sha1.h"
#include "lab/suite.h"

/* Alice dials, Bob listens, Mallory is the one on the way. Nothing is assumed: each verdict is what lab_receive() of an honest
 * side gave. Where a line tells what would have been without a check, that is computed too, with the primitive itself. */

#define TEXT_NOON VIEW_LIT("meet at noon")
#define TEXT_SIX  VIEW_LIT("meet at six")

struct attack {
    sotto_crypto *crypto;
    const struct lab_suite *suite;
    struct rng rng;
    attack_tell_fn *tell;
    void *data;
    sotto_buf identity[2]; /* signing keys of the honest sides, made once: RSA takes its time */
};

static const struct {
    const char *name, *summary;
} attack_texts[ATTACKS] = {
    [ATTACK_MITM] = {"mitm", "a man in the middle exchanges keys with both sides"},
    [ATTACK_FLIP_BIT] = {"flip-bit", "bits of a message are flipped on the way"},
    [ATTACK_REPLAY] = {"replay", "a message is delivered twice"},
    [ATTACK_REORDER] = {"reorder", "two messages are delivered in the wrong order"},
    [ATTACK_SHA1] = {"sha1", "a signature over SHA-1 is moved to another document"},
};

const char *attack_name(enum attack_id attack)
{
    return attack_texts[attack].name;
}

const char *attack_summary(enum attack_id attack)
{
    return attack_texts[attack].summary;
}

sotto_err attack_find(view name, enum attack_id *ret_attack)
{
    for (size_t i = 0; i < ATTACKS; i++) {
        if (!view_equal(name, view_str(attack_texts[i].name)))
            continue;
        *ret_attack = (enum attack_id)i;
        return SOTTO_OK;
    }
    return SOTTO_E_NOTFOUND;
}

__attribute__((format(printf, 2, 3))) static void tell(const struct attack *a, const char *format,
                                                       ...)
{
    if (a->tell == NULL)
        return;
    char line[256];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    a->tell(a->data, line);
}

static struct attack_verdict fell(const char *missing)
{
    return (struct attack_verdict){.applies = true, .fell = true, .check = missing};
}

static struct attack_verdict stopped(const struct lab *by, sotto_err err)
{
    return (struct attack_verdict){.applies = true, .err = err, .check = lab_check(by)};
}

static sotto_err side_new(struct attack *a, struct lab_config config, struct lab **ret_side)
{
    uint8_t seed[LAB_SEED];
    rng_bytes(&a->rng, seed, sizeof seed);
    config.suite = a->suite;
    return lab_new(a->crypto, &config, seed, ret_side);
}

/* The honest sides' own handshake, undisturbed. */
static sotto_err sides_meet(struct lab *dialer, struct lab *listener)
{
    DEFER(buf_clear) sotto_buf there = {0};
    DEFER(buf_clear) sotto_buf back = {0};
    struct lab_event event;
    TRY(lab_begin(dialer, &there));
    for (unsigned flight = 0; flight < 2; flight++) {
        TRY(lab_receive(listener, buf_view(&there), &back, &event));
        buf_reset(&there);
        TRY(lab_receive(dialer, buf_view(&back), &there, &event));
        buf_reset(&back);
    }
    return SOTTO_OK;
}

/* Alice and Bob, established. */
static sotto_err sides_new(struct attack *a, struct lab_config config, struct lab **ret_alice,
                           struct lab **ret_bob)
{
    struct lab **const sides[2] = {ret_alice, ret_bob};
    for (size_t role = 0; role < 2; role++) {
        if (a->suite->signs && a->identity[role].len == 0)
            TRY(a->suite->identity_make(&a->rng, &a->identity[role]));
        config.role = (enum lab_role)role;
        config.identity = buf_view(&a->identity[role]);
        TRY(side_new(a, config, sides[role]));
    }
    return sides_meet(*ret_alice, *ret_bob);
}

/* Gives `message` to a side after the handshake, where nothing is answered. */
static sotto_err give(struct lab *to, view message, struct lab_event *ret_event)
{
    DEFER(buf_clear) sotto_buf none = {0};
    return lab_receive(to, message, &none, ret_event);
}

static bool says(const struct lab_event *event, view text)
{
    return event->kind == LAB_EVENT_TEXT && view_equal(event->text, text);
}

/* --- the man in the middle --- */

/* What the honest sides know of each other before they begin. */
struct guard {
    struct secret psk;
    sotto_buf identity[2];
    uint8_t fingerprint[2][LAB_FINGERPRINT];
};

static void guard_clear(struct guard *g)
{
    secret_clear(&g->psk);
    buf_clear(&g->identity[0]);
    buf_clear(&g->identity[1]);
}

static sotto_err guard_make(struct attack *a, struct guard *g)
{
    secret_resize(&g->psk, LAB_PSK);
    rng_bytes(&a->rng, g->psk.data, g->psk.len);
    if (!a->suite->signs)
        return SOTTO_OK;
    for (size_t role = 0; role < 2; role++) {
        uint8_t seed[LAB_SEED];
        rng_bytes(&a->rng, seed, sizeof seed);
        TRY(lab_identity_make(a->suite, seed, &g->identity[role]));
        TRY(lab_identity_fingerprint(a->crypto, a->suite, buf_view(&g->identity[role]),
                                     g->fingerprint[role]));
    }
    return SOTTO_OK;
}

static struct lab_config honest(const struct attack *a, const struct guard *g, enum lab_role role)
{
    enum lab_role other = role == LAB_DIALER ? LAB_LISTENER : LAB_DIALER;
    struct lab_config config = {.role = role};
    if (g == NULL)
        return config;
    if (!a->suite->signs) {
        config.psk = &g->psk;
        return config;
    }
    config.identity = buf_view(&g->identity[role]);
    config.peer = VIEW_OF(g->fingerprint[other]);
    return config;
}

/* Mallory has no key of theirs: where a shared one is wanted, he guesses. */
static struct lab_config mallory(const struct attack *a, const struct guard *g,
                                 const struct secret *guess, enum lab_role role)
{
    bool wants_psk = g != NULL && !a->suite->signs;
    return (struct lab_config){.role = role, .psk = wants_psk ? guess : NULL};
}

/* Bob refused Mallory: an error of ours is passed on, one of the protocol is the verdict. */
static sotto_err mitm_refused(struct attack *a, const struct lab *bob, sotto_err err,
                              struct attack_verdict *ret_verdict)
{
    if (sotto_err_class_of(err) == SOTTO_CLASS_HOST)
        return err;
    tell(a, "bob refuses mallory: %s", lab_check(bob));
    *ret_verdict = stopped(bob, err);
    return SOTTO_OK;
}

static sotto_err mitm_relay(struct attack *a, struct lab *alice, struct lab *to_alice,
                            struct lab *to_bob, struct lab *bob, struct attack_verdict *ret_verdict)
{
    DEFER(buf_clear) sotto_buf wire = {0};
    struct lab_event event;
    TRY(lab_say(alice, TEXT_NOON, &wire));
    TRY(give(to_alice, buf_view(&wire), &event));
    tell(a, "alice sends \"meet at noon\"; mallory reads \"%.*s\"", (int)event.text.len,
         (const char *)event.text.data);
    buf_reset(&wire);
    TRY(lab_say(to_bob, TEXT_SIX, &wire));
    sotto_err err = give(bob, buf_view(&wire), &event);
    if (err != SOTTO_OK || !says(&event, TEXT_SIX)) {
        *ret_verdict = stopped(bob, err);
        return SOTTO_OK;
    }
    tell(a, "mallory sends \"meet at six\" on; bob takes it for alice's");
    tell(a,
         "alice's transcript %02x%02x.. and bob's %02x%02x.. differ: only comparing them aloud "
         "would tell",
         lab_transcript(alice).data[0], lab_transcript(alice).data[1], lab_transcript(bob).data[0],
         lab_transcript(bob).data[1]);
    *ret_verdict = fell("nothing says whose the public keys are");
    return SOTTO_OK;
}

/* The second try against fingerprints: Alice's own key or certificate, which is public, in Mallory's hello to Bob. */
static sotto_err mitm_borrowed(struct attack *a, const struct guard *g,
                               struct attack_verdict *ret_verdict)
{
    DEFER(lab_freep) struct lab *alice = NULL;
    DEFER(lab_freep) struct lab *to_bob = NULL;
    DEFER(lab_freep) struct lab *bob = NULL;
    TRY(side_new(a, honest(a, g, LAB_DIALER), &alice));
    TRY(side_new(a, mallory(a, g, NULL, LAB_DIALER), &to_bob));
    TRY(side_new(a, honest(a, g, LAB_LISTENER), &bob));
    TRY(buf_set(&to_bob->identity[LAB_DIALER], buf_view(&alice->identity[LAB_DIALER])));
    tell(a, "mallory tries again with a copy of alice's public key");
    sotto_err err = sides_meet(to_bob, bob);
    if (err != SOTTO_OK) {
        struct attack_verdict second;
        return mitm_refused(a, bob, err, &second);
    }
    *ret_verdict = fell("a copy of a public key is taken for its owner");
    return SOTTO_OK;
}

/* Bob first: there Mallory has to prove himself before Bob does. */
static sotto_err mitm_run(struct attack *a, const struct guard *g,
                          struct attack_verdict *ret_verdict)
{
    DEFER(lab_freep) struct lab *alice = NULL;
    DEFER(lab_freep) struct lab *to_alice = NULL;
    DEFER(lab_freep) struct lab *to_bob = NULL;
    DEFER(lab_freep) struct lab *bob = NULL;
    DEFER(secret_clear) struct secret guess = {0};
    secret_resize(&guess, LAB_PSK);
    rng_bytes(&a->rng, guess.data, guess.len);
    TRY(side_new(a, honest(a, g, LAB_DIALER), &alice));
    TRY(side_new(a, mallory(a, g, &guess, LAB_LISTENER), &to_alice));
    TRY(side_new(a, mallory(a, g, &guess, LAB_DIALER), &to_bob));
    TRY(side_new(a, honest(a, g, LAB_LISTENER), &bob));
    tell(a, "mallory dials bob as alice, and answers alice as bob");
    sotto_err err = sides_meet(to_bob, bob);
    if (err == SOTTO_OK) {
        TRY(sides_meet(alice, to_alice));
        return mitm_relay(a, alice, to_alice, to_bob, bob, ret_verdict);
    }
    TRY(mitm_refused(a, bob, err, ret_verdict));
    return g != NULL && a->suite->signs ? mitm_borrowed(a, g, ret_verdict) : SOTTO_OK;
}

static sotto_err run_mitm(struct attack *a, bool guarded, struct attack_verdict *ret_verdict)
{
    DEFER(guard_clear) struct guard guard = {0};
    if (guarded)
        TRY(guard_make(a, &guard));
    return mitm_run(a, guarded ? &guard : NULL, ret_verdict);
}

/* --- flipped bits --- */

/* What a reader without the check would see, where the mode lets a bit through in its place. The IV is the first block of
 * the message in CBC; in CFB the ciphertext itself, from behind the byte for `what` and the length on. */
static sotto_err flip_unchecked(struct attack *a, const struct lab *bob, view message)
{
    bool cfb = a->suite == &suite_elgamal_cfb;
    struct rd r = rd_of(message);
    uint8_t iv[CIPHER_BLOCK];
    rd_u8(&r);
    rd_copy(&r, iv, sizeof iv);
    view sealed = rd_opaque(&r, LAB_MESSAGE_MAX);
    if (!rd_ok(&r))
        return SOTTO_OK; /* another format: GCM, whose library gives no unchecked plaintext */
    DEFER(buf_clear) sotto_buf changed = {0};
    DEFER(buf_clear) sotto_buf plain = {0};
    TRY(buf_set(&changed, sealed));
    if (cfb)
        changed.data[2] ^= 0x01;
    else
        iv[1] ^= 0x01;
    const struct secret *key = &bob->enc[LAB_DIALER];
    TRY(cfb ? cipher_cfb_decrypt(key, iv, buf_view(&changed), &plain)
            : cipher_cbc_decrypt(key, iv, buf_view(&changed), &plain));
    size_t from = cfb ? 2 : 1;
    tell(a, "without its check bob would have read \"%.*s\"", (int)TEXT_NOON.len,
         (const char *)plain.data + from);
    return SOTTO_OK;
}

static sotto_err run_flip_bit(struct attack *a, struct attack_verdict *ret_verdict)
{
    DEFER(lab_freep) struct lab *alice = NULL;
    DEFER(lab_freep) struct lab *bob = NULL;
    DEFER(buf_clear) sotto_buf wire = {0};
    struct lab_event event;
    TRY(sides_new(a, (struct lab_config){0}, &alice, &bob));
    TRY(lab_say(alice, TEXT_NOON, &wire));
    struct attack_verdict verdict = {.applies = true};
    /* An ElGamal check takes milliseconds: there every 61st bit is tried. */
    size_t bits = wire.len * 8, step = a->suite == &suite_elgamal_cfb ? 61 : 1, tried = 0;
    for (size_t bit = 0; bit < bits; bit += step, tried++) {
        wire.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
        sotto_err err = give(bob, buf_view(&wire), &event);
        wire.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
        if (err == SOTTO_OK)
            verdict = fell("nothing notices a change");
        else if (!verdict.fell && lab_check(bob) == a->suite->mac)
            verdict = stopped(bob, err);
    }
    tell(a, "mallory flips each of %zu bits of alice's message (%zu tried): bob %s", bits, tried,
         verdict.fell ? "takes one" : "refuses all");
    if (a->suite == &suite_elgamal_cfb || a->suite == &suite_x25519_cbc ||
        a->suite == &suite_rsa_cbc)
        TRY(flip_unchecked(a, bob, buf_view(&wire)));
    TRY(give(bob, buf_view(&wire),
             &event)); /* the right one still is taken: refusing changed nothing */
    *ret_verdict = verdict;
    return SOTTO_OK;
}

/* --- replay --- */

static sotto_err run_replay(struct attack *a, struct attack_verdict *ret_verdict)
{
    DEFER(lab_freep) struct lab *alice = NULL;
    DEFER(lab_freep) struct lab *bob = NULL;
    DEFER(lab_freep) struct lab *later_alice = NULL;
    DEFER(lab_freep) struct lab *later_bob = NULL;
    DEFER(buf_clear) sotto_buf wire = {0};
    struct lab_event event;
    TRY(sides_new(a, (struct lab_config){0}, &alice, &bob));
    TRY(lab_say(alice, TEXT_NOON, &wire));
    TRY(give(bob, buf_view(&wire), &event));
    tell(a, "alice sends \"meet at noon\"; bob reads it");
    sotto_err err = give(bob, buf_view(&wire), &event);
    if (err == SOTTO_OK && says(&event, TEXT_NOON)) {
        tell(a, "mallory delivers it again: bob reads it again");
        *ret_verdict = fell("messages have no number");
    } else {
        tell(a, "mallory delivers it again: bob refuses, %s", lab_check(bob));
        *ret_verdict = stopped(bob, err);
    }
    TRY(sides_new(a, (struct lab_config){0}, &later_alice, &later_bob));
    err = give(later_bob, buf_view(&wire), &event);
    if (err == SOTTO_OK) {
        *ret_verdict = fell("messages are not bound to their run");
        return SOTTO_OK;
    }
    tell(a, "in another run of the two it is refused: %s", lab_check(later_bob));
    return SOTTO_OK;
}

/* --- reorder --- */

static sotto_err run_reorder(struct attack *a, struct attack_verdict *ret_verdict)
{
    DEFER(lab_freep) struct lab *alice = NULL;
    DEFER(lab_freep) struct lab *bob = NULL;
    DEFER(buf_clear) sotto_buf first = {0};
    DEFER(buf_clear) sotto_buf second = {0};
    struct lab_event event;
    TRY(sides_new(a, (struct lab_config){0}, &alice, &bob));
    TRY(lab_say(alice, VIEW_LIT("do not sell"), &first));
    TRY(lab_say(alice, VIEW_LIT("sell"), &second));
    tell(a, "alice sends \"do not sell\", then \"sell\"; mallory delivers the second first");
    sotto_err err = give(bob, buf_view(&second), &event);
    if (err == SOTTO_OK)
        err = give(bob, buf_view(&first), &event);
    if (err == SOTTO_OK) {
        tell(a, "bob reads \"sell\", then \"do not sell\"");
        *ret_verdict = fell("messages have no number");
        return SOTTO_OK;
    }
    tell(a, "bob refuses: %s", lab_check(bob));
    *ret_verdict = stopped(bob, err);
    return SOTTO_OK;
}

/* --- SHA-1 --- */

/* Bob has the key of the run and Alice's signature over document A; he puts document B in its place and seals that again. */
static sotto_err sha1_move(const struct lab *bob, view message, view document,
                           sotto_buf *ret_forged)
{
    const struct secret *key = &bob->enc[LAB_DIALER];
    struct rd r = rd_of(message);
    uint8_t iv[CIPHER_BLOCK];
    rd_u8(&r);
    rd_copy(&r, iv, sizeof iv);
    view sealed = rd_opaque(&r, LAB_MESSAGE_MAX);
    TRY(rd_end(&r));
    DEFER(buf_clear) sotto_buf plain = {0};
    DEFER(buf_clear) sotto_buf forged = {0};
    DEFER(buf_clear) sotto_buf resealed = {0};
    TRY(cipher_cfb_decrypt(key, iv, sealed, &plain));
    struct rd p = rd_of(buf_view(&plain));
    struct wr f = wr_to(&forged);
    wr_u8(&f, rd_u8(&p));
    rd_opaque(&p, LAB_TEXT_MAX);
    wr_opaque(&f, document);
    wr_bytes(&f, rd_rest(&p));
    TRY(wr_end(&f));
    TRY(cipher_cfb_encrypt(key, iv, buf_view(&forged), &resealed));
    struct wr w = wr_to(ret_forged);
    wr_u8(&w, LAB_KIND_MESSAGE);
    wr_bytes(&w, VIEW_OF(iv));
    wr_opaque(&w, buf_view(&resealed));
    return wr_end(&w);
}

static sotto_err sha1_tell(struct attack *a, view document_a, view document_b)
{
    uint8_t digest[SHA1_SIZE], wide_a[32], wide_b[32];
    TRY(sha1(document_a, digest));
    TRY(hash(a->crypto, HASH_SHA256, document_a, wide_a));
    TRY(hash(a->crypto, HASH_SHA256, document_b, wide_b));
    tell(a,
         "two documents: SHA-256 %02x%02x%02x%02x.. and %02x%02x%02x%02x.., SHA-1 of both "
         "%02x%02x%02x%02x..",
         wide_a[0], wide_a[1], wide_a[2], wide_a[3], wide_b[0], wide_b[1], wide_b[2], wide_b[3],
         digest[0], digest[1], digest[2], digest[3]);
    return SOTTO_OK;
}

static sotto_err run_sha1(struct attack *a, bool guarded, struct attack_verdict *ret_verdict)
{
    if (!a->suite->has_sha1) {
        *ret_verdict = (struct attack_verdict){.check = "uses no SHA-1"};
        return SOTTO_OK;
    }
    DEFER(lab_freep) struct lab *alice = NULL;
    DEFER(lab_freep) struct lab *bob = NULL;
    DEFER(buf_clear) sotto_buf wire = {0};
    DEFER(buf_clear) sotto_buf forged = {0};
    uint8_t document_a[ATTACK_DOCUMENT], document_b[ATTACK_DOCUMENT];
    struct lab_event event;
    attack_documents(document_a, document_b);
    TRY(sha1_tell(a, VIEW_OF(document_a), VIEW_OF(document_b)));
    TRY(sides_new(a, (struct lab_config){.sha1 = !guarded}, &alice, &bob));
    TRY(lab_say(alice, VIEW_OF(document_a), &wire));
    TRY(give(bob, buf_view(&wire), &event));
    tell(a, "alice signs and sends the first, over %s", guarded ? "SHA-256" : "SHA-1");
    TRY(sha1_move(bob, buf_view(&wire), VIEW_OF(document_b), &forged));
    sotto_err err = give(bob, buf_view(&forged), &event);
    bool accepted = err == SOTTO_OK && says(&event, VIEW_OF(document_b));
    tell(a, "bob puts the second in its place: alice's signature %s",
         accepted ? "fits" : "does not fit");
    *ret_verdict =
        accepted ? fell("two texts have one SHA-1, and so one signature") : stopped(bob, err);
    return SOTTO_OK;
}

static void attack_clear(struct attack *a)
{
    rng_clear(&a->rng);
    buf_clear(&a->identity[LAB_DIALER]);
    buf_clear(&a->identity[LAB_LISTENER]);
}

sotto_err attack_run(sotto_crypto *c, enum attack_id attack, const struct lab_suite *suite,
                     bool guarded, const uint8_t seed[LAB_SEED], attack_tell_fn *tell_fn,
                     void *data, struct attack_verdict *ret_verdict)
{
    DEFER(attack_clear)
    struct attack a = {
        .crypto = c, .suite = suite, .rng = rng_from(seed), .tell = tell_fn, .data = data};
    if (attack == ATTACK_MITM)
        return run_mitm(&a, guarded, ret_verdict);
    if (attack == ATTACK_SHA1)
        return run_sha1(&a, guarded, ret_verdict);
    if (guarded) {
        *ret_verdict = (struct attack_verdict){.check = "knows no other way"};
        return SOTTO_OK;
    }
    if (attack == ATTACK_FLIP_BIT)
        return run_flip_bit(&a, ret_verdict);
    return attack == ATTACK_REPLAY ? run_replay(&a, ret_verdict) : run_reorder(&a, ret_verdict);
}
