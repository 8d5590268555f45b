"""What visitors do: drag in the explorer, start a training and watch it, look at pages, bring pictures.

Each checks that it got what it came for: an answer in time that is an error page counts for nothing.
"""

import asyncio
import json
from random import Random

from tests.benchmarks.awaited import VisitError
from tests.benchmarks.visitor import Visitor
from vae_core.config import TrainConfig

PAGES = {
    "": "See inside a variational autoencoder",
    "data": "Data",
    "train": "Train",
    "learn": "Learn",
    "compare": "Compare",
}
"""Path -> the heading it must have."""
EPOCHS = str(TrainConfig.model_fields["epochs"].title)
START, CANCEL = "Start training", "Cancel"
PAD = "latent_pad"
NO_RUN = "This run is not there."


class Explorer:
    """The Explore page of a model in a visitor's hands."""

    def __init__(self, visitor: Visitor, model: str, random: Random) -> None:
        self.visitor, self.model, self.random = visitor, model, random
        self.turn = 0

    async def open(self, is_first: bool = False) -> float:
        """By its link; returns the seconds until the page is ready."""
        seconds = await self.visitor.open("explore", f"model={self.model}", is_first)
        self._check()
        return seconds

    async def fetch_files(self, is_first: bool = False) -> None:
        """What the component loads once, side by side as a browser does; the libraries if no visit was before."""
        data = self.visitor.screen.component_data(PAD)
        paths = [data["decoder"]["onnx"], data["codes"]["url"]]
        paths += [data["encoder"]["onnx"]] if data["has_encoder"] else []
        paths += [data["thumbnails"]["url"]] if data["thumbnails"] else []
        if is_first:
            paths += [data["plotly"], *(data["runtime"] or {}).values()]
        for content in await asyncio.gather(*map(self.visitor.fetch, paths)):
            if not content:
                raise VisitError("an empty file")

    async def release(self) -> float:
        """Let go of the point at another place; returns the seconds until the page has taken note."""
        component, fragment = self.visitor.screen.component(PAD)
        self.turn += 1
        data = self.visitor.screen.component_data(PAD)
        z = [round(self.random.uniform(-2, 2), 4) for _ in range(data["latents"])]
        point = {"z": z, "label": 0 if data["conditions"] else None, "view": "", "turn": self.turn}
        seconds = await self.visitor.rerun(fragment, {component.id: {"json_value": json.dumps({"point": point})}})
        self._check(z)
        return seconds

    def _check(self, z: list[float] | None = None) -> None:
        data = self.visitor.screen.component_data(PAD)
        if data["model"] != self.model or data["turn"] != self.turn or z not in (None, data["z"]):
            raise VisitError(f"asked for {self.model}, turn {self.turn}, {z}; got {data['model']}, {data['turn']}")


def check_page(visitor: Visitor, page: str) -> None:
    """Whether the visitor stands on it."""
    headings = [e.heading.body for e, _ in visitor.screen.elements() if e.WhichOneof("type") == "heading"]
    if PAGES[page] not in headings:
        raise VisitError(f"/{page} has the headings {headings}")


async def look(visitor: Visitor, page: str, is_first: bool = False) -> float:
    """Open a page by its address."""
    seconds = await visitor.open(page, "", is_first)
    check_page(visitor, page)
    return seconds


async def begin_training(visitor: Visitor, epochs: int, dataset: str = "") -> str:
    """On the Train page choose how long, and start; returns what to put into the address to watch it."""
    come = visitor.go if visitor.screen.pages else visitor.open
    await come("train", f"dataset={dataset}" if dataset else "")
    field, fragment = visitor.screen.labelled("number_input", EPOCHS)
    await visitor.rerun(fragment, {field.number_input.id: {"int_value": epochs}})
    await visitor.press(START)
    if not visitor.screen.query.startswith("run="):
        raise VisitError(f"no run was started: {visitor.screen.query}")
    return visitor.screen.query


async def watch_training(visitor: Visitor, run: str, is_first: bool = False) -> float:
    """Open the Train page of a run; from then on its fragments tick by themselves."""
    seconds = await visitor.open("train", run, is_first)
    check_page(visitor, "train")
    if not is_training(visitor):
        raise VisitError("the run is not training")
    return seconds


def is_training(visitor: Visitor) -> bool:
    """Whether the page shows a run that goes on."""
    return visitor.screen.has("button", CANCEL)


async def cancel_training(visitor: Visitor, run: str) -> None:
    """If it still goes on."""
    await visitor.open("train", run)
    if is_training(visitor):
        await visitor.press(CANCEL)
