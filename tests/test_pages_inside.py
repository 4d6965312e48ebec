"""The Inside page: every layer's maps of a digit, whichever it is, and the sum behind the value that is chosen."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from app_pages import ROOT, component_data, errors, go_to, html, labelled, open_alone, open_app, words
from claiming import claimed, say
from examples import tiny_run
from stories import finished
from streamlit.testing.v1 import AppTest

from lab.deslant import deslanted
from lab.layers import layer_table
from lab.mnist import BLACK, DataError, Mnist
from lab.network_config import NetworkConfig, conv
from lab.predict import load_predictor
from lab.probe import LayerMaps, layer_maps, number
from lab.store import Store, worker_name
from lab.training import train
from lab.ui import inside
from lab.ui.followed_digit import DRAWING, DRAWN, NUMBER, SOURCE
from lab.ui.inside import COLUMN, KERNELS, LAYER, MAP, MAPS, ROW, STRIP, VALUES
from lab.ui.state import RUN
from lab.ui.sum_words import STRONGEST


def opened(**state: Any) -> AppTest:
    """The page in a session that holds this already."""
    app = AppTest.from_file(ROOT / "pages" / "inside.py", default_timeout=60)
    for key, value in state.items():
        app.session_state[key] = value
    app.run()
    assert not app.exception
    return app


def tiles(app: AppTest, key: str) -> list[str]:
    """What is said of each picture."""
    return [tile["words"] for tile in component_data(app, key)["tiles"]]


def layers(mnist: Mnist, number: int = 0) -> list[LayerMaps]:
    return layer_maps(load_predictor(), mnist.test_images[number, 0].numpy() / 255)


def choose(app: AppTest, layer: int, place: tuple[int, int, int]) -> AppTest:
    app.selectbox(key=LAYER).set_value(layer).run()
    for label, where in zip(("Map", "Row", "Column"), place, strict=True):
        box = labelled(app.number_input, label)
        if not box.disabled:
            box.set_value(where)
    return app.run()


def shown_value(app: AppTest) -> str:
    """The value whose sum is shown."""
    (told,) = [text.value for text in app.markdown if text.value.endswith(", and its sum")]
    return told.split("**")[1]


def ledger(app: AppTest) -> list[tuple[str, float]]:
    """The lines of the sum: what, and how much."""
    table = html(app).split("class='ledger'")[1]
    lines = re.findall("<td>(.*?)</td><td class='number'>(.*?)</td>", table)
    return [(words, float(value.replace("−", "-"))) for words, value in lines]


def test_every_layer_of_the_network_has_a_picture_and_all_its_maps(mnist: Mnist) -> None:
    app = open_alone("inside")
    rows = layer_table(load_predictor().config)
    assert len(tiles(app, STRIP)) == len(rows)
    for row in rows:
        app.selectbox(key=LAYER).set_value(row.index).run()
        assert len(tiles(app, MAPS)) == row.output_shape[0]
        assert component_data(app, STRIP)["chosen"] == row.index - 1
        given = component_data(app, VALUES)
        assert (given["height"], given["width"]) == row.output_shape[1:]


def test_a_layer_is_opened_at_its_strongest_value(mnist: Mnist) -> None:
    app = open_alone("inside")
    for layer in layers(mnist)[:3]:
        app.selectbox(key=LAYER).set_value(layer.row.index).run()
        place = layer.strongest()
        assert component_data(app, MAPS)["chosen"] == place[0]
        assert tuple(component_data(app, VALUES)["unit"]) == place[1:]


def test_a_value_is_still_chosen_when_one_comes_back_from_another_page() -> None:
    app = open_app("inside")
    for key, place in {MAP: 2, ROW: 1, COLUMN: 3}.items():
        app.number_input(key=key).set_value(place).run()
    app.query_params.clear()  # as the menu does
    go_to(app, "runs")
    app.query_params.clear()
    go_to(app, "inside")
    assert [app.number_input(key=key).value for key in (MAP, ROW, COLUMN)] == [2, 1, 3]


def test_the_sum_of_any_value_is_that_value_and_its_lines_add_up_as_they_are_shown(mnist: Mnist) -> None:
    app = open_alone("inside")
    found = layers(mnist)
    for layer, place in (
        (1, (5, 14, 14)),
        (2, (3, 10, 9)),
        (3, (2, 4, 5)),
        (7, (0, 1, 1)),
        (8, (7, 0, 1)),
        (9, (7, 0, 0)),
    ):
        choose(app, layer, place)
        value = found[layer - 1].maps[place]
        assert shown_value(app).replace("−", "-") == f"{value:.3f}".replace("-0.000", "0.000")
        lines = ledger(app)
        assert lines[-1][1] == pytest.approx(value, abs=0.0005 + 1e-9)
        together = [number for words, number in lines if words == "together"]
        if together:
            parts = lines[: [words for words, _ in lines].index("together")]
            assert sum(round(1000 * number) for _, number in parts) == round(1000 * together[0])


def test_the_products_of_window_and_kernel_add_up_to_what_is_said_of_them(mnist: Mnist) -> None:
    app = choose(open_alone("inside"), 1, (5, 14, 14))
    caption, products = re.findall("<figcaption>([^<]*)</figcaption><table>(.*?)</table>", html(app))[-1]
    numbers = [float(cell.replace("−", "-")) for cell in re.findall("<td[^>]*>([^<]*)</td>", products)]
    assert len(numbers) == 3 * 3
    total = float(caption.removeprefix("Products, sum ").replace("−", "-"))
    assert sum(round(1000 * number) for number in numbers) == round(1000 * total)


def test_the_first_layers_sum_says_what_normalising_makes_of_black_and_no_other_does() -> None:
    app = choose(open_alone("inside"), 1, (5, 14, 14))
    assert f"Black becomes {number(BLACK)}." in words(app)
    choose(app, 2, (0, 4, 4))
    assert "Black becomes" not in words(app)


def test_the_numbers_of_a_wide_kernel_can_be_opened_and_add_up(store: Store, few: Mnist) -> None:
    run_id = store.submit(tiny_run(epochs=1, network=NetworkConfig(layers=(conv(10, 28),))))
    claimed(store, run_id, f"{worker_name()}:test")
    say(store, run_id, *train(store.run(run_id).config, few))
    told = html(opened(**{RUN: run_id}))
    caption, products = re.findall("<figcaption>(Products[^<]*)</figcaption><table>(.*?)</table>", told)[-1]
    numbers = [float(cell.replace("−", "-")) for cell in re.findall("<td[^>]*>([^<]*)</td>", products)]
    assert len(numbers) == 28 * 28
    total = float(caption.removeprefix("Products, sum ").replace("−", "-"))
    assert sum(round(1000 * number) for number in numbers) == round(1000 * total)


def test_the_window_of_any_input_map_can_be_looked_at(mnist: Mnist) -> None:
    app = choose(open_alone("inside"), 5, (3, 4, 4))
    window = labelled(app.selectbox, "Window and kernel")
    assert window.value == STRONGEST and len(window.options) == 1 + layers(mnist)[4].inputs.shape[0]
    window.set_value(2).run()
    assert not app.exception and "Window of map 2 of layer 4" in html(app)


def test_the_kernels_of_the_first_layer_are_shown_and_lead_to_their_maps() -> None:
    app = open_alone("inside")
    rows = layer_table(load_predictor().config)
    given = component_data(app, KERNELS)
    assert len(given["tiles"]) == rows[0].output_shape[0]
    assert (given["height"], given["width"]) == (rows[0].kernel, rows[0].kernel)
    assert given["chosen"] == component_data(app, MAPS)["chosen"]
    app.selectbox(key=LAYER).set_value(2).run()
    assert component_data(app, KERNELS)["chosen"] is None


def test_one_map_and_one_kernel_are_not_spoken_of_as_several(store: Store, few: Mnist) -> None:
    layers = (conv(1, 3), conv(7, 3), conv(10, 3))
    run_id = store.submit(tiny_run(epochs=1, network=NetworkConfig(layers=layers)))
    claimed(store, run_id, f"{worker_name()}:test")
    say(store, run_id, *train(store.run(run_id).config, few))
    app = opened(**{RUN: run_id})
    assert "The only map of layer 1" in words(app) and "The only kernel of the first layer" in words(app)
    app.selectbox(key=LAYER).set_value(2).run()
    assert "The 7 maps of layer 2" in words(app)
    app.selectbox(key=LAYER).set_value(3).run()
    assert "the other map × its kernel" in [told for told, _ in ledger(app)]  # of 7, six have a line of their own


def test_what_is_clicked_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    """AppTest cannot click on a component; the browser tests do."""
    drawn = dict.fromkeys([inside.MAP, inside.ROW, inside.COLUMN], 0)
    state: dict[str, Any] = {LAYER: 4, inside.OF_LAYER: (4, ()), **drawn}
    monkeypatch.setattr("streamlit.session_state", state)
    for take, found in ((inside._take_layer, (2,)), (inside._take_map, (5,)), (inside._take_value, (0, 3, 4))):
        monkeypatch.setattr(inside, "picked", lambda _, found=found: found)
        take()
    assert [state[key] for key in (LAYER, inside.MAP, inside.ROW, inside.COLUMN)] == [3, 5, 3, 4]
    monkeypatch.setattr(inside, "picked", lambda _: (9,))
    inside._take_kernel()
    assert (state[LAYER], state[inside.MAP]) == (1, 9)


def test_a_kernel_leads_from_any_layer_to_its_own_map_at_its_strongest_value(
    mnist: Mnist, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = layers(mnist)[0]
    other = next(channel for channel in range(len(found.maps)) if channel != found.strongest()[0])
    monkeypatch.setattr(inside, "picked", lambda _: (other,))

    def clicked_on() -> None:
        import runpy

        import streamlit as st
        from app_pages import ROOT

        from lab.ui import inside

        if st.session_state.pop("clicked", False):
            inside._take_kernel()  # as the component calls it, before the page is drawn
        runpy.run_path(str(ROOT / "pages" / "inside.py"))

    app = AppTest.from_function(clicked_on, default_timeout=60).run()
    app.selectbox(key=LAYER).set_value(3).run()
    app.session_state["clicked"] = True
    app.run()
    assert not app.exception and app.selectbox(key=LAYER).value == 1
    assert component_data(app, MAPS)["chosen"] == component_data(app, KERNELS)["chosen"] == other
    row, column = component_data(app, VALUES)["unit"]
    assert abs(found.maps[other, row, column]) == np.abs(found.maps[other]).max()


def test_any_test_image_can_be_followed_and_is_told_with_its_label_and_the_answer(mnist: Mnist) -> None:
    app = open_alone("inside")
    app.text_input(key=NUMBER).set_value("17").run()
    assert f"Test image 17, a {int(mnist.test_labels[17])}, read as" in html(app)
    app.text_input(key=NUMBER).set_value("10000").run()
    assert errors(app) == ["Test image is 10000; it must be a whole number from 0 to 9,999."]


def test_of_a_network_that_reads_twice_the_page_says_what_its_maps_are_of(store: Store, few: Mnist) -> None:
    for twice in (True, False):
        config = tiny_run(epochs=1, network=replace(tiny_run().network, second_reading=twice))
        run_id = store.submit(config, "mine")
        claimed(store, run_id, f"{worker_name()}:test")
        say(store, run_id, *train(config, few))
    said = [[caption.value for caption in opened(**{RUN: number}).caption] for number in (1, 2)]
    assert [any("the mean of two readings" in words for words in captions) for captions in said] == [True, False]


def test_of_a_network_that_deslants_the_digit_is_shown_as_it_is_given(
    store: Store, few: Mnist, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tiny_run(epochs=1, network=replace(tiny_run().network, deslant=True))
    run_id = store.submit(config, "mine")
    claimed(store, run_id, f"{worker_name()}:test")
    say(store, run_id, *train(config, few))
    shown: list[np.ndarray] = []
    monkeypatch.setattr("lab.ui.followed_digit.show_tiles", lambda pictures, *_, **__: shown.append(pictures))
    app = opened(**{RUN: run_id})
    assert any("deslanted, as this network sees it" in caption.value for caption in app.caption)
    assert np.array_equal(shown[0][0], deslanted(few.test_images[:1])[0, 0].numpy())


def test_a_drawing_can_be_followed_instead() -> None:
    image = np.zeros((28, 28), np.float32)
    image[4:24, 13:15] = 1
    app = opened(**{DRAWN: image, SOURCE: DRAWING})
    assert "Your drawing, read as <b" in html(app) and ">1</b>" in html(app)
    assert not app.text_input


def test_any_run_can_be_asked_at_any_epoch(store: Store, few: Mnist) -> None:
    run_id = store.submit(tiny_run(), "mine")
    claimed(store, run_id, f"{worker_name()}:test")
    say(store, run_id, *train(tiny_run(), few))
    app = opened(**{RUN: run_id})
    given = []
    for epoch in (1, 3):
        labelled(app.select_slider, "Epoch").set_value(epoch).run()
        assert not app.exception and len(tiles(app, MAPS)) == 6
        given.append(component_data(app, KERNELS)["sprite"])
    assert given[0] != given[1]


def test_held_out_images_are_offered_where_a_run_was_evaluated_on_them(store: Store, few: Mnist) -> None:
    config = tiny_run(evaluate_on="validation", training_images=16)
    run_id = store.submit(config, "mine")
    claimed(store, run_id, f"{worker_name()}:test")
    say(store, run_id, *train(tiny_run(training_images=16), few))
    app = opened(**{RUN: run_id})
    labelled(app.selectbox, "Digit").set_value("Validation image").run()
    assert not app.exception and "Validation image 0, a " in html(app)


def test_without_the_images_the_page_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise DataError("The data file is missing: restore it.")

    monkeypatch.setattr("lab.mnist.load_mnist", missing)
    assert errors(open_alone("inside")) == ["The data file is missing: restore it."]


@pytest.mark.parametrize("page", ["inside", "mistakes", "draw"])
def test_however_many_runs_there_are_to_choose_from_the_store_is_asked_once(
    page: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(4):
        finished(store)
    asked: list[int] = []
    monkeypatch.setattr(Store, "checkpoint_epochs", lambda _, run: asked.append(run))
    app = open_alone(page)
    assert len(labelled(app.selectbox, "Network").options) == 1 + 4
    assert asked == []
