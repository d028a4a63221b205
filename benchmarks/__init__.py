"""What the promises cost, and what the naive recipe does in the same world.

`make bench` runs everything, prints one table, writes results.json, docs/benchmarks.md with its
picture and the README's table of costs, and fails if a stated limit is broken.
`python -m benchmarks --only PART` measures a part and writes nothing. The world is the
simulation's (`simulation`) without its oracles: here everything is counted and nothing is
judged on the way.

`world`, `fleet`, `crowd` and `meter` make and count a world; `people` live in it; `naive` is the
recipe; `weeks`, `bursts`, `days`, `alarms`, `starting` and `planning` are the measurements;
`causes` are what rings the alarms; `months` and `prices` make dollars of the measurements;
`limits`, `report`, `document` and `plot` say how it went.
`dashboard`, `insights` and `panels` draw the module's dashboard over such a week.
"""
