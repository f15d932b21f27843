#!/usr/bin/python3
"""What changes while the server runs: settings and TLS certificates; and what the service manager hears."""
import os
import pty
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.request

from sottoclient import *
from sottodevice import Device, Refused
from sottopeople import wait_for
from sottoproxy import free_port


def fresh():
    return tempfile.mkdtemp(prefix="sottod-test-")


def write(path, text):
    """As a careful program does: nobody sees half of it."""
    with open(path + ".new", "w", encoding="utf-8") as f:
        f.write(text)
    os.rename(path + ".new", path)


def hang_up(server, words):
    before = server.log().count(words)
    server.process.send_signal(signal.SIGHUP)
    end = time.monotonic() + 60
    while server.log().count(words) == before:
        assert time.monotonic() < end and server.process.poll() is None, server.log()
        time.sleep(0.02)


def configured(text):
    path = os.path.join(fresh(), "sottod.conf")
    write(path, text)
    return path


def rooms_allowed(port):
    """How many rooms one connection may open."""
    c, count = Client(port).open(), 0
    while True:
        c.send(ROOM_OPEN, b"\x01" + opaque(b""))
        if c.recv()[0] != ROOM_OPENED:
            c.close()
            return count
        count += 1


def limits_count_at_once():
    path = configured("[limits]\nrooms_per_connection = 2\n")
    with Server("--config", path) as s:
        assert rooms_allowed(s.port) == 2
        write(path, "[limits]\nrooms_per_connection = 3\n")
        hang_up(s, "settings read again")
        assert rooms_allowed(s.port) == 3
        a, b, slot = pair(s.port)
        write(path, "[limits]\nconnections_per_address = 2\n")
        hang_up(s, "settings read again")
        try:
            Client(s.port).open()
            raise AssertionError("a third connection was let in")
        except (Ended, OSError):
            pass
        a.room_send(slot, b"we stay")
        assert b.room_data(slot) == b"we stay"
        write(path, "")
        hang_up(s, "settings read again")
        assert s.alive()


def who_is_short_of_memory_refuses_what_is_new_and_delivers_the_rest():
    open_to_all = "host = localhost\n[registration]\nwho = open\n"
    path = configured(open_to_all)
    with Server("--config", path) as s:
        alice, bob = Device(1), Device(2)
        for device, name in ((alice, "alice"), (bob, "bob")):
            device.connect(s.port).register(f"{name}@localhost")
            device.auth()
        stream = alice.create()
        alice.commit(stream, add=[bob])
        seq = alice.append(stream, b"before")
        write(path, open_to_all + "[limits]\nmemory_bytes = 1048576\n")
        s.process.send_signal(signal.SIGHUP)
        wait_for(lambda: "memory runs short (limits.memory_bytes): nothing new is accepted" in s.log(), "little memory", 60)
        try:
            alice.append(stream, b"now")
            raise AssertionError("a message was taken")
        except Refused as refused:
            assert refused.code == E["RATE"]
        try:
            Client(s.port).open()
            raise AssertionError("a newcomer was let in")
        except (Ended, OSError):
            pass
        assert (seq, b"before") in [(entry[0], entry[2]) for entry in bob.read_all(stream, 1)]
        bob.ack(stream, seq)
        write(path, open_to_all)
        s.process.send_signal(signal.SIGHUP)
        wait_for(lambda: "there is enough memory again" in s.log(), "enough memory", 60)
        Client(s.port).open().close()
        alice.append(stream, b"after")
        alice.end()
        bob.end()


def a_broken_file_keeps_the_old_settings_and_says_so():
    path = configured("[limits]\nrooms_per_connection = 2\n")
    with Server("--config", path) as s:
        write(path, "[limits]\nrooms_per_connection = 3\nroms = 4\n")
        hang_up(s, "all settings stay as they were")
        assert "line 3" in s.line("all settings stay as they were")
        assert rooms_allowed(s.port) == 2
        os.remove(path)
        hang_up(s, "all settings stay as they were")
        assert rooms_allowed(s.port) == 2 and s.alive()


def own_records(metrics):
    """How many connections left OpenSSL after their handshake."""
    with urllib.request.urlopen(f"http://127.0.0.1:{metrics}/metrics", timeout=60) as answer:
        return [int(line.split()[1]) for line in answer.read().decode().splitlines() if line.startswith("sottod_own_records_total ")][0]


def what_needs_a_new_start_is_named_and_does_not_count_before():
    layer = os.environ.get("SOTTO_RECORD_LAYER", "own")
    other = "openssl" if layer == "own" else "own"
    path, metrics = configured(f"threads = 1\n[tls]\nrecord_layer = {layer}\n"), free_port()
    with Server("--config", path, "--metrics", str(metrics)) as s:
        write(path, f"threads = 2\nhost = chat.example.org\n[tls]\nrecord_layer = {other}\n")
        hang_up(s, "settings read again")
        changed = "host, threads" if os.environ.get("SOTTO_RECORD_LAYER") else "host, threads, tls.record_layer"
        assert s.line("settings read again").endswith(f"from the next start on: {changed}"), s.log()
        for _ in range(3):
            Client(s.port).open().close()
        assert own_records(metrics) == (3 if layer == "own" else 0)


def the_command_line_still_counts_more():
    path = configured("[limits]\nrooms_per_connection = 2\n")
    with Server("--config", path, "--set", "limits.rooms_per_connection=1") as s:
        write(path, "[limits]\nrooms_per_connection = 3\n")
        hang_up(s, "settings read again")
        assert rooms_allowed(s.port) == 1


def certificate(directory, name, chain=False):
    """A key and its certificate, with that of an issuer behind it if asked for; gives the certificate's bytes."""
    key, cert = f"{directory}/{name}.key", f"{directory}/{name}.pem"

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True)
    if not chain:
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", cert, "-subj",
                f"/CN={name}", "-days", "30")
    else:
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{directory}/ca.key", "-out",
                f"{directory}/ca.pem", "-subj", "/CN=issuer", "-days", "30")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", f"{directory}/csr",
                "-subj", f"/CN={name}")
        openssl("x509", "-req", "-in", f"{directory}/csr", "-CA", f"{directory}/ca.pem", "-CAkey", f"{directory}/ca.key", "-days", "30",
                "-set_serial", "7", "-out", cert)
        with open(cert, "a", encoding="ascii") as f, open(f"{directory}/ca.pem", encoding="ascii") as ca:
            f.write(ca.read())
    with open(cert, encoding="ascii") as f:
        pem = f.read()
    return key, cert, ssl.PEM_cert_to_DER_cert(pem[:pem.index("-----END CERTIFICATE-----") + 26])


def shown(port):
    c = Client(port).tls()
    der = c.sock.getpeercert(binary_form=True)
    c.close()
    return der


def certificate_files_stand_in_for_our_own():
    directory = fresh()
    key, cert, der = certificate(directory, "first", chain=True)
    with Server("--set", f"tls.certificate={cert}", "--set", f"tls.key={key}") as s:
        assert shown(s.port) == der and s.alive()
        done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{s.port}", "-CAfile", f"{directory}/ca.pem",
                               "-verify_return_error", "-showcerts"], input="", capture_output=True, text=True, check=False)
        assert "Verify return code: 0 (ok)" in done.stdout and done.stdout.count("BEGIN CERTIFICATE") == 2, done.stdout + done.stderr
        a, b, slot = pair(s.port)
        key2, cert2, der2 = certificate(directory, "second")
        os.rename(key2, key)
        os.rename(cert2, cert)
        hang_up(s, "settings read again")
        assert shown(s.port) == der2
        a.room_send(slot, b"as before")
        assert b.room_data(slot) == b"as before"
        write(cert, "garbage")
        hang_up(s, "all settings stay as they were")
        assert shown(s.port) == der2 and s.alive()
        os.remove(cert)
        hang_up(s, "cannot read")
        assert shown(s.port) == der2 and s.alive()


def settings_that_are_gone_are_no_defaults():
    directory = fresh()
    state = os.path.join(directory, "state")
    os.mkdir(state, 0o700)
    write(os.path.join(state, "sottod.conf"), "[limits]\nrooms_per_connection = 2\n")
    with Server(directory=directory) as s:
        assert rooms_allowed(s.port) == 2
        os.rename(os.path.join(state, "sottod.conf"), os.path.join(state, "away"))
        hang_up(s, f"all settings stay as they were: there is no file {state}/sottod.conf any more")
        assert rooms_allowed(s.port) == 2
        os.rename(os.path.join(state, "away"), os.path.join(state, "sottod.conf"))
        hang_up(s, "settings read again")


def settings_that_came_later_are_no_defaults_either():
    directory = fresh()
    path = os.path.join(directory, "state", "sottod.conf")
    with Server(directory=directory) as s:
        write(path, "[limits]\nrooms_per_connection = 2\n")
        hang_up(s, "settings read again")
        assert rooms_allowed(s.port) == 2
        os.remove(path)
        hang_up(s, f"all settings stay as they were: there is no file {path} any more")
        assert rooms_allowed(s.port) == 2


def a_file_that_counts_no_more_may_go():
    """The one of the machine, as soon as the directory has one of its own. Its /etc is one that we write."""
    etc, directory = fresh(), fresh()
    usual, own = os.path.join(etc, "sottod", "sottod.conf"), os.path.join(directory, "state", "sottod.conf")
    inside = ("unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc && exec "$@"', etc)
    os.mkdir(os.path.dirname(usual))
    write(usual, "[limits]\nrooms_per_connection = 2\n")
    if subprocess.run([*inside, "true"], capture_output=True, check=False).returncode != 0:
        return "may not mount here"
    with Server(directory=directory, prefix=inside) as s:
        assert rooms_allowed(s.port) == 2
        write(own, "[limits]\nrooms_per_connection = 3\n")
        hang_up(s, "settings read again")
        assert rooms_allowed(s.port) == 3
        os.remove(usual)
        hang_up(s, "settings read again")
        os.remove(own)
        hang_up(s, f"all settings stay as they were: there is no file {own} any more")
        assert rooms_allowed(s.port) == 3
    return None


def certificate_files_that_are_wrong_are_told_at_the_start():
    directory = fresh()
    key, cert, _ = certificate(directory, "first")
    other, _, _ = certificate(directory, "second")
    for arguments, words, status in (
            ([f"tls.certificate={cert}"], "go together", 2), ([f"tls.key={key}"], "go together", 2),
            ([f"tls.certificate={cert}", f"tls.key={other}"], "no certificate with its key", 4),
            ([f"tls.certificate={cert}", f"tls.key={directory}/none"], f"cannot read {directory}/none", 6),
            (["tls.certificate=/dev/null", f"tls.key={key}"], "no certificate with its key", 4)):
        sets = [part for a in arguments for part in ("--set", a)]
        done = subprocess.run([program("sottod"), "serve", "--listen", "127.0.0.1:0", "--dir", os.path.join(fresh(), "state"), *sets],
                              capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == status and words in done.stderr, (arguments, done.returncode, done.stderr)
        path = os.path.join(fresh(), "sottod.conf")
        write(path, "[tls]\n" + "".join(a.replace("tls.", "") + "\n" for a in arguments))
        said = subprocess.run([program("sottod"), "check-config", path], capture_output=True, text=True, check=False, timeout=60)
        assert said.returncode == status and words in said.stderr and said.stdout == "", (arguments, said.returncode, said.stderr)
        if status != 2:
            assert said.stderr == done.stderr, (said.stderr, done.stderr)


def hear(box, heard, enough, timeout=60):
    """What the manager is told, until it is enough."""
    end = time.monotonic() + timeout
    while not enough():
        box.settimeout(max(end - time.monotonic(), 0.001))
        heard.append(box.recv(200).decode())


def the_service_manager_hears_of_reloads_and_that_all_threads_live():
    path = os.path.join(fresh(), "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as box:
        box.bind(path)
        os.environ.update(NOTIFY_SOCKET=path, WATCHDOG_USEC="150000")
        try:
            with Server() as s:
                heard = []
                hear(box, heard, lambda: "READY=1" in heard and heard.count("WATCHDOG=1") >= 3)
                s.process.send_signal(signal.SIGHUP)
                hear(box, heard, lambda: "RELOADING=1" in heard[-1])
                assert "\nMONOTONIC_USEC=" in heard[-1]
                hear(box, heard, lambda: heard[-1] == "READY=1")
                s.stop()
                hear(box, heard, lambda: heard[-1] == "STOPPING=1")
        finally:
            del os.environ["NOTIFY_SOCKET"], os.environ["WATCHDOG_USEC"]


def the_service_manager_hears_nothing_while_a_thread_hangs():
    path = os.path.join(fresh(), "notify")
    options = ":".join(filter(None, (os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0")))
    assert os.path.exists(program("tests/slow_close.so")), "build it first"
    preload = (f"LD_PRELOAD={program('tests/slow_close.so')}", "SLOW_CLOSE_MS=3000", f"ASAN_OPTIONS={options}")
    if built_with("tsan"):
        return "ThreadSanitizer has a close() of its own"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as box:
        box.bind(path)
        prefix = ("env", *preload, f"NOTIFY_SOCKET={path}", "WATCHDOG_USEC=600000")  # a ping each 201 ms
        with Server("--set=threads=1", prefix=prefix) as s:
            client, heard = Client(s.port).open(), []
            hear(box, heard, lambda: heard.count("WATCHDOG=1") >= 3)
            at = [time.monotonic()]
            client.close()
            s.line("a thread does not answer")
            end = time.monotonic() + 60
            while not any(later - earlier > 1.5 for earlier, later in zip(at, at[1:])):  # silence, and then it goes on
                assert time.monotonic() < end, at
                hear(box, heard, lambda count=len(heard): len(heard) > count)
                at.append(time.monotonic())
    return None


def a_server_on_a_terminal_ends_with_it():
    directory = fresh()
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(program("sottod"), ["sottod", "serve", "--listen", "127.0.0.1:0", "--dir", os.path.join(directory, "state")])
    text = b""
    while b"listening on" not in text:
        text += os.read(terminal, 1000)
    os.close(terminal)  # as when its window is closed
    end = time.monotonic() + 60
    while os.waitpid(pid, os.WNOHANG)[0] == 0:
        assert time.monotonic() < end
        time.sleep(0.02)


run([f for f in list(globals().values()) if callable(f) and getattr(f, "__module__", "") == "__main__"
     and f.__name__ not in ("fresh", "write", "hang_up", "configured", "rooms_allowed", "certificate", "shown", "hear", "own_records")])
