"""A process that runs command lines in children, and ends them at a given moment.

Reads one JSON object per line: arguments, the folder to watch, and at which write into it (to a
path that holds `place`) the child is ended (0: never) or the disk is full from then on. Answers
with the exit code, the number of writes and what was printed. Children are forked when all is
imported, so that twenty of them cost seconds.
"""

import errno
import json
import os
import signal
import sys
import tempfile
from pathlib import Path

from bench.cli.main import main

WRITES = {"os.mkdir", "os.rename", "os.remove", "os.truncate"}


class Doom:
    """An audit hook that counts writes below a folder, and acts at one of them."""

    def __init__(self, folder, moment, full, place):
        self.folder, self.moment, self.full, self.place = folder, moment, full, place
        self.count = 0

    def __call__(self, event, arguments):
        if event == "open":
            path, mode, flags = arguments
            writes = (mode and set(mode) & set("wax+")) or (flags & (os.O_WRONLY | os.O_RDWR))
        elif event in WRITES:
            path, writes = arguments[0], True
        else:
            return
        if not writes or not str(path).startswith(self.folder):
            return
        if self.place not in str(path):
            return
        self.count += 1
        if self.count == self.moment and not self.full:
            os.kill(os.getpid(), signal.SIGKILL)
        if self.moment and self.count >= self.moment:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)


def child(order, output):
    os.dup2(output, 1)
    os.dup2(output, 2)
    doom = Doom(order["watch"], order["moment"], order["full"], order["place"])
    sys.addaudithook(doom)
    code = main(order["arguments"])
    sys.stdout.flush()
    sys.stderr.flush()
    doom.moment = 0
    Path(order["count"]).write_text(str(doom.count))
    os._exit(code)


def serve():
    with tempfile.TemporaryDirectory() as folder:
        out, sys.stdout = sys.stdout, sys.stderr
        main(["run", "p1", "--quick", "--json", "--out", folder])  # imports everything
        sys.stdout = out
        for line in sys.stdin:
            order = json.loads(line)
            order["count"] = f"{folder}/count"
            Path(order["count"]).write_text("0")
            with tempfile.TemporaryFile() as output:
                process = os.fork()
                if not process:
                    child(order, output.fileno())
                code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
                output.seek(0)
                answer = {
                    "code": code,
                    "said": output.read().decode("utf-8", "replace"),
                    "count": int(Path(order["count"]).read_text()),
                }
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    serve()
