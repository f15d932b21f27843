#!/usr/bin/python3
"""One-time passwords by mail, through real SMTP servers with TLS: good ones, and all that can be wrong with one."""
import contextlib
import glob
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

from sottoclient import *
from sottodevice import OK, PASSWORD_REQUEST, Device, Refused
from sottopeople import wait_for
from sottopost import FOLDER, Controller, Post, authority, certificate, password_of, text_of

HOST = "chat.example.org"
FROM = "sotto@example.org"
BUILD = os.path.dirname(program("sottod"))


def prepare():
    global OURS, GOOD, STRANGE, MISNAMED
    OURS = authority("ours")
    authority("theirs")
    GOOD = certificate("good", "ours", "DNS:localhost,IP:127.0.0.1")
    STRANGE = certificate("strange", "theirs", "DNS:localhost,IP:127.0.0.1")
    MISNAMED = certificate("misnamed", "ours", "DNS:elsewhere.example")


def sottod(directory, *arguments):
    done = subprocess.run([program("sottod"), *arguments, "--dir", os.path.join(directory, "state")], capture_output=True, text=True,
                          timeout=60, check=False, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout, done.stderr


def invite(server, address, *more):
    status, _, err = sottod(server.directory, "invite", "create", "--mail", address, *more)
    assert status == 0, err


def settings(post, first=False, **more):
    given = {"mail.server": f"{'smtps' if first else 'smtp'}://localhost:{post.port}", "mail.from": FROM, "mail.ca_file": OURS,
             "limits.mail_retry_ms": "1000", "host": HOST, **more}
    return [word for key, value in given.items() if value for word in ("--set", f"{key}={value}")]


def serving(post, first=False, directory=None, **more):
    return Server(*settings(post, first, **more), directory=directory)


def registered(server, name, password, address):
    with Device() as device:
        device.connect(server.port)
        device.register(name, "password", password, address)


def waiting(server):
    """Mails in the queue."""
    out = sottod(server.directory, "metrics", "print")[1]
    found = re.search(r"^sottod_mails_waiting (\d+)$", out, re.M)
    return int(found[1]) if found else None


def secrets_stay_out_of_the_log(server, *words):
    for word in words:
        assert word not in server.log(), server.log()


def file_of(name, text, mode=0o600):
    path = os.path.join(FOLDER, name)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(path, mode)
    return path


# ---- what works

def a_mailed_password_makes_an_account():
    with Post(GOOD) as post, serving(post) as s:
        invite(s, "alice@mail.example", "--name", "alice")
        message = post.wait()
        assert post.mails[0][0] == ["alice@mail.example"] and post.senders == [FROM]
        assert message["To"] == "alice@mail.example" and message["From"].addresses[0].addr_spec == FROM
        assert message["Subject"] == f"Your password for {HOST}" and message["Auto-Submitted"] == "auto-generated"
        assert re.fullmatch(rf"<mail\.\d+@{re.escape(HOST)}>", message["Message-ID"]), message["Message-ID"]
        assert abs(message["Date"].datetime.timestamp() - time.time()) < 120
        text = text_of(message)
        assert f"server:   {HOST}\n" in text and f"port:     {s.port}\n" in text and f"name:     alice@{HOST}\n" in text, text
        words = re.search(r"in words:\n\n +([a-z]+(?: [a-z]+){11})\n", text)
        assert words and pin_of(words[1].split()) == s.pin().replace("-", ""), text
        registered(s, f"alice@{HOST}", password_of(message), "alice@mail.example")
        s.line("mail 1 sent")
        secrets_stay_out_of_the_log(s, "alice", "mail.example", password_of(message).decode())


def pin_of(words):
    """The pin that twelve words stand for, by the list of the source."""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../lib/room/words.h"), encoding="ascii") as f:
        known = re.findall(r'"([a-z]+)"', f.read().split("code_words[1024]")[1])
    assert len(known) == 1024
    number = 0
    for word in words:
        number = number << 10 | known.index(word)
    return number.to_bytes(15, "big").hex().upper()


def tls_from_the_first_byte_and_a_login():
    secret = file_of("password", "a \u20acpass\"word\\\n")
    with Post(GOOD, first=True, login=(b"sotto", "a \u20acpass\"word\\".encode())) as post:
        with serving(post, True, **{"mail.user": "sotto", "mail.password_file": secret}) as s:
            invite(s, "alice@mail.example")
            message = post.wait()
            assert "name:" not in message.get_content()
            assert post.logins[0] == post.login
            secrets_stay_out_of_the_log(s, "pass\"word", "alice")


def who_has_an_address_asks_for_one():
    with Post(GOOD) as post, serving(post, **{"registration.mail_domains": f"mail.example {HOST}"}) as s:
        with Device() as device:
            device.connect(s.port)
            for address in ("eve@elsewhere.example", "bob@mail.example"):  # both are answered alike
                device.expect(OK, device.send(PASSWORD_REQUEST, opaque(address.encode())))
        message = post.wait()
        registered(s, f"bob@{HOST}", password_of(message), "bob@mail.example")
        invite(s, "last@mail.example")
        post.wait(2)
        assert [to for to, _ in post.mails] == [["bob@mail.example"], ["last@mail.example"]]


def a_template_of_one_s_own():
    template = file_of("template", "Subject: Gr\u00fc\u00dfe von @HOST@\n\nDein Passwort: @PASSWORD@\n.\n..\nF\u00fcr @NAME@ = gut bis @UNTIL@\n" +
                       "x" * 300 + " \nFrom here\n")
    with Post(GOOD) as post, serving(post, **{"mail.template": template}) as s:
        invite(s, "alice@mail.example")
        message = post.wait()
        assert message["Subject"] == f"Gr\u00fc\u00dfe von {HOST}"
        text = text_of(message)
        assert re.fullmatch(r"Dein Passwort: [A-Z2-7]{10}\n\.\n\.\.\nx{300} \nFrom here\n", text), text
        assert all(line.isascii() and len(line) <= 78 for line in post.mails[0][1].splitlines())
        with open(template, "a", encoding="utf-8") as f:
            f.write("@PASWORD@\n")
        s.process.send_signal(signal.SIGHUP)
        assert "line 9: nothing stands for @PASWORD@" in s.line("all settings stay as they were"), s.log()
        invite(s, "bob@mail.example")
        assert "Dein Passwort" in post.wait(2).get_content()
        file_of("template", "Subject: new\n\nnew @PASSWORD@\n")
        s.process.send_signal(signal.SIGHUP)
        s.line("settings read again")
        invite(s, "carol@mail.example")
        assert post.wait(3)["Subject"] == "new"


def many_wait_and_each_is_sent_once():
    with Post(GOOD) as post, serving(post) as s:
        addresses = [f"person{n}@mail.example" for n in range(20)]
        for address in addresses:
            invite(s, address)
        post.wait(len(addresses), 60)
        wait_for(lambda: waiting(s) == 0, "an empty queue")
        assert sorted(to[0] for to, _ in post.mails) == sorted(addresses)


# ---- what doesn't

def never_without_tls(**options):
    with Post(**options) as post, serving(post) as s:
        invite(s, "alice@mail.example")
        line = s.line("was not sent")
        time_of_second = wait_for(lambda: s.log().count("was not sent") >= 2, "a second try")
        assert time_of_second and post.mails == [] and post.senders == [] and waiting(s) == 1, s.log()
        secrets_stay_out_of_the_log(s, "alice")
        return line


def a_server_without_starttls_gets_nothing():
    assert "offers no TLS" in never_without_tls(tls=None, offer=False)


def a_certificate_of_somebody_else_is_refused():
    assert "certificate" in never_without_tls(tls=STRANGE)


def a_certificate_for_another_name_is_refused():
    assert "certificate" in never_without_tls(tls=MISNAMED)


def a_server_that_is_away_gets_it_later():
    port = free_port()
    with tempfile.TemporaryDirectory() as directory:
        place = type("Place", (), {"port": port})
        with serving(place, directory=directory) as s:
            invite(s, "alice@mail.example")
            assert "can't be reached" in s.line("was not sent")
            with Post(GOOD, port=port) as post:
                post.wait()
                wait_for(lambda: waiting(s) == 0, "an empty queue")
                assert len(post.mails) == 1


def put_off_and_then_taken():
    with Post(GOOD) as post, serving(post) as s:
        post.answers = ["451 later", "421 later"]
        invite(s, "alice@mail.example", "--name", "alice")
        assert "put it off (451); it is tried again" in s.line("was not sent")
        message = post.wait()
        registered(s, f"alice@{HOST}", password_of(message), "alice@mail.example")  # the last password is good
        assert post.arrived == 3 and len(post.mails) == 1
        assert len({m for m in re.findall(r"mail (\d+) ", s.log())}) == 1


def listed(server):
    status, out, err = sottod(server.directory, "invite", "list", "--json")
    assert status == 0, err
    return [(i["kind"], i["id"]) for i in map(json.loads, out.splitlines())]


def a_revoked_mail_is_not_sent():
    with Post(GOOD) as post, serving(post, **{"limits.mail_retry_ms": "60000"}) as s:
        post.answers = ["451 later"]
        invite(s, "alice@mail.example", "--admin")
        s.line("it is tried again")
        wait_for(lambda: not mailers(s), "no mailer")
        assert sorted(listed(s)) == [("mail", "alice@mail.example"), ("password", "alice@mail.example")], listed(s)
        assert "alice@mail.example           in a mail" in sottod(s.directory, "invite", "list")[1]
        status, out, err = sottod(s.directory, "invite", "revoke", "alice")
        assert status == 0 and out == "the invite is revoked: nobody can use it any more\n", (out, err)
        assert waiting(s) == 0 and listed(s) == []
        assert sottod(s.directory, "invite", "revoke", "alice@mail.example")[0] == 6
        invite(s, "bob@mail.example")
        post.wait()
        assert [to for to, _ in post.mails] == [["bob@mail.example"]]


def the_password_of_a_mail_that_is_revoked_on_its_way_opens_nothing():
    with Post(GOOD) as post, serving(post) as s:
        post.hold_recipient = threading.Event()
        invite(s, "alice@mail.example", "--name", "alice")
        wait_for(lambda: post.recipients, "the recipient")
        status, out, err = sottod(s.directory, "invite", "revoke", "alice@mail.example")
        assert status == 0 and "may still come, but the password in it opens nothing" in out, (out, err)
        post.hold_recipient.set()
        message = post.wait()
        try:
            registered(s, f"alice@{HOST}", password_of(message), "alice@mail.example")
            raise AssertionError("a revoked password was good")
        except Refused as e:
            assert e.code == 48
        s.line("mail 1 sent")
        wait_for(lambda: not mailers(s), "no mailer")
        invite(s, "bob@mail.example")
        post.wait(2)
        wait_for(lambda: waiting(s) == 0, "an empty queue")


def more_mails_wait_than_a_page_has():
    place = type("Place", (), {"port": free_port()})
    with serving(place, **{"limits.mail_retry_ms": "60000"}) as s:
        for n in range(110):
            with socket.socket(socket.AF_UNIX) as c:
                c.connect(os.path.join(s.directory, "state", "admin.sock"))
                c.sendall(f'{{"v":1,"command":"invite create","arguments":{{"mail":"p{n}@mail.example"}}}}\n'.encode())
                assert b'"ok":true' in c.recv(65536)
        mails = [name for kind, name in listed(s) if kind == "mail"]
        assert mails == [f"p{n}@mail.example" for n in range(110)], mails


def refused_for_good_is_given_up():
    with Post(GOOD) as post, serving(post) as s:
        post.answers = ["550 nobody of that name: alice@mail.example"]
        invite(s, "alice@mail.example")
        assert "refused it for good (550); it is given up" in s.line("was not sent")
        wait_for(lambda: waiting(s) == 0, "an empty queue")
        invite(s, "bob@mail.example")
        post.wait()
        assert post.arrived == 2 and post.mails[0][0] == ["bob@mail.example"]
        wait_for(lambda: waiting(s) == 0, "an empty queue")
        assert "1 sent, 0 waiting, 1 tries failed, 1 given up" in sottod(s.directory, "status")[1]
        secrets_stay_out_of_the_log(s, "alice", "nobody of that name")


def a_connection_that_breaks_is_tried_again():
    with Post(GOOD) as post, serving(post) as s:
        post.answers = ["drop", "drop"]
        invite(s, "alice@mail.example")
        assert "broke" in s.line("was not sent")
        post.wait()
        wait_for(lambda: waiting(s) == 0, "an empty queue")
        assert post.arrived == 3 and len(post.mails) == 1


def a_wrong_login_is_told():
    secret = file_of("password", "wrong")
    with Post(GOOD, login=(b"sotto", b"right")) as post:
        with serving(post, **{"mail.user": "sotto", "mail.password_file": secret}) as s:
            invite(s, "alice@mail.example")
            assert "doesn't take mail.user and its password" in s.line("was not sent")
            file_of("password", "right\n")
            post.wait()
            secrets_stay_out_of_the_log(s, "right", "wrong", "alice")


def files_that_are_not_right_are_told():
    for name, mode, words in (("open", 0o644, "can be read by everybody"), ("empty", 0o600, "can't be read"), ("none", None, "can't be read")):
        path = file_of(name, "" if name == "empty" else "secret", mode) if mode else os.path.join(FOLDER, name)
        with Post(GOOD, login=(b"sotto", b"secret")) as post:
            with serving(post, **{"mail.user": "sotto", "mail.password_file": path}) as s:
                invite(s, "alice@mail.example")
                assert words in s.line("was not sent"), (name, s.log())
                assert post.senders == []
    with Post(GOOD) as post, serving(post, **{"mail.ca_file": "/nowhere"}) as s:
        invite(s, "alice@mail.example")
        assert "trusted certificates" in s.line("was not sent")


# ---- starts, ends and deaths

def mailers(server):
    """The processes that have mail on its way."""
    found = []
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path, encoding="utf-8") as f:
                words = f.read().rsplit(")", 1)[1].split()
            if int(words[1]) == server.process.pid and words[0] != "Z":
                found.append(int(path.split("/")[2]))
        except OSError:
            pass
    return found


def a_mailer_that_is_killed_is_no_loss():
    with Post(GOOD) as post, serving(post) as s:
        post.hold_recipient = threading.Event()
        invite(s, "alice@mail.example")
        wait_for(lambda: post.recipients, "the recipient")
        os.kill(mailers(s)[0], signal.SIGKILL)
        assert "ended without a word" in s.line("was not sent")
        post.hold_recipient.set()
        post.wait()
        wait_for(lambda: waiting(s) == 0, "an empty queue")
        assert len(post.mails) == 1 and s.alive()


def a_mailer_holds_nothing_that_is_not_its_own():
    secret = file_of("password", "very secret")
    with Post(GOOD, login=(b"sotto", b"very secret")) as post:
        with serving(post, **{"mail.user": "sotto", "mail.password_file": secret}) as s:
            post.hold_recipient = threading.Event()
            invite(s, "alice@mail.example")
            wait_for(lambda: post.recipients, "the recipient")
            pid = mailers(s)[0]

            def read(name):
                with open(f"/proc/{pid}/{name}", "rb") as f:
                    return f.read()
            status = read("status").decode()
            assert re.search(r"^NoNewPrivs:\s*1$", status, re.M) and re.search(r"^Seccomp:\s*2$", status, re.M), status
            assert read("cmdline") == f"sottod-mail\0{version()}\0".encode() and read("environ") == b""
            links = [os.readlink(path) for path in glob.glob(f"/proc/{pid}/fd/*")]
            assert links and all(link == "/dev/null" or link.startswith("socket:") for link in links), links
            assert os.readlink(f"/proc/{pid}/cwd") == "/"
            if not sanitized():
                assert os.stat(f"/proc/{pid}/mem").st_uid == 0, "it can be dumped"
                assert re.search(rb"^Max core file size +0 +0", read("limits"), re.M)
            post.hold_recipient.set()
            post.wait()


def stopped_before_it_left_it_is_sent_by_the_next_run():
    with Post(GOOD) as post, tempfile.TemporaryDirectory() as directory:
        post.hold_recipient = threading.Event()
        with serving(post, directory=directory) as s:
            invite(s, "alice@mail.example")
            wait_for(lambda: post.recipients, "the recipient")
            assert s.stop() == 0
            assert "the server stops" in s.line("was not sent"), s.log()
        post.hold_recipient.set()
        assert post.arrived == 0
        with serving(post, directory=directory) as s:
            post.wait()
            wait_for(lambda: waiting(s) == 0, "an empty queue")
            assert post.arrived == 1 and len(post.mails) == 1


def stopped_while_it_leaves_it_is_not_sent_again():
    with Post(GOOD) as post, tempfile.TemporaryDirectory() as directory:
        held = threading.Event()
        post.answers = [held]
        with serving(post, directory=directory) as s:
            invite(s, "alice@mail.example")
            wait_for(lambda: post.arrived, "the mail")
            s.process.send_signal(signal.SIGTERM)
            s.line("stopping")
            assert s.process.poll() is None
            held.set()
            assert s.process.wait(60) == 0
            assert "mail 1 sent" in s.log(), s.log()
        with serving(post, directory=directory) as s:
            assert waiting(s) == 0
            invite(s, "bob@mail.example")
            post.wait(2)
            assert [to for to, _ in post.mails] == [["alice@mail.example"], ["bob@mail.example"]]


def a_second_signal_does_not_wait_for_it():
    with Post(GOOD) as post:
        held = threading.Event()
        post.answers = [held]
        with serving(post) as s:
            invite(s, "alice@mail.example")
            wait_for(lambda: post.arrived, "the mail")
            s.process.send_signal(signal.SIGTERM)
            s.line("stopping")
            assert s.process.poll() is None
            s.process.send_signal(signal.SIGHUP)  # is none
            time.sleep(0.3)  # cli/stop.h: sooner it is no second one
            began = time.monotonic()
            assert s.stop(signal.SIGINT) == 130
            assert time.monotonic() - began < 4, "it waited for the mail"
        held.set()


def what_waits_survives_a_crash():
    port = free_port()
    place = type("Place", (), {"port": port})
    with tempfile.TemporaryDirectory() as directory:
        with serving(place, directory=directory) as s:
            for n in range(5):
                invite(s, f"person{n}@mail.example")
            wait_for(lambda: s.log().count("was not sent") >= 5, "five tries")
            wait_for(lambda: not mailers(s), "no mailer")
            s.process.kill()
            s.process.wait()
        with Post(GOOD, port=port) as post, serving(place, directory=directory) as s:
            wait_for(lambda: len(post.mails) >= 5, "five mails", 60)
            wait_for(lambda: waiting(s) == 0, "an empty queue")
            assert sorted(to[0] for to, _ in post.mails) == [f"person{n}@mail.example" for n in range(5)]


def a_server_that_is_killed_takes_its_mailer_along_and_sends_when_it_is_back():
    with Post(GOOD) as post, tempfile.TemporaryDirectory() as directory:
        post.hold_recipient = threading.Event()
        with serving(post, directory=directory) as s:
            invite(s, "alice@mail.example")
            wait_for(lambda: post.recipients, "the recipient")
            pid = mailers(s)[0]
            s.process.kill()
            s.process.wait()
            wait_for(lambda: not os.path.exists(f"/proc/{pid}") or "Z (zombie)" in open(f"/proc/{pid}/status", encoding="utf-8").read(),
                     "the mailer's end")
        post.hold_recipient.set()
        assert post.mails == []
        with serving(post, directory=directory) as s:
            wait_for(lambda: len(post.mails) == 1, "the mail", 60)
            wait_for(lambda: waiting(s) == 0, "an empty queue")


def on_a_disk_that_was_full_it_is_sent_once_there_is_space():
    assert os.path.exists(program("tests/fail_sync.so")), "build it first"
    options = ":".join(filter(None, (os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0")))
    with tempfile.TemporaryDirectory() as place, Post(GOOD) as post:
        full = os.path.join(place, "full")
        prefix = ("env", f"LD_PRELOAD={program('tests/fail_sync.so')}", "FAIL_SYNC_IN=/sotto.db-wal", f"FULL_DISK={full}",
                  f"ASAN_OPTIONS={options}")
        with Server(*settings(post), prefix=prefix) as s:
            post.answers = ["451 later"]
            invite(s, "alice@mail.example")
            s.line("it is tried again")
            with open(full, "wb"):
                pass
            s.line("what came in was not stored")  # that the mail was taken, or what became of it
            status, _, err = sottod(s.directory, "invite", "create", "--mail", "bob@mail.example")
            assert status == 5 and "the server's disk is full" in err, (status, err)
            os.remove(full)
            wait_for(lambda: sottod(s.directory, "invite", "create", "--mail", "carol@mail.example")[0] == 0, "space")
            wait_for(lambda: waiting(s) == 0, "an empty queue", 60)
            assert sorted(to for to, _ in post.mails) == [["alice@mail.example"], ["carol@mail.example"]], post.mails
            assert s.log().count("was not stored") < 10, s.log()


# ---- settings

def settings_that_make_no_sense_are_told():
    directory = tempfile.mkdtemp(prefix="sottod-test-")
    bad = file_of("bad", "Subject: x\n\nno word of it\n")
    for given, words in (
            (["mail.server=mail.example.org"], "is not a value for mail.server"), (["mail.server=smtp://u:p@mail.example.org"], "is not a value"),
            (["mail.from=x\ny@z"], "is not a value for mail.from"), (["mail.server=smtp://localhost"], "mail.server and mail.from go together"),
            (["mail.user=x"], "mail.user and mail.password_file go together"),
            (["registration.mail_domains=mail.example"], "registration.mail_domains needs mail.server"),
            ([f"mail.template={bad}"], "its text has no @PASSWORD@"), (["mail.template=/nowhere"], "cannot read mail.template"),
            (["mail.server=smtp://localhost", "mail.from=a@b", "mail.user=x", "mail.password_file=smtp"], "the credential \"smtp\"")):
        done = subprocess.run([program("sottod"), "serve", "0", "--dir", os.path.join(directory, "state"),
                               *[w for g in given for w in ("--set", g)]], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 2 and words in done.stderr, (given, done.returncode, done.stderr)


def without_a_mail_server_no_mail_is_promised():
    with Server("--set", f"host={HOST}") as s:
        status, _, err = sottod(s.directory, "invite", "create", "--mail", "alice@mail.example")
        assert status == 2 and "sends no mail" in err and "mail.server" in err, (status, err)
    with Post(GOOD) as post, serving(post) as s:
        for address in ("nonsense", "a@b c", "a@b>", "a@b\r\nBcc: c@d", "\"a\"@b", "a@b,c@d", "@", "a@[127.0.0.1]"):
            status, _, err = sottod(s.directory, "invite", "create", "--mail", address)
            assert status == 2 and "is not a mail address" in err, (address, status, err)
        assert waiting(s) == 0 and s.alive()


# ---- the program that sends

def version():
    return subprocess.run([program("sottod"), "--version"], capture_output=True, text=True, timeout=60, check=True).stdout.split()[1]


@contextlib.contextmanager
def installed():
    """Both programs as `make install` puts them; gives the path of sottod-mail. What is started meanwhile is this sottod."""
    with tempfile.TemporaryDirectory() as place:
        path = os.path.join(place, "libexec/sotto/sottod-mail")
        os.makedirs(os.path.dirname(path))
        os.mkdir(os.path.join(place, "bin"))
        shutil.copy(program("sottod"), os.path.join(place, "bin"))
        shutil.copy(program("sottod-mail"), path)
        before = os.environ.get("SOTTO_BUILD")
        os.environ["SOTTO_BUILD"] = os.path.join(place, "bin")
        try:
            yield path
        finally:
            if before is None:
                del os.environ["SOTTO_BUILD"]
            else:
                os.environ["SOTTO_BUILD"] = before


def change(path, old, new):
    with open(path, "rb") as f:
        data = f.read()
    assert old in data and len(old) == len(new)
    os.remove(path)
    with open(path, "wb") as f:
        f.write(data.replace(old, new))
    os.chmod(path, 0o755)


def a_server_that_runs_keeps_the_mailer_that_it_found():
    with Post(GOOD) as post, installed() as path, serving(post) as s:
        shutil.rmtree(os.path.dirname(path))
        shutil.copy("/bin/false", program("sottod") + ".new")
        os.rename(program("sottod") + ".new", program("sottod"))
        post.answers = ["451 later"]
        os.environ["SOTTO_BUILD"] = BUILD  # for the command that asks
        invite(s, "alice@mail.example")
        post.wait()
        wait_for(lambda: waiting(s) == 0, "an empty queue")
        assert post.arrived == 2


def a_mailer_that_is_not_there_is_told_when_mails_are_to_be_sent():
    with tempfile.TemporaryDirectory() as directory, installed() as path:
        config = os.path.join(directory, "sottod.conf")
        with open(config, "w", encoding="utf-8") as f:
            f.write(f"host = {HOST}\n[mail]\nserver = smtp://localhost\nfrom = {FROM}\n")
        check = [program("sottod"), "check-config", config]
        serve = [program("sottod"), "serve", "0", "--dir", os.path.join(directory, "state"), "--config", config]
        assert subprocess.run(check, capture_output=True, timeout=60, check=False).returncode == 0
        for words, wrong in (("Permission denied", lambda: os.chmod(path, 0o644)), ("No such file", lambda: os.remove(path))):
            wrong()
            for command in check, serve:
                done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
                assert done.returncode == 2 and f"cannot run {path}, which sends mails: {words}" in done.stderr, (command, done)
                assert "install it together with sottod" in done.stderr, done
        with Server("--set", f"host={HOST}") as s:
            assert s.alive() and s.stop() == 0


def mailers_that_can_not_run_are_told():
    def script(path):
        with open(path, "w", encoding="ascii") as f:
            f.write("#!/nowhere\n")

    ours = version()
    for words, fix, wrong in (("of another version than sottod", "both of one version",
                               lambda _: change(program("sottod"), f"{ours}\0".encode(), b"9" * len(ours) + b"\0")),
                              ("sottod-mail can't be run", "what it lacks", lambda path: change(path, b"libcurl.so", b"nowhere.so")),
                              ("sottod-mail can't be run", "what it lacks", script)):
        with Post(GOOD) as post, installed() as path, tempfile.TemporaryDirectory() as directory:
            wrong(path)
            os.mkdir(os.path.join(directory, "state"), 0o700)
            with open(os.path.join(directory, "state", "sottod.conf"), "w", encoding="utf-8") as f:
                f.write(f"host = {HOST}\n[mail]\nserver = smtp://localhost:{post.port}\nfrom = {FROM}\n")
            with Server(directory=directory) as s:
                invite(s, "alice@mail.example")
                assert words in s.line("was not sent"), s.log()
                status, out, err = sottod(s.directory, "doctor", "mail")
                assert status == 1 and words in out and fix in out, (words, out, err)
                assert post.senders == [] and waiting(s) == 1 and s.alive()


def nobody_runs_the_mailer_by_hand():
    for arguments in [], ["--help"], [version()]:
        done = subprocess.run([program("sottod-mail"), *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 2 and done.stdout == "" and done.stderr.count("\n") == 1, done
        assert f"sottod-mail {version()}: " in done.stderr and "by itself" in done.stderr, done


def there_is_a_mail_server():
    return Missing("python3-aiosmtpd is missing")


if Controller is None:
    run([there_is_a_mail_server])
prepare()
run([a_mailed_password_makes_an_account, tls_from_the_first_byte_and_a_login, who_has_an_address_asks_for_one, a_template_of_one_s_own,
     many_wait_and_each_is_sent_once, a_server_without_starttls_gets_nothing, a_certificate_of_somebody_else_is_refused,
     a_certificate_for_another_name_is_refused, a_server_that_is_away_gets_it_later, put_off_and_then_taken, a_revoked_mail_is_not_sent,
     the_password_of_a_mail_that_is_revoked_on_its_way_opens_nothing, more_mails_wait_than_a_page_has, refused_for_good_is_given_up,
     a_connection_that_breaks_is_tried_again, a_wrong_login_is_told, files_that_are_not_right_are_told, a_mailer_that_is_killed_is_no_loss,
     a_mailer_holds_nothing_that_is_not_its_own, stopped_before_it_left_it_is_sent_by_the_next_run,
     stopped_while_it_leaves_it_is_not_sent_again, a_second_signal_does_not_wait_for_it, what_waits_survives_a_crash,
     a_server_that_is_killed_takes_its_mailer_along_and_sends_when_it_is_back,
     on_a_disk_that_was_full_it_is_sent_once_there_is_space, settings_that_make_no_sense_are_told,
     without_a_mail_server_no_mail_is_promised, a_server_that_runs_keeps_the_mailer_that_it_found,
     a_mailer_that_is_not_there_is_told_when_mails_are_to_be_sent, mailers_that_can_not_run_are_told, nobody_runs_the_mailer_by_hand])
