"""The lessons of the page Learn, in the order in which they build on each other: one file a lesson."""

from pages.ui.lessons import anomalies, collapse, disentangling, epsilon, holes, interpolation, keeps, tug
from pages.ui.lessons.lesson import Choice, Exercise, InScene, Lesson, Paper, Prediction

__all__ = ["LESSONS", "Choice", "Exercise", "InScene", "Lesson", "Paper", "Prediction"]

LESSONS: tuple[Lesson, ...] = (
    keeps.LESSON,
    holes.LESSON,
    epsilon.LESSON,
    tug.LESSON,
    collapse.LESSON,
    interpolation.LESSON,
    disentangling.LESSON,
    anomalies.LESSON,
)
"""To add one: a file here, its scene in `components/lesson/scenes`, a line here and one in `lesson.js` there."""
