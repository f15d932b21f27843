#!/usr/bin/python3
"""Backups: made while the server runs, checked, and put back; the drill of docs/operations.md."""
import fcntl
import hashlib
import json
import os
import resource
import shutil
import signal
import struct
import subprocess
import tempfile
import termios
import threading
import time

from sottoblobs import SETTINGS, get, member, put, to_fetch, to_send
from sottoclient import *
from sottodevice import APPLICATION, Device
from sottopeople import caught, wait_for


def sottod(*arguments, timeout=60, **more):
    done = subprocess.run([program("sottod"), *arguments], capture_output=True, timeout=timeout, check=False, **more)
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


def fresh():
    return tempfile.mkdtemp(prefix="sottod-test-")


def state_of(server):
    return os.path.join(server.directory, "state")


def recipient(place):
    key = os.path.join(place, "backup.key")
    status, out, err = sottod("backup-key", key)
    assert status == 0 and os.stat(key).st_mode & 0o777 == 0o600, err
    assert sottod("backup-key", key)[1] == out
    return key, out.split("recipient = ")[1].strip()


def blob(state, first, rest, size):
    path = os.path.join(state, "blobs", first)
    os.makedirs(path, 0o700, exist_ok=True)
    with open(os.path.join(path, rest), "wb") as f:
        f.write(os.urandom(size))


def the_drill():
    """Sealed, made while messages are stored and rooms go on, checked elsewhere, put back, and served again under the same pin, with
    all that was acknowledged before it began."""
    place = fresh()
    key, to = recipient(place)
    file = os.path.join(place, "b.sotto")
    with Server("--set", f"backup.recipient={to}", "--set", "registration.who=open", "--set", "limits.sends=1000000",
                "--set", "limits.send_kib=1000000") as s:
        blob(state_of(s), "ab", "0" * 62, 300000)
        alice, bob = Device().connect(s.port), Device().connect(s.port)
        for device, name in ((alice, "alice"), (bob, "bob")):
            device.register(f"{name}@localhost")
            device.auth()
        stream = alice.create()
        alice.commit(stream, add=[bob])
        stop, errors, acked = threading.Event(), [], []

        def load():
            try:
                a, b, slot = pair(s.port)
                while not stop.is_set() and len(acked) < 5000:  # more than limits.queue_entries would be lost
                    alice.append(stream, b"message %d" % len(acked))
                    acked.append(b"message %d" % len(acked))
                    a.room_send(slot, b"while a backup is made")
                    assert b.room_data(slot) == b"while a backup is made"
            except Exception as e:  # pylint: disable=broad-except
                errors.append(e)
        thread = threading.Thread(target=load)
        thread.start()
        wait_for(lambda: errors or len(acked) >= 20, "messages before the backup")
        before = len(acked)
        status, out, err = sottod("backup", file, "--dir", state_of(s), "--json")
        assert len(acked) > before, "nothing was stored meanwhile"
        stop.set()
        thread.join()
        assert status == 0 and not errors, (err, errors)
        told, pin = json.loads(out), s.pin()
        assert told["sealed"] and told["keys"] and told["attachments"] == 1, told
        assert "last backup  20" in sottod("status", "--dir", state_of(s))[1]
        assert json.loads(sottod("doctor", "backup", "--dir", state_of(s), "--json")[1])["checks"][0]["level"] == "ok"
        kept = open(os.path.join(state_of(s), "blobs", "ab", "0" * 62), "rb").read()
        shutil.rmtree(s.directory)  # the machine is gone
    assert os.stat(file).st_mode & 0o777 == 0o600
    with open(file, "rb") as f:
        sealed = f.read()
    assert b"root.key" not in sealed and b"SQLite" not in sealed
    status, out, err = sottod("verify-backup", file, "--key", key)
    assert status == 0 and "whole: " in out and "with keys" in out, err
    directory = fresh()
    status, out, err = sottod("restore", file, "--key", key, "--dir", os.path.join(directory, "state"))
    assert status == 0 and "restored: " in out and "next: start the server" in out, err
    assert open(os.path.join(directory, "state", "blobs", "ab", "0" * 62), "rb").read() == kept
    for top, _, names in os.walk(os.path.join(directory, "state")):
        assert os.stat(top).st_mode & 0o077 == 0, top
        for name in names:
            assert os.stat(os.path.join(top, name)).st_mode & 0o077 == 0, name
    with Server(directory=directory) as again:
        assert again.pin() == pin and again.alive()
        bob.sign_in(again.port)
        said = [body for _, kind, body in bob.read_all(stream) if kind == APPLICATION]
        assert len(said) >= before and said == (acked + [b"message %d" % len(acked)])[:len(said)], (before, len(acked), said)
    alice.end()
    bob.end()


def what_is_made_as_root_is_for_who_owns_the_directory():
    """The service has its own user, and gives itself only a directory that is somebody else's."""
    if not may_give_away():
        return "only root can give files away"
    place = fresh()
    file, state, link = (os.path.join(place, name) for name in ("b", "state", "link"))
    with Server() as s:
        blob(state_of(s), "ab", "0" * 62, 1000)
        assert sottod("backup", file, "--with-keys", "--dir", state_of(s))[0] == 0
    os.mkdir(state, 0o700)
    os.chown(state, 12345, 12346)
    os.symlink("state", link)  # as systemd has it
    status, out, err = sottod("restore", file, "--dir", link)
    assert status == 0 and "systemctl start sottod" in out and "sottod serve" not in out, (out, err)
    assert sottod("rotate-key", "--intermediate", "--dir", link)[0] == 0
    assert sottod("backup", os.path.join(place, "c"), "--dir", link)[0] == 0
    paths = [os.path.join(top, name) for top, folders, names in os.walk(state) for name in folders + names]
    for name in ("sotto.db", "root.key", "lock", "intermediate.key", "last-backup", "blobs/ab/" + "0" * 62):
        assert os.path.join(state, name) in paths, (name, paths)
    for path in [state, *paths]:
        assert (os.stat(path).st_uid, os.stat(path).st_gid) == (12345, 12346), path
    return None


def what_root_served_once_is_for_who_owns_the_directory():
    """Who tries it out before the service is started, as restore and doctor say."""
    if not may_give_away():
        return "only root can give files away"
    place = fresh()
    state = os.path.join(place, "state")
    os.mkdir(state, 0o700)
    os.chown(state, 12345, 12346)
    with Server(directory=place) as s:
        wait_for(lambda: os.path.exists(os.path.join(state, "spare")), "the spare")
        assert s.stop() == 0
    for top, folders, names in os.walk(state):
        for path in [os.path.join(top, name) for name in folders + names]:
            assert (os.stat(path).st_uid, os.stat(path).st_gid) == (12345, 12346), path
    return None


def the_settings_in_force_come_along():
    place = fresh()
    settings, file, plain = (os.path.join(place, name) for name in ("here.conf", "b", "c"))
    with open(settings, "w", encoding="utf-8") as f:
        f.write("host = chat.example.org\nrooms = off\n")
    with Server("--config", settings) as s:
        state = state_of(s)
        for running in (True, False):
            if not running:
                s.stop()
            assert sottod("backup", file, "--dir", state, "--config", settings)[0] == 0
            back = os.path.join(fresh(), "state")
            status, out, err = sottod("restore", file, "--dir", back)
            assert status == 0 and f"settings: in {back}/sottod.conf" in out, (running, out, err)
            with open(settings, "rb") as one, open(os.path.join(back, "sottod.conf"), "rb") as other:
                assert one.read() == other.read(), running
            assert json.loads(sottod("check-config", os.path.join(back, "sottod.conf"), "--json")[1])["file"]
            os.unlink(file)
        assert sottod("backup", plain, "--dir", state, "--config", "/dev/null")[0] == 0
    back = os.path.join(fresh(), "state")
    status, out, _ = sottod("restore", plain, "--dir", back)
    assert status == 0 and "settings" not in out and "sottod.conf" not in os.listdir(back), out


def accounts_and_what_waits_for_them_come_back():
    file = os.path.join(fresh(), "b")
    with Server("--set", "registration.who=open") as s:
        a, b = Device().connect(s.port), Device().connect(s.port)
        a.register("alice@localhost")
        b.register("bob@localhost")
        a.auth()
        b.auth()
        stream = a.create()
        a.commit(stream, add=[b])
        a.append(stream, b"before the backup")
        assert sottod("backup", file, "--with-keys", "--dir", state_of(s))[0] == 0
        a.append(stream, b"after it: lost")
        shutil.rmtree(s.directory)
    directory = fresh()
    assert sottod("restore", file, "--dir", os.path.join(directory, "state"))[0] == 0
    with Server(directory=directory) as again:
        users = sottod("user", "list", "--dir", state_of(again))[1]
        assert "alice@localhost" in users and "bob@localhost" in users, users
        a.sign_in(again.port)
        b.sign_in(again.port)
        said = [body for _, _, body in b.read_all(stream)]
        assert b"before the backup" in said and b"after it: lost" not in said, said
        a.append(stream, b"and on it goes")
        assert b"and on it goes" in [body for _, _, body in b.read_all(stream)]
    a.end()
    b.end()


def waiting_in(pipe):
    return struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)))[0]


def attachments_of_who_is_deleted_meanwhile_are_in_it():
    attachments = [os.urandom(100000) for _ in range(8)]
    with Server(*SETTINGS) as s:
        alice = member(s, "alice")
        for attachment in attachments:
            assert put(s.port, attachment, to_send(alice, attachment))[0] == 201
        state = state_of(s)
        names = [hashlib.sha256(attachment).hexdigest() for attachment in attachments]
        paths = [os.path.join(state, "blobs", name[:2], name[2:]) for name in names]
        read, write = os.pipe()  # it waits as long as nobody reads
        p = subprocess.Popen([program("sottod"), "backup", "-", "--with-keys", "--dir", state], stdout=write, stderr=subprocess.DEVNULL)
        os.close(write)
        wait_for(lambda: waiting_in(read) > 50000, "the database, which takes less, and a part of an attachment", 60)
        assert sottod("user", "delete", "alice", "--confirm", "alice", "--dir", state)[0] == 0
        wait_for(lambda: json.loads(sottod("status", "--dir", state, "--json")[1])["attachments"] == 0, "their rows to go", 60)
        end = time.monotonic() + 1  # in which files that nobody holds go
        while time.monotonic() < end:
            assert all(os.path.exists(path) for path in paths)
            time.sleep(0.05)
        with open(read, "rb") as out:
            backup = out.read()
        assert p.wait(60) == 0
        wait_for(lambda: not any(os.path.exists(path) for path in paths), "the files to go", 60)
        alice.close()
    file, directory = os.path.join(fresh(), "b"), fresh()
    with open(file, "wb") as f:
        f.write(backup)
    assert sottod("restore", file, "--dir", os.path.join(directory, "state"))[0] == 0
    with Server(*SETTINGS, directory=directory) as again:
        alice.sign_in(again.port)
        for attachment in attachments:
            status, _, body = get(again.port, attachment, to_fetch(alice, attachment))
            assert (status, body) == (200, attachment), status
    alice.end()


def without_a_recipient_keys_stay_out_unless_asked_for():
    place = fresh()
    with Server() as s:
        pin = s.pin()
        plain, full = os.path.join(place, "plain"), os.path.join(place, "full")
        assert "without keys" in sottod("backup", plain, "--dir", state_of(s))[1]
        assert "with keys" in sottod("backup", full, "--with-keys", "--dir", state_of(s))[1]
        root = open(os.path.join(state_of(s), "root.key"), "rb").read()
    directory = fresh()
    state = os.path.join(directory, "state")
    status, out, err = sottod("restore", plain, "--dir", state)
    assert status == 0 and "put root.key back" in out and not os.path.exists(os.path.join(state, "root.key")), (out, err)
    status, _, err = sottod("serve", "--listen", "127.0.0.1:0", "--dir", state)
    assert status == 6 and "server.key is missing" in err, err
    with open(os.path.join(state, "root.key"), "wb") as f:
        f.write(root)
    with Server(directory=directory) as again:
        assert again.pin() == pin and again.alive()
    directory = fresh()
    assert sottod("restore", full, "--dir", os.path.join(directory, "state"))[0] == 0
    with Server(directory=directory) as again:
        assert again.pin() == pin


def a_server_that_does_not_run_can_be_backed_up_too():
    place = fresh()
    file = os.path.join(place, "b")
    with Server() as s:
        s.stop()
        state = state_of(s)
    assert sottod("backup", file, "--dir", state)[0] == 0
    assert sottod("verify-backup", file)[0] == 0
    status, _, err = sottod("backup", os.path.join(place, "c"), "--dir", fresh())
    assert status == 6 and "no server's database" in err and not os.path.exists(os.path.join(place, "c")), err
    for more, told in (([], lambda text: text.startswith("backup: made ")), (["--json"], lambda text: json.loads(text)["files"] >= 1),
                       (["--quiet"], lambda text: text == "")):
        done = subprocess.run([program("sottod"), "backup", "-", "--dir", state, *more], capture_output=True, check=False)
        assert done.returncode == 0 and done.stdout.startswith(b"sotto back") and told(done.stderr.decode()), done.stderr
    done = subprocess.run(f"{program('sottod')} backup - --dir {state} | {program('sottod')} verify-backup -", shell=True,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "whole: " in done.stdout, done.stderr


def restore_touches_nothing_that_is_there():
    place = fresh()
    file = os.path.join(place, "b")
    with Server() as s:
        sottod("backup", file, "--dir", state_of(s))
        status, _, err = sottod("restore", file, "--dir", state_of(s))
        assert status == 1 and "is not an empty directory" in err and s.alive(), err
    full = fresh()
    with open(os.path.join(full, "letter"), "w", encoding="utf-8") as f:
        f.write("dear")
    assert sottod("restore", file, "--dir", full)[0] == 1 and os.listdir(full) == ["letter"]
    status, _, err = sottod("restore", file, "--dir", "/nonexistent/below")
    assert status == 6 and "cannot make /nonexistent/below: No such file" in err and "do: make the directory above it first" in err, err
    assert sottod("restore", os.path.join(place, "none"), "--dir", os.path.join(place, "x"))[0] == 6


def what_is_damaged_is_not_restored():
    place = fresh()
    key, to = recipient(place)
    for options, more in (([], []), (["--set", f"backup.recipient={to}"], ["--key", key])):
        file, bad, state = (os.path.join(fresh(), name) for name in ("b", "bad", "state"))
        with Server(*options) as s:
            assert sottod("backup", file, "--dir", state_of(s))[0] == 0
        data = open(file, "rb").read()
        middle = len(data) // 2
        for damaged, words in ((data[:-1], "cut off"), (data[:middle], "cut off"), (b"", "not a backup"), (b"SQLite format 3\0" * 9, "not a backup"),
                               (data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1:], "damaged"), (data + b"x", "damaged")):
            with open(bad, "wb") as f:
                f.write(damaged)
            for command in (["verify-backup", bad], ["restore", bad, "--dir", state]):
                status, out, err = sottod(*command, *more)
                assert status != 0 and words in err and out == "", (words, command, status, err)
                assert words != "not a backup" or (status == 2 and "do: name a file that sottod backup wrote" in err), err
            assert not os.path.exists(state)
            empty = fresh()
            assert sottod("restore", bad, "--dir", empty, *more) == (status, out, err) and os.listdir(empty) == []
    status, _, err = sottod("verify-backup", file)
    assert status == 4 and "sealed to a key" in err and "--key" in err, err
    other, _ = recipient(fresh())
    status, _, err = sottod("verify-backup", file, "--key", other)
    assert status == 4 and "another key" in err, err
    status, _, err = sottod("verify-backup", file, "--key", file)
    assert status == 4 and "does not hold" in err, err


def a_file_that_is_there_or_a_full_disk_is_told():
    with Server() as s:
        place = fresh()
        file = os.path.join(place, "b")
        with open(file, "w", encoding="utf-8") as f:
            f.write("mine")
        status, _, err = sottod("backup", file, "--dir", state_of(s))
        assert status == 1 and "File exists" in err and "do: name another file" in err and open(file, encoding="utf-8").read() == "mine", err
        with open("/dev/full", "wb") as full:
            done = subprocess.run([program("sottod"), "backup", "-", "--dir", state_of(s)], stdout=full, stderr=subprocess.PIPE, text=True,
                                  check=False)
        assert done.returncode == 5 and "cannot write the standard output: the disk that it goes to is full" in done.stderr, \
            (done.returncode, done.stderr)
        assert not os.path.exists(os.path.join(state_of(s), "backup.tmp"))
        assert sottod("backup", os.path.join(place, "c"), "--dir", state_of(s))[0] == 0 and s.alive()


def whose_disk_is_full_is_told():
    """Hardly ever it is the server's: that of the file, of the directory, of $TMPDIR."""
    if os.geteuid() != 0:
        return "only root can mount a small disk"
    small, place = fresh(), fresh()
    whole, file = os.path.join(place, "whole"), os.path.join(small, "b.sotto")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "none", small], capture_output=True, check=False).returncode != 0:
        return "may not mount here"
    try:
        with Server() as s:
            state = state_of(s)
            blob(state, "ab", "0" * 62, 100000)
            assert sottod("backup", whole, "--dir", state)[0] == 0
            for running in (True, False):
                if not running:
                    s.stop()
                status, out, err = sottod("backup", file, "--dir", state)
                assert status == 5 and out == "" and f"cannot write {file}: the disk that it goes to is full" in err, (running, err)
                assert "the server's disk" not in err and "do: make room there, or write the backup to another disk" in err, err
                assert os.listdir(small) == []
            told = json.loads(sottod("backup", file, "--dir", state, "--json")[2])
            assert told["code"] == "E_DISK_FULL" and file in told["error"] and "make room" in told["do"], told
        status, _, err = sottod("restore", whole, "--dir", small)
        assert status == 5 and f"cannot write {small}/" in err and "do: make room there, or name another directory with --dir" in err, err
        assert os.listdir(small) == []
        status, _, err = sottod("verify-backup", whole, env={**os.environ, "TMPDIR": small})
        assert status == 5 and f"cannot write {small}/" in err and "another directory with $TMPDIR" in err, err
        assert os.listdir(small) == []
    finally:
        subprocess.run(["umount", small], check=False)
    return None


def unsynced(what):
    """What puts a disk in front of a command that can't make the names there durable."""
    options = ":".join(filter(None, (os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0")))
    return {**os.environ, "LD_PRELOAD": program("tests/fail_sync.so"), "FAIL_SYNCFS_IN": what, "ASAN_OPTIONS": options}


def a_name_that_is_not_durable_is_no_success():
    place = fresh()
    file, to = os.path.join(place, "b"), os.path.join(place, "restored")
    with Server() as s:
        blob(state_of(s), "ab", "0" * 62, 1000)
        for running in (True, False):
            if not running:
                s.stop()
            status, _, err = sottod("backup", file, "--dir", state_of(s), env=unsynced(file))
            assert status == 1 and f"cannot write {file}: Input/output error" in err and not os.path.exists(file), (status, err)
        assert sottod("backup", file, "--dir", state_of(s))[0] == 0
    status, out, err = sottod("restore", file, "--dir", to, env=unsynced(to))
    assert status == 1 and out == "" and f"cannot write {to}: Input/output error" in err and not os.path.exists(to), (status, err)
    assert sottod("verify-backup", file, env=unsynced("sotto-verify"))[0] == 0
    assert sottod("restore", file, "--dir", to)[0] == 0 and os.path.exists(os.path.join(to, "blobs", "ab", "0" * 62))


def a_file_that_may_not_grow_is_told():
    with Server() as s:
        s.stop()
        blob(state_of(s), "ab", "0" * 62, 2000000)
        file, most = os.path.join(fresh(), "b"), 1000000  # the database's copy is smaller
        status, _, err = sottod("backup", file, "--dir", state_of(s), preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)))
        assert status == 1 and f"cannot write {file}: File too large" in err and not os.path.exists(file), (status, err)


def a_stop_in_the_middle_leaves_nothing_behind():
    with Server() as s:
        for i in range(40):
            blob(state_of(s), f"{i:02x}", "1" * 62, 1 << 20)
        read, write = os.pipe()  # nobody reads: the backup waits
        p = subprocess.Popen([program("sottod"), "backup", "-", "--dir", state_of(s)], stdout=write, stderr=subprocess.PIPE, text=True)
        os.close(write)
        assert os.read(read, 10).startswith(b"sotto back")
        status, _, err = sottod("backup", os.path.join(fresh(), "b"), "--dir", state_of(s))
        assert status == 7 and "being made already" in err, err
        status, _, err = sottod("rotate-key", "--dir", state_of(s))
        assert status == 7 and "a backup is being made" in err, err
        assert s.alive()
        p.send_signal(signal.SIGINT)
        os.close(read)
        p.communicate(timeout=60)
        assert p.returncode != 0
        assert s.stop() == 0
        assert "backup.tmp" not in os.listdir(state_of(s))


def large(state, size=1 << 20):
    for i in range(40):
        blob(state, f"{i:02x}", "1" * 62, size)
    return 40 * size


def begun(server, path):
    """A backup that is not half written, by a server that is stopped. Where it went further before that was seen there is more to write."""
    state = state_of(server)
    for size in (1 << 20, 4 << 20, 16 << 20):
        whole = large(state, size)
        p = subprocess.Popen([program("sottod"), "backup", path, "--dir", state], stderr=subprocess.PIPE, text=True)
        wait_for(lambda: os.path.exists(path) and os.path.getsize(path) > 0, "its beginning", 60)
        server.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, server.process.pid, os.WSTOPPED)  # all its threads are
        if os.path.getsize(path) < whole // 2:
            return p
        server.process.send_signal(signal.SIGCONT)
        _, err = p.communicate(timeout=60)
        assert p.returncode == 0, err
        os.unlink(path)
        os.unlink(os.path.join(state, "last-backup"))
    raise AssertionError("backups are made before they are seen")


def stalled(state):
    """A backup into a pipe that is full, and that nobody reads; the pipe's other end."""
    read, write = os.pipe()
    p = subprocess.Popen([program("sottod"), "backup", "-", "--dir", state], stdout=write, stderr=subprocess.PIPE, text=True)
    os.close(write)
    wait_for(lambda: waiting_in(read) > 60000, "the pipe to be full", 60)
    return p, read


def of_a_server_that_dies_no_backup_is_left():
    """Nor does the command go on by itself in the middle of the file."""
    path = os.path.join(fresh(), "b")
    with Server() as s:
        p = begun(s, path)
        s.stop(9)
        _, err = p.communicate(timeout=60)
        assert p.returncode == 3 and "the server ended before it answered" in err and "do: " in err, (p.returncode, err)
        assert not os.path.exists(path) and "last-backup" not in os.listdir(state_of(s))


def one_that_is_broken_off_does_not_count():
    path = os.path.join(fresh(), "b")
    with Server() as s:
        p = begun(s, path)
        p.kill()
        p.communicate(timeout=60)
        made = s.log().count("a backup was made")
        s.process.send_signal(signal.SIGCONT)
        s.line("a backup failed: ")
        assert "last-backup" not in os.listdir(state_of(s)) and s.log().count("a backup was made") == made


def the_next_one_waits_for_one_that_is_broken_off():
    path = os.path.join(fresh(), "b")
    with Server() as s:
        large(state_of(s))
        p, read = stalled(state_of(s))
        p.kill()
        p.communicate(timeout=60)
        status, _, err = sottod("backup", path, "--dir", state_of(s))
        assert status == 0 and sottod("verify-backup", path)[0] == 0, err
        os.close(read)


def a_pipe_that_nobody_reads_holds_up_no_stop():
    with Server() as s:
        large(state_of(s))
        p, read = stalled(state_of(s))
        assert s.stop() == 0
        _, err = p.communicate(timeout=60)
        assert p.returncode == 3 and "the server ended before it answered" in err, (p.returncode, err)
        os.close(read)


def who_stops_reading_one_leaves_nothing_of_it():
    place, tmp, empty = fresh(), fresh(), fresh()
    file, state = os.path.join(place, "b"), os.path.join(place, "state")
    with Server() as s:
        blob(state_of(s), "ab", "0" * 62, 100000)
        assert sottod("backup", file, "--with-keys", "--dir", state_of(s))[0] == 0
    with open(file, "rb") as f:
        data = f.read()[:-100]
    for command, where in ((["verify-backup", "-"], tmp), (["restore", "-", "--dir", state], state), (["restore", "-", "--dir", empty], empty)):
        for number in (signal.SIGINT, signal.SIGTERM):
            with subprocess.Popen([program("sottod"), *command], stdin=subprocess.PIPE, stderr=subprocess.PIPE,
                                  env={**os.environ, "TMPDIR": tmp}) as p:
                p.stdin.write(data)
                p.stdin.flush()  # and the rest doesn't come
                wait_for(lambda: any("sotto.db" in names for _, _, names in os.walk(where)), "the database", 60)
                p.send_signal(number)
                assert p.wait(60) == 130, (command, p.stderr.read())
            assert os.listdir(tmp) == [] and os.listdir(empty) == [] and not os.path.exists(state), command


def what_a_crash_left_of_a_backup_goes_at_the_next_start():
    directory = fresh()
    with Server(directory=directory) as s:
        s.stop(9)
    left = [os.path.join(state_of(s), name) for name in ("backup.tmp", "backup.tmp-journal")]
    for path in left:
        with open(path, "wb") as f:
            f.write(bytes(100000))
    with Server(directory=directory) as s:
        assert not any(os.path.exists(path) for path in left) and s.alive()


def who_stops_waiting_leaves_no_file():
    if built_with("tsan"):
        return "ThreadSanitizer keeps signals back until some other call"
    with Server() as s:
        path = os.path.join(fresh(), "b.sotto")
        s.process.send_signal(signal.SIGSTOP)
        try:
            p = subprocess.Popen([program("sottod"), "backup", path, "--dir", os.path.join(s.directory, "state")], stderr=subprocess.DEVNULL)
            wait_for(lambda: caught(p.pid, signal.SIGINT) and os.path.exists(path), "a backup that waits", 60)
            p.send_signal(signal.SIGINT)
            assert p.wait(60) == 130 and not os.path.exists(path)
        finally:
            s.process.send_signal(signal.SIGCONT)
        assert s.alive()


run([f for f in list(globals().values()) if callable(f) and getattr(f, "__module__", "") == "__main__"
     and f.__name__ not in ("sottod", "fresh", "state_of", "recipient", "blob", "large", "begun", "stalled", "unsynced", "caught", "waiting_in")])
