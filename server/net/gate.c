/* One map of counters for addresses and networks: the number is an address's seven bytes that matter with the family on top, and a
 * bit more for a network, so that no two are the same. An entry is there as long as it counts something. Those behind a proxy who
 * have no name yet are counted under the address 0, and no limit asks for that.
 *
 * Places are a table that grows up to as many strangers as there ever were at once. A visitor knows its place by number, and the place
 * knows the visitor by its descriptor: that is the visitor's own until gate_leave(), so one who had to go finds somebody else there, or
 * nobody. Who has to go is found by a hand that goes round: it looks at some places, not all, so that it takes the same time
 * however many there are. */
#include "net/gate.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "net/endpoint.h"
#include "net/stats.h"

#define ADDRESS_BYTES 7
#define NETWORK_BIT   (UINT64_C(1) << 63)
#define PLACES_FIRST  64
#define HAND_TAKEN    64  /* places that the hand compares, */
#define HAND_STEPS    512 /* and passes, free ones too, for one who comes */
#define SILENT_WEIGHT 64  /* a ms in which nothing came at all counts as so many */

struct counter {
    uint64_t number;
    uint64_t total, strangers;
};

struct gate_place {
    struct counter *network; /* NULL: free */
    uint64_t since_ms;       /* it came, or got on */
    int fd;
    uint32_t next_free;
    bool silent; /* nothing came from it */
};

/* ---- counters */

static uint64_t number_of(const struct core_address *address)
{
    uint64_t number = address->bytes[sizeof address->bytes - 1];
    for (size_t i = 0; i < ADDRESS_BYTES; i++)
        number = number << 8 | address->bytes[i];
    return number;
}

static uint64_t network_of(const struct core_address *person)
{
    struct core_address network = endpoint_network(person);
    return number_of(&network) | NETWORK_BIT;
}

/* NULL: out of memory. */
static struct counter *counter_get(struct gate *gate, uint64_t number)
{
    struct counter *c = map_find(&gate->counters, number);
    if (c != NULL || map_reserve(&gate->counters, 1) != SOTTO_OK)
        return c;
    c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    c->number = number;
    map_put(&gate->counters, number, c);
    return c;
}

static void counter_drop_if_empty(struct gate *gate, struct counter *c)
{
    if (c != NULL && c->total == 0 && c->strangers == 0)
        free(map_take(&gate->counters, c->number));
}

static void address_lower(struct gate *gate, const struct core_address *person)
{
    struct counter *c = map_find(&gate->counters, number_of(person));
    if (c == NULL)
        return;
    c->total--;
    counter_drop_if_empty(gate, c);
}

/* What it holds; those whom nobody knows yet are no network. */
static uint64_t weight(const struct counter *network)
{
    return network->number == NETWORK_BIT ? size_min(network->strangers, 1) : network->strangers;
}

/* ---- places */

/* NULL: it has none, or had to go. */
static struct gate_place *place_of(const struct gate *gate, const struct visitor *visitor)
{
    if (visitor->place >= gate->place_count)
        return NULL;
    struct gate_place *place = &gate->places[visitor->place];
    return place->network != NULL && place->fd == visitor->fd ? place : NULL;
}

/* After this one can be taken. NOMEM. */
static sotto_err places_reserve(struct gate *gate)
{
    if (gate->place_free != PLACE_NONE || gate->place_count < gate->place_cap)
        return SOTTO_OK;
    uint32_t cap = gate->place_cap == 0 ? PLACES_FIRST : gate->place_cap * 2;
    struct gate_place *places = realloc(gate->places, cap * sizeof *places);
    if (places == NULL)
        return SOTTO_E_NOMEM;
    gate->places = places;
    gate->place_cap = cap;
    return SOTTO_OK;
}

static void place_take(struct gate *gate, struct visitor *visitor, struct counter *network,
                       uint64_t now_ms, bool silent)
{
    visitor->place = gate->place_free;
    if (visitor->place == PLACE_NONE)
        visitor->place = gate->place_count++;
    else
        gate->place_free = gate->places[visitor->place].next_free;
    gate->places[visitor->place] = (struct gate_place){
        .network = network, .since_ms = now_ms, .fd = visitor->fd, .silent = silent};
    network->strangers++;
    gate->strangers++;
}

static void place_give(struct gate *gate, struct gate_place *place)
{
    struct counter *network = place->network;
    network->strangers--;
    gate->strangers--;
    counter_drop_if_empty(gate, network);
    place->network = NULL;
    place->next_free = gate->place_free;
    gate->place_free = (uint32_t)(place - gate->places);
    if (gate->strangers == 0) { /* the hand need not go over so many free ones */
        gate->place_count = 0;
        gate->place_free = PLACE_NONE;
    }
}

static uint64_t stalled(const struct gate_place *place, uint64_t now_ms)
{
    uint64_t ms = now_ms > place->since_ms ? now_ms - place->since_ms : 0;
    return place->silent ? ms * SILENT_WEIGHT : ms;
}

static bool goes_before(const struct gate_place *a, const struct gate_place *b, uint64_t now_ms)
{
    uint64_t weight_a = weight(a->network), weight_b = weight(b->network);
    return weight_a != weight_b ? weight_a > weight_b : stalled(a, now_ms) > stalled(b, now_ms);
}

/* NULL: the hand met nobody. */
static struct gate_place *place_to_go(struct gate *gate, uint64_t now_ms)
{
    struct gate_place *found = NULL;
    uint32_t steps = gate->place_count < HAND_STEPS ? gate->place_count : HAND_STEPS;
    for (uint32_t taken = 0; steps > 0 && taken < HAND_TAKEN; steps--) {
        gate->hand = gate->hand + 1 < gate->place_count ? gate->hand + 1 : 0;
        struct gate_place *place = &gate->places[gate->hand];
        if (place->network == NULL)
            continue;
        taken++;
        if (found == NULL || goes_before(place, found, now_ms))
            found = place;
    }
    return found;
}

/* Under the lock, so that the descriptor is still that one's. NULL: nobody. */
static void show_out(struct gate *gate, struct gate_place *place)
{
    if (place == NULL)
        return;
    (void)shutdown(place->fd, SHUT_RDWR);
    stats_add(gate->stats, evicted);
    place_give(gate, place);
}

/* ---- the gate */

sotto_err gate_init(struct gate *gate, const struct limits *limits, struct stats *stats,
                    const uint8_t key[MAP_KEY])
{
    *gate = (struct gate){.limits = limits, .stats = stats, .place_free = PLACE_NONE};
    memcpy(gate->counters.key, key, MAP_KEY);
    return pthread_mutex_init(&gate->lock, NULL) == 0 ? SOTTO_OK : SOTTO_E_NOMEM;
}

void gate_limit(struct gate *gate, const struct limits *limits)
{
    pthread_mutex_lock(&gate->lock);
    gate->limits = limits;
    pthread_mutex_unlock(&gate->lock);
}

void gate_clear(struct gate *gate)
{
    size_t cursor = 0;
    for (void *c; (c = map_next(&gate->counters, &cursor)) != NULL;)
        free(c);
    map_clear(&gate->counters);
    free(gate->places);
    pthread_mutex_destroy(&gate->lock);
}

static bool over(uint64_t count, uint64_t limit)
{
    return limit != 0 && count >= limit;
}

static enum gate_verdict judge_person(const struct gate *gate, const struct counter *person,
                                      const struct counter *network)
{
    if (over(person->total, gate->limits->connections_per_address))
        return GATE_ADDRESS;
    return over(network->strangers, gate->limits->unauthenticated_per_network) ? GATE_NETWORK
                                                                               : GATE_IN;
}

/* *ret_place: who has to go; NULL: nobody. For a network that holds as much nobody does. */
static enum gate_verdict judge_strangers(struct gate *gate, const struct counter *network,
                                         uint64_t now_ms, struct gate_place **ret_place)
{
    if (!over(gate->strangers, gate->limits->unauthenticated))
        return GATE_IN;
    struct gate_place *place = place_to_go(gate, now_ms);
    bool named = network->number != NETWORK_BIT;
    if (place == NULL || (named && network->strangers >= weight(place->network)))
        return GATE_STRANGERS;
    *ret_place = place;
    return GATE_IN;
}

static enum gate_verdict judge(struct gate *gate, const struct counter *person,
                               const struct counter *network, uint64_t now_ms,
                               struct gate_place **ret_place)
{
    bool named = network->number != NETWORK_BIT;
    if (gate->shut)
        return GATE_MEMORY;
    if (over(gate->total, gate->limits->connections))
        return GATE_CONNECTIONS;
    if (places_reserve(gate) != SOTTO_OK)
        return GATE_NOMEM;
    enum gate_verdict verdict = named ? judge_person(gate, person, network) : GATE_IN;
    return verdict == GATE_IN ? judge_strangers(gate, network, now_ms, ret_place) : verdict;
}

static void count_refused(struct gate *gate, enum gate_verdict verdict)
{
    switch (verdict) {
    case GATE_IN:
        break;
    case GATE_CONNECTIONS:
        stats_add(gate->stats, refused_connections);
        break;
    case GATE_ADDRESS:
        stats_add(gate->stats, refused_address);
        break;
    case GATE_MEMORY:
        stats_add(gate->stats, refused_memory);
        break;
    default:
        stats_add(gate->stats, refused_unauthenticated);
        break;
    }
}

void gate_shut(struct gate *gate, bool shut)
{
    pthread_mutex_lock(&gate->lock);
    gate->shut = shut;
    pthread_mutex_unlock(&gate->lock);
}

enum gate_verdict gate_enter(struct gate *gate, struct visitor *visitor, uint64_t now_ms)
{
    const struct core_address *person = &visitor->person;
    enum gate_verdict verdict = GATE_NOMEM;
    struct gate_place *to_go = NULL;
    visitor->place = PLACE_NONE;
    visitor->settled = false;
    pthread_mutex_lock(&gate->lock);
    struct counter *a = counter_get(gate, number_of(person));
    struct counter *n = counter_get(gate, network_of(person));
    if (a != NULL && n != NULL)
        verdict = judge(gate, a, n, now_ms, &to_go);
    if (verdict == GATE_IN) {
        gate->total++;
        a->total++;
        place_take(gate, visitor, n, now_ms, true);
        show_out(gate, to_go);
    }
    counter_drop_if_empty(gate, a);
    counter_drop_if_empty(gate, n);
    count_refused(gate, verdict);
    pthread_mutex_unlock(&gate->lock);
    return verdict;
}

/* Who had to go meanwhile is named all the same, so that it is counted where it will leave. */
enum gate_verdict gate_name(struct gate *gate, struct visitor *visitor,
                            const struct core_address *person)
{
    pthread_mutex_lock(&gate->lock);
    struct counter *a = counter_get(gate, number_of(person));
    struct counter *n = counter_get(gate, network_of(person));
    enum gate_verdict verdict = a != NULL && n != NULL ? judge_person(gate, a, n) : GATE_NOMEM;
    if (verdict == GATE_IN) {
        struct gate_place *place = place_of(gate, visitor);
        address_lower(gate, &visitor->person);
        a->total++;
        visitor->person = *person;
        if (place != NULL) {
            struct counter *nobody = place->network;
            nobody->strangers--;
            n->strangers++;
            place->network = n;
            counter_drop_if_empty(gate, nobody);
        }
    }
    counter_drop_if_empty(gate, a);
    counter_drop_if_empty(gate, n);
    count_refused(gate, verdict);
    pthread_mutex_unlock(&gate->lock);
    return verdict;
}

void gate_progress(struct gate *gate, const struct visitor *visitor, uint64_t now_ms)
{
    pthread_mutex_lock(&gate->lock);
    struct gate_place *place = place_of(gate, visitor);
    if (place != NULL) {
        place->since_ms = now_ms;
        place->silent = false;
    }
    pthread_mutex_unlock(&gate->lock);
}

/* Under the lock: a stranger again. If nobody may go for it, there is one more than the limit; without memory it has no place, and
 * isn't counted. */
static void unsettle(struct gate *gate, struct visitor *visitor, uint64_t now_ms)
{
    struct counter *n = counter_get(gate, network_of(&visitor->person));
    struct gate_place *to_go = NULL;
    if (n != NULL && places_reserve(gate) == SOTTO_OK) {
        (void)judge_strangers(gate, n, now_ms, &to_go);
        place_take(gate, visitor, n, now_ms, false);
        show_out(gate, to_go);
    }
    counter_drop_if_empty(gate, n);
}

void gate_settle(struct gate *gate, struct visitor *visitor, bool settled, uint64_t now_ms)
{
    pthread_mutex_lock(&gate->lock);
    struct gate_place *place = place_of(gate, visitor);
    if (settled && place != NULL)
        place_give(gate, place);
    else if (!settled && place == NULL)
        unsettle(gate, visitor, now_ms);
    visitor->settled = settled;
    pthread_mutex_unlock(&gate->lock);
}

void gate_leave(struct gate *gate, struct visitor *visitor)
{
    pthread_mutex_lock(&gate->lock);
    struct gate_place *place = place_of(gate, visitor);
    gate->total--;
    address_lower(gate, &visitor->person);
    if (place != NULL)
        place_give(gate, place);
    visitor->place = PLACE_NONE;
    pthread_mutex_unlock(&gate->lock);
}
