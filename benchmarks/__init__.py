"""What the promises cost, and what the naive recipe does in the same world.

`python -m benchmarks` runs everything, prints one table, writes results.json and
docs/benchmarks.md, and fails if a stated limit is broken. The world is the simulation's (`tests/
simulation`) without its oracles: here everything is counted and nothing is judged on the way.

`world`, `fleet`, `crowd` and `meter` make and count a world; `people` live in it; `naive` is the
recipe; `weeks`, `bursts`, `days`, `starting` are the measurements; `months` and `prices` make
dollars of them; `limits`, `report` and `document` say how it went.
"""
