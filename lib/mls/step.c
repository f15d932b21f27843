#include "mls/step.h"

#include "base/ct.h"

static const sotto_mls_rules no_rules;

struct step step_plain(const sotto_mls *m)
{
    return (struct step){
        .c = m->crypto, .rules = m->rules != NULL ? m->rules : &no_rules, .now_s = m->now_s};
}

sotto_err step_begin(sotto_mls *m, struct step *ret_step)
{
    uint8_t any = 0;
    for (size_t i = 0; i < SOTTO_MLS_SEED; i++)
        any |= m->seed[i];
    if (any == 0)
        return SOTTO_E_USAGE;
    struct rng root = rng_from(m->seed);
    uint8_t seed[RNG_SEED];
    rng_bytes(&root, m->seed, SOTTO_MLS_SEED);
    rng_bytes(&root, seed, sizeof seed);
    *ret_step = step_plain(m);
    ret_step->rng = rng_from(seed);
    ct_wipe(seed, sizeof seed);
    rng_clear(&root);
    return SOTTO_OK;
}

void step_clear(struct step *s)
{
    rng_clear(&s->rng);
}

sotto_err step_end(sotto_mls *m, const struct step *s, sotto_err err)
{
    m->check = err != SOTTO_OK ? (uint16_t)s->fault.check : CHECK_NONE;
    m->check_where = err != SOTTO_OK ? s->fault.where : 0;
    return err;
}
