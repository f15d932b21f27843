#include "bench/peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "net/tls_cert.h"

static const struct peer *const peers[] = {&peer_mosquitto, &peer_nats};

const struct peer *peer_at(size_t index)
{
    return index < COUNT_OF(peers) ? peers[index] : NULL;
}

const struct peer *peer_find(const char *name, size_t len)
{
    for (size_t i = 0; i < COUNT_OF(peers); i++)
        if (strlen(peers[i]->name) == len && memcmp(peers[i]->name, name, len) == 0)
            return peers[i];
    return NULL;
}

/* Servers live in sbin, which is not in everybody's PATH. */
bool peer_program(const struct peer *peer, char path[PATH_MAX])
{
    const char *set = getenv("PATH");
    char all[PATH_MAX];
    snprintf(all, sizeof all, "%s:/usr/sbin:/usr/local/sbin", set != NULL ? set : "/usr/bin");
    char *rest = NULL;
    for (char *dir = strtok_r(all, ":", &rest); dir != NULL; dir = strtok_r(NULL, ":", &rest))
        if (snprintf(path, PATH_MAX, "%s/%s", dir, peer->program) < PATH_MAX &&
            access(path, X_OK) == 0)
            return true;
    fprintf(stderr, "sotto-bench: %s is not installed: apt install %s\n", peer->program,
            peer->package);
    return false;
}

bool peer_tls_write(const struct peer_server *server)
{
    DEFER(buf_clear) sotto_buf pem = {0};
    if (tls_cert_make("localhost", &pem) == SOTTO_OK)
        return child_file_write(&server->child, "tls.pem", buf_view(&pem));
    fprintf(stderr, "sotto-bench: cannot make a certificate\n");
    return false;
}

bool peer_start(struct peer_server *server, const struct peer *peer, const char *under,
                unsigned senders, unsigned receivers)
{
    *server = (struct peer_server){
        .peer = peer,
        .senders = senders,
        .receivers = receivers,
        .mailboxes = senders > receivers ? senders : receivers,
        .child.plain = peer->program != NULL,
        .ssl = wire_context(),
    };
    if (server->ssl == NULL) {
        fprintf(stderr, "sotto-bench: out of memory\n");
        return false;
    }
    return child_dir_make(&server->child, under) && peer->start(server) && peer->prepare(server);
}

bool peer_stop(struct peer_server *server)
{
    if (server->peer == NULL)
        return true;
    bool ours = server->peer->program == NULL;
    if (server->peer->clear != NULL)
        server->peer->clear(server);
    SSL_CTX_free(server->ssl);
    bool well = child_stop(&server->child);
    *server = (struct peer_server){0};
    if (ours && !well)
        fprintf(stderr, "sotto-bench: the server did not end well\n");
    return well || !ours;
}

bool peer_open(struct peer_server *server, enum peer_role role, unsigned number,
               struct peer_client *client)
{
    const struct peer *peer = server->peer;
    *client = (struct peer_client){.server = server, .role = role, .number = number, .wire.fd = -1};
    if (!wire_connect(&client->wire, server->child.port, number) || !peer->open(client))
        return false;
    if (role == PEER_RECEIVER)
        for (unsigned m = number; m < server->mailboxes; m += server->receivers)
            if (!peer->subscribe(client, m))
                return false;
    return true;
}

void peer_close(struct peer_client *client)
{
    if (client->server == NULL)
        return;
    if (client->server->peer->close != NULL)
        client->server->peer->close(client);
    wire_close(&client->wire);
    *client = (struct peer_client){.wire.fd = -1};
}
