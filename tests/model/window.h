/* window.h - which keys a client has for one sender's messages, as RFC 9420 9.1 and our limits have it: nothing but numbers. */
#ifndef TESTS_MODEL_WINDOW_H
#define TESTS_MODEL_WINDOW_H

#include "tests/model/world.h"

bool window_has(const struct window *v, uint32_t generation);
/* Uses one up that is there. */
void window_use(struct world *w, struct window *v, uint32_t generation);

#endif
