"""Accounts and streams on the real server: messages wait for who is offline, over a restart; who was removed reads no further; a full disk
refuses what is new and nothing else."""
import json
import re
import signal
import struct
import subprocess
import tempfile
import time
import urllib.request

from sottoclient import Server, free_port, program, run
from sottodevice import BEHIND, BYE, COMMITTED, E, ENTRY, Closed, Device, Refused

SETTINGS = ("--set", "registration.who=open", "--set", "host=localhost")

# as much as the disk takes
FAST = ("--set", "limits.requests=100000", "--set", "limits.sends=100000", "--set", "limits.send_kib=1000000", "--set", "limits.queue_bytes=1000000000")


def people(port, *names):
    devices = []
    for name in names:
        device = Device().connect(port)
        device.register(f"{name}@localhost")
        devices.append(device.auth())
    return devices


def refusal(call, *args, **options):
    try:
        call(*args, **options)
    except Refused as e:
        return e.code
    return None


def what_is_said_reaches_who_is_online():
    with Server(*SETTINGS) as server:
        alice, bob = people(server.port, "alice", "bob")
        stream = alice.create()
        alice.commit(stream, add=[bob])
        bob.read_all(stream)
        bob.listen()
        seq = alice.append(stream, b"hello")
        assert bob.wait() == (stream, seq, 1, b"hello")
        bob.ack(stream, seq)
        assert alice.append(stream, b"again") == seq + 1
        alice.end()
        bob.end()


def messages_wait_for_who_is_offline_over_a_restart():
    server = Server(*SETTINGS)
    alice, bob = people(server.port, "alice", "bob")
    stream = alice.create()
    alice.commit(stream, add=[bob])
    bob.close()
    for number in range(41):
        alice.append(stream, b"number %d" % number)
    directory = server.directory
    assert server.stop(signal.SIGTERM) == 0
    with Server(*SETTINGS, directory=directory) as server:
        bob.sign_in(server.port).listen()
        said = [body for _, kind, body in bob.read_all(stream) if kind == 1]
        assert said == [b"number %d" % n for n in range(41)], said
        inbox = bob.read_all(bob.inbox)
        assert [body for _, _, body in inbox] and b"a welcome" in inbox[0][2], inbox
        alice.sign_in(server.port)
        seq = alice.append(stream, b"after it")
        assert bob.wait() == (stream, seq, 1, b"after it")
    alice.end()
    bob.end()


def commits_of(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
        return int(re.search(rb"^sottod_commits_total (\d+)$", answer.read(), re.M).group(1))


def wait_for_commit(port, number):
    end = time.monotonic() + 20
    while commits_of(port) < number:
        assert time.monotonic() < end, "no commit"
        time.sleep(0.01)


def commits_when_quiet(port):
    """Once what time alone brings is over: it looks at how old entries are every five seconds."""
    end = time.monotonic() + 40
    before, quiet = commits_of(port), time.monotonic()
    while time.monotonic() < quiet + 6:
        assert time.monotonic() < end, "it goes on and on"
        if commits_of(port) != before:
            before, quiet = commits_of(port), time.monotonic()
        time.sleep(0.05)
    return before


def an_acknowledgement_for_which_nobody_waits_is_kept_soon():
    port = free_port()
    with Server(*SETTINGS, "--metrics", str(port)) as server:
        alice, bob = people(server.port, "alice", "bob")
        stream = alice.create()
        alice.commit(stream, add=[bob])
        bob.listen()
        end, took = time.monotonic() + 40, 1.0
        while took > 0.8:  # a second after a commit an idle server writes all there is; a slow machine may need another try
            assert time.monotonic() < end, "only an idle server keeps it"
            before, begun = commits_when_quiet(port), time.monotonic()
            seq = alice.append(stream, b"hello")
            wait_for_commit(port, before + 1)
            bob.ack(stream, seq)
            bob.recv(0)  # so that it is sent; nobody says anything more to the core
            wait_for_commit(port, before + 2)
            took = time.monotonic() - begun
        server.stop(signal.SIGKILL)
    with Server(*SETTINGS, directory=server.directory) as again:
        bob.sign_in(again.port)
        assert [body for _, kind, body in bob.read_all(stream) if kind == 1] == []
        alice.end()
        bob.end()


def a_lost_answer_is_given_again_and_stores_nothing_twice():
    with Server(*SETTINGS) as server:
        alice, bob = people(server.port, "alice", "bob")
        stream = alice.create()
        alice.commit(stream, add=[bob])
        op = alice.next_op()
        first = alice.append(stream, b"once", op=op)
        alice.close()
        alice.sign_in(server.port)
        assert alice.append(stream, b"once", op=op) == first
        assert refusal(alice.append, stream, b"another", op=op) == E["CONFLICT"]
        assert [body for _, kind, body in bob.read_all(stream) if kind == 1] == [b"once"]
        alice.end()
        bob.end()


def of_two_commits_for_one_epoch_one_wins():
    with Server(*SETTINGS) as server:
        alice, bob = people(server.port, "alice", "bob")
        stream = alice.create()
        alice.commit(stream, add=[bob])
        bob.headers[stream], bob.epochs[stream] = alice.headers[stream], 1
        alice.commit(stream, b"alice's")
        assert refusal(bob.commit, stream, b"bob's") == E["EPOCH"]
        commits = [body for _, kind, body in bob.read_all(stream) if kind == COMMITTED]
        assert len(commits) == 1 and b"alice's" in commits[0], commits
        alice.end()
        bob.end()


def who_was_removed_reads_up_to_that_commit_and_writes_no_more():
    with Server(*SETTINGS) as server:
        alice, bob = people(server.port, "alice", "bob")
        stream = alice.create()
        alice.commit(stream, add=[bob])
        alice.append(stream, b"for both")
        removal = alice.commit(stream, b"removal", remove=[bob])
        alice.append(stream, b"not for bob")
        entries = bob.read(stream)[0]
        assert entries[-1][0] == removal, entries
        assert refusal(bob.append, stream, b"still here?", epoch=2) is not None
        notices = [body for _, kind, body in bob.read_all(bob.inbox) if kind == 7]
        assert len(notices) == 1 and stream in notices[0], notices
        alice.end()
        bob.end()


def who_listens_and_takes_nothing_in_falls_behind_and_loses_nothing():
    """However much credit it gave: what the kernel's buffers and output_bytes don't hold waits in the store."""
    with Server(*SETTINGS, *FAST, "--set", "limits.stall_ms=600000") as server:
        alice, bob = people(server.port, "alice", "bob")
        stream = alice.create()
        alice.commit(stream, add=[bob])
        bob.read_all(stream)
        bob.listen(1 << 30)
        count = 400
        for number in range(count):
            last = alice.append(stream, b"%06d" % number + bytes(60000))
        heard = []
        while not heard or heard[-1][0] == ENTRY:
            kind, _, body = bob.recv()
            heard.append((kind, body))
            assert len(heard) <= count, "everything was kept for who took nothing in"
        assert heard.pop()[0] == BEHIND
        seqs = [bob.entry_of(body)[1] for _, body in heard]
        rest = [seq for seq, _, _ in bob.read_all(stream, seqs[-1])]
        assert seqs + rest == list(range(last - count + 1, last + 1))
        again = alice.append(stream, b"it is pushed again")
        assert bob.wait()[1] == again
        alice.end()
        bob.end()


def a_newer_session_of_a_device_closes_the_older():
    with Server(*SETTINGS) as server:
        old, again = Device(7).connect(server.port), Device(7)
        old.register("alice@localhost")
        stream = old.auth().create()
        again.sign_in(server.port)
        assert again.append(stream, b"from the newer one", epoch=0) > 0
        try:
            while old.recv(60) is not None:
                pass
            raise AssertionError("the older session lives on")
        except Closed:
            pass
        old.end()
        again.end()


def the_older_session_still_gets_what_was_pushed_to_it():
    with Server(*SETTINGS) as server:
        alice, = people(server.port, "alice")
        old, again = Device(7).connect(server.port), Device(7)
        old.register("bob@localhost")
        stream = alice.create()
        alice.commit(stream, add=[old.auth()])
        old.read_all(stream)
        old.listen()
        said = [b"%02d" % number + bytes(10000) for number in range(20)]
        seqs = [alice.append(stream, body) for body in said]
        again.sign_in(server.port)
        heard = []
        try:
            while frame := old.recv():
                heard.append((frame[0], frame[2]))
        except Closed:
            pass
        kind, body = heard.pop()
        assert kind == BYE and struct.unpack(">H", body[:2])[0] == E["CLOSED"], (kind, body)
        assert [Device.entry_of(body) for kind, body in heard if kind == ENTRY] == [(stream, seq, 1, body) for seq, body in zip(seqs, said)]
        assert [body for _, kind, body in again.read_all(stream) if kind == 1] == said, "nothing of it was acknowledged"
        for device in (alice, old, again):
            device.end()


def a_stranger_may_ask_for_nothing():
    with Server(*SETTINGS) as server:
        alice, = people(server.port, "alice")
        stream = alice.create()
        with Device() as stranger:
            stranger.connect(server.port)
            assert refusal(stranger.append, stream, b"who am I?", epoch=0) == E["SIGN_IN"]
            assert refusal(stranger.auth) == E["DENIED"]
        alice.end()


def a_full_disk_refuses_what_is_new_and_nothing_else():
    with tempfile.TemporaryDirectory(prefix="sottod-small-") as place:
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", place], capture_output=True, check=False)
        if mounted.returncode != 0:
            return "no small file system can be mounted here"
        try:
            return full_disk(place)
        finally:
            subprocess.run(["umount", "-l", place], check=False)


def said_until_refused(device, stream, said):
    while True:
        code = refusal(device.append, stream, b"%06d" % said + bytes(30000))
        if code is not None:
            assert code == E["DISK_FULL"], code
            return said
        said += 1
        assert said < 4000


def accepted_again(device, stream, help_on=lambda: None):
    end = time.monotonic() + 60
    while refusal(device.append, stream, b"is there space?") is not None:
        assert time.monotonic() < end
        help_on()
        device.recv(0.1)


def doctor_says(place):
    """How the server's disk is: (level, text)."""
    done = subprocess.run([program("sottod"), "doctor", "--dir", f"{place}/state", "--json", "disk"], capture_output=True, text=True, check=False)
    check, = json.loads(done.stdout)["checks"]
    return check["level"], check["text"]


def full_disk(place):
    settings = (*SETTINGS, *FAST, "--set", "limits.disk_reserve_bytes=50331648")
    with Server(*settings, directory=place) as server:
        alice, bob = people(server.port, "alice", "bob")
        stream = alice.create()
        alice.commit(stream, add=[bob])
        said = said_until_refused(alice, stream, 0)
        assert doctor_says(place)[0] == "fail"
        with Device().connect(server.port) as carol:
            assert refusal(carol.register, "carol@localhost") == E["DISK_FULL"]
        entries = [(seq, body[:6]) for seq, kind, body in bob.read_all(stream) if kind == 1]
        assert [body for _, body in entries] == [b"%06d" % n for n in range(said)]
        bob.ack(stream, entries[-1][0])
        bob.recv(0)  # so that it is sent
        accepted_again(alice, stream)  # the database's file is as long as before: what is free inside counts
        level, text = doctor_says(place)
        assert level == "warn" and "more inside the database" in text, text
        more = said_until_refused(alice, stream, said)
        assert more - said > said // 4, (said, more)
        accepted_again(alice, stream, lambda: subprocess.run(["mount", "-o", "remount,size=160m", place], check=False))
        assert server.process.poll() is None
        alice.end()
        bob.end()
    return None


run([what_is_said_reaches_who_is_online, messages_wait_for_who_is_offline_over_a_restart, an_acknowledgement_for_which_nobody_waits_is_kept_soon, a_lost_answer_is_given_again_and_stores_nothing_twice,
     of_two_commits_for_one_epoch_one_wins, who_was_removed_reads_up_to_that_commit_and_writes_no_more,
     who_listens_and_takes_nothing_in_falls_behind_and_loses_nothing, a_newer_session_of_a_device_closes_the_older,
     the_older_session_still_gets_what_was_pushed_to_it, a_stranger_may_ask_for_nothing, a_full_disk_refuses_what_is_new_and_nothing_else])
