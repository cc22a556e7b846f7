"""What `dg scaffold defs dagster_project.components.Company NAME` writes: a company that loads as it is."""

import re

from dagster.components import Scaffolder, ScaffoldRequest

_NOT_IN_A_NAME = re.compile(r"[^a-z0-9]+")
_TEMPLATE = """\
# What each field means: dg utils inspect-component {type_name}
# The whole way, step by step: docs/for-integration-engineers.md
type: {type_name}

attributes:
  name: {name}                    # part of every asset, job and key: never change it later
  title: {title}
  timezone: Europe/Amsterdam
  schedule: null                  # the night, such as "0 3 * * 1-6", once a night by hand was fine
  ledger: sqlite:///.state/lettrage.db   # for trying out; then ledger_env: LETTRAGE_LEDGER, a PostgreSQL address
  erp:
    kind: flatfile                # one page for each kind in docs/erp/
    inbox: .state/{name}/erp/inbox
    outbox: .state/{name}/erp/outbox
  banks:
    - inbox: .state/{name}/bank   # or sftp://host/folder, s3://bucket/folder, ...
      archive: .state/{name}/bank-archive
  worklist: .state/{name}/worklist
"""


class CompanyScaffolder(Scaffolder):
    """Writes a defs.yaml that passes `dg check defs` at once, to be filled in from there."""

    def scaffold(self, request: ScaffoldRequest) -> None:
        """Write the file. The company's name is taken from the folder's."""
        folder = request.target_path
        folder.mkdir(parents=True, exist_ok=True)
        name = _NOT_IN_A_NAME.sub("_", folder.name.lower()).strip("_")[:40] or "company"
        text = _TEMPLATE.format(type_name=request.type_name, name=name, title=folder.name.replace("_", " ").title())
        (folder / "defs.yaml").write_text(text, encoding="utf-8")
