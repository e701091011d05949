# camera and fry of limma on the data sets that calibration.py wrote: Rscript _limma_power.R FOLDER
suppressPackageStartupMessages(library(limma))
folder <- commandArgs(TRUE)[1]
sets <- lapply(strsplit(readLines(file.path(folder, "sets.txt")), " "), as.integer)
names(sets) <- seq_along(sets)
for (file in list.files(folder, pattern = "\\.bin$", full.names = TRUE)) {
  n <- as.integer(sub("^n([0-9]+)_.*", "\\1", basename(file)))
  values <- readBin(file, "double", file.size(file) / 8)
  x <- matrix(values, ncol = 2 * n)
  design <- cbind(1, rep(c(1, 0), each = n))
  p <- cbind(camera(x, sets, design, 2, inter.gene.cor = NA, sort = FALSE)$PValue,
             fry(x, sets, design, 2, sort = "none")$PValue)
  write.table(format(p, digits = 17), sub("bin$", "txt", file), quote = FALSE, row.names = FALSE, col.names = FALSE)
}
