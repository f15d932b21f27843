#include "tests/fuzz/mls_reference.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A rule is a row of words:
 *     u8 u16 u32 u64   a number; u8@x keeps it as x, u16=1 demands that one
 *     b4               four bytes
 *     o255 O255        opaque<V> of at most 255 bytes; O: and one at least
 *     *100:name        a vector <V> of these, at most 100 bytes; +100:name: and one at least
 *     ?name            optional<name>
 *     [x 1:a 2: 3:b]   what x selects, maybe nothing; any other x is wrong
 *     el               Extension extensions<V> of this place: a KeyPackage (p), leaf (l), GroupInfo (i), GroupContext (c)
 *     !function        what no grammar says
 *     name             another rule
 * Limits are those of lib/mls/limits.h, written out once more. */
static const struct rule {
    const char *name, *text;
} rules[] = {
    /* RFC 9420 5.3, 7.1, 7.2 */
    {"certificate", "O65536"},
    {"credential", "u16@k [k 1:o65536 2:certificates]"},
    {"certificates", "+65536:certificate"},
    {"types", "*2048:u16"},
    {"capabilities", "types types types types types"},
    {"lifetime", "u64 u64"},
    {"parent_hash", "o255"},
    {"leaf_node",
     "o4096 o4096 credential capabilities u8@l [l 1:lifetime 2: 3:parent_hash] el o8192"},
    {"parent_node", "o4096 o255 !unmerged"},
    {"extension", "u16 o67108864"},
    /* 10, 8.4 */
    {"key_package", "u16 key_package_rest"},
    {"key_package_rest", "u16 o4096 leaf_node [l 1:] ep o8192"},
    {"resumption", "u8@u [u 1: 2: 3:] o4096 u64"},
    {"psk_of_component", "u16 o4096"},
    {"pre_shared_key_id", "u8@q [q 1:o4096 2:resumption 3:psk_of_component] o255"},
    /* 12.1 */
    {"add_proposal", "key_package"},
    {"update_proposal", "leaf_node [l 2:]"},
    {"remove_proposal", "u32"},
    {"pre_shared_key_proposal", "pre_shared_key_id"},
    {"re_init_proposal", "o4096 u16 u16 ec"},
    {"external_init_proposal", "o4096"},
    {"group_context_extensions_proposal", "ec"},
    {"app_data_update_proposal", "u16 u8@o [o 1:o1048576 2:]"},
    {"app_ephemeral_proposal", "component_data"},
    {"proposal",
     "u16@p [p 1:add_proposal 2:update_proposal 3:u32 4:pre_shared_key_id 5:re_init_proposal "
     "6:external_init_proposal 7:ec 8:app_data_update_proposal 9:component_data 10:]"},
    /* 12.4, 7.6 */
    {"proposal_or_ref", "u8@r [r 1:proposal 2:o255]"},
    {"hpke_ciphertext", "o4096 o65536"},
    {"update_path_node", "o4096 *67108864:hpke_ciphertext"},
    {"update_path", "leaf_node [l 3:] *67108864:update_path_node"},
    {"commit", "*67108864:proposal_or_ref ?update_path"},
    /* 6 */
    {"sender", "u8@s [s 1:u32 2:u32 3: 4:]"},
    {"framed_content", "o4096 u64 sender o65536 u8@c [c 1:o67108864 2:proposal 3:commit]"},
    {"auth", "o8192 [c 1: 2: 3:o255]"},
    {"authenticated_content", "u16@w [w 1: 2:] framed_content auth"},
    {"public_message", "framed_content auth [s 1:o255 2: 3: 4:]"},
    {"private_message", "o4096 u64 u8@c [c 1: 2: 3:] o65536 o255 o67108864"},
    {"sender_data", "u32 u32 b4"},
    {"key_package_of_message", "u16=1 key_package_rest"},
    {"mls_message", "u16=1 u16@w [w 1:public_message 2:private_message 3:welcome 4:group_info "
                    "5:key_package_of_message]"},
    /* 8.1, 12.4.3 */
    {"group_context", "u16=1 u16 o4096 u64 o255 o255 ec"},
    {"group_info", "group_context ei o255 u32 o8192"},
    {"path_secret", "o255"},
    {"group_secrets", "o255 ?path_secret *67108864:pre_shared_key_id"},
    {"encrypted_group_secrets", "o255 hpke_ciphertext"},
    {"welcome", "u16 *67108864:encrypted_group_secrets o67108864"},
    {"some_node", "u8@n [n 1:leaf_node 2:parent_node]"},
    {"node", "?some_node"},
    {"ratchet_tree", "!tree"},
    /* Extensions: 5.3.3, 11.1, 12.1.8.1, 12.4.3.2; draft-ietf-mls-extensions */
    {"application_id", "o65536"},
    {"required_capabilities", "types types types"},
    {"external_pub", "o4096"},
    {"external_sender", "o4096 credential"},
    {"external_senders", "*67108864:external_sender"},
    {"component_data", "u16@i o1048576"},
    {"components", "component_data !rising"},
    {"app_data_dictionary", "!begin *1048576:components"},
    {"safe_aad", "!begin *65536:components"},
    {"components_list", "types"},
    {"key_package_extensions", "ep"},
    {"leaf_node_extensions", "el"},
    {"group_info_extensions", "ei"},
    {"group_context_extensions", "ec"},
};

static const struct extension_rule {
    uint16_t type;
    const char *places, *name;
} extensions[] = {
    {1, "l", "application_id"},
    {3, "c", "required_capabilities"},
    {4, "i", "external_pub"},
    {5, "c", "external_senders"},
    {6, "plic", "app_data_dictionary"},
    {7, "l", "types"},
    {8, "c", "types"},
};

struct reference {
    const uint8_t *at;
    size_t left;
    bool wrong;
    uint64_t kept['z' + 1];
    uint64_t least; /* of what rises */
    /* Of a tree */
    uint64_t largest_unmerged;
    bool unmerged;
};

static void decode(struct reference *r, const char *text);

static void decode_name(struct reference *r, const char *name)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (strcmp(rules[i].name, name) == 0) {
            decode(r, rules[i].text);
            return;
        }
    decode(r, name); /* one word */
}

static uint64_t number(struct reference *r, unsigned bytes)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < bytes; i++) {
        if (r->wrong || r->left == 0) {
            r->wrong = true;
            return 0;
        }
        sum = sum * 256 + *r->at++;
        r->left--;
    }
    return sum;
}

/* RFC 9420 2.1.2 */
static uint64_t length(struct reference *r)
{
    uint64_t first = number(r, 1), len = first % 64;
    unsigned form = (unsigned)(first / 64);
    if (form == 3)
        r->wrong = true;
    if (form == 1)
        len = len * 256 + number(r, 1);
    if (form == 2)
        len = len * 16777216 + number(r, 3);
    if ((form == 1 && len < 64) || (form == 2 && len < 16384))
        r->wrong = true;
    return r->wrong ? 0 : len;
}

/* The content of a vector, as a decoder of its own; what was kept goes on there. */
static struct reference content(struct reference *r, uint64_t max)
{
    uint64_t len = length(r);
    struct reference inside = *r;
    if (len > max || len > r->left)
        r->wrong = true;
    inside.wrong = r->wrong;
    inside.left = r->wrong ? 0 : len;
    if (!r->wrong) {
        r->at += len;
        r->left -= len;
    }
    return inside;
}

static void items(struct reference *r, uint64_t max, uint64_t least, const char *name)
{
    struct reference inside = content(r, max);
    uint64_t count = 0;
    for (; !inside.wrong && inside.left > 0; count++)
        decode_name(&inside, name);
    if (inside.wrong || count < least)
        r->wrong = true;
}

static void extension_list(struct reference *r, char place)
{
    uint64_t seen[64];
    size_t count = 0;
    struct reference inside = content(r, 67108864);
    while (!inside.wrong && inside.left > 0) {
        uint64_t type = number(&inside, 2);
        struct reference data = content(&inside, 67108864);
        for (size_t i = 0; i < count; i++)
            inside.wrong = inside.wrong || seen[i] == type;
        if (inside.wrong || count == 64) {
            inside.wrong = true;
            break;
        }
        seen[count++] = type;
        for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++)
            if (extensions[i].type == type && strchr(extensions[i].places, place) != NULL) {
                decode_name(&data, extensions[i].name);
                inside.wrong = inside.wrong || data.wrong || data.left > 0;
            }
    }
    r->wrong = r->wrong || inside.wrong;
}

/* unmerged_leaves rise, and are leaves of a tree of at most 2^24 (7.1). */
static void unmerged(struct reference *r)
{
    struct reference inside = content(r, 67108864);
    for (uint64_t least = 0; !inside.wrong && inside.left > 0;) {
        uint64_t leaf = number(&inside, 4);
        if (leaf < least || leaf >= 16777216)
            inside.wrong = true;
        least = leaf + 1;
        r->unmerged = true;
        r->largest_unmerged = leaf > r->largest_unmerged ? leaf : r->largest_unmerged;
    }
    r->wrong = r->wrong || inside.wrong;
}

/* Leaves at even places, parents at odd ones, the last not blank (12.4.3.3); unmerged leaves lie in the tree that it stands for,
 * whose number of leaves is a power of two. */
static void tree(struct reference *r)
{
    struct reference inside = content(r, 67108864);
    uint64_t count = 0, leaves = 1;
    bool blank = true;
    for (; !inside.wrong && inside.left > 0; count++) {
        blank = number(&inside, 1) == 0;
        inside.at--;
        inside.left++;
        decode_name(&inside, "node");
        if (!blank && inside.kept['n'] != count % 2 + 1)
            inside.wrong = true;
    }
    while (2 * leaves - 1 < count)
        leaves *= 2;
    if (inside.wrong || blank || (inside.unmerged && inside.largest_unmerged >= leaves))
        r->wrong = true;
}

static void function(struct reference *r, const char *name)
{
    if (strcmp(name, "unmerged") == 0)
        unmerged(r);
    if (strcmp(name, "tree") == 0)
        tree(r);
    if (strcmp(name, "begin") == 0)
        r->least = 0;
    if (strcmp(name, "rising") == 0) {
        r->wrong = r->wrong || r->kept['i'] < r->least;
        r->least = r->kept['i'] + 1;
    }
}

static void number_word(struct reference *r, const char *word)
{
    char *end;
    uint64_t got = number(r, (unsigned)strtoul(word + 1, &end, 10) / 8);
    if (*end == '@')
        r->kept[(unsigned char)end[1]] = got;
    if (*end == '=' && got != strtoull(end + 1, NULL, 10))
        r->wrong = true;
}

static void opaque_word(struct reference *r, const char *word)
{
    struct reference inside = content(r, strtoull(word + 1, NULL, 10));
    if (*word == 'O' && inside.left == 0)
        r->wrong = true;
}

static void option_word(struct reference *r, const char *word)
{
    uint64_t presence = number(r, 1);
    if (presence > 1)
        r->wrong = true;
    if (presence == 1)
        decode_name(r, word + 1);
}

static void decode_word(struct reference *r, const char *word)
{
    bool digit = isdigit((unsigned char)word[1]) != 0;
    if (word[0] == 'u' && digit)
        number_word(r, word);
    else if (word[0] == 'b' && digit)
        (void)number(r, (unsigned)strtoul(word + 1, NULL, 10));
    else if ((word[0] == 'o' || word[0] == 'O') && digit)
        opaque_word(r, word);
    else if (word[0] == '*' || word[0] == '+')
        items(r, strtoull(word + 1, NULL, 10), word[0] == '+', strchr(word, ':') + 1);
    else if (word[0] == '?')
        option_word(r, word);
    else if (word[0] == 'e' && strlen(word) == 2)
        extension_list(r, word[1]);
    else if (word[0] == '!')
        function(r, word + 1);
    else
        decode_name(r, word);
}

/* Up to the next blank. */
static const char *word_next(const char *text, char word[64])
{
    size_t len = strcspn(text, " ");
    if (len >= 64)
        abort();
    memcpy(word, text, len);
    word[len] = '\0';
    text += len;
    return text + strspn(text, " ");
}

/* `text` begins behind "[x "; gives what stands behind "]". */
static const char *decode_choice(struct reference *r, uint64_t selected, const char *text)
{
    char word[64];
    bool found = false, last = false;
    while (!last) {
        text = word_next(text, word);
        size_t len = strlen(word);
        last = word[len - 1] == ']';
        if (last)
            word[len - 1] = '\0';
        char *name = strchr(word, ':');
        if (name == NULL)
            abort();
        if (r->wrong || strtoull(word, NULL, 10) != selected)
            continue;
        found = true;
        if (name[1] != '\0')
            decode_word(r, name + 1);
    }
    r->wrong = r->wrong || !found;
    return text;
}

static void decode(struct reference *r, const char *text)
{
    char word[64];
    while (*text != '\0' && !r->wrong) {
        text = word_next(text, word);
        if (word[0] == '[')
            text = decode_choice(r, r->kept[(unsigned char)word[1]], text);
        else
            decode_word(r, word);
    }
}

bool mls_reference_is(const char *name, const uint8_t *bytes, size_t len)
{
    struct reference r = {.at = bytes, .left = len};
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (strcmp(rules[i].name, name) == 0) {
            decode(&r, rules[i].text);
            return !r.wrong && r.left == 0;
        }
    fprintf(stderr, "no rule for %s\n", name);
    abort();
}
