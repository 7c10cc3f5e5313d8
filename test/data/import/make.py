"""Small models of the usual libraries as ONNX files, and what the libraries themselves answer.

    pip install numpy scikit-learn skl2onnx xgboost lightgbm onnxmltools onnx torch onnxscript
    python make.py

The rows are invented: five features by name, some unknown, and a class that follows two of them.
"""
import json
import pathlib

import lightgbm
import numpy as np
import onnx
import torch
import xgboost
from onnx import TensorProto, helper
from onnxmltools import convert_lightgbm, convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType as MlFloat
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

HERE = pathlib.Path(__file__).parent
FEATURES = ["rsi_14", "atr_14", "adx_14", "macd", "hour_sin"]
OPSET = {"": 17, "ai.onnx.ml": 3}

rng = np.random.default_rng(5)
x = rng.normal(size=(400, len(FEATURES))).astype(np.float32)
score = x[:, 0] + 0.5 * x[:, 3] + 0.5 * rng.normal(size=400)
three = np.where(score > 0.4, 1, np.where(score < -0.4, -1, 0))
moves = (score > 0).astype(int)
returns = (score * 0.001).astype(np.float32)
rows = x[:12]
holes = rows.copy()
holes[3, 1] = holes[7, 0] = np.nan
answers = {"features": FEATURES}


def keep(name, model, inputs, outputs):
    path = HERE / f"{name}.onnx"
    path.write_bytes(model.SerializeToString())
    answers[name] = {"rows": [[None if np.isnan(v) else float(v) for v in row] for row in inputs], "outputs": np.asarray(outputs, float).tolist()}
    print(name, path.stat().st_size)


floats = [("X", FloatTensorType([None, len(FEATURES)]))]
logistic = make_pipeline(StandardScaler(), LogisticRegression()).fit(x, three)
keep("sklearn-logistic", convert_sklearn(logistic, initial_types=floats, target_opset=OPSET), rows, logistic.predict_proba(rows))
forest = RandomForestClassifier(4, max_depth=3, random_state=0).fit(x, moves)
keep("sklearn-forest", convert_sklearn(forest, initial_types=floats, target_opset=OPSET, options={"zipmap": False}), rows, forest.predict_proba(rows))
ridge = Ridge().fit(x, returns)
keep("sklearn-ridge", convert_sklearn(ridge, initial_types=floats, target_opset=OPSET), rows, ridge.predict(rows).reshape(-1, 1))

boosted = xgboost.XGBClassifier(n_estimators=3, max_depth=2, n_jobs=1).fit(x, three + 1)
keep("xgboost", convert_xgboost(boosted, initial_types=[("X", MlFloat([None, len(FEATURES)]))], target_opset=15), holes, boosted.predict_proba(holes))
light = lightgbm.LGBMClassifier(n_estimators=3, num_leaves=4, n_jobs=1, verbose=-1).fit(x, moves)
keep("lightgbm", convert_lightgbm(light, initial_types=[("X", MlFloat([None, len(FEATURES)]))], target_opset=15), holes, light.predict_proba(holes))


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(torch.nn.Linear(5, 4), torch.nn.ReLU(), torch.nn.Linear(4, 3))

    def forward(self, rows):
        return self.layers(torch.nan_to_num(rows))


torch.manual_seed(0)
network = Network().eval()
batch = torch.export.Dim("batch", min=1, max=4096)
program = torch.onnx.export(network, (torch.from_numpy(rows),), dynamo=True, dynamic_shapes={"rows": {0: batch}}, output_names=["logits"], external_data=False)
with torch.no_grad():
    keep("torch", program.model_proto, holes, torch.softmax(network(torch.from_numpy(holes)), 1).numpy())

(HERE / "answers.json").write_text(json.dumps(answers))


def bad(name, nodes, width=3, inputs=("X",), constants=(), batch=None):
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info(each, TensorProto.FLOAT, [batch, len(FEATURES)]) for each in inputs],
        [helper.make_tensor_value_info("Y", TensorProto.FLOAT, [None, width])],
        list(constants),
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    (HERE / f"bad-{name}.onnx").write_bytes(model.SerializeToString())


def tensor(name, values):
    values = np.asarray(values, np.float32)
    return helper.make_tensor(name, TensorProto.FLOAT, values.shape, values.flatten())


weights = tensor("W", np.ones((5, 3)) / 100)
product = helper.make_node("MatMul", ["X", "W"], ["P"])
bad("nan", [product, helper.make_node("Sub", ["P", "big"], ["N"]), helper.make_node("Sqrt", ["N"], ["Y"])], constants=[weights, tensor("big", [1e9])])
bad("no-distribution", [helper.make_node("MatMul", ["X", "W"], ["Y"])], constants=[weights])
bad("shape", [helper.make_node("MatMul", ["X", "W"], ["Y"])], width=4, constants=[tensor("W", np.ones((5, 4)))])
bad("two-inputs", [helper.make_node("Add", ["X", "Z"], ["A"]), helper.make_node("MatMul", ["A", "W"], ["Y"])], inputs=("X", "Z"), constants=[weights])
bad("fixed-batch", [helper.make_node("MatMul", ["X", "W"], ["Y"])], constants=[weights], batch=1)

# while true: y = y
body = helper.make_graph(
    [helper.make_node("Identity", ["go"], ["go_on"]), helper.make_node("Identity", ["y"], ["y_on"])],
    "body",
    [helper.make_tensor_value_info("i", TensorProto.INT64, []), helper.make_tensor_value_info("go", TensorProto.BOOL, []), helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 3])],
    [helper.make_tensor_value_info("go_on", TensorProto.BOOL, []), helper.make_tensor_value_info("y_on", TensorProto.FLOAT, [None, 3])],
)
bad("endless", [product, helper.make_node("Loop", ["", "yes", "P"], ["Y"], body=body)], constants=[weights, helper.make_tensor("yes", TensorProto.BOOL, [], [True])])
outside = helper.make_tensor("W", TensorProto.FLOAT, (5, 3), np.ones(15, np.float32).tobytes(), raw=True)
onnx.external_data_helper.set_external_data(outside, "weights.bin", 0, 60)
outside.ClearField("raw_data")
bad("external", [helper.make_node("MatMul", ["X", "W"], ["Y"])], constants=[outside])
bad("custom", [helper.make_node("Mystery", ["X"], ["Y"], domain="com.example")])
bad("operator", [helper.make_node("Mystery", ["X"], ["Y"])])
