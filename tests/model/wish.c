#include "tests/model/wish.h"

#define COMPONENT         0x8001
#define PRIVATE_EXTENSION 0xF001

static bool is_wished(const struct wishes *wishes, uint32_t number)
{
    return (wishes->clients >> number & 1) != 0;
}

/* From a random place on: a client that is a member, or is none. */
static struct client *client_find(struct client *c, const struct wishes *wishes, bool member)
{
    struct world *w = c->world;
    const struct record *r = record_at(w, c->at);
    uint32_t from = pick(w, w->client_count);
    for (uint32_t i = 0; i < w->client_count; i++) {
        struct client *other = &w->clients[(from + i) % w->client_count];
        if (other != c && is_member(w, r, other) == member && !is_wished(wishes, other->number))
            return other;
    }
    return NULL;
}

static bool wish_add(struct client *c, struct wishes *wishes, struct wish *wish)
{
    struct client *other = client_find(c, wishes, false);
    if (other == NULL)
        return false;
    wishes->clients |= (uint64_t)1 << other->number;
    MUST_OK(c->world, buf_set(&wish->storage, client_package(other)));
    wish->proposal.key_package = buf_view(&wish->storage);
    return true;
}

static bool wish_remove(struct client *c, struct wishes *wishes, struct wish *wish)
{
    struct client *other = client_find(c, wishes, true);
    if (other == NULL)
        return false;
    wishes->clients |= (uint64_t)1 << other->number;
    wish->proposal.removed = record_at(c->world, c->at)->leaf_of[other->number];
    return true;
}

static bool wish_psk(struct client *c, struct wish *wish)
{
    struct world *w = c->world;
    uint32_t number = w->message_number++;
    memcpy(wish->id, "psk-", 4);
    memcpy(wish->id + 4, &number, 4);
    wish->proposal.psk =
        (sotto_mls_psk_id){.type = SOTTO_MLS_PSK_EXTERNAL, .id = VIEW_OF(wish->id)};
    return true;
}

/* Of an epoch that all can ask for. */
static bool wish_resumption(struct client *c, struct wish *wish)
{
    struct world *w = c->world;
    const struct record *r = record_at(w, w->first + pick(w, (uint32_t)(w->count - w->first)));
    if (!r->facts.known || r->epoch > sotto_group_epoch(c->group))
        return false;
    MUST_OK(w, buf_set(&wish->storage, sotto_group_id(c->group)));
    wish->proposal.psk = (sotto_mls_psk_id){.type = SOTTO_MLS_PSK_RESUMPTION,
                                            .usage = SOTTO_MLS_USAGE_APPLICATION,
                                            .psk_group_id = buf_view(&wish->storage),
                                            .psk_epoch = r->epoch};
    return true;
}

static void extensions_write(struct client *c, sotto_buf *out)
{
    static const uint16_t required_extensions[] = {SOTTO_MLS_APP_DATA_DICTIONARY,
                                                   PRIVATE_EXTENSION};
    static const uint16_t required_proposals[] = {SOTTO_MLS_APP_DATA_UPDATE, SOTTO_MLS_SELF_REMOVE};
    struct world *w = c->world;
    uint8_t value[16];
    view data;
    world_random(w, value, sizeof value);
    if (sotto_mls_extension_find(sotto_group_extensions(c->group), SOTTO_MLS_APP_DATA_DICTIONARY,
                                 &data))
        MUST_OK(w, sotto_mls_extension_add(out, SOTTO_MLS_APP_DATA_DICTIONARY, data));
    if (!chance(w, 4))
        MUST_OK(w, sotto_mls_extension_add(out, PRIVATE_EXTENSION,
                                           view_of(value, pick(w, sizeof value))));
    if (!chance(w, 4))
        MUST_OK(w, sotto_mls_external_sender_add(
                       out, sotto_sign_key_public(w->outside_key),
                       (sotto_mls_credential){SOTTO_MLS_BASIC, VIEW_LIT("outside")}));
    if (chance(w, 2))
        MUST_OK(w, sotto_mls_require(out, required_extensions, COUNT_OF(required_extensions),
                                     required_proposals, COUNT_OF(required_proposals), NULL, 0));
}

static bool wish_extensions(struct client *c, struct wishes *wishes, struct wish *wish)
{
    if (wishes->extensions)
        return false;
    wishes->extensions = true;
    extensions_write(c, &wish->storage);
    wish->proposal.extensions = buf_view(&wish->storage);
    return true;
}

static bool wish_app_data(struct client *c, struct wishes *wishes, struct wish *wish)
{
    struct world *w = c->world;
    view before, dictionary = sotto_group_extensions(c->group);
    uint32_t which = pick(w, 4);
    if ((wishes->components >> which & 1) != 0)
        return false;
    wishes->components |= 1u << which;
    wish->proposal.component = (uint16_t)(COMPONENT + which);
    wish->proposal.component_removed =
        sotto_mls_component_find(dictionary, wish->proposal.component, &before) && chance(w, 2);
    world_random(w, wish->id, sizeof wish->id);
    if (!wish->proposal.component_removed)
        wish->proposal.component_data = VIEW_OF(wish->id);
    return true;
}

static bool wish_reinit(struct client *c, struct wish *wish)
{
    struct world *w = c->world;
    uint32_t number = ++w->message_number;
    memcpy(wish->id, "next", 4);
    memcpy(wish->id + 4, &number, 4);
    wish->proposal.group_id = VIEW_OF(wish->id);
    wish->proposal.suite = w->suite;
    if (chance(w, 2)) {
        extensions_write(c, &wish->storage);
        wish->proposal.extensions = buf_view(&wish->storage);
    }
    return true;
}

static bool wish_update(struct client *c, struct wish *wish)
{
    if (!chance(c->world, 3))
        return true;
    client_new_key(c);
    wish->self = client_self(c);
    wish->proposal.update = &wish->self;
    return true;
}

static void odd_psk(struct client *c, struct wish *wish)
{
    struct world *w = c->world;
    sotto_mls_psk_id *psk = &wish->proposal.psk;
    wish->proposal.type = SOTTO_MLS_PSK;
    psk->type = (uint8_t)pick(w, 5);
    psk->usage = (uint8_t)pick(w, 5);
    psk->id = view_of(wish->id, pick(w, sizeof wish->id));
    psk->component = (uint16_t)pick(w, 3);
    psk->psk_group_id = chance(w, 2) ? sotto_group_id(c->group) : (view){0};
    psk->psk_epoch = pick(w, 64);
    if (chance(w, 2))
        psk->nonce = view_of(wish->id, pick(w, sizeof wish->id));
}

static void odd_extensions(struct client *c, struct wish *wish)
{
    struct world *w = c->world;
    uint8_t data[24];
    wish->proposal.type = chance(w, 4) ? SOTTO_MLS_REINIT : SOTTO_MLS_GROUP_CONTEXT_EXTENSIONS;
    wish->proposal.group_id = view_of(wish->id, pick(w, sizeof wish->id));
    wish->proposal.suite = (uint16_t)pick(w, 9);
    for (uint32_t n = pick(w, 3); n > 0; n--) {
        world_random(w, data, sizeof data);
        (void)!sotto_mls_extension_add(&wish->storage, (uint16_t)pick(w, 10),
                                       view_of(data, pick(w, sizeof data)));
    }
    if (wish->storage.len > 0 && chance(w, 2))
        wish->storage.data[pick(w, (uint32_t)wish->storage.len)] ^= (uint8_t)pick(w, 256);
    wish->proposal.extensions = buf_view(&wish->storage);
}

/* Of a member, as it is known by its key; of nobody; or of somebody who is about to be added by another proposal. */
static bool odd_add(struct client *c, struct wish *wish)
{
    struct world *w = c->world;
    struct client *other = &w->clients[pick(w, w->client_count)];
    sotto_mls_leaf leaf;
    if (is_member(w, record_at(w, c->at), other) &&
        !sotto_group_find_member(c->group, sotto_sign_key_public(other->key), &leaf))
        return false;
    wish->proposal.type = SOTTO_MLS_ADD;
    MUST_OK(w, buf_set(&wish->storage, client_package(other)));
    if (chance(w, 2))
        wish->storage.data[pick(w, (uint32_t)wish->storage.len)] ^= (uint8_t)pick(w, 256);
    wish->proposal.key_package = buf_view(&wish->storage);
    return true;
}

static bool wish_odd(struct client *c, struct wish *wish)
{
    struct world *w = c->world;
    world_random(w, wish->id, sizeof wish->id);
    switch (pick(w, 6)) {
    case 0:
        wish->proposal.type = SOTTO_MLS_REMOVE;
        wish->proposal.removed = chance(w, 4) ? UINT32_MAX - pick(w, 3) : pick(w, 40);
        return true;
    case 1:
        odd_psk(c, wish);
        return true;
    case 2:
        odd_extensions(c, wish);
        return true;
    case 3:
        wish->proposal.type = chance(w, 2) ? SOTTO_MLS_APP_DATA_UPDATE : SOTTO_MLS_APP_EPHEMERAL;
        wish->proposal.component = (uint16_t)(chance(w, 2) ? pick(w, 6) : COMPONENT + pick(w, 6));
        wish->proposal.component_removed = chance(w, 2);
        wish->proposal.component_data = view_of(wish->id, pick(w, sizeof wish->id));
        return true;
    case 4:
        return odd_add(c, wish);
    default:
        wish->proposal.type = (uint16_t)(chance(w, 2) ? pick(w, 12) : 0x1A1A);
        return wish->proposal.type != SOTTO_MLS_UPDATE && wish->proposal.type != SOTTO_MLS_ADD;
    }
}

static bool wish_make(struct client *c, enum wish_kind kind, struct wishes *wishes,
                      struct wish *wish)
{
    static const uint16_t types[WISH_KINDS] = {
        [WISH_ADD] = SOTTO_MLS_ADD,
        [WISH_REMOVE] = SOTTO_MLS_REMOVE,
        [WISH_PSK] = SOTTO_MLS_PSK,
        [WISH_RESUMPTION] = SOTTO_MLS_PSK,
        [WISH_EXTENSIONS] = SOTTO_MLS_GROUP_CONTEXT_EXTENSIONS,
        [WISH_APP_DATA] = SOTTO_MLS_APP_DATA_UPDATE,
        [WISH_APP_EPHEMERAL] = SOTTO_MLS_APP_EPHEMERAL,
        [WISH_REINIT] = SOTTO_MLS_REINIT,
        [WISH_UPDATE] = SOTTO_MLS_UPDATE,
        [WISH_SELF_REMOVE] = SOTTO_MLS_SELF_REMOVE,
    };
    wish->proposal.type = types[kind];
    switch (kind) {
    case WISH_ADD:
        return wish_add(c, wishes, wish);
    case WISH_REMOVE:
        return wish_remove(c, wishes, wish);
    case WISH_PSK:
        return wish_psk(c, wish);
    case WISH_RESUMPTION:
        return wish_resumption(c, wish);
    case WISH_EXTENSIONS:
        return wish_extensions(c, wishes, wish);
    case WISH_APP_DATA:
        return wish_app_data(c, wishes, wish);
    case WISH_REINIT:
        return wish_reinit(c, wish);
    case WISH_UPDATE:
        return wish_update(c, wish);
    case WISH_ODD:
        return wish_odd(c, wish);
    case WISH_APP_EPHEMERAL:
        wish->proposal.component = COMPONENT;
        wish->proposal.component_data = VIEW_LIT("for this epoch alone");
        return true;
    default:
        return true;
    }
}

bool wishes_add(struct client *c, enum wish_kind kind, struct wishes *wishes)
{
    if (wishes->count == COUNT_OF(wishes->items))
        return false;
    struct wish *wish = &wishes->items[wishes->count];
    if (!wish_make(c, kind, wishes, wish)) {
        buf_clear(&wish->storage);
        *wish = (struct wish){0};
        return false;
    }
    wishes->count++;
    return true;
}

void wishes_clear(struct wishes *wishes)
{
    for (uint32_t i = 0; i < wishes->count; i++)
        buf_clear(&wishes->items[i].storage);
    *wishes = (struct wishes){0};
}
