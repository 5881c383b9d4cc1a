"""Benchmarks: `python -m twinlang.bench NAME`, one module of this folder a benchmark.

A benchmark has
- `add_flags(parser)`, its own flags beside those that all have;
- `measure(arguments) -> rows`, dicts of the same keys, which are the columns of its table. A row
  measures ours and a baseline that it names, in turn and in the same process, so that a busy
  machine slows both alike.
"""
