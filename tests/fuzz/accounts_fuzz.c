/* A few people with real keys, driven by fuzz bytes, against the core and a store in memory that is cut off and fails at will. What must
 * hold after each commit:
 *   - counters and tables agree: accounts, devices, key packages, invites, mails
 *   - who is signed in is a device that has a row, of an account that is not disabled
 *   - no key package was handed out twice, whatever was undone in between
 *   - each frame sent is one that a client, or the admin's side, can read
 * What is not committed is undone by a crash or a rollback, and the core goes on. Signatures are the loop's to check (core_precheck), so
 * frames made once are good for every connection.
 * Input: steps of a byte for what, a byte for who, and what they need. */
#include "crypto/hash.h"
#include "crypto/record.h"
#include "drive.h"

#define HOST        "h.example"
#define PEOPLE      3
#define CONNECTIONS 6
#define ADMIN       CONNECTIONS
#define PACKAGES    4096

struct person {
    sotto_buf frames[12];
    size_t frame_count;
    uint8_t account_id[ACCOUNT_ID];
};

struct town {
    sotto_crypto *crypto;
    sotto_sign_key *root;
    sotto_buf root_certificate;
    struct person people[PEOPLE];
};

struct model {
    struct drive drive;
    uint32_t next_package;
    bool handed[PACKAGES];
    uint8_t link[IDENTITY_HASH]; /* what revokes the newest one that the admin made */
};

/* --- people, made once --- */

static sotto_sign_key *key_of(const struct town *t, const char *name, int n)
{
    char text[64];
    uint8_t seed[32];
    sotto_sign_key *key = NULL;
    snprintf(text, sizeof text, "%s %d", name, n);
    HOLDS(hash(t->crypto, HASH_SHA256, view_str(text), seed) == SOTTO_OK);
    HOLDS(sign_key_derive(t->crypto, SIGN_ED25519, VIEW_OF(seed), &key) == SOTTO_OK);
    return key;
}

struct maker {
    const struct town *town;
    struct person *person;
    sotto_sign_key *key;
    sotto_sign_key *devices[2];
    sotto_buf certificates[2];
    struct account_key account;
    struct device_list list;
};

static void keep(struct maker *m, sotto_err err, sotto_buf *frame)
{
    HOLDS(err == SOTTO_OK && m->person->frame_count < COUNT_OF(m->person->frames));
    m->person->frames[m->person->frame_count++] = *frame;
    *frame = (sotto_buf){0};
}

static void make_device(struct maker *m, int i, int n)
{
    struct x509 fields = {.kind = X509_DEVICE};
    struct listed_device *listed = &m->list.devices[i];
    m->devices[i] = key_of(m->town, i == 0 ? "first" : "second", n);
    memcpy(fields.public_key, sign_key_public(m->devices[i]).data, sizeof fields.public_key);
    memcpy(fields.account_id, m->account.account_id, sizeof fields.account_id);
    memset(fields.device_id, i + 1, sizeof fields.device_id);
    HOLDS(x509_issue(m->town->crypto, &fields, m->key, &m->certificates[i]) == SOTTO_OK);
    memset(listed->id, i + 1, sizeof listed->id);
    listed->state = DEVICE_ACTIVE;
    HOLDS(hash(m->town->crypto, HASH_SHA256, VIEW_OF(fields.public_key), listed->key_hash) ==
          SOTTO_OK);
}

static void make_list(struct maker *m, sotto_buf *out)
{
    HOLDS(device_list_sign(m->town->crypto, m->key, &m->list) == SOTTO_OK);
    HOLDS(device_list_write(&m->list, out) == SOTTO_OK);
}

static void next_list(struct maker *m)
{
    uint8_t before[IDENTITY_HASH];
    HOLDS(device_list_hash(m->town->crypto, &m->list, before) == SOTTO_OK);
    memcpy(m->list.previous_hash, before, sizeof before);
    m->list.number++;
}

static void make_auth(struct maker *m, int i)
{
    struct proto_auth auth = {0};
    sotto_buf frame = {0};
    memcpy(auth.account_id, m->account.account_id, sizeof auth.account_id);
    memset(auth.device_id, i + 1, sizeof auth.device_id);
    memcpy(auth.public_key, sign_key_public(m->devices[i]).data, sizeof auth.public_key);
    keep(m, proto_auth_write(1, &auth, &frame), &frame);
}

static void make_register(struct maker *m, const struct genesis *genesis, view request, uint8_t how)
{
    static const uint8_t token[32] = "the token of an invite";
    DEFER(buf_clear) sotto_buf record = {0};
    DEFER(buf_clear) sotto_buf list = {0};
    sotto_buf frame = {0};
    HOLDS(genesis_write(genesis, &record) == SOTTO_OK);
    make_list(m, &list);
    const struct proto_register reg = {
        .how = how,
        .secret = how == REGISTER_LINK ? VIEW_OF(token) : (view){0},
        .genesis = buf_view(&record),
        .request = request,
        .device_list = buf_view(&list),
        .certificate = buf_view(&m->certificates[0]),
    };
    keep(m, proto_register_write(2, &reg, &frame), &frame);
}

static void make_put(struct maker *m, bool with_certificate)
{
    DEFER(buf_clear) sotto_buf list = {0};
    DEFER(buf_clear) sotto_buf certificates = {0};
    sotto_buf frame = {0};
    struct wr w = wr_to(&certificates);
    if (with_certificate)
        wr_opaque(&w, buf_view(&m->certificates[1]));
    HOLDS(wr_end(&w) == SOTTO_OK);
    make_list(m, &list);
    const struct proto_devices_put put = {buf_view(&list),
                                          {buf_view(&certificates), with_certificate}};
    keep(m, proto_devices_put_write(3, &put, &frame), &frame);
}

static void make_remove(struct maker *m)
{
    static const uint8_t pin[X509_PIN], nonce[HELLO_NONCE]; /* of all connections here */
    DEFER(buf_clear) sotto_buf record = {0};
    struct proto_account_remove remove;
    sotto_buf frame = {0};
    HOLDS(proto_account_remove_signed(pin, m->account.account_id, nonce, &record) == SOTTO_OK);
    HOLDS(record_sign(m->town->crypto, m->key, buf_view(&record), remove.signature) == SOTTO_OK);
    keep(m, proto_account_remove_write(4, &remove, &frame), &frame);
}

static void make_person(const struct town *t, struct person *person, int n)
{
    static const char *const names[] = {"ann@" HOST, "bob@" HOST,
                                        "ann@" HOST}; /* two want one name */
    struct maker m = {.town = t, .person = person, .key = key_of(t, "account", n)};
    struct genesis genesis = {0};
    struct account_request request = {.name = view_str(names[n])};
    DEFER(buf_clear) sotto_buf bytes = {0};
    sotto_buf frame = {0};
    memcpy(genesis.account_key, sign_key_public(m.key).data, sizeof genesis.account_key);
    HOLDS(account_key_begin(t->crypto, &genesis, &m.account) == SOTTO_OK);
    memcpy(person->account_id, m.account.account_id, sizeof person->account_id);
    memcpy(request.account_id, m.account.account_id, sizeof request.account_id);
    HOLDS(account_request_sign(t->crypto, m.key, &request) == SOTTO_OK);
    HOLDS(account_request_write(&request, &bytes) == SOTTO_OK);
    memcpy(m.list.account_id, m.account.account_id, sizeof m.list.account_id);
    m.list.number = m.list.device_count = 1;
    m.list.expires_s = DEVICE_LIST_TTL_S;
    make_device(&m, 0, n);
    make_register(&m, &genesis, buf_view(&bytes), REGISTER_OPEN);
    make_register(&m, &genesis, buf_view(&bytes), REGISTER_LINK);
    make_auth(&m, 0);
    next_list(&m);
    make_device(&m, 1, n);
    m.list.device_count = 2;
    make_put(&m, true);
    make_auth(&m, 1);
    next_list(&m);
    m.list.devices[1].state = DEVICE_REVOKED;
    make_put(&m, false);
    make_remove(&m);
    keep(&m, proto_renew_write(5, buf_view(&bytes), &frame), &frame);
    sign_key_free(m.key);
    for (int i = 0; i < 2; i++) {
        sign_key_free(m.devices[i]);
        buf_clear(&m.certificates[i]);
    }
}

static const struct town *town_get(void)
{
    static struct town t;
    if (t.crypto != NULL)
        return &t;
    struct x509 root = {.kind = X509_ROOT, .not_after_s = X509_FOREVER_S};
    HOLDS(sotto_crypto_new(&t.crypto) == SOTTO_OK);
    t.root = key_of(&t, "root", 0);
    memcpy(root.public_key, sign_key_public(t.root).data, sizeof root.public_key);
    HOLDS(x509_issue(t.crypto, &root, t.root, &t.root_certificate) == SOTTO_OK);
    for (int n = 0; n < PEOPLE; n++)
        make_person(&t, &t.people[n], n);
    return &t;
}

/* --- what must hold --- */

static size_t rows_count(const struct model *m, enum store_table table)
{
    struct row_key at = {0};
    view key, value;
    size_t count = 0;
    while (store_next(m->drive.store, table, (view){0}, row_key_view(&at), &key, &value) ==
           SOTTO_OK) {
        memcpy(at.bytes, key.data, key.len);
        at.len = key.len;
        count++;
    }
    return count;
}

static void check_devices(const struct model *m)
{
    struct row_key at = {0};
    view key, value;
    uint64_t packages = 0, low = 0, low_account = 0; /* the last one that was counted */
    while (store_next(m->drive.store, STORE_DEVICE_BY_ID, (view){0}, row_key_view(&at), &key,
                      &value) == SOTTO_OK) {
        struct device_row row;
        struct rd r = rd_of(value);
        memcpy(at.bytes, key.data, key.len);
        at.len = key.len;
        const struct row_key number = row_key_u64(rd_u64(&r));
        HOLDS(store_get(m->drive.store, STORE_DEVICE, row_key_view(&number), &value) == SOTTO_OK);
        HOLDS(device_row_read(value, &row) == SOTTO_OK);
        packages += row.package_next - row.package_first;
        if (row.package_next - row.package_first >= PREKEYS_LOW || row.account == low_account)
            continue;
        low++;
        low_account = row.account;
    }
    HOLDS(packages == rows_count(m, STORE_KEY_PACKAGE));
    HOLDS(low == core_count(m->drive.core).prekeys_low);
}

static void check_sessions(const struct model *m)
{
    size_t cursor = 0, sessions = 0;
    const struct connection *c;
    while ((c = map_next(&m->drive.core->connections, &cursor)) != NULL) {
        if (c->device == NULL)
            continue;
        const struct row_key key = row_key_u64(c->device->number);
        view value;
        sessions++;
        HOLDS(c->device->session == c && !c->device->gone && !c->device->account->disabled);
        HOLDS(store_get(m->drive.store, STORE_DEVICE, row_key_view(&key), &value) == SOTTO_OK);
    }
    HOLDS(core_count(m->drive.core).sessions == sessions);
}

static void check(void *user)
{
    const struct model *m = user;
    const struct core_counts counts = core_count(m->drive.core);
    HOLDS(counts.accounts == rows_count(m, STORE_ACCOUNT));
    HOLDS(counts.accounts == rows_count(m, STORE_ACCOUNT_BY_ID));
    HOLDS(counts.accounts == rows_count(m, STORE_ACCOUNT_BY_NAME));
    HOLDS(counts.mails_waiting == rows_count(m, STORE_MAIL));
    HOLDS(rows_count(m, STORE_DEVICE) == rows_count(m, STORE_DEVICE_BY_ID));
    HOLDS(rows_count(m, STORE_INVITE) == rows_count(m, STORE_INVITED));
    check_devices(m);
    check_sessions(m);
}

/* --- what the core sent --- */

static void on_claimed(struct model *m, view body)
{
    struct proto_list packages;
    HOLDS(proto_claimed_read(body, &packages) == SOTTO_OK);
    struct rd r = rd_of(packages.bytes);
    while (rd_more(&r)) {
        struct proto_claimed_package package;
        proto_claimed_package_read(&r, &package);
        if (package.status != CLAIMED_PACKAGE)
            continue;
        struct rd p = rd_of(package.package);
        uint32_t number = rd_u32(&p);
        HOLDS(rd_end(&p) == SOTTO_OK && number < PACKAGES && !m->handed[number]);
        m->handed[number] = true;
    }
}

static void on_frame(void *user, size_t who, view bytes)
{
    struct model *m = user;
    struct proto_frame f;
    union {
        struct proto_error error;
        struct proto_auth_ok auth_ok;
        struct proto_registered registered;
        struct proto_found found;
        struct proto_key_packages packages;
        struct proto_list list;
        struct admin_invite_created created;
        struct admin_page page;
        struct admin_mail mail;
        view text;
    } u;
    (void)who;
    HOLDS(proto_frame_read(bytes, &f) == SOTTO_OK);
    switch ((int)f.kind) {
    case PROTO_ERROR:
        HOLDS(proto_error_read(f.body, &u.error) == SOTTO_OK);
        return;
    case PROTO_BYE:
        HOLDS(proto_bye_read(f.body, &u.error) == SOTTO_OK);
        return;
    case PROTO_AUTH_OK:
        HOLDS(proto_auth_ok_read(f.body, &u.auth_ok) == SOTTO_OK);
        return;
    case PROTO_REGISTERED:
        HOLDS(proto_registered_read(f.body, &u.registered) == SOTTO_OK);
        return;
    case PROTO_FOUND:
        HOLDS(proto_found_read(f.body, &u.found) == SOTTO_OK);
        return;
    case PROTO_KEY_PACKAGES:
        HOLDS(proto_key_packages_read(f.body, &u.packages) == SOTTO_OK);
        return;
    case PROTO_CLAIMED:
        on_claimed(m, f.body);
        return;
    case PROTO_INVITE_LIST:
        HOLDS(proto_invite_list_read(f.body, &u.list) == SOTTO_OK);
        return;
    case ADMIN_DONE:
        HOLDS(admin_done_read(f.body, &u.text) == SOTTO_OK);
        return;
    case ADMIN_INVITE_CREATED:
        HOLDS(admin_invite_created_read(f.body, &u.created) == SOTTO_OK);
        if (u.created.how == REGISTER_LINK) {
            HOLDS(u.created.key.len == sizeof m->link);
            memcpy(m->link, u.created.key.data, sizeof m->link);
        }
        return;
    case ADMIN_INVITES:
        HOLDS(admin_invites_read(f.body, &u.page) == SOTTO_OK);
        return;
    case ADMIN_USERS:
        HOLDS(admin_users_read(f.body, &u.page) == SOTTO_OK);
        return;
    case ADMIN_DEVICES:
        HOLDS(admin_devices_read(f.body, &u.page) == SOTTO_OK);
        return;
    case ADMIN_MAIL:
        HOLDS(admin_mail_read(f.body, &u.mail) == SOTTO_OK);
        return;
    default:
        return; /* of rooms and streams: their own targets look at them */
    }
}

/* --- what people do --- */

static void do_packages(struct model *m, size_t who, view *input)
{
    uint8_t shape = fuzz_u8(input);
    bool last = shape & 1;
    size_t count = last ? 1 : 1 + shape % 20;
    DEFER(buf_clear) sotto_buf packages = {0};
    DEFER(buf_clear) sotto_buf frame = {0};
    struct wr w = wr_to(&packages);
    for (size_t i = 0; i < count && m->next_package < PACKAGES; i++) {
        wr_u8(&w, 4);
        wr_u32(&w, m->next_package++);
    }
    HOLDS(wr_end(&w) == SOTTO_OK);
    const struct proto_key_packages_put put = {last, {buf_view(&packages), packages.len / 5}};
    if (proto_key_packages_put_write(6, &put, &frame) == SOTTO_OK)
        drive_say(&m->drive, who, buf_view(&frame));
}

static void do_claim(struct model *m, const struct town *t, size_t who, view *input)
{
    DEFER(buf_clear) sotto_buf frame = {0};
    struct proto_key_packages_claim claim = {.devices = {0}};
    memcpy(claim.account_id, t->people[fuzz_u8(input) % PEOPLE].account_id,
           sizeof claim.account_id);
    HOLDS(proto_key_packages_claim_write(7, &claim, &frame) == SOTTO_OK);
    drive_say(&m->drive, who, buf_view(&frame));
}

static void do_invite(struct model *m, size_t who, view *input)
{
    static const uint8_t token[32] = "the token of an invite";
    uint8_t shape = fuzz_u8(input);
    DEFER(buf_clear) sotto_buf frame = {0};
    struct proto_invite_create create = {.uses = 1 + shape % 3, .ttl_s = 60, .kind = 2};
    struct proto_invite_revoke revoke;
    HOLDS(hash(m->drive.core->crypto, HASH_SHA256, VIEW_OF(token), create.token_hash) == SOTTO_OK);
    create.token_hash[0] ^= shape & 4;
    memcpy(revoke.token_hash, create.token_hash, sizeof revoke.token_hash);
    HOLDS((shape & 8 ? proto_invite_revoke_write(8, &revoke, &frame)
                     : proto_invite_create_write(8, &create, &frame)) == SOTTO_OK);
    drive_say(&m->drive, who, buf_view(&frame));
}

static void do_lookup(struct model *m, const struct town *t, size_t who, view *input)
{
    DEFER(buf_clear) sotto_buf wanted = {0};
    DEFER(buf_clear) sotto_buf frame = {0};
    size_t count = 1 + fuzz_u8(input) % 60;
    struct wr w = wr_to(&wanted);
    for (size_t i = 0; i < count; i++)
        proto_wanted_write(
            &w, i % 2 == 0
                    ? &(struct proto_wanted){LOOKUP_NAME, VIEW_LIT("ann@" HOST)}
                    : &(struct proto_wanted){LOOKUP_ID, VIEW_OF(t->people[i % PEOPLE].account_id)});
    HOLDS(wr_end(&w) == SOTTO_OK);
    HOLDS(proto_lookup_write(9, &(struct proto_list){buf_view(&wanted), count}, &frame) ==
          SOTTO_OK);
    drive_say(&m->drive, who, buf_view(&frame));
}

static void do_mail(struct model *m, size_t who, view *input)
{
    DEFER(buf_clear) sotto_buf frame = {0};
    view mail = fuzz_u8(input) & 1 ? VIEW_LIT("ann@" HOST) : VIEW_LIT("zoe@" HOST);
    HOLDS(proto_password_request_write(10, mail, &frame) == SOTTO_OK);
    drive_say(&m->drive, who, buf_view(&frame));
}

static sotto_err admin_key_write(const struct model *m, uint8_t what, uint8_t who, bool revoke,
                                 sotto_buf *frame)
{
    static const char *const names[] = {"zoe@" HOST, "z@m", "ann@" HOST};
    const uint8_t mail[sizeof(uint64_t)] = {[7] = who & 3};
    struct admin_invite_key key = {what & 16 ? REGISTER_LINK : REGISTER_PASSWORD, {0}};
    if (!revoke && what & 32)
        key.how = ADMIN_MAILED;
    if (revoke || who & 4)
        key.key = key.how == REGISTER_LINK       ? VIEW_OF(m->link)
                  : key.how == REGISTER_PASSWORD ? view_str(names[who % COUNT_OF(names)])
                                                 : VIEW_OF(mail);
    return revoke ? admin_invite_revoke_write(11, &key, frame)
                  : admin_invite_list_write(11, &key, frame);
}

static void do_admin(struct model *m, const struct town *t, view *input)
{
    static const uint16_t user_kinds[] = {ADMIN_USER_DISABLE, ADMIN_USER_ENABLE, ADMIN_USER_DELETE,
                                          ADMIN_DEVICE_LIST, ADMIN_DEVICE_REVOKE};
    uint8_t what = fuzz_u8(input), who = fuzz_u8(input);
    DEFER(buf_clear) sotto_buf frame = {0};
    struct admin_user user = {.who = {LOOKUP_ID, VIEW_OF(t->people[who % PEOPLE].account_id)}};
    const struct admin_invite_create create = {.how = what & 16 ? REGISTER_LINK : REGISTER_PASSWORD,
                                               .uses = 1,
                                               .name = VIEW_LIT("zoe"),
                                               .mail = what & 48 ? (view){0} : VIEW_LIT("z@m")};
    const struct admin_mail_done done = {1 + who % 8, (uint8_t)(1 + what / 16 % 3)};
    sotto_err err;
    memset(user.device_id, 1 + (what >> 4 & 1), sizeof user.device_id);
    switch (what & 15) {
    case 0:
        err = admin_invite_create_write(11, &create, &frame);
        break;
    case 1:
        err = admin_key_write(m, what, who, false, &frame);
        break;
    case 2:
        err = admin_plain_write(11, ADMIN_MAIL_TAKE, &frame);
        break;
    case 3:
        err = admin_mail_done_write(11, &done, &frame);
        break;
    case 4:
        err = admin_user_list_write(11, who % 4, &frame);
        break;
    case 10:
        err = admin_key_write(m, what, who, true, &frame);
        break;
    default:
        err = admin_user_write(11, (enum admin_kind)user_kinds[(what & 15) % 5], &user, &frame);
    }
    HOLDS(err == SOTTO_OK);
    drive_say(&m->drive, ADMIN, buf_view(&frame));
}

static void do_open(struct model *m, size_t who, view *input)
{
    struct core_address from = {{10, 0, 0, 0, [15] = 4}};
    from.bytes[3] = fuzz_u8(input) & 3;
    drive_open(&m->drive, who, who == ADMIN ? CORE_OPEN_ADMIN : CORE_OPEN, from);
}

/* One of the frames that were made, as it is or with a byte changed. */
static void do_made(struct model *m, const struct town *t, size_t who, view *input)
{
    const struct person *person = &t->people[fuzz_u8(input) % PEOPLE];
    const sotto_buf *made = &person->frames[fuzz_u8(input) % person->frame_count];
    uint8_t change = fuzz_u8(input);
    DEFER(buf_clear) sotto_buf frame = {0};
    HOLDS(buf_append(&frame, buf_view(made)) == SOTTO_OK);
    if (change >= 192) {
        size_t at = (size_t)(fuzz_u8(input) << 8 | fuzz_u8(input)) % frame.len;
        frame.data[at] ^= change;
    }
    drive_say(&m->drive, who, buf_view(&frame));
}

static void do_wait(struct model *m, view *input)
{
    static const uint64_t steps_ms[] = {1000,    60000,    600000,
                                        3600000, 86400000, UINT64_C(8640000000)};
    drive_wait(&m->drive, steps_ms[fuzz_u8(input) % COUNT_OF(steps_ms)]);
}

static void do_undo(struct model *m, uint8_t how, view *input)
{
    switch (how & 3) {
    case 0:
        drive_roll_back(&m->drive);
        return;
    case 1:
        drive_crash(&m->drive);
        return;
    default: /* some calls later */
        drive_fail(&m->drive, fuzz_u8(input) % 32);
    }
}

static void do_something(struct model *m, const struct town *t, view *input)
{
    uint8_t what = fuzz_u8(input);
    size_t who = fuzz_u8(input) % (CONNECTIONS + 1);
    switch (what % 16) {
    case 0:
    case 1:
        do_open(m, who, input);
        return;
    case 2:
        drive_close(&m->drive, who);
        return;
    case 3:
        drive_commit(&m->drive);
        return;
    case 4:
        do_undo(m, what >> 4, input);
        return;
    case 5:
        do_packages(m, who, input);
        return;
    case 6:
        do_claim(m, t, who, input);
        return;
    case 7:
        do_invite(m, who, input);
        return;
    case 8:
        do_lookup(m, t, who, input);
        return;
    case 9:
        do_mail(m, who, input);
        return;
    case 10:
    case 11:
        do_admin(m, t, input);
        return;
    case 12:
        do_wait(m, input);
        return;
    default:
        do_made(m, t, who, input);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t seed[RNG_SEED] = "accounts_fuzz";
    static struct model m;
    const struct town *t = town_get();
    view input = view_of(data, size);
    uint8_t settings = fuzz_u8(&input);
    m = (struct model){.drive = {.rng = rng_from(seed),
                                 .now_ms = 1000000,
                                 .user = &m,
                                 .hear = on_frame,
                                 .check = check}};
    m.drive.config = (struct core_config){
        .limits = limits_default(),
        .host = VIEW_LIT(HOST),
        .authority = settings & 1 ? NULL : t->root,
        .authority_is_root = true,
        .chain = {buf_view(&t->root_certificate)},
        .chain_count = 1,
        .server_key = t->root,
        .registration_open = !(settings & 2),
        .members_invite = true,
        .mail_domains = {VIEW_LIT(HOST)},
        .mail_domain_count = 1,
    };
    struct limits *limits = &m.drive.config.limits;
    if (settings & 4)
        limits->devices = limits->sessions_per_account = 1;
    if (settings & 8)
        limits->registers = limits->logins = limits->claims = 0;
    drive_begin(&m.drive);
    while (input.len > 0)
        do_something(&m, t, &input);
    drive_end(&m.drive);
    return 0;
}
