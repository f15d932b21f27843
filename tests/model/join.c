#include "tests/model/join.h"

#include "tests/model/race.h"
#include "tests/model/talk.h"

static void join_refused(struct client *c, view welcome, view private,
                         const sotto_mls_join_options *options)
{
    struct world *w = c->world;
    sotto_staged *staged = NULL;
    sotto_err err = sotto_mls_join(&w->mls, welcome, private, options, &staged);
    MUST(w, err != SOTTO_OK && sotto_err_class_of(err) != SOTTO_CLASS_HOST);
    MUST(w, staged == NULL);
    w->tally.refused++;
}

/* Parts of a Welcome are for others: one that was spoiled there still opens for us, and leads to the same epoch. */
static void join_spoiled(struct client *c, view welcome, view private,
                         const sotto_mls_join_options *options)
{
    struct world *w = c->world;
    sotto_buf spoiled = {0};
    sotto_staged *staged = NULL;
    sotto_group *group = NULL;
    doing(w, "join by a spoiled Welcome", c);
    if (spoil(w, welcome, &spoiled) &&
        sotto_mls_join(&w->mls, buf_view(&spoiled), private, options, &staged) == SOTTO_OK) {
        MUST_OK(w, sotto_staged_merge(&w->mls, &group, &staged));
        const struct facts *facts = &record_last(w)->facts;
        if (facts->known)
            MUST(w, view_equal(sotto_group_epoch_authenticator(group),
                               buf_view(&facts->authenticator)));
        sotto_group_free(group);
    }
    buf_clear(&spoiled);
}

static void join_try(struct client *c, view welcome, view private,
                     const sotto_mls_join_options *options)
{
    struct world *w = c->world;
    sotto_mls_join_options other = *options;
    sotto_buf spoiled = {0};
    if (chance(w, 4))
        join_spoiled(c, welcome, private, options);
    doing(w, "join with the wrong tree or KeyPackage", c);
    if (options->tree.len > 0 && chance(w, 8)) {
        other.tree = (view){0};
        join_refused(c, welcome, private, &other);
    }
    if (options->tree.len > 0 && chance(w, 8) && spoil(w, options->tree, &spoiled) &&
        spoiled.len > 0) {
        other.tree = buf_view(&spoiled);
        join_refused(c, welcome, private, &other);
    }
    buf_clear(&spoiled);
    (void)client_package(c);
    for (uint32_t i = 0; i < PACKAGES_MAX; i++)
        if (c->packages[i].private.len > 0 &&
            !view_equal(buf_view(&c->packages[i].private), private))
            join_refused(c, welcome, buf_view(&c->packages[i].private), options);
}

static void welcome_deliver(struct client *c, view welcome, view ref,
                            const sotto_mls_join_options *options)
{
    struct world *w = c->world;
    sotto_staged *staged = NULL;
    sotto_group *group = NULL;
    sotto_buf private = {0};
    MUST_OK(w, buf_set(&private, buf_view(&client_find_package(c, ref)->private)));
    client_lose(c);
    if (chance(w, 4))
        join_try(c, welcome, buf_view(&private), options);
    doing(w, "join", c);
    MUST_OK(w, sotto_mls_join(&w->mls, welcome, buf_view(&private), options, &staged));
    MUST(w, sotto_staged_change(staged)->epoch == record_last(w)->epoch);
    MUST_OK(w, sotto_staged_merge(&w->mls, &group, &staged));
    w->tally.joins++;
    client_take(c, group, w->count - 1);
    if (chance(w, 2))
        client_delete_package(c, ref);
    buf_clear(&private);
}

static struct client *client_of(struct world *w, view ref)
{
    for (uint32_t i = 0; i < w->client_count; i++)
        if (client_find_package(&w->clients[i], ref) != NULL)
            return &w->clients[i];
    return NULL;
}

void welcomes_deliver(struct world *w, view welcome, view tree)
{
    view ref;
    for (size_t i = 0; sotto_mls_welcome_for(welcome, i, &ref); i++) {
        struct client *c = client_of(w, ref);
        if (c == NULL || chance(w, 12)) /* the KeyPackage or the Welcome was lost */
            continue;
        client_random_settings(c);
        const sotto_mls_join_options options = {.tree = tree, .settings = c->settings};
        welcome_deliver(c, welcome, ref, &options);
    }
}

static void external_refused(struct client *c, const sotto_mls_client *self, const struct record *r,
                             const sotto_mls_join_options *options)
{
    struct world *w = c->world;
    sotto_mls_join_options other = *options;
    sotto_buf spoiled = {0};
    sotto_staged *staged = NULL;
    view info = buf_view(&r->group_info);
    bool is_tree = other.tree.len > 0 && chance(w, 2);
    doing(w, "join by a spoiled GroupInfo or tree", c);
    if (spoil(w, is_tree ? other.tree : info, &spoiled) && spoiled.len > 0) {
        if (is_tree)
            other.tree = buf_view(&spoiled);
        else
            info = buf_view(&spoiled);
        sotto_err err = sotto_mls_join_external(&w->mls, self, info, &other, &staged);
        MUST(w, err != SOTTO_OK && sotto_err_class_of(err) != SOTTO_CLASS_HOST && staged == NULL);
        w->tally.refused++;
    }
    buf_clear(&spoiled);
}

sotto_staged *join_external(struct client *c)
{
    struct world *w = c->world;
    const struct record *r = record_last(w);
    sotto_staged *staged = NULL;
    const sotto_mls_psk_id psk = {.type = SOTTO_MLS_PSK_EXTERNAL,
                                  .id = VIEW_LIT("psk of a joiner")};
    sotto_mls_join_options options = {.tree = buf_view(&r->tree),
                                      .psks = &psk,
                                      .psk_count = chance(w, 4),
                                      .rejoin = is_member(w, r, c),
                                      .rejoin_index = r->leaf_of[c->number]};
    doing(w, "make an external commit", c);
    if (c->group == NULL)
        client_random_settings(c);
    options.settings = c->settings;
    if (options.rejoin && chance(w, 4))
        client_new_key(c);
    const sotto_mls_client self = client_self(c);
    if (chance(w, 4))
        external_refused(c, &self, r, &options);
    MUST_OK(w,
            sotto_mls_join_external(&w->mls, &self, buf_view(&r->group_info), &options, &staged));
    return staged;
}

/* KeyPackages of some members, and who they are. */
struct company {
    struct client *clients[CLIENTS_MAX];
    sotto_buf messages[CLIENTS_MAX];
    sotto_view packages[CLIENTS_MAX];
    size_t count;
};

static void company_add(struct client *c, struct company *company)
{
    MUST_OK(c->world, buf_set(&company->messages[company->count], client_package(c)));
    company->packages[company->count] = buf_view(&company->messages[company->count]);
    company->clients[company->count++] = c;
}

static void company_clear(struct company *company)
{
    for (size_t i = 0; i < company->count; i++)
        buf_clear(&company->messages[i]);
}

/* What one says opens at another. */
static void branch_talk(struct world *w, sotto_group *from, sotto_group *to)
{
    sotto_buf message = {0};
    sotto_mls_event event = {0};
    MUST_OK(w, sotto_group_protect(&w->mls, from, VIEW_LIT("aside"), (view){0}, 0, &message));
    MUST_OK(w, sotto_group_receive(&w->mls, to, buf_view(&message), &event));
    MUST(w, view_equal(buf_view(&event.data), VIEW_LIT("aside")));
    sotto_mls_event_clear(&event);
    buf_clear(&message);
}

static void branch_join(struct client *c, sotto_group *group, view welcome, view tree)
{
    struct world *w = c->world;
    sotto_staged *staged = NULL;
    sotto_group *own = NULL;
    view ref;
    const struct package *p = NULL;
    for (size_t i = 0; p == NULL && sotto_mls_welcome_for(welcome, i, &ref); i++)
        p = client_find_package(c, ref);
    doing(w, "join a branch", c);
    MUST(w, p != NULL);
    const sotto_mls_join_options options = {.tree = tree,
                                            .predecessor = chance(w, 4) ? NULL : c->group};
    MUST_OK(w, sotto_mls_join(&w->mls, welcome, buf_view(&p->private), &options, &staged));
    MUST_OK(w, sotto_staged_merge(&w->mls, &own, &staged));
    MUST(w,
         view_equal(sotto_group_epoch_authenticator(own), sotto_group_epoch_authenticator(group)));
    MUST(w, view_equal(sotto_group_context(own), sotto_group_context(group)));
    branch_talk(w, group, own);
    branch_talk(w, own, group);
    sotto_group_free(own);
}

void join_branch(struct client *c)
{
    struct world *w = c->world;
    struct company company = {0};
    sotto_staged *staged = NULL;
    sotto_group *group = NULL;
    sotto_buf welcome = {0}, tree = {0};
    const sotto_mls_client self = client_self(c);
    bool beside = chance(w, 2);
    doing(w, "branch", c);
    for (uint32_t i = 0; i < w->client_count && company.count < 6; i++)
        if (&w->clients[i] != c && client_is_ready(w, &w->clients[i]) && chance(w, 2))
            company_add(&w->clients[i], &company);
    MUST_OK(w, sotto_group_branch(&w->mls, c->group, &self, (view){0}, (view){0}, company.packages,
                                  company.count, beside, &group, &staged));
    MUST_OK(w, buf_set(&welcome, sotto_staged_welcome(staged)));
    if (beside)
        MUST_OK(w, sotto_staged_tree(staged, &tree));
    MUST_OK(w, sotto_staged_merge(&w->mls, &group, &staged));
    client_check_refused(c); /* nothing came of it here */
    for (size_t i = 0; i < company.count; i++)
        branch_join(company.clients[i], group, buf_view(&welcome), buf_view(&tree));
    w->tally.successors++;
    sotto_group_free(group);
    buf_clear(&welcome);
    buf_clear(&tree);
    company_clear(&company);
}

/* All members of the last epoch, but for `c`, whether they know of the end or not. */
static void company_of_all(struct client *c, struct company *company)
{
    struct world *w = c->world;
    for (uint32_t i = 0; i < w->client_count; i++)
        if (&w->clients[i] != c && is_member(w, record_last(w), &w->clients[i]))
            company_add(&w->clients[i], company);
}

static void former_keep(struct world *w, const sotto_group *old)
{
    MUST_OK(w, buf_set(&w->former_id, sotto_group_id(old)));
    MUST_OK(w, sotto_group_resumption_psk(old, sotto_group_epoch(old), &w->former_psk));
    w->former_epoch = sotto_group_epoch(old);
}

static void reinit_join(struct client *c, view welcome, view tree)
{
    struct world *w = c->world;
    sotto_staged *staged = NULL;
    sotto_group *group = NULL;
    view ref;
    const struct package *p = NULL;
    for (size_t i = 0; p == NULL && sotto_mls_welcome_for(welcome, i, &ref); i++)
        p = client_find_package(c, ref);
    doing(w, "join the group after a ReInit", c);
    MUST(w, p != NULL);
    bool knows = c->group != NULL && !c->gone && !chance(w, 8) && !sotto_group_is_active(c->group);
    const sotto_mls_join_options options = {
        .tree = tree, .settings = c->settings, .predecessor = knows ? c->group : NULL};
    MUST_OK(w, sotto_mls_join(&w->mls, welcome, buf_view(&p->private), &options, &staged));
    MUST_OK(w, sotto_staged_merge(&w->mls, &group, &staged));
    client_take(c, group, w->count - 1);
}

/* An odd ReInit leads nowhere: all begin anew. */
static bool reinit_is_odd(struct client *c)
{
    struct world *w = c->world;
    sotto_mls_proposal reinit;
    MUST_OK(w, sotto_group_ended_by(c->group, &reinit));
    return reinit.group_id.len != 8 || memcmp(reinit.group_id.data, "next", 4) != 0 ||
           reinit.suite != w->suite;
}

static void begin_anew(struct world *w)
{
    for (uint32_t i = 0; i < w->client_count; i++)
        client_lose(&w->clients[i]);
    talk_forget(w);
    records_forget(w);
    w->group_number++;
    client_create(&w->clients[pick(w, w->client_count)]);
}

/* One that knows that the group ended. */
static struct client *client_at_end(struct world *w)
{
    uint32_t from = pick(w, w->client_count);
    for (uint32_t i = 0; i < w->client_count; i++) {
        struct client *c = &w->clients[(from + i) % w->client_count];
        if (c->group != NULL && !c->gone && c->at == w->count - 1)
            return c;
    }
    return NULL;
}

/* The group of the new record is that of its creator; everybody else comes after. */
static void reinit_enter(struct client *c, sotto_group *group, sotto_staged *staged,
                         const struct company *company, bool beside)
{
    struct world *w = c->world;
    sotto_buf welcome = {0}, tree = {0};
    MUST_OK(w, buf_set(&welcome, sotto_staged_welcome(staged)));
    if (beside)
        MUST_OK(w, sotto_staged_tree(staged, &tree));
    records_forget(w);
    w->group_number++;
    struct record *r = record_next(w, 1);
    MUST_OK(w, sotto_staged_group_info(&w->mls, staged, true, true, &r->group_info));
    MUST_OK(w, sotto_staged_merge(&w->mls, &group, &staged));
    c->settings = sotto_group_settings(group);
    client_take(c, group, w->count - 1);
    for (size_t i = 0; i < company->count; i++)
        reinit_join(company->clients[i], buf_view(&welcome), buf_view(&tree));
    buf_clear(&welcome);
    buf_clear(&tree);
}

void join_reinit(struct world *w)
{
    struct client *c = client_at_end(w);
    struct company company = {0};
    sotto_staged *staged = NULL;
    sotto_group *group = NULL;
    bool beside = chance(w, 2);
    MUST(w, c != NULL);
    if (reinit_is_odd(c)) {
        begin_anew(w);
        return;
    }
    doing(w, "make the group after a ReInit", c);
    const sotto_mls_client self = client_self(c);
    former_keep(w, c->group);
    company_of_all(c, &company);
    MUST_OK(w, sotto_group_reinit(&w->mls, c->group, &self, company.packages, company.count, beside,
                                  &group, &staged));
    reinit_enter(c, group, staged, &company, beside);
    for (uint32_t i = 0; i < w->client_count; i++)
        if (!is_member(w, record_last(w), &w->clients[i]))
            client_lose(&w->clients[i]);
    talk_forget(w);
    w->tally.successors++;
    company_clear(&company);
}
