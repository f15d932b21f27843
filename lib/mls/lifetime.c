#include "mls/lifetime.h"

/* struct { uint64 not_before; uint64 not_after; } Lifetime;                                  RFC 9420 7.2 */
void lifetime_read(struct rd *r, struct lifetime *out)
{
    out->not_before = rd_u64(r);
    out->not_after = rd_u64(r);
}

void lifetime_write(struct wr *w, const struct lifetime *lifetime)
{
    wr_u64(w, lifetime->not_before);
    wr_u64(w, lifetime->not_after);
}
