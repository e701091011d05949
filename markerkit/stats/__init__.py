"""Pure numerical kernels: arrays in, arrays out; samples x proteins throughout."""
