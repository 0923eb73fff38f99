"""A request -> its response: the pages, the sound, corrections, exports and uploads of a folder."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

from lemf.config import AlignSettings, Settings
from lemf.errors import LemfError, MissingPackageError, OutputError, one_line
from lemf.serve.correction import read_correction
from lemf.serve.exports import export, read_settings
from lemf.serve.folder import (
    Entry,
    describe_unused,
    find_use,
    is_recording,
    list_entries,
    list_with_words,
)
from lemf.serve.guard import Guard, RefusedError
from lemf.serve.messages import (
    Request,
    Response,
    html_response,
    json_response,
    serve_range,
)
from lemf.serve.opened import (
    ChangedError,
    Choice,
    ExistsError,
    NoWordsYetError,
    Opened,
    check_revision,
)
from lemf.serve.pages import list_page, message_page, recording_content, recording_page
from lemf.serve.remedies import in_page_terms
from lemf.serve.upload import check_size, receive
from lemf.serve.workbench import Workbench

_WORKLET = "recorder.js"  # which no page can hold, since browsers load it by its address


class Site:
    """The answers of the server of a folder.

    Parameters
    ----------
    folder : Path
    settings : Settings
        With which pages open.
    aligning : AlignSettings
        How texts are aligned, unless the page says otherwise.
    guard : Guard
    """

    def __init__(
        self, folder: Path, settings: Settings, aligning: AlignSettings, guard: Guard
    ) -> None:
        self.folder, self.settings, self.aligning, self.guard = folder, settings, aligning, guard
        self.workbench = Workbench(folder, settings, aligning)
        self._uploading = threading.Lock()

    def answer(self, request: Request) -> Response:
        """Answer a request; what the user can mend is answered in one line, as on a terminal."""
        try:
            self.guard.check_source(request.method, request.headers)
            if request.method == "GET" and not request.parts and "token" in request.query:
                return self._let_in(request)
            self.guard.check_site(request.headers)
            if not self.guard.knows(request.headers):
                raise RefusedError(403, "open the address that lemf serve has printed")
            return self._route(request)
        except RefusedError as error:
            return _fault(request, str(error), error.status)
        except ChangedError as error:
            return _fault(request, str(error), 412)
        except ExistsError as error:
            return json_response({"error": str(error), "exists": True}, 409)
        except LemfError as error:
            return _fault(request, str(error), 422)
        except OSError as error:
            reason = one_line(f"{error.filename or self.folder}: {error.strerror or error}")
            return _fault(request, reason, 422)

    def _let_in(self, request: Request) -> Response:
        """Turn the token of the address into a cookie at once, and lead to the address without."""
        if self.guard.knows(request.headers):
            return Response(status=303, headers={"Location": "/"})
        if not self.guard.take_token(request.query["token"]):
            raise RefusedError(
                403,
                "this address was used before, by another browser, or is another server's; stop "
                "lemf serve and start it again",
            )
        cookie = self.guard.cookie_header
        return Response(status=303, headers={"Location": "/", "Set-Cookie": cookie})

    def _route(self, request: Request) -> Response:
        match (request.method, *request.parts):
            case ("GET",):
                return self._list(None)
            case ("GET", "recorder.js"):
                script = files("lemf.serve").joinpath("assets", _WORKLET).read_bytes()
                return Response(script, "text/javascript; charset=utf-8")
            case ("GET", "recording", number):
                return self._show(self._entry(number), _choice(request.query))
            case ("GET", "sound", number):
                sound = self.workbench.track(self._entry(number)).sound
                return serve_range(sound.content, sound.media_type, _one(request, "range"))
            case ("POST", "upload"):
                return self._receive(request)
            case ("POST", "words", number):
                return self._align(self._entry(number), request.read_json())
            case ("POST", "score" | "save" | "export" as task, number):
                return self._correct(task, self._entry(number), request.read_json())
        raise RefusedError(404, "there is no such page")

    def _entry(self, number: str) -> Entry:
        entry = list_entries(self.folder).get(number)
        if entry is None:
            raise RefusedError(404, "this recording is not in the folder any more")
        return entry

    # Pages
    def _list(self, wanted: Entry | None) -> Response:
        rows = list_with_words(self.folder)
        return html_response(list_page(str(self.folder), rows, self._languages, wanted))

    @cached_property
    def _languages(self) -> list[tuple[str, str]]:
        """Codes and names of the languages whose texts can be aligned; none without the extra."""
        from lemf.aligner.espeak import open_espeak

        try:
            with open_espeak() as espeak:
                return sorted(((one.code, one.name) for one in espeak.languages), key=_by_name)
        except MissingPackageError:
            return []

    def _show(self, entry: Entry, choice: Choice) -> Response:
        try:
            opened = self.workbench.open(entry, choice)
        except NoWordsYetError:
            return self._list(entry)
        return html_response(recording_page(self._content(opened, {})))

    def _content(self, opened: Opened, content: dict[str, Any]) -> dict[str, Any]:
        correction = read_correction(content)
        corrected = self.workbench.correct(opened, correction)
        saves_to = self.workbench.place_to_save(opened).name
        sound = self.workbench.track(opened.entry).sound
        return recording_content(opened, corrected, self.settings, saves_to, sound)

    # Corrections
    def _correct(self, task: str, entry: Entry, content: dict[str, Any]) -> Response:
        opened = self.workbench.open(entry, _choice(content))
        check_revision(opened, content.get("revision"))
        if task == "score":
            scored = self._content(opened, content)
            del scored["contours"]  # which the page has, and no correction changes
            return json_response(scored)
        correction = read_correction(content)
        if task == "save":
            replaces = content.get("replaces")
            path, written = self.workbench.save(opened, correction, replaces)
            saved = self.workbench.open(entry, "corrected")  # with which the page goes on
            return json_response(
                {
                    "saved": path.name,
                    "written": written,
                    "revision": saved.revision,
                    "words": saved.choice,
                    "saves_to": self.workbench.place_to_save(saved).name,
                }
            )
        settings = read_settings(self.settings, content)
        corrected = self.workbench.correct(opened, correction)
        exported = export(
            corrected, settings, str(content.get("format")), language=self.aligning.language
        )
        return Response(exported, "application/octet-stream")

    # Additions
    def _receive(self, request: Request) -> Response:
        name = request.query.get("name", "")
        check_size(self.folder, name, request.body.n_bytes)
        if not self._uploading.acquire(blocking=False):
            raise OutputError(f"{name}: another file is being sent; try again when that is done")
        try:
            path = receive(self.folder, name, request.body)
        finally:
            self._uploading.release()
        if is_recording(path):
            return json_response({"saved": path.name, "id": self._number(path)})
        use = find_use(self.folder, path)
        return json_response(
            {
                "saved": path.name,
                "id": use.entry.id if use.entry is not None and use.instead is None else None,
                "unused": describe_unused(path, use),
            }
        )

    def _number(self, path: Path) -> str | None:
        entries = list_entries(self.folder).values()
        return next((entry.id for entry in entries if entry.path == path), None)

    def _align(self, entry: Entry, content: dict[str, Any]) -> Response:
        text, language = content.get("text"), content.get("language")
        if not isinstance(text, str):
            raise OutputError(f"{entry.name}: write what is said in the recording")
        aligning = AlignSettings(
            language=language or None,
            aligner=self.aligning.aligner,
            force_fit=bool(content.get("force_fit")) or self.aligning.force_fit,
        )
        path = self.workbench.align_text(entry, text, aligning)
        return json_response({"saved": path.name, "id": entry.id})


_by_name: Callable[[tuple[str, str]], str] = lambda one: one[1]  # noqa: E731


def _choice(content: Any) -> Choice:  # noqa: ANN401 - a query or the content of a body
    return "original" if content.get("words") == "original" else "corrected"


def _one(request: Request, name: str) -> str | None:
    values = request.headers.get(name, [])
    return values[0] if len(values) == 1 else None


def _fault(request: Request, message: str, status: int) -> Response:
    """Answer in one line: a page where a page was asked for, else JSON."""
    message = in_page_terms(message)
    if request.method == "GET":
        return html_response(message_page(message), status)
    return json_response({"error": message}, status)
