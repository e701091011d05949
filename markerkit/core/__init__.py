"""What every other room stands on: errors, words and the experiment."""
