#include "bench/bystander.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "bench/crowd.h"
#include "bench/device.h"
#include "bench/session.h"
#include "proto/account.h"

#define IDLE_NETWORK   0x7f010001 /* 127.1.0.1 */
#define IDLE_ADDRESS   40         /* devices behind one address */
#define COMERS_NETWORK 0x7f400001 /* 127.64.0.1 */
#define COMERS_EACH_US 100000
#define EVENTS         256
#define OPENED_BETWEEN 50 /* then those who are here already have their turn */

struct sitter {
    struct wire wire;
    struct session session;
};

static bool enter(struct session_host *host, struct sitter *sitter, unsigned number)
{
    DEFER(buf_clear) sotto_buf frame = {0};
    DEFER(device_keys_clear) struct device_keys keys = {0};
    struct session *session = &sitter->session;
    struct proto_frame answer;
    uint8_t seed[DEVICE_SEED];
    char name[32];
    random_bytes(seed, sizeof seed);
    snprintf(name, sizeof name, "idle%u@localhost", number);
    const struct device_registration registration = {
        .how = REGISTER_OPEN, .name = view_str(name), .now_s = (int64_t)time(NULL)};
    return device_keys_make(host->crypto, seed, &keys) == SOTTO_OK &&
           wire_connect_from(&sitter->wire, host->port, IDLE_NETWORK + number / IDLE_ADDRESS) &&
           session_open(host, &sitter->wire, session) &&
           session_put_buf(session,
                           device_register_write(host->crypto, &keys, &registration, host->pin,
                                                 session->nonce, 1, &frame),
                           &frame) &&
           session_wait(session, PROTO_REGISTERED, &answer) &&
           session_put_buf(session,
                           device_auth_write(host->crypto, &keys, host->pin, session->nonce,
                                             session->exporter, 2, &frame),
                           &frame) &&
           session_wait(session, PROTO_AUTH_OK, &answer);
}

/* Pings are answered; nothing else should come. */
static bool answer(struct sitter *sitter)
{
    struct proto_frame frame;
    enum session_next next;
    if (!wire_fill(&sitter->wire))
        return false;
    while ((next = session_next(&sitter->session, &frame)) == SESSION_FRAME)
        ;
    if (next == SESSION_FAILED || !wire_flush(&sitter->wire))
        return false;
    wire_rest(&sitter->wire);
    return true;
}

static void serve(int epoll, int wait_ms, struct idle_report *report)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(epoll, events, EVENTS, wait_ms);
    for (int i = 0; i < count; i++) {
        struct sitter *sitter = events[i].data.ptr;
        if (answer(sitter))
            continue;
        report->lost++;
        wire_close(&sitter->wire);
    }
}

static bool watch(int epoll, struct sitter *sitter)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = sitter};
    wire_rest(&sitter->wire);
    return epoll_ctl(epoll, EPOLL_CTL_ADD, sitter->wire.fd, &event) == 0;
}

static bool sit_down(struct session_host *host, struct sitter *sitters, unsigned count, int epoll,
                     struct idle_report *report)
{
    for (unsigned i = 0; i < count; i++) {
        if (!enter(host, &sitters[i], i) || !watch(epoll, &sitters[i]))
            return false;
        report->opened++;
        if (i % OPENED_BETWEEN == 0)
            serve(epoll, 0, report);
    }
    return true;
}

void idle_run(const void *idle, void *ret_report)
{
    const struct idle *i = idle;
    struct session_host host = {0};
    struct sitter *sitters = calloc(i->count + 1, sizeof *sitters);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    for (unsigned at = 0; sitters != NULL && at < i->count; at++)
        sitters[at].wire.fd = -1;
    if (sitters == NULL || epoll < 0 || !session_host_init(&host, i->port) ||
        !sit_down(&host, sitters, i->count, epoll, ret_report))
        _exit(1);
    helper_ready();
    while (!child_interrupted())
        serve(epoll, -1, ret_report);
    for (unsigned at = 0; at < i->count; at++)
        wire_close(&sitters[at].wire);
    free(sitters);
    close(epoll);
    session_host_clear(&host);
}

void newcomer_run(const void *port, void *ret_report)
{
    struct newcomer_report *report = ret_report;
    struct session_host host;
    if (!session_host_init(&host, *(const uint16_t *)port))
        _exit(1);
    helper_ready();
    for (uint32_t number = 0; !child_interrupted(); number++) {
        struct sitter sitter = {.wire.fd = -1};
        double begin = crowd_now_us();
        bool in = wire_connect_from(&sitter.wire, host.port, COMERS_NETWORK + (number << 8)) &&
                  session_open(&host, &sitter.wire, &sitter.session);
        if (in && report->let_in < NEWCOMER_TIMES)
            report->us[report->let_in] = crowd_now_us() - begin;
        report->came += in || !child_interrupted(); /* the last one may have been cut short */
        report->let_in += in;
        wire_close(&sitter.wire);
        usleep(COMERS_EACH_US);
    }
    session_host_clear(&host);
}
