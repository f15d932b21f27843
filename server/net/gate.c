/* One table of counters, by address and by network at once: the key is the number's 8 bytes that matter, with the family in
 * the last one, so that a network's key is never an address's. An entry is there as long as it counts something. */
#include "net/gate.h"

#include <sodium/crypto_shorthash.h>
#include <stdlib.h>

#include "net/endpoint.h"

_Static_assert(crypto_shorthash_KEYBYTES == 16 && crypto_shorthash_BYTES == 8,
               "gate.key is SipHash's");

#define KEY_BYTES 9

struct gate_entry {
    struct gate_entry *next;
    uint8_t key[KEY_BYTES];
    uint32_t total, strangers;
};

struct gate_key {
    uint8_t bytes[KEY_BYTES];
};

static struct gate_key gate_key(const struct core_address *address, bool network)
{
    struct gate_key key = {{0}};
    memcpy(key.bytes, address->bytes, 7);
    key.bytes[7] = address->bytes[15];
    key.bytes[8] = network;
    return key;
}

static struct gate_entry **gate_find(struct gate *gate, const struct gate_key *key)
{
    uint8_t hash[crypto_shorthash_BYTES];
    crypto_shorthash(hash, key->bytes, sizeof key->bytes, gate->key);
    size_t bucket = ((size_t)hash[0] | (size_t)hash[1] << 8) % GATE_BUCKETS;
    struct gate_entry **e = &gate->buckets[bucket];
    while (*e != NULL && memcmp((*e)->key, key->bytes, KEY_BYTES) != 0)
        e = &(*e)->next;
    return e;
}

/* NULL: out of memory. */
static struct gate_entry *gate_get(struct gate *gate, const struct gate_key *key)
{
    struct gate_entry **place = gate_find(gate, key);
    if (*place == NULL) {
        *place = calloc(1, sizeof **place);
        if (*place != NULL)
            memcpy((*place)->key, key->bytes, KEY_BYTES);
    }
    return *place;
}

static void gate_count(struct gate *gate, const struct gate_key *key, int total, int strangers)
{
    struct gate_entry **place = gate_find(gate, key);
    struct gate_entry *e = *place;
    if (e == NULL)
        return;
    e->total += (uint32_t)total;
    e->strangers += (uint32_t)strangers;
    if (e->total == 0 && e->strangers == 0) {
        *place = e->next;
        free(e);
    }
}

sotto_err gate_init(struct gate *gate, const struct limits *limits, const uint8_t key[16])
{
    *gate = (struct gate){.limits = limits};
    memcpy(gate->key, key, sizeof gate->key);
    return pthread_mutex_init(&gate->lock, NULL) == 0 ? SOTTO_OK : SOTTO_E_NOMEM;
}

void gate_clear(struct gate *gate)
{
    for (size_t i = 0; i < GATE_BUCKETS; i++)
        while (gate->buckets[i] != NULL) {
            struct gate_entry *e = gate->buckets[i];
            gate->buckets[i] = e->next;
            free(e);
        }
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

static enum gate_verdict gate_judge(const struct gate *gate, const struct gate_entry *person,
                                    const struct gate_entry *network, uint32_t chance)
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
    struct core_address network = endpoint_network(person);
    struct gate_key person_key = gate_key(person, false), network_key = gate_key(&network, true);
    pthread_mutex_lock(&gate->lock);
    struct gate_entry *p = gate_get(gate, &person_key), *n = gate_get(gate, &network_key);
    enum gate_verdict verdict =
        p != NULL && n != NULL ? gate_judge(gate, p, n, chance) : GATE_NOMEM;
    int in = verdict == GATE_IN;
    gate->total += (unsigned)in;
    gate->strangers += (unsigned)in;
    gate_count(gate, &person_key, in, 0);
    gate_count(gate, &network_key, 0, in);
    pthread_mutex_unlock(&gate->lock);
    return verdict;
}

static void stranger_count(struct gate *gate, const struct core_address *person, int change)
{
    struct core_address network = endpoint_network(person);
    struct gate_key key = gate_key(&network, true);
    gate->strangers += (uint64_t)(int64_t)change;
    if (change > 0)
        (void)gate_get(gate, &key);
    gate_count(gate, &key, 0, change);
}

void gate_settle(struct gate *gate, const struct core_address *person, bool settled)
{
    pthread_mutex_lock(&gate->lock);
    stranger_count(gate, person, settled ? -1 : 1);
    pthread_mutex_unlock(&gate->lock);
}

void gate_leave(struct gate *gate, const struct core_address *person, bool settled)
{
    struct gate_key key = gate_key(person, false);
    pthread_mutex_lock(&gate->lock);
    gate->total--;
    gate_count(gate, &key, -1, 0);
    if (!settled)
        stranger_count(gate, person, -1);
    pthread_mutex_unlock(&gate->lock);
}
