"""What happens when somebody clicks: from events of the page to markup. No rule of the search lives here."""

from __future__ import annotations

import csv
import io
import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import wraps
from pathlib import Path
from typing import Any

import gradio as gr
from textreid_index import GalleryError, Hits

from textreid.errors import InputError, TextReIDError
from textreid.indexing import AddReport, Progress
from textreid_demo import markup
from textreid_demo.desk import Desk
from textreid_demo.question import MOST, PAGE, Question, open_photo

logger = logging.getLogger("textreid_demo")

EMPTY_GALLERY = (
    "No people in this gallery yet.\nAdd photos below, or run: textreid index PHOTOS --gallery {path}"
)
NOBODY = "Nobody passes these filters.\nWiden the time or choose any camera."
TROUBLE = (
    "Something went wrong and was not your doing. The details are in the terminal that runs textreid demo."
)


@dataclass(frozen=True, eq=False)
class View:
    """What the page of one visitor shows: the question and, once asked, its answer."""

    question: Question = field(default_factory=Question)
    hits: Hits | None = None


Shown = tuple[View, str, dict[str, Any]]


def in_words(error: Exception) -> str:
    """What to tell somebody about an error; surprises go to the log, not to the page."""
    if isinstance(error, (TextReIDError, GalleryError)):
        return str(error)
    logger.exception("The page could not do what was asked.")
    return TROUBLE


def spoken(handler: Callable[..., str]) -> Callable[..., str]:
    """Show an error of `handler` as a note instead of raising it."""

    @wraps(handler)
    def speak(*args: Any, **kwargs: Any) -> str:
        try:
            return handler(*args, **kwargs)
        except Exception as error:
            return markup.note(in_words(error), "wrong")

    return speak


class Handlers:
    """One method an event. Methods take and return what their components hold."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.thumbnail = desk.gallery.thumbnail

    # --- results -----------------------------------------------------------------------------------------

    def search(self, view: View, text: str, camera: str, since: str, until: str) -> Shown:
        """A new description or filter. Other words drop the guides of the last search."""
        old = view.question
        asked = replace(old, text=text, camera=camera, since=since, until=until, k=PAGE)
        return self._show(asked if text == old.text else replace(asked, like=None, more=(), less=()))

    def show_photo(self, path: str | None, text: str, camera: str, since: str, until: str) -> Shown:
        """Another example photo, or none. It is read here once: the uploaded file is not needed again."""
        asked = Question(text=text, camera=camera, since=since, until=until)
        try:
            return self._show(replace(asked, photo=open_photo(Path(path))) if path else asked)
        except InputError as error:
            return View(asked), markup.note(in_words(error), "wrong"), gr.update(visible=False)

    def show_more(self, view: View) -> Shown:
        """Further down the ranking."""
        return self._show(replace(view.question, k=view.question.k + PAGE))

    def find_again(self, view: View, id: str) -> Shown:
        """People who look like this one."""
        kept = view.question
        return self._show(Question(like=id, camera=kept.camera, since=kept.since, until=kept.until))

    def more_like(self, view: View, id: str) -> Shown:
        """The same search, nearer to this person."""
        return self._show(view.question.liking(id))

    def less_like(self, view: View, id: str) -> Shown:
        """The same search, farther from this person."""
        return self._show(view.question.disliking(id))

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
            if question.blank:
                return self._browse(question)
            hits = self.desk.ask(question)
        except Exception as error:
            return View(question), markup.note(in_words(error), "wrong"), gr.update(visible=False)
        steering = markup.feedback(question.more, question.less, question.like, self.thumbnail)
        if not hits:
            return (
                View(question),
                steering + markup.note(self._why_nobody(question)),
                gr.update(visible=False),
            )
        shown = f"{len(hits)} of {len(self.desk.gallery)} people, best match first"
        top = markup.heading("Results", shown, markup.downloads(to_csv(hits)))
        more = len(hits) == question.k < min(MOST, len(self.desk.gallery))
        return (
            View(question, hits),
            top + steering + markup.cards(hits, self.thumbnail),
            gr.update(visible=more),
        )

    def _browse(self, question: Question) -> Shown:
        people = self.desk.browse(question.where, question.k)
        if not people:
            return View(question), markup.note(self._why_nobody(question)), gr.update(visible=False)
        total = len(self.desk.gallery)
        title, detail = "In this gallery", f"{total} people. Describe somebody to rank them."
        more = len(people) == question.k < min(MOST, total)
        html = markup.heading(title, detail) + markup.cards(people, self.thumbnail)
        return View(question), html, gr.update(visible=more)

    def _why_nobody(self, question: Question) -> str:
        if len(self.desk.gallery) == 0:
            return EMPTY_GALLERY.format(path=self.desk.gallery.path)
        return NOBODY if question.filtered else "Nobody to show."

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
        score = next((hit.score for hit in view.hits or () if hit.id == id), None)
        frame, missing = self.desk.frame(id)
        picture = markup.to_jpeg(frame) if frame else self.thumbnail(id)
        near = markup.neighbours(self.desk.neighbours(id), record, self.thumbnail)
        return markup.person(record, score, picture, missing, near)

    def ask_delete(self, id: str) -> tuple[Any, str, Any]:
        """Before deleting: what would go, and whether the rest of the picture is worth asking about."""
        company = self.desk.company(id)
        text = (
            "Delete this person from the gallery? Vector, thumbnail and record are erased and cannot be "
            "brought back. Files outside the gallery are not touched."
        )
        others = gr.update(visible=company > 1, value=f"Delete all {company} people of this picture")
        return gr.update(visible=True), markup.note(text), others

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
            gr.Warning(in_words(error))
            return gr.update(), gr.update(visible=False)
        gr.Info(f"Deleted {number} {'person' if number == 1 else 'people'}.")
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
        return markup.note(added_in_words(report), "good" if report.added else "plain")

    def gallery_changed(self, camera: str) -> tuple[str, Any]:
        """The line about the gallery and the list of cameras, after something was added or deleted."""
        cameras = self.desk.gallery.cameras()
        choices = [("Any camera", ""), *((name, name) for name in cameras)]
        return self.about(), gr.update(choices=choices, value=camera if camera in cameras else "")

    def about(self) -> str:
        """How much there is to search."""
        people, cameras = len(self.desk.gallery), len(self.desk.gallery.cameras())
        return (
            f"<p class='about'>{people} {'person' if people == 1 else 'people'}, "
            f"{cameras} {'camera' if cameras == 1 else 'cameras'}</p>"
        )


def added_in_words(report: AddReport) -> str:
    """A report as sentences, one a line."""
    lines = [f"Added {report.added} {'person' if report.added == 1 else 'people'}."]
    if report.empty:
        lines.append(f"No person was found in {report.empty} of the files.")
    lines += [f"Skipped {Path(skipped.source).name}: {skipped.reason}" for skipped in report.skipped]
    return "\n".join(lines)


def to_csv(hits: Hits) -> str:
    """Hits as CSV with a header. What a spreadsheet would take for a formula gets an apostrophe in front."""
    buffer = io.StringIO()
    rows = [{**hit, "box": " ".join(f"{x:g}" for x in hit["box"] or ())} for hit in hits.to_dicts()]
    writer = csv.DictWriter(buffer, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return buffer.getvalue()


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@") else value
