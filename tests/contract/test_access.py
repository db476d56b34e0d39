"""Every RPC of the contracts says who may call it, with a permission that some role holds."""

import importlib
from pathlib import Path

import pytest
from google.protobuf import descriptor_pool

from services.shared.runtime.access import FOREIGN, UNDECLARED, rules_of
from services.shared.runtime.roles import PERMISSIONS, ROLES
from swtalent.common.v1 import access_pb2

CONTRACTS = Path(__file__).parents[2] / "proto" / "swtalent"
DOMAIN_ROLES = {
    "individual",
    "agency",
    "officer",
    "department_officer",
    "evaluator",
    "auditor",
    "operator",
    "portal",
    "service",
}


def declared():
    rules = {}
    for path in sorted(CONTRACTS.rglob("*.proto")):
        name = path.relative_to(CONTRACTS.parent)
        importlib.import_module(f"{'.'.join(name.with_suffix('').parts)}_pb2")
        file = descriptor_pool.Default().FindFileByName(name.as_posix())
        rules |= rules_of(file.services_by_name.values())
    return rules


RULES = declared()


def test_the_contracts_have_services_to_check():
    assert len({name.split("/")[1] for name in RULES}) >= 4
    assert len(RULES) >= 24


@pytest.mark.parametrize("method", RULES)
def test_every_rpc_declares_permission_and_scope(method):
    rule = RULES[method]

    assert rule != UNDECLARED
    assert not rule.open
    assert rule.scope in access_pb2.Scope.values()


@pytest.mark.parametrize("method", RULES)
def test_every_permission_asked_for_is_held_by_some_role(method):
    assert RULES[method].permission in PERMISSIONS


def test_every_permission_of_the_table_is_asked_for():
    assert {rule.permission for rule in RULES.values()} == PERMISSIONS


def test_the_table_knows_the_roles_of_the_domain_and_no_other():
    assert set(ROLES) == DOMAIN_ROLES


def test_only_health_and_reflection_are_open():
    assert {name.split("/")[1] for name in FOREIGN} == {
        "grpc.health.v1.Health",
        "grpc.reflection.v1alpha.ServerReflection",
    }
    assert not set(FOREIGN) & set(RULES)


@pytest.mark.parametrize("role", ["individual", "agency", "evaluator", "operator", "portal", "service"])
def test_who_needs_no_persons_may_not_read_talents(role):
    assert "talent.read" not in ROLES[role]


def test_an_auditor_reads_and_changes_nothing():
    assert all(permission.endswith(".read") for permission in ROLES["auditor"])
