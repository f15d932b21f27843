"""kill -9 under load: what was acknowledged is there, once, in order; what was not may be sent again and comes once. SOTTO_ROUNDS sets how
many times the server is killed. And a disk that fails: the server ends, and promises nothing more."""
import os
import random
import struct
import tempfile
import threading
import time

from sottoclient import Server, program, run
from sottodevice import APPENDED, ENTRY, ERROR, Closed, Device

ROUNDS = int(os.environ.get("SOTTO_ROUNDS", "4"))
PAIRS, IN_FLIGHT = 3, 16
SETTINGS = ("--set", "registration.who=open", "--set", "host=localhost", "--no-limits")


class Pair:
    """Two accounts with one stream; one writes numbered messages, the other reads and acknowledges."""

    def __init__(self, number, port):
        self.writer, self.reader = Device(1000 + number), Device(2000 + number)
        for device, name in ((self.writer, "w"), (self.reader, "r")):
            device.connect(port).register(f"{name}{number}@localhost")
            device.auth()
        self.stream = self.writer.create()
        self.writer.commit(self.stream, add=[self.reader])
        self.sent = 0          # messages that were given a number
        self.open = {}         # op: the body that was not answered yet
        self.requests = {}     # request: op, of this connection
        self.seqs = {}         # body: the seq that was acknowledged
        self.read = []         # what the reader saw, in order: (seq, body)
        self.cursor = 1        # the commit that let the reader in
        self.errors = []

    def write_some(self, count):
        """Until `count` messages are acknowledged, or the connection breaks."""
        requests, done = self.requests, 0
        while done < count:
            while len(requests) < IN_FLIGHT:
                body = b"message %d " % self.sent + os.urandom(random.randrange(200))
                op = self.writer.next_op()
                self.open[op] = body
                self.sent += 1
                requests[self.writer.append_send(self.stream, body, op=op)] = op
            frame = self.writer.recv(20)
            assert frame is not None, f"no answer to {sorted(requests.values())}, {self.sent} sent"
            kind, request, body = frame
            if request == 0:
                continue
            assert kind != ERROR, body
            assert kind == APPENDED
            op, seq = struct.unpack(">QQ", body[:16])
            assert requests.pop(request) == op
            text = self.open.pop(op)
            assert self.seqs.setdefault(text, seq) == seq
            done += 1

    def read_some(self, seconds):
        """What is waiting, then what is pushed."""
        self.reader.listen(1 << 28)
        for seq, kind, body in self.reader.read_all(self.stream, self.cursor):
            self.take(seq, kind, body)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            frame = self.reader.recv(0.1)
            if frame is not None and frame[0] == ENTRY:
                _, seq, kind, body = Device.entry_of(frame[2])
                self.take(seq, kind, body)
                if seq % 8 == 0:
                    self.reader.ack(self.stream, seq)

    def take(self, seq, kind, body):
        if seq <= self.cursor:
            return
        assert seq == self.cursor + 1, f"{seq} after {self.cursor}"
        self.cursor = seq
        if kind == 1:
            self.read.append((seq, body))

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
        """What was not answered goes first, with its old operations."""
        self.writer.sign_in(port)
        self.reader.sign_in(port)
        self.requests = {self.writer.append_send(self.stream, body, op=op): op for op, body in sorted(self.open.items())}

    def check(self):
        assert not self.errors, self.errors
        bodies = [body for _, body in self.read]
        assert len(set(bodies)) == len(bodies), "a message came twice"
        found = {body: seq for seq, body in self.read}
        for body, seq in self.seqs.items():
            assert found.get(body) == seq, f"{body[:20]!r} was acknowledged as {seq}, and read as {found.get(body)}"
        numbers = [int(body.split()[1]) for body in bodies]
        assert numbers == sorted(numbers), "out of order"


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
                t.join(40)
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
        assert sum(len(pair.seqs) for pair in pairs) > ROUNDS * PAIRS
        return None
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
    assert server.process.wait(30) == 1
    assert "the database can't be written (" in server.log() and "the server stops, so that nothing is promised" in server.log()


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
                t.join(40)
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


run([nothing_acknowledged_is_lost_or_doubled_by_kill_9, a_failed_sync_under_load_ends_the_server_and_loses_nothing,
     a_failed_sync_of_a_server_that_rests_ends_it_too])
