/* client.h - a client of the model: its keys, its KeyPackages, its group, and what it keeps of that. */
#ifndef TESTS_MODEL_CLIENT_H
#define TESTS_MODEL_CLIENT_H

#include "tests/model/world.h"

/* Begins a group, of the world's suite, which is the first record. */
void client_create(struct client *c);
void client_end(struct client *c);
/* Another signature key from its next leaf on. */
void client_new_key(struct client *c);
/* Itself, as it wants to be. */
sotto_mls_client client_self(const struct client *c);
void client_random_settings(struct client *c);

/* A KeyPackage of its own, which it keeps the private part of. Borrowed. */
view client_package(struct client *c);
const struct package *client_find_package(const struct client *c, view ref);
void client_delete_package(struct client *c, view ref);

/* After a step that worked: what changed is stored. Now and then the group is then read back, and the parts are looked at. */
void client_save(struct client *c);
/* Back to what was stored, as after a crash. */
void client_reload(struct client *c);
/* The parts of the group are what was stored. */
void client_check_parts(struct client *c);
/* After a step that was refused. */
void client_check_refused(struct client *c);

/* The group entered the epoch of the record `at`. */
void client_enter(struct client *c, uint64_t at);
/* It is not part of what comes. */
void client_leave(struct client *c);
/* Holds it against the record's facts, or sets them. */
void client_check_facts(struct client *c);
/* Asks for what is exported once in an epoch, and once more. */
void client_safe_export(struct client *c);
/* Other settings, but for the epochs that are kept. */
void client_change_settings(struct client *c);
/* Loses all that it has of the group. */
void client_lose(struct client *c);
/* Takes over a group that it joined. */
void client_take(struct client *c, sotto_group *group, uint64_t at);

/* Its commit that was on the way is not any more. */
void client_drop_staged(struct client *c);
bool client_has_staged(const struct client *c);

/* Is in the last epoch, and may do something there. */
bool client_is_ready(struct world *w, const struct client *c);
/* One that is, from a random place on; NULL: there is none. */
struct client *client_ready(struct world *w);
struct client *client_ready_but(struct world *w, const struct client * not );

/* NULL: it can't open messages of that record. */
struct kept_epoch *client_kept(const struct client *c, uint64_t at);

#endif
