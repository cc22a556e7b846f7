"""The laws that take two tables, as triggers: written for both databases side by side, so that they can be compared.

Frozen with revision 0001; a later revision that changes a trigger brings its own file. Every message begins with
``LAW``, which is how the store tells a broken law from other trouble.
"""

# name -> (SQLite condition that must not hold, message); PostgreSQL says the same in its own functions below.
_SEALED = "EXISTS (SELECT 1 FROM decisions d WHERE d.company_id = NEW.company_id AND d.decision_id = NEW.decision_id)"
_ONE_CURRENCY = (
    "EXISTS (SELECT 1 FROM items i JOIN payments p ON p.company_id = i.company_id"
    " WHERE i.company_id = NEW.company_id AND i.item_no = NEW.item_no AND p.payment_id = NEW.payment_id"
    " AND i.currency = NEW.currency AND p.currency = NEW.currency)"
)
_CASH_ADDS_UP = (
    "NEW.allocated = (SELECT COALESCE(SUM(a.cash), 0) FROM allocations a"
    " WHERE a.company_id = NEW.company_id AND a.decision_id = NEW.decision_id)"
)
_SAME_PAYMENT = (
    "NOT EXISTS (SELECT 1 FROM allocations a WHERE a.company_id = NEW.company_id"
    " AND a.decision_id = NEW.decision_id AND a.payment_id <> NEW.payment_id)"
)
_WHOLE_PAYMENT = (
    "EXISTS (SELECT 1 FROM payments p WHERE p.company_id = NEW.company_id AND p.payment_id = NEW.payment_id"
    " AND p.amount = CASE WHEN NEW.kind = 'reversal' THEN -NEW.amount ELSE NEW.amount END)"
)
_REVERSES_LIVE = (
    "(NEW.kind <> 'reversal' OR EXISTS (SELECT 1 FROM decisions d WHERE d.company_id = NEW.company_id"
    " AND d.decision_id = NEW.reverses_id AND d.payment_id = NEW.payment_id AND d.live"
    " AND d.allocated = -NEW.allocated AND d.on_account = -NEW.on_account"
    " AND d.in_exception = -NEW.in_exception AND d.ignored = -NEW.ignored))"
)
_REVERSED = "EXISTS (SELECT 1 FROM decisions d WHERE d.company_id = OLD.company_id AND d.reverses_id = OLD.decision_id)"

_SETTLE = """UPDATE items SET settled = settled + NEW.settled,
    overdrawn = {greatest}(0, {least}(overdrawn,
        direction * (settled + NEW.settled - reflected) - direction * open_amount))
  WHERE company_id = NEW.company_id AND item_no = NEW.item_no;"""
_TAKE_EFFECT = """UPDATE decisions SET live = false
  WHERE company_id = NEW.company_id AND decision_id = NEW.reverses_id;
  UPDATE payments SET allocated = allocated + NEW.allocated, on_account = on_account + NEW.on_account,
    in_exception = in_exception + NEW.in_exception, ignored = ignored + NEW.ignored, version = version + 1,
    state = CASE WHEN NEW.kind = 'reversal' THEN 'new' ELSE NEW.kind END
  WHERE company_id = NEW.company_id AND payment_id = NEW.payment_id;"""

# What may never change once written; the columns left out are flags, and texts that retention erases.
_FIXED = {
    "allocations": "company_id decision_id item_no payment_id currency cash discount write_off settled residual "
    "residual_reason expected_open",
    "decisions": "company_id decision_id payment_id kind revision reverses_id amount allocated on_account in_exception "
    "ignored on_account_customer_id reason_code confidence rule rule_version at actor_kind actor run_id "
    "texts_hash hash",
    "audit": "company_id sequence at actor_kind actor run_id event subject content_hash previous_hash hash",
}
_ERASABLE = {"decisions": "texts", "audit": "content"}

_MOVES = {
    "planned": "approved reversed",
    "approved": "sending reversed",
    "sending": "sending confirmed submitted ambiguous rejected approved",
    "ambiguous": "sending confirmed submitted rejected approved reversed",
    "submitted": "sending confirmed rejected ambiguous approved reversed",
    "confirmed": "reversed",
    "rejected": "reversed",
    "reversed": "",
}
_MOVE_ALLOWED = " OR ".join(
    [
        "OLD.state = NEW.state",
        *(
            f"(OLD.state = '{before}' AND NEW.state IN ({', '.join(repr(state) for state in after.split())}))"
            for before, after in _MOVES.items()
            if after
        ),
    ]
)

_REFUSED_INSERTS = {
    "allocations": {
        _SEALED: "a decision that stands takes no further allocations",
        f"NOT {_ONE_CURRENCY}": "payment, allocation and item must be of one company and one currency",
    },
    "decisions": {
        f"NOT ({_CASH_ADDS_UP})": "the allocations do not add up to what the decision says is allocated",
        f"NOT {_SAME_PAYMENT}": "an allocation names another payment than its decision",
        f"NOT {_WHOLE_PAYMENT}": "the decision does not speak for the whole amount of its payment",
        f"NOT {_REVERSES_LIVE}": "only the live decision of a payment can be reversed, and only as a whole",
    },
}


def _sqlite() -> list[str]:
    made = []
    for table, refused in _REFUSED_INSERTS.items():
        checks = "\n".join(
            f"  SELECT RAISE(ABORT, 'LAW {message}') WHERE {condition};" for condition, message in refused.items()
        )
        made.append(f"CREATE TRIGGER {table}_fit BEFORE INSERT ON {table} BEGIN\n{checks}\nEND")
    settle = _SETTLE.format(greatest="MAX", least="MIN")
    made.append(f"CREATE TRIGGER allocations_settle AFTER INSERT ON allocations BEGIN {settle} END")
    made.append(f"CREATE TRIGGER decisions_take_effect AFTER INSERT ON decisions BEGIN {_TAKE_EFFECT} END")
    for table, columns in _FIXED.items():
        changed = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in columns.split())
        made.append(
            f"CREATE TRIGGER {table}_are_final BEFORE UPDATE OF {', '.join(columns.split())} ON {table}"
            f" WHEN {changed} BEGIN SELECT RAISE(ABORT, 'LAW {table} are added, never edited'); END"
        )
        made.append(
            f"CREATE TRIGGER {table}_stay BEFORE DELETE ON {table}"
            f" BEGIN SELECT RAISE(ABORT, 'LAW {table} are added, never deleted'); END"
        )
    for table, column in _ERASABLE.items():
        made.append(
            f"CREATE TRIGGER {table}_texts BEFORE UPDATE OF {column}, salt ON {table}"
            f" WHEN (NEW.{column} IS NOT NULL AND NEW.{column} IS NOT OLD.{column})"
            f" OR (NEW.salt IS NOT NULL AND NEW.salt IS NOT OLD.salt)"
            f" BEGIN SELECT RAISE(ABORT, 'LAW texts of {table} are erased, never edited'); END"
        )
    made.append(
        "CREATE TRIGGER decisions_live BEFORE UPDATE OF live ON decisions"
        f" WHEN NEW.live <> OLD.live AND (NEW.live OR NOT {_REVERSED})"
        " BEGIN SELECT RAISE(ABORT, 'LAW a decision ends by its reversal alone'); END"
    )
    made.append(
        f"CREATE TRIGGER outbox_moves BEFORE UPDATE OF state ON outbox WHEN NOT ({_MOVE_ALLOWED})"
        " BEGIN SELECT RAISE(ABORT, 'LAW a posting cannot move between these states'); END"
    )
    made.append(
        "CREATE TRIGGER outbox_final BEFORE UPDATE OF company_id, key, action, payment_id, decision_id, revision,"
        " currency, amount ON outbox BEGIN SELECT RAISE(ABORT, 'LAW what a posting says is final'); END"
    )
    made.append(
        "CREATE TRIGGER outbox_stay BEFORE DELETE ON outbox"
        " BEGIN SELECT RAISE(ABORT, 'LAW outbox rows are added, never deleted'); END"
    )
    return made


def _function(name: str, when: str, table: str, body: str, *, returns: str = "NEW") -> list[str]:
    language = "RETURNS trigger LANGUAGE plpgsql"
    return [
        f"CREATE FUNCTION {name}() {language} AS $law$\nBEGIN\n{body}\nRETURN {returns};\nEND\n$law$",
        f"CREATE TRIGGER {name} {when} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
    ]


def _raise_if(condition: str, message: str) -> str:
    return f"  IF {condition} THEN RAISE EXCEPTION 'LAW {message}' USING ERRCODE = 'check_violation'; END IF;"


def _postgresql() -> list[str]:
    made = []
    for table, refused in _REFUSED_INSERTS.items():
        checks = "\n".join(_raise_if(condition, message) for condition, message in refused.items())
        made += _function(f"{table}_fit", "BEFORE INSERT", table, checks)
    settle = _SETTLE.format(greatest="GREATEST", least="LEAST")
    made += _function("allocations_settle", "AFTER INSERT", "allocations", settle)
    made += _function("decisions_take_effect", "AFTER INSERT", "decisions", _TAKE_EFFECT)
    for table, columns in _FIXED.items():
        changed = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in columns.split())
        made += _function(
            f"{table}_are_final",
            f"BEFORE UPDATE OF {', '.join(columns.split())}",
            table,
            _raise_if(changed, f"{table} are added, never edited"),
        )
        made += _function(
            f"{table}_stay",
            "BEFORE DELETE",
            table,
            _raise_if("true", f"{table} are added, never deleted"),
            returns="OLD",
        )
    for table, column in _ERASABLE.items():
        condition = (
            f"(NEW.{column} IS NOT NULL AND NEW.{column} IS DISTINCT FROM OLD.{column})"
            " OR (NEW.salt IS NOT NULL AND NEW.salt IS DISTINCT FROM OLD.salt)"
        )
        made += _function(
            f"{table}_texts",
            f"BEFORE UPDATE OF {column}, salt",
            table,
            _raise_if(condition, f"texts of {table} are erased, never edited"),
        )
    made += _function(
        "decisions_live",
        "BEFORE UPDATE OF live",
        "decisions",
        _raise_if(f"NEW.live <> OLD.live AND (NEW.live OR NOT {_REVERSED})", "a decision ends by its reversal alone"),
    )
    made += _function(
        "outbox_moves",
        "BEFORE UPDATE OF state",
        "outbox",
        _raise_if(f"NOT ({_MOVE_ALLOWED})", "a posting cannot move between these states"),
    )
    made += _function(
        "outbox_final",
        "BEFORE UPDATE OF company_id, key, action, payment_id, decision_id, revision, currency, amount",
        "outbox",
        _raise_if("true", "what a posting says is final"),
    )
    made += _function(
        "outbox_stay",
        "BEFORE DELETE",
        "outbox",
        _raise_if("true", "outbox rows are added, never deleted"),
        returns="OLD",
    )
    return made


def statements(dialect: str) -> list[str]:
    """The statements that make the triggers, for ``sqlite`` or ``postgresql``."""
    return _sqlite() if dialect == "sqlite" else _postgresql()
