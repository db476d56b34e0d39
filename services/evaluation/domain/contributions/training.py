"""Training sessions (培训) 13 and S13, graduates (毕业生) 11. Plan §1.1, §3.3 box 1."""

from __future__ import annotations

from services.evaluation.domain.contributions.months import Cells, in_province
from services.evaluation.domain.facts import GraduateCohortFacts, TrainingSessionFacts

MINUTES_TAUGHT = "13"
PERSON_TIMES, PERSON_MINUTES = "S13a", "S13b"
GRADUATES = "11"

_CATEGORIES = ("professional", "vocational")
_JUNIOR_COLLEGE_AND_ABOVE = ("junior_college", "bachelor", "master", "doctor")


def session(_: str, facts: TrainingSessionFacts) -> Cells:
    """A held session counts once, however many attend, in the month of its last day and the county of its venue."""
    county = facts.venue[:6]
    if facts.status != "held" or facts.category not in _CATEGORIES or not in_province(county):
        return {}
    month = facts.last_day[:7]
    amounts = {MINUTES_TAUGHT: facts.minutes, PERSON_TIMES: facts.attendees, PERSON_MINUTES: facts.person_minutes}
    return {(series, county, month): amount for series, amount in amounts.items() if amount}


def cohort(_: str, facts: GraduateCohortFacts) -> Cells:
    """Graduates in social work, junior college (专科) and above, in the county of their school."""
    county = facts.county[:6]
    counts = facts.major == "social_work" and facts.level in _JUNIOR_COLLEGE_AND_ABOVE
    if not counts or not facts.graduates or not in_province(county):
        return {}
    return {(GRADUATES, county, facts.graduated_on[:7]): facts.graduates}
