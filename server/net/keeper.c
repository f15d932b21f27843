#include "net/keeper.h"

#include <stdlib.h>

#define DAY_S (24 * 3600)

struct kept {
    struct identity identity;
    struct kept *before;
};

/* Loads what the directory holds now, renewed if need be. */
static sotto_err kept_load(struct keeper *k, int64_t now_s, const struct identity_change *change,
                           struct kept **ret_kept, struct failure *ret_failure)
{
    struct kept *kept = calloc(1, sizeof *kept);
    if (kept == NULL)
        return SOTTO_E_NOMEM;
    sotto_err err =
        identity_change(k->c, k->state, k->host, now_s, change, &kept->identity, ret_failure);
    if (err != SOTTO_OK) {
        free(kept);
        return err;
    }
    *ret_kept = kept;
    return SOTTO_OK;
}

static void kept_free(struct kept *kept)
{
    identity_clear(&kept->identity);
    free(kept);
}

static void keeper_publish(struct keeper *k, struct kept *kept)
{
    kept->before = k->kept;
    k->kept = kept;
    atomic_store(&k->identity, &kept->identity);
}

sotto_err keeper_init(struct keeper *k, struct state *state, const char *host, int64_t now_s,
                      struct failure *ret_failure)
{
    *k = (struct keeper){.state = state, .host = host};
    struct kept *kept;
    TRY(crypto_new(&k->c));
    TRY(kept_load(k, now_s, &(struct identity_change){0}, &kept, ret_failure));
    keeper_publish(k, kept);
    return SOTTO_OK;
}

void keeper_clear(struct keeper *k)
{
    while (k->kept != NULL) {
        struct kept *kept = k->kept;
        k->kept = kept->before;
        kept_free(kept);
    }
    crypto_free(k->c);
    *k = (struct keeper){0};
}

const struct identity *keeper_identity(struct keeper *k)
{
    return atomic_load(&k->identity);
}

sotto_err keeper_check(struct keeper *k, int64_t now_s, bool *ret_renewed,
                       struct failure *ret_failure)
{
    *ret_renewed = false;
    if (keeper_identity(k)->not_after_s - now_s >= IDENTITY_RENEW_S)
        return SOTTO_OK;
    struct kept *kept;
    TRY(kept_load(k, now_s, &(struct identity_change){0}, &kept, ret_failure));
    bool ours =
        memcmp(kept->identity.pin, keeper_identity(k)->pin, sizeof kept->identity.pin) == 0 &&
        secret_equal(&kept->identity.server_key, &keeper_identity(k)->server_key);
    if (!ours || kept->identity.not_after_s <= keeper_identity(k)->not_after_s) {
        kept_free(kept);
        return ours ? SOTTO_OK
                    : failure_say(ret_failure, SOTTO_E_CERTIFICATE,
                                  "the state directory holds another server's keys now");
    }
    keeper_publish(k, kept);
    *ret_renewed = true;
    return SOTTO_OK;
}

sotto_err keeper_change(struct keeper *k, int64_t now_s, const struct identity_change *change,
                        struct failure *ret_failure)
{
    struct kept *kept;
    TRY(kept_load(k, now_s, change, &kept, ret_failure));
    if (memcmp(kept->identity.pin, keeper_identity(k)->pin, sizeof kept->identity.pin) != 0) {
        kept_free(kept);
        return failure_say(ret_failure, SOTTO_E_CERTIFICATE,
                           "the state directory holds another server's keys now");
    }
    keeper_publish(k, kept);
    return SOTTO_OK;
}

int64_t keeper_days(struct keeper *k, int64_t now_s)
{
    return (keeper_identity(k)->not_after_s - now_s) / DAY_S;
}
