"""Tells people when a night went wrong or a statement is missing: by webhook and by e-mail.

The webhook gets JSON with `text`, which Slack, Mattermost and Teams workflows show, and `company` and `subject`.
"""

import smtplib
import ssl
from collections.abc import Mapping
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

import httpx

from integrations.config.load import ConfigurationError, secret
from integrations.config.settings import AlertSettings, CompanySettings

_TIMEOUT = 15


def alert(
    company: CompanySettings, subject: str, text: str, environment: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    """Tell everybody who is configured. Returns one sentence per way that failed, never raises for it.

    An alert that cannot be delivered must not hide the trouble it tells about.
    """
    failures = []
    settings = company.alerts
    if settings.webhook_env:
        failures.append(_webhook(settings.webhook_env, company.name, subject, text, environment))
    if settings.email_to:
        failures.append(_mail(settings, subject, text, environment))
    return tuple(failure for failure in failures if failure)


def _webhook(name: str, company: str, subject: str, text: str, environment: Mapping[str, str] | None) -> str:
    try:
        body = {"company": company, "subject": subject, "text": f"{subject}\n{text}"}
        httpx.post(secret(name, environment), json=body, timeout=_TIMEOUT).raise_for_status()
    except ConfigurationError as error:
        return f"webhook: {error}"
    except httpx.HTTPStatusError as error:
        return f"webhook in {name}: answered {error.response.status_code}; check the address"
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        # The address may hold a token, so it is never repeated.
        return f"webhook in {name}: cannot be reached ({type(error).__name__}); check address and network"
    return ""


def _mail(settings: AlertSettings, subject: str, text: str, environment: Mapping[str, str] | None) -> str:
    if not settings.smtp_env:
        return "e-mail: `alerts.smtp_env` names no environment variable with the mail server"
    message = EmailMessage()
    message["Subject"] = " ".join(subject.split())
    message["From"] = settings.email_from
    message["To"] = ", ".join(settings.email_to)
    message.set_content(text)
    try:
        server = urlsplit(secret(settings.smtp_env, environment))
        secure = server.scheme == "smtps"
        port = server.port or (465 if secure else 25)
        host = server.hostname or "localhost"
        context = ssl.create_default_context()
        with (
            smtplib.SMTP_SSL(host, port, timeout=_TIMEOUT, context=context)
            if secure
            else smtplib.SMTP(host, port, timeout=_TIMEOUT)
        ) as connection:
            connection.ehlo()
            if not secure and connection.has_extn("starttls"):
                connection.starttls(context=context)
            elif not secure and server.username:
                return f"e-mail by the server in {settings.smtp_env}: offers no encryption to sign in; write smtps://"
            if server.username:
                connection.login(unquote(server.username), unquote(server.password or ""))
            connection.send_message(message)
    except ConfigurationError as error:
        return f"e-mail: {error}"
    except (OSError, smtplib.SMTPException, ValueError) as error:
        return f"e-mail by the server in {settings.smtp_env}: {type(error).__name__}; check server and sign-in"
    return ""
