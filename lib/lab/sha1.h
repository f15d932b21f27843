/* sha1.h - SHA-1, broken since 2017: two documents with one digest are public (attack.h has a pair).
 * Here to be broken once more before people's eyes, and for nothing else. */
#ifndef LAB_SHA1_H
#define LAB_SHA1_H

#include "base/base.h"

#define SHA1_SIZE 20 /* bytes */

SOTTO_MUST_USE sotto_err sha1(view in, uint8_t ret_digest[SHA1_SIZE]);

#endif
