#!/usr/bin/python3
"""Makes identity.json: what each record can be, what it can't, and what follows from it, as reference.py has it.

   make.py >identity.json

Keys have seeds of one byte, 32 times; nothing is drawn, so that the same file comes out."""
import base64
import json
import sys

from reference import (DAYS_30, SIGNERS, YEAR_9999, answers, certificate_body, certificate_put, certificate_unsigned, head, key_id, plain,
                       public_of, record_put, sha256, sign, ticket_put, value_put, vector)

ISSUED = 1795132800
cases = []


def seed(byte):
    return bytes([byte]) * 32


def public(byte):
    return public_of(seed(byte))


def add(structure, comment, **given):
    case = {"structure": structure, "comment": comment, **plain(given)}
    cases.append(case | answers(case))


def signed(name, fields, key):
    """The record with a signature by the key of this seed byte."""
    unsigned = record_put(name, fields | {"signature": bytes(64)})[:-64]
    return unsigned + sign(seed(key), unsigned)


def broken(structure, right, **given):
    """What no record may be, made from one that is right."""
    label_end = 1 + right[0]
    add(structure, "another label", bytes=bytes([right[0]]) + b"S" + right[2:], **given)
    add(structure, "version 0", bytes=right[:label_end] + b"\0" + right[label_end + 1:], **given)
    add(structure, "version 2", bytes=right[:label_end] + b"\2" + right[label_end + 1:], **given)
    add(structure, "length of the label not in its shortest form", bytes=b"\x40" + right, **given)
    add(structure, "nothing", bytes=b"", **given)
    add(structure, "a byte less", bytes=right[:-1], **given)
    add(structure, "half of it", bytes=right[:len(right) // 2], **given)
    add(structure, "a byte more", bytes=right + b"\0", **given)


# ---- genesis ----

def genesis_of(key, recovery):
    return record_put("genesis", {"algorithm": 1, "account_key": public(key), "recovery_hash": sha256(public(recovery))})


def genesis_cases():
    right = genesis_of(1, 2)
    add("genesis", "an account", bytes=right)
    add("genesis", "another account", bytes=genesis_of(11, 12))
    broken("genesis", right)
    for algorithm in 0, 2:
        add("genesis", f"algorithm {algorithm}", bytes=right[:15] + bytes([algorithm]) + right[16:])


# ---- rotation ----

def rotation_fields(account, n, key, recovery, following):
    return {"account_id": account["account_id"], "n": n, "account_key": public(key), "recovery_key": public(recovery),
            "next_recovery_hash": sha256(public(following))}


def account_of(genesis):
    return {"account_id": sha256(genesis), "key": genesis[16:48], "recovery_hash": genesis[48:], "n": 0}


def rotated(account, key, recovery, following):
    """The next rotation, and the account behind it."""
    data = signed("rotation", rotation_fields(account, account["n"] + 1, key, recovery, following), recovery)
    return data, account | {"key": public(key), "recovery_hash": sha256(public(following)), "n": account["n"] + 1}


def rotation_cases():
    account = account_of(genesis_of(1, 2))
    first, second_account = rotated(account, 3, 2, 4)
    second, _ = rotated(second_account, 5, 4, 6)

    def case(comment, data, before=account, **given):
        add("rotation", comment, bytes=data, account=before, **given)
    case("the first", first, seed=seed(2))
    case("the second", second, second_account, seed=seed(4))
    case("the second in the place of the first", second)
    case("the first once more", first, second_account)
    case("of another account", signed("rotation", rotation_fields(account_of(genesis_of(11, 2)), 1, 3, 2, 4), 2))
    case("by a key that was not promised", signed("rotation", rotation_fields(account, 1, 3, 9, 4), 9))
    case("revealed, but signed by another key", signed("rotation", rotation_fields(account, 1, 3, 2, 4), 9))
    case("by the account key", signed("rotation", rotation_fields(account, 1, 3, 1, 4), 1))
    case("one bit of the signature", first[:-1] + bytes([first[-1] ^ 1]))
    case("S is not reduced", first[:-32] + (int.from_bytes(first[-32:], "little") + 2**252 + 27742317777372353535851937790883648493
                                            ).to_bytes(32, "little"))
    small = rotation_fields(account, 1, 3, 2, 4) | {"account_key": bytes(32)}
    case("to a key of small order", signed("rotation", small, 2))
    case("to a key that is not canonical", signed("rotation", small | {"account_key": b"\xee" + b"\xff" * 30 + b"\x7f"}, 2))
    case("to what is no point", signed("rotation", small | {"account_key": b"\x02" + bytes(31)}, 2))
    case("number 64", signed("rotation", rotation_fields(account, 64, 3, 2, 4), 2), account | {"n": 63})
    case("number 0", signed("rotation", rotation_fields(account, 0, 3, 2, 4), 2))
    case("number 65", signed("rotation", rotation_fields(account, 65, 3, 2, 4), 2), account | {"n": 64})
    broken("rotation", first, account=account)


# ---- device list ----

def device(number, state=1):
    return {"id": bytes([number]) * 16, "key_hash": sha256(public(100 + number)), "state": state}


def list_fields(account, number=1, devices=(1,), **other):
    fields = {"account_id": account["account_id"], "rotation": account["n"], "number": number,
              "previous_hash": bytes(32) if number == 1 else sha256(b"the list before"), "issued_s": ISSUED, "expires_s": ISSUED + DAYS_30,
              "devices": [item if isinstance(item, dict) else device(item) for item in devices]}
    return fields | other


def list_cases():
    account = account_of(genesis_of(1, 2))
    _, later = rotated(account, 3, 2, 4)

    def case(comment, data, under=account, **given):
        add("device_list", comment, bytes=data, account=under, **given)

    def limit(comment, **other):
        case(comment, signed("device_list", list_fields(account, **other), 1))
    right = signed("device_list", list_fields(account), 1)
    case("one device", right, seed=seed(1))
    case("two devices, one revoked", signed("device_list", list_fields(account, 7, (1, device(2, 2))), 1), seed=seed(1))
    case("64 devices", signed("device_list", list_fields(account, 2, range(1, 65)), 1), seed=seed(1))
    case("after a rotation", signed("device_list", list_fields(later, 3), 3), later, seed=seed(3))
    case("from before the rotation", right, later)
    case("from after the rotation", signed("device_list", list_fields(later, 3), 3))
    case("under the key that was replaced", signed("device_list", list_fields(later, 3), 1), later)
    case("by the recovery key", signed("device_list", list_fields(account), 2))
    case("of another account", signed("device_list", list_fields(account_of(genesis_of(1, 9))), 1))
    case("one bit of the signature", right[:-64] + bytes([right[-64] ^ 1]) + right[-63:])
    limit("issued in 1970", issued_s=0, expires_s=DAYS_30)
    limit("expires in the last second", issued_s=253402300799 - DAYS_30, expires_s=253402300799)
    limit("expires a second later", issued_s=253402300800 - DAYS_30, expires_s=253402300800)
    limit("expires after 31 days", expires_s=ISSUED + DAYS_30 + 86400)
    limit("expires when it is issued", expires_s=ISSUED)
    limit("issued before 1970", issued_s=2**64 - 1, expires_s=DAYS_30 - 1)
    limit("rotation 65", rotation=65)
    limit("number 0", number=0, previous_hash=bytes(32))
    limit("the first, with one before it", previous_hash=seed(1))
    limit("the second, with none before it", number=2, previous_hash=bytes(32))
    limit("no device", devices=())
    limit("65 devices", devices=range(1, 66))
    limit("devices in falling order", devices=(2, 1))
    limit("a device twice", devices=(1, 1))
    limit("state 0", devices=(device(1, 0),))
    limit("state 3", devices=(device(1, 3),))
    broken("device_list", right, account=account)


def follow_cases():
    account = account_of(genesis_of(1, 2))
    _, later = rotated(account, 3, 2, 4)
    before = signed("device_list", list_fields(account, 4, (1, 2, device(3, 2))), 1)

    def case(comment, devices=(1, 2, device(3, 2)), under=account, old=before, **other):
        fields = list_fields(under, 5, devices, previous_hash=sha256(old)) | other
        add("device_lists", comment, before=old, next=signed("device_list", fields, 3 if under is later else 1))
    case("the same devices")
    case("a device more", (1, 2, device(3, 2), 4))
    case("a device revoked", (1, device(2, 2), device(3, 2)))
    case("under the next key", under=later)
    case("issued in the same second", issued_s=ISSUED, expires_s=ISSUED + DAYS_30)
    case("issued earlier", issued_s=ISSUED - 1, expires_s=ISSUED + DAYS_30 - 1)
    case("the number but one", number=6)
    case("the same number", number=4)
    case("another list before it", previous_hash=seed(1))
    case("another account", under=account_of(genesis_of(1, 9)))
    case("back under an older key", old=signed("device_list", list_fields(later, 4, (1, 2)), 3))
    case("a device left out", (2, device(3, 2)))
    case("a revoked device left out", (1, 2))
    case("a device with another key", (device(1) | {"key_hash": seed(9)}, 2, device(3, 2)))
    case("a device active again", (1, 2, 3))


# ---- certificates ----

KEYS = {"root": 201, "intermediate": 202, "server": 203, "account": 1, "device": 101}  # their seeds


def certificate_fields(kind, issuer_key, **other):
    issuer = {"root": "root", "device": "account"}.get(kind, "root" if issuer_key == KEYS["root"] else "intermediate")
    lives = (0, YEAR_9999) if kind == "device" else (ISSUED, YEAR_9999 if kind == "root" else ISSUED + 3 * DAYS_30)
    ours = {"account": {"name": b"alice@chat.example.org", "account_id": seed(0xac)}, "server": {"host": b"chat.example.org"},
            "device": {"account_id": seed(0xac), "device_id": bytes([0xde]) * 16}}
    return {"kind": kind, "public_key": public(KEYS[kind]), "issuer": "root" if kind == "intermediate" else issuer,
            "issuer_key_id": key_id(public(issuer_key)), "not_before_s": lives[0], "not_after_s": lives[1], "account_id": bytes(32),
            "device_id": bytes(16), "name": b"", "host": b""} | ours.get(kind, {}) | other


def issued(body, issuer_key):
    return certificate_put(body, sign(seed(issuer_key), certificate_unsigned(body)))


def certificate_of(kind, issuer, **other):
    return issued(certificate_body(certificate_fields(kind, KEYS[issuer], **other)), KEYS[issuer])


LONGEST = b"a" * 64 + b"@" + b"b" * 253


def certificate_cases():
    def case(comment, kind, data, issuer, **given):
        add("certificate", comment, kind=kind, bytes=data, issuer_key=public(KEYS[issuer]), **given)

    def right(comment, kind, issuer, **other):
        case(comment, kind, certificate_of(kind, issuer, **other), issuer, seed=seed(KEYS[issuer]))

    def wrong(comment, kind, issuer, before, behind):
        """Signed as it should be, but with a template in which something else stands."""
        body = certificate_body(certificate_fields(kind, KEYS[issuer]))
        assert body.count(before) == 1 and len(before) == len(behind)
        case(comment, kind, issued(body.replace(before, behind), KEYS[issuer]), issuer)
    over = {"root": "root", "intermediate": "root", "server": "root", "account": "root", "device": "account"}
    for kind, issuer in over.items():
        data = certificate_of(kind, issuer)
        right("one of each", kind, issuer)
        for other in over:
            if other != kind:
                case(f"{kind}, read as another", other, data, issuer)
        case("nothing", kind, b"", issuer)
        case("a byte less", kind, data[:-1], issuer)
        case("a byte more", kind, data + b"\0", issuer)
        case("one bit of the signature", kind, data[:-1] + bytes([data[-1] ^ 1]), issuer)
        case("one bit of the serial number", kind, data[:20] + bytes([data[20] ^ 1]) + data[21:], issuer)
        case("under another key", kind, data, "server")
    right("under the intermediate", "server", "intermediate")
    right("under the intermediate", "account", "intermediate")
    right("to the end of 2049", "root", "root", not_after_s=2524607999)
    right("to 2050", "root", "root", not_after_s=2524608000)
    right("from 1970, a second long", "root", "root", not_before_s=0, not_after_s=0)
    right("with the shortest host", "server", "root", host=b"[")
    right("with the longest host", "server", "root", host=b"h" * 253)
    right("with the shortest name", "account", "root", name=b"a@b")
    right("with the longest name", "account", "root", name=LONGEST)
    for host in b"", b"H", b"a_b", b"h" * 254:
        case(f"no host: {host.decode()[:10]!r}", "server", certificate_of("server", "root", host=host), "root")
    for name in b"", b"@b", b"alice", b"Alice@b", b"a@b@c", b"a" * 65 + b"@b", LONGEST + b"b":
        case(f"no name: {name.decode()[:10]!r}", "account", certificate_of("account", "root", name=name), "root")
    case("ends before it begins", "root", certificate_of("root", "root", not_before_s=ISSUED + 1, not_after_s=ISSUED), "root")
    case("from 1969", "root", certificate_of("root", "root", not_before_s=-1), "root")
    case("a device with an end", "device", certificate_of("device", "account", not_after_s=ISSUED), "account")
    wrong("may sign lists, too", "root", "root", b"\x03\x02\x02\x04", b"\x03\x02\x02\x06")
    wrong("with a longer path", "account", "root", b"\x01\x01\xff\x02\x01\x00", b"\x01\x01\xff\x02\x01\x01")
    wrong("with a path of another type", "intermediate", "root", b"\x01\x01\xff\x02\x01\x01", b"\x01\x01\xff\x05\x01\x01")
    wrong("true in another form", "intermediate", "root", b"\x30\x06\x01\x01\xff", b"\x30\x06\x01\x01\x01")
    wrong("for another purpose", "device", "account", b"\x05\x05\x07\x03\x28", b"\x05\x05\x07\x03\x02")
    wrong("another title", "server", "root", b"sotto server ", b"sotto SERVER ")
    wrong("another issuer", "server", "root", b"sotto root ", b"sotto Root ")
    wrong("another scheme", "server", "root", b"sotto://", b"SOTTO://")
    wrong("another fingerprint in its subject", "server", "root", key_id(public(203)).hex().upper()[:4].encode(), b"0000")
    wrong("an account in capitals", "device", "account", b"sotto:" + b"ac" * 32, b"sotto:" + b"AC" * 32)
    wrong("a time with a 13th month", "server", "root", b"261120000000Z", b"261320000000Z")
    wrong("a time with a 24th hour", "server", "root", b"261120000000Z", b"261120240000Z")
    wrong("a time in the other form", "root", "root", b"\x18\x0f99991231235959Z", b"\x17\x0f99991231235959Z")


def chain_cases():
    root, intermediate = certificate_of("root", "root"), certificate_of("intermediate", "root")
    pin = key_id(public(KEYS["root"]))[:15]
    device, other_device = certificate_of("device", "account"), certificate_of("device", "account", account_id=seed(0xad))
    for structure, leaf, before in ("server_chain", "server", ()), ("name_path", "account", (device,)):
        under_root, under_other = certificate_of(leaf, "root"), certificate_of(leaf, "intermediate")

        def case(comment, *chain, known=pin, now_s=ISSUED):
            add(structure, comment, chain=[*before, *chain], pin=known, now_s=now_s)
        case("under the root", under_root, root)
        case("under the intermediate", under_other, intermediate, root)
        case("another pin", under_root, root, known=bytes(15))
        case("another root", under_root, certificate_of("intermediate", "root"))
        case("the root of another key", under_root, issued(certificate_body(certificate_fields("root", 204, public_key=public(204))), 204),
             known=key_id(public(204))[:15])
        case("the intermediate is missing", under_other, root)
        case("an intermediate too many", under_root, intermediate, root)
        case("in another order", root, under_root)
        case("an account in the intermediate's place", under_other, certificate_of("account", "root"), root)
        case("a root without its own signature", under_root, root[:-1] + bytes([root[-1] ^ 1]))
        if structure == "server_chain":  # of a name's path OpenSSL says it, and may say something else in another version
            case("in its last second", under_root, root, now_s=ISSUED + 3 * DAYS_30)
        case("in the second before", under_root, root, now_s=ISSUED + 3 * DAYS_30 - 1)
        case("a second later", under_root, root, now_s=ISSUED + 3 * DAYS_30 + 1)
        case("a second too early", under_root, root, now_s=ISSUED - 1)
        case("the intermediate has ended", certificate_of(leaf, "intermediate", not_after_s=YEAR_9999), intermediate, root,
             now_s=ISSUED + 3 * DAYS_30 + 1)
        case("alone", under_root)
        case("five of them", under_other, intermediate, intermediate, root)
        case("nothing")
    add("name_path", "a device of another account", chain=[other_device, certificate_of("account", "root"), root], pin=pin, now_s=ISSUED)


# ---- statement ----

def statement_of(genesis, rotations, device_list):
    return record_put("statement", {"genesis": genesis, "rotations": rotations, "device_list": device_list})


def certificate(account, number, device_key, key, account_id=None):
    fields = certificate_fields("device", key, public_key=device_key, account_id=account_id or account["account_id"],
                                device_id=bytes([number]) * 16)
    return {"certificate": issued(certificate_body(fields), key)}


def statement_cases():
    genesis = genesis_of(1, 2)
    account = account_of(genesis)
    first, later = rotated(account, 3, 2, 4)
    second, latest = rotated(later, 5, 4, 6)

    def case(comment, data, devices=()):
        add("statement", comment, bytes=data, devices=list(devices))
    right = certificate(account, 1, public(101), 1)
    plain_list = signed("device_list", list_fields(account, 2, (1, device(2, 2))), 1)
    simple = statement_of(genesis, [], plain_list)
    twice = statement_of(genesis, [first, second], signed("device_list", list_fields(latest, 9, range(1, 9)), 5))
    case("no rotation", simple, [
        right, certificate(account, 2, public(102), 1), certificate(account, 3, public(103), 1), certificate(account, 1, public(103), 1),
        certificate(account, 1, public(101), 3), certificate(account, 1, public(101), 1, account_id=seed(7)),
        certificate(account, 1, bytes(32), 1),
        {"certificate": right["certificate"][:-1]}, {"certificate": right["certificate"] + b"\0"}, {"certificate": b""},
        {"certificate": right["certificate"][:-1] + bytes([right["certificate"][-1] ^ 1])},
    ])
    case("two rotations, eight devices", twice, [certificate(latest, 8, public(108), 5), certificate(latest, 8, public(108), 1)])
    once_list = signed("device_list", list_fields(later, 2), 3)
    case("one rotation", statement_of(genesis, [first], once_list))
    case("rotations in the wrong order", statement_of(genesis, [second, first], signed("device_list", list_fields(latest), 5)))
    case("a rotation left out", statement_of(genesis, [second], signed("device_list", list_fields(latest), 5)))
    case("a rotation too many", statement_of(genesis, [first, second], once_list))
    case("a rotation twice", statement_of(genesis, [first, first], once_list))
    case("another's genesis", statement_of(genesis_of(11, 2), [first], once_list))
    case("another's list", statement_of(genesis, [], signed("device_list", list_fields(account_of(genesis_of(1, 9))), 1)))
    case("a list by the old key", statement_of(genesis, [first], signed("device_list", list_fields(later, 2), 1)))
    none = genesis[:16] + bytes(32) + genesis[48:]
    case("a genesis without a valid key", statement_of(none, [], signed("device_list", list_fields(account_of(none)), 1)))
    broken("statement", simple, devices=[])
    begin = head(b"sotto identity") + vector(genesis)
    case("a part that is broken", begin + vector(vector(first[:-1])) + vector(once_list))
    case("a part with a byte more", begin + vector(b"") + vector(plain_list + b"\0"))
    case("a rotation without content", begin + vector(b"\0") + vector(once_list))

    def order(comment, one, other):
        add("statements", comment, a=one, b=other)
    higher = statement_of(genesis, [], signed("device_list", list_fields(account, 3), 1))
    forked = statement_of(genesis, [], signed("device_list", list_fields(account, 2, (1,)), 1))
    order("the same", simple, simple)
    order("a lower list", simple, higher)
    order("a higher list", higher, simple)
    order("a rotation more and a lower list", statement_of(genesis, [first], signed("device_list", list_fields(later, 1), 3)), higher)
    order("a rotation less", higher, twice)
    order("two lists of one number", simple, forked)


# ---- account request, records of a stream, what is signed and not sent, blob tickets ----

def request_cases():
    fields = {"account_id": sha256(genesis_of(1, 2)), "account_key": public(1), "name": b"alice@chat.example.org",
              "server_pin": bytes(range(15)), "nonce": seed(5)}
    right = signed("account_request", fields, 1)
    add("account_request", "a name", bytes=right, seed=seed(1))
    longest = b"a" * 64 + b"@" + b"b" * 253
    for name in b"a@b", b"x_y.z-9@[2001:db8::1]", longest:
        add("account_request", f"the name {name.decode()[:30]}", bytes=signed("account_request", fields | {"name": name}, 1), seed=seed(1))
    for name in b"", b"@", b"a@", b"@b", b"alice", b"Alice@b", b"a@b c", b"a@b@c", b"a\0@b", b"\xc3\xa4@b", b"a" * 65 + b"@b", longest + b"b":
        add("account_request", f"no name: {name.decode()[:30]!r}", bytes=signed("account_request", fields | {"name": name}, 1))
    add("account_request", "by another key", bytes=signed("account_request", fields, 2))
    add("account_request", "for another server", bytes=right[:110] + bytes([right[110] ^ 1]) + right[111:])
    broken("account_request", right)


def stream_cases():
    header = {"stream": bytes(range(16)), "epoch": 7, "previous_hash": seed(1), "commit_hash": seed(2), "op": 2**53 - 1,
              "device_id": bytes([1]) * 16, "account_id": seed(3)}
    branch = {"stream": bytes(range(16)), "bad_seq": 99, "good_epoch": 6, "new_stream": bytes(16), "group_info_hash": seed(4),
              "account_id": seed(3), "device_id": bytes([1]) * 16}
    correction = {"stream": bytes(range(16)), "epoch": 7, "token_hash": seed(5), "op": 2**53 - 1, "device_id": bytes([1]) * 16,
                  "account_id": seed(3)}
    notice = {"stream": bytes(range(16)), "seq": 2**53 - 1, "device_id": bytes([1]) * 16, "account_id": seed(3)}
    for name, fields, limits in (
            ("commit_header", header, ({"epoch": 0}, {"epoch": 1, "previous_hash": bytes(32)})),
            ("branch", branch, ({"bad_seq": 0}, {"new_stream": branch["stream"]}, {"good_epoch": 0})),
            ("token_correction", correction, ({"epoch": 0}, {"op": 0})),
            ("notice", notice, ({"seq": 0}, {"seq": 1}))):
        right, key = signed(name, fields, 101), {SIGNERS[name]: public(101)}
        add(name, "as it should be", bytes=right, seed=seed(101), **key)
        for limit in limits:
            add(name, "with " + ", ".join(f"{field} {plain(value)}" for field, value in limit.items()),
                bytes=signed(name, fields | limit, 101), seed=seed(101), **key)
        add(name, f"by another {SIGNERS[name].split('_')[0]}", bytes=signed(name, fields, 102), **key)
        add(name, "one bit", bytes=right[:30] + bytes([right[30] ^ 1]) + right[31:], **key)
        broken(name, right, **key)


def alone_cases():
    proof = {"server_pin": bytes(range(15)), "account_id": seed(1), "device_id": bytes([1]) * 16, "nonce": seed(2), "exporter": seed(3)}
    removal = {"server_pin": bytes(range(15)), "account_id": seed(1), "nonce": seed(2)}
    hello = {"nonce": seed(2), "exporter": seed(3), "challenge": seed(4)}
    for name, comment, fields in (("auth_proof", "a device signs in", proof), ("account_remove", "an account is removed", removal),
                                  ("hello", "a server says who it is", hello)):
        right, key = record_put(name, fields), {SIGNERS[name]: public(101)}
        signature = sign(seed(101), right)
        add(name, comment, bytes=right, seed=seed(101), **key, signature=signature)
        add(name, "by another key", bytes=right, **key, signature=sign(seed(102), right))
        for field, value in fields.items():
            add(name, f"for another {field}", bytes=record_put(name, fields | {field: value[:-1] + bytes([value[-1] ^ 1])}), **key,
                signature=signature)


def ticket_cases():
    fields = {"op": 1, "hash": bytes(range(0xc0, 0xe0)), "size": 0x123456, "account": 7, "expires_s": ISSUED}
    key = bytes(range(32))

    def case(comment, data, now_s=ISSUED - 1):
        add("blob_ticket", comment, bytes=data, key=key, now_s=now_s)
    right = ticket_put(fields, key)
    case("to send", right)
    case("to fetch", ticket_put(fields | {"op": 2}, key))
    case("of the largest numbers", ticket_put(fields | {"size": 2**63 - 1, "account": 2**63 - 1, "expires_s": 2**63 - 1}, key))
    case("to do nothing", ticket_put(fields | {"op": 0}, key))
    case("to do something else", ticket_put(fields | {"op": 3}, key))
    case("when its time is over", right, ISSUED)
    case("of another run", ticket_put(fields, key[::-1]))
    for place in 0, 1, 33, 41, 49, 57, 88:
        case(f"one bit of byte {place}", right[:place] + bytes([right[place] ^ 1]) + right[place + 1:])
    case("nothing", b"")
    case("a byte less", right[:-1])
    case("a byte more", right + b"\0")


# ---- links, safety numbers ----

def link_cases():
    def invite(first, inviter=bytes(range(16)), more=b""):
        data = bytes([first]) + bytes([0x5a]) * 16 + inviter + bytes(range(15)) + more
        return base64.urlsafe_b64encode(data).decode().rstrip("=")

    def case(comment, text):
        add("link", comment, text=text, joiner=seed(1), inviter=seed(2))
    nobody, person = invite(0x11, bytes(16)), invite(0x12)
    case("from the server", "https://chat.example.org/i#" + nobody)
    case("from a person to the server", "https://chat.example.org/i#" + invite(0x11))
    case("to a person", "https://chat.example.org/i#" + person)
    case("to a group", "https://chat.example.org/i#" + invite(0x13))
    case("with a port", "https://chat.example.org:443/i#" + person)
    case("with the port that goes without saying", "https://chat.example.org:5000/i#" + person)
    case("in capitals", "HTTPS://Chat.Example.ORG/I#" + person)
    case("with white space around", " \r\n\thttps://a/i#" + person + "\n")
    case("to an address", "https://[2001:DB8::1]:65535/i#" + person)
    case("to a short address", "https://[::]/i#" + person)
    case("to the longest host", "https://" + "h" * 253 + "/i#" + person)
    for text in ("", "https://", "http://a/i#" + person, "https:///i#" + person, "https://a/i" + person, "https://a/j#" + person,
                 "https://a/i#", "https://a/i#" + person[:-1], "https://a/i#" + person[:-4], "https://a/i#" + person + "A",
                 "https://a/i#" + person + "AAAA", "https://a/i#" + person + "=", "https://a/i#" + person + " x", "https://-a/i#" + person,
                 "https://a b/i#" + person, "https://a_b/i#" + person, "https://\u00e4/i#" + person, "https://\u017f/i#" + person,
                 "https://u@a/i#" + person, "https://::1/i#" + person, "https://[a]/i#" + person, "https://[::g]/i#" + person,
                 "https://[::1/i#" + person, "https://[]/i#" + person, "https://a:/i#" + person, "https://a:0/i#" + person,
                 "https://a:080/i#" + person, "https://a:65536/i#" + person, "https://" + "h" * 254 + "/i#" + person,
                 "https://a/i#" + invite(0x02), "https://a/i#" + invite(0x10), "https://a/i#" + invite(0x12, bytes(16)),
                 "https://a/i#" + invite(0x13, bytes(16)), "https://a/i#" + invite(0x14), "https://a/i#" + invite(0x22),
                 "https://a/i#" + invite(0xf0, more=b"more"), "https://a/i#" + "IA"):
        case("no link" if len(text) < 30 else "no link: " + text[:24], text)


def safety_cases():
    alice, bob = sha256(genesis_of(1, 2)), sha256(genesis_of(11, 12))
    add("safety_number", "two people", ours=alice, theirs=bob)
    add("safety_number", "the other way round", ours=bob, theirs=alice)
    add("safety_number", "nobody and nobody", ours=bytes(32), theirs=bytes(32))


def main():
    for make in (genesis_cases, rotation_cases, list_cases, follow_cases, certificate_cases, chain_cases, statement_cases, request_cases,
                 stream_cases, alone_cases, ticket_cases, link_cases, safety_cases):
        make()
    assert value_put([], "opaque `<V>` `<V>`") == b"\0"
    sys.stdout.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")


if __name__ == "__main__":
    main()
