"""Attachments over HTTP on the real server: sent, resumed, refused, fetched; over restarts and kill -9; memory stays flat."""
import hashlib
import os
import signal
import struct
import threading
import time

from sottoblobs import *
from sottoclient import Server, disk_with, run, sanitized
from sottodevice import Refused

QUOTA = 64


def a_blob_is_sent_and_fetched_by_another():
    blob = os.urandom(MIB + 12345)
    with Server(*SETTINGS) as server:
        alice, bob = member(server, "alice"), member(server, "bob")
        assert put(server.port, blob, to_send(alice, blob))[0] == 201
        ticket = to_fetch(bob, blob)
        status, fields, body = get(server.port, blob, ticket)
        assert status == 200 and body == blob and int(fields["content-length"]) == len(blob)
        assert ask(server.port, head_of("HEAD", blob, ticket))[::2] == (200, b"")
        for size in (1, 65536, 131072):
            small = os.urandom(size)
            assert put(server.port, small, to_send(alice, small))[0] == 201
            assert get(server.port, small, to_fetch(bob, small))[2] == small
        assert ticket_of(bob, BLOB_PUT, hashlib.sha256(blob).digest() + struct.pack(">Q", len(blob)))[1] == len(blob)
        alice.end()
        bob.end()


def a_part_of_a_blob_is_fetched():
    blob = os.urandom(200000)
    with Server(*SETTINGS) as server:
        alice = member(server, "alice")
        assert put(server.port, blob, to_send(alice, blob))[0] == 201
        ticket = to_fetch(alice, blob)
        status, fields, body = get(server.port, blob, ticket, "Range: bytes=150000-")
        assert (status, body) == (206, blob[150000:]) and fields["content-range"] == "bytes 150000-199999/200000"
        assert get(server.port, blob, ticket, "Range: bytes=1-1")[2] == blob[1:2]
        assert get(server.port, blob, ticket, "Range: bytes=0-999999")[2] == blob
        status, fields, _ = get(server.port, blob, ticket, "Range: bytes=200000-")
        assert status == 416 and fields["content-range"] == "bytes */200000"
        alice.end()


def what_is_asked_wrongly_is_refused():
    blob, other = os.urandom(1000), os.urandom(1000)
    with Server(*SETTINGS) as server:
        alice = member(server, "alice")
        ticket, foreign = to_send(alice, blob), to_send(alice, other)
        forged = ticket[:40] + bytes([ticket[40] ^ 1]) + ticket[41:]
        length = "Content-Length: 1000"
        for status, request in (
                (401, head_of("PUT", blob, None, length)),
                (401, head_of("PUT", blob, forged, length)),
                (401, head_of("PUT", blob, ticket[:-1], length)),
                (403, head_of("PUT", blob, foreign, length)),
                (403, head_of("GET", blob, ticket)),
                (404, head_of("PUT", blob, ticket, length, name="AB" * 32)),
                (404, head_of("PUT", blob, ticket, length, name="ab" * 31)),
                (405, head_of("DELETE", blob, ticket)),
                (411, head_of("PUT", blob, ticket)),
                (400, head_of("PUT", blob, ticket, "Content-Length: 999")),
                (400, head_of("PUT", blob, ticket, length, "Content-Range: bytes 0-998/1000")),
                (400, head_of("PUT", blob, ticket, length, "Content-Range: bytes 0-999/1001")),
                (400, head_of("PUT", blob, ticket, length, "Content-Range: bytes 1-1000/1000")),
                (400, head_of("PUT", blob, ticket, "Transfer-Encoding: chunked")),
                (413, head_of("GET", blob, ticket, length)),
                (409, head_of("PUT", blob, ticket, "Content-Length: 500", "Content-Range: bytes 500-999/1000"))):
            got, _, body = ask(server.port, request)
            assert got == status and body.endswith(b"\n"), (got, request)
        assert put(server.port, blob, ticket)[0] == 201
        alice.end()


def a_ticket_is_good_for_its_time_and_this_run():
    blob = os.urandom(1000)
    with Server(*SETTINGS, "--set", "limits.blob_ticket_s=1") as server:
        alice = member(server, "alice")
        ticket = to_send(alice, blob)
        wait_for(lambda: put(server.port, blob, ticket)[0] == 401)
        alice.close()
        server.stop(signal.SIGTERM)
        with Server(*SETTINGS, directory=server.directory) as again:
            assert put(again.port, blob, ticket)[0] == 401
        alice.end()


def what_is_not_what_its_hash_says_is_refused_and_may_come_again():
    blob = os.urandom(300000)
    with Server(*SETTINGS) as server:
        alice = member(server, "alice")
        ticket = to_send(alice, blob)
        wrong = blob[:-1] + bytes([blob[-1] ^ 1])
        assert put(server.port, wrong, ticket, name=hashlib.sha256(blob).hexdigest())[0] == 400
        assert put(server.port, blob, ticket)[0] == 201
        alice.end()


def an_upload_goes_on_after_a_broken_connection_a_restart_and_a_crash():
    blob = os.urandom(3 * MIB)
    server = Server(*SETTINGS)
    alice = member(server, "alice")
    start, sock = send_some(server, alice, blob, MIB)
    assert start == 0
    sock.close()
    assert free_offset(server.port, blob, to_send(alice, blob)) >= MIB - 65536
    for number, end in ((signal.SIGTERM, 2 * MIB), (signal.SIGKILL, 3 * MIB - 1)):
        start, sock = send_some(server, alice, blob, end)
        assert start >= end - MIB - 2 * 65536, start
        alice.close()
        assert server.stop(number) == (0 if number == signal.SIGTERM else -signal.SIGKILL)
        sock.close()
        server = Server(*SETTINGS, directory=server.directory)
        alice.sign_in(server.port)
    with server:
        ticket = to_send(alice, blob)
        start = offset_of(server.port, blob, ticket)
        assert 3 * MIB - 1 - 65536 <= start < len(blob), start
        assert put(server.port, blob, ticket, start - 1)[0] == 409
        assert put(server.port, blob, ticket, start, len(blob) - 1)[0] == 202
        assert put(server.port, blob, ticket, len(blob) - 1)[0] == 201
        assert get(server.port, blob, to_fetch(alice, blob))[2] == blob
        alice.end()


def cpu_s(server):
    with open(f"/proc/{server.process.pid}/stat", encoding="ascii") as f:
        fields = f.read().rpartition(")")[2].split()
    return sum(int(fields[n]) for n in (11, 12)) / os.sysconf("SC_CLK_TCK")


def who_asks_again_and_again_how_far_it_came_costs_little():
    """A partial file is hashed once, when it is whole."""
    blob, small = os.urandom(MIB) * 64, os.urandom(1000)
    with Server(*SETTINGS) as server:
        alice = member(server, "alice")

        def cost(ticket, of, at):
            begun, name = cpu_s(server), hashlib.sha256(of).hexdigest()
            for _ in range(20):
                status, fields, _ = ask(server.port, head_of("HEAD", of, ticket, name=name))
                assert status == 204 and int(fields["upload-offset"]) == at, (status, fields)
                assert at == 0 or put(server.port, of, ticket, 1, 2, name=name)[0] == 409
            return cpu_s(server) - begun

        ticket = to_send(alice, blob)
        assert put(server.port, blob, ticket, 0, len(blob) - 1)[0] == 202
        little = cost(to_send(alice, small), small, 0)
        much = cost(ticket, blob, len(blob) - 1)
        assert much < 2 * little + 0.5, (much, little)
        assert put(server.port, blob, ticket, len(blob) - 1)[0] == 201
        assert get(server.port, blob, to_fetch(alice, blob))[2] == blob
        alice.end()


def who_leaves_before_a_blob_is_hashed_has_it_all_the_same():
    blob = os.urandom(MIB) * 48
    with Server(*SETTINGS) as server:
        alice = member(server, "alice")
        ticket = to_send(alice, blob)
        assert put(server.port, blob, ticket, 0, len(blob) - 1)[0] == 202
        fields = ("Content-Length: 1", f"Content-Range: bytes {len(blob) - 1}-{len(blob) - 1}/{len(blob)}")
        request = head_of("PUT", blob, ticket, *fields) + blob[-1:]
        partial = os.path.join(server.directory, "state", "blobs", "partial")

        def come_and_go():
            with connect(server.port) as sock:
                sock.sendall(request)

        wait_for(lambda: come_and_go() or not os.listdir(partial))
        assert put(server.port, blob, ticket)[0] == 201
        assert get(server.port, blob, to_fetch(alice, blob))[2] == blob
        alice.end()


def what_was_kept_is_there_after_kill_9():
    blob = os.urandom(200000)
    server = Server(*SETTINGS)
    alice = member(server, "alice")
    assert put(server.port, blob, to_send(alice, blob))[0] == 201
    alice.close()
    server.stop(signal.SIGKILL)
    with Server(*SETTINGS, directory=server.directory) as again:
        alice.sign_in(again.port)
        assert get(again.port, blob, to_fetch(alice, blob))[2] == blob
        alice.end()


def over_the_quota_nothing_is_taken():
    blob = os.urandom(60000)
    with Server(*SETTINGS, "--set", "limits.account_bytes=100000") as server:
        alice = member(server, "alice")
        assert put(server.port, blob, to_send(alice, blob))[0] == 201
        try:
            to_send(alice, os.urandom(60000))
            raise AssertionError("it was not refused")
        except Refused as e:
            assert e.code == QUOTA, e.code
        alice.end()


def what_the_disk_has_no_room_for_is_not_begun():
    blob, size = os.urandom(60000), 40 * MIB
    with Server(*SETTINGS, "--set", f"limits.blob_bytes={size}", "--set", f"limits.account_bytes={2 * size}", "--set",
                f"limits.disk_reserve_bytes={64 * MIB}", prefix=disk_with(64 * MIB + size // 2)) as server:  # half of it would fit
        alice = member(server, "alice")
        assert put(server.port, blob[1:], to_send(alice, blob[1:]))[0] == 201
        size -= len(blob)
        assert ask(server.port, head_of("PUT", blob, to_send(alice, blob, size), f"Content-Length: {size}"))[0] == 507
        assert get(server.port, blob[1:], to_fetch(alice, blob[1:]))[0] == 200
        alice.end()


def a_slow_sender_is_closed_and_others_go_on():
    blob, small = os.urandom(MIB), os.urandom(1000)
    with Server(*SETTINGS) as server:
        alice = member(server, "alice")
        ticket = to_send(alice, blob)
        with connect(server.port) as slow:
            slow.sendall(head_of("PUT", blob, ticket, f"Content-Length: {len(blob)}") + blob[:100])
            assert put(server.port, small, to_send(alice, small))[0] == 201
            begun = time.monotonic()
            assert answer_of(slow)[0] == 408
            assert time.monotonic() - begun > 5
        assert put(server.port, blob, ticket)[0] == 201
        alice.end()


def many_are_carried_at_once_and_no_more_than_the_limit():
    with Server(*SETTINGS, "--set", "limits.account_transfers=4",
                # many at once on a slow machine, which is late to see that others have gone
                "--set", "limits.handshake_ms=60000", "--set", "limits.unauthenticated_per_network=500") as server:
        alice = member(server, "alice")
        blobs = [os.urandom(500000 + number) for number in range(16)]
        tickets = [to_send(alice, blob) for blob in blobs]
        refused = []

        def send(blob, ticket):
            while (status := put(server.port, blob, ticket)[0]) == 503:
                refused.append(status)
                time.sleep(0.1)
            assert status == 201, status

        threads = [threading.Thread(target=send, args=pair) for pair in zip(blobs, tickets)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for blob in blobs:
            assert get(server.port, blob, to_fetch(alice, blob))[2] == blob
        waiting = []
        for blob in blobs[:4]:
            slow = os.urandom(200000)
            sock = connect(server.port)
            sock.sendall(head_of("PUT", slow, to_send(alice, slow), "Content-Length: 200000"))
            waiting.append((sock, slow))
        wait_for(lambda: get(server.port, blobs[0], to_fetch(alice, blobs[0]))[0] == 503)
        for sock, slow in waiting:
            sock.sendall(slow)
            assert answer_of(sock)[0] == 201
            sock.close()
        alice.end()


def a_large_blob_takes_no_memory():
    flat = not sanitized()
    size = (100 if flat else 8) * MIB
    blob = os.urandom(MIB) * (size // MIB)
    with Server(*SETTINGS) as server:
        alice = member(server, "alice")
        before = server.memory()
        assert put(server.port, blob, to_send(alice, blob))[0] == 201
        assert get(server.port, blob, to_fetch(alice, blob))[2] == blob
        with open(f"/proc/{server.process.pid}/status", encoding="ascii") as f:
            most = next(int(line.split()[1]) * 1024 for line in f if line.startswith("VmHWM:"))
        assert not flat or most - before < 8 * MIB, (before, most)
        assert not flat or most < 64 * MIB, most
        alice.end()


run([
    a_blob_is_sent_and_fetched_by_another,
    a_part_of_a_blob_is_fetched,
    what_is_asked_wrongly_is_refused,
    a_ticket_is_good_for_its_time_and_this_run,
    what_is_not_what_its_hash_says_is_refused_and_may_come_again,
    an_upload_goes_on_after_a_broken_connection_a_restart_and_a_crash,
    who_asks_again_and_again_how_far_it_came_costs_little,
    who_leaves_before_a_blob_is_hashed_has_it_all_the_same,
    what_was_kept_is_there_after_kill_9,
    over_the_quota_nothing_is_taken,
    what_the_disk_has_no_room_for_is_not_begun,
    a_slow_sender_is_closed_and_others_go_on,
    many_are_carried_at_once_and_no_more_than_the_limit,
    a_large_blob_takes_no_memory,
])
