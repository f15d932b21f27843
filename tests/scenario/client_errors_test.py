"""What goes wrong, and what the client says about it: the error's words, its code, its exit status; and that each command it
proposes can be run."""
import glob
import json
import os
import re
import shlex
import signal
import socket
import stat
import subprocess
import tempfile
import threading
import time

from sottoclient import Client, Server, program, run
from sottopeople import Person, environment, people, sotto


def says(err, code, status, *texts):
    assert f"[{code}, exit {status}]" in err, err
    for text in texts:
        assert text in err, (text, err)


class Listener:
    """Something on a port that is no sottod: `answer` is called with each connection."""

    def __init__(self, answer):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.kept = []
        threading.Thread(target=self.serve, args=(answer,), daemon=True).start()

    def serve(self, answer):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.kept.append(connection)
            answer(connection)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


def nobody_listens():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    status, out, err = sotto("session", "new", port=port)
    assert (status, out) == (3, "")
    says(err, "E_NET", 3, f"cannot reach 127.0.0.1:{port} (connection refused)", f"try: sottod serve {port}")


def a_name_that_does_not_exist():
    status, _, err = sotto("session", "new", "--server", "no-such-host.invalid")
    assert status == 3
    says(err, "E_NET", 3, "cannot reach no-such-host.invalid:5000")


def a_server_that_never_answers():
    with Listener(lambda connection: None) as dumb:
        begun = time.monotonic()
        status, _, err = sotto("session", "new", "--timeout", "1", port=dumb.port)
        assert status == 8 and time.monotonic() - begun < 20
        says(err, "E_TIMEOUT", 8, f"no answer from 127.0.0.1:{dumb.port} within 1 s")


def another_service_on_the_port():
    with Listener(lambda connection: connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")) as ssh:
        status, _, err = sotto("session", "new", port=ssh.port)
        assert status == 3
        says(err, "E_TLS", 3, "no secure connection")
    with Listener(lambda connection: connection.close()) as closing:
        status, _, err = sotto("session", "new", port=closing.port)
        assert status == 3, err


def wrong_words_use_the_code_up_for_both():
    with Server() as server:
        a = Person("session", "new", port=server.port)
        slot, first, second = a.code().split("-")
        wrong = "zoology" if second != "zoology" else "zombie"
        status, _, err = sotto("session", "join", "-", port=server.port, stdin=f"{slot}-{first}-{wrong}\n")
        assert status == 4
        says(err, "E_CODE", 4, "that session code is used up: the words did not match, by typo or by an attacker",
             "try: sotto session new")
        assert a.status() == 4
        says(a.err(), "E_CODE", 4)
        status, _, err = sotto("session", "join", "-", port=server.port, stdin=f"{slot}-{first}-{second}\n")
        assert status == 6
        says(err, "E_TAKEN", 6, "someone else already tried this code")
        status, _, err = sotto("session", "join", "-", port=server.port, stdin=f"{int(slot) % 1000 + 1}-{first}-{second}\n")
        assert status == 6
        says(err, "E_NOTFOUND", 6, "no session waits under this code")
        assert server.alive()


def a_third_one_is_told_that_someone_else_was_there():
    with Server() as server:
        a, b = people(server.port)
        code = a.code()
        status, _, err = sotto("session", "join", "-", port=server.port, stdin=code + "\n")
        assert status == 6
        says(err, "E_TAKEN", 6, "someone else already tried this code", "try: sotto session new")
        a.say("undisturbed\n")
        b.expect_out("[Them]: undisturbed")


def the_relay_is_killed():
    with Server() as server:
        a, b = people(server.port)
        c = Person("session", "new", port=server.port)
        c.code()
        server.process.send_signal(signal.SIGKILL)
        for person in (a, b, c):
            assert person.status(10) == 3
            says(person.err(), "E_NET", 3, f"the connection to 127.0.0.1:{server.port} broke")


def the_relay_stops_and_says_so():
    with Server() as server:
        a, b = people(server.port)
        server.stop(signal.SIGTERM)
        for person in (a, b):
            assert person.status(10) == 3
            assert "the server stops" in person.err() or "the server ended" in person.err(), person.err()


def the_other_side_is_killed():
    with Server() as server:
        a, b = people(server.port)
        b.process.kill()
        assert a.status(20) == 4
        says(a.err(), "E_MISSING", 4, "the session was cut")
        a = Person("session", "new", port=server.port)
        joiner = Client(server.port).open()
        joiner.room_join(int(a.code().split("-")[0]))
        a.expect_err("Exchanging")
        joiner.reset()
        assert a.status(20) == 6
        says(a.err(), "E_CLOSED", 6, "the other side left before the channel was secure")


def the_pin_has_changed():
    data = tempfile.mkdtemp()
    with Server() as server:
        port = server.port
        with Person("session", "new", port=port, data=data) as a:
            a.code()
            a.expect_err("first contact")
        status, out, _ = sotto("server", "list", data=data)
        assert status == 0 and f"127.0.0.1:{port}" in out and server.pin() in out
        server.stop()
    with Server(listen=f"127.0.0.1:{port}"):
        status, _, err = sotto("session", "new", port=port, data=data)
        assert status == 3
        says(err, "E_PIN", 3, "this server is not the one you joined: its key does not match your pin",
             f"try: sotto server forget 127.0.0.1:{port}")
        assert "Session code" not in err
        forget = re.search(r"try: sotto (.*)", err).group(1).split()
        assert sotto(*forget, data=data)[0] == 0
        with Person("session", "new", port=port, data=data) as a:
            a.code()
            a.expect_err("first contact")
        assert sotto(*forget, data=data)[0] == 0
        status, _, err = sotto(*forget, data=data)
        assert status == 6
        says(err, "E_NOTFOUND", 6, "try: sotto server list")


def pins_are_kept_for_their_owner_alone():
    data = tempfile.mkdtemp()
    with Server() as server:
        with Person("session", "new", port=server.port, data=data) as a:
            a.code()
        path = os.path.join(data, "sotto", "known_servers")
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
        assert stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode) == 0o700
        with open(path, "a", encoding="ascii") as f:
            f.write("nonsense\n")
        status, _, err = sotto("session", "new", port=server.port, data=data)
        assert status == 2
        says(err, "E_CONFIG", 2, f"line 3 of {path} is not valid")


def pins_that_cannot_be_kept():
    with Server() as server:
        with tempfile.NamedTemporaryFile() as in_the_way:
            status, _, err = sotto("session", "new", port=server.port, data=in_the_way.name)
            assert status in (1, 7), err
            assert "known_servers" in err and "XDG_DATA_HOME" in err, err


def no_room_for_the_pin():
    if os.geteuid() != 0:
        return "only root can mount a small disk"
    data = tempfile.mkdtemp()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", data], capture_output=True, check=False).returncode != 0:
        return "no disk can be mounted here"
    try:
        with open(os.path.join(data, "fill"), "wb") as f:
            f.write(b"x" * 4096)
        with Server() as server:
            status, out, err = sotto("session", "new", port=server.port, data=data)
        assert status == 1 and out == "" and "No space left on device" in err and "make room" in err, err
        assert os.listdir(os.path.join(data, "sotto")) == ["known_servers.lock"]
    finally:
        subprocess.run(["umount", data], check=True)


def a_typo_is_told_before_anything_is_sent():
    status, _, err = sotto("session", "join", "-", stdin="7-aardvark-zuchini\n", port=1)
    assert status == 2
    says(err, "E_VALUE", 2, "\"zuchini\" is not a word of a session code", "did you mean zucchini?")
    for text in ("7-\x1b[31m-zucchini\n", "\n", "x" * 5000 + "\n", "99999999999-aardvark-zucchini\n"):
        status, _, err = sotto("session", "join", "-", stdin=text, port=1)
        assert status == 2 and "\x1b" not in err, err
    status, _, err = sotto("session", "join", "-", port=1)
    assert status == 2 and "the input ended before a code came" in err, err
    status, _, err = sotto("session", port=1)
    assert status == 2 and "the input ended before C or J came" in err, err


def a_code_on_the_command_line_is_refused():
    status, _, err = sotto("session", "join", "7-aardvark-zucchini", port=1)
    assert status == 2 and "aardvark" not in err
    says(err, "E_USAGE", 2, "a code is never given on the command line", "try: sotto session join")


def nobody_joins_in_time():
    with Server() as server:
        with Person("session", "new", "--ttl", "1s", port=server.port) as a:
            a.expect_err("expires in 0:01")
            assert a.status(10) == 6
            says(a.err(), "E_EXPIRED", 6, "nobody joined in time")
    with Server("--set", "limits.room_join_ms=1000") as server:
        with Person("session", "new", port=server.port) as a:
            assert a.status(10) == 6
            says(a.err(), "E_EXPIRED", 6, "nobody joined in time")


def a_full_relay_says_when_to_come_back():
    with Server("--set", "limits.rooms_per_address=1") as server:
        with Person("session", "new", port=server.port) as a:
            a.code()
            status, _, err = sotto("session", "new", port=server.port)
            assert status == 5
            assert "[E_FULL, exit 5]" in err or "[E_RATE, exit 5]" in err, err


def many_wrong_codes_have_to_wait():
    with Server("--set", "limits.wrong_codes=1") as server:
        for number in range(3):
            with Person("session", "new", port=server.port) as a:
                slot = a.code().split("-")[0]
                status, _, err = sotto("session", "join", "-", port=server.port, stdin=f"{slot}-zoned-zombie\n")
                assert status == (4 if number < 1 else 5), (number, err)
        assert "slow down" in err and "retry in" in err, err


def usage_errors_propose_what_was_meant():
    for arguments, guess in ((["sesion"], "session"), (["session", "nwe"], "session new"), (["session", "new", "--wrods", "3"], "--words")):
        status, out, err = sotto(*arguments)
        assert (status, out) == (2, "")
        says(err, "E_USAGE", 2, f"did you mean {guess}?")
    status, out, err = sotto()
    assert (status, out) == (2, "") and "usage: sotto COMMAND" in err
    status, _, err = sotto("session", "new", "--server", "a b;c")
    assert status == 2 and "not the address of a server" in err


def errors_as_json():
    status, out, err = sotto("session", "new", "--json", port=1)
    error = json.loads(err)
    assert (status, out) == (3, "") and error["type"] == "error" and error["code"] == "E_NET" and error["exit"] == 3
    status, _, err = sotto("--json", "sesion")
    assert json.loads(err)["code"] == "E_USAGE"


def versions_help_and_pages():
    status, out, _ = sotto("--version")
    assert status == 0 and re.search(r"^sotto \d", out) and re.search(r"^libcrypto 3\.", out, re.M)
    assert re.search(r"lib25519|libsodium|OpenSSL", out)
    status, out, _ = sotto("--help")
    assert status == 0 and "session join" in out
    for topic in ("session new", "codes", "json", "trust", "exit", "environment", "files", "session", "server"):
        status, out, err = sotto("help", *topic.split())
        assert status == 0 and len(out) > 40, (topic, err)
    status, _, err = sotto("help", "nothing")
    assert status == 6
    page = sotto("--man")[1]
    if subprocess.run(["sh", "-c", "command -v mandoc"], capture_output=True, check=False).returncode == 0:
        lint = subprocess.run(["mandoc", "-T", "lint", "-W", "warning"], input=page, text=True, capture_output=True, check=False)
        assert lint.returncode == 0, lint.stdout
    status, out, _ = sotto("server", "--help")
    assert status == 0 and "server list" in out and "session" not in out, out
    for shell in ("bash", "zsh", "fish"):
        assert sotto("completion", shell)[0] == 0
    status, _, _ = sotto("completion", "csh")
    assert status == 2


def full_disks_are_noticed():
    with open("/dev/full", "wb") as full:
        done = subprocess.run([program("sotto"), "--help"], stdout=full, stderr=subprocess.PIPE, env=environment(tempfile.mkdtemp()), check=False)
    assert done.returncode == 1 and b"cannot write the output" in done.stderr


def closed_descriptors_are_never_written_to():
    with Server() as server:
        for closed, expected in (("<&-", 6), (">&-", 1), ("2>&-", 6), ("<&- >&- 2>&-", 1)):
            data = tempfile.mkdtemp()
            done = subprocess.run(["sh", "-c", f'"{program("sotto")}" session new --ttl 1s {closed}'], capture_output=True, timeout=60,
                                  stdin=subprocess.DEVNULL, check=False, env=environment(data, SOTTO_SERVER=f"127.0.0.1:{server.port}"))
            assert done.returncode == expected, (closed, done)
            with open(os.path.join(data, "sotto", "known_servers"), encoding="ascii") as f:
                assert "[" not in f.read(), closed


def each_proposed_command_can_be_run():
    """Every `try` of the sources: known to the program that it names, and accepted as it stands."""
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    found = set()
    for path in glob.glob(os.path.join(root, "client", "**", "*.c"), recursive=True):
        with open(path, encoding="utf-8") as f:
            found |= set(re.findall(r'\.try\s*=\s*"([^"]+)"', f.read()))
    assert len(found) >= 4, found
    with Server() as server:
        data = tempfile.mkdtemp()
        with Person("session", "new", port=server.port, data=data) as a:
            a.code()
        for hint in sorted(found):
            filled = hint.replace("%s", str(server.port) if hint.startswith("sottod") else f"127.0.0.1:{server.port}")
            name, *arguments = shlex.split(filled)
            if name == "sottod":  # the port is taken here; what matters is that the words are understood
                done = subprocess.run([program(name), *arguments, "--dir", tempfile.mkdtemp()], capture_output=True, timeout=60,
                                      check=False, stdin=subprocess.DEVNULL)
                assert done.returncode not in (2, 127), (hint, done.stderr)
                continue
            try:
                done = subprocess.run([program(name), *arguments], capture_output=True, timeout=2, stdin=subprocess.DEVNULL, check=False,
                                      env=environment(data, SOTTO_SERVER=f"127.0.0.1:{server.port}"))
            except subprocess.TimeoutExpired:
                continue  # it runs and waits for a person
            ended_early = b"the input ended before" in done.stderr
            assert done.returncode != 2 or ended_early, (hint, done.stderr)


run([
    nobody_listens,
    a_name_that_does_not_exist,
    a_server_that_never_answers,
    another_service_on_the_port,
    wrong_words_use_the_code_up_for_both,
    a_third_one_is_told_that_someone_else_was_there,
    the_relay_is_killed,
    the_relay_stops_and_says_so,
    the_other_side_is_killed,
    the_pin_has_changed,
    pins_are_kept_for_their_owner_alone,
    pins_that_cannot_be_kept,
    no_room_for_the_pin,
    a_typo_is_told_before_anything_is_sent,
    a_code_on_the_command_line_is_refused,
    nobody_joins_in_time,
    a_full_relay_says_when_to_come_back,
    many_wrong_codes_have_to_wait,
    usage_errors_propose_what_was_meant,
    errors_as_json,
    versions_help_and_pages,
    full_disks_are_noticed,
    closed_descriptors_are_never_written_to,
    each_proposed_command_can_be_run,
])
