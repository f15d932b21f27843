"""How attachments end on the real server: by time, by a crash, on a disk that is full or fails; and who does not read them."""
import hashlib
import json
import os
import random
import resource
import signal
import subprocess
import tempfile
import threading
import time

from sottoblobs import *
from sottoclient import Server, program, run
from sottodevice import Refused

QUOTA = 64


def blobs_of(server, below=""):
    return os.path.join(server.directory, "state", "blobs", below)


def place_of(server, blob):
    name = hashlib.sha256(blob).hexdigest()
    return blobs_of(server, os.path.join(name[:2], name[2:]))


def files(server):
    """Whole blobs on the disk."""
    found = []
    for first in os.listdir(blobs_of(server)):
        if first != "partial":
            found += [first + rest for rest in os.listdir(blobs_of(server, first))]
    return found


def asked(server, *arguments):
    return subprocess.run([program("sottod"), *arguments, "--dir", os.path.join(server.directory, "state")], capture_output=True, text=True,
                          timeout=60, check=True).stdout


def metric(server, name):
    for line in asked(server, "metrics", "print").splitlines():
        if line.startswith(f"sottod_{name} "):
            return int(line.split()[1])
    raise AssertionError(f"no metric {name}")


def stored(server):
    """Bytes of attachments: in all, and by account."""
    users = [json.loads(line) for line in asked(server, "user", "list", "--json").splitlines()]
    return metric(server, "blob_bytes"), sorted(user["bytes"] for user in users)


def refusal(do, *arguments):
    try:
        do(*arguments)
    except Refused as e:
        return e.code
    return None


def what_is_here_counts():
    blob, other = os.urandom(60000), os.urandom(60000)
    with Server(*SETTINGS, "--set", "limits.account_bytes=100000") as server:
        alice = member(server, "alice")
        assert put(server.port, blob, to_send(alice, blob))[0] == 201
        assert get(server.port, blob, to_fetch(alice, blob))[2] == blob
        assert stored(server) == (60000, [60000]) and metric(server, "blobs") == 1
        assert "attachments  1, 59 KiB" in asked(server, "status")
        assert refusal(to_send, alice, other) == QUOTA
        alice.end()


def ticket_for_what_goes(server, device, blob):
    """To fetch what was sent and is over soon; where the machine is too slow for that, it is sent again."""
    found = []

    def send():
        wait_for(lambda: stored(server)[0] == 0)
        assert put(server.port, blob, to_send(device, blob))[0] == 201
        try:
            found.append(to_fetch(device, blob))
        except Refused:
            pass
        return found

    wait_for(send)
    return found[0]


def what_is_over_is_deleted_and_counts_no_more():
    blob, other = os.urandom(60000), os.urandom(60000)
    with Server(*SETTINGS, "--set", "limits.blob_s=3", "--set", "limits.account_bytes=100000") as server:
        alice = member(server, "alice")
        ticket = ticket_for_what_goes(server, alice, blob)
        wait_for(lambda: not files(server))
        assert stored(server) == (0, [0]) and metric(server, "blobs") == 0
        assert get(server.port, blob, ticket)[0] == 404
        assert refusal(to_fetch, alice, blob) is not None
        for again in (other, blob):
            wait_for(lambda: stored(server) == (0, [0]))
            assert put(server.port, again, to_send(alice, again))[0] == 201
        wait_for(lambda: not files(server))
        alice.end()


def who_fetches_it_meanwhile_gets_all_of_it():
    blob = os.urandom(24 * MIB)
    with Server(*SETTINGS, "--set", "limits.blob_s=3") as server:
        alice = member(server, "alice")
        status, end = 404, time.monotonic() + 60
        while status == 404:  # it was gone before it was asked for
            assert time.monotonic() < end
            ticket = ticket_for_what_goes(server, alice, blob)
            with connect(server.port) as sock:
                sock.sendall(head_of("GET", blob, ticket))
                wait_for(lambda: not files(server))
                status, _, body = answer_of(sock)
        assert status == 200 and body == blob, (status, len(body))
        alice.end()


def with_an_account_go_its_attachments():
    blobs = [os.urandom(1000 + number) for number in range(20)]
    with Server(*SETTINGS) as server:
        alice, bob = member(server, "alice"), member(server, "bob")
        for blob in blobs:
            assert put(server.port, blob, to_send(alice, blob))[0] == 201
        assert put(server.port, blobs[0][1:], to_send(bob, blobs[0][1:]))[0] == 201
        asked(server, "user", "delete", "alice", "--confirm", "alice")
        wait_for(lambda: len(files(server)) == 1)
        assert stored(server) == (999, [999])
        assert get(server.port, blobs[0][1:], to_fetch(bob, blobs[0][1:]))[0] == 200
        alice.close()
        bob.end()


def what_a_crash_left_is_found_at_the_start():
    blob, strange = os.urandom(70000), os.urandom(5000)
    server = Server(*SETTINGS)
    alice = member(server, "alice")
    assert put(server.port, blob, to_send(alice, blob))[0] == 201
    whole = os.urandom(MIB)
    _, sock = send_some(server, alice, whole, MIB // 2)
    alice.close()
    server.stop(signal.SIGKILL)
    sock.close()
    fresh = os.listdir(blobs_of(server, "partial"))
    assert len(fresh) == 1
    old = blobs_of(server, "partial/" + "ab" * 32 + ".1")
    for path, at in ((place_of(server, strange), None), (old, time.time() - 7200), (blobs_of(server, "ab/notes.txt"), None)):
        with open(path, "wb") as f:
            f.write(strange)
        if at is not None:
            os.utime(path, (at, at))
    with Server(*SETTINGS, directory=server.directory) as again:
        wait_for(lambda: not os.path.exists(place_of(again, strange)) and not os.path.exists(old))
        assert os.listdir(blobs_of(again, "partial")) == fresh
        assert os.path.exists(blobs_of(again, "ab/notes.txt"))
        alice.sign_in(again.port)
        assert get(again.port, blob, to_fetch(alice, blob))[2] == blob
        start = offset_of(again.port, whole, to_send(alice, whole))
        assert put(again.port, whole, to_send(alice, whole), start)[0] == 201
        alice.end()


def kill_9_at_any_time_leaves_nothing_behind():
    settings = (*SETTINGS, "--set", "limits.blob_s=2")
    server = Server(*settings)
    alice = member(server, "alice")
    for _ in range(6):
        for _ in range(8):
            blob = os.urandom(random.randrange(1, 100000))
            assert put(server.port, blob, to_send(alice, blob))[0] == 201
        end = time.monotonic() + random.random() * 2
        wait_for(lambda: time.monotonic() > end or not files(server))  # pylint: disable=cell-var-from-loop
        alice.close()
        server.stop(signal.SIGKILL)
        server = Server(*settings, directory=server.directory)
        alice.sign_in(server.port)
    with server:
        wait_for(lambda: not files(server) and stored(server) == (0, [0]))
        alice.end()


def what_is_sent_again_while_it_goes_is_there():
    blob = os.urandom(30000)
    wrong, rounds, end = [], [], time.monotonic() + 8

    def send(server, device):
        while time.monotonic() < end and not wrong:
            begun = time.monotonic()
            ticket, have = ticket_of(device, BLOB_PUT, hashlib.sha256(blob).digest() + len(blob).to_bytes(8, "big"))
            status = put(server.port, blob, ticket)[0] if have == 0 else 201
            code, got = None, (0, None, b"")
            try:
                got = get(server.port, blob, to_fetch(device, blob))
            except Refused as e:
                code = e.code
            if time.monotonic() - begun < 0.9 and (status, got[0]) not in ((201, 200), (409, 200), (503, 200)):
                wrong.append((status, code, got[0]))
            rounds.append(have)
            time.sleep(random.random() * 1.6)

    with Server(*SETTINGS, "--set", "limits.blob_s=2") as server:
        devices = [member(server, name) for name in ("alice", "bob", "carol")]
        threads = [threading.Thread(target=send, args=(server, device)) for device in devices]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not wrong, wrong
        assert rounds
        for device in devices:
            device.end()


def who_waits_for_100_continue_gets_it_or_the_refusal():
    blob = os.urandom(300000)
    with Server(*SETTINGS) as server:
        alice = member(server, "alice")
        fields = (f"Content-Length: {len(blob)}", "Expect: 100-continue")
        with connect(server.port) as sock:
            sock.sendall(head_of("PUT", blob, to_send(alice, blob), *fields))
            said = b""
            while not said.endswith(b"\r\n\r\n"):
                said += sock.recv(1)
            assert said == b"HTTP/1.1 100 Continue\r\n\r\n", said
            sock.sendall(blob)
            assert answer_of(sock)[0] == 201
        assert ask(server.port, head_of("PUT", blob, b"x" * 82, *fields))[0] == 401
        assert ask(server.port, head_of("PUT", blob, to_send(alice, blob), *fields))[0] == 201  # it is here already
        alice.end()


def who_does_not_read_is_closed():
    blob = os.urandom(24 * MIB)
    with Server(*SETTINGS, "--set", "limits.account_transfers=1") as server:
        alice = member(server, "alice")
        assert put(server.port, blob, to_send(alice, blob))[0] == 201
        ticket = to_fetch(alice, blob)
        with connect(server.port) as slow:
            slow.sendall(head_of("GET", blob, ticket))
            wait_for(lambda: get(server.port, blob, ticket, "Range: bytes=0-0")[0] == 503)
            wait_for(lambda: metric(server, "closed_slow_total") == 1, 60)
            wait_for(lambda: get(server.port, blob, ticket, "Range: bytes=0-0")[0] == 206)
            _, _, body = answer_of(slow)
            assert len(body) < len(blob), len(body)
        assert get(server.port, blob, ticket)[2] == blob
        alice.end()


def a_file_that_may_not_grow_is_a_full_disk_and_no_end():
    blob, small = os.urandom(12 * MIB), os.urandom(100000)
    with Server(*SETTINGS) as server:
        alice = member(server, "alice")
        assert put(server.port, small, to_send(alice, small))[0] == 201
        ticket = to_send(alice, blob)
        before = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (8 * MIB, before[1]))
        with connect(server.port) as sock:
            sock.sendall(head_of("PUT", blob, ticket, f"Content-Length: {len(blob)}"))
            try:
                sock.sendall(blob)
            except OSError:
                pass
            status = answer_of(sock)[0]
        assert status == 507, status
        assert get(server.port, small, to_fetch(alice, small))[2] == small
        start = free_offset(server.port, blob, ticket)
        assert 7 * MIB < start <= 8 * MIB, start
        assert put(server.port, blob, ticket, start)[0] == 507
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, before)
        start = free_offset(server.port, blob, ticket)
        assert put(server.port, blob, ticket, start)[0] == 201
        assert get(server.port, blob, to_fetch(alice, blob))[2] == blob
        assert server.process.poll() is None
        alice.end()


def a_disk_that_is_full_takes_it_once_there_is_space():
    with tempfile.TemporaryDirectory(prefix="sottod-small-") as place:
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", place], capture_output=True, check=False).returncode != 0:
            return "no small file system can be mounted here"
        try:
            full_disk(place)
        finally:
            subprocess.run(["umount", "-l", place], check=False)
    return None


def full_disk(place):
    blob = os.urandom(28 * MIB)
    with Server(*SETTINGS, "--set", "limits.disk_reserve_bytes=8388608", directory=place) as server:
        alice = member(server, "alice")
        ticket = to_send(alice, blob)
        assert put(server.port, blob, ticket)[0] == 507
        assert os.listdir(blobs_of(server, "partial")) == []
        subprocess.run(["mount", "-o", "remount,size=56m", place], check=True)
        _, sock = send_some(server, alice, blob, 20 * MIB)
        sock.close()
        start = free_offset(server.port, blob, ticket)  # there is no room for all of it once more
        assert put(server.port, blob, ticket, start)[0] == 201
        assert put(server.port, blob, ticket)[0] == 201  # nor does who lost the answer need any
        assert get(server.port, blob, to_fetch(alice, blob))[2] == blob
        alice.end()


def a_disk_that_is_slow_to_close_files_holds_nobody_else_up():
    blob = os.urandom(MIB)
    assert os.path.exists(program("tests/slow_close.so")), "build it first"
    options = ":".join(filter(None, (os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0")))
    prefix = ("env", f"LD_PRELOAD={program('tests/slow_close.so')}", "SLOW_CLOSE_IN=/blobs/partial/", "SLOW_CLOSE_MS=4000",
              f"ASAN_OPTIONS={options}")
    with Server(*SETTINGS, "--set", "threads=1", prefix=prefix) as server:
        alice = member(server, "alice")
        _, sock = send_some(server, alice, blob, MIB // 2)
        left = time.monotonic()
        sock.close()
        end, slowest = left + 1.5, 0
        while time.monotonic() < end:
            begun = time.monotonic()
            assert ask(server.port, head_of("HEAD", blob, None))[0] == 401
            slowest = max(slowest, time.monotonic() - begun)
        assert slowest < 2, slowest
        status = ask(server.port, head_of("HEAD", blob, to_send(alice, blob)))[0]
        assert status == 409 or (status == 204 and time.monotonic() > left + 4), status  # it is closed only then
        assert free_offset(server.port, blob, to_send(alice, blob)) >= MIB // 2 - 65536
        alice.end()


def a_failed_sync_is_never_acknowledged_and_stops_the_server():
    blob, small = os.urandom(200000), os.urandom(1000)
    assert os.path.exists(program("tests/fail_sync.so")), "build it first"
    with tempfile.TemporaryDirectory(prefix="sottod-fail-") as place:
        marker = os.path.join(place, "fail")
        options = ":".join(filter(None, (os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0")))
        prefix = ("env", f"LD_PRELOAD={program('tests/fail_sync.so')}", f"FAIL_SYNC={marker}", "FAIL_SYNC_IN=/blobs/partial/",
                  f"ASAN_OPTIONS={options}")
        with Server(*SETTINGS, prefix=prefix) as server:
            alice = member(server, "alice")
            assert put(server.port, small, to_send(alice, small))[0] == 201
            ticket = to_send(alice, blob)
            with open(marker, "wb"):
                pass
            with connect(server.port) as sock:
                sock.sendall(head_of("PUT", blob, ticket, f"Content-Length: {len(blob)}") + blob)
                try:
                    answer = sock.recv(1000)
                except OSError:
                    answer = b""
            assert answer == b"", answer
            assert server.process.wait(60) == 1
            assert "an attachment can't be written or is damaged (" in server.log() and "the server stops, so that nothing is promised" in server.log()
            alice.close()
        with Server(*SETTINGS, directory=server.directory) as again:
            alice.sign_in(again.port)
            assert refusal(to_fetch, alice, blob) is not None
            assert get(again.port, small, to_fetch(alice, small))[2] == small
            assert put(again.port, blob, to_send(alice, blob))[0] == 201
            alice.end()


run([
    what_is_here_counts,
    what_is_over_is_deleted_and_counts_no_more,
    who_fetches_it_meanwhile_gets_all_of_it,
    with_an_account_go_its_attachments,
    what_a_crash_left_is_found_at_the_start,
    kill_9_at_any_time_leaves_nothing_behind,
    what_is_sent_again_while_it_goes_is_there,
    who_waits_for_100_continue_gets_it_or_the_refusal,
    who_does_not_read_is_closed,
    a_file_that_may_not_grow_is_a_full_disk_and_no_end,
    a_disk_that_is_full_takes_it_once_there_is_space,
    a_disk_that_is_slow_to_close_files_holds_nobody_else_up,
    a_failed_sync_is_never_acknowledged_and_stops_the_server,
])
