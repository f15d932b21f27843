/* Two honest sides of one suite, and somebody on the way who alters one of their messages, or puts another in its place.
 *
 *   input: suite and key (1 byte), which message (1), how (1), then bytes: a message, or triples of place and change.
 *
 * Whatever he does: a side that takes a text takes what the other side said, and two sides that are both ready have the
 * same transcript. A message that was refused has changed nothing: the right one is still taken. */
#include <stdlib.h>

#include "base/rd.h"
#include "lab/suite.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SUITES 5
#define TEXT   VIEW_LIT("meet at noon")

static const struct lab_suite *const suites[SUITES] = {
    &suite_x25519_cbc, &suite_elgamal_cfb, &suite_rsa_cbc, &suite_modp_gcm, &suite_hkdf_gcm,
};

/* Kept from one input to the next, since making them costs more than all else: the signing keys, and for each suite two
 * sides that are ready, with a message that is under way. */
static sotto_crypto *crypto;
static sotto_buf identities[SUITES];
static struct pair {
    struct lab *dialer, *listener;
    sotto_buf message;
} ready[SUITES];

static void must(sotto_err err)
{
    if (err != SOTTO_OK)
        abort();
}

static struct lab *side(size_t suite, enum lab_role role, bool psk)
{
    uint8_t seed[LAB_SEED] = {(uint8_t)(role + 1)};
    struct secret key = {.len = LAB_PSK};
    struct lab_config config = {
        .suite = suites[suite],
        .role = role,
        .psk = psk ? &key : NULL,
        .identity = buf_view(&identities[suite]),
    };
    struct lab *l = NULL;
    must(lab_new(crypto, &config, seed, &l));
    return l;
}

static void start(void)
{
    const uint8_t seed[LAB_SEED] = {1};
    must(crypto_new(&crypto));
    for (size_t i = 0; i < SUITES; i++)
        if (suites[i]->signs)
            must(lab_identity_make(suites[i], seed, &identities[i]));
}

static struct lab *side_of(struct lab *dialer, struct lab *listener, unsigned step)
{
    return step % 2 == 0 ? listener : dialer; /* who gets message number `step` */
}

/* The bytes as a whole message, or as changes to `honest`. */
static void alter(struct rd *r, view honest, sotto_buf *ret_message)
{
    if (rd_u8(r) == 0) {
        must(buf_set(ret_message, rd_rest(r)));
        return;
    }
    must(buf_set(ret_message, honest));
    while (rd_more(r) && ret_message->len > 0) {
        size_t place = rd_u16(r);
        uint8_t change = rd_u8(r);
        if (rd_ok(r) && place >= 0xff00) /* cut */
            ret_message->len = size_min(ret_message->len, place - 0xff00U);
        else if (rd_ok(r))
            ret_message->data[place % ret_message->len] ^= change;
    }
}

/* The handshake up to message `step`, that one altered, and then on as long as both play along. */
static void handshake(size_t suite, bool psk, unsigned step, struct rd *r)
{
    struct lab *dialer = side(suite, LAB_DIALER, psk), *listener = side(suite, LAB_LISTENER, psk);
    sotto_buf wire = {0};
    struct lab_event event;
    must(lab_begin(dialer, &wire));
    for (unsigned i = 0; i < 4; i++) {
        sotto_buf message = {0}, answer = {0};
        if (i == step)
            alter(r, buf_view(&wire), &message);
        else
            must(buf_set(&message, buf_view(&wire)));
        sotto_err err =
            lab_receive(side_of(dialer, listener, i), buf_view(&message), &answer, &event);
        if (err != SOTTO_OK && answer.len > 0)
            abort();
        buf_clear(&message);
        buf_clear(&wire);
        wire = answer;
        if (err != SOTTO_OK)
            break;
    }
    if (lab_is_ready(dialer) && lab_is_ready(listener) &&
        !view_equal(lab_transcript(dialer), lab_transcript(listener)))
        abort();
    buf_clear(&wire);
    lab_free(dialer);
    lab_free(listener);
}

static void pair_make(size_t suite, struct pair *p)
{
    sotto_buf there = {0}, back = {0};
    struct lab_event event;
    lab_free(p->dialer);
    lab_free(p->listener);
    p->dialer = side(suite, LAB_DIALER, true);
    p->listener = side(suite, LAB_LISTENER, true);
    must(lab_begin(p->dialer, &there));
    for (unsigned i = 0; i < 4; i++) {
        must(lab_receive(side_of(p->dialer, p->listener, i), buf_view(&there), &back, &event));
        must(buf_set(&there, buf_view(&back)));
        buf_reset(&back);
    }
    buf_reset(&p->message);
    must(lab_say(p->dialer, TEXT, &p->message));
    buf_clear(&there);
    buf_clear(&back);
}

static void message(size_t suite, struct rd *r)
{
    struct pair *p = &ready[suite];
    sotto_buf altered = {0}, answer = {0};
    struct lab_event event = {0};
    if (p->dialer == NULL)
        pair_make(suite, p);
    alter(r, buf_view(&p->message), &altered);
    sotto_err err = lab_receive(p->listener, buf_view(&altered), &answer, &event);
    if (answer.len > 0)
        abort();
    if (err == SOTTO_OK) {
        if (event.kind != LAB_EVENT_TEXT || !view_equal(event.text, TEXT) ||
            !view_equal(buf_view(&altered), buf_view(&p->message)))
            abort(); /* nobody said that */
        pair_make(suite, p);
    } else if (altered.len % 16 == 0) { /* not each time: a new pair costs more than all else */
        must(lab_receive(p->listener, buf_view(&p->message), &answer, &event));
        pair_make(suite, p);
    }
    buf_clear(&altered);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (crypto == NULL)
        start();
    struct rd r = rd_of(view_of(data, size));
    uint8_t which = rd_u8(&r), step = rd_u8(&r) % 5;
    if (!rd_ok(&r))
        return 0;
    size_t suite = which % SUITES;
    if (step == 4)
        message(suite, &r);
    else
        handshake(suite, which / SUITES % 2 == 0, step, &r);
    return 0;
}
