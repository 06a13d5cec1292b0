"""Logits and gradients of small networks by PyTorch: networks/networks.json. Run: python3 networks.py (torch 1.13).

Weights are sines of their place and name, so that both sides make them: see value(). Weights of layers are [in, out].
Fields: a (5 codes), price (a number), b (4 codes), tags (lists of 4 codes), ab (the cross of a and b, 13 codes)."""
import json, os
import numpy as np
import torch
import torch.nn.functional as F

A, B = [1, 2, 3, 4, 0], [2, 1, 0, 3, 2]
PRICE = [0.5, -1.0, 0.0, 2.0, 0.25]
TAGS = [[1], [1, 2], [], [2, 3], [3]]
AB = [0 if a == 0 or b == 0 else (a - 1) * 3 + b for a, b in zip(A, B)]
Y = torch.tensor([1.0, 0, 1, 1, 0])
FIRST = {"a": 0, "b": 5, "tags": 9, "ab": 13}
ROWS, D, N = 26, 3, 5


def value(name, shape):
    i = np.arange(int(np.prod(shape)))
    v = 0.4 * np.sin(1 + 0.7 * i + 0.01 * sum(ord(c) for c in name))
    if name.endswith("variance"):
        v = 1 + v
    return torch.tensor(v.astype(np.float32)).reshape(shape)


class Net:
    def __init__(self, train=False):
        self.p, self.train = {}, train

    def get(self, name, *shape, grad=True):
        if name not in self.p:
            self.p[name] = value(name, shape).requires_grad_(grad)
        return self.p[name]

    def vectors(self, name, d, what="table"):
        """One [N, d] for each field, in the order of the schema."""
        t, n = self.get(f"{name}.{what}", ROWS, d), self.get(f"{name}.numbers", 1, d)
        tags = torch.stack([t[[FIRST["tags"] + c for c in l]].mean(0) if l else torch.zeros(d) for l in TAGS])
        code = lambda f, codes: t[torch.tensor(codes) + FIRST[f]]
        return [code("a", A), torch.tensor(PRICE)[:, None] * n, code("b", B), tags, code("ab", AB)]

    def fields(self):
        return torch.stack(self.vectors("fields", D), 1)

    def linear_terms(self):
        return sum(self.vectors("linear", 1, "weights"))[:, 0] + self.get("linear.bias", 1)

    def deep_input(self, names=("a", "b", "tags", "ab")):
        rows = sum({"a": 5, "b": 4, "tags": 4, "ab": 13}[n] for n in names)
        t = self.get("fields.table", rows, D)
        first, out = 0, []
        for n in names:
            if n == "tags":
                out.append(torch.stack([t[[first + c for c in l]].mean(0) if l else torch.zeros(D) for l in TAGS]))
            else:
                out.append(t[torch.tensor({"a": A, "b": B, "ab": AB}[n]) + first])
            first += {"a": 5, "b": 4, "tags": 4, "ab": 13}[n]
        return torch.cat(out + [torch.tensor(PRICE)[:, None]], 1)

    def lin(self, name, x, n, bias=True):
        y = x @ self.get(f"{name}.weight", x.shape[1], n)
        return y + self.get(f"{name}.bias", n) if bias else y

    def norm(self, name, x, learned=True, eps=1e-5):
        n = x.shape[1]
        w, b = (self.get(f"{name}.scale", n), self.get(f"{name}.shift", n)) if learned else (None, None)
        m, v = self.get(f"{name}.mean", n, grad=False), self.get(f"{name}.variance", n, grad=False)
        return F.batch_norm(x, m.clone(), v.clone(), w, b, self.train, 0.1, eps)

    def act(self, name, x, kind):
        if kind == "PRelu":
            return F.prelu(x, self.get(f"{name}.slope", x.shape[1]))
        if kind == "Dice":
            a = self.get(f"{name}.slope", x.shape[1])
            p = torch.sigmoid(self.norm(name, x, False, 1e-8))
            return p * x + (1 - p) * a * x
        return {"Relu": F.relu, "Tanh": torch.tanh, "Sigmoid": torch.sigmoid, "Gelu": F.gelu, "None": lambda v: v}[kind](x)

    def mlp(self, x, hidden=(6, 4), kind="Relu", bn=False):
        for i, n in enumerate(hidden):
            x = self.lin(f"deep.{i}", x, n)
            if bn:
                x = self.norm(f"deep.{i}.norm", x)
            x = self.act(f"deep.{i}.activation", x, kind)
        return x

    def tower(self, x, **options):
        return self.lin("deep.output", self.mlp(x, **options), 1)[:, 0]


def bi(e):
    return 0.5 * (e.sum(1) ** 2 - (e ** 2).sum(1))


def inner(e):
    i, j = torch.triu_indices(e.shape[1], e.shape[1], 1)
    return (e @ e.transpose(1, 2))[:, i, j]


def outer(e):
    s = e.sum(1)
    return torch.einsum("bi,bj->bij", s, s).flatten(1)


def deepfm(n, **o):
    e = n.fields()
    return n.linear_terms() + bi(e).sum(1) + n.tower(e.flatten(1), **o)


def wide_deep(n):
    t = n.get("wide.weights", ROWS, 1)
    tags = torch.stack([t[[9 + c for c in l]].mean(0) if l else torch.zeros(1) for l in TAGS])
    wide = t[torch.tensor(A)] + t[torch.tensor(B) + 5] + tags + t[torch.tensor(AB) + 13]
    return wide[:, 0] + n.get("wide.bias", 1) + n.tower(n.deep_input(("a", "b", "tags")))


def nfm(n, **o):
    z = n.mlp(n.norm("norm", bi(n.fields())), bn=True, **o)
    return n.linear_terms() + n.lin("output", z, 1, bias=False)[:, 0]


def pnn(n, product):
    e = n.fields()
    parts = [e.flatten(1)] + ([inner(e)] if product != "Outer" else []) + ([outer(e)] if product != "Inner" else [])
    return n.tower(torch.cat(parts, 1))


def dcn(n, parallel=False, rank=0):
    x = first = n.deep_input()
    for l in range(2):
        if rank:
            u = n.lin(f"cross.{l}.up", n.lin(f"cross.{l}.down", x, rank, bias=False), x.shape[1])
        else:
            u = n.lin(f"cross.{l}", x, x.shape[1])
        x = first * u + x
    top = torch.cat([x, n.mlp(first)], 1) if parallel else n.mlp(x)
    return n.lin("output", top, 1)[:, 0]


CASES = {
    "dnn": lambda n: n.tower(n.deep_input()),
    "dnn-PRelu": lambda n: n.tower(n.deep_input(), kind="PRelu"),
    "dnn-Gelu": lambda n: n.tower(n.deep_input(), kind="Gelu"),
    "dnn-Dice": lambda n: n.tower(n.deep_input(), kind="Dice"),
    "dnn-Dice-train": lambda n: n.tower(n.deep_input(), kind="Dice"),
    "dnn-norm": lambda n: n.tower(n.deep_input(), kind="Sigmoid", bn=True),
    "dnn-norm-train": lambda n: n.tower(n.deep_input(), kind="Tanh", bn=True),
    "deepfm": deepfm,
    "wide-deep": wide_deep,
    "nfm-value": nfm,
    "pnn-Inner": lambda n: pnn(n, "Inner"),
    "pnn-Outer": lambda n: pnn(n, "Outer"),
    "pnn-Both": lambda n: pnn(n, "Both"),
    "dcn": dcn,
    "dcn-parallel": lambda n: dcn(n, parallel=True),
    "dcn-rank": lambda n: dcn(n, rank=2),
}


def rounded(t):
    return [float(f"{v:.7g}") for v in t.detach().flatten().tolist()]


result = {}
for name, build in CASES.items():
    net = Net(train=name.endswith("train"))
    z = build(net)
    loss = ((z - Y) ** 2).sum() if name.endswith("value") else F.binary_cross_entropy_with_logits(z, Y, reduction="sum")
    loss.backward()
    result[name] = {"outputs": rounded(z), "loss": rounded(loss)[0],
                    "gradients": {k: rounded(p.grad) for k, p in net.p.items() if p.requires_grad}}
folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "networks")
os.makedirs(folder, exist_ok=True)
with open(os.path.join(folder, "networks.json"), "w") as f:
    json.dump(result, f, separators=(",", ":"))
