"""A server with its Socket.IO gateway, and the real socket.io-client where node and npm are."""
import json
import os
import queue
import shutil
import socket
import struct
import subprocess
import threading
import time

from sottoclient import Missing, Server

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SOCKETIO = os.path.join(ROOT, "tests", "interop", "socketio")
TRANSPORTS = {"websocket": ["websocket"], "polling": ["polling"], "upgrade": ["polling", "websocket"]}


class Gateway(Server):
    def __init__(self, *options, gateway=0):
        super().__init__("--set", f"gateway=127.0.0.1:{gateway}", *options)
        self.gateway = int(self.line("Socket.IO gateway").rsplit(":", 1)[1])


# ---- a line that breaks

class Line:
    """A port of its own in front of a gateway; what runs over it can be cut off."""

    def __init__(self, gateway):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.gateway, self.target = self.listener.getsockname()[1], ("127.0.0.1", gateway.gateway)
        self.lock, self.pairs = threading.Lock(), []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near = self.listener.accept()[0]
            except OSError:
                return
            pair = {"ends": (near, socket.create_connection(self.target)), "dead": False}
            with self.lock:
                self.pairs.append(pair)
            for ends in (pair["ends"], pair["ends"][::-1]):
                threading.Thread(target=self.pump, args=(pair, *ends), daemon=True).start()

    @staticmethod
    def pump(pair, source, sink):
        try:
            while data := source.recv(65536):
                if not pair["dead"]:
                    sink.sendall(data)
        except OSError:
            pass
        if not pair["dead"]:
            for end in pair["ends"]:
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def cut(self):
        """Both ends hear of it."""
        with self.lock:
            for pair in self.pairs:
                for end in pair["ends"]:
                    try:
                        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                        end.shutdown(socket.SHUT_RDWR)
                    except OSError:
                        pass
            self.pairs = []

    def hush(self):
        """Nobody hears of it: what is said on them is lost. New ones are as good as ever."""
        with self.lock:
            for pair in self.pairs:
                pair["dead"] = True
            self.pairs = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.cut()
        self.listener.close()


# ---- the real client

def modules():
    """Where socket.io-client is, and why it is not."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        return None, Missing("no node and npm here")
    done = subprocess.run([os.path.join(SOCKETIO, "install.sh")], capture_output=True, text=True, timeout=150, check=False)
    if done.returncode != 0:
        return None, "npm cannot bring socket.io-client"
    return done.stdout.strip(), None


MODULES, WITHOUT = modules()


class Node:
    """A process of node with any number of clients in it."""

    def __init__(self, gateway, url=None):
        url = url or f"http://127.0.0.1:{gateway.gateway}"
        self.process = subprocess.Popen(["node", os.path.join(SOCKETIO, "driver.cjs"), MODULES, url],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.came = {}
        self.lock = threading.Lock()
        threading.Thread(target=self.read, daemon=True).start()

    def queue(self, who):
        with self.lock:
            return self.came.setdefault(who, queue.Queue())

    def read(self):
        for line in self.process.stdout:
            if not line.endswith("\n"):
                return  # it was killed
            event = json.loads(line)
            self.queue(event["who"]).put((event["event"], event["args"]))

    def do(self, who, what, **more):
        self.process.stdin.write(json.dumps({"who": who, "do": what, **more}) + "\n")
        self.process.stdin.flush()

    def emit(self, who, *args, ask=False):
        self.do(who, "emit", args=args, ask=ask)

    def connect(self, who, transports=None, query=None, space=None, **options):
        self.do(who, "connect", options={"transports": transports or ["websocket"], "query": query or {}, **options}, space=space)

    def next(self, who, timeout=60):
        return self.queue(who).get(timeout=timeout)

    def expect(self, who, *events):
        """The arguments of the next events, which are these; changes of transport aside."""
        given = []
        for wanted in events:
            event, args = self.next(who)
            while event == "upgrade" != wanted:
                event, args = self.next(who)
            assert event == wanted, f"{who}: wanted {wanted}, got {event} {args}"
            given.append(args)
        return given[0] if len(given) == 1 else given

    def meet(self, a, b, **options):
        self.connect(a, **options)
        id_a = self.expect(a, "connect")[0]
        self.connect(b, **options)
        id_b = self.expect(b, "connect")[0]
        assert self.expect(a, "PEER_CONNECTED")[0]["id"] == id_b
        assert self.expect(b, "PEER_CONNECTED")[0]["id"] == id_a
        return id_a, id_b, self.expect(a, "KEY_EXCHANGE")[0], self.expect(b, "KEY_EXCHANGE")[0]

    def skip_to(self, who, wanted):
        """The arguments of the next event of this name; what comes before it is left out."""
        end = time.monotonic() + 60
        event, args = self.next(who)
        while event != wanted:
            assert time.monotonic() < end, f"{who}: wanted {wanted}, got {event} {args} last"
            event, args = self.next(who)
        return args

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
