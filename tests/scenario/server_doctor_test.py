#!/usr/bin/python3
"""What doctor finds; and the unit for the service manager."""
import contextlib
import fcntl
import json
import os
import re
import shutil
import socket
import sqlite3
import ssl
import struct
import subprocess
import tempfile
import threading
import time

from sottoclient import *
from sottopost import Controller as CONTROLLER, Post, authority, certificate, text_of


def sottod(*arguments, timeout=60):
    done = subprocess.run([program("sottod"), *arguments], capture_output=True, text=True, timeout=timeout, check=False)
    return done.returncode, done.stdout, done.stderr


def fresh():
    return tempfile.mkdtemp(prefix="sottod-test-")


def found(directory, *arguments):
    """By name: (level, text, fix); and the exit status."""
    status, out, err = sottod("doctor", "--dir", directory, "--json", *arguments)
    assert err == "", err
    told = json.loads(out)
    assert status == (1 if told["failures"] else 0), (status, told)
    return {c["name"]: (c["level"], c["text"], c["fix"]) for c in told["checks"]}, status


def a_running_server_is_fine():
    with Server() as s:
        state = os.path.join(s.directory, "state")
        checks, status = found(state)
        for name in ("config", "dir", "server", "keys", "tls", "port", "database"):
            assert checks[name][0] == "ok", (name, checks[name])
        assert status == 0 and s.pin() in checks["keys"][1] and f"127.0.0.1:{s.port}" in checks["port"][1], checks
        assert checks["dns"][0] == "warn" and "localhost" in checks["dns"][1]
        assert re.fullmatch(r"\d+ MiB, write-ahead log \d+ MiB, schema [1-9]\d*, in use", checks["database"][1]), checks
        _, out, _ = sottod("doctor", "--dir", state)
        assert "ok    server    sottod " in out and "fix: " in out, out
        checks, _ = found(state, "port")
        assert list(checks) == ["port"]


def certifies_until(state):
    text = sottod("metrics", "print", "--dir", state)[1]
    return int(re.search(r"^sottod_issuer_expiry_timestamp_seconds (\d+)$", text, re.MULTILINE).group(1))


def a_root_key_that_is_missed_is_found():
    """Whoever is here goes on; newcomers can't come in."""
    with Server() as s:
        assert s.stop() == 0
        state, safe = os.path.join(s.directory, "state"), os.path.join(s.directory, "root.key")
        os.rename(os.path.join(state, "root.key"), safe)
        with Server(directory=s.directory):
            (level, text, fix), status = found(state, "keys")[0]["keys"], found(state, "keys")[1]
            assert level == "warn" and "no account can be" in text and "by itself" not in text and "rotate-key --intermediate" in fix, (level, text, fix)
            assert status == 0 and "no account can be" in sottod("status", "--dir", state)[1]
            assert certifies_until(state) == 0
            assert sottod("rotate-key", "--intermediate", "--root", safe, "--dir", state)[0] == 0
            assert found(state, "keys")[0]["keys"][0] == "ok" and "then again by itself" in sottod("status", "--dir", state)[1]
            assert certifies_until(state) > time.time()


def what_is_wrong_is_found():
    with Server() as s:
        state = os.path.join(s.directory, "state")
        s.stop()
        checks, status = found(state)
        assert status == 1 and checks["server"][0] == "fail" and checks["database"] == ("ok", checks["database"][1], ""), checks
        assert "whole" in checks["database"][1]
        with contextlib.closing(sqlite3.connect(f"file:{state}/sotto.db?vfs=unix-excl", uri=True)) as other:
            other.execute("SELECT count(*) FROM log").fetchone()  # as a server that starts just now has it
            level, text, fix = found(state, "database")[0]["database"]
            assert level == "-" and "another process uses it" in text and f"fuser {state}/sotto.db" in fix, (level, text, fix)
        with open(os.path.join(state, "sotto.db.lock"), "r+b") as lock:  # as one that waits for the database already
            fcntl.fcntl(lock, fcntl.F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))
            level, text, _ = found(state, "database")[0]["database"]
            assert level == "-" and "a server that begins" in text, (level, text)
        with contextlib.closing(sqlite3.connect(os.path.join(state, "sotto.db"))) as newer:
            newer.execute("PRAGMA user_version = 1000")
        level, text, fix = found(state, "database")[0]["database"]
        assert level == "fail" and "newer" in text and fix == "", (level, text, fix)
        os.chmod(state, 0o755)
        checks, _ = found(state)
        assert checks["dir"][0] == "fail" and "chmod 700" in checks["dir"][2]
        os.chmod(state, 0o700)
        with open(os.path.join(state, "sotto.db"), "r+b") as f:
            f.write(b"\0" * 3000)
        assert found(state, "database")[0]["database"][0] == "fail"
        with open(os.path.join(state, "sottod.conf"), "w", encoding="utf-8") as f:
            f.write("thread = 1\n")
        checks, _ = found(state)
        assert checks["config"][0] == "fail" and "line 1" in checks["config"][1] and "threads" in checks["config"][2], checks
        with open(os.path.join(state, "sottod.conf"), "w", encoding="utf-8") as f:
            f.write("host = nobody.invalid\n[limits]\ndisk_reserve_bytes = 1000000000000\n")
        checks, _ = found(state)
        assert checks["dns"][0] == "fail" and "nobody.invalid" in checks["dns"][2]
        assert checks["disk"][0] == "fail" and "nothing new is accepted" in checks["disk"][1]
        with open(os.path.join(state, "sottod.conf"), "w", encoding="utf-8") as f:
            f.write("[tls]\ncertificate = /dev/null\nkey = /nonexistent/key\n")
        checks, _ = found(state, "tls")
        assert checks["tls"][0] == "fail" and "cannot read /nonexistent/key" in checks["tls"][1], checks
        path = os.path.join(fresh(), "sottod.conf")
        with open(path, "w", encoding="utf-8") as f:
            f.write("\nhost chat.example.org\n")
        status, out, _ = sottod("doctor", "--config", path)  # nobody knows where that server is: no other one is judged
        assert status == 1 and f"fail  config    {path}, line 2" in out and "fix: mend it; sottod check-config" in out, out
        assert "1 failure, 0 warnings" in out or "1 failure, 1 warning" in out, out  # the clock may be one
        assert "-     database  not to be seen before the settings are mended" in out, out
        status, out, _ = sottod("doctor", "--config", path, "--dir", state)
        assert f"fail  database  {state}" in out and f"fail  config    {path}" in out, out
    checks, status = found("/nonexistent/state")
    assert status == 1 and checks["dir"][0] == "fail" and checks["dir"][2] == "sottod init --dir /nonexistent/state"
    help_text = " ".join(sottod("help", "doctor")[1].split())
    assert "that check alone: " + ", ".join(list(checks)[:-1]) + " or backup. " in help_text, help_text
    status, _, err = sottod("doctor", "prt")
    assert status == 6 and "did you mean port?" in err, err


def by_settings_that_cannot_be_read_nothing_is_judged():
    with Server() as s:
        state = os.path.join(s.directory, "state")
        with open(os.path.join(state, "sottod.conf"), "w", encoding="utf-8") as f:
            f.write("thread = 1\n")
        checks, _ = found(state)
        assert checks["files"][:2] == ("-", "not to be seen before the settings are mended"), checks
    if os.geteuid() != 0:
        return "needs root, to mount a small disk"
    small = fresh()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "none", small], capture_output=True, check=False).returncode != 0:
        return "may not mount here"
    try:
        assert found(small, "disk")[0]["disk"][0] == "fail"  # by the reserve of the defaults
        with open(os.path.join(small, "sottod.conf"), "w", encoding="utf-8") as f:
            f.write("thread = 1\n")
        level, text, _ = found(small, "disk")[0]["disk"]
        assert level == "warn" and "accepted" not in text, (level, text)
    finally:
        subprocess.run(["umount", small], check=True)
    return None


def closing(listener):
    """A server that dies over each request, but holds its directory."""
    while True:
        try:
            listener.accept()[0].close()
        except OSError:
            return


def an_answer_that_is_lost_is_no_absence():
    with Server() as s:
        state = os.path.join(s.directory, "state")
        s.stop()
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(os.path.join(state, "admin.sock"))
            listener.listen()
            threading.Thread(target=closing, args=(listener,), daemon=True).start()
            checks, status = found(state)
            listener.shutdown(socket.SHUT_RDWR)
        assert status == 1 and checks["server"] == ("fail", "the server ended before it answered", "look at its log why, then ask again"), checks
        assert checks["database"][0] == "-" and "without the server's answer" in checks["database"][1], checks
        checks, _ = found(state)
        assert "sottod serve" in checks["server"][2] and "whole" in checks["database"][1], checks


def who_may_not_look_is_sent_to_root():
    if not may_give_away():
        return "needs root"
    powerless = ["setpriv", "--bounding-set=-all"]  # root, to whom a directory of somebody else is closed
    with Server() as s:
        state = os.path.join(s.directory, "state")
        path = os.path.join(fresh(), "sottod.conf")
        with open(path, "w", encoding="utf-8") as f:
            f.write(f"dir = {state}\n")
        os.chown(s.directory, 65534, 65534)
        for arguments, config in ((["--config", path], "ok"), (["--dir", state], "fail")):
            done = subprocess.run([*powerless, program("sottod"), "doctor", "--json", *arguments], capture_output=True, text=True, timeout=60, check=False)
            checks = {c["name"]: (c["level"], c["text"], c["fix"]) for c in json.loads(done.stdout)["checks"]}
            assert done.returncode == 1 and checks["config"][0] == config and checks["server"][0] == "fail", (done, checks)
            for name in ("dir", "server", *(["config"] if config == "fail" else [])):
                assert "sudo sottod doctor" in checks[name][2] and "init" not in checks[name][2], checks[name]
            assert checks["dir"][0] == "-" and "may not ask" in checks["keys"][1] and "none yet" not in checks["database"][1], checks
        os.chown(s.directory, 0, 0)
        assert found(state)[0]["server"][0] == "ok"
    return None


def reached(*options, **more):
    with Server("--set", "host=127.0.0.1", *options, **more) as s:
        state = os.path.join(s.directory, "state")
        with open(os.path.join(state, "sottod.conf"), "w", encoding="utf-8") as f:
            f.write("host = 127.0.0.1\n")
        return found(state, "reach")[0]["reach"]


def who_answers_at_the_public_name_is_compared_with_us():
    level, text, _ = reached()
    assert level == "ok" and "answers with our pin" in text, text
    with Server() as other:
        level, text, fix = reached("--set", f"public_port={other.port}")
        assert level == "fail" and "another server" in text and fix, text
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        level, text, fix = reached("--set", f"public_port={nobody.getsockname()[1]}")
        assert level == "fail" and "takes no connection" in text and "open tcp/" in fix, (text, fix)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        level, text, _ = reached("--set", f"public_port={silent.getsockname()[1]}")
        assert level == "fail" and "does not answer" in text, text


def drip(listener):
    """Begins a record of TLS that hardly goes on, for as long as somebody listens."""
    try:
        connection, _ = listener.accept()
        connection.sendall(b"\x16\x03\x03\x40\x00\x02")
        while True:
            time.sleep(0.5)
            connection.sendall(b"\0")
    except OSError:
        pass


def who_answers_slowly_for_ever_is_not_waited_for():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=drip, args=(listener,), daemon=True).start()
        level, text, _ = reached("--set", f"public_port={listener.getsockname()[1]}")
        assert level == "fail" and "does not answer" in text, text


def splice(a, b):
    try:
        while True:
            data = a.recv(65536)
            if not data:
                break
            b.sendall(data)
    except (OSError, ssl.SSLError):
        pass
    for s in (a, b):
        try:
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def ending_tls(listener, context, port):
    """A proxy that ends TLS and begins it anew behind itself."""
    while True:
        try:
            raw, _ = listener.accept()
        except OSError:
            return
        try:
            client = context.wrap_socket(raw, server_side=True)
            server = tls_context().wrap_socket(socket.create_connection(("127.0.0.1", port())))
        except (OSError, ssl.SSLError):
            continue
        for pair_ in ((client, server), (server, client)):
            threading.Thread(target=splice, args=pair_, daemon=True).start()


def tls_that_ends_in_front_is_found():
    if CONTROLLER is None:
        return Missing("aiosmtpd is missing")
    authority("front")
    context = certificate("front-proxy", "front", "IP:127.0.0.1")
    ports = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=ending_tls, args=(listener, context, lambda: ports[0]), daemon=True).start()
        with Server("--set", "host=127.0.0.1", "--set", f"public_port={listener.getsockname()[1]}") as s:
            ports.append(s.port)
            state = os.path.join(s.directory, "state")
            with open(os.path.join(state, "sottod.conf"), "w", encoding="utf-8") as f:
                f.write("host = 127.0.0.1\n")
            level, text, fix = found(state, "reach")[0]["reach"]
            assert level == "fail" and "TLS ends before" in text and "haproxy.cfg" in fix, (text, fix)
    return None


def posting(post, first=False, **more):
    """A server whose settings, in its file, name this mail server."""
    values = {"server": f"{'smtps' if first else 'smtp'}://127.0.0.1:{post.port}", "from": "sotto@chat.example.org", "ca_file": AUTHORITY[0],
              **more}
    directory = fresh()
    os.mkdir(os.path.join(directory, "state"), 0o700)
    with open(os.path.join(directory, "state", "sottod.conf"), "w", encoding="utf-8") as f:
        f.write("host = chat.example.org\n[mail]\n" + "".join(f"{k} = {v}\n" for k, v in values.items() if v))
    return Server(directory=directory)


def mail_found(server, *arguments):
    return found(os.path.join(server.directory, "state"), "mail", *arguments)[0]["mail"]


AUTHORITY = []


def the_mail_server_is_tried_without_a_mail():
    if CONTROLLER is None:
        return Missing("aiosmtpd is missing")
    AUTHORITY.append(authority("doctor"))
    good, wrong = certificate("doctor-good", "doctor", "IP:127.0.0.1"), certificate("doctor-wrong", "doctor", "DNS:elsewhere.example")
    with Post(good) as post, posting(post) as s:
        level, text, fix = mail_found(s)
        assert level == "ok" and "TLS" in text and fix == "" and not post.senders and not post.mails, (text, fix)
        level, text, _ = mail_found(s, "--mail", "admin@mail.example")
        assert level == "ok" and "admin@mail.example" in text, text
        message = post.wait()
        assert post.recipients == ["admin@mail.example"] and "TEST-ONLY" in text_of(message), message
        status, _, err = sottod("doctor", "mail", "--mail", "no address", "--dir", os.path.join(s.directory, "state"))
        assert status == 1 and err == "", err
        assert "mails " not in sottod("status", "--dir", os.path.join(s.directory, "state"))[1]  # a trial is no mail of the queue
    secret = os.path.join(fresh(), "secret")
    with open(secret, "w", encoding="utf-8") as f:
        f.write("sesame\n")
    os.chmod(secret, 0o600)
    with Post(good, first=True, login=(b"sotto", b"sesame")) as post, posting(post, first=True, user="sotto", password_file=secret) as s:
        level, text, _ = mail_found(s)
        assert level == "ok" and "login" in text and post.logins == [(b"sotto", b"sesame")], (text, post.logins)
        with open(secret, "w", encoding="utf-8") as f:
            f.write("open\n")
        level, text, fix = mail_found(s)
        assert level == "fail" and "mail.user" in text and "mail.user" in fix, (text, fix)
    for post, words in ((Post(good, offer=False), "offers no TLS"), (Post(wrong), "certificate")):
        with post, posting(post) as s:
            level, text, fix = mail_found(s)
            assert level == "fail" and words in text and fix, (text, fix)
    return None


def a_mail_server_that_is_away_is_told():
    if CONTROLLER is None:
        return Missing("aiosmtpd is missing")
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        place = type("Place", (), {"port": nobody.getsockname()[1]})
        with posting(place) as s:
            level, text, fix = mail_found(s)
            assert level == "fail" and "can't be reached" in text and "465" in fix, (text, fix)
            s.stop()
            assert mail_found(s)[0] == "-"
    with Server() as s:
        state = os.path.join(s.directory, "state")
        assert found(state, "mail")[0]["mail"][0] == "-"
        assert found(state, "mail", "--mail", "a@b.example")[0]["mail"][0] == "fail"
    return None


UNIT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "packaging", "sottod.service.in")


def it_serves_and_sends_mail_within_what_the_unit_allows():
    if shutil.which("systemd-analyze") is None or CONTROLLER is None or sanitized():
        return "needs systemd-analyze and aiosmtpd, and no sanitizer"
    if subprocess.run(["unshare", "--mount", "sh", "-c", "mount --make-rprivate / && mount -o remount,bind,ro / && setpriv --bounding-set=-all true"],
                      capture_output=True, check=False).returncode != 0:
        return "may not mount here"
    AUTHORITY.append(authority("unit"))
    with Post(certificate("unit-post", "unit", "IP:127.0.0.1")) as post:
        directory = fresh()
        os.mkdir(os.path.join(directory, "state"), 0o700)
        with open(os.path.join(directory, "state", "sottod.conf"), "w", encoding="utf-8") as f:
            f.write(f"host = chat.example.org\n[mail]\nserver = smtp://127.0.0.1:{post.port}\nfrom = sotto@chat.example.org\n"
                    f"ca_file = {AUTHORITY[-1]}\n")
        confined = os.path.join(os.path.dirname(os.path.abspath(__file__)), "confined.py")
        with Server(directory=directory, prefix=("/usr/bin/python3", confined, UNIT, directory, "--")) as s:
            with open(f"/proc/{s.process.pid}/status", encoding="ascii") as f:
                held = dict(line.split(":\t") for line in f.read().splitlines() if ":\t" in line)
            assert held["Seccomp"] == "2" and int(held["CapBnd"], 16) == 0 and held["NoNewPrivs"] == "1", held
            assert s.alive()
            level, text, _ = mail_found(s, "--mail", "admin@mail.example")
            assert level == "ok", text
            post.wait()
            state = os.path.join(directory, "state")
            assert sottod("backup", os.path.join(directory, "b.sotto"), "--dir", state)[0] == 0
            assert sottod("reload", "--dir", state)[0] == 0 and s.alive()
            assert s.stop() == 0
    return None


def the_unit_is_hardened_and_understood():
    if shutil.which("systemd-analyze") is None:
        return "systemd-analyze is not here"
    unit = os.path.join(fresh(), "sottod.service")
    with open(UNIT, encoding="utf-8") as f, open(unit, "w", encoding="utf-8") as out:
        out.write(f.read().replace("@BINDIR@/sottod", program("sottod")).replace("Documentation=", "#"))
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    complaints = [line for line in (done.stdout + done.stderr).splitlines() if "sottod.service" in line]
    assert not complaints, complaints
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=13", unit], capture_output=True, text=True,
                          check=False)
    if "Unknown command" in done.stderr or "unrecognized option" in done.stderr:
        return "this systemd-analyze can't look at a file"
    assert done.returncode == 0, done.stdout[-300:] + done.stderr
    return None


run([f for f in list(globals().values()) if callable(f) and getattr(f, "__module__", "") == "__main__"
     and f.__name__ not in ("sottod", "fresh", "found", "certifies_until", "closing", "reached", "drip", "splice", "ending_tls", "posting", "mail_found")])
