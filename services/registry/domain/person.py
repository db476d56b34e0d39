"""A person as reported in clear, for the moment between the border and the seal."""

from __future__ import annotations

import re
import unicodedata

import msgspec

from services.registry.domain.identifiers import id_number
from services.registry.domain.reports import NameSeen
from services.registry.domain.talent import Identity
from services.shared.kernel import text
from services.shared.kernel.dates import Day
from services.shared.kernel.errors import Invalid
from services.shared.kernel.ports import KeyRing

LONGEST_PERSON_NAME = 60
_PHONE = re.compile(r"\+?\d{5,15}", re.ASCII).fullmatch
_PHONE_MARKS = str.maketrans("", "", " -()　（）")
_PLAIN = re.compile(r"[一-鿿]+").fullmatch
_DOTS = str.maketrans("•∙・．.", "·····")


class PhoneInvalid(Invalid):
    reason = "PHONE_INVALID"
    zh, en = "电话号码无效", "Not a phone number"
    fix_zh, fix_en = (
        "只填数字，可带国际区号",
        "Digits only, with an optional country code",
    )


class BeforeBirth(Invalid):
    reason = "BEFORE_BIRTH"
    zh, en = "日期早于出生年份", "The day lies before the person's year of birth"


class Person(msgspec.Struct, frozen=True):
    """Clear personal data: lives in memory only, is never logged, stored or sent as it is."""

    name: str
    id_number: str
    phone: str = ""

    def __repr__(self) -> str:
        return "Person(…)"


class Protected(msgspec.Struct, frozen=True):
    """What may be kept of a person: who it is (keyed), which name was reported (keyed), and the sealed fields."""

    talent: str
    name: NameSeen
    identity: Identity
    # Name, birth and employer (keyed); "" when no employer was given.
    match: str = ""


def must_be_born(day: Day, birth_year: int, *, field: str) -> None:
    """Raises BEFORE_BIRTH; year 0 = not known yet."""
    if int(day[:4]) < birth_year:
        raise BeforeBirth(field=field, day=day)


def normalised(name: str) -> str:
    """One spelling for what is the same name: full-width forms, blanks and the dots of long names are unified."""
    if _PLAIN(name):
        return name
    return "".join(unicodedata.normalize("NFKC", name).translate(_DOTS).split())


def protect(
    person: Person,
    *,
    department: str,
    keys: KeyRing,
    today: Day,
    field: str = "identity.",
    employer: str = "",
) -> Protected:
    """Check the person and put the clear fields under seal. Raises ID_NUMBER_INVALID, PHONE_INVALID, FIELD_*."""
    number = id_number(person.id_number, field=f"{field}id_number", today=today)
    name = text.name(person.name, field=f"{field}name", longest=LONGEST_PERSON_NAME)
    phone = person.phone.translate(_PHONE_MARKS) if person.phone else ""
    if phone and not _PHONE(phone):
        raise PhoneInvalid(field=f"{field}phone")
    talent = keys.blind_index("talent-id", number)
    known_as = normalised(name)
    name_index = keys.blind_index("name", known_as)
    return Protected(
        talent,
        NameSeen(name_index, department),
        Identity(
            name_index,
            keys.blind_index("phone", phone) if phone else "",
            f"{name[0]}**",
            int(number[6:10]),
            keys.seal(
                origin=talent,
                fields={"name": name, "id_number": number, "phone": phone},
            ),
        ),
        keys.blind_index("match", f"{known_as}|{number[6:14]}|{employer}") if employer else "",
    )
