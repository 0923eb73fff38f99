# The plug-in of lemf: a command for a Sound and a TextGrid that are selected together.
# Put this folder, plugin_lemf, into the preferences folder of Praat; see docs/praat.md.
Add action command: "Sound", 1, "TextGrid", 1, "", 0, "Score emphasis (lemf)...", "", 0, "score.praat"
