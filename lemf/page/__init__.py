"""A result -> one HTML file to listen to: the sound, the words in time with it, the arithmetic.

`content` gathers what the page holds, `html` puts it into one file, `report` does both; `assets`
holds the page's own HTML, CSS and JavaScript, which score again in the browser.
"""
