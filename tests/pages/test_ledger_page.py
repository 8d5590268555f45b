"""The ledger's page, as a visitor without JavaScript would see it."""

import pytest

from tests.pages.test_pages import fresh_caches, open_page
from vae_core import stored_datasets
from vae_core.datasets import Dataset

__all__ = ["fresh_caches"]


def test_ledger_opens_the_model_of_the_address(stored_model: str) -> None:
    app = open_page("ledger", model=stored_model, example="39", seed="4")
    assert app.title[0].value == "Ledger"
    assert app.selectbox[1].value == stored_model
    assert not app.error


@pytest.mark.parametrize("example", ["40", "-1", "x", "²", "9" * 5000])
def test_example_that_is_none_is_one_sentence(stored_model: str, example: str) -> None:
    [error] = open_page("ledger", model=stored_model, example=example).error
    assert error.value == "There is no such example: the dataset has 40. The first one is shown."


@pytest.mark.parametrize("model", ["b" * 26, "../../etc", "<script>"])
def test_model_that_is_none_is_one_sentence(stored_model: str, model: str) -> None:
    [error] = open_page("ledger", model=model).error
    assert error.value.startswith("This model is not here")


def test_ledger_without_the_dataset_leads_to_data(stored_model: str, tiny_images: Dataset) -> None:
    stored_datasets.delete(tiny_images.id)
    app = open_page("ledger", model=stored_model)
    assert "not in the workspace" in app.info[0].value
    assert not app.error
