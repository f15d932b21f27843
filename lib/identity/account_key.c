#include "identity/identity_local.h"

sotto_err account_key_begin(sotto_crypto *c, const struct genesis *genesis,
                            struct account_key *ret_key)
{
    struct account_key key = {0};
    TRY(sign_public_check(c, SIGN_ED25519, VIEW_OF(genesis->account_key)));
    TRY(genesis_id(c, genesis, key.account_id));
    memcpy(key.key, genesis->account_key, sizeof key.key);
    memcpy(key.recovery_hash, genesis->recovery_hash, sizeof key.recovery_hash);
    *ret_key = key;
    return SOTTO_OK;
}

sotto_err account_key_rotate(sotto_crypto *c, const struct rotation *rotation,
                             struct account_key *key)
{
    TRY(rotation_verify(c, rotation, key->account_id, key->n, key->recovery_hash));
    memcpy(key->key, rotation->account_key, sizeof key->key);
    memcpy(key->recovery_hash, rotation->next_recovery_hash, sizeof key->recovery_hash);
    key->n = rotation->n;
    return SOTTO_OK;
}
