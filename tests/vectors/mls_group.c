/* The formats of mlswg/mls-implementations about whole groups: Welcome, and Passive Client Scenarios, where a client joins by a
 * Welcome and follows the commits of others. */
#include <sotto/mls.h>

#include "mls/epoch.h"
#include "mls/key_package_make.h"
#include "mls/mls_message.h"
#include "mls/proposal_make.h"
#include "mls/step.h"
#include "mls/welcome_open.h"

#include "mls_suite.h"

/* A client with its KeyPackage, of which a file gives the private keys as they are. */
struct client {
    sotto_mls mls;
    sotto_mls_rules rules;
    struct vectors *v;
    const json_t *json;
    sotto_group *group;
};

static void client_clear(struct client *c)
{
    sotto_group_free(c->group);
}

static sotto_err psk_rule(void *context, const sotto_mls_psk_id *id, sotto_buf *ret_psk)
{
    const struct client *c = context;
    size_t index;
    const json_t *row;
    json_array_foreach(json_object_get(c->json, "external_psks"), index, row)
    {
        if (id->type == SOTTO_MLS_PSK_EXTERNAL &&
            view_equal(field_hex(c->v, row, "psk_id"), id->id))
            return buf_set(ret_psk, field_hex(c->v, row, "psk"));
    }
    return SOTTO_E_NOTFOUND;
}

/* now_s is 0: the lifetimes of some files are over. */
static void client_init(struct vectors *v, const json_t *json, struct client *ret_client)
{
    *ret_client = (struct client){.mls = {.crypto = v->crypto, .seed = {1}}, .v = v, .json = json};
    ret_client->rules = (sotto_mls_rules){.context = ret_client, .psk = psk_rule};
    ret_client->mls.rules = &ret_client->rules;
}

/* The outcome of a call, with the check that failed. */
static enum verdict called(struct client *c, sotto_err err)
{
    sotto_mls_check check;
    if (err == SOTTO_OK)
        return ACCEPTED;
    if (c->mls.check == 0 || sotto_mls_check_at(c->mls.check, &check) != SOTTO_OK)
        return outcome(c->v, err);
    return wrong(c->v, "%s at %u: %s", check.name, (unsigned)c->mls.check_where,
                 sotto_err_text(err));
}

/* A message, parsed and written again. */
static enum verdict message_again(struct vectors *v, view bytes)
{
    DEFER(buf_clear) sotto_buf out = {0};
    struct mls_message message;
    CHECK(outcome(v, mls_message_parse(bytes, &message, NULL)));
    struct wr w = wr_to(&out);
    mls_message_write(&w, &message);
    CHECK(outcome(v, wr_end(&w)));
    return same(v, "a message that was written again", buf_view(&out), bytes);
}

/* ---- Welcome ---- */

static enum verdict key_of(struct vectors *v, const struct mls_suite *suite, const json_t *json,
                           const char *field, view public_key, struct kem_key **ret_key)
{
    DEFER(secret_clear) struct secret private_key = field_secret(v, json, field);
    CHECK(outcome(v, kem_key_import(v->crypto, suite->hpke.kem, &private_key, ret_key)));
    return same(v, field, kem_key_public(*ret_key), public_key);
}

static enum verdict package_of(struct vectors *v, const json_t *json,
                               struct key_package_private *own)
{
    CHECK(outcome(v, key_package_parse(field_hex(v, json, "key_package"), &own->package, NULL)));
    return outcome(v, buf_set(&own->encoded, own->package.encoded));
}

static enum verdict tag_check(struct vectors *v, const struct mls_suite *suite,
                              const struct welcome_opened *opened)
{
    DEFER(epoch_secrets_clear) struct epoch_secrets secrets = {0};
    const struct group_info *info = &opened->info;
    CHECK(outcome(
        v, key_schedule_epoch(v->crypto, suite, &opened->member, info->encoded_context, &secrets)));
    return outcome(v, confirmation_tag_check(v->crypto, suite, &secrets.confirmation_key,
                                             info->group_context.confirmed_transcript_hash,
                                             info->confirmation_tag));
}

static enum verdict welcome_case(struct vectors *v, const struct mls_suite *suite,
                                 const json_t *json)
{
    DEFER(key_package_private_clear) struct key_package_private own = {.suite = suite};
    DEFER(welcome_opened_clear) struct welcome_opened opened = {0};
    struct client client;
    struct mls_message message;
    client_init(v, json, &client);
    struct step step = step_plain(&client.mls);
    CHECK(package_of(v, json, &own));
    CHECK(key_of(v, suite, json, "init_priv", own.package.init_key, &own.init_key));
    CHECK(outcome(v, mls_message_parse(field_hex(v, json, "welcome"), &message, NULL)));
    if (message.wire_format != WIRE_WELCOME)
        return wrong(v, "no Welcome");
    CHECK(message_again(v, field_hex(v, json, "welcome")));
    CHECK(outcome(v, welcome_open(&step, &own, &message.welcome, NULL, &opened)));
    CHECK(outcome(v, verify_with_label(v->crypto, suite, field_hex(v, json, "signer_pub"),
                                       VIEW_LIT("GroupInfoTBS"), opened.info.encoded_unsigned,
                                       opened.info.signature)));
    return tag_check(v, suite, &opened);
}

bool mls_welcome_fits(const json_t *root)
{
    const json_t *first = json_array_get(root, 0);
    return field_has(first, "welcome") && field_has(first, "signer_pub");
}

void mls_welcome_run(struct vectors *v, const json_t *root)
{
    suite_cases(v, root, welcome_case);
}

/* ---- Passive Client Scenarios ---- */

static enum verdict private_part_of(struct vectors *v, const struct mls_suite *suite,
                                    const json_t *json, sotto_buf *ret_private)
{
    DEFER(key_package_private_clear) struct key_package_private own = {.suite = suite};
    const struct leaf_node *leaf = &own.package.leaf_node;
    CHECK(package_of(v, json, &own));
    CHECK(key_of(v, suite, json, "init_priv", own.package.init_key, &own.init_key));
    CHECK(key_of(v, suite, json, "encryption_priv", leaf->encryption_key, &own.leaf_key));
    CHECK(sign_key_of(v, suite->sign, json, "signature_priv", &own.sign_key));
    CHECK(same(v, "signature_priv", sign_key_public(own.sign_key), leaf->signature_key));
    struct wr w = wr_to(ret_private);
    key_package_private_write(&w, own.init_key, own.leaf_key, own.sign_key, buf_view(&own.encoded));
    return outcome(v, wr_end(&w));
}

/* The state must give the same tree as the file, byte for byte. */
static enum verdict tree_again(struct client *c, view expected)
{
    DEFER(buf_clear) sotto_buf tree = {0};
    CHECK(called(c, sotto_group_tree(c->group, &tree)));
    return same(c->v, "the tree", buf_view(&tree), expected);
}

static enum verdict join_case(struct client *c, const struct mls_suite *suite)
{
    DEFER(buf_clear) sotto_buf private_part = {0};
    sotto_mls_join_options options = {0};
    sotto_staged *staged = NULL;
    if (json_is_string(json_object_get(c->json, "ratchet_tree")))
        options.tree = field_hex(c->v, c->json, "ratchet_tree");
    CHECK(private_part_of(c->v, suite, c->json, &private_part));
    CHECK(message_again(c->v, field_hex(c->v, c->json, "key_package")));
    CHECK(message_again(c->v, field_hex(c->v, c->json, "welcome")));
    CHECK(called(c, sotto_mls_join(&c->mls, field_hex(c->v, c->json, "welcome"),
                                   buf_view(&private_part), &options, &staged)));
    CHECK(called(c, sotto_staged_merge(&c->mls, &c->group, &staged)));
    if (options.tree.len > 0)
        CHECK(tree_again(c, options.tree));
    return same(c->v, "initial_epoch_authenticator", sotto_group_epoch_authenticator(c->group),
                field_hex(c->v, c->json, "initial_epoch_authenticator"));
}

static enum verdict receive(struct client *c, view message, sotto_mls_event_kind expected,
                            sotto_staged **ret_staged)
{
    sotto_mls_event event = {0};
    CHECK(message_again(c->v, message));
    CHECK(called(c, sotto_group_receive(&c->mls, c->group, message, &event)));
    sotto_mls_event_kind kind = event.kind;
    if (ret_staged != NULL)
        *ret_staged = MOVE(event.staged);
    sotto_mls_event_clear(&event);
    return kind == expected ? ACCEPTED : wrong(c->v, "a message of another kind");
}

static enum verdict epoch_case(struct client *c, const json_t *epoch)
{
    size_t index;
    const json_t *proposal;
    sotto_staged *staged = NULL;
    json_array_foreach(json_object_get(epoch, "proposals"), index, proposal)
    {
        view message;
        if (!hex_bytes(c->v, proposal, &message))
            return wrong(c->v, "a proposal is no hexadecimal string");
        CHECK(receive(c, message, SOTTO_MLS_EVENT_PROPOSAL, NULL));
    }
    CHECK(receive(c, field_hex(c->v, epoch, "commit"), SOTTO_MLS_EVENT_COMMIT, &staged));
    CHECK(called(c, sotto_staged_merge(&c->mls, &c->group, &staged)));
    return same(c->v, "epoch_authenticator", sotto_group_epoch_authenticator(c->group),
                field_hex(c->v, epoch, "epoch_authenticator"));
}

/* The join counts as a case, and so does each epoch, whether or not it was reached. */
static void passive_case(struct vectors *v, const struct mls_suite *suite, const json_t *json,
                         size_t number)
{
    DEFER(client_clear) struct client client;
    client_init(v, json, &client);
    enum verdict verdict = join_case(&client, suite);
    count(v, verdict, "case %zu (suite %u): join", number, (unsigned)suite->id);
    size_t index;
    const json_t *epoch;
    json_array_foreach(json_object_get(json, "epochs"), index, epoch)
    {
        verdict = verdict == ACCEPTED ? epoch_case(&client, epoch) : wrong(v, "was not reached");
        count(v, verdict, "case %zu (suite %u): epoch %zu", number, (unsigned)suite->id, index);
    }
}

bool mls_passive_fits(const json_t *root)
{
    const json_t *first = json_array_get(root, 0);
    return field_has(first, "welcome") && field_has(first, "initial_epoch_authenticator");
}

void mls_passive_run(struct vectors *v, const json_t *root)
{
    for (size_t i = 0; i < json_array_size(root); i++) {
        const json_t *json = json_array_get(root, i);
        const struct mls_suite *suite = suite_of(v, json);
        if (suite != NULL)
            passive_case(v, suite, json, i);
        else
            count_left_out(v, 1 + json_array_size(json_object_get(json, "epochs")),
                           "cipher suite is not ours");
    }
}
