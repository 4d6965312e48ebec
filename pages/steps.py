"""Steps: the story of the five published steps and Beyond, published beside yours."""

import streamlit as st

from lab.analysis import RunSummary
from lab.curves import steps_figure
from lab.describe import describe_extent, describe_optimizer, differences, summarize_step
from lab.report import summaries
from lab.seeds import training_read
from lab.steps import SOURCE, STEPS, Step, published_epochs, published_training, step
from lab.ui.chart import show_figure
from lab.ui.draft import STEP_RULE
from lab.ui.layout import page_head, show_table, two_sides
from lab.ui.navigation import page
from lab.ui.readiness import start_problems
from lab.ui.state import choose_run, draft, set_draft, the_store
from lab.ui.text import plain

store = the_store()


def own_runs() -> dict[int, list[RunSummary]]:
    """For each step the user's runs with a finished epoch that may stand beside the published one, newest first."""
    found: dict[int, list[RunSummary]] = {preset.number: [] for preset in STEPS}
    for summary in summaries(store):
        if summary.step is not None and summary.as_published and summary.epochs:
            found[summary.step].append(summary)
    return found


def overview() -> None:
    """All steps in one table."""
    rows = []
    for preset in STEPS:
        network, summary = preset.config.network, summarize_step(preset)
        published, trained = summary.published_final, published_training(preset.number)
        run = next((run for run in own[preset.number] if run.complete), None)
        mine, read = (run.last, training_read(run, preset.config.augmentation.active)) if run else (None, None)
        rows.append(
            {
                "Step": f"{preset.number}. {preset.name}",
                "Parameters": f"{summary.parameters:,}",
                "Multiplications": f"{summary.macs / 1e6:.2f}",
                "Batch norm": "yes" if network.batch_norm else "–",
                "Dropout": f"{network.dropout:g}" if network.dropout else "–",
                "Augmentation": summary.augmentation or "–",
                "Scheduler": summary.scheduler or "–",
                "Published, last epoch": f"{published:.2f} %" if published else "–",
                "Yours, last epoch": f"{mine.test_accuracy:.2f} %" if mine else "–",
                "Published, train": f"{trained.accuracy:.2f} %" if trained else "–",
                "Yours, train": f"{read:.2f} %" if read else "–",
            }
        )
    accuracies = ("Published, last epoch", "Yours, last epoch", "Published, train", "Yours, train")
    show_table(rows, numbers=("Parameters", "Multiplications", *accuracies))
    st.caption(
        "Last epoch: test images. Train: the training images after it, read as the test images are, without dropout; "
        "where the step augments, changed as in training. "
        "Multiplications: of one image, millions. A published figure is one run, with seed 1, from the author's five "
        f"notebooks of January 2023: folder S4 of [abhijeetu1912/EVA]({SOURCE})."
    )


def story(preset: Step) -> None:
    """What the step changes and why."""
    st.header(f"{preset.number}. {preset.name}", anchor=False)
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


def train_it() -> None:
    """Start a run of the chosen step and go to watch it."""
    set_draft(draft().with_step(st.session_state["chosen-step"]))
    choose_run(store.submit(draft().config))
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
    chosen = draft().with_step(number)
    problems = start_problems(chosen)
    st.button(
        "Train this step",
        type="primary",
        on_click=train_it,
        disabled=bool(problems),
        help=f"In the background. {STEP_RULE}",
    )
    st.caption(f"Trains {describe_extent(chosen.config)}, as set in the Run tab of the Train page.")
    for problem in problems:
        st.error(plain(problem))
with chart:
    mine = own[preset.number]
    show_figure(steps_figure(published_epochs(preset.number), mine[:3]), "step-curves")
    if preset.published_findings:
        st.markdown(f"**Published:** {preset.published_findings}")
    if not mine:
        beside = " beside the published curve" if preset.published_findings else "; there is no published curve"
        st.caption(f"You have not trained this step yet: your runs will be drawn here{beside}.")
overview()
