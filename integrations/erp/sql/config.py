"""Settings of an ERP that is reached through SQL views and tables."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from integrations.erp.settings import ErpSettings, SecretName

# Names end up in SQL, so they are plain identifiers, with a schema in front where the database has one.
TableName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?$")]


class Settings(ErpSettings):
    """Two views to read, three tables to write, and optionally one in which the ERP answers."""

    kind: Literal["sql"] = "sql"
    url_variable: SecretName = Field(
        description="Name of the environment variable with the SQLAlchemy URL, e.g. postgresql+psycopg://user:pw@host/db."
    )
    open_items: TableName = Field(default="lettrage_open_items", description="View with the columns of open_items.csv.")
    customers: TableName = Field(default="lettrage_customers", description="View with the columns of customers.csv.")
    settled_items: TableName | None = Field(default=None, description="View with the columns of settled_items.csv.")
    house_accounts: TableName | None = Field(default=None, description="View with the columns of house_accounts.csv.")
    postings: TableName = Field(default="lettrage_postings", description="Table for the postings; key: posting_key.")
    posting_lines: TableName = Field(
        default="lettrage_posting_lines", description="Table for their items; key: posting_key and line_number."
    )
    reversals: TableName = Field(
        default="lettrage_reversals", description="Table for postings taken back; key: posting_key."
    )
    results: TableName | None = Field(
        default=None,
        description="Table in which the ERP answers: posting_key, outcome (booked or rejected), message, document. "
        "With it a posting counts as booked only when the ERP says so.",
    )
    columns: dict[str, str] = Field(
        default_factory=dict, description="Contract column name to the view's own column name, where they differ."
    )
    create_tables: bool = Field(default=False, description="Make the write tables when they are not there.")
