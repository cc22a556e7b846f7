"""Kinds of ERP are found by their folders; settings name secrets and never hold them."""

import pickle
from pathlib import Path

import pytest
from pydantic import ValidationError

from integrations.erp import registry
from integrations.erp.errors import ConfigError
from integrations.erp.protocol import Connector
from integrations.erp.settings import Secret, resolve_secret

ROOT = Path(__file__).resolve().parents[3]
MINIMAL = {
    "flatfile": {"inbox": "in", "outbox": "out"},
    "sql": {"url_variable": "ERP_URL"},
    "odoo": {"url": "https://odoo.example", "database": "acme", "login": "bot", "key_variable": "ODOO_KEY"},
    "erpnext": {
        "url": "https://erpnext.example",
        "company": "Acme",
        "key_variable": "ERPNEXT_KEY",
        "secret_variable": "ERPNEXT_SECRET",
    },
    "business_central": {
        "url": "https://bc.example/v2.0/tenant/Production",
        "token_url": "https://login.example/tenant/oauth2/v2.0/token",
        "client_id": "11111111-2222-4333-8444-555555555555",
        "secret_variable": "BC_SECRET",
        "company": "Acme",
        "currency": "EUR",
    },
    "exact_online": {
        "division": 3977,
        "client_id": "exact-client",
        "secret_variable": "EXACT_SECRET",
        "refresh_token_variable": "EXACT_TOKEN",
        "token_file": "tokens.json",
    },
    "tryton": {
        "url": "https://tryton.example",
        "database": "acme",
        "login": "bot",
        "password_variable": "TRYTON_PASSWORD",
    },
}
HIDDEN = "sqlite:///very-hidden-91f0.db"


def secrets_of(settings):
    return {value: HIDDEN for name, value in settings.model_dump().items() if name.endswith("_variable")}


@pytest.mark.parametrize("kind", sorted(MINIMAL))
def test_a_connector_is_made_from_settings_and_environment(kind):
    found = registry.kinds()[kind]
    settings = found.settings.model_validate({"kind": kind, **MINIMAL[kind]})
    connector = registry.connect(settings, secrets_of(settings))
    assert isinstance(connector, Connector)
    assert HIDDEN not in repr(settings) + repr(connector) + settings.model_dump_json()
    connector.close()


@pytest.mark.parametrize("kind", sorted(kind for kind in MINIMAL if kind != "flatfile"))
def test_a_missing_secret_is_named_by_its_variable(kind):
    settings = registry.kinds()[kind].settings.model_validate(MINIMAL[kind])
    variable = next(iter(secrets_of(settings)))
    with pytest.raises(ConfigError, match=variable):
        registry.connect(settings, {})


def test_every_kind_is_tried_here_and_has_its_page():
    kinds = set(registry.kinds())
    assert kinds == set(MINIMAL)
    pages = {path.stem for path in (ROOT / "docs" / "erp").glob("*.md")}
    assert {kind.replace("_", "-") for kind in kinds} <= pages


@pytest.mark.parametrize("kind", sorted(MINIMAL))
def test_every_setting_is_described_and_a_misspelt_one_refused(kind):
    settings = registry.kinds()[kind].settings
    undescribed = [name for name, field in settings.model_fields.items() if name != "kind" and not field.description]
    assert undescribed == []
    with pytest.raises(ValidationError):
        settings.model_validate({**MINIMAL[kind], "jurnals": {}})


def test_a_pasted_secret_is_no_name_of_a_variable():
    with pytest.raises(ValidationError):
        registry.kinds()["odoo"].settings.model_validate({**MINIMAL["odoo"], "key_variable": "5f3a9c-secret"})


def test_a_secret_does_not_show_itself():
    secret = resolve_secret("ERP_KEY", {"ERP_KEY": "hunter2-91f0"})
    assert "hunter2" not in f"{secret} {secret!r}"
    assert secret.reveal() == "hunter2-91f0"
    with pytest.raises(TypeError):
        pickle.dumps(Secret("hunter2-91f0", name="ERP_KEY"))
