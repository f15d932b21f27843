/* directory.h - who has an account here, and with which devices. Private to server/core.
 *
 *   account   a row of the store; in memory while a device of it is signed in, or while one step works with it
 *   device    the same; its session is the one connection that is signed in as it
 *
 * What is in memory is a copy of what the store says within the running transaction: each change is written at once, apart from a
 * device's answers (stream.h), which go to the journal. core_rollback() throws all of it away. */
#ifndef CORE_DIRECTORY_H
#define CORE_DIRECTORY_H

#include "base/map.h"
#include "core/bucket.h"
#include "core/list.h"
#include "core/stream.h"
#include "identity/identity.h"

struct step;
struct connection;
struct core;

struct account {
    uint64_t number; /* from 1 */
    struct account_key key;
    uint64_t list_number; /* of the newest device list */
    uint8_t list_hash[IDENTITY_HASH];
    uint64_t blob_bytes;  /* what it stores */
    uint64_t quota_bytes; /* 0: limits.account_bytes */
    bool disabled, admin;
    uint32_t devices; /* in memory: it stays while there are some */
    struct bucket lookups, claims, invites, groups, blobs;
};

struct device {
    uint64_t number; /* from 1 */
    struct account *account;
    uint8_t id[DEVICE_ID];
    uint8_t public_key[ED25519_PUBLIC];
    struct connection *session; /* NULL: kept for what it still has to write */
    struct device_streams streams;
    struct link kept;
};

struct directory {
    struct map accounts, devices; /* by number: those in memory */
    uint64_t next_account, next_device;
};

/* Reads the counters. Errors of the store. */
SOTTO_MUST_USE sotto_err directory_open(struct step *s);

/* All errors of the store; NOTFOUND: no such account or device. What they give stays valid for the step; a session's device as
 * long as it is signed in. */
SOTTO_MUST_USE sotto_err account_get(struct step *s, uint64_t number, struct account **ret_account);
SOTTO_MUST_USE sotto_err account_find(struct step *s, const uint8_t id[ACCOUNT_ID],
                                      struct account **ret_account);
SOTTO_MUST_USE sotto_err device_get(struct step *s, uint64_t number, struct device **ret_device);
/* Only devices that are listed as active, of accounts that are not disabled. */
SOTTO_MUST_USE sotto_err device_find(struct step *s, const uint8_t account_id[ACCOUNT_ID],
                                     const uint8_t device_id[DEVICE_ID],
                                     struct device **ret_device);
/* Its session, if there is one, has ended: it leaves memory unless its answers still have to be written. */
void device_release(struct core *core, struct device *device);
/* Lets go of everything that is in memory. */
void directory_clear(struct core *core);

/* Ends all that a device had: session, subscriptions, inbox, key packages. For revocation and removal. */
SOTTO_MUST_USE sotto_err device_remove(struct step *s, struct device *device);

#endif
