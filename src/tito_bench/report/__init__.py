"""How results are shown: one view model, then the terminal and the file formats."""
