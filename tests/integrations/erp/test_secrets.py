"""Every secret of every connector, and every place where one could show: errors, logs, reprs, checks, command line.

The server is hostile: whatever it is asked, it says the whole request back, headers and all, with every status in turn.
Each connector is made from its settings and the environment, as a night makes it, and each of its methods is called.
"""

import json
import logging
import traceback
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from integrations.cli.main import app
from integrations.config.settings import CompanySettings
from integrations.erp import registry
from integrations.erp.http import Http
from integrations.erp.http_tokens import TokenServer
from integrations.erp.protocol import Note, NoteTarget
from integrations.ledger import open_ledger
from integrations.services.context import Run
from integrations.services.doctor import doctor
from tests.integrations.erp.postings import ACCOUNT, posting
from tests.integrations.erp.standins.kit import Answer, StandIn

PLAIN = "hush-91f0/s3cret+key=="
URL_PASSWORD = "hush-91f0-database"


class Echo(StandIn):
    """Says everything back, with another status each time; its token endpoints give tokens."""

    statuses = (401, 403, 400, 404, 409, 412, 417, 422, 429, 500, 503, 200)

    def __init__(self):
        super().__init__()
        self.asked = 0

    def handle(self, request):
        if request.path.endswith("/token"):
            body = {"access_token": "hush-91f0-access", "refresh_token": "hush-91f0-refresh", "expires_in": 600}
            return Answer(body=body)
        self.asked += 1
        said = f"no: {request.headers} {request.text}"
        body = {
            "error": {"code": "Echo", "message": {"value": said}, "data": {"message": said, "name": said}},
            "exc_type": "ValidationError",
            "exception": said,
            "message": said,
            "_server_messages": json.dumps([json.dumps({"message": said})]),
        }
        return Answer(self.statuses[self.asked % len(self.statuses)], body, {"Retry-After": "0", "Reason": said[:200]})


def settings_of(url, folder):
    """The settings of every kind that holds a secret, all against one server."""
    return {
        "odoo": {"url": url, "database": "acme", "login": "bot", "key_variable": "ERP_SECRET",
                 "journals": {ACCOUNT: "BNK1"}},
        "erpnext": {"url": url, "company": "Acme", "key_variable": "ERP_SECRET", "secret_variable": "ERP_SECRET_2"},
        "tryton": {"url": url, "database": "acme", "login": "bot", "password_variable": "ERP_SECRET",
                   "journals": {ACCOUNT: "Bank"}},
        "business_central": {"url": f"{url}/v2.0/t/e", "token_url": f"{url}/token", "client_id": "lettrage",
                             "secret_variable": "ERP_SECRET", "company": "Acme", "currency": "EUR",
                             "journals": {ACCOUNT: "LETTRAGE"}},
        "exact_online": {"url": url, "division": 1, "client_id": "lettrage", "secret_variable": "ERP_SECRET",
                         "refresh_token_variable": "ERP_SECRET_2", "token_file": str(folder / "tokens.json")},
        "sql": {"url_variable": "ERP_DATABASE"},
    }  # fmt: skip


ENVIRONMENT = {
    "ERP_SECRET": PLAIN,
    "ERP_SECRET_2": "hush-91f0-second",
    "ERP_DATABASE": f"postgresql+psycopg://bot:{URL_PASSWORD}@127.0.0.1:1/acme",
}
KINDS = sorted(settings_of("http://127.0.0.1:1", Path()))


@pytest.fixture
def echo():
    server = Echo()
    yield server
    server.close()


def without_waiting(monkeypatch):
    """Retries wait; `time.sleep` is bound as a default, so the defaults are what is replaced."""
    for waits in (Http.__init__, TokenServer.__init__):
        monkeypatch.setitem(waits.__kwdefaults__, "sleep", lambda _: None)


def everything_a_connector_can_be_asked(connector):
    """Each method once, by name."""
    wanted = posting()
    yield "repr", lambda: repr(connector)
    yield "capabilities", lambda: repr(connector.capabilities)
    yield "check", lambda: repr(connector.check())
    yield "pull_open_items", lambda: list(connector.pull_open_items(None))
    yield "pull_customers", lambda: list(connector.pull_customers(None))
    yield "pull_settled_items", lambda: list(connector.pull_settled_items(None))
    yield "house_accounts", lambda: repr(connector.house_accounts())
    yield "list_open_keys", lambda: list(connector.list_open_keys())
    yield "get_items", lambda: repr(connector.get_items(["I1"]))
    yield "plan", lambda: repr(connector.plan(wanted))
    yield "find", lambda: repr(connector.find(wanted.key))
    yield "apply", lambda: repr(connector.apply(connector.plan(wanted), None, lambda _: None))
    yield "reverse", lambda: repr(connector.reverse(wanted.key, "wrong", date(2026, 11, 21)))
    note = Note(key="EX-7K2M", summary="short", text="short")
    yield "put_note", lambda: repr(connector.put_note(NoteTarget(customer_id="C1"), note))


def everything_said(call):
    """What a call returns, or all that its error could show, with its causes."""
    try:
        return str(call())
    except Exception as error:  # noqa: BLE001  -- whatever it is, it must show nothing
        causes, each = [], error
        while each is not None:
            causes.append(f"{each!r} {each} {vars(each)}")
            each = each.__cause__ or (None if each.__suppress_context__ else each.__context__)
        return "\n".join([*causes, *traceback.format_exception(error)])


@pytest.mark.parametrize("kind", KINDS)
def test_no_connector_shows_a_secret_whatever_the_server_says(kind, echo, tmp_path, caplog, capfd, monkeypatch):
    without_waiting(monkeypatch)
    caplog.set_level(logging.DEBUG)
    found = registry.kinds()[kind]
    settings = found.settings.model_validate({"kind": kind, **settings_of(echo.url, tmp_path)[kind]})
    said = [repr(settings), settings.model_dump_json()]
    for turn in range(3):
        echo.asked = turn * 4
        connector = registry.connect(settings, ENVIRONMENT)
        for name, call in everything_a_connector_can_be_asked(connector):
            said.append(f"{name}: {everything_said(call)}")
        connector.close()
    output = capfd.readouterr()
    text = "\n".join([*said, caplog.text, output.out, output.err])
    shown = [line[:300] for line in text.splitlines() if "hush-91f0" in line]
    caplog.clear()
    assert shown == []
    if kind != "sql":
        assert echo.asked, "the server was never asked"


@pytest.mark.parametrize("kind", KINDS)
def test_no_secret_shows_on_the_command_line_or_in_what_dagster_shows(kind, echo, tmp_path, monkeypatch):
    without_waiting(monkeypatch)
    erp = {"kind": kind, **settings_of(echo.url, tmp_path)[kind]}
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    config = {"ledger": f"sqlite:///{tmp_path / 'ledger.db'}", "companies": [{"name": "acme", "erp": erp}]}
    (tmp_path / "lettrage.yaml").write_text(yaml.safe_dump(config))
    for command in (["doctor"], ["sync"]):
        result = CliRunner().invoke(app, [*command, "-c", str(tmp_path / "lettrage.yaml")])
        assert "hush-91f0" not in f"{result.output} {result.exception!r}"
    # The asset `connections` shows the findings of doctor as its metadata.
    company = CompanySettings.model_validate({"name": "acme", "erp": erp})
    ledger = open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    run = Run(as_of=date(2026, 11, 20), clock=lambda: datetime(2026, 11, 20, tzinfo=UTC))
    assert "hush-91f0" not in repr(doctor(company, ledger, run, ENVIRONMENT))
    ledger.close()
