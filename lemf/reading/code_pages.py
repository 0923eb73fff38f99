"""Which code page a text without a mark of its encoding was written in, as its bytes tell.

Each code page is judged with the languages that are written in it: how likely its letters are, how
often a capital follows a small letter (all may be capitals), how rarely a symbol stands inside a
word. The code page under which the bytes are likeliest wins. Labels of TextGrids are short, so only
the order of the letters by frequency is used, and counts of pairs of letters are not.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

_LETTERS = {  # by language, the most frequent first, as counted over word lists
    "en": "etaoinsrlhdcumgypwfbvkjxqz",
    "de": "enirsathdlucmgobwfkzvpüäjöyxq",
    "nl": "enaiotrdlsgmkhvuwjbzpcfyxéë",
    "fr": "esainrtuolcpmdévfqgbhjxèyêàçzkôwùîâûœ",
    "ca": "aesrtinolcumpdvgbfqhéóxàjèíyòçúzwïkü",
    "es": "eaosrnitcldumpbgvhfóyíjqázéñxúkw",
    "pt": "aeosrintmduclpvgfbhãqçéázjíxêóúõàykwâô",
    "it": "eaiotnrlscdupmgvfbhzqàèùòéìkywxj",
    "sv": "aerntslidkmgoväfåhupböjcyxw",
    "da": "erntdasilgomkvfhubpåæøjycwxéz",
    "nb": "erntsailodkgmvfhupbåjøyæcwx",
    "fi": "aitnesloäkumvhrypjdögbfcw",
    "is": "arniestlumgfkðvhodþáíjbyæóöúpéýcwx",
    "pl": "aeiozntrscywdkmpjlubłgęhżóąśćfńźvx",
    "cs": "eoantslidkmvrpuíjcáhyzběžřéčšýůfgúxďňwťó",
    "sk": "oeanitrsvklmdpuhcjbázyčžýíšéúťľôfgďňóäxw",
    "hu": "etanlskimrozgéáydvbhjpuöcfóőüíúűwx",
    "ro": "eairtnuclosmpădfvțbgșzîâhjxykw",
    "sl": "aeoinrtslvjkdpmbzučghšcžfyw",
    "sh": "aoienrtsjkdvumlpgbzšcčhžćfđyw",
    "tr": "aeinrlkdımstyuobüzşghçvcğpöfjw",
    "lt": "iasoteruknmlpvdjgbėyųšžąūįčczfęhxw",
    "lv": "aisteurkānmvldopjībzēgcšūņļfžķģhčwy",
    "ru": "оеаитнсрлвкдмпуяыьгбзчйжхшюцэщфёъ",
    "uk": "оаниітврескдулмпязбьгйчжїхцшюєщф",
    "bg": "аоиетнрсвкдлмпзяъгбучжщйцхшфюь",
    "mk": "аоеитнрсвкдмлпујгбзшчцжќфњѓхџљ",
    "el": "ασοτεινρπμκληυίάόέγδωήχθύφώβξζψϊ",
    "he": "יוהלארבתמשםענדכחקפןסגצזטךףץ",
    "ar": "اليمنورتعبةدهكسأقحفجصذشخطىإثضزءغئظآؤ",
    "fa": "ایرندمهوتبسشلکزفخگعقجحپآچطصيضغظذثئكژأ",
    "th": "านรอกเงมยลวดทสตะปบคหแจพชขใไโผศธณถซญฐภฟฉฮฆฒฑฬษ็่้์ิีึืัุูำฎๆ",
}
_CHARACTERS = {  # of languages with thousands of them, the most frequent
    "zh": (
        "是的一在了不有人我这国为个中们他会和大来年以要上到对时么你能就可也发说于地生出家"
        "后与成过学行用现日都自多没作还得下经开好而动方法吗公看月分事政之民所主本里最其定"
        "子同全业新天如进那当部前但被实因关样什等美机工些很去理面长间然道只小并内从着想问"
        "起种力及电体将区心加员已由产重意者合点高外文女网制情应题此场表真正代位第名资让无"
        "计建市果给次三相期系她或明度任该怎使认西通提活更两教比知结世立总利化做东物己展数"
    ),
    "zh-tw": (
        "是的一在了不有人我這國為個中們他會和大來年以要上到對時麼你能就可也發說於地生出家"
        "後與成過學行用現日都自多沒作還得下經開好而動方法嗎公看月分事政之民所主本里最其定"
        "子同全業新天如進那當部前但被實因關樣什等美機工些很去理面長間然道只小並內從著想問"
        "起種力及電體將區心加員已由產重意者合點高外文女網制情應題此場表真正代位第名資讓無"
        "計建市果給次三相期系她或明度任該怎使認西通提活更兩教比知結世立總利化做東物己展數"
    ),
    "ja": (
        "いなでしるてたとのかっにがはすをもうらんれまだーこありくよンさそけきスやどおえ人"
        "トイわち日ルねつめッラリクじアせゃみろ大本出見一ば分時タ事ド中言思レ年間行ロ気プ"
        "生カメジシマ自方フコ会今上前者バ的子ム月ょ入ごず国テ手チ作キ何最来女全無動場用合"
        "発後サ目話パ定グャほ当ブニ感理性学デオ部高画べ使私回実地体新へ知下ビ物力通対同家"
        "度良業多開ナ持名代エダュげ意関金ィ変要所以数戦内ミセ社外ウ長化現ツ結俺世好明法ぎ"
    ),
    "ko": (
        "이다에는하고가을지의로은서아한어도기사있니를해나시리그요들일인자게대으라수만스보"
        "제면정주전부여거과했장상안마었구데오내야원우것적되신국성세할위와무생동소트모드말"
        "중문미화까진공습러간비없분입저개조계터같월유치경회때년선연실음관용바더명네학좋작"
        "당않교영방합된건래발려단며각재운람행금남알물등차던번통두겠르후타랑체프너식크히역"
        "임버잘님산예결함반호포속업심본직못런았처디파받레감출배군노매표든많살카양른피달법"
    ),
}

# The code pages by the names of Python: name for people, languages, and log of a prior probability
_WESTERN = ("en", "de", "nl", "fr", "ca", "es", "pt", "it", "sv", "da", "nb", "fi", "is")
_CENTRAL = ("pl", "cs", "sk", "hu", "ro", "sl", "sh")
_CYRILLIC = ("ru", "uk", "bg", "mk")
_PAGES: dict[str, tuple[str, tuple[str, ...], float]] = {
    "cp1252": ("Windows-1252", _WESTERN, 0.0),
    "gb18030": ("GBK", ("zh",), -1.0),
    "big5": ("Big5", ("zh-tw",), -1.5),
    "cp932": ("Shift-JIS", ("ja",), -1.0),
    "euc_jp": ("EUC-JP", ("ja",), -2.0),
    "cp949": ("EUC-KR", ("ko",), -1.0),
    "cp1250": ("Windows-1250", (*_CENTRAL, "de"), -1.0),
    "cp1251": ("Windows-1251", _CYRILLIC, -1.0),
    "koi8_r": ("KOI8-R", ("ru",), -1.5),
    "koi8_u": ("KOI8-U", ("uk",), -2.5),
    "cp1253": ("Windows-1253", ("el",), -1.0),
    "cp1254": ("Windows-1254", ("tr",), -1.0),
    "cp1255": ("Windows-1255", ("he",), -1.0),
    "cp1256": ("Windows-1256", ("ar", "fa"), -1.0),
    "cp1257": ("Windows-1257", ("lt", "lv"), -1.5),
    "cp874": ("Windows-874", ("th",), -1.5),
    "iso8859_2": ("ISO-8859-2", _CENTRAL, -2.0),
    "iso8859_5": ("ISO-8859-5", _CYRILLIC, -3.0),
    "iso8859_6": ("ISO-8859-6", ("ar",), -3.0),
    "iso8859_7": ("ISO-8859-7", ("el",), -2.0),
    "iso8859_15": ("ISO-8859-15", ("fr", "fi"), -2.5),
    "mac_roman": ("MacRoman", _WESTERN, -2.0),
    "mac_latin2": ("MacLatin2", _CENTRAL, -3.0),
    "mac_cyrillic": ("MacCyrillic", _CYRILLIC, -2.5),
    "cp866": ("CP866", ("ru",), -3.0),
    "cp850": ("CP850", _WESTERN, -3.5),
}

_RANK_DECAY = 0.13  # of the probabilities of letters in the order of their frequency
_SHARE_OF_FREQUENT = 0.7  # of the text that the listed characters of Chinese and its like make up
_LOG_RARE_CHARACTER = math.log((1 - _SHARE_OF_FREQUENT) / 4000)
_LOANED = frozenset("éèêëàáâäãåæçíìîïñóòôöõøœúùûüßýÿ")
_LOG_LOANED, _LOG_FOREIGN, _LOG_OTHER, _LOG_ASCII = -8.0, -10.0, -13.0, -3.3
_LOG_QUOTE, _LOG_SYMBOL = -6.0, -9.0
_QUOTES, _SYMBOLS = frozenset("’‘“”„«»‚‹›¿¡"), frozenset("…–—©®™°§±×·€£")
# Chances of a capital that begins a word, that follows a small letter, that follows a capital; in
# usual text and in text in capitals
_CHANCES_OF_CAPITALS = ((0.1, 0.002, 0.4), (0.95, 0.05, 0.98))
_LOG_ALL_CAPITALS = -3.0  # prior of text in capitals
_PLAIN_WORD = re.compile(rb"[A-Za-z]{3,}")  # hints at the language; shorter ones may be phones
_PLAIN_WEIGHT = 0.5
_MOST_PLAIN, _MOST_BYTES = 50, 1000
_CLEAR = 3.0  # nats by which the winner leads


class Guess(NamedTuple):
    """A code page by its name in Python, its name for people, and another that fits as well."""

    codec: str
    name: str
    rival: str | None


def guess_code_page(labels: Sequence[bytes]) -> Guess | None:
    """Find the code page in which labels were written.

    Parameters
    ----------
    labels : sequence of bytes
        Those with bytes above 127 tell the code page, the others hint at the language.

    Returns
    -------
    Guess or None
        None where no code page holds all of the bytes.
    """
    different = dict.fromkeys(labels)
    plain = [one.decode() for one in different if _PLAIN_WORD.fullmatch(one)][:_MOST_PLAIN]
    marked = [one for one in different if not one.isascii()]
    everything = b"\n".join(marked)
    scored = everything[:_MOST_BYTES].split(b"\n")  # the last character may be cut
    found: list[tuple[float, str, str, str]] = []
    for codec, (name, languages, prior) in _PAGES.items():
        try:
            text = everything.decode(codec)
        except UnicodeDecodeError:
            continue
        sample = [label.decode(codec, errors="ignore") for label in scored]
        likelihood = max(
            sum(_log_likelihood(label, language, chances) for label in sample)
            + _PLAIN_WEIGHT
            * sum(_log_likelihood(word, _latin(language), chances) for word in plain)
            + log_prior
            for language in languages
            for chances, log_prior in zip(
                _CHANCES_OF_CAPITALS, (0.0, _LOG_ALL_CAPITALS), strict=True
            )
        )
        found.append((likelihood + prior, codec, name, text))
    if not found:
        return None
    best, *others = sorted(found, key=lambda one: -one[0])
    rivals = (
        name for score, _, name, text in others if text != best[3] and score > best[0] - _CLEAR
    )
    return Guess(best[1], best[2], next(rivals, None))


def _latin(language: str) -> str:
    """Return the language of words in plain letters amid a language: English if it has others."""
    return language if "e" in _LETTERS.get(language, "") else "en"


@cache
def _log_probabilities(language: str) -> dict[str, float]:
    """Estimate the log probability of each listed letter of a language from its rank."""
    if language in _LETTERS:
        weights = {c: math.exp(-_RANK_DECAY * r) for r, c in enumerate(_LETTERS[language])}
        share = 1.0
    else:
        weights = {c: 1 / (r + 10) for r, c in enumerate(_CHARACTERS[language])}  # Zipf's law
        share = _SHARE_OF_FREQUENT
    total = sum(weights.values())
    return {c: math.log(share * weight / total) for c, weight in weights.items()}


def _log_likelihood(label: str, language: str, chances: tuple[float, float, float]) -> float:
    """Compute the log probability of a label in a language with these chances of capitals."""
    known = _log_probabilities(language)
    total, before = 0.0, ""
    for letter in label:
        small = letter.lower()[0]  # of İ, an i and a dot
        found = known.get(small)
        total += _log_unlisted(letter, small, before, language) if found is None else found
        if small != letter.upper():
            total += _log_case(chances, upper=letter != small, before=before)
        before = letter
    return total


def _log_unlisted(letter: str, small: str, before: str, language: str) -> float:
    """Return the log probability of what is no listed letter of a language."""
    if letter in _QUOTES:
        return _LOG_QUOTE
    if letter in _SYMBOLS:
        return _LOG_OTHER if before.isalpha() else _LOG_SYMBOL
    if letter.isascii():
        return _LOG_LOANED if letter.isalpha() else _LOG_ASCII
    if language in _CHARACTERS:
        low, high = ("\uac00", "\ud7a3") if language == "ko" else ("\u3000", "\u9fff")
        return _LOG_RARE_CHARACTER if low <= letter <= high else _LOG_OTHER
    if language in _WESTERN and small in _LOANED:
        return _LOG_LOANED
    return _LOG_FOREIGN if letter.isalpha() else _LOG_OTHER


def _log_case(chances: tuple[float, float, float], *, upper: bool, before: str) -> float:
    """Return the log probability of a capital or a small letter after another letter."""
    first, after_small, after_capital = chances
    if not before.isalpha():
        chance = first
    else:
        chance = after_small if before == before.lower() else after_capital
    return math.log(chance if upper else 1 - chance)
