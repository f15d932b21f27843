#!/usr/bin/python3
"""A new server: its keys and settings, a root key that is kept elsewhere, and new keys later."""
import json
import os
import shutil
import subprocess
import tempfile

from sottoclient import *
from sottopeople import people


def sottod(*arguments, env=None, timeout=60, cwd=None):
    done = subprocess.run([program("sottod"), *arguments], capture_output=True, text=True, timeout=timeout, check=False,
                          env={**os.environ, **(env or {})}, cwd=cwd)
    return done.returncode, done.stdout, done.stderr


def fresh():
    return tempfile.mkdtemp(prefix="sottod-test-")


def init(directory, *more):
    """Made on a free port, since the usual one may be taken here."""
    status, out, err = sottod("init", "--json", "--listen", "127.0.0.1:0", "--dir", os.path.join(directory, "state"), *more)
    assert status == 0, err
    return json.loads(out)


def chain_of(server):
    return Client(server.port).open().chain


def init_makes_what_serve_needs():
    directory = fresh()
    told = init(directory, "--host", "chat.example.org")
    state = os.path.join(directory, "state")
    assert told["dir"] == state and told["file"] == f"{state}/sottod.conf" and told["next"] == f"sottod serve --dir {state}", told
    with open(told["file"], encoding="utf-8") as f:
        text = f.read()
    assert "\nlisten = 127.0.0.1:0\n" in text and "\nhost = chat.example.org\n" in text and f"\ndir = {state}\n" in text and "\n#rooms = 1000\n" in text, text
    assert "\nrooms = members\n" in text, text
    assert sottod("check-config", told["file"])[0] == 0
    uncommented = os.path.join(directory, "all.conf")
    with open(uncommented, "w", encoding="utf-8") as f:
        f.write("".join(line[1:] if line.startswith("#") and line[1:2] != " " and "[" not in line and line.split()[-1].islower() is False
                        and not line.split()[-1].isupper() else line for line in text.splitlines(keepends=True)))
    status, _, err = sottod("check-config", uncommented)
    assert status == 0, err
    for name in os.listdir(state):
        assert os.stat(os.path.join(state, name)).st_mode & 0o077 == 0, name
    with Server("--set", "rooms=open", directory=directory) as s:
        assert s.pin() == told["pin"] and s.alive()
        chain = chain_of(s)
        assert len(chain) == 2
        verified(chain, told["pin"])


def rooms_are_for_members_after_init():
    directory = fresh()
    init(directory)
    with Server(directory=directory) as s:
        c = Client(s.port).open()
        c.send(ROOM_OPEN, b"\x01" + opaque(b""))
        assert b"only members of this server may open rooms" in c.expect(ERROR)
        c.close()


def what_it_prints_is_for_people():
    directory = fresh()
    status, out, err = sottod("init", "--listen", "127.0.0.1:0", "--dir", "state", "--host", "chat.example.org", cwd=directory)
    assert status == 0 and err == "", err
    assert f"wrote       {directory}/state/sottod.conf\n" in out and "server pin  " in out and "next        sottod serve --dir " in out, out
    assert "PRIVATE" not in out


def a_second_init_changes_nothing():
    directory = fresh()
    init(directory)
    state = os.path.join(directory, "state")
    before = {name: open(os.path.join(state, name), "rb").read() for name in os.listdir(state)}
    status, out, err = sottod("init", "--listen", "127.0.0.1:0", "--dir", state)
    assert status == 1 and "is there already" in err and "do: " in err and out == "", err
    assert {name: open(os.path.join(state, name), "rb").read() for name in os.listdir(state)} == before
    os.remove(os.path.join(state, "sottod.conf"))  # cut off before the settings were written
    again = init(directory)
    assert open(os.path.join(state, "root.key"), "rb").read() == before["root.key"] and again["file"].startswith(state)


def what_is_wrong_is_told_before_anything_is_made():
    directory = fresh()
    state = os.path.join(directory, "state")
    for arguments, words, want in ((["--host", "Not A Name"], "not a value for host", 2), (["--host", ""], "not a value for host", 2),
                                   (["--offline-root", "/nonexistent/key"], "cannot make /nonexistent/key", 6)):
        status, out, err = sottod("init", "--listen", "127.0.0.1:0", "--dir", state, *arguments)
        assert status == want and words in err and out == "", (arguments, status, err)
        assert not os.path.exists(os.path.join(state, "root.key")), arguments
    other = os.path.join(directory, "letter")
    os.mkdir(other)
    with open(os.path.join(other, "letter.txt"), "w", encoding="utf-8") as f:
        f.write("dear")
    status, _, err = sottod("init", "--listen", "127.0.0.1:0", "--dir", other)
    assert status == 2 and "holds other things" in err and os.listdir(other) == ["letter.txt"], err


def a_full_disk_leaves_no_half_of_a_file():
    if os.geteuid() != 0:
        return "needs root, to mount a small disk"
    small = fresh()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "none", small], capture_output=True, check=False).returncode != 0:
        return "may not mount here"
    try:
        with open(os.path.join(small, "fill"), "wb") as f:
            try:
                f.write(b"x" * 65536)
                f.flush()
            except OSError:
                pass
        conf = os.path.join(small, "sottod.conf")
        status, _, err = sottod("init", "--listen", "127.0.0.1:0", "--dir", os.path.join(fresh(), "state"), "--config", conf)
        assert status == 1 and "cannot write" in err, (status, err)
        assert not os.path.exists(conf)
    finally:
        subprocess.run(["umount", small], check=False)
    return None


def a_port_in_use_is_told_before_keys_are_made():
    with Server() as s:
        state = os.path.join(fresh(), "state")
        for command in ("serve", "init"):
            status, _, err = sottod(command, "--listen", f"127.0.0.1:{s.port}", "--dir", state)
            assert status == 3 and "already in use" in err, err
            assert not os.path.exists(os.path.join(state, "root.key"))


def the_root_key_can_be_elsewhere_from_the_beginning():
    directory, stick = fresh(), fresh()
    root = os.path.join(stick, "root.key")
    told = init(directory, "--host", "chat.example.org", "--offline-root", root)
    state = os.path.join(directory, "state")
    assert told["root"] == root and os.stat(root).st_mode & 0o777 == 0o600
    assert not os.path.exists(os.path.join(state, "root.key"))
    shutil.rmtree(stick)
    with Server("--set", "rooms=open", directory=directory) as s:
        chain = chain_of(s)
        assert s.pin() == told["pin"] and len(chain) == 3
        verified(chain, told["pin"])
        a, b = people(s.port)
        a.say("certified by an intermediate\n")
        b.expect_out("certified by an intermediate")
        a.finish()
        b.finish()
        assert a.status() == 0 and b.status() == 0, (a.err(), b.err())


def a_root_key_is_moved_away_later_and_comes_back_for_the_next_intermediate():
    directory, safe = fresh(), os.path.join(fresh(), "root.key")
    told = init(directory)
    state = os.path.join(directory, "state")
    status, out, err = sottod("rotate-key", "--intermediate", "--dir", state)
    assert status == 0 and told["pin"] in out and "move " in out, err
    shutil.move(os.path.join(state, "root.key"), safe)
    with Server("--set", "rooms=open", directory=directory) as s:
        first = chain_of(s)
        assert len(first) == 3
        verified(first, told["pin"])
    status, _, err = sottod("rotate-key", "--intermediate", "--dir", state)
    assert status == 6 and "needs the root key" in err and "--root" in err, err
    status, _, err = sottod("rotate-key", "--root", os.path.join(state, "server.key"), "--dir", state)
    assert status == 4 and "does not hold a \"sotto root key 1\"" in err, err
    status, out, err = sottod("rotate-key", "--intermediate", "--root", safe, "--dir", state, "--json")
    assert status == 0 and json.loads(out)["pin"] == told["pin"], err
    with Server("--set", "rooms=open", directory=directory) as s:
        second = chain_of(s)
        assert s.pin() == told["pin"] and second[2] == first[2] and second[0] != first[0] and second[1] != first[1]
        verified(second, told["pin"])


def root_gets_the_places_of_the_service():
    if os.geteuid() != 0 or os.path.exists("/etc/sottod") or os.path.exists("/var/lib/sottod"):
        return "needs root, and no server here"
    done = subprocess.run(["unshare", "--mount", "sh", "-c", "mount -t tmpfs none /etc && mount -t tmpfs none /var/lib && exec \"$@\"", "sh",
                           "sh", "-c", f"{program('sottod')} init --listen 127.0.0.1:0 --host chat.example.org && stat -c '%a %n' /etc/sottod /etc/sottod/sottod.conf "
                           f"/var/lib/sottod && {program('sottod')} check-config"], capture_output=True, text=True, check=False)
    if "unshare" in done.stderr or "mount" in done.stderr:
        return "may not mount here"
    assert done.returncode == 0, done.stdout + done.stderr
    for line in ("next        systemctl enable --now sottod", "755 /etc/sottod\n", "644 /etc/sottod/sottod.conf\n", "700 /var/lib/sottod\n",
                 "ok: /etc/sottod/sottod.conf has no mistakes"):
        assert line in done.stdout, done.stdout
    return None


run([f for f in list(globals().values()) if callable(f) and getattr(f, "__module__", "") == "__main__"
     and f.__name__ not in ("sottod", "fresh", "init", "chain_of")])
