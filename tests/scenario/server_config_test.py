#!/usr/bin/python3
"""The configuration: the file, check-config, and what is wrong in either."""
import json
import os
import subprocess
import tempfile

from sottoclient import *


def sottod(*arguments, env=None, timeout=60):
    done = subprocess.run([program("sottod"), *arguments], capture_output=True, text=True, timeout=timeout, check=False,
                          env={**os.environ, **(env or {})})
    return done.returncode, done.stdout, done.stderr


def written(text, name="sottod.conf"):
    path = os.path.join(tempfile.mkdtemp(prefix="sottod-test-"), name)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


def a_file_without_mistakes_is_fine():
    path = written("# mine\nhost = chat.example.org\n[limits]\nrooms = 5\n")
    status, out, err = sottod("check-config", path)
    assert (status, out, err) == (0, f"ok: {path} has no mistakes\n", ""), (status, out, err)
    status, out, _ = sottod("check-config", path, "--json")
    told = json.loads(out)
    assert status == 0 and told["ok"] is True and told["file"] == path, out


def a_mistake_is_told_with_its_line_and_what_was_meant():
    for text, words in (("threads = 1\nlissten = 0.0.0.0:1\n", ["line 2", "no setting \"lissten\"", "did you mean listen?"]),
                        ("[limits]\nrom = 1\nrooms = 1\n", ["line 2", "limits.rom"]),
                        ("threads = 1\n\nthreads = 2\n", ["line 3", "line 1 already"]),
                        ("threads = many\n", ["line 1", "\"many\" is not a value for threads"]),
                        ("hello\n", ["line 1", "neither"]), ("dir = " + "x" * 300 + "\n", ["line 1", "longer than"])):
        path = written(text)
        for command in (["check-config", path], ["check-config", "--config", path], ["serve", "--config", path],
                        ["check-config", "--dir", os.path.dirname(path)]):
            status, out, err = sottod(*command)
            assert status == 2 and out == "" and path in err and all(w in err for w in words), (command, status, err)
        status, out, err = sottod("check-config", path, "--json")
        told = json.loads(err)
        assert status == 2 and told["code"] == "E_CONFIG" and words[0] in told["error"], err


def what_a_setting_takes_is_told():
    for text, takes in (("threads = many\n", "threads takes N"), ("rooms = maybe\n", "rooms takes open | members | off"),
                        ("[limits]\nrooms = many\n", "limits.rooms takes a number from 1 to 1000000000000"),
                        ("[limits]\nframe_bytes = 63\n", "limits.frame_bytes takes a number from 64 to 65536"),
                        ("[log]\nredact = maybe\n", "log.redact takes yes | no")):
        status, _, err = sottod("check-config", written(text))
        assert status == 2 and f"do: {takes}" in err, (text, err)
    for text, words in (("[limits]\nthreads = 2\n", ("no setting \"limits.threads\"", "did you mean threads?", "do: put it above the first [section]")),
                        ("[limits]\nrooms = open\n", ("\"open\" is not a value for limits.rooms", "did you mean rooms?", "do: put it above the first [section]")),
                        ("rooms = open # for all\n", ("is not a value for rooms", "do: a comment stands in a line of its own")),
                        ("host = chat.example.org:5000\n", ("is not a value for host", "do: host takes NAME: the name by which clients reach")),
                        ("connections = 5\n", ("did you mean limits.connections?", "do: put it below [limits]"))):
        status, _, err = sottod("check-config", written(text))
        assert status == 2 and all(w in err for w in words), (text, err)
    status, _, err = sottod("check-config", written("neither\n[limits]\nthreads = 2\n"))  # the first mistake alone is told of
    assert status == 2 and "line 1: it is neither" in err and "put it" not in err and "did you mean" not in err, err
    status, _, err = sottod("serve", "--set", "connections=5")
    assert status == 2 and "did you mean limits.connections?" in err and "put it" not in err, err
    status, _, err = sottod("serve", "--set", "listen=nowhere")
    assert status == 2 and "do: listen takes ADDR:PORT" in err, err


def what_cannot_be_read_is_told():
    status, _, err = sottod("check-config", "/nonexistent/sottod.conf")
    assert status == 6 and "there is no file /nonexistent/sottod.conf" in err and "\n  do: " in err, (status, err)
    status, _, err = sottod("serve", "0", "--config", os.path.dirname(written("")))
    assert status == 1 and "cannot read" in err and "Is a directory" in err, (status, err)
    big = written("# " + "x" * 70000)
    status, _, err = sottod("check-config", big)
    assert status == 2 and "larger than" in err, (status, err)
    status, _, err = sottod("serve", "0", "--config", "/" + "x" * 2000)
    assert status == 2 and "too long" in err, (status, err)


def serve_reads_its_file_and_the_command_line_counts_more():
    directory = tempfile.mkdtemp(prefix="sottod-test-")
    os.mkdir(os.path.join(directory, "state"))
    with open(os.path.join(directory, "state", "sottod.conf"), "w", encoding="utf-8") as f:
        f.write("listen = 127.0.0.1:1\n[limits]\nrooms = 1\nrooms_per_address = 1\n")
    with Server(directory=directory) as s:
        assert s.alive()
        a, b = Client(s.port).open(), Client(s.port).open()
        a.room_open()
        b.send(ROOM_OPEN, b"\x01" + opaque(b""))
        b.expect(ERROR)
    with Server("--set", "limits.rooms=9", "--set", "limits.rooms_per_address=9", directory=directory) as s:
        a, b = Client(s.port).open(), Client(s.port).open()
        a.room_open()
        b.room_open()


def a_manual_page_names_every_key():
    status, page, _ = sottod("--man", "sottod.conf")
    assert status == 0 and page.startswith(".TH SOTTOD.CONF 5"), page[:80]
    _, text, _ = sottod("help", "settings")
    keys = [line.split(" = ")[0].strip() for line in text.splitlines() if " = " in line and not line.startswith("A setting")]
    assert len(keys) > 30, keys
    for key in keys:
        assert key in page, key
    for key in ("host", "listen", "limits.rooms"):
        assert key in keys, keys
    assert sottod("--man", "nonsense")[0] == 6
    if subprocess.run(["sh", "-c", "command -v mandoc"], capture_output=True, check=False).returncode == 0:
        done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning"], input=page, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def who_has_a_proxy_is_told_where_tls_ends():
    path = written("proxy_from = 127.0.0.1\n")
    status, out, err = sottod("check-config", path)
    assert status == 0 and "no mistakes" in out and "TLS has to end here" in out and "haproxy.cfg" in out, out + err


def tls_of(directory):
    """A certificate and its key, as an ACME client leaves them."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost",
                    "-keyout", f"{directory}/key.pem", "-out", f"{directory}/cert.pem"], check=True, capture_output=True, timeout=60)
    os.chmod(f"{directory}/key.pem", 0o600)
    os.chmod(f"{directory}/cert.pem", 0o644)
    return f"[tls]\ncertificate = {directory}/cert.pem\nkey = {directory}/key.pem\n"


def what_the_service_could_not_read_is_noted_to_root():
    if not may_give_away():
        return "needs root"
    directory = tempfile.mkdtemp(prefix="sottod-test-")
    for place in (tempfile.gettempdir(), directory):
        os.chmod(place, 0o755)
    tls = tls_of(directory)
    path = written(f"dir = /var/lib/sottod\n{tls}")
    for name, mode, owner, group, blamed in (("key.pem", 0o600, 0, 0, "key.pem"), ("key.pem", 0o640, 0, 0, "key.pem"), ("key.pem", 0o640, 0, 65534, ""),
                                             ("key.pem", 0o600, 65534, 0, ""), ("key.pem", 0o644, 0, 0, ""), ("", 0o700, 0, 0, "cert.pem"),
                                             ("", 0o750, 0, 65534, ""), ("cert.pem", 0o600, 0, 0, "cert.pem")):
        os.chown(os.path.join(directory, name), owner, group)
        os.chmod(os.path.join(directory, name), mode)
        status, out, err = sottod("check-config", path)
        assert status == 0 and err == "", (out, err)
        noted = f"note: {directory}/{blamed} can be read by root alone" in out and "SupplementaryGroups=" in out
        assert noted if blamed else "note: " not in out, (name, oct(mode), out)
        told = json.loads(sottod("check-config", path, "--json")[1]).get("rootOnly")
        assert told == (f"{directory}/{blamed}" if blamed else None), (name, told)
    status, out, _ = sottod("check-config", written(f"dir = /somewhere/else\n{tls}"))  # that isn't the service
    assert status == 0 and "note: " not in out, out
    return None


def what_cannot_be_printed_is_told_however_long_it_is():
    for words in (["help", "exit"], ["help", "settings"]):  # less than a buffer, and more
        with open("/dev/full", "wb") as full:
            done = subprocess.run([program("sottod"), *words], stdout=full, stderr=subprocess.PIPE, timeout=60, check=False)
        assert done.returncode == 1 and b"cannot write the output" in done.stderr, (words, done)
        reader, writer = os.pipe()
        os.close(reader)  # as head does, once it has its lines
        done = subprocess.run([program("sottod"), *words], stdout=writer, stderr=subprocess.PIPE, timeout=60, check=False)
        os.close(writer)
        assert done.returncode == 1 and done.stderr == b"", (words, done)


run([f for f in list(globals().values()) if callable(f) and getattr(f, "__module__", "") == "__main__"
     and f.__name__ not in ("sottod", "written", "tls_of")])
