"""Records and hits as HTML. Whatever comes from files or people is escaped.

Images are embedded rather than served from files, so no copy of a person is left in a cache where it would
outlive the record.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import PurePath

from textreid_demo import words
from textreid_index import Record, SearchHit

Thumbnails = Mapping[str, bytes]
"""JPEG files by the ids of the people they show; who is not among them is gone, and is left out."""
UNITS = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))


def jpeg_uri(jpeg: bytes) -> str:
    """JPEG bytes as a data URI."""
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode("ascii")


def format_time(record: Record) -> str:
    """A moment as people read it: "2026-03-01 14:05:10 UTC", "0:01:23.4 into the video", or nothing."""
    if record.when is None:
        return ""
    if record.time is None:
        return f"{record.when} into the video"
    return record.when[:19].replace("T", " ") + " UTC"


def _format_minute(record: Record) -> str:
    return (record.when or "time unknown")[:16].replace("T", " ")


def shorten_source(source: str) -> str:
    """The last two parts of a source: enough to recognise it, without the layout of the disk."""
    return "/".join(PurePath(source).parts[-2:])


def render_cards(people: Sequence[SearchHit | Record], thumbnails: Thumbnails) -> str:
    """A grid of people; each is a button that tells the page its id."""
    cards = [_render_card(person, thumbnails[person.id]) for person in people if person.id in thumbnails]
    return f'<div class="people">{"".join(cards)}</div>'


def _render_card(person: SearchHit | Record, thumbnail: bytes) -> str:
    record = person.record if isinstance(person, SearchHit) else person
    title, ranked = f"Person, {shorten_source(record.source)}", ""
    if isinstance(person, SearchHit):
        likely = "" if person.probability is None else words.format_probability(person.probability)
        chance = f", {likely} likely" if likely else ""
        title = f"Rank {person.rank}{chance}, {shorten_source(record.source)}"
        ranked = f"<b class='rank'>{person.rank}</b>"
        ranked += f"<span class='likely'>{likely}</span>" if likely else ""
    return (
        f'<button type="button" class="person" title="{escape(title)}" data-do="pick" '
        f'data-id="{escape(record.id)}"><span class="frame">'
        f'<img src="{jpeg_uri(thumbnail)}" alt="{escape(title)}"></span>'
        f'<span class="line">{ranked}'
        f'<span class="seen"><b>{escape(record.camera or "no camera")}</b> '
        f"{escape(_format_minute(record))}</span></span></button>"
    )


def render_heading(title: str, detail: str = "", tools: str = "") -> str:
    """The line above the results. `tools` is markup, the rest is text."""
    return (
        f'<div class="heading"><div><h2>{escape(title)}</h2><p>{escape(detail)}</p></div>'
        f'<div class="tools">{tools}</div></div>'
    )


def render_downloads(csv: str) -> str:
    """The two ways to take results along."""
    data = base64.b64encode(csv.encode("utf-8")).decode("ascii")
    return (
        f'<a class="tool" download="people.csv" href="data:text/csv;base64,{data}">CSV</a>'
        '<button type="button" class="tool" data-do="sheet">Contact sheet</button>'
    )


def render_feedback(
    more: Sequence[str], less: Sequence[str], like: str | None, thumbnails: Thumbnails
) -> str:
    """The people that steer the search, each with a way to take them back."""
    guides = [("Like this person", like)] if like else []
    guides += [("More like", id) for id in more] + [("Less like", id) for id in less]
    chips = [_render_chip(label, id, thumbnails[id]) for label, id in guides if id in thumbnails]
    return f'<div class="steering">{"".join(chips)}</div>' if chips else ""


def _render_chip(label: str, id: str, thumbnail: bytes) -> str:
    return (
        f'<span class="chip"><img src="{jpeg_uri(thumbnail)}" alt="">{label}'
        f'<button type="button" aria-label="Remove: {label}" data-do="release" '
        f'data-id="{escape(id)}">×</button></span>'
    )


def render_nearest_button() -> str:
    """The way on from a search that nobody matches."""
    return '<button type="button" class="tool" data-do="nearest">Show the nearest people</button>'


def render_note(text: str, kind: str = "plain", tools: str = "") -> str:
    """Sentences in place of results: "plain" for an empty state, "wrong" for an error, "good" for success.

    `tools` is markup.
    """
    lines = "".join(f"<p>{escape(line)}</p>" for line in text.splitlines())
    return f'<div class="note {kind}" role="{"alert" if kind == "wrong" else "status"}">{lines}{tools}</div>'


def render_person(record: Record, hit: SearchHit | None, image: bytes, missing: str, near: str) -> str:
    """Everything known about one person: the full frame, the facts, and who was there before and after."""
    probability = hit.probability if hit else None
    likely = "" if probability is None else f"{words.format_probability(probability)}, going by looks alone"
    facts = {
        "Probability": likely,
        "Camera": record.camera or "",
        "Time": format_time(record),
        "Source": shorten_source(record.source),
        "Frame": "" if record.frame is None else str(record.frame),
    }
    ranked_by = {
        "Score": f"{hit.score:.3f}" if hit else "",
        "Match": f"{hit.match:.3f}" if hit and hit.match is not None else "",
    }
    return (
        '<figure class="full">'
        f'<img src="{jpeg_uri(image)}" alt="Full image with the person marked"></figure>'
        f"{render_note(missing) if missing else ''}{_list_facts(facts)}"
        f"{f'<details><summary>Details</summary>{_list_facts(ranked_by)}</details>' if hit else ''}{near}"
    )


def _list_facts(facts: Mapping[str, str]) -> str:
    """Names and values; those without a value are left out."""
    rows = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in facts.items() if value)
    return f"<dl>{rows}</dl>"


def render_neighbours(records: Sequence[Record], person: Record, thumbnails: Thumbnails) -> str:
    """Who was seen by the same camera around the same time, each with how long before or after `person`."""
    records = [record for record in records if record.id in thumbnails]
    if not records:
        return ""
    strip = "".join(
        f'<button type="button" data-do="pick" data-id="{escape(record.id)}" '
        f'title="{escape(format_time(record) or shorten_source(record.source))}">'
        f'<img src="{jpeg_uri(thumbnails[record.id])}" '
        f'alt="Person seen {escape(format_time(record) or "nearby")}">'
        f"{_format_distance(record, person)}</button>"
        for record in records
    )
    return f'<h3>Seen there before and after</h3><div class="strip">{strip}</div>'


def _format_distance(record: Record, person: Record) -> str:
    """The time between two records, such as "12 s before"; empty if it is not known."""
    for moment, other in ((record.time, person.time), (record.offset, person.offset)):
        if moment is not None and other is not None:
            apart = abs(moment - other)
            if apart < 1:
                return "same moment"
            unit, size = next((unit, size) for unit, size in UNITS if apart >= size)
            return f"{apart / size:.0f} {unit} {'before' if moment < other else 'after'}"
    return ""
