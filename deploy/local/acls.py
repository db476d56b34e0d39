"""Gives principals on a Kafka with an authorizer what the topics file allows them."""

import asyncio
from collections.abc import Sequence

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import for_code
from aiokafka.protocol.admin import CreateAclsRequest_v1, DescribeAclsRequest
from aiokafka.protocol.api import Request

from deploy.local.problem import LocalProblem
from deploy.topics import Acl

# Kafka's protocol numbers.
_RESOURCE = {"topic": 2, "group": 3}
_PATTERN = {"literal": 3, "prefixed": 4}
_OPERATION = {"Read": 3, "Write": 4, "Describe": 8}
_ALLOW = 3
_ANY = 1
_VISIBLE_WITHIN = 30.0  # seconds


class AclsRefused(LocalProblem): ...


class _CreateAcls(Request[CreateAclsRequest_v1]):  # type: ignore[misc] # untyped base
    """aiokafka's own request carries a single allowance."""

    API_KEY = CreateAclsRequest_v1.API_KEY

    def __init__(self, acls: Sequence[Acl]) -> None:
        self._rows = _rows(acls)

    def build(self, request_struct_class: type[CreateAclsRequest_v1]) -> CreateAclsRequest_v1:
        return request_struct_class(self._rows)


async def allow(admin: AIOKafkaAdminClient, acls: Sequence[Acl]) -> None:
    """Returns when the broker goes by them. Repeating changes nothing, and what others were given stays."""
    answer = await admin._send_to_controller(_CreateAcls(acls))  # noqa: SLF001 - no public call for it in 0.14
    for acl, (code, message) in zip(acls, answer.creation_responses, strict=True):
        if code:
            reason = message or for_code(code).__name__
            raise AclsRefused(
                f"{acl.principal} was not given {acl.operation} on {acl.resource} {acl.name}: {reason}",
                fix="apply as a super user of a broker with authorizer.class.name set",
            )
    async with asyncio.timeout(_VISIBLE_WITHIN):
        while set(_rows(acls)) - await _visible(admin):  # noqa: ASYNC110 - the broker learns them after the controller
            await asyncio.sleep(0.02)


async def _visible(admin: AIOKafkaAdminClient) -> set[tuple[int, str, int, str, str, int, int]]:
    everything = DescribeAclsRequest(_ANY, None, _ANY, None, None, _ANY, _ANY)
    answer = await admin._send_request(everything)  # noqa: SLF001 - as above
    return {
        (kind, name, pattern, *allowance)
        for kind, name, pattern, allowances in answer.resources
        for allowance in allowances
    }


def _rows(acls: Sequence[Acl]) -> list[tuple[int, str, int, str, str, int, int]]:
    return [
        (
            _RESOURCE[a.resource],
            a.name,
            _PATTERN[a.pattern],
            f"User:{a.principal}",
            "*",
            _OPERATION[a.operation],
            _ALLOW,
        )
        for a in acls
    ]
