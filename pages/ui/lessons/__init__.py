"""The lessons of the page Learn, in the order in which they build on each other: one file a lesson."""

from pages.ui.lessons import epsilon, holes, interpolation, keeps
from pages.ui.lessons.lesson import Exercise, Lesson, Paper, Prediction

__all__ = ["LESSONS", "Exercise", "Lesson", "Paper", "Prediction"]

LESSONS: tuple[Lesson, ...] = (keeps.LESSON, holes.LESSON, epsilon.LESSON, interpolation.LESSON)
"""To add one: a file here, its scene in `components/lesson/scenes`, a line here and one in `lesson.js` there."""
