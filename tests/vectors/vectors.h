/* vectors.h - the vector runner: test vectors that other people made, run against our functions.
 * A file goes to the one runner that it fits by what it says (algorithm, schema) or by how it is built, never by its
 * name. The runner walks the cases; each ends with a verdict, and the tally counts verdicts and names what went wrong.
 * This is test code: it ends the program when memory runs out, and keeps nothing secret. */
#ifndef VECTORS_VECTORS_H
#define VECTORS_VECTORS_H

#include <jansson.h>

#include "crypto/crypto.h"

/* What our code did with a case. */
enum verdict {
    ACCEPTED, /* it computed what the case expects */
    REFUSED,  /* it refused the input */
    WRONG,    /* it gave another value, or failed in a way that is no refusal */
    LEFT_OUT  /* it was not asked: no algorithm, size or mode of ours */
};

#define REASONS_MAX \
    24 /* different reasons for leaving out, per file; the rest is counted as "other" */

struct reason {
    char text[80];
    size_t count;
};

/* One file, run once. */
struct vectors {
    sotto_crypto *crypto;
    const char *name; /* as it is printed */
    size_t run, failed, left_out;
    struct reason reasons[REASONS_MAX];
    size_t reason_count;
    char why[240];   /* why the case at hand ended as it did */
    char fault[120]; /* the first field of the case at hand that could not be read; "" if none */
    bool malformed;  /* the case at hand has a key of a length that its kind does not have */
    struct block *memory; /* of the case at hand, dropped when it is counted */
};

/* tally.c: verdicts with their reasons. */
__attribute__((format(printf, 2, 3))) enum verdict wrong(struct vectors *v, const char *format,
                                                         ...);
__attribute__((format(printf, 2, 3))) enum verdict leave_out(struct vectors *v, const char *format,
                                                             ...);
/* ACCEPTED for SOTTO_OK; REFUSED for an error that blames the input; WRONG for every other, so that a broken library
 * can't pass for a strict one. */
enum verdict outcome(struct vectors *v, sotto_err err);
/* ACCEPTED if both are the same bytes, else WRONG. */
enum verdict same(struct vectors *v, const char *what, view got, view expected);

/* Goes on while the verdict is ACCEPTED; every other one is the verdict of our caller. */
#define CHECK(expression)                   \
    do {                                    \
        enum verdict check_ = (expression); \
        if (check_ != ACCEPTED)             \
            return check_;                  \
    } while (0)

/* Counts the case at hand and drops its memory: ACCEPTED passes, LEFT_OUT is left out, the others fail. */
__attribute__((format(printf, 3, 4))) void count(struct vectors *v, enum verdict verdict,
                                                 const char *label, ...);
/* Counts `cases` of them as left out. */
__attribute__((format(printf, 3, 4))) void count_left_out(struct vectors *v, size_t cases,
                                                          const char *format, ...);

/* tally.c: fields of a case. What they give lives until the case is counted. A field that is missing or has another
 * form gives an empty value and makes the case fail, whatever its verdict. */
view field_hex(struct vectors *v, const json_t *object, const char *key);
const char *field_text(struct vectors *v, const json_t *object, const char *key);
int64_t field_number(struct vectors *v, const json_t *object, const char *key);
/* The case fails: the field has a form that its runner can't use. The first one is named. */
void field_fault(struct vectors *v, const char *key, const char *what);
bool field_has(const json_t *object, const char *key);
/* The bytes of a hexadecimal string; false if it is none. */
bool hex_bytes(struct vectors *v, const json_t *value, view *ret_bytes);
/* The string of a field, or "" if there is none. */
const char *text_or_empty(const json_t *object, const char *key);
/* Memory of the case at hand, zeroed. */
uint8_t *case_memory(struct vectors *v, size_t len);
/* Drops it; count() does so too. */
void case_end(struct vectors *v);

/* One kind of vector file: a row in formats.c. */
struct format {
    bool (*fits)(const json_t *root);
    bool (*on_curve)(
        const json_t *root); /* whether the Curve25519 back-end takes part; NULL: never */
    void (*run)(struct vectors *v, const json_t *root);
};
/* NULL: none of ours. */
const struct format *format_find(const json_t *root);
/* How many cases a file of no format has, as far as one can see. */
size_t format_guess_cases(const json_t *root);

bool wycheproof_fits(const json_t *root);
bool wycheproof_on_curve(const json_t *root);
void wycheproof_run(struct vectors *v, const json_t *root);
bool acvp_fits(const json_t *root);
void acvp_run(struct vectors *v, const json_t *root);
bool hpke_fits(const json_t *root);
bool hpke_on_curve(const json_t *root);
void hpke_run(struct vectors *v, const json_t *root);
bool xwing_fits(const json_t *root);
bool xwing_on_curve(const json_t *root);
void xwing_run(struct vectors *v, const json_t *root);
bool cpace_fits(const json_t *root);
void cpace_run(struct vectors *v, const json_t *root);
bool mls_messages_fits(const json_t *root);
void mls_messages_run(struct vectors *v, const json_t *root);
bool mls_deserialization_fits(const json_t *root);
void mls_deserialization_run(struct vectors *v, const json_t *root);
bool mls_tree_math_fits(const json_t *root);
void mls_tree_math_run(struct vectors *v, const json_t *root);
bool mls_basics_fits(const json_t *root);
void mls_basics_run(struct vectors *v, const json_t *root);
bool mls_psk_fits(const json_t *root);
void mls_psk_run(struct vectors *v, const json_t *root);
bool mls_key_schedule_fits(const json_t *root);
void mls_key_schedule_run(struct vectors *v, const json_t *root);
bool mls_transcript_fits(const json_t *root);
void mls_transcript_run(struct vectors *v, const json_t *root);
bool mls_secret_tree_fits(const json_t *root);
void mls_secret_tree_run(struct vectors *v, const json_t *root);
bool mls_protection_fits(const json_t *root);
void mls_protection_run(struct vectors *v, const json_t *root);
bool mls_tree_operations_fits(const json_t *root);
void mls_tree_operations_run(struct vectors *v, const json_t *root);
bool mls_tree_validation_fits(const json_t *root);
void mls_tree_validation_run(struct vectors *v, const json_t *root);
bool mls_treekem_fits(const json_t *root);
void mls_treekem_run(struct vectors *v, const json_t *root);
bool mls_curve(const json_t *root);
bool mls_welcome_fits(const json_t *root);
void mls_welcome_run(struct vectors *v, const json_t *root);
bool mls_passive_fits(const json_t *root);
void mls_passive_run(struct vectors *v, const json_t *root);
bool identity_fits(const json_t *root);
bool identity_on_curve(const json_t *root);
void identity_run(struct vectors *v, const json_t *root);

/* source.c: the files. */
struct source {
    char *path;
    char *name; /* the path below the folder that was named */
};
struct sources {
    struct source *items;
    size_t count;
};
/* Appends `path` if it is a file, else every *.json and *.json.xz below it, sorted. false: it can't be read (said on stderr). */
bool sources_add(struct sources *s, const char *path);
void sources_clear(struct sources *s);
/* The parsed file, or NULL with the reason in `why`. Release with json_decref(). */
json_t *source_load(const char *path, char *why, size_t why_size);

#endif
