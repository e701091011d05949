# CPU time of limma on the workloads that speed.py wrote: Rscript _limma_speed.R FOLDER SECONDS
suppressPackageStartupMessages(library(limma))
arguments <- commandArgs(TRUE)
folder <- arguments[1]
budget <- as.numeric(arguments[2])
matrix_of <- function(name, samples) matrix(readBin(file.path(folder, name), "double", 3e7), ncol = samples)
table_of <- function(fit, ...) topTable(eBayes(fit, ...), coef = 2, number = Inf, sort.by = "none")
cpu <- function() sum(proc.time()[1:2])
timed <- function(name, call) {
  call()
  each <- c()
  began <- cpu()
  while (length(each) < 3 || (length(each) < 7 && cpu() - began < budget)) {
    gc(FALSE)
    start <- cpu()
    calls <- 0
    while (calls == 0 || cpu() - start < 0.1) { call(); calls <- calls + 1 }
    each <- c(each, (cpu() - start) / calls)
    if (length(each) == 1 && each > budget) break
  }
  cat(name, format(median(each), digits = 6), "\n", sep = "\t")
}
design <- cbind(1, rep(0:1, each = 12))
missing <- matrix_of("missing.bin", 24)
complete <- matrix_of("complete.bin", 24)
timed("missing", function() table_of(lmFit(missing, design)))
timed("complete", function() table_of(lmFit(complete, design)))
timed("trend robust, missing", function() {
  seen <- rowSums(!is.na(missing)) > 0
  table_of(lmFit(missing[seen, ], design), trend = TRUE, robust = TRUE)
})
timed("trend robust, complete", function() table_of(lmFit(complete, design), trend = TRUE, robust = TRUE))
blocks <- as.integer(readLines(file.path(folder, "blocks.txt")))
few <- complete[seq_len(min(2000, nrow(complete))), ]
timed("duplicate correlation", function() {
  rho <- duplicateCorrelation(few, design, block = blocks)$consensus.correlation
  table_of(lmFit(few, design, block = blocks, correlation = rho))
})
sets_of <- function(name) {
  sets <- lapply(strsplit(readLines(file.path(folder, name)), " "), as.integer)
  names(sets) <- seq_along(sets)
  sets
}
sets <- sets_of("sets.txt")
many <- sets_of("library.txt")
timed("camera", function() camera(complete, sets, design, 2, inter.gene.cor = NA))
timed("camera, library", function() camera(complete, many, design, 2, inter.gene.cor = NA))
timed("fry", function() fry(complete, sets, design, 2))
large <- file.path(folder, "large.bin")
if (file.exists(large)) {
  d <- as.matrix(read.table(file.path(folder, "large.txt")))
  x <- matrix_of("large.bin", nrow(d))
  timed("large", function() table_of(lmFit(x, d)))
}
