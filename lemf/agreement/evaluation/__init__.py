"""Systems compared with labels: `run` judges them; `text`, `table` and `figure` show the result."""
