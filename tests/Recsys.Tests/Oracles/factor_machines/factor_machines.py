"""factor_machines.json: scores, gradients of the summed loss and three AdaGrad steps of Fm, Ffm and SvdFeature by PyTorch, in double.
Rows are numbers x0 .. x7, each a field of its own; 0 is absent. Usage: factor_machines.py > factor_machines.json"""
import json

import torch

torch.manual_seed(5)
N, C, K, G0, RATE = 12, 8, 3, 0.25, 0.1
x = torch.randn(N, C).double().mul(8).round().div(8) * (torch.rand(N, C) < 0.7)
y = (torch.rand(N) < 0.5).double()
y[0], y[1] = 1, 0
USER = 3  # SvdFeature: x0..x2 are the user's, x3..x5 the item's, the rest is global
ITEM = 6
PAIRS = [(0, 1), (2, 3), (4, 5)]  # examples of one query each: a 1 and a 0


def numbers(*shape):
    return (torch.randn(*shape).double() * 0.5).float().double().requires_grad_()


def fm(b, w, v, x):
    pairs = sum((v[i] * v[j]).sum() * x[:, i] * x[:, j] for i in range(C) for j in range(i + 1, C))
    return b + x @ w + pairs


def ffm(b, w, v, x):  # v: [columns, fields, k]
    norm = (x ** 2).sum(1)
    pairs = sum((v[i, j] * v[j, i]).sum() * x[:, i] * x[:, j] for i in range(C) for j in range(i + 1, C))
    return b + (x @ w) / norm.sqrt() + pairs / norm


def svd(b, w, v, x):
    return b + x @ w + ((x[:, :USER] @ v[:USER]) * (x[:, USER:ITEM] @ v[USER:])).sum(1)


def log_loss(z, y):
    return torch.nn.functional.binary_cross_entropy_with_logits(z, y, reduction="sum")


def squared(z, y):
    return 0.5 * ((z - y) ** 2).sum()


def pairwise(z, _):
    return -sum(torch.nn.functional.logsigmoid(z[i] - z[j]) for i, j in PAIRS)


def case(score, loss, v, labels=y, rows=x, bias=True):
    b, w = numbers(1), numbers(C)
    if not bias:
        b = torch.zeros(1).double().requires_grad_()
    parameters = [b, w, v]
    start = [p.detach().clone() for p in parameters]
    z = score(b, w, v, rows)
    value = loss(z, labels)
    value.backward()
    gradients = [p.grad.clone() for p in parameters]
    optimizer = torch.optim.Adagrad(parameters, lr=RATE, initial_accumulator_value=G0, eps=0)
    for _ in range(3):
        optimizer.zero_grad()
        loss(score(b, w, v, rows), labels).backward()
        optimizer.step()
    flat = lambda ps: dict(zip(("bias", "weights", "vectors"), [p.detach().flatten().tolist() for p in ps]))
    return {"start": flat(start), "scores": z.tolist(), "loss": value.item(), "gradients": flat(gradients), "adagrad": flat(parameters),
            "labels": labels.tolist()}


pair_labels = torch.tensor([1.0, 0.0] * 3 + [1.0] * 6).double()  # rows 6 to 11 belong to queries without a 0
print(json.dumps({
    "rows": x.tolist(), "rate": RATE, "initial_accumulator": G0, "factors": K,
    "fm": case(fm, log_loss, numbers(C, K)),
    "fm_regression": case(fm, squared, numbers(C, K), (torch.randn(N).double() * 2).float().double()),
    "ffm": case(ffm, log_loss, numbers(C, C, K)),
    "svdfeature": case(svd, log_loss, numbers(ITEM, K)),
    "svdfeature_pairwise": case(svd, pairwise, numbers(ITEM, K), pair_labels, bias=False),
}))
