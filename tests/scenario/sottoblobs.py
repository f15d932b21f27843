"""Blobs over HTTP, as a client sends and fetches them."""
import base64
import hashlib
import os
import socket
import ssl
import struct
import time

from sottoclient import read_varint
from sottodevice import Device

SETTINGS = ("--set", "registration.who=open", "--set", "host=localhost")
BLOB_PUT, BLOB_TICKET, BLOB_GET = 0x0400, 0x0401, 0x0402
MIB = 1 << 20


def member(server, name):
    device = Device().connect(server.port)
    device.register(f"{name}@localhost")
    return device.auth()


def ticket_of(device, kind, body):
    """(ticket, bytes that are here)"""
    answer = device.expect(BLOB_TICKET, device.send(kind, body))
    size, at = read_varint(answer, 0)
    return answer[at:at + size], struct.unpack(">Q", answer[at + size:at + size + 8])[0]


def to_send(device, blob, size=None):
    return ticket_of(device, BLOB_PUT, hashlib.sha256(blob).digest() + struct.pack(">Q", size or len(blob)))[0]


def to_fetch(device, blob):
    return ticket_of(device, BLOB_GET, hashlib.sha256(blob).digest())[0]


def connect(port):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=60))


def head_of(method, blob, ticket, *fields, name=None):
    name = name or hashlib.sha256(blob).hexdigest()
    lines = [f"{method} /blob/{name} HTTP/1.1", "Host: localhost", *fields]
    if ticket is not None:
        lines.append("Authorization: Sotto " + base64.urlsafe_b64encode(ticket).decode().rstrip("="))
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def answer_of(sock):
    """(status, fields, body)"""
    data = bytearray()
    try:
        while piece := sock.recv(1 << 16):
            data += piece
    except (ConnectionError, ssl.SSLError):
        pass
    data = bytes(data)
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    fields = dict(line.lower().split(": ", 1) for line in lines[1:])
    return int(lines[0].split(" ")[1]), fields, body


def ask(port, request):
    with connect(port) as sock:
        sock.sendall(request)
        return answer_of(sock)


def put(port, blob, ticket, start=0, end=None, name=None):
    part = blob[start:end]
    fields = [f"Content-Length: {len(part)}"]
    if start > 0 or end is not None:
        fields.append(f"Content-Range: bytes {start}-{start + len(part) - 1}/{len(blob)}")
    with connect(port) as sock:
        try:
            sock.sendall(head_of("PUT", blob, ticket, *fields, name=name))
            sock.sendall(part)
        except OSError:
            pass  # refused meanwhile: the answer says why
        return answer_of(sock)


def get(port, blob, ticket, *fields):
    return ask(port, head_of("GET", blob, ticket, *fields))


def offset_of(port, blob, ticket):
    status, fields, body = ask(port, head_of("HEAD", blob, ticket))
    assert (status, body) == (204, b""), (status, body)
    return int(fields["upload-offset"])


def wait_for(what, seconds=60):
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def send_some(server, device, blob, end):
    """Sends a blob up to there, goes away once the server has it but for a piece; says where it began."""
    ticket = to_send(device, blob)
    start = offset_of(server.port, blob, ticket)
    partial = os.path.join(server.directory, "state", "blobs", "partial")
    sock = connect(server.port)
    fields = (f"Content-Length: {len(blob) - start}", f"Content-Range: bytes {start}-{len(blob) - 1}/{len(blob)}")
    sock.sendall(head_of("PUT", blob, ticket, *fields) + blob[start:end])
    wait_for(lambda: any(os.path.getsize(os.path.join(partial, name)) >= end - 65536 for name in os.listdir(partial)))
    return start, sock


def free_offset(port, blob, ticket):
    """Where to go on, once the server has seen that the other connection is gone."""
    found = []

    def look():
        status, fields, _ = ask(port, head_of("HEAD", blob, ticket))
        if status == 204:
            found.append(int(fields["upload-offset"]))
        return status == 204

    wait_for(look)
    return found[0]
