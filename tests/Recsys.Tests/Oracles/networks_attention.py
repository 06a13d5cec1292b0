"""Values and gradients of AutoInt, AFM, DeepFFM and FAT-DeepFFM, of multi-head attention, and of GRU and LSTM, by PyTorch in double.

    python3 networks_attention.py     writes networks/*.json beside this script

Weights of linear layers are written as [in, out]. Rows of tables are in the order of the fields: a0..a2, b0..b3, t0..t3.
"""
import json
import os
import zlib

import torch
from torch.nn import functional as F

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "networks")
A = [0, 1, 2, 0, 1, 2, 0, 0, 0, 1]
B = [3, 2, 1, 0, 0, 1, 1, 2, 3, 3]
TAGS = [[0], [1, 2], [], [3, 0, 1], [2], [], [0], [1], [2], [3]]
LABELS = [1, 0, 1, 1, 0, 0, 1, 0, 1, 0]
torch.set_default_dtype(torch.float64)


class Weights:
    """Draws the parameters of a case by name, whatever other cases there are."""

    def __init__(self, case):
        torch.manual_seed(zlib.crc32(case.encode()))
        self.all = {}

    def __call__(self, name, *sizes, scale=0.5):
        if name not in self.all:
            # As floats, so that the values in the file are exact.
            drawn = (torch.randn(*sizes) * scale).float().double()
            self.all[name] = drawn.requires_grad_()
        return self.all[name]


def lookup(table):
    rows = []
    for a, b, tags in zip(A, B, TAGS):
        t = table[[7 + tag for tag in tags]].mean(0) if tags else torch.zeros(table.shape[1])
        rows.append(torch.stack([table[a], table[3 + b], t]))
    return torch.stack(rows)  # [B, 3, d]


def linear_terms(w):
    return lookup(w("linear.weights", 11, 1)).sum((1, 2)) + w("linear.bias", 1)


def tower(w, x, hidden, f, name="deep"):
    for i, size in enumerate(hidden):
        x = f(x @ w(f"{name}.{i}.weight", x.shape[1], size) + w(f"{name}.{i}.bias", size))
    return (x @ w(f"{name}.output.weight", x.shape[1], 1) + w(f"{name}.output.bias", 1))[:, 0]


def attention(w, name, x, heads, width, options, y=None, lengths=None):
    y = x if y is None else y
    raw, f = x, {"none": lambda v: v, "relu": torch.relu, "tanh": torch.tanh}
    between = f[options.get("projection", "none")]
    n = heads * width
    if options.get("norm") == "before":
        x = F.layer_norm(x, x.shape[-1:], w(f"{name}.norm.gain", x.shape[-1]), w(f"{name}.norm.bias", x.shape[-1]))
        y = x if y is raw else y

    def project(which, v, size=n):
        v = v @ w(f"{name}.{which}.weight", v.shape[-1], size)
        return v + w(f"{name}.{which}.bias", size) if options.get("bias") else v

    def split(v):
        return v.reshape(v.shape[0], v.shape[1], heads, width).transpose(1, 2)

    q, k, v = split(between(project("query", x))), split(between(project("key", y))), split(between(project("value", y)))
    scores = q @ k.transpose(2, 3)
    if options.get("scaled", True):
        scores = scores / width ** 0.5
    mask = torch.zeros(x.shape[0], 1, x.shape[1], y.shape[1])
    if lengths is not None:
        mask = mask.masked_fill((torch.arange(y.shape[1]) >= torch.tensor(lengths)[:, None])[:, None, None, :], -1e30)
    if options.get("causal"):
        mask = mask.masked_fill(torch.triu(torch.ones(x.shape[1], y.shape[1]), 1).bool(), -1e30)
    o = (torch.softmax(scores + mask, 3) @ v).transpose(1, 2).reshape(x.shape[0], x.shape[1], n)
    if lengths is not None:
        o = o * (torch.tensor(lengths) > 0)[:, None, None]
    if options.get("output"):
        o = project("output", o, raw.shape[-1])
    if options.get("residual") == "identity":
        o = o + raw
    elif options.get("residual") == "projection":
        o = o + between(project("residual", raw, o.shape[-1]))
    o = f[options.get("activation", "none")](o)
    if options.get("norm") == "after":
        o = F.layer_norm(o, o.shape[-1:], w(f"{name}.norm.gain", o.shape[-1]), w(f"{name}.norm.bias", o.shape[-1]))
    return o


def autoint(w, options, hidden=()):
    e = lookup(w("fields.table", 11, 4))
    x = e
    for i in range(2):
        x = attention(w, f"attention.{i}", x, 2, 3, options)
    z = (x.flatten(1) @ w("output.weight", 18, 1) + w("output.bias", 1))[:, 0]
    return z + tower(w, e.flatten(1), hidden, torch.relu) if hidden else z


def afm(w):
    e = lookup(w("fields.table", 11, 4))
    pairs = torch.stack([e[:, i] * e[:, j] for i in range(3) for j in range(i + 1, 3)], 1)
    scores = torch.relu(pairs @ w("attention.weight", 4, 3) + w("attention.bias", 3)) @ w("weight.weight", 3, 1)
    pooled = (torch.softmax(scores, 1) * pairs).sum(1)
    return linear_terms(w) + tower(w, pooled, [], torch.relu)


def deepffm(w, inner, excite=None):
    e = lookup(w("fields.table", 11, 12)).reshape(-1, 3, 3, 4)
    if excite:
        u = w("compose.weight", 3 if excite == "field" else 1, 4, 1)
        c = w("compose.bias", 3 if excite == "field" else 1, 1)
        d = torch.relu(torch.einsum("bijk,ik->bij", e, u[:, :, 0].expand(3, 4)) + c.expand(3, 1)[None]).flatten(1)
        s = torch.relu(d @ w("squeeze.weight", 9, 4))
        s = torch.relu(s @ w("excite.weight", 4, 9) + w("excite.bias", 9) + 1)
        e = e * s.reshape(-1, 3, 3, 1)
    pairs = torch.stack([e[:, i, j] * e[:, j, i] for i in range(3) for j in range(i + 1, 3)], 1)
    return linear_terms(w) + tower(w, pairs.sum(2) if inner else pairs.flatten(1), [5], torch.relu)


def numbers(tensor):
    return [float(f"{v:.9g}") for v in tensor.detach().flatten().tolist()]


def write(name, w, output, loss):
    loss.backward()
    file = {
        "weights": {k: numbers(v) for k, v in w.all.items()},
        "gradients": {k: numbers(v.grad) for k, v in w.all.items()},
        "output": numbers(output),
    }
    with open(os.path.join(FOLDER, name + ".json"), "w", encoding="utf-8") as to:
        json.dump(file, to, separators=(",", ":"))
        to.write("\n")


def network(name, logit):
    w = Weights(name)
    z = logit(w)
    write(name, w, z, F.binary_cross_entropy_with_logits(z, torch.tensor(LABELS).double(), reduction="sum"))


def layer(name, of, length=4, width=6):
    """A layer on sequences of lengths 3, 0, 4, 1; the loss is Σ ramp · output over the rows in use."""
    w = Weights(name)
    lengths = [3, 0, 4, 1]
    x = w("x", 4, length, width)
    y = of(w, x, lengths)
    used = (torch.arange(length) < torch.tensor(lengths)[:, None])[:, :, None]
    y = y * used
    ramp = torch.cos(torch.arange(y.numel()).double()).reshape(y.shape)
    write(name, w, y, (ramp * y).sum())


def recurrent(cell, w, x, lengths):
    h = 5
    gates = 3 if cell == "gru" else 4
    rows = [w("input.weight", x.shape[2], gates * h).t(), w("state.weight", h, gates * h).t(),
            w("input.bias", gates * h), w("state.bias", gates * h)]
    state, memory, steps = torch.zeros(len(x), h), torch.zeros(len(x), h), []
    # The outputs of the steps in use don't hang on the padding that follows them.
    for step in range(x.shape[1]):
        if cell == "gru":
            state = torch._VF.gru_cell(x[:, step], state, *rows)
        else:
            state, memory = torch._VF.lstm_cell(x[:, step], (state, memory), *rows)
        steps.append(state)
    return torch.stack(steps, 1)


def main():
    os.makedirs(FOLDER, exist_ok=True)
    paper = {"scaled": False, "residual": "projection", "activation": "relu"}
    network("autoint", lambda w: autoint(w, paper))
    network("autoint-reference", lambda w: autoint(w, paper | {"scaled": True, "bias": True, "projection": "relu", "norm": "after"}))
    network("autoint-deep", lambda w: autoint(w, {"scaled": False, "activation": "relu"}, [5]))
    network("afm", afm)
    network("deepffm", lambda w: deepffm(w, False))
    network("deepffm-inner", lambda w: deepffm(w, True))
    network("fat-deepffm", lambda w: deepffm(w, False, "shared"))
    network("fat-deepffm-inner-by-field", lambda w: deepffm(w, True, "field"))
    for name, options in {
        "attention-plain": {},
        "attention-post": {"bias": True, "residual": "identity", "output": True, "norm": "after", "projection": "relu"},
        "attention-pre": {"bias": True, "residual": "identity", "output": True, "norm": "before", "causal": True},
        "attention-projected": {"residual": "projection", "projection": "tanh", "scaled": False, "activation": "relu", "bias": True},
        "attention-fused": {"residual": "projection", "activation": "relu", "causal": True, "bias": True},
        "attention-output": {"residual": "projection", "output": True, "activation": "tanh"},
    }.items():
        layer(name, lambda w, x, lengths: attention(w, "layer", x, 2, 3, options, lengths=lengths))
    layer("attention-cross", lambda w, x, lengths: attention(
        w, "layer", w("queries", 4, 4, 6), 2, 3, {"residual": "identity", "norm": "before"}, y=x, lengths=lengths))
    for cell in ("gru", "lstm"):
        layer(cell, lambda w, x, lengths: recurrent(cell, w, x, lengths))


main()
