"""The language of a text, where its commonest words or its letters tell it.

A guess is for the convenience of one recording: it leaves a note, and where two languages fit
nearly as well there is none.
"""

from __future__ import annotations

import re
import unicodedata

# The commonest words that hold no meaning of their own, by espeak-ng's code of the language
_WORDS = {
    "en": "the of and to a in is that it was for on are with as i his they be at have from this "
    "had not but what all were when we there can an your which their if will do how about out "
    "then them she some so would has him been no my you he who don't didn't it's i'm isn't",
    "de": "der die das und in den von zu mit sich des auf für ist im dem nicht ein eine als auch "
    "es an er hat aus bei sie nach wird sind noch einen einer war wie zum aber wir ich zur "
    "haben oder kann dass du mir mich uns wenn schon so was",
    "nl": "de van het een en in is dat op te zijn met voor niet aan er om ook als dan maar bij "
    "nog uit wel naar door heeft worden deze ik hij ze wij je wat die was of dit",
    "fr": "le la les de des du et à un une en est que qui dans pour pas sur au ne se ce il plus "
    "par avec elle je tu nous vous ils mais ou son sa ses cette aux sont c'est n'est j'ai qu'il",
    "es": "el la los las de del y a en que un una es por con no para se su al lo como más pero "
    "sus le ya o este sí porque esta entre cuando muy sin sobre también me yo hay está qué",
    "pt": "o a os as de do da dos das e em um uma que não para com se por mais na no mas como "
    "ao foi ele ela seu sua ou quando muito nos já eu também só pelo você isso é está são",
    "it": "il lo la i gli le di del della e è a in un una che non per con si da come ma sono più "
    "nel alla anche questo io ha al dei ci se lui mi ho perché c'è dell'",
    "ca": "el la els les de del i a en que un una és per amb no es al se com més però ha seu seva "
    "també hi ho jo aquest aquesta dels perquè molt són",
    "sv": "och i att det som en på är av för med den till inte har de ett om jag var men sig så "
    "han hon vi kan när från du mig vad skulle",
    "da": "og i at det som en på er af for med den til ikke har de et om jeg var men sig så han "
    "hun vi kan når fra du mig hvad blev efter også",
    "nb": "og i at det som en på er av for med den til ikke har de et om jeg var men seg så han "
    "hun vi kan når fra du meg hva ble etter også",
    "fi": "ja on ei se että hän oli en mutta minä sen kun niin mitä ovat tämä kuin myös joka olen "
    "sinä jos ole vain nyt he me tai",
    "pl": "w i na z że się do nie jest to o jak za od po przez ale dla są był co tak ja czy ten "
    "tego jego jej już tylko może mnie mi",
    "cs": "a v na se je že to s z do o i za by jsem pro ale jak po jako tak už co když si byl jsou "
    "není jsme mi ve od",
    "sk": "a v na sa je že to s z do o i za by som pre ale ako po tak už čo keď si bol sú nie sme "
    "mi vo od",
    "hu": "a az és hogy nem is egy volt meg de ez csak van már mint ki azt el én ha mert még úgy "
    "kell lesz nagyon vagy",
    "ro": "de și în la a cu că nu pe un o este să din se care mai pentru ce dar sunt au al ei fi "
    "lui când era am eu",
    "hr": "i je u se na da su za od s ne to kao što o ali bi sam koji iz kako nije samo ili još "
    "po biti mi",
    "tr": "bir ve bu da de ne için çok ben o ile ama mi var gibi daha değil kadar olarak sen "
    "şey her mı yok biz onu",
    "id": "yang dan di itu dengan untuk tidak ini dari dalam akan pada juga saya ke karena ada "
    "mereka kita bisa atau sudah kami aku kamu",
    "ru": "и в не на я что он с а как это по но они мы она так его у к все бы за ты от из было же "
    "меня ещё нет если",
    "uk": "і в не на я що він з а як це та але вони ми вона так його у до все б за ти від із було "
    "ж мене ще ні є якщо й",
    "bg": "и в не на аз че той с а как това по но те ние тя така го у към се би за ти от са беше "
    "ме още ако да е си",
}
_COMMON = {code: frozenset(words.split()) for code, words in _WORDS.items()}
_ALPHABETS = {  # that one language of espeak-ng is written in
    "GREEK": "el",
    "HEBREW": "he",
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "HANGUL": "ko",
    "THAI": "th",
    "GEORGIAN": "ka",
    "ARMENIAN": "hy",
    "TAMIL": "ta",
    "TELUGU": "te",
    "GUJARATI": "gu",
    "GURMUKHI": "pa",
}
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]*)?")
_FEWEST_WORDS = 2  # of a language, that tell it
_AHEAD = 1.5  # of the next language, as a ratio of counts
_MOST_CHARACTERS = 5000  # that are looked at


def guess_language(text: str) -> str | None:
    """Return the code of the language of a text; None where nothing tells it from the others.

    A language is told by letters that no other has, or by two of its common words or more if these
    are half as many again as of any other language.
    """
    text = unicodedata.normalize("NFC", text[:_MOST_CHARACTERS]).replace("\u2019", "'").lower()
    names = [unicodedata.name(letter, "").split(" ")[0] for letter in text if letter.isalpha()]
    own = {_ALPHABETS[name] for name in names if name in _ALPHABETS}
    if len(own) == 1 and 2 * sum(name in _ALPHABETS or name == "CJK" for name in names) > len(
        names
    ):
        return own.pop()
    words = _WORD.findall(text)
    counts = {code: sum(word in common for word in words) for code, common in _COMMON.items()}
    best, second = sorted(counts, key=lambda code: -counts[code])[:2]
    is_told = counts[best] >= max(_FEWEST_WORDS, _AHEAD * counts[second])
    return best if is_told else None
