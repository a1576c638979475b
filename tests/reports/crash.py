# SPDX-License-Identifier: GPL-3.0-or-later
"""Killed at any of its calls that change the disk, a run leaves the old bundle or the new one, and the next run goes on as if
nothing had happened. Two runs at once: one wins, the other says so. Speaks TAP.
Arguments: the program; the object that kills it (or nothing)."""
import functools
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / "support"), str(pathlib.Path(__file__).resolve().parent)]
import enrolling  # noqa: E402
import tap  # noqa: E402

PROGRAM, KILL_AT = pathlib.Path(sys.argv[1]).resolve(), "".join(sys.argv[2:3])
MEMORY = pathlib.Path("/dev/shm")  # where flushing costs nothing
SCRATCH = tempfile.TemporaryDirectory(prefix="temoin-crash-", dir=MEMORY if os.access(MEMORY, os.W_OK) else None)
FOLDER = pathlib.Path(SCRATCH.name)
BUSY = ("temoin: out: another temoin is at work in this folder; nothing was written: wait until it is done, then run this "
        "again\n")
READING = "temoin: out: another temoin is writing to this folder; wait until it is done, then run this again\n"
MOST_CALLS = 400
WAYS = {"exchange": {}, "no exchange": {"REFUSE_EXCHANGE": "1"}, "no links": {"REFUSE_LINKS": "1"}}


def enrolling_command(k):
    return [PROGRAM, "assign", "plan.yaml", "--enrol", f"{k:03}-of-4.csv", "-o", "out", "--quiet"]


ANALYZE = [PROGRAM, "analyze", "trial.yaml", "-o", "out", "--quiet"]


def environment(**more):
    path = KILL_AT and str(pathlib.Path(KILL_AT).resolve())
    return dict(os.environ, LD_PRELOAD=" ".join(filter(None, [os.environ.get("LD_PRELOAD"), path])), **more)


@functools.lru_cache(maxsize=None)
def bundle(*batches):
    """The files after these batches."""
    folder = FOLDER / "-".join(map(str, ("bundle", *batches)))
    write_inputs(folder)
    for k in batches:
        tap.run(*enrolling_command(k), cwd=folder)
    return tap.files_of(folder / "out")


def write_inputs(folder):
    enrolling.write_batches(folder, 4)
    enrolling.write_plan(folder / "plan.yaml", "permuted")


def put(folder, files):
    shutil.rmtree(folder, ignore_errors=True)
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text)


def files_seen(folder):
    """As a reader sees them: what is decided, but not yet moved, comes first. Nothing when there is no folder."""
    files = tap.files_of(folder) if folder.exists() else {}
    seen = {name: text for name, text in files.items() if not name.startswith((".unfinished/", ".finished/"))}
    seen.update({name[len(".finished/"):]: text for name, text in files.items() if name.startswith(".finished/")})
    return seen


def killed_everywhere(folder, command, old, new, then, **env):
    """`then`: what a run afterwards leaves. Counts how often the old and the new bundle were left."""
    left, mine = {"old": 0, "new": 0}, {"mine.txt": b"mine", "notes/mine.txt": b"mine"} if old else {}
    for n in range(1, MOST_CALLS):
        put(folder / "out", {**old, **mine})
        done = subprocess.run(list(map(str, command)), cwd=folder, env=environment(KILL_AT=str(n), **env),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
        seen = files_seen(folder / "out")
        if done.returncode not in (0, -signal.SIGKILL):
            raise AssertionError(f"call {n}: exit status {done.returncode}\n{done.stdout.decode('utf-8', 'replace')}")
        if done.returncode == 0 and seen != {**new, **mine}:
            raise AssertionError("it went well, but the new bundle is not there")
        which = "old" if seen == {**old, **mine} else "new" if seen == {**new, **mine} else None
        if not which:
            raise AssertionError(f"call {n}: neither the old bundle nor the new one: {sorted(seen)}")
        left[which] += 1
        if seen:
            tap.run(PROGRAM, "verify", "out", cwd=folder)
        then(which)
        names = [p.name for p in (*folder.iterdir(), *(folder / "out").iterdir()) if p.name.startswith(".")]
        tap.equal(names, [])
        tap.equal({name: text for name, text in tap.files_of(folder / "out").items() if name in mine}, mine)
        if done.returncode == 0:
            return left
    raise AssertionError("no end")


def needs_the_object():
    if not KILL_AT:
        raise tap.Skip("nothing is preloaded under a sanitizer")


def killed_enrolment(way, half):
    """A killed append: after it, the same batch again where it was lost, then the next one."""
    needs_the_object()
    folder = FOLDER / f"{way} {half}"
    write_inputs(folder)

    def go_on(which):
        again = tap.run(*enrolling_command(2), cwd=folder, status=0 if which == "old" else 3)
        assert which == "old" or "is enrolled already" in again, again
        tap.run(*enrolling_command(3), cwd=folder)
        tap.equal_bytes(tap.files_of(folder / "out")["ledger.csv"], bundle(1, 2, 3)["ledger.csv"], "ledger.csv")
        tap.run(PROGRAM, "verify", "out", cwd=folder)

    env = dict(WAYS[way], **({"KILL_HALF": "1"} if half else {}))
    left = killed_everywhere(folder, enrolling_command(2), bundle(1), bundle(1, 2), go_on, **env)
    assert left["old"] > 10 and left["new"] > 5, left


def killed_beginning():
    needs_the_object()
    folder = FOLDER / "beginning"
    write_inputs(folder)

    def go_on(which):
        tap.run(*enrolling_command(1), cwd=folder, status=0 if which == "old" else 3)
        tap.equal(tap.files_of(folder / "out"), bundle(1))

    left = killed_everywhere(folder, enrolling_command(1), {}, bundle(1), go_on)
    assert left["old"] > 10 and left["new"] > 0, left


def killed_analysis(way):
    """From an assignment to its analysis."""
    needs_the_object()
    folder = FOLDER / f"analysis {way}"
    folder.mkdir()
    tap.write_csv(folder / "clients.csv", ["id", "y"], [[f"c{u:02}", u * u % 7] for u in range(12)])
    tap.write_plan(folder / "trial.yaml", {
        "temoin": 1, "trial": {"id": "t"}, "clients": {"file": "clients.csv", "id": "id"},
        "outcomes": [{"file": "clients.csv", "id": "id"}], "arms": [{"name": "a"}, {"name": "b"}],
        "design": {"kind": "complete", "seed": "s"}, "measures": [{"name": "y"}],
        "estimates": [{"name": "e", "measures": ["y"], "estimator": "dim", "variance": "neyman"}]})
    tap.run(PROGRAM, "assign", "trial.yaml", "-o", "out", "--quiet", cwd=folder)
    old = tap.files_of(folder / "out")
    tap.run(*ANALYZE, cwd=folder)
    new = tap.files_of(folder / "out")

    def go_on(_):
        tap.run(*ANALYZE, cwd=folder)
        tap.run(PROGRAM, "verify", "out", cwd=folder)

    left = killed_everywhere(folder, ANALYZE, old, new, go_on, **WAYS[way])
    assert left["old"] > 10 and left["new"] > 5, left


def start(folder, command, **env):
    return subprocess.Popen(list(map(str, command)), cwd=folder, env=environment(**env) if env else None,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def is_stopped(process):
    """Waits until it stops or ends."""
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    if os.WIFSTOPPED(status):
        return True
    process.returncode = os.waitstatus_to_exitcode(status)
    return False


def second_comes_while_first_works(way):
    """The first is stopped at each of its calls in turn; a second one and a reader come meanwhile; then the first goes on."""
    needs_the_object()
    folder = FOLDER / f"second {way}"
    write_inputs(folder)
    for n in range(1, MOST_CALLS):
        put(folder / "out", bundle(1))
        with start(folder, enrolling_command(2), KILL_AT=str(n), KILL_STOP="1", **WAYS[way]) as first:
            if not is_stopped(first):
                tap.equal(first.returncode, 0)
                assert n > 20, n
                return
            try:
                tap.equal(tap.run(*enrolling_command(3), cwd=folder, status=1), BUSY)
                tap.equal(tap.run(PROGRAM, "verify", "out", cwd=folder, status=1), READING)
            finally:
                first.send_signal(signal.SIGCONT)
            said = first.communicate(timeout=60)[0]
            tap.equal((first.returncode, said), (0, b""))
        tap.equal(tap.files_of(folder / "out"), bundle(1, 2))
        if n % 10 == 0:
            tap.run(*enrolling_command(3), cwd=folder)
            tap.equal(tap.files_of(folder / "out"), bundle(1, 2, 3))
    raise AssertionError("no end")


def second_comes_at_the_beginning():
    """There is no folder to lock yet."""
    needs_the_object()
    folder = FOLDER / "two begin"
    write_inputs(folder)
    for n in range(1, MOST_CALLS):
        shutil.rmtree(folder / "out", ignore_errors=True)
        with start(folder, enrolling_command(1), KILL_AT=str(n), KILL_STOP="1") as first:
            if not is_stopped(first):
                return
            second = subprocess.run(list(map(str, enrolling_command(2))), cwd=folder, stdout=subprocess.PIPE,
                                    stderr=subprocess.STDOUT, timeout=60)
            first.send_signal(signal.SIGCONT)
            first.communicate(timeout=60)
        if second.returncode == 0:  # it was first after all: whom it enrolled came later
            tap.equal((first.returncode, tap.files_of(folder / "out")), (3, bundle(2)))
        else:
            tap.equal((second.returncode, second.stdout.decode()), (1, BUSY))
            tap.equal((first.returncode, tap.files_of(folder / "out")), (0, bundle(1)))
    raise AssertionError("no end")


def two_at_once():
    """As it comes: nobody is stopped."""
    folder = FOLDER / "race"
    write_inputs(folder)
    both = 0
    for _ in range(20):
        put(folder / "out", bundle(1))
        with start(folder, enrolling_command(2)) as one, start(folder, enrolling_command(3)) as two:
            said = [process.communicate(timeout=60)[0].decode() for process in (one, two)]
        outcome = one.returncode, two.returncode
        expected = {(0, 0): bundle(1, 2, 3), (0, 1): bundle(1, 2), (1, 0): bundle(1, 3), (3, 0): bundle(1, 3)}
        if outcome not in expected:
            raise AssertionError(f"{outcome}: {said}")
        tap.equal(tap.files_of(folder / "out"), expected[outcome])
        assert all(text in ("", BUSY) or "came before" in text for text in said), said
        both += outcome == (0, 0)
    print(f"# both went through in {both} of 20")


def on_disk():
    """The names are exchanged wherever the system can do it: it can in memory, and on most disks."""
    with tempfile.TemporaryDirectory(prefix="temoin-crash-") as scratch:
        for folder in (FOLDER / "exchanged", pathlib.Path(scratch)):
            write_inputs(folder)
            for k in (1, 2, 3):
                inode = (folder / "out").stat().st_ino if k > 1 else 0
                tap.run(*enrolling_command(k), cwd=folder)
                print(f"# {folder.parent}: {'exchanged' if (folder / 'out').stat().st_ino != inode else 'moved file by file'}")
            tap.equal(tap.files_of(folder / "out"), bundle(1, 2, 3))


TESTS = [(f"killed at every call of an enrolment, {way}{', writes half done' if half else ''}",
          functools.partial(killed_enrolment, way, half)) for way in WAYS for half in (False, True)]
TESTS += [("killed at every call of a first enrolment", killed_beginning)]
TESTS += [(f"killed at every call of an analysis, {way}", functools.partial(killed_analysis, way)) for way in WAYS]
TESTS += [(f"a second process comes at every call of the first, {way}", functools.partial(second_comes_while_first_works, way))
          for way in WAYS]
TESTS += [("a second process comes before there is a folder", second_comes_at_the_beginning),
          ("two processes at once", two_at_once), ("in memory and on a disk", on_disk)]

if __name__ == "__main__":
    status = tap.main(TESTS)
    SCRATCH.cleanup()
    sys.exit(status)
