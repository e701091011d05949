"""What a study can and cannot show: design, circularity, sensitivity, level and power."""
