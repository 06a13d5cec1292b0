"""The files in Oracles/xgboost: small models of XGBoost (made with 1.7.4), rows, and what XGBoost itself says of them.
Usage: xgboost_models.py <folder to write to>"""
import json
import sys
import numpy as np
import xgboost as xgb

out = sys.argv[1]
rng = np.random.default_rng(7)
rows, asked = 300, 40
x = np.round(rng.normal(size=(rows, 5)), 3).astype(np.float32)
x[:, 3] = rng.integers(0, 8, rows)
x[:, 4] = rng.integers(0, 3, rows)
signal = np.where(np.isin(x[:, 3], [1, 4, 6]), 1.5, -0.5) + np.sin(2 * x[:, 0]) + x[:, 1] * (x[:, 4] - 1)
x[rng.random((rows, 5)) < 0.1] = np.nan
noise = rng.normal(size=rows)
binary = (signal + noise > 0).astype(np.float32)
number = (10 * signal + noise).astype(np.float32)
count = rng.poisson(np.exp(signal / 2)).astype(np.float32)
three = np.digitize(signal + noise, [-1, 1]).astype(np.float32)
# Rows to ask about: training rows, and values on thresholds, unseen categories and other oddities.
odd = x[:asked].copy()
odd[30, 3], odd[31, 3], odd[32] = 7, 11, np.nan
odd[33], odd[34], odd[35] = 0, 1e30, -1e30


def floats(values):
    return [None if np.isnan(v) else float(v) for v in np.asarray(values, np.float64).ravel()]


def write(name, params, label, trees=6, types=None, names=None, group=None):
    train = xgb.DMatrix(x, label=label, feature_types=types, feature_names=names, enable_categorical=types is not None)
    if group is not None:
        train.set_group(group)
    base = dict(max_depth=4, eta=0.5, seed=3, nthread=1, tree_method="hist")
    model = xgb.train({**base, **params}, train, trees)
    model.save_model(f"{out}/{name}.json")
    # Half of the asked rows lie exactly on thresholds of the model.
    ask = odd.copy()
    splits = model.trees_to_dataframe() if params.get("booster") != "gblinear" else None
    if splits is not None and types is None:
        splits = splits[splits.Feature != "Leaf"]
        columns = {n: i for i, n in enumerate(names or [f"f{i}" for i in range(5)])}
        for i in range(20):
            split = splits.iloc[i % len(splits)]
            ask[i, columns[split.Feature]] = np.float32(split.Split)
    if splits is None:
        return
    test = xgb.DMatrix(ask, feature_types=types, feature_names=names, enable_categorical=types is not None)
    answer = {
        "rows": len(ask), "x": floats(ask), "raw": floats(model.predict(test, output_margin=True)),
        "predict": floats(model.predict(test)), "leaves": model.predict(test, pred_leaf=True).astype(int).ravel().tolist(),
        "contributions": floats(model.predict(test, pred_contribs=True)), "gain": model.get_score(importance_type="total_gain"),
        "weight": model.get_score(importance_type="weight"),
    }
    with open(f"{out}/{name}.answers.json", "w") as file:
        json.dump(answer, file)


write("binary", {"objective": "binary:logistic", "base_score": 0.3}, binary)
write("squared", {"objective": "reg:squarederror", "base_score": 2.5, "grow_policy": "lossguide", "max_leaves": 12, "max_depth": 0}, number,
      names=["height", "width", "depth", "kind", "level"])
write("poisson", {"objective": "count:poisson", "tree_method": "exact"}, count)
write("softprob", {"objective": "multi:softprob", "num_class": 3}, three, trees=3)
write("forest", {"objective": "multi:softprob", "num_class": 3, "num_parallel_tree": 2, "subsample": 0.7}, three, trees=2)
write("sets", {"objective": "binary:logistic", "max_cat_to_onehot": 1}, binary, types=["q", "q", "q", "c", "c"])
write("onehot", {"objective": "binary:logistic", "max_cat_to_onehot": 100}, binary, types=["q", "q", "q", "c", "c"])
write("dart", {"objective": "binary:logistic", "booster": "dart", "rate_drop": 0.5}, binary)
write("rank", {"objective": "rank:ndcg"}, three, group=[10] * 30)
write("linear", {"objective": "binary:logistic", "booster": "gblinear", "updater": "coord_descent"}, binary)

# Stopped early, two trees of each class in a round: what Booster.predict says (all trees), and the best rounds alone, as XGBClassifier does.
train, judge = xgb.DMatrix(x[:150], label=three[:150]), xgb.DMatrix(x[150:], label=three[150:])
model = xgb.train({"objective": "multi:softprob", "num_class": 3, "num_parallel_tree": 2, "subsample": 0.7, "max_depth": 2, "eta": 0.3,
                   "seed": 3, "nthread": 1, "tree_method": "hist"}, train, 30, evals=[(judge, "judge")], early_stopping_rounds=3,
                  verbose_eval=False)
assert 0 < model.best_iteration < model.num_boosted_rounds() - 1
model.save_model(f"{out}/stopped.json")
test = xgb.DMatrix(odd)
with open(f"{out}/stopped.answers.json", "w") as file:
    json.dump({"x": floats(odd), "predict": floats(model.predict(test)),
               "best": floats(model.predict(test, iteration_range=(0, model.best_iteration + 1)))}, file)
