"""A client for tests, in the standard library alone: TLS, WebSocket and frames by hand, so that what the server gets can also be wrong.
It does not check the server's signature (Python has no Ed25519); the real client's tests do that."""
import atexit
import base64
import os
import random
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time

# All that a script leaves lies in one folder, which goes with it.
tempfile.tempdir = tempfile.mkdtemp(prefix="sotto-")
os.chmod(tempfile.tempdir, 0o711)  # a proxy runs as somebody else
atexit.register(shutil.rmtree, tempfile.tempdir, ignore_errors=True)

# Whoever runs the tests may ignore these, as nohup and "&" do; what they start would, too.
for number in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(number) == signal.SIG_IGN:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)

HELLO, HELLO_OK, ERROR, OK, BYE = 1, 2, 3, 4, 5
ROOM_OPEN, ROOM_OPENED, ROOM_JOIN, ROOM_JOINED, ROOM_PEER = 0x100, 0x101, 0x102, 0x103, 0x104
ROOM_SEND, ROOM_DATA, ROOM_CONFIRM, ROOM_CLOSE, ROOM_CLOSED = 0x105, 0x106, 0x107, 0x108, 0x109
BINARY, CLOSE, PING, PONG = 2, 8, 9, 10

E = {"TOO_LARGE": 5, "UNEXPECTED": 8, "WEBSOCKET": 10, "CLOSED": 40, "TAKEN": 42, "RATE": 60, "FULL": 61, "SLOW": 62, "TIMEOUT": 102}


class Ended(Exception):
    """The server has ended the connection."""


def varint(number):
    if number < 64:
        return bytes([number])
    if number < 16384:
        return struct.pack(">H", number | 0x4000)
    return struct.pack(">I", number | 0x80000000)


def opaque(data):
    return varint(len(data)) + data


def read_varint(data, at):
    size = {0: 1, 1: 2, 2: 4}[data[at] >> 6]
    number = int.from_bytes(data[at:at + size], "big") & ((1 << (8 * size - 2)) - 1)
    return number, at + size


def tls_context(**options):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    for name, value in options.items():
        setattr(context, name, value)
    return context


class Client:
    """One connection; step by step (connect, upgrade, hello), so that a test can stop anywhere."""

    def __init__(self, port, host="127.0.0.1", source=None, timeout=60, rcvbuf=None):
        self.raw = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        self.raw.settimeout(timeout)
        if rcvbuf:
            self.raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        if source:
            self.raw.bind((source, 0))
        self.raw.connect((host, port))
        self.raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock, self.buffer, self.request, self.close_code = self.raw, b"", 0, None

    def tls(self, **options):
        self.sock = tls_context(**options).wrap_socket(self.raw)
        return self

    def upgrade(self, path="/sotto", protocol="sotto.1"):
        key = base64.b64encode(os.urandom(16)).decode()
        self.sock.sendall((f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                           f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: {protocol}\r\n\r\n").encode())
        head = self.head()
        assert head.startswith(b"HTTP/1.1 101 "), head
        return self

    def head(self):
        while b"\r\n\r\n" not in self.buffer:
            self.more()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        return head

    def http(self, request):
        """Sends raw bytes, gives all that comes until the server ends the connection."""
        self.sock.sendall(request)
        return self.rest()

    def rest(self):
        try:
            while True:
                self.more()
        except Ended:
            pass
        data, self.buffer = self.buffer, b""
        return data

    def more(self):
        try:
            data = self.sock.recv(65536)
        except (ConnectionResetError, BrokenPipeError, ssl.SSLEOFError, ssl.SSLZeroReturnError) as e:
            raise Ended(str(e)) from None
        if not data:
            raise Ended("end of file")
        self.buffer += data

    def need(self, size):
        while len(self.buffer) < size:
            self.more()
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    def ws_send(self, payload, opcode=BINARY, fin=True):
        self.sock.sendall(self.ws_frame(payload, opcode, fin))

    @staticmethod
    def ws_frame(payload, opcode=BINARY, fin=True):
        mask, size = os.urandom(4), len(payload)
        head = bytes([(0x80 if fin else 0) | opcode])
        if size < 126:
            head += bytes([0x80 | size])
        elif size < 65536:
            head += bytes([0x80 | 126]) + struct.pack(">H", size)
        else:
            head += bytes([0x80 | 127]) + struct.pack(">Q", size)
        stream = (mask * (size // 4 + 1))[:size]
        body = (int.from_bytes(payload, "big") ^ int.from_bytes(stream, "big")).to_bytes(size, "big")
        return head + mask + body

    def ws_recv(self):
        """(opcode, payload) of the next WebSocket frame."""
        first, size = self.need(2)
        assert first & 0x70 == 0 and size & 0x80 == 0, "reserved bits or a mask from the server"
        if size == 126:
            size = struct.unpack(">H", self.need(2))[0]
        elif size == 127:
            size = struct.unpack(">Q", self.need(8))[0]
        return first & 15, self.need(size)

    def send(self, kind, body=b"", request=None):
        if request is None:
            self.request += 1
            request = self.request
        self.ws_send(struct.pack(">HI", kind, request) + body)

    def recv(self):
        """(kind, request, body) of the next frame; pings are answered; Ended at a WebSocket close."""
        while True:
            opcode, payload = self.ws_recv()
            if opcode == PING:
                self.ws_send(payload, PONG)
            elif opcode == CLOSE:
                self.close_code = struct.unpack(">H", payload[:2])[0] if payload else 1005
                raise Ended(f"closed with {self.close_code}")
            elif opcode == BINARY:
                kind, request = struct.unpack(">HI", payload[:6])
                return kind, request, payload[6:]

    def expect(self, kind):
        got, request, body = self.recv()
        assert got == kind, f"expected {kind:#x}, got {got:#x} {body!r}"
        return body

    def hello(self):
        self.send(HELLO, opaque(b"\x00\x01") + os.urandom(32) + opaque(b"test"))
        body = self.expect(HELLO_OK)
        self.chain = self.chain_of(body)
        return self

    @staticmethod
    def chain_of(body):
        at, chain = 2 + 32, []
        size, at = read_varint(body, at)
        end = at + size
        while at < end:
            size, at = read_varint(body, at)
            chain.append(body[at:at + size])
            at += size
        return chain

    def open(self):
        """All the way in."""
        return self.tls().upgrade().hello()

    def room_open(self):
        self.send(ROOM_OPEN, b"\x01" + opaque(b""))
        return struct.unpack(">I", self.expect(ROOM_OPENED)[:4])[0]

    def room_join(self, slot):
        self.send(ROOM_JOIN, b"\x01" + struct.pack(">I", slot))
        self.expect(ROOM_JOINED)

    def room_send(self, slot, data):
        self.send(ROOM_SEND, struct.pack(">I", slot) + opaque(data), 0)

    def room_data(self, slot):
        body = self.expect(ROOM_DATA)
        assert struct.unpack(">I", body[:4])[0] == slot
        size, at = read_varint(body, 4)
        assert len(body) == at + size
        return body[at:]

    def bye(self):
        """The code of the goodbye that must come now, whatever came before it."""
        while True:
            kind, _, body = self.recv()
            if kind == BYE:
                return struct.unpack(">H", body[:2])[0]

    def close(self):
        try:
            self.sock.close()
        except OSError:
            pass

    def reset(self):
        """As a crash or a cut line: no goodbye of any kind."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()


def verified(chain, pin):
    """A chain up to the root with this pin, as OpenSSL sees it."""
    place = tempfile.mkdtemp(prefix="sottod-test-")
    for i, certificate in enumerate(chain):
        with open(f"{place}/{i}.der", "wb") as f:
            f.write(certificate)
        subprocess.run(["openssl", "x509", "-inform", "der", "-in", f"{place}/{i}.der", "-out", f"{place}/{i}.pem"], check=True,
                       capture_output=True)
    last = len(chain) - 1
    middle = [part for i in range(1, last) for part in ("-untrusted", f"{place}/{i}.pem")]
    done = subprocess.run(["openssl", "verify", "-CAfile", f"{place}/{last}.pem", *middle, f"{place}/0.pem"], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    text = subprocess.run(["openssl", "x509", "-noout", "-subject", "-in", f"{place}/{last}.pem"], capture_output=True, text=True,
                          check=True).stdout
    assert pin in text, (pin, text)


def pair(port, **options):
    """Two clients in a room: (creator, joiner, slot)."""
    creator, joiner = Client(port, **options).open(), Client(port, **options).open()
    slot = creator.room_open()
    joiner.room_join(slot)
    creator.expect(ROOM_PEER)
    return creator, joiner, slot


def program(name):
    build = os.environ.get("SOTTO_BUILD", os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "build"))
    return os.path.abspath(os.path.join(build, name))


def disk_with(left):
    """What puts a disk in front of the server that has so many bytes left."""
    options = ":".join(filter(None, (os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0")))
    return "env", f"LD_PRELOAD={program('tests/fail_sync.so')}", f"DISK_FREE={left}", f"ASAN_OPTIONS={options}"


def free_port():
    """One that nobody has, nor gets meanwhile: from 32768 on the system gives them to connections."""
    for _ in range(1000):
        port = random.randrange(20000, 32768)
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass
    raise AssertionError("no port is free")


def may_give_away():
    """Whether we are root with root's rights: that of a container may have none, or know nobody else."""
    if os.geteuid() != 0:
        return False
    with tempfile.NamedTemporaryFile() as f:
        try:
            os.chown(f.name, 65534, 65534)
            return subprocess.run(["setpriv", "--bounding-set=-all", "true"], capture_output=True, check=False).returncode == 0
        except OSError:
            return False


def built_with(*sanitizers):
    with open(program("sottod"), "rb") as f:
        data = f.read()
    return any(f"__{name}_init".encode() in data for name in sanitizers)


def sanitized():
    """Whether the server was built with a sanitizer, whose own memory says nothing about ours."""
    return built_with("asan", "tsan")


class Server:
    """A real sottod on a free port of 127.0.0.1, in a directory of its own; as a context it ends with the test. With
    SOTTO_RECORD_LAYER it has that record layer."""

    def __init__(self, *options, listen="127.0.0.1:0", directory=None, wait=True, prefix=()):
        if os.environ.get("SOTTO_RECORD_LAYER"):
            options = (f"--set=tls.record_layer={os.environ['SOTTO_RECORD_LAYER']}", *options)
        self.directory = directory or tempfile.mkdtemp(prefix="sottod-test-")
        self.log_path = os.path.join(tempfile.mkdtemp(prefix="sottod-log-"), "log")
        self.log_file = open(self.log_path, "wb")
        command = [*prefix, program("sottod"), "serve", "--dir", os.path.join(self.directory, "state"), "--listen", listen, *options]
        self.process = subprocess.Popen(command, stderr=self.log_file, stdout=self.log_file, stdin=subprocess.DEVNULL)
        if wait:
            self.port = int(self.line("listening on ").rsplit(":", 1)[1])

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as f:
            return f.read()

    def line(self, what, timeout=60):
        """The first line of the log that holds the text; waits for it."""
        end = time.monotonic() + timeout
        while True:
            for line in self.log().splitlines():
                if what in line:
                    return line
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"no line with {what!r} in the log:\n{self.log()}")
            time.sleep(0.02)

    def pin(self):
        return self.line("pin ").split("pin ")[1]

    def memory(self):
        """Bytes that are resident; 0 always if a sanitizer's are among them."""
        if sanitized():
            return 0
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as f:
            return int(f.read().split()[1]) * os.sysconf("SC_PAGESIZE")

    def stop(self, number=15, timeout=60):
        if self.process.poll() is None:
            self.process.send_signal(number)
        status = self.process.wait(timeout)
        self.log_file.close()
        return status

    def alive(self):
        """Whether it still serves others: a whole conversation."""
        a, b, slot = pair(self.port)
        a.room_send(slot, b"still here")
        said = b.room_data(slot)
        a.close()
        b.close()
        return said == b"still here"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Missing(str):
    """Why a test is left out: the machine lacks what tools/setup would install. Where CI is set that is a failure."""


def run(names):
    """Runs the functions of a script that are in its list, as TAP; a name is a sentence. What a test gives back is why it was left out."""
    import traceback
    print(f"1..{len(names)}", flush=True)
    failed = 0
    for number, test in enumerate(names, 1):
        name = test.__name__.replace("_", " ")
        try:
            skip = test()
            if isinstance(skip, Missing) and os.environ.get("CI"):
                raise AssertionError(f"{skip}: tools/setup test installs it")
            print(f"ok {number} - {name}" + (f" ({skip}) # SKIP {skip}" if skip else ""), flush=True)
        except Exception:  # pylint: disable=broad-except
            failed += 1
            print(f"not ok {number} - {name}", flush=True)
            print("".join("# " + line + "\n" for line in traceback.format_exc().splitlines()[-8:]), end="", flush=True)
    sys.exit(1 if failed else 0)
