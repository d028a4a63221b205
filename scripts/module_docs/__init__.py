"""The README's tables of inputs and outputs, made from the HCL."""
