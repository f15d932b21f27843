/* emoji.h - 64 pictures with names that are easy to say and hard to confuse: the optional check of a session shows two of them. */
#ifndef ENGINE_EMOJI_H
#define ENGINE_EMOJI_H

#define EMOJI_COUNT 64

struct emoji {
    const char *picture, *name;
};
/* index is below EMOJI_COUNT. The order is part of what both sides see: it never changes. */
const struct emoji *emoji_at(unsigned index);

#endif
