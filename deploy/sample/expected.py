"""The plan's figures of 2020 as data, the fiction that follows them, and how both are scaled.

Compared with what the services compute: by the tests and by `make up`. The generator takes the sizes of its groups from
here, never a value of an indicator; a test recounts the generated records on its own.

Scale rule: every count is multiplied and rounded half up; counts by year are rounded as running totals, so that the
years add up. Not scaled: the 971 institutions (808 with a professional in a post), seniors and leading talents. Posts
are never fewer than those 808. The population is the real one.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise

import msgspec

POPULATION = 83_674_866  # census of 2020-11-01
SMALLEST_SCALE = 0.01
BASE_YEAR = 2020
YEARS = (2021, 2022, 2023, 2024, 2025)

INSTITUTIONS, INSTITUTIONS_STAFFED = 971, 808
SENIORS, LEADING = 7, 3

# The fiction after 2020, a count per year of YEARS.
NEW_PROFESSIONALS = (6_000, 6_500, 7_000, 7_500, 7_800)  # join and are recognised in the same year
LATER_RECOGNISED = (4_300, 4_300, 4_000, 3_800, 3_600)  # practitioners of 2020, recognised only then
DEPARTED = (1_500, 1_600, 1_600, 1_700, 1_600)  # professionals of 2020 who leave
NEWLY_CERTIFIED = (4_300, 4_600, 4_900, 5_200, 5_500)
NEW_INTERMEDIATES = (700, 800, 900, 950, 1_050)  # assistants of 2020 who pass the next level
NEW_SENIORS = (5, 7, 8, 10, 11)
SUPERVISORS = (300, 500, 650, 800, 850)
HIGH_LEVEL = (8, 12, 14, 15, 15)
NEW_POSTS = (1_180, 1_240, 1_310, 1_260, 1_050)
CLOSED_POSTS = (48, 48, 48, 48, 48)
NEW_AGENCIES = (150, 160, 150, 140, 140)
CLOSED_AGENCIES = (0, 0, 0, 25, 0)
STATIONS = (80, 120, 140, 130, 130)
BASES = (14, 20, 24, 20, 18)  # training and practice bases, named by the province
AGENCIES_COVERED = 522  # agencies of before 2021 with a party-work instructor in 2020
COVERED_LATER = (60, 70, 70, 60, 50)  # others of them that get one
GRADUATES_2020 = 1_600  # plan §1.1
GRADUATES = (1_600, 1_620, 1_640, 1_680, 1_720)
SESSIONS = (380, 420, 450, 470, 500)  # trainings held, SESSION_MINUTES each
REGISTERED = (600, 700, 800, 900, 1_000)  # of the newly certified, who register in the same year
INSTITUTIONS_STAFFED_LATER = 24  # a year, as far as there are new posts


MINUTES_LEARNED, MINUTES_LEARNED_LITTLE = 1_350, 900  # 30 and 20 credit hours (学时) a year; every fourth learns little
YEARS_REGISTERED = 3
SEARCHED_FOR_TRAINING = 20_000  # professionals among whom child welfare directors and managers are sent to trainings
SESSION_MINUTES = 900  # 20 credit hours


def scaled(count: int, scale: float) -> int:
    """`count` × `scale`, rounded half up on the decimal that `scale` prints as."""
    return int((Decimal(count) * Decimal(str(scale))).to_integral_value(ROUND_HALF_UP))


def running(counts: tuple[int, ...], scale: float) -> tuple[int, ...]:
    """Scaled counts per year whose sums are the scaled sums."""
    totals = [scaled(sum(counts[:years]), scale) for years in range(len(counts) + 1)]
    return tuple(after - before for before, after in pairwise(totals))


def year_of(index: int, counts: tuple[int, ...]) -> int:
    """The year in which the `index`-th of a row of yearly groups falls."""
    for year, count in zip(YEARS, counts, strict=True):
        if index < count:
            return year
        index -= count
    raise IndexError(index)


class Value(msgspec.Struct, frozen=True):
    """An indicator's parts; `denominator` 0 = a plain count."""

    numerator: int
    denominator: int = 0


class InCommunities(msgspec.Struct, frozen=True):
    """How many of a group of `size` persons work in urban and in rural communities: spread evenly over the group."""

    size: int
    urban: int
    rural: int

    def among(self, first: int) -> tuple[int, int]:
        """Urban and rural workers among the first persons of the group."""
        both = self.urban + self.rural
        workers = first * both // self.size if self.size else 0
        urban = workers * self.urban // both if both else 0
        return urban, workers - urban


class Sums(msgspec.Struct, frozen=True, kw_only=True):
    """Sizes of the groups that the sample is made of, at one scale. Fields without a year hold at 2020-12-31."""

    scale: float
    practitioners: int
    professionals: int
    known_to_two: int
    known_to_three: int
    left_before: int
    certified: int
    intermediate_or_above: int
    certified_leaving: int
    certified_unrecognised: int
    pay_to_30000: int
    pay_to_50000: int
    posts: int
    posts_held: int
    posts_of_other_institutions: int
    urban_communities: int
    rural_communities: int
    professionals_in_communities: InCommunities
    later_in_communities: InCommunities
    unrecognised_in_communities: InCommunities
    new_in_communities: InCommunities
    rural_reached: int
    rural_reached_later: int
    agencies: int
    agencies_closed_before: int
    corrected: int
    new_professionals: tuple[int, ...]
    later_recognised: tuple[int, ...]
    departed: tuple[int, ...]
    newly_certified: tuple[int, ...]
    new_intermediates: tuple[int, ...]
    supervisors: tuple[int, ...]
    high_level: tuple[int, ...]
    new_posts: tuple[int, ...]
    closed_posts: tuple[int, ...]
    new_agencies: tuple[int, ...]
    closed_agencies: tuple[int, ...]
    stations: tuple[int, ...]
    bases: tuple[int, ...]
    agencies_covered: int
    covered_later: tuple[int, ...]
    registered: tuple[int, ...]
    # Of 2020 and the years after.
    graduates: tuple[int, ...]
    sessions: tuple[int, ...]
    searched_for_training: int

    @property
    def talent_records(self) -> int:
        """Distinct TalentRecords of the practitioners of 2020-12."""
        return self.practitioners + self.known_to_two + 2 * self.known_to_three

    @property
    def new_posts_held(self) -> tuple[int, ...]:
        """Posts created in a year that somebody who joins in that year holds."""
        return _held(self.new_posts)

    @property
    def staffed_later(self) -> tuple[int, ...]:
        """Institutions that get their first post held by a professional, per year."""
        return tuple(min(INSTITUTIONS_STAFFED_LATER, count) for count in self.new_posts)

    def indicators(self, year: int = BASE_YEAR) -> dict[str, Value]:
        """What must come out for the province at the end of December of `year` (2020 … 2025), by number.

        Stations (#18, #19) are played through gRPC after the records; here #18 is their number.
        """
        done = YEARS.index(year) + 1 if year in YEARS else 0
        professionals = (
            self.professionals
            + sum(self.new_professionals[:done])
            + sum(self.later_recognised[:done])
            - sum(self.departed[:done])
        )
        practitioners = self.practitioners + sum(self.new_professionals[:done]) - sum(self.departed[:done])
        certified = self.certified + sum(self.newly_certified[:done])
        upper = self.intermediate_or_above + sum(self.new_intermediates[:done])
        seniors = SENIORS + sum(NEW_SENIORS[:done])
        left = min(self.certified_leaving, sum(self.departed[:done]))
        later = self.later_in_communities.among(sum(self.later_recognised[:done]))
        new = self.new_in_communities.among(sum(self.new_professionals[:done]) - sum(self.new_posts_held[:done]))
        values = {
            "1": Value(professionals),
            "2": Value(professionals, POPULATION),
            "3": Value(certified),
            "3a": Value(certified - upper),
            "3b": Value(upper - seniors),
            "3c": Value(seniors),
            "4": Value(upper),
            "5": Value(sum(self.high_level[:done])),
            "5a": Value(LEADING),
            "6": Value(sum(self.supervisors[:done])),
            "7": Value(self.professionals_in_communities.urban + later[0] + new[0], self.urban_communities),
            "8": Value(self.professionals_in_communities.rural + later[1] + new[1], self.rural_communities),
            "9": Value(certified - left, practitioners),
            "10": Value(sum(self.bases[:done])),
            "11": Value(self.graduates[done]),
            "15": Value(self.new_posts[done - 1] if done else self.posts // 5),
            "15n": Value(self.posts + sum(self.new_posts[:done]) - sum(self.closed_posts[:done])),
            "16": Value(sum(self.new_agencies[:done]) - sum(self.closed_agencies[:done])),
            "17": self._party_covered(done),
            "18": Value(sum(self.stations[:done])),
            "S19": Value(INSTITUTIONS_STAFFED + sum(self.staffed_later[:done]), INSTITUTIONS),
        }
        if done:
            paid = self.new_professionals[done - 1]
            values["S15a"] = Value(paid * 3 // 10, paid)
            values["S15b"] = Value(paid * 3 // 4, paid)
            values["S17"] = Value(self.new_professionals[done - 1] + self.later_recognised[done - 1])
            values["12"], values["S12"] = self._learned(done)
            values["13"] = Value(self.sessions[done - 1] * SESSION_MINUTES)
        else:
            values["S15a"] = Value(self.pay_to_30000, self.professionals)
            values["S15b"] = Value(self.pay_to_50000, self.professionals)
        if year in (BASE_YEAR, YEARS[-1]):
            reached = self.rural_reached_later if done else self.rural_reached
            values["S18"] = Value(reached, self.rural_communities)
        return values

    def _party_covered(self, done: int) -> Value:
        """Agencies with an instructor, of those open. Of the new ones every fifth has none; the first ones close."""
        new, closed = sum(self.new_agencies[:done]), sum(self.closed_agencies[:done])
        covered = (
            self.agencies_covered + sum(self.covered_later[:done]) + with_instructor(new) - with_instructor(closed)
        )
        return Value(covered, self.agencies - self.agencies_closed_before + new - closed)

    def _learned(self, done: int) -> tuple[Value, Value]:
        """Minutes, and persons who learned enough, by those who are registered in December: of the year and of the two
        before, who are the ones that learn.
        """
        registered = self.registered[max(0, done - YEARS_REGISTERED) : done]
        learning = registered[:-1]
        little = sum(-(-count // 4) for count in learning)
        enough = sum(learning) - little
        minutes = enough * MINUTES_LEARNED + little * MINUTES_LEARNED_LITTLE
        return Value(minutes, sum(registered)), Value(enough, sum(registered))


def with_instructor(new_agencies: int) -> int:
    """Of the first so many new agencies."""
    return new_agencies - -(-new_agencies // 5)


def _held(new_posts: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(max(count * 3 // 5, min(INSTITUTIONS_STAFFED_LATER, count)) for count in new_posts)


def expected(scale: float = 1.0) -> Sums:
    """The plan's figures at a scale of 0.01 … 1.

    2020 after §1.1 of the plan: 124,000 professionals, 28,000 certified of whom 6,000 intermediate or above (7 senior),
    18.67 % of the practitioners (so 149,973), 8,000 posts, pay of 82 % at most 50,000 yuan and of 41 % at most 30,000.
    """
    if not SMALLEST_SCALE <= scale <= 1:
        message = f"scale must lie between {SMALLEST_SCALE} and 1, not {scale}"
        raise ValueError(message)

    def count(full: int) -> int:
        return scaled(full, scale)

    def years(full: tuple[int, ...]) -> tuple[int, ...]:
        return running(full, scale)

    intermediate_or_above = count(6_000)
    second_records, known_to_three = count(16_497), count(1_500)  # 11 % and 1 % of 149,973
    posts = max(count(8_000), INSTITUTIONS_STAFFED)
    posts_of_other_institutions = min(90, posts - INSTITUTIONS_STAFFED)
    held = INSTITUTIONS_STAFFED + (posts - INSTITUTIONS_STAFFED - posts_of_other_institutions) * 3 // 4
    practitioners, professionals = count(149_973), count(124_000)
    departed, later_recognised, new_professionals = years(DEPARTED), years(LATER_RECOGNISED), years(NEW_PROFESSIONALS)
    new_posts = years(NEW_POSTS)
    return Sums(
        scale=scale,
        practitioners=practitioners,
        professionals=professionals,
        known_to_two=second_records - 2 * known_to_three,
        known_to_three=known_to_three,
        left_before=count(4_000),
        certified=count(22_000) + intermediate_or_above,
        intermediate_or_above=intermediate_or_above,
        certified_leaving=count(500),
        certified_unrecognised=count(2_000),
        pay_to_30000=count(50_840),
        pay_to_50000=count(101_680),
        posts=posts,
        posts_held=held,
        posts_of_other_institutions=posts_of_other_institutions,
        urban_communities=count(8_261),
        rural_communities=count(26_369),
        # Posts are held outside communities, and who leaves works outside them.
        professionals_in_communities=InCommunities(professionals - sum(departed) - held, count(12_400), count(18_700)),
        later_in_communities=InCommunities(sum(later_recognised), count(2_600), count(5_000)),
        unrecognised_in_communities=InCommunities(
            practitioners - professionals - sum(later_recognised) - (posts_of_other_institutions + 1) // 2,
            count(2_400),
            count(3_300),
        ),
        new_in_communities=InCommunities(sum(new_professionals) - sum(_held(new_posts)), count(1_600), count(1_900)),
        rural_reached=count(14_000),
        rural_reached_later=count(19_800),
        agencies=count(900),
        agencies_closed_before=count(30),
        corrected=count(750),
        new_professionals=new_professionals,
        later_recognised=later_recognised,
        departed=departed,
        newly_certified=years(NEWLY_CERTIFIED),
        new_intermediates=years(NEW_INTERMEDIATES),
        supervisors=years(SUPERVISORS),
        high_level=years(HIGH_LEVEL),
        new_posts=new_posts,
        closed_posts=years(CLOSED_POSTS) if held + sum(CLOSED_POSTS) <= posts else (0, 0, 0, 0, 0),
        new_agencies=years(NEW_AGENCIES),
        closed_agencies=years(CLOSED_AGENCIES),
        stations=years(STATIONS),
        bases=years(BASES),
        agencies_covered=count(AGENCIES_COVERED),
        covered_later=years(COVERED_LATER),
        registered=years(REGISTERED),
        graduates=running((GRADUATES_2020, *GRADUATES), scale),
        sessions=years(SESSIONS),
        searched_for_training=count(SEARCHED_FOR_TRAINING),
    )
