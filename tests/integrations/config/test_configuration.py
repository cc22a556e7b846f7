"""A configuration is read once, and whatever is wrong with it is said by file, field and remedy."""

import pytest

from integrations.config.load import ConfigurationError, SecretMissing, load_settings, secret
from integrations.config.people import Rights

GOOD = """
ledger: sqlite:///books/lettrage.db
companies:
  - name: acme
    timezone: Europe/Berlin
    erp: {kind: flatfile, inbox: erp/in, outbox: erp/out}
    banks:
      - inbox: bank
        archive: archive
        accounts:
          NL91ABNA0417164300: {currency: EUR, findings: {unbalanced_statement: stop}}
    policy:
      tolerance: {EUR: {amount: "0.50", share: "0.005"}}
      charges_limit: {EUR: "25.00"}
    rights:
      people:
        - {name: anna@example.com, may: [clear, write_off], write_off_limit: {EUR: "10.00"}}
      four_eyes_above: {EUR: "5000.00"}
"""


@pytest.fixture
def write(tmp_path):
    def _write(text):
        path = tmp_path / "lettrage.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return _write


def test_a_good_file_gives_companies_with_folders_beside_it(write, tmp_path):
    settings = load_settings(write(GOOD))
    company = settings.company("acme")
    assert str(company.erp.inbox) == str(tmp_path / "erp/in")
    assert company.banks[0].inbox == str(tmp_path / "bank")
    assert settings.ledger == f"sqlite:///{tmp_path / 'books/lettrage.db'}"


def test_policy_amounts_become_minor_units(write):
    policy = load_settings(write(GOOD)).company("acme").policy.policy(())
    assert policy.tolerance[0][0] == "EUR"
    assert (policy.tolerance[0][1].amount, policy.tolerance[0][1].per_ten_thousand) == (50, 50)
    assert policy.charges_limit == (("EUR", 2500),)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("kind: flatfile", "kind: oddo"), "oddo"),
        (("Europe/Berlin", "Europe/Berlni"), "time zone"),
        (("inbox: erp/in", "inbx: erp/in"), "inbx"),
        (("name: acme", "name: ACME Ltd"), "companies.0.name"),
        (("tolerance: {EUR", "tolerance: {EURO"), "EURO"),
        (("companies:", "compnies:"), "companies"),
        ((GOOD, "- just a list"), "no configuration"),
        ((GOOD, "a: [1"), "no valid YAML"),
    ],
    ids=["erp-kind", "time-zone", "misspelt-key", "company-name", "currency", "no-companies", "a-list", "no-yaml"],
)
def test_what_is_wrong_is_said_with_file_and_field(write, change, words):
    with pytest.raises(ConfigurationError) as caught:
        load_settings(write(GOOD.replace(*change)))
    assert words in str(caught.value)
    assert "lettrage.yaml" in str(caught.value)


def test_a_missing_file_and_a_missing_secret_say_what_to_do(tmp_path):
    with pytest.raises(ConfigurationError, match="no such file"):
        load_settings(tmp_path / "none.yaml")
    with pytest.raises(SecretMissing, match="ACME_TOKEN is not set"):
        secret("ACME_TOKEN", {})


def test_without_people_everybody_may_and_with_people_only_they():
    assert Rights().person("somebody") is not None
    named = Rights.model_validate({"people": [{"name": "Anna@example.com"}]})
    assert named.person("anna@example.com") is not None
    assert named.person("mallory@example.com") is None
