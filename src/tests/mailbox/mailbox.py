"""A mail server for src/tests/mailbox.rs: aiosmtpd, on a free port of this machine.

Tells on standard output, a line of JSON each, the port and then every mail that it took. The mailbox decides by the name
before the @: `bounce` is unknown, `busy` takes nothing the first time, `hang` never answers, all others take everything.
Ends with its standard input.
"""

import argparse
import asyncio
import email
import email.policy
import json
import logging
import ssl
import sys
import warnings

from aiosmtpd.smtp import SMTP, AuthResult


def tell(what):
    print(json.dumps(what), flush=True)


class Mailbox:
    def __init__(self):
        self.was_busy = set()

    async def handle_RCPT(self, server, session, envelope, address, options):
        name = address.split("@")[0]
        if name == "bounce":
            return f"550 5.1.1 <{address}>: there is no such mailbox"
        if name == "hang":
            tell({"hangs": address})
            await asyncio.Event().wait()
        if name == "busy" and address not in self.was_busy:
            self.was_busy.add(address)
            return "451 4.2.1 not now"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 fine"

    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        tell(
            {
                "sender": envelope.mail_from,
                "recipients": envelope.rcpt_tos,
                "user": session.auth_data.decode() if session.auth_data else None,
                "tls": server.transport.get_extra_info("ssl_object") is not None,
                "hello": session.host_name,
                "headers": [[name, str(value)] for name, value in mail.items()],
                "text": mail.get_content(),
            }
        )
        return "250 2.0.0 kept"


def judge(user, password):
    def check(server, session, envelope, mechanism, data):
        right = data.login.decode() == user and data.password.decode() == password
        return AuthResult(success=right, handled=False, auth_data=data.login if right else None)

    return check


async def main():
    # It tells at length of handshakes that the tests want to fail, and of its own old names.
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser()
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    parser.add_argument("--from-the-first-byte", action="store_true")
    parser.add_argument("--user")
    parser.add_argument("--password")
    told = parser.parse_args()
    tls = None
    if told.certificate:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(told.certificate, told.key)
    rules = {"hostname": "mailbox.example", "enable_SMTPUTF8": True}
    if told.user:
        rules |= {
            "authenticator": judge(told.user, told.password),
            "auth_required": True,
            "auth_require_tls": not told.from_the_first_byte,
        }
    if tls and not told.from_the_first_byte:
        rules |= {"tls_context": tls, "require_starttls": True}
    mailbox = Mailbox()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(mailbox, **rules),
        "127.0.0.1",
        0,
        ssl=tls if told.from_the_first_byte else None,
    )
    tell({"port": server.sockets[0].getsockname()[1]})
    await loop.run_in_executor(None, sys.stdin.buffer.read)


asyncio.run(main())
