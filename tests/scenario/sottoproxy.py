"""The proxies' recipes of packaging/, on free ports."""
import os
import tempfile

from sottoclient import free_port, may_give_away

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HAPROXY_HEAD = "global\n    maxconn 100\ndefaults\n    timeout connect 5s\n    timeout client 10s\n    timeout server 10s\n"


def nobody():
    """A command's prefix that makes it an ordinary user's."""
    return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if may_give_away() else []


def recipe(name, server):
    """The recipe's text on a free port, in front of this server; with the port."""
    port = free_port()
    with open(os.path.join(ROOT, "packaging", name), encoding="utf-8") as f:
        text = f.read()
    for v6 in ("    bind [::]:443 v6only\n", "        listen [::]:443;\n"):
        text = text.replace(v6, "")
    for listen in ("bind :443\n", "listen 443;\n"):
        text = text.replace(listen, listen.replace(":443", f" 127.0.0.1:{port}").replace(" 443", f" 127.0.0.1:{port}"))
    assert text.count(f"127.0.0.1:{port}") == 1 and "127.0.0.1:5000" in text, text
    return text.replace("server 127.0.0.1:5000", f"server 127.0.0.1:{server.port}").replace(
        "sottod 127.0.0.1:5000", f"sottod 127.0.0.1:{server.port}"), port


def folder():
    path = tempfile.mkdtemp(prefix="sotto-proxy-")
    os.chmod(path, 0o777)
    return path
