# SPDX-License-Identifier: MIT
"""run_negative.py CLIENT -- every negative case of interop_client against raw_server.py."""
import subprocess
import sys

import raw_server

OTHER_PORT = {"http1_server": 1, "mute_server": 2, "closing_server": 3, "goaway_server": 4}


def main():
    client = sys.argv[1]
    names = sys.argv[2:] or subprocess.check_output([client, "--list", "negative"]).decode().split()
    failed = 0
    for name in names:
        ports = raw_server.start()
        result = subprocess.run([client, "127.0.0.1:%d" % ports[OTHER_PORT.get(name, 0)], name],
                                stdout=subprocess.PIPE, timeout=60)
        print(result.stdout.decode(), end="")
        failed += result.returncode != 0
    print("%d passed, %d failed" % (len(names) - failed, failed))
    sys.exit(1 if failed or not names else 0)


main()
