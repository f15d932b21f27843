#!/usr/bin/python3
"""Runs a program within what a systemd unit allows, as far as that goes without systemd: a file system that is read-only but for the
directories named, no capability, no new rights, the unit's system calls and address families.

    confined.py UNIT DIRECTORY... -- PROGRAM ARGUMENT...
"""
import ctypes
import os
import re
import subprocess
import sys

EPERM, ALLOW, EQUAL = 1, 0x7FFF0000, 4
ERRNO = 0x00050000 | EPERM
FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10}
PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN = 65, 1


class Compare(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


def calls_of(group):
    """The system calls of a group such as @system-service."""
    text = subprocess.run(["systemd-analyze", "syscall-filter", group], capture_output=True, text=True, check=True).stdout
    found = set()
    for word in text.split("\n")[1:]:
        word = word.strip()
        if word.startswith("@"):
            found |= calls_of(word)
        elif word and not word.startswith("#"):
            found.add(word)
    return found


def settings(unit, key):
    with open(unit, encoding="utf-8") as f:
        return re.findall(rf"^{key}=(.*)$", f.read(), re.M)


def allowed(unit):
    calls = set()
    for line in settings(unit, "SystemCallFilter"):
        names = set()
        for word in line.lstrip("~").split():
            names |= calls_of(word) if word.startswith("@") else {word}
        calls = calls - names if line.startswith("~") else calls | names
    return calls


def shut_in(unit):
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.seccomp_init(ERRNO))
    for name in allowed(unit) - {"socket"}:
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:
            assert library.seccomp_rule_add_array(context, ALLOW, number, 0, None) == 0, name
    number = library.seccomp_syscall_resolve_name(b"socket")
    for family in settings(unit, "RestrictAddressFamilies")[0].split():
        only = Compare(0, EQUAL, FAMILIES[family], 0)
        assert library.seccomp_rule_add_array(context, ALLOW, number, 1, ctypes.byref(only)) == 0, family
    if settings(unit, "MemoryDenyWriteExecute") == ["yes"]:
        ctypes.CDLL(None).prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0)  # Linux 6.3
    assert library.seccomp_load(context) == 0


def main():
    split = sys.argv.index("--")
    unit, places, command = sys.argv[1], sys.argv[2:split], sys.argv[split + 1:]
    if "CONFINED" not in os.environ:
        mounts = "mount --make-rprivate / && " + "".join(f"mount --bind '{p}' '{p}' && " for p in places) + "mount -o remount,bind,ro / && "
        os.execvpe("unshare", ["unshare", "--mount", "sh", "-c", mounts + "exec \"$@\"", "sh", "setpriv", "--bounding-set=-all", "--inh-caps=-all",
                               "--no-new-privs", sys.executable, *sys.argv], {**os.environ, "CONFINED": "1"})
    del os.environ["CONFINED"]
    shut_in(unit)
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
