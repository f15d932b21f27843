#!/usr/bin/python3
"""`sotto lab gateway`: with itself, and with the same suite as tests/interop/socketio/lab_peer.cjs has it on the real socket.io-client."""
import json
import os
import socket
import subprocess
import tempfile
import threading

from sottoclient import program, run
from sottogateway import MODULES, SOCKETIO, TRANSPORTS, WITHOUT, Gateway, Node
from sottopeople import environment, wait_for

SUITES = ["x25519-aes256cbc-hmac", "modp2048-elgamal-aes256cfb", "rsa-ecdh-aes256cbc-hmac", "modp2048-aes256gcm",
          "x25519-hkdf-aes256gcm"]


class Piped:
    """A program on pipes, whose output is kept as it comes."""

    def __init__(self, command, env=None):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env)
        self.text = b""
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        while data := self.process.stdout.read1(65536):
            self.text += data

    def out(self):
        return self.text.decode()

    def sees(self, what):
        wait_for(lambda: what in self.out(), what)
        return self

    def say(self, text):
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def end(self):
        """Closes the input; gives the status."""
        self.process.stdin.close()
        status = self.process.wait(60)
        self.thread.join(10)
        return status

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def sotto(gateway, *options, room="lab", address=None):
    return Piped([program("sotto"), "lab", "gateway", address or f"127.0.0.1:{gateway.gateway}", "--room", room, *options],
                 env=environment(tempfile.mkdtemp()))


def student(gateway, transports, *options, room="lab"):
    return Piped(["node", os.path.join(SOCKETIO, "lab_peer.cjs"), MODULES, f"http://127.0.0.1:{gateway.gateway}", room,
                  ",".join(transports), *options])


def heard(person):
    """What a student's program heard."""
    return [e["text"] for e in map(json.loads, person.out().splitlines()) if e["what"] == "heard"]


def every_suite_talks_through_the_gateway():
    with Gateway() as g:
        for suite in SUITES:
            with sotto(g, "--suite", suite, room=suite) as a:
                a.sees("Waiting for the other side")
                with sotto(g, "--suite", suite, room=suite) as b:
                    a.say("from a \u2603\n")
                    b.say("from b\n" + "x" * 40000 + "\n")
                    a.sees("[Them]: " + "x" * 40000 + "\n")
                    b.sees("[Them]: from a \u2603\n")
                    assert a.end() == 0 and b.end() == 0, a.out() + b.out()
                    assert "we are the listener" in a.out() and "we are the dialer" in b.out()
                    assert a.out().splitlines()[-1] == b.out().splitlines()[-1] == "SUCCESS"


def a_student_listens_and_sotto_dials():
    with Gateway() as g:
        for name, transports in TRANSPORTS.items():
            with student(g, transports, room=name) as theirs:
                theirs.sees('"connected"')
                with sotto(g, room=name) as ours:
                    ours.say("from sotto \u2603\nand more\n")
                    theirs.say("from node\n")
                    ours.sees("[Them]: from node\n")
                    theirs.sees("and more")
                    assert ours.end() == 0 and theirs.end() == 0, ours.out() + theirs.out()
                    assert heard(theirs) == ["from sotto \u2603", "and more"]
                    assert "we are the dialer" in ours.out() and "SUCCESS" in ours.out()


def sotto_listens_and_a_student_dials():
    with Gateway() as g:
        for name, transports in TRANSPORTS.items():
            with sotto(g, "--explain", room=name) as ours:
                ours.sees("Waiting for the other side")
                with student(g, transports, room=name) as theirs:
                    theirs.say("from node \u00e9\n")
                    ours.sees("[Them]: from node \u00e9\n")
                    assert theirs.end() == 0 and ours.process.wait(60) == 0, ours.out() + theirs.out()
                    assert "we are the listener" in ours.out() and "SUCCESS" in ours.out()


def a_wrong_signature_is_refused():
    with Gateway() as g, sotto(g) as ours:
        ours.sees("Waiting for the other side")
        with student(g, ["websocket"], "wrong") as theirs:
            assert ours.process.wait(60) == 4, ours.out()
            assert "SUCCESS" not in ours.sees("the handshake was refused").out()
            assert theirs.process.wait(60) == 1, theirs.out()


def who_vanishes_is_noticed():
    with Gateway() as g, sotto(g) as ours:
        ours.sees("Waiting for the other side")
        with student(g, ["websocket"]) as theirs:
            theirs.say("one\n")
            ours.sees("[Them]: one\n")
        assert ours.process.wait(60) == 3 and "the other side is gone (it left the room)" in ours.out(), ours.out()


def what_is_not_of_the_lab_is_refused():
    with Gateway() as g, Node(g) as node:
        for data in ("no digits", "", 17, "02ab", {"x": 1}):
            with sotto(g, room="r") as ours:
                ours.sees("Waiting for the other side")
                node.connect("a", query={"room": "r"})
                node.expect("a", "connect", "PEER_CONNECTED", "KEY_EXCHANGE")
                node.emit("a", "ELGAMAL_PK", data)
                assert ours.process.wait(60) == 3, ours.out()
                ours.sees("does not speak as the lab does")
                node.do("a", "disconnect")
                while node.next("a")[0] != "disconnect":
                    pass


def a_full_room_is_told():
    with Gateway() as g, sotto(g) as a:
        a.sees("Waiting for the other side")
        with sotto(g) as b, sotto(g, room="other") as d:
            b.sees("Established")
            d.sees("Waiting for the other side")
            with sotto(g) as c:
                assert c.process.wait(60) == 3, c.out()
                c.sees("the gateway refused").sees("is full").sees("--room")
            a.say("still\n")
            b.sees("[Them]: still\n")


def a_gateway_that_stops_is_told():
    with Gateway() as g, sotto(g) as a:
        a.sees("Waiting for the other side")
        assert g.stop() == 0
        assert a.process.wait(60) == 3, a.out()
        a.sees("the server stops")


def what_is_no_gateway_is_told():
    with Gateway() as g:
        with sotto(g, address=f"http://127.0.0.1:{g.port}/") as a:
            assert a.process.wait(60) == 3, a.out()
            a.sees("no Socket.IO gateway of sottod answers there")
    with socket.create_server(("127.0.0.1", 0)) as s:
        with sotto(g, address=f"127.0.0.1:{s.getsockname()[1]}") as a:
            peer, _ = s.accept()
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            assert a.process.wait(60) == 3, a.out()
            a.sees("no Socket.IO gateway of sottod answers there")
            peer.close()
        silent = sotto(g, "--timeout", "1", address=f"127.0.0.1:{s.getsockname()[1]}")
        with silent:
            assert silent.process.wait(60) == 8, silent.out()
    with sotto(g) as a:
        assert a.process.wait(60) == 3, a.out()
        a.sees("cannot reach a gateway")
    for address, room in (("127.0.0.1:5001/x", "lab"), ("127.0.0.1:0", "lab"), ("", "lab"), ("127.0.0.1", "a b"), ("127.0.0.1", "")):
        with sotto(g, address=address or "/", room=room) as a:
            assert a.process.wait(60) == 2, a.out()


tests = [f for f in list(globals().values()) if callable(f) and getattr(f, "__module__", "") == "__main__" and not isinstance(f, type)
         and f.__name__ not in ("sotto", "student", "heard")]
if MODULES is None:
    def the_student_is_not_here():
        return WITHOUT
    needs = {"a_student_listens_and_sotto_dials", "sotto_listens_and_a_student_dials", "a_wrong_signature_is_refused", "who_vanishes_is_noticed",
             "what_is_not_of_the_lab_is_refused"}
    tests = [f for f in tests if f.__name__ not in needs] + [the_student_is_not_here]
run(tests)
