"""Computes with the package `oee` what src/tests/second_opinion.rs computes with the product.

Reads plants as JSON from the file named on the command line, writes the figures as JSON to standard output.
Times are in minutes. A machine has stretches, one a product; its figures are those of the stretches together.
"""

import json
import sys

import oee


def figures(result):
    return {
        "availability": result.availability,
        "performance": result.performance,
        "performance_raw": result.performance_raw,
        "quality": result.quality,
        "oee": result.oee,
        "ooe": result.ooe,
        "teep": result.teep,
        "losses": result.six_losses,
    }


def stretch(told):
    return oee.oee(
        told["planned"],
        downtime=told["down"],
        ideal_cycle_time=told["cycle"],
        total_count=told["total"],
        good_count=told["good"],
        all_time=told["calendar"],
        planned_downtime=told["breaks"],
        setup_time=told["set_up"],
        startup_rejects=told["start_up"],
    )


def machine(told):
    stretches = [stretch(s) for s in told["stretches"]]
    mended = oee.reliability(told["operating"], repair_times=told["repairs"])
    whole = oee.aggregate(stretches)
    answer = {
        "stretches": [figures(s) for s in stretches],
        "whole": figures(whole),
        "mtbf": mended.mtbf,
        "mttr": mended.mttr,
    }
    return stretches, answer


def plant(told):
    machines = [machine(m) for m in told]
    every = [s for stretches, _ in machines for s in stretches]
    return {
        "machines": [answer for _, answer in machines],
        "whole": figures(oee.aggregate(every)),
    }


with open(sys.argv[1], encoding="utf-8") as file:
    plants = json.load(file)
json.dump({"version": oee.__version__, "plants": [plant(p) for p in plants]}, sys.stdout)
