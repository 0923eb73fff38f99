from itertools import pairwise, product

import numpy as np

from lemf.aligner.acoustics.phone_loop import score_free_phones


def test_free_phones_are_as_likely_as_the_best_of_all_ways():
    rng = np.random.default_rng(0)
    n_frames, n_phones = 7, 2
    scores = rng.normal(0, 5, (n_frames, 3 * (n_phones + 1)))
    for penalty in (0.0, 4.0):
        found = score_free_phones(scores, (penalty, 100.0))[:, 0]
        best = np.full(n_frames, -np.inf)
        for path in product(range(3 * n_phones), repeat=n_frames):
            if path[0] % 3:
                continue
            total = scores[0, path[0]]
            best[0] = max(best[0], total)
            for frame, (before, now) in enumerate(pairwise(path), 1):
                starts = before % 3 == 2 and now % 3 == 0
                if not (now == before or (now == before + 1 and now % 3) or starts):
                    break
                total += scores[frame, now] - penalty * (starts and now != before)
                best[frame] = max(best[frame], total)
        np.testing.assert_allclose(np.cumsum(found), best)


def test_any_sound_takes_no_part():
    scores = np.zeros((4, 6))
    scores[:, 3:] = 50.0
    np.testing.assert_allclose(score_free_phones(scores, (1.0,))[:, 0], 0.0)
