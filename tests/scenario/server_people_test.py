#!/usr/bin/python3
"""Invites, accounts and devices as an operator sees them, with devices that register for real."""
import base64
import fcntl
import hashlib
import hmac
import json
import os
import pty
import re
import struct
import subprocess
import tempfile
import termios
import time

from sottoclient import *
from sottodevice import Device, Refused

HOST = "chat.example.org"


def sottod(server, *arguments, timeout=60, stdin=subprocess.DEVNULL):
    done = subprocess.run([program("sottod"), *arguments, "--dir", os.path.join(server.directory, "state")], capture_output=True, text=True,
                          timeout=timeout, check=False, stdin=stdin)
    return done.returncode, done.stdout, done.stderr


def objects(server, *arguments):
    status, out, err = sottod(server, *arguments, "--json")
    assert status == 0, err
    return [json.loads(line) for line in out.splitlines()]


def serving(*options):
    return Server("--set", f"host={HOST}", *options)


def link_of(text):
    """The parts of a link: host and port, the redeem token, the server's pin."""
    found = re.fullmatch(r"https://([^:/]+)(?::(\d+))?/i#([A-Za-z0-9_-]{64})", text.strip())
    assert found, text
    data = base64.urlsafe_b64decode(found[3])
    assert len(data) == 48 and data[0] == 0x11 and data[17:33] == bytes(16)
    key = hmac.new(b"sotto link 1", data[1:17], hashlib.sha256).digest()
    token = hmac.new(key, b"sotto redeem 1\x01", hashlib.sha256).digest()
    return found[1], int(found[2] or 5000), token, data[33:]


def registered(server, name, token):
    device = Device().connect(server.port)
    device.register(name, "link", token)
    device.close()
    return device


def a_link_makes_an_account_once():
    with serving() as s:
        status, out, err = sottod(s, "invite", "create", "--name", "alice")
        assert status == 0 and "for alice@chat.example.org" in err and "sottod invite revoke" in err, err
        host, port, token, pin = link_of(out)
        shown = pin.hex().upper()
        assert (host, port) == (HOST, s.port) and s.pin().replace("-", "") == shown
        device = registered(s, f"alice@{HOST}", token)
        device.sign_in(s.port)
        users = objects(s, "user", "list")
        assert [u["name"] for u in users] == [f"alice@{HOST}"] and users[0]["id"] == device.account.hex(), users
        assert users[0]["devices"] == 1 and users[0]["sessions"] == 1 and not users[0]["disabled"], users
        assert "alice@chat.example.org" in sottod(s, "user", "list")[1]
        assert objects(s, "invite", "list") == []
        other = Device().connect(s.port)
        try:
            other.register(f"bob@{HOST}", "link", token)
            raise AssertionError("a link was good twice")
        except Refused as e:
            assert e.code == 48
        for d in (device, other):
            d.end()


def a_password_makes_an_account():
    with serving() as s:
        made = objects(s, "invite", "create", "--password", "--name", "bob")[0]
        assert re.fullmatch(r"[A-Z2-7]{10}", made["password"]) and made["name"] == f"bob@{HOST}" and "link" not in made, made
        device = Device().connect(s.port)
        device.register(f"bob@{HOST}", "password", made["password"].encode(), f"bob@{HOST}")
        assert [u["name"] for u in objects(s, "user", "list")] == [f"bob@{HOST}"]
        device.end()


def invites_are_listed_and_taken_back():
    with serving() as s:
        links = [objects(s, "invite", "create", "--uses", str(n + 1), "--expires", "2d")[0] for n in range(5)]
        objects(s, "invite", "create", "--password", "--name", "bob")
        listed = objects(s, "invite", "list")
        assert {i["id"] for i in listed} == {made["id"] for made in links} | {f"bob@{HOST}"}, listed
        days = {round((i["expires"] - i["created"]) / 86400) for i in listed if i["kind"] == "link"}
        assert days == {2} and sorted(i["uses"] for i in listed if i["kind"] == "link") == [1, 2, 3, 4, 5], listed
        shown = sottod(s, "invite", "list")[1]
        assert len(shown.splitlines()) == 7 and links[0]["id"][:12] in shown and links[0]["id"][:13] not in shown, shown
        _, _, token, _ = link_of(links[0]["link"])
        assert sottod(s, "invite", "revoke", links[0]["id"][:12])[0] == 0
        assert sottod(s, "invite", "revoke", "bob")[0] == 0
        assert len(objects(s, "invite", "list")) == 4
        device = Device().connect(s.port)
        try:
            device.register(f"carol@{HOST}", "link", token)
            raise AssertionError("a revoked link was good")
        except Refused as e:
            assert e.code == 48
        device.end()
        for word, code in (("bob", 6), ("abc", 6), (links[0]["id"], 6), ("", 6)):
            status, _, err = sottod(s, "invite", "revoke", word)
            assert status == code and "no invite is called" in err, (word, status, err)


def more_than_a_page_is_listed():
    with serving() as s:
        for _ in range(110):
            line = b'{"v":1,"command":"invite create","arguments":{}}\n'
            with socket.socket(socket.AF_UNIX) as c:
                c.connect(os.path.join(s.directory, "state", "admin.sock"))
                c.sendall(line)
                assert b'"ok":true' in c.recv(65536)
        assert len(objects(s, "invite", "list")) == 110


def wrong_words_are_told():
    with serving() as s:
        for arguments, words, code in (
                (["invite", "create", "--password"], "--name", 2), (["invite", "create", "--uses", "0"], "--uses", 2),
                (["invite", "create", "--expires", "soon"], "--expires", 2), (["invite", "create", "--mail", "nonsense"], "mail", 2),
                (["invite", "create", "--password", "--name", "x", "--uses", "2"], "good once", 2),
                (["invite", "create", "--name", "Not a name"], "name", 2), (["user", "disable", "nobody"], "no account", 6),
                (["user", "delete", "nobody", "--confirm", "nobody"], "no account", 6), (["device", "list", "nobody"], "no account", 6),
                (["user", "quota", "nobody", "1X"], "not a size", 2), (["user", "quota", "nobody", "5G"], "no account", 6),
                (["user", "disable"], "error: NAME is missing", 2), (["device", "revoke"], "error: NAME is missing", 2),
                (["user", "quota", "nobody"], "error: SIZE|default is missing", 2), (["user", "rename", "nobody"], "error: NEW is missing", 2),
                (["device", "revoke", "nobody", "abcdef"], "no account", 6)):
            status, out, err = sottod(s, *arguments)
            assert status == code and words in err and out == "", (arguments, status, err)
            assert "\n  do: " in err or "\n  try: " in err or arguments[:3] == ["invite", "create", "--name"], err
        before = sottod(s, "invite", "list")[1]
        status, out, err = sottod(s, "invite", "create", "--name", b"al\xffce")  # must not become an invite for any name
        assert status == 2 and out == "" and "UTF-8" in err and sottod(s, "invite", "list")[1] == before, (status, err)
        status, out, err = sottod(s, "invite", "create", "--name", "")  # nor must a script's empty variable
        assert status == 2 and out == "" and "--name" in err and "\n  do: " in err and sottod(s, "invite", "list")[1] == before, (status, err)
        for arguments, words in ((["user"], "only the beginning"), (["metrics"], "only the beginning"), (["user", "lst"], "did you mean user list?")):
            status, out, err = sottod(s, *arguments)
            assert status == 2 and words in err and out == "", (arguments, err)
        done = subprocess.run([program("sottod"), "--dir", "/x", "status"], capture_output=True, text=True, check=False)
        assert done.returncode == 2 and "--dir comes after the command" in done.stderr, done.stderr
        assert s.alive()


def a_code_is_drawn_where_it_fits():
    with serving() as s:
        for columns, drawn in ((80, True), (30, False)):
            leader, follower = pty.openpty()
            fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
            command = [program("sottod"), "invite", "create", "--dir", os.path.join(s.directory, "state")]
            done = subprocess.run(command, stdout=follower, stderr=subprocess.DEVNULL, timeout=60, check=False)
            os.close(follower)
            text = os.read(leader, 65536).decode()
            os.close(leader)
            assert done.returncode == 0 and "https://" in text and ("no QR code" in text) is not drawn, text


def an_account_is_disabled_enabled_and_deleted():
    with serving() as s:
        _, _, token, _ = link_of(objects(s, "invite", "create")[0]["link"])
        device = registered(s, f"dave@{HOST}", token)
        device.sign_in(s.port)
        assert sottod(s, "user", "disable", "dave")[0] == 0
        assert objects(s, "user", "list")[0]["disabled"] is True and "disabled" in sottod(s, "user", "list")[1]
        try:
            device.connect(s.port).auth()
            raise AssertionError("a disabled account signed in")
        except Refused as e:
            assert e.code == 51
        assert sottod(s, "user", "enable", device.account.hex())[0] == 0
        device.sign_in(s.port)
        assert sottod(s, "user", "quota", f"dave@{HOST}", "5G")[0] == 0
        assert objects(s, "user", "list")[0]["quota"] == 5 << 30
        assert sottod(s, "user", "quota", "dave", "default")[0] == 0
        assert objects(s, "user", "list")[0]["quota"] == 1 << 30
        status, _, err = sottod(s, "user", "delete", "dave")
        assert status == 2 and "was not deleted" in err and "--confirm" in err, err
        assert sottod(s, "user", "delete", "dave", "--confirm", "dan")[0] == 2 and len(objects(s, "user", "list")) == 1
        assert sottod(s, "user", "delete", "dave", "--confirm", "dave")[0] == 0
        assert objects(s, "user", "list") == []
        device.end()


def an_account_is_renamed_and_asks_for_a_certificate():
    with serving() as s:
        tokens = [link_of(objects(s, "invite", "create")[0]["link"])[2] for _ in range(2)]
        device, other = (registered(s, f"{name}@{HOST}", token) for name, token in zip(("erin", "eve"), tokens))
        device.sign_in(s.port)
        for new, words, code in (("eve", "an account has this name already", 1), ("Not a name", "no name for this server", 2), ("", "empty", 2),
                                 ("erin@elsewhere.example", "no name for this server", 2)):
            status, out, err = sottod(s, "user", "rename", "erin", new)
            assert status == code and words in err and out == "", (new, status, err)
        status, out, err = sottod(s, "user", "rename", "erin", "Erika")
        assert status == 0 and f"erika@{HOST}" in out, err
        assert f"erika@{HOST}" in sottod(s, "user", "list")[1] and sottod(s, "user", "disable", "erin")[0] == 6
        other.sign_in(s.port)
        assert other.look_up(f"erin@{HOST}") is None and other.look_up(f"erika@{HOST}")[0] == f"erika@{HOST}"
        try:
            device.renew(f"erin@{HOST}")
            raise AssertionError("the old name was certified")
        except Refused as e:
            assert e.code == 51 and f"erika@{HOST}" in str(e), e
        chain = device.renew(f"erika@{HOST}")
        verified(chain, s.pin())
        assert f"erika@{HOST}".encode() in chain[0] and other.look_up(f"erika@{HOST}")[1] == chain
        for d in (device, other):
            d.end()


def names_are_vouched_for_though_intermediates_come_and_go():
    with serving() as s:
        tokens = [link_of(objects(s, "invite", "create")[0]["link"])[2] for _ in range(3)]
        under_root = registered(s, f"ruth@{HOST}", tokens[0])
        assert sottod(s, "rotate-key", "--intermediate")[0] == 0
        old = registered(s, f"olga@{HOST}", tokens[1])
        assert sottod(s, "rotate-key", "--intermediate")[0] == 0
        peer = registered(s, f"pete@{HOST}", tokens[2])
        peer.sign_in(s.port)
        first = peer.look_up(f"olga@{HOST}")[1]
        assert len(first) == 3 and len(peer.look_up(f"ruth@{HOST}")[1]) == 2
        for name in ("ruth", "olga", "pete"):
            verified(peer.look_up(f"{name}@{HOST}")[1], s.pin())
        old.sign_in(s.port)
        stream = old.create()
        assert old.append(stream, b"goes on") > 0
        again = old.renew(f"olga@{HOST}")
        assert len(again) == 3 and again[:2] != first[:2] and again[1] == peer.look_up(f"pete@{HOST}")[1][1]
        verified(again, s.pin())
        assert peer.look_up(f"olga@{HOST}")[1] == again
        s.stop()
        with Server("--set", f"host={HOST}", directory=s.directory) as later:
            under_root.sign_in(later.port)
            verified(under_root.look_up(f"ruth@{HOST}")[1], later.pin())
        for d in (under_root, old, peer):
            d.end()


def devices_are_listed_and_shut_out():
    with serving() as s:
        _, _, token, _ = link_of(objects(s, "invite", "create")[0]["link"])
        device = registered(s, f"erin@{HOST}", token)
        device.sign_in(s.port)
        told = objects(s, "device", "list", "erin")[0]["devices"]
        assert [d["id"] for d in told] == [device.device.hex()] and told[0]["state"] == "active" and told[0]["signedIn"], told
        assert device.device.hex()[:12] in sottod(s, "device", "list", "erin")[1]
        status, _, err = sottod(s, "device", "revoke", "erin", "0123456789")
        assert status == 6 and "no device begins with" in err and "try: sottod device list erin --dir " in err, err
        status, out, err = sottod(s, "device", "revoke", "erin", device.device.hex()[:8])
        assert status == 0 and out != "", err
        try:
            device.connect(s.port).auth()
            raise AssertionError("a device that is shut out signed in")
        except Refused as e:
            assert e.code == 51
        assert objects(s, "device", "list", "erin")[0]["devices"][0]["state"] == "shut out"
        device.end()


def all_of_it_is_there_after_a_kill():
    with serving() as s:
        made = objects(s, "invite", "create", "--uses", "2")[0]
        _, _, token, _ = link_of(made["link"])
        device = registered(s, f"fay@{HOST}", token)
        s.process.kill()
        s.process.wait()
        with Server("--set", f"host={HOST}", directory=s.directory) as again:
            assert [u["name"] for u in objects(again, "user", "list")] == [f"fay@{HOST}"]
            assert [i["usesLeft"] for i in objects(again, "invite", "list")] == [1]
            device.sign_in(again.port)
        device.end()


def init_gives_the_first_invite_to_an_admin():
    directory = tempfile.mkdtemp(prefix="sottod-test-")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    done = subprocess.run([program("sottod"), "init", "--json", "--listen", f"127.0.0.1:{port}", "--host", HOST, "--dir", os.path.join(directory, "state")],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    host, named, token, pin = link_of(told["invite"])
    assert host == HOST and named == port and pin.hex().upper() == told["pin"].replace("-", "")
    with Server(directory=directory) as s:
        listed = objects(s, "invite", "list")
        assert len(listed) == 1 and listed[0]["admin"] and listed[0]["expires"] - listed[0]["created"] == 86400, listed
        device = registered(s, f"root@{HOST}", token)
        assert [(u["name"], u["admin"]) for u in objects(s, "user", "list")] == [(f"root@{HOST}", True)]
        device.end()


def the_port_of_a_proxy_stands_in_links():
    with serving("--set", "public_port=443") as s:
        assert link_of(objects(s, "invite", "create")[0]["link"])[1] == 443
    with serving("--set", "public_port=5000") as s:
        assert ":" not in objects(s, "invite", "create")[0]["link"][8:]


def matrix_of(lines, ascii_only):
    if ascii_only:
        return [[line[i:i + 2] == "  " for i in range(0, len(line), 2)] for line in lines]
    rows = []
    for line in lines:
        rows.append([c in " ▄" for c in line])
        rows.append([c in " ▀" for c in line])
    return rows


def a_link_is_drawn_as_a_code_that_fits_a_terminal():
    finder = ["#######", "#.....#", "#.###.#", "#.###.#", "#.###.#", "#.....#", "#######"]
    with serving() as s:
        matrices = []
        for how in ("utf8", "ascii"):
            status, out, _ = sottod(s, "invite", "create", f"--qr={how}")
            lines = out.split("\n\n", 1)[1].splitlines()
            assert status == 0 and len(lines) <= (23 if how == "utf8" else 46) and all(len(line) <= 92 for line in lines), out
            matrices.append(matrix_of(lines, how == "ascii"))
        for matrix in matrices:
            size = len(matrix[0]) - 4
            assert size in (33, 37, 41), size
            for top, left in ((0, 0), (0, size - 7), (size - 7, 0)):
                for y in range(7):
                    for x in range(7):
                        assert matrix[2 + top + y][2 + left + x] == (finder[y][x] == "#"), (top, left, y, x)
        assert "█" not in sottod(s, "invite", "create")[1]
        pid, terminal = pty.fork()  # on a terminal it is drawn by itself
        if pid == 0:
            os.environ.update(LC_ALL="C.UTF-8", TERM="xterm")
            os.execv(program("sottod"), ["sottod", "invite", "create", "--dir", os.path.join(s.directory, "state")])
        text = b""
        try:
            while data := os.read(terminal, 65536):
                text += data
        except OSError:
            pass
        os.waitpid(pid, 0)
        assert "\u2580".encode() in text and b"\033[30;107m" in text, text


run([f for f in list(globals().values()) if callable(f) and getattr(f, "__module__", "") == "__main__"
     and f.__name__ not in ("sottod", "objects", "serving", "link_of", "registered", "matrix_of")])
