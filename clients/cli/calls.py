"""One gRPC call from the command line: address, token, deadline, and what the service's refusal says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc

from clients.cli import config
from clients.cli.answer import fail
from clients.cli.module import output_of

_DEADLINE_S = 15.0
_ERROR_INFO = "type.googleapis.com/google.rpc.ErrorInfo"


def token(role: str) -> str:
    """SWTALENT_TOKEN, else one of the local issuer for this role; "" when there is neither."""
    return config.given_token() or output_of("services.shared.runtime.issuer", "--role", role)


def channel_to(address: str) -> Any:
    """With TLS when SWTALENT_NEIGHBOUR_TLS_CA names the authority of the services' certificates."""
    authority = config.tls_authority()
    if not authority:
        return grpc.insecure_channel(address)
    try:
        certificates = Path(authority).read_bytes()
    except OSError as error:
        fail(f"SWTALENT_NEIGHBOUR_TLS_CA: {authority} cannot be read: {error.strerror}")
    return grpc.secure_channel(address, grpc.ssl_channel_credentials(certificates))


def ask(service: str, stub: Callable[[Any], Any], method: str, request: Any, *, role: str = "portal") -> Any:
    """The answer of `stub(channel).method(request)`; a refusal ends the command with its code and its next step."""
    address = config.address(service)
    bearer = token(role)
    metadata = [("authorization", f"Bearer {bearer}")] if bearer else []
    with channel_to(address) as channel:
        try:
            return getattr(stub(channel), method)(request, timeout=_DEADLINE_S, metadata=metadata)
        except grpc.RpcError as error:
            _explain(service, address, error)


def _explain(service: str, address: str, error: Any) -> None:
    if error.code() in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}:
        fail(
            f"{service} does not answer at {address}: {error.details()}",
            fix=f"make up, or set SWTALENT_{service.upper()}_ADDRESS",
        )
    reason, said = _reason(error)
    if error.code() is grpc.StatusCode.UNAUTHENTICATED:
        fail(
            f"{reason or 'UNAUTHENTICATED'}: {error.details()}", fix="export SWTALENT_TOKEN=$(swtalent token --role …)"
        )
    zh, en = said.get("zh", ""), said.get("en") or error.details()
    field = f" ({said['field']})" if said.get("field") else ""
    fix = " / ".join(filter(None, (said.get("fix_zh", ""), said.get("fix_en", ""))))
    fail(f"{reason or error.code().name}{field}: {' / '.join(filter(None, (zh, en)))}", fix=fix)


def _reason(error: Any) -> tuple[str, dict[str, str]]:
    """Reason and metadata of the ErrorInfo in the status, where there is one."""
    from google.rpc import error_details_pb2
    from grpc_status import rpc_status

    status = rpc_status.from_call(error)
    for detail in status.details if status is not None else ():
        if detail.type_url == _ERROR_INFO:
            info = error_details_pb2.ErrorInfo.FromString(detail.value)
            return info.reason, dict(info.metadata)
    return "", {}
