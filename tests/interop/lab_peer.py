"""The five suites of the lab (docs/lab.md), written a second time on python3-cryptography and python3-pycryptodome.

Peer plays one side over a socket, against `sotto lab listen` or `sotto lab dial`. It shares no code and no library with them but
OpenSSL below python3-cryptography (another build of it); ElGamal and the group are pycryptodome's and Python's own integers."""
import datetime
import hashlib
import hmac
import os
import socket
import struct

from Cryptodome.PublicKey import ElGamal
from cryptography import x509
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, padding, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa, x25519
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from cryptography.x509.oid import NameOID

DIALER, LISTENER = 0, 1
TEXT, END = 0, 1
# RFC 3526 3: 2^2048 - 2^1984 - 1 + 2^64 * (floor(2^1918 pi) + 124476)
P = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
    "15728E5A8AACAA68FFFFFFFFFFFFFFFF", 16)
Q = (P - 1) // 2


class Refused(Exception):
    """A check of ours refused what the other side sent."""


def need(condition, what):
    if not condition:
        raise Refused(what)


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def mac(key, *parts):
    return hmac.new(key, b"".join(parts), hashlib.sha256).digest()


def varint(n):
    return bytes([n]) if n < 0x40 else struct.pack(">H", 0x4000 | n) if n < 0x4000 else struct.pack(">I", 0x80000000 | n)


def opaque(data):
    return varint(len(data)) + data


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def bytes(self, n):
        need(self.at + n <= len(self.data), "truncated")
        self.at += n
        return self.data[self.at - n:self.at]

    def u8(self):
        return self.bytes(1)[0]

    def u64(self):
        return int.from_bytes(self.bytes(8), "big")

    def opaque(self):
        first = self.u8()
        more = (0, 1, 3, 0)[first >> 6]
        return self.bytes(int.from_bytes(bytes([first & 0x3F]) + self.bytes(more), "big"))

    def end(self):
        need(self.at == len(self.data), "trailing bytes")


def cbc_seal(key, iv, plain):
    pad = padding.PKCS7(128).padder()
    seal = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return seal.update(pad.update(plain) + pad.finalize()) + seal.finalize()


def cbc_open(key, iv, sealed):
    unseal = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
    unpad = padding.PKCS7(128).unpadder()
    return unpad.update(unseal.update(sealed) + unseal.finalize()) + unpad.finalize()


def cfb_seal(key, iv, plain):
    seal = Cipher(algorithms.AES(key), modes.CFB(iv)).encryptor()
    return seal.update(plain) + seal.finalize()


def cfb_open(key, iv, sealed):
    unseal = Cipher(algorithms.AES(key), modes.CFB(iv)).decryptor()
    return unseal.update(sealed) + unseal.finalize()


def prf(secret, label, seed, size):
    """P_SHA256 of RFC 5246 5."""
    seed, a, out = label + seed, label + seed, b""
    while len(out) < size:
        a = mac(secret, a)
        out += mac(secret, a, seed)
    return out[:size]


class Suite:
    """One side. Subclasses are the suites; the names of their methods are those of docs/lab.md."""
    signs = False

    def __init__(self, role, psk=None, sha1=False):
        self.role, self.other, self.psk, self.sha1 = role, 1 - role, psk, sha1
        self.nonce = [None, None]
        self.hello = [None, None]
        self.number = [0, 0]
        self.identity = self.make_identity()
        self.peer_identity = b""

    def make_identity(self):
        return b""

    def hello_write(self):
        self.nonce[self.role] = os.urandom(32)
        offer = b"" if self.psk else self.offer()
        self.hello[self.role] = (b"\1" + opaque(self.name.encode()) + bytes([1 if self.psk else 0]) + self.nonce[self.role] +
                                 opaque(offer) + opaque(self.identity))
        return self.hello[self.role]

    def hello_read(self, message):
        r = Reader(message)
        need(r.u8() == 1, "a hello")
        need(r.opaque() == self.name.encode(), "the suite")
        need(r.u8() == (1 if self.psk else 0), "keying")
        self.nonce[self.other] = r.bytes(32)
        self.peer_offer, self.peer_identity = r.opaque(), r.opaque()
        r.end()
        need(self.signs or not self.peer_identity, "no identity in this suite")
        self.hello[self.other] = message

    def keys(self):
        self.transcript = sha256(self.hello[DIALER], self.hello[LISTENER])
        self.shared = self.psk if self.psk else self.agree(self.peer_offer)
        self.derive()

    def derive(self):
        pass


class X25519Offer:
    def offer(self):
        self.private = x25519.X25519PrivateKey.generate()
        return self.private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)

    def agree(self, peer):
        return self.private.exchange(x25519.X25519PublicKey.from_public_bytes(peer))


class ModpOffer:
    def offer(self):
        self.exponent = int.from_bytes(os.urandom(32), "big")
        return pow(2, self.exponent, P).to_bytes(256, "big")

    def agree(self, peer):
        y = int.from_bytes(peer, "big")
        need(len(peer) == 256 and 1 < y < P - 1 and pow(y, Q, P) == 1, "a member of the group")
        return pow(y, self.exponent, P).to_bytes(256, "big")


class X25519Cbc(X25519Offer, Suite):
    name = "x25519-aes256cbc-hmac"

    def derive(self):
        self.enc = sha256(b"sotto lab enc", self.shared, self.transcript)
        self.mac = sha256(b"sotto lab mac", self.shared, self.transcript)

    def prove(self):
        return mac(self.mac, bytes([2, self.role]), self.transcript)

    def check(self, r):
        need(r.bytes(32) == mac(self.mac, bytes([2, self.other]), self.transcript), "key confirmation")

    def seal(self, what, text):
        iv = os.urandom(16)
        sealed = cbc_seal(self.enc, iv, bytes([what]) + text)
        return iv + opaque(sealed) + mac(self.mac, bytes([3, self.role]), iv, sealed)

    def open(self, r):
        iv, sealed, tag = r.bytes(16), r.opaque(), r.bytes(32)
        need(tag == mac(self.mac, bytes([3, self.other]), iv, sealed), "HMAC")
        plain = cbc_open(self.enc, iv, sealed)
        return plain[0], plain[1:]


class ElgamalCfb(ModpOffer, Suite):
    name = "modp2048-elgamal-aes256cfb"
    signs = True

    def hash(self, data):
        return (hashlib.sha1 if self.sha1 else hashlib.sha256)(data).digest()

    def make_identity(self):
        x = int.from_bytes(os.urandom(272), "big") % (Q - 1) + 1
        self.key = ElGamal.construct((P, 2, pow(2, x, P), x))
        return bytes([2 if self.sha1 else 1]) + int(self.key.y).to_bytes(256, "big")

    def derive(self):
        self.enc = sha256(b"sotto lab key", self.shared, self.transcript)

    def sign(self, message):
        k = int.from_bytes(os.urandom(272), "big") % (Q - 1) + 1
        k = k if k % 2 else k + Q  # pycryptodome works modulo p - 1, where k must have an inverse
        r, s = self.key._sign(int.from_bytes(self.hash(message), "big"), k)
        return int(r).to_bytes(256, "big") + (int(s) % Q).to_bytes(256, "big")

    def verify(self, message, signature):
        need(self.peer_identity[:1] == self.identity[:1] and len(self.peer_identity) == 257, "the hash")
        key = ElGamal.construct((P, 2, int.from_bytes(self.peer_identity[1:], "big")))
        r, s = int.from_bytes(signature[:256], "big"), int.from_bytes(signature[256:], "big")
        need(len(signature) == 512 and 0 < s < Q and pow(r, Q, P) == 1, "signature in the group")
        need(key._verify(int.from_bytes(self.hash(message), "big"), [r, s]), "ElGamal signature")

    def signed_hello(self, role):
        return opaque(b"sotto lab hello") + bytes([role]) + self.transcript

    def signed_message(self, role, what, text):
        return opaque(b"sotto lab message") + bytes([role]) + self.transcript + bytes([what]) + opaque(self.hash(text))

    def prove(self):
        iv = os.urandom(16)
        return iv + opaque(cfb_seal(self.enc, iv, self.sign(self.signed_hello(self.role))))

    def check(self, r):
        iv, sealed = r.bytes(16), r.opaque()
        self.verify(self.signed_hello(self.other), cfb_open(self.enc, iv, sealed))

    def seal(self, what, text):
        iv = os.urandom(16)
        signature = self.sign(self.signed_message(self.role, what, text))
        return iv + opaque(cfb_seal(self.enc, iv, bytes([what]) + opaque(text) + signature))

    def open(self, r):
        iv, sealed = r.bytes(16), r.opaque()
        p = Reader(cfb_open(self.enc, iv, sealed))
        what, text, signature = p.u8(), p.opaque(), p.bytes(512)
        p.end()
        self.verify(self.signed_message(self.other, what, text), signature)
        return what, text


class RsaCbc(Suite):
    name = "rsa-ecdh-aes256cbc-hmac"
    signs = True
    oaep = rsa_padding.OAEP(rsa_padding.MGF1(hashes.SHA256()), hashes.SHA256(), b"sotto lab transport")
    pss = rsa_padding.PSS(rsa_padding.MGF1(hashes.SHA256()), 32)

    def make_identity(self):
        self.key = rsa.generate_private_key(65537, 2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "python")])
        start = datetime.datetime(2020, 1, 1)
        cert = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(self.key.public_key())
                .serial_number(77).not_valid_before(start).not_valid_after(datetime.datetime(2050, 1, 1)))
        return cert.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)

    def offer(self):
        self.private = ec.generate_private_key(ec.SECP256R1())
        return self.private.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)

    def agree(self, peer):
        return self.private.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), peer))

    def peer_key(self):
        cert = x509.load_der_x509_certificate(self.peer_identity)
        cert.public_key().verify(cert.signature, cert.tbs_certificate_bytes, rsa_padding.PKCS1v15(), hashes.SHA256())
        return cert.public_key()

    def derive_all(self, transport):
        self.session = sha256(self.transcript, transport)
        self.master = prf(self.shared, b"extended master secret", self.session, 48)
        block = prf(self.master, b"key expansion", self.session, 128)
        self.mac = [block[0:32], block[32:64]]
        self.enc = [block[64:96], block[96:128]]

    def signed(self, role):
        return opaque(b"sotto lab finished") + bytes([role]) + self.session

    def finished(self, role):
        return prf(self.master, b"dialer finished" if role == DIALER else b"listener finished", self.session, 32)

    def prove(self):
        transport = b""
        if self.role == DIALER:
            if not self.psk:
                part = os.urandom(32)
                transport = self.peer_key().encrypt(part, self.oaep)
                self.shared += part
            self.derive_all(transport)
        signature = self.key.sign(self.signed(self.role), self.pss, hashes.SHA256())
        return opaque(transport) + opaque(signature) + self.finished(self.role)

    def check(self, r):
        transport, signature, finished = r.opaque(), r.opaque(), r.bytes(32)
        if self.role == LISTENER:
            if not self.psk:
                self.shared += self.key.decrypt(transport, self.oaep)
            self.derive_all(transport)
        self.peer_key().verify(signature, self.signed(self.other), self.pss, hashes.SHA256())
        need(finished == self.finished(self.other), "finished")

    def tag(self, role, iv, sealed):
        return mac(self.mac[role], struct.pack(">QB", self.number[role], 3), iv, sealed)

    def seal(self, what, text):
        iv = os.urandom(16)
        sealed = cbc_seal(self.enc[self.role], iv, bytes([what]) + text)
        return iv + opaque(sealed) + self.tag(self.role, iv, sealed)

    def open(self, r):
        iv, sealed, tag = r.bytes(16), r.opaque(), r.bytes(32)
        need(tag == self.tag(self.other, iv, sealed), "HMAC")
        plain = cbc_open(self.enc[self.other], iv, sealed)
        return plain[0], plain[1:]


class ModpGcm(ModpOffer, Suite):
    name = "modp2048-aes256gcm"

    def derive(self):
        keys = ConcatKDFHash(hashes.SHA256(), 64, b"sotto lab gcm" + self.transcript).derive(self.shared)
        self.gcm = [AESGCM(keys[:32]), AESGCM(keys[32:])]
        self.session = self.transcript[:16]

    def prove(self):
        nonce = os.urandom(12)
        return nonce + self.gcm[self.role].encrypt(nonce, b"", bytes([2, self.role]) + self.transcript)

    def check(self, r):
        self.gcm[self.other].decrypt(r.bytes(12), r.bytes(16), bytes([2, self.other]) + self.transcript)

    def seal(self, what, text):
        nonce = os.urandom(12)
        aad = bytes([3, self.role]) + self.session
        return self.session + nonce + opaque(self.gcm[self.role].encrypt(nonce, bytes([what]) + text, aad))

    def open(self, r):
        session, nonce, sealed = r.bytes(16), r.bytes(12), r.opaque()
        need(session == self.session, "session id")
        plain = self.gcm[self.other].decrypt(nonce, sealed, bytes([3, self.other]) + session)
        return plain[0], plain[1:]


class HkdfGcm(X25519Offer, Suite):
    name = "x25519-hkdf-aes256gcm"

    def expand(self, prk, label, size):
        return HKDFExpand(hashes.SHA256(), size, b"sotto lab " + label + self.transcript).derive(prk)

    def derive(self):
        prk = mac(self.nonce[DIALER] + self.nonce[LISTENER], self.shared)  # HKDF-Extract
        names = [b"dialer", b"listener"]
        self.gcm = [AESGCM(self.expand(prk, n + b" key", 32)) for n in names]
        self.iv = [self.expand(prk, n + b" iv", 12) for n in names]
        self.confirm = [self.expand(prk, n + b" confirm", 32) for n in names]

    def prove(self):
        return mac(self.confirm[self.role], self.transcript)

    def check(self, r):
        need(r.bytes(32) == mac(self.confirm[self.other], self.transcript), "key confirmation")

    def nonce_of(self, role, number):
        return (int.from_bytes(self.iv[role], "big") ^ number).to_bytes(12, "big")

    def seal(self, what, text):
        n = self.number[self.role]
        aad = bytes([3, self.role]) + n.to_bytes(8, "big")
        return n.to_bytes(8, "big") + opaque(self.gcm[self.role].encrypt(self.nonce_of(self.role, n), bytes([what]) + text, aad))

    def open(self, r):
        n, sealed = r.u64(), r.opaque()
        aad = bytes([3, self.other]) + n.to_bytes(8, "big")
        plain = self.gcm[self.other].decrypt(self.nonce_of(self.other, n), sealed, aad)
        need(n == self.number[self.other], "number")
        return plain[0], plain[1:]


SUITES = [X25519Cbc, ElgamalCfb, RsaCbc, ModpGcm, HkdfGcm]


class Peer:
    """One side over a connected socket: each message behind its length."""

    def __init__(self, suite, sock):
        self.suite, self.sock = suite, sock
        sock.settimeout(30)

    def send_raw(self, message):
        self.sock.sendall(struct.pack(">I", len(message)) + message)

    def recv_raw(self):
        size = int.from_bytes(self._exactly(4), "big")
        need(0 < size <= 53248, "a length")
        return self._exactly(size)

    def _exactly(self, n):
        data = b""
        while len(data) < n:
            chunk = self.sock.recv(n - len(data))
            if not chunk:
                raise EOFError("the other side closed")
            data += chunk
        return data

    def establish(self):
        s = self.suite
        if s.role == DIALER:
            self.send_raw(s.hello_write())
            s.hello_read(self.recv_raw())
        else:
            s.hello_read(self.recv_raw())
            self.send_raw(s.hello_write())
        s.keys()
        if s.role == DIALER:
            self.send_raw(b"\2" + s.prove())
            self._check()
        else:
            self._check()
            self.send_raw(b"\2" + s.prove())

    def _check(self):
        r = Reader(self.recv_raw())
        need(r.u8() == 2, "established")
        try:
            self.suite.check(r)
        except InvalidTag as error:
            raise Refused("tag") from error
        r.end()

    def seal(self, what, text):
        message = b"\3" + self.suite.seal(what, text)
        self.suite.number[self.suite.role] += 1
        return message

    def say(self, text):
        self.send_raw(self.seal(TEXT, text))

    def leave(self):
        self.send_raw(self.seal(END, b""))

    def hear(self):
        """(what, text) of the next message."""
        r = Reader(self.recv_raw())
        need(r.u8() == 3, "a message")
        said = self.suite.open(r)
        r.end()
        self.suite.number[self.suite.other] += 1
        return said


def dial(port):
    for _ in range(200):
        try:
            return socket.create_connection(("127.0.0.1", port), 5)
        except ConnectionRefusedError:
            import time
            time.sleep(0.05)
    raise ConnectionRefusedError(port)
