"""OUT: aggregate ↔ document, claims and views of the registry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from services.registry.domain.cohort import CohortState, GraduateCohort
from services.registry.domain.identity_case import IdentityCase, IdentityCaseFacts
from services.registry.domain.organisation import Organisation, OrganisationState
from services.registry.domain.registrations import running_out
from services.registry.domain.reports import PassReport
from services.registry.domain.sheet import Sheet, SheetState
from services.registry.domain.sitting import CertificateNumber, ExamSitting, NumberHeld, SittingState
from services.registry.domain.talent import BY_AREA, BY_LAPSE, Talent, TalentState
from services.registry.domain.training import BY_AREA as SESSIONS_BY_AREA
from services.registry.domain.training import TrainingSession, TrainingState
from services.registry.publisher import organisations, talents, training
from services.shared.kernel.area import county_of, prefecture_of
from services.shared.kernel.follower import Followed, Follower
from services.shared.runtime.store.kind import Kind
from services.shared.runtime.tick import TICK_KIND

_encode = msgspec.json.Encoder().encode


def _decoder(state: type[Any]) -> Callable[[bytes], Any]:
    return msgspec.json.Decoder(state).decode


def _talent_claims(talent: Talent) -> list[str]:
    """A partner's record is about one person; a certificate number is one person's in the nation."""
    claims = []
    for report in talent.state.reports:
        if report.origin.revision:
            claims.append(f"record/{report.origin.system}/{report.origin.record_id}")
        if isinstance(report, PassReport) and report.number_index:
            claims.append(f"certificate/{report.number_index}")
    return claims


def _talent_rows(talent: Talent) -> list[tuple[str, str]]:
    counties = talent.counties()
    rows = [(BY_AREA, code) for code in counties | {prefecture_of(county) for county in counties}]
    registrations = (talent.pending[-1].facts if talent.pending else talent.facts()).registrations
    rows += [(BY_LAPSE, day) for day in set(running_out(registrations).values())]
    return rows


def _session_rows(session: TrainingSession) -> list[tuple[str, str]]:
    it = session.present()
    if it is None:
        return []
    county = county_of(it.venue)
    return [(SESSIONS_BY_AREA, code) for code in {county, prefecture_of(county)}]


KINDS = (
    Kind(
        aggregate=Talent,
        encode=_encode,
        decode=_decoder(TalentState),
        claims=_talent_claims,
        rows=_talent_rows,
        summary=talents.talent_summary,
        messages=talents.talent_messages,
    ),
    Kind(
        aggregate=Organisation,
        encode=_encode,
        decode=_decoder(OrganisationState),
        messages=organisations.organisation_messages,
    ),
    Kind(
        aggregate=IdentityCase,
        encode=_encode,
        decode=_decoder(IdentityCaseFacts),
        messages=talents.identity_case_messages,
    ),
    Kind(aggregate=Follower, encode=_encode, decode=_decoder(Followed)),
    TICK_KIND,
    Kind(
        aggregate=TrainingSession,
        encode=_encode,
        decode=_decoder(TrainingState),
        rows=_session_rows,
        summary=training.session_summary,
        messages=training.session_messages,
    ),
    Kind(aggregate=Sheet, encode=_encode, decode=_decoder(SheetState), messages=training.sheet_messages),
    Kind(aggregate=ExamSitting, encode=_encode, decode=_decoder(SittingState), messages=training.sitting_messages),
    Kind(aggregate=GraduateCohort, encode=_encode, decode=_decoder(CohortState), messages=training.cohort_messages),
    Kind(aggregate=CertificateNumber, encode=_encode, decode=_decoder(NumberHeld)),
)
