"""The costs of profiles of PyTorch, beside those of its own profiler, and the time to draw.

    python benchmarks/adapters.py

Times are of the processor, the best of several runs; a profile has the report that it prints. It
may cost 4 times the plain step, must cost a fifth of torch.profiler with stacks, and a graph as
large as that of a ResNet-18 is drawn within 2 s.
"""

import io
import itertools
import time
from contextlib import redirect_stderr

import torch
from torch import nn
from torch.profiler import ProfilerActivity
from torch.profiler import profile as torch_profile

import viewer
from viewer.adapters.torch import profile, trace

RUNS, STEPS = 7, 5


class RNN(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.input, self.hidden = nn.Linear(width, width), nn.Linear(width, width)

    def forward(self, x, h):
        return torch.tanh(self.input(x) + self.hidden(h))


class Block(nn.Module):
    def __init__(self, before, after, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, stride, 1, bias=False)
        self.norm1, self.norm2 = nn.BatchNorm2d(after), nn.BatchNorm2d(after)
        self.conv2 = nn.Conv2d(after, after, 3, 1, 1, bias=False)
        self.short = nn.Conv2d(before, after, 1, stride) if stride > 1 else nn.Identity()

    def forward(self, x):
        y = torch.relu(self.norm1(self.conv1(x)))
        return torch.relu(self.norm2(self.conv2(y)) + self.short(x))


def resnet():
    """As many layers as ResNet-18 has, on small pictures."""
    widths = [64, 64, 64, 128, 128, 256, 256, 512, 512]
    blocks = [
        Block(before, after, 1 + (before < after)) for before, after in itertools.pairwise(widths)
    ]
    pool = nn.AdaptiveAvgPool2d(1)
    return nn.Sequential(nn.Conv2d(3, 64, 3), *blocks, pool, nn.Flatten(), nn.Linear(512, 10))


def rnn_step():
    model, data = RNN(), torch.randn(60, 16, 32)

    def step():
        h = torch.zeros(16, 32)
        for x in data:
            h = model(x, h)
        (h**2).sum().backward()
        model.zero_grad()

    return step


def mlp_step():
    layers = [layer for _ in range(4) for layer in (nn.Linear(128, 128), nn.ReLU())]
    model, x = nn.Sequential(*layers), torch.randn(64, 128)

    def step():
        (model(x) ** 2).sum().backward()
        model.zero_grad()

    return step


def best(run, runs=RUNS):
    run()
    times = []
    for _ in range(runs):
        start = time.process_time_ns()
        run()
        times.append(time.process_time_ns() - start)
    return min(times) / 1e6


def plain(step):
    for _ in range(STEPS):
        step()


def ours(step):
    with profile() as p:
        plain(step)
    return p


def ours_printed(step):
    return str(ours(step))


def theirs_printed(step):
    with torch_profile(activities=[ProfilerActivity.CPU], with_stack=True) as p:
        plain(step)
    return p.key_averages(group_by_stack_n=5).table(sort_by="self_cpu_time_total")


def drawn():
    start = time.perf_counter()
    model = resnet()
    t = trace(lambda x: model(x).sum(), torch.randn(1, 3, 16, 16))
    traced = time.perf_counter() - start
    start = time.perf_counter()
    viewer.to_svg(t)
    return len(t), traced, time.perf_counter() - start


def main():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    print(f"{'':6}{'plain':>10}{'profile':>16}{'with report':>16}{'torch.profiler':>18}")
    for name, make in (("MLP", mlp_step), ("RNN", rnn_step)):
        step = make()
        alone = best(lambda: plain(step))  # noqa: B023  it runs at once
        costs = [best(lambda: run(step), runs) for run, runs in ((ours, RUNS), (ours_printed, 3))]  # noqa: B023
        with redirect_stderr(io.StringIO()):
            costs.append(best(lambda: theirs_printed(step), 2))  # noqa: B023
        shown = [f"{ms:9.1f} ({ms / alone:.1f}x)" for ms in costs]
        print(f"{name:6}{alone:7.1f} ms{shown[0]:>16}{shown[1]:>16}{shown[2]:>18}")
    nodes, traced, seconds = drawn()
    print(f"a ResNet of {nodes} nodes: traced in {traced:.1f} s, drawn in {seconds:.1f} s")


if __name__ == "__main__":
    main()
