"""LightGBM's command line on rows like those of "compare gbdt", by hand: gbdt_lightgbm.py [rounds]

LIGHTGBM names the program, else it is looked for in PATH. Prints the medians of the training time that it reports itself, which leaves out
reading and binning, plain and with quantised gradients.
"""
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile


def rows(count, seed):
    import numpy
    random = numpy.random.default_rng(seed)
    x = random.standard_normal((count, 28)).astype(numpy.float32)
    f = (x[:, 0] + x[:, 1] * x[:, 2] + numpy.sin(3 * x[:, 3]) + numpy.where(x[:, 4] > 0.5, x[:, 5], -x[:, 6])
         + 0.5 * x[:, 7] ** 2 - 0.5)
    y = random.random(count) < 1 / (1 + numpy.exp(-f))
    return numpy.column_stack([y, x])


def seconds(program, data, threads, quantised):
    options = {"task": "train", "objective": "binary", "data": data, "num_leaves": 63, "max_bin": 255, "learning_rate": 0.1,
               "num_iterations": 100, "min_data_in_leaf": 1, "min_sum_hessian_in_leaf": 1, "lambda_l2": 1, "num_threads": threads,
               "use_quantized_grad": str(quantised).lower(), "output_model": data + ".model"}
    output = subprocess.run([program, *(f"{key}={value}" for key, value in options.items())], capture_output=True, text=True, check=True)
    return float(re.findall(r"([0-9.]+) seconds elapsed, finished iteration 100", output.stdout + output.stderr)[-1])


def main(rounds):
    program = os.environ.get("LIGHTGBM") or shutil.which("lightgbm")
    if program is None:
        print("skipped: no lightgbm in PATH; LIGHTGBM names its command line program")
        return
    import numpy
    with tempfile.TemporaryDirectory() as folder:
        data = os.path.join(folder, "train.tsv")
        numpy.savetxt(data, rows(400_000, 1), fmt="%.6g", delimiter="\t")
        for threads in (1, 2):
            for quantised in (False, True):
                times = [seconds(program, data, threads, quantised) for _ in range(rounds)]
                print(f"{threads} threads, {'quantised' if quantised else 'plain'}: {statistics.median(times):.2f} s", flush=True)


main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
