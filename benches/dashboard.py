"""Fills the queues with imports in every situation, and has the management page photographed. Called by scripts/screenshots."""
import os, subprocess, threading, time

import bench

world = bench.World(True, """[worker]
submit_slots = 4
follow_slots = 8
give_up_after = "70s"
[worker.retry]
first = "150s"
longest = "300s"
""")
text = open(world.config).read()
text = text.replace("outstanding = 6000", "outstanding = 40")
text = "\n".join(line if not line.startswith("prefix") else 'prefix = "dataverse-renku"' for line in text.splitlines())
open(world.config, "w").write(text)
web = world.start("web")
world.sign_in()
world.mode(job_ms=25000, workers=6000)
worker = world.start("worker")
# More than Renku takes before their time is over: the rest is parked.
world.import_many(110)
time.sleep(75)
bench.ask(f"{world.at['renku']}/_sim/faults", {"name": "retry_after", "times": 4, "seconds": 150})
more = threading.Thread(target=world.import_many, args=(90,), kwargs={"first": 1000})
more.start()
time.sleep(3)
try:
    subprocess.run(["node", "target/screenshots/shoot.mjs", os.environ["TEST_RABBITMQ_DASHBOARD"], "docs/screenshots"], check=True)
    print(bench.total(world.metrics(world.monitor), "dataverse_renku_imports", phase="parked"), "parked")
finally:
    world.close(worker, web)
