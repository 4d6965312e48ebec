"""benchmarks/replay.py draws what the published notebooks drew: held against PyTorch's DataLoader and torchvision."""

from collections.abc import Iterator

import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from benchmarks import replay
from benchmarks.replay import Dropout, Replay, draw_pass, main, masks, rotated, rotation_angles
from benchmarks.replayed import ReplayedEpoch
from lab.mnist import Mnist, load_mnist, normalize
from lab.published import published_epochs
from lab.steps import step

# PyTorch thinks of speed where a machine has fewer than four cores
pytestmark = pytest.mark.filterwarnings("ignore:This DataLoader will create 4 worker processes")
NORMALIZE = [transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))]


def few(images: int, test_images: int = 70) -> Mnist:
    data = load_mnist()
    return Mnist(
        data.train_images[:images],
        data.train_labels[:images],
        data.test_images[:test_images],
        data.test_labels[:test_images],
    )


class Pictures(Dataset[tuple[Tensor, int]]):
    """As torchvision's MNIST: a PIL image through the transforms, and its label."""

    def __init__(self, images: Tensor, labels: Tensor, transform: transforms.Compose) -> None:
        self.images, self.labels, self.transform = images, labels, transform

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.transform(Image.fromarray(self.images[index, 0].numpy())), int(self.labels[index])


class Numbers(Dataset[int]):
    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> int:
        return index


@pytest.mark.parametrize("images", [1, 64, 1_000])
def test_a_pass_has_a_dataloaders_order_and_draws_from_pytorchs_generator_what_it_draws(images: int) -> None:
    loader = DataLoader(Numbers(images), batch_size=64, shuffle=True)
    torch.manual_seed(1)
    orders = [[int(index) for batch in loader for index in batch] for _ in range(2)]
    after = torch.rand(1)
    torch.manual_seed(1)
    assert [draw_pass(images).order.tolist() for _ in range(2)] == orders
    assert torch.rand(1) == after


def test_rotations_are_those_of_four_workers_image_by_image() -> None:
    data = few(64 * 9 + 17)
    turned = transforms.Compose([transforms.RandomRotation((-7.0, 7.0)), transforms.PILToTensor()])
    loader = DataLoader(
        Pictures(data.train_images, data.train_labels, turned), batch_size=64, shuffle=True, num_workers=4
    )
    torch.manual_seed(1)
    passes = [
        (torch.cat([images for images, _ in found]), torch.cat([labels for _, labels in found]))
        for found in (list(loader) for _ in range(2))
    ]
    torch.manual_seed(1)
    for images, labels in passes:
        drawn = draw_pass(len(data.train_images))
        angles = rotation_angles(drawn.base_seed, len(drawn.order))
        assert torch.equal(rotated(data.train_images[drawn.order], angles), images)
        assert torch.equal(data.train_labels[drawn.order], labels)


@pytest.mark.parametrize(("number", "parameters"), [(1, 185_930), (2, 9_122), (3, 9_426), (4, 9_426), (5, 9_426)])
def test_each_network_has_the_published_number_of_parameters_and_nothing_but_its_weights_is_drawn(
    number: int, parameters: int
) -> None:
    torch.manual_seed(1)
    network = replay.network(number, kept=replay.masks("3"))
    assert sum(weights.numel() for weights in network.parameters()) == parameters
    after = torch.rand(1)
    torch.manual_seed(1)
    for layer in network:
        if isinstance(layer, nn.Conv2d):
            weights = nn.Conv2d(layer.in_channels, layer.out_channels, layer.kernel_size).weight  # type: ignore[arg-type]
            assert torch.equal(layer.weight, weights)
        elif isinstance(layer, nn.Linear):
            assert torch.equal(layer.weight, nn.Linear(layer.in_features, layer.out_features).weight)
    assert torch.rand(1) == after


def test_a_replay_starts_with_the_weights_then_the_summary() -> None:
    Replay(2, few(64))
    after = torch.rand(1)
    torch.manual_seed(1)
    replay.network(2, masks("1"))
    torch.rand(2, 1, 28, 28)
    assert torch.rand(1) == after


def test_dropout_draws_from_its_own_generator_and_rests_in_evaluation() -> None:
    maps = torch.ones(100, 1_000)
    torch.manual_seed(1)
    expected = torch.rand(1)
    torch.manual_seed(1)
    one, again, other = (Dropout(0.05, masks(seed)) for seed in ("1", "1", "2"))
    dropped = one(maps)
    assert torch.rand(1) == expected
    assert torch.equal(dropped, again(maps)) and not torch.equal(dropped, other(maps))
    assert sorted(set(dropped.unique().tolist())) == pytest.approx([0, 1 / 0.95])
    assert (dropped == 0).float().mean().item() == pytest.approx(0.05, abs=0.005)
    assert torch.equal(one.eval()(maps), maps)


def as_published(number: int, data: Mnist, epochs: int) -> list[ReplayedEpoch]:
    """The same with torchvision's transforms and loaders of four worker processes, the notebooks' way."""
    rotation = [transforms.RandomRotation((-7.0, 7.0))] if number >= 4 else []
    pictures = Pictures(data.train_images, data.train_labels, transforms.Compose([*rotation, *NORMALIZE]))
    tests = Pictures(data.test_images, data.test_labels, transforms.Compose(NORMALIZE))
    train_loader, test_loader = (DataLoader(found, 64, shuffle=True, num_workers=4) for found in (pictures, tests))
    torch.manual_seed(1)
    network = replay.network(number, masks("1"))
    network(torch.rand(2, 1, 28, 28))
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9)
    lines = []
    for epoch in range(1, epochs + 1):
        network.train()
        loss, correct = torch.zeros(()), 0
        for images, labels in train_loader:
            optimizer.zero_grad()
            scores = network(images)
            loss = F.cross_entropy(scores, labels)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            correct += int((scores.argmax(1) == labels).sum())
        network.eval()
        with torch.no_grad():
            read = [(network(images), labels) for images, labels in test_loader]
        scores, labels = (torch.cat(found) for found in zip(*read, strict=True))
        line = ReplayedEpoch(
            step=number,
            masks="",
            epoch=epoch,
            last_batch_loss=loss.item(),
            train_correct=correct,
            test_loss=F.cross_entropy(scores, labels).item(),
            test_correct=int((scores.argmax(1) == labels).sum()),
            seconds=0,
            torch=torch.__version__,
        )
        lines.append(line)
    return lines


@pytest.fixture
def float64() -> Iterator[None]:
    """Batch norm makes float32's rounding visible within ten iterations."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("number", [2, 4])
def test_an_epoch_is_that_of_loaders_with_four_workers(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "DROPOUT", 0.0)
    monkeypatch.setattr(replay, "seen", lambda images: normalize(images.double() / 255))
    data = few(64 * 5 + 7)
    published = as_published(number, data, 2)
    state = torch.get_rng_state()
    replayed = list(Replay(number, data).epochs(2))
    assert torch.equal(torch.get_rng_state(), state)
    for one, other in zip(published, replayed, strict=True):
        assert (other.train_correct, other.test_correct) == (one.train_correct, one.test_correct)
        assert other.last_batch_loss == pytest.approx(one.last_batch_loss, rel=1e-6)
        assert other.test_loss == pytest.approx(one.test_loss, rel=1e-6)


def test_the_light_networks_are_the_labs_presets() -> None:
    assert step(5).config.network.dropout == replay.DROPOUT
    assert step(5).config.augmentation.rotation == replay.DEGREES


def test_step_5_lowers_its_rate_every_five_epochs_and_the_last_epoch_evaluates_the_training_images() -> None:
    run = Replay(5, few(64, 8))
    rates, lines = [], []
    for line in run.epochs(15):
        lines.append(line)
        rates.append(run.optimizer.param_groups[0]["lr"])
    assert rates[3] == pytest.approx(0.01) and rates[4] == pytest.approx(0.001) and rates[14] == pytest.approx(0.00001)
    assert lines[-1].evaluated_train_correct is not None and lines[-2].evaluated_train_correct is None


def test_the_command_prints_its_log_beside_the_published_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(replay, "load_mnist", lambda _: few(64, 10))
    main(["--step", "2", "--epochs", "2"])
    lines = capsys.readouterr().out.splitlines()[2:]
    published = published_epochs(2)
    assert [line.split()[:2] for line in lines] == [[f"{e.epoch}", f"{e.train_accuracy:.2f}"] for e in published[:2]]


@pytest.mark.parametrize(
    "wrong", [["--step", "6"], ["--step", "2", "--epochs", "0"], ["--step", "5", "--masks", f"{2**64}"], []]
)
def test_a_wrong_argument_ends_it_with_a_sentence(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(wrong)
    assert ended.value.code == 2 and "error:" in capsys.readouterr().err
