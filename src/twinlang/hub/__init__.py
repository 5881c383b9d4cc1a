"""The Hub of data sets: what is pinned, how pins are made, and how their files come here."""
