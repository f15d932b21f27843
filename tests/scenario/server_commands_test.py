#!/usr/bin/python3
"""Every command that sottod has, as its own help lists them: each explains itself, and with --json prints one object a line."""
import json
import os
import re
import subprocess
import tempfile

from sottoclient import *
from sottodevice import Device

TEXT = {"help", "completion"}  # what they print is a text


def sottod(*arguments):
    done = subprocess.run([program("sottod"), *arguments], capture_output=True, timeout=60, check=False, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout, done.stderr


def fresh(name):
    return os.path.join(tempfile.mkdtemp(prefix="sottod-test-"), name)


def words_of(line):
    words = []
    for word in line.split():
        if not re.fullmatch("[a-z]+(-[a-z]+)*", word):
            break
        words.append(word)
    return words


def commands():
    """As lists of words: what stands below the groups of the help, left of what it says about them."""
    status, out, _ = sottod("help")
    assert status == 0
    groups = out.decode().split("\noptions\n")[0].split("\nserver\n")[1]
    return [words_of(re.split("  +", line.strip())[0]) for line in groups.splitlines() if re.match("  [a-z]", line)]


def objects(text):
    assert text.endswith(b"\n"), text
    found = [json.loads(line) for line in text.decode().splitlines()]
    assert all(isinstance(one, dict) and one["v"] == 1 for one in found), text
    return found


def each_explains_itself():
    found = commands()
    assert len(found) > 20 and ["serve"] in found and ["user", "delete"] in found and ["completion"] in found, found
    completion = sottod("completion", "bash")[1].decode()
    for words in found:
        name = " ".join(words)
        status, out, err = sottod(*words, "--help")
        text = out.decode()
        assert status == 0 and err == b"" and text.startswith(f"sottod {name} - ") and f"usage: sottod {name}" in text, (name, status, out, err)
        assert sottod("help", *words) == (0, out, b""), name
        assert f"    '{name}') next=" in completion, name


def each_says_with_json_what_is_wrong_with_a_call():
    for words in commands():
        status, out, err = sottod(*words, "--json", "--no-such-option")
        told = objects(err)
        assert status == 2 and out == b"" and len(told) == 1 and told[0]["type"] == "error" and "--no-such-option" in told[0]["error"], \
            (words, status, out, err)


def calls(state, key, device):
    """Each command with its arguments, in an order in which each can do what it is for; what comes of one is for the next ones."""
    backup = fresh("b.sotto")
    yield "init", ["--listen", "127.0.0.1:0", "--dir", fresh("state")]
    for name in ("check-config", "doctor", "status", "reload", "metrics print", "rotate-key"):
        yield name, ["--dir", state]
    yield "backup-key", [key]
    yield "backup", [backup, "--dir", state]
    yield "verify-backup", [backup]
    yield "restore", [backup, "--dir", fresh("restored")]
    yield "invite create", ["--name", "bob", "--dir", state]
    yield "invite create", ["--password", "--name", "carol", "--dir", state]
    yield "invite list", ["--dir", state]
    yield "invite revoke", [objects(sottod("invite", "list", "--json", "--dir", state)[1])[0]["id"], "--dir", state]
    yield "user list", ["--dir", state]
    yield "user quota", ["alice", "1M", "--dir", state]
    yield "user rename", ["alice", "anna", "--dir", state]
    yield "user disable", ["anna", "--dir", state]
    yield "user enable", ["anna", "--dir", state]
    yield "device list", ["anna", "--dir", state]
    yield "device revoke", ["anna", device, "--dir", state]
    yield "user delete", ["anna", "--confirm", "anna", "--dir", state]


def each_prints_objects_with_json():
    called = {"serve"}
    with Server("--json", "--set", "registration.who=open", wait=False) as s, Device() as alice:
        s.port = int(re.search(r"listening on 127.0.0.1:(\d+)", s.line("listening on "))[1])
        alice.connect(s.port).register("alice@localhost")
        alice.auth()
        for name, arguments in calls(os.path.join(s.directory, "state"), fresh("backup.key"), alice.device.hex()):
            status, out, err = sottod(*name.split(), *arguments, "--json")
            assert status == 0 or (name == "doctor" and status == 1), (name, status, out, err)
            assert objects(out), (name, out)
            assert err == b"" or objects(err), (name, err)
            called.add(name)
        assert s.stop() == 0
        events = {line["msg"]: line["ev"] for line in map(json.loads, s.log().splitlines())}
        assert events["account made"] == "account" and events["a backup was made"] == "backup", events
    assert called == {" ".join(words) for words in commands()} - TEXT, called


run([each_explains_itself, each_says_with_json_what_is_wrong_with_a_call, each_prints_objects_with_json])
