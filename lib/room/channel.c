/* channel.c - version 1 of a room's channel.
 *
 *   creator                                joiner
 *   start   {version, nonce}         ->                             when the joiner has come
 *                                    <-    share {nonce, Ya, ADa}
 *   answer  {Yb, ADb, tag b}         ->                             the joiner knows: same code
 *                                    <-    confirm {tag a}          the creator knows: same code
 *   message {counter, sealed}        <->   message {counter, sealed}
 *
 * The joiner is CPace's initiator. sid = SHA-512 over slot, creator's nonce and joiner's nonce, each behind a 2-byte length.
 * From the ISK comes one chain for each direction: chain -> (message key, next chain); both old ones are wiped, so what was
 * said stays closed when a device is taken later. A counter shows what the relay did: a lower one was repeated, a higher one
 * means that others are missing. The text is padded to a few sizes, so that its length tells little. */
#include "room/channel.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/ct.h"
#include "base/rd.h"
#include "base/wr.h"
#include "crypto/aead.h"
#include "crypto/cpace.h"
#include "crypto/hash.h"
#include "crypto/hkdf.h"

#define CHANNEL_LABEL "sotto room 1"
#define NONCE         16
#define AD_LEN        33 /* role byte and a SHA-256 */
#define KEY           32 /* AES-256-GCM */
#define CHAIN         32

enum message_type {
    TYPE_START = 1,
    TYPE_SHARE = 2,
    TYPE_ANSWER = 3,
    TYPE_CONFIRM = 4,
    TYPE_MESSAGE = 5
};

enum channel_state {
    STATE_DEAD,         /* nothing more goes in or out */
    STATE_WAIT_START,   /* joiner */
    STATE_WAIT_SHARE,   /* creator */
    STATE_WAIT_ANSWER,  /* joiner */
    STATE_WAIT_CONFIRM, /* creator */
    STATE_OPEN
};

/* One direction of the open channel. */
struct flow {
    struct secret chain;
    uint64_t counter; /* of the next message */
    bool done, ended; /* what was said last */
};

struct channel {
    sotto_crypto *crypto;
    enum channel_role role;
    enum channel_state state;
    uint32_t slot;
    char password[CODE_TEXT_MAX]; /* wiped as soon as CPace has it */
    uint8_t nonce[NONCE];         /* ours */
    uint8_t cpace_seed[CPACE_SEED];
    struct cpace run;
    struct flow in, out;
    uint8_t check[2];
    sotto_buf text; /* what the last event's text borrows from */
};

/* Plain sizes that a message is padded to: kind, length and text in front, zeros behind. */
static const size_t buckets[] = {256, 1024, 4096, 16384, CHANNEL_TEXT_MAX + 8};

static size_t slot_text(uint32_t slot, char ret_text[16])
{
    return (size_t)snprintf(ret_text, 16, "%u", slot);
}

/* AD of a side: its role, and where its KeyPackage's hash will stand, the hash of nothing (version 1 comes before MLS). */
static sotto_err channel_ad(sotto_crypto *c, enum cpace_role role, uint8_t ret_ad[AD_LEN])
{
    ret_ad[0] = role == CPACE_INITIATOR ? 1 : 2;
    return hash(c, HASH_SHA256, (view){0}, ret_ad + 1);
}

/* Begins the CPace run, once both nonces are known, and destroys the code. */
static sotto_err cpace_begin(struct channel *ch, const uint8_t *creator_nonce,
                             const uint8_t *joiner_nonce)
{
    char slot[16], ci[64];
    size_t slot_len = slot_text(ch->slot, slot);
    int ci_len = snprintf(ci, sizeof ci, CHANNEL_LABEL "%s", slot);
    uint8_t parts_storage[64], sid[HASH_MAX], ad[AD_LEN];
    sotto_buf parts = BUF_ON(parts_storage);
    struct wr w = wr_to(&parts);
    wr_u16(&w, (uint16_t)slot_len);
    wr_bytes(&w, view_of(slot, slot_len));
    wr_u16(&w, NONCE);
    wr_bytes(&w, view_of(creator_nonce, NONCE));
    wr_u16(&w, NONCE);
    wr_bytes(&w, view_of(joiner_nonce, NONCE));
    TRY(wr_end(&w));
    TRY(hash(ch->crypto, HASH_SHA512, buf_view(&parts), sid));
    enum cpace_role role = ch->role == CHANNEL_JOINER ? CPACE_INITIATOR : CPACE_RESPONDER;
    TRY(channel_ad(ch->crypto, role, ad));
    sotto_err err =
        cpace_start(ch->crypto, role, view_str(ch->password), view_of(ci, (size_t)ci_len),
                    view_of(sid, 64), VIEW_OF(ad), ch->cpace_seed, &ch->run);
    ct_wipe(ch->password, sizeof ch->password);
    ct_wipe(ch->cpace_seed, sizeof ch->cpace_seed);
    return err;
}

/* From the shared key to the two chains and the check numbers. */
static sotto_err channel_open_flows(struct channel *ch)
{
    DEFER(secret_clear) struct secret root = {0};
    struct flow *creator = ch->role == CHANNEL_CREATOR ? &ch->out : &ch->in;
    struct flow *joiner = ch->role == CHANNEL_CREATOR ? &ch->in : &ch->out;
    struct secret check = {0};
    TRY(hkdf_extract(ch->crypto, KDF_SHA256, VIEW_LIT(CHANNEL_LABEL), secret_view(&ch->run.isk),
                     &root));
    TRY(hkdf_expand(ch->crypto, KDF_SHA256, &root, VIEW_LIT(CHANNEL_LABEL " creator"), CHAIN,
                    &creator->chain));
    TRY(hkdf_expand(ch->crypto, KDF_SHA256, &root, VIEW_LIT(CHANNEL_LABEL " joiner"), CHAIN,
                    &joiner->chain));
    TRY(hkdf_expand(ch->crypto, KDF_SHA256, &root, VIEW_LIT(CHANNEL_LABEL " check"), 2, &check));
    ch->check[0] = check.data[0] & 63;
    ch->check[1] = check.data[1] & 63;
    cpace_clear(&ch->run);
    ch->state = STATE_OPEN;
    return SOTTO_OK;
}

sotto_err channel_new(sotto_crypto *c, enum channel_role role, const struct room_code *code,
                      const uint8_t seed[CHANNEL_SEED], sotto_buf *out,
                      struct channel **ret_channel)
{
    DEFER(channel_freep) struct channel *ch = calloc(1, sizeof *ch);
    if (ch == NULL)
        return SOTTO_E_NOMEM;
    ch->crypto = c;
    ch->role = role;
    ch->slot = code->slot;
    room_code_password(code, ch->password);
    memcpy(ch->nonce, seed, NONCE);
    memcpy(ch->cpace_seed, seed + NONCE, CPACE_SEED);
    ch->state = role == CHANNEL_JOINER ? STATE_WAIT_START : STATE_WAIT_SHARE;
    if (role == CHANNEL_CREATOR) {
        struct wr w = wr_to(out);
        wr_u8(&w, TYPE_START);
        wr_u8(&w, CHANNEL_VERSION);
        wr_bytes(&w, VIEW_OF(ch->nonce));
        TRY(wr_end(&w));
    }
    *ret_channel = MOVE(ch);
    return SOTTO_OK;
}

/* Joiner: start {version, nonce} came; share goes out. */
static sotto_err on_start(struct channel *ch, struct rd *r, sotto_buf *out,
                          struct channel_event *ret_event)
{
    (void)ret_event;
    uint8_t creator_nonce[NONCE];
    uint8_t version = rd_u8(r);
    rd_copy(r, creator_nonce, NONCE);
    TRY(rd_end(r));
    if (version != CHANNEL_VERSION)
        return SOTTO_E_VERSION;
    TRY(cpace_begin(ch, creator_nonce, ch->nonce));
    struct wr w = wr_to(out);
    wr_u8(&w, TYPE_SHARE);
    wr_bytes(&w, VIEW_OF(ch->nonce));
    wr_bytes(&w, VIEW_OF(ch->run.share));
    wr_opaque(&w, buf_view(&ch->run.ad));
    TRY(wr_end(&w));
    ch->state = STATE_WAIT_ANSWER;
    return SOTTO_OK;
}

/* The peer's AD must be the one that its role has in this version. */
static sotto_err peer_ad_check(struct channel *ch, enum cpace_role peer_role, view ad)
{
    uint8_t expected[AD_LEN];
    if (view_equal(ad, buf_view(&ch->run.ad)))
        return SOTTO_E_REFLECTED;
    TRY(channel_ad(ch->crypto, peer_role, expected));
    return view_equal(ad, VIEW_OF(expected)) ? SOTTO_OK : SOTTO_E_VALUE;
}

/* Creator: share {nonce, Ya, ADa} came; answer goes out. */
static sotto_err on_share(struct channel *ch, struct rd *r, sotto_buf *out,
                          struct channel_event *ret_event)
{
    (void)ret_event;
    uint8_t joiner_nonce[NONCE];
    rd_copy(r, joiner_nonce, NONCE);
    view share = rd_bytes(r, CPACE_SHARE);
    view ad = rd_opaque(r, AD_LEN);
    TRY(rd_end(r));
    if (view_equal(VIEW_OF(joiner_nonce), VIEW_OF(ch->nonce)))
        return SOTTO_E_REFLECTED;
    TRY(cpace_begin(ch, ch->nonce, joiner_nonce));
    TRY(peer_ad_check(ch, CPACE_INITIATOR, ad));
    TRY(cpace_finish(ch->crypto, &ch->run, share, ad));
    struct wr w = wr_to(out);
    wr_u8(&w, TYPE_ANSWER);
    wr_bytes(&w, VIEW_OF(ch->run.share));
    wr_opaque(&w, buf_view(&ch->run.ad));
    wr_bytes(&w, VIEW_OF(ch->run.tag));
    TRY(wr_end(&w));
    ch->state = STATE_WAIT_CONFIRM;
    return SOTTO_OK;
}

/* Joiner: answer {Yb, ADb, tag} came; confirm goes out, and the channel is open. */
static sotto_err on_answer(struct channel *ch, struct rd *r, sotto_buf *out,
                           struct channel_event *ret_event)
{
    view share = rd_bytes(r, CPACE_SHARE);
    view ad = rd_opaque(r, AD_LEN);
    view tag = rd_bytes(r, CPACE_TAG);
    TRY(rd_end(r));
    TRY(peer_ad_check(ch, CPACE_RESPONDER, ad));
    TRY(cpace_finish(ch->crypto, &ch->run, share, ad));
    TRY(cpace_confirm(&ch->run, tag));
    struct wr w = wr_to(out);
    wr_u8(&w, TYPE_CONFIRM);
    wr_bytes(&w, VIEW_OF(ch->run.tag));
    TRY(wr_end(&w));
    TRY(channel_open_flows(ch));
    ret_event->event = CHANNEL_EVENT_OPEN;
    return SOTTO_OK;
}

/* Creator: confirm {tag} came; the channel is open. */
static sotto_err on_confirm(struct channel *ch, struct rd *r, sotto_buf *out,
                            struct channel_event *ret_event)
{
    (void)out;
    view tag = rd_bytes(r, CPACE_TAG);
    TRY(rd_end(r));
    TRY(cpace_confirm(&ch->run, tag));
    TRY(channel_open_flows(ch));
    ret_event->event = CHANNEL_EVENT_OPEN;
    return SOTTO_OK;
}

/* The key of the flow's next message, and the chain behind it; the flow itself is not changed. */
static sotto_err flow_derive(sotto_crypto *c, const struct flow *flow, struct secret *ret_key,
                             struct secret *ret_next)
{
    TRY(hkdf_expand(c, KDF_SHA256, &flow->chain, VIEW_LIT(CHANNEL_LABEL " key"), KEY, ret_key));
    return hkdf_expand(c, KDF_SHA256, &flow->chain, VIEW_LIT(CHANNEL_LABEL " chain"), CHAIN,
                       ret_next);
}

static void flow_advance(struct flow *flow, struct secret *next, enum channel_kind kind)
{
    flow->chain = *next;
    flow->counter++;
    flow->done = flow->done || kind == CHANNEL_DONE || kind == CHANNEL_END;
    flow->ended = flow->ended || kind == CHANNEL_END;
}

/* The AAD of a message: label, who speaks, room, counter. The nonce may be constant, since no key is used twice. */
static sotto_err message_aad(enum channel_role speaker, uint32_t slot, uint64_t counter,
                             sotto_buf *out)
{
    struct wr w = wr_to(out);
    wr_opaque(&w, VIEW_LIT(CHANNEL_LABEL " message"));
    wr_u8(&w, speaker == CHANNEL_JOINER ? 1 : 2);
    wr_u32(&w, slot);
    wr_u64(&w, counter);
    return wr_end(&w);
}

static const uint8_t message_nonce[AEAD_NONCE];

/* struct { uint8 kind; opaque text<V>; uint8 zeros[]; } up to the next bucket. */
static sotto_err plain_write(enum channel_kind kind, view text, sotto_buf *out)
{
    struct wr w = wr_to(out);
    wr_u8(&w, (uint8_t)kind);
    wr_opaque(&w, text);
    TRY(wr_end(&w));
    size_t i = 0;
    while (buckets[i] < out->len)
        i++;
    uint8_t *zeros;
    size_t padding = buckets[i] - out->len;
    TRY(buf_extend(out, padding, &zeros));
    memset(zeros, 0, padding);
    return SOTTO_OK;
}

static sotto_err plain_read(view plain, enum channel_kind *ret_kind, view *ret_text)
{
    struct rd r = rd_of(plain);
    uint8_t kind = rd_u8(&r);
    view text = rd_opaque(&r, CHANNEL_TEXT_MAX);
    view padding = rd_rest(&r);
    TRY(rd_end(&r));
    if (kind < CHANNEL_TEXT || kind > CHANNEL_END || !ct_is_zero(padding.data, padding.len))
        return SOTTO_E_VALUE;
    *ret_kind = (enum channel_kind)kind;
    *ret_text = text;
    return SOTTO_OK;
}

static enum channel_role other(enum channel_role role)
{
    return role == CHANNEL_CREATOR ? CHANNEL_JOINER : CHANNEL_CREATOR;
}

/* message {counter, sealed}: nothing in the flow changes unless it opens. */
static sotto_err on_message(struct channel *ch, struct rd *r, sotto_buf *out,
                            struct channel_event *ret_event)
{
    (void)out;
    uint64_t counter = rd_u64(r);
    view sealed = rd_opaque(r, buckets[COUNT_OF(buckets) - 1] + AEAD_TAG);
    TRY(rd_end(r));
    if (ch->in.ended)
        return SOTTO_E_UNEXPECTED;
    if (counter != ch->in.counter)
        return counter < ch->in.counter ? SOTTO_E_REPLAYED : SOTTO_E_MISSING;
    if (sealed.len < AEAD_TAG)
        return SOTTO_E_DECRYPT;
    DEFER(secret_clear) struct secret key = {0};
    DEFER(secret_clear) struct secret next = {0};
    uint8_t aad_storage[64];
    sotto_buf aad = BUF_ON(aad_storage);
    uint8_t *plain;
    TRY(flow_derive(ch->crypto, &ch->in, &key, &next));
    TRY(message_aad(other(ch->role), ch->slot, counter, &aad));
    buf_reset(&ch->text);
    TRY(buf_extend(&ch->text, sealed.len - AEAD_TAG, &plain));
    TRY(aead_open(ch->crypto, AEAD_AES_256_GCM, &key, message_nonce, buf_view(&aad), sealed,
                  plain));
    TRY(plain_read(buf_view(&ch->text), &ret_event->kind, &ret_event->text));
    if (ch->in.done && ret_event->kind == CHANNEL_TEXT)
        return SOTTO_E_UNEXPECTED;
    flow_advance(&ch->in, &next, ret_event->kind);
    ret_event->event = CHANNEL_EVENT_SAID;
    return SOTTO_OK;
}

/* What may come in which state; everything else does not belong there. */
static const struct {
    enum channel_state state;
    enum message_type type;
    sotto_err (*handler)(struct channel *ch, struct rd *r, sotto_buf *out,
                         struct channel_event *ret_event);
} transitions[] = {
    {STATE_WAIT_START, TYPE_START, on_start},    {STATE_WAIT_SHARE, TYPE_SHARE, on_share},
    {STATE_WAIT_ANSWER, TYPE_ANSWER, on_answer}, {STATE_WAIT_CONFIRM, TYPE_CONFIRM, on_confirm},
    {STATE_OPEN, TYPE_MESSAGE, on_message},
};

/* The one type that comes back to us in this state only if the relay reflects what we sent. */
static bool is_reflected(const struct channel *ch, uint8_t type)
{
    return (ch->state == STATE_WAIT_SHARE && type == TYPE_START) ||
           (ch->state == STATE_WAIT_ANSWER && type == TYPE_SHARE) ||
           (ch->state == STATE_WAIT_CONFIRM && type == TYPE_ANSWER);
}

static sotto_err channel_dispatch(struct channel *ch, struct rd *r, sotto_buf *out,
                                  struct channel_event *event)
{
    uint8_t type = rd_u8(r);
    if (!rd_ok(r))
        return rd_end(r);
    for (size_t i = 0; i < COUNT_OF(transitions); i++)
        if (transitions[i].state == ch->state && transitions[i].type == (enum message_type)type)
            return transitions[i].handler(ch, r, out, event);
    if (is_reflected(ch, type))
        return SOTTO_E_REFLECTED;
    return SOTTO_E_UNEXPECTED;
}

sotto_err channel_recv(struct channel *ch, view message, sotto_buf *out,
                       struct channel_event *ret_event)
{
    if (ch->state == STATE_DEAD)
        return SOTTO_E_CLOSED;
    struct channel_event event = {0};
    struct rd r = rd_of(message);
    sotto_err err = channel_dispatch(ch, &r, out, &event);
    if (err != SOTTO_OK) {
        ch->state = STATE_DEAD;
        return err;
    }
    *ret_event = event;
    return SOTTO_OK;
}

sotto_err channel_send(struct channel *ch, enum channel_kind kind, view text, sotto_buf *out)
{
    if (ch->state != STATE_OPEN || ch->out.ended || (ch->out.done && kind != CHANNEL_END))
        return SOTTO_E_NOT_NOW;
    if (text.len > CHANNEL_TEXT_MAX)
        return SOTTO_E_TOO_LARGE;
    DEFER(secret_clear) struct secret key = {0};
    DEFER(secret_clear) struct secret next = {0};
    DEFER(buf_clear) sotto_buf sealed = {0};
    uint8_t aad_storage[64], *tag;
    sotto_buf aad = BUF_ON(aad_storage);
    TRY(flow_derive(ch->crypto, &ch->out, &key, &next));
    TRY(message_aad(ch->role, ch->slot, ch->out.counter, &aad));
    TRY(plain_write(kind, text, &sealed));
    size_t plain_len = sealed.len;
    TRY(buf_extend(&sealed, AEAD_TAG, &tag));
    TRY(aead_seal(ch->crypto, AEAD_AES_256_GCM, &key, message_nonce, buf_view(&aad),
                  view_of(sealed.data, plain_len), sealed.data));
    struct wr w = wr_to(out);
    wr_u8(&w, TYPE_MESSAGE);
    wr_u64(&w, ch->out.counter);
    wr_opaque(&w, buf_view(&sealed));
    TRY(wr_end(&w));
    flow_advance(&ch->out, &next, kind);
    return SOTTO_OK;
}

bool channel_is_open(const struct channel *ch)
{
    return ch->state == STATE_OPEN;
}

void channel_check(const struct channel *ch, uint8_t ret_numbers[2])
{
    memcpy(ret_numbers, ch->check, 2);
}

void channel_free(struct channel *ch)
{
    if (ch == NULL)
        return;
    cpace_clear(&ch->run);
    buf_clear(&ch->text);
    ct_wipe(ch, sizeof *ch);
    free(ch);
}

void channel_freep(struct channel **ch)
{
    channel_free(*ch);
    *ch = NULL;
}
