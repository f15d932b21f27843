/* One map of counters for addresses and networks: the number is an address's seven bytes that matter with the family on top, and a
 * bit more for a network, so that no two are the same. An entry is there as long as it counts something. Those behind a proxy who
 * have no name yet are counted under the address 0, and no limit asks for that. */
#include "net/gate.h"

#include <stdlib.h>

#include "net/endpoint.h"
#include "net/stats.h"

#define ADDRESS_BYTES 7
#define NETWORK_BIT   (UINT64_C(1) << 63)

struct counter {
    uint64_t total, strangers;
};

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
    if (c != NULL)
        map_put(&gate->counters, number, c);
    return c;
}

static void counter_drop_if_empty(struct gate *gate, uint64_t number, struct counter *c)
{
    if (c != NULL && c->total == 0 && c->strangers == 0)
        free(map_take(&gate->counters, number));
}

/* Of an address one fewer in all, of a network one stranger fewer. */
static void counter_lower(struct gate *gate, uint64_t number, bool total)
{
    struct counter *c = map_find(&gate->counters, number);
    if (c == NULL)
        return;
    if (total)
        c->total--;
    else if (c->strangers > 0)
        c->strangers--;
    counter_drop_if_empty(gate, number, c);
}

sotto_err gate_init(struct gate *gate, const struct limits *limits, const uint8_t key[MAP_KEY])
{
    *gate = (struct gate){.limits = limits};
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
    pthread_mutex_destroy(&gate->lock);
}

static bool over(uint64_t count, uint64_t limit)
{
    return limit != 0 && count >= limit;
}

/* From half of the limit on, with a probability that rises in a straight line to certainty. */
static bool early_drop(uint64_t count, uint64_t limit, uint32_t chance)
{
    uint64_t half = limit / 2;
    if (limit == 0 || count < half)
        return false;
    return (uint64_t)chance * (limit - half) < ((count - half) << 32);
}

static enum gate_verdict judge_person(const struct gate *gate, const struct counter *person,
                                      const struct counter *network)
{
    if (over(person->total, gate->limits->connections_per_address))
        return GATE_ADDRESS;
    return over(network->strangers, gate->limits->unauthenticated_per_network) ? GATE_NETWORK
                                                                               : GATE_IN;
}

static enum gate_verdict gate_judge(const struct gate *gate, const struct counter *person,
                                    const struct counter *network, bool named, uint32_t chance)
{
    const struct limits *l = gate->limits;
    if (over(gate->total, l->connections))
        return GATE_CONNECTIONS;
    enum gate_verdict verdict = named ? judge_person(gate, person, network) : GATE_IN;
    if (verdict != GATE_IN)
        return verdict;
    if (over(gate->strangers, l->unauthenticated))
        return GATE_STRANGERS;
    return early_drop(gate->strangers, l->unauthenticated, chance) ? GATE_EARLY : GATE_IN;
}

enum gate_verdict gate_enter(struct gate *gate, const struct core_address *person, uint32_t chance)
{
    uint64_t address = number_of(person), network = network_of(person);
    pthread_mutex_lock(&gate->lock);
    struct counter *a = counter_get(gate, address), *n = counter_get(gate, network);
    enum gate_verdict verdict = GATE_NOMEM;
    if (a != NULL && n != NULL)
        verdict = gate_judge(gate, a, n, endpoint_is_known(person), chance);
    if (verdict == GATE_IN) {
        gate->total++;
        gate->strangers++;
        a->total++;
        n->strangers++;
    }
    counter_drop_if_empty(gate, address, a);
    counter_drop_if_empty(gate, network, n);
    pthread_mutex_unlock(&gate->lock);
    return verdict;
}

enum gate_verdict gate_name(struct gate *gate, const struct core_address *person)
{
    const struct core_address nobody = {0};
    uint64_t address = number_of(person), network = network_of(person);
    pthread_mutex_lock(&gate->lock);
    struct counter *a = counter_get(gate, address), *n = counter_get(gate, network);
    enum gate_verdict verdict = a != NULL && n != NULL ? judge_person(gate, a, n) : GATE_NOMEM;
    if (verdict == GATE_IN) {
        a->total++;
        n->strangers++;
        counter_lower(gate, number_of(&nobody), true);
        counter_lower(gate, network_of(&nobody), false);
    }
    counter_drop_if_empty(gate, address, a);
    counter_drop_if_empty(gate, network, n);
    pthread_mutex_unlock(&gate->lock);
    return verdict;
}

/* Under the lock. Who can't be counted for want of memory counts in all, not in the network. */
static void stranger_add(struct gate *gate, const struct core_address *person)
{
    struct counter *n = counter_get(gate, network_of(person));
    gate->strangers++;
    if (n != NULL)
        n->strangers++;
}

static void stranger_drop(struct gate *gate, const struct core_address *person)
{
    gate->strangers--;
    counter_lower(gate, network_of(person), false);
}

void gate_settle(struct gate *gate, const struct core_address *person, bool settled)
{
    pthread_mutex_lock(&gate->lock);
    if (settled)
        stranger_drop(gate, person);
    else
        stranger_add(gate, person);
    pthread_mutex_unlock(&gate->lock);
}

void gate_leave(struct gate *gate, const struct core_address *person, bool settled)
{
    pthread_mutex_lock(&gate->lock);
    gate->total--;
    counter_lower(gate, number_of(person), true);
    if (!settled)
        stranger_drop(gate, person);
    pthread_mutex_unlock(&gate->lock);
}

void gate_count(enum gate_verdict verdict, struct stats *stats)
{
    switch (verdict) {
    case GATE_CONNECTIONS:
        stats_add(stats, refused_connections);
        break;
    case GATE_ADDRESS:
        stats_add(stats, refused_address);
        break;
    case GATE_EARLY:
        stats_add(stats, refused_early);
        break;
    default:
        stats_add(stats, refused_unauthenticated);
        break;
    }
}
