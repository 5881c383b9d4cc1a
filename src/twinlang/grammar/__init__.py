"""The built-in languages: a seeded grammar of meanings, four linearisers, and their lexicon."""
