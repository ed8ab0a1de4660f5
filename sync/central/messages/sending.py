"""Sends a message by e-mail and webhook, as the settings say."""

from __future__ import annotations

import logging
import smtplib
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable
from email.message import EmailMessage
from email.utils import formatdate
from functools import partial
from http.client import HTTPException
from pathlib import Path

import msgspec

from sync.central.settings import Settings

log = logging.getLogger("kiosk.central")

FAILURES = (OSError, smtplib.SMTPException, HTTPException, ValueError)
SEND_SECONDS = 20.0
"""How long a mail server or a web address may take to answer."""


def send(settings: Settings, subject: str, text: str) -> None:
    """Send a message by all ways in the settings. Raises one of FAILURES when none of them worked."""
    ways: list[Callable[[Settings, str, str], None]] = []
    if settings.alarms_to:
        ways.append(_mail)
    if settings.webhook:
        ways.append(_post)
    failures = []
    for way in ways:
        try:
            way(settings, subject, text)
        except FAILURES as error:
            log.error("a message could not be sent: %s", error)  # noqa: TRY400
            failures.append(error)
    if failures and len(failures) == len(ways):
        raise failures[0]


def _mail(settings: Settings, subject: str, text: str) -> None:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, settings.alarms_from, ", ".join(settings.alarms_to)
    message["Date"] = formatdate(localtime=False)
    message.set_content(text)
    tls = ssl.create_default_context()
    kind = partial(smtplib.SMTP_SSL, context=tls) if settings.smtp_tls == "tls" else smtplib.SMTP
    with kind(settings.smtp_host, settings.smtp_port, timeout=SEND_SECONDS) as server:
        if settings.smtp_tls == "starttls":
            server.starttls(context=tls)
        if settings.smtp_user:
            server.login(settings.smtp_user, Path(settings.smtp_password_file).read_text(encoding="utf-8").strip())
        server.send_message(message)


def _post(settings: Settings, subject: str, text: str) -> None:
    """Post JSON with `title` and `text`, the form that most chat servers and relays understand."""
    address = settings.webhook
    body = msgspec.json.encode({"title": subject, "text": f"{subject}\n\n{text}"})
    if not address.startswith(("https://", "http://")):
        raise ValueError(f'"{address}" is no web address')
    request = urllib.request.Request(address, data=body, headers={"content-type": "application/json"})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=SEND_SECONDS) as answer:  # noqa: S310
            answer.read(1 << 16)
    except urllib.error.HTTPError as refusal:
        refusal.close()  # it is an answer as well, and holds its line for as long as anybody holds the error
        raise
