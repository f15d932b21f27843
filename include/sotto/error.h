/* error.h - the one list of errors: a stable code, a class that drives behaviour, a sentence for people.
 * Codes never change their meaning and are never used again; new ones are added with new numbers.
 * They travel on the wire as uint16. Thread-safe: everything here is constant. */
#ifndef SOTTO_ERROR_H
#define SOTTO_ERROR_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SOTTO_API      __attribute__((visibility("default")))
#define SOTTO_MUST_USE __attribute__((warn_unused_result))

/* Whose fault it is, and so what to do next.
 * WIRE: the peer broke the format; close the connection to it.
 * AUTH: something is not from whom it should be; drop it, give one silent answer, trust nothing in it.
 * STATE: right, but not now; look at the state again before the next try.
 * LIMIT: refused for now; try again later, after the time that came with it.
 * USE: the caller's or the user's mistake; correct the call.
 * NET: the other side can't be reached; try again.
 * HOST: this machine failed; nothing has changed, the same call may work later. */
typedef enum sotto_err_class {
    SOTTO_CLASS_NONE,
    SOTTO_CLASS_WIRE,
    SOTTO_CLASS_AUTH,
    SOTTO_CLASS_STATE,
    SOTTO_CLASS_LIMIT,
    SOTTO_CLASS_USE,
    SOTTO_CLASS_NET,
    SOTTO_CLASS_HOST
} sotto_err_class;

/* X(name, code, class, sentence) */
/* clang-format off */
#define SOTTO_ERRORS(X) \
    X(TRUNCATED, 1, WIRE, "message ends before a field does") \
    X(TRAILING, 2, WIRE, "bytes are left over after the end of the message") \
    X(VARINT, 3, WIRE, "a length is not in its shortest form") \
    X(VALUE, 4, WIRE, "a field has a value that is not allowed") \
    X(TOO_LARGE, 5, WIRE, "larger than the limit") \
    X(VERSION, 6, WIRE, "no version that both sides know") \
    X(KIND, 7, WIRE, "unknown kind of message") \
    X(UNEXPECTED, 8, WIRE, "message does not belong here") \
    X(HTTP, 9, WIRE, "not a valid HTTP request or answer") \
    X(WEBSOCKET, 10, WIRE, "not a valid WebSocket frame") \
    X(DECRYPT, 20, AUTH, "could not be opened") \
    X(SIGNATURE, 21, AUTH, "signature does not match") \
    X(KEY, 22, AUTH, "not a valid key") \
    X(CERTIFICATE, 23, AUTH, "certificate is not valid") \
    X(PIN, 24, AUTH, "this server is not the one you joined: its key does not match your pin") \
    X(CODE, 25, AUTH, "that session code is used up: the words did not match, by typo or by an attacker") \
    X(REFLECTED, 26, AUTH, "our own message came back to us") \
    X(REPLAYED, 27, AUTH, "a message came twice") \
    X(MISSING, 28, AUTH, "messages are missing: one was dropped or overtaken") \
    X(MAC, 29, AUTH, "authentication tag does not match") \
    X(CLOSED, 40, STATE, "has ended") \
    X(NOT_NOW, 41, STATE, "not possible at this point") \
    X(TAKEN, 42, STATE, "someone else already tried this code") \
    X(EXPIRED, 43, STATE, "its time is over") \
    X(NOTFOUND, 44, STATE, "no such thing") \
    X(EXISTS, 45, STATE, "is there already") \
    X(CONFLICT, 46, STATE, "somebody else was first: look again, then try again") \
    X(EPOCH, 47, STATE, "belongs to another epoch") \
    X(INVITE, 48, STATE, "this invite or password is used up, expired, or was never given out") \
    X(OLD_OP, 49, STATE, "a later operation came first: if this one was not answered, take a new number") \
    X(SIGN_IN, 50, STATE, "only for those who have signed in") \
    X(DENIED, 51, STATE, "not allowed for you") \
    X(RATE, 60, LIMIT, "slow down") \
    X(FULL, 61, LIMIT, "no more of them allowed now") \
    X(SLOW, 62, LIMIT, "reads too slowly") \
    X(DISK_FULL, 63, LIMIT, "the server's disk is full") \
    X(QUOTA, 64, LIMIT, "over the quota") \
    X(USAGE, 80, USE, "can't be called like this") \
    X(UNSUPPORTED, 81, USE, "not supported") \
    X(CONFIG, 82, USE, "not a valid setting") \
    X(NEWER, 83, USE, "was made by a newer version of this program") \
    X(NET, 100, NET, "cannot reach the server") \
    X(TLS, 101, NET, "no secure connection") \
    X(TIMEOUT, 102, NET, "no answer in time") \
    X(INTERRUPTED, 103, NET, "interrupted") \
    X(NOMEM, 120, HOST, "out of memory") \
    X(IO, 121, HOST, "cannot read or write") \
    X(CRYPTO, 122, HOST, "the cryptographic library failed") \
    X(PERMISSION, 123, HOST, "permission denied") \
    X(IN_USE, 124, HOST, "already in use") \
    X(DAMAGED, 125, HOST, "stored data is damaged")
/* clang-format on */

typedef enum sotto_err {
    SOTTO_OK = 0,
#define SOTTO_ERROR_ENUM(name, code, class, sentence) SOTTO_E_##name = (code),
    SOTTO_ERRORS(SOTTO_ERROR_ENUM)
#undef SOTTO_ERROR_ENUM
    } sotto_err;

/* "E_RATE" for SOTTO_E_RATE, "OK", or "E_UNKNOWN" for a number that is not in the list. Static memory. */
SOTTO_API const char *sotto_err_name(sotto_err err);

/* The sentence: lower case, no full stop. Static memory; never NULL. */
SOTTO_API const char *sotto_err_text(sotto_err err);

/* The class; SOTTO_CLASS_NONE for SOTTO_OK, SOTTO_CLASS_WIRE for a number that is not in the list
 * (a peer sent a code from the future). */
SOTTO_API sotto_err_class sotto_err_class_of(sotto_err err);

#ifdef __cplusplus
}
#endif
#endif
