"""Labels of words: `files` reads them, `rated_sentences` puts them beside the scores."""
