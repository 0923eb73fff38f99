"""Phones find their words by the same text spoken with its words apart."""

from hypothesis import given
from hypothesis import strategies as st

from lemf.aligner.spoken_phones import find_owners

KNOWN = [("ð", 0), ("ə", 0), ("k", 1), ("æ", 1), ("t", 1), ("s", 3)]


def test_equal_phones_take_the_words_of_their_counterparts():
    assert find_owners([name for name, _ in KNOWN], KNOWN) == [0, 0, 1, 1, 1, 3]


def test_a_changed_phone_stays_between_its_neighbours():
    assert find_owners(["ð", "ɪ", "k", "æ", "ɾ", "s"], KNOWN) == [0, 0, 1, 1, 1, 3]


def test_a_lost_phone_moves_no_other():
    assert find_owners(["ə", "k", "t", "s"], KNOWN) == [0, 1, 1, 3]


def test_a_liaison_belongs_to_the_word_behind():
    known = [("l", 0), ("e", 0), ("ɑ̃", 1), ("f", 1)]
    assert find_owners(["l", "e", "z", "ɑ̃", "f"], known) == [0, 0, 1, 1, 1]


def test_phones_behind_the_last_counterpart_belong_to_the_last_word():
    assert find_owners(["ð", "ə", "n"], KNOWN[:2]) == [0, 0, 0]


def test_without_counterparts_the_first_word_has_all():
    assert find_owners(["a"], []) == [0]
    assert find_owners([], KNOWN) == []


names = st.text("abc", max_size=12).map(list)
words = st.lists(st.text("abc", max_size=4), max_size=4).map(
    lambda spoken: [(name, word) for word, names in enumerate(spoken) for name in names]
)


@given(names, words)
def test_owners_ascend_and_are_known(spoken, known):
    owners = find_owners(spoken, known)
    assert len(owners) == len(spoken)
    assert owners == sorted(owners)
    assert set(owners) <= ({word for _, word in known} or {0})


@given(words)
def test_what_is_spoken_alike_keeps_its_words(known):
    assert find_owners([name for name, _ in known], known) == [word for _, word in known]
