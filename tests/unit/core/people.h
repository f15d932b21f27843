/* people.h - a server with accounts, and people with keys of their own, for tests of what is asked about accounts. Each frame passes
 * core_precheck() first, as a loop has it, and each step is followed by a commit, unless said otherwise. */
#ifndef TEST_CORE_PEOPLE_H
#define TEST_CORE_PEOPLE_H

#include "core/state.h"
#include "crypto/hash.h"
#include "proto/account.h"
#include "proto/auth_proof.h"
#include "world.h"

#define HOST    "chat.example.org"
#define WALL_MS UINT64_C(1800000000000) /* the time of day when it all begins */
#define WALL_S  (WALL_MS / 1000)

struct town {
    struct world w;
    struct store *store;
    sotto_crypto *crypto;
    sotto_sign_key *root;
    sotto_buf root_certificate;
    struct core_config config;
};

struct gadget { /* a device */
    uint8_t id[DEVICE_ID];
    sotto_sign_key *key;
    sotto_buf certificate;
};

struct person {
    const char *name; /* alice@HOST */
    sotto_sign_key *key, *recovery;
    struct genesis genesis;
    struct account_key account;
    struct device_list list; /* the newest that the person signed */
    struct gadget gadgets[3];
};

/* --- the town --- */

static const struct secret blob_key = {BLOB_TICKET_KEY, "of the tickets of this run"};

static inline sotto_sign_key *key_of(sotto_crypto *c, const char *name)
{
    sotto_sign_key *key = NULL;
    uint8_t seed[32];
    assert_ok(hash(c, HASH_SHA256, view_str(name), seed));
    assert_ok(sign_key_derive(c, SIGN_ED25519, VIEW_OF(seed), &key));
    return key;
}

static inline void town_start(struct town *t)
{
    t->config.store = t->store;
    assert_ok(core_new(&t->config, t->w.now_ms, &t->w.core));
    core_set_wall(t->w.core, (int64_t)(WALL_MS - START_MS));
}

static inline struct town town_of(struct limits limits)
{
    static const uint8_t seed[RNG_SEED] = "a town's seed";
    struct town t = {.w = {.rng = rng_from(seed), .now_ms = START_MS}};
    assert_ok(sotto_crypto_new(&t.crypto));
    assert_ok(store_memory_new(&t.store));
    t.root = key_of(t.crypto, "root");
    struct x509 root = {
        .kind = X509_ROOT, .not_before_s = 1700000000, .not_after_s = X509_FOREVER_S};
    memcpy(root.public_key, sign_key_public(t.root).data, sizeof root.public_key);
    assert_ok(x509_issue(t.crypto, &root, t.root, &t.root_certificate));
    t.config = (struct core_config){
        .limits = limits,
        .host = VIEW_LIT(HOST),
        .authority = t.root,
        .authority_is_root = true,
        .chain = {buf_view(&t.root_certificate)},
        .chain_count = 1,
        .server_key = t.root,
        .members_invite = true,
        .registration_open = true,
        .mail_domains = {VIEW_LIT("mail.example"), VIEW_LIT(HOST)},
        .mail_domain_count = 2,
    };
    assert_ok(x509_pin(t.crypto, root.public_key, t.config.pin));
    t.config.blob_key = &blob_key;
    town_start(&t);
    return t;
}

/* kill -9: what was not committed is gone. */
static inline void town_crash(struct town *t)
{
    core_free(t->w.core);
    town_start(t);
}

static inline void town_clear(struct town *t)
{
    world_clear(&t->w);
    store_free(t->store);
    sign_key_free(t->root);
    buf_clear(&t->root_certificate);
    sotto_crypto_free(t->crypto);
}

/* --- connections --- */

static inline struct core_binding binding_of(const struct town *t, uint64_t connection)
{
    struct core_binding b;
    memcpy(b.pin, t->config.pin, sizeof b.pin);
    memset(b.nonce, (int)connection, sizeof b.nonce);
    memset(b.exporter, (int)connection + 100, sizeof b.exporter);
    return b;
}

static inline void settle(struct town *t)
{
    assert_ok(core_commit(t->w.core, t->w.now_ms, &t->w.fx));
}

static inline void arrive_from(struct town *t, uint64_t connection, uint8_t address)
{
    struct core_event event = {
        .kind = CORE_OPEN, .connection = connection, .address = address_v4(address)};
    memset(event.nonce, (int)connection, sizeof event.nonce);
    step(&t->w, event);
}

static inline void arrive(struct town *t, uint64_t connection)
{
    arrive_from(t, connection, (uint8_t)connection);
}

static inline void leave(struct town *t, uint64_t connection)
{
    go(&t->w, connection, true, false);
    settle(t);
}

/* What core_precheck() says. */
static inline sotto_err prechecked(const struct town *t, uint64_t connection, view frame)
{
    const struct core_binding binding = binding_of(t, connection);
    return core_wants_precheck(frame) ? core_precheck(t->crypto, frame, &binding) : SOTTO_OK;
}

/* Takes the frame. */
static inline void tell(struct town *t, uint64_t connection, sotto_buf *frame)
{
    assert_ok(prechecked(t, connection, buf_view(frame)));
    say_buf(&t->w, connection, frame);
    settle(t);
}

/* --- people --- */

static inline void gadget_make(struct town *t, struct person *p, size_t i)
{
    char name[100];
    uint8_t digest[32];
    struct gadget *g = &p->gadgets[i];
    struct x509 fields = {.kind = X509_DEVICE};
    snprintf(name, sizeof name, "%s device %zu", p->name, i);
    if (g->key == NULL)
        g->key = key_of(t->crypto, name);
    assert_ok(hash(t->crypto, HASH_SHA256, view_str(name), digest));
    memcpy(g->id, digest, sizeof g->id);
    memcpy(fields.public_key, sign_key_public(g->key).data, sizeof fields.public_key);
    memcpy(fields.account_id, p->account.account_id, sizeof fields.account_id);
    memcpy(fields.device_id, g->id, sizeof fields.device_id);
    buf_clear(&g->certificate);
    assert_ok(x509_issue(t->crypto, &fields, p->key, &g->certificate));
}

static inline void list_sign(struct town *t, struct person *p)
{
    assert_ok(device_list_sign(t->crypto, p->key, &p->list));
}

static inline int by_id(const void *a, const void *b)
{
    return memcmp(a, b, DEVICE_ID);
}

/* Lists a gadget as active, or changes its state; sign it afterwards. */
static inline void list_set(struct town *t, struct person *p, size_t i, enum device_state state)
{
    struct listed_device *found = NULL;
    for (size_t k = 0; k < p->list.device_count; k++)
        if (memcmp(p->list.devices[k].id, p->gadgets[i].id, DEVICE_ID) == 0)
            found = &p->list.devices[k];
    if (found == NULL) {
        found = &p->list.devices[p->list.device_count++];
        memcpy(found->id, p->gadgets[i].id, DEVICE_ID);
        assert_ok(
            hash(t->crypto, HASH_SHA256, sign_key_public(p->gadgets[i].key), found->key_hash));
    }
    found->state = (uint8_t)state;
    qsort(p->list.devices, p->list.device_count, sizeof p->list.devices[0], by_id);
}

/* The list that follows the present one, unsigned and unchanged. */
static inline void list_next(struct town *t, struct person *p)
{
    uint8_t before[IDENTITY_HASH];
    assert_ok(device_list_hash(t->crypto, &p->list, before));
    memcpy(p->list.previous_hash, before, sizeof before);
    p->list.number++;
    p->list.rotation = p->account.n;
}

static inline struct person person_of(struct town *t, const char *name)
{
    char recovery[100];
    struct person p = {.name = name};
    snprintf(recovery, sizeof recovery, "%s recovery", name);
    p.key = key_of(t->crypto, name);
    p.recovery = key_of(t->crypto, recovery);
    memcpy(p.genesis.account_key, sign_key_public(p.key).data, ED25519_PUBLIC);
    assert_ok(hash(t->crypto, HASH_SHA256, sign_key_public(p.recovery), p.genesis.recovery_hash));
    assert_ok(account_key_begin(t->crypto, &p.genesis, &p.account));
    gadget_make(t, &p, 0);
    memcpy(p.list.account_id, p.account.account_id, sizeof p.list.account_id);
    p.list.number = 1;
    p.list.issued_s = (int64_t)WALL_S;
    p.list.expires_s = p.list.issued_s + DEVICE_LIST_TTL_S;
    list_set(t, &p, 0, DEVICE_ACTIVE);
    list_sign(t, &p);
    return p;
}

static inline void person_clear(struct person *p)
{
    sign_key_free(p->key);
    sign_key_free(p->recovery);
    for (size_t i = 0; i < COUNT_OF(p->gadgets); i++) {
        sign_key_free(p->gadgets[i].key);
        buf_clear(&p->gadgets[i].certificate);
    }
}

static inline sotto_buf request_of(struct town *t, const struct person *p, uint64_t connection)
{
    struct account_request request = {.name = view_str(p->name)};
    const struct core_binding binding = binding_of(t, connection);
    memcpy(request.account_id, p->account.account_id, sizeof request.account_id);
    memcpy(request.account_key, p->account.key, sizeof request.account_key);
    memcpy(request.server_pin, binding.pin, sizeof request.server_pin);
    memcpy(request.nonce, binding.nonce, sizeof request.nonce);
    sotto_buf out = {0};
    assert_ok(account_request_sign(t->crypto, p->key, &request));
    assert_ok(account_request_write(&request, &out));
    return out;
}

static inline sotto_buf list_of(const struct person *p)
{
    sotto_buf out = {0};
    assert_ok(device_list_write(&p->list, &out));
    return out;
}

/* A register frame; how 0 with empty secret and mail. */
static inline sotto_buf register_frame(struct town *t, const struct person *p, uint64_t connection,
                                       uint8_t how, view secret, view mail)
{
    DEFER(buf_clear) sotto_buf genesis = {0};
    DEFER(buf_clear) sotto_buf request = request_of(t, p, connection);
    DEFER(buf_clear) sotto_buf list = list_of(p);
    sotto_buf frame = {0};
    assert_ok(genesis_write(&p->genesis, &genesis));
    const struct proto_register reg = {
        .how = how,
        .secret = secret,
        .mail = mail,
        .genesis = buf_view(&genesis),
        .request = buf_view(&request),
        .device_list = buf_view(&list),
        .certificate = buf_view(&p->gadgets[0].certificate),
    };
    assert_ok(proto_register_write(21, &reg, &frame));
    return frame;
}

static inline void ask_register(struct town *t, const struct person *p, uint64_t connection,
                                uint8_t how, view secret, view mail)
{
    sotto_buf frame = register_frame(t, p, connection, how, secret, mail);
    tell(t, connection, &frame);
}

static inline sotto_buf auth_frame(struct town *t, const struct person *p, size_t gadget,
                                   uint64_t connection)
{
    const struct core_binding binding = binding_of(t, connection);
    const struct gadget *g = &p->gadgets[gadget];
    struct auth_proof proof;
    struct proto_auth auth;
    sotto_buf frame = {0};
    memcpy(proof.server_pin, binding.pin, sizeof proof.server_pin);
    memcpy(proof.account_id, p->account.account_id, sizeof proof.account_id);
    memcpy(proof.device_id, g->id, sizeof proof.device_id);
    memcpy(proof.nonce, binding.nonce, sizeof proof.nonce);
    memcpy(proof.exporter, binding.exporter, sizeof proof.exporter);
    memcpy(auth.account_id, p->account.account_id, sizeof auth.account_id);
    memcpy(auth.device_id, g->id, sizeof auth.device_id);
    memcpy(auth.public_key, sign_key_public(g->key).data, sizeof auth.public_key);
    assert_ok(auth_proof_sign(t->crypto, g->key, &proof, auth.signature));
    assert_ok(proto_auth_write(22, &auth, &frame));
    return frame;
}

static inline void ask_auth(struct town *t, const struct person *p, size_t gadget,
                            uint64_t connection)
{
    sotto_buf frame = auth_frame(t, p, gadget, connection);
    tell(t, connection, &frame);
}

static inline struct proto_registered got_registered(const struct town *t, uint64_t connection)
{
    struct proto_registered answer = {0};
    assert_ok(proto_registered_read(got(&t->w, connection, PROTO_REGISTERED).body, &answer));
    return answer;
}

static inline struct proto_auth_ok got_auth_ok(const struct town *t, uint64_t connection)
{
    struct proto_auth_ok answer = {0};
    assert_ok(proto_auth_ok_read(got(&t->w, connection, PROTO_AUTH_OK).body, &answer));
    return answer;
}

/* Comes, registers without invite and goes again. */
static inline struct person member_of(struct town *t, const char *name)
{
    struct person p = person_of(t, name);
    arrive_from(t, 99, 99);
    ask_register(t, &p, 99, REGISTER_OPEN, (view){0}, (view){0});
    got_registered(t, 99);
    leave(t, 99);
    return p;
}

static inline void sign_in(struct town *t, const struct person *p, size_t gadget,
                           uint64_t connection)
{
    arrive(t, connection);
    ask_auth(t, p, gadget, connection);
    got_auth_ok(t, connection);
}

/* --- more devices --- */

static inline sotto_buf devices_put_frame(const struct person *p, const size_t *gadgets,
                                          size_t count)
{
    DEFER(buf_clear) sotto_buf list = list_of(p);
    DEFER(buf_clear) sotto_buf certificates = {0};
    sotto_buf frame = {0};
    struct wr w = wr_to(&certificates);
    for (size_t i = 0; i < count; i++)
        wr_opaque(&w, buf_view(&p->gadgets[gadgets[i]].certificate));
    assert_ok(wr_end(&w));
    const struct proto_devices_put put = {buf_view(&list), {buf_view(&certificates), count}};
    assert_ok(proto_devices_put_write(31, &put, &frame));
    return frame;
}

static inline void ask_devices_put(struct town *t, const struct person *p, uint64_t connection,
                                   const size_t *gadgets, size_t count)
{
    sotto_buf frame = devices_put_frame(p, gadgets, count);
    tell(t, connection, &frame);
}

/* A second device, listed and with a certificate. */
static inline void second_device(struct town *t, struct person *p)
{
    gadget_make(t, p, 1);
    list_next(t, p);
    list_set(t, p, 1, DEVICE_ACTIVE);
    list_sign(t, p);
}

/* --- the clock --- */

static inline void later(struct town *t, uint64_t ms)
{
    t->w.now_ms += ms;
}

#endif
