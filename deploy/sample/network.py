"""Records without persons: communities, organisations, their posts, and appropriations."""

from __future__ import annotations

from deploy.sample.expected import YEARS
from deploy.sample.organisations import Organisations, Post
from deploy.sample.places import Places, civil_affairs_of
from deploy.sample.record import Record
from deploy.sample.spread import mixed
from services.shared.kernel.area import areas

_TITLES = ("社会工作岗", "个案管理岗", "社区服务岗", "督导岗", "项目管理岗")
_YUAN_OF_PREFECTURE = 24_000_000
# Source, basis, share of the year's money in tenths.
_SOURCES = (("city", "annual", 5), ("provincial", "annual", 3), ("welfare_lottery", "one_off", 2))


def line_of(year: int, prefecture: str, source: str) -> str:
    """Id of the budget line of civil affairs of a prefecture."""
    return f"{year}-{prefecture}-{source}"


class Network:
    def __init__(self, places: Places, organisations: Organisations) -> None:
        self._places, self._organisations = places, organisations
        self._prefectures = [it.code for it in areas().values() if it.level == "prefecture"]
        self.communities = places.urban + places.rural
        self.organisations = organisations.count
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
