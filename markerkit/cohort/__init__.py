"""Studies that do not fit into memory, read and computed in blocks of samples."""
