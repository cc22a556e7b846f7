"""What the check says of accounts that must not take differences, on a real Tryton."""

import pytest

from tests.integrations.erp.conformance.worlds.tryton import TrytonWorld

pytestmark = list(TrytonWorld.marks)


@pytest.mark.parametrize("setting", ["discount_account", "write_off_accounts"])
def test_a_receivable_account_cannot_take_differences(tmp_path, setting):
    world = TrytonWorld(tmp_path)
    world.admin.call("model.account.account.write", [world.receivable], {"code": "1199"}, writing=True)
    value = "1199" if setting == "discount_account" else {"default": "1199"}
    world.settings = world.settings.model_copy(update={setting: value})
    found = {each.name: each for each in world.connector().check()}["accounts"]
    world.close()
    assert found.status == "failed"
    assert "keeps open items" in found.message
