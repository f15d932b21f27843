#!/usr/bin/python3
"""A second implementation of lib/identity, of the signed records of lib/proto, and of certificates, slow and by the book: the book is
docs/protocol.md, whose tables it reads and decodes by, and docs/certificates.md. Ed25519 is written out on integers, so that the strict
rule is one that can be read.

   reference.py FILE      decodes and recomputes every case of a file of vectors; prints TAP"""
import base64
import datetime
import hashlib
import hmac
import json
import os
import re
import sys

DOCS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../docs")
BOOK = os.path.join(DOCS, "protocol.md")
CERTIFICATES = os.path.join(DOCS, "certificates.md")
DAYS_30 = 30 * 24 * 3600
YEAR_9999 = 253402300799  # its last second


class Wrong(Exception):
    """Not a record of this kind."""


class Refused(Exception):
    """A record, but one that does not hold; says which error."""


def sha256(data):
    return hashlib.sha256(data).digest()


# ---- the book ----

def book():
    """What has a heading: its label (or None), and its tables, each a list of (field, type)."""
    sections, name, in_table = {}, None, False
    with open(BOOK, encoding="utf-8") as file:
        for line in file:
            heading = re.match(r"(#+) (.*)", line)
            row = re.match(r"\| ([^|]+) \| ([^|]+) \|", line)
            if heading:
                name, in_table = heading[2].strip(), False
                assert name not in sections
                sections[name] = {"label": None, "tables": [], "record": False}
            elif name and row and row[2] == "type":
                in_table = True
                rows = []
                if row[1] == "field":
                    sections[name]["tables"].append(rows)
                else:
                    sections[row[1]] = {"label": None, "tables": [rows], "record": False}
            elif row and in_table and not row[1].startswith("---"):
                rows.append((row[1].strip(), row[2].strip()))
            elif not line.startswith("|"):
                in_table = False
            if name and (label := re.match(r'(?:Label|\| label \|[^|]+\|) "([^"]+)"', line)):
                sections[name]["label"] = label[1].encode()
                sections[name]["record"] = line.startswith("Label")
    return sections


SECTIONS = book()


# ---- bytes ----

class Cursor:
    def __init__(self, data):
        self.data = data

    def take(self, count):
        if count > len(self.data):
            raise Wrong("ends early")
        taken, self.data = self.data[:count], self.data[count:]
        return taken

    def number(self, count):
        return int.from_bytes(self.take(count), "big")

    def vector(self):
        first = self.number(1)
        more = {0: 0, 1: 1, 2: 3}.get(first >> 6)
        if more is None:
            raise Wrong("length of no form")
        length = (first & 63) << 8 * more | self.number(more)
        if more and length < {1: 64, 3: 16384}[more]:
            raise Wrong("length not in its shortest form")
        return self.take(length)

    def end(self):
        if self.data:
            raise Wrong("bytes are left over")


def vector(data):
    if len(data) < 64:
        return bytes([len(data)]) + data
    if len(data) < 16384:
        return (0x4000 | len(data)).to_bytes(2, "big") + data
    return (0x80000000 | len(data)).to_bytes(4, "big") + data


def value_take(cursor, kind):
    if number := re.fullmatch(r"uint(\d+)", kind):
        return cursor.number(int(number[1]) // 8)
    if fixed := re.fullmatch(r"opaque \[(\d+)\]", kind):
        return cursor.take(int(fixed[1]))
    if kind == "opaque `<V>`":
        return cursor.vector()
    inside, items = Cursor(cursor.vector()), []
    while inside.data:
        items.append(inside.vector() if kind == "opaque `<V>` `<V>`" else rows_take(inside, kind.split()[0]))
    return items


def rows_take(cursor, name, table=0):
    return {field: value_take(cursor, kind) for field, kind in SECTIONS[name]["tables"][table]}


def value_put(value, kind):
    if number := re.fullmatch(r"uint(\d+)", kind):
        return value.to_bytes(int(number[1]) // 8, "big")
    if fixed := re.fullmatch(r"opaque \[(\d+)\]", kind):
        assert len(value) == int(fixed[1])
        return value
    if kind == "opaque `<V>`":
        return vector(value)
    return vector(b"".join(vector(item) if kind == "opaque `<V>` `<V>`" else rows_put(item, kind.split()[0]) for item in value))


def rows_put(fields, name, table=0):
    return b"".join(value_put(fields[field], kind) for field, kind in SECTIONS[name]["tables"][table])


def head(label):
    return vector(label) + b"\x01"


def record_put(name, fields):
    """Any fields: also such as break a limit."""
    if name in HEADED:
        section = HEADED[name]
        return rows_put({"label": SECTIONS[section]["label"], "version": 1} | fields, section, 1)
    return head(SECTIONS[name]["label"]) + rows_put(fields, name)


def headed_take(section, data):
    cursor = Cursor(data)
    fields = rows_take(cursor, section, 1)
    cursor.end()
    if fields.pop("label") != SECTIONS[section]["label"]:
        raise Wrong("label")
    if fields.pop("version", 1) != 1:
        raise Wrong("version")
    return fields


def record_take(name, data):
    if name in HEADED:
        return headed_take(HEADED[name], data)
    cursor = Cursor(data)
    if cursor.vector() != SECTIONS[name]["label"]:
        raise Wrong("label")
    if cursor.number(1) != 1:
        raise Wrong("version")
    fields = rows_take(cursor, name)
    cursor.end()
    if not LIMITS[name](fields):
        raise Wrong("a limit of " + name)
    assert record_put(name, fields) == data
    return fields


# ---- limits ----

def device_list_limits(f):
    ids = [device["id"] for device in f["devices"]]
    return (f["rotation"] <= 64 and f["number"] >= 1 and (f["number"] == 1) == (f["previous_hash"] == bytes(32))
            and f["expires_s"] == f["issued_s"] + DAYS_30 and f["expires_s"] <= YEAR_9999
            and 1 <= len(ids) <= 64 and all(a < b for a, b in zip(ids, ids[1:]))
            and all(device["state"] in (1, 2) for device in f["devices"]))


def statement_limits(f):
    record_take("genesis", f["genesis"])
    for rotation in f["rotations"]:
        record_take("rotation", rotation)
    record_take("device_list", f["device_list"])
    return len(f["rotations"]) <= 64


LIMITS = {
    "genesis": lambda f: f["algorithm"] == 1,
    "rotation": lambda f: 1 <= f["n"] <= 64,
    "device_list": device_list_limits,
    "statement": statement_limits,
    "account_request": lambda f: re.fullmatch(NAME, f["name"]) is not None,
    "commit_header": lambda f: f["epoch"] >= 1,
    "branch": lambda f: f["bad_seq"] >= 1 and f["stream"] != f["new_stream"],
    "token_correction": lambda f: True,
    "notice": lambda f: f["seq"] >= 1,
    "auth_proof": lambda f: True,
}

# Records whose signer is known from elsewhere: the field of the case that has the key.
SIGNERS = {"commit_header": "device_key", "branch": "device_key", "token_correction": "device_key", "notice": "server_key",
           "auth_proof": "device_key", "account_remove": "account_key", "hello": "server_key"}
# Of these the signature travels alone.
ALONE = ("auth_proof", "account_remove", "hello")
# What is the second table of a message, label and version in its rows.
HEADED = {"account_remove": "account_remove", "hello": "hello_ok"}


# ---- Ed25519 (RFC 8032 5.1) under the strict rule ----

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
BASE_Y = 4 * pow(5, -1, P) % P


def root_x(y, sign):
    """x of a point, or None."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    return x if x & 1 == sign else P - x


def add(a, b):
    (x1, y1, z1), (x2, y2, z2) = a, b  # projective, RFC 8032 5.1.4 without its T
    zz, xx, yy = z1 * z2 % P, x1 * x2 % P, y1 * y2 % P
    square, e = zz * zz % P, D * xx * yy % P
    f, g = square - e, square + e
    return (zz * f * ((x1 + y1) * (x2 + y2) - xx - yy) % P, zz * g * (yy + xx) % P, f * g % P)


def times(scalar, point):
    total = (0, 1, 1)
    for bit in bin(scalar)[2:]:
        total = add(total, total)
        if bit == "1":
            total = add(total, point)
    return total


def equal(a, b):
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def point(data):
    """Canonical and not of small order, or None."""
    number = int.from_bytes(data, "little")
    y, sign = number & (1 << 255) - 1, number >> 255
    x = root_x(y, sign) if len(data) == 32 and y < P else None
    if x is None or equal(times(8, (x, y, 1)), (0, 1, 1)):
        return None
    return (x, y, 1)


BASE = (root_x(BASE_Y, 0), BASE_Y, 1)


def signature_holds(public, data, signature):
    a, r, s = point(public), point(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= ORDER or len(signature) != 64:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + data).digest(), "little") % ORDER
    return equal(times(s, BASE), add(r, times(h, a)))


def sign(seed, data):
    """RFC 8032 5.1.6."""
    whole = hashlib.sha512(seed).digest()
    a = int.from_bytes(whole[:32], "little") & (1 << 254) - 8 | 1 << 254
    public = point_put(times(a, BASE))
    r = int.from_bytes(hashlib.sha512(whole[32:] + data).digest(), "little") % ORDER
    first = point_put(times(r, BASE))
    h = int.from_bytes(hashlib.sha512(first + public + data).digest(), "little") % ORDER
    return first + ((r + h * a) % ORDER).to_bytes(32, "little")


def public_of(seed):
    a = int.from_bytes(hashlib.sha512(seed).digest()[:32], "little") & (1 << 254) - 8 | 1 << 254
    return point_put(times(a, BASE))


def point_put(p):
    inverse = pow(p[2], -1, P)
    x, y = p[0] * inverse % P, p[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


# ---- what must hold ----

def demand(holds, error):
    if not holds:
        raise Refused(error)


def signed_by(public, data):
    demand(signature_holds(public, data[:-64], data[-64:]), "E_SIGNATURE")


def begin(genesis):
    """The account as its genesis leaves it: id, key, recovery hash, rotations."""
    f = record_take("genesis", genesis)
    demand(point(f["account_key"]), "E_KEY")
    return {"account_id": sha256(genesis), "key": f["account_key"], "recovery_hash": f["recovery_hash"], "n": 0}


def rotate(account, rotation):
    f = record_take("rotation", rotation)
    demand(f["account_id"] == account["account_id"], "E_SIGNATURE")
    demand(f["n"] == account["n"] + 1, "E_CONFLICT")
    demand(sha256(f["recovery_key"]) == account["recovery_hash"], "E_SIGNATURE")
    signed_by(f["recovery_key"], rotation)
    demand(point(f["account_key"]), "E_KEY")
    return account | {"key": f["account_key"], "recovery_hash": f["next_recovery_hash"], "n": f["n"]}


def list_good(account, data):
    f = record_take("device_list", data)
    demand(f["account_id"] == account["account_id"], "E_SIGNATURE")
    demand(f["rotation"] == account["n"], "E_CONFLICT")
    signed_by(account["key"], data)


def list_follows(following, before):
    new, old = record_take("device_list", following), record_take("device_list", before)
    demand(new["account_id"] == old["account_id"] and new["rotation"] >= old["rotation"] and new["number"] == old["number"] + 1
           and new["previous_hash"] == sha256(before) and new["issued_s"] >= old["issued_s"], "E_CONFLICT")
    now = {device["id"]: device for device in new["devices"]}
    for device in old["devices"]:
        kept = now.get(device["id"])
        demand(kept and kept["key_hash"] == device["key_hash"] and (device["state"] == 1 or kept["state"] == 2), "E_DENIED")


def statement_account(data):
    f = record_take("statement", data)
    account = begin(f["genesis"])
    for rotation in f["rotations"]:
        account = rotate(account, rotation)
    list_good(account, f["device_list"])
    return account


def statement_order(one, other):
    def place(data):
        f = record_take("statement", data)
        return len(f["rotations"]), record_take("device_list", f["device_list"])["number"]
    if place(one) == place(other):
        return "same" if one == other else "forked"
    return "lower" if place(one) < place(other) else "higher"


# ---- certificates, by docs/certificates.md ----

def forms():
    """What the book's first table has for each kind: key usage, path length (None: no CA), whether for id-kp-imUri."""
    with open(CERTIFICATES, encoding="utf-8") as file:
        table = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in file if line.startswith("|")]
    rows, kinds = {row[0]: row[1:] for row in table}, table[0][1:]
    return {kind: {"usage": rows["key usage (critical)"][i].split(", "),
                   "path": int(rows["basicConstraints (critical)"][i][-1]) if rows["basicConstraints (critical)"][i] != "none" else None,
                   "purpose": rows["extended key usage"][i] == "id-kp-imUri"} for i, kind in enumerate(kinds)}


FORMS = forms()
ED25519 = b"\x30\x05\x06\x03\x2b\x65\x70"
NAME = rb"[a-z0-9._-]{1,64}@[a-z0-9.:\[\]-]{1,253}"
HOST = rb"[a-z0-9.:\[\]-]{1,253}"


def der(tag, *parts):
    content = b"".join(parts)
    length = len(content)
    size = bytes([length]) if length < 128 else bytes([0x81, length]) if length < 256 else b"\x82" + length.to_bytes(2, "big")
    return bytes([tag]) + size + content


def der_list(data):
    """(tag, content) of what stands in a row, in whatever form."""
    items = []
    while data:
        more = max(data[1] - 0x80, 0)
        start = 2 + more
        length = int.from_bytes(data[2:start], "big") if more else data[1]
        items.append((data[0], data[start:start + length]))
        data = data[start + length:]
    return items


def key_id(key):
    return sha256(key)[:20]


def pin_text(pin):
    return "-".join(re.findall("....|..$", pin[:15].hex().upper()))


def bits(names):
    places = [{"digitalSignature": 0, "keyCertSign": 5}[name] for name in names]
    return bytes([7 - max(places), sum(0x80 >> place for place in places)])


def time_put(second):
    time = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=second)
    text = f"{time.year:04}{time:%m%d%H%M%S}Z".encode()
    return der(0x17, text[2:]) if time.year < 2050 else der(0x18, text)


def time_take(tag, text):
    digits = re.fullmatch(rb"(\d{12}|\d{14})Z", text)[1].decode()
    if tag == 0x17:
        digits = ("20" if digits < "50" else "19") + digits
    time = datetime.datetime(int(digits[:4]), *(int(digits[i:i + 2]) for i in range(4, 14, 2)))
    return int((time - datetime.datetime(1970, 1, 1)).total_seconds())


def name_put(kind, key_hash, account_id):
    if kind == "device":
        return der(0x30)
    text = account_id.hex() if kind == "account" else f"sotto {kind} {pin_text(key_hash)}"
    return der(0x30, der(0x31, der(0x30, der(6, b"\x55\x04\x03"), der(12, text.encode()))))


def extension(number, critical, value):
    return der(0x30, der(6, b"\x55\x1d" + bytes([number])), der(1, b"\xff") if critical else b"", der(4, value))


def uris(f):
    if f["kind"] == "server":
        return [b"sotto://" + f["host"]]
    if f["kind"] == "device":
        return [f"sotto:{f['account_id'].hex()}/{f['device_id'].hex()}".encode()]
    return [b"sotto:" + f["account_id"].hex().encode(), b"im:" + f["name"]] if f["kind"] == "account" else []


def extensions(f):
    form = FORMS[f["kind"]]
    if f["kind"] != "root":
        yield extension(0x23, False, der(0x30, der(0x80, f["issuer_key_id"])))
    if form["path"] is not None:
        yield extension(0x0e, False, der(4, key_id(f["public_key"])))
    yield extension(0x0f, True, der(3, bits(form["usage"])))
    if form["path"] is not None:
        yield extension(0x13, True, der(0x30, der(1, b"\xff"), der(2, bytes([form["path"]]))))
    if form["purpose"]:
        yield extension(0x25, False, der(0x30, der(6, b"\x2b\x06\x01\x05\x05\x07\x03\x28")))
    if names := uris(f):
        yield extension(0x11, f["kind"] == "device", der(0x30, *(der(0x86, name) for name in names)))


def certificate_body(f):
    """What is signed behind the serial number."""
    return b"".join([
        ED25519, name_put(f["issuer"], f["issuer_key_id"], f["account_id"]),
        der(0x30, time_put(f["not_before_s"]), time_put(f["not_after_s"])),
        name_put(f["kind"], key_id(f["public_key"]), f["account_id"]),
        der(0x30, ED25519, der(3, b"\0" + f["public_key"])), der(0xa3, der(0x30, *extensions(f)))])


def certificate_unsigned(body):
    serial = bytearray(sha256(body)[:16])
    serial[0] = serial[0] & 0x3f | 0x40
    return der(0x30, der(0xa0, der(2, b"\x02")), der(2, bytes(serial)), body)


def certificate_put(body, signature):
    return der(0x30, certificate_unsigned(body), ED25519, der(3, b"\0" + signature))


def certificate_fields(kind, data):
    """What is looked for, where it should stand; anything may be wrong with it."""
    tbs, _, signature = der_list(der_list(data)[0][1])
    _, _, _, issuer, validity, _, key, extended = der_list(tbs[1])
    between = [time_take(*time) for time in der_list(validity[1])]
    values = [der_list(item)[-1][1] for _, item in der_list(der_list(extended[1])[0][1])]
    names = [name for _, name in der_list(der_list(values[-1])[0][1])] if kind in ("server", "account", "device") else []
    under = {"device": "account", "root": "root", "intermediate": "root"}.get(kind)
    f = {"kind": kind, "public_key": key[1][-32:], "not_before_s": between[0], "not_after_s": between[1],
         "issuer": under or ("intermediate" if b"sotto intermediate " in issuer[1] else "root"), "issuer_key_id": values[0][-20:],
         "account_id": bytes(32), "device_id": bytes(16), "name": b"", "host": b"", "signature": signature[1][-64:]}
    if kind == "root":
        f["issuer_key_id"] = key_id(f["public_key"])
    if kind == "server":
        f["host"] = re.fullmatch(rb"sotto://(" + HOST + rb")", names[0])[1]
    if kind == "account":
        f["name"] = re.fullmatch(rb"im:(" + NAME + rb")", names[1])[1]
    if kind in ("account", "device"):
        found = re.match(rb"sotto:([0-9a-f]{64})(?:/([0-9a-f]{32}))?", names[0])
        f["account_id"] = bytes.fromhex(found[1].decode())
        f["device_id"] = bytes.fromhex((found[2] or b"00" * 16).decode())
    return f


def certificate_take(kind, data):
    try:
        f = certificate_fields(kind, data)
        lives = 0 <= f["not_before_s"] <= f["not_after_s"]
        good = lives and len(data) <= 1024 and certificate_put(certificate_body(f), f["signature"]) == data
    except (AssertionError, IndexError, OverflowError, TypeError, ValueError):
        good = False
    demand(good and (kind != "device" or (f["not_before_s"], f["not_after_s"]) == (0, YEAR_9999)), "E_CERTIFICATE")
    return f


def certificate_issued_by(key, f):
    demand(f["issuer_key_id"] == key_id(key), "E_CERTIFICATE")
    demand(signature_holds(key, certificate_unsigned(certificate_body(f)), f["signature"]), "E_CERTIFICATE")


def chain_take(kinds, chain, pin, now_s):
    """The certificates of a chain, leaf first."""
    demand(len(kinds) == len(chain), "E_CERTIFICATE")
    taken = [certificate_take(kind, data) for kind, data in zip(kinds, chain)]
    demand(pin in (None, key_id(taken[-1]["public_key"])[:15]), "E_PIN")
    for f, above in zip(taken, taken[1:] + taken[-1:]):
        demand(f["issuer"] == above["kind"], "E_CERTIFICATE")
        certificate_issued_by(above["public_key"], f)
    for f, above in zip(taken, taken[1:]):
        demand(f["kind"] != "device" or f["account_id"] == above["account_id"], "E_CERTIFICATE")
    demand(all(f["not_before_s"] <= now_s <= f["not_after_s"] for f in taken), "E_EXPIRED")
    return taken


def server_chain(chain, pin, now_s):
    between = ["intermediate"] * (len(chain) == 3)
    return chain_take(["server", *between, "root"], chain, pin, now_s)


def name_path(chain, pin, now_s):
    between = ["intermediate"] * (len(chain) == 4)
    return chain_take(["device", "account", *between, "root"], chain, pin, now_s)


def device_take(data, account):
    f = certificate_take("device", data)
    certificate_issued_by(account["key"], f)
    demand(point(f["public_key"]), "E_KEY")
    demand(f["account_id"] == account["account_id"], "E_CERTIFICATE")
    return f["device_id"], f["public_key"]


def device_belongs(statement, data):
    device_id, device_key = device_take(data, statement_account(statement))
    devices = record_take("device_list", record_take("statement", statement)["device_list"])["devices"]
    listed = [device for device in devices if device["id"] == device_id]
    demand(listed, "E_NOTFOUND")
    demand(listed[0]["key_hash"] == sha256(device_key), "E_CERTIFICATE")
    demand(listed[0]["state"] == 1, "E_DENIED")


# ---- blob tickets ----

def ticket_put(fields, key):
    before = rows_put(fields | {"tag": bytes(32)}, "Blobs")[:-32]
    return before + hmac.digest(key, vector(b"sotto blob 1") + before, "sha256")


def ticket_take(data, key, now_s):
    cursor = Cursor(data)
    fields = rows_take(cursor, "Blobs")
    cursor.end()
    demand(ticket_put(fields, key) == data, "E_MAC")
    demand(fields["op"] in (1, 2), "E_VALUE")
    demand(fields["expires_s"] > now_s, "E_EXPIRED")
    return fields


# ---- links, safety numbers ----

def link_take(text):
    name, address = r"[a-z0-9.][a-z0-9.-]{0,252}", r"\[(?=[0-9a-f.]*:)[0-9a-f:.]{1,253}\]"
    pattern = rf"[ \t-\r]*(?i:https://({name}|{address})(?::([1-9][0-9]{{0,4}}))?/i)#([A-Za-z0-9_-]*)[ \t-\r]*"
    found = re.fullmatch(pattern, text, re.ASCII)
    port = int(found[2] or 5000) if found else 0
    if not found or port > 65535 or len(found[3]) % 4 == 1:
        raise Wrong("no link")
    data = base64.urlsafe_b64decode(found[3] + "=" * (-len(found[3]) % 4))
    if base64.urlsafe_b64encode(data).rstrip(b"=") != found[3].encode():
        raise Wrong("spare bits")
    if data and (data[0] >> 4 > 1 or (data[0] >> 4 == 1 and data[0] & 15 > 3)):
        raise Refused("E_VERSION")
    cursor = Cursor(data)
    f = rows_take(cursor, "Invite links")
    cursor.end()
    kind = f["version and kind"] & 15
    if f["version and kind"] >> 4 != 1 or kind == 0 or (kind > 1 and f["inviter"] == bytes(16)):
        raise Wrong("no kind of link")
    host = found[1].lower()
    text = f"https://{host}" + (f":{port}" if port != 5000 else "") + "/i#" + found[3]
    return {"kind": kind, "secret": f["secret"], "inviter": f["inviter"], "pin": f["pin"], "host": host.strip("[]"), "port": port,
            "written": text}


def link_secrets(secret):
    prk = hmac.digest(b"sotto link 1", secret, "sha256")
    return {"redeem_token": hmac.digest(prk, b"sotto redeem 1\x01", "sha256"), "proof_key": hmac.digest(prk, b"sotto proof 1\x01", "sha256")}


def link_proof(proof_key, joiner, inviter):
    fields = {"label": b"sotto link proof 1", "joiner": joiner, "inviter": inviter}
    return hmac.digest(proof_key, rows_put(fields, "Invite links", 1), "sha256")


def safety_half(account_id):
    d = hashlib.sha512(rows_put({"label": b"sotto safety number", "version": 1, "account_id": account_id}, "Safety numbers")).digest()
    for _ in range(5199):
        d = hashlib.sha512(d + account_id).digest()
    return " ".join(f"{int.from_bytes(d[i:i + 5], 'big') % 100000:05}" for i in range(0, 30, 5))


def safety_number(one, other):
    return " ".join(sorted([safety_half(one), safety_half(other)]))


# ---- cases ----

def plain(value):
    """As JSON has it."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list):
        return [plain(item) for item in value]
    return {key: plain(item) for key, item in value.items()} if isinstance(value, dict) else value


def unplain(value):
    """Hexadecimal becomes bytes."""
    if isinstance(value, dict):
        return {key: unplain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [unplain(item) for item in value]
    return bytes.fromhex(value) if isinstance(value, str) else value


def verdict(function, *arguments):
    try:
        function(*arguments)
    except Refused as refused:
        return str(refused)
    except Wrong:
        return "unreadable"
    return "OK"


def answers(case):
    """All that follows from what a case gives."""
    structure = case["structure"]
    out = {}
    if structure == "device_lists":
        return {"follows": verdict(list_follows, bytes.fromhex(case["next"]), bytes.fromhex(case["before"]))}
    if structure == "statements":
        return {"order": statement_order(bytes.fromhex(case["a"]), bytes.fromhex(case["b"]))}
    if structure == "safety_number":
        return {"text": safety_number(bytes.fromhex(case["ours"]), bytes.fromhex(case["theirs"]))}
    if structure == "link":
        out["result"] = "valid" if (error := verdict(link_take, case["text"])) == "OK" else "invalid"
        if error == "OK":
            f = link_take(case["text"])
            out |= {"fields": plain(f), **plain(link_secrets(f["secret"]))}
            out["proof"] = link_proof(bytes.fromhex(out["proof_key"]), bytes.fromhex(case["joiner"]), bytes.fromhex(case["inviter"])).hex()
        else:
            out["error"] = "E_VALUE" if error == "unreadable" else error
        return out
    if structure in ("server_chain", "name_path"):
        given = unplain(case["chain"]), unplain(case["pin"]), case["now_s"]
        check = server_chain if structure == "server_chain" else name_path
        out["verify"] = verdict(check, *given)
        if out["verify"] == "OK":
            taken = check(*given)
            out |= {"leaf_key": taken[0]["public_key"].hex(), "root_pin": key_id(taken[-1]["public_key"])[:15].hex()}
        return out
    data = bytes.fromhex(case["bytes"])
    if structure == "certificate":
        out["result"] = "valid" if verdict(certificate_take, case["kind"], data) == "OK" else "invalid"
        if out["result"] == "valid":
            f = certificate_take(case["kind"], data)
            out["fields"] = plain(f) | {"name": f["name"].decode(), "host": f["host"].decode()}
            out["verify"] = verdict(certificate_issued_by, bytes.fromhex(case["issuer_key"]), f)
            out["pin_text"] = pin_text(key_id(f["public_key"]))
        return out
    if structure == "blob_ticket":
        given = data, bytes.fromhex(case["key"]), case["now_s"]
        out["verify"] = verdict(ticket_take, *given)
        return out | ({"fields": plain(ticket_take(*given))} if out["verify"] == "OK" else {})
    out["result"] = "valid" if verdict(record_take, structure, data) == "OK" else "invalid"
    if out["result"] == "invalid":
        return out
    fields = record_take(structure, data)
    out |= {"fields": plain(fields), "hash": sha256(data).hex()}
    if "seed" in case:  # Ed25519 signs the same in the same way
        seed = bytes.fromhex(case["seed"])
        out["signature"] = sign(seed, data if structure in ALONE else data[:-64]).hex()
    if structure == "rotation":
        out["verify"] = verdict(rotate, unplain(case["account"]), data)
    if structure == "device_list":
        out["verify"] = verdict(list_good, unplain(case["account"]), data)
    if structure == "account_request":
        out["verify"] = verdict(signed_by, fields["account_key"], data)
    if structure in SIGNERS:
        signature = bytes.fromhex(out.get("signature") or case["signature"]) if structure in ALONE else b""
        out["verify"] = verdict(signed_by, bytes.fromhex(case[SIGNERS[structure]]), data + signature)
    if structure == "statement":
        out["verify"] = verdict(statement_account, data)
        if out["verify"] == "OK":
            out["account"] = plain(statement_account(data))
            out["devices"] = [{"certificate": device["certificate"],
                               "check": verdict(device_belongs, data, bytes.fromhex(device["certificate"]))} for device in case["devices"]]
    return out


def main():
    failed = 0
    with open(sys.argv[1], encoding="utf-8") as file:
        cases = json.load(file)
    for number, case in enumerate(cases, 1):
        wrong = [key for key, value in answers(case).items() if case.get(key) != value]
        failed += bool(wrong)
        print(f"{'not ' if wrong else ''}ok {number} - {case['structure']}: {case['comment']}")
        for key in wrong:
            print(f"# {key}: {answers(case)[key]}")
    seen = {(case["structure"], case.get("result") == "valid" and case.get("verify", "OK") == "OK") for case in cases}
    bare = [name for name, section in SECTIONS.items() if section["record"] and not {(name, True), (name, False)} <= seen]
    print(f"{'not ' if bare else ''}ok {len(cases) + 1} - each record of the book has a case that holds and one that does not")
    for name in bare:
        print(f"# {name} has not")
    print(f"1..{len(cases) + 1}")
    return 1 if failed or bare else 0


if __name__ == "__main__":
    sys.exit(main())
