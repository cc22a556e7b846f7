"""Which kinds of ERP there are: every folder beside this file that holds `config.py` and `connector.py`.

A new ERP is a new folder; nothing else in the project names it.
"""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from integrations.erp.errors import ConfigError
from integrations.erp.protocol import Connector
from integrations.erp.settings import ErpSettings

Connect = Callable[[ErpSettings, Mapping[str, str]], Connector]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of ERP: its settings, and how to connect with them and the environment that holds the secrets."""

    settings: type[ErpSettings]
    connect: Connect


def kinds() -> dict[str, Kind]:
    """All kinds by name, in alphabetical order.

    >>> "flatfile" in kinds()
    True
    """
    folder = Path(__file__).parent
    found: dict[str, Kind] = {}
    for module in sorted(pkgutil.iter_modules([str(folder)]), key=lambda each: each.name):
        if not module.ispkg or not (folder / module.name / "connector.py").exists():
            continue
        settings = importlib.import_module(f"integrations.erp.{module.name}.config").Settings
        connect = importlib.import_module(f"integrations.erp.{module.name}.connector").connect
        found[settings.kind_name()] = Kind(settings=settings, connect=connect)
    return found


def connect(settings: ErpSettings, env: Mapping[str, str]) -> Connector:
    """The connector for these settings; secrets are looked up in ``env`` by the names the settings give.

    Raises ConfigError when a variable is missing.
    """
    kind = kinds().get(settings.kind_name())
    if kind is None:
        message = f"there is no ERP connector of kind {settings.kind_name()!r}; choose one of {', '.join(kinds())}"
        raise ConfigError(message)
    return kind.connect(settings, env)
