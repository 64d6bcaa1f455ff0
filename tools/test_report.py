"""Counts test cases in Bazel's build events and ends with "N passed, N failed".

Usage: test_report.py EVENTS_JSON BAZEL_EXIT_STATUS. Fails when a test failed or nothing ran.
"""

import collections
import json
import sys
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ElementTree

Counts = collections.namedtuple("Counts", "passed failed skipped")


def count_cases(path):
    """The cases of one JUnit file, as GoogleTest, unittest_main.py or Bazel itself writes it."""
    passed = failed = skipped = 0
    for case in ElementTree.parse(path).iter("testcase"):
        if case.get("status") == "notrun":  # disabled, or filtered out
            continue
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif case.find("skipped") is not None:
            skipped += 1
        else:
            passed += 1
    return Counts(passed, failed, skipped)


def count_run(result):
    """One run of one shard of one target."""
    counts = Counts(0, 0, 0)
    for output in result.get("testActionOutput", []):
        if output["name"] == "test.xml":
            path = urllib.request.url2pathname(urllib.parse.urlparse(output["uri"]).path)
            try:
                counts = count_cases(path)
            except (OSError, ElementTree.ParseError):
                pass  # judged by the status below
    # A crash, a timeout or a sanitizer's report at exit fails a target whose cases all passed.
    if result["status"] != "PASSED" and not counts.failed:
        counts = counts._replace(failed=1)
    return counts


def read_events(path):
    """Returns ({(target, run, shard): Counts}, {target that did not build})."""
    tests = set()
    built = set()
    runs = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            event = json.loads(line)
            kind = event["id"]
            if "targetConfigured" in kind and event.get("configured", {}).get("testSize"):
                tests.add(kind["targetConfigured"]["label"])
            # A test that was built and has no result was not asked for.
            if "targetCompleted" in kind and event.get("completed", {}).get("success"):
                built.add(kind["targetCompleted"]["label"])
            if "testResult" in kind and "testResult" in event:
                key = kind["testResult"]
                # A later attempt of a flaky test replaces the earlier one.
                runs[key["label"], key.get("run"), key.get("shard")] = count_run(event["testResult"])
    return runs, tests - built - {label for label, _, _ in runs}


def main():
    bazel_status = int(sys.argv[2])
    runs, missing = read_events(sys.argv[1])
    passed = sum(c.passed for c in runs.values())
    failed = sum(c.failed for c in runs.values()) + len(missing)
    skipped = sum(c.skipped for c in runs.values())

    print()
    for label in sorted(missing):
        print(f"{label}: did not build")
    for (label, _, _), counts in sorted(runs.items(), key=str):
        if counts.failed:
            print(f"{label}: {counts.failed} failed")
    if skipped:
        print(f"{skipped} skipped")
    # 4 is Bazel's "no test matched"; anything else bad that no test shows is a build that broke.
    if bazel_status not in (0, 4) and not failed:
        print("the build failed")
        failed = 1
    print(f"{passed} passed, {failed} failed")
    sys.exit(0 if passed and not failed else 1)


if __name__ == "__main__":
    main()
