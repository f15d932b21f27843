#!/usr/bin/python3
"""Starting, stopping, and the state directory."""
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from sottoclient import *
from sottopeople import takers, wait_for


def sottod(*arguments, env=None, prefix=(), timeout=60):
    done = subprocess.run([*prefix, program("sottod"), *arguments], capture_output=True, text=True, timeout=timeout, check=False,
                          env={**os.environ, **(env or {})})
    return done.returncode, done.stdout + done.stderr


def fresh():
    return tempfile.mkdtemp(prefix="sottod-test-")


def an_empty_directory_gets_keys_that_nobody_else_can_read():
    with Server() as s:
        state = os.path.join(s.directory, "state")
        assert os.stat(state).st_mode & 0o777 == 0o700
        wait_for(lambda: "spare" in os.listdir(state), "the spare file")
        names = sorted(os.listdir(state))
        assert [n for n in names if not n.startswith("sotto.db-")] == [
        "admin.sock", "blobs", "lock", "root.der", "root.key", "server.der", "server.key", "sotto.db", "sotto.db.lock", "spare", "tls.pem"], names
        for name in names:
            assert os.stat(os.path.join(state, name)).st_mode & 0o777 == (0o700 if name == "blobs" else 0o600), name
        assert s.line("new keys in")


def a_restart_and_a_kill_keep_the_pin():
    with Server() as s:
        pin, chain = s.pin(), Client(s.port).open().chain
        s.process.kill()
        s.process.wait()
    with Server(directory=s.directory) as again:
        assert again.pin() == pin
        assert Client(again.port).open().chain == chain
        assert again.stop() == 0


def another_directory_has_another_pin():
    with Server() as a, Server() as b:
        assert a.pin() != b.pin()


def the_certificates_are_good_to_openssl():
    with Server() as s:
        state = os.path.join(s.directory, "state")
        for name in ("root", "server"):
            subprocess.run(["openssl", "x509", "-inform", "der", "-in", f"{state}/{name}.der", "-out", f"{state}/{name}.test.pem"],
                           check=True, capture_output=True)
        done = subprocess.run(["openssl", "verify", "-CAfile", f"{state}/root.test.pem", f"{state}/server.test.pem"],
                              capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        text = subprocess.run(["openssl", "x509", "-noout", "-text", "-in", f"{state}/tls.pem"], capture_output=True, text=True,
                              check=True).stdout
        assert "prime256v1" in text and "DNS:localhost" in text, text


def two_servers_do_not_share_a_directory():
    with Server() as s:
        status, text = sottod("serve", "0", "--dir", os.path.join(s.directory, "state"))
        assert status == 7 and "another sottod uses the state directory" in text and "E_IN_USE" in text, text
        assert s.alive()


def a_port_in_use_is_told():
    with Server() as s:
        status, text = sottod("serve", "--listen", f"127.0.0.1:{s.port}", "--dir", os.path.join(fresh(), "state"))
        assert status == 3, (status, text)
        assert f"sottod: error: 127.0.0.1:{s.port} is already in use  [E_IN_USE, exit 3]" in text and "do: look with ss" in text, text
        assert s.alive()


# root without its privileges: still the one who may read the libraries, where they lie in root's home
BARE = ("setpriv", "--inh-caps=-all", "--bounding-set=-all")


def a_directory_without_permission_is_told():
    if not may_give_away():
        return "needs root, to make a directory of somebody else"
    directory = fresh()
    os.chmod(directory, 0o755)
    os.chown(directory, 65534, 65534)
    status, text = sottod("serve", "0", "--dir", os.path.join(directory, "state"), prefix=BARE)
    assert status == 7 and "no permission for the state directory" in text and "E_PERMISSION" in text and "do: ask as root" in text, text
    assert os.listdir(directory) == []
    return None


def what_root_put_into_the_directory_is_told_and_how_to_give_it_away():
    if not may_give_away():
        return "needs root, to make a file of somebody else"
    state = ready_state()
    for name, words in (("root.key", "cannot read root.key"), ("sotto.db", "no permission for the database"), ("blobs", f"can't use {state}/blobs")):
        os.chown(os.path.join(state, name), 65534, 65534)
        status, text = sottod("serve", "--listen", "127.0.0.1:0", "--dir", state, prefix=BARE)
        assert status == 7 and words in text and f"do: give it to the server's user; as root, in {state}: " in text, (name, status, text)
        command = re.search(r": (chown .*)", text)[1]
        subprocess.run(command, shell=True, cwd=state, check=True)
    with Server(directory=os.path.dirname(state), prefix=BARE) as s:
        assert s.stop() == 0
    return None


def a_low_port_without_the_right_to_it_is_told():
    if not may_give_away():
        return "needs root, to give up a right"
    with open("/proc/sys/net/ipv4/ip_unprivileged_port_start", encoding="ascii") as f:
        if int(f.read()) <= 80:
            return "every port is free for everybody here"
    status, text = sottod("serve", "--listen", "127.0.0.1:80", "--dir", os.path.join(fresh(), "state"), prefix=BARE)
    assert status == 7 and "no permission to listen on 127.0.0.1:80" in text and "E_PERMISSION" in text and "do: " in text, text
    return None


def a_directory_with_other_things_in_it_is_left_alone():
    directory = fresh()
    with open(os.path.join(directory, "letter.txt"), "w", encoding="utf-8") as f:
        f.write("dear")
    status, text = sottod("serve", "0", "--dir", directory)
    assert status == 2 and "holds other things" in text, text
    assert os.listdir(directory) == ["letter.txt"]


def ready_state():
    with Server() as s:
        s.stop()
        return os.path.join(s.directory, "state")


def snapshot(state):
    return {name: open(os.path.join(state, name), "rb").read() for name in os.listdir(state) if name != "blobs"}


def a_damaged_file_is_named_and_not_overwritten():
    good = ready_state()
    for name in ("root.key", "root.der", "server.key", "server.der", "tls.pem"):
        for damage in (lambda b: b[:-1], lambda b: b"", lambda b: b[:20] + bytes([b[20] ^ 1]) + b[21:], lambda b: b"garbage" * 20):
            state = os.path.join(fresh(), "state")
            shutil.copytree(good, state)
            if name == "tls.pem" and damage(b"ab" * 20) == (b"ab" * 20)[:-1]:
                continue  # only a line feed at the end of a text
            path = os.path.join(state, name)
            data = open(path, "rb").read()
            with open(path, "wb") as f:
                f.write(damage(data))
            before = snapshot(state)
            status, text = sottod("serve", "0", "--dir", state)
            assert status == 4 and name in text and "do: " in text, (name, status, text)
            assert snapshot(state) == before, name


def a_key_of_another_server_is_not_taken():
    a, b = ready_state(), ready_state()
    shutil.copy(os.path.join(b, "server.key"), a)
    status, text = sottod("serve", "0", "--dir", a)
    assert status == 4 and "do not belong together" in text, text
    a = ready_state()
    shutil.copy(os.path.join(b, "root.key"), a)
    status, text = sottod("serve", "0", "--dir", a)
    assert status == 4 and "do not belong together" in text, text


def the_root_key_may_be_elsewhere():
    state = ready_state()
    os.remove(os.path.join(state, "root.key"))
    with Server(directory=os.path.dirname(state)) as s:
        assert s.alive()
        s.stop()
    assert not os.path.exists(os.path.join(state, "root.key"))


def a_first_start_that_was_cut_off_goes_on():
    good = ready_state()
    order = ["root.key", "root.der", "server.key", "server.der", "tls.pem"]
    for count in range(1, len(order)):
        state = os.path.join(fresh(), "state")
        os.mkdir(state, 0o700)
        for name in order[:count]:
            shutil.copy(os.path.join(good, name), state)
        with Server(directory=os.path.dirname(state)) as s:
            assert s.alive()
            s.stop()
        for name in order[:count]:
            assert snapshot(state)[name] == snapshot(good)[name], name


def what_cannot_be_made_again_is_missed():
    for name in ("root.der", "server.key", "server.der"):
        state = ready_state()
        os.remove(os.path.join(state, "root.key"))
        os.remove(os.path.join(state, name))
        status, text = sottod("serve", "0", "--dir", state)
        assert status == 6 and f"{name} is missing" in text, (name, status, text)


def the_directory_comes_from_the_environment():
    for variable, below in (("STATE_DIRECTORY", ""), ("XDG_STATE_HOME", "sottod"), ("HOME", ".local/state/sottod")):
        top = fresh()
        env = {k: v for k, v in os.environ.items() if k not in ("STATE_DIRECTORY", "XDG_STATE_HOME")}
        path = os.path.join(top, below) if below else os.path.join(top, "x")
        env[variable] = path if not below else top
        p = subprocess.Popen([program("sottod"), "serve", "--listen", "127.0.0.1:0"], env=env, stderr=subprocess.PIPE)
        for line in p.stderr:
            if b"listening" in line:
                break
        p.terminate()
        p.communicate(timeout=60)
        assert os.path.exists(os.path.join(path, "root.key")), (variable, path)


def clients_are_told_when_the_server_stops():
    for number in (signal.SIGTERM, signal.SIGINT):
        with Server() as s:
            a, b, slot = pair(s.port)
            idle, stranger = Client(s.port).open(), Client(s.port).tls().upgrade()
            begin = time.monotonic()
            s.process.send_signal(number)
            for c in (a, b, idle, stranger):
                assert c.bye() == E["CLOSED"]
                try:
                    c.recv()
                except Ended:
                    pass
                assert c.close_code in (1000, 1001), c.close_code
                c.close()
            assert s.process.wait(60) == 0
            assert time.monotonic() - begin < 30
            assert s.line("stopping")


def clients_that_do_not_listen_do_not_keep_it_from_stopping():
    with Server() as s:
        kept = [Client(s.port).open(), Client(s.port).tls().upgrade(), Client(s.port).tls(), Client(s.port)]
        begin = time.monotonic()
        assert s.stop() == 0
        assert time.monotonic() - begin < 30
        del kept


def a_machine_that_is_slow_does_not_keep_it_from_stopping():
    if sanitized():
        return "a sanitizer wants to be preloaded first"
    with Server("--set=threads=1", prefix=("env", "LD_PRELOAD=" + program("tests/slow_close.so"))) as s:
        client = Client(s.port).open()
        s.process.send_signal(signal.SIGTERM)
        assert client.bye() == E["CLOSED"]
        client.close()
        assert s.process.wait(15) == 0, s.log()
    return None


def a_second_signal_ends_at_once():
    with Server() as s:
        kept = [Client(s.port).open() for _ in range(3)]
        s.process.send_signal(signal.SIGINT)
        s.line("stopping")
        time.sleep(0.3)  # cli/stop.h: sooner it is no second one
        assert s.stop(signal.SIGINT) == 130
        del kept


def two_signals_at_the_same_time_are_one():
    """timeout and shells signal a process and its group; two of a kind that wait are one, so these differ."""
    for _ in range(3):
        with Server() as s:
            client = Client(s.port).open()
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                s.process.send_signal(number)
            assert client.bye() == E["CLOSED"]
            s.process.send_signal(signal.SIGHUP)  # no reload any more, and no end
            client.close()
            assert s.process.wait(60) == 0, s.log()


def signals_come_to_the_main_thread_alone():
    """To another one they would come between two handlers, and end the server in their own way."""
    with Server() as s:
        assert sottod("backup", os.path.join(fresh(), "b"), "--dir", os.path.join(s.directory, "state"))[0] == 0
        assert takers(s.process.pid, signal.SIGTERM) == [s.process.pid]


def a_signal_that_was_ignored_before_stays_ignored():
    with Server(prefix=("sh", "-c", 'trap "" HUP INT; exec "$@"', "sh")) as s:
        for number in (signal.SIGHUP, signal.SIGINT):
            s.process.send_signal(number)
            time.sleep(0.2)
            assert s.alive()
        client = Client(s.port).open()
        s.process.send_signal(signal.SIGTERM)
        assert client.bye() == E["CLOSED"]  # the goodbyes wait for it, up to 2 seconds
        time.sleep(0.3)  # cli/stop.h: sooner it is no second one
        s.process.send_signal(signal.SIGINT)
        client.close()
        assert s.process.wait(60) == 0, s.log()


def the_service_manager_is_told():
    path = os.path.join(fresh(), "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as box:
        box.bind(path)
        box.settimeout(60)
        os.environ["NOTIFY_SOCKET"] = path
        try:
            with Server() as s:
                assert box.recv(100) == b"READY=1"
                s.stop()
                assert box.recv(100) == b"STOPPING=1"
        finally:
            del os.environ["NOTIFY_SOCKET"]


def wrong_settings_are_told():
    for arguments, words in ((["serve", "70000"], "not a port"), (["serve", "--set", "limits.nonsense=1"], "no setting"),
                             (["serve", "--set", "limits.rooms=0"], "not a value"), (["serve", "--set", "limits.rooms"], "KEY=VALUE"),
                             (["serve", "--set", "limits.frame_bytes=65537"], "not a value"),
                             (["serve", "--listen", "example.org:5000"], "not a value"), (["serve", "--threads", "0"], "not a value"),
                             (["serve", "--metrics", "x"], "not a value"), (["serve", "--nonsense"], "nonsense"), (["srve"], "serve")):
        status, text = sottod(*arguments)
        assert status == 2 and words in text and ("try: " in text or "do: " in text), (arguments, status, text)


def each_hint_can_be_run():
    hints = set()
    with Server() as s:
        for arguments in (["--listen", f"127.0.0.1:{s.port}", "--dir", os.path.join(fresh(), "state")], ["nonsense"], ["--set", "x=1"],
                          ["--dir", os.path.join(s.directory, "state")], ["--dir", "/proc/1/nonsense"], ["--nonsense"]):
            text = sottod("serve", *arguments)[1]
            hints |= {line.split("try: ")[1] for line in text.splitlines() if "try: " in line}
    assert len(hints) >= 2, hints
    path = os.path.dirname(program("sottod")) + ":" + os.environ["PATH"]
    for hint in hints:
        p = subprocess.Popen(["sh", "-c", "exec " + hint], env={**os.environ, "PATH": path}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for line in p.stderr:
            if b"listening" in line:
                p.terminate()
        p.stderr.close()
        assert p.wait(60) == 0, hint


def it_listens_on_several_addresses_and_ipv6():
    with Server("--listen", "127.0.0.2:0") as s:
        ports = [line.rsplit(" ", 1)[1] for line in s.log().splitlines() if "listening on" in line]
        s.line("listening on 127.0.0.2")
        other = int(s.line("listening on 127.0.0.2").rsplit(":", 1)[1])
        Client(other, host="127.0.0.2").open().close()
        assert s.alive(), ports
    try:
        socket.socket(socket.AF_INET6).bind(("::1", 0))
    except OSError:
        return "no IPv6 here"
    with Server(listen="[::1]:0") as s:
        Client(s.port, host="::1").open().close()
    return None


def addresses_are_not_logged_unless_asked_for():
    with Server() as s:
        Client(s.port, source="127.0.0.77").open().close()
        name = s.line("client 1 connected from #").split("#")[1]
        Client(s.port, source="127.0.0.77").open().close()
        Client(s.port, source="127.0.0.78").open().close()
        assert s.line("client 2 connected").endswith(f"from #{name}") and name not in s.line("client 3 connected")
        s.stop()
        assert "127.0.0.77" not in s.log()
    with Server("--log-addresses") as s:
        Client(s.port, source="127.0.0.77").open().close()
        assert "from 127.0.0.77:" in s.line("client 1 connected")
    with Server("--quiet") as s:
        assert s.alive()
        s.stop()
        assert "client" not in s.log()


def the_log_can_be_json():
    import json
    with Server("--json", wait=False) as s:
        s.line('"listening on')
        s.stop()
        for line in s.log().splitlines():
            assert set(json.loads(line)) == {"time", "ev", "msg"}, line


def the_log_can_be_logfmt():
    with Server("--set", "log.format=logfmt", wait=False) as s:
        s.port = int(re.search(r'ev=listening msg="listening on 127.0.0.1:(\d+)"', s.line("ev=listening"))[1])
        assert s.alive()
        s.stop()
        for line in s.log().splitlines():
            assert re.fullmatch(r'time=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ ev=[a-z]+ msg="[^"]*"', line), line


def rooms_are_logged_without_who():
    with Server("--set", "log.format=logfmt", wait=False) as s:
        s.port = int(re.search(r"listening on 127.0.0.1:(\d+)", s.line("ev=listening"))[1])
        a, b, slot = pair(s.port)
        for c in (a, b):
            c.send(ROOM_CONFIRM, struct.pack(">I", slot))
            c.expect(OK)
        a.send(ROOM_CLOSE, struct.pack(">IB", slot, 1))
        a.expect(OK)
        for words in (f"session open {slot}", f"peer joined {slot}", f"confirmed {slot}", f"closed {slot}"):
            assert " ev=room " in s.line(words), s.log()


def metrics_and_healthz_are_on_a_loopback_port_of_their_own():
    port = free_port()
    with Server("--metrics", str(port)) as s:
        assert s.alive()

        def ask(path):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
                return answer.read().decode()
        text = ask("/metrics")
        for name in ("build_info", "connections", "session_codes_open", "rooms_total", "session_code_failures_total", "handshakes_total", "accepted_total", "messages_accepted_total",
                     "delivered_total", "queue_messages", "queue_oldest_seconds", "store_bytes", "request_seconds", "errors_total", "rate_limited_total",
                     "prekeys_low_accounts", "tls_expiry_timestamp_seconds", "backup_last_success_timestamp_seconds"):
            assert f"# TYPE sottod_{name} " in text, name
        assert "sottod_rooms_total 1\n" in text, text
        assert ask("/healthz") == "ok\n"
        try:
            ask("/other")
            raise AssertionError("another path was served")
        except urllib.error.HTTPError as e:
            assert e.code == 404
        many = [socket.create_connection(("127.0.0.1", port)) for _ in range(40)]
        time.sleep(0.2)
        del many
        for attempt in range(50):
            try:
                assert ask("/healthz") == "ok\n"
                break
            except OSError:
                assert attempt < 49
                time.sleep(0.1)
        status, told = sottod("serve", "--listen", "127.0.0.1:0", "--metrics", str(port), "--dir", os.path.join(fresh(), "state"))
        assert status == 3 and "already in use" in told, told
        assert s.stop() == 0


def the_version_names_the_libraries():
    status, text = sottod("--version")
    assert status == 0 and "sottod 0." in text and "libcrypto 3." in text and "curve25519 from" in text, text


def a_reader_of_the_log_who_stops_reading_stops_nothing():
    import fcntl
    read, write = os.pipe()
    fcntl.fcntl(read, 1031, 4096)  # F_SETPIPE_SZ: a pipe that is full soon
    port = free_port()
    p = subprocess.Popen([program("sottod"), "serve", "--listen", f"127.0.0.1:{port}", "--dir", os.path.join(fresh(), "state")],
                         stderr=write)
    os.close(write)
    for _ in range(100):
        try:
            Client(port).open().close()
            break
        except OSError:
            time.sleep(0.05)
    for _ in range(200):
        Client(port).open().close()
    p.terminate()
    assert p.wait(60) == 0
    os.close(read)


run([f for f in list(globals().values()) if callable(f) and getattr(f, "__module__", "") == "__main__"
     and f.__name__ not in ("sottod", "fresh", "ready_state", "snapshot")])
