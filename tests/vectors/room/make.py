#!/usr/bin/python3
"""Makes what two clients say in a room, by the book, which is docs/protocol.md ("The room's channel"), draft-irtf-cfrg-cpace-21 and
RFC 9496, without a line of ours: what unit/room/channel_test.c expects.

   make.py        prints each message in hexadecimal, and the two check numbers

The creator's seed is 00 01 .. 4f, the joiner's 50 51 .. 9f: a nonce, and what becomes a scalar."""
import hashlib
import hmac
import os
import sys

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../identity"))
from reference import D, ORDER, P, add, times, vector  # noqa: E402

SLOT, WORDS = 7, b"aardvark-zucchini"


# ---- ristretto255 (RFC 9496), points as (X, Y, Z) ----

ROOT_M1 = pow(2, (P - 1) // 4, P)
ROOT_AD_M1 = 25063068953384623474111414158702152701244531502492656460079210482610430750235
ROOT_INVERSE_A_D = 54469307008909316920995813868745141605393597292927456921205312896311721017578
assert (ROOT_AD_M1**2 + D + 1) % P == 0 and (ROOT_INVERSE_A_D**2 * (-1 - D) - 1) % P == 0


def positive(a):
    return P - a % P if a % P & 1 else a % P


def ratio_root(u, v):
    """Whether u/v is a square, and its root, or that of sqrt(-1) u/v."""
    r = u * v**3 * pow(u * v**7 % P, (P - 5) // 8, P) % P
    check = v * r * r % P
    if check in (-u % P, -u * ROOT_M1 % P):
        r = r * ROOT_M1 % P
    return check in (u % P, -u % P), positive(r)


def encode(point):
    z = pow(point[2], -1, P)
    x, y = point[0] * z % P, point[1] * z % P
    t, u1, u2 = x * y % P, (1 + y) * (1 - y) % P, x * y % P
    _, inverse = ratio_root(1, u1 * u2 * u2 % P)
    den1, den2 = inverse * u1 % P, inverse * u2 % P
    z_inverse = den1 * den2 * t % P
    den = den2
    if t * z_inverse % P & 1:
        x, y, den = y * ROOT_M1 % P, x * ROOT_M1 % P, den1 * ROOT_INVERSE_A_D % P
    if x * z_inverse % P & 1:
        y = -y
    return positive(den * (1 - y)).to_bytes(32, "little")


def decode(data):
    s = int.from_bytes(data, "little")
    u1, u2 = (1 - s * s) % P, (1 + s * s) % P
    v = (-D * u1 * u1 - u2 * u2) % P
    square, inverse = ratio_root(1, v * u2 * u2 % P)
    den = inverse * u2 % P
    x, y = positive(2 * s * den), u1 * inverse * den * v % P
    assert square and s < P and not s & 1 and not x * y % P & 1 and y
    return x, y, 1


def mapped(half):
    t = int.from_bytes(half, "little") % 2**255
    r = ROOT_M1 * t * t % P
    v = (-1 - r * D) * (r + D) % P
    square, s = ratio_root((r + 1) * (1 - D * D) % P, v)
    if not square:
        s = -positive(s * t)
    n = ((-1 if square else r) * (r - 1) * (D - 1)**2 - v) % P
    w0, w1, w2, w3 = 2 * s * v, n * ROOT_AD_M1, 1 - s * s, 1 + s * s
    return w0 * w3 % P, w2 * w1 % P, w1 * w3 % P


# ---- CPace ----

def lv(*parts):
    assert all(len(part) < 128 for part in parts)
    return b"".join(bytes([len(part)]) + part for part in parts)


def sha512(data):
    return hashlib.sha512(data).digest()


def generator(sid):
    ci = b"sotto room 1" + str(SLOT).encode()
    zeros = bytes(128 - len(lv(b"CPaceRistretto255", WORDS)) - 1)
    digest = sha512(lv(b"CPaceRistretto255", WORDS, zeros, ci, sid))
    return add(mapped(digest[:32]), mapped(digest[32:]))


# ---- the channel ----

def expand(prk, what, length=32):
    return hmac.digest(prk, b"sotto room 1 " + what + b"\1", "sha256")[:length]


def message(chain, speaker, counter, kind, text):
    """What is said, and the next chain."""
    plain = bytes([kind]) + vector(text)
    plain += bytes(256 - len(plain))
    said = vector(b"sotto room 1 message") + bytes([speaker]) + SLOT.to_bytes(4, "big") + counter.to_bytes(8, "big")
    sealed = AESGCM(expand(chain, b"key")).encrypt(bytes(12), plain, said)
    return b"\5" + counter.to_bytes(8, "big") + vector(sealed), expand(chain, b"chain")


def main():
    seeds = bytes(range(160))
    nonce_c, nonce_j = seeds[:16], seeds[80:96]
    scalar_c, scalar_j = (int.from_bytes(seed, "little") % ORDER for seed in (seeds[16:80], seeds[96:]))
    sid = sha512(b"".join(len(part).to_bytes(2, "big") + part for part in (str(SLOT).encode(), nonce_c, nonce_j)))
    g = generator(sid)
    y_c, y_j = encode(times(scalar_c, g)), encode(times(scalar_j, g))
    k = encode(times(scalar_c, decode(y_j)))
    assert k == encode(times(scalar_j, decode(y_c)))
    ad_j, ad_c = (bytes([role]) + hashlib.sha256(b"").digest() for role in (1, 2))
    isk = sha512(lv(b"CPaceRistretto255_ISK", sid, k) + lv(y_j, ad_j) + lv(y_c, ad_c))
    mac_key = sha512(b"CPaceMac" + sid + isk)
    tag_c, tag_j = hmac.digest(mac_key, lv(y_c, ad_c), "sha512"), hmac.digest(mac_key, lv(y_j, ad_j), "sha512")
    root = hmac.digest(b"sotto room 1", isk, "sha256")
    print("start", (b"\1\1" + nonce_c).hex())
    print("share", (b"\2" + nonce_j + y_j + vector(ad_j)).hex())
    print("answer", (b"\3" + y_c + vector(ad_c) + tag_c).hex())
    print("confirm", (b"\4" + tag_j).hex())
    print("check", *(byte & 63 for byte in expand(root, b"check", 2)))
    said, chain = message(expand(root, b"creator"), 2, 0, 1, b"hello")
    print("creator says hello", said.hex())
    print("and is done", message(chain, 2, 1, 2, b"")[0].hex())
    print("joiner leaves", message(expand(root, b"joiner"), 1, 0, 3, b"")[0].hex())


if __name__ == "__main__":
    main()
