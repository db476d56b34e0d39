"""Code tables of procurement funding (domain §3). Adding a code is a line here."""

from __future__ import annotations

SOURCES = {
    "provincial": "省级财政资金",
    "welfare_lottery": "福利彩票公益金",
    "city": "市级财政资金",
    "county": "县级财政资金",
    "department": "部门自有资金",
    "charity": "慈善和社会资金",
    "special_fund": "专项基金",
}
BASES = {"annual": "年度预算", "one_off": "一次性安排"}
