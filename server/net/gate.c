/* One map of counters for addresses and networks: the number is an address's seven bytes that matter with the family on top, and a
 * bit more for a network, so that no two are the same. An entry is there as long as it counts something. */
#include "net/gate.h"

#include <stdlib.h>

#include "net/endpoint.h"

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

sotto_err gate_init(struct gate *gate, const struct limits *limits, const uint8_t key[MAP_KEY])
{
    *gate = (struct gate){.limits = limits};
    memcpy(gate->counters.key, key, MAP_KEY);
    return pthread_mutex_init(&gate->lock, NULL) == 0 ? SOTTO_OK : SOTTO_E_NOMEM;
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

static enum gate_verdict gate_judge(const struct gate *gate, const struct counter *person,
                                    const struct counter *network, uint32_t chance)
{
    const struct limits *l = gate->limits;
    if (over(gate->total, l->connections))
        return GATE_CONNECTIONS;
    if (over(person->total, l->connections_per_address))
        return GATE_ADDRESS;
    if (over(gate->strangers, l->unauthenticated))
        return GATE_STRANGERS;
    if (over(network->strangers, l->unauthenticated_per_network))
        return GATE_NETWORK;
    return early_drop(gate->strangers, l->unauthenticated, chance) ? GATE_EARLY : GATE_IN;
}

enum gate_verdict gate_enter(struct gate *gate, const struct core_address *person, uint32_t chance)
{
    uint64_t address = number_of(person), network = network_of(person);
    pthread_mutex_lock(&gate->lock);
    struct counter *a = counter_get(gate, address), *n = counter_get(gate, network);
    enum gate_verdict verdict =
        a != NULL && n != NULL ? gate_judge(gate, a, n, chance) : GATE_NOMEM;
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
    uint64_t network = network_of(person);
    struct counter *n = map_find(&gate->counters, network);
    gate->strangers--;
    if (n != NULL && n->strangers > 0)
        n->strangers--;
    counter_drop_if_empty(gate, network, n);
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
    uint64_t address = number_of(person);
    pthread_mutex_lock(&gate->lock);
    struct counter *a = map_find(&gate->counters, address);
    gate->total--;
    a->total--;
    counter_drop_if_empty(gate, address, a);
    if (!settled)
        stranger_drop(gate, person);
    pthread_mutex_unlock(&gate->lock);
}
