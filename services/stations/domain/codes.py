"""Code tables of the station network (domain §2). Adding a code is a line here."""

from __future__ import annotations

STATION_KINDS = {"station": "社会工作服务站（乡镇、街道）", "room": "社会工作服务室（村、社区）"}
PATHS = {
    "provincial_grant": "省级奖补",
    "governance_pilot": "城乡社区治理试点",
    "civil_affairs_facility": "依托民政服务机构",
    "pooled_departments": "整合部门资源自建",
    "existing_venue": "利用现有场所赋能",
}
COMMUNITY_KINDS = {"urban": "城市社区", "rural": "农村社区"}
EVIDENCE_KINDS = {
    "agreement": "协议",
    "contract": "合同",
    "certificate": "证书",
    "designation": "确定文件",
    "list": "名册",
    "photograph": "照片",
    "report": "报告",
}
