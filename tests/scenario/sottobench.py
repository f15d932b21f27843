"""Runs sotto-bench and reads its rows; what the scenarios of the benches share."""
import json
import os
import subprocess

from sottoclient import program


def bench(*options, name="mls", path=None, timeout=300):
    done = subprocess.run([program("sotto-bench"), name, *options], capture_output=True, text=True, timeout=timeout,
                          env={**os.environ, **({"PATH": path} if path else {})})
    return done.returncode, done.stdout, done.stderr


def rows_of(name, *options, timeout=300):
    status, out, err = bench(*options, "--json", name=name, timeout=timeout)
    assert status == 0, err
    return [json.loads(line) for line in out.splitlines()]
