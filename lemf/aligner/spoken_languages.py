"""The languages that espeak-ng speaks, and which of them a user means."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from lemf.errors import AlignerError, shown

_PREFERRED = {"en": "en-us"}  # most English corpora are American; espeak-ng prefers British
_THREE_LETTERS = (  # codes of ISO 639-2 and 639-3, each with that of 639-1
    "afr:af ara:ar arb:ar aze:az bul:bg ben:bn bos:bs cat:ca ces:cs cze:cs cym:cy "
    "wel:cy chi:cmn zho:cmn dan:da deu:de ger:de ell:el gre:el eng:en epo:eo spa:es est:et eus:eu "
    "baq:eu fas:fa per:fa fin:fi fra:fr fre:fr gle:ga guj:gu heb:he hin:hi hrv:hr hun:hu hye:hy "
    "arm:hy ind:id isl:is ice:is ita:it jpn:ja kat:ka geo:ka kaz:kk kan:kn kor:ko kur:ku kir:ky "
    "lat:la lit:lt lav:lv mkd:mk mac:mk mal:ml mar:mr msa:ms may:ms zsm:ms mya:my bur:my nob:nb "
    "nor:nb nno:nb nep:ne nld:nl dut:nl pan:pa pol:pl por:pt ron:ro rum:ro rus:ru slk:sk slo:sk "
    "slv:sl sqi:sq alb:sq srp:sr swe:sv swa:sw tam:ta tel:te tha:th tur:tr tat:tt ukr:uk urd:ur "
    "uzb:uz vie:vi"
)
_TWO_LETTERS = dict(pair.split(":") for pair in _THREE_LETTERS.split())
_MOST_SHOWN = 12  # languages in a message
_COMMON = [
    "en-us",
    "en-gb",
    "de",
    "fr-fr",
    "es",
    "it",
    "pt",
    "nl",
    "pl",
    "ru",
    "tr",
    "ar",
    "hi",
    "cmn",
    "ja",
    "ko",
]
_LIKE = 0.6  # similarity of a misspelt name


@dataclass(frozen=True)
class Language:
    """A language of espeak-ng.

    Attributes
    ----------
    code : str
        Such as ``de`` or ``en-us``.
    name : str
        In English, with the region in parentheses.
    identifier : str
        Of the voice of espeak-ng.
    ranks : tuple of (str, int)
        All codes, each with a rank: the voice with the lowest speaks it.
    """

    code: str
    name: str
    identifier: str
    ranks: tuple[tuple[str, int], ...] = ()

    @property
    def plain_name(self) -> str:
        """The English name in lower case, without the region."""
        return self.name.lower().partition(" (")[0]


def find_language(wanted: str, languages: Sequence[Language]) -> Language:
    """Find the language that a user means.

    Parameters
    ----------
    wanted : str
        A code of espeak-ng (``en-gb``), a longer one (``de-DE``, ``zh_CN``), one of three letters
        (``deu``), or the English name.
    languages : sequence of Language

    Raises
    ------
    AlignerError
        There is no such language; the message lists some like it.
    """
    code = "-".join(wanted.strip().lower().replace("_", "-").split())
    while code:
        short = _TWO_LETTERS.get(code, code)
        for known in (_PREFERRED.get(code, code), _PREFERRED.get(short, short)):
            if found := _of_code(known, languages):
                return found
        code = code.rpartition("-")[0]
    name = " ".join(wanted.lower().split())
    for language in languages:
        if name == language.name.lower():
            return language
    for language in languages:
        if name == language.plain_name:
            base = language.code.partition("-")[0]
            return _of_code(_PREFERRED.get(base, base), languages) or language
    raise AlignerError(_unknown(wanted, name, languages))


def _of_code(code: str, languages: Sequence[Language]) -> Language | None:
    ranked = [
        (rank, place)
        for place, language in enumerate(languages)
        for known, rank in language.ranks
        if known.lower() == code
    ]
    return languages[min(ranked)[1]] if ranked else None


def _unknown(wanted: str, name: str, languages: Sequence[Language]) -> str:
    names = {language.plain_name: language for language in languages}
    like = [names[found] for found in difflib.get_close_matches(name, names, _MOST_SHOWN, _LIKE)]
    near = [language for language in languages if name[:2] and language.code.startswith(name[:2])]
    listed = list(dict.fromkeys([*like, *near]))[:_MOST_SHOWN]
    if listed:
        some = f"like it: {', '.join(f'{item.code} ({item.name})' for item in listed)}; "
    else:
        codes = {language.code for language in languages}
        some = f"there are {', '.join(one for one in _COMMON if one in codes)} and others; "
    remedy = f"lemf align --languages lists all {len(languages)}"
    return f"unknown language {shown(wanted)}; {some}{remedy}"
