"""Records without persons: communities, organisations, their posts, and appropriations."""

from __future__ import annotations

from deploy.sample.expected import BASE_YEAR, INSTITUTIONS, SESSION_MINUTES, YEARS, Sums, with_instructor, year_of
from deploy.sample.organisations import Organisations, Post, uscc
from deploy.sample.places import Places, civil_affairs_of
from deploy.sample.record import Record
from deploy.sample.spread import mixed
from services.shared.kernel.area import areas

_TITLES = ("社会工作岗", "个案管理岗", "社区服务岗", "督导岗", "项目管理岗")
_YUAN_OF_PREFECTURE = 24_000_000
# Source, basis, share of the year's money in tenths.
_SOURCES = (("city", "annual", 5), ("provincial", "annual", 3), ("welfare_lottery", "one_off", 2))


# Serial of the invented code, county, level of the graduates.
_SCHOOLS = (
    (800_001, "510107", "bachelor"),
    (800_002, "510107", "master"),
    (800_003, "510703", "bachelor"),
    (800_004, "511302", "junior_college"),
)


def line_of(year: int, prefecture: str, source: str) -> str:
    """Id of the budget line of civil affairs of a prefecture."""
    return f"{year}-{prefecture}-{source}"


class Network:
    def __init__(self, sums: Sums, places: Places, organisations: Organisations) -> None:
        self._sums, self._places, self._organisations = sums, places, organisations
        self._prefectures = [it.code for it in areas().values() if it.level == "prefecture"]
        self.communities = places.urban + places.rural
        self.organisations = organisations.count
        self.bases = sum(sums.bases)
        self.covered = sums.agencies_covered + sum(sums.covered_later)
        self.new_covered = with_instructor(sum(sums.new_agencies))
        self.sessions = sum(sums.sessions)
        self.cohorts = len(sums.graduates) * len(_SCHOOLS)
        self.appropriations = len(YEARS) * len(self._prefectures) * len(_SOURCES)

    def community(self, index: int) -> Record:
        it, bits = self._places.community(index), mixed(index + 0x40000000)
        fields = {
            "community": it.code,
            "name": it.name,
            "kind": it.kind,
            "since": "2020-06-30",
            "until": "",
            "elderly": (150 + bits % 1_350) if it.kind == "urban" else (80 + bits % 700),
            "elderly_on": "2020-11-01",
        }
        return Record(civil_affairs_of(it.code), "community", f"community-{it.code}", 1, {}, fields)

    def organisation(self, index: int) -> Record:
        it = self._organisations[index]
        return Record(
            it.partner, "organisation", f"organisation-{it.uscc}", 1, {}, self._organisations.record_fields(index)
        )

    def post(self, index: int) -> Record:
        """A post of 2016–2020 as it was created."""
        return _post(self._organisations.post(index), index)

    def closed_post(self, index: int) -> Record:
        """The next revision of one of the last posts of 2016–2020, which says when it was closed."""
        at = self._organisations.posts - 1 - index
        post = self._organisations.post(at)
        record = _post(post, at)
        return record._replace(revision=2, fields={**record.fields, "closed_on": post.closed_on})

    def new_post(self, index: int) -> Record:
        return _post(self._organisations.new_post(index), index)

    def base(self, index: int) -> Record:
        """A public institution is named a training or practice base by the province."""
        it, year = self._organisations[index], year_of(index, self._sums.bases)
        fields = {
            "organisation": it.uscc,
            "kind": "practice_base" if index % 3 else "training_base",
            "grantor": "province",
            "since": f"{year}-{4 + index % 8:02d}-{1 + index % 28:02d}",
            "until": "",
        }
        return Record(it.partner, "accreditation", f"base-{it.uscc}", 1, {}, fields)

    def cover(self, index: int) -> Record:
        """An agency of before 2021 gets a party-work instructor (党建工作指导员): by 2020, or later."""
        since = f"2018-{1 + index % 12:02d}-{1 + index % 28:02d}"
        if index >= self._sums.agencies_covered:
            year = year_of(index - self._sums.agencies_covered, self._sums.covered_later)
            since = f"{year}{since[4:]}"
        return self._instructed(INSTITUTIONS + self._sums.agencies_closed_before + index, since)

    def new_cover(self, index: int) -> Record:
        """A new agency has one from its first day, except every fifth."""
        at = INSTITUTIONS + self._sums.agencies + index + index // 4 + 1
        return self._instructed(at, str(self._organisations.record_fields(at)["registered_on"]))

    def _instructed(self, at: int, since: str) -> Record:
        it = self._organisations[at]
        fields = {
            "organisation": it.uscc,
            "kind": "party_work_instructor",
            "other": "",
            "responsible": "街道党工委",
            "since": since,
            "until": "",
        }
        return Record(it.partner, "party_arrangement", f"party-{it.uscc}", 1, {}, fields)

    def session(self, index: int) -> Record:
        """A training of three days that was held, at the place of some county."""
        year, bits = year_of(index, self._sums.sessions), mixed(index + 0x70000000)
        month = f"{year}-{2 + index % 11:02d}"
        fields = {
            "session": f"course-{index + 1:04d}",
            "provider": self._organisations[index % INSTITUTIONS].uscc,
            "venue": self._places.counties[self._places.county(bits)].code,
            "since": f"{month}-{1 + index % 26:02d}",
            "last_day": f"{month}-{3 + index % 26:02d}",
            "minutes": SESSION_MINUTES,
            "category": "vocational" if index % 3 else "professional",
            "audience": "社会工作从业人员",
            "title": f"社会工作能力提升班（样例{index + 1}）",
            "status": "held",
        }
        return Record("human_resources", "training_session", f"session-{index + 1:04d}", 1, {}, fields)

    def cohort(self, index: int) -> Record:
        """A year's graduates in social work of a school: the year's number in equal parts."""
        year_index, at = divmod(index, len(_SCHOOLS))
        number, county, level = _SCHOOLS[at]
        graduates, more = divmod(self._sums.graduates[year_index], len(_SCHOOLS))
        school, year = uscc("12", number), BASE_YEAR + year_index
        fields = {
            "school": school,
            "county": county,
            "major": "social_work",
            "level": level,
            "graduated_on": f"{year}-06-30",
            "graduates": graduates + (at < more),
        }
        return Record("education", "graduate_cohort", f"cohort-{school}-{year}", 1, {}, fields)

    def appropriation(self, index: int) -> Record:
        """Civil affairs of a prefecture puts money into a line; a one-off sum from the lottery, the rest every year."""
        index, at = divmod(index, len(_SOURCES))
        year_index, prefecture_index = divmod(index, len(self._prefectures))
        year, prefecture = YEARS[year_index], self._prefectures[prefecture_index]
        source, basis, tenths = _SOURCES[at]
        line = line_of(year, prefecture, source)
        fields = {
            "line": line,
            "fiscal_year": year,
            "source": source,
            "area": prefecture,
            "purpose": "购买社会工作服务",
            "basis": basis,
            "fen": _YUAN_OF_PREFECTURE * 10 * tenths,
            "reference": f"{line}-1",
            "on": f"{year}-02-{1 + prefecture_index:02d}",
        }
        return Record(civil_affairs_of(prefecture), "appropriation", f"appropriation-{line}", 1, {}, fields)


def _post(post: Post, index: int) -> Record:
    fields = {
        "organisation": post.organisation.uscc,
        "post": post.id,
        "title": _TITLES[index % len(_TITLES)],
        "field": post.organisation.field,
        "created_on": post.created_on,
        "closed_on": "",
    }
    return Record(post.organisation.partner, "post", f"post-{post.id}", 1, {}, fields)
