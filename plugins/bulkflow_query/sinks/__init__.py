"""The formats that rows are saved in, each a function that writes a file from the rows' CSV."""
