"""The laws that came with revision 0005, frozen with it; see `triggers_v1` for how they are written.

Money that one document tells of in one amount and another in several bookings is counted on one side only: the other
side has no payments and gets none, and what was put together stays so.
"""

_BESIDE = (
    "EXISTS (SELECT 1 FROM collective_entries c WHERE c.company_id = NEW.company_id"
    " AND c.entry_key = NEW.entry_key AND NOT c.counts)"
)
_BESIDE_SAYS = "the money of this entry stands in the ledger under other entries"
_HAS_PAYMENTS = (
    "NOT NEW.counts AND EXISTS (SELECT 1 FROM payments p WHERE p.company_id = NEW.company_id"
    " AND p.entry_key = NEW.entry_key AND p.replaced_by IS NULL)"
)
_HAS_PAYMENTS_SAYS = "an entry with payments of its own counts"
_FIXED = "what was found to be the same money is added, never edited"
_STAYS = "what was found to be the same money is never deleted"

# name, when, table, what must not hold, what to say then, and what the function returns
_REFUSED = (
    ("payments_count_once", "BEFORE INSERT", "payments", _BESIDE, _BESIDE_SAYS, "NEW"),
    ("collective_counts_once", "BEFORE INSERT", "collective_entries", _HAS_PAYMENTS, _HAS_PAYMENTS_SAYS, "NEW"),
    ("collective_entries_are_final", "BEFORE UPDATE", "collective_entries", "true", _FIXED, "NEW"),
    ("collective_entries_stay", "BEFORE DELETE", "collective_entries", "true", _STAYS, "OLD"),
)


def statements(dialect: str) -> list[str]:
    """The statements that make the triggers, for ``sqlite`` or ``postgresql``."""
    return _sqlite() if dialect == "sqlite" else _postgresql()


def _sqlite() -> list[str]:
    return [
        f"CREATE TRIGGER {name} {when} ON {table} WHEN {condition} BEGIN SELECT RAISE(ABORT, 'LAW {says}'); END"
        for name, when, table, condition, says, _ in _REFUSED
    ]


def _postgresql() -> list[str]:
    made = []
    for name, when, table, condition, says, returns in _REFUSED:
        body = f"  IF {condition} THEN RAISE EXCEPTION 'LAW {says}' USING ERRCODE = 'check_violation'; END IF;"
        language = "RETURNS trigger LANGUAGE plpgsql"
        made.append(f"CREATE FUNCTION {name}() {language} AS $law$\nBEGIN\n{body}\nRETURN {returns};\nEND\n$law$")
        made.append(f"CREATE TRIGGER {name} {when} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")
    return made
