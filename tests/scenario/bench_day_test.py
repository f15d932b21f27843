"""The benches that fill a store: a day at speed, a start with much in it; their files go whatever becomes of them. SOTTO_MESSAGES makes it
a whole day of 10,000 devices, with so many messages."""
import os
import signal
import subprocess
import tempfile
import time

from sottobench import bench, rows_of
from sottoclient import program, run, sanitized

START_MIB = 64  # of a server that has just started, however much is stored

def a_store_can_be_full_before():
    rows = rows_of("offline", "--n", "500", "--stored", "2000")
    assert rows and {row["stored"] for row in rows} == {2000}, rows
    rows = rows_of("start", "--accounts", "3000", "--stored", "2000")
    ops = ["start_p50", "start_worst", "start_cpu", "memory"]
    assert [row["op"] for row in rows] == ops + [op + "_killed" for op in ops] and all(row["value"] > 0 for row in rows), rows
    assert sanitized() or all(row["value"] < START_MIB for row in rows if row["unit"] == "MiB"), rows


MESSAGES = os.environ.get("SOTTO_MESSAGES")
DAY = ["database", "delivered", "files", "lost", "memory", "messages", "returned_heard", "returned_told_lost", "stored", "taken"]


def a_day_passes_at_speed():
    for store in ([], ["--memory"]):
        rows = rows_of("day", "--devices", "40", "--messages", "2000", "--hours", "2", "--retention", "1800", *store)
        last = {row["op"]: row["value"] for row in rows if row["n"] == 2}
        assert sorted(last) == DAY, rows
        assert last["messages"] == 2000 and last["delivered"] > 2000 and last["memory"] > 0, last


def when_all_is_in_balance_a_day_takes_no_more():
    hours = 24 if MESSAGES else 12
    short = ("--devices", "60", "--messages", "24000", "--hours", "12", "--retention", "3600", "--queue", "50")
    rows = rows_of("day", *(("--messages", MESSAGES) if MESSAGES else short), timeout=7200 if MESSAGES else 300)
    last = {row["op"]: row["value"] for row in rows if row["n"] == hours}
    assert sorted(last) == sorted(DAY + ["memory_growth", "database_growth"]), rows
    assert last["memory_growth"] < 1.25 and last["database_growth"] < 1.25, last
    files = {row["n"]: row["value"] for row in rows if row["op"] == "files"}
    assert len(files) >= hours and len(set(files.values())) == 1, files


def begun(folder, *options):
    """A bench that has files now."""
    process = subprocess.Popen([program("sotto-bench"), *options, "--dir", folder], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not any(files for _, _, files in os.walk(folder)) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert process.poll() is None and os.listdir(folder) == [name for name in os.listdir(folder) if f"-{process.pid}-" in name]
    return process


LONG = {"day": ["day", "--devices", "30", "--messages", "1000000000"], "start": ["start", "--accounts", "100000"]}


def who_interrupts_a_bench_finds_no_files_of_it():
    for options in LONG.values():
        for number in (signal.SIGINT, signal.SIGTERM):
            with tempfile.TemporaryDirectory() as folder:
                process = begun(folder, *options)
                process.send_signal(number)
                assert process.wait(60) == 1 and os.listdir(folder) == [], (options, number, os.listdir(folder))


def what_a_killed_bench_left_the_next_one_takes_away():
    with tempfile.TemporaryDirectory() as folder:
        process = begun(folder, *LONG["day"])
        living = os.path.join(folder, f"sotto-bench-{os.getpid()}-abcdef")
        os.mkdir(living)
        os.mkdir(os.path.join(folder, "sotto-bench-notes"))
        process.kill()
        process.wait()
        assert len(os.listdir(folder)) == 3
        assert bench("--devices", "30", "--messages", "10", "--hours", "1", "--dir", folder, name="day")[0] == 0
        assert sorted(os.listdir(folder)) == sorted([os.path.basename(living), "sotto-bench-notes"])


run([
    a_store_can_be_full_before,
    a_day_passes_at_speed,
    when_all_is_in_balance_a_day_takes_no_more,
    who_interrupts_a_bench_finds_no_files_of_it,
    what_a_killed_bench_left_the_next_one_takes_away,
])
