import gc

import pytest

from lemf.runtime.processes import no_collection


def test_cycles_are_collected_again_after_the_block_however_it_ends():
    with no_collection():
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(KeyError), no_collection():
        raise KeyError
    assert gc.isenabled()


def test_where_nothing_was_collected_nothing_is_afterwards():
    gc.disable()
    try:
        with no_collection():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
