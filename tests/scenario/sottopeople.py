"""People at the real client: on pipes, and at terminals (tmux). Each has a data folder of its own unless told otherwise."""
import json
import os
import re
import shutil
import subprocess
import tempfile
import time

from sottoclient import Missing, program

CODE = re.compile(r"\b[0-9]+-[a-z]+-[a-z]+(?:-[a-z]+)?\b")


def environment(data, **more):
    """Without a locale, a colour setting or a server of whoever runs the tests."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "SOTTO_", "XDG_")) and k not in ("LANG", "NO_COLOR")}
    return {**kept, "XDG_DATA_HOME": data, **more}


def wait_for(check, what, timeout=60):
    end = time.monotonic() + timeout
    while True:
        value = check()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited in vain for {what}")
        time.sleep(0.02)


def caught(pid, number):
    """Whether the process has a handler for this signal."""
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        held = [line for line in f if line.startswith("SigCgt:")][0]
    return int(held.split()[1], 16) >> (number - 1) & 1


def takers(pid, number):
    """The threads of a process that this signal may come to."""
    threads = []
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/status", encoding="ascii") as f:
            held = [line for line in f if line.startswith("SigBlk:")][0]
        if not int(held.split()[1], 16) >> (number - 1) & 1:
            threads.append(int(thread))
    return threads


def sotto(*arguments, port=None, stdin="", data=None, timeout=60, **more):
    """Runs to the end: (status, stdout, stderr)."""
    data = data or tempfile.mkdtemp(prefix="sotto-test-")
    server = ["--server", f"127.0.0.1:{port}"] if port else []
    done = subprocess.run([program("sotto"), *arguments, *server], input=stdin.encode() if isinstance(stdin, str) else stdin,
                          capture_output=True, timeout=timeout, env=environment(data, **more), check=False)
    return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")


class Person:
    """A client on pipes: what it says is collected in files, so that nothing ever blocks."""

    def __init__(self, *arguments, port, data=None, stdin=subprocess.PIPE):
        self.data = data or tempfile.mkdtemp(prefix="sotto-test-")
        self.paths = [os.path.join(tempfile.mkdtemp(prefix="sotto-said-"), name) for name in ("out", "err")]
        with open(self.paths[0], "wb") as out, open(self.paths[1], "wb") as err:
            self.process = subprocess.Popen([program("sotto"), *arguments, "--server", f"127.0.0.1:{port}"], stdin=stdin, stdout=out,
                                            stderr=err, env=environment(self.data))

    def out(self):
        with open(self.paths[0], encoding="utf-8", errors="replace") as f:
            return f.read()

    def err(self):
        with open(self.paths[1], encoding="utf-8", errors="replace") as f:
            return f.read()

    def code(self):
        return wait_for(lambda: CODE.search(self.out()) if "\n" in self.out() else None, "the code").group()

    def say(self, text):
        self.process.stdin.write(text.encode() if isinstance(text, str) else text)
        self.process.stdin.flush()

    def finish(self):
        self.process.stdin.close()

    def expect_out(self, text, timeout=60):
        wait_for(lambda: text in self.out(), f"{text!r} in {self.out()[-300:]!r} {self.err()[-300:]!r}", timeout)

    def expect_err(self, text, timeout=60):
        wait_for(lambda: text in self.err(), f"{text!r} in {self.err()[-600:]!r}", timeout)

    def status(self, timeout=60):
        return self.process.wait(timeout)

    def status_of(self, *others, idle=60):
        """The status, however long it takes, as long as more and more comes out of these people."""
        said, end = None, 0
        while self.process.poll() is None:
            now = [os.path.getsize(path) for person in (self, *others) for path in person.paths]
            if now != said:
                said, end = now, time.monotonic() + idle
            if time.monotonic() > end:
                raise AssertionError(f"nothing more came out for {idle} s: {self.err()[-300:]!r}")
            time.sleep(0.05)
        return self.process.returncode

    def events(self):
        return [json.loads(line) for line in self.out().splitlines()]

    def heard(self):
        return [line[len("[Them]: "):] for line in self.out().splitlines() if line.startswith("[Them]: ")]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def people(port, *options, stdin=subprocess.PIPE):
    """Two in a secure session."""
    a = Person("session", "new", *options, port=port, stdin=stdin)
    b = Person("session", "join", "-", *options, port=port)
    b.say(a.code() + "\n")
    for person in (a, b):
        wait_for(lambda p=person: "[+] Secure" in p.err() or '"secure"' in p.out(), f"secure: {person.err()} {person.out()}")
    return a, b


def no_tmux():
    return None if shutil.which("tmux") else Missing("tmux is missing")


class Terminal:
    """A pane of its own tmux server: keys go in, the screen comes out."""
    count = 0

    def __init__(self, command, port=None, columns=100, rows=40, data=None, term="tmux-256color"):
        Terminal.count += 1
        self.socket = f"sotto-{os.getpid()}-{Terminal.count}"
        self.folder = tempfile.mkdtemp(prefix="sotto-term-")
        self.conf = os.path.join(self.folder, "conf")
        with open(self.conf, "w", encoding="ascii") as f:
            f.write(f"set -g history-limit 20000\nset -g default-terminal {term}\nset -g remain-on-exit on\nset -g escape-time 0\n")
        env = environment(data or tempfile.mkdtemp(prefix="sotto-test-"))
        if port:
            env["SOTTO_SERVER"] = f"127.0.0.1:{port}"
        shell = f"trap : INT; {command}; echo STATUS $?; stty -a; exec cat"
        self.tmux("-f", self.conf, "new-session", "-d", "-x", str(columns), "-y", str(rows), f"sh -c '{shell}'", env=env)

    def tmux(self, *arguments, env=None, stdin=None):
        done = subprocess.run(["tmux", "-L", self.socket, *arguments], capture_output=True, env=env or os.environ, input=stdin,
                              check=False, timeout=60)
        if done.returncode:
            raise AssertionError(f"tmux {arguments}: {done.stderr.decode()}")
        return done.stdout.decode("utf-8", "replace")

    def type(self, text):
        self.tmux("send-keys", "-l", text)

    def keys(self, *names):
        self.tmux("send-keys", *names)

    def line(self, text):
        self.type(text)
        self.keys("Enter")

    def paste(self, text):
        self.tmux("load-buffer", "-", stdin=text.encode())
        self.tmux("paste-buffer", "-d")

    def screen(self):
        """All that was shown, wrapped lines joined."""
        return self.tmux("capture-pane", "-p", "-J", "-S", "-")

    def visible(self):
        return self.tmux("capture-pane", "-p").rstrip("\n").split("\n")

    def expect(self, text, timeout=60):
        wait_for(lambda: text in self.screen(), f"{text!r} on the screen:\n{self.screen()[-1500:]}", timeout)

    def code(self):
        return wait_for(lambda: CODE.search(self.screen().split("Session code:")[-1]) if "Session code:" in self.screen() else None,
                        "the code").group()

    def status(self, timeout=60):
        found = wait_for(lambda: re.search(r"^STATUS (\d+)$", self.screen(), re.M), "the end of the program", timeout)
        return int(found.group(1))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["tmux", "-L", self.socket, "kill-server"], capture_output=True, check=False)


def terminals(port, columns=100):
    """Two at terminals, in a secure session."""
    command = program("sotto") + " session"
    a, b = Terminal(command + " new", port, columns), Terminal(command + " join", port, columns)
    b.expect("Code: ")
    b.line(a.code())
    a.expect("[+] Secure")
    b.expect("[+] Secure")
    return a, b
