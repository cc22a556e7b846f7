"""The conformance suite on a real ERPNext, when one is named."""

import os

import pytest

NEEDED = ("URL", "COMPANY", "KEY", "SECRET", "SCENE_KEY", "SCENE_SECRET")


def test_a_real_server_is_named_whole_or_not_at_all():
    missing = [f"LETTRAGE_ERPNEXT_{name}" for name in NEEDED if not os.environ.get(f"LETTRAGE_ERPNEXT_{name}")]
    if len(missing) == len(NEEDED):
        pytest.skip(f"NO REAL ERPNEXT WAS TESTED: set {', '.join(missing)}; see docs/erp/erpnext.md")
    assert missing == [], "these are needed as well"
