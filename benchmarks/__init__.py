"""What the promises cost, and what the naive recipe does in the same world.

`make bench` runs everything, prints one table, writes results.json, docs/benchmarks.md with its
picture and the README's table of costs, and fails if a stated limit is broken.
`python -m benchmarks --only PART` measures a part and writes nothing. The world is that of
`simulation` without its judges: everything is counted, and nothing is judged along the way.

`world`, `fleet`, `crowd` and `meter` create a world and count what happens in it; `people` use it;
`naive` is the recipe; `weeks`, `bursts`, `days`, `alarms`, `starting` and `planning` are the
measurements; `causes` has the faults that make alarms ring; `months` and `prices` convert the
measurements into dollars; `limits`, `report`, `document` and `plot` present the results.
`dashboard`, `insights` and `panels` draw the module's dashboard for a simulated week.
"""
