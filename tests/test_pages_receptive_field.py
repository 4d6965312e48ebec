"""What one unit sees of a real digit, and the map that it stands in."""

from dataclasses import replace

from app_pages import component_data, errors, figure, go_to, open_alone, open_app, with_draft
from claiming import claimed, say
from examples import TINY_NETWORK, tiny_run
from streamlit.testing.v1 import AppTest

from lab.evidence import opened
from lab.layer_row import Square
from lab.layers import layer_table
from lab.mnist import Mnist
from lab.network_config import NetworkConfig, conv
from lab.predict import load_predictor
from lab.probe import layer_maps, number
from lab.steps import step
from lab.store import Store, worker_name
from lab.training import train
from lab.ui.network_editor import PRESET
from lab.ui.receptive_field import CLICK, COLUMN, DIGIT, LAYER, MAP, ROW, unit_words


def test_the_single_unit_of_the_linear_layer_sees_the_whole_image() -> None:
    page = open_alone("layers")
    page.selectbox(key=PRESET).select(1).run()
    page.selectbox(key=LAYER).select(9).run()
    assert not page.exception
    words = (
        "The unit in row 0, column 0 of layer 9 sees rows 0 to 27 and columns 0 to 27 of the image. Its receptive "
        "field is 30×30 pixels, of which 28×28 lie in the image."
    )
    assert any(text.value == words for text in page.markdown)


def test_the_chosen_unit_sees_the_square_that_the_closed_form_gives() -> None:
    page = open_alone("layers")
    page.selectbox(key=LAYER).select(7).run()
    assert (page.session_state[ROW], page.session_state[COLUMN]) == (2, 2)  # the middle of a 4x4 map
    page.slider(key=ROW).set_value(0).run()
    # 5x5 with padding 2, 1x1, pool, 3x3, 1x1, pool, 3x3: unit 0 sees 20 pixels from -2, unit 2 from -2 + 2 * 4.
    words = "The unit in row 0, column 2 of layer 7 sees rows 0 to 17 and columns 6 to 25 of the image."
    assert any(text.value.startswith(words) for text in page.markdown)


def test_a_unit_in_the_padding_is_said_to_see_nothing_and_no_square_is_drawn() -> None:
    network = NetworkConfig(layers=(conv(8, 1, padding=3), conv(10, 3)))
    page = with_draft(tiny_run(network=network), "layers")
    page.selectbox(key=LAYER).select(1).run()
    page.slider(key=ROW).set_value(0).run()
    said = "column 17 of layer 1 sees nothing of the image: only the zeros of padding lie in its window."
    assert not page.exception and any(text.value.endswith(said) for text in page.markdown)
    assert "shapes" not in figure(page, "unit_picture")["layout"]


def test_a_test_image_that_there_is_not_is_refused_and_the_last_one_stays() -> None:
    page = open_alone("layers")
    page.text_input(key=DIGIT).set_value("12").run()
    assert any(caption.value.startswith("Test image 12,") for caption in page.caption)
    page.text_input(key=DIGIT).set_value("10,5").run()
    assert errors(page) == ["Test image is '10,5'; write it without a comma, in digits only: 6000."]
    assert any(caption.value.startswith("Test image 12,") for caption in page.caption)
    page.text_input(key=DIGIT).set_value("10000").run()
    assert errors(page) == ["Test image is 10000; it must be a whole number from 0 to 9,999."]


def test_a_network_that_deslants_looks_at_a_digit_that_stands_upright(mnist: Mnist) -> None:
    pictures = []
    for deslants in (False, True):
        network = replace(step(3).config.network, deslant=deslants)
        page = with_draft(replace(step(3).config, network=network), "layers")
        assert any(caption.value.endswith("deslanted.") for caption in page.caption) == deslants
        pictures.append(figure(page, "unit_picture")["data"][0]["z"])
    assert pictures[0] != pictures[1]


def whose(page: AppTest) -> str:
    """The caption that says which network made the map."""
    return next(caption.value for caption in page.caption if "Click a value" in caption.value)


def test_the_map_is_the_one_that_the_unit_stands_in_of_the_network_that_comes_with_the_lab(mnist: Mnist) -> None:
    page = with_draft(step(6).config, "layers")
    assert whose(page).startswith("This map is from the ready-trained network.")
    page.selectbox(key=LAYER).select(7).run()
    page.slider(key=MAP).set_value(3).run()
    (made,) = layer_maps(load_predictor(), mnist.test_images[0, 0].numpy() / 255)[6:7]
    given = component_data(page, CLICK)
    assert given["unit"] == [2, 2]
    assert given["tiles"][0]["words"].startswith("Map 3 of layer 7,")
    assert given["tiles"][0]["words"].endswith(f"the marked value is {number(made.maps[3, 2, 2])}")
    assert f"**{number(made.maps[3, 2, 2])}**: map 3, row 2, column 2 of layer 7, and its sum" in [
        text.value for text in page.markdown
    ]


def test_the_newest_run_with_just_these_layers_makes_the_map_and_without_one_an_untrained_network(
    store: Store, few: Mnist
) -> None:
    assert whose(with_draft(tiny_run(), "layers")).startswith("This map is from an untrained network")
    for _ in range(2):
        run_id = store.submit(tiny_run())
        claimed(store, run_id, f"{worker_name()}:test")
        say(store, run_id, *train(tiny_run(), few))
    store.submit(tiny_run(seed=2))  # has not begun
    alike = replace(TINY_NETWORK, dropout=0.5)
    assert whose(with_draft(tiny_run(network=alike), "layers")).startswith(f"This map is from run {run_id}.")
    other = replace(TINY_NETWORK, batch_norm=False)
    assert whose(with_draft(tiny_run(network=other), "layers")).startswith("This map is from an untrained network")


def test_where_nobody_has_trained_these_layers_here_the_runs_that_come_with_the_lab_make_the_map(mnist: Mnist) -> None:
    page = open_alone("layers")  # step 3
    assert whose(page).startswith(
        "This map is from a run that comes with the lab (Step 3, batch norm and dropout, seed 1)."
    )
    page.selectbox(key=LAYER).select(8).run()
    shown = component_data(page, CLICK)["tiles"][0]["words"]
    with opened() as reference:
        first = next(run.id for run in reference.runs() if (run.step, run.config.seed) == (3, 1))
        (made,) = layer_maps(load_predictor(first, None, reference), mnist.test_images[0, 0].numpy() / 255)[7:8]
    row, column = component_data(page, CLICK)["unit"]
    assert shown.endswith(f"the marked value is {number(made.maps[0, row, column])}")


def test_a_network_too_large_to_compute_at_once_is_said_to_be_so() -> None:
    layers = (conv(256, 3, padding=1), conv(256, 3, padding=1), conv(10, 3))  # 28 * 28 * 9 * 256 * 256 = 462 million
    page = with_draft(tiny_run(network=NetworkConfig(layers=layers)), "layers")
    assert not page.exception and any("too large to show its maps" in caption.value for caption in page.caption)


def test_a_field_larger_than_the_image_is_said_to_be_clipped() -> None:
    last = layer_table(step(3).config.network)[-1]
    assert "receptive field is 32×32 pixels, of which 28×28" in unit_words(last, 0, 0, Square(0, 0, 28, 28))


def test_a_chosen_unit_is_still_chosen_when_one_comes_back_from_another_page() -> None:
    page = open_app("layers")
    for key, place in {MAP: 2, ROW: 1, COLUMN: 3}.items():
        page.slider(key=key).set_value(place).run()
    go_to(go_to(page, "runs"), "layers")
    assert [page.slider(key=key).value for key in (MAP, ROW, COLUMN)] == [2, 1, 3]
