"""benchmarks/gpu_dropout.py draws what PyTorch's CUDA kernel draws."""

import numpy as np
import pytest
import torch

from benchmarks.gpu_dropout import GPUS, Gpu, GpuDropout, Words, philox

FULL = 0xFFFFFFFF


def words(*given: int) -> tuple[Words, Words, Words, Words]:
    a, b, c, d = (np.array([word], dtype=np.uint64) for word in given)
    return a, b, c, d


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((FULL,) * 4, (FULL,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_philox_gives_the_known_answers_of_its_authors(
    counter: tuple[int, int, int, int], key: tuple[int, int], expected: tuple[int, ...]
) -> None:
    assert tuple(int(word[0]) for word in philox(words(*counter), key)) == expected


def test_a_gpu_starts_a_thread_for_each_number_until_it_is_full() -> None:
    assert Gpu(2, 1024).threads(1_000) == 4 * 256
    assert Gpu(2, 1024).threads(1_000_000) == 2 * 1024
    assert GPUS["T4"].threads(64 * 16 * 14 * 14) == 40 * 1024  # of 200,704


def test_a_thread_decides_about_four_neighbours_and_then_about_those_a_grid_further() -> None:
    dropout = GpuDropout(Gpu(1, 256), seed=5)  # 256 threads, 1,024 numbers a turn
    kept = dropout.kept(2_048, 0.5)
    for thread, turn in ((0, 0), (255, 0), (3, 1)):
        drawn = philox(words(turn, 0, thread, 0), (5, 0))
        first = turn * 1_024 + thread * 4
        assert kept[first : first + 4].tolist() == [int(word[0]) < 2**31 for word in drawn]


def test_what_one_dropout_drew_no_other_draws() -> None:
    dropout = GpuDropout(Gpu(1, 256), seed=5)
    dropout.kept(1_028, 0.5)  # two turns
    again = dropout.kept(4, 0.5)
    assert again.tolist() == [int(word[0]) < 2**31 for word in philox(words(2, 0, 0, 0), (5, 0))]


def test_the_share_that_is_kept_is_what_the_rate_leaves() -> None:
    assert GpuDropout(GPUS["T4"], seed=1).kept(200_704, 0.05).mean() == pytest.approx(0.95, abs=0.002)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU")
@pytest.mark.parametrize("numbers", [64 * 16 * 14 * 14, 64 * 8 * 6 * 6, 4_000_012])
def test_it_is_the_dropout_of_the_gpu_at_hand(numbers: int) -> None:
    here = torch.cuda.get_device_properties(0)
    expected = GpuDropout(Gpu(here.multi_processor_count, here.max_threads_per_multi_processor), seed=7)
    torch.cuda.manual_seed(7)
    for _ in range(2):
        dropped = torch.nn.functional.dropout(torch.ones(numbers, device="cuda"), 0.05)
        assert ((dropped > 0).cpu().numpy() == expected.kept(numbers, 0.05)).all()
