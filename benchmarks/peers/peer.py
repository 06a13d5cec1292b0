"""The peer's end of a comparison: a line of JSON in, a line of JSON out.

A script calls serve(load). load() imports the library and returns (name with version, prepare); prepare(case) takes the case's arguments and
returns run(), whose value is the answer that is compared with ours (None: not compared). Only run() is timed.
"""
import json
import os
import sys
import time


def serve(load):
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints must not mix with the answers

    def say(message):
        out.write(json.dumps(message) + "\n")
        out.flush()

    try:
        name, prepare = load()
    except ImportError as error:
        say({"missing": str(error)})
        return
    say({"name": name})
    run = None
    for line in sys.stdin:
        command = json.loads(line)
        try:
            if "prepare" in command:
                run = None
                reset_peak()
                run = prepare(command["prepare"])
                say({"ok": True})
            else:
                cpu = time.process_time()
                start = time.perf_counter()
                for _ in range(command["run"]):
                    answer = run()
                seconds = time.perf_counter() - start
                cpu = time.process_time() - cpu
                say({"seconds": seconds, "cpu": cpu, "answer": None if answer is None else float(answer), "peak": peak()})
        except Exception as error:  # reported to the other end, which stops the comparison
            say({"error": repr(error)})


def reset_peak():
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
    except OSError:
        pass


def peak():
    """Peak resident memory in MB since the last reset."""
    try:
        with open("/proc/self/status") as file:
            for line in file:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024 / 1e6
    except OSError:
        pass
    return None


def blas():
    """The BLAS that this process has loaded, as a file name."""
    try:
        with open("/proc/self/maps") as file:
            names = {line.split()[-1] for line in file if "blas" in line}
    except OSError:
        return "unknown BLAS"
    return ", ".join(sorted({os.path.realpath(name) for name in names})) or "no BLAS"
