"""Fictitious people: names, resident ID numbers of the unused area 519999, phones of an unassigned range."""

from __future__ import annotations

from datetime import date, timedelta

from deploy.sample.spread import Spread, mixed

AREA = "519999"
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"
_NUMBERS_A_DAY = 499
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪"
    "廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤"
)
_GIVEN = (
    "晓文思雨嘉欣子涵宇轩若曦俊杰雅婷志强丽华明芳春梅国庆建军秀英海燕玉兰永红小琴成林云飞雪松天佑依诺一鸣可心安然乐清"
    "和平正义长青如山似水静远博学慧敏礼诚智勇信达书香墨池望川怀蜀锦江青城峨眉"
)
_LONG_FIRST = ("吉克", "阿尔", "沙马", "曲木", "尔古", "泽仁", "扎西", "次仁", "格桑", "卓玛")
_LONG_LAST = ("阿依", "伍各", "日古", "尼古", "措姆", "多吉", "平措", "拉姆", "达瓦", "旺堆")
_COMPATIBLE = str.maketrans({"李": "\uf9e1", "金": "\uf90a", "林": "\uf9f4"})


def _prefixes(first_year: int, last_year: int) -> list[tuple[str, int]]:
    """Area and birth date of an ID number with the weighted sum of these digits, a row per day."""
    day, rows = date(first_year, 1, 1), []
    while day.year <= last_year:
        text = f"{AREA}{day:%Y%m%d}"
        rows.append((text, sum(int(digit) * weight for digit, weight in zip(text, _WEIGHTS, strict=False))))
        day += timedelta(days=1)
    return rows


def _serials() -> list[tuple[str, int]]:
    return [
        (text, sum(int(digit) * weight for digit, weight in zip(text, _WEIGHTS[14:], strict=True)))
        for text in (f"{serial:03d}" for serial in range(1000))
    ]


class People:
    """Who a person is, by index. Persons below `newcomers` were born 1956–1999, the others 1975–2002.

    No two persons share an ID number; memory does not grow with the number of people.
    """

    def __init__(self, newcomers: int) -> None:
        self._newcomers = newcomers
        self._first = _prefixes(1956, 1999)
        self._later = _prefixes(1975, 2002)
        self._first_days = Spread(len(self._first), 11)
        self._later_days = Spread(len(self._later), 12)
        self._serials = _serials()

    def id_number(self, person: int) -> str:
        index = person - self._newcomers
        if index < 0:
            turn, day = divmod(person, len(self._first))
            prefix, total = self._first[self._first_days.at(day)]
            serial, more = self._serials[1 + turn * 37 % _NUMBERS_A_DAY]
        else:
            turn, day = divmod(index, len(self._later))
            prefix, total = self._later[self._later_days.at(day)]
            serial, more = self._serials[500 + turn * 37 % _NUMBERS_A_DAY]
        return f"{prefix}{serial}{_CHECK[(total + more) % 11]}"

    def name(self, person: int) -> str:
        bits = mixed(person ^ 0x6E616D65)
        if bits & 31 == 0:
            return f"{_LONG_FIRST[(bits >> 5) % 10]}·{_LONG_LAST[(bits >> 9) % 10]}"
        surname = _SURNAMES[(bits >> 5) % len(_SURNAMES)]
        first = _GIVEN[(bits >> 17) % len(_GIVEN)]
        return surname + first if bits >> 40 & 3 == 0 else surname + first + _GIVEN[(bits >> 29) % len(_GIVEN)]

    def phone(self, person: int) -> str:
        """Eleven digits that begin with 129, which no operator has."""
        return f"129{person * 6_180_339 % 100_000_000:08d}"

    def identity(self, person: int) -> dict[str, str]:
        return {"name": self.name(person), "id_number": self.id_number(person), "phone": self.phone(person)}


def respelt(identity: dict[str, str], bits: int) -> dict[str, str]:
    """The same person as another department writes it: blanks, other dots, compatibility characters, 15 digits, x."""
    name, number, phone = identity["name"], identity["id_number"], identity["phone"]
    style = bits & 7
    if style == 0:
        name = f"{name[0]}\u3000{name[1:]}"
    elif style == 1:
        name = f" {name[0]} {name[1:]}"
    elif style == 2:
        name = name.replace("·", "．")
    elif style == 3:
        name = name.replace("·", "•").translate(_COMPATIBLE)
    if bits >> 3 & 15 == 0 and number[6:8] == "19":
        number = number[:6] + number[8:17]
    elif number[17] == "X":
        number = number.lower()
    if bits >> 7 & 3 == 0:
        phone = f"{phone[:3]} {phone[3:7]} {phone[7:]}"
    elif bits >> 7 & 3 == 1:
        phone = ""
    return {"name": name, "id_number": number, "phone": phone}
