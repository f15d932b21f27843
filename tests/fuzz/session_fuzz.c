/* A session against a server made of fuzz bytes: frames with their lengths in front, and what the user does between them. Without the code nobody
 * can make it secure; ENDED comes at most once, and nothing after it. */
#include <stdlib.h>

#include "base/rd.h"
#include "engine/session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static sotto_crypto *crypto;

static void check(struct session_effects *fx, bool *ended)
{
    if (*ended && (fx->frame_count > 0 || fx->event_count > 0))
        abort();
    size_t total = 0;
    for (size_t i = 0; i < fx->frame_count; i++)
        total += fx->sizes[i];
    if (total != fx->frames.len)
        abort();
    for (size_t i = 0; i < fx->event_count; i++) {
        const struct session_event *event = &fx->events[i];
        if (event->kind == SESSION_SECURE || event->kind == SESSION_TEXT || *ended ||
            event->at + event->len > fx->bytes.len)
            abort();
        *ended = event->kind == SESSION_ENDED;
    }
    session_effects_reset(fx);
}

static sotto_err step(struct session *s, struct rd *r, struct session_effects *fx)
{
    uint8_t act = rd_u8(r);
    switch (act) {
    case 0xf0:
        return session_done(s, fx);
    case 0xf1:
        return session_leave(s, fx);
    case 0xf2:
        return session_lost(s, SOTTO_E_NET, fx);
    case 0xf3: {
        sotto_err err =
            session_say(s, rd_bytes(r, size_min(rd_u8(r), (size_t)(r->end - r->at))), fx);
        return err == SOTTO_E_NOMEM ? err : SOTTO_OK;
    }
    default:
        return session_frame(s, rd_bytes(r, size_min(rd_u16(r), (size_t)(r->end - r->at))), fx);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (crypto == NULL && crypto_new(&crypto) != SOTTO_OK)
        abort();
    if (size < 1)
        return 0;
    static const uint8_t seed[RNG_SEED];
    struct room_code code = {.slot = 7, .count = 2, .words = {0, 1023}};
    struct session *s = NULL;
    struct session_effects fx = {0};
    bool ended = false;
    struct rd r = rd_of(view_of(data + 1, size - 1));
    enum session_role role = (data[0] & 1) != 0 ? SESSION_JOIN : SESSION_CREATE;
    if (session_new(crypto, role, 2, &code, seed, &s) != SOTTO_OK ||
        session_start(s, &fx) != SOTTO_OK)
        abort();
    check(&fx, &ended);
    while (rd_more(&r)) {
        if (step(s, &r, &fx) != SOTTO_OK)
            abort();
        check(&fx, &ended);
    }
    session_free(s);
    session_effects_clear(&fx);
    return 0;
}
