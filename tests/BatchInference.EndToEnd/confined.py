"""Starts a program under the seccomp filters that systemd makes of a unit: confined.py UNIT PROGRAM [ARGUMENT ...]

systemd (src/core/execute.c, src/shared/seccomp-util.c) loads one filter for each setting, and the kernel takes the strictest answer; so does this, with the groups as systemd-analyze lists them.
SystemCallFilter, SystemCallErrorNumber, RestrictAddressFamilies, RestrictNamespaces, RestrictRealtime, LockPersonality; a setting of seccomp that it does not know is an error.
"""
import ctypes, errno, os, re, socket, subprocess, sys

library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
library.seccomp_init.restype = ctypes.c_void_p
ALLOW = 0x7FFF0000
NOT_EQUAL, EQUAL, GREATER, MASKED = 1, 4, 6, 7


class Comparison(ctypes.Structure):
    _fields_ = [("argument", ctypes.c_uint), ("operator", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


def error(name):
    return 0x00050000 | getattr(errno, name)


class Filter:
    def __init__(self, otherwise):
        self.context = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(otherwise)))

    def rule(self, action, call, *comparisons):
        number = library.seccomp_syscall_resolve_name(call.encode())
        # Of another architecture, or newer than the library.
        if number < 0:
            return
        made = library.seccomp_rule_add_array(self.context, ctypes.c_uint32(action), number, len(comparisons), (Comparison * len(comparisons))(*comparisons))
        if made != 0:
            sys.exit(f"seccomp rule {call}: {os.strerror(-made)}")

    def load(self):
        loaded = library.seccomp_load(self.context)
        if loaded != 0:
            sys.exit(f"seccomp_load: {os.strerror(-loaded)}")


def calls(group):
    listed = subprocess.run(["systemd-analyze", "syscall-filter", group], check=True, capture_output=True, text=True).stdout
    for line in listed.splitlines()[1:]:
        name = line.strip()
        if name.startswith("@"):
            yield from calls(name)
        elif name and not name.startswith("#"):
            yield name


def named(words):
    return {call for word in words for call in (calls(word) if word.startswith("@") else [word])}


settings = {}
for key, value in re.findall(r"^([A-Za-z]+)=(.*)$", open(sys.argv[1]).read(), re.MULTILINE):
    settings.setdefault(key, []).append(value.strip())

filters = []
if families := " ".join(settings.get("RestrictAddressFamilies", [])).split():
    allowed = {int(getattr(socket, name)) for name in families}
    families = Filter(ALLOW)
    for number in set(range(max(allowed) + 1)) - allowed:
        families.rule(error("EAFNOSUPPORT"), "socket", Comparison(0, EQUAL, number, 0))
    families.rule(error("EAFNOSUPPORT"), "socket", Comparison(0, GREATER, max(allowed), 0))
    filters.append(families)
if settings.get("RestrictNamespaces") == ["true"]:
    namespaces = Filter(ALLOW)
    # Its flags are behind a pointer; told that there is no such call, the C library takes clone.
    namespaces.rule(error("ENOSYS"), "clone3")
    namespaces.rule(error("EPERM"), "setns")
    for flag in (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000, 0x00000080):
        for call in ("clone", "unshare"):
            namespaces.rule(error("EPERM"), call, Comparison(0, MASKED, flag, flag))
    filters.append(namespaces)
if settings.get("RestrictRealtime") == ["true"]:
    realtime = Filter(ALLOW)
    for policy in (1, 2, 6):
        realtime.rule(error("EPERM"), "sched_setscheduler", Comparison(1, EQUAL, policy, 0))
    filters.append(realtime)
if settings.get("LockPersonality") == ["true"]:
    personality = Filter(ALLOW)
    personality.rule(error("EPERM"), "personality", Comparison(0, NOT_EQUAL, 0, 0))
    filters.append(personality)

unknown = {"MemoryDenyWriteExecute", "SystemCallLog"} & settings.keys()
if unknown:
    sys.exit(f"{sys.argv[1]}: {', '.join(unknown)}: not known here")
# systemd.exec(5): the first line makes it a list of what is allowed, with what starting and ending a process needs; ~ takes away.
let_in = named(["@default", "execve"])
for line in settings["SystemCallFilter"]:
    let_in = let_in - named(line[1:].split()) if line.startswith("~") else let_in | named(line.split())
calls_let_in = Filter(error(settings["SystemCallErrorNumber"][0]))
for call in sorted(let_in):
    calls_let_in.rule(ALLOW, call)
filters.append(calls_let_in)

for one in filters:
    one.load()
os.execvp(sys.argv[2], sys.argv[2:])
