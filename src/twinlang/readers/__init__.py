"""The files of a data folder, read as they are: forms of text, trees, and the records of tasks."""
