"""torch.mm (or, as "linear", torch's oneDNN inner product) on random matrices."""
from peer import blas, serve


def load():
    import torch

    def prepare(case):
        torch.set_num_threads(case["threads"])
        torch.manual_seed(1)
        a = torch.rand(case["m"], case["k"])
        if case["kind"] == "linear":
            weight = torch.rand(case["n"], case["k"]).to_mkldnn()
            a = a.to_mkldnn()

            def run():
                torch._C._nn.mkldnn_linear(a, weight)

            return run

        b = torch.rand(case["k"], case["n"])
        c = torch.empty(case["m"], case["n"])

        def run():
            torch.mm(a, b, out=c)

        return run

    return f"torch {torch.__version__} over {blas()}", prepare


serve(load)
