import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemf.cues.phone_norms import PhoneNorms, PhoneTally
from lemf.reading.alignment import Phone, Word

durations = st.lists(
    st.tuples(st.sampled_from("aiust"), st.floats(0.005, 1.0)), min_size=1, max_size=40
)


def tally_of(phones):
    tally = PhoneTally()
    tally.add([Word("x", 0.0, 1.0, tuple(Phone(label, 0.0, d_s) for label, d_s in phones))])
    return tally


def test_a_rare_phone_is_shrunk_to_the_mean_of_all():
    phones = [("a", 0.1)] * 12 + [("t", 0.05)] * 4
    norms = tally_of(phones).norms()
    mean = (12 * math.log(0.1) + 4 * math.log(0.05)) / 16
    assert norms.of("a") == pytest.approx((12 * math.log(0.1) + 4 * mean) / 16, abs=1e-12)
    assert norms.of("t") == pytest.approx((4 * math.log(0.05) + 4 * mean) / 8, abs=1e-12)
    assert norms.of("new") == pytest.approx(mean, abs=1e-12)


def test_a_speaker_has_his_tempo_and_the_phones_of_the_corpus():
    corpus = tally_of([("a", 0.1)] * 1000 + [("t", 0.05)] * 1000).norms()
    slow = tally_of([("a", 0.2)] * 3 + [("t", 0.1)] * 3).norms(corpus)
    assert slow.of("a") == pytest.approx(math.log(0.2), abs=1e-2)
    assert slow.of("t") == pytest.approx(math.log(0.1), abs=1e-2)
    seen_once = tally_of([("a", 0.2)]).norms(corpus)  # t was never heard, yet is expected longer
    assert seen_once.of("t") == pytest.approx(math.log(0.1), abs=1e-2)


def test_no_phones_no_expectation():
    assert math.isnan(PhoneTally().norms().of("a"))
    wider = PhoneNorms({"a": -2.0}, -3.0)
    assert PhoneTally().norms(wider).of("a") == -2.0


@given(durations, durations)
def test_two_tallies_make_one(first, second):
    together = tally_of(first)
    together.merge(tally_of(second))
    at_once = tally_of(first + second)
    assert together.counts == at_once.counts
    for label, ln_s in at_once.norms().by_label.items():
        assert together.norms().of(label) == pytest.approx(ln_s, abs=1e-9)


@given(durations, st.floats(0.25, 4.0))
def test_expectations_scale_with_the_tempo(phones, factor):
    plain = tally_of(phones).norms()
    slow = tally_of([(label, factor * d_s) for label, d_s in phones]).norms()
    for label in {label for label, _ in phones}:
        assert slow.of(label) - plain.of(label) == pytest.approx(math.log(factor), abs=1e-9)


@given(durations)
def test_expectations_lie_between_the_shortest_and_the_longest(phones):
    ln_s = np.log([d_s for _, d_s in phones])
    expected = [*tally_of(phones).norms().by_label.values()]
    assert min(expected) >= ln_s.min() - 1e-9
    assert max(expected) <= ln_s.max() + 1e-9
