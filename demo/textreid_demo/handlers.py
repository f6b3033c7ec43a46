"""What happens when somebody clicks: from events of the page to markup. No rule of the search lives here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import wraps
from pathlib import Path
from typing import Any

import gradio as gr

from textreid.ingest.indexing import Progress
from textreid.service.desk import Desk
from textreid.service.question import MOST, PAGE, Question, open_photo
from textreid_demo import markup, words
from textreid_index import GalleryError, Hits


@dataclass(frozen=True, eq=False)
class View:
    """What the page of one visitor shows: the question and, once asked, its answer."""

    question: Question = field(default_factory=Question)
    hits: Hits | None = None


Shown = tuple[View, str, dict[str, Any]]


def spoken(handler: Callable[..., str]) -> Callable[..., str]:
    """Show an error of `handler` as a note instead of raising it."""

    @wraps(handler)
    def speak(*args: Any, **kwargs: Any) -> str:
        try:
            return handler(*args, **kwargs)
        except Exception as error:
            return markup.note(words.in_words(error), "wrong")

    return speak


class Handlers:
    """One method an event. Methods take and return what their components hold."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.thumbnail = desk.gallery.thumbnail

    # --- results -----------------------------------------------------------------------------------------

    def search(self, view: View, text: str, camera: str, since: str, until: str, matches: str) -> Shown:
        """A new description or filter. Other words drop the guides of the last search."""
        old = view.question
        asked = replace(old, text=text, camera=camera, since=since, until=until, k=PAGE)
        asked = replace(asked, false_alarms=words.rate(matches))
        return self._show(asked if text == old.text else replace(asked, like=None, more=(), less=()))

    def show_photo(
        self, path: str | None, text: str, camera: str, since: str, until: str, matches: str
    ) -> Shown:
        """Another example photo, or none. It is read here once: the uploaded file is not needed again."""
        asked = Question(text, camera=camera, since=since, until=until, false_alarms=words.rate(matches))
        try:
            return self._show(replace(asked, photo=open_photo(Path(path))) if path else asked)
        except Exception as error:
            return _nobody(asked, words.in_words(error), "wrong")

    def show_more(self, view: View) -> Shown:
        """Further down the ranking."""
        return self._show(replace(view.question, k=view.question.k + PAGE))

    def find_again(self, view: View, id: str) -> tuple[View, str, dict[str, Any], str, None]:
        """People who look like this one, in place of what was typed and shown."""
        kept = view.question
        asked = Question(
            like=id,
            camera=kept.camera,
            since=kept.since,
            until=kept.until,
            false_alarms=kept.false_alarms,
        )
        return *self._show(asked), "", None

    def more_like(self, view: View, id: str) -> Shown:
        """The same search, nearer to this person."""
        return self._show(view.question.liking(id))

    def less_like(self, view: View, id: str) -> Shown:
        """The same search, farther from this person."""
        return self._show(view.question.disliking(id))

    def nearest(self, view: View) -> tuple[View, str, dict[str, Any], str]:
        """The same search, whether or not anybody is a likely match; the choice is taken back."""
        return *self._show(replace(view.question, false_alarms=None)), words.EVERYBODY

    def release(self, view: View, event: gr.EventData) -> Shown:
        """The same search without one of its guides."""
        return self._show(view.question.releasing(str(event.id)))

    def refresh(self, view: View) -> Shown:
        """The same search again, after the gallery changed."""
        known = view.question
        for id in (known.like, *known.more, *known.less):
            if id and not self._known(id):
                known = known.releasing(id)
        return self._show(known)

    def _show(self, question: Question) -> Shown:
        try:
            return self._browse(question) if question.blank else self._rank(question)
        except Exception as error:
            return _nobody(question, words.in_words(error), "wrong")

    def _rank(self, question: Question) -> Shown:
        told = self.desk.calibrated(question)
        hits = self.desk.ask(question if told else replace(question, false_alarms=None))
        total = len(self.desk.gallery)
        steering = markup.feedback(question.more, question.less, question.like, self.thumbnail)
        if not hits and hits.cut and hits.cut.best is not None:
            why = words.nobody_matches(hits.cut, question.false_alarms or 0)
            return _nobody(question, why, above=steering, tools=markup.nearest())
        if not hits:
            return _nobody(question, self._why_nobody(question), above=steering)
        tools = markup.downloads(words.to_csv(hits))
        detail = f"{len(hits)} of {words.people(total)}, best match first"
        detail += "" if hits.probabilities is None else ", with how likely each is"
        if hits.cut:
            detail += f". Only likely matches: {words.rate_in_words(question.false_alarms or 0)}"
        elif question.false_alarms is not None:
            detail += ". How likely they match is not known for such a question: everybody is shown"
        top = markup.heading("Results", detail, tools)
        html = top + steering + markup.cards(hits, self.thumbnail)
        return View(question, hits), html, gr.update(visible=_more(len(hits), question, total))

    def _browse(self, question: Question) -> Shown:
        people, total = self.desk.browse(question.where, question.k), len(self.desk.gallery)
        if not people:
            return _nobody(question, self._why_nobody(question))
        top = markup.heading("In this gallery", f"{words.people(total)}. Describe somebody to rank them.")
        html = top + markup.cards(people, self.thumbnail)
        return View(question), html, gr.update(visible=_more(len(people), question, total))

    def _why_nobody(self, question: Question) -> str:
        if len(self.desk.gallery) == 0:
            return words.EMPTY_GALLERY.format(path=self.desk.gallery.path)
        return words.NOBODY if question.filtered else "Nobody is left to show."

    def _known(self, id: str) -> bool:
        try:
            return bool(self.desk.gallery.get(id))
        except GalleryError:
            return False

    # --- one person --------------------------------------------------------------------------------------

    def pick(self, view: View, event: gr.EventData) -> tuple[str, str, Any, Any]:
        """Open somebody: id, markup, the panel, and the question about deleting closed again."""
        id = str(event.id)
        return id, self._person(view, id), gr.update(visible=True), gr.update(visible=False)

    @spoken
    def _person(self, view: View, id: str) -> str:
        record = self.desk.gallery.get(id)
        hit = next((hit for hit in view.hits or () if hit.id == id), None)
        frame, missing = self.desk.frame(id)
        picture = markup.to_jpeg(frame) if frame else self.thumbnail(id)
        near = markup.neighbours(self.desk.neighbours(id), record, self.thumbnail)
        return markup.person(record, hit, picture, missing, near)

    def ask_delete(self, id: str) -> tuple[Any, str, Any]:
        """Before deleting: what would go, and whether the rest of the file is worth asking about."""
        company = self.desk.company(id)
        others = gr.update(visible=company > 1, value=f"Delete all {company} people of this file")
        return gr.update(visible=True), markup.note(words.DELETING), others

    def delete(self, id: str) -> tuple[Any, Any]:
        """Delete one person and close the panel."""
        return self._deleted(lambda: self.desk.delete([id]))

    def forget(self, id: str) -> tuple[Any, Any]:
        """Delete everybody of one picture or video and close the panel."""
        return self._deleted(lambda: self.desk.forget(id))

    def _deleted(self, delete: Callable[[], int]) -> tuple[Any, Any]:
        try:
            number = delete()
        except Exception as error:
            gr.Warning(words.in_words(error))
            return gr.update(), gr.update(visible=False)
        gr.Info(f"Deleted {words.people(number)}.")
        return gr.update(visible=False), gr.update(visible=False)

    # --- take along, take in -----------------------------------------------------------------------------

    def sheet(self, view: View) -> str:
        """The contact sheet as a data URI, which the browser saves."""
        picture = self.desk.sheet(view.hits, view.question.text) if view.hits else None
        return markup.jpeg_uri(markup.to_jpeg(picture, longest=4000)) if picture else ""

    def add(
        self,
        files: list[str] | None,
        camera: str,
        crops: bool,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 gradio finds its progress bar by this default
    ) -> tuple[str, Any]:
        """Take uploads in: a note on what became of them, and the drop zone emptied."""

        def tell(state: Progress) -> None:
            progress((state.done, state.total), desc=f"{state.people} people found", unit="files")

        return self._added(files or [], camera, crops, tell), None

    @spoken
    def _added(self, files: list[str], camera: str, crops: bool, tell: Callable[[Progress], None]) -> str:
        if not files:
            return markup.note("Choose photos, a zip file or a video first.", "wrong")
        report = self.desk.add(map(Path, files), crops=crops, camera=camera.strip() or None, progress=tell)
        return markup.note(words.added(report), "good" if report.added else "plain")

    def gallery_changed(self, camera: str) -> tuple[str, Any]:
        """The line about the gallery and the list of cameras, after something was added or deleted."""
        cameras = self.desk.gallery.cameras()
        choices = [("Any camera", ""), *((name, name) for name in cameras)]
        return self.about(), gr.update(choices=choices, value=camera if camera in cameras else "")

    def about(self) -> str:
        """How much there is to search."""
        cameras = words.counted(len(self.desk.gallery.cameras()), "camera", "cameras")
        return f"<p class='about'>{words.people(len(self.desk.gallery))}, {cameras}</p>"


def _nobody(question: Question, why: str, kind: str = "plain", above: str = "", tools: str = "") -> Shown:
    return View(question), above + markup.note(why, kind, tools), gr.update(visible=False)


def _more(shown: int, question: Question, total: int) -> bool:
    """Whether there is more to show than the page shows."""
    return shown == question.k < min(MOST, total)
