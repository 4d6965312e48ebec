"""Steps: the story of the five published steps and the two beyond, published beside yours."""

import streamlit as st

from lab.analysis import RunSummary
from lab.changes import changes
from lab.describe import summarize_step
from lab.evidence import final_words, gain_words, place_words, reached_words, reference_pools, target_words
from lab.number_words import unbroken
from lab.published import SOURCE, published_epochs, published_training
from lab.quick import is_quick
from lab.report import summaries
from lab.seeds import main_pool, training_read
from lab.step_curves import steps_figure
from lab.steps import STEPS, Step, step
from lab.ui.chart import show_figure
from lab.ui.layout import page_head, show_table, two_sides
from lab.ui.stacks import show_stacks
from lab.ui.starting import choose_step, clicked_step, offer_step
from lab.ui.state import the_store
from lab.ui.text import plain

store = the_store()


def own_runs() -> dict[int, list[RunSummary]]:
    """For each step the user's finished runs, newest first: whole ones, as published, and quick ones."""
    found: dict[int, list[RunSummary]] = {preset.number: [] for preset in STEPS}
    for summary in summaries(store):
        terms, is_quick_one = summary.terms, is_quick(summary.config) and summary.evaluated == "test"
        if terms is not None and (terms.as_published or is_quick_one) and summary.complete:
            found[terms.step].append(summary)
    return found


def whole_and_quick(number: int) -> tuple[list[RunSummary], RunSummary | None]:
    """One's whole runs of a step, and the newest quick one."""
    whole = [run for run in own[number] if run.as_published]
    return whole, next((run for run in own[number] if not run.as_published), None)


def yours(number: int, augmented: bool) -> tuple[str, str]:
    """What one's newest run of a step came to, on test and on training images; a quick one is marked."""
    whole, quick_run = whole_and_quick(number)
    run = whole[0] if whole else quick_run
    if run is None or run.last is None:
        return "–", "–"
    read, mark = training_read(run, augmented), "" if run.as_published else " quick"
    return f"{run.last.test_accuracy:.2f} %{mark}", f"{read:.2f} %{mark}" if read else "–"


def overview() -> None:
    """All steps in one table."""
    rows = []
    for preset in STEPS:
        summary, trained = summarize_step(preset), published_training(preset.number)
        published, pool = summary.published_final, main_pool(pools, preset.number)
        mine, read = yours(preset.number, preset.config.augmentation.active)
        rows.append(
            {
                "Step": f"{preset.number}. {preset.name}",
                "Parameters": f"{summary.parameters:,}",
                "Multiplications": f"{summary.macs / 1e6:.2f}",
                "Published, last epoch": f"{published:.2f} %" if published else "–",
                "Measured, mean ± sd": final_words(pool) if pool else "–",
                "At 99.40 % or better": f"{pool.reached_target} of {len(pool.runs)}" if pool else "–",
                "Yours, last epoch": mine,
                "Published, train": f"{trained.accuracy:.2f} %" if trained else "–",
                "Yours, train": read,
            }
        )
    show_table(rows, "Results of the steps", numbers=[name for name in rows[0] if name != "Step"])
    st.caption(
        "Last epoch: accuracy on the test images after the last epoch. Measured: the same for the runs that come with "
        "this lab, one run per seed. Yours: your newest finished run. Train: accuracy on the training images after the "
        "last epoch, measured without dropout, like the test accuracy; if the step uses augmentation, the images are "
        "changed as in training. "
        "Quick: trained on 6,000 images instead of 60,000, so do not compare it with the others. "
        "Multiplications: millions per image. Published: one run with seed 1, from the author's five "
        f"notebooks of January 2023 (folder S4 of [abhijeetu1912/EVA]({SOURCE}))."
    )


def story(preset: Step) -> None:
    """What the step changes and why, with what it takes to see it."""
    st.header(f"{preset.number}. {preset.name}", anchor=False)
    st.markdown(unbroken(preset.idea))
    offer_step(preset.number, clicked_step)
    if preset.number > 1:
        st.markdown("**What changes, compared with the step before**")
        st.markdown(
            "\n".join(f"- {unbroken(plain(said))}" for said in changes(step(preset.number - 1).config, preset.config))
        )
        gain = gain_words(main_pool(pools, preset.number - 1), main_pool(pools, preset.number))
        if gain:
            st.markdown(unbroken(f"**Measured change of the final test accuracy:** {gain}."))


own, pools = own_runs(), reference_pools()
page_head(
    "Five steps to 99.40 % with fewer than 10,000 parameters",
    f"And two steps beyond. The published run reached it with one seed. {reached_words(pools)}",
)
number = choose_step()
preset = step(number)
show_stacks(preset)
text, chart = two_sides(1, 1.4)
with text:
    story(preset)
with chart:
    (mine, quick_run), pool = whole_and_quick(preset.number), main_pool(pools, preset.number)
    show_figure(steps_figure(published_epochs(preset.number), mine[:3], pool.runs if pool else ()), "step-curves")
    if preset.published_findings:
        st.markdown(unbroken(f"**Published:** {preset.published_findings}"))
    if pool:
        st.markdown(
            unbroken(
                f"**Measured:** {final_words(pool)}, after the last epoch; {target_words(pool)}. {place_words(pool)}"
            )
        )
        st.caption("Ranges: where the value lies with a confidence of 95 %, going by these seeds.")
    if quick_run and quick_run.last:
        came_to = unbroken(f"{quick_run.last.test_accuracy:.2f} %")
        st.markdown(
            f"**Your quick run {quick_run.run}:** {came_to}. It is not drawn here, "
            "because it uses a tenth of the images and a third of the epochs."
        )
    elif not mine:
        st.caption(
            "You have no finished full run of this step yet: it will be drawn here. A quick run will only be mentioned."
        )
overview()
