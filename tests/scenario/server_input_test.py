#!/usr/bin/python3
"""What strangers send: each gets a clear answer or none, and the server goes on serving others."""
import os
import socket
import ssl
import struct
import urllib.request

from sottoclient import *

with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    METRICS = free.getsockname()[1]
server = Server().__enter__()


def garbage_on_the_socket_ends_that_connection_alone():
    for data in (b"\x00" * 5000, os.urandom(3000), b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\xff\xff" + os.urandom(1000)):
        c = Client(server.port)
        try:
            c.sock.sendall(data)
        except OSError:
            pass
        c.rest()
    assert server.alive()


def tls_1_2_is_refused():
    try:
        Client(server.port).tls(maximum_version=ssl.TLSVersion.TLSv1_2)
        raise AssertionError("TLS 1.2 was accepted")
    except ssl.SSLError as e:
        assert "version" in str(e).lower(), e
    assert server.alive()


def tls_1_3_is_spoken_with_aes_128():
    c = Client(server.port).tls()
    assert c.sock.version() == "TLSv1.3" and c.sock.cipher()[0] == "TLS_AES_128_GCM_SHA256", c.sock.cipher()
    c.close()


def get(request):
    return Client(server.port).tls().http(request)


def healthz_says_ok():
    answer = get(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n") and answer.endswith(b"\r\n\r\nok\n"), answer


def another_path_is_not_found():
    assert get(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").startswith(b"HTTP/1.1 404 ")
    assert get(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").startswith(b"HTTP/1.1 404 ")
    assert get(b"GET /sotto/ HTTP/1.1\r\nHost: x\r\n\r\n").startswith(b"HTTP/1.1 404 ")


def another_method_is_not_allowed():
    assert get(b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n").startswith(b"HTTP/1.1 405 ")


def a_body_is_refused():
    assert get(b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n0123456789").startswith(b"HTTP/1.1 413 ")


def a_request_without_upgrade_is_told_to_upgrade():
    assert get(b"GET /sotto HTTP/1.1\r\nHost: x\r\n\r\n").startswith(b"HTTP/1.1 426 ")


def another_subprotocol_is_refused():
    answer = get(b"GET /sotto HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                 b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: other\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 426 "), answer


def a_malformed_head_is_a_bad_request():
    for head in (b"nonsense\r\n\r\n", b"GET /healthz HTTP/1.1\nHost: x\n\n", b"GET /healthz HTTP/1.1\r\nHost : x\r\n\r\n",
                 b"GET /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"):
        answer = get(head)
        assert answer.startswith(b"HTTP/1.1 400 "), (head, answer)


def an_oversize_head_is_refused():
    answer = get(b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"A: " + b"x" * 9000)
    assert answer.startswith(b"HTTP/1.1 431 "), answer
    assert server.alive()


def a_head_in_single_bytes_is_understood():
    c = Client(server.port).tls()
    for byte in b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n":
        c.sock.sendall(bytes([byte]))
    assert c.rest().startswith(b"HTTP/1.1 200 ")


def goodbye(c):
    """(code of bye, code of the WebSocket close)."""
    code = c.bye()
    try:
        c.recv()
    except Ended:
        pass
    return code, c.close_code


def a_frame_header_that_announces_a_gigabyte_is_refused_at_once():
    c = Client(server.port).open()
    c.sock.sendall(bytes([0x82, 0x80 | 127]) + struct.pack(">Q", 1 << 30) + b"abcd")
    assert goodbye(c) == (E["TOO_LARGE"], 1009)
    assert server.alive()


def a_gigabyte_before_hello_is_refused_too():
    c = Client(server.port).tls().upgrade()
    c.sock.sendall(bytes([0x82, 0x80 | 127]) + struct.pack(">Q", 1 << 30) + b"abcd")
    assert goodbye(c) == (E["TOO_LARGE"], 1009)


def a_stranger_gets_no_more_than_a_kilobyte():
    c = Client(server.port).tls().upgrade()
    c.ws_send(b"x" * 1025)
    assert goodbye(c) == (E["TOO_LARGE"], 1009)


def a_frame_without_a_mask_is_refused():
    c = Client(server.port).open()
    c.sock.sendall(b"\x82\x01x")
    assert goodbye(c) == (E["WEBSOCKET"], 1002)


def a_text_frame_is_refused():
    c = Client(server.port).open()
    c.ws_send(b"hello", 1)
    assert goodbye(c) == (E["WEBSOCKET"], 1002)


def the_first_frame_must_be_hello():
    c = Client(server.port).tls().upgrade()
    c.send(ROOM_OPEN, b"\x01\x00")
    assert goodbye(c) == (E["UNEXPECTED"], 1008)


def a_hello_of_unknown_versions_is_refused():
    c = Client(server.port).tls().upgrade()
    c.send(HELLO, opaque(b"\x77\x77") + bytes(32) + opaque(b""))
    assert goodbye(c)[0] == 6


def a_truncated_hello_is_refused_at_each_length():
    whole = opaque(b"\x00\x01") + bytes(32) + opaque(b"test")
    for size in range(0, len(whole), 5):
        c = Client(server.port).tls().upgrade()
        c.send(HELLO, whole[:size])
        assert goodbye(c)[1] == 1008
        c.close()


def the_nonce_and_signature_of_hello_are_fresh_each_time():
    seen = set()
    for _ in range(3):
        c = Client(server.port).tls().upgrade()
        c.send(HELLO, opaque(b"\x00\x01") + bytes(32) + opaque(b""))
        seen.add(c.expect(HELLO_OK)[2:34])
        c.close()
    assert len(seen) == 3


def a_hello_in_fragments_with_a_ping_between_is_understood():
    c = Client(server.port).tls().upgrade()
    hello = struct.pack(">HI", HELLO, 1) + opaque(b"\x00\x01") + bytes(32) + opaque(b"")
    c.ws_send(hello[:10], fin=False)
    c.ws_send(b"are you there", PING)
    c.ws_send(hello[10:20], 0, fin=False)
    c.ws_send(hello[20:], 0)
    assert c.ws_recv() == (PONG, b"are you there")
    c.expect(HELLO_OK)
    c.close()


def frames_that_come_with_the_head_are_not_lost():
    c = Client(server.port).tls()
    hello = struct.pack(">HI", HELLO, 7) + opaque(b"\x00\x01") + bytes(32) + opaque(b"")
    c.sock.sendall(b"GET /sotto HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                   b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: sotto.1\r\n\r\n" + c.ws_frame(hello))
    assert c.head().startswith(b"HTTP/1.1 101 ")
    assert c.recv()[:2] == (HELLO_OK, 7)
    c.close()


def a_flood_of_pings_that_nobody_reads_costs_no_memory():
    c = Client(server.port).open()
    c.sock.settimeout(0.5)
    ping = c.ws_frame(b"p" * 125, PING) * 500
    before = server.memory()
    try:
        for _ in range(100):
            c.sock.sendall(ping)
    except OSError:
        pass
    assert server.memory() - before < 4 << 20
    c.close()
    assert server.alive()


def an_unknown_kind_and_a_reply_as_a_request_are_refused():
    for kind in (0x7777, HELLO_OK, ROOM_DATA, HELLO):
        c = Client(server.port).open()
        c.send(kind, b"")
        got = c.recv()[0]
        assert got in (ERROR, BYE), got
        c.close()
    assert server.alive()


def connections_cut_at_every_step_leave_nothing_behind():
    for step in range(4):
        for _ in range(5):
            c = Client(server.port)
            if step > 0:
                c.tls()
            if step > 1:
                c.upgrade()
            if step > 2:
                c.hello()
                c.room_open()
            c.reset()
    assert server.alive()


def the_record_layer_is_our_own_unless_the_settings_say_otherwise():
    for options, count in (((), 2), (("--set=tls.record_layer=own",), 2), (("--set=tls.record_layer=openssl",), 0)):
        with Server("--metrics", str(METRICS), *options) as s:
            assert s.alive()
            with urllib.request.urlopen(f"http://127.0.0.1:{METRICS}/metrics", timeout=60) as answer:
                line = [line for line in answer.read().decode().splitlines() if line.startswith("sottod_own_records_total ")][0]
            if options or not os.environ.get("SOTTO_RECORD_LAYER"):
                assert int(line.split()[1]) == count, line


def what_goes_on_after_the_handshake_is_tls_1_3_to_the_letter():
    c = Client(server.port).open()
    os.write(c.sock.fileno(), b"\x14\x03\x03\x00\x01\x01")  # change_cipher_spec has no place any more
    try:
        c.recv()
        raise AssertionError("the server went on")
    except ssl.SSLError as e:
        assert "unexpected_message" in str(e).lower().replace(" ", "_"), e
    assert server.alive()


def the_server_is_well_at_the_end():
    assert server.stop() == 0, server.log()
    for word in ("ERROR", "Sanitizer", "runtime error"):
        assert word not in server.log(), server.log()


run([f for f in list(globals().values()) if callable(f) and getattr(f, "__module__", "") == "__main__"
     and f.__name__ not in ("get", "goodbye")])
