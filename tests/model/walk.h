/* walk.h - one epoch of a walk: members talk, propose, race to commit, and follow; now and then something rarer. */
#ifndef TESTS_MODEL_WALK_H
#define TESTS_MODEL_WALK_H

#include "tests/model/world.h"

void walk_epoch(struct world *w);

#endif
