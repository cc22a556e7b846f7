"""Settings of the flat-file ERP."""

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from integrations.erp.settings import ErpSettings


class Settings(ErpSettings):
    """Where the files come and go."""

    # Taken from the folder of the configuration file where they are relative.
    FOLDERS: ClassVar[tuple[str, ...]] = ("inbox", "outbox")

    kind: Literal["flatfile"] = "flatfile"
    inbox: Path = Field(description="Folder that holds customers.csv, open_items.csv and the optional files.")
    outbox: Path = Field(
        description="Folder that receives allocations.csv, exceptions.csv, ignored.csv, item_status.csv."
    )
    manifest: bool = Field(
        default=False,
        description="Refuse the open items unless manifest.csv gives their row count and control totals.",
    )
