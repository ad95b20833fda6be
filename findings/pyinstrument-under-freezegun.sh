#!/usr/bin/env bash
# pyinstrument 5.1.3 with freezegun 1.5.5: a sample of the run lasts minus some 50 years.
#
# Expected: samples of a block in which freezegun holds the clock last nothing, or are left out; no
# time in a saved session is negative.
# Seen: entering and leaving `freeze_time` gives single samples of more than 1e9 seconds of either
# sign, because freezegun also replaces `time.perf_counter`, which pyinstrument reads: its zero is
# the start of the machine, that of freezegun the year 1970. The total of the session is absurd.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check pyinstrument==5.1.3 freezegun==1.5.5
cat > "$folder/script.py" <<'PY'
import pyinstrument
from freezegun import freeze_time


def work(n):
    return sum(i * i for i in range(n))


profiler = pyinstrument.Profiler()
profiler.start()
for _ in range(100):
    work(10_000)
with freeze_time("2020-01-01"):
    for _ in range(100):
        work(10_000)
for _ in range(100):
    work(10_000)
session = profiler.stop()
times = [seconds for _, seconds in session.frame_records]
print("a sample of more than 30 years:", max(map(abs, times)) > 1e9)
print("a negative sample:", min(times) < 0)
PY
seen=$("$folder/env/bin/python" "$folder/script.py")
echo "$seen"
[ "$seen" = "a sample of more than 30 years: True
a negative sample: True" ] || { echo "changed"; exit 1; }
