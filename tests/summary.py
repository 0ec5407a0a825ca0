#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""summary.py PART REPORT.xml -- what one ctest run did, in numbers that mean single tests.

A program that counts its own tests says so in a line "tests: P passed, F failed, S skipped"; any other
test is one. Skips are named with their reasons, wherever in the output they stand. The last line,
"#PART passed failed skipped", is for run.sh to add up.
"""
import re
import sys
import xml.etree.ElementTree as tree

part, report = sys.argv[1], sys.argv[2]
passed = failed = skipped = 0
for case in tree.parse(report).getroot().findall("testcase"):
    name, status = case.get("name"), case.get("status")
    output = case.findtext("system-out") or ""
    counts = re.findall(r"^tests: (\d+) passed, (\d+) failed, (\d+) skipped$", output, flags=re.M)
    reasons = re.findall(r"SKIPPED:? (.*)", output)
    if counts:
        p, f, s = (sum(int(c[i]) for c in counts) for i in range(3))
        if status == "fail" and f == 0:
            f = 1  # it died after counting, or before
    elif status == "notrun":
        p, f, s = 0, 0, 1
        reasons = reasons or ["the test did not run"]
    else:
        p, f, s = int(status == "run"), int(status != "run"), len(reasons)
    passed, failed, skipped = passed + p, failed + f, skipped + s
    if f:
        print(f"FAILED  {part}: {name}")
    for reason in reasons:
        print(f"SKIPPED {part}: {name}: {reason}")
print(f"#{part} {passed} {failed} {skipped}")
