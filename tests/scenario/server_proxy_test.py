#!/usr/bin/python3
"""Behind a proxy: the PROXY protocol by hand, and the recipes of packaging/ with the real haproxy and nginx."""
import os
import shutil
import socket
import ssl
import struct
import subprocess
import time

from sottoclient import *
from sottoproxy import HAPROXY_HEAD, folder, nobody, recipe

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
LOCAL = SIGNATURE + b"\x20\0\0\0"


def v2(address, port=4660):
    body = socket.inet_aton(address) + socket.inet_aton("198.51.100.1") + struct.pack(">HH", port, 443)
    return SIGNATURE + b"\x21\x11" + struct.pack(">H", len(body)) + body


def v2_v6(address, port=4660):
    body = socket.inet_pton(socket.AF_INET6, address) * 2 + struct.pack(">HH", port, 443)
    return SIGNATURE + b"\x21\x21" + struct.pack(">H", len(body)) + body


def v1(address, port=4660):
    return f"PROXY TCP4 {address} 198.51.100.1 {port} 443\r\n".encode()


def proxied(*options):
    return Server("--set", "proxy_from=10.0.0.0/8 127.0.0.1", "--log-addresses", *options)


def come(server, header, cut=0):
    client = Client(server.port)
    if cut:
        client.raw.sendall(header[:cut])
        time.sleep(0.05)
    client.raw.sendall(header[cut:])
    return client.open()


def logged(server, what, count):
    """Waits until the log, which a thread of its own writes, holds it so often."""
    end = time.monotonic() + 60
    while server.log().count(what) < count:
        assert time.monotonic() < end, server.log()
        time.sleep(0.02)
    assert server.log().count(what) == count, server.log()


def refused(act):
    try:
        act()
    except (Ended, OSError):  # ssl.SSLError is one
        return True
    return False


def hangs_up(server, data):
    """Whether the server ends a connection that begins so, within its time for the handshake."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as s:
        s.sendall(data)
        try:
            return s.recv(1) == b""
        except ConnectionResetError:
            return True


def either_version_names_who_connects():
    with proxied() as s:
        come(s, v2("203.0.113.7", 1111))
        s.line("connected from 203.0.113.7:1111")
        come(s, v1("203.0.113.8", 2222))
        s.line("connected from 203.0.113.8:2222")
        body = socket.inet_pton(socket.AF_INET6, "2001:db8::9") * 2 + struct.pack(">HH", 3333, 443) + b"\x04\0\x02ab"
        come(s, SIGNATURE + b"\x21\x21" + struct.pack(">H", len(body)) + body)
        s.line("connected from [2001:db8::9]:3333")


def a_header_may_come_in_pieces():
    with proxied() as s:
        for number, header in enumerate((v2("203.0.113.7"), v1("203.0.113.7"))):
            for cut in (1, 13, len(header) - 1):
                come(s, header, cut)
        logged(s, "connected from 203.0.113.7:4660", 6)


def a_proxy_that_speaks_for_itself_counts_as_itself():
    with proxied() as s:
        come(s, LOCAL)
        s.line("connected from 127.0.0.1:")
        come(s, b"PROXY UNKNOWN\r\n")
        logged(s, "connected from 127.0.0.1:", 2)


def a_listed_proxy_must_send_a_header():
    with proxied("--set", "limits.handshake_ms=500") as s:
        assert refused(lambda: Client(s.port).open())
        assert hangs_up(s, b"GET / HTTP/1.1\r\n\r\n")
        assert hangs_up(s, SIGNATURE + b"\x21\x11\xff\xff" + b"x" * 2000)
        assert hangs_up(s, b"PROXY TCP4 1.2.3.4 1.2.3.4 1 99999\r\n")
        began = time.monotonic()
        assert hangs_up(s, v2("203.0.113.7")[:-1]), "half a header"
        assert hangs_up(s, v2("203.0.113.7")), "a header and nothing behind it"
        assert time.monotonic() - began < 10


def nobody_else_is_believed():
    with Server("--set", "proxy_from=10.0.0.0/8 127.0.0.9", "--log-addresses") as s:
        assert refused(lambda: come(s, v2("203.0.113.7")))
        assert refused(lambda: come(s, v1("203.0.113.7")))
        Client(s.port).open()
        s.line("connected from 127.0.0.1:")
        client = Client(s.port, source="127.0.0.9")
        client.raw.sendall(v2("203.0.113.7"))
        client.open()
        s.line("connected from 203.0.113.7:4660")


def limits_see_who_is_behind_the_proxy():
    with proxied("--set", "limits.connections_per_address=2") as s:
        kept = [come(s, v2("203.0.113.7")) for _ in range(2)]
        assert refused(lambda: come(s, v2("203.0.113.7")))
        kept += [come(s, v2("203.0.113.8")) for _ in range(2)]
        assert refused(lambda: come(s, v1("203.0.113.8")))
        kept[0].close()
        for _ in range(100):  # the server has to notice it first
            if not refused(lambda: kept.append(come(s, v2("203.0.113.7")))):
                break
            time.sleep(0.05)
        assert len(kept) == 5


def limits_know_an_ipv4_address_that_is_mapped_into_ipv6():
    with proxied("--set", "limits.connections_per_address=1") as s:
        kept = [come(s, v2_v6(f"::ffff:203.0.113.{i}")) for i in (7, 8)]
        assert refused(lambda: come(s, v2_v6("::ffff:203.0.113.7"))), "mapped and mapped"
        assert refused(lambda: come(s, v2("203.0.113.8"))), "mapped and not"
        assert len(kept) == 2


def reachable(port, process):
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        try:
            return Client(port, source="127.0.0.4").open()
        except (OSError, Ended, AssertionError):
            time.sleep(0.05)
    raise AssertionError(f"nobody answers; {process.args} ended with {process.poll()}: {process.stderr.read() if process.poll() is not None else ''}")


def goes_through(server, port):
    """A conversation through the proxy, and whom the server saw."""
    a, b = Client(port, source="127.0.0.5").open(), Client(port, source="127.0.0.6").open()
    slot = a.room_open()
    b.room_join(slot)
    a.expect(ROOM_PEER)
    for size in (1, 60000):
        a.room_send(slot, b"x" * size)
        assert b.room_data(slot) == b"x" * size
    server.line("connected from 127.0.0.5:")
    server.line("connected from 127.0.0.6:")
    assert refused(lambda: Client(port, source="127.0.0.5").open()), "a second one from an address that may have one"
    Client(port, source="127.0.0.7").open()


def through(name, text_of, command_of):
    if shutil.which(command_of("")[0], path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin") is None:
        return Missing(f"no {name} here")
    with proxied("--set", "limits.connections_per_address=1") as s:
        where, (text, port) = folder(), text_of(s)
        config = os.path.join(where, "config")
        with open(config, "w", encoding="utf-8") as f:
            f.write(text.replace("@where@", where))
        env = {**os.environ, "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin"}
        process = subprocess.Popen([*nobody(), *command_of(config)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, text=True, env=env)
        try:
            reachable(port, process).close()
            goes_through(s, port)
        finally:
            process.terminate()
            process.wait(60)
            shutil.rmtree(where, ignore_errors=True)
    return None


def the_recipe_for_haproxy_works():
    def text_of(server):
        text, port = recipe("haproxy.cfg", server)
        return HAPROXY_HEAD + text, port
    return through("haproxy", text_of, lambda config: ["haproxy", "-db", "-f", config])


def the_recipe_for_nginx_works():
    def text_of(server):
        text, port = recipe("nginx-stream.conf", server)
        module = "/usr/lib/nginx/modules/ngx_stream_module.so"
        load = f"load_module {module};\n" if os.path.exists(module) else ""
        return load + "daemon off;\nmaster_process off;\npid @where@/pid;\nerror_log stderr;\nevents { }\n" + text, port
    return through("nginx", text_of, lambda config: ["nginx", "-e", "stderr", "-c", config])


run([either_version_names_who_connects, a_header_may_come_in_pieces, a_proxy_that_speaks_for_itself_counts_as_itself,
     a_listed_proxy_must_send_a_header, nobody_else_is_believed, limits_see_who_is_behind_the_proxy,
     limits_know_an_ipv4_address_that_is_mapped_into_ipv6,
     the_recipe_for_haproxy_works, the_recipe_for_nginx_works])
