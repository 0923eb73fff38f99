"""The commands that judge models: evaluate, compare, inspect, submission, and what they share."""
