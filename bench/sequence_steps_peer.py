"""CPU milliseconds of a training step of a network of sequences in PyTorch, on one thread, the network and its loss as bench/sequence-steps.ts has them.

python sequence_steps_peer.py lstm|transformer BATCH BARS CHANNELS WARM_UP STEPS
"""
import json
import math
import os
import statistics
import sys
import time

os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"

import torch
from torch import nn
from torch.nn import functional

UNITS, WIDTH, HEADS, LAYERS, HIDDEN = 32, 32, 2, 2, 64
HORIZONS, CLASSES = 3, 3
kind, (batch, bars, channels, warm_up, steps) = sys.argv[1], map(int, sys.argv[2:])


class Lstm(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(channels, UNITS, batch_first=True)

    def forward(self, x):
        return self.lstm(x)[0][:, -1]


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.query, self.key, self.value, self.mixed = (nn.Linear(WIDTH, WIDTH, bias=False) for _ in range(4))
        self.up, self.down = nn.Linear(WIDTH, HIDDEN), nn.Linear(HIDDEN, WIDTH)

    def forward(self, tokens, is_last):
        normal = functional.layer_norm(tokens, (WIDTH,))
        asking, own = (normal[:, -1:], tokens[:, -1:]) if is_last else (normal, tokens)
        q, k, v = (part.view(len(part), -1, HEADS, WIDTH // HEADS).transpose(1, 2) for part in (self.query(asking), self.key(normal), self.value(normal)))
        seen = functional.scaled_dot_product_attention(q, k, v, is_causal=not is_last)
        mixed = own + self.mixed(seen.transpose(1, 2).reshape(own.shape))
        return mixed + self.down(functional.relu(self.up(functional.layer_norm(mixed, (WIDTH,)))))


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.token = nn.Linear(channels, WIDTH, bias=False)
        self.position = nn.Parameter(torch.randn(bars, WIDTH) / math.sqrt(bars))
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))

    def forward(self, x):
        tokens = self.token(x) + self.position
        for i, layer in enumerate(self.layers):
            tokens = layer(tokens, i == LAYERS - 1)
        return functional.layer_norm(tokens, (WIDTH,))[:, 0]


class Forecaster(nn.Module):
    def __init__(self, network):
        super().__init__()
        self.network = network
        self.classes = nn.Linear(WIDTH, HORIZONS * CLASSES, bias=False)
        self.moves = nn.Linear(WIDTH, HORIZONS, bias=False)

    def forward(self, x, logits, returns):
        summary = self.network(x)
        return logits + self.classes(summary), returns + self.moves(summary)


torch.set_num_threads(1)
torch.manual_seed(7)
model = Forecaster(Lstm() if kind == "lstm" else Transformer())
optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=5)
x, targets = torch.randn(batch, bars, channels), torch.randn(batch, HORIZONS)
logits, returns = torch.zeros(batch, HORIZONS * CLASSES), torch.zeros(batch, HORIZONS)
classes, known = torch.full((batch, HORIZONS * CLASSES), 1 / 3), torch.ones(batch, HORIZONS)
times = []
for i in range(warm_up + steps):
    start = time.process_time()
    out, moves = model(x, logits, returns)
    likelihood = (functional.log_softmax(out.view(-1, HORIZONS, CLASSES), -1).view(-1, HORIZONS * CLASSES) * classes).sum()
    loss = (0.1 * ((moves - targets) * known).square().sum() - likelihood) / batch
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()
    if i >= warm_up:
        times.append(1000 * (time.process_time() - start))
print(json.dumps({"milliseconds": statistics.median(times), "version": torch.__version__}))
