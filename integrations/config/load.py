"""Reads a configuration file and says plainly what is wrong with it."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from integrations.config.settings import CompanySettings, Settings, beside

# What a company in a Dagster defs.yaml says that only Dagster uses, and where its ledger is when it does not say.
ONLY_DAGSTER = frozenset(
    {"worklist", "worklist_person", "accept_from", "rows_shown", "path_prefix", "executor", "pretend_today"}
)
LEDGER_IN_PROJECT = "sqlite:///.state/lettrage.db"


class ConfigurationError(ValueError):
    """The configuration file cannot be used; the message names file, field and what to do."""


class SecretMissing(ConfigurationError):  # noqa: N818 - reads as the sentence it stands for
    """An environment variable that the configuration names is not set."""


def secret(name: str, environment: Mapping[str, str] | None = None) -> str:
    """The value of an environment variable, read when it is used. Raises SecretMissing, never showing values."""
    value = (os.environ if environment is None else environment).get(name, "")
    if not value:
        message = f"environment variable {name} is not set; set it where Lettrage runs and try again"
        raise SecretMissing(message)
    return value


def load_settings(path: Path) -> Settings:
    """The configuration in a YAML file, with relative folders taken from the file's own folder.

    The defs.yaml of a company in Dagster will do as well; as in Dagster, its folders are taken from the project's root.

    Raises ConfigurationError with one sentence per wrong field.
    """
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        message = f"{path}: there is no such file; name your configuration with --config"
        raise ConfigurationError(message) from None
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path}: cannot be read ({error}); check the file's rights and that it is UTF-8 text"
        raise ConfigurationError(message) from None
    except yaml.YAMLError as error:
        message = f"{path}: is no valid YAML: {_one_line(error)}"
        raise ConfigurationError(message) from None
    if not isinstance(raw, dict):
        message = f"{path}: holds no configuration; it must start with `companies:`"
        raise ConfigurationError(message)
    folder = path.resolve().parent
    if isinstance(raw.get("attributes"), dict) and "type" in raw:
        raw, folder = _of_component(raw["attributes"], path), _project_of(folder)
    try:
        settings = Settings.model_validate(raw)
    except ValidationError as error:
        raise ConfigurationError(explain(error, str(path))) from None
    return _resolved(settings, folder)


def _of_component(attributes: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """The same company as a configuration file would say it. Raises ConfigurationError for what only Dagster fills."""
    if "{{" in str(attributes):
        message = (
            f"{path}: holds templates ({{{{ … }}}}) that only Dagster fills in; name variables with `…_env` instead"
        )
        raise ConfigurationError(message)
    ledger = {name: attributes[name] for name in ("ledger", "ledger_env") if name in attributes}
    company = {name: told for name, told in attributes.items() if name not in {*ONLY_DAGSTER, *ledger}}
    return {"ledger": LEDGER_IN_PROJECT, **ledger, "companies": [company]}


def _project_of(folder: Path) -> Path:
    """The project a defs.yaml is part of: the next folder above with a pyproject.toml, else its own."""
    return next((one for one in (folder, *folder.parents) if (one / "pyproject.toml").is_file()), folder)


def explain(error: ValidationError, source: str) -> str:
    """Pydantic's findings as sentences: file, field, what is wrong with it."""
    lines = []
    for problem in error.errors(include_url=False, include_context=False):
        field = ".".join(str(part) for part in problem["loc"]) or "the whole file"
        text = problem["msg"].removeprefix("Value error, ")
        shown = problem.get("input")
        told = isinstance(shown, str | int | float | bool) and "://" not in str(shown)  # an address may hold a password
        seen = f" (found {shown!r})" if told else ""
        lines.append(f"{source}: {field}: {text[:1].lower()}{text[1:]}{seen}")
    return "\n".join(lines)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def placed(company: CompanySettings, folder: Path) -> CompanySettings:
    """The company with its relative folders taken from ``folder``."""
    banks = tuple(
        bank.model_copy(
            update={
                "inbox": beside(folder, bank.inbox),
                "archive": beside(folder, bank.archive) if bank.archive else None,
            }
        )
        for bank in company.banks
    )
    return company.model_copy(update={"banks": banks, "erp": _erp_beside(company.erp, folder)})


def database_beside(url: str, folder: Path) -> str:
    """The database address with a relative SQLite file taken from ``folder``.

    >>> database_beside("sqlite:///lettrage.db", Path("/srv"))
    'sqlite:////srv/lettrage.db'
    """
    prefix = "sqlite:///"
    if not url.startswith(prefix) or url.startswith(prefix + "/") or url == prefix + ":memory:":
        return url
    return prefix + str(folder / url.removeprefix(prefix))


def _resolved(settings: Settings, folder: Path) -> Settings:
    companies = tuple(placed(company, folder) for company in settings.companies)
    return settings.model_copy(update={"companies": companies, "ledger": database_beside(settings.ledger, folder)})


def _erp_beside(erp: Any, folder: Path) -> Any:
    """Connectors that use folders say which of their fields are folders in `FOLDERS`."""
    folders: tuple[str, ...] = getattr(type(erp), "FOLDERS", ())
    held = {name: getattr(erp, name) for name in folders if getattr(erp, name)}
    values = {name: type(value)(beside(folder, str(value))) for name, value in held.items()}
    return erp.model_copy(update=values)
