/* mls-model - random walks of an MLS group over a delivery service that loses, repeats, delays and spoils what it carries, against
 * what all members must agree on (world.h).
 *
 *   mls-model [--seed N] [--epochs N] [--members N] [--suite N] [--thorough]
 *
 * The seed is printed first; the same options lead to the same walk. A walk that fails ends with the seed, the step, what was being
 * done, and by which client. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/model/walk.h"

struct options {
    uint64_t seed, epochs, members, suite;
    bool thorough;
};

static bool number_read(const char *text, uint64_t *ret_number)
{
    char *end = NULL;
    errno = 0;
    uint64_t number = strtoull(text, &end, 0);
    if (errno != 0 || end == text || *end != '\0' || *text == '-')
        return false;
    *ret_number = number;
    return true;
}

static bool options_read(int argc, char **argv, struct options *o)
{
    const struct {
        const char *name;
        uint64_t *value;
    } numbers[] = {{"--seed", &o->seed},
                   {"--epochs", &o->epochs},
                   {"--members", &o->members},
                   {"--suite", &o->suite}};
    for (int i = 1; i < argc; i++) {
        bool known = strcmp(argv[i], "--thorough") == 0;
        o->thorough = o->thorough || known;
        for (size_t k = 0; !known && k < COUNT_OF(numbers); k++)
            if (strcmp(argv[i], numbers[k].name) == 0 && i + 1 < argc)
                known = number_read(argv[++i], numbers[k].value);
        if (!known)
            return false;
    }
    return o->members >= 2 && o->members <= CLIENTS_MAX && o->suite <= UINT16_MAX &&
           sotto_suite_name((uint16_t)o->suite) != NULL;
}

/* Another SplitMix64 than that of the world, so that choices do not depend on how many random bytes were asked for. */
static uint32_t choose(void *context, uint32_t n)
{
    uint64_t *state = context;
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (uint32_t)((z ^ (z >> 31)) % n);
}

static void tally_print(const struct tally *t)
{
    printf("# epochs %" PRIu64 ", races %" PRIu64 ", proposals %" PRIu64 ", joins %" PRIu64
           " (again %" PRIu64 "), left or removed %" PRIu64 ", successors %" PRIu64 "\n",
           t->epochs, t->races, t->proposals, t->joins, t->rejoins, t->removals, t->successors);
    printf("# messages %" PRIu64 ", opened %" PRIu64 ", refused %" PRIu64 ", spoiled %" PRIu64
           ", read back %" PRIu64 ", crashes %" PRIu64 "\n",
           t->messages, t->opened, t->refused, t->spoiled, t->reloads, t->crashes);
}

int main(int argc, char **argv)
{
    static struct world w;
    struct options o = {.seed = (uint64_t)time(NULL),
                        .epochs = 200,
                        .members = 16,
                        .suite = SOTTO_SUITE_X25519_AES128};
    if (!options_read(argc, argv, &o)) {
        fprintf(
            stderr,
            "usage: mls-model [--seed N] [--epochs N] [--members 2..%d] [--suite N] [--thorough]\n",
            CLIENTS_MAX);
        return 2;
    }
    printf("# mls-model --seed %" PRIu64 " --epochs %" PRIu64 " --members %" PRIu64
           " --suite 0x%04" PRIx64 "%s\n",
           o.seed, o.epochs, o.members, o.suite, o.thorough ? " --thorough" : "");
    fflush(stdout);
    uint64_t choices = o.seed ^ 0x5eed;
    w.seed = o.seed;
    w.suite = (uint16_t)o.suite;
    w.client_count = (uint32_t)o.members;
    w.thorough = o.thorough;
    w.choose = choose;
    w.choose_context = &choices;
    world_begin(&w);
    while (w.tally.epochs < o.epochs)
        walk_epoch(&w);
    world_check(&w);
    world_end(&w);
    sotto_crypto_free(w.mls.crypto);
    tally_print(&w.tally);
    printf("1..1\nok 1 - all members agree or refuse\n");
    return 0;
}
