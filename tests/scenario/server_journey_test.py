#!/usr/bin/python3
"""From the invitation to the conversation, with everything real: two people get their one-time passwords by mail (SMTP with TLS), register
through haproxy, and talk while one of them is away and the server starts anew."""
import contextlib
import os
import shutil
import subprocess

from sottoclient import Missing, Server, run
from sottodevice import Device
from sottopeople import program, wait_for
from sottopost import Controller, Post, authority, certificate, password_of
from sottoproxy import HAPROXY_HEAD, folder, nobody, recipe

HOST = "chat.example.org"


def settings(post, ca):
    given = {"host": HOST, "proxy_from": "127.0.0.1", "mail.server": f"smtp://localhost:{post.port}", "mail.from": f"sotto@{HOST}",
             "mail.ca_file": ca, "registration.mail_domains": "mail.example"}
    return [word for key, value in given.items() for word in ("--set", f"{key}={value}")]


@contextlib.contextmanager
def haproxy(server):
    """The recipe of packaging/ in front of this server; gives its port."""
    text, port = recipe("haproxy.cfg", server)
    where = folder()
    config = os.path.join(where, "config")
    with open(config, "w", encoding="utf-8") as f:
        f.write(HAPROXY_HEAD + text)
    env = {**os.environ, "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin"}
    process = subprocess.Popen([*nobody(), "haproxy", "-db", "-f", config], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, env=env)
    try:
        yield port
    finally:
        process.terminate()
        process.wait(60)
        shutil.rmtree(where, ignore_errors=True)


def reachable(device, port):
    """The proxy takes a moment until it has found the server well."""
    def tried():
        try:
            device.connect(port)
            return True
        except Exception:  # pylint: disable=broad-except
            return False
    wait_for(tried, "the proxy", 20)


def invite(server, address, name):
    done = subprocess.run([program("sottod"), "invite", "create", "--mail", address, "--name", name, "--dir", os.path.join(server.directory, "state")],
                          capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr


def from_the_mail_to_the_conversation():
    if Controller is None or shutil.which("haproxy", path=os.environ.get("PATH", "") + ":/usr/sbin") is None:
        return Missing("aiosmtpd or haproxy is not here")
    ca = authority("journey")
    tls = certificate("journey-mail", "journey", "DNS:localhost,IP:127.0.0.1")
    alice, bob = Device(), Device()
    with Post(tls) as post:
        with Server(*settings(post, ca)) as server, haproxy(server) as port:
            for number, (device, name) in enumerate(((alice, "alice"), (bob, "bob")), 1):
                invite(server, f"{name}@mail.example", name)
                password = password_of(post.wait(number))
                reachable(device, port)
                device.register(f"{name}@{HOST}", "password", password, f"{name}@mail.example")
                device.auth()
            stream = alice.create()
            alice.commit(stream, add=[bob])
            bob.listen().read_all(stream)
            seq = alice.append(stream, b"are you there?")
            assert bob.wait() == (stream, seq, 1, b"are you there?")
            bob.ack(stream, seq)
            bob.append(stream, b"yes", epoch=1)
            bob.close()
            for number in range(20):
                alice.append(stream, b"while bob is away %d" % number)
            directory = server.directory
            assert server.stop() == 0
        with Server(*settings(post, ca), directory=directory) as server, haproxy(server) as port:
            reachable(bob, port)
            bob.auth()
            said = [body for seq_, kind, body in bob.read_all(stream, seq) if kind == 1]
            assert said == [b"yes"] + [b"while bob is away %d" % n for n in range(20)], said
            reachable(alice, port)
            alice.auth().listen().read_all(stream)
            answer = bob.append(stream, b"I am back", epoch=1)
            assert alice.wait() == (stream, answer, 1, b"I am back")
    alice.end()
    bob.end()
    return None


run([from_the_mail_to_the_conversation])
