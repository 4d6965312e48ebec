"""Steps: the story of the five published steps and Beyond, published beside yours."""

import streamlit as st

from lab.analysis import RunSummary
from lab.changes import changes
from lab.curves import steps_figure
from lab.describe import summarize_step
from lab.report import summaries
from lab.seeds import training_read
from lab.steps import SOURCE, STEPS, Step, published_epochs, published_training, step
from lab.ui.chart import show_figure
from lab.ui.layout import page_head, show_table, two_sides
from lab.ui.stacks import show_stacks
from lab.ui.starting import choose_step, go_where_it_is_watched, offer_step
from lab.ui.state import the_store
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
        st.markdown("\n".join(f"- {plain(said)}" for said in changes(step(preset.number - 1).config, preset.config)))


go_where_it_is_watched()
own = own_runs()
page_head(
    "Five steps to 99.40 % with fewer than 10,000 parameters",
    "And one beyond. Choose a step to see what it changes, why, and what came of it.",
)
number = choose_step()
preset = step(number)
show_stacks(preset)
text, chart = two_sides(1, 1.4)
with text:
    story(preset)
    offer_step(number)
with chart:
    mine = own[preset.number]
    show_figure(steps_figure(published_epochs(preset.number), mine[:3]), "step-curves")
    if preset.published_findings:
        st.markdown(f"**Published:** {preset.published_findings}")
    if not mine:
        beside = " beside the published curve" if preset.published_findings else "; there is no published curve"
        st.caption(f"You have not trained this step yet: your runs will be drawn here{beside}.")
overview()
