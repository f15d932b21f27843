"""A real SMTP server with TLS for scenarios, and the certificates that it takes. CONTROLLER is None where aiosmtpd is missing."""
import asyncio
import email
import email.policy
import logging
import os
import re
import ssl
import subprocess
import tempfile
import threading
import warnings

from sottoclient import free_port
from sottopeople import wait_for

try:
    from aiosmtpd.controller import Controller
    from aiosmtpd.smtp import AuthResult
except ImportError:
    Controller = None

logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # aiosmtpd's: handshakes are meant to fail here
warnings.simplefilter("ignore")
FOLDER = tempfile.mkdtemp(prefix="sottod-mail-")


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=FOLDER)


def authority(name):
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.pem",
            "-subj", f"/CN={name}", "-days", "2")
    return os.path.join(FOLDER, f"{name}.pem")


def certificate(name, ca, names, days="2"):
    """A TLS context with a certificate for these names."""
    with open(os.path.join(FOLDER, f"{name}.ext"), "w", encoding="ascii") as f:
        f.write(f"subjectAltName={names}\n")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj",
            "/CN=mail")
    openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{ca}.pem", "-CAkey", f"{ca}.key", "-days", days, "-set_serial", "7", "-extfile",
            f"{name}.ext", "-out", f"{name}.pem")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(os.path.join(FOLDER, f"{name}.pem"), os.path.join(FOLDER, f"{name}.key"))
    return context


class Post:
    """An SMTP server. `answers`: what each mail in turn gets: a reply, "drop", or an Event that is waited for; then 250 for all."""

    def __init__(self, tls, first=False, offer=True, login=None, port=None):
        self.mails, self.answers, self.senders, self.recipients, self.arrived, self.lock = [], [], [], [], 0, threading.Lock()
        self.hold_recipient, self.login, self.logins = None, login, []
        self.port = port or free_port()
        options = {"ssl_context": tls} if first else {"tls_context": tls, "require_starttls": True} if offer else {}
        if login:
            options |= {"authenticator": self.authenticate, "auth_required": True}
            if first:
                options |= {"auth_require_tls": False}  # it is TLS already; aiosmtpd looks for STARTTLS alone
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port, **options)
        self.controller.start()

    def authenticate(self, _server, _session, _envelope, _mechanism, data):
        self.logins.append((data.login, data.password))
        return AuthResult(success=(data.login, data.password) == self.login, handled=False)

    async def handle_MAIL(self, _server, _session, envelope, address, options):
        self.senders.append(address)
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, _server, _session, envelope, address, options):
        self.recipients.append(address)
        while self.hold_recipient and not self.hold_recipient.is_set():
            await asyncio.sleep(0.01)
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server, _session, envelope):
        self.arrived += 1
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer == "drop":
            server.transport.abort()
            return "250 not heard"
        if isinstance(answer, threading.Event):
            while not answer.is_set():
                await asyncio.sleep(0.01)
            answer = "250 OK"
        if answer.startswith("250"):
            with self.lock:
                self.mails.append((envelope.rcpt_tos, bytes(envelope.content)))
        return answer

    def wait(self, count=1, timeout=60):
        wait_for(lambda: len(self.mails) >= count, f"mail {count} of {len(self.mails)}", timeout)
        return email.message_from_bytes(self.mails[count - 1][1], policy=email.policy.default)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.hold_recipient:
            self.hold_recipient.set()
        for answer in self.answers:
            if isinstance(answer, threading.Event):
                answer.set()
        self.controller.stop()


def text_of(message):
    return message.get_content().replace("\r\n", "\n")


def password_of(message):
    found = re.search(r"password: ([A-Z2-7]{10})\n", text_of(message))
    assert found, text_of(message)
    return found[1].encode()
