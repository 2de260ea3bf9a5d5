"""Recognition in Chinese and Arabic, which have no capitals: titles and verbs beside names, and the words that end or begin names of bodies."""

from __future__ import annotations

import re
from collections.abc import Sequence

from igwire.enrich.match import Hit
from igwire.enrich.names import Found

_HAN = re.compile(r"[\u4e00-\u9fff]")
_ARABIC = re.compile(r"[\u0620-\u064a]{3}")
# The hundred surnames that most Chinese people bear, and the double ones.
_SURNAME = (
    "欧阳|司马|上官|诸葛|[王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤鲁庄庄"
    "張劉陳楊黃趙吳孫馬鄭謝許韓馮鄧蕭葉蘇魏呂盧鐘譚陸賈韋鄒龍陶賀顧龔萬錢嚴]"
)
_TITLE = (
    "先生|女士|教授|博士|主席|总理|總理|部长|部長|主任|校长|校長|总裁|總裁|院长|院長|大使|律师|律師|记者|記者|委员|议员|議員|书记|書記|秘书长|发言人|發言人"
)
_SAYS = "说|說|表示|指出|认为|認為|称|稱|强调|強調|介绍|介紹|透露|告诉|告訴|坦言|宣布"
_PERSON = (
    re.compile(rf"(?:{_SURNAME})[\u4e00-\u9fff]{{1,2}}?(?=(?:{_TITLE}|{_SAYS}))"),
    re.compile(
        rf"(?<=(?:教授|博士|主席|总理|部长|主任|校长|总裁|院长|大使|律师|记者|委员|书记|总监|专家|學者|学者|會長|会长))(?:{_SURNAME})[\u4e00-\u9fff]{{1,2}}?(?=(?:{_SAYS}|[，,。、（(对在也就向]))"
    ),
)
_BODY = re.compile(
    r"[\u4e00-\u9fffA-Za-z]{2,12}?(?:大学|大學|学院|學院|研究院|研究所|研究中心|委员会|委員會|有限公司|公司|集团|集團|协会|協會|学会|基金会|基金會|法院|检察院|银行|銀行|出版社|电视台|日报|日報|晚报|晚報|通讯社|联盟|聯盟|公安局|管理局|监管局|总局|信息部)"
)
# Words that end before a name begins: nothing of a name is before them.
_BEFORE = re.compile(
    r".*(?:的|在|和|与|與|及|向|对|對|由|是|了|将|被|让|从|從|到|於|于|为|為|其|该|該|这|這|某|一家|一所|一个|一個|多家|据|據|经|經|称|请|請|以及|包括|来自|來自|加入|访问|担任|任|当天|今年|昨天|今天|，|。)"
)
_GENERIC = frozenset(
    [
        "公司",
        "大学",
        "大學",
        "学院",
        "集团",
        "委员会",
        "协会",
        "银行",
        "法院",
        "互联网公司",
        "科技公司",
        "技术公司",
        "跨国公司",
        "上市公司",
        "子公司",
        "分公司",
        "母公司",
        "有限公司",
        "网络公司",
        "研究院",
        "研究所",
        "研究中心",
        "联盟",
        "基金会",
    ]
)
_ARABIC_TITLE = "الرئيس|رئيس الوزراء|الوزير|الدكتور|الدكتورة|السيد|السيدة|البروفيسور|الأستاذ|الأستاذة|المحامي|المحامية|الباحث|الباحثة|الناشط|الناشطة|المهندس|المهندسة|السفير|الشيخ|الملك|الأمير"
_ARABIC_RULES = (
    ("person", "title", re.compile(rf"(?<![\u0620-\u064a])(?:و|ل|ب)?(?:{_ARABIC_TITLE}) (?P<name>[\u0620-\u064a]{{2,}} [\u0620-\u064a]{{2,}})")),
    ("person", "verb of speech", re.compile(r"(?<![\u0620-\u064a])(?:و)?(?:قال|قالت|صرح|صرحت|أكد|أكدت|أوضح|أوضحت|أضاف|أضافت) (?:المتحدث باسم )?(?!إن|أن|في|من|ال)(?P<name>[\u0620-\u064a]{2,} [\u0620-\u064a]{2,})(?=[،,.:]| إن| أن| ل)")),
    ("organisation", "its first word", re.compile(r"(?<![\u0620-\u064a])(?:و|ل|ب)?(?P<name>(?:وزارة|جامعة|شركة|منظمة|هيئة|مؤسسة|جمعية|معهد|مجلس|لجنة|وكالة|صحيفة|قناة|بنك|محكمة|اتحاد) [\u0620-\u064a]{3,}(?: (?:ال|لل)[\u0620-\u064a]{3,}){0,2})")),
)  # fmt: skip


def other_scripts(text: str, hits: Sequence[Hit]) -> list[Found]:
    """Names in Chinese or Arabic letters; cities of the lists too, which `hits` hold. None overlaps another hit."""
    if text.isascii():
        return []
    found = [Found(hit.start, hit.end, "place", "city list", 0.8) for hit in hits if all(name.kind == "city" for name in hit.names)]
    if _HAN.search(text):
        found += _chinese(text)
    if _ARABIC.search(text):
        found += [Found(*match.span("name"), kind, rule, 0.7) for kind, rule, pattern in _ARABIC_RULES for match in pattern.finditer(text)]
    return found


def _chinese(text: str) -> list[Found]:
    found = [Found(*match.span(), "person", "surname, beside a title or a verb of speech", 0.7) for pattern in _PERSON for match in pattern.finditer(text)]
    for match in _BODY.finditer(text):
        cut = _BEFORE.match(match[0][:-2])
        start = match.start() + (cut.end() if cut else 0)
        name = text[start : match.end()]
        if name not in _GENERIC and len(name) > 3:
            found.append(Found(start, match.end(), "organisation", "its last word", 0.7))
    return found
