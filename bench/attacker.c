/* The process that attacks: its connections have their turns, one after another. */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/attack.h"
#include "bench/child.h"
#include "bench/crowd.h"
#include "bench/helper.h"

#define NETWORKS \
    0x7f100000 /* 127.16.0.0: nobody else's; each attack has a /16, a /24 of it a few attackers */
#define PER_NET   8
#define PAUSE_US  200    /* after a round: what is measured is not who spins faster */
#define REFUSED_S 0.0005 /* before one who was refused tries again */

/* The first flight of a client, as OpenSSL makes it. */
static bool hello_make(struct raid *raid)
{
    SSL *ssl = SSL_new(raid->host.ssl);
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
    bool made = ssl != NULL && in != NULL && out != NULL;
    if (made) {
        SSL_set_bio(ssl, in, out);
        SSL_set_connect_state(ssl);
        (void)SSL_do_handshake(ssl);
        char *data = NULL;
        long len = BIO_get_mem_data(out, &data);
        made = len > 0 && buf_append(&raid->hello, view_of(data, (size_t)len)) == SOTTO_OK;
    }
    SSL_free(ssl);
    return made;
}

/* Nothing is said at the end: an attacker is not polite. */
static void foe_drop(struct foe *foe)
{
    if (foe->wire.ssl != NULL)
        SSL_set_quiet_shutdown(foe->wire.ssl, 1);
    wire_close(&foe->wire);
    foe->acts = 0;
}

/* The server has hung up. */
static bool is_closed(const struct foe *foe)
{
    char byte;
    ssize_t got = recv(foe->wire.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

static bool foe_open(const struct attacker *a, struct raid *raid, struct foe *foe,
                     struct attacker_report *report)
{
    report->opened++;
    foe->opened++;
    if (a->attack->open(raid, foe))
        return true;
    foe_drop(foe);
    foe->due_us = crowd_now_us() + REFUSED_S * 1e6;
    report->failed++;
    return false;
}

static void foe_act(const struct attacker *a, struct raid *raid, struct foe *foe,
                    struct attacker_report *report)
{
    bool goes_on = a->attack->act(raid, foe);
    foe->due_us = crowd_now_us() + a->attack->each_s * 1e6;
    foe->acts++;
    report->acts++;
    if (!goes_on)
        foe_drop(foe);
}

static void foe_turn(const struct attacker *a, struct raid *raid, struct foe *foe,
                     struct attacker_report *report)
{
    if (foe->due_us > crowd_now_us())
        return;
    if (foe->wire.fd < 0) {
        if (foe_open(a, raid, foe, report))
            foe_act(a, raid, foe, report);
        return;
    }
    if (is_closed(foe)) {
        report->closed++;
        foe_drop(foe);
        foe->due_us = crowd_now_us() + a->attack->each_s * 1e6;
        return;
    }
    foe_act(a, raid, foe, report);
}

static void attack(const struct attacker *a, struct raid *raid, struct foe *foes,
                   struct attacker_report *report)
{
    const uint32_t networks = NETWORKS + ((uint32_t)attack_index(a->attack) << 16);
    for (unsigned i = 0; i < a->connections; i++)
        foes[i] = (struct foe){.number = i,
                               .address = networks | (i / PER_NET) << 8 | (i % PER_NET + 1),
                               .wire.fd = -1};
    for (unsigned i = 0; a->attack->members && i < a->connections && !child_interrupted(); i++)
        (void)foe_open(a, raid, &foes[i], report);
    helper_ready();
    while (!child_interrupted()) {
        for (unsigned i = 0; i < a->connections && !child_interrupted(); i++)
            foe_turn(a, raid, &foes[i], report);
        usleep(PAUSE_US);
    }
    for (unsigned i = 0; i < a->connections; i++) {
        foe_drop(&foes[i]);
        device_keys_clear(&foes[i].keys);
    }
}

void attacker_run(const void *attacker, void *ret_report)
{
    const struct attacker *a = attacker;
    struct raid *raid = calloc(1, sizeof *raid);
    struct foe *foes = calloc(a->connections + 1, sizeof *foes);
    if (raid != NULL && foes != NULL && session_host_init(&raid->host, a->port) && hello_make(raid))
        attack(a, raid, foes, ret_report);
    if (raid != NULL) {
        session_host_clear(&raid->host);
        buf_clear(&raid->hello);
    }
    free(foes);
    free(raid);
}
