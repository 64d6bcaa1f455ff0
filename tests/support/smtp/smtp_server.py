"""A mail server for tests: aiosmtpd, Debian's python3-aiosmtpd, told what to do line by line.

    /usr/bin/python3 tests/support/smtp/smtp_server.py [--tls starttls|implicit|none] [--certificate FILE --key FILE]
        [--login USER:PASSWORD] [--without-utf8]

Prints {"port": N}, and {"mail": {...}} for each mail that it took. Reads lines from its standard input and answers each with
{"done": true}:

    reply mail|rcpt|data CODE TEXT   answers so from now on, before it looks at anything
    reply mail|rcpt|data             as usual again
    delay SECONDS                    before it answers DATA
    hold                             keeps what it answers to DATA back until `release`, and says {"held": true}
    release
    nothing

Ends with its standard input.
"""

import argparse
import asyncio
import email
import email.policy
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


def say(**what):
    print(json.dumps(what), flush=True)


class Handler:
    def __init__(self):
        self.replies = {}
        self.delay = 0.0
        self.released = asyncio.Event()
        self.released.set()

    async def handle_MAIL(self, server, session, envelope, address, options):
        if "mail" in self.replies:
            return self.replies["mail"]
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if "rcpt" in self.replies:
            return self.replies["rcpt"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if "data" in self.replies:
            return self.replies["data"]
        if self.delay:
            await asyncio.sleep(self.delay)
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        say(
            mail={
                "from": envelope.mail_from,
                "to": envelope.rcpt_tos,
                "smtputf8": "SMTPUTF8" in envelope.mail_options,
                "tls": server.transport.get_extra_info("ssl_object") is not None,
                "login": getattr(session, "auth_data", None) is not None,
                "headers": {name: str(value) for name, value in message.items()},
                "text": part(message, "text/plain"),
                "html": part(message, "text/html"),
                "raw": envelope.content.decode("utf-8", errors="replace"),
            }
        )
        if not self.released.is_set():
            say(held=True)
            await self.released.wait()
        return "250 OK"


def part(message, kind):
    for piece in message.walk():
        if piece.get_content_type() == kind:
            return piece.get_content().replace("\r\n", "\n")
    return ""


async def obey(handler):
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := (await reader.readline()).decode().rstrip("\n"):
        command, _, rest = line.partition(" ")
        if command == "reply":
            step, _, text = rest.partition(" ")
            if text:
                handler.replies[step] = text
            else:
                handler.replies.pop(step, None)
        elif command == "delay":
            handler.delay = float(rest)
        elif command == "hold":
            handler.released.clear()
        elif command == "release":
            handler.released.set()
        elif command != "nothing":
            sys.exit(f"what is {command}?")
        say(done=True)


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tls", choices=("starttls", "implicit", "none"), default="none")
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    parser.add_argument("--login")
    parser.add_argument("--without-utf8", action="store_true")
    args = parser.parse_args()

    context = None
    if args.tls != "none":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(args.certificate, args.key)

    def log_in(server, session, envelope, mechanism, data):
        given = f"{data.login.decode()}:{data.password.decode()}"
        return AuthResult(success=given == args.login, handled=False, auth_data=data)

    handler = Handler()
    loop = asyncio.get_running_loop()

    def protocol():
        return SMTP(
            handler,
            loop=loop,
            hostname="mail.test",
            ident="test",
            enable_SMTPUTF8=not args.without_utf8,
            tls_context=context if args.tls == "starttls" else None,
            require_starttls=args.tls == "starttls",
            auth_required=args.login is not None,
            auth_require_tls=False,
            authenticator=log_in if args.login else None,
        )

    server = await loop.create_server(protocol, "127.0.0.1", 0, ssl=context if args.tls == "implicit" else None)
    say(port=server.sockets[0].getsockname()[1])
    await obey(handler)


if __name__ == "__main__":
    asyncio.run(main())
