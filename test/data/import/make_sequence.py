"""A small LSTM of PyTorch over sequences as an ONNX file, what PyTorch answers, and files that do not fit the contract.

    pip install numpy torch onnx onnxscript
    python make_sequence.py

Number i of sequence r is sin(0.37 i + r), and NaN where i + r is a multiple of 101: the test makes the same ones.
"""
import json
import pathlib

import numpy as np
import torch

HERE = pathlib.Path(__file__).parent
BARS, CHANNELS, ROWS = 32, 22, 5


def sequences(bars=BARS, channels=CHANNELS):
    i = np.arange(bars * channels)
    rows = np.stack([np.where((i + r) % 101 == 0, np.nan, np.sin(0.37 * i + r)) for r in range(ROWS)])
    return torch.from_numpy(rows.reshape(ROWS, bars, channels).astype(np.float32))


class Network(torch.nn.Module):
    def __init__(self, channels=CHANNELS):
        super().__init__()
        self.lstm = torch.nn.LSTM(channels, 6, batch_first=True)
        self.head = torch.nn.Linear(6, 3)

    def forward(self, sequence):
        hidden, _ = self.lstm(torch.nan_to_num(sequence))
        return self.head(hidden[:, -1])


def export(name, network, rows, free=True):
    network.eval()
    shapes = {"sequence": {0: torch.export.Dim("batch", min=1, max=4096)}} if free else None
    program = torch.onnx.export(network, (rows,), dynamo=True, dynamic_shapes=shapes, output_names=["logits"], external_data=False)
    file = HERE / f"{name}.onnx"
    file.write_bytes(program.model_proto.SerializeToString())
    print(name, file.stat().st_size, sorted({node.op_type for node in program.model_proto.graph.node}))


torch.manual_seed(3)
network = Network()
export("torch-lstm", network, sequences())
with torch.no_grad():
    answers = torch.softmax(network(sequences()), 1).double().numpy().tolist()
(HERE / "sequence-answers.json").write_text(json.dumps(answers) + "\n")
export("bad-sequence-bars", Network(), sequences(bars=16))
export("bad-sequence-channels", Network(7), sequences(channels=7))
export("bad-sequence-fixed", Network(), sequences(), free=False)
