#include "thing.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

/* What every leaf lists; the private-use types are those that a walk puts into GroupContexts. */
static const uint16_t EXTENSIONS[] = {SOTTO_MLS_APP_DATA_DICTIONARY, 0xF100, 0xF101};
static const uint16_t PROPOSALS[] = {SOTTO_MLS_APP_DATA_UPDATE, SOTTO_MLS_APP_EPHEMERAL,
                                     SOTTO_MLS_SELF_REMOVE};
static const uint16_t CREDENTIALS[] = {SOTTO_MLS_BASIC, SOTTO_MLS_X509};

void stored_free(struct stored **list)
{
    while (*list != NULL) {
        struct stored *first = *list;
        *list = first->next;
        sotto_buf_clear(&first->name);
        sotto_buf_clear(&first->value);
        free(first);
    }
}

const struct stored *stored_find(const struct stored *list, sotto_view name)
{
    while (list != NULL && !same(sotto_buf_view(&list->name), name))
        list = list->next;
    return list;
}

sotto_err stored_add(struct stored **list, sotto_view name, sotto_view value)
{
    struct stored *one = calloc(1, sizeof *one);
    if (one == NULL)
        return SOTTO_E_NOMEM;
    one->next = *list;
    *list = one;
    TRY(sotto_buf_set(&one->name, name));
    return sotto_buf_set(&one->value, value);
}

void stored_remove(struct stored **list, sotto_view name)
{
    while (*list != NULL && !same(sotto_buf_view(&(*list)->name), name))
        list = &(*list)->next;
    if (*list == NULL)
        return;
    struct stored *found = *list;
    *list = found->next;
    found->next = NULL;
    stored_free(&found);
}

static void thing_free(struct thing *t)
{
    if (t == NULL)
        return;
    sotto_sign_key_free(t->key);
    sotto_buf_clear(&t->identity);
    stored_free(&t->psks);
    stored_free(&t->read);
    stored_free(&t->parts);
    sotto_staged_free(t->pending);
    sotto_group_free(t->group);
    sotto_buf_clear(&t->key_package);
    sotto_buf_clear(&t->private_part);
    free(t);
}

void thing_freep(struct thing **t)
{
    thing_free(*t);
}

sotto_err thing_keep(struct harness *h, struct thing **t, uint64_t *ret_number)
{
    struct thing **more = realloc(h->things, (h->thing_count + 1) * sizeof(struct thing *));
    if (more == NULL)
        return SOTTO_E_NOMEM;
    h->things = more;
    h->things[h->thing_count++] = *t;
    *t = NULL;
    *ret_number = h->thing_count;
    return SOTTO_OK;
}

struct thing *thing_at(const struct harness *h, uint64_t number)
{
    return number >= 1 && number <= h->thing_count ? h->things[number - 1] : NULL;
}

sotto_err thing_get(const struct harness *h, struct call *c, enum kind kind, const char *name,
                    struct thing **ret_thing)
{
    uint64_t number;
    TRY(call_number(c, c->request, name, UINT32_MAX, &number));
    struct thing *t = thing_at(h, number);
    if (t == NULL || t->kind != kind)
        return call_fail(c, "%s: no such thing", name);
    t->touched = kind == GROUP;
    *ret_thing = t;
    return SOTTO_OK;
}

void thing_drop(struct harness *h, const struct thing *t)
{
    for (size_t i = 0; i < h->thing_count; i++)
        if (h->things[i] == t) {
            thing_free(h->things[i]);
            h->things[i] = NULL;
            return;
        }
}

static sotto_err find_psk(void *context, const sotto_mls_psk_id *id, sotto_buf *ret_psk)
{
    const struct thing *t = context;
    const struct stored *psk =
        id->type == SOTTO_MLS_PSK_EXTERNAL ? stored_find(t->psks, id->id) : NULL;
    return psk != NULL ? sotto_buf_set(ret_psk, sotto_buf_view(&psk->value)) : SOTTO_E_NOTFOUND;
}

sotto_mls with(const struct harness *h, struct thing *t, sotto_mls_rules *rules)
{
    *rules = (sotto_mls_rules){.context = t, .psk = t != NULL ? find_psk : NULL};
    sotto_mls m = {.crypto = h->crypto, .rules = rules, .now_s = (uint64_t)time(NULL)};
    if (getrandom(m.seed, sizeof m.seed, 0) != sizeof m.seed)
        abort();
    return m;
}

sotto_err told(struct call *c, const sotto_mls *m, const char *what, sotto_err err)
{
    sotto_mls_check check;
    if (err == SOTTO_OK)
        return SOTTO_OK;
    if (m->check != 0 && sotto_mls_check_at(m->check, &check) == SOTTO_OK)
        call_fail(c, "%s: %s, check %u at %u: %s (RFC 9420 %s)", what, sotto_err_text(err),
                  m->check, m->check_where, check.sentence, check.section);
    else
        call_fail(c, "%s: %s: %s", what, sotto_err_name(err), sotto_err_text(err));
    return err;
}

sotto_mls_client client_of(const struct thing *t)
{
    return (sotto_mls_client){
        .suite = t->suite,
        .sign_key = t->key,
        .credential = {.type = SOTTO_MLS_BASIC, .content = sotto_buf_view(&t->identity)},
        .capabilities = {.extensions = EXTENSIONS,
                         .extension_count = COUNT_OF(EXTENSIONS),
                         .proposals = PROPOSALS,
                         .proposal_count = COUNT_OF(PROPOSALS),
                         .credentials = CREDENTIALS,
                         .credential_count = COUNT_OF(CREDENTIALS)}};
}

sotto_mls_settings settings_of(const struct call *c)
{
    return (sotto_mls_settings){.public_handshakes = !call_flag(c->request, "encrypt_handshake")};
}

sotto_err thing_new(const struct harness *h, enum kind kind, uint64_t suite, sotto_view identity,
                    struct thing **ret_thing)
{
    uint8_t seed[128];
    size_t size = sotto_sign_seed_size((uint16_t)suite);
    if (size == 0 || size > sizeof seed)
        return SOTTO_E_UNSUPPORTED;
    if (getrandom(seed, size, 0) != (ssize_t)size)
        abort();
    struct thing *t = calloc(1, sizeof *t);
    if (t == NULL)
        return SOTTO_E_NOMEM;
    *t = (struct thing){.kind = kind, .suite = (uint16_t)suite};
    sotto_err err = sotto_buf_set(&t->identity, identity);
    if (err == SOTTO_OK)
        err = sotto_sign_key_new(h->crypto, t->suite, (sotto_view){seed, size}, &t->key);
    if (err != SOTTO_OK) {
        thing_free(t);
        return err;
    }
    *ret_thing = t;
    return SOTTO_OK;
}

sotto_err package_new(const struct harness *h, struct call *c, enum kind kind, uint64_t suite,
                      sotto_view identity, struct thing **ret_thing)
{
    DEFER(thing_freep) struct thing *t = NULL;
    sotto_mls_rules rules;
    sotto_mls m = with(h, NULL, &rules);
    TRY(thing_new(h, kind, suite, identity, &t));
    sotto_mls_client client = client_of(t);
    TRY(told(
        c, &m, "KeyPackage",
        sotto_mls_key_package_new(&m, &client, NULL, &t->key_package, &t->private_part, NULL)));
    *ret_thing = t;
    t = NULL;
    return SOTTO_OK;
}

void give_private_keys(struct call *c, const struct thing *t)
{
    DEFER(sotto_buf_clear) sotto_buf key = {0};
    if (sotto_sign_key_export(t->key, &key) == SOTTO_OK)
        give_buf(c, "signature_priv", &key);
}

void give_epoch(struct call *c, const struct thing *t)
{
    give_bytes(c, "epoch_authenticator", sotto_group_epoch_authenticator(t->group));
}

void give_tree(struct call *c, const sotto_staged *s)
{
    DEFER(sotto_buf_clear) sotto_buf tree = {0};
    if (call_flag(c->request, "external_tree") && sotto_staged_tree(s, &tree) == SOTTO_OK)
        give_buf(c, "ratchet_tree", &tree);
}

bool same(sotto_view a, sotto_view b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

void harness_clear(struct harness *h)
{
    for (size_t i = 0; i < h->thing_count; i++)
        thing_free(h->things[i]);
    free(h->things);
    sotto_crypto_free(h->crypto);
}
