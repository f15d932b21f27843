/* What a client may put inside its records. The input is a list of records: one byte of choices, one for the length, one for the
 * padding, then the inner plaintext, which is sealed here as the client's next, so that it gets past the AEAD. Each is judged by a
 * second, plain reading of RFC 8446 (below), and what the server says back is opened by a client of ours. */
#include "fuzz.h"

#include "net/tls_record.h"

enum { CLIENT, SERVER };
enum { PIECES = 1, RAW = 2, PADDED = 4, ANSWER = 8, LONG = 16 }; /* choices */

#define RECORDS_MAX 64
#define INNER_MOST  17000

static sotto_crypto *crypto;

/* What a reader of RFC 8446 knows of the client. */
struct model {
    uint8_t message[4]; /* the beginning of a handshake message */
    size_t message_len;
    unsigned idle;
    bool owed;
};

struct verdict {
    enum tls_record_event event;
    size_t data_len;
    bool updated;
};

static struct verdict refused(void)
{
    return (struct verdict){.event = TLS_RECORD_REFUSED};
}

static struct verdict idle(struct model *m, bool updated)
{
    if (++m->idle > 32)
        return refused();
    return (struct verdict){.event = TLS_RECORD_TAKEN, .updated = updated};
}

/* A KeyUpdate, perhaps in pieces, and nothing after it. */
static struct verdict model_handshake(struct model *m, view content)
{
    uint8_t all[5];
    size_t total = m->message_len + content.len;
    if (content.len == 0)
        return refused();
    memcpy(all, m->message, m->message_len);
    memcpy(all + m->message_len, content.data, size_min(content.len, sizeof all - m->message_len));
    static const uint8_t begin[4] = {24, 0, 0, 1};
    if (total > 5 || (total >= 4 && memcmp(all, begin, sizeof begin) != 0))
        return refused();
    if (total < 5) {
        memcpy(m->message, all, total);
        m->message_len = total;
        return idle(m, false);
    }
    if (all[4] > 1)
        return refused();
    m->message_len = 0;
    m->owed = m->owed || all[4] == 1;
    return idle(m, true);
}

static struct verdict model_judge(struct model *m, view inner)
{
    size_t len = inner.len;
    while (len > 0 && inner.data[len - 1] == 0)
        len--;
    if (inner.len > 16385 || len == 0)
        return refused();
    const view content = {inner.data, len - 1};
    uint8_t type = inner.data[len - 1];
    if (type == 22)
        return model_handshake(m, content);
    if (m->message_len > 0)
        return refused();
    if (type == 23 && content.len > 0) {
        m->idle = 0;
        return (struct verdict){.event = TLS_RECORD_DATA, .data_len = content.len};
    }
    if (type == 23)
        return idle(m, false);
    if (type != 21 || content.len != 2)
        return refused();
    if (content.data[1] == 90)
        return idle(m, false);
    return (struct verdict){.event = content.data[1] == 0 ? TLS_RECORD_ENDED : TLS_RECORD_ALERTED};
}

/* The next record of the side with this inner plaintext. */
static size_t seal(struct tls_record_side *side, view inner, uint8_t *ret_record)
{
    size_t sealed = inner.len + AEAD_TAG;
    const uint8_t header[] = {23, 3, 3, (uint8_t)(sealed >> 8), (uint8_t)sealed};
    uint8_t nonce[AEAD_NONCE];
    struct secret key = {0};
    memcpy(ret_record, header, sizeof header);
    memcpy(nonce, side->iv, sizeof nonce);
    for (int i = 0; i < 4; i++)
        nonce[AEAD_NONCE - 1 - i] ^= (uint8_t)(side->sequence >> (8 * i));
    side->sequence++;
    HOLDS(secret_set(&key, VIEW_OF(side->key)) == SOTTO_OK);
    HOLDS(aead_seal(crypto, AEAD_AES_128_GCM, &key, nonce, VIEW_OF(header), inner,
                    ret_record + sizeof header) == SOTTO_OK);
    return sizeof header + sealed;
}

/* The server speaks; the client opens it, and finds an answer that was owed in front. */
static void answer(struct tls_record ends[2], struct model *m)
{
    static const char words[] = "what the server says";
    uint8_t sealed[TLS_RECORD_KEY_UPDATE + sizeof words + TLS_RECORD_OVERHEAD];
    size_t len;
    struct tls_record_opened opened;
    const struct tls_secret before = ends[CLIENT].in.secret;
    HOLDS(tls_record_seal(&ends[SERVER], crypto, VIEW_OF(words), sealed, &len) == SOTTO_OK);
    HOLDS(len == sizeof words + TLS_RECORD_OVERHEAD + (m->owed ? TLS_RECORD_KEY_UPDATE : 0));
    size_t at = 0;
    if (m->owed) {
        HOLDS(tls_record_open(&ends[CLIENT], crypto, sealed, len, &opened) == TLS_RECORD_TAKEN);
        at = opened.len;
    }
    HOLDS((memcmp(&before, &ends[CLIENT].in.secret, sizeof before) != 0) == m->owed);
    HOLDS(tls_record_open(&ends[CLIENT], crypto, sealed + at, len - at, &opened) ==
          TLS_RECORD_DATA);
    HOLDS(!ends[CLIENT].owes);
    m->owed = false;
}

/* In pieces nothing happens before the last. */
static void pieces(struct tls_record *server, const uint8_t *record, size_t len)
{
    struct tls_record_opened opened;
    uint8_t *copy = fuzz_copy(view_of(record, len));
    uint32_t sequence = server->in.sequence;
    for (size_t have = 0; have < len; have += 1 + len / 8) {
        HOLDS(tls_record_open(server, crypto, copy, have, &opened) == TLS_RECORD_PART);
        HOLDS(opened.len > have && opened.len <= len);
    }
    HOLDS(memcmp(copy, record, len) == 0 && server->in.sequence == sequence);
    free(copy);
}

/* Bytes that nobody sealed: never more than a reason to wait. */
static bool step_raw(struct tls_record *server, view bytes)
{
    struct tls_record_opened opened;
    uint8_t *copy = fuzz_copy(bytes);
    enum tls_record_event event = tls_record_open(server, crypto, copy, bytes.len, &opened);
    HOLDS(event == TLS_RECORD_REFUSED || (event == TLS_RECORD_PART && opened.len > bytes.len));
    free(copy);
    return event == TLS_RECORD_PART;
}

static struct verdict step_sealed(struct tls_record ends[2], struct model *m, view inner,
                                  bool in_pieces)
{
    static uint8_t record[INNER_MOST + TLS_RECORD_OVERHEAD];
    size_t len = seal(&ends[CLIENT].out, inner, record);
    struct tls_record_opened opened;
    if (in_pieces && inner.len <= 16624) /* what may follow a header */
        pieces(&ends[SERVER], record, len);
    const struct tls_secret before = ends[SERVER].in.secret;
    struct verdict want = model_judge(m, inner);
    uint8_t *copy = fuzz_copy(view_of(record, len));
    HOLDS(tls_record_open(&ends[SERVER], crypto, copy, len, &opened) == want.event);
    HOLDS(opened.len == len || want.event == TLS_RECORD_REFUSED);
    HOLDS(want.event != TLS_RECORD_DATA ||
          view_equal(opened.data, view_of(inner.data, want.data_len)));
    HOLDS((memcmp(&before, &ends[SERVER].in.secret, sizeof before) != 0) == want.updated);
    free(copy);
    ends[CLIENT].out = ends[SERVER].in;
    return want;
}

/* One record; false: the connection is over. */
static bool step(struct tls_record ends[2], struct model *m, view *input)
{
    static uint8_t inner[INNER_MOST];
    uint8_t choice = fuzz_u8(input), len_byte = fuzz_u8(input), padding = fuzz_u8(input);
    view given = fuzz_bytes(input, len_byte);
    size_t len = given.len + (choice & PADDED ? padding : 0) + (choice & LONG ? 16128 : 0);
    if (choice & RAW || len == 0)
        return step_raw(&ends[SERVER], given);
    memset(inner, 0, sizeof inner);
    if (given.len > 0)
        memcpy(inner, given.data, given.len);
    struct verdict v = step_sealed(ends, m, view_of(inner, len), choice & PIECES);
    if (v.event != TLS_RECORD_DATA && v.event != TLS_RECORD_TAKEN)
        return false;
    if (choice & ANSWER)
        answer(ends, m);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct tls_secret client = {{1}}, server = {{2}};
    if (crypto == NULL)
        HOLDS(crypto_new(&crypto) == SOTTO_OK);
    view input = view_of(data, size);
    struct tls_record ends[2];
    struct model model = {0};
    HOLDS(tls_record_init(&ends[CLIENT], crypto, &server, &client) == SOTTO_OK);
    HOLDS(tls_record_init(&ends[SERVER], crypto, &client, &server) == SOTTO_OK);
    for (int i = 0; i < RECORDS_MAX && input.len > 0; i++)
        if (!step(ends, &model, &input))
            break;
    return 0;
}
