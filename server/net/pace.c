#include "net/pace.h"

#define UNIT          16
#define SMOOTH        8       /* commits of which the averages tell */
#define LEAST         8       /* posts: fewer are no bunch */
#define MOST_NS       1000000 /* however slow the disk is */
#define LIGHT_STEP_NS 100000  /* like two wake-ups of a thread */

static uint64_t smoothed(uint64_t before, uint64_t now)
{
    return (before * (SMOOTH - 1) + now) / SMOOTH;
}

void pace_take(struct pace *pace, size_t posts)
{
    pace->taken += posts;
}

void pace_rest(struct pace *pace)
{
    pace->taken = 0;
}

void pace_step(struct pace *pace, uint64_t took_ns)
{
    pace->step_ns = smoothed(pace->step_ns, took_ns < MOST_NS ? took_ns : MOST_NS);
}

void pace_commit(struct pace *pace, uint64_t took_ns)
{
    pace->usual = smoothed(pace->usual, pace->taken * UNIT);
    pace->commit_ns = smoothed(pace->commit_ns, took_ns);
    pace->taken = 0;
}

size_t pace_wanted(const struct pace *pace, uint64_t *ret_most_ns)
{
    size_t bunch = pace->usual / UNIT * 2;
    if (pace->usual < LEAST * UNIT || pace->taken >= bunch)
        return 0;
    *ret_most_ns = pace->commit_ns < MOST_NS ? pace->commit_ns : MOST_NS;
    return bunch - pace->taken;
}

bool pace_is_light(const struct pace *pace, size_t posts)
{
    return posts < LEAST && pace->usual < LEAST * UNIT && pace->commit_ns < MOST_NS &&
           pace->step_ns < LIGHT_STEP_NS;
}
