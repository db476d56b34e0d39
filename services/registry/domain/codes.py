"""Code tables of the registry (domain §1). Adding a code is a line here."""

from __future__ import annotations

ROLES = {
    "worker": "社会工作者",
    "manager": "机构管理人员",
    "child_welfare_supervisor": "儿童督导员",
    "child_welfare_director": "儿童主任",
    "committee_member": "村居两委成员",
    "teacher": "教师",
    "official": "行政管理人员",
}
COMMUNITY_KINDS = {"urban": "城市社区", "rural": "农村社区"}
GROUNDS = {
    "certificate": "职业资格",
    "degree": "学历学位",
    "training": "培训",
    "department": "部门认定",
}
LEVELS = {
    "assistant": "助理社会工作师",
    "intermediate": "社会工作师",
    "senior": "高级社会工作师",
}
DESIGNATIONS = {
    "practice_supervisor": "督导人才",
    "high_level": "高层次人才",
    "leading": "领军人才",
    "double_qualified_teacher": "双师型教师",
    "dual_certificate": "双证人才",
}
GRANTOR_LEVELS = {
    "national": "国家级",
    "province": "省级",
    "prefecture": "市级",
    "county": "县级",
}
ORGANISATION_KINDS = {
    "private_agency": "民办社会工作服务机构",
    "public_institution": "事业单位",
    "community_body": "城乡社区组织",
    "elderly_care_institution": "养老机构",
    "hospital": "医院",
    "school": "学校",
    "association": "社会团体",
    "government": "机关",
    "training_provider": "培训机构",
}
SERVICE_KINDS = {
    "elderly": "老年人福利机构",
    "disability": "残疾人福利和服务机构",
    "child": "儿童福利机构",
    "adoption": "收养服务机构",
    "marriage_registration": "婚姻登记管理机关",
    "women_children_aid": "妇女儿童援助机构",
    "assistance_management": "社会救助服务和管理机构",
    "veterans_care": "优抚安置服务保障机构",
}
GRADES = ("1A", "2A", "3A", "4A", "5A")
# Who may report a pass (职业水平考试由人社部门组织).
EXAM_AUTHORITIES = frozenset({"human_resources"})
# Yuan a year, upper bounds included (以下): band by band, the last is open.
PAY_BANDS = ((3_000_000, "le_30000"), (5_000_000, "le_50000"))
TOP_PAY_BAND = "gt_50000"


def pay_band(fen: int) -> str:
    """The band of a year's pay in fen (plan §1.1: 3万元以下, 5万元以下)."""
    for bound, band in PAY_BANDS:
        if fen <= bound:
            return band
    return TOP_PAY_BAND


DEPARTURES = {"death": "死亡", "left_province": "离开本省", "left_field": "离开本行业"}
PARTY_STATUSES = {"formal": "正式党员", "probationary": "预备党员", "recommended": "入党推荐对象"}
# Who may report party membership besides the departments a person works for.
PARTY_DEPARTMENTS = frozenset({"organisation_dept"})
CREDIT_KINDS = {"breach": "失信", "fraud": "弄虚作假", "discipline": "违纪", "commendation": "守信表彰"}
REVEAL_PURPOSES = {
    "identity_check": "身份核验",
    "case_handling": "身份疑点处理",
    "benefit": "待遇办理",
    "correction": "信息更正",
    "organisation_supervision": "机构监管",
}
# Who registers certificates and takes applications (登记办法: 民政; the social-work departments since 2023).
REGISTRATION_AUTHORITIES = frozenset({"civil_affairs", "social_work"})
EDUCATION_KINDS = {
    "training": "培训",
    "degree": "学历学位教育（已毕业）",
    "study": "学历学位教育（未毕业，已通过课程）",
}
TRAINING_CATEGORIES = {
    "professional": "专业能力",
    "vocational": "职业素养",
    "political_theory": "政治理论",
    "ethics": "职业伦理",
    "manager": "机构管理",
    "exam_preparation": "考前辅导",
    "popular": "普及培训",
}
ANNULMENT_REASONS = {
    "fraud": "以不正当手段取得",
    "misconduct": "严重违反职业道德",
    "issued_in_error": "发证有误",
}
REGISTRATION_END_REASONS = {
    "own_request": "本人申请",
    "misconduct": "严重违反职业道德",
    "incapacity": "丧失民事行为能力",
    "death": "死亡",
    "granted_in_error": "登记有误",
}
# 高级社会工作师 > 社会工作师 > 助理社会工作师.
RANKS = {"assistant": 1, "intermediate": 2, "senior": 3}
ACCREDITATIONS = {
    "training_base": "培训基地",
    "practice_base": "实践基地",
    "innovation_space": "创新空间",
}
PARTY_ARRANGEMENTS = {
    "own_branch": "单独党组织",
    "joint_branch": "联合党支部",
    "party_work_instructor": "党建工作指导员",
    "lead_organisation": "带动社会组织",
}
# Arrangements with another organisation, which must be named.
SHARED_ARRANGEMENTS = frozenset({"joint_branch", "lead_organisation"})
CREDIT_EVENTS = {
    "abnormal_activity": "活动异常名录",
    "seriously_unlawful": "严重违法失信名单",
    "contract_breach": "违约",
    "serious_finding": "严重评估问题",
}
APPEALS = {"upheld": "申诉成立", "rejected": "申诉不成立"}
PROGRAMMES = {
    "empowerment": "天府社工增能计划",
    "ten_thousand": "万人培养工程",
    "support_plan": "社会工作专业人才支持计划",
    "agency_pairing": "社会工作服务机构牵手计划",
    "chuan_yu": "川渝人才交流",
    "emei": "天府峨眉计划",
}
# Of support plans (支持计划).
REGION_TYPES = {
    "poverty_relief": "重点帮扶地区",
    "ethnic": "边疆民族地区",
    "old_revolutionary": "革命老区",
}
ENROLMENT_RESULTS = {"left": "退出", "passed": "合格", "excellent": "优秀"}
# For high-level talents (plan §3.1 联系服务, §6.3 配套服务).
TALENT_SERVICES = {
    "contact_person": "联系人",
    "housing": "人才公寓（住房）",
    "schooling": "子女就学",
    "medical": "就医",
}
# 社会工作专业毕业生与相关专业毕业生; 专科及以上.
MAJORS = {"social_work": "社会工作专业", "related": "相关专业"}
DEGREE_LEVELS = {"junior_college": "专科", "bachelor": "本科", "master": "硕士", "doctor": "博士"}
