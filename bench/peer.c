#include "bench/peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "net/tls_cert.h"

static const struct peer *const peers[] = {&peer_mosquitto, &peer_nats, &peer_sotto};

const struct peer *peer_find(const char *name, size_t len)
{
    for (size_t i = 0; i < COUNT_OF(peers); i++)
        if (strlen(peers[i]->name) == len && memcmp(peers[i]->name, name, len) == 0)
            return peers[i];
    return NULL;
}

static bool is_program(const char *dir, size_t dir_len, const char *folder, const char *name,
                       char path[PATH_MAX])
{
    int len = snprintf(path, PATH_MAX, "%.*s%s/%s", (int)dir_len, dir, folder, name);
    return len > 0 && len < PATH_MAX && access(path, X_OK) == 0;
}

/* Servers live in sbin beside bin, which is not in everybody's PATH. */
bool peer_program(const struct peer *peer, char path[PATH_MAX])
{
    const char *dir = getenv("PATH");
    size_t len;
    for (dir = dir != NULL ? dir : "/usr/local/bin:/usr/bin"; *dir != 0;
         dir += len + (dir[len] == ':')) {
        len = strcspn(dir, ":");
        bool bin = len >= 4 && memcmp(dir + len - 4, "/bin", 4) == 0;
        if (len > 0 && (is_program(dir, len, "", peer->program, path) ||
                        (bin && is_program(dir, len - 4, "/sbin", peer->program, path))))
            return true;
    }
    fprintf(stderr, "sotto-bench: %s is not installed: apt install %s\n", peer->program,
            peer->package);
    return false;
}

static bool tls_write(const struct peer_server *server)
{
    DEFER(buf_clear) sotto_buf pem = {0};
    if (tls_cert_make("localhost", &pem) == SOTTO_OK)
        return child_file_write(&server->child, "tls.pem", buf_view(&pem));
    fprintf(stderr, "sotto-bench: cannot make a certificate\n");
    return false;
}

bool peer_daemon_start(struct peer_server *server, const char *option, const char *file,
                       const char *text)
{
    char path[PATH_MAX];
    struct child *child = &server->child;
    if (!peer_program(server->plan.peer, path) || !tls_write(server) ||
        !child_file_write(child, file, view_str(text)))
        return false;
    const char *const argv[] = {path, option, file, NULL};
    return child_start(child, argv) && child_port_wait(child);
}

bool peer_start(struct peer_server *server, const struct peer_plan *plan)
{
    unsigned most = plan->senders > plan->receivers ? plan->senders : plan->receivers;
    *server = (struct peer_server){.plan = *plan,
                                   .mailboxes = plan->group ? 1 : most,
                                   .child.plain = plan->peer->program != NULL,
                                   .ssl = wire_context()};
    if (server->ssl == NULL) {
        fprintf(stderr, "sotto-bench: out of memory\n");
        return false;
    }
    return child_dir_make(&server->child, plan->under) && plan->peer->start(server) &&
           plan->peer->prepare(server);
}

bool peer_stop(struct peer_server *server)
{
    const struct peer *peer = server->plan.peer;
    if (peer == NULL)
        return true;
    if (peer->clear != NULL)
        peer->clear(server);
    SSL_CTX_free(server->ssl);
    bool well = child_stop(&server->child) || peer->program != NULL;
    *server = (struct peer_server){0};
    if (!well)
        fprintf(stderr, "sotto-bench: the server did not end well\n");
    return well;
}

static bool subscribe(struct peer_client *client)
{
    const struct peer_server *server = client->server;
    if (server->plan.group)
        return server->plan.peer->subscribe(client, 0);
    for (unsigned m = client->number; m < server->mailboxes; m += server->plan.receivers)
        if (!server->plan.peer->subscribe(client, m))
            return false;
    return true;
}

bool peer_open(struct peer_server *server, enum peer_role role, unsigned number,
               struct peer_client *client)
{
    *client = (struct peer_client){.server = server, .role = role, .number = number, .wire.fd = -1};
    return wire_connect(&client->wire, server->child.port, number) &&
           server->plan.peer->open(client) && (role == PEER_SENDER || subscribe(client));
}

void peer_close(struct peer_client *client)
{
    if (client->server == NULL)
        return;
    if (client->server->plan.peer->close != NULL)
        client->server->plan.peer->close(client);
    wire_close(&client->wire);
    *client = (struct peer_client){.wire.fd = -1};
}
