"""The layout of the search page and which handler answers which event."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from textreid.service.desk import Desk
from textreid.service.limits import MAX_TEXT
from textreid.service.waiting import WaitingFiles
from textreid.types import QUERY_KINDS
from textreid_demo import api, words
from textreid_demo.from_gradio import gr
from textreid_demo.handlers import Handlers, View
from textreid_demo.uploads import many_files, one_photo, show_uri

ASSETS = Path(__file__).parent
EXAMPLES = (
    "a woman in a red coat",
    "a man in a blue shirt",
    "someone with a yellow backpack",
    "a person with an umbrella",
)
FILE_TYPES = ["image", "video", ".zip"]
EVENTS_JS = """
const events = ['pick', 'release', 'sheet', 'nearest'];
element.addEventListener('click', (event) => {
  const target = event.target.closest('[data-do]');
  if (target && events.includes(target.dataset.do)) trigger(target.dataset.do, {id: target.dataset.id ?? ''});
});
"""
SAVE_JS = """(uri) => {
  if (!uri) return;
  const link = document.createElement('a');
  link.href = uri; link.download = 'people.jpg'; link.click();
}"""


def build(desk: Desk, waiting: WaitingFiles, title: str, examples: Sequence[str] = EXAMPLES) -> gr.Blocks:
    """The page over one gallery, whose uploads come from `waiting`; `serve.serve_page` serves it."""
    on = Handlers(desk)
    quiet = {"api_visibility": "private", "show_progress": "hidden"}
    with gr.Blocks(title="textreid", analytics_enabled=False, fill_width=True) as page:
        api.publish(desk, waiting)  # first, so that no event of the page takes an endpoint's name
        view, current = gr.State(View()), gr.State("")

        with gr.Row(elem_id="top"):
            gr.HTML(f"<h1>textreid</h1><p class='tag'>{escape(title)}</p>", elem_id="brand")
            about = gr.HTML(elem_id="about")

        with gr.Row(elem_id="ask"):
            with gr.Column(scale=5, min_width=280):
                text = gr.Textbox(
                    label="Description", show_label=False, lines=1, max_lines=1, max_length=MAX_TEXT,
                    placeholder="Describe a person: a man in a blue shirt with a backpack",
                    submit_btn="Search", autofocus=True, elem_id="text",
                    html_attributes=gr.InputHTMLAttributes(autocomplete="off"),
                )  # fmt: skip
                with gr.Row(elem_id="examples"):
                    chips = [gr.Button(example, size="sm", min_width=0) for example in examples]
                with gr.Accordion("Filters", open=False, elem_id="filters"):
                    with gr.Row():
                        camera = gr.Dropdown(
                            label="Camera", choices=[("Any camera", "")], value="", min_width=150
                        )
                        since = gr.Textbox(label="From", placeholder="2026-03-01 14:00", min_width=150)
                        until = gr.Textbox(
                            label="Until", placeholder="2026-03-01 15:00, or 1:30 in a video", min_width=150
                        )
                    matches = gr.Dropdown(
                        label="Show",
                        choices=list(words.MATCHES.items()),
                        value=words.EVERYBODY,
                        visible=any(map(desk.search.calibrated, QUERY_KINDS)),
                    )
            photo = gr.Image(
                type="filepath", image_mode=None, sources=["upload", "clipboard"], buttons=[],
                label="Example photo", show_label=False, placeholder="Example photo",
                height=132, min_width=180, scale=1, elem_id="photo",
            )  # fmt: skip
            photo.preprocess = one_photo(waiting)  # opened by textreid: bounded, upright, of any depth
            photo.postprocess = show_uri

        results = gr.HTML(js_on_load=EVENTS_JS, elem_id="results")
        more = gr.Button("Show more", visible=False, elem_id="more")

        with gr.Column(visible=False, elem_id="panel") as panel:
            with gr.Row(elem_id="actions"):
                again = gr.Button("Find this person", variant="primary", size="sm", min_width=110)
                nearer = gr.Button("More like this", size="sm", min_width=90)
                farther = gr.Button("Less like this", size="sm", min_width=90)
                close = gr.Button("×", size="sm", min_width=40, elem_id="close")
            person = gr.HTML(js_on_load=EVENTS_JS, elem_id="person")
            delete = gr.Button("Delete…", size="sm", elem_id="delete")
            with gr.Column(visible=False, elem_id="confirm") as confirm:
                warning = gr.HTML()
                with gr.Row():
                    yes = gr.Button("Delete this person", variant="stop", size="sm", min_width=130)
                    everybody = gr.Button(variant="stop", size="sm", min_width=200, visible=False)
                    keep = gr.Button("Keep", size="sm", min_width=80)

        with gr.Accordion("Add photos or a video", open=len(desk.gallery) == 0, elem_id="add"):
            files = gr.File(
                file_count="multiple", file_types=FILE_TYPES, show_label=False, height=140, elem_id="files"
            )
            files.preprocess = many_files(waiting)
            with gr.Row():
                name = gr.Textbox(
                    label="Camera name",
                    placeholder="optional, for example: front door",
                    max_length=80,
                    min_width=180,
                )
                crops = gr.Checkbox(
                    label="Each photo already shows one person, cut out", container=False, min_width=180
                )
            take = gr.Button("Add to the gallery", variant="primary", elem_id="take")
            taken = gr.HTML(elem_id="taken")
        gr.HTML(f"<p>{words.RESPONSIBLE_USE}</p>", elem_id="responsible")
        sheet = gr.Textbox(visible=False)

        shown = [view, results, more]
        asked = [view, text, camera, since, until, matches]
        opened = [current, person, panel, confirm]
        loud = {"api_visibility": "private", "show_progress": "minimal", "show_progress_on": results}

        gr.on([text.submit, since.submit, until.submit], on.search, asked, shown, **loud)
        gr.on([photo.upload, photo.clear], on.show_photo, [photo, *asked[1:]], [*shown, photo], **loud)
        gr.on([camera.input, matches.input], on.search, asked, shown, **loud)
        for chip, example in zip(chips, examples, strict=True):
            chip.click(lambda example=example: example, None, text, **quiet).then(
                on.search, asked, shown, **loud
            )
        more.click(on.show_more, view, shown, **loud)
        results.nearest(on.nearest, view, [*shown, matches], **loud)
        results.release(on.release, view, shown, **loud)
        results.sheet(on.sheet, view, sheet, **quiet).then(None, sheet, None, js=SAVE_JS, **quiet)

        for grid in (results, person):
            grid.pick(on.pick, view, opened, **quiet).then(None, js="() => textreidOpened()", **quiet)
        close.click(lambda: gr.update(visible=False), None, panel, **quiet).then(
            None, js="() => textreidClosed()", **quiet
        )
        for button, handler, changes in (
            (again, on.find_again, [*shown, text, photo]),
            (nearer, on.more_like, shown),
            (farther, on.less_like, shown),
        ):
            button.click(handler, [view, current], changes, **loud).then(
                lambda: gr.update(visible=False), None, panel, **quiet
            )

        changed = {"fn": on.gallery_changed, "inputs": camera, "outputs": [about, camera], **quiet}
        refreshed = {"fn": on.refresh, "inputs": view, "outputs": shown, **loud}
        delete.click(on.ask_delete, current, [confirm, warning, everybody], **quiet).then(
            None, js="() => document.querySelector('#confirm').scrollIntoView()", **quiet
        )
        keep.click(lambda: gr.update(visible=False), None, confirm, **quiet)
        for button, deletes in ((yes, on.delete), (everybody, on.forget)):
            button.click(deletes, current, [panel, confirm], **quiet).then(**changed).then(**refreshed)
        take.click(
            on.add, [files, name, crops], [taken, files], api_visibility="private", show_progress_on=taken,
            concurrency_id="add", concurrency_limit=1,
        ).then(**changed).then(**refreshed)  # fmt: skip

        page.load(**changed).then(**refreshed)
    return page
