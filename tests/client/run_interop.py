# SPDX-License-Identifier: MIT
"""run_interop.py CLIENT PROTO_DIR -- every standard and behaviour case of interop_client against grpcio."""
import os
import subprocess
import sys
import tempfile


def main():
    client, proto_dir = sys.argv[1:3]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["protoc", "-I", proto_dir, "--python_out", folder, "testing.proto"], check=True)
        sys.path.insert(0, folder)
        import testing_pb2
        import testing_server
        socket = "unix:" + os.path.join(folder, "socket")
        server, ports = testing_server.start(testing_pb2, ["127.0.0.1:0", "[::1]:0", socket])
        failed = passed = 0
        for name in sys.argv[3:] or cases(client):
            targets = ["127.0.0.1:%d" % ports[0]]
            if name in ("large_unary", "ping_pong"):
                targets += ["[::1]:%d" % ports[1], socket, "ipv4:127.0.0.1:%d" % ports[0]]
            for target in targets:
                result = subprocess.run([client, target, name], stdout=subprocess.PIPE, timeout=120)
                print(result.stdout.decode(), end="")
                passed, failed = (passed + 1, failed) if result.returncode == 0 else (passed, failed + 1)
        server.stop(0)
    print("%d passed, %d failed" % (passed, failed))
    sys.exit(1 if failed or not passed else 0)


def cases(client):
    return sum((subprocess.check_output([client, "--list", s]).decode().split() for s in ("standard", "behaviour")), [])


main()
