"""What all ERP settings share: a kind, and secrets that are named but never held."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from integrations.erp.errors import ConfigError

# The name of an environment variable, never its value. Lower case is refused because pasted secrets tend to have it.
SecretName = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]*$", max_length=80)]


class Secret:
    """A secret on its way to the one place that needs it; it does not show itself in text, logs or errors.

    >>> Secret("hunter2", name="ODOO_KEY")
    Secret(from ODOO_KEY)
    >>> f"{Secret('hunter2', name='ODOO_KEY')}"
    'Secret(from ODOO_KEY)'
    """

    __slots__ = ("_value", "name")

    def __init__(self, value: str, *, name: str) -> None:
        self._value = value
        self.name = name

    def reveal(self) -> str:
        """The secret itself, for the request that carries it and nothing else."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret(from {self.name})"

    __str__ = __repr__

    def __reduce__(self) -> Any:
        message = "a secret is never written down; resolve it again from the environment"
        raise TypeError(message)


class ErpSettings(BaseModel):
    """The settings of one company's ERP. Unknown keys are refused, because a misspelt mapping is a wrong posting."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    kind: str = Field(description="Which connector; the name of its page in docs/erp.")

    @classmethod
    def kind_name(cls) -> str:
        """The one value that ``kind`` has for this connector."""
        literal = cls.model_fields["kind"].default
        assert isinstance(literal, str), "every connector's settings give `kind` a default"
        return literal


def resolve_secret(name: str, env: Mapping[str, str]) -> Secret:
    """The secret that the environment holds under ``name``. Raises ConfigError that names the variable."""
    value = env.get(name, "")
    if not value:
        message = f"the environment variable {name} is not set; put the secret there (never into the settings file)"
        raise ConfigError(message)
    return Secret(value, name=name)
