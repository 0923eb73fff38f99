import pytest

from msfser.errors import CheckpointError
from msfser.model.hub import find_folder

huggingface_hub = pytest.importorskip("huggingface_hub")


def test_a_folder_is_itself(tmp_path):
    assert find_folder(str(tmp_path), ()) == tmp_path


@pytest.mark.parametrize("name", ["nowhere", "/no/such", "a/b/c", "./a/b", "two words/x", ""])
def test_what_is_no_name_of_the_hub_is_a_missing_folder(monkeypatch, tmp_path, name):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", None)  # must not be called
    with pytest.raises(CheckpointError, match=r"no such folder; name a"):
        find_folder(name, ())


def test_only_what_is_needed_is_downloaded(monkeypatch, tmp_path):
    asked = []

    def download(name, *, allow_patterns):
        asked.append((name, allow_patterns))
        return str(tmp_path)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    assert find_folder("microsoft/wavlm-large", ("*.safetensors",)) == tmp_path
    assert asked == [("microsoft/wavlm-large", ["*.safetensors"])]


@pytest.mark.parametrize("offline", ["0", "1"])
def test_an_unreachable_hub_is_one_line(monkeypatch, offline, tmp_path, caplog):
    import httpx

    def refuse(*_args, **_options):
        raise httpx.ConnectError("no route to host")

    monkeypatch.setattr(httpx.Client, "send", refuse)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", offline == "1")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(CheckpointError, match=r"huggingface.co cannot be reached") as error:
        find_folder("microsoft/wavlm-large-of-nobody", ("config.json",))
    assert "\n" not in str(error.value)
    assert not caplog.records
