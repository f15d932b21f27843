/* mls_group.c - a group as a program keeps it: its state lies in a directory, one file a part, and is read back after each step
 * as after a restart; a commit is looked at before it takes effect; and somebody joins by a commit of their own.
 * cc mls_group.c $(pkg-config --cflags --libs sotto) -o mls_group && ./mls_group DIRECTORY */
#include <sotto/sotto.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* ---- A store: one file a part. A real one writes all parts of a step in one transaction, sealed. ---- */

struct store {
    char directory[512];
    unsigned files, bytes; /* written by the last step */
};

static void part_path(const struct store *store, sotto_view name, char *ret_path, size_t size)
{
    int used = snprintf(ret_path, size, "%s/", store->directory);
    for (size_t i = 0; i < name.len; i++)
        used += snprintf(ret_path + used, size - (size_t)used, "%02x", name.data[i]);
}

static sotto_err part_write(void *context, sotto_view name, sotto_view value)
{
    struct store *store = context;
    char path[600];
    part_path(store, name, path, sizeof path);
    store->files++;
    store->bytes += (unsigned)value.len;
    if (value.len == 0)
        return unlink(path) == 0 || errno == ENOENT ? SOTTO_OK : SOTTO_E_IO;
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return SOTTO_E_IO;
    ssize_t written = write(fd, value.data, value.len);
    return close(fd) == 0 && written == (ssize_t)value.len ? SOTTO_OK : SOTTO_E_IO;
}

static sotto_err part_read(const struct store *store, const char *hex, sotto_group_reader *reader)
{
    static uint8_t value[1 << 16];
    uint8_t name[SOTTO_GROUP_PART_NAME];
    char path[600];
    size_t name_len = strlen(hex) / 2;
    for (size_t i = 0; i < name_len && i < sizeof name; i++)
        name[i] = (uint8_t)strtoul((char[]){hex[2 * i], hex[2 * i + 1], 0}, NULL, 16);
    snprintf(path, sizeof path, "%s/%s", store->directory, hex);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return SOTTO_E_IO;
    ssize_t len = read(fd, value, sizeof value);
    close(fd);
    if (len < 0)
        return SOTTO_E_IO;
    return sotto_group_read_part(reader, (sotto_view){name, name_len},
                                 (sotto_view){value, (size_t)len});
}

/* Writes what a step changed, forgets the group, and reads it back. */
static void restart(sotto_mls *m, struct store *store, sotto_group **group)
{
    store->files = store->bytes = 0;
    must(sotto_group_write(*group, false, part_write, store), "write");
    sotto_group_written(*group);
    sotto_group_free(*group);
    *group = NULL;

    sotto_group_reader *reader = NULL;
    must(sotto_group_read_begin(&reader), "read");
    DIR *directory = opendir(store->directory);
    for (struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;)
        if (entry->d_name[0] != '.')
            must(part_read(store, entry->d_name, reader), "part");
    closedir(directory);
    must(sotto_group_read_end(m, &reader, group), "read back");
    printf("  epoch %llu: %u parts, %u bytes written\n",
           (unsigned long long)sotto_group_epoch(*group), store->files, store->bytes);
}

/* ---- The application's say ---- */

static void leaf_print(const char *what, const sotto_mls_leaf *leaf)
{
    printf("  %s leaf %u: %.*s\n", what, leaf->index, (int)leaf->credential.content.len,
           leaf->credential.content.data);
}

/* Every commit passes here before it can take effect: this group is for people whose names begin with a capital. */
static sotto_err commit_allowed(void *context, const sotto_mls_change *change)
{
    (void)context;
    for (size_t i = 0; i < change->proposal_count; i++) {
        const sotto_mls_proposed *p = &change->proposals[i];
        sotto_view name = p->after.credential.content;
        if (p->proposal.type == SOTTO_MLS_ADD &&
            (name.len == 0 || name.data[0] < 'A' || name.data[0] > 'Z'))
            return SOTTO_E_PERMISSION;
    }
    return SOTTO_OK;
}

static void change_print(const sotto_mls_change *change)
{
    for (size_t i = 0; i < change->proposal_count; i++) {
        const sotto_mls_proposed *p = &change->proposals[i];
        if (p->proposal.type == SOTTO_MLS_ADD)
            leaf_print("adds", &p->after);
        if (p->proposal.type == SOTTO_MLS_REMOVE)
            leaf_print("removes", &p->before);
    }
    if (change->sender_type == SOTTO_MLS_NEW_MEMBER_COMMIT)
        leaf_print("joins by itself:", &change->committer_after);
}

/* ---- People ---- */

static sotto_sign_key *client_new(sotto_mls *m, sotto_mls_client *client, const char *name)
{
    uint8_t seed[64];
    const size_t len = sotto_sign_seed_size(SOTTO_SUITE_XWING_AES128);
    sotto_sign_key *key = NULL;
    must(getrandom(seed, len, 0) == (ssize_t)len ? SOTTO_OK : SOTTO_E_IO, "random");
    must(sotto_sign_key_new(m->crypto, SOTTO_SUITE_XWING_AES128, (sotto_view){seed, len}, &key),
         "key");
    memset(client, 0, sizeof *client);
    client->suite = SOTTO_SUITE_XWING_AES128;
    client->sign_key = key;
    client->credential.type = SOTTO_MLS_BASIC;
    client->credential.content = text(name);
    return key;
}

/* Adds somebody by a KeyPackage of theirs; false if the rule refuses it. */
static bool add(sotto_mls *m, sotto_group **group, const char *name)
{
    sotto_mls_client client;
    sotto_sign_key *key = client_new(m, &client, name);
    sotto_buf package = {0}, secret = {0};
    sotto_staged *staged = NULL;
    must(sotto_mls_key_package_new(m, &client, NULL, &package, &secret, NULL), "package");
    sotto_mls_proposal proposal = {.type = SOTTO_MLS_ADD, .key_package = sotto_buf_view(&package)};
    sotto_mls_commit_options options = {.proposals = &proposal, .proposal_count = 1};
    sotto_err err = sotto_group_commit(m, *group, &options, &staged);
    if (err == SOTTO_OK) {
        change_print(sotto_staged_change(staged));
        must(sotto_staged_merge(m, group, &staged), "merge");
    } else {
        sotto_mls_check check;
        must(sotto_mls_check_at(m->check, &check), "no check failed");
        printf("  refused: %s (RFC 9420 %s)\n", check.sentence, check.section);
    }
    sotto_buf_clear(&secret);
    sotto_buf_clear(&package);
    sotto_sign_key_free(key);
    return err == SOTTO_OK;
}

/* Somebody who has the group's GroupInfo joins by a commit of their own, which the members process. */
static void join(sotto_mls *m, sotto_group **group, const char *name)
{
    sotto_mls_client client;
    sotto_sign_key *key = client_new(m, &client, name);
    sotto_buf info = {0};
    sotto_staged *theirs = NULL;
    sotto_group *joined = NULL;
    sotto_mls_event event = {0};
    must(sotto_group_info(m, *group, true, true, &info), "GroupInfo");
    must(sotto_mls_join_external(m, &client, sotto_buf_view(&info), NULL, &theirs), "join");
    must(sotto_group_receive(m, *group, sotto_staged_commit(theirs), &event), "receive");
    change_print(sotto_staged_change(event.staged));
    must(sotto_staged_merge(m, group, &event.staged), "merge");
    must(sotto_staged_merge(m, &joined, &theirs), "merge");
    sotto_mls_event_clear(&event);
    sotto_buf_clear(&info);
    sotto_group_free(joined);
    sotto_sign_key_free(key);
}

int main(int argc, char **argv)
{
    struct store store = {{0}, 0, 0};
    snprintf(store.directory, sizeof store.directory, "%s", argc > 1 ? argv[1] : "");
    if (argc != 2 || mkdir(store.directory, 0700) != 0) {
        fprintf(stderr, "usage: mls_group DIRECTORY (a new one)\n");
        return 2;
    }
    const sotto_mls_rules rules = {.commit = commit_allowed};
    sotto_mls m = {.rules = &rules};
    must(getrandom(m.seed, sizeof m.seed, 0) == sizeof m.seed ? SOTTO_OK : SOTTO_E_IO, "random");
    must(sotto_crypto_new(&m.crypto), "crypto");

    sotto_mls_client alice;
    sotto_sign_key *key = client_new(&m, &alice, "Alice");
    sotto_group *group = NULL;
    must(sotto_group_new(&m, &alice, text(""), text(""), NULL, &group), "group");
    restart(&m, &store, &group);
    add(&m, &group, "Bob");
    restart(&m, &store, &group);
    if (add(&m, &group, "mallory"))
        return 1;
    join(&m, &group, "Carol");
    restart(&m, &store, &group);

    sotto_buf message = {0};
    must(sotto_group_protect(&m, group, text("hello"), text(""), 0, &message), "protect");
    restart(&m, &store, &group);
    printf("%u members\n", sotto_group_member_count(group));

    sotto_buf_clear(&message);
    sotto_group_free(group);
    sotto_sign_key_free(key);
    sotto_crypto_free(m.crypto);
    return 0;
}
