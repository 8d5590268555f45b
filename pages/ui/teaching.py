"""Draws a lesson: prediction, scene, formula, sources, exercise."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from pages.ui import explorer, state
from pages.ui.components.lesson import lesson as live
from pages.ui.language import current, tr
from pages.ui.lessons import LESSONS, Choice, Exercise, InScene, Lesson, Prediction
from pages.ui.sentences import sentences_for_errors

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = 2


def overview() -> None:
    """All lessons, a card each."""
    for start in range(0, len(LESSONS), COLUMNS):
        for column, lesson in zip(st.columns(COLUMNS), LESSONS[start : start + COLUMNS], strict=False):
            with column, st.container(border=True, height="stretch"):
                done = " :green[:material/check_circle:]" if state.is_solved(lesson.name) else ""
                st.markdown(f"**{LESSONS.index(lesson) + 1}. {tr(lesson.title)}**{done}")
                st.caption(tr(lesson.summary))
                st.button(
                    tr("Open the lesson"),
                    key=f"open-{lesson.name}",
                    icon=":material/school:",
                    on_click=state.open_lesson,
                    args=(lesson.name,),
                )


@st.fragment
@sentences_for_errors
def teach(lesson: Lesson, base: str) -> None:
    """One lesson; everything in it reruns by itself."""
    st.markdown(tr(lesson.opening))
    is_revealed = _predict(lesson.name, lesson.prediction)
    key = f"lesson-{lesson.name}-{current()}"  # another language opens the scene anew: what it told before is gone
    if is_revealed:
        st.markdown(tr(lesson.to_do))
    told = lesson.scene(base) | explorer.component("lesson", base)
    live(told | {"scene": lesson.name, "is_revealed": is_revealed}, key, lambda: None)
    for line in lesson.formula:
        st.latex(tr(line))
    st.caption(tr(lesson.about))
    _sources(lesson)
    _exercise(lesson.name, lesson.exercise, state.told_by(key))


def _predict(name: str, prediction: Prediction) -> bool:
    """Ask, or say what became of the answer; whether there is one."""
    chosen = state.answer(name)
    with st.container(border=True):
        question = tr("**Predict first:** {question}", question=tr(prediction.question))
        if chosen is None:
            wanted = st.radio(
                question,
                range(len(prediction.answers)),
                format_func=lambda k: tr(prediction.answers[k]),
                index=None,
                key=f"predict-{name}",
            )
            st.button(
                tr("That is my prediction"),
                key=f"predicted-{name}",
                type="primary",
                disabled=wanted is None,
                on_click=state.keep_answer(name, f"predict-{name}"),
            )
            return False
        st.markdown(question)
        for k, answer in enumerate(prediction.answers):
            st.markdown(_judged(tr(answer), k == chosen, k == prediction.right))
        is_right = chosen == prediction.right
        told = tr("As you predicted.") if is_right else tr("It is otherwise.")
        (st.success if is_right else st.warning)(
            f"{told} {tr(prediction.because)}", icon=":material/check_circle:" if is_right else ":material/lightbulb:"
        )
        st.button(tr("Predict again"), key=f"again-{name}", type="tertiary", on_click=state.forget_answer(name))
    return True


def _judged(answer: str, is_chosen: bool, is_right: bool) -> str:
    """An answer with what is to be said of it."""
    icon = ":green[:material/check:]" if is_right else ":material/close:" if is_chosen else ":material/remove:"
    told = f"**{answer}**" if is_right else answer
    told = tr("{answer} · *your prediction*", answer=told) if is_chosen else told
    return f"{icon} {told}"


def _sources(lesson: Lesson) -> None:
    """The code that computes it, and the papers."""
    with st.container(horizontal=True):
        for function in lesson.code:
            place = f"{_file(function)} · {function.__qualname__}"
            with st.popover(f"`{place}`", icon=":material/code:"):
                st.code(inspect.cleandoc(inspect.getsource(function)), language="python")
    st.markdown(tr("To read: {papers}", papers=" · ".join(f"[{paper.cited}]({paper.link})" for paper in lesson.papers)))


def _file(function: Callable[..., Any]) -> str:
    return Path(inspect.getfile(inspect.unwrap(function))).resolve().relative_to(ROOT).as_posix()


def _exercise(name: str, exercise: Exercise, told: dict[str, Any]) -> None:
    """The task, a place for the answer, and what is said of it."""
    with st.container(border=True):
        st.markdown(tr("**Exercise** · {task}", task=tr(exercise.task)))
        given = _given(name, exercise, told)
        if not st.button(tr("Check"), key=f"check-{name}", icon=":material/rule:", type="primary"):
            return
        if given is None:
            missing = tr(exercise.hint) if isinstance(exercise, InScene) else tr("Give an answer first.")
            st.info(missing, icon=":material/edit:")
        elif exercise.is_right(given):
            state.keep_solved(name)
            st.success(tr(exercise.solved), icon=":material/check_circle:")
        else:
            st.error(tr(exercise.hint), icon=":material/refresh:")


def _given(name: str, exercise: Exercise, told: dict[str, Any]) -> Any:
    """The answer as it stands; None where there is none yet."""
    key = f"exercise-{name}"
    if isinstance(exercise, InScene):
        return told or None
    if isinstance(exercise, Choice):
        return st.radio(
            tr("Your answer"),
            range(len(exercise.answers)),
            format_func=lambda k: tr(exercise.answers[k]),
            index=None,
            key=key,
            label_visibility="collapsed",
        )
    return st.number_input(tr("Your answer"), value=None, step=0.01, key=key, width=220, placeholder=tr("A number"))
