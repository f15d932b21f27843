#include "bench/crowd.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define EVENTS 256

static bool fail(const char *what)
{
    fprintf(stderr, "sotto-bench: %s\n", what);
    return false;
}

double crowd_now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

bool crowd_init(struct crowd *crowd, size_t most, struct peer_sink sink)
{
    *crowd = (struct crowd){.sink = sink,
                            .epoll = epoll_create1(EPOLL_CLOEXEC),
                            .touched = calloc(most, sizeof(struct peer_client *)),
                            .touched_most = most};
    return (crowd->epoll >= 0 && crowd->touched != NULL) || fail("out of memory");
}

void crowd_clear(struct crowd *crowd)
{
    if (crowd->epoll > 0)
        close(crowd->epoll);
    free(crowd->touched);
    *crowd = (struct crowd){0};
}

static bool watch(struct crowd *crowd, struct peer_client *client, int how)
{
    struct epoll_event event = {.events = EPOLLIN | (wire_waits(&client->wire) ? EPOLLOUT : 0U),
                                .data.ptr = client};
    return epoll_ctl(crowd->epoll, how, client->wire.fd, &event) == 0 ||
           fail("cannot watch a socket");
}

void crowd_touch(struct crowd *crowd, struct peer_client *client)
{
    if (client->touched || crowd->touched_count == crowd->touched_most)
        return;
    client->touched = true;
    crowd->touched[crowd->touched_count++] = client;
}

static bool take(struct crowd *crowd, struct peer_client *client)
{
    crowd->now_us = crowd_now_us();
    bool taken = client->server->plan.peer->take(client, &crowd->sink);
    if (wire_waits(&client->wire))
        crowd_touch(crowd, client);
    return taken;
}

/* What came with the login is taken at once. */
bool crowd_add(struct crowd *crowd, struct peer_client *client)
{
    return watch(crowd, client, EPOLL_CTL_ADD) && take(crowd, client);
}

void crowd_remove(struct crowd *crowd, struct peer_client *client)
{
    if (client->wire.fd >= 0)
        (void)epoll_ctl(crowd->epoll, EPOLL_CTL_DEL, client->wire.fd, NULL);
    for (size_t i = 0; client->touched && i < crowd->touched_count; i++)
        if (crowd->touched[i] == client) {
            crowd->touched[i] = crowd->touched[--crowd->touched_count];
            client->touched = false;
        }
}

static bool flush(struct crowd *crowd)
{
    for (size_t i = 0; i < crowd->touched_count; i++) {
        struct peer_client *client = crowd->touched[i];
        client->touched = false;
        if (!wire_flush(&client->wire))
            return false;
        if (wire_waits(&client->wire) && !watch(crowd, client, EPOLL_CTL_MOD))
            return false;
    }
    crowd->touched_count = 0;
    return true;
}

static bool serve_one(struct crowd *crowd, const struct epoll_event *event)
{
    struct peer_client *client = event->data.ptr;
    if (event->events & EPOLLOUT) {
        if (!wire_flush(&client->wire) ||
            (!wire_waits(&client->wire) && !watch(crowd, client, EPOLL_CTL_MOD)))
            return false;
    }
    if ((event->events & ~(uint32_t)EPOLLOUT) == 0)
        return true;
    return wire_fill(&client->wire) && take(crowd, client);
}

bool crowd_serve(struct crowd *crowd, double until_us)
{
    struct epoll_event events[EVENTS];
    if (child_interrupted() || !flush(crowd))
        return false;
    double left_ns = (until_us - crowd_now_us()) * 1e3;
    struct timespec left = {0};
    if (left_ns > 0) {
        left.tv_sec = (time_t)(left_ns / 1e9);
        left.tv_nsec = (long)(left_ns - (double)left.tv_sec * 1e9);
    }
    int count = epoll_pwait2(crowd->epoll, events, EVENTS, &left, NULL);
    for (int i = 0; i < count; i++)
        if (!serve_one(crowd, &events[i]))
            return false;
    return flush(crowd);
}
