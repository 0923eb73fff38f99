r"""Praat's backslash sequences, such as ``\u"`` for ü and ``\sw`` for ə, in labels and names.

Praat reads and shows a backslash and two characters of its table as one letter. A backslash may
also stand for itself, in X-SAMPA (``r\``) or in a path, so each tier is judged as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

# Pairs of the two characters after the backslash and the letter
_PAIRS = r"""
    A" Ä  A' Á  A; Ą  A^ Â  A` À  Ae Æ  Al Α  Ao Å  At ∀  A~ Ã  a" ä  a' á  a; ą  a^ â  a_ ª
    a` à  ab ɒ  ae æ  al α  an ∧  ao å  ap ʼ  as ɑ  at ɐ  ay ɒ  a~ ã  Be Β  b^ ɓ  bc ʙ  be β
    bf β  bs \  bu •  C' Ć  C, Ç  C< Č  Ci Χ  c' ć  c, ç  c/ ¢  c< č  c= ⊂  cc ɕ  cf χ  ci χ
    cl ♣  co ©  ct ɔ  cu ¤  D- Đ  D< Ď  De Δ  d- đ  d. ɖ  d< ď  d^ ɗ  dd ∂  de δ  dg °  dh ð
    di ♦  E" Ë  E' É  E; Ę  E< Ě  E^ Ê  E` È  Ep Ε  Er ∃  Et Η  e" ë  e' é  e- ɘ  e; ę  e< ě
    e= ∈  e^ ê  e` è  ef ɛ  ep ε  eq ⇔  er ɜ  et η  eu €  FI ﬁ  FL ﬂ  Fi Φ  f. ɽ  f2 ϕ  f5 ❀
    fd ƒ  ff ɸ  fh ɾ  fi φ  G< Ǧ  G^ ʛ  Ga Γ  g< ǧ  g^ ɠ  ga γ  gc ɢ  gf ɣ  gs ɡ  h- ħ  h^ ɦ
    hc ʜ  he ♥  hj ɧ  hr ˞  hs ʊ  ht ɥ  I" Ï  I' Í  I^ Î  I` Ì  Io Ι  i" ï  i' í  i- ɨ  i^ î
    i` ì  ic ɪ  id ɿ  in ∫  io ι  ir ʅ  j- ɟ  j^ ʄ  jc ʝ  Ka Κ  ka κ  kb ɞ  L/ Ł  La Λ  Lp £
    l- ɬ  l. ɭ  l/ ł  la λ  lc ʟ  lz ɮ  l~ ɫ  Mu Μ  mj ɱ  ml ɰ  mt ɯ  mu μ  N' Ń  N< Ň  Nu Ν
    N~ Ñ  n' ń  n. ɳ  n< ň  nc ɴ  ng ŋ  ni ∩  nj ɲ  no ¬  nu ν  n~ ñ  O" Ö  O' Ó  O. ʘ  O/ Ø
    O: Ő  O^ Ô  O` Ò  Oe ɶ  Om Ω  On Ο  O| ∅  O~ Õ  o" ö  o' ó  o+ ⊕  o- ɵ  o/ ø  o2 ϖ  o: ő
    o^ ô  o_ º  o` ò  oc ∝  oe œ  om ω  on ο  oo ∞  or ∨  ox ⊗  o~ õ  Pi Π  Ps Ψ  pf ☞  pi π
    ps ψ  R< Ř  Ro Ρ  r. ɻ  r< ř  rc ʀ  re ®  rh ɤ  ri ʁ  rl ɺ  ro ρ  rt ɹ  S' Ś  S< Š  SS §
    Si Σ  s' ś  s. ʂ  s2 ς  s< š  sh ʃ  si σ  sp ♠  sr ɚ  ss ß  su ∑  sw ə  T< Ť  TM ™  Ta Τ
    Te Θ  Th Þ  Tt ⊥  t. ʈ  t2 ϑ  t< ť  tS ʧ  ta τ  te θ  tf θ  th þ  tm ™  ts ʦ  U" Ü  U' Ú
    U: Ű  U^ Û  U` Ù  Uo Ů  Up Υ  u" ü  u' ú  u- ʉ  u: ű  u^ û  u` ù  un _  uo ů  up υ  uu ∪
    Vr √  vs ʋ  vt ʌ  wt ʍ  Xi Ξ  xi ξ  xx ×  Y" Ÿ  Y' Ý  Y= ¥  y" ÿ  y' ý  yc ʏ  yt ʎ  Z! Ż
    Z' Ź  Z< Ž  Ze Ζ  z! ż  z' ź  z. ʐ  z< ž  zc ʑ  ze ζ  zh ʒ  !d ¡  "l “  "p ″  "r ”  '1 ˈ
    '2 ˌ  'a '  'p ′  +- ±  -- –  -> →  -m −  .. ⋯  .3 ∴  .c ·  .f ˑ  /d ∕  9- ʢ  9e ʕ  :- ÷
    :f ː  <- ←  << «  <= ⇐  <> ↔  <_ ≤  =/ ≠  =3 ≡  => ⇒  =~ ≅  >> »  >_ ≥  ?- ʡ  ?d ¿  ?g ʔ
    [f [  ]f ]  ^# ⇑  ^9 ˁ  ^? ˀ  ^G ᶭ  ^H ʱ  ^M ᵚ  ^N ᵑ  ^Y ᶣ  ^f ᶠ  ^g ˠ  ^h ʰ  ^j ʲ  ^l ˡ
    ^m ᵐ  ^n ⁿ  ^s ˢ  ^w ʷ  ^x ˣ  ^y ʸ  ^| ↑  _# ⇓  _u ‿  _| ↓  |- ǂ  |1 ǀ  |2 ǁ  |f |  || ¶
    ~~ ≈
"""
_INVISIBLE = {  # combining and Hebrew letters, which would stand here badly
    "'^": "\u0301",
    "+v": "\u031f",
    "-^": "\u0304",
    "-h": "\u00ad",
    "-v": "\u0320",
    "0^": "\u030a",
    "0v": "\u0325",
    "3v": "\u0339",
    "9+": "\u05e2",
    ":^": "\u0308",
    ":v": "\u0324",
    "?+": "\u05d0",
    "B+": "\u05d1",
    "C%": "\u05e5",
    "C+": "\u05e6",
    "D+": "\u05d3",
    "Dv": "\u033b",
    "G+": "\u05d2",
    "H+": "\u05d4",
    "J+": "\u05d9",
    "K%": "\u05da",
    "K+": "\u05db",
    "L+": "\u05dc",
    "M%": "\u05dd",
    "M+": "\u05de",
    "N%": "\u05df",
    "N+": "\u05e0",
    "N^": "\u0306",
    "Nv": "\u032a",
    "P%": "\u05e3",
    "P+": "\u05e4",
    "Q+": "\u05e7",
    "R+": "\u05e8",
    "S+": "\u05e1",
    "T(": "\u0318",
    "T)": "\u0319",
    "T+": "\u05ea",
    "T^": "\u031d",
    "Tv": "\u031e",
    "Uv": "\u033a",
    "V+": "\u05d5",
    "W+": "\u05e9",
    "X+": "\u05d7",
    "Y+": "\u05d8",
    "Z+": "\u05d6",
    "^^": "\u0302",
    "`^": "\u0300",
    "cE": "\u05b5",
    "cn": "\u031a",
    "cv": "\u031c",
    "dq": "\u05bc",
    "hI": "\u05b4",
    "hO": "\u05b9",
    "li": "\u0361",
    "nv": "\u032f",
    "pA": "\u05b7",
    "qA": "\u05b8",
    "qU": "\u05bb",
    "sE": "\u05b6",
    "sU": "\ufb35",
    "vO": "\ufb4b",
    "v^": "\u030c",
    "|v": "\u0329",
    "~<": "\u0334",
    "~^": "\u0303",
    "~v": "\u0330",
}
ESCAPES = dict(zip(_PAIRS.split()[::2], _PAIRS.split()[1::2], strict=True)) | _INVISIBLE
_PATH = re.compile(r"[A-Za-z]:\\\w+[\\.]")  # of Windows
_LONGEST = 1_000_000  # characters of a label, which is cut at each backslash
_BEFORE_BACKSLASH = frozenset("BGHIJKLMNORUXhjlprsvxz3@!|=-?<>_")  # in symbols of X-SAMPA


def replace_escapes(labels: Sequence[str]) -> list[str]:
    """Replace the backslash sequences of the labels of one tier by letters.

    Parameters
    ----------
    labels : sequence of str

    Returns
    -------
    list of str
        The labels as they are where backslashes that begin no sequence of Praat outnumber the
        sequences that are no symbol of X-SAMPA. A path of Windows stays, too, and a label that is
        longer than any text.
    """
    resolved = [
        _resolve(label)
        if "\\" in label and len(label) <= _LONGEST and not _PATH.match(label)
        else (label, 0, 0)
        for label in labels
    ]
    n_sure = sum(sure for _, sure, _ in resolved)
    n_others = sum(others for _, _, others in resolved)
    return list(labels) if n_others and n_sure <= n_others else [label for label, _, _ in resolved]


def protect_backslashes(labels: Sequence[str]) -> list[str]:
    r"""Write the backslashes of a tier as ``\bs`` where they would be read as other letters."""
    if replace_escapes(labels) == list(labels):
        return list(labels)
    return [label.replace("\\", r"\bs") for label in labels]


def _resolve(label: str) -> tuple[str, int, int]:
    """Replace the sequences of a label.

    Returns
    -------
    (str, int, int)
        The label; how many of its sequences do not look like X-SAMPA; how many of its backslashes
        begin no sequence.
    """
    before, *parts = label.split("\\")
    pieces, n_sure, n_others = [before], 0, 0
    for part in parts:
        letter = ESCAPES.get(part[:2])
        if letter is None:
            n_others += 1
            before = part
            pieces.append(f"\\{part}")
        else:
            n_sure += before[-1:] not in _BEFORE_BACKSLASH
            before = part[2:]
            pieces.append(letter + before)
    return "".join(pieces), n_sure, n_others
