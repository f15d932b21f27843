#include "crypto/handle.h"

#include "crypto/hash.h"

/* FIPS 180-4 and FIPS 202: the examples "abc" and the empty string. */
static const struct {
    enum hash_id id;
    const char *text, *digest;
} digests[] = {
    {HASH_SHA256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {HASH_SHA256, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {HASH_SHA384, "abc",
     "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
     "8086072ba1e7cc2358baeca134c825a7"},
    {HASH_SHA512, "abc",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
    {HASH_SHA3_256, "abc", "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"},
    {HASH_SHA3_256, "", "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a"},
};

static void hashes_match_the_standards_examples(void **state)
{
    for (size_t i = 0; i < COUNT_OF(digests); i++) {
        uint8_t digest[HASH_MAX];
        assert_ok(hash(*state, digests[i].id, view_str(digests[i].text), digest));
        assert_bytes(view_of(digest, hash_size(digests[i].id)), digests[i].digest);
    }
}

static void parts_hash_like_the_whole(void **state)
{
    const view parts[] = {VIEW_LIT("a"), {0}, VIEW_LIT("bc")};
    for (enum hash_id id = 0; id < HASH_COUNT; id++) {
        uint8_t whole[HASH_MAX];
        uint8_t joined[HASH_MAX];
        assert_ok(hash(*state, id, VIEW_LIT("abc"), whole));
        assert_ok(hash_parts(*state, id, parts, COUNT_OF(parts), joined));
        assert_memory_equal(whole, joined, hash_size(id));
    }
}

/* FIPS 202, SHAKE256 of the empty string. */
static void shake256_matches_and_gives_any_length(void **state)
{
    uint8_t out[200];
    assert_ok(shake256(*state, NULL, 0, out, 32));
    assert_bytes(view_of(out, 32),
                 "46b9dd2b0ba88d13233b3feb743eeb243fcd52ea62b81b82b50c27646ed5762f");
    uint8_t longer[200];
    assert_ok(shake256(*state, NULL, 0, longer, sizeof longer));
    assert_memory_equal(out, longer, 32);
}

/* RFC 4231, cases 1, 2, 6 (a key longer than SHA-256's block) */
static void hmac_matches_rfc_4231(void **state)
{
    uint8_t key[131];
    uint8_t tag[HASH_MAX];
    view in = VIEW_LIT("Hi There");
    memset(key, 0x0b, 20);
    assert_ok(hmac(*state, HASH_SHA256, view_of(key, 20), &in, 1, tag));
    assert_bytes(view_of(tag, 32),
                 "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    assert_ok(hmac(*state, HASH_SHA384, view_of(key, 20), &in, 1, tag));
    assert_bytes(view_of(tag, 48),
                 "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59c"
                 "faea9ea9076ede7f4af152e8b2fa9cb6");

    const view parts[] = {VIEW_LIT("what do ya want "), VIEW_LIT("for nothing?")};
    assert_ok(hmac(*state, HASH_SHA512, VIEW_LIT("Jefe"), parts, 2, tag));
    assert_bytes(view_of(tag, 64),
                 "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
                 "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737");

    memset(key, 0xaa, sizeof key);
    in = VIEW_LIT("Test Using Larger Than Block-Size Key - Hash Key First");
    assert_ok(hmac(*state, HASH_SHA256, view_of(key, sizeof key), &in, 1, tag));
    assert_bytes(view_of(tag, 32),
                 "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void a_stream_hashes_like_the_whole_and_starts_anew(void **state)
{
    struct hasher *h = NULL;
    assert_ok(hasher_new(*state, HASH_SHA256, &h));
    for (int round = 0; round < 2; round++) {
        uint8_t digest[HASH_MAX];
        assert_ok(hasher_add(h, VIEW_LIT("ab")));
        assert_ok(hasher_add(h, (view){0}));
        assert_ok(hasher_add(h, VIEW_LIT("c")));
        assert_ok(hasher_finish(h, digest));
        assert_bytes(view_of(digest, 32),
                     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
    hasher_free(h);
    hasher_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_match_the_standards_examples),
        cmocka_unit_test(parts_hash_like_the_whole),
        cmocka_unit_test(shake256_matches_and_gives_any_length),
        cmocka_unit_test(hmac_matches_rfc_4231),
        cmocka_unit_test(a_stream_hashes_like_the_whole_and_starts_anew),
    };
    return cmocka_run_group_tests_name("crypto/hash", tests, handle_setup, handle_teardown);
}
