"""Tells people when a night fails or a statement is missing: to a web address, by mail, or both."""

import smtplib
from email.message import EmailMessage
from typing import Protocol
from urllib.parse import unquote, urlsplit

import httpx

from integrations.config.load import SecretMissing, secret
from integrations.config.settings import AlertSettings, CompanySettings

_PATIENCE = 15.0


class Log(Protocol):
    """Where it is said that somebody could not be told."""

    def warning(self, msg: str, *args: object) -> None:
        """Say it."""
        ...


def tell(company: CompanySettings, subject: str, text: str, log: Log) -> list[str]:
    """Send an alert on every way the company has set up; returns the ways that worked.

    An alert that cannot be sent is logged and never fails the run: what it is about matters more.
    """
    sent = []
    for way, send in (("webhook", _post), ("mail", _mail)):
        try:
            if send(company.alerts, subject, text):
                sent.append(way)
        except (SecretMissing, httpx.HTTPError, OSError, smtplib.SMTPException, ValueError) as error:
            log.warning("the alert %r could not be sent by %s: %s", subject, way, error)
    return sent


def _post(alerts: AlertSettings, subject: str, text: str) -> bool:
    if not alerts.webhook_env:
        return False
    # `text` is what Slack, Mattermost and Teams workflows read; the two others are for everything else.
    message = {"text": f"{subject}\n{text}", "subject": subject, "message": text}
    httpx.post(secret(alerts.webhook_env), json=message, timeout=_PATIENCE).raise_for_status()
    return True


def _mail(alerts: AlertSettings, subject: str, text: str) -> bool:
    if not alerts.email_to or not alerts.smtp_env:
        return False
    address = urlsplit(secret(alerts.smtp_env))
    if not address.hostname or address.scheme not in {"smtp", "smtps"}:
        message = f"{alerts.smtp_env} is no mail server address; write smtp://user:password@host:587"
        raise ValueError(message)
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = " ".join(subject.split()), alerts.email_from, ", ".join(alerts.email_to)
    mail.set_content(text)
    kind = smtplib.SMTP_SSL if address.scheme == "smtps" else smtplib.SMTP
    with kind(address.hostname, address.port or 0, timeout=_PATIENCE) as server:
        if address.scheme == "smtp" and address.username:
            server.starttls()
        if address.username:
            server.login(unquote(address.username), unquote(address.password or ""))
        server.send_message(mail)
    return True
