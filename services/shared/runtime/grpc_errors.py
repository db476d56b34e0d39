"""How a refusal looks to a gRPC caller: one table from error family to status, with ErrorInfo; servicers never catch.

ErrorInfo: reason = the stable code, domain = "swtalent", metadata = the error's own values, then `field` (path of the
field, where there is one), `zh`, `en`, `fix_zh`, `fix_en`. An unknown exception becomes INTERNAL with an incident id
that the log has too; nothing of its text reaches the caller.
"""

from __future__ import annotations

import secrets

import grpc
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from services.shared.kernel import errors
from services.shared.kernel.errors import DomainError

DOMAIN = "swtalent"


class Unauthenticated(DomainError):
    """Nobody known calls. Not a family of the domain: only the gRPC border knows it."""

    reason = "TOKEN_INVALID"
    zh, en = "令牌无效", "The token is not valid here"
    fix_zh, fix_en = "请重新获取令牌", "Get a new token"


STATUS: dict[type[DomainError], grpc.StatusCode] = {
    Unauthenticated: grpc.StatusCode.UNAUTHENTICATED,
    errors.Invalid: grpc.StatusCode.INVALID_ARGUMENT,
    errors.NotFound: grpc.StatusCode.NOT_FOUND,
    errors.Duplicate: grpc.StatusCode.ALREADY_EXISTS,
    errors.Forbidden: grpc.StatusCode.PERMISSION_DENIED,
    errors.RuleBroken: grpc.StatusCode.FAILED_PRECONDITION,
    errors.Clash: grpc.StatusCode.ABORTED,
    errors.Exhausted: grpc.StatusCode.RESOURCE_EXHAUSTED,
    errors.Unavailable: grpc.StatusCode.UNAVAILABLE,
}


class RequestMalformed(errors.Invalid):
    reason = "REQUEST_MALFORMED"
    zh, en = "请求无法解析", "The request is not a message of this method"
    fix_zh, fix_en = "请按接口定义编码请求", "Encode the request as the interface defines it"


class Internal(DomainError):
    """A defect of ours. `incident` is the id under which the log tells more."""

    reason = "INTERNAL"
    zh, en = "服务内部错误", "A defect inside the service"
    fix_zh, fix_en = "请把事件编号告知运维", "Tell the operators the incident id"

    def __init__(self) -> None:
        super().__init__(incident=secrets.token_hex(8))


def code_of(error: DomainError) -> grpc.StatusCode:
    for family in type(error).__mro__:
        code = STATUS.get(family)
        if code is not None:
            return code
    return grpc.StatusCode.INTERNAL


def status_of(error: DomainError) -> grpc.Status:
    """The status with its ErrorInfo, as `context.abort_with_status` takes it."""
    metadata = {**error.meta, "zh": error.zh, "en": error.en, "fix_zh": error.fix_zh, "fix_en": error.fix_en}
    if error.field:
        metadata["field"] = error.field
    info = any_pb2.Any()
    info.Pack(error_details_pb2.ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=metadata))
    number: int = code_of(error).value[0]
    return rpc_status.to_status(status_pb2.Status(code=number, message=str(error), details=[info]))


def error_info(error: grpc.aio.AioRpcError) -> error_details_pb2.ErrorInfo | None:
    """The ErrorInfo that a caller received; None when the status carries none."""
    status = rpc_status.from_call(error)
    info = error_details_pb2.ErrorInfo()
    for detail in status.details if status is not None else ():
        if detail.Unpack(info):
            return info
    return None
