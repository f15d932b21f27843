#include "first_invite.h"

#include <time.h>

#include "core/admin.h"
#include "crypto/rng.h"
#include "net/live.h"
#include "serve.h"
#include "store/store.h"

#define CONNECTION 1
#define REQUEST    1

/* One frame into the core, and what it says once that is durable. */
static sotto_err core_ask(struct core *core, view frame, struct core_effects *fx, view *ret_answer)
{
    uint8_t seed[RNG_SEED];
    random_bytes(seed, sizeof seed);
    struct rng rng = rng_from(seed);
    const struct core_event open = {.kind = CORE_OPEN_ADMIN, .connection = CONNECTION},
                            said = {.kind = CORE_FRAME, .connection = CONNECTION, .frame = frame};
    uint64_t now_ms = server_now_ms();
    core_set_wall(core, server_wall_ms() - (int64_t)now_ms);
    sotto_err err = core_step(core, &open, now_ms, &rng, fx);
    if (err == SOTTO_OK)
        err = core_step(core, &said, now_ms, &rng, fx);
    if (err == SOTTO_OK)
        err = core_commit(core, now_ms, fx);
    rng_clear(&rng);
    TRY(err);
    for (size_t i = 0; i < fx->count; i++)
        if (fx->list[i].kind == CORE_SEND && fx->list[i].connection == CONNECTION)
            *ret_answer = (view){fx->bytes.data + fx->list[i].at, fx->list[i].len};
    return SOTTO_OK;
}

static sotto_err invite_ask(const struct core_config *config, struct core_effects *fx,
                            struct admin_invite_created *ret_created)
{
    DEFER(buf_clear) sotto_buf frame = {0};
    const struct admin_invite_create create = {
        .how = REGISTER_LINK, .uses = 1, .ttl_s = FIRST_INVITE_S, .admin = true};
    struct proto_frame answer;
    struct core *core;
    view bytes = {0};
    TRY(admin_invite_create_write(REQUEST, &create, &frame));
    TRY(core_new(config, server_now_ms(), &core));
    sotto_err err = core_ask(core, buf_view(&frame), fx, &bytes);
    core_free(core);
    TRY(err);
    TRY(proto_frame_read(bytes, &answer));
    return answer.kind == ADMIN_INVITE_CREATED ? admin_invite_created_read(answer.body, ret_created)
                                               : SOTTO_E_UNEXPECTED;
}

static sotto_err invite_in(const struct config *config, struct keeper *keeper, struct store *store,
                           char ret_link[LINK_TEXT_MAX])
{
    struct server_config server = config->server;
    struct admin_invite_created created;
    struct core_effects fx = {0};
    struct live *live = NULL;
    server.store = store;
    sotto_err err = live_push(&server, keeper, &live);
    if (err == SOTTO_OK)
        err = invite_ask(&live->core, &fx, &created);
    if (err == SOTTO_OK)
        err = invite_link(&server, keeper_identity(keeper)->pin, created.secret, ret_link);
    live_clear(live);
    core_effects_clear(&fx);
    return err;
}

sotto_err first_invite(const struct config *config, struct state *state,
                       char ret_link[LINK_TEXT_MAX], struct failure *ret_failure)
{
    char path[CONFIG_PATH + sizeof SERVE_DATABASE], why[256] = "";
    struct store *store = NULL;
    struct keeper keeper;
    snprintf(path, sizeof path, "%s/" SERVE_DATABASE, config->dir);
    const struct store_options options = {.path = path};
    sotto_err err = keeper_init(&keeper, state, config->server.host, &config->server.tls,
                                (int64_t)time(NULL), ret_failure);
    if (err == SOTTO_OK)
        err = store_sqlite_open(&options, &store, why);
    if (err != SOTTO_OK && why[0] != 0)
        err = failure_say(ret_failure, err, "%s", why);
    if (err == SOTTO_OK)
        err = invite_in(config, &keeper, store, ret_link);
    store_free(store);
    keeper_clear(&keeper);
    return err;
}
