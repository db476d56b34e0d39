"""Stories of certificates as lists of short sentences, each one report or rule; the domain's own words only."""

from __future__ import annotations

import msgspec

from services.registry.domain.reports import (
    AnnulmentReport,
    ApplicationReport,
    Certificate,
    DecisionReport,
    EducationReport,
    EducationReversalReport,
    NameSeen,
    PassReport,
    RegistrationEndReport,
    Report,
    ReviewReport,
)
from services.registry.domain.rules import RULES, Rules, WaiverRound
from services.shared.kernel.dates import NO_DAY, Day
from services.shared.kernel.origin import Origin
from tests.builders.registry import a_uscc

NAME = NameSeen("n", "civil_affairs")


def an_education(evidence: str, last_day: str, minutes: int, **changed: object) -> EducationReport:
    values = {
        "origin": Origin("civil_affairs", f"education/{evidence}", 1),
        "name": None,
        "department": "civil_affairs",
        "evidence_id": evidence,
        "kind": "training",
        "category": "professional",
        "first_day": Day(last_day),
        "last_day": Day(last_day),
        "minutes": minutes,
        "provider": a_uscc(),
    }
    return EducationReport(**{**values, **changed})  # type: ignore[arg-type]


def report_of(sentence: str, number: int) -> Report:
    """`pass LEVEL DAY`, `review DAY`, `annul LEVEL DAY`, `apply LEVEL DAY [AREA]`, `end LEVEL DAY`,
    `grant|refuse LEVEL RECEIVED DECIDED`, `learn|degree|study ID DAY [HOURSh]`, `reverse ID DAY`.
    """
    verb, *words = sentence.split()
    origin = Origin("partner", f"{number:03d}", 1)
    if verb == "pass":
        return PassReport(origin, NAME, "510104", Certificate(words[0], "510000", Day(words[1])), "")
    if verb == "review":
        return ReviewReport(origin, None, Day(words[0]))
    if verb == "annul":
        return AnnulmentReport(origin, None, words[0], Day(words[1]), "fraud")
    if verb == "apply":
        return ApplicationReport(origin, None, words[0], Day(words[1]), words[2] if len(words) > 2 else "510104")
    if verb in ("grant", "refuse"):
        return DecisionReport(origin, None, words[0], Day(words[1]), Day(words[2]), verb == "grant")
    if verb == "end":
        return RegistrationEndReport(origin, None, words[0], Day(words[1]), "own_request")
    if verb == "reverse":
        return EducationReversalReport(origin, None, "civil_affairs", words[0], Day(words[1]))
    minutes = int(float(words[2].removesuffix("h")) * 60) if len(words) > 2 else 0
    kind = {"learn": "training", "degree": "degree", "study": "study"}[verb]
    category = "professional" if kind == "training" else ""
    return an_education(words[0], words[1], minutes, origin=origin, kind=kind, category=category)


def a_story(text: str) -> tuple[tuple[Report, ...], Rules]:
    """The reports of the sentences (separated by ";") and the rules with the waiver rounds that they open:
    `waiver LEVEL|any SINCE UNTIL AREA`.
    """
    reports, rounds = [], []
    for number, sentence in enumerate(it.strip() for it in text.split(";") if it.strip()):
        if sentence.startswith("waiver "):
            _, level, since, until, area = sentence.split()
            levels = () if level == "any" else (level,)
            rounds.append(WaiverRound(Day(since), Day(until) if until != "-" else NO_DAY, levels, area, "a test's own"))
        else:
            reports.append(report_of(sentence, number))
    return tuple(reports), msgspec.structs.replace(RULES, waivers=tuple(rounds))
