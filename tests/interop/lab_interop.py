#!/usr/bin/python3
"""sotto lab listen and dial against the suites as lab_peer.py has them: both roles, both directions, each suite, with the exchange
and with a shared key; and what must be refused. Prints TAP.   lab_interop.py SOTTO"""
import json
import os
import socket
import subprocess
import sys
import tempfile

INTEROP = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [INTEROP, os.path.join(INTEROP, "..", "scenario")]
import lab_peer as lab  # noqa: E402
from sottoclient import free_port  # noqa: E402

SOTTO = sys.argv[1]
HERE = tempfile.mkdtemp(prefix="lab-interop-")
count, failed = 0, 0


def result(good, name, detail=""):
    global count, failed
    count += 1
    failed += not good
    print(f"{'ok' if good else 'not ok'} {count} - {name}")
    for line in str(detail).splitlines() if not good else []:
        print("# " + line)
    sys.stdout.flush()


def psk_file():
    path = os.path.join(HERE, "psk")
    with open(path, "w", encoding="ascii") as f:
        f.write("psk " + bytes(range(32)).hex() + "\n")
    return path


def start(role, suite, *options):
    """sotto in the other role; gives (process, connected socket)."""
    port = free_port()
    if role == lab.DIALER:  # ours
        process = sotto("listen", port, suite, *options)
        return process, lab.dial(port)
    server = socket.create_server(("127.0.0.1", port))
    server.settimeout(20)
    process = sotto("dial", port, suite, *options)
    sock, _ = server.accept()
    server.close()
    return process, sock


def sotto(command, port, suite, *options):
    return subprocess.Popen([SOTTO, "lab", command, f"127.0.0.1:{port}", "--suite", suite.name, *options],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def finish(process):
    out, err = process.communicate(timeout=60)
    return process.returncode, out.decode(), err.decode()


def converse(name, suite, role, options, **kwargs):
    process, sock = start(role, suite, *options)
    try:
        peer = lab.Peer(suite(role, **kwargs), sock)
        peer.establish()
        texts = ["from python", "snow \u2603 and \U0001f427", "x" * 20000, ""]
        process.stdin.write("from sotto\n\u00e9\u00e8\n".encode())
        process.stdin.flush()
        heard = [peer.hear() for _ in range(2)]
        for text in texts:
            peer.say(text.encode())
        if role == lab.DIALER:  # once we leave first, once the program does
            peer.leave()
            process.stdin.close()
            last = peer.hear()
        else:
            process.stdin.close()
            last = peer.hear()
            peer.leave()
        process.stdin = None
        code, out, err = finish(process)
        said = [line[len("[Them]: "):] for line in out.splitlines() if line.startswith("[Them]: ")]
        good = (code == 0 and said == texts and out.splitlines()[-1] == "SUCCESS" and last == (lab.END, b"") and
                heard == [(0, b"from sotto"), (0, "\u00e9\u00e8".encode())])
        result(good, name, f"exit {code}\n{heard} {last}\n{out[-500:]}\n{err}")
    except Exception as error:  # a failure is a result, too
        process.kill()
        result(False, name, f"{type(error).__name__}: {error}\n{finish(process)}")
    finally:
        sock.close()


def refused(name, suite, role, options, act, expect, **kwargs):
    """`act` misbehaves; sotto must end with an error that says `expect`, and without SUCCESS."""
    process, sock = start(role, suite, *options)
    try:
        peer = lab.Peer(suite(role, **kwargs), sock)
        try:
            act(peer)
        except (lab.Refused, EOFError, ConnectionError, ValueError):
            pass
        sock.close()
        code, out, err = finish(process)
        good = code not in (0, 130) and code > 0 and expect in err and "SUCCESS" not in out
        result(good, name, f"exit {code}\n{out[-300:]}\n{err}")
    except Exception as error:
        process.kill()
        result(False, name, f"{type(error).__name__}: {error}")
    finally:
        sock.close()


def explained(suite, role):
    """The shared secret that --explain=json shows is the one that we computed."""
    process, sock = start(role, suite, "--explain=json")
    try:
        peer = lab.Peer(suite(role), sock)
        peer.establish()
        peer.say(b"look")
        peer.leave()
        process.stdin.close()
        peer.hear()
        process.stdin = None
        code, out, err = finish(process)
        objects = [json.loads(line) for line in out.splitlines()]
        steps = [o for o in objects if o.get("type") == "step"]
        values = {v["hex"] for o in steps for v in o["values"]}
        wanted = {"key generation", "key exchange", "shared secret", "key derivation", "encryption", "transmission",
                  "decryption", "result"}
        shared = peer.suite.shared.hex()
        shown = shared in values or (shared[:64] in values and shared[64:] in values)  # two halves in the RSA suite
        good = (code == 0 and {o["step"] for o in steps} == wanted and shown and peer.suite.transcript.hex() in values and
                all({"step", "what", "values", "why", "relay"} <= o.keys() for o in steps) and
                objects[-1].get("result") == "SUCCESS")
        result(good, f"{suite.name}: --explain=json shows the real values", f"exit {code}, shared shown: {shown}\n{out[:600]}\n{err}")
    except Exception as error:
        process.kill()
        result(False, f"{suite.name}: --explain=json shows the real values", f"{type(error).__name__}: {error}")
    finally:
        sock.close()


def flip(peer):
    peer.establish()
    message = bytearray(peer.seal(lab.TEXT, b"meet at noon"))
    message[-1] ^= 1
    peer.send_raw(bytes(message))
    peer.hear()


def replay(peer):
    peer.establish()
    message = peer.seal(lab.TEXT, b"meet at noon")
    peer.send_raw(message)
    peer.send_raw(message)
    peer.hear()


def vanish(peer):
    peer.establish()
    peer.say(b"and then")
    peer.sock.close()


def garbage(peer):
    peer.sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
    peer.recv_raw()


def nonsense(peer):
    peer.send_raw(b"\1" + os.urandom(100))
    peer.recv_raw()


def establish(peer):
    peer.establish()
    peer.hear()


ROLES = {lab.DIALER: "python dials", lab.LISTENER: "python listens"}
for suite in lab.SUITES:
    for role, words in ROLES.items():
        converse(f"{suite.name}: {words}", suite, role, [])
        converse(f"{suite.name}: {words}, shared key", suite, role, ["--psk-file", psk_file()], psk=bytes(range(32)))
        explained(suite, role)
        refused(f"{suite.name}: {words}, a changed message is refused", suite, role, [], flip, "refused")
        refused(f"{suite.name}: {words}, another shared key is refused", suite, role, ["--psk-file", psk_file()], establish,
                "error", psk=bytes(32))
        refused(f"{suite.name}: {words} and vanishes", suite, role, [], vanish, "gone")
    refused(f"{suite.name}: garbage is refused", suite, lab.DIALER, [], garbage, "does not speak as the lab does")
    refused(f"{suite.name}: nonsense in a frame is refused", suite, lab.DIALER, [], nonsense, "refused")
for role, words in ROLES.items():
    converse(f"modp2048-elgamal-aes256cfb over SHA-1: {words}", lab.ElgamalCfb, role, ["--sha1"], sha1=True)
for suite in (lab.RsaCbc, lab.HkdfGcm):
    refused(f"{suite.name}: a repeated message is refused", suite, lab.DIALER, [], replay, "refused")
refused("another fingerprint than --peer says is refused", lab.RsaCbc, lab.DIALER, ["--peer", "00" * 32], establish,
        "fingerprint")
refused("another suite is refused", lab.HkdfGcm, lab.DIALER, ["--suite", "x25519-aes256cbc-hmac"], establish, "another")
print(f"1..{count}")
sys.exit(1 if failed else 0)
