/* What the application's components have in a group, and what a commit does with it. */
#include "guards.h"
#include "mls/safe_aad.h"

struct attempt {
    const char *extensions; /* of the GroupContext, in hexadecimal */
    const char *other;      /* the proposed ones, or authenticated_data */
    struct app_data_update updates[2];
    size_t count;
    sotto_err answer; /* the application's */
};

static sotto_err update(void *context, uint16_t component_id, view before, const view *updates,
                        size_t count, sotto_buf *ret_after)
{
    const struct attempt *a = context;
    (void)component_id;
    (void)before;
    TRY(buf_append(ret_after, updates[count - 1]));
    return a->answer;
}

static sotto_err apply(sotto_crypto *c, const void *argument, struct fault *ret_fault)
{
    (void)c;
    struct attempt a = *(const struct attempt *)argument;
    DEFER(buf_clear) sotto_buf extensions = unhex(a.extensions);
    DEFER(buf_clear) sotto_buf after = {0};
    return app_data_apply(buf_view(&extensions), a.updates, a.count,
                          &(struct app_data_logic){&a, update}, &after, ret_fault);
}

static sotto_err propose(sotto_crypto *c, const void *argument, struct fault *ret_fault)
{
    (void)c;
    const struct attempt *a = argument;
    DEFER(buf_clear) sotto_buf extensions = unhex(a->extensions);
    DEFER(buf_clear) sotto_buf proposed = unhex(a->other);
    return app_data_kept(buf_view(&extensions), buf_view(&proposed), 0, ret_fault);
}

static sotto_err authenticate(sotto_crypto *c, const void *argument, struct fault *ret_fault)
{
    (void)c;
    const struct attempt *a = argument;
    DEFER(buf_clear) sotto_buf extensions = unhex(a->extensions);
    DEFER(buf_clear) sotto_buf data = unhex(a->other);
    return safe_aad_check(buf_view(&extensions), buf_view(&data), ret_fault);
}

/* required_capabilities with app_data_update; a dictionary whose component 8000 is "a"; one with safe_aad. */
#define REQUIRED "0003 05 00 020008 00 "
#define ONE      "0006 05 04 8000 0161"
#define SAFE     "0006 05 04 0002 01 00"

#define SET(id)                \
    {                          \
        (id), APP_DATA_UPDATE, \
        {                      \
            NULL, 0            \
        }                      \
    }
#define DROP(id)               \
    {                          \
        (id), APP_DATA_REMOVE, \
        {                      \
            NULL, 0            \
        }                      \
    }

static const struct attempt absent = {.extensions = ONE, .updates = {DROP(0x8001)}, .count = 1},
                            twice = {.extensions = ONE,
                                     .updates = {DROP(0x8000), DROP(0x8000)},
                                     .count = 2},
                            both = {.extensions = ONE,
                                    .updates = {SET(0x8000), DROP(0x8000)},
                                    .count = 2},
                            refused = {.extensions = ONE,
                                       .updates = {SET(0x8000)},
                                       .count = 1,
                                       .answer = SOTTO_E_UNSUPPORTED},
                            added = {.extensions = REQUIRED, .other = ONE},
                            dropped = {.extensions = REQUIRED ONE, .other = REQUIRED},
                            changed = {.extensions = REQUIRED ONE, .other = "0006 01 00"},
                            not_safe = {.extensions = SAFE, .other = "61"},
                            more_than_safe = {.extensions = SAFE, .other = "00 61"},
                            falling = {.extensions = SAFE, .other = "06 0004 00 0003 00"};

static const struct guard_row rows[] = {
    {CHECK_APP_DATA_REMOVE, apply, &absent},         {CHECK_APP_DATA_ONE_WAY, apply, &twice},
    {CHECK_APP_DATA_ONE_WAY, apply, &both},          {CHECK_APP_DATA_ACCEPTED, apply, &refused},
    {CHECK_GCE_APP_DATA, propose, &added},           {CHECK_GCE_APP_DATA, propose, &dropped},
    {CHECK_GCE_APP_DATA, propose, &changed},         {CHECK_SAFE_AAD, authenticate, &not_safe},
    {CHECK_SAFE_AAD, authenticate, &more_than_safe}, {CHECK_SAFE_AAD, authenticate, &falling},
};

const struct guard_rows guards_app_data = {rows, COUNT_OF(rows)};
