/* limits.h - how large things may be that others send us. The RFC names no limits; these are far above what the largest
 * group with the largest keys needs, and keep time and memory bounded before anything is trusted. What a conversation may
 * hold (2,000 leaves, 64 KiB a handshake body) is the application's to refuse, below these. Bytes, where nothing else is said. */
#ifndef MLS_LIMITS_H
#define MLS_LIMITS_H

#include <stddef.h>
#include <stdint.h>

/* Any structure; a commit that adds 10,000 X-Wing members has 16 MB. */
#define MLS_MESSAGE_MAX ((size_t)64 << 20)
/* Leaf indices of trees lie below, so that node indices never overflow. */
#define MLS_LEAF_LIMIT ((uint32_t)1 << 24)
/* Leaves of a tree that is joined. No message has room for as many members; but a blank leaf comes as two bytes, and takes 160, and
 * a hash, before the tree hash shows whether the tree is the one that was signed. */
#define MLS_JOIN_LEAF_LIMIT ((uint32_t)1 << 20)
/* Nodes of an UpdatePath: levels below the root of the largest tree. */
#define MLS_PATH_MAX 24

#define MLS_GROUP_ID_MAX     ((size_t)4 << 10)
#define MLS_KEY_MAX          ((size_t)4 << 10) /* a public key or a kem_output */
#define MLS_SIGNATURE_MAX    ((size_t)8 << 10)
#define MLS_HASH_MAX         ((size_t)255)      /* a hash, a MAC, a reference, a nonce */
#define MLS_SEALED_MAX       ((size_t)64 << 10) /* a secret sealed for one member */
#define MLS_CREDENTIAL_MAX   ((size_t)64 << 10)
#define MLS_TYPES_MAX        ((size_t)2 << 10) /* a list of uint16 */
#define MLS_EXTENSIONS_COUNT ((size_t)64)      /* in one list */
#define MLS_COMPONENTS_MAX   ((size_t)1 << 20) /* an app_data_dictionary */
#define MLS_PSK_ID_MAX       ((size_t)4 << 10)
#define MLS_AAD_MAX          ((size_t)64 << 10) /* authenticated_data */

/* Message keys of one sender (RFC 9420 9.1, 14) */
#define MLS_FORWARD_MAX 2000u /* generations that a message may be ahead of the last one */
#define MLS_SKIPPED_MAX 1000u /* keys kept for messages that are late */

#endif
