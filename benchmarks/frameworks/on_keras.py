"""Step 5 with Keras 3 on torch."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from benchmarks.frameworks.peer import DEGREES, DROPOUT, LEARNING_RATE, MOMENTUM, Peer, Stopwatch
from lab.mnist import MEAN, STD, load_mnist, normalize, to_unit
from lab.published_recipe import BATCH, TRIAL, WARM_UP


class Keras(Peer):
    """Arrays to `model.fit` and augmentation as a layer of the network, as in Keras's own image examples.

    Without `jit_compile`, which Keras refuses for a network with RandomRotation.
    """

    name, package = "Keras on torch", "keras"

    def __init__(self, folder: Path, device: str) -> None:
        super().__init__(device)
        os.environ |= {"KERAS_BACKEND": "torch", "KERAS_TORCH_DEVICE": device}  # read when Keras is imported
        import keras

        data = load_mnist()
        self.train_set = normalize(to_unit(data.train_images)).numpy(), data.train_labels.numpy()
        self.test_set = normalize(to_unit(data.test_images)).numpy(), data.test_labels.numpy()
        self.model = keras_network()
        self.model.compile(
            optimizer=keras.optimizers.SGD(LEARNING_RATE, momentum=MOMENTUM),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        )
        self._fit(TRIAL)

    def iterate(self, iterations: int) -> float:
        """See `Contender`. Timed by the epoch: with a callback for every batch Keras waits for the device in each."""
        from keras.callbacks import LambdaCallback

        watch = Stopwatch(self.device, iterations)
        self._fit(WARM_UP)
        self._fit(iterations, LambdaCallback(on_epoch_begin=watch.start, on_epoch_end=watch.stop))
        return watch.seconds / iterations

    def _fit(self, iterations: int, *callbacks: Any) -> None:
        how = {"batch_size": BATCH, "steps_per_epoch": iterations, "callbacks": [*callbacks], "verbose": 0}
        self.losses += self.model.fit(*self.train_set, **how).history["loss"]

    def read_test_images(self) -> None:
        """See `Peer`."""
        self.model.evaluate(*self.test_set, batch_size=BATCH, verbose=0)

    def parameters(self) -> int:
        """See `Peer`."""
        return sum(weight.value.numel() for weight in self.model.trainable_weights)

    def feeding(self) -> str:
        """See `Peer`."""
        return "arrays, RandomRotation layer"


def keras_network() -> Any:
    """`published_recipe.network` in Keras, with PyTorch's constants of batch norm, and the augmentation before it."""
    import keras
    from keras import layers

    def norm_relu() -> tuple[Any, Any]:
        return layers.BatchNormalization(axis=1, momentum=0.9, epsilon=1e-5), layers.ReLU()

    def pool() -> tuple[Any, Any]:
        return layers.MaxPooling2D(), layers.Dropout(DROPOUT)

    keras.config.set_image_data_format("channels_first")  # as the arrays are, and as torch wants it
    background = -MEAN / STD
    return keras.Sequential(
        [
            keras.Input((1, 28, 28)),
            layers.RandomRotation(DEGREES / 360, "constant", "nearest", fill_value=background),
            layers.Conv2D(96, 5, padding="same"),
            *norm_relu(),
            layers.Conv2D(16, 1),
            *norm_relu(),
            *pool(),
            layers.Conv2D(16, 3),
            *norm_relu(),
            layers.Conv2D(8, 1),
            *norm_relu(),
            *pool(),
            layers.Conv2D(16, 3),
            *norm_relu(),
            layers.Conv2D(10, 3),
            layers.GlobalAveragePooling2D(),
        ]
    )
