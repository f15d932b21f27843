#include "net/live.h"

#include <arpa/inet.h>
#include <stdlib.h>

/* As far as the core signs. */
static bool is_alike(const struct identity *a, const struct identity *b)
{
    return secret_equal(&a->server_key, &b->server_key) &&
           secret_equal(&a->issuer_key, &b->issuer_key) && a->issuer_is_root == b->issuer_is_root &&
           view_equal(buf_view(&a->issuer_cert), buf_view(&b->issuer_cert)) &&
           view_equal(buf_view(&a->root_cert), buf_view(&b->root_cert));
}

bool live_is_signing_as(const struct live *live, const struct keeper *keeper)
{
    return is_alike(&live->kept->identity, keeper_identity(keeper));
}

/* The key that signs account certificates and notices, as far as it is here. */
static sotto_err keys_take(struct live *live, const struct identity *identity)
{
    struct core_config *core = &live->core;
    TRY(sotto_crypto_new(&live->crypto));
    TRY(sign_key_import(live->crypto, SIGN_ED25519, &identity->server_key, &live->server_key));
    core->server_key = live->server_key;
    if (!identity->issuer_is_root)
        core->chain[core->chain_count++] = buf_view(&identity->issuer_cert);
    core->chain[core->chain_count++] = buf_view(&identity->root_cert);
    core->authority_is_root = identity->issuer_is_root;
    if (identity->issuer_key.len == 0)
        return SOTTO_OK;
    TRY(sign_key_import(live->crypto, SIGN_ED25519, &identity->issuer_key, &live->authority));
    core->authority = live->authority;
    return SOTTO_OK;
}

static void live_free(struct live *live)
{
    sign_key_free(live->server_key);
    sign_key_free(live->authority);
    sotto_crypto_free(live->crypto);
    kept_drop(live->kept);
    free(live);
}

static void domains_take(struct live *live)
{
    struct core_config *core = &live->core;
    for (const char *at = live->config.mail_domains;
         *at != 0 && core->mail_domain_count < CORE_DOMAINS_MAX; at += strlen(at) + 1)
        core->mail_domains[core->mail_domain_count++] = view_str(at);
}

static sotto_err live_fill(struct live *live, struct keeper *keeper)
{
    const struct server_config *config = &live->config;
    live->kept = keeper_hold(keeper);
    const struct identity *identity = &live->kept->identity;
    live->core = (struct core_config){
        .limits = config->limits,
        .store = config->store,
        .blob_key = config->blob_key,
        .rooms = config->rooms,
        .host = view_str(config->host),
        .registration_open = config->registration == REGISTRATION_EVERYBODY,
        .members_invite = config->members_invite == MEMBERS_INVITE_YES,
    };
    domains_take(live);
    memcpy(live->core.pin, identity->pin, sizeof live->core.pin);
    return config->store == NULL ? SOTTO_OK : keys_take(live, identity);
}

sotto_err live_push(const struct server_config *config, struct keeper *keeper, struct live **head)
{
    struct live *live = calloc(1, sizeof *live);
    if (live == NULL)
        return SOTTO_E_NOMEM;
    live->config = *config;
    sotto_err err = live_fill(live, keeper);
    if (err != SOTTO_OK) {
        live_free(live);
        return err;
    }
    live->before = *head;
    *head = live;
    return SOTTO_OK;
}

void live_clear(struct live *head)
{
    while (head != NULL) {
        struct live *live = head;
        head = live->before;
        live_free(live);
    }
}

uint16_t server_public_port(const struct server_config *config)
{
    const struct endpoint *first = &config->listen[0];
    if (config->public_port != 0)
        return config->public_port;
    return ntohs(first->sa.ss_family == AF_INET6
                     ? ((const struct sockaddr_in6 *)&first->sa)->sin6_port
                     : ((const struct sockaddr_in *)&first->sa)->sin_port);
}
