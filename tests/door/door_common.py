# SPDX-License-Identifier: MIT
"""What the door tests share: the server under test, generated messages, a runner."""
import atexit
import os
import signal
import subprocess
import sys
import tempfile
import threading
import traceback

SKIP = 77
SLOW = float(os.environ.get("LODE_TEST_SLOW", "1"))  # a sanitizer's server takes longer, and may
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def skip(reason):
    print("SKIPPED: " + reason)
    sys.exit(SKIP)


def pool_of(files):
    """A descriptor pool of FileDescriptorProtos by name, each behind those that it needs."""
    from google.protobuf import descriptor_pool
    pool, added = descriptor_pool.DescriptorPool(), set()

    def add(name):
        if name not in added:
            added.add(name)
            for needed in files[name].dependency:
                add(needed)
            pool.Add(files[name])

    for name in files:
        add(name)
    return pool


class Server:
    """interop_server as a child; stop() asks it to drain and checks that nothing is left."""

    def __init__(self, program, *options):
        self.process = subprocess.Popen([program, *options], stdout=subprocess.PIPE, text=True)
        atexit.register(self.process.kill)
        line = self.process.stdout.readline()
        assert line.startswith("listening "), "the server did not start: %r" % line
        self.port = int(line.split()[1])
        self.target = "127.0.0.1:%d" % self.port
        self.lines = []
        self.changed = threading.Condition()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            with self.changed:
                self.lines.append(line.strip())
                self.changed.notify_all()

    def wait_line(self, text, count=1, timeout=10):
        """Waits until `text` was printed `count` times."""
        with self.changed:
            return self.changed.wait_for(lambda: self.lines.count(text) >= count, timeout * SLOW)

    def rss_kib(self):
        with open("/proc/%d/status" % self.process.pid) as f:
            for line in f:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1])
        return 0

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def stop(self):
        if self.process.poll() is None:
            self.terminate()
        try:
            status = self.process.wait(30 * SLOW)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError("the server does not end")
        self.reader.join(5)
        assert status == 0, "the server ended with %d: %s" % (status, self.lines[-1:])


def generate(*protos):
    """protoc --python_out of files below proto/ and tests/support/proto, importable afterwards."""
    out = tempfile.TemporaryDirectory(prefix="lode-door-")
    paths = [os.path.join(ROOT, "proto"), os.path.join(ROOT, "tests/support/proto")]
    command = ["protoc", "--python_out=" + out.name] + ["-I" + p for p in paths] + list(protos)
    try:
        subprocess.run(command, check=True)
    except FileNotFoundError:
        skip("protoc is not installed")
    sys.path.insert(0, out.name)
    return out


TEST_SECONDS = int(60 * SLOW)


def _too_long(signo, frame):
    raise AssertionError("the test takes longer than %d s" % TEST_SECONDS)


def run(tests):
    """Runs (name, function) pairs; arguments after the program's name choose some."""
    signal.signal(signal.SIGALRM, _too_long)
    wanted = sys.argv[2:]
    failed = []
    done = 0
    for name, test in tests:
        if wanted and name not in wanted:
            continue
        signal.alarm(TEST_SECONDS)
        try:
            test()
            print("ok      " + name, flush=True)
        except Exception:  # each failure is shown, and the rest still run
            traceback.print_exc()
            print("FAILED  " + name, flush=True)
            failed.append(name)
        signal.alarm(0)
        done += 1
    print("%d run, %d failed %s" % (done, len(failed), " ".join(failed)))
    return 1 if failed or not done else 0
