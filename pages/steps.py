"""Steps: the story of the five published steps and Beyond, published beside yours."""

import streamlit as st

from lab.config import TRAINING_IMAGES, RunConfig
from lab.describe import describe_augmentation, describe_optimizer, describe_schedule, differences
from lab.events import Epoch
from lab.figures import steps_figure
from lab.layers import total_parameters
from lab.steps import STEPS, Step, published_epochs, step
from lab.ui.chart import show_figure
from lab.ui.layout import page_head, show_table, two_sides
from lab.ui.navigation import page
from lab.ui.state import choose_run, set_draft, the_store

store = the_store()


def own_runs() -> dict[int, list[tuple[int, list[Epoch]]]]:
    """For each step the user's runs with a finished epoch, newest first: (run, epochs)."""
    mine = [run for run in store.runs() if run.step is not None and is_comparable(run.config)]
    epochs = store.epochs([run.id for run in mine])
    found: dict[int, list[tuple[int, list[Epoch]]]] = {preset.number: [] for preset in STEPS}
    for run in mine:
        if run.step is not None and epochs.get(run.id):
            found[run.step].append((run.id, epochs[run.id]))
    return found


def is_comparable(config: RunConfig) -> bool:
    """Whether a run's accuracies may stand beside published ones: all training images, the test set."""
    return config.evaluate_on == "test" and config.training_images == TRAINING_IMAGES


def overview() -> None:
    """All steps in one table."""
    rows = []
    for preset in STEPS:
        config, published = preset.config, published_epochs(preset.number)
        mine = own[preset.number]
        rows.append(
            {
                "Step": f"{preset.number}. {preset.name}",
                "Parameters": f"{total_parameters(config.network):,}",
                "Batch norm": "yes" if config.network.batch_norm else "–",
                "Dropout": preset.mark("dropout", f"{config.network.dropout:g}" if config.network.dropout else "–"),
                "Augmentation": preset.mark(
                    "augmentation", describe_augmentation(config.augmentation).replace("none", "–")
                ),
                "Scheduler": preset.mark("scheduler", describe_schedule(config.schedule).replace("none", "–")),
                "Published, last epoch": f"{published[-1].test_accuracy:.2f} %" if published else "–",
                "Yours, last epoch": f"{mine[0][1][-1].test_accuracy:.2f} %" if mine else "–",
            }
        )
    show_table(rows, numbers=("Parameters", "Published, last epoch", "Yours, last epoch"))
    st.caption(
        "Dropout, augmentation and scheduler of the published steps are inferred from their training curves; the "
        "layout of step 1 is reconstructed. A published figure is one run with one seed."
    )


def story(preset: Step) -> None:
    """What the step changes and why."""
    st.subheader(f"{preset.number}. {preset.name}", anchor=False)
    st.markdown(preset.idea)
    if preset.number > 1:
        changed = differences(step(preset.number - 1).config, preset.config)
        show_table(
            [
                {"Changed": name.replace("_", " ").replace(".", ": "), "Before": old, "Now": new}
                for name, old, new in changed
            ]
        )
    st.caption(f"{describe_optimizer(preset.config.optimizer)}; batch size {preset.config.batch_size}; 15 epochs.")
    for sentence in preset.provenance():
        st.caption(f":material/info: {sentence}")


def train_it() -> None:
    """Start a run of the chosen step and go to watch it."""
    config = step(st.session_state["chosen-step"]).config
    set_draft(config)
    choose_run(store.submit(config))
    st.session_state["go-train"] = True


if st.session_state.pop("go-train", False):
    st.switch_page(page("train"))

own = own_runs()
page_head(
    "Five steps to 99.40 % with fewer than 10,000 parameters",
    "And one beyond. Choose a step to see what it changes, why, and what came of it.",
)
number = st.segmented_control(
    "Step",
    [preset.number for preset in STEPS],
    format_func=lambda value: f"{value}. {step(value).name}",
    default=1,
    key="chosen-step",
    label_visibility="collapsed",
    required=True,
)
preset = step(number)
text, chart = two_sides(1, 1.4)
with text:
    story(preset)
    st.button("Train this step", type="primary", on_click=train_it, help="15 epochs, in the background.")
with chart:
    mine = own[preset.number]
    show_figure(steps_figure(published_epochs(preset.number), mine[:3]), "step-curves")
    if preset.published_reading:
        st.markdown(f"**Published:** {preset.published_reading}")
    if not mine:
        beside = " beside the published curve" if preset.published_reading else "; there is no published curve"
        st.caption(f"You have not trained this step yet: your runs will be drawn here{beside}.")
overview()
