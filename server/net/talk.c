#include "net/talk.h"

static struct talk *talk_find(struct hub *hub, uint64_t connection)
{
    struct talk *talk = hub->talks;
    while (talk != NULL && talk->connection != connection)
        talk = talk->next;
    return talk;
}

static void talk_forget(struct hub *hub, struct talk *talk)
{
    for (struct talk **here = &hub->talks; *here != NULL; here = &(*here)->next)
        if (*here == talk) {
            *here = talk->next;
            break;
        }
    talk->next = NULL;
    talk->connection = 0;
}

static sotto_err tell_core(struct hub *hub, const struct post *post, view bytes)
{
    TRY(mailbox_put(&hub->server->core, post, bytes));
    mailbox_ring(&hub->server->core);
    return SOTTO_OK;
}

static void on_post(struct hub *hub, const struct post *post, view bytes)
{
    struct talk *talk = talk_find(hub, post->connection);
    if (talk == NULL)
        return;
    if (post->kind == POST_SEND) {
        talk->on_frame(talk, bytes);
    } else if (post->kind == POST_CLOSE) {
        talk_close(hub, talk); /* without memory the core's thread closed it, not the core */
        talk->on_closed(talk);
    }
}

static void on_async(uv_async_t *async)
{
    struct hub *hub = async->data;
    /* first: what the core said before it is in the batch then */
    bool mail = atomic_exchange(&hub->server->mail_waits, false);
    (void)mailbox_take(&hub->server->admin, &hub->batch);
    for (size_t i = 0; i < hub->batch.count; i++) {
        const struct post *post = &hub->batch.list[i];
        on_post(hub, post, (view){hub->batch.bytes.data + post->at, post->len});
    }
    if (mail && hub->on_mail != NULL)
        hub->on_mail(hub->mail_user);
}

/* The core thread rings it, and may do so while we close it. */
static void async_set(struct server *server, uv_async_t *async)
{
    pthread_mutex_lock(&server->admin_lock);
    server->admin_async = async;
    pthread_mutex_unlock(&server->admin_lock);
}

sotto_err hub_start(struct hub *hub, uv_loop_t *uv, struct server *server)
{
    *hub = (struct hub){.server = server};
    if (uv_async_init(uv, &hub->async, on_async) != 0)
        return SOTTO_E_NOMEM;
    hub->async.data = hub;
    async_set(server, &hub->async);
    return SOTTO_OK;
}

void hub_stop(struct hub *hub)
{
    async_set(hub->server, NULL);
    while (hub->talks != NULL) {
        struct talk *talk = hub->talks;
        talk_close(hub, talk);
        talk->on_closed(talk);
    }
    uv_close((uv_handle_t *)&hub->async, NULL);
}

void hub_clear(struct hub *hub)
{
    batch_clear(&hub->batch);
}

sotto_err talk_open(struct hub *hub, struct talk *talk)
{
    uint64_t connection = ++hub->opened << 8 | SERVER_ADMIN;
    const struct post post = {.kind = POST_OPEN_ADMIN, .connection = connection};
    TRY(tell_core(hub, &post, (view){0}));
    talk->connection = connection;
    talk->next = hub->talks;
    hub->talks = talk;
    return SOTTO_OK;
}

sotto_err talk_send(struct hub *hub, struct talk *talk, view frame)
{
    const struct post post = {.kind = POST_FRAME, .connection = talk->connection};
    return tell_core(hub, &post, frame);
}

void talk_close(struct hub *hub, struct talk *talk)
{
    if (talk->connection == 0)
        return;
    const struct post post = {.kind = POST_CLOSED, .connection = talk->connection, .clean = true};
    (void)tell_core(hub, &post, (view){0}); /* without memory the core keeps a row too many */
    talk_forget(hub, talk);
}
