"""Parts of the README: inputs and outputs, made from the HCL; the rest from the benchmarks."""
