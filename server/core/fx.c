#include "core/fx.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void core_effects_reset(struct core_effects *fx)
{
    fx->count = 0;
    fx->held = false;
    buf_reset(&fx->bytes);
}

void core_effects_clear(struct core_effects *fx)
{
    if (fx == NULL)
        return;
    free(fx->list);
    buf_clear(&fx->bytes);
    *fx = (struct core_effects){0};
}

sotto_err fx_reserve(struct core_effects *fx, size_t count, size_t bytes)
{
    TRY(buf_reserve(&fx->bytes, bytes));
    if (count <= fx->cap - fx->count)
        return SOTTO_OK;
    if (count > SIZE_MAX / (4 * sizeof *fx->list) - fx->count)
        return SOTTO_E_NOMEM;
    size_t cap = (fx->count + count) * 2;
    struct core_effect *list = realloc(fx->list, cap * sizeof *list);
    if (list == NULL)
        return SOTTO_E_NOMEM;
    fx->list = list;
    fx->cap = cap;
    return SOTTO_OK;
}

struct fx_mark fx_mark(const struct core_effects *fx)
{
    return (struct fx_mark){fx->count, fx->bytes.len};
}

void fx_cut(struct core_effects *fx, struct fx_mark mark)
{
    fx->count = mark.count;
    fx->bytes.len = mark.len;
}

void fx_must(sotto_err err)
{
    if (err != SOTTO_OK)
        abort();
}

static struct core_effect *fx_add(struct core_effects *fx, enum core_effect_kind kind,
                                  uint64_t connection)
{
    assert(fx->count < fx->cap);
    struct core_effect *effect = &fx->list[fx->count++];
    /* what a stream pushes holds nobody up: push.c bounds it; who asks more than it reads holds up itself */
    bool own = !fx->held || connection == fx->source;
    *effect = (struct core_effect){
        .kind = kind,
        .connection = connection,
        .source = own ? fx->source : 0,
        .held = fx->held,
    };
    return effect;
}

void fx_send(struct core_effects *fx, uint64_t connection, size_t at)
{
    struct core_effect *effect = fx_add(fx, CORE_SEND, connection);
    effect->at = at;
    effect->len = fx->bytes.len - at;
}

void fx_send_again(struct core_effects *fx, uint64_t connection, size_t at, size_t len)
{
    struct core_effect *effect = fx_add(fx, CORE_SEND, connection);
    effect->at = at;
    effect->len = len;
}

void fx_push(struct core_effects *fx, uint64_t connection, size_t at, size_t len)
{
    fx_send_again(fx, connection, at, len);
    fx->list[fx->count - 1].pushed = true;
}

void fx_close(struct core_effects *fx, uint64_t connection)
{
    fx_add(fx, CORE_CLOSE, connection);
}

void fx_pause(struct core_effects *fx, uint64_t connection, uint64_t until_ms)
{
    fx_add(fx, CORE_PAUSE, connection)->until_ms = until_ms;
}

void fx_mail(struct core_effects *fx)
{
    fx_add(fx, CORE_MAIL, 0);
}

void fx_blob_kept(struct core_effects *fx, uint64_t connection, sotto_err verdict)
{
    fx_add(fx, CORE_BLOB_KEPT, connection)->verdict = verdict;
}

void fx_blob_gone(struct core_effects *fx, view hash)
{
    struct core_effect *effect = fx_add(fx, CORE_BLOB_GONE, 0);
    effect->at = fx->bytes.len;
    effect->len = hash.len;
    fx_must(buf_append(&fx->bytes, hash));
}

void fx_settled(struct core_effects *fx, uint64_t connection, bool settled)
{
    fx_add(fx, settled ? CORE_SETTLED : CORE_UNSETTLED, connection);
}

void fx_log(struct core_effects *fx, const char *event, uint64_t connection, const char *format,
            ...)
{
    char line[FX_LOG_MAX + 1];
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    struct core_effect *effect = fx_add(fx, CORE_LOG, connection);
    effect->event = event;
    effect->at = fx->bytes.len;
    effect->len = len > 0 ? size_min((size_t)len, FX_LOG_MAX) : 0;
    fx_must(buf_append(&fx->bytes, view_of(line, effect->len)));
}
