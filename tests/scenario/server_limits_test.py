#!/usr/bin/python3
"""Each limit that the network side keeps, one test each; the rooms' limits are the core's and tested there."""
import os
import resource
import socket
import struct
import time
import urllib.request

from sottoclient import *


def limits(**values):
    return Server(*[f"--set=limits.{name}={value}" for name, value in values.items()], "--metrics", str(METRICS))


METRICS = free_port()


def metric(name):
    with urllib.request.urlopen(f"http://127.0.0.1:{METRICS}/metrics", timeout=60) as answer:
        for line in answer.read().decode().splitlines():
            if line.startswith(f"sottod_{name} "):
                return int(line.split()[1])
    raise AssertionError(f"no metric {name}")


def refused(port, source=None):
    """Whether the server hangs up before TLS."""
    c = Client(port, source=source)
    try:
        c.tls()
    except (ConnectionResetError, BrokenPipeError, ssl.SSLError, OSError):
        return True
    c.close()
    return False


def seconds(function):
    begin = time.monotonic()
    function()
    return time.monotonic() - begin


def connections_in_all_are_limited():
    with limits(connections=3) as s:
        kept = [Client(s.port, source=f"127.0.1.{i}").open() for i in range(1, 4)]
        assert refused(s.port, "127.0.1.9")
        kept[0].close()
        assert until(lambda: metric("ended_total") == 1)
        assert not refused(s.port, "127.0.1.9")
        assert metric("refused_connections_total") == 1


def connections_from_one_address_are_limited():
    with limits(connections_per_address=2) as s:
        kept = [Client(s.port).open(), Client(s.port).open()]
        assert refused(s.port)
        assert not refused(s.port, "127.0.0.2")
        assert metric("refused_address_total") == 1
        kept.pop().close()


def strangers_in_all_are_limited():
    with limits(unauthenticated=4, handshake_ms=20000) as s:
        kept = [socket.create_connection(("127.0.0.1", s.port)) for _ in range(40)]
        assert until(lambda: metric("refused_unauthenticated_total") >= 36)
        assert metric("accepted_total") <= 4
        del kept


def until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


def is_closed(sock):
    sock.settimeout(0)
    try:
        return sock.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


def who_comes_gets_the_place_of_a_stranger_who_does_not_get_on():
    with limits(unauthenticated=8, handshake_ms=60000) as s:
        silent = [socket.create_connection(("127.0.0.1", s.port), source_address=(f"127.0.{i // 2}.1", 0)) for i in range(8)]
        assert until(lambda: metric("accepted_total") == 8)
        for i in range(3):
            Client(s.port, source=f"127.0.9{i}.1").open().close()
        assert metric("evicted_total") >= 1 and metric("refused_unauthenticated_total") == 0
        assert until(lambda: any(map(is_closed, silent))), "nobody had to go"
        slow = Client(s.port, source="127.0.50.1").tls()
        slow.sock.sendall(b"GET /sotto HT")
        more = [socket.create_connection(("127.0.0.1", s.port), source_address=(f"127.0.6{i}.1", 0)) for i in range(4)]
        assert until(lambda: metric("accepted_total") == 8 + 3 + 1 + 4)
        Client(s.port, source="127.0.70.1").open().close()
        slow.sock.sendall(b"TP/1.1\r\n\r\n")
        assert slow.rest().startswith(b"HTTP/1.1 "), "who speaks goes after those who are silent"
        del more


def a_flood_from_one_address_is_refused_and_others_come_in():
    with limits(handshake_ms=60000) as s:
        kept = []
        for _ in range(300):
            kept.append(socket.create_connection(("127.0.0.1", s.port), source_address=("127.0.7.1", 0)))
        assert until(lambda: metric("refused_unauthenticated_total") == 300 - 32)
        assert s.alive() and metric("evicted_total") == 0
        del kept


def strangers_from_one_network_are_limited_and_a_room_ends_the_strangeness():
    with limits(unauthenticated_per_network=2) as s:
        a, b = Client(s.port, source="127.0.3.1").open(), Client(s.port, source="127.0.3.2").open()

        def is_refused(source, there):
            """Who was let in to see that is gone again, and `there` are left."""
            told = refused(s.port, source)
            assert until(lambda: metric("accepted_total") - metric("ended_total") == there)
            return told
        assert is_refused("127.0.3.3", 2), "two strangers, one too many"
        assert not is_refused("127.0.4.1", 2), "another network is free"
        slot = a.room_open()
        b.room_join(slot)
        a.expect(ROOM_PEER)
        assert until(lambda: not is_refused("127.0.3.3", 2)), "in a room they are none"
        c = Client(s.port, source="127.0.3.3").open()
        a.send(ROOM_CLOSE, struct.pack(">IB", slot, 1))
        a.expect(OK)
        assert until(lambda: is_refused("127.0.3.4", 3)), "out of the room they are strangers again"
        c.close()


def a_slow_handshake_is_ended():
    with limits(handshake_ms=300) as s:
        assert 0.2 < seconds(lambda: Client(s.port).rest()) < 4.5  # by default 5
        assert metric("timeouts_handshake_total") == 1


def a_handshake_in_single_bytes_is_ended():
    with limits(handshake_ms=500) as s:
        c = Client(s.port)

        def drip():
            try:
                for byte in b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500):
                    c.raw.sendall(bytes([byte]))
                    time.sleep(0.02)
            except OSError:
                pass
        assert seconds(drip) < 4.5


def a_slow_head_is_ended():
    with limits(head_ms=300) as s:
        begin = time.monotonic()
        c = Client(s.port).tls()
        c.sock.sendall(b"GET /sotto HT")
        assert c.rest().startswith(b"HTTP/1.1 408 ")
        assert 0.2 < time.monotonic() - begin < 4.5
        assert metric("timeouts_head_total") == 1


def a_slow_hello_is_ended():
    with limits(hello_ms=300) as s:
        begin = time.monotonic()
        c = Client(s.port).tls().upgrade()
        c.sock.sendall(b"\x82")
        assert c.bye() == E["TIMEOUT"]
        assert 0.2 < time.monotonic() - begin < 9
        assert metric("timeouts_hello_total") == 1


def the_head_has_a_size():
    with limits(head_bytes=256) as s:
        c = Client(s.port).tls()
        assert c.http(b"GET /healthz HTTP/1.1\r\nHost: x\r\nA: " + b"x" * 300 + b"\r\n\r\n").startswith(b"HTTP/1.1 431 ")
        c = Client(s.port).tls()
        assert c.http(b"GET /healthz HTTP/1.1\r\nHost: x\r\nA: " + b"x" * 100 + b"\r\n\r\n").startswith(b"HTTP/1.1 200 ")


def frames_are_counted_whatever_is_in_them():
    with limits(frames=20, frames_per_s=50) as s:
        c = Client(s.port).open()
        begin = time.monotonic()
        c.sock.sendall(b"".join(c.ws_frame(b"", PING) for _ in range(45)))
        for _ in range(45):
            assert c.need(2) == b"\x8a\x00"
        assert time.monotonic() - begin > 0.3
        assert metric("paused_frames_total") >= 1
        c.close()


def before_hello_too_many_frames_end_it():
    with limits(frames=20, frames_per_s=1) as s:
        c = Client(s.port).tls().upgrade()
        c.sock.sendall(b"".join(c.ws_frame(b"", PING) for _ in range(45)))
        rest = c.rest()
        assert b"\x88" in rest, rest
        assert s.alive()


def a_frame_has_a_size_and_hello_tells_it():
    with limits(frame_bytes=2000) as s:
        c = Client(s.port).tls().upgrade()
        c.send(HELLO, opaque(b"\x00\x01") + bytes(32) + opaque(b""))
        assert struct.pack(">I", 2000) in c.expect(HELLO_OK)
        slot = c.room_open()
        peer = Client(s.port).open()
        peer.room_join(slot)
        c.expect(ROOM_PEER)
        c.room_send(slot, b"x" * (2000 - 12))
        assert len(peer.room_data(slot)) == 2000 - 12
        c.room_send(slot, b"x" * (2000 - 11))
        assert c.bye() == E["TOO_LARGE"]


def silence_is_asked_about_and_then_ends_the_connection():
    with limits(ping_ms=500, dead_ms=5000) as s:
        begin = time.monotonic()
        c = Client(s.port).open()
        assert c.ws_recv() == (PING, b"")
        assert 0.4 < time.monotonic() - begin < 20
        begin = time.monotonic()
        c.ws_send(b"", PONG)
        assert c.ws_recv() == (PING, b"")
        assert c.bye() == E["TIMEOUT"]
        assert 4 < time.monotonic() - begin < 60
        assert metric("timeouts_dead_total") == 1


def idle_outside_of_a_room_ends():
    with limits(idle_room_ms=300) as s:
        c = Client(s.port).open()
        assert seconds(c.bye) < 20  # by default a minute


def a_slow_reader_holds_up_its_peer_and_is_closed_and_the_others_go_on():
    with limits(output_bytes=65536, stall_ms=10000, room_burst_bytes=1 << 30, room_bytes_per_s=1 << 30) as s:
        writer = Client(s.port, timeout=60).open()
        slot = writer.room_open()
        reader = Client(s.port, rcvbuf=4096).open()
        reader.room_join(slot)
        writer.expect(ROOM_PEER)
        before = s.memory()
        writer.sock.settimeout(3)
        sent, block = 0, os.urandom(32768)
        try:
            while sent < 200 << 20:
                writer.room_send(slot, block)
                sent += len(block)
        except (TimeoutError, socket.timeout):
            pass
        assert sent < 100 << 20, "the writer was never held up"
        assert until(lambda: metric("held_total") > 0)
        assert s.memory() - before < 24 << 20, s.memory() - before
        assert s.alive(), "others wait for the slow one"
        assert until(lambda: metric("closed_slow_total") == 1)
        writer.sock.settimeout(60)
        assert writer.expect(ROOM_CLOSED) == struct.pack(">IB", slot, 6), "the writer is told that the other was too slow"
        assert s.alive()


def a_reader_that_comes_back_gets_everything_in_order():
    with limits(output_bytes=65536, room_burst_bytes=1 << 30, room_bytes_per_s=1 << 30) as s:
        import threading
        writer, reader = Client(s.port, timeout=60).open(), Client(s.port, timeout=60, rcvbuf=4096).open()
        slot = writer.room_open()
        reader.room_join(slot)
        writer.expect(ROOM_PEER)
        count, size = 2000, 8192

        def write():
            for i in range(count):
                writer.room_send(slot, struct.pack(">I", i) * (size // 4))
        thread = threading.Thread(target=write)
        thread.start()
        assert until(lambda: metric("held_total") > 0)
        for i in range(count):
            assert reader.room_data(slot) == struct.pack(">I", i) * (size // 4), f"message {i}"
        thread.join()


def over_its_rate_a_sender_is_slowed_and_loses_nothing():
    with limits(room_bytes_per_s=2000000, room_burst_bytes=100000) as s:
        a, b, slot = pair(s.port, timeout=60)
        import threading
        count = 200

        def write():
            for i in range(count):
                a.room_send(slot, struct.pack(">I", i) * 10000)
        thread = threading.Thread(target=write)
        begin = time.monotonic()
        thread.start()
        for i in range(count):
            assert b.room_data(slot) == struct.pack(">I", i) * 10000, f"message {i}"
        thread.join()
        assert 2 < time.monotonic() - begin < 60, time.monotonic() - begin
        assert metric("paused_total") > 0


def memory_stays_flat_over_many_messages():
    with limits(room_burst_bytes=1 << 38, room_bytes_per_s=1 << 38) as s:
        a, b, slot = pair(s.port)

        def talk(count):
            for i in range(count):
                a.room_send(slot, b"a" * 300)
                b.room_send(slot, b"b" * 300)
                if i % 50 == 49:
                    for _ in range(50):
                        assert b.room_data(slot) == b"a" * 300
                        assert a.room_data(slot) == b"b" * 300
        talk(1000)
        before = s.memory()
        talk(5000)
        assert s.memory() - before < 512 << 10, s.memory() - before


def without_descriptors_new_ones_wait_and_the_others_go_on():
    files = 150

    def opened(s):
        """What each descriptor stands for."""
        found = []
        for number in os.listdir(f"/proc/{s.process.pid}/fd"):
            try:
                found.append(os.readlink(f"/proc/{s.process.pid}/fd/{number}"))
            except FileNotFoundError:  # closed just now
                pass
        return found

    def none_left(s):
        return len(os.listdir(f"/proc/{s.process.pid}/fd")) == files

    def sockets(s):
        """Those of the listeners, of the admin's and of who is here; each has a name of its own."""
        return {name for name in opened(s) if name.startswith("socket:")}

    def told(s):
        names = ("accepted", "ended", "timeouts_handshake", "timeouts_head", "timeouts_hello", "timeouts_dead")
        return {name: metric(name + "_total") for name in names}, sorted(opened(s))

    def all_were_told(_):
        return metric("accepted_total") + metric("refused_unauthenticated_total") == 202
    loose = [f"--set=limits.{name}=1000" for name in ("unauthenticated", "unauthenticated_per_network", "connections_per_address")]
    few = ("prlimit", f"--nofile={files}:{files}")
    # it takes no more than it has; and it does not know, since they are taken from it later
    for options, prefix, happened in (((), few, all_were_told), (loose, (), none_left)):
        with Server(*options, "--metrics", str(METRICS), prefix=prefix) as s:
            a, b, slot = pair(s.port)
            if not prefix:
                resource.prlimit(s.process.pid, resource.RLIMIT_NOFILE, (files, files))
            before = sockets(s)
            many = [socket.create_connection(("127.0.0.1", s.port)) for _ in range(200)]
            assert until(lambda: happened(s))  # pylint: disable=cell-var-from-loop
            a.room_send(slot, b"still here")
            assert b.room_data(slot) == b"still here"
            for c in many:
                c.close()
            # metrics are not asked meanwhile: that is a socket, too. Files of the store may come and go
            assert until(lambda: sockets(s) == before), told(s)  # pylint: disable=cell-var-from-loop
            assert s.alive()
            assert s.stop() == 0


def a_hundred_pairs_talk_at_once():
    with limits(unauthenticated=1000, unauthenticated_per_network=1000) as s:
        pairs = [pair(s.port, source=f"127.0.8.{i}") for i in range(1, 101)]
        for number in range(5):
            for i, (a, b, slot) in enumerate(pairs):
                a.room_send(slot, b"to %d %d" % (i, number))
                b.room_send(slot, b"from %d %d" % (i, number))
            for i, (a, b, slot) in enumerate(pairs):
                assert b.room_data(slot) == b"to %d %d" % (i, number)
                assert a.room_data(slot) == b"from %d %d" % (i, number)
        assert s.stop() == 0
        assert "Sanitizer" not in s.log(), s.log()


run([f for f in list(globals().values()) if callable(f) and getattr(f, "__module__", "") == "__main__"
     and f.__name__ not in ("limits", "metric", "refused", "seconds", "until", "is_closed")])
