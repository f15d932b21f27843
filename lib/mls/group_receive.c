#include "base/ct.h"
#include "mls/commit_process.h"
#include "mls/describe.h"
#include "mls/mls_message.h"
#include "mls/safe_aad.h"

/* What comes. A message is opened with the keys of its epoch, judged, and taken into use; its key is used up only then, with a
 * commit only when that is merged. */

/* A message on its way in. */
struct receiving {
    struct step *s;
    sotto_group *group;
    view given;
    sotto_buf bytes; /* a copy of a handshake message: what it says stays */
    sotto_buf plain;
    struct mls_message message;
    struct past_members past; /* of the epoch that the message is of, if that is over */
    struct message_protection protection;
    view extensions; /* of the GroupContext of that epoch */
    struct authenticated_content content;
    struct message_key key; /* of a PrivateMessage */
    struct pending_proposal *pending;
};

static void receiving_clear(struct receiving *r)
{
    buf_clear(&r->bytes);
    buf_clear(&r->plain);
    message_key_clear(&r->key);
    pending_proposal_free(r->pending);
}

void sotto_mls_event_clear(sotto_mls_event *event)
{
    buf_clear(&event->data);
    sotto_staged_free(event->staged);
    *event = (sotto_mls_event){0};
}

static sotto_err envelope_parse(view message, sotto_mls_envelope *ret_envelope,
                                struct fault *ret_fault)
{
    struct rd r = rd_of(message);
    sotto_mls_envelope envelope = {0};
    codec_check(&r, CHECK_FORM_VERSION, rd_u16(&r) == PROTOCOL_MLS10);
    uint16_t wire_format = rd_u16(&r);
    codec_check(&r, CHECK_FORM_WIRE_FORMAT,
                wire_format >= WIRE_PUBLIC_MESSAGE && wire_format <= WIRE_KEY_PACKAGE);
    if (rd_ok(&r) && wire_format != WIRE_PUBLIC_MESSAGE && wire_format != WIRE_PRIVATE_MESSAGE)
        return SOTTO_E_UNEXPECTED;
    envelope.is_private = wire_format == WIRE_PRIVATE_MESSAGE;
    envelope.group_id = rd_opaque(&r, MLS_GROUP_ID_MAX);
    envelope.epoch = rd_u64(&r);
    if (!envelope.is_private) {
        struct sender sender;
        sender_read(&r, &sender);
        (void)rd_opaque(&r, MLS_AAD_MAX);
    }
    envelope.content_type = codec_enum(&r, CONTENT_COMMIT, CHECK_FORM_CONTENT_TYPE);
    (void)rd_rest(&r);
    TRY(codec_end(&r, ret_fault));
    *ret_envelope = envelope;
    return SOTTO_OK;
}

sotto_err sotto_mls_envelope_read(view message, sotto_mls_envelope *ret_envelope)
{
    return envelope_parse(message, ret_envelope, NULL);
}

static bool is_application(const sotto_mls_envelope *envelope)
{
    return envelope->content_type == CONTENT_APPLICATION;
}

static sotto_err present_epoch(struct receiving *r)
{
    const struct epoch *e = r->group->epoch;
    TRY(group_check_active(r->group, &r->s->fault));
    r->protection = epoch_protection(e);
    r->extensions = e->context.extensions;
    return SOTTO_OK;
}

/* NOT_NOW would be no answer: the message will not get any younger. */
static sotto_err too_late(struct receiving *r)
{
    sotto_err err = check_that(CHECK_MESSAGE_EPOCH, false, 0, &r->s->fault);
    return err == SOTTO_E_NOT_NOW ? SOTTO_E_EXPIRED : err;
}

static bool is_too_old(const struct receiving *r, const struct past_epoch *p)
{
    uint64_t age_s = group_past_age_s(r->group);
    return r->s->now_s > age_s && p->ended_s < r->s->now_s - age_s;
}

static sotto_err past_epoch(struct receiving *r, uint64_t number)
{
    const sotto_group *g = r->group;
    struct group_context context;
    size_t place = past_epochs_find(&g->past, number);
    if (place == PAST_EPOCHS_MAX || is_too_old(r, g->past.items[place]))
        return too_late(r);
    r->past = (struct past_members){&g->past, place, g->epoch->tree};
    TRY(past_epoch_protection(&r->past, &context, &r->protection));
    r->extensions = context.extensions;
    return SOTTO_OK;
}

/* Which epoch's keys open it. */
static sotto_err epoch_find(struct receiving *r, const sotto_mls_envelope *envelope)
{
    const sotto_group *g = r->group;
    uint64_t present = g->epoch->context.epoch;
    bool past = envelope->epoch < present || (g->removed && envelope->epoch == present);
    TRY(check_that(CHECK_MESSAGE_GROUP, view_equal(envelope->group_id, g->epoch->context.group_id),
                   0, &r->s->fault));
    if (past)
        return past_epoch(r, envelope->epoch);
    TRY(present_epoch(r));
    return check_that(CHECK_MESSAGE_EPOCH, envelope->epoch == present, 0, &r->s->fault);
}

static sotto_err message_read(struct receiving *r, const sotto_mls_envelope *envelope)
{
    if (is_application(envelope))
        return mls_message_parse(r->given, &r->message, &r->s->fault);
    TRY(buf_set(&r->bytes, r->given));
    return mls_message_parse(buf_view(&r->bytes), &r->message, &r->s->fault);
}

/* What stands in our copy, in the message as it was given. */
static view as_given(const struct receiving *r, view part)
{
    if (r->bytes.len == 0 || part.len == 0)
        return part;
    return view_of(r->given.data + (part.data - r->bytes.data), part.len);
}

static sotto_err message_open(struct receiving *r)
{
    struct step *s = r->s;
    if (r->message.wire_format == WIRE_PRIVATE_MESSAGE)
        return private_message_open(s->c, &r->protection, &r->message.private_message, &r->plain,
                                    &r->content, &r->key, &s->fault);
    return public_message_unprotect(s->c, &r->protection, &r->message.public_message, &r->content,
                                    &s->fault);
}

static void event_of(const struct receiving *r, sotto_mls_event *event)
{
    const struct framed_content *content = &r->content.content;
    const struct sender *sender = &content->sender;
    event->epoch = content->epoch;
    event->sender_type = (sotto_mls_sender_type)sender->sender_type;
    event->sender = sender->sender_type == SENDER_MEMBER     ? sender->leaf_index
                    : sender->sender_type == SENDER_EXTERNAL ? sender->sender_index
                                                             : UINT32_MAX;
    event->authenticated_data = as_given(r, content->authenticated_data);
}

static sotto_err own_event(const struct receiving *r, sotto_mls_event *event)
{
    event->kind = SOTTO_MLS_EVENT_OWN;
    event->epoch = r->protection.epoch;
    event->sender_type = SOTTO_MLS_MEMBER;
    event->sender = *r->protection.own_leaf;
    event->authenticated_data =
        as_given(r, r->message.wire_format == WIRE_PRIVATE_MESSAGE
                        ? r->message.private_message.authenticated_data
                        : r->message.public_message.content.authenticated_data);
    return r->protection.signature_key(r->protection.members, event->sender, &event->sender_key);
}

static bool is_own(const struct receiving *r)
{
    const struct sender *sender = &r->content.content.sender;
    return sender->sender_type == SENDER_MEMBER && sender->leaf_index == *r->protection.own_leaf;
}

/* The data moves to the front of what was opened: no second buffer. */
static void data_take(struct receiving *r, sotto_buf *ret_data)
{
    view data = r->content.content.application_data;
    sotto_buf *plain = &r->plain;
    size_t len = data.len;
    if (len > 0)
        memmove(plain->data, data.data, len);
    ct_wipe(plain->data + len, plain->len - len);
    plain->len = len;
    *ret_data = *plain;
    *plain = (sotto_buf){0};
}

static sotto_err take_application(struct receiving *r, sotto_mls_event *event)
{
    TRY(r->protection.signature_key(r->protection.members, event->sender, &event->sender_key));
    TRY(secret_tree_consume(r->protection.secret_tree, &r->key));
    event->kind = SOTTO_MLS_EVENT_APPLICATION;
    data_take(r, &event->data);
    return SOTTO_OK;
}

static sotto_err key_consume(struct receiving *r)
{
    if (r->content.wire_format != WIRE_PRIVATE_MESSAGE)
        return SOTTO_OK;
    return secret_tree_consume(r->protection.secret_tree, &r->key);
}

static sotto_err take_proposal(struct receiving *r, sotto_mls_event *event)
{
    struct step *s = r->s;
    sotto_group *g = r->group;
    bool open = r->content.wire_format == WIRE_PUBLIC_MESSAGE;
    TRY(check_that(CHECK_SELF_REMOVE_PUBLIC,
                   open || r->content.content.proposal.proposal_type != PROPOSAL_SELF_REMOVE, 0,
                   &s->fault));
    TRY(pending_proposal_new(s->c, g->suite, &r->content, &r->pending));
    const struct pending_proposal *pending = r->pending;
    const struct proposed proposed = proposed_of(pending);
    TRY(sender_signature_key(&r->protection, &pending->content.content, &event->sender_key,
                             &s->fault));
    TRY(proposal_check(s, g->epoch, g->settings.lifetime_max_s, &proposed));
    r->pending->verified = true;
    TRY(pending_add(&g->pending, g->suite, &r->pending));
    sotto_err err = key_consume(r);
    if (err != SOTTO_OK) {
        pending_drop_last(&g->pending);
        return err;
    }
    event->kind = SOTTO_MLS_EVENT_PROPOSAL;
    event->proposed = describe_proposed(&proposed, g->suite, g->epoch->tree, NULL);
    return SOTTO_OK;
}

static sotto_err take_commit(struct receiving *r, sotto_mls_event *event)
{
    sotto_staged *staged = NULL;
    TRY(commit_process(r->s, r->group, &r->content, &staged));
    staged->consumes = r->content.wire_format == WIRE_PRIVATE_MESSAGE;
    staged->key_leaf = r->key.leaf_index;
    staged->key_generation = r->key.generation;
    staged->received = r->bytes;
    staged->plain = r->plain;
    r->bytes = (sotto_buf){0};
    r->plain = (sotto_buf){0};
    event->kind = SOTTO_MLS_EVENT_COMMIT;
    event->sender_key = staged->change.committer_before.index != UINT32_MAX
                            ? staged->change.committer_before.signature_key
                            : staged->change.committer_after.signature_key;
    event->staged = staged;
    return SOTTO_OK;
}

static sotto_err take(struct receiving *r, sotto_mls_event *event)
{
    event_of(r, event);
    if (is_own(r))
        return own_event(r, event);
    TRY(safe_aad_check(r->extensions, r->content.content.authenticated_data, &r->s->fault));
    switch (r->content.content.content_type) {
    case CONTENT_APPLICATION:
        return take_application(r, event);
    case CONTENT_PROPOSAL:
        return take_proposal(r, event);
    case CONTENT_COMMIT:
        return take_commit(r, event);
    }
    return SOTTO_E_VALUE;
}

/* Proposals and commits are of the present epoch; of those before we know our own. */
static sotto_err past_handshake(struct receiving *r, sotto_mls_event *event)
{
    if (r->message.wire_format == WIRE_PRIVATE_MESSAGE &&
        private_message_is_own(r->s->c, &r->protection, &r->message.private_message))
        return own_event(r, event);
    return too_late(r);
}

static sotto_err receive(struct step *s, sotto_group *g, view bytes, sotto_mls_event *ret_event)
{
    DEFER(receiving_clear) struct receiving r = {.s = s, .group = g, .given = bytes};
    sotto_mls_event event = {0};
    sotto_mls_envelope envelope = {0};
    TRY(envelope_parse(bytes, &envelope, &s->fault));
    TRY(epoch_find(&r, &envelope));
    TRY(message_read(&r, &envelope));
    if (r.past.past != NULL && !is_application(&envelope)) {
        TRY(past_handshake(&r, &event));
    } else {
        sotto_err err = message_open(&r);
        if (err != SOTTO_OK && err != SOTTO_E_REFLECTED)
            return err;
        TRY(err == SOTTO_OK ? take(&r, &event) : own_event(&r, &event));
    }
    group_expire(g, s->now_s);
    *ret_event = event;
    return SOTTO_OK;
}

sotto_err sotto_group_receive(sotto_mls *m, sotto_group *g, view message,
                              sotto_mls_event *ret_event)
{
    struct step s = step_plain(m);
    return step_end(m, &s, receive(&s, g, message, ret_event));
}
