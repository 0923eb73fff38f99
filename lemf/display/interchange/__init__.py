"""What other programs read: annotations for ELAN and EMU, captions, speech synthesis, prompts.

`formats` chooses among the modules, each of which writes one kind of file. Labels of the user are
text in all of them, never markup or commands.
"""
