#include "core/state.h"
#include "proto/account.h"
#include "proto/auth_proof.h"

static uint16_t kind_of(view frame)
{
    struct rd r = rd_of(frame);
    return rd_u16(&r);
}

bool core_wants_precheck(view frame)
{
    uint16_t kind = kind_of(frame);
    return kind == PROTO_AUTH || kind == PROTO_REGISTER || kind == PROTO_RENEW;
}

static sotto_err auth_precheck(sotto_crypto *c, view body, const struct core_binding *binding)
{
    struct proto_auth auth;
    struct auth_proof proof;
    TRY(proto_auth_read(body, &auth));
    memcpy(proof.server_pin, binding->pin, sizeof proof.server_pin);
    memcpy(proof.account_id, auth.account_id, sizeof proof.account_id);
    memcpy(proof.device_id, auth.device_id, sizeof proof.device_id);
    memcpy(proof.nonce, binding->nonce, sizeof proof.nonce);
    memcpy(proof.exporter, binding->exporter, sizeof proof.exporter);
    return auth_proof_verify(c, &proof, auth.public_key, auth.signature);
}

static sotto_err register_precheck(sotto_crypto *c, view body, const struct core_binding *binding)
{
    struct proto_register reg;
    struct registration r = {0};
    TRY(proto_register_read(body, &reg));
    TRY(registration_read(c, &reg, &r));
    return registration_verify(c, &r, reg.certificate, binding);
}

static sotto_err renew_precheck(sotto_crypto *c, view body, const struct core_binding *binding)
{
    view bytes;
    struct account_request request = {0};
    TRY(proto_renew_read(body, &bytes));
    TRY(account_request_read(bytes, &request));
    return account_request_check(c, &request, binding);
}

sotto_err core_precheck(sotto_crypto *c, view frame, const struct core_binding *binding)
{
    struct proto_frame f;
    TRY(proto_frame_read(frame, &f));
    switch (f.kind) {
    case PROTO_AUTH:
        return auth_precheck(c, f.body, binding);
    case PROTO_REGISTER:
        return register_precheck(c, f.body, binding);
    case PROTO_RENEW:
        return renew_precheck(c, f.body, binding);
    default:
        return SOTTO_OK;
    }
}
