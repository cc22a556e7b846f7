"""Which worlds the suite runs in: all that are here, or the one named with --connector."""

import importlib
import pkgutil

import pytest

from tests.integrations.erp.conformance import worlds


def pytest_addoption(parser):
    parser.addoption("--connector", default=None, help="package.module:World of the ERP connector to test")


def _named(spec):
    module, _, name = spec.partition(":")
    return getattr(importlib.import_module(module), name)


def _all():
    found = []
    for each in sorted(pkgutil.iter_modules(worlds.__path__), key=lambda module: module.name):
        if not each.name.startswith("_"):
            found += importlib.import_module(f"{worlds.__name__}.{each.name}").WORLDS
    return found


def pytest_generate_tests(metafunc):
    if "world" not in metafunc.fixturenames:
        return
    spec = metafunc.config.getoption("--connector", default=None)
    chosen = [_named(spec)] if spec else _all()
    metafunc.parametrize(
        "world",
        [pytest.param(each, id=each.name, marks=getattr(each, "marks", ())) for each in chosen],
        indirect=True,
    )


@pytest.fixture
def world(request, tmp_path_factory):
    case = request.node.originalname.removeprefix("test_")
    reason = request.param.not_applicable.get(case)
    if reason:
        pytest.skip(f"not applicable because {reason}")
    made = request.param(tmp_path_factory.mktemp("erp"))
    yield made
    made.close()


@pytest.fixture
def can(world):
    """Skip with the reason unless the connector declares the capability."""

    def check(*names):
        capabilities = world.connector().capabilities
        for name in names:
            if not getattr(capabilities, name):
                pytest.skip(f"not applicable because this ERP's interface has no {name.replace('_', ' ')}")

    return check
