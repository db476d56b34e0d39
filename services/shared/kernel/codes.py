"""Code tables that all services share: departments and practice fields (domain §0). Adding one is a line of data."""

from __future__ import annotations

DEPARTMENTS = {
    "civil_affairs": "民政",
    "social_work": "社会工作部",
    "youth_league": "共青团",
    "health": "卫健",
    "human_resources": "人社",
    "disabled_persons": "残联",
    "justice": "司法行政",
    "education": "教育",
    "trade_union": "工会",
    "public_security": "公安（禁毒）",
    "political_legal": "综治",
    "womens_federation": "妇联",
    "veterans_affairs": "退役军人",
    "emergency_management": "应急",
    "rural_revitalisation": "乡村振兴",
    "organisation_dept": "组织部",
    "finance": "财政",
    "chongqing_partner": "重庆合作方",
}

PRACTICE_FIELDS = {
    "social_assistance": "社会救助",
    "elderly_care": "养老",
    "minors": "未成年人",
    "community_governance": "社区治理",
    "disaster_relief": "救灾",
    "mental_health": "精神康复",
    "school": "学校",
    "medical": "医务",
    "community_corrections": "社区矫正",
    "drug_control": "禁毒",
    "public_health": "公共卫生",
    "family": "妇女家庭",
    "youth": "青少年",
    "trade_union": "工会",
    "veterans_care": "优抚",
    "disability": "残障康复",
    "mediation": "纠纷调解",
    "emergency": "应急处置",
    "rural": "乡村",
}
