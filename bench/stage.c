#include "bench/stage.h"

#include <stdio.h>

#include "crypto/hash.h"
#include "proto/account.h"
#include "proto/commit_header.h"

#define HOST            "localhost"
#define NUMBER_BITS     24 /* of a connection's number: who it is; above: which session of its */
#define CHECKPOINT_EACH 64 /* commits */

static bool fail(sotto_err err)
{
    fprintf(stderr, "sotto-bench: the core: %s\n", sotto_err_text(err));
    return false;
}

static sotto_err key_make(struct stage *stage, sotto_sign_key **ret_key)
{
    uint8_t seed[32];
    rng_bytes(&stage->rng, seed, sizeof seed);
    return sign_key_derive(stage->crypto, SIGN_ED25519, VIEW_OF(seed), ret_key);
}

static sotto_err keys_make(struct stage *stage)
{
    struct x509 root = {.kind = X509_ROOT,
                        .not_before_s = (int64_t)(stage->wall_ms / 1000),
                        .not_after_s = X509_FOREVER_S};
    TRY(crypto_new(&stage->crypto));
    TRY(key_make(stage, &stage->root));
    TRY(key_make(stage, &stage->server_key));
    memcpy(root.public_key, sign_key_public(stage->root).data, sizeof root.public_key);
    TRY(x509_issue(stage->crypto, &root, stage->root, &stage->root_cert));
    return x509_pin(stage->crypto, root.public_key, stage->config.pin);
}

static sotto_err begin(struct stage *stage, const char *path, const struct limits *limits)
{
    const struct store_options options = {.path = path};
    struct core_config *config = &stage->config;
    char why[256] = "";
    TRY(keys_make(stage));
    TRY(path != NULL ? store_sqlite_open(&options, &stage->store, why)
                     : store_memory_new(&stage->store));
    config->limits = *limits;
    config->store = stage->store;
    config->host = VIEW_LIT(HOST);
    config->authority = stage->root;
    config->authority_is_root = true;
    config->chain[config->chain_count++] = buf_view(&stage->root_cert);
    config->server_key = stage->server_key;
    config->registration_open = true;
    TRY(core_new(config, stage->now_ms, &stage->core));
    core_set_wall(stage->core, (int64_t)stage->wall_ms);
    return SOTTO_OK;
}

bool stage_open(struct stage *stage, const char *path, const struct limits *limits,
                uint64_t wall_ms, stage_heard *heard, void *context)
{
    uint8_t seed[RNG_SEED];
    random_bytes(seed, sizeof seed);
    *stage = (struct stage){
        .rng = rng_from(seed), .wall_ms = wall_ms, .heard = heard, .context = context};
    sotto_err err = begin(stage, path, limits);
    return err == SOTTO_OK || fail(err);
}

void stage_close(struct stage *stage)
{
    core_free(stage->core);
    store_free(stage->store);
    core_effects_clear(&stage->effects);
    sign_key_free(stage->root);
    sign_key_free(stage->server_key);
    buf_clear(&stage->root_cert);
    buf_clear(&stage->frame);
    crypto_free(stage->crypto);
    rng_clear(&stage->rng);
    *stage = (struct stage){0};
}

/* ---- steps */

static bool step(struct stage *stage, const struct core_event *event)
{
    sotto_err err = core_step(stage->core, event, stage->now_ms, &stage->rng, &stage->effects);
    return err == SOTTO_OK || fail(err);
}

bool stage_say(struct stage *stage, const struct actor *actor, sotto_err written)
{
    const struct core_event event = {
        .kind = CORE_FRAME, .connection = actor->connection, .frame = buf_view(&stage->frame)};
    bool said = written == SOTTO_OK ? step(stage, &event) : fail(written);
    stage->frame.len = 0; /* nothing in it is secret: no need to wipe */
    return said;
}

static bool release(struct stage *stage)
{
    struct core_effects *fx = &stage->effects;
    for (size_t i = 0; i < fx->count; i++) {
        const struct core_effect *effect = &fx->list[i];
        struct proto_frame frame;
        if (effect->kind != CORE_SEND)
            continue;
        sotto_err err = proto_frame_read(view_of(fx->bytes.data + effect->at, effect->len), &frame);
        if (err != SOTTO_OK)
            return fail(err);
        uint32_t number = (uint32_t)(effect->connection & ((1U << NUMBER_BITS) - 1)) - 1;
        if (!stage->heard(stage->context, number, &frame))
            return false;
    }
    core_effects_reset(fx);
    return true;
}

bool stage_settle(struct stage *stage)
{
    sotto_err err = SOTTO_OK;
    if (core_next_ms(stage->core) <= stage->now_ms)
        err = core_tick(stage->core, stage->now_ms, &stage->effects);
    if (err == SOTTO_OK)
        err = core_commit(stage->core, stage->now_ms, &stage->effects);
    if (err == SOTTO_OK && ++stage->commits % CHECKPOINT_EACH == 0)
        err = store_checkpoint(stage->store);
    return err == SOTTO_OK ? release(stage) : fail(err);
}

/* ---- actors */

static bool connect_actor(struct stage *stage, struct actor *actor)
{
    actor->connection = (uint64_t)++actor->sessions << NUMBER_BITS | (actor->number + 1);
    return step(stage, &(struct core_event){.kind = CORE_OPEN, .connection = actor->connection});
}

bool stage_leave(struct stage *stage, struct actor *actor)
{
    const struct core_event event = {
        .kind = CORE_CLOSED, .connection = actor->connection, .clean = true};
    actor->connection = 0;
    return event.connection == 0 || step(stage, &event);
}

bool stage_arrive(struct stage *stage, struct actor *actor)
{
    struct proto_auth auth = {0};
    memcpy(auth.account_id, actor->account_id, sizeof auth.account_id);
    memcpy(auth.device_id, actor->device_id, sizeof auth.device_id);
    memcpy(auth.public_key, actor->public_key, sizeof auth.public_key);
    return connect_actor(stage, actor) &&
           stage_say(stage, actor, proto_auth_write(1, &auth, &stage->frame));
}

bool stage_register(struct stage *stage, struct actor *actor, struct device_keys *ret_keys)
{
    DEFER(device_keys_clear) struct device_keys keys = {0};
    static const uint8_t nonce[HELLO_NONCE];
    uint8_t seed[DEVICE_SEED];
    char name[32];
    rng_bytes(&stage->rng, seed, sizeof seed);
    sotto_err err = device_keys_make(stage->crypto, seed, &keys);
    if (err != SOTTO_OK)
        return fail(err);
    memcpy(actor->account_id, keys.account_id, sizeof actor->account_id);
    memcpy(actor->device_id, keys.device_id, sizeof actor->device_id);
    memcpy(actor->public_key, sign_key_public(keys.device).data, sizeof actor->public_key);
    snprintf(name, sizeof name, "a%u@" HOST, actor->number);
    const struct device_registration registration = {
        .how = REGISTER_OPEN,
        .name = view_str(name),
        .now_s = (int64_t)((stage->wall_ms + stage->now_ms) / 1000)};
    bool done = connect_actor(stage, actor) &&
                stage_say(stage, actor,
                          device_register_write(stage->crypto, &keys, &registration,
                                                stage->config.pin, nonce, 1, &stage->frame)) &&
                stage_leave(stage, actor);
    if (done && ret_keys != NULL) {
        *ret_keys = keys;
        keys = (struct device_keys){0};
    }
    return done;
}

/* ---- streams */

/* The commit that adds some devices; what comes before it is in *hash, and what it is itself afterwards. */
static sotto_err commit_write(struct stage *stage, struct actor *maker,
                              const struct device_keys *keys, const uint8_t stream[PROTO_STREAM_ID],
                              uint64_t epoch, uint8_t previous[COMMIT_HEADER_HASH],
                              const struct actor *const *others, size_t count)
{
    static const uint8_t body[] = "a commit";
    DEFER(buf_clear) sotto_buf signed_header = {0};
    DEFER(buf_clear) sotto_buf adds = {0};
    struct commit_header header = {.epoch = epoch, .op = ++maker->op};
    struct proto_commit commit = {.op = header.op, .body = VIEW_OF(body)};
    memcpy(header.stream, stream, sizeof header.stream);
    memcpy(commit.stream, stream, sizeof commit.stream);
    memcpy(header.previous_hash, previous, sizeof header.previous_hash);
    memcpy(header.device_id, maker->device_id, sizeof header.device_id);
    memcpy(header.account_id, maker->account_id, sizeof header.account_id);
    TRY(hash(stage->crypto, HASH_SHA256, commit.body, header.commit_hash));
    TRY(commit_header_sign(stage->crypto, keys->device, &header));
    TRY(commit_header_write(&header, &signed_header));
    TRY(commit_header_hash(stage->crypto, &header, previous));
    for (size_t i = 0; i < count; i++) {
        struct proto_commit_add add = {0};
        memcpy(add.account_id, others[i]->account_id, sizeof add.account_id);
        memcpy(add.device_id, others[i]->device_id, sizeof add.device_id);
        TRY(proto_commit_add_add(&add, &adds));
    }
    commit.header = buf_view(&signed_header);
    commit.add = (struct proto_list){buf_view(&adds), count};
    return proto_commit_write((uint32_t)commit.op, &commit, &stage->frame);
}

bool stage_stream(struct stage *stage, struct actor *maker, const struct device_keys *keys,
                  const uint8_t stream[PROTO_STREAM_ID], const struct actor *const *others,
                  size_t other_count)
{
    struct proto_stream_create create = {.op = ++maker->op};
    uint8_t previous[COMMIT_HEADER_HASH] = {0};
    memcpy(create.stream, stream, sizeof create.stream);
    bool done = stage_say(stage, maker, proto_stream_create_write(1, &create, &stage->frame));
    for (size_t i = 0; done && i < other_count; i += PROTO_COMMIT_ADDS_MAX) {
        size_t count = size_min(other_count - i, PROTO_COMMIT_ADDS_MAX);
        done = stage_say(stage, maker,
                         commit_write(stage, maker, keys, stream, i / PROTO_COMMIT_ADDS_MAX + 1,
                                      previous, others + i, count));
    }
    return done;
}
