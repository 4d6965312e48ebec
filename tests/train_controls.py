"""The controls of the Train page: what each shows, what it must show, and a config at the upper end of every range."""

from dataclasses import fields, replace
from typing import Any

from streamlit.testing.v1 import AppTest

from lab.config import RunConfig
from lab.fields import number_text
from lab.steps import step
from lab.training_config import Augmentation, Optimizer, Schedule


def controls(app: AppTest) -> dict[str, Any]:
    """What every control bound to the draft shows, by the control's key."""
    widgets = [*app.toggle, *app.slider, *app.selectbox, *app.text_input]
    return {widget.key: widget.value for widget in widgets if widget.key.startswith(("field-", "switch-"))}


def expected(config: RunConfig) -> dict[str, Any]:
    """What the controls must show for `config`; those of another optimiser or schedule are hidden."""
    shown = {
        "switch-network.dropout": config.network.dropout != 0,
        "switch-schedule.kind": config.schedule.kind != "none",
        "switch-augmentation": config.augmentation.active,
        "field-network.batch_norm": config.network.batch_norm,
        "field-network.dropout": config.network.dropout,
        "field-network.bias": config.network.bias,
        "field-network.second_reading": config.network.second_reading,
        "field-network.deslant": config.network.deslant,
        "field-optimizer.kind": config.optimizer.kind,
        "field-optimizer.learning_rate": number_text(config.optimizer.learning_rate),
        "field-optimizer.weight_decay": number_text(config.optimizer.weight_decay),
        "field-schedule.kind": config.schedule.kind,
    }
    if config.optimizer.kind == "sgd":
        shown["field-optimizer.momentum"] = number_text(config.optimizer.momentum)
    if config.schedule.kind == "step":
        shown["field-schedule.step_size"] = number_text(config.schedule.step_size)
        shown["field-schedule.gamma"] = number_text(config.schedule.gamma)
    if config.schedule.kind == "one_cycle":
        shown["field-schedule.warmup"] = config.schedule.warmup
    for item in fields(Augmentation):
        shown[f"field-augmentation.{item.name}"] = getattr(config.augmentation, item.name)
    for item in fields(RunConfig):
        if item.name not in ("network", "augmentation", "optimizer", "schedule"):
            value = getattr(config, item.name)
            as_it_is = isinstance(value, str | bool) or item.name == "label_smoothing"  # a slider
            shown[f"field-{item.name}"] = value if as_it_is else number_text(value)
    return shown


EVERYTHING_ELSE = RunConfig(
    network=replace(
        step(1).config.network, batch_norm=True, dropout=0.9, bias="none", second_reading=True, deslant=True
    ),
    augmentation=Augmentation(rotation=180, shift=14, scale=0.5, shear=45, pen=1, interpolation="bilinear"),
    optimizer=Optimizer(kind="sgd", learning_rate=10, momentum=0.999, weight_decay=1),
    schedule=Schedule(kind="one_cycle", warmup=0.99),
    epochs=200,
    batch_size=10_000,
    label_smoothing=0.3,
    weight_averaging=0.9999,
    seed=2**32 - 1,
    device="cpu",
    precision="bfloat16",
    engine="pytorch",
    evaluate_on="validation",
    training_images=1,
    measure_training=False,
)
"""The upper end of every range (written as whole numbers, as JSON may have them)."""
