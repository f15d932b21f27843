/* mls_suite.h - what the runners of MLS formats share: each case names a cipher suite. */
#ifndef VECTORS_MLS_SUITE_H
#define VECTORS_MLS_SUITE_H

#include "crypto/sign.h"
#include "crypto/suite.h"
#include "vectors.h"

/* NULL: none of ours. */
const struct mls_suite *suite_of(struct vectors *v, const json_t *json);
/* A field as a secret, which must have at most SECRET_MAX bytes. */
struct secret field_secret(struct vectors *v, const json_t *json, const char *key);
enum verdict same_secret(struct vectors *v, const char *what, const struct secret *got,
                         view expected);
enum verdict sign_key_of(struct vectors *v, enum sign_id id, const json_t *json, const char *key,
                         sotto_sign_key **ret_key);
/* Runs each case that has a suite of ours. */
void suite_cases(struct vectors *v, const json_t *root,
                 enum verdict (*run)(struct vectors *v, const struct mls_suite *suite,
                                     const json_t *json));

#endif
