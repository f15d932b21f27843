/* check.h - everything that must hold before what others send is used, each check a row with its number: where RFC 9420 says it
 * ("ext": draft-ietf-mls-extensions), what it says, which error its failure gives, and who can notice. Numbers never change and
 * are never used again. Checks of one kind stand together, with room for more: 1 the tree, 26 an UpdatePath, 36 the form, 60 a
 * KeyPackage, 70 a message, 85 a credential, 97 proposals and their list, 135 a commit, 150 a Welcome, 175 joining by a commit
 * of one's own, 190 successors of a group, 200 draft-ietf-mls-extensions. */
#ifndef MLS_CHECK_H
#define MLS_CHECK_H

#include "base/base.h"
#include "base/guard.h"

/* Who can notice that a check fails. MEMBER: every member, from what it sees of the commit or message; PATH: only those who can
 * open what was sealed for them, so that others may have gone on; JOINER: who joins. */
enum check_who { WHO_MEMBER, WHO_PATH, WHO_JOINER };

/* X(name, number, section, who, error, sentence); what a row is about is in its name. */
/* clang-format off */
#define MLS_CHECKS(X) \
    X(TREE_HASH, 1, "12.4.3.1", JOINER, VALUE, "the tree hash is the one in the GroupContext") \
    X(TREE_RIGHT_HALF, 2, "7.7", JOINER, VALUE, "the right half of a tree has a member: it is no larger than it needs to be") \
    X(LEAF_VERSION, 3, "7.3, 11.1", MEMBER, VALUE, "a leaf's capabilities list mls10") \
    X(LEAF_CIPHER_SUITE, 4, "7.2, 11", MEMBER, VALUE, "the capabilities of a leaf that we bring in list the group's cipher suite") \
    X(LEAF_CREDENTIAL_LISTED, 5, "7.2", MEMBER, VALUE, "a leaf's capabilities list the type of its own credential") \
    X(LEAF_EXTENSIONS_LISTED, 6, "7.2, 7.3", MEMBER, VALUE, "a leaf's capabilities list the types of its own extensions, but for default ones") \
    X(LEAF_DEFAULTS_UNLISTED, 7, "7.2", MEMBER, VALUE, "a leaf's capabilities list no default extension or proposal type") \
    X(LEAF_REQUIRED_EXTENSIONS, 8, "7.3", MEMBER, VALUE, "a leaf supports the extensions that the group requires") \
    X(LEAF_REQUIRED_PROPOSALS, 9, "7.3", MEMBER, VALUE, "a leaf supports the proposals that the group requires") \
    X(LEAF_REQUIRED_CREDENTIALS, 10, "7.3", MEMBER, VALUE, "a leaf supports the credentials that the group requires") \
    X(LEAF_CREDENTIAL_SUPPORTED, 11, "7.3", MEMBER, VALUE, "all members support the type of a leaf's credential") \
    X(LEAF_SUPPORTS_CREDENTIALS, 12, "7.3", MEMBER, VALUE, "a leaf supports the credential types of all members") \
    X(LEAF_LIFETIME_RANGE, 13, "7.2", MEMBER, VALUE, "a leaf's lifetime ends after it begins, and is not longer than allowed") \
    X(LEAF_LIFETIME_NOW, 14, "7.3", MEMBER, EXPIRED, "it is within a leaf's lifetime") \
    X(LEAF_SOURCE, 15, "7.3", MEMBER, VALUE, "a leaf's leaf_node_source is the one of its place") \
    X(LEAF_ENCRYPTION_KEY, 16, "5.1.1, 10", MEMBER, KEY, "a leaf's encryption_key is a key") \
    X(LEAF_SIGNATURE_KEY, 17, "5.1.1, 10", MEMBER, KEY, "a leaf's signature_key is a key") \
    X(LEAF_ENCRYPTION_KEY_UNIQUE, 18, "7.3, 16.7", MEMBER, VALUE, "no other node has a leaf's encryption_key") \
    X(LEAF_SIGNATURE_KEY_UNIQUE, 19, "7.3, 16.7", MEMBER, VALUE, "no other leaf has a leaf's signature_key") \
    X(LEAF_SIGNATURE, 20, "7.3", MEMBER, SIGNATURE, "a leaf's signature is its own, made for this group and this place") \
    X(PARENT_ENCRYPTION_KEY, 21, "5.1.1", JOINER, KEY, "a parent's encryption_key is a key") \
    X(PARENT_KEY_UNIQUE, 22, "12.4.3.1", JOINER, VALUE, "no other node has a parent's encryption_key") \
    X(PARENT_UNMERGED_MEMBER, 23, "12.4.3.1", JOINER, VALUE, "an unmerged leaf is a member below the parent") \
    X(PARENT_UNMERGED_BETWEEN, 24, "12.4.3.1", JOINER, VALUE, "every parent between has an unmerged leaf, too") \
    X(PARENT_HASH, 25, "7.9.2", JOINER, VALUE, "exactly one node below is bound to a parent by its parent hash") \
    X(PATH_LEAF_KEY_NEW, 26, "12.4.2", MEMBER, VALUE, "the committer's new encryption_key differs from the old one") \
    X(PATH_KEYS_UNIQUE, 27, "12.4.2", MEMBER, VALUE, "no key of the UpdatePath is in the new tree, or twice in the path") \
    X(PATH_LENGTH, 28, "7.5, 7.6", MEMBER, VALUE, "the UpdatePath has a node for each of the filtered direct path") \
    X(PATH_CIPHERTEXTS, 29, "7.6", MEMBER, VALUE, "each node of the UpdatePath has a ciphertext for each receiver") \
    X(PATH_KEY, 30, "5.1.1", MEMBER, KEY, "each key of the UpdatePath is a key") \
    X(PATH_PARENT_HASH, 31, "7.5, 7.9.2", MEMBER, VALUE, "the new leaf's parent_hash is that of the path") \
    X(PATH_KEYS_DERIVED, 32, "7.5", PATH, VALUE, "the keys that are derived from a path secret are those in the path") \
    X(PATH_SECRET_LENGTH, 33, "7.4", PATH, VALUE, "a path secret has the length of the KDF's output") \
    X(PATH_SECRET_OPENS, 34, "7.5", PATH, DECRYPT, "the path secret that was sealed for us opens") \
    X(LEAF_GROUP_EXTENSIONS, 35, "13.4", MEMBER, VALUE, "a leaf supports the types of the GroupContext's extensions") \
    X(FORM_VECTOR_SHORTEST, 36, "2.1.2", MEMBER, VARINT, "the length of a vector is in its shortest form") \
    X(FORM_VECTOR_PREFIX, 37, "2.1.2", MEMBER, VARINT, "the length of a vector does not begin with the bits 11") \
    X(FORM_VECTOR_SIZE, 38, "2.1.2", MEMBER, TOO_LARGE, "a vector is not longer than its limit") \
    X(FORM_PRESENCE, 39, "2.1.1", MEMBER, VALUE, "a presence octet is 0 or 1") \
    X(FORM_LEFTOVERS, 40, "6", MEMBER, TRAILING, "nothing follows what is read, behind a message or inside a known extension") \
    X(FORM_VERSION, 41, "6", MEMBER, VERSION, "the protocol version of a message is ours") \
    X(FORM_WIRE_FORMAT, 42, "6", MEMBER, KIND, "a wire_format is known") \
    X(FORM_CONTENT_TYPE, 43, "6", MEMBER, VALUE, "a content_type is known") \
    X(FORM_SENDER_TYPE, 44, "6", MEMBER, VALUE, "a sender_type is known") \
    X(FORM_PADDING, 45, "6.3.1", MEMBER, VALUE, "padding is zero") \
    X(FORM_PROPOSAL_TYPE, 46, "12.1, 13.5", MEMBER, KIND, "a proposal_type is known") \
    X(FORM_PROPOSAL_OR_REF, 47, "12.4", MEMBER, VALUE, "a proposal comes by value or by reference") \
    X(FORM_PSK_TYPE, 48, "8.4", MEMBER, VALUE, "a psktype is known") \
    X(FORM_PSK_USAGE, 49, "8.4", MEMBER, VALUE, "the usage of a resumption PSK is known") \
    X(FORM_LEAF_NODE_SOURCE, 50, "7.2", MEMBER, VALUE, "a leaf_node_source is known") \
    X(FORM_UPDATE_SOURCE, 51, "7.3", MEMBER, VALUE, "the leaf of an Update has the source update") \
    X(FORM_PATH_SOURCE, 52, "7.3, 12.4.2", MEMBER, VALUE, "the leaf of an UpdatePath has the source commit") \
    X(FORM_CREDENTIAL_TYPE, 53, "5.3, 13.5", MEMBER, VALUE, "a credential_type is known") \
    X(FORM_CERTIFICATES, 54, "5.3", MEMBER, VALUE, "an x509 credential has a certificate, and none of no bytes") \
    X(FORM_EXTENSION_ONCE, 55, "13.4", MEMBER, VALUE, "no type of extension is twice in a list") \
    X(FORM_UNMERGED_RISING, 56, "7.1", JOINER, VALUE, "unmerged_leaves rise") \
    X(FORM_NODE_TYPE, 57, "7.8", JOINER, VALUE, "a node of a ratchet_tree is a leaf or a parent") \
    X(FORM_NODE_PLACE, 58, "12.4.3.3", JOINER, VALUE, "leaves and parents alternate in a ratchet_tree") \
    X(FORM_NODE_LAST, 59, "12.4.3.3", JOINER, VALUE, "the last node of a ratchet_tree is not blank") \
    X(KEY_PACKAGE_VERSION, 60, "10.1", MEMBER, VERSION, "a KeyPackage is of the group's protocol version") \
    X(KEY_PACKAGE_CIPHER_SUITE, 61, "10.1", MEMBER, VALUE, "a KeyPackage is of the group's cipher suite") \
    X(KEY_PACKAGE_SIGNATURE, 62, "10.1", MEMBER, SIGNATURE, "a KeyPackage is signed with the key of its leaf") \
    X(KEY_PACKAGE_INIT_KEY, 63, "10", MEMBER, KEY, "a KeyPackage's init_key is a key") \
    X(KEY_PACKAGE_KEYS_DIFFER, 64, "10.1", MEMBER, VALUE, "a KeyPackage's init_key is not its leaf's encryption_key") \
    X(KEY_PACKAGE_EXTENSIONS_LISTED, 65, "10, 13.4", MEMBER, VALUE, "those of a KeyPackage's extensions that we know are in the capabilities of its leaf, but for default ones") \
    X(KEY_PACKAGE_SOURCE, 66, "10", MEMBER, VALUE, "the leaf of a KeyPackage has the source key_package") \
    X(KEY_PACKAGE_MESSAGE_VERSION, 67, "10", MEMBER, VERSION, "a KeyPackage that comes as a message has the message's protocol version") \
    X(MESSAGE_GROUP, 70, "6", MEMBER, UNEXPECTED, "a message is of this group") \
    X(MESSAGE_EPOCH, 71, "12.1, 12.4.2", MEMBER, NOT_NOW, "a handshake message is of the current epoch, an application message of one that is kept") \
    X(SENDER_MEMBER, 72, "6.1, 6.3.2", MEMBER, NOTFOUND, "the sender of a member's message has a leaf") \
    X(SENDER_EXTERNAL_LISTED, 73, "6.1, 12.1.8", MEMBER, NOTFOUND, "an external sender's index is in external_senders") \
    X(SENDER_EXTERNAL_TYPES, 74, "12.1.8, ext 4.7, 4.8, 6.3.1", MEMBER, UNEXPECTED, "an external sender proposes nothing but Add, Remove, PreSharedKey, ReInit, GroupContextExtensions, AppDataUpdate, AppEphemeral") \
    X(SENDER_NEW_MEMBER_ADD, 75, "6.1", MEMBER, UNEXPECTED, "a new member proposes nothing but to be added") \
    X(SENDER_MAY_SAY, 76, "6.1", MEMBER, UNEXPECTED, "a sender of this type may send this type of content") \
    X(APPLICATION_IS_PRIVATE, 77, "6", MEMBER, UNEXPECTED, "application data comes in a PrivateMessage") \
    X(MEMBERSHIP_TAG, 78, "6.2", MEMBER, MAC, "the membership_tag of a member's PublicMessage is right") \
    X(MESSAGE_SIGNATURE, 79, "6.1", MEMBER, SIGNATURE, "a message is signed with the key of its sender") \
    X(SENDER_DATA_OPENS, 80, "6.3.2", MEMBER, DECRYPT, "the sender data of a PrivateMessage opens") \
    X(CONTENT_OPENS, 81, "6.3.1", MEMBER, DECRYPT, "the content of a PrivateMessage opens") \
    X(GENERATION_NEW, 82, "9.1, 9.2", MEMBER, REPLAYED, "a generation is used once") \
    X(GENERATION_NEAR, 83, "15.3", MEMBER, MISSING, "a generation is not too far ahead") \
    X(GENERATION_KEPT, 84, "9.2, 15.3", MEMBER, EXPIRED, "the key of a late message was kept") \
    X(CREDENTIAL_ACCEPTED, 85, "5.3.1", MEMBER, CERTIFICATE, "the application takes a new credential for whom it names") \
    X(CREDENTIAL_SUCCESSOR, 86, "5.3.1", MEMBER, CERTIFICATE, "a credential that replaces another names the same client") \
    X(CREDENTIAL_X509_KEY, 87, "5.3", MEMBER, CERTIFICATE, "the first certificate of an x509 credential is for the leaf's signature_key") \
    X(CREDENTIAL_EXTERNAL_SENDER, 88, "5.3.1", MEMBER, CERTIFICATE, "the application takes the credentials of new external_senders") \
    X(UPDATE_KEY_NEW, 97, "7.3, 12.1.2", MEMBER, VALUE, "an Update brings another encryption_key") \
    X(REMOVE_MEMBER, 98, "12.1.3", MEMBER, NOTFOUND, "a Remove names a leaf that is there") \
    X(PSK_USAGE, 99, "12.1.4", MEMBER, VALUE, "a PreSharedKey proposal's resumption PSK is for application use") \
    X(PSK_NONCE, 100, "12.1.4", MEMBER, VALUE, "a psk_nonce has the length of the KDF's output") \
    X(REINIT_VERSION, 101, "12.1.5", MEMBER, VERSION, "a ReInit's version is not below the group's") \
    X(GCE_SUPPORTED, 102, "13.4", MEMBER, VALUE, "all members support the types of the new GroupContext's extensions") \
    X(GCE_REQUIRED, 103, "11.1, 12.1.7", MEMBER, VALUE, "all members have the capabilities that the new GroupContext requires") \
    X(LIST_COMMITTER_UPDATE, 104, "12.2", MEMBER, VALUE, "a commit holds no Update of the committer") \
    X(LIST_COMMITTER_REMOVE, 105, "12.2", MEMBER, VALUE, "a commit does not remove the committer") \
    X(LIST_LEAF_ONCE, 106, "12.2, ext 6.3.1", MEMBER, VALUE, "a leaf is updated or removed once") \
    X(LIST_ADD_ONCE, 107, "12.2", MEMBER, VALUE, "a client is added once") \
    X(LIST_ADD_NEW, 108, "12.2", MEMBER, EXISTS, "a client that is added is no member, but for one who is removed") \
    X(LIST_PSK_ONCE, 109, "12.2", MEMBER, VALUE, "a PSK is there once") \
    X(LIST_GCE_ONCE, 110, "12.2", MEMBER, VALUE, "there is one GroupContextExtensions at most") \
    X(LIST_REINIT_ALONE, 111, "12.2", MEMBER, VALUE, "a ReInit is alone") \
    X(LIST_EXTERNAL_INIT, 112, "12.2", MEMBER, VALUE, "a member's commit holds no ExternalInit") \
    X(LIST_SUPPORTED, 113, "12.2, 13.2", MEMBER, VALUE, "all members who stay support the types of the proposals") \
    X(REFERENCE_KNOWN, 114, "12.1, 12.4", MEMBER, MISSING, "a proposal that is named by reference was received in this epoch") \
    X(PSK_KNOWN, 115, "12.4.2", MEMBER, NOTFOUND, "a pre-shared key that is used is known") \
    X(COMMIT_PATH_REQUIRED, 135, "12.4", MEMBER, VALUE, "a commit has a path, unless all it does can be done without") \
    X(COMMIT_CONFIRMATION_TAG, 136, "6.1, 12.4.2", PATH, MAC, "the confirmation_tag is right") \
    X(COMMIT_EPOCH_LEFT, 137, "8.1", MEMBER, FULL, "an epoch comes after this one") \
    X(COMMIT_POLICY, 138, "12.2, ext 4.8", MEMBER, PERMISSION, "the application takes the commit, and what its AppEphemerals bring") \
    X(COMMIT_ACTIVE, 139, "12.4.2", MEMBER, CLOSED, "the group was not ended by a ReInit") \
    X(WELCOME_FOR_US, 150, "12.4.3.1", JOINER, NOTFOUND, "a Welcome names our KeyPackage") \
    X(WELCOME_CIPHER_SUITE, 151, "12.4.3.1", JOINER, VALUE, "a Welcome is of our KeyPackage's cipher suite") \
    X(WELCOME_SECRETS_OPEN, 152, "12.4.3.1", JOINER, DECRYPT, "the group secrets open") \
    X(WELCOME_SECRETS_LENGTH, 153, "7.4, 8", JOINER, VALUE, "joiner_secret and path_secret have the length of the KDF's output") \
    X(WELCOME_PSK_KNOWN, 154, "12.4.3.1", JOINER, NOTFOUND, "each PSK of a Welcome is known") \
    X(WELCOME_PSK_ONCE, 155, "8.4, 12.2", JOINER, VALUE, "a Welcome names each PSK once") \
    X(WELCOME_PSK_NONCE, 156, "8.4", JOINER, VALUE, "the psk_nonce of each PSK has the length of the KDF's output") \
    X(WELCOME_GROUP_INFO_OPENS, 157, "12.4.3.1", JOINER, DECRYPT, "the GroupInfo opens") \
    X(WELCOME_GROUP_INFO_SUITE, 158, "12.4.3.1", JOINER, VALUE, "a GroupInfo is of the cipher suite of the Welcome, or of the client that joins with it") \
    X(WELCOME_GROUP_NEW, 159, "12.4.3, 12.4.3.1", JOINER, EXISTS, "we are in no group of this group_id") \
    X(WELCOME_OWN_LEAF, 160, "12.4.3.1", JOINER, VALUE, "one leaf is that of our KeyPackage") \
    X(WELCOME_CONFIRMATION_TAG, 161, "12.4.3.1", JOINER, MAC, "the confirmation_tag is right") \
    X(WELCOME_PATH_PLACE, 162, "12.4.3.1", JOINER, VALUE, "a path_secret comes if, and only if, the signer's path meets ours at a node that is there") \
    X(GROUP_INFO_SIGNER, 163, "12.4.3.1", JOINER, NOTFOUND, "the signer of a GroupInfo has a leaf") \
    X(GROUP_INFO_SIGNATURE, 164, "12.4.3, 12.4.3.1", JOINER, SIGNATURE, "a GroupInfo is signed with the key of its signer") \
    X(GROUP_INFO_TREE, 165, "12.4.3.1, 12.4.3.3", JOINER, MISSING, "the ratchet tree is in the GroupInfo, or comes beside it") \
    X(GROUP_INFO_EXTENSIONS, 166, "12.4.3, 13.4", JOINER, UNSUPPORTED, "we support all extensions of the GroupContext") \
    X(GROUP_INFO_VERSION, 167, "8.1", JOINER, VERSION, "the group's protocol version is ours") \
    X(WELCOME_PSK_SUCCESSOR, 168, "12.4.3.1", JOINER, VALUE, "a Welcome names one PSK at most for reinit or branch") \
    X(EXTERNAL_INIT_ONE, 175, "12.2", MEMBER, VALUE, "a new member's commit holds one ExternalInit") \
    X(EXTERNAL_REMOVE_ONE, 176, "12.2", MEMBER, VALUE, "a new member's commit holds one Remove at most") \
    X(EXTERNAL_TYPES, 177, "12.2, ext 4.7, 4.8, 6.3.1", MEMBER, VALUE, "a new member's commit holds nothing but ExternalInit, Remove, PreSharedKey, SelfRemove, AppDataUpdate, AppEphemeral") \
    X(EXTERNAL_BY_VALUE, 178, "12.4.3.2, ext 6.3.1", MEMBER, VALUE, "a new member's commit names no proposal by reference, but for SelfRemove") \
    X(EXTERNAL_PATH, 179, "12.4.3.2", MEMBER, VALUE, "a new member's commit has a path") \
    X(EXTERNAL_SAME_CLIENT, 180, "12.2", MEMBER, CERTIFICATE, "a new member removes nobody but its own old leaf") \
    X(EXTERNAL_KEM_OUTPUT, 181, "8.3", MEMBER, KEY, "the kem_output of an ExternalInit opens") \
    X(EXTERNAL_PUB, 182, "12.4.3.2", JOINER, MISSING, "the GroupInfo has an external_pub") \
    X(EXTERNAL_KEY_NEW, 183, "12.2", MEMBER, VALUE, "the new leaf's encryption_key differs from that of the old leaf which it removes") \
    X(EXTERNAL_PUB_KEY, 184, "5.1.1", JOINER, KEY, "an external_pub is a key") \
    X(REINIT_GROUP, 190, "11.2, 12.4.3.1", JOINER, VALUE, "the new group is what the ReInit says: group_id, version, cipher suite, extensions") \
    X(REINIT_MEMBERS, 191, "12.4.3.1", JOINER, VALUE, "all members of the old group are in the new one") \
    X(REINIT_PSK, 192, "11.2", JOINER, VALUE, "the new group's first epoch takes in a PSK of the old group's last") \
    X(BRANCH_GROUP, 193, "11.3, 12.4.3.1", JOINER, VALUE, "the new group's version and cipher suite are the old one's") \
    X(BRANCH_MEMBERS, 194, "11.3, 12.4.3.1", JOINER, VALUE, "all members of the new group are in the old one") \
    X(BRANCH_PSK, 195, "11.3", JOINER, VALUE, "the new group's first epoch takes in a PSK of the old group") \
    X(SUCCESSOR_EPOCH, 196, "11.2, 11.3", JOINER, VALUE, "the new group is in epoch 1") \
    X(REINIT_COMMITTED, 197, "12.4.3.1", JOINER, VALUE, "the old group's last commit held a ReInit") \
    X(SELF_REMOVE_PUBLIC, 200, "ext 6.3.1", MEMBER, UNEXPECTED, "a SelfRemove comes in a PublicMessage") \
    X(SELF_REMOVE_REFERENCE, 201, "ext 6.3.1", MEMBER, VALUE, "a SelfRemove is committed by reference") \
    X(APP_DATA_OPERATION, 202, "ext 4.7", MEMBER, VALUE, "the operation of an AppDataUpdate is known") \
    X(APP_DATA_RISING, 203, "ext 4.6", MEMBER, VALUE, "the components of an app_data_dictionary rise") \
    X(APP_DATA_REMOVE, 204, "ext 4.7", MEMBER, VALUE, "an AppDataUpdate removes nothing but what is there") \
    X(APP_DATA_ONE_WAY, 205, "ext 4.7", MEMBER, VALUE, "a component is removed once, or updated, not both") \
    X(APP_DATA_ACCEPTED, 206, "ext 4.7", MEMBER, VALUE, "the application knows the component of an AppDataUpdate and takes the update") \
    X(GCE_APP_DATA, 208, "ext 4.7", MEMBER, VALUE, "a GroupContextExtensions leaves the app_data_dictionary alone where AppDataUpdate is required") \
    X(SAFE_AAD, 209, "ext 4.9", MEMBER, VALUE, "authenticated_data is a SafeAAD with rising components where the GroupContext has safe_aad") \
    X(LEAF_COMPONENTS, 210, "ext 5", MEMBER, VALUE, "a leaf supports the components, and those of safe_aad, that the group requires") \
    X(LEAF_WIRE_FORMATS, 211, "ext 5", MEMBER, VALUE, "a leaf supports the wire formats that the group requires")
/* clang-format on */

enum mls_check {
    CHECK_NONE = 0,
#define MLS_CHECK_ENUM(name, number, section, who, error, sentence) CHECK_##name = (number),
    MLS_CHECKS(MLS_CHECK_ENUM)
#undef MLS_CHECK_ENUM
        CHECK_END
};

struct check_row {
    const char *name, *section, *sentence;
    enum check_who who;
    sotto_err err;
};
/* NULL for a number that is none. Static memory. */
const struct check_row *check_row(enum mls_check check);

/* Which check failed, and where: a node of the tree, a leaf, or the place in a list, as its kind suggests. {0}: none. */
struct fault {
    enum mls_check check;
    uint32_t where;
};

/* The error of a failed check; notes it in `ret_fault`, which may be NULL. For what can't go on without what was missed: where
 * the check is off it is an error all the same, but no check's. */
sotto_err check_fail(enum mls_check check, uint32_t where, struct fault *ret_fault);

/* A check can be switched off in one build (base/guard.h). */
static inline bool check_on(enum mls_check check)
{
    return guard_on((unsigned)check);
}

/* A check that is one condition: TRY(check_that(CHECK_..., condition, where, fault)). */
SOTTO_MUST_USE static inline sotto_err check_that(enum mls_check check, bool right, uint32_t where,
                                                  struct fault *ret_fault)
{
    return right || !check_on(check) ? SOTTO_OK : check_fail(check, where, ret_fault);
}

/* A check that is an operation of its own: its error `err` becomes the check's, but for the host's (NOMEM, CRYPTO), which stay;
 * PERMISSION is what an application's rule says. */
SOTTO_MUST_USE sotto_err check_result(enum mls_check check, sotto_err err, uint32_t where,
                                      struct fault *ret_fault);

#endif
