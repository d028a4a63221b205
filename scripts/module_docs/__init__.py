"""The README's tables: inputs and outputs, made from the HCL; costs, from the benchmarks."""
