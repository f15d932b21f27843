/* world.h - a model of MLS: clients that are honest, each with its group and the parts that it keeps of it, and a delivery service
 * that is not. The service lets one commit win in each epoch; all else is up to it: it loses, repeats, delays and spoils messages.
 *
 * Each epoch of the group is a record: how to get there, and the facts that all who are in it must agree on. Whoever enters
 * first sets them; everybody after that is held against them. Whatever a client refuses must leave its group's parts as they
 * were, byte for byte. What does not hold ends the program, after it said where.
 *
 * Choices come from outside, so that a walk can be random, replayed by its seed, or made of fuzz bytes. */
#ifndef TESTS_MODEL_WORLD_H
#define TESTS_MODEL_WORLD_H

#include <sotto/mls.h>

#include "base/buf.h"
#include "tests/model/parts.h"

#define CLIENTS_MAX 64
#define NOBODY      UINT32_MAX
#define RECORDS_MAX \
    12 /* epochs that the service remembers; who is farther behind has to join again */
#define PROPOSALS_MAX  64 /* in one epoch */
#define CANDIDATES_MAX 4  /* commits that race */
#define KEPT_MAX       8  /* epochs that a client can open messages of */
#define PACKAGES_MAX   4  /* KeyPackages that a client has out */
#define PSKS_MAX       32 /* resumption PSKs of past epochs that can be asked for */
#define SKIPPED_MAX    1000u
#define FORWARD_MAX    2000u

/* What all members of an epoch must have in common. */
struct facts {
    bool known;
    sotto_buf context, authenticator, resumption;
    uint8_t exported[32];
    sotto_buf safe_exported; /* empty: nobody has asked yet */
    uint8_t roster[32];
};

/* What all members must say alike of a proposal: who comes first decides, unless it is known. */
enum verdict { VERDICT_OPEN, VERDICT_TAKEN, VERDICT_REFUSED };

struct posted {
    sotto_buf bytes;
    uint64_t got; /* clients that had it, a bit each */
    enum verdict verdict;
};

struct record {
    uint64_t epoch;
    uint64_t ended_s;
    struct facts facts;
    uint32_t leaf_of[CLIENTS_MAX]; /* NOBODY: not a member */
    struct posted proposals[PROPOSALS_MAX];
    uint32_t proposal_count;
    sotto_buf group_info, tree; /* the tree is empty if it is in the GroupInfo */
    sotto_buf commit;           /* that ended it; empty: the last */
    uint32_t committer;
    bool ended; /* by a ReInit */
};

/* An application message. */
struct message {
    sotto_buf bytes;
    uint64_t at; /* the record that it is of */
    uint32_t sender, generation;
    uint32_t number; /* which all that it says follows from */
};

/* The keys that a client has for messages of one sender: from `next` on, and those that were passed by. */
struct window {
    uint32_t next;
    uint32_t *kept; /* rising */
    uint32_t kept_count;
};

/* An epoch that a client can open messages of. */
struct kept_epoch {
    uint64_t at;
    struct window windows[CLIENTS_MAX];
};

struct package {
    sotto_buf message, private, ref;
    uint16_t suite;
};

struct client {
    struct world *world;
    uint32_t number;
    uint8_t identity[4];
    sotto_sign_key *key; /* for its next leaf */
    sotto_mls_rules rules;
    sotto_mls_settings settings;
    struct package packages[PACKAGES_MAX];
    uint32_t package_next;

    sotto_group *group; /* NULL: none, or it was lost */
    struct parts parts;
    uint64_t at; /* the record that the group is in */
    bool gone;   /* removed, or the group was ended */
    struct kept_epoch
        *kept[KEPT_MAX]; /* newest first; the first is the present one, unless it is gone */
    uint32_t kept_count;
    uint32_t sent; /* application messages in this epoch */
    bool exported; /* it has had safe_exported of this epoch */

    /* A commit of its own that is on the way: as an object, or as bytes. */
    sotto_staged *staged;
    sotto_buf staged_bytes;
    uint64_t staged_at;

    bool lenient; /* its commit rule takes anything */
    bool forgets; /* it does not find a PSK */
};

/* A commit that may win. */
struct candidate {
    struct client *from;
    bool external, ends;
    sotto_staged *staged; /* of an external one */
    sotto_buf bytes, welcome, welcome_tree, group_info, tree;
};

struct world {
    sotto_mls mls;
    uint16_t suite;
    uint32_t client_count; /* those that there are; members are some of them */
    struct client clients[CLIENTS_MAX];
    uint32_t goal; /* as many members as the group should have now */
    uint64_t now_s;
    uint64_t random; /* the state of world_random() */
    uint32_t (*choose)(void *context, uint32_t n);
    void *choose_context;
    bool thorough; /* look at everything, at each step */

    struct record *records[RECORDS_MAX];
    uint64_t first,
        count; /* number of the oldest record that is there; of records that there were */
    struct candidate candidates[CANDIDATES_MAX];
    uint32_t candidate_count;
    struct message *messages;
    size_t message_count, message_cap;
    uint32_t message_number;
    sotto_sign_key *outside_key; /* of the external sender */
    uint32_t group_number;       /* of group ids */
    /* Resumption PSKs of the group's epochs, by their numbers modulo PSKS_MAX. */
    struct past_psk {
        uint64_t epoch;
        sotto_buf psk;
    } psks[PSKS_MAX];
    sotto_buf group_id;              /* of the group as it is now */
    sotto_buf former_id, former_psk; /* of the group that was ended by a ReInit */
    uint64_t former_epoch;

    /* For who reads why it ended. */
    uint64_t seed, step;
    const char *doing;
    uint32_t who;
    struct tally {
        uint64_t epochs, joins, rejoins, removals, proposals, messages, opened, refused, spoiled,
            races, reloads, crashes, successors;
    } tally;
};

/* Ends the program, unless it holds. */
#define MUST(w, condition) \
    ((condition) ? (void)0 : world_fail(w, SOTTO_OK, #condition, __FILE__, __LINE__))
#define MUST_OK(w, call)                                         \
    do {                                                         \
        sotto_err must_err_ = (call);                            \
        if (must_err_ != SOTTO_OK)                               \
            world_fail(w, must_err_, #call, __FILE__, __LINE__); \
    } while (0)
_Noreturn void world_fail(const struct world *w, sotto_err err, const char *what, const char *file,
                          int line);

/* A choice from 0 to n - 1; n > 0. Choices that are used up are all 0. */
uint32_t pick(struct world *w, uint32_t n);
/* Once in n times; never if choices are used up. */
bool chance(struct world *w, uint32_t n);
void world_random(struct world *w, uint8_t *out, size_t len);
/* What is being done, and by whom, should it fail; NULL: by nobody. Its rules are asked from here on. */
void doing(struct world *w, const char *what, const struct client *c);

/* `w` is zero but for the choices, the seed, suite, and client_count. The first client makes the group. */
void world_begin(struct world *w);
void world_end(struct world *w);
/* Looks at each member once more. */
void world_check(struct world *w);

struct record *record_at(struct world *w, uint64_t at); /* NULL: forgotten */
struct record *record_last(struct world *w);
/* A new last one, where the one before led; its facts are not known. */
struct record *record_next(struct world *w, uint64_t epoch);
void records_forget(struct world *w); /* a new group begins */
uint32_t record_members(const struct record *r);
bool is_member(const struct world *w, const struct record *r, const struct client *c);

#endif
