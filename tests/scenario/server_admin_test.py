#!/usr/bin/python3
"""The admin socket: commands that ask the running server, and what is said to who may not or asks wrongly."""
import array
import errno
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

from sottoclient import *
from sottodevice import E as REFUSALS
from sottodevice import Device, Refused
from sottopeople import wait_for


def sottod(*arguments, env=None, timeout=60, prefix=()):
    done = subprocess.run([*prefix, program("sottod"), *arguments], capture_output=True, text=True, timeout=timeout, check=False,
                          env={**os.environ, **(env or {})})
    return done.returncode, done.stdout, done.stderr


def fresh():
    return tempfile.mkdtemp(prefix="sottod-test-")


def state_of(server):
    return os.path.join(server.directory, "state")


def ask(server, line, files=()):
    """Raw bytes to the socket; the answer as it came, or None."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(60)
        s.connect(os.path.join(state_of(server), "admin.sock"))
        try:
            s.sendmsg([line], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", files))] if files else [])
            answer = b""
            while data := s.recv(65536):
                answer += data
        except (ConnectionResetError, BrokenPipeError):
            return None
    return json.loads(answer) if answer else None


def status_tells_how_the_server_is():
    with Server() as s:
        a, b, _ = pair(s.port)
        status, out, err = sottod("status", "--dir", state_of(s))
        assert status == 0 and err == "", err
        for line in (f"pid {s.process.pid}", f"listening    127.0.0.1:{s.port}\n", f"pin          {s.pin()}\n"):
            assert line in out, out
        end = time.monotonic() + 60
        while True:
            told = json.loads(sottod("status", "--dir", state_of(s), "--json")[1])
            if told["rooms"] == 1 or time.monotonic() > end:
                break
        assert told["v"] == 1 and told["rooms"] == 1 and told["connections"] == 2 and told["pin"] == s.pin(), told
        a.close()
        b.close()


def the_socket_is_for_root_and_the_servers_user():
    with Server() as s:
        path = os.path.join(state_of(s), "admin.sock")
        assert os.stat(path).st_mode & 0o7777 == 0o600
        s.stop()
        assert not os.path.exists(path)
    if not may_give_away():
        return "needs root, to be somebody else"
    with Server() as s:
        for directory in (s.directory, state_of(s)):
            os.chmod(directory, 0o755)
        os.chmod(os.path.join(state_of(s), "admin.sock"), 0o666)  # even then
        nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
        script = (f"import socket; s = socket.socket(socket.AF_UNIX); s.connect('{state_of(s)}/admin.sock');"
                  "s.sendall(b'{\"v\":1,\"command\":\"status\"}\\n'); print(len(s.recv(1000)))")
        done = subprocess.run([*nobody, "/usr/bin/python3", "-c", script], capture_output=True, text=True, check=False)
        assert done.stdout == "0\n" or "Error" in done.stderr, (done.stdout, done.stderr)
    return None


def without_a_server_that_is_told():
    directory = fresh()
    for arguments in (["--dir", directory], ["--dir", "/nonexistent"]):
        for command in (["status"], ["reload"], ["metrics", "print"]):
            status, out, err = sottod(*command, *arguments)
            assert status == 3 and "no server runs with the state directory" in err and "do: " in err and out == "", (command, status, err)
    with Server() as s:
        s.process.kill()  # its socket stays behind
        s.process.wait()
        assert os.path.exists(os.path.join(state_of(s), "admin.sock"))
        assert sottod("status", "--dir", state_of(s))[0] == 3
        with Server(directory=s.directory) as again:
            assert sottod("status", "--dir", state_of(again))[0] == 0


def an_answer_that_is_lost_is_no_absence():
    """Nobody may do by himself then what a server that lives does, or has done."""
    directory = fresh()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.join(directory, "admin.sock"))
        listener.listen()

        def answer():
            for part in (b"", b'{"v":1,'):
                taken = listener.accept()[0]
                taken.recv(65536)
                taken.sendall(part)
                taken.close()
        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        for command in (["status"], ["backup", os.path.join(directory, "b")]):
            status, _, err = sottod(*command, "--dir", directory, "--config", "/dev/null")
            assert status == 3 and "the server ended before it answered" in err and "do: look at its log" in err, (command, status, err)
        thread.join()
    assert os.listdir(directory) == ["admin.sock"]


def a_long_path_is_no_hindrance():
    directory = os.path.join(fresh(), *["x" * 60] * 4)
    os.makedirs(directory)
    with Server(directory=directory) as s:
        assert sottod("status", "--dir", state_of(s))[0] == 0


def metrics_are_printed():
    with Server() as s:
        status, out, _ = sottod("metrics", "print", "--dir", state_of(s))
        assert status == 0 and "\nsottod_session_codes_open 0\n" in out and "(null)" not in out, out


def requests_are_timed_and_refusals_counted():
    with Server() as s:
        a, b, slot = pair(s.port)
        a.send(ROOM_OPEN, b"\x01" + opaque(b""))
        a.expect(ROOM_OPENED)
        b.send(ROOM_JOIN, b"\x01" + struct.pack(">I", 9999999))
        b.expect(ERROR)
        text = sottod("metrics", "print", "--dir", state_of(s))[1]
        assert 'sottod_request_seconds_count{op="room_open"} 2\n' in text and 'sottod_request_seconds_count{op="room_join"} 2\n' in text, text
        counts = [int(line.split()[1]) for line in text.splitlines() if line.startswith('sottod_request_seconds_bucket{op="room_open"')]
        assert len(counts) == 13 and counts == sorted(counts) and counts[-1] == 2, counts
        assert 'sottod_errors_total{kind="E_NOTFOUND"} 1\n' in text, text
        assert 'sottod_rate_limited_total{limit="requests"} 0\n' in text, text
        for name in ("tls_expiry_timestamp_seconds", "certificate_expiry_timestamp_seconds", "issuer_expiry_timestamp_seconds",
                     "backup_last_success_timestamp_seconds", "store_bytes"):
            assert f"\nsottod_{name} " in text, name
        for line in text.splitlines():
            assert line.startswith("# ") or re.fullmatch(r'sottod_[a-z0-9_]+(\{[a-z]+="[^"]*"(,le="[^"]*")?\})? [0-9.]+', line), line
        names = [line.split()[2] for line in text.splitlines() if line.startswith("# TYPE ")]
        assert len(names) == len(set(names)), names


def what_was_held_up_or_refused_is_told_by_its_limit():
    with Server("--set", "limits.room_opens=1", "--set", "limits.logins=1", "--set", "limits.requests=20") as s:
        client, device = Client(s.port).open(), Device().connect(s.port)
        for kind in (ROOM_OPENED, ERROR, ERROR):
            client.send(ROOM_OPEN, b"\x01" + opaque(b""))
            client.expect(kind)
        for name, code in (("alice@localhost", REFUSALS["INVITE"]), ("bob@localhost", REFUSALS["RATE"])):
            try:
                device.register(name, "link", bytes(32))
                raise AssertionError("a link that nobody made was good")
            except Refused as e:
                assert e.code == code, e
        text = sottod("metrics", "print", "--dir", state_of(s))[1]
        for limit, count in (("room_opens", 2), ("logins", 1), ("requests", 0), ("registers", 0), ("sends", 0)):
            assert f'sottod_rate_limited_total{{limit="{limit}"}} {count}\n' in text, (limit, text)
        for _ in range(3):
            client.send(ROOM_OPEN, b"\x01" + opaque(b""))
        wait_for(lambda: 'limit="requests"} 0\n' not in sottod("metrics", "print", "--dir", state_of(s))[1], "the limit of requests")
        device.end()


def what_may_not_be_more_is_told_by_its_limit():
    with Server("--set", "limits.rooms=2", "--set", "limits.rooms_per_connection=1") as s:
        clients = [Client(s.port).open() for _ in range(3)]
        for client, kind in ((clients[0], ROOM_OPENED), (clients[0], ERROR), (clients[1], ROOM_OPENED), (clients[2], ERROR), (clients[2], ERROR)):
            client.send(ROOM_OPEN, b"\x01" + opaque(b""))
            client.expect(kind)
        text = sottod("metrics", "print", "--dir", state_of(s))[1]
        for limit, count in (("rooms", 2), ("rooms_per_connection", 1), ("rooms_per_address", 0), ("mails_waiting", 0)):
            assert f'sottod_rate_limited_total{{limit="{limit}"}} {count}\n' in text, (limit, text)
        assert 'limit="full"' not in text and 'limit="quota"' not in text, text


def the_dashboard_names_only_metrics_that_exist():
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "packaging", "grafana-dashboard.json")
    with open(path, encoding="utf-8") as f:
        dashboard = json.load(f)
    with Server() as s:
        text = sottod("metrics", "print", "--dir", state_of(s))[1]
    there = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE ")}
    there |= {name + end for name in there for end in ("_bucket", "_count", "_sum") if name.endswith("_seconds")}
    named = set(re.findall(r"sottod_[a-z_]+", json.dumps([p["targets"] for p in dashboard["panels"]])))
    assert len(named) > 15 and named <= there, named - there


def who_watches_learns_whether_it_is_ready():
    port = free_port()
    with Server("--metrics", str(port)) as s:
        def ask_for(path):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
                return answer.status, answer.read()
        end = time.monotonic() + 60
        while True:
            try:
                assert ask_for("/readyz") == (200, b"ready\n")
                break
            except OSError:
                assert time.monotonic() < end
        assert b"\nsottod_session_codes_open 0\n" in ask_for("/metrics")[1]
        assert s.alive()


def with_a_full_disk_it_is_not_ready():
    port = free_port()
    with Server("--metrics", str(port), "--set", f"limits.disk_reserve_bytes={10**9}", prefix=disk_with(9 * 10**8)) as s:
        s.line("the disk is nearly full")
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=60)
            raise AssertionError("ready with a full disk")
        except urllib.error.HTTPError as e:
            assert e.code == 503 and e.read() == b"the disk is full\n"


def reload_says_what_happened():
    path = os.path.join(fresh(), "sottod.conf")
    with open(path, "w", encoding="utf-8") as f:
        f.write("[limits]\nrooms = 5\n")
    with Server("--config", path) as s:
        assert sottod("reload", "--dir", state_of(s)) == (0, "settings read again\n", "")
        with open(path, "w", encoding="utf-8") as f:
            f.write("threads = 1\n")
        status, out, _ = sottod("reload", "--dir", state_of(s))
        assert status == 0 and "from the next start on: threads" in out, out
        with open(path, "w", encoding="utf-8") as f:
            f.write("thread = 1\n")
        status, out, err = sottod("reload", "--dir", state_of(s))
        assert status == 2 and "line 1" in err and out == "", (status, err)
        assert s.alive()
        with open(os.path.join(state_of(s), "sottod.conf"), "w", encoding="utf-8") as f:
            f.write("thread = 1\n")
        assert sottod("status", "--dir", state_of(s))[0] == 0  # the mistake is no reason not to ask
        s.stop()
        status, _, err = sottod("status", "--dir", state_of(s))
        assert status == 2 and "did you mean threads?" in err, (status, err)


def a_broken_file_leads_to_no_other_server():
    """Without settings nobody knows which server is meant: looking at the one in the usual place is told, changing it refused."""
    path = os.path.join(fresh(), "sottod.conf")
    with open(path, "w", encoding="utf-8") as f:
        f.write("threads = 1\nrom = off\n")
    with Server() as s:
        usual, state = {"STATE_DIRECTORY": state_of(s)}, state_of(s)
        for command in (["status"], ["metrics", "print"], ["user", "list"], ["invite", "list"]):
            status, out, err = sottod(*command, "--config", path, env=usual)
            assert status == 0 and err.count("sottod: note: ") == 1 and f"{path}, line 2: " in err and f"the server in {state}" in err, (command, err)
            assert sottod(*command, "--config", path, "--dir", state) == (0, sottod(*command, "--dir", state)[1], "") or command == ["metrics", "print"]
        status, out, err = sottod("status", "--config", path, "--json", env=usual)
        note = json.loads(err)
        assert status == 0 and json.loads(out)["version"] and note["type"] == "note" and "line 2" in note["text"], (out, err)
        for command in (["reload"], ["invite", "create"], ["user", "disable", "a@localhost"], ["user", "enable", "a@localhost"],
                        ["user", "delete", "a@localhost", "--confirm", "a@localhost"], ["user", "quota", "a@localhost", "1M"],
                        ["user", "rename", "a@localhost", "b@localhost"], ["rotate-key"], ["backup", os.path.join(fresh(), "b")]):
            status, out, err = sottod(*command, "--config", path, env=usual)
            assert status == 2 and out == "" and f"{path}, line 2: there is no setting" in err and "did you mean rooms?" in err, (command, err)
            if command[0] not in ("rotate-key", "backup"):
                assert "do: mend the settings, or name the server with --dir" in err, err
        assert sottod("invite", "list", "--dir", state)[1] == ""
        status, out, err = sottod("invite", "create", "--config", path, "--dir", state)
        assert status == 0 and "/i#" in out and "note: " not in err, err
    for command in (["status"], ["reload"]):
        status, _, err = sottod(*command, "--config", path, env={"STATE_DIRECTORY": fresh()})
        assert status == 2 and "line 2" in err and "note: " not in err, (command, err)


def a_hint_names_the_same_server():
    """What is printed to be typed next works as it is, whatever the directory is called."""
    with Server(directory=os.path.join(fresh(), "it's mine; $HOME")) as s:
        state = state_of(s)
        for command in (["user", "disable", "nobody"], ["user", "quota", "nobody", "1M"], ["user", "rename", "nobody", "x"], ["device", "list", "nobody"],
                        ["device", "revoke", "nobody", "abcd"], ["invite", "revoke", "abcd"]):
            status, _, err = sottod(*command, "--dir", state)
            hint = err.split("try: ")[1].strip()
            assert status == 6 and hint.startswith("sottod "), (command, err)
            done = subprocess.run(["sh", "-c", hint.replace("sottod", program("sottod"), 1)], capture_output=True, text=True, check=False)
            assert done.returncode == 0, (hint, done.stderr)
        _, _, err = sottod("invite", "create", "--dir", state)
        hint = err.split("take it back with: ")[1].strip().replace("sottod", program("sottod"), 1)
        assert subprocess.run(["sh", "-c", hint], capture_output=True, check=False).returncode == 0, hint
        assert sottod("invite", "list", "--dir", state)[1] == ""


def a_new_key_counts_at_once():
    with Server() as s:
        state, safe = state_of(s), os.path.join(fresh(), "root.key")
        a, b, slot = pair(s.port)
        before = Client(s.port).open().chain
        status, out, err = sottod("rotate-key", "--intermediate", "--dir", state)
        assert status == 0 and s.pin() in out, err
        after = Client(s.port).open().chain
        assert len(before) == 2 and len(after) == 3 and after[0] != before[0] and after[2] == before[1]
        shutil.move(os.path.join(state, "root.key"), safe)
        status, _, err = sottod("rotate-key", "--intermediate", "--dir", state)
        assert status == 6 and "needs the root key" in err, (status, err)
        status, _, err = sottod("rotate-key", "--root", os.path.join(state, "server.key"), "--dir", state)
        assert status == 4 and "server.key does not hold a \"sotto root key 1\"" in err, err
        status, _, err = sottod("rotate-key", "--root", "/nonexistent/root.key", "--dir", state)
        assert status == 6, err
        status, _, err = sottod("rotate-key", "--intermediate", "--root", safe, "--dir", state)
        assert status == 0, err
        assert Client(s.port).open().chain[1] != after[1]
        a.room_send(slot, b"as before")
        assert b.room_data(slot) == b"as before" and s.alive()


def a_new_key_takes_no_other_edits():
    """Settings that are half edited neither hinder it, nor count with it."""
    path = os.path.join(fresh(), "sottod.conf")
    settings = "[registration]\nwho = open\n"
    with open(path, "w", encoding="utf-8") as f:
        f.write(settings + "[limits]\nconnections = 200\n")
    with Server("--config", path) as s, Device() as alice:
        state, name = state_of(s), "alice@localhost"
        alice.connect(s.port).register(name)
        alice.auth()
        for edits in ("[tls]\ncertificate = /nonexistent/chain\nkey = /nonexistent/key\n", "nonsense = 1\n", "threads = 1\n"):
            with open(path, "w", encoding="utf-8") as f:
                f.write("[limits]\nconnections = 100\n" + edits)
            before = Client(s.port).open().chain
            status, out, err = sottod("rotate-key", "--intermediate", "--dir", state)
            assert status == 0 and s.pin() in out, (edits, err)
            after = Client(s.port).open().chain
            assert len(after) == 3 and after[0] != before[0] and after[1] != before[1], edits
            assert alice.renew(name)[1:] == after[1:], edits  # the core has it, too
            assert json.loads(sottod("status", "--dir", state, "--json")[1])["connectionsLimit"] == 200, edits


def what_is_no_request_gets_a_clear_answer():
    with Server() as s:
        for line, code in ((b"hello\n", "E_VALUE"), (b"{}\n", "E_VALUE"), (b"\n", "E_VALUE"), (b'{"v":1,"command":"stauts"}\n', "E_UNSUPPORTED"),
                           (b'{"v":1,"command":"status","arguments":{"x":1}}\n', "E_USAGE"), (b"[" * 60000 + b"\n", "E_VALUE")):
            answer = ask(s, line)
            assert answer["ok"] is False and answer["code"] == code, (line[:80], answer)
        assert ask(s, b'{"v":1,"command":"stauts"}\n')["guess"] == "status"
        answer = ask(s, b"x" * 70000)
        assert answer is None or answer["code"] == "E_TOO_LARGE", answer
        assert s.alive()


def descriptors_that_nobody_wants_are_closed():
    with Server() as s:
        def count():
            return len(os.listdir(f"/proc/{s.process.pid}/fd"))
        before = count()
        with open("/dev/null", "rb") as f:
            for _ in range(20):
                assert ask(s, b'{"v":1,"command":"status"}\n', [f.fileno()])["code"] == "E_USAGE"
                assert ask(s, b'{"v":1,"command":"rotate-key"}\n', [f.fileno()] * 4)["code"] == "E_KEY"
        end = time.monotonic() + 60
        while count() > before:
            assert time.monotonic() < end, (before, count())


def who_connects_and_says_nothing_keeps_nobody_out_for_long():
    with Server() as s:
        silent = []
        for _ in range(40):
            c = socket.socket(socket.AF_UNIX)
            c.settimeout(60)
            while c.connect_ex(os.path.join(state_of(s), "admin.sock")) == errno.EAGAIN:
                time.sleep(0.01)
            silent.append(c)
        for c in silent:
            c.close()
        end = time.monotonic() + 60
        while sottod("status", "--dir", state_of(s))[0] != 0:
            assert time.monotonic() < end
        assert s.stop() == 0


def who_finds_no_place_is_told():
    with Server() as s:
        silent = [socket.socket(socket.AF_UNIX) for _ in range(16)]
        for c in silent:
            c.connect(os.path.join(state_of(s), "admin.sock"))
        status, out, err = sottod("status", "--dir", state_of(s))
        assert status == 7 and out == "" and "too many commands at once" in err and "do: ask again" in err, (status, err)
        with socket.socket(socket.AF_UNIX) as late:  # who has not even asked yet
            late.settimeout(60)
            late.connect(os.path.join(state_of(s), "admin.sock"))
            assert json.loads(late.recv(65536))["code"] == "E_IN_USE" and late.recv(1) == b""
        for c in silent:
            c.close()
        wait_for(lambda: sottod("status", "--dir", state_of(s))[0] == 0, "a place")


def a_stop_with_a_request_half_sent_is_clean():
    with Server() as s:
        c = socket.socket(socket.AF_UNIX)
        c.connect(os.path.join(state_of(s), "admin.sock"))
        c.sendall(b'{"v":1,"comm')
        assert sottod("status", "--dir", state_of(s))[0] == 0
        assert s.stop() == 0
        c.close()


run([f for f in list(globals().values()) if callable(f) and getattr(f, "__module__", "") == "__main__"
     and f.__name__ not in ("sottod", "fresh", "state_of", "ask")])
