/* commit.h - the proposals that take effect, and perhaps a new path (RFC 9420 12.4). */
#ifndef MLS_COMMIT_H
#define MLS_COMMIT_H

#include "mls/proposal.h"
#include "mls/update_path.h"

enum proposal_or_ref_type { PROPOSAL_OR_REF_PROPOSAL = 1, PROPOSAL_OR_REF_REFERENCE = 2 };

struct proposal_or_ref {
    enum proposal_or_ref_type type;
    union {
        struct proposal proposal;
        view reference;
    };
};
void proposal_or_ref_read(struct rd *r, struct proposal_or_ref *out);
void proposal_or_ref_write(struct wr *w, const struct proposal_or_ref *item);

struct commit {
    view proposals; /* proposal_or_refs */
    bool has_path;
    struct update_path path;
};
void commit_read(struct rd *r, struct commit *out);
void commit_write(struct wr *w, const struct commit *commit);

#endif
