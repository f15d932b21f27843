/* A group of a few members that fuzz bytes lead: they talk, propose, commit, and one of them may say anything, rightly signed. What
 * was said by the rules is taken by all, who then agree; what is refused leaves a member as it was. */
#include "fuzz.h"

#include <sotto/mls.h>

#include "mls/group.h"
#include "mls/mls_message.h"

#define MEMBERS 6u /* the first three found the group */
#define ACTIONS 24u

struct member {
    sotto_mls m;
    char name[2];
    sotto_sign_key *key;
    sotto_mls_client client;
    sotto_buf package, private_part;
    sotto_group *group; /* NULL: not there, or not any more */
};

struct world {
    struct member members[MEMBERS];
    sotto_mls_settings settings;
    view input;
};

static sotto_crypto *crypto;

static sotto_err psk_find(void *context, const sotto_mls_psk_id *id, sotto_buf *ret_psk)
{
    (void)context;
    return id->type == SOTTO_MLS_PSK_EXTERNAL ? sotto_buf_set(ret_psk, id->id) : SOTTO_E_NOTFOUND;
}

static const sotto_mls_rules rules = {.psk = psk_find};

static bool is_in(const struct member *m)
{
    return m->group != NULL && sotto_group_is_active(m->group);
}

static void publish(struct member *m)
{
    const sotto_mls_key_package_options options = {0};
    HOLDS(sotto_mls_key_package_new(&m->m, &m->client, &options, &m->package, &m->private_part,
                                    NULL) == SOTTO_OK);
}

static void member_begin(struct member *m, uint8_t number)
{
    uint8_t seed[32] = {1, number};
    m->m = (sotto_mls){.crypto = crypto, .rules = &rules, .now_s = 1700000000};
    memcpy(m->m.seed, seed, sizeof m->m.seed);
    m->name[0] = (char)('a' + number);
    HOLDS(sotto_sign_key_new(crypto, 1, VIEW_OF(seed), &m->key) == SOTTO_OK);
    m->client = (sotto_mls_client){
        .suite = 1, .sign_key = m->key, .credential = {SOTTO_MLS_BASIC, view_of(m->name, 1)}};
    publish(m);
}

static void member_end(struct member *m)
{
    sotto_group_free(m->group);
    sotto_sign_key_free(m->key);
    sotto_buf_clear(&m->package);
    sotto_buf_clear(&m->private_part);
}

static void join(struct world *w, struct member *m, view welcome)
{
    const sotto_mls_join_options options = {.settings = w->settings};
    sotto_staged *staged = NULL;
    sotto_group_free(m->group);
    m->group = NULL;
    HOLDS(sotto_mls_join(&m->m, welcome, buf_view(&m->private_part), &options, &staged) ==
          SOTTO_OK);
    HOLDS(sotto_staged_merge(&m->m, &m->group, &staged) == SOTTO_OK);
    publish(m); /* a KeyPackage is used once */
}

/* What a refusal must not change, and what members agree on. */
struct mark {
    uint8_t bytes[512];
    size_t len, pending;
};

static struct mark mark_of(const struct member *m)
{
    struct mark mark = {0};
    sotto_mls_proposed proposed;
    view context = sotto_group_context(m->group);
    HOLDS(context.len <= sizeof mark.bytes);
    memcpy(mark.bytes, context.data, context.len);
    mark.len = context.len;
    while (sotto_group_pending(m->group, mark.pending, &proposed))
        mark.pending++;
    return mark;
}

static bool mark_equal(const struct mark *a, const struct mark *b)
{
    return a->pending == b->pending &&
           view_equal(view_of(a->bytes, a->len), view_of(b->bytes, b->len));
}

static void members_agree(const struct world *w)
{
    const struct member *first = NULL;
    for (size_t i = 0; i < MEMBERS; i++) {
        const struct member *m = &w->members[i];
        if (!is_in(m))
            continue;
        if (first == NULL)
            first = m;
        HOLDS(view_equal(sotto_group_context(first->group), sotto_group_context(m->group)));
        HOLDS(view_equal(sotto_group_epoch_authenticator(first->group),
                         sotto_group_epoch_authenticator(m->group)));
    }
}

/* All that are there and did not make it take it. */
static void deliver(struct world *w, const struct member *by, view message,
                    sotto_mls_event_kind kind)
{
    for (size_t i = 0; i < MEMBERS; i++) {
        struct member *m = &w->members[i];
        sotto_mls_event event = {0};
        if (m == by || !is_in(m))
            continue;
        HOLDS(sotto_group_receive(&m->m, m->group, message, &event) == SOTTO_OK);
        HOLDS(event.kind == kind);
        if (event.staged != NULL)
            HOLDS(sotto_staged_merge(&m->m, &m->group, &event.staged) == SOTTO_OK);
        sotto_mls_event_clear(&event);
    }
}

/* Something that may be anything: nobody goes along, and who refuses is as before. A proposal may be taken, by all. */
static void deliver_odd(struct world *w, view message)
{
    for (size_t i = 0; i < MEMBERS; i++) {
        struct member *m = &w->members[i];
        sotto_mls_event event = {0};
        if (!is_in(m))
            continue;
        struct mark before = mark_of(m), after;
        sotto_err err = sotto_group_receive(&m->m, m->group, message, &event);
        after = mark_of(m);
        HOLDS((err == SOTTO_OK && event.kind == SOTTO_MLS_EVENT_PROPOSAL) ||
              mark_equal(&before, &after));
        HOLDS(err == SOTTO_OK || event.kind == SOTTO_MLS_EVENT_NONE);
        sotto_mls_event_clear(&event);
    }
}

static struct member *member_pick(struct world *w)
{
    struct member *m = &w->members[fuzz_u8(&w->input) % MEMBERS];
    return is_in(m) ? m : NULL;
}

static sotto_mls_proposal proposal_pick(struct world *w)
{
    static const uint16_t types[] = {SOTTO_MLS_ADD,
                                     SOTTO_MLS_UPDATE,
                                     SOTTO_MLS_REMOVE,
                                     SOTTO_MLS_PSK,
                                     SOTTO_MLS_GROUP_CONTEXT_EXTENSIONS,
                                     SOTTO_MLS_SELF_REMOVE};
    uint8_t choice = fuzz_u8(&w->input);
    return (sotto_mls_proposal){
        .type = types[choice % COUNT_OF(types)],
        .key_package = buf_view(&w->members[choice / 8 % MEMBERS].package),
        .removed = choice / 8u % MEMBERS,
        .psk = {.type = SOTTO_MLS_PSK_EXTERNAL, .id = view_of(&"0123456789"[choice / 32], 1)}};
}

static void say(struct world *w)
{
    struct member *by = member_pick(w);
    sotto_buf message = {0};
    if (by == NULL)
        return;
    view text = fuzz_bytes(&w->input, fuzz_u8(&w->input) % 16);
    if (sotto_group_protect(&by->m, by->group, text, (view){0}, fuzz_u8(&w->input), &message) ==
        SOTTO_OK)
        deliver(w, by, buf_view(&message), SOTTO_MLS_EVENT_APPLICATION);
    sotto_buf_clear(&message);
}

static void propose(struct world *w)
{
    struct member *by = member_pick(w);
    sotto_buf message = {0};
    const sotto_mls_proposal proposal = proposal_pick(w);
    if (by != NULL &&
        sotto_group_propose(&by->m, by->group, &proposal, (view){0}, &message) == SOTTO_OK)
        deliver(w, by, buf_view(&message), SOTTO_MLS_EVENT_PROPOSAL);
    sotto_buf_clear(&message);
}

static void joiners_join(struct world *w, const sotto_staged *staged)
{
    const sotto_mls_change *change = sotto_staged_change(staged);
    for (size_t i = 0; i < change->proposal_count; i++) {
        const sotto_mls_proposed *p = &change->proposals[i];
        if (p->proposal.type == SOTTO_MLS_ADD)
            join(w, &w->members[p->after.credential.content.data[0] - 'a'],
                 sotto_staged_welcome(staged));
    }
}

static void bent(struct world *w, struct member *by, view commit);

static void commit(struct world *w, bool bend)
{
    struct member *by = member_pick(w);
    const sotto_mls_proposal proposals[] = {proposal_pick(w), proposal_pick(w)};
    uint8_t how = fuzz_u8(&w->input);
    const sotto_mls_commit_options options = {.proposals = proposals,
                                              .proposal_count = how % 3,
                                              .without_pending = (how & 4) != 0,
                                              .without_path = (how & 8) != 0};
    sotto_staged *staged = NULL;
    if (by == NULL || sotto_group_commit(&by->m, by->group, &options, &staged) != SOTTO_OK)
        return;
    if (bend) {
        bent(w, by, sotto_staged_commit(staged));
    } else {
        deliver(w, by, sotto_staged_commit(staged), SOTTO_MLS_EVENT_COMMIT);
        HOLDS(sotto_group_is_active(by->group));
        joiners_join(w, staged);
        HOLDS(sotto_staged_merge(&by->m, &by->group, &staged) == SOTTO_OK);
        members_agree(w);
    }
    sotto_staged_free(staged);
}

/* Others' proposals may still be committed to, but here all drop them at once. */
static void drop_pending(struct world *w)
{
    for (size_t i = 0; i < MEMBERS; i++)
        if (is_in(&w->members[i]))
            sotto_group_drop_pending(w->members[i].group);
}

/* Content by a member, as its key signs it, in the open. */
static void insider_says(struct world *w, struct member *by, struct framed_content *content,
                         view confirmation_tag)
{
    const struct message_protection p = epoch_protection(by->group->epoch);
    sotto_buf signature = {0}, message = {0};
    struct authenticated_content signed_content = {.wire_format = WIRE_PUBLIC_MESSAGE};
    HOLDS(framed_content_sign(crypto, &p, by->group->epoch->sign_key, WIRE_PUBLIC_MESSAGE, content,
                              &signature) == SOTTO_OK);
    signed_content.content = *content;
    signed_content.auth.signature = buf_view(&signature);
    signed_content.auth.confirmation_tag = confirmation_tag;
    if (public_message_protect(crypto, &p, &signed_content, &message) == SOTTO_OK)
        deliver_odd(w, buf_view(&message));
    drop_pending(w); /* to whom it came back from itself it is not pending */
    buf_clear(&signature);
    buf_clear(&message);
}

/* A commit of theirs with some bytes of its content changed, and signed again. */
static void bent(struct world *w, struct member *by, view commit_message)
{
    struct mls_message message;
    sotto_buf bytes = {0};
    if (mls_message_parse(commit_message, &message, NULL) != SOTTO_OK ||
        message.wire_format != WIRE_PUBLIC_MESSAGE)
        return;
    struct wr out = wr_to(&bytes);
    commit_write(&out, &message.public_message.content.commit);
    HOLDS(wr_end(&out) == SOTTO_OK);
    for (unsigned i = fuzz_u8(&w->input) % 4 + 1u; i > 0; i--) {
        size_t at = (size_t)(fuzz_u8(&w->input) << 8 | fuzz_u8(&w->input)) % bytes.len;
        bytes.data[at] ^= fuzz_u8(&w->input);
    }
    struct framed_content content = message.public_message.content;
    struct rd r = rd_of(buf_view(&bytes));
    commit_read(&r, &content.commit);
    if (rd_end(&r) == SOTTO_OK)
        insider_says(w, by, &content, message.public_message.auth.confirmation_tag);
    buf_clear(&bytes);
}

/* Anything that can be read, rightly signed. */
static void insider(struct world *w)
{
    static const uint8_t tag[32];
    struct member *by = member_pick(w);
    uint8_t kind = fuzz_u8(&w->input);
    view bytes = fuzz_bytes(&w->input, (size_t)fuzz_u8(&w->input) * 4);
    struct rd r = rd_of(bytes);
    if (by == NULL)
        return;
    struct framed_content content = {
        .group_id = sotto_group_id(by->group),
        .epoch = sotto_group_epoch(by->group) + (kind >> 1 & 1) - (kind >> 2 & 1),
        .sender = {SENDER_MEMBER, sotto_group_own_leaf(by->group), 0},
        .content_type = kind % 2 == 0 ? CONTENT_COMMIT : CONTENT_PROPOSAL};
    if (kind % 2 == 0)
        commit_read(&r, &content.commit);
    else
        proposal_read(&r, &content.proposal);
    if (rd_end(&r) == SOTTO_OK)
        insider_says(w, by, &content, VIEW_OF(tag));
}

/* Bytes of nobody. */
static void stranger(struct world *w)
{
    deliver_odd(w, fuzz_bytes(&w->input, fuzz_u8(&w->input)));
}

static void found(struct world *w)
{
    struct member *first = &w->members[0];
    sotto_staged *staged = NULL;
    const sotto_mls_proposal adds[] = {
        {.type = SOTTO_MLS_ADD, .key_package = buf_view(&w->members[1].package)},
        {.type = SOTTO_MLS_ADD, .key_package = buf_view(&w->members[2].package)}};
    const sotto_mls_commit_options options = {.proposals = adds, .proposal_count = 2};
    HOLDS(sotto_group_new(&first->m, &first->client, VIEW_LIT("g"), (view){0}, &w->settings,
                          &first->group) == SOTTO_OK);
    HOLDS(sotto_group_commit(&first->m, first->group, &options, &staged) == SOTTO_OK);
    joiners_join(w, staged);
    HOLDS(sotto_staged_merge(&first->m, &first->group, &staged) == SOTTO_OK);
    members_agree(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct world w = {.input = view_of(data, size)};
    if (crypto == NULL)
        HOLDS(sotto_crypto_new(&crypto) == SOTTO_OK);
    w.settings.public_handshakes = fuzz_u8(&w.input) % 2 == 0;
    for (uint8_t i = 0; i < MEMBERS; i++)
        member_begin(&w.members[i], i);
    found(&w);
    for (unsigned i = 0; i < ACTIONS && w.input.len > 0; i++) {
        switch (fuzz_u8(&w.input) % 8) {
        case 0:
            say(&w);
            break;
        case 1:
            propose(&w);
            break;
        case 2:
        case 3:
            commit(&w, false);
            break;
        case 4:
            commit(&w, true);
            break;
        case 5:
            insider(&w);
            break;
        case 6:
            stranger(&w);
            break;
        default:
            drop_pending(&w);
            break;
        }
        members_agree(&w);
    }
    for (size_t i = 0; i < MEMBERS; i++)
        member_end(&w.members[i]);
    return 0;
}
