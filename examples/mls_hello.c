/* mls_hello.c - Alice makes a group, adds Bob and Carol, says hello, and removes Carol, who then can't read any more.
 * cc mls_hello.c $(pkg-config --cflags --libs sotto) -o mls_hello */
#include <sotto/sotto.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* Every call can fail; here a failure ends the program. */
static void must(sotto_err err, const char *what)
{
    if (err == SOTTO_OK)
        return;
    fprintf(stderr, "%s: %s\n", what, sotto_err_text(err));
    exit(1);
}

static sotto_view text(const char *s)
{
    sotto_view v = {(const uint8_t *)s, strlen(s)};
    return v;
}

struct person {
    sotto_sign_key *key;
    sotto_mls_client client;
    sotto_buf package, secret; /* a KeyPackage, and its private part */
    sotto_group *group;
};

static void person_new(sotto_mls *m, struct person *p, const char *name)
{
    uint8_t seed[64];
    const size_t len = sotto_sign_seed_size(SOTTO_SUITE_XWING_AES128);
    must(getrandom(seed, len, 0) == (ssize_t)len ? SOTTO_OK : SOTTO_E_IO, "random");
    must(sotto_sign_key_new(m->crypto, SOTTO_SUITE_XWING_AES128, (sotto_view){seed, len}, &p->key),
         "key");
    p->client.suite = SOTTO_SUITE_XWING_AES128;
    p->client.sign_key = p->key;
    p->client.credential.type = SOTTO_MLS_BASIC;
    p->client.credential.content = text(name);
    must(sotto_mls_key_package_new(m, &p->client, NULL, &p->package, &p->secret, NULL), "package");
}

static void person_clear(struct person *p)
{
    sotto_group_free(p->group);
    sotto_buf_clear(&p->package);
    sotto_buf_clear(&p->secret);
    sotto_sign_key_free(p->key);
}

static void hear(sotto_mls *m, struct person *p, sotto_view message)
{
    sotto_mls_event event = {0};
    sotto_err err = sotto_group_receive(m, p->group, message, &event);
    if (err == SOTTO_OK && event.kind == SOTTO_MLS_EVENT_COMMIT)
        must(sotto_staged_merge(m, &p->group, &event.staged), "merge");
    printf("%.*s: ", (int)p->client.credential.content.len, p->client.credential.content.data);
    if (err != SOTTO_OK)
        printf("(%s)\n", sotto_err_text(err));
    else if (event.kind == SOTTO_MLS_EVENT_APPLICATION)
        printf("%.*s\n", (int)event.data.len, event.data.data);
    else
        printf("epoch %llu, %s\n", (unsigned long long)sotto_group_epoch(p->group),
               sotto_group_is_active(p->group) ? "a member" : "removed");
    sotto_mls_event_clear(&event);
}

static void say(sotto_mls *m, struct person *from, struct person *to, const char *words)
{
    sotto_buf message = {0};
    must(sotto_group_protect(m, from->group, text(words), text(""), 0, &message), "protect");
    for (int i = 0; i < 2; i++)
        hear(m, &to[i], sotto_buf_view(&message));
    sotto_buf_clear(&message);
}

int main(void)
{
    sotto_mls m = {0};
    must(getrandom(m.seed, 32, 0) == 32 ? SOTTO_OK : SOTTO_E_IO, "random");
    must(sotto_crypto_new(&m.crypto), "crypto");
    struct person people[3] = {{0}, {0}, {0}}, *alice = &people[0], *others = &people[1];
    for (int i = 0; i < 3; i++)
        person_new(&m, &people[i], (const char *[]){"Alice", "Bob", "Carol"}[i]);

    /* A group of one, and two who are added. One Welcome serves both. */
    must(sotto_group_new(&m, &alice->client, text(""), text(""), NULL, &alice->group), "group");
    sotto_mls_proposal adds[2] = {{.type = SOTTO_MLS_ADD}, {.type = SOTTO_MLS_ADD}};
    for (int i = 0; i < 2; i++)
        adds[i].key_package = sotto_buf_view(&others[i].package);
    sotto_mls_commit_options add = {.proposals = adds, .proposal_count = 2};
    sotto_staged *ours = NULL, *theirs = NULL;
    must(sotto_group_commit(&m, alice->group, &add, &ours), "add");
    for (int i = 0; i < 2; i++) {
        must(sotto_mls_join(&m, sotto_staged_welcome(ours), sotto_buf_view(&others[i].secret), NULL,
                            &theirs),
             "join");
        must(sotto_staged_merge(&m, &others[i].group, &theirs), "merge");
    }
    must(sotto_staged_merge(&m, &alice->group, &ours), "merge"); /* once a server took the commit */
    say(&m, alice, others, "hello, both");

    sotto_mls_proposal leave = {.type = SOTTO_MLS_REMOVE,
                                .removed = sotto_group_own_leaf(others[1].group)};
    sotto_mls_commit_options removal = {.proposals = &leave, .proposal_count = 1};
    must(sotto_group_commit(&m, alice->group, &removal, &ours), "remove");
    for (int i = 0; i < 2; i++)
        hear(&m, &others[i], sotto_staged_commit(ours));
    must(sotto_staged_merge(&m, &alice->group, &ours), "merge");
    say(&m, alice, others, "just us");

    for (int i = 0; i < 3; i++)
        person_clear(&people[i]);
    sotto_crypto_free(m.crypto);
    return 0;
}
