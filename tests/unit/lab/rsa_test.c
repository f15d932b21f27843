#include "lab/rsa.h"

#include "lab_unit.h"

/* A key, what was encrypted and signed with it, and its certificate: all made by python3-cryptography. */
#define PRIVATE                                                                        \
    "308204bc020100300d06092a864886f70d0101010500048204a6308204a202010002820101009867" \
    "348db2161f73bbc15779e1109d3c602395533c3ed995019b801288011835016ce37de960fad5fcbe" \
    "c5e64337056ef0aba42b9b2d28f5a18f66173b6e8f2ee33fd3dff539f06987bb891698e53b780a49" \
    "1defad128196e55e87ab886691ab06949567b121eb5c0a553f0d50f25a66ac7a48191f79cadb70dd" \
    "161ea3169625bbed2e4fbef631977b8c068cc8aba11f702f5789664288892f8d159d86879e489843" \
    "13573c726e06b8d1ba1837afa5658a095b5b3f4329871295962d52ae9fefe187caa580df0ac93408" \
    "2c7b9aa374df382467218d69e73920c6aaa9708a840e0e91059c1d46f87094f38e9e8ef870009486" \
    "a9271211b3cfb3766990750653fb020301000102820100184d58c58190e28a0f7608af7032b88800" \
    "a29bf4ae662d4703ff1a609a1c6692493c6658552738487829a9a00ab6d2e07a733c5611c4154479" \
    "f34669ccf9d7ce37c19d5518a3191192e9d635eac29f0588ca5902379c7c5aa60fb95da27e0c9b73" \
    "8cacf8607812b256197ad8f23ffb2765388897acfbbc5bdab6fe887b242663f5e8d1849e2cde7bbe" \
    "1dfe2092d21d81773617404d771811feabbfa25d61ad76d96ea141d5475c042680a4a2fdb3ff260c" \
    "639fa13e2819c00e4ce3af5a7c52c3ab760894bd1971d4b4afba5f86acd9d8e81f071d5933c747d7" \
    "c4f721c1a07f82c7c4d8370199eff70a855e5fa445bd4b037b27dc5a06a3f095fb972cc41aabad02" \
    "818100d0c09618fc01e419729c3ba0945e81541f2a984033a12945588867668b32a1591f6e303475" \
    "5fdc9e5b5abfe7e70b03a7c16de333a907ad7f35fcab07da8247d626b4685adafa4e3a0447098313" \
    "56e43a1a82fab0bbc906ad704ea912d701c3c11a83e25baecb56e8dfa6552bf6d83ba95280e7dc38" \
    "556d52a225e052bc4f774502818100bae5aabc1a682abdcbf271cd92a1e5fb0adf224431f8b37825" \
    "69c51454c7992f6f4a6dc317fac33249ebf1c2383eb4ad0d37b50813d1325db87122fe06a704239e" \
    "ee79d9ba2f2ed4ddc1160e126ad7916f02630fc4ba5a957c970bace5bc823e8ae5b609b9296512cc" \
    "9fdd9f5b9f5d254d8e6023abd77156ea94d72e1602b23f0281803dc730e475f80d4c26a9ebcf8af9" \
    "28e6ff4e38be8f48fb90c531a1002ce3aff25325e5e830704d37242c082d1628214dcd25bb1e77c0" \
    "88ece3ca41c752384a102b662a97f0c430d064a1ad43f83e37cea637eafed0a41e70c792cfe07e76" \
    "cc3ae2a0f32554e662730a750c31b59caa936292398be7b40865730d2884f3abc4cd02818014f8d4" \
    "91cafcc95f06d5abc37fa2bf25ce707f6ddb95a6bde2a4ddc28c48e17d9b2564efb16f281c2a8359" \
    "5b8be82d6a05c3ac82bd8689fa4e4a13bd218df83eef049f93b8fab66c987da435ec07252d62a187" \
    "f02b09264503f8070d5db22b834d1ebdb095a07981048923db4ff2b007118eda66e64f849e563061" \
    "7d0067490d02818037c87820b939c6d7b9a6121d8dcfd86ee6c042e3718901d942e8935860618dc2" \
    "18bb093de2e6626494a03dec5e6bbd066b4e151a11bf30a5a0e772c714cd45f801bc4d310d79a68a" \
    "9d04d059ed75b8d4ec9e1edf399b89697bdcf578d1cceab8278a6493d51f4dfc7c6eb46b3c5d42d0" \
    "4c7826ef534ae6d2c4ca4ec6c5bfe1c1"
#define PUBLIC                                                                         \
    "30820122300d06092a864886f70d01010105000382010f003082010a02820101009867348db2161f" \
    "73bbc15779e1109d3c602395533c3ed995019b801288011835016ce37de960fad5fcbec5e6433705" \
    "6ef0aba42b9b2d28f5a18f66173b6e8f2ee33fd3dff539f06987bb891698e53b780a491defad1281" \
    "96e55e87ab886691ab06949567b121eb5c0a553f0d50f25a66ac7a48191f79cadb70dd161ea31696" \
    "25bbed2e4fbef631977b8c068cc8aba11f702f5789664288892f8d159d86879e48984313573c726e" \
    "06b8d1ba1837afa5658a095b5b3f4329871295962d52ae9fefe187caa580df0ac934082c7b9aa374" \
    "df382467218d69e73920c6aaa9708a840e0e91059c1d46f87094f38e9e8ef870009486a9271211b3" \
    "cfb3766990750653fb0203010001"
#define OAEP                                                                           \
    "5aa69d80d813c3cfcfe5bad0c66864d38c12cdf21ceadf97ec3fed601892f94f54a26b66acf1c9f1" \
    "56bbbf4a3f3ffcf20b52a93a5904c2ae127f0c318327b276b0203e42b9efced51a7d7d6a1d6e6de5" \
    "60ed4b741314ce176f759e91a3ca246e10c133e6b4d22409caec010d96fb5f8a162ae2cf43d6ad9c" \
    "9723aae9f9990601c548345c55341078e5cad75ec5b5743d43fdf0ecae845fd1843a5a9d5a7d8d8e" \
    "49c1da0debcaefb5f9f16f22e7758befdd012466d70776b2d3401c8ce33420c424ad1a3c1b3bd3dd" \
    "557fbadcb72b555cb9658af53663f2fa242226f8ac4160f011cdcb999228a32aeab08fd01e2b67c5" \
    "66b09fb7b8717c4454ae6191e5a2517f"
#define OAEP_SHA1_MGF_SHA512                                                           \
    "35821a7580d56f0292372a7e5ac70d37fca90a12209bd0bd6f369eb48d5add2c37f0067eef667bc8" \
    "bba6a405f828f993ea5cd60682171fe90a02bd440f87050f07b096ec44da99bcfc04226d3cd3ba14" \
    "ed631dde156f1f09a92adac60b50dbb5b1e6cf86a9dfba981b7e22b8e0dc37b53b01868c01bf4bed" \
    "50fb167d194d5b36bb500e8b0a5b230e882778168ae72de8bdb058399d0d9bd014e508c873b867db" \
    "95378d1476c5253070cf80363a56661c45f9ccb8c8c607003e66a2f94ee52a5ef148a8f9a3a28a3a" \
    "f02d400fca7b2e539d351f221fce13a2d5f44b5ac77f15ff1d81cb91bfb39f2e5262d157a3229c23" \
    "6029358e4e5c847adac1e4697c890c76"
#define PSS                                                                            \
    "02756596741b2c7ea013ec587edd109b2af07f0f8d5bd16ea440cc2b4e0bb4118262f2bd5a6c81ea" \
    "ded6ebd80f9206d1725ef01fc6e6f9b5e091a7515c0cdb4d2fe25a459d195e03c9a7e2da7101da76" \
    "376ce766b66732d2c0ea7bf8734194b1dc256229324003700b5398cdc1f6776615a968008338edda" \
    "04ba4a89538d8ab70894726f52ccebe3c1f090b1e40aa9ff9315aa83952c36e76fb8b016a6cd9784" \
    "dc61e0dca4f73fe5a4168465486e12e46f2127279c9ef09471131959aafc1c311e69fc3267ed5f1b" \
    "bb0981ad7148959b0f5edd6fc7074e955b30552b82f1fb8b93942e084d4c5ebd6b984ba98b678bcb" \
    "8a92187bc204d789e2b734dfbcf12196"
#define CERTIFICATE                                                                    \
    "308202953082017da003020102020107300d06092a864886f70d01010b0500300e310c300a060355" \
    "04030c03626f62301e170d3230303130313030303030305a170d3430303130313030303030305a30" \
    "0e310c300a06035504030c03626f6230820122300d06092a864886f70d01010105000382010f0030" \
    "82010a02820101009867348db2161f73bbc15779e1109d3c602395533c3ed995019b801288011835" \
    "016ce37de960fad5fcbec5e64337056ef0aba42b9b2d28f5a18f66173b6e8f2ee33fd3dff539f069" \
    "87bb891698e53b780a491defad128196e55e87ab886691ab06949567b121eb5c0a553f0d50f25a66" \
    "ac7a48191f79cadb70dd161ea3169625bbed2e4fbef631977b8c068cc8aba11f702f578966428889" \
    "2f8d159d86879e48984313573c726e06b8d1ba1837afa5658a095b5b3f4329871295962d52ae9fef" \
    "e187caa580df0ac934082c7b9aa374df382467218d69e73920c6aaa9708a840e0e91059c1d46f870" \
    "94f38e9e8ef870009486a9271211b3cfb3766990750653fb0203010001300d06092a864886f70d01" \
    "010b0500038201010037b0f7b750f95b3d25b2ae1f62a5f8f30d13178722375cd07b3f6f2f5222e5" \
    "7bcf7aa8c14bf7c878cd0738fbf2244fa6662e799693f2a75ae7b722feef5859bf544acdf547b708" \
    "ebb60c0003317a1f3c74f4d8547ff3c6ce7c54b638cae2e331c7d0a5ba699c3c71face6e84a572c7" \
    "8003f07186b7304925d11f2cbc65acb9b1fce8dcc6265786a11163ef66a1240868decfb1d3cfb7c0" \
    "c7b426d03e6972463c152cee7dc6d0351d902ed9d7f9c7cdbf810c41b9bcf299fd5b5df714e618be" \
    "d7a5bb3d271c9f670a56f3bebb94b434f466d9235b4b0e7184601ac662b4133be69fe7e425ffa43f" \
    "3f010f0ecf8b2a39d912c9107372e8e6cc94a964f3da52b7a6"
#define TEXT VIEW_LIT("meet at noon")

static void key_read(struct rsa_key **ret_key)
{
    DEFER(buf_clear) sotto_buf der = {0};
    assert_ok(rsa_key_read_private(test_hex(PRIVATE, &der), ret_key));
}

static void a_key_comes_back_from_its_der(void **state)
{
    (void)state;
    DEFER(rsa_key_freep) struct rsa_key *key = NULL;
    key_read(&key);
    assert_int_equal(rsa_key_size(key), 256);
    DEFER(buf_clear) sotto_buf der = {0};
    assert_ok(rsa_key_write_private(key, &der));
    test_is_hex(buf_view(&der), PRIVATE);
    buf_reset(&der);
    assert_ok(rsa_key_write_public(key, &der));
    test_is_hex(buf_view(&der), PUBLIC);
}

static void a_public_key_has_no_private_part_to_write(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf der = {0};
    DEFER(rsa_key_freep) struct rsa_key *key = NULL;
    assert_ok(rsa_key_read_public(test_hex(PUBLIC, &der), &key));
    buf_reset(&der);
    assert_int_equal(rsa_key_write_private(key, &der), SOTTO_E_KEY);
    assert_int_equal(der.len, 0);
}

static void keys_that_are_cut_or_have_a_spare_byte_are_refused(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf der = {0};
    struct rsa_key *none = NULL;
    test_hex(PRIVATE "00", &der);
    for (size_t len = 0; len <= der.len; len++)
        if (len != der.len - 1)
            assert_int_equal(rsa_key_read_private(view_of(der.data, len), &none), SOTTO_E_KEY);
    test_hex(PUBLIC "00", &der);
    for (size_t len = 0; len <= der.len; len++)
        if (len != der.len - 1)
            assert_int_equal(rsa_key_read_public(view_of(der.data, len), &none), SOTTO_E_KEY);
    assert_null(none);
}

static void oaep_opens_what_the_other_implementation_sealed(void **state)
{
    (void)state;
    DEFER(rsa_key_freep) struct rsa_key *key = NULL;
    key_read(&key);
    DEFER(buf_clear) sotto_buf sealed = {0};
    DEFER(buf_clear) sotto_buf plain = {0};
    test_hex(OAEP, &sealed);
    assert_ok(rsa_oaep_open(key, RSA_SHA256, VIEW_LIT("label"), buf_view(&sealed), &plain));
    test_equal(buf_view(&plain), VIEW_LIT("a key of the session"));
    buf_reset(&plain);
    test_hex(OAEP_SHA1_MGF_SHA512, &sealed);
    struct rsa_hash mixed = {"SHA-1", "SHA-512"};
    assert_ok(rsa_oaep_open(key, mixed, (view){0}, buf_view(&sealed), &plain));
    test_equal(buf_view(&plain), VIEW_LIT("a key of the session"));
}

static void oaep_refuses_another_label_digest_or_byte_all_alike(void **state)
{
    (void)state;
    DEFER(rsa_key_freep) struct rsa_key *key = NULL;
    key_read(&key);
    DEFER(buf_clear) sotto_buf sealed = {0};
    DEFER(buf_clear) sotto_buf plain = {0};
    view bytes = test_hex(OAEP, &sealed), label = VIEW_LIT("label");
    assert_int_equal(rsa_oaep_open(key, RSA_SHA256, VIEW_LIT("lapel"), bytes, &plain),
                     SOTTO_E_DECRYPT);
    struct rsa_hash other = {"SHA-1", "SHA-1"};
    assert_int_equal(rsa_oaep_open(key, other, label, bytes, &plain), SOTTO_E_DECRYPT);
    assert_int_equal(rsa_oaep_open(key, RSA_SHA256, label, view_of(bytes.data, 255), &plain),
                     SOTTO_E_DECRYPT);
    for (size_t at = 0; at < bytes.len; at += 17) {
        sealed.data[at] ^= 1;
        assert_int_equal(rsa_oaep_open(key, RSA_SHA256, label, bytes, &plain), SOTTO_E_DECRYPT);
        sealed.data[at] ^= 1;
    }
    assert_int_equal(plain.len, 0);
    struct rsa_hash unknown = {"SHA-0", "SHA-1"};
    assert_int_equal(rsa_oaep_open(key, unknown, label, bytes, &plain), SOTTO_E_UNSUPPORTED);
}

static void oaep_takes_what_fits_and_not_a_byte_more(void **state)
{
    (void)state;
    DEFER(rsa_key_freep) struct rsa_key *key = NULL;
    key_read(&key);
    uint8_t text[256 - 2 * 32 - 1] = {7};
    DEFER(buf_clear) sotto_buf sealed = {0};
    DEFER(buf_clear) sotto_buf plain = {0};
    assert_int_equal(rsa_oaep_seal(key, RSA_SHA256, (view){0}, VIEW_OF(text), &sealed),
                     SOTTO_E_TOO_LARGE);
    assert_int_equal(sealed.len, 0);
    view most = view_of(text, sizeof text - 1);
    assert_ok(rsa_oaep_seal(key, RSA_SHA256, VIEW_LIT("label"), most, &sealed));
    assert_ok(rsa_oaep_open(key, RSA_SHA256, VIEW_LIT("label"), buf_view(&sealed), &plain));
    test_equal(buf_view(&plain), most);
}

static void pss_verifies_what_the_other_implementation_signed(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf bytes = {0};
    DEFER(rsa_key_freep) struct rsa_key *key = NULL;
    assert_ok(rsa_key_read_public(test_hex(PUBLIC, &bytes), &key));
    view signature = test_hex(PSS, &bytes);
    assert_ok(rsa_pss_verify(key, RSA_SHA256, 32, TEXT, signature));
    assert_int_equal(rsa_pss_verify(key, RSA_SHA256, 20, TEXT, signature), SOTTO_E_SIGNATURE);
    assert_int_equal(rsa_pss_verify(key, RSA_SHA256, 32, VIEW_LIT("meet at six"), signature),
                     SOTTO_E_SIGNATURE);
    for (size_t at = 0; at < signature.len; at += 17) {
        bytes.data[at] ^= 1;
        assert_int_equal(rsa_pss_verify(key, RSA_SHA256, 32, TEXT, signature), SOTTO_E_SIGNATURE);
        bytes.data[at] ^= 1;
    }
}

static void what_pss_signs_it_verifies(void **state)
{
    (void)state;
    DEFER(rsa_key_freep) struct rsa_key *key = NULL;
    key_read(&key);
    DEFER(buf_clear) sotto_buf signature = {0};
    assert_ok(rsa_pss_sign(key, RSA_SHA256, 32, TEXT, &signature));
    assert_ok(rsa_pss_verify(key, RSA_SHA256, 32, TEXT, buf_view(&signature)));
}

static void a_certificate_of_the_other_implementation_gives_its_key(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf der = {0};
    DEFER(rsa_key_freep) struct rsa_key *key = NULL;
    assert_ok(rsa_cert_read(test_hex(CERTIFICATE, &der), &key));
    buf_reset(&der);
    assert_ok(rsa_key_write_public(key, &der));
    test_is_hex(buf_view(&der), PUBLIC);
}

static void a_certificate_that_was_changed_anywhere_is_refused(void **state)
{
    (void)state;
    DEFER(rsa_key_freep) struct rsa_key *key = NULL;
    key_read(&key);
    DEFER(buf_clear) sotto_buf der = {0};
    assert_ok(rsa_cert_write(key, "alice", &der));
    DEFER(rsa_key_freep) struct rsa_key *again = NULL;
    assert_ok(rsa_cert_read(buf_view(&der), &again));
    struct rsa_key *none = NULL;
    for (size_t at = 0; at < der.len; at++) {
        der.data[at] ^= 4;
        assert_int_equal(rsa_cert_read(buf_view(&der), &none), SOTTO_E_CERTIFICATE);
        der.data[at] ^= 4;
    }
    for (size_t len = 0; len < der.len; len++)
        assert_int_equal(rsa_cert_read(view_of(der.data, len), &none), SOTTO_E_CERTIFICATE);
    assert_ok(buf_append(&der, VIEW_LIT("x")));
    assert_int_equal(rsa_cert_read(buf_view(&der), &none), SOTTO_E_CERTIFICATE);
}

static void a_new_key_works_and_a_tiny_one_is_refused(void **state)
{
    (void)state;
    struct rsa_key *none = NULL;
    assert_int_equal(rsa_key_generate(512, &none), SOTTO_E_USAGE);
    DEFER(rsa_key_freep) struct rsa_key *key = NULL;
    assert_ok(rsa_key_generate(1024, &key));
    DEFER(buf_clear) sotto_buf bytes = {0};
    assert_ok(rsa_pss_sign(key, RSA_SHA256, 32, TEXT, &bytes));
    assert_ok(rsa_pss_verify(key, RSA_SHA256, 32, TEXT, buf_view(&bytes)));
    buf_reset(&bytes);
    assert_ok(rsa_cert_write(key, "small", &bytes));
    assert_int_equal(rsa_cert_read(buf_view(&bytes), &none), SOTTO_E_CERTIFICATE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_comes_back_from_its_der),
        cmocka_unit_test(a_public_key_has_no_private_part_to_write),
        cmocka_unit_test(keys_that_are_cut_or_have_a_spare_byte_are_refused),
        cmocka_unit_test(oaep_opens_what_the_other_implementation_sealed),
        cmocka_unit_test(oaep_refuses_another_label_digest_or_byte_all_alike),
        cmocka_unit_test(oaep_takes_what_fits_and_not_a_byte_more),
        cmocka_unit_test(pss_verifies_what_the_other_implementation_signed),
        cmocka_unit_test(what_pss_signs_it_verifies),
        cmocka_unit_test(a_certificate_of_the_other_implementation_gives_its_key),
        cmocka_unit_test(a_certificate_that_was_changed_anywhere_is_refused),
        cmocka_unit_test(a_new_key_works_and_a_tiny_one_is_refused),
    };
    return cmocka_run_group_tests_name("lab/rsa", tests, NULL, NULL);
}
