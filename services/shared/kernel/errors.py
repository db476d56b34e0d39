"""Every way to turn a request or record down, as one tree; raised by domain and commands, mapped at the borders.

    DomainError
    ├── Invalid      the request itself is wrong               INVALID_ARGUMENT
    ├── NotFound     the thing named does not exist            NOT_FOUND
    ├── Duplicate    it exists already with other content      ALREADY_EXISTS
    ├── Forbidden    the caller may not                        PERMISSION_DENIED
    ├── RuleBroken   right in itself, not allowed now          FAILED_PRECONDITION
    ├── Clash        somebody else changed it first            ABORTED
    ├── Exhausted    a limit is reached                        RESOURCE_EXHAUSTED
    └── Unavailable  a store or neighbour did not answer       UNAVAILABLE

Only Invalid, NotFound, Duplicate, Forbidden and RuleBroken refuse a partner's record for good; the rest is retried.
"""

from __future__ import annotations

from typing import ClassVar


class DomainError(Exception):
    """A refusal with a stable `reason`, the path of the `field` it is about, and texts for people in two languages.

    `meta` holds codes, ids, dates and numbers only, never personal data.
    """

    reason: ClassVar[str] = "UNKNOWN"
    zh: ClassVar[str] = "请求被拒绝"
    en: ClassVar[str] = "The request was refused"
    fix_zh: ClassVar[str] = "请更正后重新提交"
    fix_en: ClassVar[str] = "Correct it and send it again"

    def __init__(self, *, field: str = "", **meta: object) -> None:
        super().__init__(self.reason, field, meta)
        self.field = field
        self.meta = {name: str(value)[:200] for name, value in meta.items()}

    def __str__(self) -> str:
        details = " ".join(f"{name}={value}" for name, value in self.meta.items())
        return f"{self.en}{f' ({self.field})' if self.field else ''}{f': {details}' if details else ''}"


class Invalid(DomainError):
    reason = "INVALID"
    zh, en = "字段内容无效", "A field is not valid"


class NotFound(DomainError):
    reason = "NOT_FOUND"
    zh, en = "对象不存在", "Not found"
    fix_zh, fix_en = "请核对编号", "Check the id"


class Duplicate(DomainError):
    reason = "ALREADY_EXISTS"
    zh, en = "对象已存在且内容不同", "It exists already with other content"
    fix_zh, fix_en = "请使用新的编号", "Use a new id"


class Forbidden(DomainError):
    reason = "FORBIDDEN"
    zh, en = "没有权限", "Not permitted"
    fix_zh, fix_en = "请向有权限的部门申请", "Ask whoever holds the permission"


class RuleBroken(DomainError):
    reason = "RULE_BROKEN"
    zh, en = "不符合业务规则", "A rule forbids it now"


class Clash(DomainError):
    reason = "CHANGED_MEANWHILE"
    zh, en = "数据已被他人更改", "It was changed by somebody else meanwhile"
    fix_zh, fix_en = "请重新读取后再试", "Read it again, then retry"


class Exhausted(DomainError):
    reason = "LIMIT_REACHED"
    zh, en = "超出上限", "A limit is reached"
    fix_zh, fix_en = "请减少数量后重试", "Send less, or later"


class Unavailable(DomainError):
    reason = "UNAVAILABLE"
    zh, en = "服务暂时不可用", "A store or neighbour did not answer"
    fix_zh, fix_en = "请稍后重试", "Retry later"


class FieldMissing(Invalid):
    reason = "FIELD_MISSING"
    zh, en = "缺少必填字段", "A required field is missing"
    fix_zh, fix_en = "请补充该字段", "Fill in the field"


class FieldTooLong(Invalid):
    reason = "FIELD_TOO_LONG"
    zh, en = "字段过长", "A field is too long"
    fix_zh, fix_en = "请缩短该字段", "Shorten the field"


class CodeUnknown(Invalid):
    reason = "CODE_UNKNOWN"
    zh, en = "代码不在代码表中", "The code is not in the code table"
    fix_zh, fix_en = "请使用术语表中的代码", "Use a code of the glossary"


class DateInvalid(Invalid):
    reason = "DATE_INVALID"
    zh, en = "日期无效", "Not a calendar date YYYY-MM-DD"
    fix_zh, fix_en = "请按年-月-日填写", "Write it as YYYY-MM-DD"


class DateInFuture(Invalid):
    reason = "DATE_IN_FUTURE"
    zh, en = "日期在未来", "The date lies in the future"
    fix_zh, fix_en = "请核对日期", "Check the date"


class IntervalReversed(Invalid):
    reason = "INTERVAL_REVERSED"
    zh, en = "结束日期不晚于开始日期", "The interval does not end after its start"
    fix_zh, fix_en = "请核对起止日期", "Check both dates"


class AreaUnknown(Invalid):
    reason = "AREA_UNKNOWN"
    zh, en = "行政区划代码不存在", "No such area code"
    fix_zh, fix_en = "请使用国家统计局区划代码", "Use the code of the statistics bureau"


class AmountInvalid(Invalid):
    reason = "AMOUNT_INVALID"
    zh, en = "金额或数量无效", "The amount is not valid"
    fix_zh, fix_en = (
        "请填写正整数（金额以分为单位）",
        "Give a positive whole number (money in fen)",
    )


class CauseReused(Duplicate):
    """The same request id or record revision came again with other content."""

    reason = "CAUSE_REUSED"
    zh, en = "请求编号已用于其他内容", "The request id was used for other content"
    fix_zh, fix_en = "请换用新的请求编号", "Use a new request id"


class OutsideScope(Forbidden):
    reason = "OUTSIDE_SCOPE"
    zh, en = (
        "超出授权范围",
        "Outside the area, department or organisation of the caller",
    )


class EtagMismatch(Clash):
    reason = "ETAG_MISMATCH"
    zh, en = "版本不一致", "The etag is not that of the present version"


class StoreUnavailable(Unavailable):
    reason = "STORE_UNAVAILABLE"
    zh, en = "存储暂时不可用", "The store did not answer; nothing was acknowledged"


class NeighbourUnavailable(Unavailable):
    reason = "NEIGHBOUR_UNAVAILABLE"
    zh, en = "相邻服务暂时不可用", "A neighbour did not answer; nothing was changed"
