"""Sending messages out: Atom files, mail, webhooks. Targets come from the operator's own file, never from fetched text."""

from __future__ import annotations

import html
import smtplib
from collections.abc import Callable, Collection
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import unquote, urlsplit

import requests

from igwire.errors import ConfigError, Unavailable
from igwire.search.alerts import Message, atom

_TIMEOUT_S = 15.0


class Deliverer:
    """The real courier (see `ports.Courier`). `smtp` such as smtp://user:password@host:587, smtps:// for TLS from the start."""

    def __init__(self, *, folder: Path, smtp: str = "", sender: str = "", link: str = "urn:igwire:alert:") -> None:
        self._folder, self._smtp, self._sender, self._link = folder, smtp, sender, link

    def send(self, target: str, message: Message) -> None:
        """Send one message. Raises Unavailable when the target did not take it, ConfigError when a setting is missing."""
        kind, _, rest = target.partition(":")
        ways: dict[str, Callable[[str, Message], None]] = {"atom": self._atom, "mail": self._mail, "webhook": self._webhook}
        ways[kind](rest, message)

    def _atom(self, _: str, message: Message) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        # Renamed when it is whole: a reader never sees half a feed.
        half = self._folder / f"{message.id}.atom.new"
        half.write_text(atom(message, link=self._link + message.id), encoding="utf-8")
        half.replace(self._folder / f"{message.id}.atom")

    def forget(self, names: Collection[str]) -> None:
        """Remove Atom files that hold one of these ids or addresses; the alert's next hit writes the file anew."""
        for file in self._folder.glob("*.atom*"):
            text = html.unescape(file.read_text(encoding="utf-8", errors="replace"))
            if any(name in text for name in names):
                file.unlink()

    def _mail(self, address: str, message: Message) -> None:
        if not self._smtp or not self._sender:
            raise ConfigError("IGWIRE_SMTP_URL and IGWIRE_CONTACT (the sender) must be set before an alert can be mailed.")
        mail = EmailMessage()
        mail["From"], mail["To"] = self._sender, address
        mail["Subject"] = f"{message.title}: {message.total} new" if message.id != "operators" else message.title
        mail.set_content(message.as_text())
        server = urlsplit(self._smtp)
        try:
            with _connection(server.scheme, server.hostname or "localhost", server.port or 0) as smtp:
                if server.username:
                    smtp.login(unquote(server.username), unquote(server.password or ""))
                smtp.send_message(mail)
        except (smtplib.SMTPException, OSError) as error:
            raise Unavailable(f"the mail server {server.hostname} did not take the message for {address}: {error}") from error

    def _webhook(self, url: str, message: Message) -> None:
        try:
            answer = requests.post(url, json=message.as_dict(), timeout=_TIMEOUT_S, allow_redirects=False)
        except requests.RequestException as error:
            raise Unavailable(f"the webhook {url} did not answer: {error}") from error
        if not answer.ok:
            raise Unavailable(f"the webhook {url} answered with status {answer.status_code}")


def _connection(scheme: str, host: str, port: int) -> smtplib.SMTP:
    if scheme == "smtps":
        return smtplib.SMTP_SSL(host, port, timeout=_TIMEOUT_S)
    smtp = smtplib.SMTP(host, port, timeout=_TIMEOUT_S)
    smtp.ehlo()
    if smtp.has_extn("starttls"):
        smtp.starttls()
    return smtp
