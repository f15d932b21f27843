/* limits.h - every limit of the server as one row: key, default, unit, what it bounds. The option --set limits.NAME=VALUE, the
 * configuration file, the man page and the tests read this table. 0 is no limit: no setting can be that, but tests and benches of the core alone. */
#ifndef CORE_LIMITS_H
#define CORE_LIMITS_H

#include <stdint.h>

/* X(name, default, unit, "sentence") */
#define LIMITS(X)                                                                                  \
    X(connections, 20000, "", "connections in all")                                                \
    X(connections_per_address, 100, "", "connections from one address (IPv6: one /56)")            \
    X(unauthenticated, 512, "",                                                                    \
      "connections in all that have neither signed in nor sit in a room")                          \
    X(unauthenticated_per_network, 32, "", "the same from one /24 (IPv6: one /56)")                \
    X(handshake_ms, 5000, "ms", "time for the TLS handshake")                                      \
    X(head_ms, 5000, "ms", "time for the HTTP head after it")                                      \
    X(hello_ms, 10000, "ms", "time for hello after that")                                          \
    X(idle_room_ms, 60000, "ms",                                                                   \
      "time that a connection may stay without signing in or being in a room")                     \
    X(head_bytes, 8192, "bytes", "size of an HTTP head")                                           \
    X(frame_bytes, 65536, "bytes", "size of one frame")                                            \
    X(frames, 5000, "",                                                                            \
      "WebSocket frames of one connection at once, pings and fragments too, before it is slowed "  \
      "down")                                                                                      \
    X(frames_per_s, 2000, "1/s", "frames a second after that")                                     \
    X(ping_ms, 30000, "ms", "silence after which the server pings")                                \
    X(dead_ms, 90000, "ms", "silence after which a connection counts as dead")                     \
    X(output_bytes, 262144, "bytes",                                                               \
      "bytes that wait for a slow reader before its peer is held up, or pushing ends")             \
    X(stall_ms, 30000, "ms", "time without progress after which a slow reader is closed")          \
    X(requests, 60, "",                                                                            \
      "requests of one connection at once before it is slowed down; opening or joining counts 5")  \
    X(requests_per_s, 2, "1/s", "requests a second after that")                                    \
    X(rooms, 1000, "", "rooms in all")                                                             \
    X(rooms_per_connection, 4, "", "rooms that one connection may be in")                          \
    X(rooms_per_address, 4, "", "rooms that one address may have open")                            \
    X(room_opens, 60, "", "rooms opened from one address at once before it has to wait")           \
    X(room_open_ms, 10000, "ms", "the wait for one more room after that")                          \
    X(room_join_ms, 600000, "ms", "time for the second one to join")                               \
    X(room_life_ms, 86400000, "ms", "time after which a room ends")                                \
    X(room_bytes_per_s, 262144, "bytes/s",                                                         \
      "bytes a second that each side of a room may send; over it reading stops")                   \
    X(room_burst_bytes, 4194304, "bytes", "bytes that may come at once before that rate holds")    \
    X(wrong_codes, 5, "", "wrong codes from one address before it has to wait")                    \
    X(wrong_code_ms, 300000, "ms", "the wait for one more try after that")                         \
    X(slot_rest_ms, 86400000, "ms", "time before a slot number is given out again")                \
    X(disk_reserve_bytes, 67108864, "bytes",                                                       \
      "free space on the disk below which nothing new is accepted")                                \
    X(memory_bytes, 2147483648, "bytes",                                                           \
      "memory of the server: from 80 % of it on no newcomers, from 85 % no sign-ins, from 90 % "   \
      "nothing new is accepted")                                                                   \
    X(logins, 5, "",                                                                               \
      "failed sign-ins and wrong invites from one address before it has to wait; the right key "   \
      "of a device never has to")                                                                  \
    X(login_ms, 300000, "ms", "the wait for one more try after that")                              \
    X(registers, 3, "", "accounts made from one address before it has to wait")                    \
    X(register_ms, 1200000, "ms", "the wait for one more account after that")                      \
    X(password_requests, 3, "", "passwords asked for from one address before it has to wait")      \
    X(password_request_ms, 1200000, "ms", "the wait for one more after that")                      \
    X(mails, 3, "", "mails to one mail address before it has to wait")                             \
    X(mail_ms, 1200000, "ms", "the wait for one more mail after that")                             \
    X(mails_waiting, 1000, "", "mails that wait to be sent")                                       \
    X(mail_retry_ms, 60000, "ms",                                                                  \
      "the wait before a mail is tried again; it doubles up to an hour")                           \
    X(password_ms, 900000, "ms", "time for which a one-time password is good")                     \
    X(password_tries, 5, "", "wrong tries after which a one-time password is used up")             \
    X(sessions_per_account, 10, "", "devices of one account that are signed in")                   \
    X(devices, 8, "", "active devices of one account")                                             \
    X(account_changes, 20, "",                                                                     \
      "device lists, rotations, renewals and removals of one account before it has to wait")       \
    X(account_change_ms, 60000, "ms", "the wait for one more change after that")                   \
    X(links, 6, "", "times that one account may add devices before it has to wait")                \
    X(link_ms, 120000, "ms", "the wait for one more time after that")                              \
    X(account_bytes, 1073741824, "bytes", "attachments that one account may store")                \
    X(lookups, 300, "",                                                                            \
      "look-ups of one account before it has to wait; n names at once count 1 + n / 50")           \
    X(lookup_ms, 1000, "ms", "the wait for one more look-up after that")                           \
    X(key_packages, 100, "", "key packages of one device, the last-resort one apart")              \
    X(claims, 6, "",                                                                               \
      "key packages that one account may take of each of another's devices before it has to wait") \
    X(claim_ms, 600000, "ms", "the wait for one more after that")                                  \
    X(target_claims, 60, "",                                                                       \
      "claims of one account's key packages, by all, before they have to wait")                    \
    X(target_claim_ms, 60000, "ms", "the wait for one more after that")                            \
    X(invites, 50, "", "invites of one account that are neither expired nor used up")              \
    X(invites_made, 20, "", "invites that one account may make before it has to wait")             \
    X(invite_made_ms, 3600000, "ms", "the wait for one more invite after that")                    \
    X(invite_ms, 2592000000, "ms", "time for which a member's invite is good at most")             \
    X(invite_uses, 100, "", "accounts that a member's invite may be good for")                     \
    X(gateway_connections, 512, "", "connections of the Socket.IO gateway in all")                 \
    X(gateway_sessions, 128, "", "Socket.IO sessions at once")                                     \
    X(gateway_payload_bytes, 131072, "bytes", "size of one message or payload of Socket.IO")       \
    X(gateway_output_bytes, 262144, "bytes",                                                       \
      "bytes that wait for one Socket.IO client before the other one is held up")                  \
    X(gateway_events, 200, "", "packets of one client at once before it is slowed down")           \
    X(gateway_events_per_s, 50, "1/s", "packets a second after that")                              \
    X(gateway_burst_bytes, 2097152, "bytes", "bytes of one client at once before that")            \
    X(gateway_bytes_per_s, 262144, "bytes/s", "bytes a second after that")                         \
    X(gateway_ping_ms, 25000, "ms", "time from one ping of the gateway to the next")               \
    X(gateway_pong_ms, 20000, "ms", "time for the answer to it")                                   \
    X(gateway_connect_ms, 20000, "ms", "time that a Socket.IO session may not be connected to /")  \
    X(gateway_idle_ms, 3600000, "ms", "time that a Socket.IO client may say nothing")              \
    X(sends, 60, "", "messages of one device at once before it has to wait")                       \
    X(send_ms, 500, "ms", "the wait for one more message after that")                              \
    X(send_kib, 4096, "KiB", "what a device may send at once before it has to wait")               \
    X(send_kib_ms, 4, "ms", "the wait for one more KiB after that")                                \
    X(inbox_sends, 60, "", "requests of one device to another at once before it has to wait")      \
    X(inbox_send_ms, 1000, "ms", "the wait for one more after that")                               \
    X(commits, 10, "", "commits of one device in a conversation at once before it has to wait")    \
    X(commit_ms, 10000, "ms", "the wait for one more commit after that")                           \
    X(handshake_kib, 65536, "KiB",                                                                 \
      "commits, proposals and group state of one device in a conversation, with their "            \
      "attachments, before it has to wait")                                                        \
    X(handshake_kib_ms, 1000, "ms", "the wait for one more KiB after that")                        \
    X(readds, 1, "", "requests of one device to be added to a conversation again")                 \
    X(readd_ms, 600000, "ms", "the wait for one more after that")                                  \
    X(blob_bytes, 104857600, "bytes", "size of one attachment")                                    \
    X(blobs, 50, "", "attachments that one account announces at once before it has to wait")       \
    X(blob_ms, 2000, "ms", "the wait for one more after that")                                     \
    X(uploads, 100, "", "attachments of one account that are announced and not here yet")          \
    X(blob_ticket_s, 3600, "s", "time for which a ticket to send or fetch an attachment is good")  \
    X(transfers, 64, "", "attachments that are sent or fetched at once; never over 256")           \
    X(account_transfers, 8, "", "the same of one account")                                         \
    X(transfer_bytes_per_s, 4096, "bytes/s", "speed below which a transfer is closed")             \
    X(blob_s, 2592000, "s", "time for which an attachment is kept")                                \
    X(subscribes, 100, "", "subscriptions by token of one device before it has to wait")           \
    X(subscribe_ms, 10000, "ms", "the wait for one more after that")                               \
    X(groups, 100, "", "conversations made by one account before it has to wait")                  \
    X(group_ms, 864000, "ms", "the wait for one more after that")                                  \
    X(conversations, 500, "", "conversations that one account may be in")                          \
    X(stream_accounts, 1000, "", "accounts in a conversation")                                     \
    X(stream_devices, 2000, "", "devices in a conversation")                                       \
    X(queue_entries, 10000, "",                                                                    \
      "entries that wait for one device, in all that it reads; over it the oldest are lost to it") \
    X(queue_bytes, 67108864, "bytes", "the same in bytes")                                         \
    X(retention_s, 2592000, "s", "time for which an entry is kept for those who have not read it")

struct limits {
#define LIMITS_FIELD(name, value, unit, what) uint64_t name;
    LIMITS(LIMITS_FIELD)
#undef LIMITS_FIELD
};

/* The defaults. */
struct limits limits_default(void);

/* X(NAME, burst, wait): rows of limits above: `burst` at once, then one more each `wait`. A 0 in either is no limit. */
#define RATES(X)                                                \
    X(LOGIN, logins, login_ms)                                  \
    X(REGISTER, registers, register_ms)                         \
    X(PASSWORD_REQUEST, password_requests, password_request_ms) \
    X(MAIL, mails, mail_ms)                                     \
    X(CHANGE, account_changes, account_change_ms)               \
    X(LINK, links, link_ms)                                     \
    X(LOOKUP, lookups, lookup_ms)                               \
    X(CLAIM, claims, claim_ms)                                  \
    X(TARGET_CLAIM, target_claims, target_claim_ms)             \
    X(INVITE, invites_made, invite_made_ms)                     \
    X(SEND, sends, send_ms)                                     \
    X(SEND_KIB, send_kib, send_kib_ms)                          \
    X(INBOX_SEND, inbox_sends, inbox_send_ms)                   \
    X(COMMIT, commits, commit_ms)                               \
    X(HANDSHAKE_KIB, handshake_kib, handshake_kib_ms)           \
    X(READD, readds, readd_ms)                                  \
    X(SUBSCRIBE, subscribes, subscribe_ms)                      \
    X(GROUP, groups, group_ms)                                  \
    X(BLOB, blobs, blob_ms)

/* Those whose buckets lie with whom they bound: a connection, its seat in a room, its address. X(NAME, the row that names it) */
#define OWN_RATES(X)                \
    X(REQUEST, requests)            \
    X(ROOM_BYTES, room_bytes_per_s) \
    X(ROOM_OPEN, room_opens)        \
    X(WRONG_CODE, wrong_codes)

enum rate {
#define RATE_ENUM(name, burst, wait) RATE_##name,
    RATES(RATE_ENUM)
#undef RATE_ENUM
#define RATE_ENUM(name, limit) RATE_##name,
        OWN_RATES(RATE_ENUM)
#undef RATE_ENUM
            RATE_ALL,
    RATE_COUNT = RATE_REQUEST /* those of the limiter: the own ones stand behind them */
};

/* Those that say how much there may be at once, or how large one may be. X(NAME, the row that names it) */
#define BOUNDS(X)                                \
    X(ROOMS, rooms)                              \
    X(ROOMS_OF_CONNECTION, rooms_per_connection) \
    X(ROOMS_OF_ADDRESS, rooms_per_address)       \
    X(MAILS_WAITING, mails_waiting)              \
    X(SESSIONS, sessions_per_account)            \
    X(DEVICES, devices)                          \
    X(ACCOUNT_BYTES, account_bytes)              \
    X(KEY_PACKAGES, key_packages)                \
    X(INVITES, invites)                          \
    X(INVITE_LIFE, invite_ms)                    \
    X(INVITE_USES, invite_uses)                  \
    X(BLOB_BYTES, blob_bytes)                    \
    X(UPLOADS, uploads)                          \
    X(CONVERSATIONS, conversations)              \
    X(STREAM_ACCOUNTS, stream_accounts)          \
    X(STREAM_DEVICES, stream_devices)            \
    X(QUEUE_ENTRIES, queue_entries)              \
    X(QUEUE_BYTES, queue_bytes)

enum bound {
#define BOUND_ENUM(name, limit) BOUND_##name,
    BOUNDS(BOUND_ENUM)
#undef BOUND_ENUM
        BOUND_ALL
};

/* As the row of limits is called: what /metrics says. */
const char *rate_name(enum rate rate);
const char *bound_name(enum bound bound);

struct limit_row {
    const char *name; /* without "limits." */
    uint64_t value;   /* the default */
    const char *unit, *what;
};
const struct limit_row *limits_table(unsigned *ret_count);
/* The place of a limit by its name; NULL if there is none of that name. */
uint64_t *limits_find(struct limits *limits, const char *name);

#endif
