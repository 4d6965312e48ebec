"""Whether a network can be trained as a config says: its layers fit each other, and batch norm has values to spread."""

from __future__ import annotations

from lab.config import RunConfig
from lab.layers import ImpossibleNetwork, layer_table


def training_problem(config: RunConfig) -> str | None:
    """Why this network cannot be trained as `config` says, in one sentence; None where it can.

    Batch norm takes the spread of a channel's values over a batch: all of its images and positions. A 1x1 map of a
    batch of one image is one value, and its spread is 0.
    """
    try:
        rows = layer_table(config.network)
    except ImpossibleNetwork as error:
        return str(error)
    single = next((row.index for row in rows if "batch norm" in row.extras and row.output_shape[1:] == (1, 1)), None)
    if single is None or not _has_batch_of_one(config):
        return None
    return (
        f"Layer {single} has batch norm on a 1×1 map, and {config.images_per_epoch:,} images in batches of "
        f"{config.batch_size:,} leave a batch of one image: one value has no standard deviation. Choose another "
        "batch size or number of training images, a larger map there, or no batch norm."
    )


def _has_batch_of_one(config: RunConfig) -> bool:
    return config.batch_size == 1 or config.images_per_epoch % config.batch_size == 1
