"""Who may what: roles (domain §6) and their permissions, in one table. The protos say which permission an RPC asks for.

Where a permission holds is another question: the scope of the RPC and the area, department or organisation of the
caller (`Principal.must_reach`, `must_speak_for`).
"""

from __future__ import annotations

_PUBLIC = ("organisation.read", "station.read", "indicator.read", "evidence.read", "programme.read", "training.read")
_READS = (*_PUBLIC, "talent.read", "budget.read", "contract.read", "identity.read")

ROLES: dict[str, frozenset[str]] = {
    # 个人: the own record, objections to it, answers to call-ups; whatever else is published.
    "individual": frozenset((*_PUBLIC, "own.read", "own.object", "call_up.answer")),
    # 社工机构: its own contracts.
    "agency": frozenset((*_PUBLIC, "contract.read")),
    # 区域主管: an area subtree.
    "officer": frozenset(
        (
            *_READS,
            "organisation.register",
            "organisation.reveal",
            "identity.resolve",
            "talent.correct",
            "identity.erase",
            "station.manage",
            "community.profile",
            "budget.manage",
            "contract.sign",
            "programme.manage",
            "roster.manage",
        )
    ),
    # 部门经办: one department in an area subtree.
    "department_officer": frozenset(
        (
            *_READS,
            "talent.report",
            "talent.reveal",
            "pass.record",
            "registration.decide",
            "education.record",
            "talent.designate",
            "talent.correct",
            "training.manage",
            "organisation.register",
            "organisation.credit",
            "organisation.reveal",
            "budget.manage",
            "contract.sign",
            "programme.manage",
            "roster.manage",
            "talent.serve",
        )
    ),
    # 第三方评估: judges from public facts and money, not from persons.
    "evaluator": frozenset((*_PUBLIC, "budget.read", "contract.read", "statement.publish")),
    # 审计: reads everything, changes nothing.
    "auditor": frozenset(_READS),
    # 运维: keeps it running; sees no person.
    "operator": frozenset(_PUBLIC),
    # 门户: what anybody may see; a signed-in user comes with the own token.
    "portal": frozenset(_PUBLIC),
    # 相邻服务: the questions that services ask each other.
    "service": frozenset(("organisation.read", "contract.read", "station.read")),
}

PERMISSIONS: frozenset[str] = frozenset().union(*ROLES.values())


def permissions_of(roles: frozenset[str]) -> frozenset[str]:
    """What these roles allow together; an unknown role allows nothing."""
    return frozenset().union(*(ROLES.get(role, frozenset()) for role in roles))
