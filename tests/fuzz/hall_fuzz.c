/* Some guests who say anything. Each step is a byte for what happens (its guest in the upper half), and for what is said a length
 * and the text. Whatever comes: a room has at most two, each of whom knows it; who has ended sits nowhere and was told why over
 * whole packets; all that waits is well-formed, and no more than the limits allow. */
#include "fuzz.h"

#include "gateway/hall.h"
#include "socketio/socketio.h"

#define GUESTS 4

struct run {
    struct limits limits;
    struct hall hall;
    struct guest *guests[GUESTS];
    uint64_t now_ms;
};

static void out_holds(const struct run *run, const struct guest *guest)
{
    view rest = buf_view(&guest->out);
    struct engineio_packet packet;
    struct socketio_packet said;
    HOLDS(rest.len <= run->limits.gateway_output_bytes + 17 * run->limits.gateway_payload_bytes);
    while (rest.len > 0) {
        HOLDS(engineio_payload_next(&rest, &packet) == SOTTO_OK);
        if (packet.type == ENGINEIO_MESSAGE)
            HOLDS(socketio_read(packet.data, &said) == SOTTO_OK);
    }
}

static void all_holds(const struct run *run)
{
    size_t living = 0;
    for (const struct guest *g = run->hall.guests; g != NULL; g = g->next) {
        const struct guest *other = hall_other(g);
        living += !g->ended;
        HOLDS(!g->ended || g->room == NULL);
        HOLDS(g->ended || g->room == NULL || !g->knocks);
        HOLDS(other == NULL || (other != g && other->room == g->room && hall_other(other) == g));
        out_holds(run, g);
    }
    HOLDS(living == run->hall.count && living <= run->limits.gateway_sessions);
}

static void settle(struct run *run)
{
    for (struct guest *guest; (guest = hall_changed_next(&run->hall)) != NULL;) {
        for (size_t i = 0; i < GUESTS && guest->ended; i++)
            if (run->guests[i] == guest)
                run->guests[i] = NULL;
        if (guest->ended)
            hall_forget(&run->hall, guest);
    }
}

static void enter(struct run *run, size_t index, view room)
{
    if (run->guests[index] != NULL || (room.len > 0 && !engineio_room_valid(room)))
        return;
    if (hall_enter(&run->hall, room, false, run->now_ms, &run->guests[index]) != SOTTO_OK)
        run->guests[index] = NULL;
    else
        (void)hall_take(&run->hall, run->guests[index], VIEW_LIT("40"), false, run->now_ms);
}

static void step(struct run *run, view *input)
{
    uint8_t what = fuzz_u8(input);
    size_t index = (what >> 4) % GUESTS;
    struct guest *guest = run->guests[index];
    view text = what % 8 < 5 ? fuzz_bytes(input, fuzz_u8(input)) : (view){0};
    uint8_t *copy = fuzz_copy(text);
    run->now_ms += what % 16;
    if (what % 8 == 0 || guest == NULL)
        enter(run, index, view_of(copy, text.len));
    else if (what % 8 < 5)
        (void)hall_take(&run->hall, guest, view_of(copy, text.len), what % 2 == 0, run->now_ms);
    else if (what % 8 == 5)
        buf_reset(&guest->out);
    else if (what % 8 == 6)
        run->now_ms += 10000;
    else
        hall_moved(&run->hall, guest, run->now_ms);
    free(copy);
    hall_tick(&run->hall, run->now_ms);
    all_holds(run);
    if (what & 8)
        settle(run);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t seed[RNG_SEED] = {7};
    static struct run run;
    view input = view_of(data, size);
    run = (struct run){.limits = limits_default(), .now_ms = 1000};
    run.limits.gateway_sessions = 3;
    run.limits.gateway_output_bytes = 1000;
    run.limits.gateway_payload_bytes = 255;
    run.hall = hall_of(&run.limits, seed);
    while (input.len > 0)
        step(&run, &input);
    hall_clear(&run.hall);
    return 0;
}
