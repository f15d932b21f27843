"""The lab at the real programs: through a relay and without one, on pipes and at terminals; explained, attacked, and gone wrong."""
import json
import os
import re
import signal
import socket
import stat
import subprocess
import tempfile
import time

from sottoclient import Server, free_port, program, run
from sottopeople import Person, Terminal, environment, no_tmux, sotto, wait_for

SUITES = ["x25519-aes256cbc-hmac", "modp2048-elgamal-aes256cfb", "rsa-ecdh-aes256cbc-hmac", "modp2048-aes256gcm",
          "x25519-hkdf-aes256gcm"]
STEPS = ["key generation", "key exchange", "shared secret", "key derivation", "encryption", "transmission", "decryption", "result"]
CODE = re.compile(r"\b[0-9]+-[a-z0-9-]+\b")


class Side:
    """`sotto lab listen` or `dial` on pipes."""

    def __init__(self, command, port, *options):
        self.process = subprocess.Popen([program("sotto"), "lab", command, f"127.0.0.1:{port}", *options], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(tempfile.mkdtemp()))

    def end(self, text=""):
        out, err = self.process.communicate(text.encode(), timeout=60)
        return self.process.returncode, out.decode(), err.decode()


def two(options_a=(), options_b=None, text_a="from a\n", text_b="from b\n"):
    """Both say something at once and end; gives what each saw."""
    port = free_port()
    a, b = Side("listen", port, *options_a), Side("dial", port, *(options_a if options_b is None else options_b))
    a.process.stdin.write(text_a.encode())
    a.process.stdin.flush()
    said_b = b.end(text_b)
    return a.end(), said_b


def suites_lists_the_five_by_name():
    status, out, _ = sotto("lab", "suites")
    assert status == 0 and [line.split()[0] for line in out.splitlines()] == SUITES, out
    status, out, _ = sotto("lab", "suites", "--json")
    assert [json.loads(line)["suite"] for line in out.splitlines()] == SUITES


def every_suite_talks_through_the_relay_which_reads_nothing():
    with Server() as server:
        for suite in SUITES:
            with Person("lab", "new", "--suite", suite, port=server.port) as a:
                code = wait_for(lambda: CODE.search(a.out()) if "\n" in a.out() else None, "the code").group()
                assert code.endswith("-" + suite), code
                with Person("lab", "join", "-", port=server.port) as b:
                    b.say(code + "\nplanted in the middle\nand once more\n")
                    a.say("the answer\n")
                    a.expect_out("[Them]: and once more")
                    b.expect_out("[Them]: the answer")
                    b.say("exit\n")
                    assert (a.status(), b.status()) == (0, 0), a.err() + b.err()
                    assert a.out().splitlines()[-1] == b.out().splitlines()[-1] == "SUCCESS"
                    assert a.heard() == ["planted in the middle", "and once more"] and b.heard() == ["the answer"]
        assert f"lab open {code.split('-')[0]} {suite}" in server.log()
        assert "planted" not in server.log()


def every_suite_talks_without_a_relay():
    for suite in SUITES:
        a, b = two(("--suite", suite))
        assert a[0] == b[0] == 0, (suite, a, b)
        assert a[1] == "[Them]: from b\nSUCCESS\n" and b[1] == "[Them]: from a\nSUCCESS\n", (suite, a, b)


def many_messages_go_both_ways():
    lines = [f"line {i}" for i in range(1000)]
    a, b = two(text_a="\n".join(lines) + "\n", text_b="\n".join(reversed(lines)) + "\n")
    assert a[0] == b[0] == 0, (a[2], b[2])
    assert b[1].splitlines() == ["[Them]: " + line for line in lines] + ["SUCCESS"], b[1][-200:]
    assert a[1].splitlines() == ["[Them]: " + line for line in reversed(lines)] + ["SUCCESS"], a[1][-200:]


def the_default_address_is_127_0_0_1_65432():
    with socket.socket() as s:
        if s.connect_ex(("127.0.0.1", 65432)) == 0:
            return "somebody else listens there"
    a = subprocess.Popen([program("sotto"), "lab", "listen"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    b = subprocess.run([program("sotto"), "lab", "dial"], input=b"hello\n", capture_output=True, timeout=60, check=False)
    out, err = a.communicate(timeout=60)
    assert b.returncode == a.returncode == 0 and out == b"[Them]: hello\nSUCCESS\n", (out, err, b)
    assert b"127.0.0.1:65432" in err
    return None


def explain_prints_each_step_under_its_heading():
    for suite in SUITES:
        a, _ = two(("--suite", suite, "--explain"))
        headings = [line for line in a[1].splitlines() if line in STEPS]
        assert set(headings) == set(STEPS), (suite, headings)
        firsts = [headings.index(step) for step in ("key generation", "key exchange", "shared secret", "key derivation")]
        assert firsts == sorted(firsts), headings
        assert headings.index("encryption") < headings.index("transmission"), headings
        assert headings.index("decryption") < len(headings) - 1 - headings[::-1].index("result"), headings
        for step in STEPS:  # why, and what the relay sees, under each
            after = a[1].split("\n" + step + "\n" if not a[1].startswith(step) else step + "\n", 1)[1]
            assert "why: " in after and "the relay sees: " in after


def both_sides_explain_the_same_secret():
    for suite in SUITES:
        a, b = two(("--suite", suite, "--explain=json"))
        secrets = []
        for side in (a, b):
            objects = [json.loads(line) for line in side[1].splitlines()]
            assert objects[-1] == {"v": 1, "type": "ended", "result": "SUCCESS"}
            steps = [o for o in objects if o["type"] == "step"]
            assert {o["step"] for o in steps} == set(STEPS)
            secrets.append({v["hex"] for o in steps if o["step"] == "key derivation" for v in o["values"]})
        assert secrets[0] == secrets[1] and secrets[0], suite


def a_key_file_is_private_and_never_overwritten():
    folder = tempfile.mkdtemp()
    path = os.path.join(folder, "key")
    status, out, err = sotto("lab", "keygen", "-o", path, "--suite", "rsa-ecdh-aes256cbc-hmac")
    assert status == 0, err
    shown = re.search(r"shared key\s+([0-9a-f]{64})", out).group(1)
    before = open(path, encoding="ascii").read()
    assert shown in before
    for name in (path, path + ".identity"):
        assert stat.S_IMODE(os.stat(name).st_mode) == 0o600
    assert "PRIVATE" not in out and open(path + ".identity", encoding="ascii").read().split()[-1] not in out
    status, _, err = sotto("lab", "keygen", "-o", path)
    assert status == 7 and "is there already" in err, err
    assert open(path, encoding="ascii").read() == before
    os.unlink(path)
    status, _, err = sotto("lab", "keygen", "-o", path, "--suite", "rsa-ecdh-aes256cbc-hmac")  # the second file is still there
    assert status == 7 and not os.path.exists(path), err
    os.symlink(os.path.join(folder, "elsewhere"), path)
    assert sotto("lab", "keygen", "-o", path)[0] == 7 and not os.path.exists(os.path.join(folder, "elsewhere"))


def a_shared_key_takes_the_place_of_the_exchange():
    path = os.path.join(tempfile.mkdtemp(), "key")
    assert sotto("lab", "keygen", "-o", path)[0] == 0
    for suite in SUITES:
        a, b = two(("--suite", suite, "--psk-file", path))
        assert a[0] == b[0] == 0 and "with a shared key" in a[2] and a[1] == "[Them]: from b\nSUCCESS\n", (suite, a, b)


def a_shared_key_can_be_pasted():
    path = os.path.join(tempfile.mkdtemp(), "key")
    out = sotto("lab", "keygen", "-o", path)[1]
    key = re.search(r"[0-9a-f]{64}", out).group()
    a, b = two(("--psk-file", path), ("--psk-file", "-"), text_b=key + "\nfrom b\n")
    assert a[0] == b[0] == 0 and a[1] == "[Them]: from b\nSUCCESS\n", (a, b)


def another_shared_key_is_refused_by_both():
    paths = [os.path.join(tempfile.mkdtemp(), "key") for _ in range(2)]
    for path in paths:
        assert sotto("lab", "keygen", "-o", path)[0] == 0
    a, b = two(("--psk-file", paths[0]), ("--psk-file", paths[1]))
    assert a[0] == 4 and "key confirmation" in a[2] and "SUCCESS" not in a[1], a
    assert b[0] == 3 and "SUCCESS" not in b[1], b


def a_known_fingerprint_lets_its_owner_in_and_nobody_else():
    for suite in ("modp2048-elgamal-aes256cfb", "rsa-ecdh-aes256cbc-hmac"):
        path = os.path.join(tempfile.mkdtemp(), "key")
        out = sotto("lab", "keygen", "-o", path, "--suite", suite)[1]
        fingerprint = re.search(r"fingerprint\s+([0-9a-f]{64})", out).group(1)
        a, b = two(("--suite", suite, "--key-file", path + ".identity"), ("--suite", suite, "--peer", fingerprint))
        assert a[0] == b[0] == 0 and "(as expected)" in b[2], (a, b)
        a, b = two(("--suite", suite), ("--suite", suite, "--peer", fingerprint))
        assert b[0] == 4 and "fingerprint" in b[2] and a[0] == 3, (a, b)


def different_suites_are_refused():
    a, b = two(("--suite", SUITES[0]), ("--suite", SUITES[3]))
    assert a[0] == 3 and "suite" in a[2] and b[0] == 3, (a, b)


def a_side_that_is_killed_is_noticed():
    port = free_port()
    a, b = Side("listen", port), Side("dial", port)
    b.process.stdin.write(b"hello\n")
    b.process.stdin.flush()
    assert a.process.stdout.readline() == b"[Them]: hello\n"
    b.process.kill()
    b.process.communicate()
    status, out, err = a.end()
    assert status == 3 and "gone" in err and "SUCCESS" not in out, (status, out, err)


def garbage_on_the_port_is_refused():
    for junk in (b"GET / HTTP/1.1\r\n\r\n", b"\x00\x00\x00\x05hello", b"\xff" * 8):
        port = free_port()
        a = Side("listen", port)
        sock = wait_for(lambda: connect(port), "the listener")
        sock.sendall(junk)
        status, out, err = a.end()
        assert status == 3 and "error" in err and "SUCCESS" not in out, (junk, status, err)
        sock.close()


def connect(port):
    try:
        return socket.create_connection(("127.0.0.1", port), 5)
    except ConnectionRefusedError:
        return None


def a_port_in_use_and_nobody_there_are_told():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        status, _, err = Side("listen", taken.getsockname()[1]).end()
    assert status != 0 and "address already in use" in err and "E_IN_USE" in err, err
    begin = time.monotonic()
    status, _, err = Side("dial", free_port()).end()
    assert status == 3 and "connection refused" in err and time.monotonic() - begin < 30, err


def ctrl_c_leaves_and_the_other_side_ends_well():
    port = free_port()
    a, b = Side("listen", port), Side("dial", port)
    b.process.stdin.write(b"hello\n")
    b.process.stdin.flush()
    assert a.process.stdout.readline() == b"[Them]: hello\n"
    a.process.send_signal(signal.SIGINT)
    status, out, err = b.end()
    assert status == 0 and out == "SUCCESS\n", (status, out, err)
    assert a.end()[:2] == (0, "SUCCESS\n")
    waiting = Side("listen", free_port())
    waiting.process.stderr.readline()
    waiting.process.send_signal(signal.SIGINT)
    assert waiting.process.wait(60) == 130


def a_code_is_never_taken_from_the_command_line():
    status, _, err = sotto("lab", "join", "7-x25519-hkdf-aes256gcm")
    assert status == 2 and "never given on the command line" in err
    status, _, err = sotto("lab", "join", "-", stdin="7-no-such-suite\n")
    assert status == 2 and "not a code" in err, err
    with Server() as server:
        status, _, err = sotto("lab", "join", "-", port=server.port, stdin="999-x25519-hkdf-aes256gcm\n")
        assert status == 6 and "no lab room" in err, err


def a_third_joiner_is_told_and_the_two_go_on():
    with Server() as server, Person("lab", "new", port=server.port) as a, Person("lab", "join", "-", port=server.port) as b:
        code = wait_for(lambda: CODE.search(a.out()) if "\n" in a.out() else None, "the code").group()
        b.say(code + "\nfirst\n")
        a.expect_out("[Them]: first")
        path = os.path.join(tempfile.mkdtemp(), "code")
        with open(path, "w", encoding="ascii") as f:
            f.write(code + "\n")
        status, out, err = sotto("lab", "join", "--code-file", path, port=server.port)
        assert status == 6 and "someone else already" in err and "SUCCESS" not in out, err
        b.say("second\nexit\n")
        a.expect_out("[Them]: second")
        assert (a.status(), b.status()) == (0, 0)


def a_relay_that_stops_is_told_to_both():
    with Server() as server, Person("lab", "new", port=server.port) as a, Person("lab", "join", "-", port=server.port) as b:
        b.say(wait_for(lambda: CODE.search(a.out()) if "\n" in a.out() else None, "the code").group() + "\nfirst\n")
        a.expect_out("[Them]: first")
        server.process.kill()
        server.process.wait()
        for person in (a, b):
            assert person.status() == 3 and "error" in person.err() and "SUCCESS" not in person.out(), person.err()


def ipv6_and_a_port_alone_are_addresses():
    for address in ("[::1]:{}", "localhost:{}", "{}"):
        port = free_port()
        address = address.format(port)
        a = subprocess.Popen([program("sotto"), "lab", "listen", address], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        b = subprocess.run([program("sotto"), "lab", "dial", address], input=b"hello\n", capture_output=True, timeout=60, check=False)
        out, err = a.communicate(timeout=60)
        if b"cannot assign" in err or b"not supported" in err:
            continue  # no IPv6 here
        assert b.returncode == a.returncode == 0 and out == b"[Them]: hello\nSUCCESS\n", (address, out, err, b)
    status, _, err = sotto("lab", "dial", "nonsense:port")
    assert status == 2 and "not an address" in err, err


def attacks_show_what_falls_and_what_stops_them():
    status, out, err = sotto("lab", "attack")
    assert status == 0, err
    rows = {line[:28].strip(): line[28:].split() for line in out.splitlines()[1:7]}
    assert rows == {
        "x25519-aes256cbc-hmac": ["falls", "stopped", "stopped", "falls", "falls", "-", "-"],
        "modp2048-elgamal-aes256cfb": ["falls", "stopped", "stopped", "falls", "falls", "falls", "stopped"],
        "rsa-ecdh-aes256cbc-hmac": ["falls", "stopped", "stopped", "stopped", "stopped", "-", "-"],
        "modp2048-aes256gcm": ["falls", "stopped", "stopped", "falls", "falls", "-", "-"],
        "x25519-hkdf-aes256gcm": ["falls", "stopped", "stopped", "stopped", "stopped", "-", "-"],
        "a Sotto session": ["stopped", "stopped", "stopped", "stopped", "-"],
    }, rows
    for attack in ("mitm", "flip-bit", "replay", "reorder", "sha1"):
        status, out, err = sotto("lab", "attack", attack, "--json")
        found = [json.loads(line) for line in out.splitlines()]
        assert status == 0 and {o["suite"] for o in found} == {*SUITES, "a Sotto session"} and all(o["check"] for o in found), err
    errors = {o["attack"]: o.get("error") for line in sotto("lab", "attack", "--json")[1].splitlines()
              for o in [json.loads(line)] if o["suite"] == "a Sotto session"}
    assert errors == {"mitm": "E_CODE", "flip-bit": "E_DECRYPT", "replay": "E_REPLAYED", "reorder": "E_MISSING", "sha1": None}, errors


def two_terminals_talk_and_leave():
    if no_tmux():
        return no_tmux()
    with Server() as server:
        command = program("sotto") + " lab "
        with Terminal(command + "new --suite x25519-aes256cbc-hmac", server.port) as a, Terminal(command + "join", server.port) as b:
            a.expect("Lab code: ")
            a.line("typed before anybody was there")
            a.expect("Held until")
            b.expect("Code: ")
            b.line("7-nonsense")
            b.expect("That is not a code of the lab")
            b.line(CODE.search(a.screen().split("Lab code: ")[1]).group())
            a.expect("[+] Established")
            b.expect("[+] Established")
            b.expect("[Them]: typed before anybody was there")
            a.line("hello from a")
            b.expect("[Them]: hello from a")
            b.line("hello from b")
            a.expect("[Them]: hello from b")
            b.line("/end")
            assert (a.status(), b.status()) == (0, 0)
            assert "SUCCESS" in a.screen() and "SUCCESS" in b.screen()
    return None


run([
    suites_lists_the_five_by_name,
    every_suite_talks_through_the_relay_which_reads_nothing,
    every_suite_talks_without_a_relay,
    many_messages_go_both_ways,
    the_default_address_is_127_0_0_1_65432,
    explain_prints_each_step_under_its_heading,
    both_sides_explain_the_same_secret,
    a_key_file_is_private_and_never_overwritten,
    a_shared_key_takes_the_place_of_the_exchange,
    a_shared_key_can_be_pasted,
    another_shared_key_is_refused_by_both,
    a_known_fingerprint_lets_its_owner_in_and_nobody_else,
    different_suites_are_refused,
    a_side_that_is_killed_is_noticed,
    garbage_on_the_port_is_refused,
    a_port_in_use_and_nobody_there_are_told,
    ctrl_c_leaves_and_the_other_side_ends_well,
    a_code_is_never_taken_from_the_command_line,
    a_third_joiner_is_told_and_the_two_go_on,
    a_relay_that_stops_is_told_to_both,
    ipv6_and_a_port_alone_are_addresses,
    attacks_show_what_falls_and_what_stops_them,
    two_terminals_talk_and_leave,
])
