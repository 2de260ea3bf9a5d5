"""Recognition where capitals do not tell: in Chinese and Arabic by titles and verbs beside names, and by the words that end or begin names
of bodies; in Russian by the latter, which are written small."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from igwire.enrich.fold import ARABIC, CJK, CYRILLIC, key, places
from igwire.enrich.match import Hit
from igwire.enrich.names import Found

# Russian names of bodies have a capital in front only: "Томский университет", in any case.
_CYRILLIC_BODY = re.compile(
    r"\b[А-ЯЁ][\w-]+(?:ск|н|ов|ев)(?:ий|ый|ой|ая|ое|ого|ому|им|ым|ом|ую)\s(?:\w+(?:ий|ый|ой|ая|ое|ого|ому|им|ым|ом|ую)\s){0,2}"
    r"(?:университет|институт|суд|банк|совет|комитет|центр|фонд|союз|академи|комисси|ассоциаци|лаборатори|агентств|министерств)\w{0,3}\b"
)
# Surnames that nearly all Chinese people bear, simplified and traditional, and the double ones.
SURNAME = (
    "(?:欧阳|歐陽|司马|司馬|上官|诸葛|諸葛|司徒|[王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖萧田董袁潘蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟"
    "熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤鲁庄凌蒲柯翁祝项倪舒裴耿詹路关齐岳宁鲍左焦柴巩温季尚安常康施洪包葛冉尤狄卞娄邢游阮蓝单甘房费瞿景翟牛乔俞章梅盛纪"
    "張劉陳楊黃趙吳孫馬鄭謝許韓馮鄧蕭葉蘇魏呂盧鐘譚陸賈韋鄒龍陶賀顧龔萬錢嚴莊關齊單費喬紀項])"
)
_SAYS = "说|說|表示|指出|认为|認為|称|稱|强调|強調|介绍|介紹|透露|告诉|告訴|坦言|宣布|回答|回忆|解释|解釋"
_TITLE = (
    "先生|女士|教授|博士|主席|总理|總理|部长|部長|主任|校长|校長|总裁|總裁|院长|院長|大使|律师|律師|记者|記者|委员|议员|議員|书记|書記|秘书长|发言人|發言人"
    "|工程师|工程師|老师|老師|医生|醫生|经理|經理|创始人|創始人|研究员|研究員|分析师|分析師|专家|專家|学者|學者|会长|會長|总监|作家|导演|導演|商人|学生|學生"
)
_BESIDE = (
    re.compile(rf"(?P<name>{SURNAME}[\u4e00-\u9fff]{{1,2}}?)(?={_TITLE}|{_SAYS})"),
    re.compile(rf"(?:{_TITLE})(?P<name>{SURNAME}[\u4e00-\u9fff]{{1,2}}?)(?={_SAYS}|[，,。、（(：:对對在也就向])"),
)
# Behind a title, with nothing that tells where the name ends: the document tells, when it says the name again.
_AFTER_TITLE = re.compile(rf"(?:{_TITLE})({SURNAME}[\u4e00-\u9fff]{{1,2}})")
# Words that begin with a surname's character and are no name.
_NO_NAME = re.compile(
    "^(?:方面|高级|高級|安全|关于|關於|常见|向来|任何|石油|金融|白宫|白宮|马上|高度|林业|江苏|江蘇|万维|钱包|武器|温度|季度|单位|章程|向他|向她|何人|余人|常常|安排|康复|史上|路由|左右|时任|任务)"
)
_ENDS = "大学|大學|学院|學院|研究院|研究所|研究中心|委员会|委員會|有限公司|公司|集团|集團|协会|協會|学会|基金会|基金會|法院|检察院|银行|銀行|出版社|电视台|日报|日報|晚报|晚報|通讯社|联盟|聯盟|公安局|管理局|监管局|总局|信息部"
_LONGEST_BODY = 12
_BODY = re.compile(rf"[\u4e00-\u9fffA-Za-z]{{2,{_LONGEST_BODY}}}?(?:{_ENDS})")
_BODY_END = re.compile(_ENDS)
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
    ("person", "title", re.compile(rf"(?<![\u0620-\u064a])(?:و|ل|ب)?(?:{_ARABIC_TITLE}) (?!(?:في|من|على|عن|إلى|لدى|إن|أن) )(?P<name>[\u0620-\u064a]{{2,}} [\u0620-\u064a]{{2,}})")),
    ("person", "verb of speech", re.compile(r"(?<![\u0620-\u064a])(?:و)?(?:قال|قالت|صرح|صرحت|أكد|أكدت|أوضح|أوضحت|أضاف|أضافت) (?:المتحدث باسم )?(?!إن|أن|في|من|ال)(?P<name>[\u0620-\u064a]{2,} [\u0620-\u064a]{2,})(?=[،,.:]| إن| أن| ل)")),
    ("organisation", "its first word", re.compile(r"(?<![\u0620-\u064a])(?:و|ل|ب)?(?P<name>(?:وزارة|جامعة|شركة|منظمة|هيئة|مؤسسة|جمعية|معهد|مجلس|لجنة|وكالة|صحيفة|قناة|بنك|محكمة|اتحاد) [\u0620-\u064a]{3,}(?: (?!اليوم|الماضي|الماضية|الآن|الأول )(?:ال|لل)[\u0620-\u064a]{3,}){0,2})")),
)  # fmt: skip
_ARABIC_FULL_NAME = re.compile(r"(?<![\u0620-\u064a])([\u0620-\u064a]{3,}) ال[\u0620-\u064a]{2,}ي(?![\u0620-\u064a])")


def other_scripts(text: str, scripts: int, hits: Sequence[Hit], given: frozenset[str]) -> list[Found]:
    """Names in Chinese or Arabic letters, Russian bodies; cities of the lists too, which `hits` hold. None overlaps another hit.

    `scripts` are those of the text (see fold.Folded); `given` are given names, folded.
    """
    if not scripts & (CJK | CYRILLIC | ARABIC):
        return []
    found = [Found(hit.start, hit.end, "place", "city list", 0.8) for hit in hits if all(name.kind == "city" for name in hit.names)]
    if scripts & CJK:
        found += _chinese(text)
    if scripts & CYRILLIC:
        found += [Found(*match.span(), "organisation", "its last word", 0.8) for match in _CYRILLIC_BODY.finditer(text)]
    if scripts & ARABIC:
        found += _arabic(text, given)
    return found


def _chinese(text: str) -> list[Found]:
    found = [
        Found(at, at + len(name), "person", "surname, beside a title or a verb of speech", 0.7) for name in _chinese_people(text) for at in places(text, name)
    ]
    for match in _chinese_bodies(text):
        cut = _BEFORE.match(match[0][:-2])
        start = match.start() + (cut.end() if cut else 0)
        name = text[start : match.end()]
        if name not in _GENERIC and len(name) > 3:
            found.append(Found(start, match.end(), "organisation", "its last word", 0.7))
    return found


def _chinese_bodies(text: str) -> Iterator[re.Match[str]]:
    """Matches of _BODY: a search from each character would read the twelve behind it."""
    done = 0
    for end in _BODY_END.finditer(text):
        if end.start() >= done:
            match = _BODY.search(text, max(end.start() - _LONGEST_BODY, done))
            if match is None:
                return
            done = match.end()
            yield match


def _chinese_people(text: str) -> list[str]:
    """Names of people, the longer first: by what stands beside, and behind a title where the same characters come again."""
    names = {match["name"] for pattern in _BESIDE for match in pattern.finditer(text)}
    for match in _AFTER_TITLE.finditer(text):
        name = match[1]
        again = [form for form in (name, name[:-1]) if len(form) > 1 and text.count(form) > 1]
        names.update(again[:1])
    return sorted((name for name in names if not _NO_NAME.match(name)), key=lambda name: (-len(name), name))


def _arabic(text: str, given: frozenset[str]) -> list[Found]:
    found = [Found(*match.span("name"), kind, rule, 0.85) for kind, rule, pattern in _ARABIC_RULES for match in pattern.finditer(text)]
    for match in _ARABIC_FULL_NAME.finditer(text):
        if key(match[1]) in given:
            found.append(Found(*match.span(), "person", "given name and family name", 0.7))
    families = {text[f.start : f.end].split()[-1] for f in found if f.type == "person"}
    # A family name with the article comes again by itself.
    return found + [
        Found(at, at + len(name), "person", "family name", 0.65) for name in families if name.startswith("ال") and len(name) > 4 for at in places(text, name)
    ]
