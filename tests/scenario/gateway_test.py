#!/usr/bin/python3
"""The Socket.IO gateway: with the real socket.io-client where node and npm are, and by hand."""
import json
import os
import select
import shutil
import socket
import subprocess
import threading
import time

from sottoclient import *
from sottogateway import MODULES, ROOT, TRANSPORTS, WITHOUT, Gateway, Line, Node
from sottoproxy import folder, nobody

SEPARATOR = "\x1e"


def with_node(test):
    def run_it():
        if MODULES is None:
            return WITHOUT
        with Gateway() as gateway, Node(gateway) as node:
            return test(gateway, node)
    run_it.__name__ = test.__name__
    run_it.__module__ = test.__module__
    return run_it


def a_whole_conversation(node, transports):
    id_a, id_b, at_a, at_b = node.meet("a", "b", transports=transports, query={"room": "r-" + "-".join(transports)})
    assert at_a["role"] == "listener" and at_b["role"] == "dialer" and at_a["room"] == at_b["room"], (at_a, at_b)
    big = str(2 ** 4000)
    node.emit("a", "ELGAMAL_PK", big)
    assert node.expect("b", "ELGAMAL_PK", "ELGAMAL_PK_BC") == [[big], [big]]
    node.emit("b", "DEFF_HELLMAN_PK", {"y": big, "s": [1, 2.5, None, True, "\u2603\u0000\""]}, "more")
    assert node.expect("a", "DEFF_HELLMAN_PK")[0]["s"][4] == "\u2603\u0000\""
    assert node.expect("a", "DEFF_HELLMAN_PK_BC")[1] == "more"
    for number in range(100):
        node.emit("a", "message", number)
        node.emit("b", "message", -number)
    for number in range(100):
        assert node.expect("b", "message", "received_message") == [[number], [number]]
        assert node.expect("a", "message", "received_message") == [[-number], [-number]]
    node.emit("a", "typing", ask=True)
    assert node.expect("a", "ack") == [{"ok": True}] and node.expect("b", "typing") == []
    node.do("b", "disconnect")
    assert node.expect("a", "PEER_DISCONNECTED")[0]["id"] == id_b
    node.emit("a", "message", "anybody?", ask=True)
    assert "nobody" in node.expect("a", "REFUSED")[0]["message"]
    assert node.expect("a", "ack") == [{"ok": False}]
    assert id_a != id_b


@with_node
def two_clients_talk_over_websocket(_, node):
    a_whole_conversation(node, TRANSPORTS["websocket"])


@with_node
def two_clients_talk_over_polling(_, node):
    a_whole_conversation(node, TRANSPORTS["polling"])


@with_node
def two_clients_talk_while_they_change_to_websocket(_, node):
    a_whole_conversation(node, TRANSPORTS["upgrade"])


@with_node
def polling_becomes_websocket(_, node):
    node.connect("a", transports=TRANSPORTS["upgrade"])
    came = dict(node.next("a") for _ in range(2))  # either may be the first
    assert came.keys() == {"connect", "upgrade"} and came["upgrade"] == ["websocket"], came
    node.connect("b", transports=["polling"])
    node.expect("b", "connect", "PEER_CONNECTED", "KEY_EXCHANGE")
    node.expect("a", "PEER_CONNECTED", "KEY_EXCHANGE")
    node.emit("a", "message", "x" * 100000)
    assert node.expect("b", "message") == ["x" * 100000]


@with_node
def the_third_is_refused_and_may_name_another_room(_, node):
    node.meet("a", "b")
    node.connect("c")
    assert "full" in node.expect("c", "connect_error")[0]
    node.connect("d", query={"room": "other"})
    node.expect("d", "connect")
    node.do("b", "disconnect")
    node.expect("a", "PEER_DISCONNECTED")
    node.emit("d", "join", "default", ask=True)
    assert node.expect("a", "PEER_CONNECTED", "KEY_EXCHANGE")[1][0]["role"] == "listener"
    assert node.expect("d", "PEER_CONNECTED", "KEY_EXCHANGE", "ack")[1][0] == {"room": "default", "role": "dialer"}
    node.emit("d", "message", 1)
    assert node.expect("a", "message") == [1]


@with_node
def another_namespace_is_refused(_, node):
    node.connect("a", space="/admin")
    assert node.expect("a", "connect_error") == ["there is no namespace here but /"]


@with_node
def binary_data_is_refused_in_words(_, node):
    for transports in TRANSPORTS.values():
        node.connect("a", transports=transports, query={"room": "alone"})
        node.expect("a", "connect")
        node.do("a", "binary")
        assert "binary" in node.expect("a", "REFUSED")[0]["message"]
        assert node.expect("a", "disconnect")[0] == "io server disconnect"


@with_node
def a_server_that_stops_says_so(gateway, node):
    node.meet("a", "b")
    assert gateway.stop() == 0
    for who in "ab":
        event, args = node.next(who)
        while event == "PEER_DISCONNECTED":
            event, args = node.next(who)
        assert event == "REFUSED" and args[0]["message"] == "the server stops", (event, args)
        assert node.expect(who, "disconnect")[0] != "io server disconnect"  # after which a client stays away


@with_node
def two_pairs_at_once_do_not_hear_each_other(_, node):
    places = [(f"{room}{side}", room, TRANSPORTS[way]) for room, side, way in
              (("x", 0, "polling"), ("y", 0, "websocket"), ("x", 1, "upgrade"), ("y", 1, "polling"))]
    for who, room, transports in places:
        node.connect(who, transports=transports, query={"room": room})
        node.expect(who, "connect")
    for who, _, _ in places:
        node.expect(who, "PEER_CONNECTED", "KEY_EXCHANGE")
    for number in range(50):
        for who, _, _ in places:
            node.emit(who, "message", who, number)
    for who, room, _ in places:
        other = f"{room}{1 - int(who[1])}"
        for number in range(50):
            assert node.expect(who, "message", "received_message") == [[other, number]] * 2


EAGER = {"reconnection": True, "reconnectionDelay": 50, "reconnectionDelayMax": 200}


def comes_back(transports, stop):
    with Gateway() as first, Node(first) as node:
        node.meet("a", "b", **EAGER, transports=transports)
        stop(first)
        with Gateway(gateway=first.gateway):
            for who in "ab":
                node.skip_to(who, "connect")
            roles = {node.skip_to(who, "KEY_EXCHANGE")[0]["role"] for who in "ab"}
            assert roles == {"listener", "dialer"}, roles
            node.emit("a", "message", "again")
            assert node.skip_to("b", "message") == ["again"]


def clients_find_a_server_again_that_was_restarted():
    if MODULES is None:
        return WITHOUT
    for transports in TRANSPORTS.values():
        comes_back(transports, lambda server: server.stop())
    return None


def clients_find_a_server_again_that_was_killed():
    if MODULES is None:
        return WITHOUT
    for transports in TRANSPORTS.values():
        comes_back(transports, lambda server: server.stop(9))
    return None


def hears(node, who, *events):
    """All of these, in any order."""
    left = set(events)
    while left:
        event, args = node.next(who)
        assert event != "connect_error" or "xhr" in args[0] or "websocket" in args[0], args
        left.discard(event)


def line_that_breaks(*settings, breaks):
    """Of two that talk one loses its line again and again, and is back in its seat each time."""
    for name in ("upgrade", "websocket"):
        with Gateway(*settings) as gateway, Line(gateway) as line, Node(gateway) as near, Node(line) as far:
            near.connect("b")
            near.expect("b", "connect")
            far.connect("a", transports=TRANSPORTS[name], **EAGER)
            for number in range(3):
                hears(far, "a", "connect", "KEY_EXCHANGE", *(["upgrade"] if name == "upgrade" else []))
                near.skip_to("b", "KEY_EXCHANGE")
                far.emit("a", "message", number)
                assert near.expect("b", "message") == [number]
                near.emit("b", "message", -number)
                assert far.skip_to("a", "message") == [-number]
                breaks(line)
            near.skip_to("b", "PEER_DISCONNECTED")


def who_loses_the_line_after_the_change_to_websocket_comes_back():
    if MODULES is None:
        return WITHOUT
    return line_that_breaks(breaks=Line.cut)


def who_hears_nothing_more_finds_the_seat_free():
    if MODULES is None:
        return WITHOUT
    return line_that_breaks("--set", "limits.gateway_ping_ms=500", "--set", "limits.gateway_pong_ms=1000", breaks=Line.hush)


def who_changes_the_line_before_it_is_missed_waits_for_the_seat():
    if MODULES is None:
        return WITHOUT
    with Gateway("--set", "limits.gateway_pong_ms=1500") as gateway, Line(gateway) as line, Node(gateway) as near, Node(line) as far:
        near.connect("b")
        near.expect("b", "connect")
        with Node(line) as before:
            before.connect("a", transports=TRANSPORTS["upgrade"])
            hears(before, "a", "connect", "KEY_EXCHANGE", "upgrade")
            near.skip_to("b", "KEY_EXCHANGE")
            line.hush()  # the machine has another address now, and the gateway's ping is far away
            far.connect("a", transports=TRANSPORTS["upgrade"])
            far.expect("a", "connect", "PEER_CONNECTED", "KEY_EXCHANGE")
            assert near.skip_to("b", "PEER_DISCONNECTED")
            assert near.expect("b", "PEER_CONNECTED", "KEY_EXCHANGE")[1][0]["role"] == "listener"
    return None


def who_is_killed_is_missed():
    if MODULES is None:
        return WITHOUT
    with Gateway("--set", "limits.gateway_ping_ms=2000", "--set", "limits.gateway_pong_ms=4000") as gateway, Node(gateway) as node:
        for name, transports in TRANSPORTS.items():
            node.connect(name, query={"room": name})
            node.expect(name, "connect")
            with Node(gateway) as doomed:
                doomed.connect("it", transports=transports, query={"room": name})
                doomed.expect("it", "connect", "PEER_CONNECTED", "KEY_EXCHANGE")
                node.expect(name, "PEER_CONNECTED", "KEY_EXCHANGE")
            assert node.expect(name, "PEER_DISCONNECTED")[0]["room"] == name  # by a ping, if it was between two GETs
    return None


# ---- by hand

class Http:
    """One connection, request after request."""

    def __init__(self, gateway, timeout=60):
        self.sock = socket.create_connection(("127.0.0.1", gateway.gateway), timeout=timeout)
        self.buffer = b""

    def send(self, method, query, body=b"", version=4, transport="polling"):
        self.sock.sendall((f"{method} /socket.io/?EIO={version}&transport={transport}{query} HTTP/1.1\r\nHost: x\r\n"
                           f"Content-Length: {len(body)}\r\n\r\n").encode() + body)
        return self

    def more(self):
        data = self.sock.recv(65536)
        if not data:
            raise Ended("end of file")
        self.buffer += data

    def answer(self):
        while b"\r\n\r\n" not in self.buffer:
            self.more()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        size = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        while len(self.buffer) < size:
            self.more()
        body, self.buffer = self.buffer[:size], self.buffer[size:]
        return int(head.split()[1]), body.decode()

    def ask(self, *args, **options):
        return self.send(*args, **options).answer()

    def enter(self, room=""):
        status, body = self.ask("GET", f"&room={room}" if room else "")
        assert status == 200 and body[0] == "0", body
        self.sid = "&sid=" + json.loads(body[1:])["sid"]
        return self

    def come(self, room=""):
        self.enter(room)
        assert self.ask("POST", self.sid, b"40") == (200, "ok")
        assert self.ask("GET", self.sid)[1].startswith('40{"sid":"')
        return self


class Socket(Client):
    """WebSocket by hand."""

    def __init__(self, gateway, query="", **options):
        super().__init__(gateway.gateway, **options)
        self.upgrade(f"/socket.io/?EIO=4&transport=websocket{query}", "x")

    def say(self, text):
        self.ws_send(text.encode(), opcode=1)

    def hear(self):
        opcode, payload = self.ws_recv()
        if opcode == CLOSE:
            raise Ended(f"{int.from_bytes(payload[:2], 'big')} {payload[2:].decode()}")
        assert opcode == 1, opcode
        return payload.decode()

    def come(self):
        assert self.hear()[0] == "0"
        self.say("40")
        assert self.hear().startswith("40")
        return self

    def ends(self):
        """The reason; what comes before it is left out."""
        while True:
            try:
                self.hear()
            except Ended as e:
                return str(e)


def there_is_none_unless_it_is_asked_for():
    with Server() as s:
        assert "gateway" not in s.log()


def it_stays_on_loopback():
    for address in ("0.0.0.0:5001", "[::]:5001", "192.0.2.1:5001"):
        done = subprocess.run([program("sottod"), "serve", "--listen", "127.0.0.1:0", "--dir", "/nonexistent/x", "--set", f"gateway={address}"],
                              capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 2 and f"plain HTTP, and {address} can be reached by others" in done.stderr, done.stderr
        assert "proxy with TLS" in done.stderr, done.stderr


def nginx(where, gateway, port):
    """The recipe on this port, with a certificate of its own."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost",
                    "-keyout", f"{where}/key", "-out", f"{where}/certificate"], check=True, capture_output=True, timeout=60)
    with open(os.path.join(ROOT, "packaging", "nginx-gateway.conf"), encoding="utf-8") as f:
        text = f.read()
    for old, new in (("    listen [::]:443 ssl;\n", ""), ("listen 443", f"listen 127.0.0.1:{port}"), ("127.0.0.1:5001;", f"127.0.0.1:{gateway.gateway};"),
                     ("/etc/ssl/certs/gateway.pem", f"{where}/certificate"), ("/etc/ssl/private/gateway.key", f"{where}/key")):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    places = "".join(f"    {what}_temp_path {where}/{what};\n" for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    with open(f"{where}/config", "w", encoding="utf-8") as f:
        f.write(f"daemon off;\nmaster_process off;\npid {where}/pid;\nerror_log stderr;\nevents {{ }}\nhttp {{\n    access_log off;\n{places}{text}}}\n")
    for name in ("key", "certificate", "config"):
        os.chmod(f"{where}/{name}", 0o644)
    return subprocess.Popen([*nobody(), "nginx", "-e", "stderr", "-c", f"{where}/config"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.PIPE, text=True, env={**os.environ, "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin"})


def the_recipe_with_tls_works():
    if MODULES is None or shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin") is None:
        return WITHOUT or Missing("no nginx here")
    where, port = folder(), free_port()
    with Gateway() as gateway, Node(gateway, f"https://127.0.0.1:{port}") as node:
        process = nginx(where, gateway, port)
        try:
            for name, transports in TRANSPORTS.items():
                for who in (f"a-{name}", f"b-{name}"):
                    node.connect(who, transports=transports, query={"room": name}, rejectUnauthorized=False, **EAGER)
                for who in (f"a-{name}", f"b-{name}"):
                    node.skip_to(who, "KEY_EXCHANGE")  # before nginx listens it is tried again
                node.emit(f"a-{name}", "message", "x" * 100000)
                assert node.skip_to(f"b-{name}", "message") == ["x" * 100000]
        finally:
            process.terminate()
            process.wait(20)
            shutil.rmtree(where, ignore_errors=True)
    return None


def one_connection_carries_many_requests():
    with Gateway() as g:
        a = Http(g).come()
        b = Http(g).come()
        payload = SEPARATOR.join(f'42["message",{i}]' for i in range(20)).encode()
        for _ in range(5):
            assert a.ask("POST", a.sid, payload) == (200, "ok")
        heard = ""
        while heard.count('42["received_message"') < 100:
            heard += b.ask("GET", b.sid)[1] + SEPARATOR
        assert [int(x[13:-1]) for x in heard.split(SEPARATOR) if x.startswith('42["message"')] == list(range(20)) * 5
        a.send("GET", a.sid)
        waiting = Http(g)
        waiting.sid = a.sid
        assert waiting.ask("POST", a.sid, b"41\x1e1") == (200, "ok")  # leaves, with a GET under way
        assert a.answer()[0] == 200
        assert waiting.ask("GET", a.sid)[0] == 400


def wrong_requests_get_a_reason():
    with Gateway() as g:
        for want, args in (((400, 5), ("GET", "", b"", 3)), ((400, 1), ("GET", "&sid=nobody")), ((400, 2), ("POST", "", b"40")),
                           ((400, 0), ("GET", "", b"", 4, "flash")), ((403, 4), ("GET", "&room=a%20b")), ((400, 3), ("GET", "&sid=a&sid=b"))):
            status, body = Http(g).ask(*args)
            assert (status, json.loads(body)["code"]) == want and json.loads(body)["message"], (want, status, body)
        h = Http(g)
        h.sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert h.answer()[0] == 404
        h = Http(g)
        h.sock.sendall(b"\x16\x03\x01nonsense\r\n\r\n")
        assert h.answer()[0] == 400


def what_breaks_the_rules_ends_a_polling_session():
    with Gateway() as g:
        for body in (b"abc", b"40\x1e"):
            h = Http(g).come("x")
            status, text = h.ask("POST", h.sid, body)
            assert status == 400 and "Engine.IO" in json.loads(text)["message"], (body, status, text)
            assert Http(g).ask("GET", h.sid)[0] == 400
        for body, why in ((b"42[", "Socket.IO"), (b"2", "Engine.IO")):
            h = Http(g).come("x")
            assert h.ask("POST", h.sid, body) == (200, "ok")
            status, text = h.ask("GET", h.sid)
            assert status == 200 and why in text and text.endswith("\x1e41"), (body, status, text)
            assert Http(g).ask("GET", h.sid)[0] == 400
        h = Http(g).come("x")
        h.send("GET", h.sid)
        assert Http(g).ask("GET", h.sid)[0] == 400  # two at once
        assert "two requests" in h.answer()[1]
        h = Http(g).come("x")
        h.sock.sendall(f"POST /socket.io/?EIO=4&transport=polling{h.sid} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n42".encode())
        other = Http(g)
        answers = []
        while not answers or answers[-1][0] == 200:  # the first one's head may still be on its way
            answers.append(other.ask("POST", h.sid, b"3"))
        assert answers[-1][0] == 400 and "under way" in answers[-1][1], answers
        h.sock.sendall(b'["a",1]')
        assert h.answer()[0] == 400
        assert "two requests" in Http(g).ask("GET", h.sid)[1]


def a_session_goes_on_without_its_connection_to_the_namespace():
    with Gateway("--set", "limits.gateway_ping_ms=200", "--set", "limits.gateway_connect_ms=600") as g:
        other = Socket(g, "&room=x").come()
        s = Socket(g, "&room=x").come()
        s.say("41")
        while not (said := s.hear()).startswith("2") or said.startswith("42"):
            pass
        s.say("3")
        s.say("40")
        while "KEY_EXCHANGE" not in s.hear():
            pass
        s.say("41")
        while True:
            try:
                if s.hear() == "2":
                    s.say("3")
            except Ended as e:
                assert "no connection to the namespace" in str(e), e
                break
        left = 0
        while left < 2:
            left += "PEER_DISCONNECTED" in other.hear()


def whose_request_breaks_off_has_left():
    with Gateway() as g:
        other = Socket(g, "&room=x").come()
        for begin in ("GET", "POST"):
            h = Http(g).come("x")
            assert "PEER_CONNECTED" in other.hear() and "KEY_EXCHANGE" in other.hear()
            h.sock.sendall(f"{begin} /socket.io/?EIO=4&transport=polling{h.sid} HTTP/1.1\r\nHost: x\r\n"
                           f"Content-Length: {7 * (begin == 'POST')}\r\n\r\n".encode())
            h.sock.close()
            assert "PEER_DISCONNECTED" in other.hear()
            assert Http(g).ask("GET", h.sid)[0] == 400


def what_breaks_the_rules_ends_a_websocket():
    with Gateway() as g:
        for text, why in (("x", "Engine.IO"), ("4x", "Socket.IO"), ('42["a"', "Socket.IO"), ("2", "Engine.IO"), ("40", "belong"),
                          ('42["a",' + "9" * 30 + "]", "64 bits"), ("42" + "[" * 5000, "Socket.IO")):
            s = Socket(g, "&room=x").come()
            s.say(text)
            reason = s.ends()
            assert reason.startswith("1008 ") and why in reason, reason
        s = Socket(g, "&room=x").come()
        s.ws_send(b"\x04abc")
        assert "binary" in s.ends()
        s = Socket(g, "&room=x").come()
        s.say('42["a","' + "x" * 140000 + '"]')
        assert "maxPayload" in s.ends()
        s = Socket(g, "&room=x").come()
        s.sock.sendall(b"\x83\x80abcd")
        assert "WebSocket" in s.ends()
        s = Socket(g, "&room=x").come()
        s.ws_send(b"42[", opcode=1, fin=False)
        s.ws_send(b'"a",1]', opcode=0)
        assert "nobody else" in s.hear()
        s.ws_send(b"\x03\xe8", opcode=8)
        assert s.ends().startswith("1000")


def an_upgrade_that_is_none_ends_alone():
    with Gateway() as g:
        h = Http(g).come("x")
        s = Socket(g, h.sid)
        s.say("nonsense")
        assert "probe" in s.ends()
        s = Socket(g, h.sid)
        assert Socket(g, h.sid).ends() == "1002 this session has a WebSocket already"
        s.say("2probe")
        assert s.hear() == "3probe"
        assert h.ask("GET", h.sid) == (200, "6")
        s.say("5")
        s.say('427["a"]')
        assert "nobody else" in s.hear() and s.hear().startswith("437")
        assert Http(g).ask("GET", h.sid)[0] == 400
        assert Http(g).ask("POST", h.sid, b"41")[0] == 400
        assert Socket(g, h.sid).ends() == "1002 this session has a WebSocket already"
        s.say('428["a"]')
        assert s.hear().startswith("438") or s.hear().startswith("438")
        h = Http(g).come("y")  # who gives up the way to WebSocket goes on polling
        Socket(g, h.sid).close()
        assert h.ask("POST", h.sid, b'427["a"]') == (200, "ok") and "437" in h.ask("GET", h.sid)[1]


def who_asks_and_reads_nothing_is_not_answered_for_ever():
    ask = b"OPTIONS /socket.io/ HTTP/1.1\r\nHost: x\r\n\r\n"
    with Gateway() as g, socket.socket() as s:
        for buffer in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            s.setsockopt(socket.SOL_SOCKET, buffer, 65536)
        s.settimeout(60)
        s.connect(("127.0.0.1", g.gateway))
        many, sent = ask * 1000, 0
        while select.select([], [s], [], 2)[1]:  # the server takes in more
            sent += s.send(many[sent % len(ask):])
            assert sent < 12 << 20, "it answers on and on"
        begin, seen, data, wanted = b"HTTP/1.1 200 ", 0, b"", sent // len(ask) + 1
        rest = ask[sent % len(ask):]
        while seen < wanted:  # and when they are read, it goes on
            if seen == wanted - 1 and rest:
                s.sendall(rest)
                rest = b""
            came = s.recv(65536)
            assert came, (seen, wanted)
            data = data[1 - len(begin):] + came
            seen += data.count(begin)


def slow_requests_end_and_silence_too():
    with Gateway("--set", "limits.head_ms=1500", "--set", "limits.gateway_ping_ms=300", "--set", "limits.gateway_pong_ms=1500",
                 "--set", "limits.gateway_connect_ms=1000") as g:
        h = Http(g)
        h.sock.sendall(b"GET /socket.io/ HT")
        assert h.answer()[0] == 408
        s = Socket(g).come()
        assert s.hear() == "2"
        s.say("3")
        assert s.hear() == "2"
        assert "no answer came to a ping" in s.ends()
        s = Socket(g)
        assert "no connection to the namespace" in s.ends()


def too_many_are_refused():
    with Gateway("--set", "limits.gateway_sessions=3", "--set", "limits.gateway_connections=6") as g:
        kept = [Socket(g, f"&room={i}").come() for i in range(3)]
        status, body = Http(g).ask("GET", "")
        assert status == 403 and "too many sessions" in body, body
        kept.pop().close()
        for _ in range(100):
            status, _ = Http(g).ask("GET", "")
            if status == 200:
                break
            time.sleep(0.05)
        assert status == 200
        idle = [Http(g) for _ in range(10)]
        ended = 0
        for h in idle:
            h.sock.settimeout(1)
            try:
                ended += h.sock.recv(1) == b""
            except (TimeoutError, socket.timeout):
                pass
            except ConnectionResetError:
                ended += 1
        assert ended >= 5, ended


def over_its_rate_a_sender_is_slowed_and_loses_nothing():
    with Gateway("--set", "limits.gateway_events=20", "--set", "limits.gateway_events_per_s=100") as g:
        for room, polling in (("p", True), ("w", False)):
            reader = Socket(g, f"&room={room}").come()
            began = time.monotonic()
            if polling:
                h = Http(g).come(room)
                for i in range(12):
                    assert h.ask("POST", h.sid, SEPARATOR.join(f'42["n",{i * 10 + j}]' for j in range(10)).encode()) == (200, "ok")
            else:
                s = Socket(g, f"&room={room}").come()
                for i in range(120):
                    s.say(f'42["n",{i}]')
            numbers = []
            while len(numbers) < 120:
                text = reader.hear()
                if text.startswith('42["n"'):
                    numbers.append(int(text[7:-1]))
            assert numbers == list(range(120))
            assert time.monotonic() - began > 0.7, "it was not slowed down"


def a_slow_reader_holds_up_its_peer_and_loses_nothing():
    with Gateway("--set", "limits.gateway_output_bytes=100000", "--set", "limits.gateway_events=10000",
                 "--set", "limits.gateway_burst_bytes=100000000") as g:
        slow = Socket(g, rcvbuf=65536).come()
        fast = Socket(g).come()
        text = "x" * 100000
        thread = threading.Thread(target=lambda: [fast.say(f'42["n",{i},"{text}"]') for i in range(400)], daemon=True)
        thread.start()
        thread.join(1)
        assert thread.is_alive(), "40 MB went somewhere"
        assert g.memory() < 60 << 20, g.memory()
        numbers = []
        while len(numbers) < 400:
            said = slow.hear()
            if said.startswith('42["n"'):
                numbers.append(int(said[7:].split(",")[0]))
        assert numbers == list(range(400))
        thread.join(20)


def the_relay_goes_on_beside_it():
    with Gateway() as g:
        sockets = [Socket(g, f"&room={i // 2}").come() for i in range(20)]
        for s in sockets:
            s.sock.sendall(b"\xff" * 1000)
        assert g.alive()
        with socket.create_connection(("127.0.0.1", g.gateway)) as s:
            s.sendall(b"GET")
        assert g.stop() == 0


run([f for f in list(globals().values()) if callable(f) and getattr(f, "__module__", "") == "__main__"
     and not isinstance(f, type) and f.__name__ not in ("modules", "with_node", "a_whole_conversation", "comes_back", "hears", "line_that_breaks",
                                                      "nginx")])
