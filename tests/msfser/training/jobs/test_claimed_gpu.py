from contextlib import ExitStack

import pytest

pytest.importorskip("torch")

from msfser.training.jobs.claimed_gpu import claimed_gpu
from msfser.training.ranks.ranks import ALONE


def test_each_training_at_the_same_time_has_a_gpu_of_its_own(tmp_path, monkeypatch):
    """As far as there are GPUs; a training that ends leaves its GPU to the next."""
    chosen = []
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    monkeypatch.setattr("torch.cuda.set_device", chosen.append)
    with ExitStack() as runs:
        ranks = [runs.enter_context(claimed_gpu(tmp_path, 3)) for _ in range(3)]
    assert [found.local_rank for found in ranks] == chosen == [0, 1, 0]
    with claimed_gpu(tmp_path, 3) as found:
        assert found.local_rank == 0
    with claimed_gpu(tmp_path, 1) as found:
        assert found is ALONE
    assert not [*tmp_path.iterdir()]


def test_a_single_gpu_is_shared_without_a_claim(tmp_path, monkeypatch):
    monkeypatch.setattr("torch.cuda.device_count", lambda: 1)
    with claimed_gpu(tmp_path, 2) as found:
        assert found is ALONE
