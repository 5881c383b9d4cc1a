"""Twinlang: which shared properties of two languages let a masked language model transfer?"""

__version__ = "0.1.0"
