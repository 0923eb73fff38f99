"""Labels of words: `files` and tiers give them, `rated_sentences` puts them beside the scores."""
