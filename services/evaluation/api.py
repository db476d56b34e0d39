"""IN: gRPC request → command or query → response. No rules here; errors are mapped by the server's interceptor."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any, TypeAlias

import grpc

from services.evaluation import publisher
from services.evaluation.commands.fold_records import Fold
from services.evaluation.commands.publish_statement import PublishStatement, publish_statement
from services.evaluation.domain.reference import Catalogue
from services.evaluation.ports import Log, Notary
from services.evaluation.queries.evidence_state import evidence_state
from services.evaluation.queries.get_indicator import get_indicator, list_indicators
from services.evaluation.queries.get_proof import get_consistency_proof, get_inclusion_proof
from services.evaluation.queries.get_statement import get_statement
from services.evaluation.queries.watch_indicators import watch_indicators
from services.shared.kernel.lanes import Lanes
from services.shared.kernel.ports import Clock, Store
from services.shared.runtime.access import current_call
from swtalent.evaluation.v1 import evaluation_service_pb2 as pb
from swtalent.evaluation.v1 import evaluation_service_pb2_grpc as grpc_pb

Context: TypeAlias = grpc.aio.ServicerContext[Any, Any]


class EvaluationServicer(grpc_pb.EvaluationServiceServicer):
    """Everything a handler needs is given here, once."""

    def __init__(
        self,
        *,
        fold: Fold,
        log: Log,
        catalogue: Catalogue,
        notary: Notary,
        deployment: str,
        store: Store,
        lanes: Lanes,
        clock: Clock,
    ) -> None:
        self._fold = fold
        self._log = log
        self._catalogue = catalogue
        self._notary = notary
        self._deployment = deployment
        self._store = store
        self._lanes = lanes
        self._clock = clock

    async def GetIndicator(self, request: pb.GetIndicatorRequest, _: Context) -> pb.GetIndicatorResponse:
        reading = get_indicator(
            request.number,
            code=request.area,
            month=request.month,
            trend_months=request.trend_months,
            catalogue=self._catalogue,
            table=self._fold.table,
            clock=self._clock,
        )
        return pb.GetIndicatorResponse(indicator=publisher.indicator_value(reading))

    async def ListIndicators(self, request: pb.ListIndicatorsRequest, _: Context) -> pb.ListIndicatorsResponse:
        readings = list_indicators(
            code=request.area,
            month=request.month,
            with_companions=request.with_companions,
            catalogue=self._catalogue,
            table=self._fold.table,
            clock=self._clock,
        )
        return pb.ListIndicatorsResponse(indicators=[publisher.indicator_value(it) for it in readings])

    async def WatchIndicators(
        self, request: pb.WatchIndicatorsRequest, _: Context
    ) -> AsyncIterator[pb.WatchIndicatorsResponse]:
        watching = watch_indicators(
            list(request.numbers),
            code=request.area,
            month=request.month,
            catalogue=self._catalogue,
            table=self._fold.table,
            clock=self._clock,
        )
        async with aclosing(watching) as readings:
            async for reading in readings:
                yield pb.WatchIndicatorsResponse(indicator=publisher.indicator_value(reading))

    async def PublishStatement(self, request: pb.PublishStatementRequest, _: Context) -> pb.PublishStatementResponse:
        call = current_call()
        cause = call.cause(request.request_id)
        answer = await publish_statement(
            PublishStatement(
                month=request.month, restates=request.restates, request_id=request.request_id, by=call.principal
            ),
            fold=self._fold,
            log=self._log,
            catalogue=self._catalogue,
            notary=self._notary,
            deployment=self._deployment,
            store=self._store,
            lanes=self._lanes,
            clock=self._clock,
            cause=cause,
        )
        statement = await get_statement(answer.values["statement_id"], store=self._store)
        return pb.PublishStatementResponse(
            statement_id=statement.id, statement=publisher.statement_facts(statement.published()), etag=answer.etag
        )

    async def GetStatement(self, request: pb.GetStatementRequest, _: Context) -> pb.GetStatementResponse:
        statement = await get_statement(request.statement_id, store=self._store)
        return pb.GetStatementResponse(
            statement_id=statement.id,
            statement=publisher.statement_facts(statement.published()),
            etag=str(statement.version),
        )

    async def GetInclusionProof(self, request: pb.GetInclusionProofRequest, _: Context) -> pb.GetInclusionProofResponse:
        proof = await get_inclusion_proof(
            (request.topic, request.partition),
            offset=request.offset,
            size=request.size,
            partitions=self._fold.partitions,
            store=self._store,
        )
        return pb.GetInclusionProofResponse(
            size=proof.size, root=proof.root, leaf_hash=proof.leaf_hash, path=proof.path
        )

    async def GetConsistencyProof(
        self, request: pb.GetConsistencyProofRequest, _: Context
    ) -> pb.GetConsistencyProofResponse:
        proof = await get_consistency_proof(
            (request.topic, request.partition),
            first=request.first_size,
            second=request.second_size,
            partitions=self._fold.partitions,
            store=self._store,
        )
        return pb.GetConsistencyProofResponse(
            second_size=proof.second_size,
            first_root=proof.first_root,
            second_root=proof.second_root,
            path=proof.path,
        )

    async def GetEvidenceState(self, _: pb.GetEvidenceStateRequest, __: Context) -> pb.GetEvidenceStateResponse:
        return pb.GetEvidenceStateResponse(
            partitions=[
                pb.PartitionEvidence(
                    topic=it.place[0], partition=it.place[1], size=it.size, root=it.root, stopped=it.stopped
                )
                for it in evidence_state(self._fold.partitions)
            ]
        )
