"""Comparing structures on Train: what is asked for is checked at once, what is found is shown."""

import json

import pytest

from tests.conftest import SMALL, stroke_dataset
from tests.pages.test_pages import open_page
from vae_core import runs, stored_datasets, workspace
from vae_core.config import TrainConfig
from vae_core.records import Terms
from vae_core.run_config import RunConfig
from vae_core.runs.directory import RunDirectory, RunFile, Status
from vae_core.trials import Study, Trial


@pytest.fixture
def finished_study() -> str:
    dataset = stored_datasets.save(stroke_dataset())
    config = RunConfig(dataset_id=dataset, model=SMALL, train=TrainConfig(epochs=3))
    id = workspace.new_id()
    directory = RunDirectory(workspace.place("runs", id))
    study = Study(grid={"latents": (1, 2)}, folds=2)
    directory.create(RunFile(name="strokes, compared", config=config, created=1.0, study=study))
    for latents in (1, 2):
        for fold in range(2):
            terms = Terms(reconstruction_loss=30.0 - latents + fold, kl=1.0, kl_per_dimension=(1.0,))
            directory.append_trial(Trial(settings={"latents": latents}, fold=fold, validation=terms, seconds=1.0))
    directory.write_status(Status(state="done", done=1.0))
    return id


def test_results_are_a_table_with_the_best_first_and_a_way_to_train_it(finished_study: str) -> None:
    app = open_page("train", run=finished_study)
    table = app.dataframe[0].value
    assert table["latents"].tolist() == ["2", "1"]
    assert table["−ELBO"].tolist() == [29.5, 30.5]
    assert table["± over parts"].tolist() == pytest.approx([0.71, 0.71])
    assert any(button.label == "Train the best on all data: latents 2" for button in app.button)
    assert not app.exception


def test_failed_training_stands_in_the_table_with_its_sentence(finished_study: str) -> None:
    settings = {"latents": 8}
    directory = runs.get(finished_study).directory
    for fold in range(2):
        directory.append_trial(Trial(settings=settings, fold=fold, problem="The loss is *no* number.", seconds=0.1))
    app = open_page("train", run=finished_study)
    table = app.dataframe[0].value
    assert table["latents"].tolist() == ["2", "1", "8"]
    assert table["failed"].tolist() == [0, 0, 2]
    assert table["problem"].tolist() == ["", "", "The loss is *no* number."]
    assert table["−ELBO"].isna().tolist() == [False, False, True]
    assert len(app.get("plotly_chart")) == 1
    assert any(button.label == "Train the best on all data: latents 2" for button in app.button)


def test_where_everything_failed_nothing_is_best(finished_study: str) -> None:
    directory = runs.get(finished_study).directory
    failed = Trial(settings={"latents": 1}, fold=0, problem="The loss is no number.", seconds=0.1)
    (directory.path / "trials.jsonl").write_text(failed.model_dump_json() + "\n")
    app = open_page("train", run=finished_study)
    assert not any(button.label.startswith("Train the best") for button in app.button)
    assert any("None of the combinations" in warning.value for warning in app.warning)


def test_results_of_the_former_version_are_shown(finished_study: str) -> None:
    directory = runs.get(finished_study).directory
    line = (
        '{"settings":{"latents":2},"fold":%d,"validation":{"reconstruction_loss":30.0,"kl":1.0,'
        '"kl_per_dimension":[1.0],"code_variance":[]},"seconds":1.0}'
    )
    (directory.path / "trials.jsonl").write_text(f"{line % 0}\n{line % 1}\n")
    assert open_page("train", run=finished_study).dataframe[0].value["−ELBO"].tolist() == [31.0]


@pytest.mark.parametrize(
    ("latents", "said"),
    [
        ("2, x", "no list of numbers"),
        ("", "Nothing is varied"),
        ("2.5", "no whole"),
        ("0", "latents"),
        (",", "no list of numbers"),
        ("inf", "no list of numbers"),
        ("2, nan", "no list of numbers"),
        ("1e400", "no list of numbers"),
    ],
)
def test_what_cannot_be_compared_is_said_at_once(latents: str, said: str) -> None:
    refused("Latent dimensions to try", latents, said)


@pytest.mark.parametrize("beta", ["inf", "nan", "-1e400"])
def test_beta_that_is_no_number_is_said_at_once(beta: str) -> None:
    refused("β to try", beta, "no list of numbers")


def refused(label: str, typed: str, said: str) -> None:
    stored_datasets.save(stroke_dataset())
    app = open_page("train")
    next(field for field in app.text_input if field.label == label).set_value(typed).run()
    assert not app.exception
    assert any(said in warning.value.replace("\\", "") for warning in app.warning)
    assert not any(button.label.startswith("Compare in") for button in app.button)


def train_the_best(study: str) -> RunConfig:
    app = open_page("train", run=study)
    next(button for button in app.button if button.label.startswith("Train the best")).click().run()
    assert not app.exception
    assert not app.error
    [run] = [run for run in runs.list_runs() if run.id != study]
    return run.config


def rewrite(study: str, **changes: object) -> None:
    path = runs.get(study).directory.path / "run.json"
    content = json.loads(path.read_text())
    content["study"] |= changes
    path.write_text(json.dumps(content))


@pytest.mark.slow
def test_best_is_trained_for_the_epochs_that_were_composed(finished_study: str, end_runs: None) -> None:
    rewrite(finished_study, final_epochs=9_000)
    config = train_the_best(finished_study)
    assert (config.train.epochs, config.model.latents) == (9_000, 2)


@pytest.mark.slow
@pytest.mark.parametrize(("epochs", "expected"), [(3, 12), (2_600, 10_000)])
def test_study_of_the_former_version_still_leads_to_a_run(
    finished_study: str, end_runs: None, epochs: int, expected: int
) -> None:
    path = runs.get(finished_study).directory.path / "run.json"
    content = json.loads(path.read_text())
    content["study"].pop("final_epochs", None)
    content["config"]["train"]["epochs"] = epochs
    path.write_text(json.dumps(content))
    assert train_the_best(finished_study).train.epochs == expected


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (Status(state="cancelled", message="Cancelled. The last finished epoch is kept."), "Cancelled. 4 of 6"),
        (Status(state="interrupted", message="It can go on from its last epoch.", attempts=2), "was stopped. 4 of 6"),
    ],
)
def test_study_that_ended_early_says_what_is_kept(finished_study: str, status: Status, said: str) -> None:
    rewrite(finished_study, folds=3)
    runs.get(finished_study).directory.write_status(status)
    app = open_page("train", run=finished_study)
    captions = [caption.value for caption in app.caption]
    assert any(said in text and "trainings are finished, and their results are kept" in text for text in captions)
    assert not any("epoch is kept" in text or "last epoch" in text for text in captions)
    [go_on] = [button for button in app.button if button.label == "Go on"]
    assert go_on.help == "With the trainings that are left."


def test_running_study_counts_trainings_and_not_epochs(finished_study: str) -> None:
    rewrite(finished_study, folds=3)
    directory = runs.get(finished_study).directory
    with directory.lock():
        directory.write_status(Status(state="running", pid=1, device="cpu", done=0.7, seconds_left=40))
        app = open_page("train", run=finished_study)
    assert app.get("progress")[0].proto.text == "Training 5 of 6 · about 40 s left · on cpu"


@pytest.mark.slow
def test_comparison_starts_once_with_the_settings_above() -> None:
    stored_datasets.save(stroke_dataset())
    app = open_page("train")
    button = next(button for button in app.button if button.label.startswith("Compare in"))
    assert button.label == "Compare in 6 trainings"
    button.click().run()
    [run] = runs.list_runs()
    composed = next(field for field in app.number_input if field.label == "Epochs").value
    assert run.study == Study(grid={"latents": (2, 8)}, folds=3, final_epochs=composed)
    assert run.config.train.epochs < composed
    runs.delete(run.id)
