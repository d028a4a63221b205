"""Generated parts of the README: tables and badges from the HCL, the rest from the benchmarks."""
