/* Vectors of our own for lib/identity, certificates, the signed records of lib/proto and blob tickets, made by
 * tests/vectors/identity/make.py: what a second implementation says of each must be what ours says. */
#include <inttypes.h>
#include <stdlib.h>

#include "core/blob_ticket.h"
#include "crypto/hash.h"
#include "crypto/record.h"
#include "identity/identity.h"
#include "proto/account.h"
#include "proto/auth_proof.h"
#include "proto/branch.h"
#include "proto/commit_header.h"
#include "proto/notice.h"
#include "proto/token_correction.h"

#include "vectors.h"

/* ---- fields ---- */

static const json_t *fields_of(const json_t *json)
{
    return json_object_get(json, "fields");
}

static enum verdict same_number(struct vectors *v, const json_t *json, const char *key,
                                uint64_t got)
{
    int64_t want = field_number(v, json, key);
    if (want < 0 || (uint64_t)want != got)
        return wrong(v, "%s is %" PRIu64 ", not %" PRId64, key, got, want);
    return ACCEPTED;
}

static enum verdict same_field(struct vectors *v, const json_t *json, const char *key, view got)
{
    return same(v, key, got, field_hex(v, json, key));
}

static enum verdict same_text(struct vectors *v, const json_t *json, const char *key,
                              const char *got)
{
    const char *want = field_text(v, json, key);
    if (strcmp(want, got) != 0)
        return wrong(v, "%s is %s, not %s", key, got, want);
    return ACCEPTED;
}

/* Exactly this error, by its name. */
static enum verdict same_error(struct vectors *v, const json_t *json, const char *key,
                               sotto_err got)
{
    return same_text(v, json, key, sotto_err_name(got));
}

/* `size` bytes of a field into an array. */
static void field_copy(struct vectors *v, const json_t *json, const char *key, uint8_t *out,
                       size_t size)
{
    view bytes = field_hex(v, json, key);
    memset(out, 0, size);
    if (bytes.len == size)
        memcpy(out, bytes.data, size);
    else
        field_fault(v, key, "has another length");
}

static enum verdict same_hash(struct vectors *v, const json_t *json, view bytes)
{
    uint8_t digest[HASH_MAX];
    CHECK(outcome(v, hash(v->crypto, HASH_SHA256, bytes, digest)));
    return same_field(v, json, "hash", view_of(digest, 32));
}

/* NULL with ACCEPTED: the case has no seed. */
static enum verdict seed_key(struct vectors *v, const json_t *json, sotto_sign_key **ret_key)
{
    if (!field_has(json, "seed"))
        return ACCEPTED;
    return outcome(v,
                   sign_key_derive(v->crypto, SIGN_ED25519, field_hex(v, json, "seed"), ret_key));
}

/* ---- records: read, write, what they say, what holds ---- */

union record {
    struct genesis genesis;
    struct rotation rotation;
    struct device_list device_list;
    struct statement statement;
    struct account_request account_request;
    struct commit_header commit_header;
    struct branch branch;
    struct token_correction token_correction;
    struct notice notice;
};

static enum verdict genesis_case(struct vectors *v, const json_t *json, union record *r)
{
    uint8_t id[ACCOUNT_ID];
    CHECK(same_field(v, fields_of(json), "account_key", VIEW_OF(r->genesis.account_key)));
    CHECK(same_field(v, fields_of(json), "recovery_hash", VIEW_OF(r->genesis.recovery_hash)));
    CHECK(outcome(v, genesis_id(v->crypto, &r->genesis, id)));
    return same_field(v, json, "hash", VIEW_OF(id));
}

static struct account_key field_account(struct vectors *v, const json_t *json)
{
    const json_t *account = json_object_get(json, "account");
    struct account_key key = {.n = (uint32_t)field_number(v, account, "n")};
    field_copy(v, account, "account_id", key.account_id, sizeof key.account_id);
    field_copy(v, account, "key", key.key, sizeof key.key);
    field_copy(v, account, "recovery_hash", key.recovery_hash, sizeof key.recovery_hash);
    return key;
}

static enum verdict rotation_case(struct vectors *v, const json_t *json, union record *r)
{
    struct rotation *rotation = &r->rotation;
    struct account_key account = field_account(v, json);
    DEFER(sign_key_freep) sotto_sign_key *key = NULL;
    const json_t *fields = fields_of(json);
    CHECK(same_field(v, fields, "account_id", VIEW_OF(rotation->account_id)));
    CHECK(same_number(v, fields, "n", rotation->n));
    CHECK(same_field(v, fields, "account_key", VIEW_OF(rotation->account_key)));
    CHECK(same_field(v, fields, "recovery_key", VIEW_OF(rotation->recovery_key)));
    CHECK(same_field(v, fields, "next_recovery_hash", VIEW_OF(rotation->next_recovery_hash)));
    CHECK(same_error(v, json, "verify", account_key_rotate(v->crypto, rotation, &account)));
    CHECK(seed_key(v, json, &key));
    if (key == NULL)
        return ACCEPTED;
    memset(rotation->recovery_key, 0, sizeof rotation->recovery_key);
    CHECK(outcome(v, rotation_sign(v->crypto, key, rotation)));
    CHECK(same_field(v, fields, "recovery_key", VIEW_OF(rotation->recovery_key)));
    return same_field(v, json, "signature", VIEW_OF(rotation->signature));
}

static enum verdict devices_same(struct vectors *v, const json_t *devices,
                                 const struct device_list *list)
{
    if (json_array_size(devices) != list->device_count)
        return wrong(v, "another number of devices: %zu", list->device_count);
    for (size_t i = 0; i < list->device_count; i++) {
        const json_t *device = json_array_get(devices, i);
        CHECK(same_field(v, device, "id", VIEW_OF(list->devices[i].id)));
        CHECK(same_field(v, device, "key_hash", VIEW_OF(list->devices[i].key_hash)));
        CHECK(same_number(v, device, "state", list->devices[i].state));
        if (device_list_find(list, list->devices[i].id) != &list->devices[i])
            return wrong(v, "device %zu is not found", i);
    }
    return ACCEPTED;
}

static enum verdict device_list_fields(struct vectors *v, const json_t *fields,
                                       const struct device_list *list)
{
    CHECK(same_field(v, fields, "account_id", VIEW_OF(list->account_id)));
    CHECK(same_number(v, fields, "rotation", list->rotation));
    CHECK(same_number(v, fields, "number", list->number));
    CHECK(same_field(v, fields, "previous_hash", VIEW_OF(list->previous_hash)));
    CHECK(same_number(v, fields, "issued_s", (uint64_t)list->issued_s));
    CHECK(same_number(v, fields, "expires_s", (uint64_t)list->expires_s));
    return devices_same(v, json_object_get(fields, "devices"), list);
}

static enum verdict device_list_case(struct vectors *v, const json_t *json, union record *r)
{
    struct device_list *list = &r->device_list;
    struct account_key account = field_account(v, json);
    DEFER(sign_key_freep) sotto_sign_key *key = NULL;
    uint8_t digest[IDENTITY_HASH];
    CHECK(device_list_fields(v, fields_of(json), list));
    CHECK(outcome(v, device_list_hash(v->crypto, list, digest)));
    CHECK(same_field(v, json, "hash", VIEW_OF(digest)));
    CHECK(same_error(v, json, "verify", device_list_verify(v->crypto, list, &account)));
    CHECK(seed_key(v, json, &key));
    if (key == NULL)
        return ACCEPTED;
    CHECK(outcome(v, device_list_sign(v->crypto, key, list)));
    return same_field(v, json, "signature", VIEW_OF(list->signature));
}

static enum verdict statement_devices(struct vectors *v, const json_t *devices,
                                      const struct statement *statement,
                                      const struct account_key *key)
{
    for (size_t i = 0; i < json_array_size(devices); i++) {
        const json_t *device = json_array_get(devices, i);
        struct x509 found;
        CHECK(same_error(v, device, "check",
                         statement_check_device(v->crypto, statement, key,
                                                field_hex(v, device, "certificate"), &found)));
    }
    return ACCEPTED;
}

static enum verdict statement_case(struct vectors *v, const json_t *json, union record *r)
{
    struct statement *statement = &r->statement;
    struct account_key key = {0};
    sotto_err err = statement_verify(v->crypto, statement, &key);
    size_t rotations = json_array_size(json_object_get(fields_of(json), "rotations"));
    CHECK(same_error(v, json, "verify", err));
    if (statement->rotation_count != rotations)
        return wrong(v, "another number of rotations: %zu", statement->rotation_count);
    if (err != SOTTO_OK)
        return ACCEPTED;
    struct account_key want = field_account(v, json);
    CHECK(same(v, "account_id", VIEW_OF(key.account_id), VIEW_OF(want.account_id)));
    CHECK(same(v, "key", VIEW_OF(key.key), VIEW_OF(want.key)));
    CHECK(same(v, "recovery_hash", VIEW_OF(key.recovery_hash), VIEW_OF(want.recovery_hash)));
    if (key.n != want.n)
        return wrong(v, "another number of rotations: %u", key.n);
    return statement_devices(v, json_object_get(json, "devices"), statement, &key);
}

static enum verdict account_request_case(struct vectors *v, const json_t *json, union record *r)
{
    struct account_request *request = &r->account_request;
    DEFER(sign_key_freep) sotto_sign_key *key = NULL;
    const json_t *fields = fields_of(json);
    CHECK(same_field(v, fields, "account_id", VIEW_OF(request->account_id)));
    CHECK(same_field(v, fields, "account_key", VIEW_OF(request->account_key)));
    CHECK(same_field(v, fields, "name", request->name));
    CHECK(same_field(v, fields, "server_pin", VIEW_OF(request->server_pin)));
    CHECK(same_field(v, fields, "nonce", VIEW_OF(request->nonce)));
    CHECK(same_error(v, json, "verify", account_request_verify(v->crypto, request)));
    CHECK(seed_key(v, json, &key));
    if (key == NULL)
        return ACCEPTED;
    memset(request->account_key, 0, sizeof request->account_key);
    CHECK(outcome(v, account_request_sign(v->crypto, key, request)));
    CHECK(same_field(v, fields, "account_key", VIEW_OF(request->account_key)));
    return same_field(v, json, "signature", VIEW_OF(request->signature));
}

static enum verdict commit_header_case(struct vectors *v, const json_t *json, union record *r)
{
    struct commit_header *header = &r->commit_header;
    DEFER(sign_key_freep) sotto_sign_key *key = NULL;
    const json_t *fields = fields_of(json);
    uint8_t public_key[ED25519_PUBLIC], digest[COMMIT_HEADER_HASH];
    field_copy(v, json, "device_key", public_key, sizeof public_key);
    CHECK(same_field(v, fields, "stream", VIEW_OF(header->stream)));
    CHECK(same_number(v, fields, "epoch", header->epoch));
    CHECK(same_field(v, fields, "previous_hash", VIEW_OF(header->previous_hash)));
    CHECK(same_field(v, fields, "commit_hash", VIEW_OF(header->commit_hash)));
    CHECK(same_number(v, fields, "op", header->op));
    CHECK(same_field(v, fields, "device_id", VIEW_OF(header->device_id)));
    CHECK(same_field(v, fields, "account_id", VIEW_OF(header->account_id)));
    CHECK(outcome(v, commit_header_hash(v->crypto, header, digest)));
    CHECK(same_field(v, json, "hash", VIEW_OF(digest)));
    CHECK(same_error(v, json, "verify", commit_header_verify(v->crypto, header, public_key)));
    CHECK(seed_key(v, json, &key));
    if (key == NULL)
        return ACCEPTED;
    CHECK(outcome(v, commit_header_sign(v->crypto, key, header)));
    return same_field(v, json, "signature", VIEW_OF(header->signature));
}

static enum verdict branch_case(struct vectors *v, const json_t *json, union record *r)
{
    struct branch *branch = &r->branch;
    DEFER(sign_key_freep) sotto_sign_key *key = NULL;
    const json_t *fields = fields_of(json);
    uint8_t public_key[ED25519_PUBLIC];
    field_copy(v, json, "device_key", public_key, sizeof public_key);
    CHECK(same_field(v, fields, "stream", VIEW_OF(branch->stream)));
    CHECK(same_number(v, fields, "bad_seq", branch->bad_seq));
    CHECK(same_number(v, fields, "good_epoch", branch->good_epoch));
    CHECK(same_field(v, fields, "new_stream", VIEW_OF(branch->new_stream)));
    CHECK(same_field(v, fields, "group_info_hash", VIEW_OF(branch->group_info_hash)));
    CHECK(same_field(v, fields, "account_id", VIEW_OF(branch->account_id)));
    CHECK(same_field(v, fields, "device_id", VIEW_OF(branch->device_id)));
    CHECK(same_error(v, json, "verify", branch_verify(v->crypto, branch, public_key)));
    CHECK(seed_key(v, json, &key));
    if (key == NULL)
        return ACCEPTED;
    CHECK(outcome(v, branch_sign(v->crypto, key, branch)));
    return same_field(v, json, "signature", VIEW_OF(branch->signature));
}

static enum verdict token_correction_case(struct vectors *v, const json_t *json, union record *r)
{
    struct token_correction *correction = &r->token_correction;
    DEFER(sign_key_freep) sotto_sign_key *key = NULL;
    const json_t *fields = fields_of(json);
    uint8_t public_key[ED25519_PUBLIC];
    field_copy(v, json, "device_key", public_key, sizeof public_key);
    CHECK(same_field(v, fields, "stream", VIEW_OF(correction->stream)));
    CHECK(same_number(v, fields, "epoch", correction->epoch));
    CHECK(same_field(v, fields, "token_hash", VIEW_OF(correction->token_hash)));
    CHECK(same_number(v, fields, "op", correction->op));
    CHECK(same_field(v, fields, "device_id", VIEW_OF(correction->device_id)));
    CHECK(same_field(v, fields, "account_id", VIEW_OF(correction->account_id)));
    CHECK(
        same_error(v, json, "verify", token_correction_verify(v->crypto, correction, public_key)));
    CHECK(seed_key(v, json, &key));
    if (key == NULL)
        return ACCEPTED;
    CHECK(outcome(v, token_correction_sign(v->crypto, key, correction)));
    return same_field(v, json, "signature", VIEW_OF(correction->signature));
}

static enum verdict notice_case(struct vectors *v, const json_t *json, union record *r)
{
    struct notice *notice = &r->notice;
    DEFER(sign_key_freep) sotto_sign_key *key = NULL;
    const json_t *fields = fields_of(json);
    uint8_t public_key[ED25519_PUBLIC];
    field_copy(v, json, "server_key", public_key, sizeof public_key);
    CHECK(same_field(v, fields, "stream", VIEW_OF(notice->stream)));
    CHECK(same_number(v, fields, "seq", notice->seq));
    CHECK(same_field(v, fields, "device_id", VIEW_OF(notice->device_id)));
    CHECK(same_field(v, fields, "account_id", VIEW_OF(notice->account_id)));
    CHECK(same_error(v, json, "verify", notice_verify(v->crypto, notice, public_key)));
    CHECK(seed_key(v, json, &key));
    if (key == NULL)
        return ACCEPTED;
    CHECK(outcome(v, notice_sign(v->crypto, key, notice)));
    return same_field(v, json, "signature", VIEW_OF(notice->signature));
}

#define RECODE(name)                                                            \
    static sotto_err name##_recode(view bytes, union record *r, sotto_buf *out) \
    {                                                                           \
        TRY(name##_read(bytes, &r->name));                                      \
        return name##_write(&r->name, out);                                     \
    }
RECODE(genesis)
RECODE(rotation)
RECODE(device_list)
RECODE(statement)
RECODE(account_request)
RECODE(commit_header)
RECODE(branch)
RECODE(token_correction)
RECODE(notice)

static const struct kind {
    const char *structure;
    sotto_err (*recode)(view bytes, union record *r, sotto_buf *out);
    enum verdict (*check)(struct vectors *v, const json_t *json, union record *r);
} kinds[] = {
    {"genesis", genesis_recode, genesis_case},
    {"rotation", rotation_recode, rotation_case},
    {"device_list", device_list_recode, device_list_case},
    {"statement", statement_recode, statement_case},
    {"account_request", account_request_recode, account_request_case},
    {"commit_header", commit_header_recode, commit_header_case},
    {"branch", branch_recode, branch_case},
    {"token_correction", token_correction_recode, token_correction_case},
    {"notice", notice_recode, notice_case},
};

static enum verdict record_case(struct vectors *v, const struct kind *kind, const json_t *json)
{
    DEFER(buf_clear) sotto_buf again = {0};
    view bytes = field_hex(v, json, "bytes");
    union record *record = (void *)case_memory(v, sizeof *record);
    sotto_err err = kind->recode(bytes, record, &again);
    CHECK(same_text(v, json, "result", err == SOTTO_OK ? "valid" : "invalid"));
    if (err != SOTTO_OK)
        return outcome(v, err) == REFUSED ? ACCEPTED : WRONG;
    CHECK(same(v, "what is written again", buf_view(&again), bytes));
    CHECK(same_hash(v, json, bytes));
    return kind->check(v, json, record);
}

/* ---- the others ---- */

static enum verdict device_lists_case(struct vectors *v, const json_t *json)
{
    struct device_list *lists = (void *)case_memory(v, 2 * sizeof *lists);
    CHECK(outcome(v, device_list_read(field_hex(v, json, "before"), &lists[0])));
    CHECK(outcome(v, device_list_read(field_hex(v, json, "next"), &lists[1])));
    return same_error(v, json, "follows", device_list_follows(v->crypto, &lists[1], &lists[0]));
}

static enum verdict statements_case(struct vectors *v, const json_t *json)
{
    static const char *const names[] = {"lower", "same", "higher", "forked"};
    struct statement *both = (void *)case_memory(v, 2 * sizeof *both);
    CHECK(outcome(v, statement_read(field_hex(v, json, "a"), &both[0])));
    CHECK(outcome(v, statement_read(field_hex(v, json, "b"), &both[1])));
    return same_text(v, json, "order", names[statement_compare(&both[0], &both[1]) + 1]);
}

static enum verdict auth_proof_case(struct vectors *v, const json_t *json)
{
    DEFER(sign_key_freep) sotto_sign_key *key = NULL;
    DEFER(buf_clear) sotto_buf out = {0};
    struct auth_proof proof;
    const json_t *fields = fields_of(json);
    uint8_t signature[ED25519_SIGNATURE], again[ED25519_SIGNATURE], public_key[ED25519_PUBLIC];
    field_copy(v, json, "signature", signature, sizeof signature);
    field_copy(v, json, "device_key", public_key, sizeof public_key);
    field_copy(v, fields, "server_pin", proof.server_pin, sizeof proof.server_pin);
    field_copy(v, fields, "account_id", proof.account_id, sizeof proof.account_id);
    field_copy(v, fields, "device_id", proof.device_id, sizeof proof.device_id);
    field_copy(v, fields, "nonce", proof.nonce, sizeof proof.nonce);
    field_copy(v, fields, "exporter", proof.exporter, sizeof proof.exporter);
    CHECK(outcome(v, auth_proof_write(&proof, &out)));
    CHECK(same_field(v, json, "bytes", buf_view(&out)));
    CHECK(
        same_error(v, json, "verify", auth_proof_verify(v->crypto, &proof, public_key, signature)));
    CHECK(seed_key(v, json, &key));
    if (key == NULL)
        return ACCEPTED;
    CHECK(outcome(v, auth_proof_sign(v->crypto, key, &proof, again)));
    return same_field(v, json, "signature", VIEW_OF(again));
}

/* What was put together is what is signed; the signature travels alone. */
static enum verdict signed_alone(struct vectors *v, const json_t *json, view record,
                                 const char *signer)
{
    DEFER(sign_key_freep) sotto_sign_key *key = NULL;
    uint8_t signature[ED25519_SIGNATURE], again[ED25519_SIGNATURE], public_key[ED25519_PUBLIC];
    field_copy(v, json, "signature", signature, sizeof signature);
    field_copy(v, json, signer, public_key, sizeof public_key);
    CHECK(same_field(v, json, "bytes", record));
    CHECK(same_error(v, json, "verify", record_verify(v->crypto, public_key, record, signature)));
    CHECK(seed_key(v, json, &key));
    if (key == NULL)
        return ACCEPTED;
    CHECK(outcome(v, record_sign(v->crypto, key, record, again)));
    return same_field(v, json, "signature", VIEW_OF(again));
}

static enum verdict account_remove_case(struct vectors *v, const json_t *json)
{
    DEFER(buf_clear) sotto_buf out = {0};
    uint8_t pin[X509_PIN], account_id[ACCOUNT_ID], nonce[HELLO_NONCE];
    field_copy(v, fields_of(json), "server_pin", pin, sizeof pin);
    field_copy(v, fields_of(json), "account_id", account_id, sizeof account_id);
    field_copy(v, fields_of(json), "nonce", nonce, sizeof nonce);
    CHECK(outcome(v, proto_account_remove_signed(pin, account_id, nonce, &out)));
    return signed_alone(v, json, buf_view(&out), "account_key");
}

static enum verdict hello_case(struct vectors *v, const json_t *json)
{
    DEFER(buf_clear) sotto_buf out = {0};
    uint8_t nonce[HELLO_NONCE], exporter[HELLO_EXPORTER], challenge[HELLO_CHALLENGE];
    field_copy(v, fields_of(json), "nonce", nonce, sizeof nonce);
    field_copy(v, fields_of(json), "exporter", exporter, sizeof exporter);
    field_copy(v, fields_of(json), "challenge", challenge, sizeof challenge);
    CHECK(outcome(v, proto_hello_signed(nonce, exporter, challenge, &out)));
    return signed_alone(v, json, buf_view(&out), "server_key");
}

static enum verdict blob_ticket_case(struct vectors *v, const json_t *json)
{
    DEFER(secret_clear) struct secret key = {0};
    DEFER(buf_clear) sotto_buf again = {0};
    struct blob_ticket ticket;
    const json_t *fields = fields_of(json);
    view bytes = field_hex(v, json, "bytes");
    secret_resize(&key, BLOB_TICKET_KEY);
    field_copy(v, json, "key", key.data, BLOB_TICKET_KEY);
    sotto_err err =
        blob_ticket_read(v->crypto, &key, bytes, (uint64_t)field_number(v, json, "now_s"), &ticket);
    if (err == SOTTO_E_TRUNCATED || err == SOTTO_E_TRAILING)
        return same_text(v, json, "verify", "unreadable");
    CHECK(same_error(v, json, "verify", err));
    if (err != SOTTO_OK)
        return ACCEPTED;
    CHECK(same_number(v, fields, "op", ticket.op));
    CHECK(same_field(v, fields, "hash", VIEW_OF(ticket.hash)));
    CHECK(same_number(v, fields, "size", ticket.size));
    CHECK(same_number(v, fields, "account", ticket.account));
    CHECK(same_number(v, fields, "expires_s", ticket.expires_s));
    CHECK(outcome(v, blob_ticket_write(v->crypto, &key, &ticket, &again)));
    return same(v, "what is written again", buf_view(&again), bytes);
}

/* ---- certificates and their chains ---- */

static const char *const certificate_kinds[X509_KINDS] = {
    [X509_ROOT] = "root",     [X509_INTERMEDIATE] = "intermediate",
    [X509_SERVER] = "server", [X509_ACCOUNT] = "account",
    [X509_DEVICE] = "device",
};

/* X509_KINDS: none of them. */
static enum x509_kind certificate_kind(const char *name)
{
    enum x509_kind kind = 0;
    while (kind < X509_KINDS && strcmp(name, certificate_kinds[kind]) != 0)
        kind++;
    return kind;
}

static enum verdict certificate_fields(struct vectors *v, const json_t *fields,
                                       const struct x509 *cert)
{
    CHECK(same_field(v, fields, "public_key", VIEW_OF(cert->public_key)));
    CHECK(same_text(v, fields, "issuer", certificate_kinds[cert->issuer]));
    CHECK(same_field(v, fields, "issuer_key_id", VIEW_OF(cert->issuer_key_id)));
    CHECK(same_field(v, fields, "account_id", VIEW_OF(cert->account_id)));
    CHECK(same_field(v, fields, "device_id", VIEW_OF(cert->device_id)));
    CHECK(same(v, "name", cert->name, view_str(field_text(v, fields, "name"))));
    CHECK(same(v, "host", cert->host, view_str(field_text(v, fields, "host"))));
    CHECK(same_field(v, fields, "signature", VIEW_OF(cert->signature)));
    if (cert->kind == X509_DEVICE)
        return ACCEPTED;
    CHECK(same_number(v, fields, "not_before_s", (uint64_t)cert->not_before_s));
    return same_number(v, fields, "not_after_s", (uint64_t)cert->not_after_s);
}

/* The pin of this key, as text and read again. */
static enum verdict certificate_pin(struct vectors *v, const json_t *json, const struct x509 *cert)
{
    uint8_t pin[X509_PIN], again[X509_PIN];
    char text[X509_PIN_TEXT];
    CHECK(outcome(v, x509_pin(v->crypto, cert->public_key, pin)));
    x509_pin_write(pin, text);
    CHECK(same_text(v, json, "pin_text", text));
    CHECK(outcome(v, x509_pin_read(view_str(text), again)));
    return same(v, "the pin that is read", VIEW_OF(again), VIEW_OF(pin));
}

static enum verdict certificate_case(struct vectors *v, const json_t *json)
{
    DEFER(sign_key_freep) sotto_sign_key *key = NULL;
    DEFER(buf_clear) sotto_buf again = {0};
    struct x509 cert;
    uint8_t issuer[ED25519_PUBLIC];
    view bytes = field_hex(v, json, "bytes");
    enum x509_kind kind = certificate_kind(field_text(v, json, "kind"));
    sotto_err err = x509_read(v->crypto, kind, bytes, &cert);
    CHECK(same_text(v, json, "result", err == SOTTO_OK ? "valid" : "invalid"));
    if (err != SOTTO_OK)
        return err == SOTTO_E_CERTIFICATE ? ACCEPTED : outcome(v, err);
    field_copy(v, json, "issuer_key", issuer, sizeof issuer);
    CHECK(certificate_fields(v, fields_of(json), &cert));
    CHECK(same_error(v, json, "verify", x509_verify(v->crypto, &cert, issuer)));
    CHECK(certificate_pin(v, json, &cert));
    CHECK(seed_key(v, json, &key));
    if (key == NULL)
        return ACCEPTED;
    CHECK(outcome(v, x509_issue(v->crypto, &cert, key, &again)));
    return same(v, "what is issued again", buf_view(&again), bytes);
}

#define CHAIN_MAX 8 /* more than any may have */

static size_t chain_of(struct vectors *v, const json_t *json, view chain[CHAIN_MAX])
{
    const json_t *items = json_object_get(json, "chain");
    size_t count = json_array_size(items);
    if (!json_is_array(items) || count > CHAIN_MAX) {
        field_fault(v, "chain", "is no chain");
        return 0;
    }
    for (size_t i = 0; i < count; i++)
        if (!hex_bytes(v, json_array_get(items, i), &chain[i]))
            field_fault(v, "chain", "has an item that is not hexadecimal");
    return count;
}

static enum verdict server_chain_case(struct vectors *v, const json_t *json)
{
    view chain[CHAIN_MAX] = {0};
    size_t count = chain_of(v, json, chain);
    uint8_t pin[X509_PIN], found[X509_PIN], key[ED25519_PUBLIC];
    field_copy(v, json, "pin", pin, sizeof pin);
    sotto_err err = x509_verify_server_chain(v->crypto, chain, count, pin,
                                             field_number(v, json, "now_s"), key, found);
    CHECK(same_error(v, json, "verify", err));
    if (err != SOTTO_OK)
        return ACCEPTED;
    CHECK(same_field(v, json, "leaf_key", VIEW_OF(key)));
    return same_field(v, json, "root_pin", VIEW_OF(found));
}

static enum verdict name_path_case(struct vectors *v, const json_t *json)
{
    view chain[CHAIN_MAX] = {0};
    size_t count = chain_of(v, json, chain);
    uint8_t pin[X509_PIN];
    struct x509 account, device;
    field_copy(v, json, "pin", pin, sizeof pin);
    sotto_err err = x509_verify_name_path(v->crypto, chain, count, pin,
                                          field_number(v, json, "now_s"), &account, &device);
    CHECK(same_error(v, json, "verify", err));
    if (err != SOTTO_OK)
        return ACCEPTED;
    return same_field(v, json, "leaf_key", VIEW_OF(device.public_key));
}

/* ---- links and safety numbers ---- */

static enum verdict link_secrets(struct vectors *v, const json_t *json,
                                 const struct link_invite *link)
{
    DEFER(secret_clear) struct secret token = {0};
    DEFER(secret_clear) struct secret key = {0};
    uint8_t joiner[ACCOUNT_ID], inviter[ACCOUNT_ID], proof[LINK_PROOF];
    field_copy(v, json, "joiner", joiner, sizeof joiner);
    field_copy(v, json, "inviter", inviter, sizeof inviter);
    CHECK(outcome(v, link_redeem_token(v->crypto, &link->secret, &token)));
    CHECK(same_field(v, json, "redeem_token", secret_view(&token)));
    CHECK(outcome(v, link_proof_key(v->crypto, &link->secret, &key)));
    CHECK(same_field(v, json, "proof_key", secret_view(&key)));
    CHECK(outcome(v, link_prove(v->crypto, &key, joiner, inviter, proof)));
    CHECK(same_field(v, json, "proof", VIEW_OF(proof)));
    return outcome(v, link_check_proof(v->crypto, &key, joiner, inviter, VIEW_OF(proof)));
}

static enum verdict link_case(struct vectors *v, const json_t *json)
{
    DEFER(link_invite_clear) struct link_invite link = {0};
    char text[LINK_TEXT_MAX];
    const json_t *fields = fields_of(json);
    sotto_err err = link_read(view_str(field_text(v, json, "text")), &link);
    CHECK(same_text(v, json, "result", err == SOTTO_OK ? "valid" : "invalid"));
    if (err != SOTTO_OK)
        return same_error(v, json, "error", err);
    CHECK(same_number(v, fields, "kind", link.kind));
    CHECK(same_field(v, fields, "secret", secret_view(&link.secret)));
    CHECK(same_field(v, fields, "inviter", VIEW_OF(link.inviter)));
    CHECK(same_field(v, fields, "pin", VIEW_OF(link.pin)));
    CHECK(same_text(v, fields, "host", link.host));
    CHECK(same_number(v, fields, "port", link.port));
    CHECK(outcome(v, link_write(&link, text)));
    CHECK(same_text(v, fields, "written", text));
    return link_secrets(v, json, &link);
}

static enum verdict safety_number_case(struct vectors *v, const json_t *json)
{
    uint8_t ours[ACCOUNT_ID], theirs[ACCOUNT_ID];
    char text[SAFETY_NUMBER_TEXT];
    field_copy(v, json, "ours", ours, sizeof ours);
    field_copy(v, json, "theirs", theirs, sizeof theirs);
    CHECK(outcome(v, safety_number(v->crypto, ours, theirs, text)));
    return same_text(v, json, "text", text);
}

static const struct other {
    const char *structure;
    enum verdict (*check)(struct vectors *v, const json_t *json);
} others[] = {
    {"device_lists", device_lists_case},
    {"statements", statements_case},
    {"auth_proof", auth_proof_case},
    {"account_remove", account_remove_case},
    {"hello", hello_case},
    {"blob_ticket", blob_ticket_case},
    {"certificate", certificate_case},
    {"server_chain", server_chain_case},
    {"name_path", name_path_case},
    {"link", link_case},
    {"safety_number", safety_number_case},
};

static enum verdict identity_case(struct vectors *v, const json_t *json)
{
    const char *structure = field_text(v, json, "structure");
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (strcmp(kinds[i].structure, structure) == 0)
            return record_case(v, &kinds[i], json);
    for (size_t i = 0; i < COUNT_OF(others); i++)
        if (strcmp(others[i].structure, structure) == 0)
            return others[i].check(v, json);
    return wrong(v, "no structure of ours: %s", structure);
}

bool identity_fits(const json_t *root)
{
    const json_t *first = json_array_get(root, 0);
    return field_has(first, "structure") && field_has(first, "comment");
}

bool identity_on_curve(const json_t *root)
{
    (void)root;
    return true;
}

void identity_run(struct vectors *v, const json_t *root)
{
    for (size_t i = 0; i < json_array_size(root); i++) {
        const json_t *json = json_array_get(root, i);
        count(v, identity_case(v, json), "case %zu (%s: %s)", i, text_or_empty(json, "structure"),
              text_or_empty(json, "comment"));
    }
}
