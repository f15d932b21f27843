"""Two people on pipes, through a real relay."""
import os
import signal
import socket
import subprocess
import tempfile
import threading

from sottoclient import Server, run
from sottopeople import Person, caught, people, sotto, takers, wait_for


def sanitized(server):
    """A sanitizer keeps what was freed, and maps more than can be read."""
    with open(f"/proc/{server.process.pid}/maps", encoding="ascii") as maps:
        return "san.so" in maps.read()


def a_thousand_lines_go_each_way_in_order():
    with Server() as server:
        a, b = people(server.port)
        rss = lambda: int(open(f"/proc/{server.process.pid}/statm", encoding="ascii").read().split()[1]) * 4
        a.say("warm\n")
        b.expect_out("warm")
        before = rss()
        for i in range(1000):
            a.say(f"line {i} of a: Grüße 世界\n")
            b.say(f"line {i} of b\n")
        a.finish()
        b.finish()
        assert a.status() == 0 and b.status() == 0, (a.err(), b.err())
        assert b.heard()[1:] == [f"line {i} of a: Grüße 世界" for i in range(1000)]
        assert a.heard() == [f"line {i} of b" for i in range(1000)]
        assert sanitized(server) or rss() - before < 4096, "the relay's memory grew"
        assert "line 7" not in server.log()


def memory_of(pid):
    """All that a process can write to, as it is now."""
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps, open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in maps:
            span, access = line.split()[:2]
            if not access.startswith("rw") or "[v" in line:
                continue
            begin, end = (int(x, 16) for x in span.split("-"))
            if end - begin < 1 << 30:  # larger ones are a sanitizer's own
                memory.seek(begin)
                yield memory.read(end - begin)


class Wire:
    """Between the clients and the relay: passes everything on and keeps it."""

    def __init__(self, port):
        self.to, self.kept = port, bytearray()
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            near = self.socket.accept()[0]
            far = socket.create_connection(("127.0.0.1", self.to))
            for a, b in ((near, far), (far, near)):
                threading.Thread(target=self.pass_on, args=(a, b), daemon=True).start()

    def pass_on(self, a, b):
        while True:
            try:
                data = a.recv(65536)
                self.kept += data
                b.sendall(data) if data else b.shutdown(socket.SHUT_WR)
            except OSError:
                return
            if not data:
                return


def neither_the_wire_nor_the_relays_memory_holds_what_was_said():
    with Server() as server:
        if sanitized(server):
            return "a sanitizer's memory is too large to search"
        wire = Wire(server.port)
        a, b = people(wire.port)
        words = a.code().split("-", 1)[1]
        planted = "a sentence that was planted to be found"
        for i in range(200):
            a.say(f"{i} {planted}\n")
        b.expect_out(f"199 {planted}")
        try:
            seen = b"".join(memory_of(server.process.pid))
        except PermissionError:
            return "the memory of another process can't be read here"
        assert server.directory.encode() in seen, "the search itself does not work"
        assert len(wire.kept) > 200 * len(planted)
        for secret in (planted, words):
            assert secret.encode() not in seen, f"the relay's memory holds {secret!r}"
            assert secret.encode() not in wire.kept, f"the wire carried {secret!r}"
            assert secret not in server.log()
        a.finish()
        b.finish()
        assert a.status() == 0 and b.status() == 0
    return None


def the_code_is_the_first_line_of_standard_output_alone():
    with Server() as server:
        a, b = people(server.port)
        code = a.out().splitlines()[0]
        assert code == a.code() and code.count("-") == 2, a.out()
        assert "[+] Connected" in a.err() and "[+]" not in a.out()
        a.finish()
        b.finish()
        assert a.status() == b.status() == 0


def a_code_file_is_read_and_output_is_flushed_line_by_line():
    with Server() as server:
        with Person("session", "new", "--words", "3", port=server.port) as a:
            path = os.path.join(tempfile.mkdtemp(), "code")
            with open(path, "w", encoding="ascii") as f:
                f.write(a.code() + "\n")
            with Person("session", "join", "--code-file", path, port=server.port) as b:
                assert a.code().count("-") == 3
                a.say("first\n")
                b.expect_out("[Them]: first\n")
                b.say("second\n")
                a.expect_out("[Them]: second\n")


def a_code_is_read_from_standard_input_without_a_dash_too():
    with Server() as server:
        with Person("session", port=server.port) as a, Person("session", port=server.port) as b:
            a.say("C\nsaid after the choice\n")
            b.say(f"j\n{a.code().upper().replace('-', ' ')}\nsaid after the code\n")
            a.expect_out("[Them]: said after the code")
            b.expect_out("[Them]: said after the choice")


def a_pipe_waits_until_the_channel_is_up():
    with Server() as server:
        read, write = os.pipe()
        a = Person("session", "new", port=server.port, stdin=read)
        os.write(write, b"said early\n")
        code = a.code()
        # It lies in the pipe still: nothing was taken out of it.
        import fcntl
        import struct
        import termios
        waiting = struct.unpack("i", fcntl.ioctl(read, termios.FIONREAD, b"\0" * 4))[0]
        assert waiting == len(b"said early\n"), waiting
        os.close(read)
        os.close(write)
        status, out, err = sotto("session", "join", "-", port=server.port, stdin=code + "\n")
        assert status == 0 and out == "[Them]: said early\n", (out, err)
        assert a.status() == 0


def the_end_of_input_is_not_the_end_of_the_session():
    with Server() as server:
        a, b = people(server.port)
        a.finish()
        b.expect_err("nothing more to say")
        b.say("still heard\n")
        a.expect_out("[Them]: still heard")
        assert a.process.poll() is None
        b.finish()
        assert a.status() == 0 and b.status() == 0


def files_and_nothing_are_input_too():
    with Server() as server:
        with tempfile.TemporaryFile() as f:
            f.write(b"from a file\nwithout a last line feed")
            f.seek(0)
            a = Person("session", "new", port=server.port, stdin=f)
            b = Person("session", "join", "-", port=server.port)
            b.say(a.code() + "\n")
            b.finish()
            assert a.status() == 0 and b.status() == 0
            assert b.heard() == ["from a file", "without a last line feed"]
        a = Person("session", "new", port=server.port, stdin=subprocess.DEVNULL)
        status, out, err = sotto("session", "join", "-", port=server.port, stdin=a.code() + "\n")
        assert (status, out) == (0, "") and a.status() == 0, err


def exit_and_end_leave_and_the_other_side_is_told():
    with Server() as server:
        for word in ("exit", "/end"):
            a, b = people(server.port)
            a.say(f"last words\n{word}\nnever said\n")
            assert a.status() == 0 and b.status() == 0, b.err()
            assert b.heard() == ["last words"]
            assert "The other side left" in b.err() and "You left" in a.err()


def a_signal_leaves_and_the_other_side_is_told():
    with Server() as server:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            a, b = people(server.port)
            a.process.send_signal(number)
            assert a.status() == 0, a.err()
            assert b.status() == 0 and "The other side left" in b.err(), b.err()


def two_signals_at_the_same_time_are_one():
    """timeout and shells signal a process and its group."""
    with Server() as server:
        for number in (signal.SIGTERM, signal.SIGHUP):
            a, b = people(server.port)
            server.process.send_signal(signal.SIGSTOP)  # so that the goodbye takes its time
            try:
                a.process.send_signal(number)
                wait_for(lambda: not caught(a.process.pid, signal.SIGWINCH), "the goodbye's beginning")
                a.process.send_signal(number)
            finally:
                server.process.send_signal(signal.SIGCONT)
            assert a.status() == 0, a.err()
            assert b.status() == 0 and "The other side left" in b.err(), b.err()


def signals_come_to_the_main_thread_alone():
    """To another one they would come between two handlers, and end us without a last word."""
    with Server() as server:
        with Person("session", "new", port=server.port) as a:
            a.code()
            assert takers(a.process.pid, signal.SIGINT) == [a.process.pid]


def an_interrupt_before_anything_was_achieved_is_130():
    with Server() as server:
        with Person("session", "new", port=server.port) as a:
            a.code()
            a.process.send_signal(signal.SIGINT)
            assert a.status() == 130, a.err()
        wait_for(lambda: "closed" in server.log(), "the room's end")
        with Person("session", "join", port=server.port) as b:
            b.expect_err("Code: ")
            b.process.send_signal(signal.SIGINT)
            assert b.status() == 130


def a_hang_up_that_is_ignored_stays_ignored():
    with Server() as server:
        read, write = os.pipe()
        from sottoclient import program
        from sottopeople import environment
        with subprocess.Popen(["nohup", program("sotto"), "session", "new", "--server", f"127.0.0.1:{server.port}"], stdin=read,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment(tempfile.mkdtemp())) as a:
            code = a.stdout.readline()
            a.send_signal(signal.SIGHUP)
            status, _, err = sotto("session", "join", "-", port=server.port, stdin=code.decode() + "exit\n")
            assert status == 0 and a.wait(60) == 0, err
        os.close(read)
        os.close(write)


def json_is_one_object_a_line():
    with Server() as server:
        a, b = people(server.port, "--json")
        code = a.events()[1]
        assert list(code)[0] == "code" and code["expiresIn"] == 600 and code["type"] == "code"
        a.say('"quoted" \x1b[31m\u202e text\n')
        b.expect_out('"message"')
        a.say("exit\n")
        assert a.status() == 0 and b.status() == 0
        kinds = [event["type"] for event in b.events()]
        assert kinds == ["connected", "exchanging", "secure", "message", "ended"], kinds
        message = b.events()[3]
        assert message == {"v": 1, "type": "message", "from": "them", "text": '"quoted" \x1b[31m\u202e text'}
        assert b.events()[4]["by"] == "them" and a.events()[-1]["by"] == "you"
        secure = [[e for e in p.events() if e["type"] == "secure"][0] for p in (a, b)]
        assert secure[0] == secure[1]
        assert a.err() == "" and b.err() == ""


def control_characters_and_overrides_are_stripped():
    with Server() as server:
        a, b = people(server.port)
        a.say("\x1b[2J\x1b]0;title\x07red \u202egnp.exe \x9b31m\x00\x08 end\tx\n")
        a.say(b"not \xff\xfe utf-8 \xc3\x28\n")
        a.say("carriage return\r\n\nafter an empty line\n")
        a.finish()
        b.finish()
        assert b.status() == 0
        assert b.out() == ("[Them]: [2J]0;titlered gnp.exe 31m end x\n[Them]: not \ufffd\ufffd utf-8 \ufffd(\n[Them]: carriage return\n"
                           "[Them]: \n[Them]: after an empty line\n"), b.out()


def long_lines_come_in_pieces_and_whole():
    with Server() as server:
        a, b = people(server.port)
        line = "ä€🐢x" * 30000
        a.say(line + "\nshort\n")
        a.finish()
        b.finish()
        assert a.status() == 0 and b.status() == 0, (a.err(), b.err())
        assert "".join(b.heard()[:-1]) == line and b.heard()[-1] == "short"


def much_more_than_the_rate_allows_arrives_whole():
    with Server("--set=limits.room_burst_bytes=1048576") as server:
        a, b = people(server.port)
        text = "".join(f"{i:07} {'x' * 190}\n" for i in range(8000))  # 1.6 MB: beyond the burst
        feeder = threading.Thread(target=lambda: (a.say(text), a.finish()))
        feeder.start()
        b.finish()
        assert a.status_of(b) == 0 and b.status_of() == 0, (a.err(), b.err())
        feeder.join()
        assert b.heard() == text.splitlines()


def quiet_prints_only_the_code_and_what_is_said():
    with Server() as server:
        with Person("session", "new", "-q", port=server.port) as a:
            code = a.code()
            status, out, err = sotto("session", "join", "-", "-q", port=server.port, stdin=code + "\nhello\nexit\n")
            assert (status, out, err) == (0, "", "")
            assert a.status() == 0 and a.out() == f"{code}\n[Them]: hello\n" and a.err() == ""


def a_reader_that_goes_away_ends_the_session():
    with Server() as server:
        a = Person("session", "new", port=server.port)
        from sottoclient import program
        from sottopeople import environment
        with subprocess.Popen([program("sotto"), "session", "join", "-", "--server", f"127.0.0.1:{server.port}"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(tempfile.mkdtemp())) as b:
            b.stdout.close()
            b.stdin.write(a.code().encode() + b"\n")
            b.stdin.flush()
            a.expect_err("[+] Secure")
            a.say("to nobody\n")
            assert b.wait(60) == 1
            assert b"cannot write the output" in b.stderr.read()


run([
    a_thousand_lines_go_each_way_in_order,
    neither_the_wire_nor_the_relays_memory_holds_what_was_said,
    the_code_is_the_first_line_of_standard_output_alone,
    a_code_file_is_read_and_output_is_flushed_line_by_line,
    a_code_is_read_from_standard_input_without_a_dash_too,
    a_pipe_waits_until_the_channel_is_up,
    the_end_of_input_is_not_the_end_of_the_session,
    files_and_nothing_are_input_too,
    exit_and_end_leave_and_the_other_side_is_told,
    a_signal_leaves_and_the_other_side_is_told,
    two_signals_at_the_same_time_are_one,
    an_interrupt_before_anything_was_achieved_is_130,
    a_hang_up_that_is_ignored_stays_ignored,
    json_is_one_object_a_line,
    control_characters_and_overrides_are_stripped,
    long_lines_come_in_pieces_and_whole,
    much_more_than_the_rate_allows_arrives_whole,
    quiet_prints_only_the_code_and_what_is_said,
    a_reader_that_goes_away_ends_the_session,
])
