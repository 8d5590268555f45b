"""What a lesson is: something live to look at, a prediction before it, formula, sources and an exercise beside it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Scene = Callable[[str], dict[str, Any]]
"""From the base of our routes to what the scene in the browser is told."""
Told = Mapping[str, Any]
"""What the scene told last; empty when it has told nothing."""


@dataclass(frozen=True)
class Prediction:
    """Asked before anything is shown.

    Attributes:
        question: What will happen.
        answers: To choose from.
        right: Number of the answer that is.
        because: Told afterwards, whatever was chosen.
    """

    question: str
    answers: tuple[str, ...]
    right: int
    because: str


@dataclass(frozen=True)
class Exercise:
    """Answered by typing a number that can be read or reckoned from the scene.

    Attributes:
        task: What to do.
        is_right: Whether the answer is.
        solved: Told then.
        hint: Told when it is not.
    """

    task: str
    is_right: Callable[[Any], bool]
    solved: str
    hint: str


@dataclass(frozen=True)
class Choice(Exercise):
    """Answered by choosing one of several; its number is judged."""

    answers: tuple[str, ...]


@dataclass(frozen=True)
class InScene(Exercise):
    """Answered by doing something in the scene; what that told last is judged."""


@dataclass(frozen=True)
class Paper:
    """Where it is written."""

    cited: str
    link: str


@dataclass(frozen=True)
class Lesson:
    """One lesson; everything that is read is marked by `later`.

    Attributes:
        name: In the address, and of the scene's module, `components/lesson/scenes/<name>.js`.
        title: A few words.
        summary: What one learns, in a sentence.
        opening: What it is about, before anything is shown; Markdown.
        prediction: Asked then.
        scene: What the scene is told.
        to_do: What to do with it; Markdown.
        formula: In LaTeX, a line each. The scene shows it with the numbers of what is on the screen.
        about: What the formula says.
        code: The functions that compute it.
        papers: Where it is written.
        exercise: At the end.
    """

    name: str
    title: str
    summary: str
    opening: str
    prediction: Prediction
    scene: Scene
    to_do: str
    formula: tuple[str, ...]
    about: str
    code: tuple[Callable[..., Any], ...]
    papers: tuple[Paper, ...]
    exercise: Exercise
