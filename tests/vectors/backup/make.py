#!/usr/bin/python3
"""Makes backups by the book, which is server/backup/archive.h and RFC 9180, without a line of ours: what unit/backup/archive_test.c reads.

   make.py        prints one that is open and one that is sealed, in hexadecimal

Keys have seeds of one byte and zeros; zstd's stream has raw blocks alone (RFC 8878 3.1.1.2.2), so no compressor takes part."""
import hashlib
import hmac

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

KEM = b"KEM\x00\x20"
SUITE = b"HPKE\x00\x20\x00\x01\x00\x02"  # X25519 with HKDF-SHA256; HKDF-SHA256; AES-256-GCM


def number(value, count):
    return value.to_bytes(count, "big")


# ---- HPKE, mode base ----

def extract(suite, salt, label, key):
    return hmac.digest(salt, b"HPKE-v1" + suite + label + key, "sha256")


def expand(suite, prk, label, info, length):
    info = number(length, 2) + b"HPKE-v1" + suite + label + info
    return hmac.digest(prk, info + b"\1", "sha256")[:length]


def key_pair(seed):
    private = X25519PrivateKey.from_private_bytes(expand(KEM, extract(KEM, b"", b"dkp_prk", seed), b"sk", b"", 32))
    return private, private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def sender(recipient_seed, seed, info):
    """enc, key and base nonce."""
    ephemeral, enc = key_pair(seed)
    recipient, public = key_pair(recipient_seed)
    shared = extract(KEM, b"", b"eae_prk", ephemeral.exchange(recipient.public_key()))
    shared = expand(KEM, shared, b"shared_secret", enc + public, 32)
    context = b"\0" + extract(SUITE, b"", b"psk_id_hash", b"") + extract(SUITE, b"", b"info_hash", info)
    secret = extract(SUITE, shared, b"secret", b"")
    return enc, expand(SUITE, secret, b"key", context, 32), expand(SUITE, secret, b"base_nonce", context, 12)


# ---- the archive ----

def inside(files):
    out = b""
    for name, data in files:
        entry = bytes([len(name)]) + name + number(len(data), 8) + data
        out += entry + hashlib.sha256(entry).digest()
    return out + b"\0" + number(len(files), 4)


def stream(data):
    """One frame, a window of 1 KiB, two blocks."""
    half = len(data) // 2
    blocks = [(half << 3).to_bytes(3, "little") + data[:half], (len(data) - half << 3 | 1).to_bytes(3, "little") + data[half:]]
    return b"\x28\xb5\x2f\xfd" + b"\0\0" + b"".join(blocks)


def archive(files, sealed):
    """In two chunks."""
    data, head = stream(inside(files)), b"sotto backup" + bytes([1, sealed])
    out, parts = head, [data[:50], data[50:]]
    if sealed:
        enc, key, nonce = sender(b"\1" + bytes(31), b"\7" * 32, head)
        out += enc
    for i, part in enumerate(parts):
        length = number(len(part) + 16 * sealed | (0x80000000 if i == len(parts) - 1 else 0), 4)
        if sealed:
            part = AESGCM(key).encrypt(number(int.from_bytes(nonce, "big") ^ i, 12), part, length)
        out += length + part
    return out


def main():
    for sealed in False, True:
        print(archive([(b"about", b"made 5\n"), (b"empty", b"")], sealed).hex())


if __name__ == "__main__":
    main()
