"""Simulated devices for scenarios: real keys, real registration, real sessions. What needs keys is done by the program tests/device; the
frames of streams are put together here, so that a script can also send what no client would."""
import hashlib
import os
import struct
import subprocess

from sottoclient import opaque, program, read_varint

ERROR, OK, BYE = 3, 4, 5
AUTH_OK, REGISTERED, PASSWORD_REQUEST, LOOKUP, FOUND = 0x201, 0x204, 0x202, 0x208, 0x209
KEY_PACKAGES_PUT, KEY_PACKAGES, KEY_PACKAGES_CLAIM, CLAIMED = 0x20A, 0x20C, 0x20D, 0x20E
STREAM_CREATE, APPEND, APPENDED, COMMIT, READ, ENTRY, READ_END = 0x300, 0x301, 0x302, 0x303, 0x304, 0x305, 0x306
ACK, LISTEN, BEHIND, STREAMS, STREAM_LIST, INBOX_SEND = 0x307, 0x308, 0x309, 0x30A, 0x30B, 0x311
APPLICATION, COMMITTED, REQUEST = 1, 2, 9
E = {"CLOSED": 40, "CONFLICT": 46, "EPOCH": 47, "INVITE": 48, "OLD_OP": 49, "SIGN_IN": 50, "DENIED": 51, "RATE": 60, "FULL": 61, "DISK_FULL": 63}
NONE = b"\0" * 32


class Refused(Exception):
    """The server said no: .code"""

    def __init__(self, code, detail):
        super().__init__(f"{code}: {detail}")
        self.code = code


class Closed(Exception):
    """The connection is gone."""


def list_of(data, at):
    """What stands in a vector of vectors, and where it ends."""
    size, at = read_varint(data, at)
    end, found = at + size, []
    while at < end:
        size, at = read_varint(data, at)
        found.append(data[at:at + size])
        at += size
    return found, end


class Device:
    """An account with one device. One thread."""

    def __init__(self, number=None):
        self.process = subprocess.Popen([program("tests/device")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        seed = os.urandom(32) if number is None else number.to_bytes(32, "big")
        words = self.ask("seed " + seed.hex())
        self.account, self.device = bytes.fromhex(words[1]), bytes.fromhex(words[2])
        self.op, self.request, self.pushed, self.headers, self.epochs = 0, 16, [], {}, {}

    def ask(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()
        words = self.process.stdout.readline().decode().split()
        assert words, "the device's program has ended"
        if words[0] == "failed":
            raise Closed(line[:60])
        return words

    # ---- the way in

    def connect(self, port):
        self.pin = bytes.fromhex(self.ask(f"connect {port}")[1])
        return self

    def register(self, name, how="open", secret=b"", mail="-"):
        self.ask(f"register {how} {secret.hex() or '-'} {mail} {name}")
        return self.expect(REGISTERED, 1)

    def auth(self):
        self.ask("auth")
        body = self.expect(AUTH_OK, 2)
        self.op = max(self.op, struct.unpack(">Q", body[:8])[0])
        self.inbox = body[8:24]
        return self

    def renew(self, name):
        """The certificates: account, intermediate if there is one, root."""
        self.ask("renew " + name)
        return list_of(self.expect(REGISTERED, 3), 0)[0]

    def look_up(self, name):
        """(name, certificates as renew() gives them) of the account of this name; None: there is none."""
        body = self.expect(FOUND, self.send(LOOKUP, opaque(b"\x01" + opaque(name.encode()))))
        _, at = read_varint(body, 1)
        if body[at + 2] == 0:
            return None
        parts, at = [], at + 3
        for _ in range(6):  # name, genesis, rotations, device list, certificates, chain
            start = at
            size, at = read_varint(body, at)
            parts.append((start, body[at:at + size]))
            at += size
        return parts[0][1].decode(), list_of(body, parts[5][0])[0]

    def sign_in(self, port):
        return self.connect(port).auth()

    # ---- frames

    def send(self, kind, body=b""):
        self.request += 1
        self.ask(f"send {kind:x} {self.request:x} {body.hex() or '-'}")
        return self.request

    def recv(self, seconds=60):
        """(kind, request, body), or None."""
        words = self.ask(f"recv {int(seconds * 1000)}")
        if words[0] == "closed":
            raise Closed("while waiting")
        if words[0] == "none":
            return None
        return int(words[1], 16), int(words[2], 16), bytes.fromhex(words[3].replace("-", ""))

    def expect(self, wanted, request):
        """The answer to a request; what is pushed meanwhile waits in .pushed."""
        while True:
            frame = self.recv()
            assert frame is not None, f"no answer of kind {wanted:#x}"
            kind, number, body = frame
            if number == 0 and kind in (ENTRY, BEHIND):
                self.pushed.append((kind, body))
                continue
            if kind in (ERROR, BYE):
                code, at = struct.unpack(">H", body[:2])[0], 6
                size, at = read_varint(body, at)
                raise Refused(code, body[at:at + size].decode())
            assert (kind, number) == (wanted, request), f"expected {wanted:#x}, got {kind:#x} for {number}"
            return body

    def next_op(self):
        self.op += 1
        return self.op

    # ---- streams

    def create(self, token=None):
        stream = os.urandom(16)
        token_hash = hashlib.sha256(token or stream).digest()
        request = self.send(STREAM_CREATE, struct.pack(">Q", self.next_op()) + stream + token_hash)
        self.expect(APPENDED, request)
        self.headers[stream], self.epochs[stream] = NONE, 0
        return stream

    def append_frame(self, stream, body, kind=APPLICATION, op=None, epoch=None):
        epoch = self.epochs.get(stream, 0) if epoch is None else epoch
        return struct.pack(">Q", op or self.next_op()) + stream + struct.pack(">QB", epoch, kind) + opaque(body)

    def append(self, stream, body, **options):
        """The entry's seq."""
        return struct.unpack(">Q", self.expect(APPENDED, self.send(APPEND, self.append_frame(stream, body, **options)))[8:16])[0]

    def commit_frame(self, stream, body=b"a commit", add=(), remove=(), token=None, op=None):
        """What makes the next epoch, and its header's hash; `add` and `remove` are devices."""
        op, epoch = op or self.next_op(), self.epochs[stream] + 1
        header = bytes.fromhex(self.ask(f"header {stream.hex()} {epoch} {self.headers[stream].hex()} {hashlib.sha256(body).hexdigest()} {op}")[1])
        added = b"".join(d.account + d.device + opaque(b"a welcome") + opaque(b"") for d in add)
        removed = b"".join(d.account + d.device for d in remove)
        frame = (struct.pack(">Q", op) + stream + opaque(header) + opaque(body) + opaque(b"") + opaque(b"a delta") + opaque(b"") +
                 struct.pack(">Q", 0) + opaque(added) + opaque(removed) + hashlib.sha256(token or stream).digest())
        return frame, hashlib.sha256(header).digest()

    def commit(self, stream, body=b"a commit", **options):
        """The entry's seq; options as commit_frame()."""
        frame, header_hash = self.commit_frame(stream, body, **options)
        seq = struct.unpack(">Q", self.expect(APPENDED, self.send(COMMIT, frame))[8:16])[0]
        self.headers[stream], self.epochs[stream] = header_hash, self.epochs[stream] + 1
        return seq

    @staticmethod
    def entry_of(body):
        """(stream, seq, kind, body) of an entry frame."""
        stream, (seq, _, kind) = body[:16], struct.unpack(">QQB", body[16:33])
        size, at = read_varint(body, 33)
        assert len(body) == at + size
        return stream, seq, kind, body[at:]

    def read(self, stream, after=0, max_bytes=65536):
        """([(seq, kind, body)], next, head, live): one page."""
        request, entries = self.send(READ, stream + struct.pack(">QI", after, max_bytes)), []
        while True:
            frame = self.recv()
            assert frame is not None
            kind, number, body = frame
            if number == request and kind == ENTRY:
                entries.append(self.entry_of(body)[1:])
            elif number == request and kind == READ_END:
                next_seq, head, live = struct.unpack(">QQB", body[16:33])
                return entries, next_seq, head, bool(live)
            elif number == 0:
                self.pushed.append((kind, body))
            else:
                raise Refused(struct.unpack(">H", body[:2])[0], "")

    def read_all(self, stream, after=0):
        found = []
        while True:
            entries, after, head, _ = self.read(stream, after)
            found += entries
            if after >= head:
                return found

    def ack(self, stream, seq):
        self.send(ACK, opaque(stream + struct.pack(">Q", seq)))

    def listen(self, credit=1 << 20):
        self.expect(OK, self.send(LISTEN, struct.pack(">I", credit)))
        return self

    def wait(self, seconds=60):
        """The next pushed entry: (stream, seq, kind, body); None: none came."""
        while not self.pushed:
            frame = self.recv(seconds)
            if frame is None:
                return None
            self.pushed.append((frame[0], frame[2]))
        kind, body = self.pushed.pop(0)
        assert kind == ENTRY, f"expected an entry, got {kind:#x}"
        return self.entry_of(body)

    def close(self):
        self.ask("close")

    def end(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()
