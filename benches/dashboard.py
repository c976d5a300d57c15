"""Fills the queues with imports in every situation, and has the management page photographed. Called by scripts/screenshots."""
import os, subprocess, time

import bench

world = bench.World(True, """[worker]
submit_slots = 2
follow_slots = 4
poll_first = "5s"
poll_later = "15s"
[worker.retry]
first = "120s"
attempts = 1
""")
text = open(world.config).read()
text = text.replace("outstanding = 6000", "outstanding = 40")
text = "\n".join(line if not line.startswith("prefix") else 'prefix = "dataverse-renku"' for line in text.splitlines())
open(world.config, "w").write(text)
web = world.start("web")
world.sign_in()
world.mode(job_ms=90000, workers=6000)
worker = world.start("worker")
world.import_many(150)
for fault in ({"name": "error_2900", "times": 6}, {"name": "malformed", "times": 6}):
    bench.ask(f"{world.at['renku']}/_sim/faults", fault)
    time.sleep(6)
bench.ask(f"{world.at['renku']}/_sim/faults", {"name": "core_down", "times": 12})
time.sleep(12)
try:
    subprocess.run(["node", "target/screenshots/shoot.mjs", os.environ["TEST_RABBITMQ_DASHBOARD"], "docs/screenshots"], check=True)
    print(bench.total(world.metrics(world.monitor), "dataverse_renku_imports", phase="parked"), "parked")
finally:
    world.close(worker, web)
