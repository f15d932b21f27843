#include "lab/resist.h"

#include "room/channel.h"

/* Alice creates, Bob joins, Mallory is the relay. The channel dies at the first thing that is wrong, so each try has a pair of
 * its own. */

struct resist {
    sotto_crypto *crypto;
    struct rng rng;
    attack_tell_fn *tell;
    void *data;
};

struct sides {
    struct channel *alice, *bob;
};

static void sides_clear(struct sides *s)
{
    channel_free(s->alice);
    channel_free(s->bob);
}

static void say_line(const struct resist *r, const char *line)
{
    if (r->tell != NULL)
        r->tell(r->data, line);
}

static sotto_err side_new(struct resist *r, enum channel_role role, const struct room_code *code,
                          sotto_buf *out, struct channel **ret_side)
{
    uint8_t seed[CHANNEL_SEED];
    rng_bytes(&r->rng, seed, sizeof seed);
    return channel_new(r->crypto, role, code, seed, out, ret_side);
}

/* Passes messages on until nobody answers. `code_b` is what the joiner has. */
static sotto_err sides_meet(struct resist *r, const struct room_code *code_a,
                            const struct room_code *code_b, struct sides *s)
{
    DEFER(buf_clear) sotto_buf there = {0};
    DEFER(buf_clear) sotto_buf back = {0};
    struct channel_event event;
    TRY(side_new(r, CHANNEL_CREATOR, code_a, &there, &s->alice));
    TRY(side_new(r, CHANNEL_JOINER, code_b, &back, &s->bob));
    for (unsigned i = 0; i < 8 && (there.len > 0 || back.len > 0); i++) {
        if (there.len > 0)
            TRY(channel_recv(s->bob, buf_view(&there), &back, &event));
        buf_reset(&there);
        if (back.len > 0)
            TRY(channel_recv(s->alice, buf_view(&back), &there, &event));
        buf_reset(&back);
    }
    return channel_is_open(s->alice) && channel_is_open(s->bob) ? SOTTO_OK : SOTTO_E_NOT_NOW;
}

static sotto_err sides_new(struct resist *r, struct sides *s)
{
    struct room_code code;
    TRY(room_code_make(7, 2, &r->rng, &code));
    return sides_meet(r, &code, &code, s);
}

static struct attack_verdict stopped(sotto_err err, const char *check)
{
    return (struct attack_verdict){
        .applies = true, .fell = err == SOTTO_OK, .err = err, .check = check};
}

/* Mallory joins with words of his own: one guess in 2^20, and then the code is gone. */
static sotto_err resist_mitm(struct resist *r, struct attack_verdict *ret_verdict)
{
    struct room_code code, guess;
    DEFER(sides_clear) struct sides s = {0};
    TRY(room_code_make(7, 2, &r->rng, &code));
    do
        TRY(room_code_make(7, 2, &r->rng, &guess));
    while (guess.words[0] == code.words[0] && guess.words[1] == code.words[1]);
    say_line(r, "mallory joins with words that he guessed, since the relay does not learn them");
    sotto_err err = sides_meet(r, &code, &guess, &s);
    say_line(r, "one guess in a million, and a wrong one uses the code up for everybody");
    *ret_verdict = stopped(err, "CPace: keys come from the spoken words, and are confirmed");
    return sotto_err_class_of(err) == SOTTO_CLASS_HOST ? err : SOTTO_OK;
}

static sotto_err resist_flip_bit(struct resist *r, struct attack_verdict *ret_verdict)
{
    DEFER(sides_clear) struct sides s = {0};
    DEFER(buf_clear) sotto_buf wire = {0};
    DEFER(buf_clear) sotto_buf none = {0};
    struct channel_event event;
    TRY(sides_new(r, &s));
    TRY(channel_send(s.alice, CHANNEL_TEXT, VIEW_LIT("meet at noon"), &wire));
    wire.data[wire.len / 2] ^= 1;
    sotto_err err = channel_recv(s.bob, buf_view(&wire), &none, &event);
    say_line(r, "a flipped bit ends the session, and its end is named");
    *ret_verdict = stopped(err, "GCM tag, under a key for this message alone");
    return SOTTO_OK;
}

static sotto_err resist_replay(struct resist *r, struct attack_verdict *ret_verdict)
{
    DEFER(sides_clear) struct sides s = {0};
    DEFER(buf_clear) sotto_buf wire = {0};
    DEFER(buf_clear) sotto_buf none = {0};
    struct channel_event event;
    TRY(sides_new(r, &s));
    TRY(channel_send(s.alice, CHANNEL_TEXT, VIEW_LIT("meet at noon"), &wire));
    TRY(channel_recv(s.bob, buf_view(&wire), &none, &event));
    sotto_err err = channel_recv(s.bob, buf_view(&wire), &none, &event);
    say_line(r, "the key of a message is erased once it was used: its copy opens nothing");
    *ret_verdict = stopped(err, "number of the message, and its erased key");
    return SOTTO_OK;
}

static sotto_err resist_reorder(struct resist *r, struct attack_verdict *ret_verdict)
{
    DEFER(sides_clear) struct sides s = {0};
    DEFER(buf_clear) sotto_buf first = {0};
    DEFER(buf_clear) sotto_buf second = {0};
    DEFER(buf_clear) sotto_buf none = {0};
    struct channel_event event;
    TRY(sides_new(r, &s));
    TRY(channel_send(s.alice, CHANNEL_TEXT, VIEW_LIT("do not sell"), &first));
    TRY(channel_send(s.alice, CHANNEL_TEXT, VIEW_LIT("sell"), &second));
    sotto_err err = channel_recv(s.bob, buf_view(&second), &none, &event);
    say_line(r, "both sides count: the second message without the first is a gap, and is named");
    *ret_verdict = stopped(err, "number of the message");
    return SOTTO_OK;
}

sotto_err resist_run(sotto_crypto *c, enum attack_id attack, const uint8_t seed[LAB_SEED],
                     attack_tell_fn *tell, void *data, struct attack_verdict *ret_verdict)
{
    struct resist r = {c, rng_from(seed), tell, data};
    switch (attack) {
    case ATTACK_MITM:
        return resist_mitm(&r, ret_verdict);
    case ATTACK_FLIP_BIT:
        return resist_flip_bit(&r, ret_verdict);
    case ATTACK_REPLAY:
        return resist_replay(&r, ret_verdict);
    case ATTACK_REORDER:
        return resist_reorder(&r, ret_verdict);
    default:
        say_line(&r, "Ed25519 and SHA-2 alone: no signature over SHA-1 exists that could be moved");
        *ret_verdict = (struct attack_verdict){.check = "uses no SHA-1"};
        return SOTTO_OK;
    }
}
