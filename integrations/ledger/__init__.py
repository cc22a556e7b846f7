"""The system of record: schema, migrations, store, outbox, audit trail, verification."""

import sqlalchemy as _sqlalchemy

assert _sqlalchemy.__version__ >= "2.", "SQLAlchemy 2 is needed"
