/* CPace: the test vectors in the text of draft-irtf-cfrg-cpace, one JSON object of sections, one section a group.
 * Our group is ristretto255 in the setting of initiator and responder. What the library keeps to itself (the generator,
 * the shared point K) is seen through what it gives: a share made with the scalar 1 is the generator, and K enters the
 * session key, which is computed here once more. */
#include "crypto/cpace.h"

#include "crypto/hash.h"
#include "vectors.h"

#define GENERATOR_KEY "generator_string(G.DSI,PRS,CI,sid,H.s_in_bytes)"

static const view our_dsi = {(const uint8_t *)"CPaceRistretto255", 17};

/* The part of a section that has a field of this name; NULL if none has. */
static const json_t *part_with(const json_t *section, const char *key)
{
    const char *name;
    json_t *part;
    json_object_foreach((json_t *)(uintptr_t)section, name,
                        part) if (field_has(part, key)) return part;
    return NULL;
}

bool cpace_fits(const json_t *root)
{
    const char *name;
    json_t *section;
    json_object_foreach((json_t *)(uintptr_t)root, name,
                        section) if (part_with(section, GENERATOR_KEY) != NULL) return true;
    return false;
}

/* Who runs it: what both sides know, and what is one side's own. */
struct party {
    enum cpace_role role;
    view prs, ci, sid, scalar, ad;
};

static struct party party_of(struct vectors *v, const json_t *run, enum cpace_role role)
{
    bool first = role == CPACE_INITIATOR;
    return (struct party){role,
                          field_hex(v, run, "PRS"),
                          field_hex(v, run, "CI"),
                          field_hex(v, run, "sid"),
                          field_hex(v, run, first ? "ya" : "yb"),
                          field_hex(v, run, first ? "ADa" : "ADb")};
}

/* A scalar below the group's order is left as it is when it is reduced. */
static enum verdict start(struct vectors *v, const struct party *p, struct cpace *ret_run)
{
    uint8_t seed[CPACE_SEED] = {0};
    if (p->scalar.len > sizeof seed)
        return wrong(v, "the scalar has %zu bytes", p->scalar.len);
    memcpy(seed, p->scalar.data, p->scalar.len);
    return outcome(v, cpace_start(v->crypto, p->role, p->prs, p->ci, p->sid, p->ad, seed, ret_run));
}

static enum verdict generator_case(struct vectors *v, const json_t *part, const json_t *run_part)
{
    static const uint8_t one[] = {1};
    struct party p = {CPACE_INITIATOR,
                      field_hex(v, part, "PRS"),
                      field_hex(v, part, "CI"),
                      field_hex(v, part, "sid"),
                      VIEW_OF(one),
                      VIEW_LIT("")};
    DEFER(cpace_clear) struct cpace run = {0};
    CHECK(start(v, &p, &run));
    CHECK(same(v, "the generator", VIEW_OF(run.share), field_hex(v, part, "encoded generator g")));
    return same(v, "g", VIEW_OF(run.share), field_hex(v, run_part, "g"));
}

static enum verdict share_case(struct vectors *v, const json_t *part, enum cpace_role role)
{
    struct party p = party_of(v, part, role);
    DEFER(cpace_clear) struct cpace run = {0};
    CHECK(start(v, &p, &run));
    return same(v, "the share", VIEW_OF(run.share),
                field_hex(v, part, role == CPACE_INITIATOR ? "Ya" : "Yb"));
}

/* Both sides, each with what the vector says that the other sent; and each takes the other's confirmation. */
static enum verdict exchange(struct vectors *v, const json_t *part, struct cpace *a,
                             struct cpace *b)
{
    struct party first = party_of(v, part, CPACE_INITIATOR),
                 second = party_of(v, part, CPACE_RESPONDER);
    CHECK(start(v, &first, a));
    CHECK(start(v, &second, b));
    CHECK(outcome(v, cpace_finish(v->crypto, a, field_hex(v, part, "Yb"), second.ad)));
    CHECK(outcome(v, cpace_finish(v->crypto, b, field_hex(v, part, "Ya"), first.ad)));
    CHECK(outcome(v, cpace_confirm(a, VIEW_OF(b->tag))));
    return outcome(v, cpace_confirm(b, VIEW_OF(a->tag)));
}

/* lv_cat of one part; all of ours are shorter than 128 bytes, so a length is one byte. */
static void lv_add(sotto_buf *out, view part, sotto_err *err)
{
    uint8_t len = (uint8_t)part.len;
    if (*err == SOTTO_OK)
        *err = buf_append(out, view_of(&len, 1));
    if (*err == SOTTO_OK)
        *err = buf_append(out, part);
}

/* ISK = H(lv_cat(DSI_ISK, sid, K) || lv_cat(Ya, ADa) || lv_cat(Yb, ADb)) (draft-irtf-cfrg-cpace 3.1, 6.1) */
static enum verdict isk_compute(struct vectors *v, view sid, view k, view ya, view ada, view yb,
                                view adb, uint8_t ret_isk[CPACE_ISK])
{
    const view parts[] = {VIEW_LIT("CPaceRistretto255_ISK"), sid, k, ya, ada, yb, adb};
    DEFER(buf_clear) sotto_buf in = {0};
    sotto_err err = SOTTO_OK;
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        lv_add(&in, parts[i], &err);
    return outcome(v, err == SOTTO_OK ? hash(v->crypto, HASH_SHA512, buf_view(&in), ret_isk) : err);
}

static enum verdict isk_case(struct vectors *v, const json_t *part)
{
    DEFER(cpace_clear) struct cpace a = {0};
    DEFER(cpace_clear) struct cpace b = {0};
    view expected = field_hex(v, part, "ISK_IR");
    uint8_t isk[CPACE_ISK];
    CHECK(exchange(v, part, &a, &b));
    CHECK(same(v, "the initiator's ISK_IR", secret_view(&a.isk), expected));
    CHECK(same(v, "the responder's ISK_IR", secret_view(&b.isk), expected));
    CHECK(isk_compute(v, field_hex(v, part, "sid"), field_hex(v, part, "K"),
                      field_hex(v, part, "Ya"), field_hex(v, part, "ADa"), field_hex(v, part, "Yb"),
                      field_hex(v, part, "ADb"), isk));
    return same(v, "ISK_IR from K", VIEW_OF(isk), expected);
}

static enum verdict sid_output_case(struct vectors *v, const json_t *part)
{
    DEFER(cpace_clear) struct cpace a = {0};
    DEFER(cpace_clear) struct cpace b = {0};
    view expected = field_hex(v, part, "sid_output_ir");
    CHECK(exchange(v, part, &a, &b));
    CHECK(same(v, "the initiator's sid_output", VIEW_OF(a.sid_output), expected));
    return same(v, "the responder's sid_output", VIEW_OF(b.sid_output), expected);
}

static enum verdict multiply_case(struct vectors *v, const json_t *valid)
{
    struct party p = {CPACE_INITIATOR, VIEW_LIT("prs"),          VIEW_LIT("ci"),
                      VIEW_LIT("sid"), field_hex(v, valid, "s"), VIEW_LIT("ADa")};
    view x = field_hex(v, valid, "X"), product = field_hex(v, valid, "G.scalar_mult_vfy(s,X)");
    DEFER(cpace_clear) struct cpace run = {0};
    uint8_t isk[CPACE_ISK];
    CHECK(start(v, &p, &run));
    CHECK(isk_compute(v, p.sid, product, VIEW_OF(run.share), p.ad, x, VIEW_LIT("ADb"), isk));
    CHECK(outcome(v, cpace_finish(v->crypto, &run, x, VIEW_LIT("ADb"))));
    return same(v, "the session key over s * X", secret_view(&run.isk), VIEW_OF(isk));
}

static enum verdict invalid_case(struct vectors *v, const json_t *part, const char *name)
{
    view s = field_hex(v, json_object_get(part, "Valid"), "s"), y = field_hex(v, part, name);
    struct party p = {CPACE_INITIATOR, VIEW_LIT("prs"), VIEW_LIT("ci"), VIEW_LIT("sid"), s,
                      VIEW_LIT("ADa")};
    DEFER(cpace_clear) struct cpace run = {0};
    CHECK(start(v, &p, &run));
    sotto_err err = cpace_finish(v->crypto, &run, y, VIEW_LIT("ADb"));
    if (err == SOTTO_OK)
        return wrong(v, "an invalid share was taken");
    return err == SOTTO_E_KEY ? ACCEPTED
                              : wrong(v, "refused with %s, not E_KEY", sotto_err_name(err));
}

static bool is_check(const char *name)
{
    return strncmp(name, "Valid", 5) == 0 || strncmp(name, "Invalid", 7) == 0;
}

static void checks_run(struct vectors *v, const json_t *part)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)part, name, value)
    {
        if (json_is_object(value))
            count(v, multiply_case(v, value), "%s", name);
        else if (is_check(name))
            count(v, invalid_case(v, part, name), "%s", name);
    }
}

static void our_group_run(struct vectors *v, const json_t *section)
{
    const json_t *generator = part_with(section, GENERATOR_KEY),
                 *run = part_with(section, "ISK_IR");
    count(v, generator_case(v, generator, run), "generator");
    count(v, share_case(v, run, CPACE_INITIATOR), "Ya");
    count(v, share_case(v, run, CPACE_RESPONDER), "Yb");
    count(v, isk_case(v, run), "ISK_IR");
    count(v, sid_output_case(v, run), "sid_output_ir");
    count_left_out(v, 2, "symmetric setting");
    checks_run(v, part_with(section, "Invalid Y1"));
}

/* What our_group_run() would count there. */
static size_t group_cases(const json_t *section)
{
    const char *name;
    json_t *value;
    size_t cases = 7;
    json_object_foreach((json_t *)(uintptr_t)part_with(section, "Invalid Y1"), name, value) cases +=
        is_check(name);
    return cases;
}

static bool is_ours(struct vectors *v, const json_t *section)
{
    view dsi;
    return hex_bytes(v, json_object_get(part_with(section, GENERATOR_KEY), "DSI"), &dsi) &&
           view_equal(dsi, our_dsi);
}

/* Sections that are no group define functions by examples, one for each name that has arguments. */
static size_t function_cases(const json_t *section)
{
    const char *name, *field;
    json_t *part, *value;
    size_t cases = 0;
    json_object_foreach((json_t *)(uintptr_t)section, name, part)
        json_object_foreach(part, field, value) cases += strchr(field, '(') != NULL;
    return cases;
}

void cpace_run(struct vectors *v, const json_t *root)
{
    const char *name;
    json_t *section;
    json_object_foreach((json_t *)(uintptr_t)root, name, section)
    {
        if (part_with(section, GENERATOR_KEY) == NULL)
            count_left_out(v, function_cases(section), "inner functions");
        else if (is_ours(v, section))
            our_group_run(v, section);
        else
            count_left_out(v, group_cases(section), "another group");
    }
}
