"""The files in Oracles/lightgbm: small models of LightGBM (made with the command line program of 4.6.0.99), rows, and what LightGBM itself
says of them. Usage: lightgbm_models.py <the program lightgbm> <folder to write to>"""
import json
import os
import subprocess
import sys
import tempfile
import numpy as np

program, out = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
rng = np.random.default_rng(11)
rows, asked = 400, 60
x = np.round(rng.normal(size=(rows, 5)), 3).astype(np.float32)
x[:, 2] = rng.integers(-2, 3, rows)
x[:, 3] = rng.integers(0, 70, rows)
x[:, 4] = rng.integers(0, 3, rows)
signal = np.where(x[:, 3] % 3 == 1, 1.5, -0.5) + np.sin(2 * x[:, 0]) + x[:, 1] * (x[:, 4] - 1) + (x[:, 2] == 0)
x[rng.random((rows, 5)) < 0.1] = np.nan
noise = rng.normal(size=rows)
binary = (signal + noise > 0).astype(int)
number = np.round(10 * signal + noise, 3)
count = rng.poisson(np.exp(signal / 2))
three = np.digitize(signal + noise, [-1, 1])
odd = x[:asked].copy()
odd[50, 3], odd[51, 3], odd[52, 3], odd[53] = 69, 200, -3, np.nan
odd[54], odd[55, :3], odd[56, :3], odd[57, :3] = 0, 1e30, -1e30, 1e-36
base = dict(num_leaves=12, min_data_in_leaf=5, learning_rate=0.3, num_trees=6, num_threads=1, seed=5, deterministic="true",
            force_row_wise="true", verbosity=-1, header="false", max_bin=63, min_sum_hessian_in_leaf=0)


def run(folder, **settings):
    subprocess.run([program] + [f"{k}={v}" for k, v in settings.items()], cwd=folder, check=True, stdout=subprocess.DEVNULL)


def table(path, label, values):
    with open(path, "w") as file:
        for y, row in zip(label, values):
            file.write("\t".join([str(y)] + ["nan" if np.isnan(v) else repr(float(v)) for v in row]) + "\n")


def floats(values):
    return [None if np.isnan(v) else float(v) for v in np.asarray(values, np.float64).ravel()]


def write(name, label, answers=True, before=None, **params):
    with tempfile.TemporaryDirectory() as folder:
        table(f"{folder}/train.tsv", label, x)
        settings = {**base, **params, "data": "train.tsv", "task": "train", "output_model": "model.txt"}
        if before is not None:
            run(folder, **{**settings, **before, "output_model": "before.txt"})
            settings["input_model"] = "before.txt"
        run(folder, **settings)
        text = open(f"{folder}/model.txt").read()
        # The settings are no part of the model, and long.
        text = text[:text.index("\nparameters:")] + "\n"
        open(f"{out}/{name}.txt", "w").write(text)
        if not answers:
            return
        # Some of the asked rows lie exactly on thresholds, and next to them.
        ask, at = odd.copy(), 0
        for line in text.splitlines():
            key, _, value = line.partition("=")
            if key == "split_feature":
                columns = value.split()
            if key == "threshold":
                thresholds = value.split()
            if key == "decision_type" and at < 40:
                for column, threshold, kind in list(zip(columns, thresholds, value.split()))[:4]:
                    # Closer to 0 the tool rounds values to 0 before it looks at thresholds.
                    if int(kind) & 1 == 0 and at < 40 and 1e-30 < abs(float(threshold)) < 1e30:
                        near = np.float32(float(threshold))
                        ask[at, int(column)], ask[at + 1, int(column)] = near, np.nextafter(near, np.float32(np.inf))
                        at += 2
        table(f"{folder}/ask.tsv", np.zeros(len(ask), int), ask)
        read = {}
        for kind, option in {"raw": "predict_raw_score", "predict": None, "leaves": "predict_leaf_index",
                             "contributions": "predict_contrib"}.items():
            chosen = {option: "true"} if option else {}
            run(folder, task="predict", data="ask.tsv", input_model="model.txt", output_result="answer.txt", header="false",
                num_threads=1, verbosity=-1, predict_disable_shape_check="true", **chosen)
            read[kind] = floats(np.loadtxt(f"{folder}/answer.txt", ndmin=2))
        json.dump({"rows": len(ask), "x": floats(ask), **read}, open(f"{out}/{name}.answers.json", "w"))


write("binary", binary, objective="binary", sigmoid=1.5)
write("zero", number, objective="regression", zero_as_missing="true")
write("none", number, objective="regression", use_missing="false")
write("mixed", number, objective="regression", zero_as_missing="true", before={"zero_as_missing": "false"}, num_trees=3)
write("sets", three, objective="multiclass", num_class=3, categorical_feature="3,4", max_cat_to_onehot=1, min_data_per_group=5, cat_smooth=1,
      num_trees=3)
write("onehot", binary, objective="binary", categorical_feature="3,4", max_cat_to_onehot=100, min_data_per_group=5, cat_smooth=1)
write("ova", three, objective="multiclassova", num_class=3, num_trees=2)
write("poisson", count, objective="poisson")
write("forest", binary, objective="binary", boosting="rf", bagging_freq=1, bagging_fraction=0.6)
write("forests", three, objective="multiclass", num_class=3, boosting="rf", bagging_freq=1, bagging_fraction=0.6, num_trees=2)
write("dart", number, objective="huber", boosting="dart", drop_rate=0.5)
write("stump", number, objective="regression", min_data_in_leaf=390, num_trees=2)
write("linear", number, answers=False, objective="regression", linear_tree="true")
write("sqrt", number - number.min(), answers=False, objective="regression", reg_sqrt="true")
