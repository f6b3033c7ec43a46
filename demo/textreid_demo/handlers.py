"""What happens when somebody clicks: from events of the page to markup. No rule of the search lives here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import wraps
from pathlib import Path
from typing import Any

from PIL.Image import Image

from textreid.errors import InputError
from textreid.ingest.indexing import IndexProgress
from textreid.service.answers import to_jpeg
from textreid.service.desk import Desk
from textreid.service.limits import require_text
from textreid.service.question import MAX_HITS, PAGE_SIZE, Question
from textreid_demo import markup, words
from textreid_demo.from_gradio import gr
from textreid_index import GalleryError, Hits

PREVIEW = 400
"""Pixels of an example photo's longer side, where it is shown beside the description."""


@dataclass(frozen=True, eq=False)
class View:
    """What the page of one visitor shows: the question and, once asked, its answer."""

    question: Question = field(default_factory=Question)
    hits: Hits | None = None


Shown = tuple[View, str, dict[str, Any]]


def show_errors(handler: Callable[..., str]) -> Callable[..., str]:
    """Show an error of `handler` as a note instead of raising it."""

    @wraps(handler)
    def call(*args: Any, **kwargs: Any) -> str:
        try:
            return handler(*args, **kwargs)
        except Exception as error:
            return markup.render_note(words.describe_error(error), "wrong")

    return call


class Handlers:
    """One method an event. Methods take and return what their components hold."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.thumbnails = desk.gallery.thumbnails

    # --- results -----------------------------------------------------------------------------------------

    def search(self, view: View, text: str, camera: str, since: str, until: str, matches: str) -> Shown:
        """A new description or filter. Other words drop the guides of the last search."""
        old, new = view.question, _question(text, camera, since, until, matches)
        if new.text == old.text:
            new = replace(new, like=old.like, more=old.more, less=old.less)
        return self._show(replace(new, photo=old.photo))

    def show_photo(
        self,
        open_photo: Callable[[], Image] | None,
        text: str,
        camera: str,
        since: str,
        until: str,
        matches: str,
    ) -> tuple[View, str, dict[str, Any], str | None]:
        """Another example photo, or none; it is shown without its file, which is gone once it was read."""
        asked = _question(text, camera, since, until, matches)
        if open_photo is None:
            return *self._show(asked), None
        try:
            photo = open_photo()
        except Exception as error:
            return *_show_nobody(asked, words.describe_error(error), "wrong"), None
        preview = markup.jpeg_uri(to_jpeg(photo, longest=PREVIEW))
        return *self._show(replace(asked, photo=photo)), preview

    def show_more(self, view: View) -> Shown:
        """Further down the ranking."""
        return self._show(replace(view.question, k=min(view.question.k + PAGE_SIZE, MAX_HITS)))

    def find_again(self, view: View, id: str) -> tuple[View, str, dict[str, Any], str, None]:
        """People who look like this one, in place of what was typed and shown."""
        last = view.question
        asked = Question(
            like=id,
            camera=last.camera,
            since=last.since,
            until=last.until,
            false_alarms=last.false_alarms,
        )
        return *self._show(asked), "", None

    def more_like(self, view: View, id: str) -> Shown:
        """The same search, nearer to this person."""
        return self._show(view.question.with_more(id))

    def less_like(self, view: View, id: str) -> Shown:
        """The same search, farther from this person."""
        return self._show(view.question.with_less(id))

    def nearest(self, view: View) -> tuple[View, str, dict[str, Any], str]:
        """The same search, whether or not anybody is a likely match; the choice is taken back."""
        return *self._show(replace(view.question, false_alarms=None)), words.EVERYBODY

    def release(self, view: View, event: gr.EventData) -> Shown:
        """The same search without one of its guides."""
        return self._show(view.question.without(_id_of(event)))

    def refresh(self, view: View) -> Shown:
        """The same search again, after the gallery changed."""
        known = view.question
        for id in (known.like, *known.more, *known.less):
            if id and not self._known(id):
                known = known.without(id)
        return self._show(known)

    def _show(self, question: Question) -> Shown:
        try:
            return self._browse(question) if question.blank else self._rank(question)
        except Exception as error:
            return _show_nobody(question, words.describe_error(error), "wrong")

    def _rank(self, question: Question) -> Shown:
        sure = self.desk.is_calibrated(question)
        hits = self.desk.ask(question if sure else replace(question, false_alarms=None))
        total = len(self.desk.gallery)
        guides = [id for id in (question.like, *question.more, *question.less) if id]
        thumbnails = self.thumbnails([*hits.ids, *guides])
        hits = hits.among(thumbnails)
        steering = markup.render_feedback(question.more, question.less, question.like, thumbnails)
        if not hits and hits.cut and hits.cut.best is not None:
            why = words.explain_no_match(hits.cut, question.false_alarms or 0)
            return _show_nobody(question, why, above=steering, tools=markup.render_nearest_button())
        if not hits:
            return _show_nobody(question, self._why_nobody(question), above=steering)
        tools = markup.render_downloads(words.to_csv(hits))
        detail = f"{len(hits)} of {words.count_people(total)}, best match first"
        detail += "" if hits.probabilities is None else ", with how likely each is"
        if hits.cut:
            detail += f". Only likely matches: {words.describe_rate(question.false_alarms or 0)}"
        detail += f". {hits.unsure}" if hits.unsure else ""
        if hits.cut is None and question.false_alarms is not None:
            detail += " Everybody is shown."
        top = markup.render_heading("Results", detail, tools)
        html = top + steering + markup.render_cards(hits, thumbnails)
        return View(question, hits), html, gr.update(visible=_has_more(len(hits), question, total))

    def _browse(self, question: Question) -> Shown:
        people, total = self.desk.browse(question.where, question.k), len(self.desk.gallery)
        if not people:
            return _show_nobody(question, self._why_nobody(question))
        detail = f"{words.count_people(total)}. Describe somebody to rank them."
        top = markup.render_heading("In this gallery", detail)
        html = top + markup.render_cards(people, self.thumbnails([person.id for person in people]))
        return View(question), html, gr.update(visible=_has_more(len(people), question, total))

    def _why_nobody(self, question: Question) -> str:
        if len(self.desk.gallery) == 0:
            return words.EMPTY_GALLERY.format(path=self.desk.gallery.path)
        return words.NOBODY_PASSES if question.filtered else "Nobody is left to show."

    def _known(self, id: str) -> bool:
        try:
            return bool(self.desk.gallery.get(id))
        except GalleryError:
            return False

    # --- one person --------------------------------------------------------------------------------------

    def pick(self, view: View, event: gr.EventData) -> tuple[str, str, Any, Any]:
        """Open somebody: id, markup, the panel, and the question about deleting closed again."""
        id = _id_of(event)
        return id, self._person(view, id), gr.update(visible=True), gr.update(visible=False)

    @show_errors
    def _person(self, view: View, id: str) -> str:
        record = self.desk.gallery.get(id)
        hit = next((hit for hit in view.hits or () if hit.id == id), None)
        frame, missing = self.desk.frame(id)
        image = to_jpeg(frame) if frame else self.desk.gallery.thumbnail(id)
        around = self.desk.neighbours(id)
        near = markup.render_neighbours(around, record, self.thumbnails([near.id for near in around]))
        return markup.render_person(record, hit, image, missing, near)

    def ask_delete(self, id: str) -> tuple[Any, str, Any]:
        """Before deleting: what would go, and whether the rest of the file is worth asking about."""
        people = self.desk.count_in_file(id)
        others = gr.update(visible=people > 1, value=f"Delete all {people} people of this file")
        return gr.update(visible=True), markup.render_note(words.DELETE_WARNING), others

    def delete(self, id: str) -> tuple[Any, Any]:
        """Delete one person and close the panel."""
        return self._delete(lambda: self.desk.delete([id]))

    def forget(self, id: str) -> tuple[Any, Any]:
        """Delete everybody of one photo or video and close the panel."""
        return self._delete(lambda: self.desk.forget(id))

    def _delete(self, delete: Callable[[], int]) -> tuple[Any, Any]:
        try:
            number = delete()
        except Exception as error:
            gr.Warning(words.describe_error(error))
            return gr.update(), gr.update(visible=False)
        gr.Info(f"Deleted {words.count_people(number)}.")
        return gr.update(visible=False), gr.update(visible=False)

    # --- take along, take in -----------------------------------------------------------------------------

    def sheet(self, view: View) -> str:
        """The contact sheet as a data URI, which the browser saves."""
        sheet = self.desk.draw_contact_sheet(view.hits, view.question.text) if view.hits else None
        return markup.jpeg_uri(to_jpeg(sheet, longest=4000)) if sheet else ""

    def add(
        self,
        files: list[str] | None,
        camera: str,
        crops: bool,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 gradio finds its progress bar by this default
    ) -> tuple[str, Any]:
        """Take uploads in: a note on what became of them, and the drop zone emptied."""

        def show_progress(state: IndexProgress) -> None:
            progress((state.done, state.total), desc=f"{state.people} people found", unit="files")

        return self._take_in(files or [], camera, crops, show_progress), None

    @show_errors
    def _take_in(
        self, files: list[str], camera: str, crops: bool, show_progress: Callable[[IndexProgress], None]
    ) -> str:
        if not files:
            return markup.render_note("Choose photos, a zip file or a video first.", "wrong")
        report = self.desk.add(
            map(Path, files), crops=crops, camera=camera.strip() or None, progress=show_progress
        )
        return markup.render_note(words.describe_report(report), "good" if report.added else "plain")

    def gallery_changed(self, camera: str) -> tuple[str, Any]:
        """The line about the gallery and the list of cameras, after something was added or deleted."""
        cameras = self.desk.gallery.cameras()
        choices = [("Any camera", ""), *((name, name) for name in cameras)]
        return self.about(), gr.update(choices=choices, value=camera if camera in cameras else "")

    def about(self) -> str:
        """How much there is to search."""
        cameras = words.count(len(self.desk.gallery.cameras()), "camera", "cameras")
        return f"<p class='about'>{words.count_people(len(self.desk.gallery))}, {cameras}</p>"


def _question(text: str, camera: str, since: str, until: str, matches: str) -> Question:
    """What the fields of the page ask, of which gradio gives None for those that are empty."""
    rate = words.parse_rate(matches)
    return Question(text or "", camera=camera or "", since=since or "", until=until or "", false_alarms=rate)


def _id_of(event: gr.EventData) -> str:
    """Whom somebody clicked."""
    sent = event._data  # of any kind: it comes from whoever calls
    id = sent.get("id") if isinstance(sent, dict) else None
    if not isinstance(id, str):
        raise InputError("id: expected text.")
    return require_text("id", id)


def _show_nobody(
    question: Question, why: str, kind: str = "plain", above: str = "", tools: str = ""
) -> Shown:
    return View(question), above + markup.render_note(why, kind, tools), gr.update(visible=False)


def _has_more(shown: int, question: Question, total: int) -> bool:
    """Whether there is more to show than the page shows."""
    return shown == question.k < min(MAX_HITS, total)
