"""The laws that came with revision 0003, frozen with it; see `triggers_v1` for how they are written.

A payment that its entry's later details replaced stands for nothing: it holds no decision, takes none, and never comes
back. What one delivery said of an entry is kept as it was said. And a rule never takes back what has left for the ERP:
that is a person's decision, or the connector's who was refused.
"""

_FIXED = {"entry_history": "history_id company_id entry_key file_id applied content_hash"}
_ERASED_ONLY = {"entry_history": "before said salt"}
_REPLACED = (
    "NEW.replaced_by IS NOT NULL AND NEW.state <> 'new'"
    " OR OLD.replaced_by IS NOT NULL AND (NEW.replaced_by IS NULL OR NEW.replaced_by <> OLD.replaced_by)"
)
_REPLACED_SAYS = "a payment that was replaced by its parts holds no decision and does not come back"
_DECIDES_REPLACED = (
    "NEW.kind <> 'reversal' AND EXISTS (SELECT 1 FROM payments p WHERE p.company_id = NEW.company_id"
    " AND p.payment_id = NEW.payment_id AND p.replaced_by IS NOT NULL)"
)
_DECIDES_REPLACED_SAYS = "the payment was replaced by its parts; decide about those"
_UNPOSTS = (
    "NEW.kind = 'reversal' AND NEW.actor_kind = 'rule' AND EXISTS (SELECT 1 FROM outbox o"
    " WHERE o.company_id = NEW.company_id AND o.decision_id = NEW.reverses_id AND o.action = 'post'"
    " AND o.state IN ('sending', 'confirmed', 'submitted', 'ambiguous'))"
)
_UNPOSTS_SAYS = "what has left for the ERP is taken back by a person, never by a rule"

# name, when, table, what must not hold, and what to say then
_REFUSED = (
    ("payments_replaced", "BEFORE UPDATE OF replaced_by, state", "payments", _REPLACED, _REPLACED_SAYS),
    ("decisions_on_parts", "BEFORE INSERT", "decisions", _DECIDES_REPLACED, _DECIDES_REPLACED_SAYS),
    ("decisions_unpost", "BEFORE INSERT", "decisions", _UNPOSTS, _UNPOSTS_SAYS),
)


def _sqlite() -> list[str]:
    made = [
        f"CREATE TRIGGER {name} {when} ON {table} WHEN {condition} BEGIN SELECT RAISE(ABORT, 'LAW {says}'); END"
        for name, when, table, condition, says in _REFUSED
    ]
    for table, columns in _FIXED.items():
        made.append(
            f"CREATE TRIGGER {table}_are_final BEFORE UPDATE OF {', '.join(columns.split())} ON {table}"
            f" BEGIN SELECT RAISE(ABORT, 'LAW what a delivery said is added, never edited'); END"
        )
        made.append(
            f"CREATE TRIGGER {table}_stay BEFORE DELETE ON {table}"
            f" BEGIN SELECT RAISE(ABORT, 'LAW what a delivery said is never deleted'); END"
        )
    for table, columns in _ERASED_ONLY.items():
        edited = " OR ".join(f"(NEW.{one} IS NOT NULL AND NEW.{one} IS NOT OLD.{one})" for one in columns.split())
        made.append(
            f"CREATE TRIGGER {table}_texts BEFORE UPDATE OF {', '.join(columns.split())} ON {table} WHEN {edited}"
            f" BEGIN SELECT RAISE(ABORT, 'LAW what a delivery said is erased, never edited'); END"
        )
    return made


def _function(name: str, when: str, table: str, condition: str, says: str, *, returns: str = "NEW") -> list[str]:
    body = f"  IF {condition} THEN RAISE EXCEPTION 'LAW {says}' USING ERRCODE = 'check_violation'; END IF;"
    language = "RETURNS trigger LANGUAGE plpgsql"
    return [
        f"CREATE FUNCTION {name}() {language} AS $law$\nBEGIN\n{body}\nRETURN {returns};\nEND\n$law$",
        f"CREATE TRIGGER {name} {when} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
    ]


def _postgresql() -> list[str]:
    made = [
        *_function("payments_replaced", "BEFORE UPDATE OF replaced_by, state", "payments", _REPLACED, _REPLACED_SAYS),
        *_function("decisions_on_parts", "BEFORE INSERT", "decisions", _DECIDES_REPLACED, _DECIDES_REPLACED_SAYS),
        *_function("decisions_unpost", "BEFORE INSERT", "decisions", _UNPOSTS, _UNPOSTS_SAYS),
    ]
    for table, columns in _FIXED.items():
        when = f"BEFORE UPDATE OF {', '.join(columns.split())}"
        made += _function(f"{table}_are_final", when, table, "true", "what a delivery said is added, never edited")
        stay = "what a delivery said is never deleted"
        made += _function(f"{table}_stay", "BEFORE DELETE", table, "true", stay, returns="OLD")
    for table, columns in _ERASED_ONLY.items():
        edited = " OR ".join(
            f"(NEW.{one} IS NOT NULL AND NEW.{one} IS DISTINCT FROM OLD.{one})" for one in columns.split()
        )
        when = f"BEFORE UPDATE OF {', '.join(columns.split())}"
        made += _function(f"{table}_texts", when, table, edited, "what a delivery said is erased, never edited")
    return made


def statements(dialect: str) -> list[str]:
    """The statements that make the triggers, for ``sqlite`` or ``postgresql``."""
    return _sqlite() if dialect == "sqlite" else _postgresql()
