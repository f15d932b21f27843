#!/usr/bin/python3
"""What doctor finds; and the unit for the service manager."""
import json
import os
import shutil
import subprocess
import tempfile

from sottoclient import *


def sottod(*arguments, timeout=30):
    done = subprocess.run([program("sottod"), *arguments], capture_output=True, text=True, timeout=timeout, check=False)
    return done.returncode, done.stdout, done.stderr


def fresh():
    return tempfile.mkdtemp(prefix="sottod-test-")


def found(directory, *arguments):
    """By name: (level, text, fix); and the exit status."""
    status, out, err = sottod("doctor", "--dir", directory, "--json", *arguments)
    assert err == "", err
    told = json.loads(out)
    assert status == (1 if told["failures"] else 0), (status, told)
    return {c["name"]: (c["level"], c["text"], c["fix"]) for c in told["checks"]}, status


def a_running_server_is_fine():
    with Server() as s:
        state = os.path.join(s.directory, "state")
        checks, status = found(state)
        for name in ("config", "dir", "server", "keys", "tls", "port", "database"):
            assert checks[name][0] == "ok", (name, checks[name])
        assert status == 0 and s.pin() in checks["keys"][1] and f"127.0.0.1:{s.port}" in checks["port"][1], checks
        assert checks["dns"][0] == "warn" and "localhost" in checks["dns"][1]
        _, out, _ = sottod("doctor", "--dir", state)
        assert "ok    server    sottod " in out and "fix: " in out, out
        checks, _ = found(state, "port")
        assert list(checks) == ["port"]


def what_is_wrong_is_found():
    with Server() as s:
        state = os.path.join(s.directory, "state")
        s.stop()
        checks, status = found(state)
        assert status == 1 and checks["server"][0] == "fail" and checks["database"] == ("ok", checks["database"][1], ""), checks
        assert "whole" in checks["database"][1]
        os.chmod(state, 0o755)
        checks, _ = found(state)
        assert checks["dir"][0] == "fail" and "chmod 700" in checks["dir"][2]
        os.chmod(state, 0o700)
        with open(os.path.join(state, "sotto.db"), "r+b") as f:
            f.write(b"\0" * 3000)
        assert found(state, "database")[0]["database"][0] == "fail"
        with open(os.path.join(state, "sottod.conf"), "w", encoding="utf-8") as f:
            f.write("thread = 1\n")
        checks, _ = found(state)
        assert checks["config"][0] == "fail" and "line 1" in checks["config"][1] and "threads" in checks["config"][2], checks
        with open(os.path.join(state, "sottod.conf"), "w", encoding="utf-8") as f:
            f.write("host = nobody.invalid\n[limits]\ndisk_reserve_bytes = 1000000000000\n")
        checks, _ = found(state)
        assert checks["dns"][0] == "fail" and "nobody.invalid" in checks["dns"][2]
        assert checks["disk"][0] == "fail" and "nothing new is accepted" in checks["disk"][1]
    checks, status = found("/nonexistent/state")
    assert status == 1 and checks["dir"][0] == "fail" and checks["dir"][2] == "sottod init"
    status, _, err = sottod("doctor", "prt")
    assert status == 6 and "did you mean port?" in err, err


def the_unit_is_hardened_and_understood():
    if shutil.which("systemd-analyze") is None:
        return "systemd-analyze is not here"
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "packaging", "sottod.service.in")
    unit = os.path.join(fresh(), "sottod.service")
    with open(source, encoding="utf-8") as f, open(unit, "w", encoding="utf-8") as out:
        out.write(f.read().replace("@BINDIR@/sottod", program("sottod")).replace("Documentation=", "#"))
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    complaints = [line for line in (done.stdout + done.stderr).splitlines() if "sottod.service" in line]
    assert not complaints, complaints
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=13", unit], capture_output=True, text=True,
                          check=False)
    if "Unknown command" in done.stderr or "unrecognized option" in done.stderr:
        return "this systemd-analyze can't look at a file"
    assert done.returncode == 0, done.stdout[-300:] + done.stderr
    return None


run([f for f in list(globals().values()) if callable(f) and getattr(f, "__module__", "") == "__main__"
     and f.__name__ not in ("sottod", "fresh", "found")])
