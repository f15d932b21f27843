"""kill -9 under load: what was acknowledged is there, once, in order; what was not may be sent again and comes once. SOTTO_ROUNDS sets how
many times the server is killed. And a disk that fails: the server ends, and promises nothing more."""
import os
import random
import sqlite3
import struct
import subprocess
import tempfile
import threading
import time

from sottoclient import Server, opaque, program, read_varint, run
from sottodevice import (APPEND, APPENDED, APPLICATION, CLAIMED, COMMIT, COMMITTED, ENTRY, ERROR, INBOX_SEND, KEY_PACKAGES, KEY_PACKAGES_CLAIM,
                         KEY_PACKAGES_PUT, REQUEST, Closed, Device)

ROUNDS = int(os.environ.get("SOTTO_ROUNDS", "4"))
PAIRS, IN_FLIGHT = 3, 16
TURNS = 8  # of so many, one is a commit, one a request to the other's inbox, one a key package; the others are messages
LOOSE = ("registers", "requests", "requests_per_s", "frames", "frames_per_s", "sends", "send_kib", "commits", "handshake_kib", "inbox_sends", "claims",
         "target_claims", "key_packages", "queue_entries", "queue_bytes", "output_bytes")
SETTINGS = ("--set=registration.who=open", "--set=host=localhost", *(f"--set=limits.{name}={10**9}" for name in LOOSE))


def text_of(kind, body):
    """What its sender has put into an entry; None: it is none of these."""
    if kind == APPLICATION:
        return body
    if kind not in (COMMITTED, REQUEST):
        return None
    size, at = read_varint(body, 0) if kind == COMMITTED else (48, 0)  # the header; who asks
    size, at = read_varint(body, at + size)
    return body[at:at + size]


class Pair:
    """Two accounts with one stream. One sends what is numbered, whatever it is; the other reads and acknowledges."""

    def __init__(self, number, port):
        self.writer, self.reader = Device(1000 + number), Device(2000 + number)
        for device, name in ((self.writer, "w"), (self.reader, "r")):
            device.connect(port).register(f"{name}{number}@localhost")
            device.auth()
        self.stream = self.writer.create()
        self.writer.commit(self.stream, add=[self.reader])
        self.sent = 0          # texts that were given a number
        self.open = {}         # op: (kind, frame, text) that was not answered yet
        self.requests = {}     # request: op, of this connection; of a key package, which has none: its text
        self.seqs = {}         # text: the seq that was acknowledged; 0 in the inbox
        self.put, self.kept = [], []  # key packages that were sent, and acknowledged
        self.read, self.asked = [], []  # what the reader saw, in order: (seq, text) of the stream, texts of the inbox
        self.cursors = {self.stream: 1, self.reader.inbox: 0}  # 1: the commit that let the reader in
        self.errors = []

    def say(self):
        """One more; its answer is not waited for."""
        text, turn = b"message %d " % self.sent + os.urandom(random.randrange(200)), self.sent % TURNS
        self.sent += 1
        if turn == 5:
            self.put.append(text)
            self.requests[self.writer.send(KEY_PACKAGES_PUT, b"\0" + opaque(opaque(text)))] = text
            return
        op = self.writer.next_op()
        if turn == 1:
            kind, (frame, header_hash) = COMMIT, self.writer.commit_frame(self.stream, text, op=op)
            self.writer.headers[self.stream] = header_hash
            self.writer.epochs[self.stream] += 1
        elif turn == 3:
            kind, frame = INBOX_SEND, struct.pack(">Q", op) + self.reader.account + self.reader.device + opaque(text)
        else:
            kind, frame = APPEND, self.writer.append_frame(self.stream, text, op=op)
        self.open[op] = (kind, frame, text)
        self.requests[self.writer.send(kind, frame)] = op

    def hear(self):
        """The next answer."""
        frame = self.writer.recv(60)
        assert frame is not None, f"no answer to {sorted(map(str, self.requests.values()))}, {self.sent} sent"
        kind, request, body = frame
        assert kind != ERROR, body
        if request == 0:
            return
        answered = self.requests.pop(request)
        if kind == KEY_PACKAGES:
            self.kept.append(answered)
            return
        assert kind == APPENDED
        op, seq = struct.unpack(">QQ", body[:16])
        assert answered == op
        _, _, text = self.open.pop(op)
        assert self.seqs.setdefault(text, seq) == seq

    def write_some(self, count):
        """Until `count` more are acknowledged, or the connection breaks."""
        goal = len(self.seqs) + len(self.kept) + count
        while len(self.seqs) + len(self.kept) < goal:
            while len(self.requests) < IN_FLIGHT:
                self.say()
            self.hear()

    def read_some(self, seconds):
        """What is waiting, then what is pushed."""
        self.reader.listen(1 << 28)
        for stream, cursor in list(self.cursors.items()):
            for entry in self.reader.read_all(stream, cursor):
                self.take(stream, *entry)
        end = time.monotonic() + seconds
        while True:
            pushed, self.reader.pushed = self.reader.pushed, []
            for kind, body in pushed:
                if kind == ENTRY:
                    stream, seq, *entry = Device.entry_of(body)
                    self.take(stream, seq, *entry)
                    if seq % 8 == 0:
                        self.reader.ack(stream, seq)
            if time.monotonic() >= end:
                return
            frame = self.reader.recv(0.1)
            if frame is not None:
                self.reader.pushed.append((frame[0], frame[2]))

    def take(self, stream, seq, kind, body):
        if seq <= self.cursors[stream]:
            return
        assert seq == self.cursors[stream] + 1, f"{seq} after {self.cursors[stream]}"
        self.cursors[stream], text = seq, text_of(kind, body)
        if stream == self.stream:
            self.read.append((seq, text))
        elif text is not None:
            self.asked.append(text)

    def threads(self, seconds):
        def guard(work):
            try:
                work()
            except Closed:
                pass
            except Exception as e:  # pylint: disable=broad-except
                self.errors.append(e)
        return [threading.Thread(target=guard, args=(lambda: self.write_some(10**9),)),
                threading.Thread(target=guard, args=(lambda: self.read_some(seconds),))]

    def sign_in(self, port):
        """What was not answered goes first, with its old operations; a key package has none, and only its sender could know whether it is there."""
        self.writer.sign_in(port)
        self.reader.sign_in(port)
        self.reader.pushed = []
        self.requests = {self.writer.send(kind, frame): op for op, (kind, frame, _) in sorted(self.open.items())}

    def check(self):
        assert not self.errors, self.errors
        found = {text: seq for seq, text in self.read}
        for texts in ([text for _, text in self.read], self.asked):
            assert len(set(texts)) == len(texts), "a message came twice"
            numbers = [int(text.split()[1]) for text in texts]
            assert numbers == sorted(numbers), "out of order"
        found.update((text, 0) for text in self.asked)
        for text, seq in self.seqs.items():
            assert found.get(text) == seq, f"{text[:20]!r} was acknowledged as {seq}, and read as {found.get(text)}"

    def check_packages(self):
        """At the end, since who claims one takes it away."""
        while self.requests:
            self.hear()
        claimed = []
        while True:
            answer = self.reader.expect(CLAIMED, self.reader.send(KEY_PACKAGES_CLAIM, self.writer.account + b"\0"))
            _, at = read_varint(answer, 0)
            if answer[at + 16] == 0:
                break
            size, at = read_varint(answer, at + 17)
            claimed.append(answer[at:at + size])
        there = set(claimed)
        assert [text for text in self.put if text in there] == claimed, "key packages came twice, or out of order"
        assert there >= set(self.kept), "a key package was acknowledged, and is not there"


def nothing_acknowledged_is_lost_or_doubled_by_kill_9():
    directory = None
    server = Server(*SETTINGS)
    directory, pairs = server.directory, []
    try:
        pairs = [Pair(number, server.port) for number in range(PAIRS)]
        for round_number in range(ROUNDS):
            threads = [t for pair in pairs for t in pair.threads(30)]
            for t in threads:
                t.start()
            time.sleep(random.uniform(0.05, 0.6))
            server.stop(9)
            for t in threads:
                t.join(100)
                assert not t.is_alive(), "a client hangs"
            for pair in pairs:
                assert not pair.errors, pair.errors
            server = Server(*SETTINGS, directory=directory)
            for pair in pairs:
                pair.sign_in(server.port)
                pair.write_some(len(pair.open) + 1)
                pair.read_some(0)
            for pair in pairs:
                pair.check()
        for pair in pairs:
            pair.check_packages()
        assert sum(len(pair.seqs) for pair in pairs) > ROUNDS * PAIRS
        assert sum(len(pair.asked) for pair in pairs) > 0 and sum(len(pair.kept) for pair in pairs) > 0
    finally:
        server.stop(9)
        for pair in pairs:
            pair.writer.end()
            pair.reader.end()


def failing(directory, file):
    """What puts a disk in front of the server that fails for this file as soon as the marker is there."""
    options = ":".join(filter(None, (os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0")))
    marker = os.path.join(directory, "fail")
    return marker, ("env", f"LD_PRELOAD={program('tests/fail_sync.so')}", f"FAIL_SYNC={marker}", f"FAIL_SYNC_IN={file}",
                    f"ASAN_OPTIONS={options}")


def ends_by_itself(server):
    assert server.process.wait(60) == 1
    assert "the database can't be written or is damaged (" in server.log() and "the server stops, so that nothing is promised" in server.log()


def a_failed_sync_under_load_ends_the_server_and_loses_nothing():
    with tempfile.TemporaryDirectory() as place:
        marker, prefix = failing(place, "/sotto.db-wal")
        with Server(*SETTINGS, prefix=prefix) as server:
            pair = Pair(0, server.port)
            pair.write_some(50)
            threads = pair.threads(30)
            for t in threads:
                t.start()
            with open(marker, "wb"):
                pass
            ends_by_itself(server)
            for t in threads:
                t.join(100)
                assert not t.is_alive(), "a client hangs"
        with Server(*SETTINGS, directory=server.directory) as again:
            pair.sign_in(again.port)
            pair.write_some(len(pair.open) + 1)
            pair.read_some(0)
            pair.check()
            pair.writer.end()
            pair.reader.end()


def a_failed_sync_of_a_server_that_rests_ends_it_too():
    """What was committed is moved to the database a second later, with nobody waiting for it."""
    with tempfile.TemporaryDirectory() as place:
        marker, prefix = failing(place, "/sotto.db")
        with Server(*SETTINGS, prefix=prefix) as server:
            pair = Pair(0, server.port)
            pair.write_some(5)
            with open(marker, "wb"):
                pass
            ends_by_itself(server)
            pair.writer.close()
            pair.reader.close()


def no_other_process_gets_at_the_database_of_a_server():
    """Such as a shell of SQLite: it could lock it, and hold up everybody."""
    with Server(*SETTINGS) as server:
        writer = Device(1).connect(server.port)
        writer.register("w@localhost")
        writer.auth()
        stream = writer.create()
        for sql in ("BEGIN IMMEDIATE", "SELECT count(*) FROM log", "PRAGMA wal_checkpoint"):
            other = sqlite3.connect(os.path.join(server.directory, "state", "sotto.db"), timeout=0, isolation_level=None)
            try:
                other.execute(sql)
                raise AssertionError(f"{sql} was let in")
            except sqlite3.OperationalError as e:
                assert "locked" in str(e), e
            writer.append(stream, sql.encode())
            other.close()
        writer.end()


def a_server_whose_database_another_program_has_open_does_not_start():
    with Server(*SETTINGS) as server:
        server.stop()
        other = sqlite3.connect(os.path.join(server.directory, "state", "sotto.db"), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with Server(*SETTINGS, directory=server.directory, wait=False) as refused:
            assert refused.process.wait(60) == 7, refused.log()
            assert "another process uses the database" in refused.log() and "fuser" in refused.log(), refused.log()
        done = subprocess.run([program("sottod"), "backup", os.path.join(server.directory, "b.sotto"), "--dir", os.path.join(server.directory, "state")],
                              capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 7 and "fuser" in done.stderr, done
        other.execute("ROLLBACK")
        other.close()
        with Server(*SETTINGS, directory=server.directory) as again:
            assert again.alive()


run([nothing_acknowledged_is_lost_or_doubled_by_kill_9, a_failed_sync_under_load_ends_the_server_and_loses_nothing,
     a_failed_sync_of_a_server_that_rests_ends_it_too, no_other_process_gets_at_the_database_of_a_server,
     a_server_whose_database_another_program_has_open_does_not_start])
