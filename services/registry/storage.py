"""OUT: aggregate ↔ document, claims and views of the registry."""

from __future__ import annotations

from services.registry.domain import headcount
from services.registry.domain.access_log import AccessLog, AccessLogState
from services.registry.domain.call_up import BY_AREA as CALL_UPS_BY_AREA
from services.registry.domain.call_up import BY_CALLED, CallUp, CallUpState
from services.registry.domain.catalogue import BY_YEAR_AND_AREA, CatalogueFacts, RegionalCatalogue
from services.registry.domain.cohort import CohortState, GraduateCohort
from services.registry.domain.correction import APPROVED, UNAPPLIED, WAITING, Correction, CorrectionState
from services.registry.domain.enrolment import BY_PROGRAMME, MemberSheet
from services.registry.domain.enrolment import SheetState as MemberSheetState
from services.registry.domain.headcount import Headcount, HeadcountState
from services.registry.domain.identity_case import OPEN, TO_DO, IdentityCase, IdentityCaseState
from services.registry.domain.objection import Objection, ObjectionState
from services.registry.domain.organisation import BY_AREA as ORGANISATIONS_BY_AREA
from services.registry.domain.organisation import Organisation, OrganisationState
from services.registry.domain.programme import BY_AGENCY, Programme, ProgrammeState
from services.registry.domain.programme import BY_AREA as PROGRAMMES_BY_AREA
from services.registry.domain.registrations import running_out
from services.registry.domain.reports import EnrolmentReport, PassReport, RosterReport, WorkReport
from services.registry.domain.roster import BY_ROSTER
from services.registry.domain.serving import BY_HIGH_LEVEL, SERVED
from services.registry.domain.sheet import Sheet, SheetState
from services.registry.domain.sitting import CertificateNumber, ExamSitting, NumberHeld, SittingState
from services.registry.domain.snapshot import BY_EMPLOYER, Snapshot, SnapshotState
from services.registry.domain.talent import BY_AREA, BY_LAPSE, BY_MATCH, Talent, TalentState
from services.registry.domain.training import BY_AREA as SESSIONS_BY_AREA
from services.registry.domain.training import TrainingSession, TrainingState
from services.registry.publisher import (
    access_log,
    call_ups,
    catalogues,
    identity,
    organisations,
    programmes,
    talents,
    training,
)
from services.shared.kernel.area import PROVINCE, county_of, prefecture_of
from services.shared.kernel.follower import Followed, Follower
from services.shared.runtime.store.kind import json_kind
from services.shared.runtime.tick import TICK_KIND


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
    state = talent.state
    works = {
        (it.affiliation.department, it.affiliation.organisation)
        for it in talent.all_reports
        if isinstance(it, WorkReport)
    }
    employers = [(BY_EMPLOYER, f"{department}/{organisation}") for department, organisation in works]
    if talent.moved_to:  # found with its winner, but complete lists are judged number by number
        return employers
    counties = talent.counties()
    rows = [(BY_AREA, code) for code in counties | {prefecture_of(county) for county in counties}]
    if not state.erased:
        rows += [(BY_MATCH, it.match_index) for it in state.reports if isinstance(it, WorkReport) and it.match_index]
    facts = talent.pending[-1].facts if talent.pending else talent.facts()
    registrations = facts.registrations
    rows += {(BY_LAPSE, key) for day in running_out(registrations).values() for key in (day, day[:7])}
    enrolled = {it.programme for it in talent.all_reports if isinstance(it, EnrolmentReport)}
    rows += [(BY_PROGRAMME, programme) for programme in enrolled]
    ready = {it.area for it in talent.all_reports if isinstance(it, RosterReport)}
    rows += [(BY_ROSTER, area) for area in ready]
    if any(it.kind in SERVED for it in facts.designations):
        rows += [(BY_HIGH_LEVEL, code) for code in {*counties, *map(prefecture_of, counties), PROVINCE}]
    return rows + employers


def _organisation_rows(organisation: Organisation) -> list[tuple[str, str]]:
    """By area, and by area and kind; a stub is in no area."""
    it = organisation.registration
    if it is None:
        return []
    areas = {it.county, prefecture_of(it.county), PROVINCE}
    return [(ORGANISATIONS_BY_AREA, key) for code in areas for key in (code, f"{code}/{it.kind}")]


def _case_rows(case: IdentityCase) -> list[tuple[str, str]]:
    return _waiting_rows(case.state.counties) if case.state.status == OPEN else []


def _correction_rows(correction: Correction) -> list[tuple[str, str]]:
    state = correction.state
    if state.status == APPROVED:
        return [(UNAPPLIED, UNAPPLIED)]
    return _waiting_rows(state.counties) if state.status == WAITING else []


def _waiting_rows(counties: tuple[str, ...]) -> list[tuple[str, str]]:
    """What waits for somebody is found under its counties, their prefectures and the province."""
    return [(TO_DO, code) for code in {*counties, *map(prefecture_of, counties), PROVINCE}]


def _programme_rows(programme: Programme) -> list[tuple[str, str]]:
    """By area, by area and kind, by paired agency; what nobody has opened is in no list."""
    it = programme.state.opening
    if not programme.opened:
        return []
    areas = {it.area, prefecture_of(it.area), PROVINCE}
    paired = {code for pairing in programme.state.pairings for code in (pairing.supporter, pairing.supported)}
    rows = [(PROGRAMMES_BY_AREA, key) for code in areas for key in (code, f"{code}/{it.kind}")]
    return rows + [(BY_AGENCY, code) for code in paired]


def _catalogue_rows(catalogue: RegionalCatalogue) -> list[tuple[str, str]]:
    it = catalogue.state
    return [(BY_YEAR_AND_AREA, f"{it.year}/{code}") for code in {it.area, prefecture_of(it.area), PROVINCE}]


def _headcount_rows(it: Headcount) -> list[tuple[str, str]]:
    county = county_of(it.id)
    return [(headcount.BY_AREA, code) for code in {county, prefecture_of(county), PROVINCE}]


def _call_up_rows(call_up: CallUp) -> list[tuple[str, str]]:
    """By area; while it is open by whom it calls, too."""
    area = call_up.state.mandate.area
    rows = [(CALL_UPS_BY_AREA, code) for code in {area, prefecture_of(area), PROVINCE}]
    if not call_up.state.closed:
        rows += [(BY_CALLED, it.talent) for it in call_up.state.called]
    return rows


def _session_rows(session: TrainingSession) -> list[tuple[str, str]]:
    it = session.present()
    if it is None:
        return []
    county = county_of(it.venue)
    return [(SESSIONS_BY_AREA, code) for code in {county, prefecture_of(county)}]


KINDS = (
    json_kind(
        Talent,
        TalentState,
        claims=_talent_claims,
        rows=_talent_rows,
        summary=talents.talent_listed,
        messages=talents.talent_messages,
    ),
    json_kind(
        Organisation,
        OrganisationState,
        rows=_organisation_rows,
        summary=organisations.organisation_summary,
        messages=organisations.organisation_messages,
    ),
    json_kind(
        IdentityCase,
        IdentityCaseState,
        rows=_case_rows,
        summary=identity.case_summary,
        messages=talents.identity_case_messages,
    ),
    json_kind(
        Correction,
        CorrectionState,
        rows=_correction_rows,
        summary=identity.correction_summary,
    ),
    json_kind(
        AccessLog,
        AccessLogState,
        messages=access_log.access_log_messages,
    ),
    json_kind(Objection, ObjectionState, rows=Objection.rows),
    json_kind(Snapshot, SnapshotState, rows=Snapshot.rows),
    json_kind(Follower, Followed),
    TICK_KIND,
    json_kind(
        Programme,
        ProgrammeState,
        rows=_programme_rows,
        summary=programmes.programme_summary,
        messages=programmes.programme_messages,
    ),
    json_kind(MemberSheet, MemberSheetState),
    json_kind(
        RegionalCatalogue,
        CatalogueFacts,
        rows=_catalogue_rows,
        summary=catalogues.catalogue_summary,
        messages=catalogues.catalogue_messages,
    ),
    json_kind(
        Headcount,
        HeadcountState,
        rows=_headcount_rows,
        summary=headcount.summary,
    ),
    json_kind(
        CallUp,
        CallUpState,
        rows=_call_up_rows,
        summary=call_ups.call_up_summary,
        messages=call_ups.call_up_messages,
    ),
    json_kind(
        TrainingSession,
        TrainingState,
        rows=_session_rows,
        summary=training.session_summary,
        messages=training.session_messages,
    ),
    json_kind(Sheet, SheetState, messages=training.sheet_messages),
    json_kind(ExamSitting, SittingState, messages=training.sitting_messages),
    json_kind(GraduateCohort, CohortState, messages=training.cohort_messages),
    json_kind(CertificateNumber, NumberHeld),
)
